//! One client: what it was told and what it must be told next.
//!
//! ```text
//!            subscribe, or 2 s                       behind by more than the limit
//! connected ──────────────────► snapshot ─► live ──────────────────────────────────► gap, snapshot ─► live
//!     │ subscribe with `after`                ▲
//!     └─────► the missed events, in order ────┘      (`gap` and snapshot if they are no longer kept)
//!             from the journal, then from memory
//! ```
//!
//! **Resuming.** With an `after` that is kept, the events in scope after it follow in order and then the
//! live ones: no `gap`, and no snapshot where nothing was missed. What memory no longer holds the session asks
//! for, page by page ([`Next::History`], [`Session::supply`]), until its cursor has come to what memory holds;
//! both count by the same numbers, so that there is neither a hole nor a double at the seam. If aircraft are
//! subscribed, one snapshot comes after the missed events, since a picture cannot be resumed; it repeats no
//! `alert` frame. An `after` that is older than what is kept, newer than the newest event or of another
//! history is answered by `gap` with reason `RETENTION` and a snapshot; so is a journal that cannot be read
//! (`UNREADABLE`). A record that cannot be read is a `gap` of just its number (`DAMAGED`), with a snapshot once
//! the events after it are told.
//!
//! **An alert once told is told to its end.** A client that knows an alert gets its later events also when
//! it has left the box or fallen under the severity that the client asked for, or it would stay on the
//! client's screen for ever. The identities known are a part of the open alerts, which bounds them. A client
//! that resumes with a filter is not asked what it knows: the session goes through the events before `after`
//! first. Where it does not go back to the very first, a snapshot follows the missed events and settles the rest.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::deed::AckRequest;
use super::feed::TrackFeed;
use super::frames::{self, Frame, GapReason, Text, error_frame, to_json};
use super::scope::{AlertScope, ClientMessage, ResumePoint, Subscription};
use super::{Burst, LoggedEvent, World};
use crate::domain::{AlertState, Timestamp};

/// The protocol's name and version.
pub const PROTOCOL: &str = "lowsky.stream/1";
/// Without a subscription for so long, every alert and no aircraft is sent.
const SUBSCRIBE_WAIT_S: f64 = 2.0;
/// Subscriptions that are served at once, and as many more in this many seconds.
const SUBSCRIPTIONS: u32 = 20;
const SUBSCRIPTIONS_S: f64 = 10.0;
/// Text of alert events gathered in one step.
const STEP_BYTES: usize = 64 << 10;
/// Events looked at in one step, so that the world is held only briefly.
const STEP_EVENTS: usize = 4_096;
/// How many events before `after` are read in the journal to find out which alerts a client knows.
const RECALL_EVENTS: u64 = 8_192;

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

/// What a session needs next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing until something is published, the client says something, or [`Session::due`].
    Nothing,
    /// To be asked again once the frames are on their way.
    More,
    /// Recorded events after this number, by [`Session::supply`]. It may be polled meanwhile.
    History(u64),
}

/// A stretch of the journal.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Number of the oldest event kept.
    pub oldest_seq: u64,
    /// The stretch ends with this number: what is missing before it cannot be read.
    pub upto: u64,
    /// The events that could be read, in order; any number of them may be before those asked for.
    pub events: Vec<Arc<LoggedEvent>>,
}

/// One client's state.
#[derive(Debug)]
pub struct Session {
    limits: SessionLimits,
    author: String,
    log_id: Option<Arc<str>>,
    /// Since when a client has been connected that has not said what it wants; nothing is sent before.
    waiting_since: Option<Timestamp>,
    scope: AlertScope,
    /// Number of the last event that was delivered or found out of scope.
    cursor: u64,
    /// Events up to this one the client has: they only tell what it knows.
    learn_upto: u64,
    /// Whether the cursor has met the newest event since the subscription.
    caught_up: bool,
    known: BTreeSet<Arc<str>>,
    tracks: Option<TrackFeed>,
    snapshot_due: bool,
    pulse_seen: u64,
    subscribes: Burst,
    /// What the client wants instead, while it asks more often than it may: the newest counts.
    wish: Option<Subscription>,
    gaps: u64,
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
            log_id: welcome.log_id.clone(),
            waiting_since: Some(now),
            scope: AlertScope::default(),
            cursor: world.log.last_seq(),
            learn_upto: 0,
            caught_up: false,
            known: BTreeSet::new(),
            tracks: None,
            snapshot_due: false,
            pulse_seen: world.pulse.as_ref().map_or(0, |pulse| pulse.number),
            subscribes: Burst::new(SUBSCRIPTIONS, SUBSCRIPTIONS_S),
            wish: None,
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
        let wish = self.wish.as_ref().map(|_| self.subscribes.ready_at());
        let next = match self.waiting_since {
            Some(since) => Some(since.plus_seconds(SUBSCRIBE_WAIT_S)),
            None => self.tracks.as_ref().map(|feed| feed.due),
        };
        [wish, next].into_iter().flatten().min()
    }

    /// Begins at once with every alert after `point`, as a first message of the client would.
    pub fn resume(&mut self, point: ResumePoint, now: Timestamp, world: &World, out: &mut Vec<Frame>) {
        self.subscribe(Subscription { after: Some(point), ..Subscription::default() }, now, world, out);
    }

    /// The last frame before the service stops: where the client can resume.
    pub fn farewell(&self) -> Text {
        frames::bye(self.log_id.as_deref(), self.told())
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
            Ok(ClientMessage::Subscribe(subscription)) => {
                self.wish = Some(subscription);
                self.fulfil(now, world, out);
            }
            Ok(ClientMessage::Ack { alert_id, note }) => match world.log.open_alert(&alert_id) {
                Some(open) => {
                    let alert_id = Arc::clone(&open.alert().alert_id);
                    return Some(AckRequest { alert_id, by: self.author.clone(), note, cleared: None });
                }
                None => refuse("UNKNOWN_ALERT", &format!("no open alert `{alert_id}`")),
            },
        }
        None
    }

    /// Begins the subscription that was asked for last, as soon as the client's allowance lets it.
    fn fulfil(&mut self, now: Timestamp, world: &World, out: &mut Vec<Frame>) {
        if self.wish.is_some()
            && self.subscribes.take(now)
            && let Some(wish) = self.wish.take()
        {
            self.subscribe(wish, now, world, out);
        }
    }

    /// Appends the frames that are due.
    pub fn poll(&mut self, now: Timestamp, world: &World, out: &mut Vec<Frame>) -> Next {
        self.fulfil(now, world, out);
        if let Some(since) = self.waiting_since {
            if !reached(now, since.plus_seconds(SUBSCRIBE_WAIT_S), SUBSCRIBE_WAIT_S) {
                return Next::Nothing;
            }
            self.subscribe(Subscription::default(), now, world, out);
        }
        let next = self.advance(world, out);
        if next == Next::Nothing && self.snapshot_due {
            self.snapshot(now, world, out);
        }
        if !self.snapshot_due {
            self.moved(now, world, out);
        }
        self.beat(world, out);
        next
    }

    /// Takes what was asked for by [`Next::History`] with that number; `None` if it cannot be read now. What
    /// answers an older question is passed over.
    pub fn supply(
        &mut self,
        after: u64,
        recorded: Option<&Recorded>,
        now: Timestamp,
        world: &World,
        out: &mut Vec<Frame>,
    ) {
        if after != self.cursor || self.waiting_since.is_some() {
            return;
        }
        let readable = recorded.filter(|recorded| recorded.oldest_seq <= after.saturating_add(1));
        let Some(Recorded { upto, events, .. }) = readable else {
            if self.cursor < self.learn_upto {
                // Nothing that was to be told is lost by this; the snapshot settles what the client knows.
                self.cursor = self.learn_upto;
                self.snapshot_due = true;
                return;
            }
            let reason = if recorded.is_some() { GapReason::Retention } else { GapReason::Unreadable };
            return self.give_up(reason, now, world, out);
        };
        // The journal may be ahead of what is published: that comes live.
        let last = world.log.last_seq();
        let events = events.iter().skip_while(|event| event.seq <= after);
        for event in events.take_while(|event| event.seq <= last) {
            self.missing(event.seq, out);
            self.take(event, out);
        }
        // A journal that is short of what memory has let go would be asked for ever.
        let end = if *upto <= after { world.log.oldest_seq().saturating_sub(1) } else { (*upto).min(last) };
        self.missing(end.saturating_add(1), out);
    }

    fn subscribe(&mut self, wanted: Subscription, now: Timestamp, world: &World, out: &mut Vec<Frame>) {
        let Subscription { after, alerts, tracks } = wanted;
        self.waiting_since = None;
        self.scope = alerts;
        self.known.clear();
        self.learn_upto = 0;
        self.tracks = tracks.map(|scope| TrackFeed::new(scope, now));
        let last = world.log.last_seq();
        let Some(ResumePoint { log_id, seq: after }) = after else {
            return self.snapshot(now, world, out);
        };
        let other = log_id.is_some_and(|id| self.log_id.as_ref().is_some_and(|own| **own != *id));
        if other || last < after {
            // Of another history nothing is known to the client, so all of this one is missing.
            out.push(Frame::Text(frames::gap(last.min(1), last, GapReason::Retention)));
            return self.snapshot(now, world, out);
        }
        self.cursor = after;
        if after.saturating_add(1) < world.oldest_seq() {
            return self.give_up(GapReason::Retention, now, world, out);
        }
        self.caught_up = false;
        self.snapshot_due = self.tracks.is_some();
        if !self.scope.is_everything() {
            self.learn_upto = after;
            let enough = after.saturating_sub(RECALL_EVENTS).max(world.oldest_seq().saturating_sub(1));
            self.cursor = enough.min(world.log.oldest_seq().saturating_sub(1)).min(after);
            self.snapshot_due |= 0 < self.cursor;
        }
    }

    /// Says that nothing between what the client has and the newest event will come, and begins anew.
    fn give_up(&mut self, reason: GapReason, now: Timestamp, world: &World, out: &mut Vec<Frame>) {
        let from = self.told().saturating_add(1);
        out.push(Frame::Text(frames::gap(from, world.log.last_seq(), reason)));
        self.snapshot(now, world, out);
    }

    /// Number of the last event that the client was told, or that is not for it.
    fn told(&self) -> u64 {
        self.cursor.max(self.learn_upto)
    }

    fn snapshot(&mut self, now: Timestamp, world: &World, out: &mut Vec<Frame>) {
        self.cursor = world.log.last_seq();
        self.caught_up = true;
        self.snapshot_due = false;
        self.learn_upto = 0;
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

    /// Goes on with what comes after the cursor. A client that was up to date may fall behind by the limit;
    /// one that resumes by all that is kept.
    fn advance(&mut self, world: &World, out: &mut Vec<Frame>) -> Next {
        let last = world.log.last_seq();
        let (events, bytes) = world.log.lag(self.cursor);
        let slow = self.caught_up && (self.limits.lag_events < events || self.limits.lag_bytes < bytes);
        let lost = self.cursor.saturating_add(1) < world.log.oldest_seq();
        if lost && !slow && world.recorded_from.is_some() {
            return Next::History(self.cursor);
        }
        if lost || slow {
            let from = self.told().saturating_add(1);
            out.push(Frame::Text(frames::gap(from, last, GapReason::SlowClient)));
            self.gaps += 1;
            self.cursor = last;
            self.snapshot_due = true;
        }
        let mut bytes = 0;
        for event in world.log.after(self.cursor).take(STEP_EVENTS) {
            if STEP_BYTES <= bytes {
                break;
            }
            bytes += self.take(event, out);
        }
        self.caught_up |= self.cursor == last;
        if self.cursor < last { Next::More } else { Next::Nothing }
    }

    /// Passes the next event on if it is for this client and new to it; the bytes of its text.
    fn take(&mut self, event: &LoggedEvent, out: &mut Vec<Frame>) -> usize {
        self.cursor = event.seq;
        if !self.wants(event) || event.seq <= self.learn_upto {
            return 0;
        }
        out.push(Frame::Text(event.text.clone()));
        event.text.len()
    }

    /// What is between the cursor and `next` has no readable record.
    fn missing(&mut self, next: u64, out: &mut Vec<Frame>) {
        let (from, to) = (self.told().saturating_add(1), next.saturating_sub(1));
        if self.cursor < to {
            self.cursor = to;
            self.snapshot_due = true;
            if from <= to {
                out.push(Frame::Text(frames::gap(from, to, GapReason::Damaged)));
            }
        }
    }

    fn moved(&mut self, now: Timestamp, world: &World, out: &mut Vec<Frame>) {
        let Some(feed) = self.tracks.as_mut() else { return };
        if !reached(now, feed.due, feed.period_s()) {
            return;
        }
        match feed.next(now, world) {
            Some((updated, removed)) if updated.is_empty() && removed.is_empty() => {}
            Some((updated, removed)) => out.push(Frame::Tracks { now, updated, removed }),
            None => self.snapshot_due = true,
        }
    }

    /// Sends a pulse once, and at once: a client that is given a long history must not take us for dead.
    fn beat(&mut self, world: &World, out: &mut Vec<Frame>) {
        if let Some(pulse) = world.pulse.as_ref().filter(|pulse| self.pulse_seen < pulse.number) {
            self.pulse_seen = pulse.number;
            out.push(Frame::Text(pulse.frame(self.told())));
        }
    }
}

/// Whether `due` has come. A clock that was set back by more than the period must not stop the client.
fn reached(now: Timestamp, due: Timestamp, period_s: f64) -> bool {
    due <= now || due.seconds_since(now) > period_s
}

fn hello(now: Timestamp, welcome: &Welcome, world: &World) -> Text {
    let instance = to_json(&welcome.instance);
    let (seq, oldest) = (world.log.last_seq(), world.oldest_seq());
    let log_id =
        welcome.log_id.as_ref().map_or_else(String::new, |id| format!(r#","log_id":{}"#, to_json(id)));
    format!(
        r#"{{"type":"hello","protocol":"{PROTOCOL}","instance":{instance},"now":"{now}","seq":{seq},"oldest_seq":{oldest},"heartbeat_s":1{log_id}}}"#
    )
    .into()
}
