//! The publisher: alerts survive outages, the status tells who lives, callers never wait.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use lowsky::domain::{
    Alert, AlertCode, AlertEvent, AlertEventKind, AlertPosition, AlertState, DataQuality, Explanation,
    Measures, OperatorId, OtherParty, Phase, Severity, Timestamp, UasId,
};
use lowsky::service::counters::Counters;
use lowsky::service::publisher::{self, PublisherHandle, PublisherSettings};
use lowsky::service::status::StatusFigures;
use lowsky::stream::LoggedEvent;
use serde_json::Value;

use super::mqtt_fake::FakeBroker;
use super::mqtt_support::{Mosquitto, Probe, embedded, endpoint, free_address, until};

fn publisher(address: SocketAddr, counters: &Arc<Counters>) -> PublisherHandle {
    let settings = PublisherSettings {
        endpoint: endpoint(address),
        client_id: "lowsky-out".into(),
        prefix: "lowsky/v1".into(),
        instance: "test".into(),
    };
    publisher::start(settings, Arc::clone(counters))
}

/// A pair, each of its own operator.
fn event(seq: u64) -> LoggedEvent {
    let uas = |text| UasId::new(text).unwrap();
    let operator = |text| Some(OperatorId::new(text).unwrap());
    let at = Timestamp::from_millis(1_800_000_000_000);
    let alert = Alert {
        alert_id: "al-1".into(),
        code: AlertCode::Separation,
        phase: Phase::Predicted,
        severity: Severity::Warning,
        state: AlertState::Open,
        acknowledged: None,
        shelved: None,
        uas_id: uas("A"),
        operator: operator("one"),
        other: Some(OtherParty { uas_id: uas("B"), operator: operator("two") }),
        zone: None,
        raised_at: at,
        updated_at: at,
        cleared_at: None,
        observed_at: at,
        position: Some(AlertPosition { lat: 22.5, lng: 114.0, alt_hae: None }),
        measured: Measures::default(),
        limit: Measures::default(),
        data: DataQuality::Good,
        announced_again: None,
        rule: "separation/drone-drone/WARNING".into(),
        explanation: Explanation::default(),
    };
    LoggedEvent::new(seq, Arc::new(AlertEvent { event: AlertEventKind::Raised, alert }), true)
}

async fn next_json(probe: &mut Probe) -> (String, Value) {
    let (topic, payload) = probe.next_text().await;
    (topic, serde_json::from_str(&payload).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn both_operators_of_a_pair_get_the_event_as_on_the_stream() {
    let broker = embedded().await;
    let counters = Arc::new(Counters::default());
    let mut probe = Probe::new(broker.address(), "probe", &["lowsky/v1/alerts/#"]).await;
    let publisher = publisher(broker.address(), &counters);
    publisher.alert(&event(42));
    let (topic, message) = next_json(&mut probe).await;
    assert_eq!(topic, "lowsky/v1/alerts/one/A");
    assert_eq!(
        (&message["type"], &message["seq"], &message["event"]),
        (&"alert".into(), &42.into(), &"RAISED".into())
    );
    assert_eq!(message["alert"]["other"]["uas_id"], "B");
    let (topic, same) = next_json(&mut probe).await;
    assert_eq!((topic.as_str(), same), ("lowsky/v1/alerts/two/B", message));
    until("both are confirmed", || publisher.backlog() == 0).await;
    assert_eq!(counters.alerts_published.get(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_of_an_outage_arrive_in_order_when_the_broker_is_back() {
    let Some(mosquitto) = Mosquitto::start(free_address()).await else { return };
    let counters = Arc::new(Counters::default());
    let publisher = publisher(mosquitto.address, &counters);
    let mut connected = publisher.connected();
    connected.wait_for(|connected| *connected).await.unwrap();
    let address = mosquitto.kill();
    // More than rumqttc's own queue holds, some of it handed over before the loss is noticed.
    for seq in 0..500 {
        publisher.alert(&event(seq));
        if seq % 100 == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    assert_eq!(publisher.backlog(), 1_000);
    let Some(_mosquitto) = Mosquitto::start(address).await else { return };
    let mut probe = Probe::new(address, "probe", &["lowsky/v1/alerts/one/A"]).await;
    // The publisher may have been back before the probe; whoever listens later learns it from the count.
    until("everything is confirmed", || publisher.backlog() == 0).await;
    assert_eq!((counters.alerts_published.get(), counters.alerts_dropped.get()), (1_000, 0));
    publisher.alert(&event(500));
    let mut last = None;
    while last != Some(500) {
        let seq = next_json(&mut probe).await.1["seq"].as_u64().unwrap();
        assert!(last.is_none_or(|last| last + 1 == seq), "{seq} after {last:?}");
        last = Some(seq);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_and_not_confirmed_is_sent_again() {
    let fake = FakeBroker::new().await;
    let counters = Arc::new(Counters::default());
    let publisher = publisher(fake.address(), &counters);
    for seq in 0..5 {
        publisher.alert(&event(seq));
    }
    let mut session = fake.accept_silent(false).await;
    let mut sent = Vec::new();
    while sent.len() < 10 {
        let (topic, packet_id, _) = session.published().await;
        if topic.contains("/alerts/") {
            sent.push(packet_id);
        }
    }
    // The first and the third are confirmed, the others are on their way when the connection breaks.
    for packet_id in [sent[0], sent[2]] {
        let [high, low] = packet_id.to_be_bytes();
        session.send(&[0x40, 2, high, low]).await;
    }
    until("two are confirmed", || publisher.backlog() == 8).await;
    drop(session);
    let mut session = fake.accept_silent(false).await;
    let mut again = Vec::new();
    while again.len() < 8 {
        let (topic, _, payload) = session.published().await;
        if topic.contains("/alerts/") {
            let text = String::from_utf8_lossy(&payload).into_owned();
            let seq: Value = serde_json::from_str(&text[text.find('{').unwrap()..]).unwrap();
            again.push((topic.ends_with("/A"), seq["seq"].as_u64().unwrap()));
        }
    }
    let all = (0..5).flat_map(|seq| [(true, seq), (false, seq)]);
    assert_eq!(again, all.filter(|parcel| ![(true, 0), (true, 1)].contains(parcel)).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_from_before_the_broker_was_there_reaches_its_operator() {
    let address = free_address();
    let counters = Arc::new(Counters::default());
    let publisher = publisher(address, &counters);
    publisher.alert(&event(1));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let broker = lowsky::service::broker::start(address).await.unwrap();
    let mut probe = Probe::new(broker.address(), "probe", &["lowsky/v1/alerts/#"]).await;
    publisher.alert(&event(2));
    // The first may have gone out before the probe listened; then it was confirmed all the same.
    while next_json(&mut probe).await.1["seq"] != 2 {}
    until("both are confirmed", || publisher.backlog() == 0).await;
    assert_eq!(counters.alerts_published.get(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_is_online_with_figures_and_offline_after_a_stop() {
    let broker = embedded().await;
    let counters = Arc::new(Counters::default());
    let publisher = publisher(broker.address(), &counters);
    publisher.figures(StatusFigures { aircraft: 7, ..StatusFigures::default() });
    let mut probe = Probe::new(broker.address(), "probe", &["lowsky/v1/status/test"]).await;
    let mut status = next_json(&mut probe).await.1;
    if status["aircraft"] != 7 {
        status = next_json(&mut probe).await.1;
    }
    assert_eq!((&status["status"], &status["aircraft"]), (&"ONLINE".into(), &7.into()));
    publisher.stop(Duration::from_secs(1)).await;
    let mut late = Probe::new(broker.address(), "late", &["lowsky/v1/status/test"]).await;
    let offline = late.next().await;
    assert!(offline.retain);
    let offline: Value = serde_json::from_slice(&offline.payload).unwrap();
    assert_eq!((&offline["status"], &offline["aircraft"]), (&"OFFLINE".into(), &7.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_dies_is_offline_by_its_will() {
    let Some(mosquitto) = Mosquitto::start(free_address()).await else { return };
    let mut probe = Probe::new(mosquitto.address, "probe", &["lowsky/v1/status/test"]).await;
    let counters = Arc::new(Counters::default());
    let doomed = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let guard = doomed.enter();
    let _publisher = publisher(mosquitto.address, &counters);
    drop(guard);
    assert_eq!(next_json(&mut probe).await.1["status"], "ONLINE");
    doomed.shutdown_background();
    assert_eq!(next_json(&mut probe).await.1["status"], "OFFLINE");
}
