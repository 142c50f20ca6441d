//! The table of aircraft: dense slots, one lookup of the identity a report.

use std::hint::black_box;
use std::sync::Arc;

use crate::airspace::Who;
use crate::domain::{
    Accuracy, Heights, Observation, OperationCategory, OperationalStatus, OperatorId, Source, Timestamp,
    UaClass, UasId,
};
use crate::geodesy::offset_m;

use super::glance::Glance;
use super::intents::Astray;
use super::ledger::EntryIx;
use super::near::NearZones;
use super::roll::Roll;
use super::settings::{Party, Terrain};
use super::sky::Placed;
use super::state::{Passed, State};

/// Reports older than this on arrival are history, seconds: the picture must not be made of the past.
pub(super) const LIVE_AGE_S: f64 = 10.0;
/// Silence after which an aircraft is forgotten, seconds: the near-real-time window of ASTM F3411-22a.
pub(super) const FORGET_S: f64 = 60.0;
/// A state older than this is carried forward, seconds, unless the aircraft reports less often.
const COAST_S: f64 = 3.0;
/// A position this much faster than an aircraft can be is a jump: `max(2 × reported + 20, 70)` m/s.
const JUMP_MPS: [f64; 3] = [2.0, 20.0, 70.0];
/// A derived speed this far from the reported one, three times running, is a mismatch, m/s.
const MISMATCH_MPS: f64 = 15.0;
/// Reports closer together than this say nothing about speed, seconds.
const SPEED_STEP_S: f64 = 0.2;
/// An aircraft that was away for longer before its second report is not thought to report so seldom, seconds.
const FIRST_PERIOD_S_MAX: f64 = 20.0;

/// An aircraft's slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TrackIx(pub u32);

/// A position that the aircraft cannot have flown to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Jump {
    /// How far it is from the position before, metres.
    pub distance_m: f64,
    /// The speed that it would take, m/s; `None` if both positions are of one instant.
    pub speed_mps: Option<f64>,
}

/// One aircraft.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Track {
    pub id: UasId,
    pub operator: Option<OperatorId>,
    pub source: Source,
    pub party: Party,
    /// Whether it is one of the service's own test flights.
    pub canary: bool,
    pub state: State,
    /// Where it was live before, unless it jumped.
    pub before: Option<Passed>,
    /// Whether the state may be used for live checks.
    pub live: bool,
    pub status: OperationalStatus,
    pub ua_class: Option<UaClass>,
    pub category: Option<OperationCategory>,
    pub group_id: Option<Arc<str>>,
    pub flight_id: Option<Arc<str>>,
    pub heights: Heights,
    pub ground_speed_mps: Option<f64>,
    pub track_deg: Option<f64>,
    pub vertical_speed_mps: Option<f64>,
    pub accuracy: Accuracy,
    pub battery_pct: Option<f64>,
    pub c2_lost: Option<bool>,
    /// When the newest report arrived, by our clock.
    pub heard_at: Timestamp,
    /// Whether that was in an earlier run.
    pub remembered: bool,
    /// How long since then nobody listened, seconds.
    pub deaf_s: f64,
    /// Arrival minus source time of the newest report, seconds.
    pub skew_s: f64,
    /// The same at its receipt: what it waited for us after that says nothing about its clock.
    pub clock_s: f64,
    /// How far ahead of its arrival a report was dated that was refused for it since the newest one, seconds.
    pub ahead_s: Option<f64>,
    /// Smoothed time between reports, seconds.
    pub period_s: f64,
    /// Whether the time between reports was measured.
    paced: bool,
    pub jump: Option<Jump>,
    /// Reports running whose derived speed is far from the reported one.
    pub mismatches: u8,
    /// The derived speed of the newest report, m/s.
    pub derived_mps: f64,
    /// Its time outside the intent that it flies.
    pub astray: Option<Astray>,
    pub near: NearZones,
    pub placed: Option<Placed>,
    /// Its entries in the ledger.
    pub entries: Vec<EntryIx>,
}

/// What a report did to the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// The newest of its aircraft.
    Newest(TrackIx),
    /// The same again.
    Duplicate,
    /// Of the same instant as the newest, and from another place: the state stays.
    Elsewhere(TrackIx),
    /// Older than the newest, or stored and sent afterwards.
    History,
    /// The table is full.
    Full,
}

/// All aircraft.
#[derive(Debug)]
pub(super) struct Tracks {
    slots: Vec<Option<Track>>,
    /// Of each slot, what its neighbours ask for; stale where the slot is free.
    glances: Vec<Glance>,
    free: Vec<u32>,
    roll: Roll,
    most: usize,
}

impl Track {
    fn new(observation: Observation, at: Timestamp, terrain: &Terrain) -> Self {
        let mut track = Self {
            state: State::of(&observation, None, terrain),
            id: observation.uas_id.clone(),
            operator: None,
            source: observation.source,
            party: Party::Drone,
            canary: observation.uas_id.is_canary(),
            before: None,
            live: false,
            status: OperationalStatus::Undeclared,
            ua_class: None,
            category: None,
            group_id: None,
            flight_id: None,
            heights: observation.heights,
            ground_speed_mps: None,
            track_deg: None,
            vertical_speed_mps: None,
            accuracy: Accuracy::default(),
            battery_pct: None,
            c2_lost: None,
            heard_at: at,
            remembered: false,
            deaf_s: 0.0,
            skew_s: 0.0,
            clock_s: 0.0,
            ahead_s: None,
            period_s: 1.0,
            paced: false,
            jump: None,
            mismatches: 0,
            derived_mps: 0.0,
            astray: None,
            near: NearZones::default(),
            placed: None,
            entries: Vec::new(),
        };
        track.tell(observation, at);
        track
    }

    /// Takes over what a report says beside the state.
    fn tell(&mut self, observation: Observation, at: Timestamp) {
        self.skew_s = at.seconds_since(observation.timestamp);
        self.clock_s = self.skew_s;
        self.live = self.skew_s <= LIVE_AGE_S;
        self.heard_at = at;
        self.ahead_s = None;
        (self.remembered, self.deaf_s) = (false, 0.0);
        self.party = match (observation.source, observation.ua_class) {
            (Source::Sensed, _) => Party::Sensed,
            (_, Some(UaClass::Manned)) => Party::Manned,
            (Source::Telemetry | Source::Nmea, _) => Party::Drone,
        };
        self.source = observation.source;
        self.operator = observation.operator;
        self.status = observation.status;
        self.ua_class = observation.ua_class;
        self.category = observation.category;
        self.group_id = observation.group_id;
        self.flight_id = observation.flight_id;
        self.heights = observation.heights;
        self.ground_speed_mps = observation.motion.ground_speed_mps;
        self.track_deg = observation.motion.track_deg;
        self.vertical_speed_mps = observation.motion.vertical_speed_mps;
        self.accuracy = observation.accuracy;
        self.battery_pct = observation.battery_pct;
        self.c2_lost = observation.c2_lost;
    }

    fn renew(&mut self, observation: Observation, at: Timestamp, terrain: &Terrain) {
        let was_live = self.live;
        let state = State::of(&observation, Some(&self.state).filter(|_| was_live), terrain);
        let step_s = state.at.seconds_since(self.state.at);
        if std::mem::replace(&mut self.paced, true) {
            self.period_s += 0.25 * (step_s.clamp(0.05, FORGET_S) - self.period_s);
        } else {
            // The first step is all that is known of how often it reports.
            self.period_s = step_s.clamp(0.05, FIRST_PERIOD_S_MAX);
        }
        self.judge_motion(&state, observation.motion.ground_speed_mps, step_s);
        // A path to a place where the aircraft cannot have flown crosses nothing.
        self.before = (was_live && self.jump.is_none()).then(|| Passed::of(&self.state));
        self.state = state;
        self.tell(observation, at);
    }

    fn judge_motion(&mut self, state: &State, reported_mps: Option<f64>, step_s: f64) {
        let [east_m, north_m] = offset_m(self.state.position, state.position);
        let distance_m = east_m.hypot(north_m);
        let slack_m = self.slack_m(state.accuracy_h_m);
        let speed_mps = distance_m / step_s.max(1e-3);
        let [times, plus, least] = JUMP_MPS;
        let possible_mps =
            (times * reported_mps.unwrap_or(0.0).max(self.state.speed_mps()) + plus).max(least);
        self.jump = (distance_m > possible_mps * step_s + slack_m)
            .then_some(Jump { distance_m, speed_mps: Some(speed_mps) });
        self.derived_mps = speed_mps;
        if step_s < SPEED_STEP_S {
            return;
        }
        let mismatch = reported_mps.is_some_and(|reported| (reported - speed_mps).abs() > MISMATCH_MPS);
        self.mismatches = if mismatch && self.jump.is_none() { self.mismatches.saturating_add(1) } else { 0 };
    }

    /// How far two positions may be apart by their errors alone, metres: two fixes of some metres' error are no jump,
    /// however close in time they are.
    fn slack_m(&self, accuracy_m: Option<f64>) -> f64 {
        30.0 + self.state.accuracy_h_m.unwrap_or(0.0) + accuracy_m.unwrap_or(0.0)
    }

    /// Takes in a report of the instant of the state. Whether it is from another place: then there are two senders, or
    /// one that contradicts itself.
    fn contradicts(&mut self, observation: &Observation) -> bool {
        let [east_m, north_m] = offset_m(self.state.position, observation.position);
        let distance_m = east_m.hypot(north_m);
        let elsewhere = self.slack_m(observation.accuracy.horizontal_m) < distance_m;
        if elsewhere {
            self.jump = Some(Jump { distance_m, speed_mps: None });
        }
        elsewhere
    }

    /// Seconds of silence after which the link counts as lost: three periods, at least 5 s.
    pub(super) fn silence_s(&self) -> f64 {
        (3.0 * self.period_s).clamp(5.0, FORGET_S)
    }

    /// Seconds after which its state is carried forward rather than fresh.
    pub(super) fn coast_s(&self) -> f64 {
        COAST_S.max(1.5 * self.period_s).min(self.silence_s())
    }

    /// From when on its state is carried forward if it stays silent.
    pub(super) fn coasts_at(&self) -> Timestamp {
        self.heard_at.plus_seconds(self.coast_s())
    }

    /// What it says of itself.
    pub(super) fn who(&self) -> Who<'_> {
        Who {
            uas_id: self.id.as_str(),
            operator: self.operator.as_ref().map(OperatorId::as_str),
            group_id: self.group_id.as_deref(),
            flight_id: self.flight_id.as_deref(),
            class: self.ua_class,
            category: self.category,
        }
    }

    /// For its neighbours.
    fn glance(&self) -> Glance {
        Glance::of(&self.state, self.coast_s(), self.party, self.live && !self.on_ground())
    }

    /// Reads something of each of its cache lines.
    pub(super) fn fetch(&self) {
        black_box((self.state, self.before, self.placed.is_some(), self.entries.len()));
        black_box((self.period_s, self.derived_mps, self.battery_pct, self.heard_at));
        black_box((self.jump, self.ground_speed_mps, self.accuracy.speed_mps, self.status));
    }

    /// Whether it says that it stands on the ground.
    pub(super) fn on_ground(&self) -> bool {
        self.status == OperationalStatus::Ground
    }
}

impl Tracks {
    /// An empty table for at most `most` aircraft.
    pub(super) fn new(most: usize) -> Self {
        Self { slots: Vec::new(), glances: Vec::new(), free: Vec::new(), roll: Roll::default(), most }
    }

    /// How many aircraft there are.
    pub(super) fn len(&self) -> usize {
        self.roll.len()
    }

    /// The slot of an aircraft.
    pub(super) fn find(&self, id: &UasId) -> Option<TrackIx> {
        self.roll.find(id, |ix| Some(&self.get(ix)?.id))
    }

    /// The slot where an aircraft probably is, to look ahead.
    pub(super) fn guess(&self, id: &UasId) -> Option<TrackIx> {
        self.roll.guess(id)
    }

    /// The aircraft in a slot.
    pub(super) fn get(&self, ix: TrackIx) -> Option<&Track> {
        self.slots.get(usize::try_from(ix.0).ok()?)?.as_ref()
    }

    /// The aircraft in a slot, to change.
    pub(super) fn get_mut(&mut self, ix: TrackIx) -> Option<&mut Track> {
        self.slots.get_mut(usize::try_from(ix.0).ok()?)?.as_mut()
    }

    /// All slots in use, in order.
    pub(super) fn indices(&self) -> impl Iterator<Item = TrackIx> {
        let used = |(ix, slot): (usize, &Option<Track>)| {
            Some(TrackIx(u32::try_from(ix).ok().filter(|_| slot.is_some())?))
        };
        self.slots.iter().enumerate().filter_map(used)
    }

    /// Takes a report in.
    pub(super) fn take(&mut self, observation: Observation, at: Timestamp, terrain: &Terrain) -> Taken {
        if let Some(ix) = self.find(&observation.uas_id) {
            let Some(track) = self.get_mut(ix) else { return Taken::History };
            if observation.backfill {
                return Taken::History;
            }
            return match observation.timestamp.cmp(&track.state.at) {
                std::cmp::Ordering::Less => Taken::History,
                std::cmp::Ordering::Equal if track.contradicts(&observation) => Taken::Elsewhere(ix),
                std::cmp::Ordering::Equal => Taken::Duplicate,
                std::cmp::Ordering::Greater => {
                    track.renew(observation, at, terrain);
                    let glance = track.glance();
                    self.put_glance(ix, glance);
                    Taken::Newest(ix)
                }
            };
        }
        if observation.backfill {
            return Taken::History;
        }
        if self.most <= self.len() {
            return Taken::Full;
        }
        let id = observation.uas_id.clone();
        let track = Track::new(observation, at, terrain);
        let Some(ix) = self.insert(track) else { return Taken::Full };
        let Self { roll, slots, .. } = self;
        roll.add(&id, ix, |ix| Some(&slots.get(usize::try_from(ix.0).ok()?)?.as_ref()?.id));
        Taken::Newest(ix)
    }

    /// The aircraft in a slot at a glance.
    pub(super) fn glance(&self, ix: TrackIx) -> Option<&Glance> {
        self.glances.get(usize::try_from(ix.0).ok()?)
    }

    fn put_glance(&mut self, ix: TrackIx, glance: Glance) {
        if let Some(known) = usize::try_from(ix.0).ok().and_then(|at| self.glances.get_mut(at)) {
            *known = glance;
        }
    }

    fn insert(&mut self, track: Track) -> Option<TrackIx> {
        let glance = track.glance();
        if let Some(ix) = self.free.pop().map(TrackIx) {
            *self.slots.get_mut(usize::try_from(ix.0).ok()?)? = Some(track);
            self.put_glance(ix, glance);
            return Some(ix);
        }
        self.glances.push(glance);
        let ix = TrackIx(u32::try_from(self.slots.len()).ok()?);
        self.slots.push(Some(track));
        Some(ix)
    }

    /// Forgets an aircraft.
    pub(super) fn remove(&mut self, ix: TrackIx) -> Option<Track> {
        let track = self.slots.get_mut(usize::try_from(ix.0).ok()?)?.take()?;
        self.roll.remove(&track.id, ix);
        self.free.push(ix.0);
        Some(track)
    }
}
