//! The fleet's routes: feeds by operator, and the checker of messages.

use lowsky::domain::{LatLng, Observation, OperatorId, Reason, Refusal, UasId};
use lowsky::service::clock;
use lowsky::service::feeds::Heard;
use serde_json::{Value, json};

use crate::http_support::{at, get, request, start};

#[tokio::test]
async fn a_fleet_tells_how_each_feed_does_and_what_was_refused_last() {
    let server = start(|_, _| {}).await;
    let (operator, uas_id) = (OperatorId::new("acme").unwrap(), UasId::new("U-1").unwrap());
    let now = clock::now();
    let seen = Observation::new(uas_id.clone(), now.plus_seconds(-0.5), LatLng::new(22.5, 114.0).unwrap());
    let refusal = Refusal::of_field(Reason::OutOfRange, "lat", "95 where a number from -90 to 90 is wanted");
    for (observations, refusals) in [(vec![seen], vec![]), (vec![], vec![refusal])] {
        let heard = Heard {
            at: now,
            topic: "lowsky/v1/telemetry/acme/U-1",
            payload: br#"{"lat":95}"#,
            observations: &observations,
            refusals: &refusals,
        };
        server.app.feeds.note(&operator, &uas_id, &heard);
    }
    let all = get(server.address, "/api/v1/fleet").await.json();
    let told = &all["operators"][0];
    assert_eq!(
        (&told["operator"], &told["aircraft"], &told["refused"]),
        (&json!("acme"), &json!(1), &json!(1))
    );
    assert_eq!(told["delay_s"], json!({ "p50": 0.5, "p99": 0.5 }), "of all its aircraft together");
    assert!(told["heard_at"].is_string() && told["rate_hz"].is_number(), "{told}");
    let fleet = get(server.address, "/api/v1/fleet/acme").await.json();
    let feed = &fleet["aircraft"][0];
    assert_eq!((&feed["uas_id"], &feed["messages"], &feed["refused"]), (&json!("U-1"), &json!(2), &json!(1)));
    assert_eq!(feed["delay_s"]["p50"], 0.5);
    let last = &feed["last_refused"];
    assert_eq!(
        (&last["reason"], &last["field"], &last["payload"]),
        (&json!("OUT_OF_RANGE"), &json!("lat"), &json!("{\"lat\":95}"))
    );
    assert!(last["message"]["zh-CN"].is_string() && last["message"]["en"].is_string());
    assert_eq!(get(server.address, "/api/v1/fleet/nobody").await.json()["aircraft"], json!([]));
    assert_eq!(get(server.address, "/api/v1/fleet/a%20b").await.status, 400);
}

#[tokio::test]
async fn a_message_is_judged_as_the_intake_would_and_never_taken_in() {
    let server = start(|_, _| {}).await;
    let check = async |query: &str, body: &str| -> Value {
        let answer = request(server.address, &format!("POST /api/v1/check/telemetry{query}"), "", body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    };
    let good =
        json!({ "uas_id": "U-1", "timestamp": clock::now(), "lat": 22.5, "lng": 114.0, "alt_hae": 80 });
    let told = check("", &good.to_string()).await;
    assert_eq!((&told["accepted"], &told["faults"]), (&json!(true), &json!([])), "{told}");
    assert_eq!(told["observations"][0]["alt_hae"], 80.0);
    // The topic decides who it must be.
    let told = check("?topic=lowsky/v1/telemetry/acme/U-2", &good.to_string()).await;
    assert_eq!(
        (&told["accepted"], &told["faults"][0]["reason"]),
        (&json!(false), &json!("IDENTITY_MISMATCH"))
    );
    let swapped =
        "{\n\"uas_id\":\"U-1\",\n\"timestamp\":\"2020-01-01T00:00:00Z\",\"lat\":114.0,\"lng\":22.5}";
    let told = check("", swapped).await;
    let faults = told["faults"].as_array().unwrap();
    assert_eq!((&faults[0]["reason"], &faults[0]["line"]), (&json!("TOO_OLD"), &json!(3)));
    assert_eq!(
        (&faults[1]["pointer"], &faults[1]["suggestion"]["value"]),
        (&json!("/lat"), &json!("\"lat\": 22.5, \"lng\": 114.0"))
    );
    assert!(faults.iter().all(|fault| fault["message"]["zh-CN"].is_string() && fault["column"].is_u64()));
    assert!(server.app.feeds.operators(at(0)).is_empty() && server.app.hub.world().picture.is_empty());
    assert_eq!(request(server.address, "POST /api/v1/check/telemetry?tropic=x", "", "{}").await.status, 400);
    let evil =
        request(server.address, "POST /api/v1/check/telemetry", "Origin: http://evil.example\r\n", "{}")
            .await;
    assert_eq!(evil.status, 403);
}

#[tokio::test]
async fn the_contracts_name_the_stream_the_figures_and_the_topics() {
    let server = start(|_, _| {}).await;
    let openapi = get(server.address, "/api/v1/openapi.json").await.json();
    for path in ["/api/v1/stream", "/metrics", "/api/v1/fleet/{operator}", "/api/v1/check/telemetry"] {
        assert!(openapi["paths"][path].is_object(), "{path}");
    }
    assert!(openapi.pointer("/paths/~1readyz/get/responses/503").is_some());
    assert!(openapi.pointer("/paths/~1api~1v1~1alerts~1{alert_id}~1ack/post/responses/202").is_some());
    let asyncapi = get(server.address, "/api/v1/asyncapi.json").await.json();
    for (name, action) in [
        ("telemetry", "receive"),
        ("nmea", "receive"),
        ("alerts", "send"),
        ("feedback", "send"),
        ("status", "send"),
    ] {
        assert!(asyncapi["channels"][name]["address"].as_str().unwrap().starts_with("lowsky/v1/"), "{name}");
        assert_eq!(asyncapi["operations"][name]["action"], action, "{name}");
    }
    assert!(asyncapi["components"]["schemas"]["Telemetry"]["properties"]["lat"].is_object());
}
