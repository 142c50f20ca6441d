//! Positions of an earlier run: others are judged against them, and they raise nothing of themselves.

use lowsky::domain::{Alert, AlertCode, AlertEventKind, Observation};
use lowsky::monitor::{Effect, Event, Heard, Monitor, Settings, TrackFreshness};

use super::lifecycle::open;
use super::restart::{hover, zone};
use super::{alerts, at, key};

/// Heard every second until 10 s.
fn heard(id: &str, east_m: f64, deaf_s: f64) -> Heard {
    Heard {
        newest: (at(10.0), hover(id, east_m, 10.0)),
        before: Some((at(9.0), hover(id, east_m, 9.0))),
        period_s: Some(1.0),
        deaf_s,
    }
}

/// A monitor that starts `deaf_s` after 10 s, remembers A and B, 12 m apart in a prohibited zone, hears reports and
/// time until `end`.
fn after(open: Vec<Alert>, deaf_s: f64, reports: &[(f64, Observation)], end: f64) -> Vec<Effect> {
    let mut monitor = Monitor::new(Settings::default());
    let mut effects = Vec::new();
    let begin = at(10.0 + deaf_s);
    monitor.restore(begin, open, &mut effects);
    for (id, east_m) in [("A", 0.0), ("B", 12.0)] {
        monitor.remember(begin, heard(id, east_m, deaf_s), &mut effects);
    }
    assert_eq!(monitor.aircraft(), 2);
    monitor.handle(begin, Event::AirspaceReplaced(zone(300.0)), &mut effects);
    for (t, seen) in reports {
        monitor.handle(at(*t), Event::Observed(seen.clone()), &mut effects);
    }
    monitor.handle(at(end), Event::Tick, &mut effects);
    effects
}

fn told(effects: &[Effect]) -> Vec<(AlertEventKind, String)> {
    alerts(effects).map(|event| (event.event, key(event))).collect()
}

fn raised(effects: &[Effect]) -> Vec<String> {
    told(effects)
        .into_iter()
        .filter(|(kind, _)| *kind == AlertEventKind::Raised)
        .map(|(_, key)| key)
        .collect()
}

#[test]
fn what_is_remembered_is_shown_and_raises_nothing_of_itself() {
    let effects = after(Vec::new(), 0.5, &[], 13.0);
    assert_eq!(told(&effects), []);
    let shown: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::TrackChanged(track) => Some((track.uas_id.to_string(), track.freshness)),
            Effect::Alert(_)
            | Effect::TrackGone(_)
            | Effect::Refused(..)
            | Effect::AckRefused(_)
            | Effect::Assessed(_) => None,
        })
        .take(2)
        .collect();
    assert_eq!(shown, [("A".into(), TrackFreshness::Coasted), ("B".into(), TrackFreshness::Coasted)]);
}

#[test]
fn p01_who_reports_after_a_restart_is_judged_against_who_is_remembered() {
    let effects = after(Vec::new(), 0.5, &[(10.6, hover("A", 0.0, 10.5))], 12.0);
    let mut raised = raised(&effects);
    raised.sort();
    assert_eq!(raised, ["SEPARATION A B", "ZONE_INCURSION A Z0"], "and not B in the zone");
}

#[test]
fn p01_a_path_through_the_time_of_the_restart_crosses_what_lies_between() {
    // A stood west of the zone, and is east of it when it is heard again.
    let mut monitor = Monitor::new(Settings::default());
    let mut effects = Vec::new();
    let fly = |east_m: f64, t: f64| {
        let mut seen = hover("A", east_m, t);
        (seen.motion.ground_speed_mps, seen.motion.track_deg) = (Some(20.0), Some(90.0));
        seen
    };
    monitor.handle(at(11.0), Event::AirspaceReplaced(zone(10.0)), &mut effects);
    let newest = (at(10.0), fly(-20.0, 10.0));
    let heard = Heard { newest, before: None, period_s: None, deaf_s: 1.0 };
    monitor.remember(at(11.0), heard, &mut effects);
    monitor.handle(at(12.0), Event::Observed(fly(20.0, 12.0)), &mut effects);
    assert_eq!(raised(&effects), ["ZONE_INCURSION A Z0"]);
}

#[test]
fn open_alerts_go_on_as_the_same_and_once() {
    let open = super::restart::before();
    let ids: Vec<_> = open.iter().map(|alert| (alert.alert_id.clone(), alert.code)).collect();
    assert_eq!(ids.len(), 3, "a pair and two in the zone: {ids:?}");
    // A reports on, B falls silent.
    let reports: Vec<_> =
        (0..14).map(|step| (11.0 + f64::from(step), hover("A", 0.0, 11.0 + f64::from(step)))).collect();
    let effects = after(open.clone(), 0.5, &reports, 25.0);
    assert_eq!(raised(&effects), ["LOST_LINK B "], "nothing is raised again: {:?}", told(&effects));
    let cleared = told(&effects).into_iter().filter(|(kind, _)| *kind == AlertEventKind::Cleared).count();
    assert_eq!(cleared, 0, "{:?}", told(&effects));
    // Both gone: what waits is closed after its minute, each once.
    let effects = after(open, 0.5, &[], 90.0);
    let ends: Vec<_> =
        told(&effects).into_iter().filter(|(kind, _)| *kind == AlertEventKind::Cleared).collect();
    assert_eq!(ends.len(), 5, "three of before, and the silence of both: {ends:?}");
}

#[test]
fn silence_goes_on_counting_without_the_time_in_which_nobody_listened() {
    let lost = |effects: &[Effect]| {
        alerts(effects)
            .filter(|event| event.event == AlertEventKind::Raised && event.alert.code == AlertCode::LostLink)
            .map(|event| event.alert.raised_at.seconds_since(at(0.0)))
            .collect::<Vec<_>>()
    };
    // 5 s of silence in which somebody listened, after 20 s in which nobody did.
    assert_eq!(lost(&after(Vec::new(), 20.0, &[], 33.0)), [0.0; 0]);
    let raised_s = lost(&after(Vec::new(), 20.0, &[], 40.0));
    assert_eq!(raised_s.len(), 2);
    assert!(raised_s.iter().all(|raised_s| (35.0..35.5).contains(raised_s)), "{raised_s:?}");
    // An open alert about silence goes on and is not raised again.
    let open = open(&after(Vec::new(), 0.0, &[], 17.0));
    assert_eq!(open.len(), 2);
    let mut monitor = Monitor::new(Settings::default());
    let mut again = Vec::new();
    monitor.restore(at(18.0), open, &mut again);
    for (id, east_m) in [("A", 0.0), ("B", 12.0)] {
        monitor.remember(at(18.0), heard(id, east_m, 0.5), &mut again);
    }
    monitor.handle(at(30.0), Event::Tick, &mut again);
    assert_eq!(lost(&again), [0.0; 0]);
    assert!(told(&again).iter().all(|(kind, _)| *kind != AlertEventKind::Cleared), "{:?}", told(&again));
}
