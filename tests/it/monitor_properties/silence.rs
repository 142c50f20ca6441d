//! Silence in seconds: when it is told, when it gets worse, when an aircraft is forgotten.

use lowsky::domain::{
    AlertCode, AlertEventKind, LatLng, Observation, OperationalStatus, Severity, Timestamp, UasId,
};
use lowsky::monitor::{Effect, Event, Monitor, Settings, TrackFreshness};
use proptest::prelude::*;

use super::{alerts, at, play};

pub(super) fn report(id: &str, t: f64, status: OperationalStatus) -> (Timestamp, Observation) {
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
fn p13_on_the_ground_silence_gets_no_worse() {
    let effects = play(Settings::default(), &every(1.0, 3, OperationalStatus::Ground), at(50.0));
    assert_eq!(told(&effects), [(7.0, AlertEventKind::Raised, Severity::Advisory)]);
}

proptest! {
    /// Whenever somebody stops: carried forward after 3 s, told after 5 s, worse after 15 s, gone after 60 s.
    #[test]
    fn p13_silence_is_told_in_time(stops in prop::collection::vec(2.0..60.0_f64, 1..6), late_s in 0.0..1.5_f64) {
        let mut reports = Vec::new();
        let mut last = Vec::new();
        for (who, stop) in (0_u8..).zip(&stops) {
            let id = format!("S{who}");
            let times: Vec<_> = (0..60).map(f64::from).map(|t| t + 0.13 * f64::from(who)).filter(|t| t < stop).collect();
            reports.extend(times.iter().map(|t| {
                let (arrival, seen) = report(&id, *t, OperationalStatus::Airborne);
                (arrival.plus_seconds(late_s), seen)
            }));
            last.push((id, *times.last().unwrap() + late_s));
        }
        reports.sort_by_key(|(arrival, _)| *arrival);
        let mut monitor = Monitor::new(Settings::default());
        let (mut effects, mut coasts) = (Vec::new(), std::collections::BTreeMap::new());
        let mut reports = reports.into_iter().peekable();
        for tick in 0..1300 {
            let now = at(f64::from(tick) * 0.1);
            while let Some((arrival, seen)) = reports.next_if(|(arrival, _)| *arrival <= now) {
                monitor.handle(arrival, Event::Observed(seen), &mut effects);
            }
            let before = effects.len();
            monitor.handle(now, Event::Tick, &mut effects);
            for effect in &effects[before..] {
                if let Effect::TrackChanged(track) = effect && track.freshness == TrackFreshness::Coasted {
                    coasts.entry(track.uas_id.to_string()).or_insert(now.seconds_since(at(0.0)));
                }
            }
        }
        for (id, last) in last {
            let coasts = coasts[&id] - last;
            prop_assert!((3.0 - 1e-3..3.5).contains(&coasts), "{} coasts after {}", id, coasts);
            let told: Vec<_> = alerts(&effects)
                .filter(|event| event.alert.code == AlertCode::LostLink && event.alert.uas_id.as_str() == id)
                .filter(|event| event.event != AlertEventKind::Updated)
                .map(|event| event.alert.updated_at.seconds_since(at(last)))
                .collect();
            prop_assert_eq!(told.len(), 3);
            for (told, due) in told.iter().zip([5.0, 15.0, 60.0]) {
                prop_assert!((told - due).abs() < 0.5, "{} told after {} instead of {}", id, told, due);
            }
        }
    }
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
