//! The authority edits, breaks, empties and removes its zone files while the service runs and between two runs.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lowsky::service::clock::Stopwatch;
use serde_json::Value;

use crate::e2e_support::{Daemon, Sender, configure, free_port, get, place, report, until, zone, zones};
use crate::zones_support::{ask, by};

/// Longest time from an edit to a report that is judged by it, seconds.
const TAKEN_WITHIN_S: f64 = 3.0;

/// Documents that must not be taken, made from a good one; `¶` marks where the fault is.
fn broken(good: &str) -> Vec<Vec<u8>> {
    let with = |old: &str, new: &str| {
        assert!(good.contains(old), "{old}");
        good.replacen(old, new, 1)
    };
    // From the first corner's own text to what closes the ring.
    let (before, rest) = good.split_once("\"coordinates\": [[\n").unwrap();
    let (ring, after) = rest.split_once("]],\n").unwrap();
    let ringed = |ring: &str| format!("{before}\"coordinates\": [[\n{ring}]],\n{after}");
    let corners: Vec<&str> = ring.split(",\n").collect();
    let (a, b, c, d) = (corners[0], corners[1], corners[2], corners[3]);
    let half = good.split_at(good.find("\"layer\"").unwrap()).0;
    let texts = [
        format!("{half}¶"),
        "¶".to_owned(),
        "¶[]".to_owned(),
        "{\"type\": \"FeatureCollection\", \"features\": ¶null}".to_owned(),
        format!("{good}¶x"),
        with("\"country\": \"CHN\",", "\"country\": \"CHN\",\n¶,"),
        with("\"FeatureCollection\"", "¶\"Feature\""),
        with("{\"type\": \"Feature\",", "{\"type\": ¶\"Zone\","),
        with("\"PROHIBITED\"", "¶\"FORBIDDEN\""),
        with("\"KEEPOUT\"", "¶\"\""),
        with("\"identifier\": \"KEEPOUT\",", "").replacen("\"properties\": {", "\"properties\": ¶{", 1),
        with("\"Polygon\"", "¶\"Line\""),
        ringed(&format!("{a},\n{b},\n{c},\n   ¶{}", d.trim_start())),
        ringed(&format!("   ¶{},\n{c},\n{b},\n{d},\n{a}", a.trim_start())),
        with("\"coordinates\": [[\n", "\"coordinates\": [¶[\n").replacen(&format!("{c},\n{d},\n"), "", 1),
        ringed(&format!("{a},\n   ¶[113.46, 95.0],\n{c},\n{d},\n{a}")),
        ringed(&format!("{a},\n   [113.46, ¶\"22.75\"],\n{c},\n{d},\n{a}")),
        ringed(&format!("{a},\n   ¶[113.46],\n{c},\n{d},\n{a}")),
        with("\"upper\": 120", "\"upper\": ¶-5"),
        with("\"upperReference\": \"AGL\"", "\"upperReference\": ¶\"FL\""),
        with("\"uom\": \"m\"", "\"uom\": ¶\"km\""),
        with("\"layer\": {\n   \"lower\": 0", "\"layer\": {\n   \"lower\": ¶NaN"),
    ];
    let mut all: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    all.push(
        with("test zone", "¶\u{1}").into_bytes().into_iter().map(|b| if b == 1 { 0xff } else { b }).collect(),
    );
    all.push(format!("¶{good}").into_bytes());
    let last = all.last_mut().unwrap();
    last.splice(2..2, *b"\xff\xfe");
    all
}

/// The bytes without the mark, and the line and column at which it stood.
fn marked(bytes: &[u8]) -> (Vec<u8>, usize, usize) {
    let mark = "¶".as_bytes();
    let at = bytes.windows(mark.len()).position(|window| window == mark).expect("a mark");
    let before = &bytes[..at];
    let text = String::from_utf8_lossy(before);
    let line = text.matches('\n').count() + 1;
    let column = text.rsplit('\n').next().unwrap().chars().count() + 1;
    ([before, &bytes[at + mark.len()..]].concat(), line, column)
}

fn in_force(daemon: &Daemon) -> Value {
    daemon.json("/api/v1/zones")["features"].clone()
}

/// The condition of the zones: status and reason.
fn condition(daemon: &Daemon) -> (String, String) {
    let health = daemon.health();
    let zones = &health["components"]["zones"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&zones["status"]), text(&zones["reason"]))
}

/// The draft by which files that are held can be published.
fn held(daemon: &Daemon) -> Option<String> {
    let (status, reason) = condition(daemon);
    let (_, after) = reason.split_once("publishes draft ").filter(|_| status == "degraded")?;
    Some(after.split(',').next()?.to_owned())
}

fn incursion(daemon: &Daemon) -> Option<Value> {
    let open = daemon.json("/api/v1/alerts?state=OPEN&code=ZONE_INCURSION&uas_id=HOVER");
    open["alerts"].as_array().unwrap().first().cloned()
}

fn is_refused(daemon: &Daemon, file: &std::path::Path, bytes: &[u8]) {
    let (bytes, line, column) = marked(bytes);
    let logged = daemon.program.err.len();
    fs::write(file, &bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let start = format!("z.json:{line}:");
    let reason = until(&format!("{start}{column} told of\n{text}"), 6.0, || {
        let (status, reason) = condition(daemon);
        let place = reason.strip_prefix(&start)?.split(':').next()?.parse::<usize>().ok()?;
        // The parser names the character at which it noticed: this one, or the last of the word before it.
        (status == "degraded" && place.abs_diff(column) <= 4).then_some(reason)
    });
    let told = |line: &str| (line.contains("ERROR") && line.contains(&start)).then_some(());
    daemon.program.err.find_from(logged, &reason, 2.0, told);
    assert_eq!(get(daemon.http, "/readyz").0, 200, "the good zones protect: {reason}");
}

#[test]
fn p21_p24_edited_broken_emptied_removed_and_restarted() {
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    configure(dir.path(), port, true, 0);
    let file = dir.path().join("zones/z.json");
    let far = zone("FAR", [5_000.0, 5_000.0, 5_400.0, 5_400.0]);
    let near = zone("KEEPOUT", [-200.0, -200.0, 200.0, 200.0]);
    fs::write(&file, zones(std::slice::from_ref(&far))).unwrap();
    let daemon = Daemon::ready(dir.path());
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut sender = Sender::connect(port, "hover");
            while !over.load(Ordering::Relaxed) {
                sender.report(&report("HOVER", place(0.0, 0.0), 0.0, 0.0));
                std::thread::sleep(Duration::from_millis(250));
            }
        });
        // Ends the thread also when the test fails.
        let _end = SetOnDrop(&over);
        until("the aircraft is seen", 5.0, || {
            (get(daemon.http, "/api/v1/tracks/HOVER").0 == 200).then_some(())
        });
        assert_eq!(incursion(&daemon), None);
        while_it_runs(&daemon, &file, &far, &near);
        the_folder_goes_and_comes(&daemon, &file, &far, &near);
    });
    after_a_restart(daemon, dir.path(), &far);
}

struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn while_it_runs(daemon: &Daemon, file: &std::path::Path, far: &str, near: &str) {
    let both = zones(&[far.to_owned(), near.to_owned()]);
    let edited = Stopwatch::start();
    fs::write(file, &both).unwrap();
    let alert = until("judged by the new zones", TAKEN_WITHIN_S, || incursion(daemon));
    println!("an edit was in force after {:.2} s", edited.elapsed().as_secs_f64());
    assert_eq!((&alert["phase"], &alert["zone"]["id"]), (&"ACTUAL".into(), &"KEEPOUT".into()));
    let good = in_force(daemon);
    assert_eq!(good.as_array().unwrap().len(), 2);

    let all = broken(&zones(&[near.to_owned()]));
    assert!(20 <= all.len());
    for bytes in &all {
        is_refused(daemon, file, bytes);
        assert_eq!(in_force(daemon), good);
        let now = incursion(daemon).expect("the alert stands");
        assert_eq!(now["alert_id"], alert["alert_id"]);
    }
    // A good file beside a broken one: the set is taken whole or not at all.
    let second = file.with_file_name("second.geojson");
    fs::write(&second, zones(&[zone("SECOND", [9_000.0, 0.0, 9_100.0, 100.0])])).unwrap();
    std::thread::sleep(Duration::from_millis(800));
    assert_eq!(in_force(daemon), good);
    fs::remove_file(&second).unwrap();

    fs::write(file, zones(&[far.to_owned()])).unwrap();
    let draft = until("removal by hand is held", TAKEN_WITHIN_S, || held(daemon));
    assert_eq!(in_force(daemon), good);
    assert_eq!(incursion(daemon).expect("the alert stands")["alert_id"], alert["alert_id"]);
    let publish = format!("POST /api/v1/zones/drafts/{draft}/publish");
    ask(daemon.http, &publish, &by("Han Meimei", ""), "").is(200);
    assert_eq!(condition(daemon).0, "ok");
    assert_eq!(in_force(daemon).as_array().unwrap().len(), 1);
    until("the zone is gone, so is its alert", 10.0, || incursion(daemon).is_none().then_some(()));
}

fn the_folder_goes_and_comes(daemon: &Daemon, file: &std::path::Path, far: &str, near: &str) {
    let good = in_force(daemon);
    fs::remove_file(file).unwrap();
    until("the empty folder is told", 6.0, || (condition(daemon).0 == "degraded").then_some(()));
    assert_eq!(in_force(daemon), good);
    fs::remove_dir_all(file.parent().unwrap()).unwrap();
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!((condition(daemon).0.as_str(), in_force(daemon)), ("degraded", good));
    fs::create_dir(file.parent().unwrap()).unwrap();
    fs::write(file, zones(&[far.to_owned(), near.to_owned()])).unwrap();
    until("a folder made anew is taken", 6.0, || (condition(daemon).0 == "ok").then_some(()));
    until("and judges", TAKEN_WITHIN_S, || incursion(daemon));
}

fn after_a_restart(daemon: Daemon, dir: &std::path::Path, far: &str) {
    let good = in_force(&daemon);
    daemon.stop("TERM");
    fs::write(dir.join("zones/z.json"), "{\"type\": \"FeatureCollection\",\n\"features\": [").unwrap();
    let daemon = Daemon::start(dir);
    let health = until("ready with the last good zones", 10.0, || {
        Some(daemon.health()).filter(|health| health["status"] == "degraded")
    });
    assert_eq!(health["components"]["zones"]["status"], "degraded");
    let reason = health["components"]["zones"]["reason"].as_str().unwrap();
    assert!(reason.contains("z.json:2:"), "where it is broken is told: {reason}");
    assert_eq!(in_force(&daemon), good);
    daemon.stop("TERM");

    // A zone that is taken out while nobody looks is held at the start.
    fs::write(dir.join("zones/z.json"), zones(&[far.to_owned()])).unwrap();
    let daemon = Daemon::start(dir);
    let draft = until("held at the start", 10.0, || held(&daemon));
    assert_eq!(in_force(&daemon), good);
    let publish = format!("POST /api/v1/zones/drafts/{draft}/publish");
    ask(daemon.http, &publish, &by("Han Meimei", ""), "").is(200);
    assert_eq!(in_force(&daemon).as_array().unwrap().len(), 1);
    daemon.stop("TERM");
    let daemon = Daemon::ready(dir);
    assert_eq!((condition(&daemon).0.as_str(), in_force(&daemon).as_array().unwrap().len()), ("ok", 1));
    daemon.stop("TERM");
}
