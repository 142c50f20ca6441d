//! REST routes, with every kind of refusal.

use std::sync::Arc;
use std::time::Duration;

use lowsky::airspace::{Document, load};
use lowsky::domain::{Acknowledgement, Alert, AlertEvent, AlertEventKind, Severity, Shelving};
use lowsky::service::clock;
use lowsky::service::health::{Part, Status};
use lowsky::stream::{Deed, ShelveRequest};
use serde_json::{Value, json};

use crate::http_support::{alert, at, event, get, noted, raised, request, start, track, vitals};

fn ids(answer: &Value) -> Vec<&str> {
    answer["alerts"].as_array().unwrap().iter().map(|alert| alert["alert_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn alerts_are_listed_filtered_and_paged() {
    let mut server = start(|_, _| {}).await;
    for number in 1..=5 {
        server.alert(raised(&format!("a{number}")));
    }
    server.alert(event(AlertEventKind::Cleared, alert("a1", Severity::Warning)));
    server.alert(event(AlertEventKind::Raised, alert("mild", Severity::Info)));
    server.publisher.commit();
    let list = async |query: &str| {
        let answer = get(server.address, &format!("/api/v1/alerts{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        answer.json()
    };
    assert_eq!(ids(&list("").await), ["a2", "a3", "a4", "a5", "a1", "mild"]);
    assert_eq!(ids(&list("?state=CLEARED").await), ["a1"]);
    assert_eq!(ids(&list("?min_severity=WARNING&state=OPEN&limit=9999").await), ["a2", "a3", "a4", "a5"]);
    assert!(ids(&list("?uas_id=B7").await).is_empty());
    assert_eq!(ids(&list("?code=SEPARATION,HEIGHT_LIMIT&uas_id=A1").await).len(), 6);
    let mut after = 0;
    let mut seen = Vec::new();
    loop {
        let page = list(&format!("?after={after}&limit=4")).await;
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(next) = page.get("next_after").and_then(Value::as_u64) else { break };
        after = next;
    }
    assert_eq!(seen, ["a2", "a3", "a4", "a5", "a1", "mild"]);
    let one = get(server.address, "/api/v1/alerts/a1").await.json();
    assert_eq!(
        (one["state"].as_str(), one["explanation"]["en"].as_str()),
        (Some("CLEARED"), Some("Too high: descend."))
    );
}

#[tokio::test]
async fn refusals_are_problems_that_name_every_fault() {
    let server = start(|_, _| {}).await;
    let bad =
        get(server.address, "/api/v1/alerts?state=SHUT&limit=0&after=-1&colour=red&min_severity=LOUD").await;
    assert_eq!(bad.status, 400);
    assert!(bad.head.contains("content-type: application/problem+json"), "{}", bad.head);
    let problem = bad.json();
    let named: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["parameter"].as_str().unwrap())
        .collect();
    assert_eq!(named, ["colour", "state", "min_severity", "after", "limit"]);
    let limit = &problem["errors"][4];
    assert_eq!(limit["pointer"], "/query/limit");
    assert!(limit["detail"].as_str().unwrap().contains("a whole number from 1 is wanted"), "{limit}");
    for (path, status) in [
        ("/nowhere", 404),
        ("/api/v1/alerts/none", 404),
        ("/api/v1/tracks/none", 404),
        ("/api/v1/zones/none", 404),
        ("/api/v1/tracks?bbox=1,2,3", 400),
        ("/api/v1/tracks?bbox=2,0,1,1", 400),
        ("/api/v1/tracks/%ff", 400),
        ("/api/v1/stream", 426),
    ] {
        let answer = get(server.address, path).await;
        assert_eq!(
            (answer.status, answer.json()["status"].as_u64()),
            (status, Some(status.into())),
            "{path}"
        );
        assert!(answer.head.contains("nosniff"));
    }
    let wrong = request(server.address, "DELETE /api/v1/alerts", "", "").await;
    assert_eq!((wrong.status, wrong.json()["status"].as_u64()), (405, Some(405)));
    assert!(wrong.head.contains("allow: get,head"), "{}", wrong.head);
}

#[tokio::test]
async fn p19_an_alert_is_put_aside_with_an_owner_a_reason_and_an_end() {
    let mut server = start(|_, _| {}).await;
    server.alert(raised("a1"));
    server.alert(event(AlertEventKind::Raised, alert("grave", Severity::Critical)));
    server.publisher.commit();
    let address = server.address;
    let wish = r#"{"minutes":30,"reason":"标定飞行"}"#;
    let asked = tokio::spawn(async move {
        request(address, "POST /api/v1/alerts/a1/shelve", "Lowsky-Author: 王伟\r\n", wish).await
    });
    let Some(Deed::Shelve(ShelveRequest { by, shelf: Some((until, reason)), .. })) = server.acks.recv().await
    else {
        panic!("it goes to the core");
    };
    assert_eq!((by.as_str(), reason.as_str()), ("王伟", "标定飞行"));
    let left_s = until.seconds_since(clock::now());
    assert!((1700.0..=1800.0).contains(&left_s), "{left_s}");
    let mut aside = alert("a1", Severity::Warning);
    aside.shelved = Some(Shelving { by, at: at(1), until, reason });
    let told = server.alert(event(AlertEventKind::Shelved, aside));
    server.publisher.durable(told.seq);
    server.publisher.commit();
    let answer = asked.await.unwrap();
    assert_eq!(
        (answer.status, answer.json()["shelved"]["by"].as_str()),
        (200, Some("王伟")),
        "{}",
        answer.body
    );
    for (path, body, status) in [
        ("a1", r#"{"minutes":30}"#, 400),
        ("a1", r#"{"minutes":0,"reason":"x"}"#, 400),
        ("a1", r#"{"minutes":481,"reason":"x"}"#, 400),
        ("a1", r#"{"minutes":5,"reason":"  "}"#, 400),
        ("none", wish, 404),
        ("grave", wish, 409),
    ] {
        let answer = request(address, &format!("POST /api/v1/alerts/{path}/shelve"), "", body).await;
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.body);
    }
    let back = tokio::spawn(async move { request(address, "DELETE /api/v1/alerts/a1/shelve", "", "").await });
    assert!(matches!(server.acks.recv().await, Some(Deed::Shelve(ShelveRequest { shelf: None, .. }))));
    let told = server.alert(event(AlertEventKind::Unshelved, alert("a1", Severity::Warning)));
    server.publisher.durable(told.seq);
    server.publisher.commit();
    assert!(back.await.unwrap().json()["shelved"].is_null());
}

#[tokio::test]
async fn an_acknowledgement_goes_to_the_core_and_comes_back() {
    let mut server = start(|_, _| {}).await;
    server.alert(raised("a1"));
    server.alert(event(AlertEventKind::Cleared, alert("old", Severity::Warning)));
    server.publisher.commit();
    let address = server.address;
    let post = tokio::spawn(async move {
        request(address, "POST /api/v1/alerts/a1/ack", "Lowsky-Author: 王伟\r\n", r#"{"note":"已联系"}"#)
            .await
    });
    let asked = noted(server.acks.recv().await);
    assert_eq!((asked.by.as_str(), asked.note.as_deref()), ("王伟", Some("已联系")));
    let mut acknowledged = alert("a1", Severity::Warning);
    acknowledged.acknowledged = Some(Acknowledgement { by: asked.by, at: at(1), note: asked.note });
    let told = server.alert(event(AlertEventKind::Acknowledged, acknowledged));
    server.publisher.durable(told.seq);
    server.publisher.commit();
    let answer = post.await.unwrap();
    assert_eq!((answer.status, answer.json()["acknowledged"]["by"].as_str()), (200, Some("王伟")));
    for (path, headers, body, status) in [
        ("a1", "", r#"{"note":7}"#, 400),
        ("a1", "", "[", 400),
        ("a1", "", "[]", 400),
        ("none", "", "", 404),
        ("a1", "Origin: http://evil.example\r\n", "", 403),
    ] {
        let answer = request(address, &format!("POST /api/v1/alerts/{path}/ack"), headers, body).await;
        assert_eq!(answer.status, status, "{path} {headers}{body}: {}", answer.body);
    }
    let pointer = request(address, "POST /api/v1/alerts/a1/ack", "", r#"{"note":7}"#).await.json();
    assert_eq!(pointer["errors"][0]["pointer"], "/note");
    let huge = "POST /api/v1/alerts/a1/ack HTTP/1.1\r\nHost: x\r\nContent-Length: 8388609\r\n\r\n{";
    let answer = crate::http_support::exchange(address, huge.as_bytes()).await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn p18_an_alert_that_is_over_is_noted_for_everybody_once() {
    let mut server = start(|_, _| {}).await;
    let over = event(AlertEventKind::Cleared, alert("old", Severity::Warning));
    server.alert(Arc::clone(&over));
    server.publisher.commit();
    let address = server.address;
    let path = "POST /api/v1/alerts/old/ack";
    let by = |name: &str| format!("Lowsky-Author: {name}\r\n");
    let post = tokio::spawn(async move { request(address, path, &by("%E7%8E%8B%E4%BC%9F"), "").await });
    let asked = noted(server.acks.recv().await);
    assert_eq!((asked.by.as_str(), asked.cleared.as_deref()), ("王伟", Some(&over.alert)));
    let noted = Acknowledgement { by: asked.by, at: at(10), note: None };
    let told = Alert { acknowledged: Some(noted), ..over.alert.clone() };
    let told = Arc::new(AlertEvent { event: AlertEventKind::Acknowledged, alert: told });
    let told = server.alert(told);
    server.publisher.durable(told.seq);
    server.publisher.commit();
    let answer = post.await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        (&answer.json()["state"], &answer.json()["acknowledged"]["by"]),
        (&"CLEARED".into(), &"王伟".into())
    );
    let again = request(address, path, &by("王伟"), "").await;
    assert_eq!((again.status, again.body == answer.body), (200, true));
    let second = request(address, path, &by("Li"), "").await;
    assert_eq!(second.status, 409, "{}", second.body);
    assert!(second.body.contains("王伟"), "{}", second.body);
    assert!(server.acks.try_recv().is_err(), "the core was asked once");
}

#[tokio::test]
async fn aircraft_with_their_path() {
    let mut server = start(|_, _| {}).await;
    for second in 0..3 {
        server.publisher.track(track("A1", 22.5, 114.0 + f64::from(second) / 1000.0, second.into()));
    }
    server.publisher.track(track("B2", 30.0, 120.0, 0));
    server.publisher.commit();
    let all = get(server.address, "/api/v1/tracks").await.json();
    assert_eq!(all["tracks"].as_array().unwrap().len(), 2);
    let boxed = get(server.address, "/api/v1/tracks?bbox=113,22,115,23").await.json();
    assert_eq!(boxed["tracks"][0]["uas_id"], "A1");
    let one = get(server.address, "/api/v1/tracks/A1").await.json();
    assert_eq!(one["lng"], 114.002);
    let path = one["path"].as_array().unwrap();
    assert_eq!(
        (path.len(), path[1]["lng"].as_f64(), path[1]["alt_hae"].as_f64()),
        (3, Some(114.001), Some(80.0))
    );
}

#[tokio::test]
async fn p33_readiness_tells_each_part_and_needs_a_heartbeat() {
    let mut server = start(|_, _| {}).await;
    assert_eq!(get(server.address, "/healthz").await.status, 200);
    let answer = get(server.address, "/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["components"]["broker"]["status"], "failed");
    let now = clock::now();
    for part in [Part::Broker, Part::Input, Part::Canary] {
        server.app.health.set(part, Status::Ok, None, now);
    }
    server.app.health.set(Part::Zones, Status::Degraded, Some("the last good set is in force".into()), now);
    assert_eq!(get(server.address, "/readyz").await.status, 503, "no heartbeat yet");
    server.publisher.heartbeat(vitals(clock::now(), 0));
    let answer = get(server.address, "/readyz").await;
    assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("degraded")));
    server.publisher.heartbeat(vitals(clock::now(), 2_000));
    assert_eq!(get(server.address, "/readyz").await.status, 503, "reports wait too long");
    server.publisher.heartbeat(vitals(clock::now().plus_seconds(-3.1), 0));
    let answer = get(server.address, "/readyz").await;
    assert_eq!(
        (answer.status, answer.json()["components"]["evaluation"]["status"].as_str()),
        (503, Some("failed"))
    );
}

/// A prohibited square over the aircraft of the tests.
const ZONE: &str = r#"{"type":"Feature","properties":{"identifier":"Z1","country":"CHN","name":[{"text":"机场","lang":"zh-CN"}],
  "type":"PROHIBITED","variant":"COMMON","reason":["AIR_TRAFFIC"],"note":"kept"},
 "geometry":{"type":"Polygon","layer":{"upper":120,"upperReference":"AGL","lower":0,"lowerReference":"AGL","uom":"m"},
  "coordinates":[[[113.9,22.4],[114.1,22.4],[114.1,22.6],[113.9,22.6],[113.9,22.4]]]}}"#;

#[tokio::test]
async fn zones_keep_their_members_and_have_a_version() {
    let server = start(|_, _| {}).await;
    let empty = get(server.address, "/api/v1/zones").await.json();
    assert_eq!(
        (empty["type"].as_str(), empty["features"].as_array().unwrap().len()),
        (Some("FeatureCollection"), 0)
    );
    let text = format!(r#"{{"type":"FeatureCollection","features":[{ZONE}]}}"#);
    let loaded = load(&[Document { name: "z.json", text: text.as_bytes() }]);
    server.app.airspace.store(Arc::new(loaded.airspace.unwrap_or_else(|| panic!("{:?}", loaded.problems))));
    let all = get(server.address, "/api/v1/zones").await.json();
    assert_eq!(all["features"][0]["properties"]["note"], "kept");
    let one = get(server.address, "/api/v1/zones/Z1").await;
    let version = one.json()["lowsky"]["version"].as_str().unwrap().to_owned();
    assert!(one.head.contains(&format!("etag: \"{version}\"")), "{}", one.head);
    let known = format!("If-None-Match: \"{version}\"\r\n");
    assert_eq!(request(server.address, "GET /api/v1/zones/Z1", &known, "").await.status, 304);
}

#[tokio::test]
async fn a_check_tells_problems_difference_and_aircraft_and_changes_nothing() {
    let mut server = start(|_, _| {}).await;
    server.publisher.track(track("A1", 22.5, 114.0, 0));
    server.publisher.track(track("B2", 23.5, 114.0, 0));
    server.publisher.commit();
    let post = async |query: &str, body: &str| {
        let answer = request(server.address, &format!("POST /api/v1/zones/check{query}"), "", body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    };
    let report = post("", ZONE).await;
    assert_eq!(
        (report["valid"].as_bool(), &report["difference"]["added"]),
        (Some(true), &json!(["Z1"])),
        "{report}"
    );
    assert_eq!(report["aircraft"], json!([{"uas_id": "A1", "zone": "Z1", "restriction": "PROHIBITED"}]));
    let broken = post("", &ZONE.replace("22.6],[113.9,22.4]", "22.6],[113.9,95.0]")).await;
    assert_eq!(broken["valid"], false);
    let problems = broken["problems"].as_array().unwrap();
    let problem = problems.iter().find(|problem| problem["severity"] == "ERROR").unwrap();
    assert!(problem["pointer"].as_str().unwrap().starts_with("/geometry/coordinates/0"), "{problem}");
    assert_eq!(problem["line"], 4);
    let no_json = request(server.address, "POST /api/v1/zones/check", "", "{").await;
    assert_eq!(no_json.status, 400, "{}", no_json.body);
    assert_eq!(get(server.address, "/api/v1/zones/Z1").await.status, 404);
}

#[tokio::test]
async fn contracts_console_and_figures_are_served() {
    let mut server = start(|_, _| {}).await;
    server.alert(raised("a1"));
    server.publisher.commit();
    let openapi = get(server.address, "/api/v1/openapi.json").await.json();
    let paths = openapi["paths"].as_object().unwrap();
    for path in paths.keys().filter(|path| !path.contains('{')) {
        assert_ne!(get(server.address, path).await.status, 404, "{path}");
    }
    let asyncapi = get(server.address, "/api/v1/asyncapi.json").await.json();
    let codes = &asyncapi["components"]["schemas"]["Alert"]["properties"]["code"]["enum"];
    assert_eq!(codes.as_array().unwrap().len(), 16);
    let page = get(server.address, "/").await;
    assert!(page.head.contains("default-src 'none'") && page.body.contains("/console.js"));
    assert!(!page.body.contains("<script>") && !page.body.contains("style="));
    for file in ["/console.js", "/console.css"] {
        assert_eq!(get(server.address, file).await.status, 200);
    }
    let figures = get(server.address, "/metrics").await;
    assert!(figures.head.contains("content-type: text/plain; version=0.0.4"), "{}", figures.head);
    let figures = figures.body;
    assert!(figures.contains("# TYPE lowsky_http_requests_total counter") && !figures.contains("# EOF"));
    let accept = "Accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.2\r\n";
    let open = request(server.address, "GET /metrics", accept, "").await;
    assert!(open.head.contains("content-type: application/openmetrics-text"), "{}", open.head);
    assert!(open.body.contains("# TYPE lowsky_http_requests counter") && open.body.ends_with("# EOF\n"));
    for line in [
        "lowsky_alert_seq 1",
        "lowsky_alerts_open 1",
        "lowsky_evaluation_heartbeat_timestamp_seconds 0",
        "lowsky_http_requests_total{route=\"/\",status=\"200\"} 1",
    ] {
        assert!(figures.contains(line), "{line} is not in\n{figures}");
    }
}

#[tokio::test]
async fn p30_a_head_that_does_not_come_ends_the_connection() {
    let server = start(|_, _| {}).await;
    let slow = crate::http_support::exchange(server.address, b"GET / HTTP/1.1\r\nHost: x\r\n");
    let idle = crate::http_support::exchange(server.address, b"");
    let both = async { tokio::join!(slow, idle) };
    let (slow, idle) = tokio::time::timeout(Duration::from_secs(8), both).await.expect("cut within 8 s");
    assert!(slow.status != 200 && idle.status != 200);
}

#[tokio::test]
async fn p30_connections_are_capped_and_given_back() {
    let server = start(|http, _| {
        http.connections_max = 3;
        http.connections_per_address_max = 2;
    })
    .await;
    let hold = [
        tokio::net::TcpStream::connect(server.address).await.unwrap(),
        tokio::net::TcpStream::connect(server.address).await.unwrap(),
    ];
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(get(server.address, "/healthz").await.status, 503);
    drop(hold);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(get(server.address, "/healthz").await.status, 200);
}
