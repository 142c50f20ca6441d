//! The core: `(state, event) -> effects`.
//!
//! ```text
//! Event ─► tracks ─► sky ─► detectors ─► Finding ─► ledger ─► Effect
//! ```
//!
//! An aircraft is assessed when it reports, and by due time while it is silent, when the airspace changes or
//! when one of its alerts may end. There is no scan over everything.
//!
//! **Invariant:** `now` never moves back, whatever the sources claim. There is no clock, no I/O, no
//! randomness and no unordered iteration here: the same events give the same effects. (The keys of `roll` are made by
//! chance; nothing depends on them.)

mod afterwards;
mod agenda;
mod ahead;
mod announce;
mod contract;
mod detectors;
mod drift;
mod encounter;
mod episode;
mod explain;
mod finding;
mod forest;
mod glance;
mod intents;
mod judge;
mod ledger;
mod lift;
mod near;
mod neighbours;
mod orphans;
mod picture;
mod remember;
mod report;
mod restart;
mod roll;
mod rules;
mod scene;
mod service_alerts;
mod service_words;
mod settings;
mod shelf;
mod sky;
mod speeds;
mod state;
mod tracks;
mod vertical;

use std::sync::Arc;

pub use contract::{
    Assessment, Effect, Event, LevelTimes, TrackFreshness, TrackState, TroubleDetail, Unshown,
};
pub use detectors::LOW_BATTERY_URGENT_SHARE;
pub use judge::{Judge, Verdict};
pub use remember::Heard;
pub use settings::{
    ControlledDefault, Level, Lifecycle, Limits, Party, Separation, Settings, Terrain, default_separation,
};
pub use shelf::{SHELF_S_MAX, may_shelve};

use crate::airspace::{Airspace, ZoneIx};
use crate::domain::{Intent, Observation, Reason, Refusal, Timestamp, UasId};

use afterwards::Afterwards;
use agenda::Agenda;
use detectors::{REGISTRY, WORSE_S};
use drift::drift_m;
use intents::Intents;
use ledger::{Ledger, Session};
use near::Search;
use orphans::Orphans;
use picture::picture;
use rules::Rules;
use scene::{Found, Scene};
use service_alerts::ServiceAlerts;
use sky::Sky;
use tracks::{FORGET_S, Taken, TrackIx, Tracks};

/// The box for which zones are looked up is larger than the path by this much, metres.
const NEAR_PAD_M: f64 = 300.0;
/// After a change of the airspace everybody is assessed again within this time, spread evenly, microseconds.
const REASSESS_US: i64 = 500_000;
/// Nobody is looked at again sooner than this, microseconds: time cannot stand still over one aircraft.
const STEP_US_MIN: i64 = 20_000;
/// A silent aircraft is assessed this often, seconds.
const SILENT_STEP_S: f64 = 2.0;

/// What became of the reports, in counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Reports that were evaluated.
    pub evaluated: u64,
    /// Reports older than the newest of their aircraft, or sent afterwards: history only.
    pub history: u64,
    /// The same report again.
    pub duplicates: u64,
    /// Reports too old for live checks.
    pub not_live: u64,
    /// Reports refused because the table was full.
    pub refused: u64,
}

/// The monitor.
#[derive(Debug)]
pub struct Monitor {
    rules: Rules,
    now: Timestamp,
    airspace: Arc<Airspace>,
    /// Counts airspaces; 0 is none.
    airspace_epoch: u32,
    in_force_since: Timestamp,
    tracks: Tracks,
    /// The sky, and that of the service's own test flights: they never meet real aircraft.
    sky: Sky,
    canary_sky: Sky,
    intents: Intents,
    ledger: Ledger,
    orphans: Orphans,
    afterwards: Afterwards,
    service: ServiceAlerts,
    agenda: Agenda,
    candidates: Vec<TrackIx>,
    looked_up: Vec<ZoneIx>,
    found: Found,
    tally: Tally,
}

impl Monitor {
    /// A monitor of an empty sky without zones.
    pub fn new(settings: Settings) -> Self {
        let found = Found { findings: Vec::new(), assessments: None };
        Self {
            tracks: Tracks::new(settings.tracks_max),
            intents: Intents::new(settings.intent_authorities.clone()),
            rules: Rules::new(settings),
            now: Timestamp::from_micros(i64::MIN),
            airspace: Arc::new(Airspace::default()),
            airspace_epoch: 1,
            in_force_since: Timestamp::from_micros(i64::MIN),
            sky: Sky::default(),
            canary_sky: Sky::default(),
            ledger: Ledger::default(),
            orphans: Orphans::default(),
            afterwards: Afterwards::default(),
            service: ServiceAlerts::default(),
            agenda: Agenda::default(),
            candidates: Vec::new(),
            looked_up: Vec::new(),
            found,
            tally: Tally::default(),
        }
    }

    /// Advances to `at`, applies `event` and appends what must be done to `effects`.
    ///
    /// Whatever is due before `at` is done first, each at its own time, so that the result does not depend on
    /// how often `Tick` comes.
    pub fn handle(&mut self, at: Timestamp, event: Event, effects: &mut Vec<Effect>) {
        self.advance(at, effects);
        self.intents.expire(self.now);
        match event {
            Event::Observed(observation) => self.observe(at, observation, effects),
            Event::Ahead { uas_id, ahead_s } => self.note_ahead(&uas_id, ahead_s),
            Event::AirspaceReplaced(airspace) => self.replace_airspace(airspace),
            Event::IntentFiled(intent) => self.file(*intent, effects),
            Event::Acknowledged { alert_id, by, note } => {
                self.take_note(alert_id, by, note, effects);
            }
            Event::Shelved { alert_id, by, shelf } => self.shelve(alert_id, by, shelf, effects),
            Event::NotedAfterwards { cleared, by, note } => {
                self.take_late_note(*cleared, by, note, effects);
            }
            Event::Service { kind, holds } => {
                self.service.report(self.now, kind, holds, &self.rules.settings.lifecycle, effects);
            }
            Event::Tick => {}
        }
    }

    /// How many aircraft are tracked.
    pub fn aircraft(&self) -> usize {
        self.tracks.len()
    }

    /// How many operation intents are in force.
    pub fn intents(&self) -> usize {
        self.intents.len()
    }

    /// How many alerts are open.
    pub fn open_alerts(&self) -> usize {
        self.ledger.open_len() + self.orphans.len() + self.service.open_len()
    }

    /// What became of the reports.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// The zones in force.
    pub fn airspace(&self) -> &Arc<Airspace> {
        &self.airspace
    }

    fn advance(&mut self, at: Timestamp, effects: &mut Vec<Effect>) {
        while let Some(due) = self.other_due().filter(|due| *due <= at) {
            self.advance_aircraft(due, effects);
            self.now = self.now.max(due);
            self.look_beside(effects);
        }
        self.advance_aircraft(at, effects);
        self.now = self.now.max(at);
    }

    fn advance_aircraft(&mut self, at: Timestamp, effects: &mut Vec<Effect>) {
        while let Some((due, ix)) = self.agenda.pop_due(at) {
            self.now = self.now.max(due);
            self.look_again(ix, effects);
        }
    }

    fn observe(&mut self, received_at: Timestamp, observation: Observation, effects: &mut Vec<Effect>) {
        let uas_id = observation.uas_id.clone();
        let ix = match self.tracks.take(observation, self.now, &self.rules.settings.terrain) {
            Taken::Newest(ix) => ix,
            Taken::Duplicate => return self.tally.duplicates += 1,
            Taken::Elsewhere(ix) => {
                self.tally.duplicates += 1;
                return self.assess(ix, 0.0, effects);
            }
            Taken::History => return self.tally.history += 1,
            Taken::Full => {
                self.tally.refused += 1;
                let detail = "the table of aircraft is full; this aircraft is not monitored";
                return effects.push(Effect::Refused(uas_id, Refusal::new(Reason::TrackLimit, detail)));
            }
        };
        self.tally.evaluated += 1;
        if let Some(track) = self.tracks.get_mut(ix) {
            track.clock_s -= self.now.seconds_since(received_at).max(0.0);
        }
        self.adopt(ix);
        self.place(ix, 0.0);
        if self.rules.settings.assessments {
            self.found.assessments = Some(Vec::new());
        }
        self.assess(ix, 0.0, effects);
        if let Some(assessments) = self.found.assessments.take() {
            effects.extend(assessments.into_iter().map(Effect::Assessed));
        }
        if let Some(track) = self.tracks.get(ix) {
            self.tally.not_live += u64::from(!track.live);
            effects.push(Effect::TrackChanged(picture(track, TrackFreshness::Live)));
        }
    }

    /// Looks at an aircraft because of the time: it is silent, or one of its alerts may end.
    fn look_again(&mut self, ix: TrackIx, effects: &mut Vec<Effect>) {
        let Some(track) = self.tracks.get(ix) else { return };
        let silent_s = self.now.seconds_since(track.heard_at);
        if FORGET_S <= silent_s {
            self.ledger.forget(self.now, ix, &mut self.tracks, effects);
            self.agenda.forget(ix);
            if let Some(mut track) = self.tracks.remove(ix) {
                let sky = if track.canary { &mut self.canary_sky } else { &mut self.sky };
                sky.remove(ix, &mut track.placed);
                effects.push(Effect::TrackGone(track.id));
            }
            return;
        }
        // While reports come, the newest one was judged when it came; only time itself must be looked at.
        let age_s = if track.coasts_at() <= self.now { silent_s } else { 0.0 };
        self.place(ix, age_s);
        self.assess(ix, age_s, effects);
        if let Some(track) = self.tracks.get(ix)
            && age_s > 0.0
        {
            effects.push(Effect::TrackChanged(picture(track, TrackFreshness::Coasted)));
        }
    }

    /// Brings the aircraft's place in the sky and its near zones up to date.
    fn place(&mut self, ix: TrackIx, age_s: f64) {
        let Some(track) = self.tracks.get_mut(ix) else { return };
        let sky = if track.canary { &mut self.canary_sky } else { &mut self.sky };
        if !track.live {
            sky.remove(ix, &mut track.placed);
            return;
        }
        let late_s = track.skew_s.clamp(0.0, tracks::LIVE_AGE_S);
        let next_s = if age_s > 0.0 { SILENT_STEP_S } else { track.coast_s() };
        let until_s = age_s + late_s + next_s + sky::AHEAD_OF_US_S;
        let until = [until_s, drift_m(until_s, track.coast_s())];
        sky.place(ix, track.party, &track.state, until, &self.rules, &mut track.placed);
        let before = track.before.as_ref().map(|before| before.position);
        let horizon_s = self.rules.zone_horizon_s() + age_s;
        let needed = detectors::path_bounds(&track.state, before, horizon_s, 10.0);
        let near = &mut track.near;
        if near.serve(self.airspace_epoch, &needed) {
            return;
        }
        let area = detectors::path_bounds(&track.state, before, horizon_s, NEAR_PAD_M);
        let search = Search { airspace: &self.airspace, epoch: self.airspace_epoch, canary: track.canary };
        near.look_up(&search, area, &mut self.looked_up);
    }

    /// Asks every detector about one aircraft and settles what they say.
    fn assess(&mut self, ix: TrackIx, age_s: f64, effects: &mut Vec<Effect>) {
        let Some(own) = self.tracks.get(ix) else { return };
        self.candidates.clear();
        self.found.findings.clear();
        // Zones follow source time, which goes on between two reports.
        let zones_at = own.state.at.plus_seconds(self.now.seconds_since(own.heard_at));
        let astray = self.intents.astray(own, zones_at);
        if let Some(own) = self.tracks.get_mut(ix) {
            own.astray = astray;
        }
        let Some(own) = self.tracks.get(ix) else { return };
        if own.live && !own.on_ground() {
            let latest_s = self.now.seconds_since(own.state.at).max(age_s) + sky::AHEAD_OF_US_S;
            let span_s = [age_s, latest_s];
            let sky = if own.canary { &self.canary_sky } else { &self.sky };
            sky.candidates(ix, own, span_s, &self.rules, &mut self.candidates);
        }
        let scene = Scene {
            now: self.now,
            age_s,
            zones_at,
            rules: &self.rules,
            own,
            tracks: &self.tracks,
            candidates: &self.candidates,
            airspace: &self.airspace,
            in_force_since: self.in_force_since,
            intents: &self.intents,
        };
        for detector in REGISTRY {
            detector(&scene, &mut self.found);
        }
        let look_at = own.state.at.plus_seconds(age_s);
        if own.remembered {
            self.found.findings.retain(|finding| remember::counts(finding, &self.tracks));
        }
        let switch = own.near.next_switch(&self.airspace, zones_at).map(|at| {
            // A report of that time arrives with the source's delay.
            at.plus_seconds(own.skew_s.max(0.0))
        });
        let forget = own.heard_at.plus_seconds(FORGET_S);
        let marks = [own.silence_s(), WORSE_S.max(own.silence_s())];
        let marks = marks.map(|silent_s| own.heard_at.plus_seconds(own.deaf_s + silent_s));
        let step = self.now.max(own.coasts_at()).plus_seconds(SILENT_STEP_S);
        let marks = marks.into_iter().chain([own.coasts_at(), step]).filter(|mark| self.now < *mark);
        let silent = marks.fold(forget, Timestamp::min);
        let session = Session {
            now: self.now,
            look_at,
            lifecycle: &self.rules.settings.lifecycle,
            airspace: &self.airspace,
        };
        let ends = self.ledger.settle(&session, ix, &self.found.findings, &mut self.tracks, effects);
        let due = [Some(silent), switch, ends].into_iter().flatten().min().unwrap_or(forget);
        self.agenda.schedule(ix, due.max(self.now.plus_micros(STEP_US_MIN)));
    }

    /// The clock of an aircraft is ahead: what it reports is refused, and where it was known to be stays.
    fn note_ahead(&mut self, uas_id: &UasId, ahead_s: f64) {
        let Some(ix) = self.tracks.find(uas_id) else { return };
        if let Some(track) = self.tracks.get_mut(ix) {
            track.ahead_s = Some(ahead_s);
        }
        self.agenda.schedule(ix, self.now);
    }

    /// Takes an intent in; whom it names is looked at again at once.
    fn file(&mut self, intent: Intent, effects: &mut Vec<Effect>) {
        let (flight_id, uas_ids) = (intent.flight_id.clone(), intent.uas_ids.clone());
        if let Err(refusal) = self.intents.file(intent) {
            return effects.push(Effect::Refused(flight_id, refusal));
        }
        for ix in uas_ids.iter().filter_map(|uas_id| self.tracks.find(uas_id)).collect::<Vec<_>>() {
            self.agenda.schedule(ix, self.now);
        }
    }

    fn replace_airspace(&mut self, airspace: Arc<Airspace>) {
        (self.airspace, self.in_force_since) = (airspace, self.now);
        self.airspace_epoch = self.airspace_epoch.wrapping_add(1).max(1);
        let all: Vec<_> = self.tracks.indices().collect();
        let step_us = REASSESS_US / i64::try_from(all.len().max(1)).unwrap_or(i64::MAX);
        let mut due = self.now;
        for ix in all {
            due = due.plus_micros(step_us);
            // Who was never looked at is due at once.
            let due = self.agenda.due(ix).map_or(self.now, |known| known.min(due));
            self.agenda.schedule(ix, due);
        }
    }
}
