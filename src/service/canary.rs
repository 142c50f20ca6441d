//! The service's own test flights: every ten seconds two aircraft that do not exist meet in a zone that nobody
//! sees, in the emptiest part of the Pacific.
//!
//! ```text
//! launch ─► broker ─► intake ─► gate ─► monitor ─► its alerts, taken out before they are numbered ─► journal's probe
//! ```
//!
//! A flight that comes through proves the whole way. Its identities hold a secret of this run, so that nobody else
//! can pass for it, and they are new each time, so that its alerts are raised and not merely still open.

use std::collections::{BTreeSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;

use crate::airspace::{Airspace, Shape, Volume, Zone};
use crate::domain::{
    Alert, AlertCode, AlertState, LatLng, Measures, OtherParty, Restriction, ServiceTrouble, Timestamp,
    UasId, ZoneId,
};
use crate::journal::Store;
use crate::monitor::{Effect, TroubleDetail};
use crate::service::clock::Stopwatch;
use crate::service::outlet::Outgoing;
use crate::service::trouble::TroubleDesk;

/// Time between flights.
pub const PERIOD: Duration = Duration::from_secs(10);
/// Two flights missing, and time for the second to come through.
pub const AGE_MAX: Duration = Duration::from_secs(25);
/// Flights under way that are remembered.
const ROUNDS_MAX: usize = 4;
/// Point Nemo, 2,688 km from any land, degrees.
const PLACE: (f64, f64) = (-48.8767, -123.3933);
/// Radius of the zone, metres.
const ZONE_RADIUS_M: f64 = 60_000.0;
/// Flights take turns in so many places, so that none meets one before it that is still remembered.
const PLACES: i64 = 16;
/// From one place to the next, degrees of longitude: 3.7 km.
const STEP_DEG: f64 = 0.05;

/// Launches flights and sees whether they come through.
pub struct Canary {
    prefix: String,
    secret: String,
    store: Option<Arc<dyn Store + Send + Sync>>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rounds: VecDeque<Round>,
    launched: i64,
    /// When the newest flight that came through was launched; before the first, the start.
    through: Stopwatch,
    any: bool,
}

#[derive(Debug)]
struct Round {
    number: u64,
    launched: Stopwatch,
    ids: [UasId; 2],
    separation: bool,
    zone: bool,
    probed: bool,
}

impl Canary {
    /// A canary on the topics of `prefix`; the last leg goes through `store`, if there is one.
    pub fn new(prefix: &str, store: Option<Arc<dyn Store + Send + Sync>>) -> Arc<Self> {
        // The standard library's only source of randomness from the system.
        let secret = format!("{:016x}", RandomState::new().hash_one(0));
        let state = State { rounds: VecDeque::new(), launched: 0, through: Stopwatch::start(), any: false };
        Arc::new(Self { prefix: prefix.into(), secret, store, state: Mutex::new(state) })
    }

    /// The two reports of a new flight.
    pub fn launch(&self, now: Timestamp) -> Vec<Outgoing> {
        let number = now.as_millis();
        let ids = ["a", "b"].map(|name| UasId::new(&format!("canary:{}-{number:x}:{name}", self.secret)));
        let [Ok(a), Ok(b)] = ids else { return Vec::new() };
        let mut state = self.lock();
        state.launched += 1;
        let lng = PLACE.1 + crate::domain::whole(state.launched % PLACES - PLACES / 2) * STEP_DEG;
        let messages = [&a, &b].map(|id| self.report(id, lng, now));
        if state.rounds.len() == ROUNDS_MAX {
            state.rounds.pop_front();
        }
        state.rounds.push_back(Round {
            number: u64::try_from(number).unwrap_or(0),
            launched: Stopwatch::start(),
            ids: [a, b],
            separation: false,
            zone: false,
            probed: false,
        });
        messages.into()
    }

    /// Whether a message on this topic is of a flight under way.
    pub fn admits(&self, topic: &str) -> bool {
        let id = topic.rsplit('/').next().unwrap_or_default();
        self.lock().rounds.iter().flat_map(|round| &round.ids).any(|own| own.as_str() == id)
    }

    /// An alert of a flight. When both are there, the journal is asked to write.
    pub fn saw(&self, alert: &Alert) {
        let mut state = self.lock();
        let Some(round) = state.rounds.iter_mut().find(|round| round.ids.contains(&alert.uas_id)) else {
            return;
        };
        let between = |other: &OtherParty| round.ids.contains(&other.uas_id);
        round.zone |= alert.code == AlertCode::ZoneIncursion;
        round.separation |= alert.code == AlertCode::Separation && alert.other.as_ref().is_some_and(between);
        if round.zone && round.separation && !round.probed {
            round.probed = true;
            if let Some(store) = &self.store {
                store.probe(round.number);
            }
        }
    }

    /// Sees which flights have come through, and says so if none has for too long. To be called every second.
    pub fn look(&self, desk: &TroubleDesk) {
        let on_disk = self.store.as_ref().map_or(u64::MAX, |store| store.progress().probed);
        let mut state = self.lock();
        // A disk that fails is told as such, and alerts go out meanwhile.
        let without_disk = desk.holds(ServiceTrouble::Storage);
        let landed = |round: &Round| round.probed && (round.number <= on_disk || without_disk);
        if let Some(last) = state.rounds.iter().rposition(landed) {
            state.any = true;
            let newest = state.rounds.drain(..=last).next_back();
            if let Some(round) = newest {
                state.through = round.launched;
            }
        }
        let age = state.through.elapsed();
        let (newest, any) = (state.rounds.back().map(missing), state.any);
        drop(state);
        if age < AGE_MAX {
            // Before the first flight nothing is known of what an earlier run left open.
            if any {
                desk.clear(ServiceTrouble::Canary);
            }
            return;
        }
        // To the nearest period: a figure that changes every second would be an update every second.
        let missed = u32::try_from(age.as_secs() / PERIOD.as_secs()).unwrap_or(u32::MAX);
        let detail = TroubleDetail {
            measured: Measures::of(&[("missed", f64::from(missed))]),
            limit: Measures::of(&[("age_s", AGE_MAX.as_secs_f64())]),
            note: newest.map(str::to_owned),
            ..TroubleDetail::default()
        };
        desk.raise(ServiceTrouble::Canary, detail);
    }

    /// Since when nothing newer has come through; the launch of the last flight that did, or the start.
    pub fn age(&self) -> Duration {
        self.lock().through.elapsed()
    }

    /// Whether any flight ever came through.
    pub fn has_flown(&self) -> bool {
        self.lock().any
    }

    fn report(&self, id: &UasId, lng: f64, now: Timestamp) -> Outgoing {
        let report = json!({
            "uas_id": id, "timestamp": now, "lat": PLACE.0, "lng": lng, "alt_hae": 60.0, "height": 60.0,
            "height_reference": "GROUND", "ground_speed": 0.0, "vertical_speed": 0.0, "accuracy_h": 1.0,
            "accuracy_v": 1.0, "ua_class": "LIGHT", "operational_status": "AIRBORNE",
        });
        let topic = format!("{}/telemetry/_canary/{id}", self.prefix);
        Outgoing { topic, payload: report.to_string().into_bytes(), retain: false }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a flight was last seen.
fn missing(round: &Round) -> &'static str {
    match (round.zone || round.separation, round.probed) {
        (false, _) => "no alert: lost between broker and monitor",
        (true, false) => "only one of its two alerts was raised",
        (true, true) => "its alerts were raised and did not reach the disk",
    }
}

/// Whether a topic is one of the flights' own.
pub fn is_topic(topic: &str) -> bool {
    topic.contains("/telemetry/_canary/")
}

/// The same airspace with the flights' zone in it.
#[must_use]
pub fn with_zone(airspace: Airspace) -> Airspace {
    let zone = LatLng::new(PLACE.0, PLACE.1)
        .ok()
        .and_then(|centre| Shape::circle(centre, ZONE_RADIUS_M))
        .map(|shape| vec![Volume::new(shape, None, None)])
        .and_then(|volumes| Zone::new(ZoneId::new("canary:zone"), Restriction::Prohibited, volumes));
    match zone {
        Some(zone) => airspace.with_unlisted(zone),
        None => airspace,
    }
}

/// Takes what the monitor says of the flights out of what it says of everybody.
pub struct Sieve {
    canary: Arc<Canary>,
    tracks: BTreeSet<UasId>,
    open: BTreeSet<Arc<str>>,
}

impl Sieve {
    /// A sieve that lets `canary` see its alerts.
    pub fn new(canary: Arc<Canary>) -> Self {
        Self { canary, tracks: BTreeSet::new(), open: BTreeSet::new() }
    }

    /// The effect, unless it is of a flight.
    pub fn pass(&mut self, effect: Effect) -> Option<Effect> {
        match &effect {
            Effect::Alert(event) if is_own(&event.alert) => {
                let id = &event.alert.alert_id;
                match event.alert.state {
                    AlertState::Open => self.open.insert(Arc::clone(id)),
                    AlertState::Cleared => self.open.remove(id),
                };
                self.canary.saw(&event.alert);
            }
            Effect::TrackChanged(state) if state.uas_id.is_canary() => {
                if !self.tracks.contains(&state.uas_id) {
                    self.tracks.insert(state.uas_id.clone());
                }
            }
            Effect::TrackGone(id) if id.is_canary() => {
                self.tracks.remove(id);
            }
            Effect::Refused(id, _) if id.is_canary() => {}
            Effect::Alert(_)
            | Effect::TrackChanged(_)
            | Effect::TrackGone(_)
            | Effect::Refused(_, _)
            | Effect::AckRefused(_)
            | Effect::Assessed(_) => return Some(effect),
        }
        None
    }

    /// How many of the monitor's aircraft are flights.
    pub fn tracks(&self) -> usize {
        self.tracks.len()
    }

    /// How many of the monitor's open alerts are of flights.
    pub fn open(&self) -> usize {
        self.open.len()
    }
}

/// Of flights alone: an alert that a real aircraft had a part in is everybody's.
fn is_own(alert: &Alert) -> bool {
    alert.uas_id.is_canary() && alert.other.as_ref().is_none_or(|other| other.uas_id.is_canary())
}
