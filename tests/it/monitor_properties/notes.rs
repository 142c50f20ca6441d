//! Taking note of alerts: attributed, once, and for no longer than nothing gets worse.

use std::sync::Arc;

use lowsky::domain::{
    Alert, AlertEvent, AlertEventKind, AlertState, LatLng, Observation, OperationalStatus, Severity, UasId,
};
use lowsky::monitor::{Effect, Event, Monitor, Settings};

use super::lifecycle::open;
use super::{alerts, at};

/// An aircraft that reports each second, in an emergency or short of charge.
struct Aircraft {
    monitor: Monitor,
    effects: Vec<Effect>,
}

impl Aircraft {
    fn new() -> Self {
        Self { monitor: Monitor::new(Settings::default()), effects: Vec::new() }
    }

    /// Reports in the seconds of `span`, and what is told of emergencies meanwhile.
    fn report(&mut self, span: std::ops::Range<i32>, status: OperationalStatus) -> Vec<AlertEvent> {
        let before = self.effects.len();
        for t in span.map(f64::from) {
            let place = LatLng::new(22.5, 113.5).unwrap();
            let mut seen = Observation::new(UasId::new("A").unwrap(), at(t), place);
            (seen.status, seen.heights.hae_m) = (status, Some(60.0));
            (seen.motion.ground_speed_mps, seen.motion.vertical_speed_mps) = (Some(0.0), Some(0.0));
            self.monitor.handle(at(t), Event::Observed(seen), &mut self.effects);
        }
        alerts(&self.effects[before..]).cloned().collect()
    }

    /// Somebody takes note of an alert; what follows.
    fn note(&mut self, t: f64, id: &str, by: &str, note: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        let event = Event::Acknowledged { alert_id: Arc::from(id), by: by.into(), note: Some(note.into()) };
        self.monitor.handle(at(t), event, &mut effects);
        self.effects.extend(effects.iter().cloned());
        effects
    }
}

/// Seconds and numbers of announcements.
fn again(events: &[AlertEvent]) -> Vec<(f64, u8)> {
    let mut last = 0;
    let mut found = Vec::new();
    for event in events {
        let told = event.alert.announced_again.unwrap_or(0);
        if last < told {
            assert_eq!(event.event, AlertEventKind::Updated);
            found.push((event.alert.updated_at.seconds_since(at(0.0)), told));
        }
        last = told;
    }
    found
}

#[test]
fn p18_a_critical_alert_is_announced_again_until_somebody_takes_note() {
    let mut aircraft = Aircraft::new();
    let told = aircraft.report(0..90, OperationalStatus::Emergency);
    assert_eq!(again(&told), [(15.0, 1), (30.0, 2), (60.0, 3)]);

    let mut aircraft = Aircraft::new();
    let told = aircraft.report(0..20, OperationalStatus::Emergency);
    assert_eq!(again(&told), [(15.0, 1)]);
    aircraft.note(19.5, &told[0].alert.alert_id, "P1", "seen");
    let told = aircraft.report(20..90, OperationalStatus::Emergency);
    assert!(told.iter().all(|event| event.alert.announced_again == Some(1)), "{told:#?}");
}

#[test]
fn p18_it_is_announced_again_though_nobody_reports() {
    let mut aircraft = Aircraft::new();
    let mut told = aircraft.report(0..2, OperationalStatus::Emergency);
    let before = aircraft.effects.len();
    // One tick, long afterwards.
    aircraft.monitor.handle(at(59.0), Event::Tick, &mut aircraft.effects);
    told.extend(alerts(&aircraft.effects[before..]).cloned());
    told.retain(|event| event.alert.severity == Severity::Critical);
    assert_eq!(again(&told), [(15.0, 1), (30.0, 2)]);
}

#[test]
fn p18_the_same_note_again_is_no_event_and_another_one_is() {
    let mut aircraft = Aircraft::new();
    let id = aircraft.report(0..3, OperationalStatus::Emergency)[0].alert.alert_id.to_string();
    let first = aircraft.note(3.0, &id, "P1", "seen");
    assert_eq!(first.len(), 1);
    let event = alerts(&first).next().unwrap();
    let taken = event.alert.acknowledged.as_ref().unwrap();
    assert_eq!((event.event, taken.by.as_str(), taken.at), (AlertEventKind::Acknowledged, "P1", at(3.0)));
    assert!(aircraft.note(3.2, &id, "P1", "seen").is_empty());
    assert_eq!(aircraft.note(3.4, &id, "P2", "seen").len(), 1);
    assert_eq!(open(&aircraft.effects)[0].acknowledged.as_ref().unwrap().by, "P2");
}

#[test]
fn p18_who_takes_note_of_nothing_is_told() {
    let mut aircraft = Aircraft::new();
    let id = aircraft.report(0..3, OperationalStatus::Emergency)[0].alert.alert_id.to_string();
    aircraft.report(3..20, OperationalStatus::Airborne);
    assert!(open(&aircraft.effects).is_empty());
    for id in [id.as_str(), "nothing"] {
        let told = aircraft.note(21.0, id, "P1", "seen");
        assert!(matches!(&told[..], [Effect::AckRefused(refused)] if **refused == *id), "{told:?}");
    }
}

#[test]
fn p18_an_alert_that_is_over_is_noted_once_and_stays_over() {
    let mut aircraft = Aircraft::new();
    aircraft.report(0..3, OperationalStatus::Emergency);
    let told = aircraft.report(3..20, OperationalStatus::Airborne);
    let cleared = told.into_iter().rfind(|event| event.event == AlertEventKind::Cleared).unwrap().alert;
    let mut note = |second: f64, alert: &Alert| {
        let before = aircraft.effects.len();
        let event = Event::NotedAfterwards { cleared: Box::new(alert.clone()), by: "P1".into(), note: None };
        aircraft.monitor.handle(at(second), event, &mut aircraft.effects);
        aircraft.effects[before..].to_vec()
    };
    let first = note(21.0, &cleared);
    let event = alerts(&first).next().unwrap();
    assert_eq!((event.event, event.alert.state), (AlertEventKind::Acknowledged, AlertState::Cleared));
    assert_eq!(
        event.alert.acknowledged.as_ref().map(|ack| (ack.by.as_str(), ack.at)),
        Some(("P1", at(21.0)))
    );
    // The second press was made before its page heard of the first.
    assert!(note(21.1, &cleared).is_empty());
    let open = Alert { state: AlertState::Open, ..cleared };
    assert!(matches!(&note(21.2, &open)[..], [Effect::AckRefused(_)]));
}

#[test]
fn p18_a_note_outlives_a_restart_also_while_its_aircraft_is_awaited() {
    let mut aircraft = Aircraft::new();
    let id = aircraft.report(0..20, OperationalStatus::Emergency)[0].alert.alert_id.to_string();
    let mut again = Aircraft::new();
    again.monitor.restore(at(21.0), open(&aircraft.effects), &mut again.effects);
    assert_eq!(again.note(22.0, &id, "P1", "seen").len(), 1);
    let told = again.report(23..90, OperationalStatus::Emergency);
    assert!(!told.is_empty());
    for event in told {
        assert_eq!(event.alert.acknowledged.as_ref().unwrap().by, "P1");
        assert_eq!((event.event, event.alert.announced_again), (AlertEventKind::Updated, Some(1)));
    }
}

fn shelve(aircraft: &mut Aircraft, t: f64, id: &str, shelf: Option<(f64, &str)>) -> Vec<Effect> {
    let mut effects = Vec::new();
    let shelf = shelf.map(|(until, reason)| (at(until), reason.to_owned()));
    let event = Event::Shelved { alert_id: Arc::from(id), by: "P1".into(), shelf };
    aircraft.monitor.handle(at(t), event, &mut effects);
    aircraft.effects.extend(effects.iter().cloned());
    effects
}

#[test]
fn p19_what_is_put_aside_is_told_all_the_same_and_comes_back_by_itself() {
    let mut aircraft = Aircraft::new();
    aircraft.report(0..2, OperationalStatus::Airborne);
    // Nobody hears it any more.
    aircraft.monitor.handle(at(8.0), Event::Tick, &mut aircraft.effects);
    let alert = open(&aircraft.effects).remove(0);
    let id = alert.alert_id.to_string();
    assert!(alert.severity < Severity::Critical);
    let told = shelve(&mut aircraft, 8.5, &id, Some((70.0, "test flight")));
    let event = alerts(&told).next().unwrap();
    assert_eq!(
        (event.event, event.alert.shelved.as_ref().unwrap().until),
        (AlertEventKind::Shelved, at(70.0))
    );
    assert!(
        shelve(&mut aircraft, 8.6, &id, Some((70.0, "test flight"))).is_empty(),
        "the same again is no event"
    );
    assert_eq!(shelve(&mut aircraft, 8.7, &id, None).len(), 1);
    assert!(shelve(&mut aircraft, 8.8, &id, None).is_empty());
    shelve(&mut aircraft, 9.0, &id, Some((12.0, "test flight")));
    // It gets worse at 15 s of silence: nothing hides that.
    let before = aircraft.effects.len();
    aircraft.monitor.handle(at(20.0), Event::Tick, &mut aircraft.effects);
    let worse: Vec<_> = alerts(&aircraft.effects[before..]).cloned().collect();
    let worse =
        worse.iter().find(|event| event.event == AlertEventKind::Escalated).expect("told all the same");
    assert_eq!(worse.alert.shelved, None);
    for (until, id) in [(20.0, id.as_str()), (22.0 + 8.0 * 3600.0, &id), (30.0, "nothing")] {
        let told = shelve(&mut aircraft, 21.0, id, Some((until, "x")));
        assert!(matches!(&told[..], [Effect::AckRefused(_)]), "{until} {id}: {told:?}");
    }
}

#[test]
fn p19_a_critical_alert_is_never_put_aside() {
    let mut aircraft = Aircraft::new();
    let id = aircraft.report(0..3, OperationalStatus::Emergency)[0].alert.alert_id.to_string();
    let told = shelve(&mut aircraft, 3.0, &id, Some((60.0, "x")));
    assert!(matches!(&told[..], [Effect::AckRefused(_)]), "{told:?}");
}
