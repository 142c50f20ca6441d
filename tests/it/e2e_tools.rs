//! `simulate` and `watch` as the programs that people start beside the daemon.

use std::process::Command;

use serde_json::Value;

use crate::e2e_stream::Listener;
use crate::e2e_support::{Daemon, LOWSKY, Program, configure, free_port};

const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/seeds/scenarios/head-on.json");

#[test]
fn a_scenario_flies_and_watch_follows_through_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (port, http_port) = (free_port(), free_port());
    configure(dir.path(), port, true, http_port);
    std::fs::copy(
        concat!(env!("CARGO_MANIFEST_DIR"), "/seeds/zones/city.json"),
        dir.path().join("zones/city.json"),
    )
    .unwrap();
    let daemon = Daemon::ready(dir.path());
    let url = format!("http://127.0.0.1:{http_port}");
    let mut watch = Program::start(Command::new(LOWSKY).args(["watch", &url, "--json", "--lang", "en"]));
    watch.err.find("open alerts", 10.0);
    let stream = Listener::start(daemon.http);
    let flown = fly(port);
    let raised = stream.find("raised", 30.0, |frame| is_of_the_pair(frame, "RAISED"));
    let critical = stream.find("critical and actual", 45.0, |frame| {
        is_of_the_pair(frame, "ESCALATED")
            && frame["alert"]["phase"] == "ACTUAL"
            && frame["alert"]["severity"] == "CRITICAL"
    });
    assert_eq!(raised["alert"]["alert_id"], critical["alert"]["alert_id"]);
    // The same lines as any client's frames.
    for event in [&raised, &critical] {
        watch.out.json("in JSON Lines", 2.0, |line| line == event);
    }
    flown.signal("INT");
    let mut flown = flown;
    assert_eq!(flown.code_within(5.0), Some(0));

    drop(stream);
    daemon.stop("TERM");
    watch.err.find("NOT LIVE", 5.0);
    let before = watch.out.len();
    let daemon = Daemon::ready(dir.path());
    watch.err.find("LIVE again", 20.0);
    let _flown = fly(port);
    let again =
        |line: &str| serde_json::from_str(line).ok().filter(|frame: &Value| is_of_the_pair(frame, "RAISED"));
    watch.out.find_from(before, "raised again", 30.0, again);
    watch.signal("INT");
    assert_eq!(watch.code_within(5.0), Some(0));
    daemon.stop("INT");
}

fn fly(port: u16) -> Program {
    let to = format!("mqtt://127.0.0.1:{port}");
    Program::start(Command::new(LOWSKY).args(["simulate", "--scenario", SCENARIO, "--to", &to]))
}

fn is_of_the_pair(frame: &Value, event: &str) -> bool {
    frame["type"] == "alert"
        && frame["event"] == event
        && frame["alert"]["code"] == "SEPARATION"
        && frame["alert"]["uas_id"] == "A"
        && frame["alert"]["other"]["uas_id"] == "B"
}

#[test]
fn a_message_is_judged_on_the_command_line_as_by_the_service() {
    let dir = tempfile::tempdir().unwrap();
    let message = dir.path().join("message.json");
    let judge = |text: &str| {
        std::fs::write(&message, text).unwrap();
        let mut program = Program::start(
            Command::new(LOWSKY).args(["check", "--telemetry"]).arg(&message).current_dir(dir.path()),
        );
        (program.code_within(20.0), program.out.all().join("\n"))
    };
    let good =
        format!(r#"{{"uas_id":"A","timestamp":"{}","lat":22.5,"lng":114.0}}"#, lowsky::service::clock::now());
    let (code, told) = judge(&good);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("lowsky/v1/telemetry/operator/A: accepted"), "{told}");
    let (code, told) = judge(&good.replace("\"lat\":22.5,", "\n\"lat\":114.5,"));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("message.json:2:7: OUT_OF_RANGE lat") && told.contains("refused"), "{told}");
}
