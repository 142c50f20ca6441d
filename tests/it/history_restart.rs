//! Positions over `kill -9`: they are shown at once, others are judged against them, and nothing confirmed is forgotten.

use std::path::Path;
use std::time::Duration;

use lowsky::service::clock;
use serde_json::Value;

use crate::e2e_support::{
    Daemon, Sender, configure, foreign_programs, free_port, mosquitto_as_documented, place, report, until,
    zone, zones,
};

/// A zone where nobody comes.
fn far_zone(dir: &Path) {
    let far = zone("Z", [0.0, 5_000.0, 100.0, 5_100.0]);
    std::fs::write(dir.join("zones/far.json"), zones(&[far])).unwrap();
}

#[test]
fn p01_positions_outlive_kill_9_and_who_reports_next_is_judged_against_them() {
    if !foreign_programs() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let _broker = mosquitto_as_documented(dir.path(), port);
    configure(dir.path(), port, false, 0);
    far_zone(dir.path());
    let mut daemon = Daemon::ready(dir.path());
    let mut sender = Sender::connect(port, "two");
    // 200 m apart, then 20 m: only the second report of A is a breach, and B says nothing more.
    sender.report(&report("A", place(0.0, 0.0), 0.0, 0.0));
    sender.report(&report("B", place(200.0, 0.0), 0.0, 0.0));
    until("both are known", 10.0, || {
        (daemon.json("/api/v1/tracks")["tracks"].as_array().unwrap().len() == 2).then_some(())
    });
    until("both are written", 10.0, || {
        let found = daemon.json("/api/v1/history?step_s=0");
        (found["rows"].as_array().unwrap().len() == 2).then_some(())
    });
    daemon.program.kill();

    let daemon = Daemon::ready(dir.path());
    let tracks = daemon.json("/api/v1/tracks");
    let ids: Vec<&str> =
        tracks["tracks"].as_array().unwrap().iter().map(|track| track["uas_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["A", "B"], "the picture is there at once");
    let events = |code: &str| -> Vec<Value> {
        let found = daemon.json(&format!("/api/v1/alerts?code={code}"));
        found["alerts"].as_array().unwrap().clone()
    };
    assert!(events("SEPARATION").is_empty(), "and raises nothing of itself");
    sender.report(&report("A", place(180.0, 0.0), 0.0, 0.0));
    until("A is held against B", 10.0, || events("SEPARATION").pop());
    let alert = events("SEPARATION").pop().unwrap();
    assert_eq!((&alert["uas_id"], &alert["other"]["uas_id"]), (&Value::from("A"), &Value::from("B")));
    daemon.stop("TERM");
}

#[test]
fn p06_a_report_is_confirmed_only_when_the_history_has_it() {
    if !foreign_programs() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (port, http) = (free_port(), free_port());
    let _broker = mosquitto_as_documented(dir.path(), port);
    configure(dir.path(), port, false, http);
    far_zone(dir.path());
    // The first start makes the session at the broker.
    Daemon::ready(dir.path()).stop("TERM");
    let mut sender = Sender::connect(port, "many");
    let (mut sent, mut random) = (0_u16, fastrand::Rng::new());
    for _ in 0..8 {
        let mut daemon = Daemon::ready(dir.path());
        for _ in 0..40 {
            sent += 1;
            let report = report(&format!("N{sent}"), place(f64::from(sent) * 300.0, 0.0), 0.0, 0.0);
            let topic = format!("lowsky/v1/telemetry/op/N{sent}");
            sender.publish(&topic, &report.to_string(), Some(sent)).unwrap();
        }
        std::thread::sleep(Duration::from_millis(random.u64(0..60)));
        daemon.program.kill();
    }
    let daemon = Daemon::ready(dir.path());
    until("every report is in the history or comes again", 20.0, || {
        let from = clock::now().plus_seconds(-500.0);
        let found = daemon.json(&format!("/api/v1/history?step_s=0&from={from}"));
        (found["aircraft"].as_array().unwrap().len() == usize::from(sent)).then_some(())
    });
    daemon.stop("TERM");
}
