//! Reports that contradict each other, heights that nobody can compare, and troubles of the service that fluctuate.

use lowsky::domain::{
    AlertCode, AlertEventKind, DataQuality, LatLng, Measures, Observation, OperationalStatus, RelativeHeight,
    RelativeReference, ServiceTrouble, Severity, Timestamp, UasId,
};
use lowsky::monitor::{Effect, Event, Monitor, Settings, TroubleDetail};

use super::silence::report;
use super::{alerts, at, play};

fn airborne(id: &str, t: f64) -> (Timestamp, Observation) {
    report(id, t, OperationalStatus::Airborne)
}

#[test]
fn two_places_at_one_instant_are_told_and_a_redelivery_is_not() {
    let (arrival, first) = airborne("A", 1.0);
    let mut other = first.clone();
    other.position = LatLng::new(22.51, 113.5).unwrap();
    let integrity = |reports: &[(Timestamp, Observation)]| {
        let effects = play(Settings::default(), reports, at(3.0));
        let told = alerts(&effects).filter(|event| event.alert.code == AlertCode::PositionIntegrity);
        told.map(|event| (event.event, event.alert.explanation.en.clone())).collect::<Vec<_>>()
    };
    let again = [(arrival, first.clone()), (arrival, first.clone())];
    assert_eq!(integrity(&again), []);
    let told = integrity(&[(arrival, first), (arrival, other)]);
    assert_eq!(told[0].0, AlertEventKind::Raised);
    assert!(told[0].1.contains("two places"), "{told:?}");
}

#[test]
fn p13_who_reports_every_ten_seconds_is_not_lost_between_its_reports() {
    let reports: Vec<_> = (0..8).map(|number| airborne("A", 10.0 * f64::from(number))).collect();
    let effects = play(Settings::default(), &reports, at(75.0));
    let lost = alerts(&effects)
        .filter(|event| event.alert.code == AlertCode::LostLink && event.event == AlertEventKind::Raised);
    // Before its second report nobody can know.
    let since: Vec<_> = lost.map(|event| event.alert.raised_at.seconds_since(at(0.0))).collect();
    assert!(since.iter().all(|since| *since < 10.0), "{since:?}");
}

#[test]
fn two_heights_above_ground_are_compared_above_ground() {
    let pair = |gap_m: f64| {
        let mut reports = Vec::new();
        for t in 1..4_u32 {
            for (id, metres) in [("A", 60.0), ("B", 60.0 + gap_m)] {
                let (arrival, mut seen) = airborne(id, f64::from(t));
                seen.heights.hae_m = None;
                let reference = RelativeReference::Ground;
                seen.heights.relative = Some(RelativeHeight { metres, reference });
                reports.push((arrival, seen));
            }
        }
        let effects = play(Settings::default(), &reports, at(3.5));
        let told = alerts(&effects).filter(|event| event.alert.code == AlertCode::Separation);
        told.map(|event| event.alert.data).next()
    };
    assert_eq!(pair(0.0), Some(DataQuality::Uncertain));
    assert_eq!(pair(55.0), None, "two errors of 15 m would put them into each other's volume");
}

#[test]
fn a_count_that_creeps_is_told_again_only_when_it_has_grown_by_half() {
    let mut monitor = Monitor::new(Settings::default());
    let mut effects: Vec<Effect> = Vec::new();
    for second in 0..60_u32 {
        let detail = TroubleDetail {
            measured: Measures::of(&[("alerts", f64::from(11 + second / 3))]),
            limit: Measures::of(&[("alerts", 10.0)]),
            ..TroubleDetail::default()
        };
        let event = Event::Service { kind: ServiceTrouble::Flood, holds: Some(detail) };
        monitor.handle(at(f64::from(second)), event, &mut effects);
    }
    let updates = alerts(&effects).filter(|event| event.event == AlertEventKind::Updated).count();
    assert!((1..=2).contains(&updates), "{updates} updates from 11 to 30 alerts");
}

#[test]
fn damage_is_told_for_the_record_and_closed() {
    let mut monitor = Monitor::new(Settings::default());
    let mut effects: Vec<Effect> = Vec::new();
    let detail = TroubleDetail { note: Some("moved aside".into()), ..TroubleDetail::default() };
    let event = Event::Service { kind: ServiceTrouble::JournalDamaged, holds: Some(detail) };
    monitor.handle(at(1.0), event, &mut effects);
    let told: Vec<_> = alerts(&effects).map(|event| event.event).collect();
    assert_eq!(told, [AlertEventKind::Raised, AlertEventKind::Cleared]);
    assert!(alerts(&effects).all(|event| event.alert.explanation.en.contains("moved aside")));
}

/// Codes of what is raised when one aircraft reports each second, and each report arrives and is judged so much later.
fn raised_of(late: impl Fn(i32) -> (f64, f64)) -> Vec<AlertCode> {
    let mut monitor = Monitor::new(Settings::default());
    let mut effects: Vec<Effect> = Vec::new();
    for second in 0..30 {
        let t = f64::from(second);
        let (arrives_s, judged_s) = late(second);
        monitor.handle(at(t + arrives_s + judged_s), Event::Tick, &mut effects);
        monitor.handle(at(t + arrives_s), Event::Observed(airborne("A", t).1), &mut effects);
    }
    alerts(&effects)
        .filter(|event| event.event == AlertEventKind::Raised)
        .map(|event| event.alert.code)
        .collect()
}

#[test]
fn what_waits_for_us_says_nothing_of_a_clock() {
    assert_eq!(raised_of(|_| (0.1, 6.0)), [], "it waited here");
    // For six seconds nobody took what came; then it comes at once.
    let outage =
        |second: i32| (f64::from((16 - second).clamp(0, 6)) * f64::from(u8::from(second >= 10)), 0.0);
    assert!(!raised_of(outage).contains(&AlertCode::TimeSkew), "it waited at the broker");
    assert_eq!(raised_of(|_| (7.0, 0.0)), [AlertCode::TimeSkew], "its clock is behind");
}

#[test]
fn a_clock_that_is_ahead_is_told_once_it_is_known_whose_and_moves_nobody() {
    let mut monitor = Monitor::new(Settings::default());
    let mut effects: Vec<Effect> = Vec::new();
    let ahead = |ahead_s| Event::Ahead { uas_id: UasId::new("A").unwrap(), ahead_s };
    monitor.handle(at(0.0), ahead(8.0), &mut effects);
    monitor.handle(at(0.5), Event::Tick, &mut effects);
    assert_eq!(monitor.aircraft(), 0, "who is not known is not made known by it");
    monitor.handle(at(1.0), Event::Observed(airborne("A", 1.0).1), &mut effects);
    for (t, ahead_s) in [(2.0, 4.9), (3.0, 8.0), (4.0, 8.0)] {
        monitor.handle(at(t), ahead(ahead_s), &mut effects);
        monitor.handle(at(t), Event::Tick, &mut effects);
    }
    let moved = effects.iter().filter_map(|effect| match effect {
        Effect::TrackChanged(track) => Some((track.timestamp, track.lat)),
        Effect::Alert(_)
        | Effect::TrackGone(_)
        | Effect::Refused(..)
        | Effect::AckRefused(_)
        | Effect::Assessed(_) => None,
    });
    assert!(moved.clone().count() > 0 && moved.clone().all(|seen| seen == (at(1.0), 22.5)));
    for t in 5..30_u32 {
        let t = f64::from(t);
        monitor.handle(at(t), Event::Observed(airborne("A", t).1), &mut effects);
    }
    let skew = alerts(&effects).filter(|event| event.alert.code == AlertCode::TimeSkew);
    let ends = skew.clone().filter(|event| event.event != AlertEventKind::Updated);
    let told: Vec<_> =
        ends.map(|event| (event.alert.updated_at.seconds_since(at(0.0)), event.event)).collect();
    assert_eq!(told, [(5.0, AlertEventKind::Raised), (15.0, AlertEventKind::Cleared)]);
    let raised = &skew.clone().next().unwrap().alert;
    assert_eq!((raised.severity, raised.measured.get("skew_s")), (Severity::Caution, Some(-8.0)));
    assert!(raised.explanation.en.contains("8.0 s ahead"), "{}", raised.explanation.en);
}

#[test]
fn a_height_that_was_declared_over_the_ground_is_certain_against_a_ceiling_over_the_ground() {
    let data = |reference| {
        let (arrival, mut seen) = airborne("A", 1.0);
        seen.heights.hae_m = None;
        seen.heights.relative = Some(RelativeHeight { metres: 130.0, reference });
        let effects = play(Settings::default(), &[(arrival, seen)], at(1.5));
        let told = alerts(&effects).find(|event| event.alert.code == AlertCode::HeightLimit);
        told.map(|event| event.alert.data)
    };
    assert_eq!(data(RelativeReference::Ground), Some(DataQuality::Good));
    assert_eq!(data(RelativeReference::Takeoff), Some(DataQuality::Uncertain));
}
