//! A journal that cannot be opened at the start, and what the broker had not confirmed at the end.

use std::path::Path;
use std::process::Command;
use std::sync::mpsc;

use lowsky::journal::{Condition, Journal, JournalError, JournalSettings, Store, verify};
use lowsky::service::clock;
use serde_json::Value;

use crate::delivery_support::{Publisher, figure, history, incursion, told};
use crate::e2e_stream::Listener;
use crate::e2e_support::{
    Daemon, Program, configure, foreign_programs, free_port, mosquitto, mosquitto_as_documented, until, zone,
    zones,
};
use crate::journal_support::{PATIENCE_S, close, entries, open, store, wait};

#[test]
fn p03_a_journal_that_another_process_has_is_taken_over_when_it_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let (first, before) = open(dir.path());
    store(&first, entries(1, 30));
    let settings = JournalSettings::new(dir.path(), 730);
    let error = Journal::open(&settings, clock::now, || {}).unwrap_err();
    assert!(matches!(error, JournalError::Locked { .. }), "{error}");
    let (tell, heard) = mpsc::channel();
    let late = move |recovered| tell.send(recovered).unwrap();
    let (journal, own) = Journal::open_late(&settings, &error, clock::now, || {}, late).unwrap();
    assert!(matches!(journal.progress().condition, Condition::Failing { .. }));
    assert_ne!(own.log_id, before.log_id);
    let next = own.last_seq + 1;
    journal.append(entries(next, next + 19)).unwrap();
    journal.mark_unsafe(next + 4);
    // The other one goes on meanwhile.
    store(&first, entries(31, 40));
    assert!(heard.try_recv().is_err(), "it is locked");
    close(&first);

    wait(&journal, "all is written", |progress| progress.durable_seq == next + 19);
    assert_eq!(journal.progress().condition, Condition::Writable);
    let recovered = heard.recv().unwrap();
    assert_eq!((recovered.last_seq, recovered.damage.len()), (40, 0));
    assert!(!recovered.open.is_empty());
    close(&journal);
    let verdict = verify(dir.path()).unwrap();
    assert_eq!((verdict.damage.len(), verdict.losses.len()), (0, 1), "{verdict:?}");
    assert_eq!((verdict.losses[0].from, verdict.losses[0].to), (41, own.last_seq));
    let (journal, again) = open(dir.path());
    assert_eq!((&again.log_id, again.last_seq), (&own.log_id, next + 19));
    assert_eq!(again.damage, [""; 0], "what was published early is there");
    let page = journal.reader().events_after(0, 1_000).unwrap();
    assert_eq!(page.entries, [entries(1, 40), entries(next, next + 19)].concat());
}

fn trouble(daemon: &Daemon, kind: &str) -> Option<Value> {
    let alerts = daemon.json("/api/v1/alerts?code=SERVICE_DEGRADED");
    let mut found = alerts["alerts"].as_array().unwrap().iter();
    found.rfind(|alert| alert["uas_id"] == format!("service:{kind}")).cloned()
}

#[test]
fn p03_a_service_whose_folder_appears_later_goes_on_with_a_journal_without_a_restart() {
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
    until("the storage alert", PATIENCE_S, || {
        trouble(&daemon, "STORAGE").filter(|alert| alert["state"] == "OPEN")
    });
    let listener = Listener::start(daemon.http);
    let mut drones = Publisher::connect(port, "drones");
    let inside = crate::e2e_support::place(100.0, 200.0);
    drones.hover("A", inside);
    assert!(!until("an alert", 20.0, || incursion(&listener, "A")), "it is not durable");
    let audit = "/api/v1/zones/audit";
    assert_eq!(crate::e2e_support::get(daemon.http, audit).0, 503, "no book of zones either");
    std::fs::remove_file(dir.path().join("var")).unwrap();
    until("all is acknowledged", PATIENCE_S, || {
        (figure(&daemon, "lowsky_intake_unacknowledged") == 0).then_some(())
    });
    until("the alert is over", PATIENCE_S, || {
        trouble(&daemon, "STORAGE").filter(|alert| alert["state"] == "CLEARED")
    });
    let noted = until("the book of zones", PATIENCE_S, || {
        let (status, body) = crate::e2e_support::get(daemon.http, audit);
        (status == 200).then_some(body)
    });
    assert!(noted.contains("\"id\":\"Z\""), "{noted}");
    drones.hover("B", inside);
    assert!(until("another alert", 20.0, || incursion(&listener, "B")), "it is durable");
    let heard = told(&listener);
    daemon.stop("TERM");
    let kept = history(dir.path());
    for (seq, frame) in heard.iter().filter(|(_, frame)| frame["event"] == "RAISED") {
        assert_eq!(kept[seq].1, frame["alert"], "event {seq}, durable or not, is in the history now");
    }
}

/// Numbers of the alert events that a subscriber has heard over MQTT.
fn heard(subscriber: &Program) -> Vec<u64> {
    let numbers = subscriber.out.all();
    let number = |line: &String| serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap();
    numbers.iter().map(number).collect()
}

fn subscribe(port: u16) -> Program {
    let mut command = Command::new("mosquitto_sub");
    command.args(["-h", "127.0.0.1", "-q", "1", "-t", "lowsky/v1/alerts/#", "-p"]).arg(port.to_string());
    let subscriber = Program::start(&mut command);
    // Until it is subscribed, nothing is sent.
    until("subscribed", 20.0, || {
        let mut ping = Command::new("mosquitto_pub");
        ping.args(["-h", "127.0.0.1", "-t", "lowsky/v1/alerts/ping", "-m", r#"{"seq": 0}"#, "-p"]);
        assert!(ping.arg(port.to_string()).status().unwrap().success());
        (0 < subscriber.out.len()).then_some(())
    });
    subscriber
}

fn mark_says(dir: &Path, told: u64) -> Option<()> {
    let text = std::fs::read_to_string(dir.join("var/journal.mark")).ok()?;
    text.contains(&format!("told {told:020}")).then_some(())
}

#[test]
fn p02_what_the_broker_had_not_confirmed_is_published_after_a_crash_closed_alerts_too() {
    if !foreign_programs() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let _broker = mosquitto(dir.path(), port);
    configure(dir.path(), port, false, 0);
    std::fs::write(dir.path().join("zones/z.json"), zones(&[zone("Z", [0.0, 0.0, 100.0, 100.0])])).unwrap();
    // All alerts are over; the broker had confirmed the first 12 when the process died.
    let (journal, _) = open(&dir.path().join("var"));
    store(&journal, entries(1, 30));
    journal.told(12);
    until("the mark is written", PATIENCE_S, || mark_says(dir.path(), 12));
    close(&journal);
    let subscriber = subscribe(port);
    let mut daemon = Daemon::start(dir.path());
    let wanted: Vec<u64> = (13..=30).collect();
    until("all is published again", 20.0, || {
        let mut numbers = heard(&subscriber);
        numbers.retain(|seq| 12 < *seq && *seq <= 30);
        numbers.dedup();
        (numbers == wanted).then_some(())
    });
    until("it is noted", 20.0, || {
        let text = std::fs::read_to_string(dir.path().join("var/journal.mark")).unwrap();
        let told: u64 = text.lines().find_map(|line| line.strip_prefix("told "))?.parse().unwrap();
        (30 <= told).then_some(())
    });
    daemon.program.kill();
    let before = subscriber.out.len();
    let daemon = Daemon::ready(dir.path());
    daemon.stop("TERM");
    let again: Vec<u64> = heard(&subscriber).split_off(before);
    let closed = |seq: &u64| (13..30).contains(seq) && seq.is_multiple_of(3);
    assert!(!again.iter().any(closed), "what was confirmed is not published for a third time: {again:?}");
}

/// A broker, a folder with a zone, and a journal of so many events of which the broker has confirmed the first `told`.
fn unconfirmed(events: u64, told: u64) -> (tempfile::TempDir, u16, Program, Journal) {
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let broker = mosquitto_as_documented(dir.path(), port);
    configure(dir.path(), port, false, 0);
    std::fs::write(dir.path().join("zones/z.json"), zones(&[zone("Z", [0.0, 0.0, 100.0, 100.0])])).unwrap();
    let (journal, _) = open(&dir.path().join("var"));
    for first in (1..=events).step_by(2_000) {
        store(&journal, entries(first, events.min(first + 1_999)));
    }
    journal.told(told);
    until("the mark is written", PATIENCE_S, || mark_says(dir.path(), told));
    (dir, port, broker, journal)
}

#[test]
fn p02_a_journal_that_is_opened_late_publishes_what_the_broker_had_not_confirmed() {
    if !foreign_programs() {
        return;
    }
    // Somebody has the journal when the service starts.
    let (dir, port, _broker, journal) = unconfirmed(30, 12);
    let subscriber = subscribe(port);
    let daemon = Daemon::start(dir.path());
    until("the storage alert", PATIENCE_S, || {
        trouble(&daemon, "STORAGE").filter(|alert| alert["state"] == "OPEN")
    });
    // Long enough for it to be noted how far the broker has confirmed, which must not be beyond the 12.
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    assert!(mark_says(dir.path(), 12).is_some());
    close(&journal);
    let wanted: Vec<u64> = (13..=30).collect();
    until("all is published again", PATIENCE_S, || {
        let mut numbers = heard(&subscriber);
        numbers.retain(|seq| (1..=30).contains(seq));
        numbers.dedup();
        (numbers == wanted).then_some(())
    });
    daemon.stop("TERM");
}

/// Over twice as many messages as the publisher keeps.
const EVENTS: u64 = 24_000;

#[test]
fn p02_more_than_the_publisher_keeps_is_published_again_and_nothing_is_crowded_out() {
    if !foreign_programs() {
        return;
    }
    let (dir, port, _broker, journal) = unconfirmed(EVENTS, 3);
    close(&journal);
    let subscriber = subscribe(port);
    let daemon = Daemon::ready(dir.path());
    until("all is published again", PATIENCE_S, || {
        (usize::try_from(EVENTS - 3).unwrap() <= subscriber.out.len()).then_some(())
    });
    let mut numbers = heard(&subscriber);
    numbers.retain(|seq| (1..=EVENTS).contains(seq));
    assert!(numbers.iter().copied().eq(4..=EVENTS), "each once, in order: {} of them", numbers.len());
    assert_eq!(figure(&daemon, "lowsky_alerts_dropped_total"), 0);
    daemon.stop("TERM");
}
