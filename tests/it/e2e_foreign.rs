//! The main job with foreign programs: mosquitto and its clients, Python's `websockets`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use lowsky::domain::Timestamp;
use lowsky::service::clock::{self, Stopwatch};
use serde_json::{Value, json};

use crate::e2e_support::{
    Daemon, Lines, Program, configure, foreign_programs, free_port, mosquitto, place, publish, report, until,
    zone, zones,
};

/// Reports of one aircraft a second.
const RATE_HZ: f64 = 4.0;

fn publish_report(port: u16, report: &Value) {
    publish(port, &format!("lowsky/v1/telemetry/op/{}", report["uas_id"].as_str().unwrap()), report, false);
}

/// Prints `retained topic payload` of every message; `extra` bounds it.
fn subscribe(port: u16, filters: &[&str], extra: &[&str]) -> Program {
    let mut command = Command::new("mosquitto_sub");
    command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-q", "1", "-F", "%r %t %p"]).args(extra);
    for filter in filters {
        command.args(["-t", filter]);
    }
    Program::start(&mut command)
}

fn message(lines: &Lines, topic: &str, within_s: f64, wanted: impl Fn(&Value) -> bool) -> Value {
    lines.find_from(0, topic, within_s, |line| {
        let mut parts = line.splitn(3, ' ');
        let (_, found) = (parts.next()?, parts.next()?);
        serde_json::from_str(parts.next()?).ok().filter(|payload| found == topic && wanted(payload))
    })
}

/// What a client that comes now is told of the service at once.
fn retained_status(port: u16) -> String {
    let mut asked = subscribe(port, &["lowsky/v1/status/lowsky"], &["-C", "1", "-W", "5"]);
    assert_eq!(asked.code_within(7.0), Some(0), "there is a retained status");
    let line = asked.out.find("1 lowsky/v1/status/lowsky ", 1.0);
    let payload: Value = serde_json::from_str(line.splitn(3, ' ').last().unwrap()).unwrap();
    payload["status"].as_str().unwrap().to_owned()
}

/// One aircraft flies into the zone; two meet head-on and part. 14 s.
fn fly(port: u16) {
    let since = Stopwatch::start();
    loop {
        let t = since.elapsed().as_secs_f64();
        if 14.0 < t {
            return;
        }
        publish_report(port, &report("INTRUDER", place(-100.0 + 15.0 * t, 0.0), 15.0, 90.0));
        publish_report(port, &report("PAIR-1", place(-90.0 + 15.0 * t, 3_000.0), 15.0, 90.0));
        publish_report(port, &report("PAIR-2", place(90.0 - 15.0 * t, 3_000.0), 15.0, 270.0));
        std::thread::sleep(Duration::from_secs_f64((1.0 / RATE_HZ - 0.03).max(0.0)));
    }
}

/// The events of one alert code about one aircraft, in the order of the stream.
fn events(stream: &Lines, code: &str, uas_id: &str) -> Vec<Value> {
    let frames = stream.all();
    let parsed = frames.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    parsed
        .filter(|frame| {
            frame["type"] == "alert" && frame["alert"]["code"] == code && frame["alert"]["uas_id"] == uas_id
        })
        .collect()
}

fn is(event: &str, code: &str, uas_id: &str) -> impl Fn(&Value) -> bool {
    move |frame| {
        frame["type"] == "alert"
            && frame["event"] == event
            && frame["alert"]["code"] == code
            && frame["alert"]["uas_id"] == uas_id
    }
}

fn the_incursion_is_one_alert(stream: &Lines) {
    stream.json("the incursion escalates", 5.0, |frame| {
        is("ESCALATED", "ZONE_INCURSION", "INTRUDER")(frame) && frame["alert"]["phase"] == "ACTUAL"
    });
    let all = events(stream, "ZONE_INCURSION", "INTRUDER");
    assert_eq!(all[0]["event"], "RAISED");
    assert_eq!(all[0]["alert"]["phase"], "PREDICTED");
    assert_eq!(all[0]["alert"]["severity"], "WARNING", "predicted is one step lower");
    assert!(all[0]["alert"]["measured"].is_object() && all[0]["alert"]["explanation"]["zh-CN"].is_string());
    let actual = all.iter().find(|frame| frame["alert"]["phase"] == "ACTUAL").unwrap();
    assert_eq!(actual["alert"]["severity"], "CRITICAL");
    assert_eq!(actual["alert"]["zone"]["id"], "KEEPOUT");
    let id = &all[0]["alert"]["alert_id"];
    assert!(all.iter().all(|frame| frame["alert"]["alert_id"] == *id), "one alert: {all:#?}");
    assert_eq!(all.iter().filter(|frame| frame["event"] == "RAISED").count(), 1);
}

fn the_pair_is_told_and_cleared(stream: &Lines) {
    let raised = stream.json("separation", 5.0, is("RAISED", "SEPARATION", "PAIR-1"));
    assert_eq!(raised["alert"]["other"]["uas_id"], "PAIR-2");
    let cleared = stream.json("its clearing", 12.0, is("CLEARED", "SEPARATION", "PAIR-1"));
    assert_eq!(cleared["alert"]["alert_id"], raised["alert"]["alert_id"]);
    assert_eq!(cleared["alert"]["state"], "CLEARED");
    let all = events(stream, "SEPARATION", "PAIR-1");
    assert!(all.iter().any(|frame| frame["alert"]["severity"] == "CRITICAL"), "they met: {all:#?}");
}

fn refusals_are_told(port: u16, messages: &Lines) {
    let bad = |uas_id: &str, change: &dyn Fn(&mut Value)| {
        let mut report = report(uas_id, place(0.0, 9_000.0), 0.0, 0.0);
        change(&mut report);
        publish(port, &format!("lowsky/v1/telemetry/op/{uas_id}"), &report, false);
    };
    bad("BAD-1", &|report| drop(report.as_object_mut().unwrap().remove("lat")));
    bad("BAD-2", &|report| report["uas_id"] = json!("SOMEBODY"));
    bad("BAD-3", &|report| report["crs"] = json!("GCJ02"));
    let future: Timestamp = clock::now().plus_seconds(30.0);
    bad("BAD-4", &|report| report["timestamp"] = json!(future.to_string()));
    for (uas_id, reason, field) in [
        ("BAD-1", "MISSING_FIELD", "lat"),
        ("BAD-2", "IDENTITY_MISMATCH", "uas_id"),
        ("BAD-3", "UNKNOWN_CRS", "crs"),
        ("BAD-4", "FUTURE", "timestamp"),
    ] {
        let told = message(messages, &format!("lowsky/v1/feedback/op/{uas_id}"), 5.0, |_| true);
        let refused = &told["refused"][0];
        assert_eq!((&refused["reason"], &refused["field"]), (&json!(reason), &json!(field)), "{told:#}");
        assert_eq!(refused["count"], 1);
    }
}

fn from_mqtt_to_an_alert(dir: &Path, port: u16, embedded: bool) -> Daemon {
    configure(dir, port, embedded, 0);
    std::fs::write(dir.join("zones/z.json"), zones(&[zone("KEEPOUT", [0.0, -200.0, 600.0, 200.0])])).unwrap();
    let daemon = Daemon::ready(dir);
    let listener = daemon.listen();
    let stream = &listener.out;
    let messages =
        subscribe(port, &["lowsky/v1/alerts/#", "lowsky/v1/feedback/#", "lowsky/v1/status/#"], &["-W", "60"]);
    message(&messages.out, "lowsky/v1/status/lowsky", 10.0, |status| status["status"] == "ONLINE");
    assert_eq!(retained_status(port), "ONLINE");

    std::thread::scope(|scope| {
        scope.spawn(|| refusals_are_told(port, &messages.out));
        fly(port);
    });
    the_incursion_is_one_alert(stream);
    the_pair_is_told_and_cleared(stream);
    let alert = message(&messages.out, "lowsky/v1/alerts/op/INTRUDER", 5.0, |told| {
        told["alert"]["phase"] == "ACTUAL" && told["event"] == "ESCALATED"
    });
    assert_eq!(
        alert["alert"]["alert_id"],
        events(stream, "ZONE_INCURSION", "INTRUDER")[0]["alert"]["alert_id"]
    );
    for uas_id in ["PAIR-1", "PAIR-2"] {
        let topic = format!("lowsky/v1/alerts/op/{uas_id}");
        message(&messages.out, &topic, 5.0, |told| told["alert"]["code"] == "SEPARATION");
    }
    if embedded {
        // The broker goes with the service: who listens is told, nothing is left to be retained.
        daemon.program.signal("TERM");
        message(&messages.out, "lowsky/v1/status/lowsky", 5.0, |status| status["status"] == "OFFLINE");
    }
    daemon
}

#[test]
fn with_a_real_mosquitto() {
    if !foreign_programs() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let _broker = mosquitto(dir.path(), port);
    from_mqtt_to_an_alert(dir.path(), port, false).stop("TERM");
    assert_eq!(retained_status(port), "OFFLINE", "after SIGTERM");

    let mut daemon = Daemon::ready(dir.path());
    until("ONLINE again", 5.0, || (retained_status(port) == "ONLINE").then_some(()));
    daemon.program.kill();
    until("the last will", 15.0, || (retained_status(port) == "OFFLINE").then_some(()));
}

#[cfg(feature = "embedded-broker")]
#[test]
fn with_the_embedded_broker() {
    if !foreign_programs() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut daemon = from_mqtt_to_an_alert(dir.path(), free_port(), true);
    assert_eq!(daemon.program.code_within(5.0), Some(0));
}
