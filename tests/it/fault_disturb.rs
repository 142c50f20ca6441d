//! How late alerts are, on a quiet service and on one whose zones, clients, history and backups keep it busy.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use crate::calm::{Calm, quantile};
use crate::e2e_stream::Stream;
use crate::e2e_support::{
    Daemon, LOWSKY, configure, foreign_programs, free_port, get, mosquitto_as_documented, zone, zones,
};
use crate::fault_fleet::{Fleet, Plan};
use crate::fault_recorder::{Record, Recorder};

const PLAN: Plan = Plan { aircraft: 1_000, period_s: 1.0, words_per_s: 20.0, flights_per_s: 2.0 };
/// How long is measured, after a warm-up.
const MEASURED: Duration = Duration::from_secs(12);
const WARM_UP: Duration = Duration::from_secs(4);
/// Clients that read along.
const CLIENTS: u32 = 20;

/// The latency gates of the promise, milliseconds.
const HALF_MS: f64 = 10.0;
const MOST_MS: f64 = 100.0;
const ALL_MS: f64 = 500.0;
const DISTURBED_MS: f64 = 1_000.0;

/// Flies the fleet beside whatever `meanwhile` does until it is told to stop, and returns what was recorded.
fn measured(dir: &Path, meanwhile: impl Fn(&Daemon, &AtomicBool) + Sync) -> Record {
    let mqtt = free_port();
    let _broker = mosquitto_as_documented(dir, mqtt);
    configure(dir, mqtt, false, 0);
    PLAN.write_zones(dir);
    let daemon = Daemon::ready(dir);
    let over = AtomicBool::new(false);
    let fleet = Fleet::start(PLAN, mqtt);
    std::thread::sleep(WARM_UP);
    let recorder = Recorder::start(daemon.http);
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut stream = Stream::subscribe(daemon.http, None);
                while !over.load(Relaxed) {
                    stream.next(0.1);
                }
            });
        }
        scope.spawn(|| meanwhile(&daemon, &over));
        std::thread::sleep(MEASURED);
        over.store(true, Relaxed);
    });
    let record = recorder.stop();
    drop(fleet);
    let late = record.latency_ms.len();
    assert!(100 < late, "only {late} alerts");
    println!(
        "{late} alerts: p50 {:.1} ms, p99 {:.1} ms, latest {:.1} ms",
        quantile(&record.latency_ms, 500),
        quantile(&record.latency_ms, 990),
        quantile(&record.latency_ms, 1_000)
    );
    record
}

fn missed(record: &Record, gates: &[(usize, f64)]) -> Vec<String> {
    let late = gates.iter().filter_map(|&(per_mille, most_ms)| {
        let found_ms = quantile(&record.latency_ms, per_mille);
        (most_ms < found_ms)
            .then(|| format!("{per_mille} of 1,000 within {found_ms:.1} ms, not {most_ms} ms"))
    });
    late.collect()
}

#[test]
fn p09_alerts_arrive_within_the_promised_time() {
    if !foreign_programs() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let calm = Calm::measure();
    let record = measured(dir.path(), |_, _| {});
    calm.judge(&missed(&record, &[(500, HALF_MS), (990, MOST_MS), (1_000, ALL_MS)]));
}

/// Repeats something until told to stop; counts.
fn repeat(over: &AtomicBool, pause: Duration, count: &AtomicU32, act: impl Fn(u32)) {
    while !over.load(Relaxed) {
        act(count.fetch_add(1, Relaxed));
        std::thread::sleep(pause);
    }
}

#[test]
fn p10_no_alert_is_late_because_of_zones_clients_history_or_a_backup() {
    if !foreign_programs() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let calm = Calm::measure();
    let [reloads, visits, queries, backups] = [const { AtomicU32::new(0) }; 4];
    let record = measured(dir.path(), |daemon, over| {
        let zones_before = daemon.json("/api/v1/zones").to_string();
        let ms = Duration::from_millis;
        std::thread::scope(|scope| {
            scope.spawn(|| repeat(over, ms(2_500), &reloads, |round| write_zones(dir.path(), round)));
            scope.spawn(|| {
                repeat(over, ms(20), &visits, |_| Stream::subscribe(daemon.http, Some(0)).close());
            });
            scope.spawn(|| {
                repeat(over, ms(50), &queries, |_| {
                    assert_eq!(get(daemon.http, "/api/v1/alerts?limit=1000").0, 200);
                });
            });
            scope.spawn(|| repeat(over, ms(2_000), &backups, |round| back_up(dir.path(), round)));
        });
        assert_ne!(daemon.json("/api/v1/zones").to_string(), zones_before, "zones were replaced");
    });
    let counts = [&reloads, &visits, &queries, &backups].map(|count| count.load(Relaxed));
    println!("meanwhile {counts:?} reloads, clients, history queries, backups");
    assert!(counts.iter().all(|count| 3 <= *count), "{counts:?}");
    assert_eq!(record.faults, [""; 0]);
    calm.judge(&missed(&record, &[(1_000, DISTURBED_MS)]));
}

/// Two hundred zones far away whose names change: protection neither grows nor shrinks.
fn write_zones(dir: &Path, round: u32) {
    let features: Vec<String> = (0..200)
        .map(|n| {
            let east_m = -40_000.0 - f64::from(n) * 300.0;
            let zone = zone(&format!("N{n:04}"), [east_m, 0.0, east_m + 100.0, 100.0]);
            zone.replace("test zone (synthetic)", &format!("test zone of round {round} (synthetic)"))
        })
        .collect();
    let written = dir.join("zones/.new");
    std::fs::write(&written, zones(&features)).unwrap();
    std::fs::rename(written, dir.join("zones/names.json")).unwrap();
}

fn back_up(dir: &Path, round: u32) {
    let done = Command::new(LOWSKY)
        .arg("journal")
        .arg("--config")
        .arg(dir.join("lowsky.toml"))
        .arg("backup")
        .arg(dir.join(format!("backup-{round}.sqlite")))
        .stdout(Stdio::null())
        .status();
    assert!(done.unwrap().success(), "a backup");
}
