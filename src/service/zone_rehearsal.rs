//! Who would be alerted by a set of zones: the monitor itself is run beside the service, over what flies now and over
//! what flew in the last hour.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::airspace::Airspace;
use crate::domain::{
    AlertCode, AlertEventKind, BoundingBox, Observation, Phase, Severity, Timestamp, UasId, ZoneId,
};
use crate::monitor::{Effect, Event, Judge, Monitor, Settings, TrackState};
use crate::service::clock::Stopwatch;

/// Most pairs of aircraft and zone that are told.
const TOLD_MAX: usize = 1_000;
/// Reports between two looks at the time.
const STEP: usize = 256;
/// How far from a zone aircraft are looked at, degrees: over what one flies in the longest look-ahead.
const PAD_DEG: f64 = 0.1;

/// An aircraft that would be alerted by a zone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alerted {
    /// The aircraft.
    pub uas_id: UasId,
    /// The zone.
    pub zone: ZoneId,
    /// The furthest it came: foreseen, or so.
    pub phase: Phase,
    /// The worst it was.
    pub severity: Severity,
    /// When first.
    pub at: Timestamp,
}

/// Who would be alerted, each aircraft and zone once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rehearsed {
    /// In the order of aircraft and zones.
    pub alerted: Vec<Alerted>,
    /// Whether there was more than could be looked at or told.
    pub partial: bool,
}

/// Alerts of zones in the making.
struct Stage<'z> {
    monitor: Monitor,
    zones: &'z [ZoneId],
    effects: Vec<Effect>,
    open: BTreeMap<(UasId, ZoneId), Alerted>,
    forgets: bool,
}

impl<'z> Stage<'z> {
    fn new(rules: &Settings, airspace: &Arc<Airspace>, zones: &'z [ZoneId], forgets: bool) -> Self {
        let mut monitor =
            Monitor::new(Settings { separation: Vec::new(), assessments: false, ..rules.clone() });
        let begin = Timestamp::from_micros(i64::MIN);
        monitor.handle(begin, Event::AirspaceReplaced(Arc::clone(airspace)), &mut Vec::new());
        Self { monitor, zones, effects: Vec::new(), open: BTreeMap::new(), forgets }
    }

    fn handle(&mut self, at: Timestamp, event: Event) {
        self.monitor.handle(at, event, &mut self.effects);
        for effect in self.effects.drain(..) {
            let Effect::Alert(event) = effect else { continue };
            let alert = &event.alert;
            let is_of_zones = matches!(alert.code, AlertCode::ZoneIncursion | AlertCode::HeightLimit);
            let Some(zone) = alert.zone.as_ref().filter(|_| is_of_zones) else { continue };
            let id = zone.id.clone();
            if !self.zones.contains(&id) || alert.uas_id.is_canary() {
                continue;
            }
            let key = (alert.uas_id.clone(), id);
            if event.event == AlertEventKind::Cleared && self.forgets {
                self.open.remove(&key);
                continue;
            }
            let (phase, severity) = (alert.phase, alert.severity);
            let fresh = || Alerted {
                uas_id: key.0.clone(),
                zone: key.1.clone(),
                phase,
                severity,
                at: alert.raised_at,
            };
            let known = self.open.entry(key.clone()).or_insert_with(fresh);
            let worst = if self.forgets { severity } else { known.severity.max(severity) };
            let is_actual = phase == Phase::Actual || (!self.forgets && known.phase == Phase::Actual);
            known.severity = worst;
            known.phase = if is_actual { Phase::Actual } else { phase };
        }
    }

    fn finish(self, partial: bool) -> Rehearsed {
        let partial = partial || TOLD_MAX < self.open.len();
        Rehearsed { alerted: self.open.into_values().take(TOLD_MAX).collect(), partial }
    }
}

/// Who would be alerted at `now`, were these zones in force: by those named.
pub fn now(
    rules: &Settings,
    airspace: &Arc<Airspace>,
    zones: &[ZoneId],
    aircraft: impl IntoIterator<Item = TrackState>,
    now: Timestamp,
) -> Rehearsed {
    let mut rules = rules.clone();
    // There is one report of each aircraft; it counts as if it had been seen twice.
    rules.lifecycle.raise_m_of_n = [1, 1];
    let near = near(airspace, zones);
    let mut reports: Vec<Observation> = aircraft
        .into_iter()
        .map(|state| state.to_observation())
        .filter(|report| near.iter().any(|near| near.contains(report.position)))
        .collect();
    reports.sort_by(|a, b| (a.timestamp, &a.uas_id).cmp(&(b.timestamp, &b.uas_id)));
    let mut stage = Stage::new(&rules, airspace, zones, true);
    for report in reports {
        stage.handle(report.timestamp.min(now), Event::Observed(report));
    }
    stage.handle(now, Event::Tick);
    stage.finish(false)
}

/// Who is inside one of the zones named at `now`, however old its last report is.
pub fn inside(
    rules: &Settings,
    airspace: &Arc<Airspace>,
    zones: &[ZoneId],
    aircraft: &[TrackState],
    now: Timestamp,
) -> Vec<(UasId, ZoneId)> {
    let near = near(airspace, zones);
    let mut judge = Judge::new(rules.clone(), Arc::clone(airspace));
    let mut found = Vec::new();
    for state in aircraft.iter().filter(|state| !state.uas_id.is_canary()) {
        let report = Observation { timestamp: now, ..state.to_observation() };
        if !near.iter().any(|near| near.contains(report.position)) {
            continue;
        }
        for verdict in judge.judge(&report) {
            let is_inside = verdict.code == AlertCode::ZoneIncursion && verdict.phase == Phase::Actual;
            if let Some(zone) = verdict.zone.filter(|zone| is_inside && zones.contains(zone)) {
                found.push((state.uas_id.clone(), zone));
            }
        }
    }
    found
}

/// Who would have been alerted, had each of these sets been in force while `reports` arrived: by the zones named. Gives
/// up after `within`.
pub fn over<const N: usize>(
    rules: &Settings,
    sets: [&Arc<Airspace>; N],
    zones: &[ZoneId],
    reports: impl IntoIterator<Item = (Timestamp, Observation)>,
    within: Duration,
) -> [Rehearsed; N] {
    let mut stages = sets.map(|set| (near(set, zones), Stage::new(rules, set, zones, false)));
    let since = Stopwatch::start();
    let mut partial = false;
    for (count, (received_at, report)) in reports.into_iter().enumerate() {
        if count % STEP == 0 && within < since.elapsed() {
            partial = true;
            break;
        }
        for (near, stage) in &mut stages {
            if near.iter().any(|near| near.contains(report.position)) {
                stage.handle(received_at, Event::Observed(report.clone()));
            }
        }
    }
    stages.map(|(_, stage)| stage.finish(partial))
}

/// The boxes in which a report may concern one of the zones.
fn near(airspace: &Airspace, zones: &[ZoneId]) -> Vec<BoundingBox> {
    let zones = zones.iter().filter_map(|id| airspace.zone_by_id(id.as_str()));
    let padded = |bounds: BoundingBox| {
        let BoundingBox { west_deg, south_deg, east_deg, north_deg } = bounds;
        let west_deg = (west_deg - PAD_DEG).max(-180.0);
        let east_deg = (east_deg + PAD_DEG).min(180.0);
        BoundingBox { west_deg, south_deg: south_deg - PAD_DEG, east_deg, north_deg: north_deg + PAD_DEG }
    };
    zones.map(|zone| padded(zone.bounds)).collect()
}
