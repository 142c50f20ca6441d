//! Holds what a service says it remembers against what was recorded and what really happened.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use serde_json::Value;

use crate::e2e_stream::Stream;
use crate::e2e_support::{Daemon, get, until};
use crate::fault_fleet::Truth;
use crate::fault_recorder::{Record, Told};

/// The whole history as the stream gives it from the beginning: dense, without a gap.
pub(crate) fn history(address: SocketAddr) -> BTreeMap<u64, Told> {
    let (mut stream, hello) = Stream::try_subscribe(address, Some(0)).expect("a stream");
    let last = hello["seq"].as_u64().unwrap();
    let mut history = BTreeMap::new();
    while history.len() < usize::try_from(last).unwrap() {
        let frame = stream.next(30.0).expect("more of the history");
        match frame["type"].as_str().unwrap() {
            "alert" => {
                let seq = frame["seq"].as_u64().unwrap();
                assert_eq!(seq, u64::try_from(history.len()).unwrap() + 1, "numbers are dense");
                history.insert(seq, Told::of(&frame));
            }
            "gap" | "closed" => panic!("after {} of {last}: {frame}", history.len()),
            _ => {}
        }
    }
    history
}

/// The newest state of every alert that a query asks for, by its identity, from the pages of `/api/v1/alerts`.
pub(crate) fn alerts(address: SocketAddr, query: &str) -> BTreeMap<String, String> {
    let (mut alerts, mut after) = (BTreeMap::new(), 0);
    loop {
        let (status, body) = get(address, &format!("/api/v1/alerts?limit=1000&after={after}&{query}"));
        assert_eq!(status, 200, "{body}");
        let page: Value = serde_json::from_str(&body).unwrap();
        for alert in page["alerts"].as_array().unwrap() {
            let again = alerts.insert(alert["alert_id"].as_str().unwrap().to_owned(), alert.to_string());
            assert!(again.is_none(), "an alert stands on two pages: {alert}");
        }
        match page["next_after"].as_u64() {
            Some(next) => after = next,
            None => return alerts,
        }
    }
}

/// Waits until no alert is open but what the service says of itself.
pub(crate) fn every_alert_ends(daemon: &Daemon) {
    until("every alert ends", 60.0, || {
        let open = daemon.json("/api/v1/alerts?state=OPEN");
        open["alerts"]
            .as_array()
            .unwrap()
            .iter()
            .all(|alert| alert["code"] == "SERVICE_DEGRADED")
            .then_some(())
    });
}

/// Every recorded event is in the history, as it was told.
pub(crate) fn nothing_is_lost(record: &Record, history: &BTreeMap<u64, Told>) {
    let lost: Vec<_> = record.durable.iter().filter(|(seq, told)| history.get(seq) != Some(told)).collect();
    assert!(
        lost.is_empty(),
        "{} of {} durable events are lost or changed; the first: {:?}, now {:?}",
        lost.len(),
        record.durable.len(),
        lost[0],
        history.get(lost[0].0)
    );
}

/// The client that recorded never saw a hole, a double, a change, or another history without need: one that ended
/// with events that were told and not safe, because the disk did not answer in time, is another one.
pub(crate) fn nothing_was_missed(record: &Record) {
    assert_eq!(record.faults, [""; 0], "what the client saw");
    assert!(0 < record.hasty || record.log_ids.len() == 1, "one history: {:?}", record.log_ids);
}

/// The pages and the events tell the same.
pub(crate) fn pages_agree(alerts: &BTreeMap<String, String>, history: &BTreeMap<u64, Told>) {
    let mut newest = BTreeMap::new();
    for told in history.values() {
        newest.insert(told.alert()["alert_id"].as_str().unwrap().to_owned(), told.alert.clone());
    }
    let differs = newest.iter().find(|(id, alert)| alerts.get(*id) != Some(alert));
    assert!(differs.is_none(), "{differs:?}, but {:?}", differs.map(|(id, _)| alerts.get(id)));
    assert_eq!(alerts.len(), newest.len(), "no more alerts than events tell of");
}

/// What an alert is about: its subject, its code, and the zone or the other aircraft.
fn key(alert: &Value) -> Cause {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let with = if alert["zone"].is_object() { &alert["zone"]["id"] } else { &alert["other"]["uas_id"] };
    (text(&alert["uas_id"]), text(&alert["code"]), text(with))
}

/// What became of the breaches.
#[derive(Debug, Default)]
pub(crate) struct Episodes {
    /// How many breaches there were.
    pub(crate) breaches: usize,
    /// Breaches without an alert.
    pub(crate) missing: Vec<Cause>,
    /// Breaches with several.
    pub(crate) several: Vec<Cause>,
    /// Alerts without a breach.
    pub(crate) foreign: Vec<Cause>,
    /// Alerts that did not end.
    pub(crate) open: Vec<Cause>,
}

/// Who, the alert's code, and the zone, the other aircraft, or the time of the report.
type Cause = (String, String, String);

/// Follows every alert through its life, which must be whole, and holds it against the truth.
pub(crate) fn episodes(truth: &Truth, history: &BTreeMap<u64, Told>) -> Episodes {
    let mut raised: BTreeMap<String, Cause> = BTreeMap::new();
    let mut open: BTreeSet<String> = BTreeSet::new();
    let mut causes: BTreeMap<Cause, usize> = BTreeMap::new();
    for (seq, told) in history {
        let alert = told.alert();
        let id = alert["alert_id"].as_str().unwrap().to_owned();
        if told.event == "RAISED" {
            let key = key(&alert);
            let mut cause = key.clone();
            if cause.2.is_empty() {
                alert["observed_at"].as_str().unwrap_or_default().clone_into(&mut cause.2);
            }
            *causes.entry(cause).or_default() += 1;
            assert!(raised.insert(id.clone(), key).is_none(), "{seq}: raised twice: {alert}");
            open.insert(id);
        } else {
            assert_eq!(
                raised.get(&id),
                Some(&key(&alert)),
                "{seq}: {} of another alert: {alert}",
                told.event
            );
            assert!(open.contains(&id), "{seq}: {} after the end: {alert}", told.event);
            if told.event == "CLEARED" {
                open.remove(&id);
            }
        }
    }
    let breaches: BTreeSet<&Cause> = truth.words.union(&truth.flights).collect();
    // The service's own troubles have no script, nor have silence and reports that waited for a service: how long they
    // wait is the machine's affair.
    let unscripted = ["SERVICE_DEGRADED", "LOST_LINK", "TIME_SKEW"];
    let scripted = |cause: &Cause| !unscripted.contains(&cause.1.as_str());
    let several = causes.iter().filter(|(cause, count)| breaches.contains(cause) && 1 < **count);
    let foreign = causes.keys().filter(|cause| scripted(cause) && !breaches.contains(cause));
    let missing = breaches.iter().filter(|cause| !causes.contains_key(**cause));
    Episodes {
        breaches: breaches.len(),
        missing: missing.map(|&cause| cause.clone()).collect(),
        several: several.map(|(cause, _)| cause.clone()).collect(),
        foreign: foreign.cloned().collect(),
        open: open.iter().map(|id| raised[id].clone()).filter(scripted).collect(),
    }
}

/// Every breach is exactly one episode, raised once and cleared once, and there is none without a breach. Returns
/// how many there were.
pub(crate) fn each_breach_is_one_episode(truth: &Truth, history: &BTreeMap<u64, Told>) -> usize {
    let Episodes { breaches, missing, several, foreign, open } = episodes(truth, history);
    for (what, found) in [
        ("breaches without an alert", &missing),
        ("breaches with several alerts", &several),
        ("alerts without a breach", &foreign),
        ("alerts that never ended", &open),
    ] {
        let some: Vec<_> = found.iter().take(5).collect();
        assert!(found.is_empty(), "of {breaches} breaches: {} {what}, such as {some:?}", found.len());
    }
    breaches
}
