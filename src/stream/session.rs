//! One client: what it was told and what it must be told next.
//!
//! ```text
//!            subscribe, or 2 s                       behind by more than the limit
//! connected ──────────────────► snapshot ─► live ──────────────────────────────────► gap, snapshot ─► live
//!     │ subscribe with `after`                ▲
//!     └─────► the missed events, in order ────┘      (`gap` and snapshot if they are no longer kept)
//! ```
//!
//! **Resuming.** With an `after` that is kept, the events in scope after it follow in order and then the
//! live ones: no `gap`, and no snapshot, because nothing was missed. If aircraft are subscribed, one
//! snapshot comes after the missed events, since a picture cannot be resumed; it repeats no `alert` frame.
//! An `after` that is older than what is kept, or newer than the newest event (another history), is answered
//! by `gap` with reason `RETENTION` and a snapshot.
//!
//! **An alert once told is told to its end.** A client that knows an alert gets its later events also when
//! it has left the box or fallen under the severity that the client asked for, or it would stay on the
//! client's screen for ever. The identities known are a part of the open alerts, which bounds them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::frames::{self, Frame, Text, error_frame, to_json};
use super::picture::Delta;
use super::scope::{AlertScope, ClientMessage, Subscription, TrackScope};
use super::{Burst, LoggedEvent, Pulse, World};
use crate::domain::{AlertState, Timestamp, UasId};

/// The protocol's name and version.
pub const PROTOCOL: &str = "lowsky.stream/1";
/// Without a subscription for so long, every alert and no aircraft is sent.
const SUBSCRIBE_WAIT_S: f64 = 2.0;
/// Text of alert events gathered in one step.
const STEP_BYTES: usize = 64 << 10;
/// Events looked at in one step, so that the world is held only briefly.
const STEP_EVENTS: usize = 4_096;

/// What the service says of itself at connect.
#[derive(Debug, Clone)]
pub struct Welcome {
    /// The running service.
    pub instance: Arc<str>,
    /// The history that `seq` counts; changes only when history is lost.
    pub log_id: Option<Arc<str>>,
}

/// How far behind a client may be before it gets a gap.
#[derive(Debug, Clone, Copy)]
pub struct SessionLimits {
    /// Events.
    pub lag_events: u64,
    /// Bytes of their text.
    pub lag_bytes: u64,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { lag_events: 8_192, lag_bytes: 8 << 20 }
    }
}

/// A client takes note of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AckRequest {
    /// Which alert.
    pub alert_id: Arc<str>,
    /// Who.
    pub by: String,
    /// What they said.
    pub note: Option<String>,
}

/// One client's state.
#[derive(Debug)]
pub struct Session {
    limits: SessionLimits,
    author: String,
    stage: Stage,
    scope: AlertScope,
    /// Number of the last event that was delivered or found out of scope.
    cursor: u64,
    /// Whether the cursor has met the newest event since the subscription.
    caught_up: bool,
    known: BTreeSet<Arc<str>>,
    tracks: Option<TrackFeed>,
    snapshot_due: bool,
    pulse_seen: u64,
    pulse: Option<Pulse>,
    subscribes: Burst,
    gaps: u64,
}

#[derive(Debug)]
enum Stage {
    /// Connected; nothing is sent yet.
    Waiting { since: Timestamp },
    /// Finding out which alerts a client that resumes with a filter knows, from the events before `after`.
    Recalling { from: u64 },
    /// Told as it happens.
    Live,
}

#[derive(Debug)]
struct TrackFeed {
    scope: TrackScope,
    version: u64,
    due: Timestamp,
    /// Aircraft in the box that the client knows; unused without a box.
    shown: BTreeSet<UasId>,
}

impl Session {
    /// A client that has just connected, and its `hello`. `author` signs its acknowledgements.
    pub fn open(
        author: String,
        limits: SessionLimits,
        now: Timestamp,
        welcome: &Welcome,
        world: &World,
    ) -> (Self, Text) {
        let session = Self {
            limits,
            author,
            stage: Stage::Waiting { since: now },
            scope: AlertScope::default(),
            cursor: world.log.last_seq(),
            caught_up: false,
            known: BTreeSet::new(),
            tracks: None,
            snapshot_due: false,
            pulse_seen: world.pulse.as_ref().map_or(0, |pulse| pulse.number),
            pulse: None,
            subscribes: Burst::new(20, 10.0),
            gaps: 0,
        };
        (session, hello(now, welcome, world))
    }

    /// How many gaps the client was told of because it was slow.
    pub fn slow_gaps(&self) -> u64 {
        self.gaps
    }

    /// When it must be polled though nothing was published.
    pub fn due(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Waiting { since } => Some(since.plus_seconds(SUBSCRIBE_WAIT_S)),
            Stage::Recalling { .. } | Stage::Live => self.tracks.as_ref().map(|feed| feed.due),
        }
    }

    /// Takes a message of the client. What it asks of the core is returned.
    pub fn receive(
        &mut self,
        text: &str,
        now: Timestamp,
        world: &World,
        out: &mut Vec<Frame>,
    ) -> Option<AckRequest> {
        let mut refuse = |code, message: &str| out.push(Frame::Text(error_frame(code, message)));
        match ClientMessage::parse(text) {
            Err((code, message)) => refuse(code, &message),
            Ok(ClientMessage::Ping) => out.push(Frame::Text(Text::from_static(r#"{"type":"pong"}"#))),
            Ok(ClientMessage::Subscribe(_)) if !self.subscribes.take(now) => {
                refuse("TOO_MANY_REQUESTS", "at most 20 subscriptions in 10 s; the one before stands");
            }
            Ok(ClientMessage::Subscribe(subscription)) => self.subscribe(subscription, now, world, out),
            Ok(ClientMessage::Ack { alert_id, note }) => match world.log.open_alert(&alert_id) {
                Some(open) => {
                    let alert_id = Arc::clone(&open.alert().alert_id);
                    return Some(AckRequest { alert_id, by: self.author.clone(), note });
                }
                None => refuse("UNKNOWN_ALERT", &format!("no open alert `{alert_id}`")),
            },
        }
        None
    }

    /// Appends the frames that are due. `true`: there are more, ask again once these are on their way.
    pub fn poll(&mut self, now: Timestamp, world: &World, out: &mut Vec<Frame>) -> bool {
        match self.stage {
            Stage::Waiting { since }
                if reached(now, since.plus_seconds(SUBSCRIBE_WAIT_S), SUBSCRIBE_WAIT_S) =>
            {
                self.subscribe(Subscription::default(), now, world, out);
            }
            Stage::Waiting { .. } => return false,
            Stage::Recalling { from } => {
                self.recall(from, world);
                return true;
            }
            Stage::Live => {}
        }
        self.skip_if_behind(world, out);
        self.events(world, out);
        let behind = self.cursor < world.log.last_seq();
        if !behind && self.snapshot_due {
            self.snapshot(now, world, out);
        }
        if !self.snapshot_due {
            self.moved(now, world, out);
        }
        self.beat(world, out);
        behind
    }

    fn subscribe(&mut self, wanted: Subscription, now: Timestamp, world: &World, out: &mut Vec<Frame>) {
        let Subscription { after, alerts, tracks } = wanted;
        self.scope = alerts;
        self.known.clear();
        self.tracks = tracks.map(|scope| TrackFeed { scope, version: 0, due: now, shown: BTreeSet::new() });
        self.stage = Stage::Live;
        let last = world.log.last_seq();
        match after {
            None => self.snapshot(now, world, out),
            Some(after) if after <= last && world.log.oldest_seq() <= after.saturating_add(1) => {
                self.cursor = after;
                self.caught_up = false;
                self.snapshot_due = self.tracks.is_some();
                if !self.scope.is_everything() {
                    self.stage = Stage::Recalling { from: world.log.oldest_seq() };
                }
            }
            Some(after) => {
                // Of another history nothing is known to the client, so all of this one is missing.
                let from = if after > last { last.min(1) } else { after.saturating_add(1) };
                out.push(Frame::Text(frames::gap(from, last, "RETENTION")));
                self.snapshot(now, world, out);
            }
        }
    }

    fn snapshot(&mut self, now: Timestamp, world: &World, out: &mut Vec<Frame>) {
        self.cursor = world.log.last_seq();
        self.caught_up = true;
        self.snapshot_due = false;
        self.known.clear();
        if self.scope.is_everything() && self.tracks.is_none() {
            out.push(Frame::Text(world.log.open_snapshot()));
            return;
        }
        let open = world.log.open().filter(|logged| self.scope.admits(logged.alert()));
        let alerts: Vec<Arc<LoggedEvent>> = open.cloned().collect();
        if !self.scope.is_everything() {
            self.known.extend(alerts.iter().map(|logged| Arc::clone(&logged.alert().alert_id)));
        }
        let tracks = self.tracks.as_mut().map(|feed| feed.restart(now, world));
        out.push(Frame::Snapshot { seq: self.cursor, alerts, tracks });
    }

    /// Goes through a part of the kept events up to the cursor.
    fn recall(&mut self, from: u64, world: &World) {
        let from = from.max(world.log.oldest_seq());
        let upto = self.cursor;
        let mut next = from;
        let past = world.log.after(from.saturating_sub(1)).take_while(|event| event.seq <= upto);
        for event in past.take(STEP_EVENTS) {
            self.wants(event);
            next = event.seq.saturating_add(1);
        }
        self.stage = if upto < next || next == from { Stage::Live } else { Stage::Recalling { from: next } };
    }

    /// Whether the event is for this client; keeps the known identities up to date.
    fn wants(&mut self, logged: &LoggedEvent) -> bool {
        if self.scope.is_everything() {
            return true;
        }
        let alert = logged.alert();
        let wanted = self.known.contains(&alert.alert_id) || self.scope.admits(alert);
        if wanted {
            match alert.state {
                AlertState::Open => self.known.insert(Arc::clone(&alert.alert_id)),
                AlertState::Cleared => self.known.remove(&alert.alert_id),
            };
        }
        wanted
    }

    /// A client that was up to date may fall behind by the limit; one that resumes by all that is kept.
    fn skip_if_behind(&mut self, world: &World, out: &mut Vec<Frame>) {
        let (events, bytes) = world.log.lag(self.cursor);
        let lost = self.cursor.saturating_add(1) < world.log.oldest_seq();
        let slow = self.caught_up && (self.limits.lag_events < events || self.limits.lag_bytes < bytes);
        if lost || slow {
            let text = frames::gap(self.cursor.saturating_add(1), world.log.last_seq(), "SLOW_CLIENT");
            out.push(Frame::Text(text));
            self.gaps += 1;
            self.cursor = world.log.last_seq();
            self.snapshot_due = true;
        }
    }

    fn events(&mut self, world: &World, out: &mut Vec<Frame>) {
        let mut bytes = 0;
        for event in world.log.after(self.cursor).take(STEP_EVENTS) {
            if STEP_BYTES <= bytes {
                break;
            }
            self.cursor = event.seq;
            if self.wants(event) {
                bytes += event.text.len();
                out.push(Frame::Text(event.text.clone()));
            }
        }
        self.caught_up |= self.cursor == world.log.last_seq();
    }

    fn moved(&mut self, now: Timestamp, world: &World, out: &mut Vec<Frame>) {
        let Some(feed) = self.tracks.as_mut() else { return };
        if !reached(now, feed.due, 1.0 / feed.scope.max_hz) {
            return;
        }
        match feed.next(now, world) {
            Some((updated, removed)) if updated.is_empty() && removed.is_empty() => {}
            Some((updated, removed)) => out.push(Frame::Tracks { now, updated, removed }),
            None => self.snapshot_due = true,
        }
    }

    /// A pulse is held back until the events before it are delivered, and is then sent even if a newer one
    /// has come: its `seq` must never run ahead of what the client has.
    fn beat(&mut self, world: &World, out: &mut Vec<Frame>) {
        if self.pulse.is_none() {
            self.pulse = world.pulse.as_ref().filter(|pulse| self.pulse_seen < pulse.number).cloned();
        }
        if let Some(pulse) = self.pulse.take_if(|pulse| pulse.seq <= self.cursor) {
            self.pulse_seen = pulse.number;
            out.push(Frame::Text(pulse.text));
        }
    }
}

impl TrackFeed {
    /// Begins anew from the whole picture.
    fn restart(&mut self, now: Timestamp, world: &World) -> Vec<Arc<super::Track>> {
        self.version = world.picture.version();
        self.due = now.plus_seconds(1.0 / self.scope.max_hz);
        let tracks = world.picture.within(self.scope.bbox.as_ref());
        self.shown.clear();
        if self.scope.bbox.is_some() {
            self.shown.extend(tracks.iter().map(|track| track.state.uas_id.clone()));
        }
        tracks
    }

    /// What changed; `None` if only a snapshot can tell.
    fn next(&mut self, now: Timestamp, world: &World) -> Option<(Vec<Arc<super::Track>>, Vec<UasId>)> {
        self.due = now.plus_seconds(1.0 / self.scope.max_hz);
        let Delta { updated, outside, mut gone } =
            world.picture.since(self.version, self.scope.bbox.as_ref())?;
        self.version = world.picture.version();
        if self.scope.bbox.is_some() {
            self.shown.extend(updated.iter().map(|track| track.state.uas_id.clone()));
            gone.extend(outside);
            gone.retain(|uas_id| self.shown.remove(uas_id));
        }
        Some((updated, gone))
    }
}

/// Whether `due` has come. A clock that was set back by more than the period must not stop the client.
fn reached(now: Timestamp, due: Timestamp, period_s: f64) -> bool {
    due <= now || due.seconds_since(now) > period_s
}

fn hello(now: Timestamp, welcome: &Welcome, world: &World) -> Text {
    let instance = to_json(&welcome.instance);
    let (seq, oldest) = (world.log.last_seq(), world.log.oldest_seq());
    let log_id =
        welcome.log_id.as_ref().map_or_else(String::new, |id| format!(r#","log_id":{}"#, to_json(id)));
    format!(
        r#"{{"type":"hello","protocol":"{PROTOCOL}","instance":{instance},"now":"{now}","seq":{seq},"oldest_seq":{oldest},"heartbeat_s":1{log_id}}}"#
    )
    .into()
}
