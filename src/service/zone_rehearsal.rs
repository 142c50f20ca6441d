//! Whom a change of the zones would alert: the monitor itself is run beside the service under the zones in force and under
//! those drafted, over what flies now and over what flew in the last hour.
//!
//! A change may matter beyond its own zones: a permission that goes leaves another zone to apply, suitable airspace that
//! comes ends controlled airspace. So every alert of an aircraft near a touched zone is held against what it was; told are
//! those of the zones named, and of the others what begins and ends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::airspace::{Airspace, Role, Terms, Who, Zone, difference};
use crate::domain::{
    Alert, AlertCode, AlertEventKind, BoundingBox, Intent, Observation, OperatorId, Phase, Severity,
    Timestamp, UasId, ZoneId,
};
use crate::monitor::{Effect, Event, Judge, Monitor, Settings, TrackState};
use crate::service::clock::Stopwatch;

/// Most alerts that are told.
const TOLD_MAX: usize = 1_000;
/// Most alerts that are held against each other.
const HELD_MAX: usize = 100_000;
/// Reports between two looks at the time.
const STEP: usize = 256;
/// How far from a zone aircraft are looked at, degrees: over what one flies in the longest look-ahead.
const PAD_DEG: f64 = 0.1;

/// An aircraft that would be alerted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alerted {
    /// The aircraft.
    pub uas_id: UasId,
    /// Of what.
    pub code: AlertCode,
    /// By which zone; `None` where no zone says so: controlled airspace by default, and the ceiling of a class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneId>,
    /// The furthest it came: foreseen, or so.
    pub phase: Phase,
    /// The worst it was.
    pub severity: Severity,
    /// When first.
    pub at: Timestamp,
}

/// An aircraft that would be alerted under the draft.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// How.
    #[serde(flatten)]
    pub alerted: Alerted,
    /// Whether the zones in force do not alert it.
    pub new: bool,
}

/// Who would be alerted, and who would not be any more; each aircraft, code and zone once, in their order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rehearsed {
    /// Under the draft: by a zone named, or as it is not now.
    pub alerted: Vec<Shown>,
    /// Only under the zones in force.
    pub no_longer: Vec<Alerted>,
    /// Whether there was more than could be looked at or told.
    pub partial: bool,
}

/// A draft before it is published, and what there is to judge it by.
#[derive(Debug)]
pub struct Draft<'a> {
    /// The rules of the service.
    pub rules: &'a Settings,
    /// The zones in force, and those drafted.
    pub sets: [&'a Arc<Airspace>; 2],
    /// The zones that the draft speaks of.
    pub named: &'a [ZoneId],
    /// The operation intents in force.
    pub intents: &'a [Intent],
}

/// What an alert is of.
type Key = (UasId, AlertCode, Option<ZoneId>);

impl Draft<'_> {
    /// Who would be alerted, were it published at `now`.
    pub fn now<'t>(&self, aircraft: impl IntoIterator<Item = &'t TrackState>, now: Timestamp) -> Rehearsed {
        let mut rules = self.rules.clone();
        // There is one report of each aircraft; it counts as if it had been seen twice.
        rules.lifecycle.raise_m_of_n = [1, 1];
        let nearby = Nearby::of(self);
        let reports = aircraft.into_iter().map(|state| (state.heard_at().min(now), state.to_observation()));
        let mut reports: Vec<_> = reports.filter(|(_, report)| nearby.concerns(report)).collect();
        reports.sort_by(|a, b| (a.0, &a.1.uas_id).cmp(&(b.0, &b.1.uas_id)));
        let stages = self.sets.map(|set| {
            let mut stage = Stage::new(&rules, self.intents, true);
            for (heard_at, report) in &reports {
                stage.monitor.seat(*heard_at, report.clone());
            }
            stage.handle(now, Event::AirspaceReplaced(Arc::clone(set)));
            stage.handle(now, Event::Tick);
            stage
        });
        self.told(stages, false)
    }

    /// Who is inside one of the zones named at `now`, however old its last report is.
    pub fn inside<'t>(
        &self,
        aircraft: impl IntoIterator<Item = &'t TrackState>,
        now: Timestamp,
    ) -> Vec<(UasId, ZoneId)> {
        let [_, drafted] = self.sets;
        let nearby = Nearby::of(self);
        let mut judge = Judge::new(self.rules.clone(), Arc::clone(drafted)).knowing(self.intents);
        let mut found = Vec::new();
        for state in aircraft.into_iter().filter(|state| !state.uas_id.is_canary()) {
            let report = Observation { timestamp: now, ..state.to_observation() };
            if !nearby.concerns(&report) {
                continue;
            }
            for verdict in judge.judge(&report) {
                let is_inside = verdict.code == AlertCode::ZoneIncursion && verdict.phase == Phase::Actual;
                if let Some(zone) = verdict.zone.filter(|zone| is_inside && self.named.contains(zone)) {
                    found.push((state.uas_id.clone(), zone));
                }
            }
        }
        found
    }

    /// Who would have been alerted, had it been in force while `reports` arrived. Gives up after `within`.
    pub fn over(
        &self,
        reports: impl IntoIterator<Item = (Timestamp, Observation)>,
        within: Duration,
    ) -> Rehearsed {
        let nearby = Nearby::of(self);
        let mut stages = self.sets.map(|set| {
            let mut stage = Stage::new(self.rules, self.intents, false);
            let begin = Timestamp::from_micros(i64::MIN);
            stage.handle(begin, Event::AirspaceReplaced(Arc::clone(set)));
            stage
        });
        let since = Stopwatch::start();
        let mut partial = false;
        for (count, (received_at, report)) in reports.into_iter().enumerate() {
            if count % STEP == 0 && within < since.elapsed() {
                partial = true;
                break;
            }
            if nearby.concerns(&report) {
                for stage in &mut stages {
                    stage.handle(received_at, Event::Observed(report.clone()));
                }
            }
        }
        self.told(stages, partial)
    }

    /// What is told of what was found under both sets.
    fn told(&self, stages: [Stage; 2], partial: bool) -> Rehearsed {
        let [before, after] = stages;
        let mut partial = partial || before.partial || after.partial;
        let no_longer = before.open.iter().filter(|(key, _)| !after.open.contains_key(*key));
        let no_longer: Vec<_> = no_longer.map(|(_, alerted)| alerted.clone()).collect();
        let is_named = |key: &Key| key.2.as_ref().is_some_and(|zone| self.named.contains(zone));
        let shown = after.open.into_iter().filter_map(|(key, alerted)| {
            let new = !before.open.contains_key(&key);
            (new || is_named(&key)).then_some(Shown { alerted, new })
        });
        let mut told = Rehearsed { alerted: shown.collect(), no_longer, partial: false };
        partial |= TOLD_MAX < told.alerted.len() || TOLD_MAX < told.no_longer.len();
        told.alerted.truncate(TOLD_MAX);
        told.no_longer.truncate(TOLD_MAX);
        Rehearsed { partial, ..told }
    }
}

/// Alerts of zones in the making.
struct Stage {
    monitor: Monitor,
    effects: Vec<Effect>,
    open: BTreeMap<Key, Alerted>,
    forgets: bool,
    partial: bool,
}

impl Stage {
    fn new(rules: &Settings, intents: &[Intent], forgets: bool) -> Self {
        let mut monitor =
            Monitor::new(Settings { separation: Vec::new(), assessments: false, ..rules.clone() });
        let (begin, mut effects) = (Timestamp::from_micros(i64::MIN), Vec::new());
        for intent in intents {
            monitor.handle(begin, Event::IntentFiled(Box::new(intent.clone())), &mut effects);
        }
        effects.clear();
        Self { monitor, effects, open: BTreeMap::new(), forgets, partial: false }
    }

    fn handle(&mut self, at: Timestamp, event: Event) {
        self.monitor.handle(at, event, &mut self.effects);
        for effect in self.effects.drain(..) {
            let Effect::Alert(event) = effect else { continue };
            let alert = &event.alert;
            if !is_of_zones(alert) || alert.uas_id.is_canary() {
                continue;
            }
            let zone = alert.zone.as_ref().map(|zone| zone.id.clone());
            let key = (alert.uas_id.clone(), alert.code, zone);
            if event.event == AlertEventKind::Cleared && self.forgets {
                self.open.remove(&key);
                continue;
            }
            if HELD_MAX <= self.open.len() && !self.open.contains_key(&key) {
                self.partial = true;
                continue;
            }
            let (phase, severity) = (alert.phase, alert.severity);
            let (uas_id, code, zone) = key.clone();
            let fresh = Alerted { uas_id, code, zone, phase, severity, at: alert.raised_at };
            let known = self.open.entry(key).or_insert(fresh);
            let worst = if self.forgets { severity } else { known.severity.max(severity) };
            let is_actual = phase == Phase::Actual || (!self.forgets && known.phase == Phase::Actual);
            known.severity = worst;
            known.phase = if is_actual { Phase::Actual } else { phase };
        }
    }
}

/// Whether what zones say, or where there are none, decides about it.
fn is_of_zones(alert: &Alert) -> bool {
    matches!(alert.code, AlertCode::ZoneIncursion | AlertCode::HeightLimit | AlertCode::GeocageExit)
}

/// Where and whom a change may concern.
struct Nearby<'a> {
    boxes: Vec<BoundingBox>,
    /// Of keep-in volumes: whoever is outside may be anywhere.
    cages: Vec<&'a Terms>,
}

impl<'a> Nearby<'a> {
    /// Of the zones named and those that differ, before and after.
    fn of(draft: &Draft<'a>) -> Self {
        let [live, drafted] = draft.sets;
        let found = difference(live, drafted);
        let touched: BTreeSet<&ZoneId> =
            [draft.named, &found.added, &found.changed, &found.removed].into_iter().flatten().collect();
        let zones: Vec<&Zone> = [live, drafted]
            .into_iter()
            .flat_map(|set| touched.iter().filter_map(|id| set.zone_by_id(id.as_str())))
            .collect();
        let terms = zones.iter().filter_map(|zone| zone.terms.as_deref());
        let cages = terms.filter(|terms| terms.role == Role::KeepIn && terms.applies_to.is_some());
        Self { cages: cages.collect(), boxes: zones.iter().map(|zone| padded(zone.bounds)).collect() }
    }

    fn concerns(&self, report: &Observation) -> bool {
        let who = Who {
            uas_id: report.uas_id.as_str(),
            operator: report.operator.as_ref().map(OperatorId::as_str),
            group_id: report.group_id.as_deref(),
            flight_id: report.flight_id.as_deref(),
            class: report.ua_class,
            category: report.category,
        };
        self.boxes.iter().any(|near| near.contains(report.position))
            || self.cages.iter().any(|terms| terms.concern(&who))
    }
}

/// The box in which a report may concern a zone.
fn padded(bounds: BoundingBox) -> BoundingBox {
    let BoundingBox { west_deg, south_deg, east_deg, north_deg } = bounds;
    let west_deg = (west_deg - PAD_DEG).max(-180.0);
    let east_deg = (east_deg + PAD_DEG).min(180.0);
    BoundingBox { west_deg, south_deg: south_deg - PAD_DEG, east_deg, north_deg: north_deg + PAD_DEG }
}
