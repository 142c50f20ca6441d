//! Alerts about the service itself: one a kind, with a hold before they end, and back after a restart.

use std::collections::BTreeSet;

use lowsky::domain::AlertEventKind::{self, Cleared, Raised, Updated};
use lowsky::domain::{AlertCode, AlertEvent, Measures, ServiceTrouble, Severity};
use lowsky::monitor::{Effect, Event, Monitor, Settings, TroubleDetail};

use super::lifecycle::open;
use super::{alerts, at};

fn waits(seconds: f64) -> TroubleDetail {
    TroubleDetail { measured: Measures::of(&[("oldest_s", seconds)]), ..TroubleDetail::default() }
}

/// The service looks at itself at these instants; what is told until `end`.
fn run(looks: &[(f64, ServiceTrouble, Option<TroubleDetail>)], end: f64) -> Vec<AlertEvent> {
    let mut monitor = Monitor::new(Settings::default());
    let mut effects = Vec::new();
    for (t, kind, holds) in looks {
        monitor.handle(at(*t), Event::Service { kind: *kind, holds: holds.clone() }, &mut effects);
    }
    monitor.handle(at(end), Event::Tick, &mut effects);
    alerts(&effects).cloned().collect()
}

fn told(events: &[AlertEvent]) -> Vec<(f64, AlertEventKind)> {
    events.iter().map(|event| (event.alert.updated_at.seconds_since(at(0.0)), event.event)).collect()
}

#[test]
fn a_trouble_is_one_alert_until_five_seconds_after_its_end() {
    let kind = ServiceTrouble::Behind;
    let holds = |t: f64| (t, kind, Some(waits(2.0 + t)));
    let well = |t: f64| (t, kind, None);
    let looks = [well(0.0), holds(1.0), holds(1.5), holds(3.0), well(4.0), holds(8.0), well(9.0), well(10.0)];
    let events = run(&looks, 60.0);
    assert_eq!(told(&events), [(1.0, Raised), (3.0, Updated), (8.0, Updated), (14.0, Cleared)]);
    let first = &events[0].alert;
    assert_eq!((first.code, first.severity), (AlertCode::ServiceDegraded, Severity::Warning));
    assert_eq!((first.uas_id.as_str(), &*first.rule), ("service:BEHIND", "SERVICE_DEGRADED/BEHIND"));
    assert!(first.position.is_none() && first.measured.get("oldest_s") == Some(3.0));
    assert!(events.iter().all(|event| event.alert.alert_id == first.alert_id));
}

#[test]
fn every_kind_says_what_to_do_in_both_languages() {
    let mut said = BTreeSet::new();
    for kind in ServiceTrouble::ALL {
        let detail = TroubleDetail { note: Some("the particulars".into()), ..TroubleDetail::default() };
        let events = run(&[(0.0, *kind, Some(detail))], 1.0);
        let sentence = &events[0].alert.explanation;
        assert!(sentence.en.ends_with("(the particulars)") && sentence.zh.ends_with("（the particulars）"));
        assert!(said.insert(sentence.en.clone()) && sentence.en.len() > 60, "{}", sentence.en);
        // It survives the way through the journal.
        let text = serde_json::to_string(&events[0]).unwrap();
        assert_eq!(serde_json::from_str::<AlertEvent>(&text).unwrap(), events[0]);
    }
}

#[test]
fn p07_a_gap_in_the_input_is_an_event_of_record_with_its_bounds() {
    let gap = TroubleDetail { span: Some([at(3.0), at(10.5)]), ..TroubleDetail::default() };
    let looks =
        [(11.0, ServiceTrouble::InputGap, Some(gap.clone())), (50.0, ServiceTrouble::InputGap, Some(gap))];
    let events = run(&looks, 60.0);
    assert_eq!(told(&events), [(11.0, Raised), (11.0, Cleared), (50.0, Raised), (50.0, Cleared)]);
    assert_ne!(events[0].alert.alert_id, events[2].alert.alert_id);
    let alert = &events[0].alert;
    assert_eq!((alert.observed_at, alert.measured.get("gap_s")), (at(10.5), Some(7.5)));
    for bound in [at(3.0), at(10.5)] {
        assert!(alert.explanation.zh.contains(&bound.to_string()), "{}", alert.explanation.zh);
    }
}

#[test]
fn p18_nobody_overlooks_that_the_input_is_lost() {
    let events = run(&[(0.0, ServiceTrouble::InputLost, Some(TroubleDetail::default()))], 100.0);
    assert_eq!(told(&events), [(0.0, Raised), (15.0, Updated), (30.0, Updated), (60.0, Updated)]);
    assert_eq!(events[3].alert.announced_again, Some(3));
}

#[test]
fn p08_a_trouble_from_before_a_restart_goes_on_or_ends() {
    let before = |kind| {
        let holds = Some(TroubleDetail::default());
        let mut effects = Vec::new();
        Monitor::new(Settings::default()).handle(at(0.0), Event::Service { kind, holds }, &mut effects);
        open(&effects)
    };
    let after = |kind, holds: Option<TroubleDetail>, look: bool| {
        let mut monitor = Monitor::new(Settings::default());
        let mut effects: Vec<Effect> = Vec::new();
        monitor.restore(at(10.0), before(kind), &mut effects);
        assert_eq!(monitor.open_alerts(), 1);
        if look {
            monitor.handle(at(12.0), Event::Service { kind, holds }, &mut effects);
        }
        monitor.handle(at(100.0), Event::Tick, &mut effects);
        told(&alerts(&effects).cloned().collect::<Vec<_>>())
    };
    let kind = ServiceTrouble::Storage;
    assert_eq!(after(kind, Some(waits(3.0)), true), [(12.0, Updated)]);
    assert_eq!(after(kind, None, true), [(17.0, Cleared)]);
    assert_eq!(after(kind, None, false), [(75.0, Cleared)]);
    // Nobody is reminded of it three times at once when it is first looked at.
    assert_eq!(after(ServiceTrouble::InputLost, None, false), [(70.0, Updated), (75.0, Cleared)]);
    assert_eq!(after(ServiceTrouble::InputLost, None, true), [(17.0, Cleared)]);
}
