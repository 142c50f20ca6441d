//! Exit codes and what a person reads beside them.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use crate::e2e_support::{LOWSKY, configure, free_port};

fn lowsky(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(LOWSKY).current_dir(dir).args(arguments).output().unwrap()
}

/// The command ends with `code` and says every one of `texts`.
fn ends(dir: &Path, arguments: &[&str], code: i32, texts: &[&str]) {
    let Output { status, stdout, stderr } = lowsky(dir, arguments);
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert_eq!(status.code(), Some(code), "{arguments:?}: {said}");
    for text in texts {
        assert!(said.contains(text), "{arguments:?} does not say `{text}`: {said}");
    }
}

#[test]
fn done_is_0() {
    let dir = tempfile::tempdir().unwrap();
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/seeds");
    let recording = format!("{seeds}/recordings/nmea-beidou.jsonl");
    ends(dir.path(), &["--version"], 0, &["lowsky"]);
    ends(dir.path(), &["check", &format!("{seeds}/zones")], 0, &["no error"]);
    ends(dir.path(), &["replay", &recording], 0, &["observations"]);
}

#[test]
fn wrong_input_is_1_and_says_where() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    let good = r#"{"received_at": "2026-11-22T08:00:00.231Z", "topic": "a", "payload": "b"}"#;
    write("bad.jsonl", &format!("{good}\n\n{good}\n{{\"received_at\": 7, \"topic\" 8}}\n"));
    ends(dir.path(), &["replay", "bad.jsonl"], 1, &["bad.jsonl:4:28: "]);
    ends(dir.path(), &["replay", "absent.jsonl"], 1, &["absent.jsonl: "]);
    write("bad.json", "{\"type\": \"FeatureCollection\",\n \"features\": 5}");
    ends(dir.path(), &["check", "bad.json"], 1, &["bad.json:2:14: error: "]);
    write("typo.toml", "[http]\nlisten = \"127.0.0.1:0\"\n\n[mqtt]\nembeded = true\n");
    for command in [&["run", "--config", "typo.toml"][..], &["check", "typo.toml"]] {
        ends(dir.path(), command, 1, &["typo.toml:5:1: ", "did you mean `embedded`?"]);
    }
    write("broken.toml", "[http\n");
    ends(dir.path(), &["run", "--config", "broken.toml"], 1, &["broken.toml:1:"]);
    ends(dir.path(), &["run", "--config", "absent.toml"], 1, &["absent.toml: "]);
    write("scenario.json", "{\n\"name\": 1}");
    ends(
        dir.path(),
        &["simulate", "--scenario", "scenario.json", "--to", "mqtt://127.0.0.1:1"],
        1,
        &["line 2"],
    );
}

#[test]
fn wrong_usage_is_2() {
    let dir = tempfile::tempdir().unwrap();
    ends(dir.path(), &[], 2, &["Usage"]);
    ends(dir.path(), &["fly"], 2, &["fly"]);
    ends(dir.path(), &["run", "--prot", "1"], 2, &["--prot"]);
    ends(dir.path(), &["simulate"], 2, &["--to"]);
    ends(dir.path(), &["simulate", "--to", "http://x"], 2, &["--to", "http://x"]);
    ends(dir.path(), &["replay", "r.jsonl", "--to", "127.0.0.1"], 2, &["--to"]);
    for speed in ["0", "-1", "nan", "inf", "fast"] {
        let speed = format!("--speed={speed}");
        ends(dir.path(), &["replay", "r.jsonl", "--to", "mqtt://h", &speed], 2, &["a number over 0"]);
    }
    ends(dir.path(), &["watch", "mqtt://127.0.0.1:1"], 2, &["mqtt://"]);
}

#[test]
fn a_failure_outside_is_3() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    configure(dir.path(), free_port(), false, port);
    let here = format!("127.0.0.1:{port}");
    ends(dir.path(), &["run", "--config", "lowsky.toml"], 3, &[&here, "listen"]);
    #[cfg(feature = "embedded-broker")]
    {
        configure(dir.path(), port, true, 0);
        ends(dir.path(), &["run", "--config", "lowsky.toml"], 3, &[&here, "broker"]);
        ends(dir.path(), &["demo", "--port", "0", "--mqtt-port", &port.to_string()], 3, &[&here]);
    }
    let nobody = free_port();
    configure(dir.path(), nobody, false, 0);
    let there = format!("127.0.0.1:{nobody}");
    std::thread::scope(|scope| {
        let recording = || ends(dir.path(), &["record", "--config", "lowsky.toml", "-"], 3, &[&there]);
        scope.spawn(recording);
        scope.spawn(|| ends(dir.path(), &["simulate", "--to", &format!("mqtt://{there}")], 3, &[&there]));
        scope.spawn(|| ends(dir.path(), &["watch", &format!("http://{there}")], 3, &[&there]));
    });
}
