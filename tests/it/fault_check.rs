//! Holds what a service says it remembers against what was recorded and what really happened.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use serde_json::Value;

use crate::e2e_stream::Stream;
use crate::e2e_support::get;
use crate::fault_fleet::Truth;
use crate::fault_recorder::{Record, Told};

/// The whole history as the stream gives it from the beginning: dense, without a gap.
pub(crate) fn history(address: SocketAddr) -> BTreeMap<u64, Told> {
    let (mut stream, hello) = Stream::try_subscribe(address, Some(0)).expect("a stream");
    let last = hello["seq"].as_u64().unwrap();
    let mut history = BTreeMap::new();
    while history.len() < usize::try_from(last).unwrap() {
        let frame = stream.next(10.0).expect("more of the history");
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

/// The newest state of every alert, by its identity, from the pages of `/api/v1/alerts`.
pub(crate) fn alerts(address: SocketAddr) -> BTreeMap<String, String> {
    let (mut alerts, mut after) = (BTreeMap::new(), 0);
    loop {
        let (status, body) = get(address, &format!("/api/v1/alerts?limit=1000&after={after}"));
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
    assert_eq!(record.faults, [""; 0], "what the client saw");
    assert_eq!(record.log_ids.len(), 1, "one history: {:?}", record.log_ids);
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
fn key(alert: &Value) -> (String, String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let with = if alert["zone"].is_object() { &alert["zone"]["id"] } else { &alert["other"]["uas_id"] };
    (text(&alert["uas_id"]), text(&alert["code"]), text(with))
}

/// Every breach is exactly one episode, raised once and cleared once, and there is no episode without a breach.
/// Returns how many episodes there were.
pub(crate) fn each_breach_is_one_episode(truth: &Truth, history: &BTreeMap<u64, Told>) -> usize {
    let mut raised: BTreeMap<String, (String, String, String)> = BTreeMap::new();
    let mut open: BTreeSet<String> = BTreeSet::new();
    let mut causes: BTreeMap<(String, String, String), Vec<String>> = BTreeMap::new();
    for (seq, told) in history {
        let alert = told.alert();
        let id = alert["alert_id"].as_str().unwrap().to_owned();
        match told.event.as_str() {
            "RAISED" => {
                assert!(raised.insert(id.clone(), key(&alert)).is_none(), "{seq}: raised twice: {alert}");
                open.insert(id.clone());
                let (uas_id, code, with) = key(&alert);
                let cause = if with.is_empty() {
                    (uas_id, code, alert["observed_at"].as_str().unwrap_or_default().to_owned())
                } else {
                    (uas_id, code, with)
                };
                causes.entry(cause).or_default().push(id);
            }
            event => {
                assert_eq!(raised.get(&id), Some(&key(&alert)), "{seq}: {event} of another alert: {alert}");
                assert!(open.contains(&id), "{seq}: {event} after the end: {alert}");
                if event == "CLEARED" {
                    open.remove(&id);
                }
            }
        }
    }
    // The service's own troubles and silence have no script.
    let own = |code: &String| code == "SERVICE_DEGRADED" || code == "LOST_LINK";
    let breaches: BTreeSet<_> = truth.words.union(&truth.flights).cloned().collect();
    let missing: Vec<_> = breaches.iter().filter(|breach| !causes.contains_key(*breach)).collect();
    let several: Vec<_> =
        causes.iter().filter(|(cause, ids)| breaches.contains(*cause) && ids.len() != 1).collect();
    let foreign: Vec<_> =
        causes.keys().filter(|cause| !breaches.contains(*cause) && !own(&cause.1)).collect();
    assert!(
        missing.is_empty() && several.is_empty() && foreign.is_empty(),
        "of {} breaches {} gave no alert, {} several; {} alerts have no breach\nnone: {:?}\nseveral: {:?}\nforeign: {:?}",
        breaches.len(),
        missing.len(),
        several.len(),
        foreign.len(),
        missing.first(),
        several.first(),
        foreign.iter().take(5).collect::<Vec<_>>()
    );
    let left: Vec<_> = open.iter().filter(|id| !own(&raised[*id].1)).collect();
    assert!(left.is_empty(), "{} alerts never ended, such as {:?}", left.len(), raised.get(left[0]));
    breaches.len()
}
