//! A start after a crash with a long history, many open alerts, and a fleet that was in the air.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use lowsky::domain::{AlertEvent, AlertEventKind, LatLng};
use lowsky::history::{Arrived, HistorySettings, Recorder};
use lowsky::journal::{Entry, Store};
use lowsky::service::clock::{self, Stopwatch};

use crate::calm::{Calm, quantile};
use crate::e2e_support::{Daemon, configure, foreign_programs, free_port, mosquitto, place, until};
use crate::fault_check::alerts;
use crate::history_store::arrived;
use crate::journal_support::{close, open, wait};

/// Events in the test; `LOWSKY_EVENTS=1000000` for the whole promise.
const EVENTS: u64 = 100_000;
/// The newest events are of alerts that are open.
const OPEN: u64 = 10_000;
/// Aircraft that reported every second of the last minute.
const AIRCRAFT: u32 = 10_000;
const FLOWN_S: u32 = 60;
/// Crashes and starts.
const STARTS: usize = 3;
/// Most seconds from the start of the process until it is ready.
const READY_S: f64 = 2.0;
/// Events that are made at once.
const PORTION: u64 = 5_000;

/// An alert of its own for every event: closed ones, and at last open ones.
fn entry(seq: u64, events: u64) -> Entry {
    let open = events - OPEN < seq;
    let ago_s = f64::from(u32::try_from(events - seq).unwrap());
    let at = clock::now().plus_seconds(-ago_s / 100.0 - 10.0);
    let (event, state) =
        if open { (AlertEventKind::Raised, "OPEN") } else { (AlertEventKind::Cleared, "CLEARED") };
    let cleared = if open { String::new() } else { format!(r#""cleared_at":"{at}","#) };
    let json = format!(
        r#"{{"alert_id":"H-{seq}","code":"ZONE_INCURSION","phase":"ACTUAL","severity":"CRITICAL","state":"{state}","uas_id":"H{seq:07}","operator":"op","zone":{{"id":"OLD","version":"1","name":"old"}},"raised_at":"{at}","updated_at":"{at}",{cleared}"observed_at":"{at}","position":{{"lat":22.5,"lng":114.05,"alt_hae":60.0}},"measured":{{"distance_m":1.0}},"limit":{{"distance_m":0.0}},"data":"GOOD","rule":"zone/prohibited","explanation":{{"zh-CN":"在禁飞区内","en":"Inside a prohibited zone."}}}}"#
    );
    let event = AlertEvent { event, alert: serde_json::from_str(&json).unwrap() };
    Entry { seq, event: Arc::new(event), alert_json: json.into() }
}

fn write_history(dir: &Path, events: u64) {
    let (journal, _) = open(dir);
    for first in (1..=events).step_by(usize::try_from(PORTION).unwrap()) {
        let last = (first + PORTION - 1).min(events);
        journal.append((first..=last).map(|seq| entry(seq, events)).collect()).unwrap();
        wait(&journal, "written", |progress| last <= progress.durable_seq);
    }
    close(&journal);
}

/// The positions of a whole fleet, 300 m from each other, up to now.
fn write_positions(dir: &Path) {
    let now = clock::now();
    let settings = HistorySettings { dir: dir.join("history"), keep_hours: 24, bytes_max: 1 << 30 };
    let recorder = Recorder::start(settings, now, || {}).unwrap();
    for second in 0..FLOWN_S {
        for number in 0..AIRCRAFT {
            let received_at = now.plus_seconds(
                f64::from(second) + f64::from(number) / f64::from(AIRCRAFT) - f64::from(FLOWN_S),
            );
            let (east_m, north_m) =
                (f64::from(number % 100) * 300.0, f64::from(number / 100) * 300.0 + 2_000.0);
            let (lat, lng) = place(east_m, north_m);
            let mut observation = arrived(number, 0.0).observation;
            observation.timestamp = received_at.plus_seconds(-0.1);
            observation.position = LatLng::new(lat, lng).unwrap();
            recorder.record(Arrived { received_at, observation });
        }
        let wanted = u64::from(second + 1) * u64::from(AIRCRAFT);
        until("the positions are written", 60.0, || (wanted <= recorder.figures().written).then_some(()));
    }
    recorder.close();
}

#[test]
fn p08_ready_within_two_seconds_of_a_crash_with_a_long_history() {
    if !foreign_programs() {
        return;
    }
    let events = std::env::var("LOWSKY_EVENTS").map_or(EVENTS, |text| text.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let mqtt = free_port();
    let _broker = mosquitto(dir.path(), mqtt);
    configure(dir.path(), mqtt, false, 0);
    crate::fault_fleet::Plan { aircraft: 2, period_s: 1.0, words_per_s: 1.0, flights_per_s: 1.0 }
        .write_zones(dir.path());
    let made = Stopwatch::start();
    write_history(&dir.path().join("var"), events);
    println!("{events} events written in {:.0} s", made.elapsed().as_secs_f64());
    let made = Stopwatch::start();
    write_positions(&dir.path().join("var"));
    println!("{} positions written in {:.0} s", AIRCRAFT * FLOWN_S, made.elapsed().as_secs_f64());
    let expected: BTreeSet<String> = (events - OPEN + 1..=events).map(|seq| format!("H-{seq}")).collect();

    let calm = Calm::measure();
    let mut took_s = Vec::new();
    for _ in 0..STARTS {
        let since = Stopwatch::start();
        let mut daemon = Daemon::ready(dir.path());
        took_s.push(since.elapsed().as_secs_f64());
        let found: BTreeSet<String> =
            alerts(daemon.http, "state=OPEN&code=ZONE_INCURSION").into_keys().collect();
        assert_eq!(found.len(), expected.len(), "open alerts come back");
        assert!(found == expected, "as the same alerts");
        // Who was heard over a minute ago is forgotten, so that later starts may find fewer.
        if took_s.len() == 1 {
            let told = daemon.program.err.find("positions remembered", 1.0);
            assert!(told.contains(&format!("aircraft={AIRCRAFT} ")), "and everybody is where he was: {told}");
        }
        daemon.program.kill();
    }
    println!("ready after {took_s:.2?} s with {events} events, {OPEN} open alerts and {AIRCRAFT} aircraft");
    let median_s = quantile(&took_s, 500);
    let missed = (READY_S < median_s).then(|| format!("ready after {median_s:.2} s, not within {READY_S} s"));
    calm.judge(&missed.into_iter().collect::<Vec<_>>());
}
