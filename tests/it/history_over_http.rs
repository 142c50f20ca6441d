//! `/api/v1/history` and `/api/v1/events` over real files.

use lowsky::history::Reader;
use serde_json::{Value, json};

use crate::history_store::{arrived, at as second, settings, start};
use crate::http_support::{Journaled, at, event, get, raised};
use lowsky::domain::AlertEventKind;

async fn asked(service: &Journaled, path: &str) -> Value {
    let answer = get(service.server.address, path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.json()
}

#[tokio::test]
async fn where_aircraft_were_is_told_in_rows() {
    let dir = tempfile::tempdir().unwrap();
    let service = Journaled::start(&dir.path().join("var"), 100, 100).await;
    let missing = get(service.server.address, "/api/v1/history").await;
    assert_eq!((missing.status, missing.body.contains("[history] enabled")), (503, true), "{}", missing.body);

    let settings = settings(dir.path());
    let recorder = start(&settings);
    for step in 0..600_u32 {
        let mut one = arrived(step % 2, f64::from(step) / 2.0);
        one.observation.operator = one.observation.operator.filter(|_| step % 2 == 0);
        recorder.record(one);
    }
    let mut late = arrived(0, 299.9);
    late.observation.timestamp = second(3.0);
    recorder.record(late);
    recorder.close();
    service.server.app.open_history(Reader::new(&settings.dir));

    let span = |from: f64, to: f64| format!("/api/v1/history?from={}&to={}", second(from), second(to));
    let found = asked(&service, &span(60.0, 62.0)).await;
    assert_eq!(found["oldest"], second(0.0).to_string());
    assert_eq!(
        found["columns"],
        json!([
            "at_ms",
            "aircraft",
            "lat",
            "lng",
            "alt_hae",
            "height",
            "ground_speed",
            "track",
            "vertical_speed"
        ])
    );
    assert_eq!(
        found["aircraft"],
        json!([
            { "uas_id": "1581F5BKD0000000", "operator": "meituan", "ua_class": "LIGHT" },
            { "uas_id": "1581F5BKD0000001", "ua_class": "LIGHT" },
        ])
    );
    let rows = found["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert_eq!(
        rows[1],
        json!([second(60.5).as_millis(), 1, 22.5001, 114.05, 96.42, 99.31, 12.34, 271.4, -0.25])
    );

    let count = async |path: String| asked(&service, &path).await["rows"].as_array().unwrap().len();
    assert_eq!(count(span(0.0, 300.0)).await, 600, "what came late is not in the picture");
    assert_eq!(count(span(0.0, 300.0) + "&step_s=10").await, 60);
    assert_eq!(count(span(0.0, 300.0) + "&uas_id=1581F5BKD0000001&step_s=0").await, 300);
    assert_eq!(count(span(0.0, 300.0) + "&bbox=114,22.50005,115,23&step_s=0").await, 300);
    let millis = format!("/api/v1/history?from={}&to={}", second(60.0).as_millis(), second(62.0).as_millis());
    assert_eq!(count(millis).await, 4);

    for (path, status) in [
        (span(0.0, 601.0), 422),
        (span(10.0, 5.0), 422),
        (span(0.0, 1.0) + "&step_s=-1", 400),
        (span(0.0, 1.0) + "&bbox=1,2", 400),
        ("/api/v1/history?from=yesterday&too=1".into(), 400),
    ] {
        let answer = get(service.server.address, &path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert!(answer.head.contains("application/problem+json"), "{path}");
    }
}

#[tokio::test]
async fn events_of_a_span_are_told_in_order_and_page_by_page() {
    let dir = tempfile::tempdir().unwrap();
    let mut service = Journaled::start(dir.path(), 10, 10).await;
    for number in 0..50 {
        let mut told = raised(&format!("a{number}")).alert.clone();
        told.updated_at = at(number);
        service.publish([event(AlertEventKind::Raised, told)]).await;
    }
    let span = |rest: &str| format!("/api/v1/events?from={}&to={}{rest}", at(10), at(30));
    let all = asked(&service, &span("")).await;
    let seqs = |page: &Value| -> Vec<u64> {
        page["events"].as_array().unwrap().iter().map(|event| event["seq"].as_u64().unwrap()).collect()
    };
    assert_eq!(seqs(&all), (11..31).collect::<Vec<_>>());
    assert_eq!(all["more"], false);
    let first = &all["events"][0];
    assert_eq!((&first["at"], &first["event"]), (&json!(at(10).to_string()), &json!("RAISED")));
    assert_eq!(first["alert"]["alert_id"], "a10");
    let (mut after, mut found) = (0, Vec::new());
    loop {
        let page = asked(&service, &span(&format!("&limit=7&after={after}"))).await;
        found.extend(seqs(&page));
        after = *found.last().unwrap();
        if page["more"] == false {
            break;
        }
    }
    assert_eq!(found, seqs(&all));
    let since = asked(&service, &format!("/api/v1/events?from={}", at(-3600))).await;
    assert_eq!(seqs(&since), (1..51).collect::<Vec<_>>(), "up to now, however long ago it begins");
    let none = asked(&service, &format!("/api/v1/events?from={}&to={}", at(100), at(200))).await;
    assert_eq!((none["events"].as_array().unwrap().len(), &none["more"]), (0, &json!(false)));
}
