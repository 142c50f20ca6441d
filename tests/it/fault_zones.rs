//! Broken and hostile zone documents before a running service under light load: the last good set stays, the reason has the
//! place, no reading takes long, and evaluation does not wait for it.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use lowsky::service::clock::Stopwatch;
use serde_json::Value;

use crate::calm::Calm;
use crate::e2e_stream::Stream;
use crate::e2e_support::{Daemon, Sender, configure, free_port, place, report, until, zone, zones};

/// Longest time from a document's writing to the reason why it is refused, seconds.
const LOADED_WITHIN_S: f64 = 10.0;
/// Longest wait of a report for its evaluation, milliseconds.
const LAG_MS: f64 = 100.0;
/// Aircraft that report twice a second.
const AIRCRAFT: u32 = 20;
/// At so many places a good document is cut.
const CUTS: usize = 24;

/// What a document is called, and its bytes.
type Hostile = (String, Vec<u8>);

fn corners(count: usize) -> String {
    // As short as a position can be: a file may have 8 MiB.
    let mut text = "[0,1],".repeat(count);
    text.push_str("[0,1]");
    text
}

/// A feature of a polygon of these rings.
fn polygon(rings: &str) -> String {
    format!(
        "{{\"type\": \"FeatureCollection\", \"features\": [\n{{\"type\": \"Feature\", \"geometry\": {{\"type\": \"Polygon\",\n\
         \"coordinates\": [{rings}]}}, \"properties\": {{\"identifier\": \"H\", \"type\": \"PROHIBITED\"}}}}]}}"
    )
}

const RING: &str = "[[113.4, 22.7], [113.5, 22.7], [113.5, 22.8], [113.4, 22.8], [113.4, 22.7]]";

fn texts() -> Vec<(&'static str, String)> {
    let good = polygon(RING);
    let with = |old: &str, new: &str| {
        assert!(good.contains(old), "{old}");
        good.replacen(old, new, 1)
    };
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000));
    let listed = |one: &str, count: usize| {
        format!(
            "{{\"type\": \"FeatureCollection\", \"features\": [{}{one}]}}",
            format!("{one},").repeat(count)
        )
    };
    vec![
        ("empty", String::new()),
        ("blank", " \n\t ".into()),
        ("an array", "[]".into()),
        ("null", "null".into()),
        ("half an object", "{".into()),
        ("no features", "{\"type\": \"FeatureCollection\"}".into()),
        ("features null", "{\"type\": \"FeatureCollection\", \"features\": null}".into()),
        ("features numbers", listed("1", 3)),
        ("another type", with("FeatureCollection", "Topology")),
        ("two documents", format!("{good}{good}")),
        ("a comma too many", with("}}]}", "}},]}")),
        ("a comment", format!("// zones\n{good}")),
        ("a member twice", with("\"identifier\": \"H\"", "\"identifier\": \"H\", \"identifier\": \"I\"")),
        ("NaN", with("113.4", "NaN")),
        ("1e999", with("113.4", "1e999")),
        ("1e308", polygon("[[1e308, 22.7], [113.5, 22.7], [113.5, 22.8], [1e308, 22.7]]")),
        ("95 degrees", polygon("[[113.4, 95], [113.5, 95], [113.5, 95.1], [113.4, 95]]")),
        ("exchanged", polygon("[[22.7, 113.4], [22.7, 113.5], [22.8, 113.5], [22.7, 113.4]]")),
        ("bow-tie", polygon("[[113.4, 22.7], [113.5, 22.8], [113.5, 22.7], [113.4, 22.8], [113.4, 22.7]]")),
        (
            "spike",
            polygon(
                "[[113.4, 22.7], [113.5, 22.7], [113.7, 22.7], [113.5, 22.7], [113.5, 22.8], [113.4, 22.7]]",
            ),
        ),
        ("no area", polygon("[[113.4, 22.7], [113.5, 22.7], [113.6, 22.7], [113.4, 22.7]]")),
        ("one point", polygon("[[113.4, 22.7], [113.4, 22.7], [113.4, 22.7], [113.4, 22.7]]")),
        ("not closed", polygon("[[113.4, 22.7], [113.5, 22.7], [113.5, 22.8], [113.4, 22.8]]")),
        (
            "hole outside",
            polygon(&format!("{RING}, [[115, 22.7], [115.1, 22.7], [115.1, 22.8], [115, 22.7]]")),
        ),
        ("hole is the shell", polygon(&format!("{RING}, {RING}"))),
        ("the 180th meridian", polygon("[[179, 1], [-179, 1], [-179, 2], [179, 1]]")),
        ("a pole", polygon("[[0, 89], [90, 89], [90, 90], [0, 89]]")),
        ("empty ring", polygon("[]")),
        ("a million corners", polygon(&format!("[{}]", corners(1_000_000)))),
        (
            "a hundred thousand zones",
            listed("{\"type\":\"Feature\",\"geometry\":{},\"properties\":{}}", 100_000),
        ),
        ("a million features", listed("0", 1_000_000)),
        ("10,000 deep", polygon(&deep("[", "]"))),
        ("10,000 deep beside", with("\"type\": \"PROHIBITED\"", &format!("\"x\": {}", deep("{\"a\":", "}")))),
        ("10,000 deep and open", polygon(&"[".repeat(10_000))),
        ("an identifier of a megabyte", with("\"H\"", &format!("\"{}\"", "H".repeat(1 << 20)))),
        ("a lone surrogate", with("\"H\"", "\"\\ud800\"")),
    ]
}

fn documents(good: &str) -> Vec<Hostile> {
    let mut all: Vec<Hostile> =
        texts().into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect();
    all.push((
        "no UTF-8".into(),
        polygon(RING)
            .replace('H', "\u{1}")
            .into_bytes()
            .into_iter()
            .map(|b| if b == 1 { 0xff } else { b })
            .collect(),
    ));
    all.push(("UTF-16".into(), b"\xff\xfe{\0}\0".to_vec()));
    all.push(("noughts".into(), vec![0; 4096]));
    for cut in 0..CUTS {
        let end = good.len() * cut / CUTS + cut;
        let end = (end..good.len()).find(|end| good.is_char_boundary(*end)).unwrap().min(good.len() - 3);
        all.push((format!("cut at {end}"), good.as_bytes()[..end].to_vec()));
    }
    all
}

/// The condition of the zones: status and reason.
fn condition(daemon: &Daemon) -> (String, String) {
    let zones = daemon.health()["components"]["zones"].clone();
    let text = |name: &str| zones[name].as_str().unwrap_or_default().to_owned();
    (text("status"), text("reason"))
}

fn in_force(daemon: &Daemon) -> Value {
    daemon.json("/api/v1/zones")["features"].clone()
}

/// Seconds until a file is refused; the reason must begin with its name, line and column if there are any.
fn refused_after_s(daemon: &Daemon, file: &str, what: &str, has_place: bool) -> f64 {
    let since = Stopwatch::start();
    let reason = until(what, 30.0, || {
        let (status, reason) = condition(daemon);
        (status == "degraded" && reason.contains(file)).then_some(reason)
    });
    let took_s = since.elapsed().as_secs_f64();
    let place: Vec<&str> = reason.split(':').collect();
    let is_number =
        |at: usize| place.get(at).is_some_and(|part| part.parse::<u32>().is_ok_and(|number| 0 < number));
    assert!(!has_place || (place[0] == file && is_number(1) && is_number(2)), "{what}: {reason}");
    took_s
}

/// Puts every document into the folder, one after the other, beside a good one.
fn besiege(daemon: &Daemon, dir: &Path, good: &str, file: &str, late: &Mutex<Vec<String>>) {
    let force = in_force(daemon);
    let mut slowest = (0.0, String::new());
    let documents = documents(good);
    assert!(60 <= documents.len(), "{}", documents.len());
    for (n, (what, bytes)) in documents.iter().enumerate() {
        let name = format!("h{n}.json");
        fs::write(dir.join(&name), bytes).unwrap();
        let took_s = refused_after_s(daemon, &name, what, true);
        assert_eq!(in_force(daemon), force, "{what}");
        fs::remove_file(dir.join(&name)).unwrap();
        if LOADED_WITHIN_S < took_s {
            late.lock().unwrap().push(format!("{what} took {took_s:.1} s"));
        }
        if slowest.0 < took_s {
            slowest = (took_s, what.clone());
        }
    }
    println!(
        "{} documents; the slowest, {}, was refused after {:.1} s",
        documents.len(),
        slowest.1,
        slowest.0
    );
    let odd = dir.join("odd.json");
    std::os::unix::fs::symlink(&odd, &odd).unwrap();
    refused_after_s(daemon, "odd.json", "a link to itself", false);
    fs::remove_file(&odd).unwrap();
    fs::write(dir.join("broken.json"), "{").unwrap();
    refused_after_s(daemon, "broken.json", "what follows is told anew", true);
    fs::remove_file(dir.join("broken.json")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&odd).status().unwrap().success());
    refused_after_s(daemon, "odd.json", "a pipe", false);
    fs::remove_file(&odd).unwrap();
    assert_eq!(in_force(daemon), force);
    // An editor that empties the file and writes it in two halves with a pause.
    let path = dir.join(file);
    for _ in 0..10 {
        fs::write(&path, "").unwrap();
        std::thread::sleep(Duration::from_millis(30));
        fs::write(&path, &good[..good.len() / 2]).unwrap();
        std::thread::sleep(Duration::from_millis(120));
        fs::write(&path, good).unwrap();
        assert_eq!(in_force(daemon), force);
        std::thread::sleep(Duration::from_millis(100));
    }
    until("the good document is taken again", 10.0, || (condition(daemon).0 == "ok").then_some(()));
    assert_eq!(in_force(daemon), force);
}

#[test]
fn p21_p23_a_siege_of_hostile_documents_delays_no_evaluation_and_replaces_nothing() {
    let calm = Calm::measure();
    let dir = tempfile::tempdir().unwrap();
    let mqtt = free_port();
    configure(dir.path(), mqtt, true, 0);
    let zone = |n: u32| {
        zone(&format!("Z{n:02}"), [f64::from(n) * 900.0, 3_000.0, f64::from(n) * 900.0 + 400.0, 3_400.0])
    };
    let good = zones(&(0..20).map(zone).collect::<Vec<_>>());
    fs::write(dir.path().join("zones/z.json"), &good).unwrap();
    let daemon = Daemon::ready(dir.path());
    let (over, late, lags_ms) = (AtomicBool::new(false), Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut sender = Sender::connect(mqtt, "fleet");
            while !over.load(Relaxed) {
                for n in 0..AIRCRAFT {
                    sender.report(&report(&format!("S{n}"), place(f64::from(n) * 300.0, 0.0), 0.0, 0.0));
                }
                std::thread::sleep(Duration::from_millis(500));
            }
        });
        scope.spawn(|| {
            let mut stream = Stream::subscribe(daemon.http, None);
            while !over.load(Relaxed) {
                let frame = stream.next(0.2).unwrap_or_default();
                lags_ms
                    .lock()
                    .unwrap()
                    .extend(frame["lag_ms"].as_f64().filter(|_| frame["type"] == "heartbeat"));
            }
        });
        // Ends the threads also when the test fails.
        let _end = SetOnDrop(&over);
        std::thread::sleep(Duration::from_secs(2));
        lags_ms.lock().unwrap().clear();
        besiege(&daemon, &dir.path().join("zones"), &good, "z.json", &late);
    });
    let (mut late, lags_ms) = (late.into_inner().unwrap(), lags_ms.into_inner().unwrap());
    let most_ms = lags_ms.iter().copied().fold(0.0, f64::max);
    println!("{} heartbeats; a report waited {most_ms:.1} ms at most", lags_ms.len());
    assert!(10 < lags_ms.len(), "the heart went on");
    if LAG_MS < most_ms {
        late.push(format!("a report waited {most_ms:.1} ms for its evaluation"));
    }
    daemon.stop("TERM");
    calm.judge(&late);
}

struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}
