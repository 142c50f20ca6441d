//! Zones that come, go and switch while aircraft hover under them.

use std::sync::Arc;

use lowsky::airspace::{Airspace, Document, load};
use lowsky::domain::{AlertCode, AlertEventKind, LatLng, Observation, OperationalStatus, Timestamp, UasId};
use lowsky::geodesy::LocalMetric;
use lowsky::monitor::{Effect, Event, Monitor, Settings};

use super::lifecycle::airspace;
use super::{alerts, at};

fn origin() -> LatLng {
    LatLng::new(22.5, 113.5).unwrap()
}

fn hover(number: u32, t: f64) -> Observation {
    let mut seen = Observation::new(UasId::new(&format!("H{number:04}")).unwrap(), at(t), origin());
    seen.position = LocalMetric::at(22.5).moved(origin(), 100.0 * f64::from(number), 0.0);
    (seen.status, seen.heights.hae_m) = (OperationalStatus::Airborne, Some(50.0));
    (seen.motion.ground_speed_mps, seen.motion.vertical_speed_mps) = (Some(0.0), Some(0.0));
    seen
}

/// Incursions told: when, what.
fn told(effects: &[Effect]) -> Vec<(Timestamp, AlertEventKind)> {
    alerts(effects)
        .filter(|event| event.alert.code == AlertCode::ZoneIncursion)
        .filter(|event| event.event != AlertEventKind::Updated)
        .map(|event| (event.alert.updated_at, event.event))
        .collect()
}

/// Reports at every multiple of `period`, ticks at 10 Hz, and airspaces at their times, until `end`.
fn run(count: u32, period: f64, end: f64, airspaces: &[(f64, Arc<Airspace>)]) -> Vec<Effect> {
    let mut monitor = Monitor::new(Settings::default());
    let mut effects = Vec::new();
    let mut waiting = airspaces.iter();
    let mut next = waiting.next();
    let (mut t, mut reports) = (0.0, 0.0);
    while t < end {
        if let Some((when, airspace)) = next.filter(|(when, _)| *when <= t) {
            monitor.handle(at(*when), Event::AirspaceReplaced(Arc::clone(airspace)), &mut effects);
            next = waiting.next();
        }
        if reports <= t {
            for number in 0..count {
                monitor.handle(at(t), Event::Observed(hover(number, reports)), &mut effects);
            }
            reports += period;
        }
        monitor.handle(at(t), Event::Tick, &mut effects);
        t += 0.1;
    }
    effects
}

#[test]
fn p22_a_new_zone_is_told_within_a_second_and_a_removed_one_clears_after_the_hold() {
    let zone = airspace(origin(), &[(0, [5_000.0, 0.0], 11_000.0)]);
    let changes = [(10.35, zone), (20.35, airspace(origin(), &[]))];
    // Some report every 20 s, so that it is not their reports that bring it.
    for period in [1.0, 20.0] {
        let effects = run(100, period, 40.0, &changes);
        let (raised, cleared): (Vec<_>, Vec<_>) =
            told(&effects).into_iter().partition(|(_, event)| *event == AlertEventKind::Raised);
        assert_eq!((raised.len(), cleared.len()), (100, 100), "{period}");
        for (when, _) in raised {
            assert!((0.0..1.0).contains(&when.seconds_since(at(10.35))), "{when}");
        }
        for (when, _) in cleared {
            assert!((5.0..6.0).contains(&when.seconds_since(at(20.35))), "{when}");
        }
    }
}

fn switching(start: f64, end: f64) -> Arc<Airspace> {
    let zone = airspace(origin(), &[(0, [0.0, 0.0], 300.0)]);
    let mut feature = zone.zones()[0].feature();
    feature["properties"]["limitedApplicability"] = serde_json::json!([
        {"startDateTime": at(start).to_string(), "endDateTime": at(end).to_string()}
    ]);
    let text = serde_json::json!({"type": "FeatureCollection", "features": [feature]}).to_string();
    Arc::new(load(&[Document { name: "zone", text: text.as_bytes() }]).airspace.unwrap())
}

#[test]
fn p22_a_zone_that_switches_on_over_somebody_is_told_within_a_second() {
    // Reporting each second, each 12 s, and silent from the start.
    for period in [1.0, 12.0, 1e3] {
        let effects = run(1, period, 50.0, &[(0.0, switching(17.0, 31.0))]);
        let told: Vec<_> =
            told(&effects).iter().map(|(when, event)| (when.seconds_since(at(0.0)), *event)).collect();
        // Foreseen at first, and then it is so.
        assert_eq!(told.len(), 3, "{period}: {told:?}");
        assert!(told[0].1 == AlertEventKind::Raised && told[0].0 < 17.0, "{period} {told:?}");
        assert!(
            told[1].1 == AlertEventKind::Escalated && (17.0..18.0).contains(&told[1].0),
            "{period} {told:?}"
        );
        assert!(
            told[2].1 == AlertEventKind::Cleared && (36.0..38.1).contains(&told[2].0),
            "{period} {told:?}"
        );
    }
}

/// Time does not run in small steps over somebody for whom a zone has just switched on.
#[test]
fn a_switch_costs_no_more_than_a_look() {
    let mut monitor = Monitor::new(Settings::default());
    let mut effects = Vec::new();
    monitor.handle(at(0.0), Event::AirspaceReplaced(switching(17.0, 31.0)), &mut effects);
    for number in 0..4_u32 {
        let t = 12.0 * f64::from(number);
        monitor.handle(at(t), Event::Observed(hover(0, t)), &mut effects);
    }
    let events: Vec<_> = alerts(&effects).collect();
    assert!(events.len() < 24, "{events:#?}");
    assert!(effects.len() < 40, "{}", effects.len());
}

/// Versions change ten times a second: each telling carries the one in force, and whoever hovers in silence
/// is judged by the newest within a second.
#[test]
fn p22_every_evaluation_uses_the_version_in_force() {
    let versions = [300.0, 400.0].map(|radius| airspace(origin(), &[(0, [0.0, 0.0], radius)]));
    let nothing = airspace(origin(), &[]);
    let swaps: Vec<_> = (0..300_u32)
        .map(|swap| {
            let zones = match swap {
                0..200 => &versions[usize::from(swap % 2 == 0)],
                200..250 => &nothing,
                _ => &versions[1],
            };
            (5.05 + 0.0997 * f64::from(swap), Arc::clone(zones))
        })
        .collect();
    let in_force = |when: Timestamp| {
        let swap = swaps.iter().rev().find(|(swapped, _)| at(*swapped) <= when);
        swap.and_then(|(_, zones)| zones.zones().first().map(|zone| Arc::clone(&zone.version)))
    };
    // Two report each second; two report once and are silent from then on.
    let mut monitor = Monitor::new(Settings::default());
    let mut effects = Vec::new();
    let mut waiting = swaps.iter().peekable();
    for tick in 0..450_u32 {
        let t = 0.1 * f64::from(tick);
        while let Some((when, zones)) = waiting.next_if(|(when, _)| *when <= t) {
            monitor.handle(at(*when), Event::AirspaceReplaced(Arc::clone(zones)), &mut effects);
        }
        for number in 0..4 {
            if (number < 2 && tick % 10 == 0) || tick == 0 {
                monitor.handle(at(t), Event::Observed(hover(number, t)), &mut effects);
            }
        }
        monitor.handle(at(t), Event::Tick, &mut effects);
    }
    let told: Vec<_> =
        alerts(&effects).filter(|event| event.alert.code == AlertCode::ZoneIncursion).collect();
    let mut seen = std::collections::BTreeSet::new();
    for event in told.iter().filter(|event| event.event != AlertEventKind::Cleared) {
        let version = event.alert.zone.as_ref().map(|zone| Arc::clone(&zone.version));
        assert_eq!(version, in_force(event.alert.updated_at), "{event:?}");
        seen.insert(version);
    }
    assert_eq!(seen.len(), 2, "both versions were used");
    for number in 0..4 {
        let id = format!("H{number:04}");
        let times = |kind| {
            let of =
                told.iter().filter(move |event| event.event == kind && event.alert.uas_id.as_str() == id);
            of.map(|event| event.alert.updated_at.seconds_since(at(0.0))).collect::<Vec<_>>()
        };
        let raised = times.clone()(AlertEventKind::Raised);
        assert!((5.05..6.05).contains(&raised[0]), "{number}: {raised:?}");
    }
}
