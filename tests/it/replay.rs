//! The built program on recordings: the same bytes every time, in every build, and the reference checkers' verdict.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lowsky::domain::Timestamp;
use lowsky::simulate::{Fleet, FleetSettings};
use lowsky::wire::{Envelope, recording};

use crate::means::unjudged;

const BINARY: &str = env!("CARGO_BIN_EXE_lowsky");
/// A replay takes seconds; a program that does not end is a failure, not a wait.
const PATIENCE: Duration = Duration::from_mins(4);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Two minutes of the simulated fleet, with every incident, as a recording.
fn record(folder: &Path) -> PathBuf {
    let start = Timestamp::parse("2026-11-22T08:00:00Z").unwrap();
    let mut fleet = Fleet::new(FleetSettings { start, aircraft: 120, ..FleetSettings::default() });
    let mut text = String::new();
    for message in fleet.step(start.plus_seconds(120.0)) {
        let received_at = message.at.plus_seconds(0.12);
        recording::write(
            &Envelope { topic: &message.topic, payload: &message.payload, received_at },
            false,
            &mut text,
        );
    }
    let path = folder.join("fleet.jsonl");
    std::fs::write(&path, text).unwrap();
    path
}

/// Runs a program to its end; what it wrote to standard output.
fn output(command: &mut Command, told: &Path) -> (bool, Vec<u8>) {
    let out = std::fs::File::create(told).unwrap();
    let mut child = command.stdin(Stdio::null()).stdout(out).stderr(Stdio::null()).spawn().unwrap();
    #[expect(clippy::disallowed_methods, reason = "a test that waits for a process")]
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return (status.success(), std::fs::read(told).unwrap());
        }
        #[expect(clippy::disallowed_methods, reason = "a test that waits for a process")]
        let late = until < Instant::now();
        if late {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{command:?} does not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Alert events and assessments of a replay.
fn replay(binary: &Path, recording: &Path, folder: &Path) -> [Vec<u8>; 2] {
    let config = folder.join("lowsky.toml");
    std::fs::write(&config, "").unwrap();
    let run = |assessments: Option<&Path>| {
        let mut command = Command::new(binary);
        command.arg("replay").arg(recording).arg("--config").arg(&config);
        command.arg("--zones").arg(root().join("seeds/zones"));
        if let Some(file) = assessments {
            command.arg("--assessments").arg(file);
        }
        let (good, bytes) = output(&mut command, &folder.join("events.jsonl"));
        assert!(good, "{}", binary.display());
        bytes
    };
    let file = folder.join("assessments.jsonl");
    let events = run(None);
    assert_eq!(events, run(Some(&file)), "asking for assessments changes the alerts");
    [events, std::fs::read(file).unwrap()]
}

/// Another build of the program, if there is one: by name, or an optimised one that is newer than every source.
fn other_build() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("LOWSKY_OTHER_BIN") {
        return Some(named.into());
    }
    let path = root().join("target/release/lowsky");
    let built = path.metadata().and_then(|file| file.modified()).ok()?;
    let mut open = vec![root().join("src")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_dir() {
                open.push(entry.path());
            } else if built < entry.metadata().unwrap().modified().unwrap() {
                unjudged(&format!("SKIPPED: {} is older than its sources", path.display()));
                return None;
            }
        }
    }
    Some(path)
}

#[test]
fn a_replay_gives_the_same_bytes_twice_and_in_every_build() {
    let folder = tempfile::tempdir().unwrap();
    let recording = record(folder.path());
    let [events, assessments] = replay(Path::new(BINARY), &recording, folder.path());
    let raised = events.windows(8).filter(|part| part == b"\"RAISED\"").count();
    assert!(raised >= 10, "{raised} alerts");
    assert!(assessments.len() > 10_000);
    assert_eq!(replay(Path::new(BINARY), &recording, folder.path()), [events.clone(), assessments.clone()]);
    match other_build() {
        None => unjudged("SKIPPED: no other build; name one in LOWSKY_OTHER_BIN"),
        Some(other) => {
            let theirs = replay(&other, &recording, folder.path());
            assert!(theirs == [events, assessments], "{} says something else", other.display());
        }
    }
}

#[test]
fn a_replay_refuses_what_the_service_refuses_and_tells_of_a_clock_that_is_ahead() {
    let folder = tempfile::tempdir().unwrap();
    let line = |second: i64, id: &str, ahead_s: i64, retain: bool| {
        let at = |second: i64| Timestamp::from_millis(1_795_334_400_000 + 1000 * second);
        let payload = format!(
            r#"{{"uas_id":"{id}","timestamp":"{}","lat":22.0,"lng":113.0,"alt_hae":500.0,"operational_status":"EMERGENCY"}}"#,
            at(second + ahead_s)
        );
        let (topic, mut text) = (format!("lowsky/v1/telemetry/op/{id}"), String::new());
        let envelope = Envelope { topic: &topic, payload: payload.as_bytes(), received_at: at(second) };
        recording::write(&envelope, retain, &mut text);
        text
    };
    let mut text = line(0, "GHOST", 0, true) + &line(1, "FAST", 0, false);
    (2..6).for_each(|second| text += &line(second, "FAST", 8, false));
    let path = folder.path().join("r.jsonl");
    std::fs::write(&path, text).unwrap();
    let [events, _] = replay(Path::new(BINARY), &path, folder.path());
    let events = String::from_utf8(events).unwrap();
    let told: Vec<_> = events
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|event| event["event"] == "RAISED")
        .map(|event| format!("{} {}", event["alert"]["uas_id"], event["alert"]["code"]))
        .filter(|told| !told.contains("HEIGHT"))
        .collect();
    assert_eq!(told, ["\"FAST\" \"EMERGENCY\"", "\"FAST\" \"TIME_SKEW\""]);
}

/// A folder of reference data, which is not part of the project; `None`, and a word about it, where it is absent.
fn oracle(path: &str) -> Option<PathBuf> {
    let path = root().join("../shared/oracle").join(path);
    if path.exists() {
        return Some(path);
    }
    unjudged(&format!("SKIPPED: no {}", path.display()));
    None
}

#[test]
fn daidalus_agrees_with_every_row() {
    let Some(script) = oracle("daidalus.py") else { return };
    let folder = tempfile::tempdir().unwrap();
    for (data, levels, rows) in [("f3442", "f3442", 1000), ("uav2uav", "uav2uav", 100)] {
        let Some(data) = oracle(&format!("daidalus/{data}")) else { return };
        let mut command = Command::new("python3");
        command.arg(&script).arg(BINARY).arg(data).args(["--levels", levels]);
        let (good, told) = output(&mut command, &folder.path().join("told"));
        let told = String::from_utf8(told).unwrap();
        let last = told.lines().last().unwrap_or_default();
        let passed: u32 = last.split(' ').next().unwrap_or_default().parse().unwrap_or(0);
        assert!(good && rows < passed && last.ends_with(" 0 failed"), "{levels}: {told}");
    }
}

/// Inside or not, as GEOS and PROJ say. The distances to polygons in the reference are those to sampled points of
/// the edges; `airspace_oracle` judges distances.
#[test]
fn containment_agrees_for_every_point() {
    let Some(data) = oracle("containment") else { return };
    let folder = tempfile::tempdir().unwrap();
    let points = std::fs::read_to_string(data.join("points.csv")).unwrap();
    let (mut text, mut wanted) = (String::new(), Vec::new());
    for (index, line) in points.lines().skip(1).enumerate() {
        let fields: Vec<&str> = line.split(',').collect();
        let [zone, lat, lng, inside, _] = fields.as_slice() else { panic!("{line}") };
        let id = format!("P{index:04}");
        let received_at = Timestamp::from_millis(1_795_334_400_000 + 1000 * i64::try_from(index).unwrap());
        let payload = format!(
            r#"{{"uas_id":"{id}","timestamp":"{received_at}","lat":{lat},"lng":{lng},"alt_hae":500.0}}"#
        );
        let topic = format!("lowsky/v1/telemetry/test/{id}");
        recording::write(
            &Envelope { topic: &topic, payload: payload.as_bytes(), received_at },
            false,
            &mut text,
        );
        wanted.push((id, (*zone).to_owned(), *inside == "1"));
    }
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("points.jsonl"), text).unwrap();
    std::fs::write(path("lowsky.toml"), "").unwrap();
    let mut command = Command::new(BINARY);
    command.arg("replay").arg(path("points.jsonl")).arg("--config").arg(path("lowsky.toml"));
    command.arg("--zones").arg(data.join("zones")).arg("--assessments").arg(path("assessments.jsonl"));
    assert!(output(&mut command, &path("events.jsonl")).0);
    let inside: std::collections::BTreeSet<(String, String)> =
        std::fs::read_to_string(path("assessments.jsonl"))
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .filter(|line| line["inside"] == true)
            .map(|line| [&line["uas_id"], &line["zone"]].map(|text| text.as_str().unwrap().to_owned()).into())
            .collect();
    let wrong: Vec<_> =
        wanted.iter().filter(|(id, zone, is)| inside.contains(&(id.clone(), zone.clone())) != *is).collect();
    assert_eq!((wanted.len(), wrong), (440, vec![]));
}
