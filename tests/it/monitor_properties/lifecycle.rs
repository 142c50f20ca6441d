//! The life of alerts on any sequence of events: raised first, cleared last, one open a key, time only forward.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lowsky::airspace::{Airspace, Document, load};
use lowsky::domain::{
    Alert, AlertCode, AlertEvent, AlertEventKind, AlertState, LatLng, Observation, OperationalStatus,
    Severity, Timestamp, whole,
};
use lowsky::geodesy::LocalMetric;
use lowsky::monitor::{Effect, Event, Monitor, Settings};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::sky::{Flight, recorded, sky};
use super::{alerts, at, bytes, key};

const SECONDS: f64 = 90.0;

/// What happens beside reports.
#[derive(Debug, Clone)]
enum Aside {
    Zones(Vec<(usize, [f64; 2], f64)>),
    /// Somebody takes note of one of the open alerts.
    Note(usize),
    Tick,
    /// The service ends here, without a word, and starts again so many seconds later.
    Crash(f64),
}

/// What a report says beside position and motion: status, charge, control link.
type Says = (u8, u8, bool);

fn asides() -> impl Strategy<Value = Vec<(f64, Aside)>> {
    let zone = (0..4_usize, prop::array::uniform2(-1200.0..1200.0_f64), 50.0..400.0_f64);
    let aside = prop_oneof![
        1 => prop::collection::vec(zone, 0..4).prop_map(Aside::Zones),
        3 => (0..9_usize).prop_map(Aside::Note),
        1 => Just(Aside::Tick),
    ];
    prop::collection::vec((0.0..SECONDS, aside), 0..20)
}

/// Circles around an origin, named by number; the first of a name counts.
pub(super) fn airspace(origin: LatLng, zones: &[(usize, [f64; 2], f64)]) -> Arc<Airspace> {
    let metric = LocalMetric::at(origin.lat_deg());
    let mut seen = BTreeSet::new();
    let features: Vec<_> = zones
        .iter()
        .filter(|(number, _, _)| seen.insert(*number))
        .map(|(number, [east, north], radius)| (number, metric.moved(origin, *east, *north), radius))
        // A circle may not reach the antimeridian.
        .filter(|(_, centre, _)| centre.lng_deg().abs() < 179.9)
        .map(|(number, centre, radius)| {
            let kind = ["PROHIBITED", "REQ_AUTHORIZATION", "CONDITIONAL"][number % 3];
            serde_json::json!({
                "type": "Feature",
                "properties": {"identifier": format!("Z{number}"), "country": "CHN", "type": kind, "variant": "COMMON"},
                "geometry": {
                    "type": "Point", "coordinates": [centre.lng_deg(), centre.lat_deg()],
                    "extent": {"subType": "Circle", "radius": radius},
                    "layer": {"lower": 0, "lowerReference": "AGL", "upper": 90, "upperReference": "AGL", "uom": "m"}
                }
            })
        })
        .collect();
    let text = serde_json::json!({"type": "FeatureCollection", "features": features}).to_string();
    let loaded = load(&[Document { name: "zones", text: text.as_bytes() }]);
    Arc::new(loaded.airspace.unwrap_or_else(|| panic!("{:#?}", loaded.problems)))
}

/// Every event of a run in order of time.
#[derive(Debug, Clone)]
enum Step {
    Report(Box<Observation>),
    Aside(Aside),
}

fn steps(
    origin: LatLng,
    flights: &[Flight],
    says: &[Says],
    asides: &[(f64, Aside)],
) -> Vec<(Timestamp, Step)> {
    let mut reports = recorded(origin, flights, SECONDS);
    for ((_, seen), (status, charge, lost)) in reports.iter_mut().zip(says.iter().cycle()) {
        seen.status = match status {
            0 => OperationalStatus::Emergency,
            1 => OperationalStatus::Ground,
            _ => OperationalStatus::Airborne,
        };
        seen.battery_pct = Some(f64::from(*charge));
        seen.c2_lost = Some(*lost);
    }
    let mut all: Vec<_> = reports.into_iter().map(|(at, seen)| (at, Step::Report(Box::new(seen)))).collect();
    all.extend(asides.iter().map(|(seconds, aside)| (at(*seconds), Step::Aside(aside.clone()))));
    all.sort_by_key(|(at, _)| *at);
    all
}

/// The alerts that are open after what was told, in order of their identities: what a journal gives back.
pub(super) fn open(effects: &[Effect]) -> Vec<Alert> {
    let mut open = BTreeMap::new();
    for event in alerts(effects) {
        if event.event == AlertEventKind::Cleared {
            open.remove(&event.alert.alert_id);
        } else {
            open.insert(Arc::clone(&event.alert.alert_id), event.alert.clone());
        }
    }
    open.into_values().collect()
}

/// Runs the steps, with a tick every `tick_ms` between them if wanted.
fn run(origin: LatLng, steps: &[(Timestamp, Step)], tick_ms: Option<i64>) -> Vec<Effect> {
    let mut monitor = Monitor::new(Settings::default());
    let mut effects = Vec::new();
    let mut clock = at(-2.0);
    let mut down_until = clock;
    for (when, step) in steps.iter().chain([&(at(SECONDS + 80.0), Step::Aside(Aside::Tick))]) {
        while let Some(tick_ms) = tick_ms
            && clock < *when
        {
            monitor.handle(clock, Event::Tick, &mut effects);
            clock = clock.plus_micros(1000 * tick_ms);
        }
        let event = match step {
            Step::Report(_) if *when < down_until => continue,
            Step::Aside(Aside::Crash(seconds)) => {
                // What was due is told before the end, so that the end does not depend on ticks.
                monitor.handle(*when, Event::Tick, &mut effects);
                let zones = Arc::clone(monitor.airspace());
                monitor = Monitor::new(Settings::default());
                down_until = when.plus_seconds(*seconds);
                monitor.restore(*when, open(&effects), &mut effects);
                Event::AirspaceReplaced(zones)
            }
            Step::Report(seen) => Event::Observed(Observation::clone(seen)),
            Step::Aside(Aside::Tick) => Event::Tick,
            Step::Aside(Aside::Zones(zones)) => Event::AirspaceReplaced(airspace(origin, zones)),
            Step::Aside(Aside::Note(number)) => {
                // What is due comes before, so that the choice does not depend on ticks.
                monitor.handle(*when, Event::Tick, &mut effects);
                let open = open(&effects);
                let Some(alert) = open.get(number % open.len().max(1)) else { continue };
                let alert_id = Arc::clone(&alert.alert_id);
                let by = format!("P{}", number % 2);
                match number % 5 {
                    0 => Event::Shelved { alert_id, by, shelf: None },
                    1 | 2 => {
                        let until = when.plus_seconds(whole(i64::try_from(number % 40).unwrap()) - 2.0);
                        Event::Shelved { alert_id, by, shelf: Some((until, "calibration".into())) }
                    }
                    _ => Event::Acknowledged { alert_id, by, note: None },
                }
            }
        };
        monitor.handle(*when, event, &mut effects);
    }
    effects
}

/// What one event of an alert may be after what was told before.
fn follows(before: Option<&AlertEvent>, event: &AlertEvent, updated: Option<Timestamp>) -> TestCaseResult {
    let alert = &event.alert;
    let Some(before) = before.map(|before| &before.alert) else {
        prop_assert_eq!(event.event, AlertEventKind::Raised, "{:?}", event);
        prop_assert!(alert.raised_at == alert.updated_at && alert.acknowledged.is_none());
        return Ok(());
    };
    prop_assert_eq!(before.state, AlertState::Open, "told after its end: {:?}", event);
    prop_assert_eq!(alert.state == AlertState::Cleared, event.event == AlertEventKind::Cleared);
    prop_assert_eq!(alert.cleared_at.is_some(), event.event == AlertEventKind::Cleared);
    prop_assert!(alert.raised_at == before.raised_at && before.updated_at <= alert.updated_at);
    let same = (alert.severity, alert.phase) == (before.severity, before.phase);
    let good = match event.event {
        AlertEventKind::Raised => false,
        AlertEventKind::Updated => {
            let often = updated.is_some_and(|updated| alert.updated_at.seconds_since(updated) < 1.0);
            same && !often && alert.acknowledged == before.acknowledged
        }
        AlertEventKind::Escalated => {
            // Who leaves a mild volume on the way into a severe one is worse off, though only foreseen to be.
            let worse = (before.severity, before.phase) < (alert.severity, alert.phase);
            let noted = alert.acknowledged.is_some() || alert.shelved.is_some();
            worse && before.severity <= alert.severity && !noted
        }
        AlertEventKind::Deescalated => {
            let milder = alert.severity < before.severity || alert.phase < before.phase;
            milder && alert.severity <= before.severity && alert.acknowledged == before.acknowledged
        }
        AlertEventKind::Acknowledged => same && alert.acknowledged.is_some(),
        AlertEventKind::Shelved => {
            same && alert.shelved.is_some()
                && alert.severity < Severity::Critical
                && before.shelved != alert.shelved
        }
        AlertEventKind::Unshelved => same && alert.shelved.is_none() && before.shelved.is_some(),
        AlertEventKind::Cleared => same && alert.acknowledged == before.acknowledged,
    };
    prop_assert!(good, "{:?} after {:?}", event, before);
    Ok(())
}

/// When an alert must have been announced again, by what was told of it.
#[derive(Default)]
struct Announced {
    /// Since when it is critical and nobody took note; unknown after a crash.
    since: Option<Timestamp>,
    times: u8,
}

impl Announced {
    /// Seconds after it became critical.
    const AGAIN_S: [f64; 3] = [15.0, 30.0, 60.0];
    /// Nobody is looked at twice within 20 ms.
    const LATE_S: f64 = 0.021;

    fn hear(&mut self, event: &AlertEvent, crashes: &[Timestamp]) -> TestCaseResult {
        let alert = &event.alert;
        let told = alert.announced_again.unwrap_or(0);
        let since = self
            .since
            .filter(|since| !crashes.iter().any(|crash| since <= crash && *crash <= alert.updated_at));
        if let Some(since) = since {
            let passed_s = alert.updated_at.seconds_since(since);
            let due = Self::AGAIN_S.iter().filter(|after| **after + Self::LATE_S < passed_s).count();
            prop_assert!(
                due <= usize::from(self.times.max(told)),
                "{passed_s} s: not announced again: {event:?}"
            );
            if let Some(at_s) = (self.times < told).then(|| Self::AGAIN_S[usize::from(self.times)]) {
                prop_assert!((0.0..=Self::LATE_S).contains(&(passed_s - at_s)), "{passed_s} s: {event:?}");
            }
        }
        let starts = matches!(event.event, AlertEventKind::Raised | AlertEventKind::Escalated);
        let good = if starts { told == 0 } else { told == self.times || told == self.times + 1 };
        prop_assert!(good && told <= 3, "{} and then {:?}", self.times, event);
        if self.times < told {
            prop_assert!(event.event == AlertEventKind::Updated && alert.acknowledged.is_none());
            prop_assert_eq!(alert.severity, Severity::Critical);
        }
        self.times = told;
        if starts {
            self.since = Some(alert.updated_at);
        }
        if alert.severity != Severity::Critical || alert.acknowledged.is_some() {
            self.since = None;
        }
        Ok(())
    }
}

fn lives_are_whole(effects: &[Effect], crashes: &[Timestamp]) -> TestCaseResult {
    let mut announced: BTreeMap<Arc<str>, Announced> = BTreeMap::new();
    let mut told: BTreeMap<Arc<str>, &AlertEvent> = BTreeMap::new();
    let mut updated = BTreeMap::new();
    let mut open = BTreeSet::new();
    let mut now = at(-10.0);
    for event in alerts(effects) {
        let id = Arc::clone(&event.alert.alert_id);
        prop_assert!(now <= event.alert.updated_at, "time went back: {:?}", event);
        now = event.alert.updated_at;
        follows(told.get(&id).copied(), event, updated.get(&id).copied())?;
        announced.entry(Arc::clone(&id)).or_default().hear(event, crashes)?;
        match event.event {
            AlertEventKind::Raised => prop_assert!(open.insert(key(event)), "two of {}", key(event)),
            AlertEventKind::Cleared => prop_assert!(open.remove(&key(event))),
            AlertEventKind::Updated => {
                updated.insert(Arc::clone(&id), now);
            }
            AlertEventKind::Escalated
            | AlertEventKind::Deescalated
            | AlertEventKind::Acknowledged
            | AlertEventKind::Shelved
            | AlertEventKind::Unshelved => {}
        }
        told.insert(id, event);
    }
    prop_assert!(open.is_empty(), "everybody is gone and there still is {:?}", open);
    Ok(())
}

/// An aircraft is gone exactly 60 s after its last report, and its link is lost at the times of the contract.
fn silence_is_told(steps: &[(Timestamp, Step)], effects: &[Effect]) -> TestCaseResult {
    let mut newest: BTreeMap<String, (Timestamp, Timestamp)> = BTreeMap::new();
    let mut lost: BTreeMap<String, Vec<(Timestamp, &AlertEvent)>> = BTreeMap::new();
    for event in alerts(effects).filter(|event| event.alert.code == AlertCode::LostLink) {
        lost.entry(event.alert.uas_id.to_string()).or_default().push((event.alert.updated_at, event));
    }
    for (arrival, step) in steps {
        let Step::Report(seen) = step else { continue };
        let id = seen.uas_id.to_string();
        for (when, event) in lost.get(&id).into_iter().flatten() {
            let Some((heard, _)) = newest.get(&id).filter(|(heard, _)| *heard < *when && *when <= *arrival)
            else {
                continue;
            };
            let silent = when.seconds_since(*heard);
            match (event.event, event.alert.severity.name()) {
                (AlertEventKind::Cleared, _) => prop_assert!(*when == *arrival || silent >= 60.0),
                (_, "WARNING") => prop_assert!(silent >= 15.0, "{}: {}", silent, id),
                (_, other) => prop_assert!(silent >= 5.0 && other == "ADVISORY", "{silent} {other}"),
            }
        }
        newest.insert(id, (*arrival, seen.timestamp));
    }
    let gone = effects.iter().filter(|effect| matches!(effect, Effect::TrackGone(_))).count();
    prop_assert!(newest.len() <= gone);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn alerts_live_whole_lives_whatever_happens(
        (origin, flights) in sky(9),
        says in prop::collection::vec((0..9_u8, 5..60_u8, prop::bool::weighted(0.1)), 1..40),
        asides in asides(),
    ) {
        let steps = steps(origin, &flights, &says, &asides);
        let effects = run(origin, &steps, None);
        lives_are_whole(&effects, &[])?;
        silence_is_told(&steps, &effects)?;
        let told = bytes(&effects);
        prop_assert_eq!(&told, &bytes(&run(origin, &steps, None)), "the same again is not the same");
        // What is due does not wait for a tick, nor does it come sooner with one.
        prop_assert_eq!(&told, &bytes(&run(origin, &steps, Some(100))), "it depends on ticks");
    }

    /// Whoever takes note of what, whatever gets worse, milder or ends, and wherever the service dies: each
    /// alert is announced again exactly when it must, and what is open comes back as the same alert.
    #[test]
    fn p18_lives_go_on_over_crashes_in_any_order(
        (origin, flights) in sky(9),
        says in prop::collection::vec((0..9_u8, 5..60_u8, prop::bool::weighted(0.1)), 1..40),
        asides in asides(),
        crashes in prop::collection::vec((0.0..SECONDS, prop_oneof![Just(0.0), 0.0..9.0]), 1..4),
    ) {
        let mut asides = asides;
        asides.extend(crashes.iter().map(|(seconds, down)| (*seconds, Aside::Crash(*down))));
        let steps = steps(origin, &flights, &says, &asides);
        let effects = run(origin, &steps, None);
        let crashes: Vec<_> = crashes.iter().map(|(seconds, _)| at(*seconds)).collect();
        lives_are_whole(&effects, &crashes)?;
        let told = bytes(&effects);
        prop_assert_eq!(&told, &bytes(&run(origin, &steps, Some(100))), "it depends on ticks");
    }
}
