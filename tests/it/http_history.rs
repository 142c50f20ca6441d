//! History over HTTP and the stream with a real journal behind a memory that holds little.

use std::time::Duration;

use futures_util::SinkExt;
use lowsky::domain::{Acknowledgement, AlertEventKind, Severity};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::http_support::{Journaled, alert, at, connect, event, get, next, noted, raised, request, vitals};

fn ids(answer: &Value) -> Vec<String> {
    let alerts = answer["alerts"].as_array().unwrap().iter();
    alerts.map(|alert| alert["alert_id"].as_str().unwrap().to_owned()).collect()
}

/// Alerts `a0` to `a{n}`, of which the even ones end.
async fn past(service: &mut Journaled, alerts: u64) {
    for number in 0..alerts {
        let id = format!("a{number}");
        let mut events = vec![raised(&id)];
        if number % 2 == 0 {
            events.push(event(AlertEventKind::Cleared, alert(&id, Severity::Warning)));
        }
        service.publish(events).await;
    }
}

#[tokio::test]
async fn alerts_are_listed_the_same_from_memory_and_from_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let mut whole = Journaled::start(&dir.path().join("a"), 10_000, 10_000).await;
    let mut little = Journaled::start(&dir.path().join("b"), 5, 3).await;
    past(&mut whole, 60).await;
    past(&mut little, 60).await;
    for query in [
        "",
        "?limit=7",
        "?after=20&limit=11",
        "?state=CLEARED&limit=1000",
        "?state=OPEN&limit=5",
        "?state=OPEN,CLEARED&after=40",
        "?min_severity=CRITICAL",
        "?uas_id=A1&limit=3&after=88",
        "?uas_id=%20",
        "?code=HEIGHT_LIMIT&limit=90",
    ] {
        let path = format!("/api/v1/alerts{query}");
        let (one, other) = (get(whole.server.address, &path).await, get(little.server.address, &path).await);
        assert_eq!((one.status, other.status), (200, 200), "{query}");
        assert_eq!(one.body, other.body, "{query}");
    }
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let path = format!("/api/v1/alerts?after={after}&limit=4");
        let page = get(little.server.address, &path).await.json();
        seen.extend(ids(&page));
        let Some(next) = page.get("next_after").and_then(Value::as_u64) else { break };
        after = next;
    }
    assert_eq!((seen.len(), seen.first().map(String::as_str)), (60, Some("a0")));
    let old = get(little.server.address, "/api/v1/alerts/a0").await.json();
    assert_eq!(old["state"], "CLEARED");
    assert_eq!(get(little.server.address, "/api/v1/alerts/none").await.status, 404);
    let address = little.server.address;
    let post = tokio::spawn(async move { request(address, "POST /api/v1/alerts/a0/ack", "", "").await });
    let asked = noted(little.server.acks.recv().await);
    assert!(asked.cleared.is_some_and(|alert| &*alert.alert_id == "a0"), "cleared long ago, and still noted");
    assert_eq!(post.await.unwrap().status, 202, "nobody answers for the core here");
}

#[tokio::test]
async fn open_alerts_and_history_are_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut before = Journaled::start(dir.path(), 100, 100).await;
    past(&mut before, 20).await;
    crate::journal_support::close(&before.journal);
    drop(before);
    let mut after = Journaled::start(dir.path(), 100, 100).await;
    let mut socket = connect(&after.server, "").await;
    assert_eq!(next(&mut socket).await["oldest_seq"], 1);
    socket.send(Message::text(r#"{"type":"subscribe"}"#)).await.unwrap();
    let snapshot = next(&mut socket).await;
    assert_eq!((snapshot["seq"].as_u64(), ids(&snapshot).len()), (Some(30), 10));
    after.publish([event(AlertEventKind::Cleared, alert("a1", Severity::Warning))]).await;
    assert_eq!(next(&mut socket).await["seq"], 31);
    let all = get(after.server.address, "/api/v1/alerts").await.json();
    assert_eq!((ids(&all).len(), ids(&all).last().map(String::as_str)), (20, Some("a1")));
}

#[tokio::test]
async fn p16_the_address_says_where_to_resume() {
    let dir = tempfile::tempdir().unwrap();
    let mut service = Journaled::start(dir.path(), 5, 5).await;
    past(&mut service, 400).await;
    let last = service.last_seq();
    let mut socket = connect(&service.server, "?after=3").await;
    let hello = next(&mut socket).await;
    assert_eq!((hello["seq"].as_u64(), hello["oldest_seq"].as_u64()), (Some(last), Some(1)));
    for seq in 4..=last {
        let frame = next(&mut socket).await;
        assert_eq!((frame["type"].as_str(), frame["seq"].as_u64()), (Some("alert"), Some(seq)));
    }
    service.publish([raised("live")]).await;
    assert_eq!(next(&mut socket).await["seq"], last + 1);
    let log_id = hello["log_id"].as_str().unwrap();
    let mut same = connect(&service.server, &format!("?after={log_id}:{last}")).await;
    next(&mut same).await;
    assert_eq!(next(&mut same).await["seq"], last + 1);
    let mut other = connect(&service.server, "?after=elsewhere:3").await;
    next(&mut other).await;
    let gap = next(&mut other).await;
    assert_eq!(gap, json!({"type": "gap", "from": 1, "to": last + 1, "reason": "RETENTION"}));
    assert_eq!(next(&mut other).await["type"], "snapshot");
    for wrong in ["?after=x", "?after=-1", "?since=3", "?after=1&after=2"] {
        let url = format!("ws://{}/api/v1/stream{wrong}", service.server.address);
        let refused = connect_async(url).await.unwrap_err();
        let tokio_tungstenite::tungstenite::Error::Http(answer) = refused else { panic!("{refused}") };
        assert_eq!(answer.status(), 400, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p16_a_journal_that_is_gone_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let mut service = Journaled::start(dir.path(), 5, 5).await;
    past(&mut service, 400).await;
    let file = service.journal.reader().path().to_owned();
    crate::journal_support::close(&service.journal);
    for entry in std::fs::read_dir(file.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::write(path, "no journal").unwrap();
        }
    }
    let mut socket = connect(&service.server, "?after=3").await;
    next(&mut socket).await;
    let gap = next(&mut socket).await;
    assert_eq!(gap, json!({"type": "gap", "from": 4, "to": 600, "reason": "UNREADABLE"}), "the fault fired");
    assert_eq!(ids(&next(&mut socket).await).len(), 200);
    service.server.publisher.heartbeat(vitals(at(1), 0));
    assert_eq!(next(&mut socket).await["type"], "heartbeat");
    let refused = get(service.server.address, "/api/v1/alerts/a0").await;
    assert_eq!(refused.status, 503, "{}", refused.body);
}

#[tokio::test]
async fn p18_an_acknowledgement_is_on_disk_before_it_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let mut service = Journaled::start(dir.path(), 100, 100).await;
    service.publish([raised("a1")]).await;
    let address = service.server.address;
    let post = || async move { request(address, "POST /api/v1/alerts/a1/ack", "", "").await };
    let asked = tokio::spawn(post());
    let by = noted(service.server.acks.recv().await).by;
    assert_eq!(by, "127.0.0.1", "who says no name is known by the address");
    let mut acknowledged = alert("a1", Severity::Warning);
    acknowledged.acknowledged = Some(Acknowledgement { by, at: at(1), note: None });
    // Published, but not on disk.
    let entry = lowsky::journal::Entry {
        seq: 2,
        alert_json: lowsky::stream::to_json(&acknowledged).into(),
        event: event(AlertEventKind::Acknowledged, acknowledged),
    };
    service.server.publisher.logged(std::sync::Arc::new(lowsky::stream::LoggedEvent::of(&entry, false)));
    service.server.publisher.commit();
    let answer = asked.await.unwrap();
    assert_eq!((answer.status, answer.json()["accepted"].as_bool()), (202, Some(true)));
    let asked = tokio::spawn(post());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!asked.is_finished(), "it waits for the disk");
    service.server.publisher.durable(2);
    let answer = asked.await.unwrap();
    assert_eq!((answer.status, answer.json()["acknowledged"]["by"].as_str()), (200, Some("127.0.0.1")));
    assert!(service.server.acks.try_recv().is_err(), "the same again asks nothing of the core");
}
