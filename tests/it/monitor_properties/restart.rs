//! After a restart open alerts are the same alerts; what ended meanwhile is closed and says why.

use std::collections::BTreeMap;
use std::sync::Arc;

use lowsky::airspace::Airspace;
use lowsky::domain::{
    Alert, AlertCode, AlertEvent, AlertEventKind, LatLng, Observation, OperationalStatus, Severity,
    Timestamp, UasId,
};
use lowsky::geodesy::LocalMetric;
use lowsky::monitor::{Effect, Event, Monitor, Settings};
use proptest::prelude::*;

use super::lifecycle::{airspace, open};
use super::order::{Encounter, encounter};
use super::sky::name;
use super::{alerts, at, key};

fn origin() -> LatLng {
    LatLng::new(22.5, 113.5).unwrap()
}

/// A report of somebody who hovers so many metres east of the origin.
pub(super) fn hover(id: &str, east_m: f64, t: f64) -> Observation {
    let place = LocalMetric::at(22.5).moved(origin(), east_m, 0.0);
    let mut seen = Observation::new(UasId::new(id).unwrap(), at(t), place);
    (seen.status, seen.heights.hae_m) = (OperationalStatus::Airborne, Some(50.0));
    (seen.motion.ground_speed_mps, seen.motion.vertical_speed_mps) = (Some(0.0), Some(0.0));
    seen
}

pub(super) fn zone(radius_m: f64) -> Arc<Airspace> {
    airspace(origin(), &[(0, [0.0, 0.0], radius_m)])
}

/// Two in a zone, too close to each other, seen for ten seconds.
pub(super) fn before() -> Vec<Alert> {
    let mut monitor = Monitor::new(Settings::default());
    let mut effects = Vec::new();
    monitor.handle(at(-1.0), Event::AirspaceReplaced(zone(300.0)), &mut effects);
    for second in 0..10_i32 {
        let t = f64::from(second);
        for (id, east_m) in [("A", 0.0), ("B", 12.0)] {
            monitor.handle(at(t), Event::Observed(hover(id, east_m, t)), &mut effects);
        }
    }
    open(&effects)
}

/// A monitor that starts at 20 s with these zones, hears the reports, and time until `end`.
fn after(open: Vec<Alert>, zones: Arc<Airspace>, reports: &[(f64, Observation)], end: f64) -> Vec<Effect> {
    let mut monitor = Monitor::new(Settings::default());
    let mut effects = Vec::new();
    let count = open.len();
    monitor.restore(at(20.0), open, &mut effects);
    assert_eq!(monitor.open_alerts(), count);
    monitor.handle(at(20.0), Event::AirspaceReplaced(zones), &mut effects);
    for (t, seen) in reports {
        monitor.handle(at(*t), Event::Observed(seen.clone()), &mut effects);
    }
    monitor.handle(at(end), Event::Tick, &mut effects);
    effects
}

fn by_key(open: &[Alert]) -> BTreeMap<String, &Alert> {
    let event = |alert: &Alert| AlertEvent { event: AlertEventKind::Updated, alert: alert.clone() };
    open.iter().map(|alert| (key(&event(alert)), alert)).collect()
}

#[test]
fn p08_an_open_alert_returns_as_the_same_alert() {
    let known = before();
    assert_eq!(known.len(), 3, "{known:#?}");
    let reports: Vec<_> =
        (21..31).map(f64::from).flat_map(|t| [(t, hover("A", 0.0, t)), (t, hover("B", 12.0, t))]).collect();
    // The zone has changed meanwhile.
    let zones = zone(400.0);
    let effects = after(known.clone(), Arc::clone(&zones), &reports, 31.0);
    assert!(
        alerts(&effects).all(|event| event.event == AlertEventKind::Updated),
        "{:#?}",
        alerts(&effects).next()
    );
    let (known, now) = (by_key(&known), open(&effects));
    assert_eq!(now.len(), 3);
    for (key, alert) in by_key(&now) {
        assert_eq!((&alert.alert_id, alert.raised_at), (&known[&key].alert_id, known[&key].raised_at));
        assert!(alert.updated_at >= at(21.0));
        if let Some(told) = &alert.zone {
            assert_eq!(told.version, zones.zones()[0].version);
            assert_ne!(told.version, known[&key].zone.as_ref().unwrap().version);
        }
    }
}

#[test]
fn p08_what_ended_meanwhile_is_closed_after_the_hold_and_says_so() {
    // Both are far from the zone and from each other now.
    let reports: Vec<_> = (25..35)
        .map(f64::from)
        .flat_map(|t| [(t, hover("A", 5_000.0, t)), (t, hover("B", 9_000.0, t))])
        .collect();
    let effects = after(before(), zone(300.0), &reports, 34.0);
    let told: Vec<_> = alerts(&effects).collect();
    assert_eq!(told.len(), 3, "{told:#?}");
    for event in told {
        assert_eq!((event.event, event.alert.updated_at), (AlertEventKind::Cleared, at(30.0)));
        assert!(event.alert.explanation.en.ends_with("ended while the service was down."));
        assert!(event.alert.explanation.zh.contains("中断期间"));
    }
}

#[test]
fn p08_who_is_not_seen_is_closed_after_a_minute_and_says_so() {
    // Of the pair only one comes back.
    let reports: Vec<_> = (25..85).map(f64::from).map(|t| (t, hover("B", 12.0, t))).collect();
    let effects = after(before(), zone(300.0), &reports, 85.0);
    let mut closed: Vec<_> = alerts(&effects)
        .filter(|event| event.event == AlertEventKind::Cleared)
        .map(|event| (event.alert.code, event.alert.updated_at, event.alert.explanation.en.as_str()))
        .collect();
    closed.sort_by_key(|(code, ..)| *code);
    let [(zone, zone_at, alone), (pair, pair_at, both)] = closed[..] else { panic!("{closed:#?}") };
    assert_eq!((zone, pair), (AlertCode::ZoneIncursion, AlertCode::Separation));
    assert!(zone_at == at(80.0) && pair_at == at(80.0));
    assert!(alone.starts_with("A was not seen after restart"), "{alone}");
    assert!(both.starts_with("A and B were not both seen after restart"), "{both}");
    // And B's own goes on.
    assert_eq!(open(&effects).len(), 1);
}

#[test]
fn p08_a_report_that_waited_at_the_broker_ends_nothing() {
    // First what had been sent while the service was down, then nothing for a while, then a fresh one.
    let mut reports = vec![(41.0, hover("A", 0.0, 21.0)), (41.0, hover("B", 12.0, 21.0))];
    reports.extend([(49.0, hover("A", 0.0, 49.0)), (49.0, hover("B", 12.0, 49.0))]);
    let effects = after(before(), zone(300.0), &reports, 50.0);
    let ids: Vec<_> = before().into_iter().map(|alert| alert.alert_id).collect();
    let old = alerts(&effects).filter(|event| ids.contains(&event.alert.alert_id));
    assert!(old.clone().count() >= 3 && old.clone().all(|event| event.event == AlertEventKind::Updated));
    let new = alerts(&effects).filter(|event| !ids.contains(&event.alert.alert_id));
    let said = |event: &AlertEvent| matches!(event.alert.code, AlertCode::TimeSkew | AlertCode::LostLink);
    assert!(new.clone().count() > 0 && new.clone().all(said), "{:#?}", new.collect::<Vec<_>>());
}

#[test]
fn p08_a_worse_or_milder_condition_is_told_as_such() {
    let reports = |east_m: f64| -> Vec<_> {
        (21..31)
            .map(f64::from)
            .flat_map(|t| [(t, hover("A", 2_000.0, t)), (t, hover("B", 2_000.0 + east_m, t))])
            .collect()
    };
    for (east_m, kind, severity) in [
        (40.0, AlertEventKind::Deescalated, Severity::Caution),
        (12.0, AlertEventKind::Updated, Severity::Critical),
    ] {
        let effects = after(before(), zone(300.0), &reports(east_m), 31.0);
        let told = alerts(&effects).filter(|event| event.alert.code == AlertCode::Separation);
        let last = told.clone().find(|event| event.event == kind);
        assert_eq!(last.map(|event| event.alert.severity), Some(severity), "{east_m}");
        assert!(told.clone().all(|event| event.event != AlertEventKind::Raised));
    }
}

/// Reports and the instant of a cut: alerts, with what was open handed over at the cut.
fn cut(reports: &[(Timestamp, Observation)], cut: Option<Timestamp>) -> Vec<Effect> {
    let mut monitor = Monitor::new(Settings::default());
    let (mut effects, mut cut) = (Vec::new(), cut);
    for (arrival, seen) in reports {
        if let Some(instant) = cut.filter(|instant| instant <= arrival) {
            cut = None;
            monitor.handle(instant, Event::Tick, &mut effects);
            monitor = Monitor::new(Settings::default());
            monitor.restore(instant, open(&effects), &mut effects);
        }
        monitor.handle(*arrival, Event::Observed(seen.clone()), &mut effects);
    }
    monitor.handle(at(100.0), Event::Tick, &mut effects);
    effects
}

fn episodes(effects: &[Effect]) -> BTreeMap<String, Vec<(Timestamp, Arc<str>)>> {
    let mut raised = BTreeMap::<_, Vec<_>>::new();
    for event in alerts(effects).filter(|event| event.event == AlertEventKind::Raised) {
        raised
            .entry(key(event))
            .or_default()
            .push((event.alert.raised_at, Arc::clone(&event.alert.alert_id)));
    }
    raised
}

proptest! {
    #[test]
    fn p08_a_cut_anywhere_leaves_the_same_episodes(Encounter(flights) in encounter(), seconds in 0.0..88.9_f64) {
        let mut reports: Vec<_> =
            (0..2).flat_map(|who| flights[who].reports(&name(who), origin(), 90.0)).collect();
        reports.sort_by_key(|(arrival, _)| *arrival);
        let whole = episodes(&cut(&reports, None));
        let parted = episodes(&cut(&reports, Some(at(seconds))));
        prop_assert!(whole.keys().eq(parted.keys()), "{:?} {:?}", whole, parted);
        for (key, raised) in &whole {
            prop_assert_eq!((raised.len(), parted[key].len()), (1, 1), "{}", key);
            let ((at_whole, id_whole), (at_parted, id_parted)) = (&raised[0], &parted[key][0]);
            if *at_whole <= at(seconds) {
                prop_assert_eq!((at_whole, id_whole), (at_parted, id_parted), "{}", key);
            } else {
                // A prediction needs two looks after the start, each of them at both aircraft.
                let later_s = at_parted.seconds_since(*at_whole);
                prop_assert!((0.0..=3.0).contains(&later_s), "{} {} s later", key, later_s);
            }
        }
    }
}
