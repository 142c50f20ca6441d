//! The way of an alert to the disk, to clients and to the broker's confirmation, on real programs: a disk that takes
//! nothing, a killed process, a stop under load.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::delivery_support::{
    Publisher, figure, history, incursion, incursions, is_dense, limit_files, nothing_durable_is_lost, told,
};
use crate::e2e_stream::{Listener, Stream};
use crate::e2e_support::{
    Daemon, Program, configure, foreign_programs, free_port, mosquitto_as_documented, place, until, zone,
    zones,
};

/// No file may grow beyond this: enough for notes of a few bytes that are written in place, and for no commit.
const FULL: u64 = 4_096;

/// A service in front of a broker with the documented profile, and one zone of 8 km².
fn service(dir: &Path) -> (Program, Daemon, u16) {
    let port = free_port();
    let broker = mosquitto_as_documented(dir, port);
    configure(dir, port, false, free_port());
    std::fs::write(dir.join("zones/z.json"), zones(&[zone("Z", [0.0, 0.0, 20_000.0, 400.0])])).unwrap();
    (broker, Daemon::ready(dir), port)
}

/// A place in the zone, each of its own.
fn inside(number: u32) -> (f64, f64) {
    place(100.0 + 150.0 * f64::from(number % 120), 100.0 + 100.0 * f64::from(number / 120 % 3))
}

/// A place away from the zone, each of its own.
fn outside(number: u32) -> (f64, f64) {
    place(200.0 * f64::from(number % 100), 5_000.0 + 200.0 * f64::from(number / 100))
}

fn journal(daemon: &Daemon) -> String {
    daemon.health()["components"]["journal"]["status"].as_str().unwrap_or_default().to_owned()
}

fn trouble(listener: &Listener, event: &str) -> bool {
    told(listener).values().any(|frame| {
        frame["event"] == event
            && frame["alert"]["code"] == "SERVICE_DEGRADED"
            && frame["alert"]["rule"].as_str().is_some_and(|rule| rule.to_lowercase().contains("storage"))
    })
}

#[test]
fn p03_a_full_disk_stops_no_alert_and_no_report_and_is_recovered_from_without_a_restart() {
    if !foreign_programs() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (_broker, daemon, port) = service(dir.path());
    let listener = Listener::start(daemon.http);
    let mut drones = Publisher::connect(port, "drones");
    drones.hover("BEFORE", inside(0));
    until("a durable alert", 20.0, || incursion(&listener, "BEFORE").filter(|durable| *durable));

    limit_files(&daemon, Some(FULL));
    drones.hover("DURING", inside(1));
    let durable = until("an alert on a full disk", 20.0, || incursion(&listener, "DURING"));
    assert!(!durable, "the fault fired");
    until("the trouble is told", 20.0, || trouble(&listener, "RAISED").then_some(()));
    until("not ready", 20.0, || (journal(&daemon) == "failed").then_some(()));
    drones.flush();
    assert!(figure(&daemon, "lowsky_intake_unacknowledged") > 0, "the broker keeps what is not on disk");
    assert!(figure(&daemon, "lowsky_alert_events_not_durable_total") > 0);

    // More than the broker sends without confirmations, so that only the bypass brings what comes then.
    for number in 0..1_500 {
        drones.hover(&format!("CROWD{}", number % 500), outside(number % 500));
    }
    drones.flush();
    until("the bypass takes over", 30.0, || {
        (figure(&daemon, "lowsky_bypass_connections_total") > 0).then_some(())
    });
    drones.hover("BLOCKED", inside(2));
    until("an alert by the bypass", 20.0, || incursion(&listener, "BLOCKED"));
    assert!(figure(&daemon, "lowsky_bypass_messages_total") > 0);
    let held = figure(&daemon, "lowsky_intake_unacknowledged");
    assert!(held > 0, "nothing is confirmed while the disk is full");

    limit_files(&daemon, None);
    until("everything is confirmed", 60.0, || {
        (figure(&daemon, "lowsky_intake_unacknowledged") == 0).then_some(())
    });
    daemon.until_ready(30.0);
    until("the trouble is over", 60.0, || trouble(&listener, "CLEARED").then_some(()));
    drones.hover("AFTER", inside(3));
    until("durable again", 20.0, || incursion(&listener, "AFTER").filter(|durable| *durable));
    let heard = told(&listener);
    daemon.stop("TERM");
    let history = history(dir.path());
    assert!(is_dense(&history), "{:?}", history.keys());
    let raised = incursions(&history);
    for uas_id in ["BEFORE", "DURING", "BLOCKED", "AFTER"] {
        assert_eq!(raised.get(uas_id), Some(&1), "{uas_id}: {raised:?}");
    }
    nothing_durable_is_lost(&heard, &history);
    for (seq, frame) in &heard {
        assert_eq!(frame["alert"], history[seq].1, "what was told in need is in the history too: {seq}");
    }
}

#[test]
fn p01_p02_killed_on_a_full_disk_the_broker_still_has_what_is_not_on_it() {
    if !foreign_programs() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (_broker, mut daemon, port) = service(dir.path());
    let listener = Listener::start(daemon.http);
    let mut drones = Publisher::connect(port, "drones");
    drones.hover("SAFE", inside(0));
    until("a durable alert", 20.0, || incursion(&listener, "SAFE").filter(|durable| *durable));
    let alert_id = |event: &serde_json::Value| event["alert_id"].as_str().unwrap().to_owned();
    let before = daemon.json("/api/v1/alerts?state=OPEN")["alerts"][0].clone();
    limit_files(&daemon, Some(FULL));
    drones.hover("UNSAFE", inside(1));
    let durable = until("an alert on a full disk", 20.0, || incursion(&listener, "UNSAFE"));
    assert!(!durable, "the fault fired");
    drones.flush();
    let hello = |daemon: &Daemon| Stream::try_subscribe(daemon.http, None).expect("a stream").1;
    let log_id = hello(&daemon)["log_id"].clone();
    daemon.program.kill();
    let heard = told(&listener);

    let daemon = Daemon::ready(dir.path());
    assert_ne!(hello(&daemon)["log_id"], log_id, "what was told and is lost makes it another history");
    let open = until("both alerts are open", 20.0, || {
        let open = daemon.json("/api/v1/alerts?state=OPEN")["alerts"].as_array().unwrap().clone();
        let both = ["SAFE", "UNSAFE"].map(|id| open.iter().find(|alert| alert["uas_id"] == id).cloned());
        both.into_iter().collect::<Option<Vec<_>>>()
    });
    assert_eq!(alert_id(&open[0]), alert_id(&before), "the same alert");
    until("everything is confirmed", 30.0, || {
        (figure(&daemon, "lowsky_intake_unacknowledged") == 0).then_some(())
    });
    daemon.stop("TERM");
    let history = history(dir.path());
    assert!(is_dense(&history));
    nothing_durable_is_lost(&heard, &history);
    let raised = incursions(&history);
    assert_eq!((raised.get("SAFE"), raised.get("UNSAFE")), (Some(&1), Some(&1)), "{raised:?}");
}

#[test]
fn p35_a_stop_under_load_loses_no_confirmed_message_and_no_alert() {
    if !foreign_programs() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (_broker, daemon, port) = service(dir.path());
    let over = AtomicBool::new(false);
    let flown = std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let mut drones = Publisher::connect(port, "drones");
            let mut number = 0;
            while !over.load(Ordering::Relaxed) {
                drones.hover(&format!("D{number}"), inside(number));
                number += 1;
                std::thread::sleep(Duration::from_millis(5));
            }
            drones.flush();
            number
        });
        let evaluated = |daemon: &Daemon| figure(daemon, "lowsky_observations_evaluated_total");
        until("load", 30.0, || (evaluated(&daemon) > 100).then_some(()));
        daemon.stop("TERM");
        let kept = incursions(&history(dir.path()));
        println!("{} breaches on disk at the stop", kept.len());
        let daemon = Daemon::ready(dir.path());
        until("load again", 30.0, || (evaluated(&daemon) > 100).then_some(()));
        over.store(true, Ordering::Relaxed);
        let flown: u32 = load.join().unwrap();
        until("everything is confirmed", 30.0, || {
            let last = incursions(&history(dir.path())).contains_key(&format!("D{}", flown - 1));
            (last && figure(&daemon, "lowsky_intake_unacknowledged") == 0).then_some(())
        });
        daemon.stop("TERM");
        flown
    });
    let history = history(dir.path());
    assert!(is_dense(&history));
    let raised = incursions(&history);
    let wrong: Vec<_> = (0..flown)
        .map(|number| format!("D{number}"))
        .filter(|uas_id| raised.get(uas_id) != Some(&1))
        .collect();
    assert!(wrong.is_empty(), "not exactly one episode: {wrong:?} of {flown}");
}

#[test]
fn p03_a_service_without_a_journal_watches_all_the_same() {
    if !foreign_programs() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let _broker = mosquitto_as_documented(dir.path(), port);
    configure(dir.path(), port, false, free_port());
    // A file stands where the folder should.
    std::fs::write(dir.path().join("var"), "").unwrap();
    std::fs::write(dir.path().join("zones/z.json"), zones(&[zone("Z", [0.0, 0.0, 20_000.0, 400.0])]))
        .unwrap();
    let daemon = Daemon::start(dir.path());
    until("connected and told", 20.0, || {
        let broker = daemon.health()["components"]["broker"]["status"] == "ok";
        (broker && journal(&daemon) == "failed").then_some(())
    });
    let listener = Listener::start(daemon.http);
    let mut drones = Publisher::connect(port, "drones");
    drones.hover("A", inside(0));
    let durable = until("an alert", 20.0, || incursion(&listener, "A"));
    assert!(!durable);
    assert!(figure(&daemon, "lowsky_intake_unacknowledged") > 0, "the broker keeps it for a better start");
    daemon.program.err.find("NO JOURNAL", 1.0);
    daemon.stop("TERM");
}

#[test]
fn p14_the_books_balance_at_every_moment() {
    if !foreign_programs() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (_broker, daemon, port) = service(dir.path());
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut drones = Publisher::connect(port, "drones");
            for number in 0.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                drones.hover(
                    &format!("D{}", number % 50),
                    if number % 7 == 0 { (95.0, 0.0) } else { outside(number % 50) },
                );
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let mut before = 0;
        let moments = until("a thousand reports", 60.0, || {
            let (_, text) = crate::e2e_support::get(daemon.http, "/metrics");
            let sum = |name: &str| -> u64 {
                let values = text.lines().filter_map(|line| {
                    line.strip_prefix(name).filter(|rest| rest.starts_with([' ', '{']))?.rsplit(' ').next()
                });
                values.map(|value| value.parse::<u64>().unwrap()).sum()
            };
            let offered = sum("lowsky_observations_offered_total");
            let settled = sum("lowsky_observations_evaluated_total")
                + sum("lowsky_observations_conflated_total")
                + sum("lowsky_observations_refused_total");
            assert_eq!(offered, settled + sum("lowsky_observations_in_flight"), "{text}");
            assert!(settled <= offered, "{text}");
            before += 1;
            (settled > 1_000 && sum("lowsky_observations_refused_total") > 100).then_some(before)
        });
        over.store(true, Ordering::Relaxed);
        assert!(moments > 3, "looked at while it moved");
    });
    until("nothing is on its way", 20.0, || {
        let left = figure(&daemon, "lowsky_observations_in_flight") + figure(&daemon, "lowsky_inbox_depth");
        (left == 0).then_some(())
    });
    daemon.stop("TERM");
}
