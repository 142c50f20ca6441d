//! A disk that stalls or fails, injected into the running daemon's own system calls.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use lowsky::service::clock::Stopwatch;

use crate::calm::{Calm, quantile};
use crate::delivery_support::figure;
use crate::e2e_support::{
    Daemon, Program, configure, foreign_programs, free_port, mosquitto_as_documented, until,
};
use crate::fault_check::{
    each_breach_is_one_episode, every_alert_ends, history, nothing_is_lost, nothing_was_missed,
};
use crate::fault_fleet::{Fleet, Plan};
use crate::fault_recorder::{Record, Recorder};
use crate::means::{strace, unjudged};

const PLAN: Plan = Plan { aircraft: 60, period_s: 1.0, words_per_s: 4.0, flights_per_s: 0.5 };
/// The calls by which the journal makes sure.
const SYNCS: &str = "fsync,fdatasync";
/// How long the fault lasts.
const FAULT: Duration = Duration::from_secs(8);
/// Most milliseconds from a report to its alert while the disk fails.
const HASTY_MS: f64 = 150.0;

/// Whether calls of a running process can be changed here.
#[track_caller]
fn injects() -> bool {
    if !strace() {
        return false;
    }
    // Some systems let nobody but root look into a running process.
    let sleeper = Program::start(Command::new("sleep").arg("60"));
    let strace = Program::start(Command::new("strace").args(["-p", &sleeper.id().to_string()]));
    let told = strace.err.find_from(0, "strace attaches or not", 20.0, |line| Some(line.to_owned()));
    let attached = told.contains(" attached");
    if !attached {
        unjudged(&format!("SKIPPED: {told}"));
    }
    attached
}

/// A fault in the system calls of a process, from now until it is dropped or ended.
struct Injection {
    strace: Program,
    log: std::path::PathBuf,
}

impl Injection {
    /// In the journal's syncs. `what` as strace takes it: `error=EIO`, `delay_enter=10000000:when=1`.
    fn begin(dir: &Path, daemon: &Daemon, what: &str) -> Self {
        Self::into_calls(dir, SYNCS, what, &["-f", "-p", &daemon.program.id().to_string()])
    }

    /// In what threads of these names write to files, and nowhere else.
    fn into_threads(dir: &Path, daemon: &Daemon, names: &[&str], what: &str) -> Self {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", daemon.program.id())).unwrap();
        let tasks = tasks.map(|task| task.unwrap().path()).filter(|task| {
            let comm = std::fs::read_to_string(task.join("comm"));
            comm.is_ok_and(|name| names.contains(&name.trim()))
        });
        let threads: Vec<String> =
            tasks.map(|task| task.file_name().unwrap().to_str().unwrap().to_owned()).collect();
        assert_eq!(threads.len(), names.len(), "a thread of each name");
        let options: Vec<&str> = threads.iter().flat_map(|thread| ["-p", thread]).collect();
        Self::into_calls(dir, "write,pwrite64,fsync,fdatasync", what, &options)
    }

    fn into_calls(dir: &Path, calls: &str, what: &str, whose: &[&str]) -> Self {
        let log = dir.join("strace.log");
        let strace = Program::start(
            Command::new("strace")
                .args(["-q", "-e", &format!("trace={calls}"), "-e", &format!("inject={calls}:{what}"), "-o"])
                .arg(&log)
                .args(whose),
        );
        Self { strace, log }
    }

    fn fired(&self) -> usize {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        log.lines().filter(|line| line.contains("(INJECTED)") || line.contains("(DELAYED)")).count()
    }

    /// Ends the fault, which must have struck.
    fn end(mut self) -> usize {
        let fired = self.fired();
        self.strace.signal("INT");
        self.strace.code_within(15.0);
        assert!(0 < fired, "the fault never fired");
        fired
    }
}

struct Scene {
    dir: tempfile::TempDir,
    broker: Program,
    daemon: Daemon,
    fleet: Fleet,
    recorder: Recorder,
}

impl Scene {
    fn begin() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (mqtt, http) = (free_port(), free_port());
        let broker = mosquitto_as_documented(dir.path(), mqtt);
        configure(dir.path(), mqtt, false, http);
        PLAN.write_zones(dir.path());
        let daemon = Daemon::ready(dir.path());
        let recorder = Recorder::start(daemon.http);
        let fleet = Fleet::start(PLAN, mqtt);
        until("durable events", 30.0, || (5 < recorder.record().durable.len()).then_some(()));
        Self { dir, broker, daemon, fleet, recorder }
    }

    /// Waits until the scripted breaches are over and judges the whole. Returns what was recorded.
    fn judge(self) -> Record {
        let Self { daemon, fleet, recorder, .. } = self;
        let truth = fleet.settle();
        every_alert_ends(&daemon);
        let history = history(daemon.http);
        let record = recorder.stop();
        fleet.land();
        nothing_is_lost(&record, &history);
        let episodes = each_breach_is_one_episode(&truth, &history);
        println!(
            "{episodes} breaches, each exactly one episode; {} events told before they were safe",
            record.hasty
        );
        daemon.stop("TERM");
        record
    }
}

#[track_caller]
fn alerts_go_out(calls: &str, fault: &str) {
    if !foreign_programs() || !injects() {
        return;
    }
    let calm = Calm::measure();
    let scene = Scene::begin();
    let before = scene.recorder.record();
    let daemon = scene.daemon.program.id().to_string();
    let injection = Injection::into_calls(scene.dir.path(), calls, fault, &["-f", "-p", &daemon]);
    until("the fault strikes", 20.0, || (0 < injection.fired()).then_some(()));
    let told = until("the service says so", 10.0, || {
        Some(scene.recorder.record()).filter(|record| record.rules.contains("SERVICE_DEGRADED/STORAGE"))
    });
    assert!(before.hasty < told.hasty, "alerts go out before they are safe, and say so");
    std::thread::sleep(FAULT);
    let fired = injection.end();
    let during = scene.recorder.record();
    let late: Vec<f64> = during.latency_ms[before.latency_ms.len()..].to_vec();
    println!(
        "{fault}: struck {fired} times; {} alerts, latest after {:.0} ms",
        late.len(),
        quantile(&late, 1_000)
    );
    assert!(10 < late.len(), "alerts went out: {late:?}");
    let hasty = during.hasty - before.hasty;
    assert!(10 < hasty, "{hasty} of them before they were safe");
    until("the disk takes everything again", 30.0, || {
        (scene.daemon.health()["status"] == "ok").then_some(())
    });
    let late_ms = quantile(&late, 1_000);
    nothing_was_missed(&scene.judge());
    let missed =
        (HASTY_MS < late_ms).then(|| format!("every alert within {HASTY_MS} ms, not {late_ms:.0} ms"));
    calm.judge(&missed.into_iter().collect::<Vec<_>>());
}

#[test]
fn p03_alerts_go_out_while_every_sync_fails() {
    alerts_go_out(SYNCS, "error=EIO");
}

#[test]
fn p03_alerts_go_out_while_the_disk_has_no_room() {
    alerts_go_out("pwrite64", "error=ENOSPC");
}

#[test]
fn p03_alerts_go_out_while_the_disk_stalls_for_ten_seconds() {
    alerts_go_out(SYNCS, "delay_enter=10000000:when=1");
}

/// Reports are judged and confirmed, and alerts are safe on disk, though no position can be written.
fn reports_are_taken(fault: &str) {
    if !foreign_programs() || !injects() {
        return;
    }
    let scene = Scene::begin();
    let (before, hasty) = (scene.recorder.record().durable.len(), scene.recorder.record().hasty);
    let injection = Injection::into_threads(scene.dir.path(), &scene.daemon, &["history"], fault);
    until("the fault strikes", 20.0, || (0 < injection.fired()).then_some(()));
    until("the service says so", 10.0, || {
        scene.recorder.record().rules.contains("SERVICE_DEGRADED/HISTORY").then_some(())
    });
    assert_eq!(scene.daemon.health()["components"]["history"]["status"], "degraded");
    let (since, sent) = (Stopwatch::start(), scene.fleet.sent());
    let mut most = 0;
    while since.elapsed() < FAULT {
        most = most.max(figure(&scene.daemon, "lowsky_intake_unacknowledged"));
        std::thread::sleep(Duration::from_millis(50));
    }
    let fired = injection.end();
    let during = scene.recorder.record();
    let (sent, alerts) = (scene.fleet.sent() - sent, during.durable.len() - before);
    println!(
        "{fault}: struck {fired} times; of {sent} reports at most {most} unconfirmed, {alerts} durable events"
    );
    assert!(200 < sent && most < 60, "{most} of {sent} reports wait");
    assert!(10 < alerts && during.hasty == hasty, "alerts are durable as ever: {alerts}, {}", during.hasty);
    until("the disk takes everything again", 30.0, || {
        (scene.daemon.health()["components"]["history"]["status"] == "ok").then_some(())
    });
    nothing_was_missed(&scene.judge());
}

#[test]
fn p03_reports_are_taken_and_alerts_are_safe_while_the_disk_of_the_positions_hangs() {
    reports_are_taken("delay_enter=10000000:when=1");
}

#[test]
fn p03_reports_are_taken_and_alerts_are_safe_while_no_position_can_be_written() {
    reports_are_taken("error=EIO");
}

#[test]
fn p35_it_stops_in_time_though_the_disk_and_the_broker_hang() {
    if !foreign_programs() || !injects() {
        return;
    }
    let Scene { dir, broker, mut daemon, fleet, recorder } = Scene::begin();
    let threads = ["history", "journal", "journal-mark"];
    let mut injection = Injection::into_threads(dir.path(), &daemon, &threads, "delay_enter=30000000");
    // A call is logged when it is over; that the service misses the disk says that the fault has struck.
    until("both disks are told", 20.0, || {
        let rules = recorder.record().rules;
        ["STORAGE", "HISTORY"]
            .iter()
            .all(|kind| rules.contains(&format!("SERVICE_DEGRADED/{kind}")))
            .then_some(())
    });
    broker.signal("STOP");
    std::thread::sleep(Duration::from_secs(1));
    daemon.program.signal("TERM");
    let since = Stopwatch::start();
    // Nothing that the disk holds is waited for any more; the tracer would keep the process from its end.
    let ended = |line: &str| line.ends_with(" stopped").then_some(());
    daemon.program.err.find_from(0, "the end of the stop", 8.0, ended);
    injection.strace.kill();
    assert_eq!(daemon.program.code_within(8.0), Some(0));
    let took_s = since.elapsed().as_secs_f64();
    println!("stopped after {took_s:.2} s while nothing answered");
    assert!(took_s < 5.0, "{took_s} s");
    broker.signal("CONT");
    drop((fleet, recorder));
}

#[test]
fn p01_p03_what_was_not_safe_when_the_service_was_killed_is_delivered_again() {
    if !foreign_programs() || !injects() {
        return;
    }
    let mut scene = Scene::begin();
    let before = scene.recorder.record().hasty;
    let injection = Injection::begin(scene.dir.path(), &scene.daemon, "error=EIO");
    until("alerts that are not safe", 20.0, || (before + 4 < scene.recorder.record().hasty).then_some(()));
    scene.daemon.program.kill();
    injection.end();
    scene.daemon = Daemon::ready(scene.dir.path());
    let record = scene.judge();
    assert_eq!(record.log_ids.len(), 2, "a history that lost what was published is another one");
}
