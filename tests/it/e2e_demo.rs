//! One demonstration, from its first line to Ctrl-C: every detector, the books, recording and replay of it,
//! clients that come and go.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};

use lowsky::service::clock::Stopwatch;
use serde_json::Value;

use crate::e2e_stream::{Listener, Stream};
use crate::e2e_support::{Daemon, LOWSKY, Program, configure, free_port, get};

const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/seeds");
/// What must be seen, each in its phase, within two minutes.
const WANTED: [(&str, &str); 11] = [
    ("ZONE_INCURSION", "PREDICTED"),
    ("ZONE_INCURSION", "ACTUAL"),
    ("SEPARATION", "ACTUAL"),
    ("HEIGHT_LIMIT", "ACTUAL"),
    ("SPEED_LIMIT", "ACTUAL"),
    ("LOST_LINK", "ACTUAL"),
    ("C2_LOST", "ACTUAL"),
    ("EMERGENCY", "ACTUAL"),
    ("LOW_BATTERY", "ACTUAL"),
    ("TIME_SKEW", "ACTUAL"),
    ("POSITION_INTEGRITY", "ACTUAL"),
];
/// How often the resuming client leaves.
const ROUNDS: u32 = 50;

#[test]
fn the_demonstration() {
    let dir = tempfile::tempdir().unwrap();
    let mqtt_port = free_port();
    // Away from the project, as somebody who has only the program.
    let mut demo = Program::start(Command::new(LOWSKY).current_dir(dir.path()).args([
        "demo",
        "--port",
        "0",
        "--mqtt-port",
        &mqtt_port.to_string(),
        "--aircraft",
        "300",
        "--seed",
        "7",
    ]));
    let since = Stopwatch::start();
    let http: SocketAddr = demo.out.find_from(0, "the address", 20.0, |line| {
        let (_, rest) = line.split_once("http://")?;
        rest.split('/').next()?.parse().ok()
    });
    let (_, page) = get(http, "/");
    assert!(page.contains("<html"), "the console");
    let listener = Listener::start(http);
    std::thread::scope(|scope| {
        scope.spawn(|| record_and_replay(dir.path(), mqtt_port));
        let resumed = scope.spawn(|| comes_and_goes(http));
        everything_is_seen(&listener, since);
        let resumed = resumed.join().unwrap();
        nothing_is_missing(&resumed, &listener);
    });
    the_books_balance(&get(http, "/metrics").1, since.elapsed().as_secs_f64());
    demo.signal("INT");
    assert_eq!(demo.code_within(5.0), Some(0));
    listener.find("told that it ends", 1.0, |frame| frame["type"] == "closed" && frame["code"] == 1012);
}

fn everything_is_seen(listener: &Listener, since: Stopwatch) {
    listener.find("the picture", 10.0, |frame| frame["type"] == "snapshot");
    for (code, phase) in WANTED {
        let left_s = 120.0 - since.elapsed().as_secs_f64();
        listener.find(&format!("{code} {phase}"), left_s, |frame| {
            let seen = |alert: &Value| alert["code"] == code && alert["phase"] == phase;
            let at_first = frame["alerts"].as_array().is_some_and(|alerts| alerts.iter().any(seen));
            at_first || (frame["type"] == "alert" && seen(&frame["alert"]))
        });
    }
    println!("every detector was seen after {:.0} s", since.elapsed().as_secs_f64());
}

/// Connects and leaves again and again; the events that it was told, by number.
fn comes_and_goes(http: SocketAddr) -> BTreeMap<u64, Value> {
    let mut told = BTreeMap::new();
    let mut after: Option<u64> = None;
    for round in 0..ROUNDS {
        let mut stream = Stream::subscribe(http, after);
        let stay_s = 0.4 + 0.2 * f64::from(round % 8);
        let since = Stopwatch::start();
        while since.elapsed().as_secs_f64() < stay_s || after.is_none() {
            let Some(frame) = stream.next(0.1) else { continue };
            match frame["type"].as_str().unwrap() {
                "snapshot" => {
                    assert_eq!(after, None, "a resumed client needs none");
                    after = frame["seq"].as_u64();
                }
                "alert" => {
                    let seq = frame["seq"].as_u64().unwrap();
                    assert_eq!(Some(seq), after.map(|last| last + 1), "dense, none twice");
                    after = Some(seq);
                    told.insert(seq, frame);
                }
                "heartbeat" => {
                    let behind = frame["seq"].as_u64().map(|seq| after.unwrap_or(0) < seq);
                    assert_eq!(behind, Some(false), "a heartbeat comes after the events that it counts");
                }
                other => panic!("{other}: {frame}"),
            }
        }
        // Every other time without a goodbye.
        if round % 2 == 0 {
            stream.close();
        }
    }
    told
}

fn nothing_is_missing(resumed: &BTreeMap<u64, Value>, listener: &Listener) {
    let (first, last) = (*resumed.keys().next().unwrap(), *resumed.keys().last().unwrap());
    assert!(60 < resumed.len(), "{} events", resumed.len());
    listener.find("the last of it", 5.0, |frame| frame["type"] == "alert" && frame["seq"] == last);
    let always = listener.frames();
    let own = always.iter().filter(|frame| frame["type"] == "alert");
    let own: Vec<_> = own.filter(|f| (first..=last).contains(&f["seq"].as_u64().unwrap())).collect();
    assert_eq!(own.len(), resumed.len());
    assert!(own.into_iter().eq(resumed.values()), "who left and came back was told the same");
}

fn the_books_balance(metrics: &str, lived_s: f64) {
    let sum = |name: &str| -> u64 {
        let values = metrics
            .lines()
            .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{'])));
        values.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    };
    let figure = |name: &str| sum(&format!("lowsky_observations_{name}"));
    let offered = figure("offered_total");
    let settled = figure("evaluated_total") + figure("conflated_total") + figure("refused_total");
    println!("offered {offered}, settled {settled}, in flight {}", figure("in_flight"));
    // It goes on while it is counted.
    assert!(offered.abs_diff(settled + figure("in_flight")) <= 50, "{metrics}");
    assert!(figure("in_flight") <= 300, "{metrics}");
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    #[expect(clippy::as_conversions, reason = "small counts")]
    let rate = settled as f64 / lived_s;
    assert!((200.0..400.0).contains(&rate), "{rate} observations a second of 300 aircraft");
    for reason in ["MISSING_FIELD", "UNKNOWN_CRS", "FUTURE", "IDENTITY_MISMATCH"] {
        let label = format!("lowsky_observations_refused_total{{reason=\"{reason}\"}}");
        assert!(0 < sum(&label), "{label}");
    }
    assert_eq!(sum("lowsky_alerts_dropped_total"), 0);
}

fn lowsky(arguments: &[&str]) -> Output {
    let output = Command::new(LOWSKY).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn record_and_replay(dir: &Path, demo_port: u16) {
    let own = dir.join("second");
    std::fs::create_dir(&own).unwrap();
    configure(&own, demo_port, false, 0);
    let (recording, config) = (own.join("demo.jsonl"), own.join("lowsky.toml"));
    let (recording, config) = (recording.to_str().unwrap(), config.to_str().unwrap());
    // The head-on pair and others are close by then.
    std::thread::sleep(std::time::Duration::from_secs(35));
    let told = lowsky(&["record", "--config", config, "--seconds", "10", recording]);
    let text = std::fs::read_to_string(recording).unwrap();
    assert!(2_000 < text.lines().count(), "{}", String::from_utf8_lossy(&told.stderr));

    let zones = format!("{SEEDS}/zones");
    let replay = || lowsky(&["replay", recording, "--config", config, "--zones", &zones]);
    let (first, second) = (replay(), replay());
    let summary = String::from_utf8_lossy(&first.stderr).into_owned();
    let observations = summary.split(" observations").next().and_then(|s| s.rsplit(' ').next()).unwrap();
    assert!(2_000 < observations.parse::<u32>().unwrap(), "{summary}");
    assert!(!first.stdout.is_empty(), "{summary}");
    assert_eq!(first.stdout, second.stdout);
    let codes: BTreeSet<String> = String::from_utf8(first.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["alert"]["code"].to_string())
        .collect();
    assert!(codes.contains("\"SEPARATION\"") && codes.contains("\"TIME_SKEW\""), "{codes:?}");

    // Back to a live service.
    let port = free_port();
    configure(&own, port, true, 0);
    for entry in std::fs::read_dir(&zones).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, own.join("zones").join(path.file_name().unwrap())).unwrap();
    }
    let daemon = Daemon::ready(&own);
    let listener = Listener::start(daemon.http);
    lowsky(&["replay", recording, "--to", &format!("mqtt://127.0.0.1:{port}"), "--speed", "1"]);
    for code in ["TIME_SKEW", "SEPARATION"] {
        listener.find(code, 5.0, |frame| frame["type"] == "alert" && frame["alert"]["code"] == code);
    }
    drop(listener);
    daemon.stop("TERM");
}
