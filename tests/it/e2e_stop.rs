//! The end of the service and the end of its broker, under load.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use lowsky::service::clock::Stopwatch;
use serde_json::Value;

use crate::calm::promised;
use crate::e2e_stream::Listener;
use crate::e2e_support::{
    Daemon, Program, Sender, configure, foreign_programs, free_port, mosquitto, place, report, until, zone,
    zones,
};

/// Aircraft of each of the load's publishers, and how long one waits after each report.
const AIRCRAFT: u32 = 100;
const PAUSE: Duration = Duration::from_millis(2);

/// Publishes until told to stop or the broker is gone; counts what was sent.
fn load(port: u16, name: &str, sent: &AtomicU64, over: &AtomicBool) {
    let mut sender = Sender::connect(port, name);
    for number in (0..AIRCRAFT).cycle() {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let uas_id = format!("{name}-{number}");
        let report = report(&uas_id, place(0.0, 400.0 * f64::from(number)), 0.0, 0.0);
        if sender.send(&format!("lowsky/v1/telemetry/op/{uas_id}"), &report.to_string()).is_err() {
            return;
        }
        sent.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(PAUSE);
    }
}

/// The retained status message.
fn status(port: u16) -> Value {
    let mut asked = Program::start(Command::new("mosquitto_sub").args([
        "-h",
        "127.0.0.1",
        "-p",
        &port.to_string(),
        "-t",
        "lowsky/v1/status/lowsky",
        "-C",
        "1",
        "-W",
        "5",
    ]));
    assert_eq!(asked.code_within(7.0), Some(0));
    asked.out.json("status", 1.0, |_| true)
}

fn stopped_under_load(dir: &Path, signal: &str) {
    let port = free_port();
    let _broker = mosquitto(dir, port);
    let http_port = free_port();
    configure(dir, port, false, http_port);
    std::fs::write(dir.join("zones/z.json"), zones(&[zone("Z", [0.0, 0.0, 100.0, 100.0])])).unwrap();
    let mut daemon = Daemon::ready(dir);
    let listener = daemon.listen();
    let (over, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for name in ["L1", "L2"] {
            scope.spawn(|| load(port, name, &sent, &over));
        }
        std::thread::sleep(Duration::from_secs(3));
        daemon.program.signal(signal);
        let since = Stopwatch::start();
        let code = daemon.program.code_within(8.0);
        let took = since.elapsed();
        over.store(true, Ordering::Relaxed);
        assert_eq!(code, Some(0));
        promised(&format!("SIG{signal} under load"), took, 5.0);
    });
    TcpListener::bind(("127.0.0.1", http_port)).expect("the port is free again");
    let closed = listener.out.json("a close frame", 2.0, |frame| frame["type"] == "closed");
    assert!(closed["code"] == 1001 || closed["code"] == 1012, "{closed}");
    let told = status(port);
    assert_eq!(told["status"], "OFFLINE");
    let figure = |name: &str| told[name].as_u64().unwrap_or_else(|| panic!("{name}: {told}"));
    assert!(figure("messages") > 500 && figure("messages") <= sent.load(Ordering::Relaxed), "{told}");
    let settled = figure("evaluated") + figure("conflated") + figure("refused");
    assert_eq!((figure("messages"), figure("in_flight")), (settled, 0), "nothing taken is lost: {told}");
    assert_eq!(figure("refused"), 0);
}

#[test]
fn p14_p35_sigterm_and_sigint_under_load() {
    if !foreign_programs() {
        return;
    }
    std::thread::scope(|scope| {
        for signal in ["TERM", "INT"] {
            scope.spawn(move || stopped_under_load(tempfile::tempdir().unwrap().path(), signal));
        }
    });
}

fn broker_condition(daemon: &Daemon) -> (String, String) {
    let health = daemon.health();
    let broker = &health["components"]["broker"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&broker["status"]), text(&broker["reason"]))
}

#[test]
fn p07_the_broker_is_killed_and_comes_back() {
    if !foreign_programs() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut broker = mosquitto(dir.path(), port);
    configure(dir.path(), port, false, 0);
    std::fs::write(dir.path().join("zones/z.json"), zones(&[zone("Z", [0.0, 0.0, 300.0, 300.0])])).unwrap();
    let daemon = Daemon::ready(dir.path());
    let stream = Listener::start(daemon.http);
    broker.kill();
    let told = until("the loss is told", 5.0, || Some(broker_condition(&daemon)).filter(|c| c.0 == "failed"));
    assert!(told.1.contains("not connected since"), "{told:?}");
    // Long enough for the pauses between the attempts to grow to their longest.
    std::thread::sleep(Duration::from_secs(8));
    assert_eq!(crate::e2e_support::get(daemon.http, "/readyz").0, 503);
    let _broker = mosquitto(dir.path(), port);
    let back = Stopwatch::start();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut sender = Sender::connect(port, "again");
            while !over.load(Ordering::Relaxed) {
                sender.report(&report("AGAIN", place(100.0, 100.0), 0.0, 0.0));
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        until("the intake is back", 5.5, || (broker_condition(&daemon).0 == "ok").then_some(()));
        println!("the intake was back {:.2} s after its broker", back.elapsed().as_secs_f64());
        let alert = until("an alert", 5.0, || {
            stream.frames().into_iter().find(|f| f["type"] == "alert" && f["alert"]["uas_id"] == "AGAIN")
        });
        over.store(true, Ordering::Relaxed);
        assert_eq!(alert["alert"]["code"], "ZONE_INCURSION");
    });
    daemon.stop("TERM");
}

#[test]
fn a_daemon_without_a_broker_runs_says_so_and_stops() {
    let dir = tempfile::tempdir().unwrap();
    configure(dir.path(), free_port(), false, 0);
    let daemon = Daemon::start(dir.path());
    until("told", 5.0, || Some(broker_condition(&daemon)).filter(|c| c.0 == "failed" && !c.1.is_empty()));
    daemon.stop("INT");
}
