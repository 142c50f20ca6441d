//! Silence in seconds: when it is told, when it gets worse, when an aircraft is forgotten.

use lowsky::domain::{
    AlertCode, AlertEventKind, LatLng, Observation, OperationalStatus, Severity, Timestamp, UasId,
};
use lowsky::monitor::{Effect, Event, Monitor, Settings};

use super::{alerts, at, play};

fn report(id: &str, t: f64, status: OperationalStatus) -> (Timestamp, Observation) {
    let place = LatLng::new(22.5, 113.5).unwrap();
    let mut seen = Observation::new(UasId::new(id).unwrap(), at(t), place);
    (seen.status, seen.heights.hae_m) = (status, Some(60.0));
    (seen.motion.ground_speed_mps, seen.motion.vertical_speed_mps) = (Some(0.0), Some(0.0));
    (at(t), seen)
}

/// What is told of the lost link: when, what, how severe.
fn told(effects: &[Effect]) -> Vec<(f64, AlertEventKind, Severity)> {
    alerts(effects)
        .filter(|event| event.alert.code == AlertCode::LostLink && event.event != AlertEventKind::Updated)
        .map(|event| (event.alert.updated_at.seconds_since(at(0.0)), event.event, event.alert.severity))
        .collect()
}

fn every(seconds: f64, count: u32, status: OperationalStatus) -> Vec<(Timestamp, Observation)> {
    (0..count).map(|number| report("A", seconds * f64::from(number), status)).collect()
}

#[test]
fn p13_at_five_fifteen_and_sixty_seconds() {
    let effects = play(Settings::default(), &every(1.0, 11, OperationalStatus::Airborne), at(100.0));
    let expected = [
        (15.0, AlertEventKind::Raised, Severity::Advisory),
        (25.0, AlertEventKind::Escalated, Severity::Warning),
        (70.0, AlertEventKind::Cleared, Severity::Warning),
    ];
    assert_eq!(told(&effects), expected);
    assert!(matches!(effects.last(), Some(Effect::TrackGone(_))));
}

#[test]
fn p13_after_three_periods_of_a_slow_reporter_and_at_fifteen_seconds_sharp() {
    let mut reports = every(2.1, 40, OperationalStatus::Airborne);
    let last = reports.last().unwrap().0;
    reports.push(report("A", last.seconds_since(at(0.0)) + 30.0, OperationalStatus::Airborne));
    let effects = play(Settings::default(), &reports, last.plus_seconds(31.0));
    let after: Vec<_> =
        told(&effects).iter().map(|(t, ..)| t - last.seconds_since(at(0.0))).map(f64::round).collect();
    assert_eq!(after, [6.0, 15.0, 30.0]);
    let worse = told(&effects)[1];
    assert!((worse.0 - last.seconds_since(at(0.0)) - 15.0).abs() < 1e-6, "{worse:?}");
}

#[test]
fn on_the_ground_silence_gets_no_worse() {
    let effects = play(Settings::default(), &every(1.0, 3, OperationalStatus::Ground), at(50.0));
    assert_eq!(told(&effects), [(7.0, AlertEventKind::Raised, Severity::Advisory)]);
}

/// Slots of those who are gone are taken by others, and nothing of the old is left.
#[test]
fn who_takes_a_forgotten_place_has_no_past() {
    let mut monitor = Monitor::new(Settings::default());
    let mut effects = Vec::new();
    for round in 0..50_u32 {
        let start = 100.0 * f64::from(round);
        for number in 0..20_u32 {
            // All in one place: everybody is in conflict with everybody.
            let (arrival, seen) = report(&format!("R{round}N{number}"), start, OperationalStatus::Emergency);
            monitor.handle(arrival, Event::Observed(seen), &mut effects);
        }
        assert_eq!((monitor.aircraft(), monitor.open_alerts()), (20, 20 + 190), "round {round}");
        monitor.handle(at(start + 99.0), Event::Tick, &mut effects);
        assert_eq!((monitor.aircraft(), monitor.open_alerts()), (0, 0), "round {round}");
    }
    for event in alerts(&effects) {
        let round = |id: &UasId| id.as_str().split('N').next().unwrap().to_owned();
        let pair = event.alert.other.as_ref().map(|other| round(&other.uas_id));
        assert!(pair.is_none_or(|other| other == round(&event.alert.uas_id)), "{event:?}");
    }
}
