//! Operation intents over a broker: filed with `mosquitto_pub`, lifting a zone in the daemon, refused on feedback.

use std::path::Path;
use std::process::Command;

use lowsky::service::clock;
use serde_json::{Value, json};

use crate::e2e_stream::Listener;
use crate::e2e_support::{
    Daemon, Program, configure, foreign_programs, free_port, mosquitto, place, publish, report, until, zone,
    zones,
};

/// A square of 400 m around the origin of [`place`], up to 110 m, from a minute ago for an hour.
fn intent(uas_id: &str, state: &str) -> Value {
    let corner = |(east_m, north_m)| {
        let (lat, lng) = place(east_m, north_m);
        json!([lng, lat])
    };
    let corners = [(-200.0, -200.0), (200.0, -200.0), (200.0, 200.0), (-200.0, 200.0)].map(corner);
    let now = clock::now();
    json!({"flight_id": "F1", "operator": "op", "uas_ids": [uas_id], "state": state, "volumes": [{
        "outline": corners,
        "altitude_lower": {"value": 0, "reference": "AGL", "units": "M"},
        "altitude_upper": {"value": 1000, "reference": "WGS84", "units": "M"},
        "time_start": now.plus_seconds(-60.0), "time_end": now.plus_seconds(3600.0)}]})
}

/// Everybody in the square needs an authorisation, and `op` may give it.
fn configure_authority(dir: &Path, port: u16, embedded: bool) {
    configure(dir, port, embedded, 0);
    let config = dir.join("lowsky.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}\n[intents]\nauthorities = [\"op\"]\n")).unwrap();
    let square = zone("AUTH", [-300.0, -300.0, 300.0, 300.0]).replace("PROHIBITED", "REQ_AUTHORIZATION");
    std::fs::write(dir.join("zones/zones.json"), zones(&[square])).unwrap();
}

#[test]
fn p01_a_retained_intent_outlives_kill_9_though_the_broker_keeps_the_session() {
    if !foreign_programs() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let _broker = mosquitto(dir.path(), port);
    configure_authority(dir.path(), port, false);
    publish(port, "lowsky/v1/intent/op/F1", &intent("PLANNED", "ACCEPTED"), true);
    let mut daemon = Daemon::ready(dir.path());
    for other in ["FIRST", "SECOND", "THIRD"] {
        // Whoever comes second was judged after the first.
        for uas_id in ["PLANNED", other] {
            let topic = format!("lowsky/v1/telemetry/op/{uas_id}");
            publish(port, &topic, &report(uas_id, place(0.0, 0.0), 0.0, 0.0), false);
        }
        let incursions = |uas_id: &str| {
            let found = daemon.json(&format!("/api/v1/alerts?code=ZONE_INCURSION&uas_id={uas_id}"));
            found["alerts"].as_array().unwrap().len()
        };
        until("the one without an intent", 20.0, || (incursions(other) == 1).then_some(()));
        assert_eq!(incursions("PLANNED"), 0, "lifted when {other} came");
        daemon.program.kill();
        daemon = Daemon::ready(dir.path());
    }
    daemon.stop("TERM");
}

#[test]
fn an_intent_over_mqtt_lifts_the_zone_of_its_aircraft_alone() {
    if !foreign_programs() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    configure_authority(dir.path(), port, true);
    let daemon = Daemon::ready(dir.path());
    let listener = Listener::start(daemon.http);
    let mut feedback = Program::start(Command::new("mosquitto_sub").args([
        "-h",
        "127.0.0.1",
        "-p",
        &port.to_string(),
        "-t",
        "lowsky/v1/feedback/op/#",
        "-F",
        "%p",
    ]));
    // Retained, as an operator does whose intents are to outlive the service's restart.
    publish(port, "lowsky/v1/intent/op/F1", &intent("PLANNED", "ACCEPTED"), true);
    // Again until somebody listens for feedback.
    let fault = until("the refusal", 30.0, || {
        publish(port, "lowsky/v1/intent/op/F2", &json!({"flight_id": "F2", "state": "ACCEPTED"}), false);
        let mut told =
            feedback.out.all().into_iter().filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        told.find(|told| told["uas_id"] == "F2")
    });
    assert_eq!(fault["refused"][0]["reason"], "MISSING_FIELD", "{fault}");
    // What came after the intent was refused, so the intent itself has been taken.
    let fly = |uas_id: &str| {
        publish(
            port,
            &format!("lowsky/v1/telemetry/op/{uas_id}"),
            &report(uas_id, place(0.0, 0.0), 0.0, 0.0),
            false,
        );
    };
    let raised = |uas_id: &'static str| {
        move |frame: &Value| {
            frame["type"] == "alert"
                && frame["alert"]["uas_id"] == uas_id
                && frame["alert"]["code"] == "ZONE_INCURSION"
        }
    };
    fly("PLANNED");
    fly("OTHER");
    listener.find("the one without an intent", 20.0, raised("OTHER"));
    assert!(!listener.frames().iter().any(raised("PLANNED")), "lifted");
    publish(port, "lowsky/v1/intent/op/F1", &intent("PLANNED", "ENDED"), true);
    until("the one whose intent ended", 20.0, || {
        fly("PLANNED");
        listener.frames().iter().any(raised("PLANNED")).then_some(())
    });
    feedback.kill();
    drop(listener);
    daemon.stop("TERM");
}
