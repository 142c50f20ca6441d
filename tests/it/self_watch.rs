//! The service watching itself, from outside: real daemon, real mosquitto, real signals.

use std::io::Read;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use lowsky::service::clock::Stopwatch;
use serde_json::Value;

use super::calm::promised;
use super::e2e_support::{
    Daemon, LOWSKY, Lines, Program, Sender, broker, configure, foreign_programs, free_port, get, mosquitto,
    place, report, until, zone, zones,
};

/// Reports that are published while the service stands still: as many as it takes before it has confirmed the first, and
/// far more than the queue of the test's broker.
const SENT: u16 = 20_000 + OVERFLOW;
const OVERFLOW: u16 = 500;

struct Scene {
    dir: tempfile::TempDir,
    mqtt: u16,
}

/// A folder with a configuration and one zone, for a broker on a port of its own.
fn scene() -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let mqtt = free_port();
    configure(dir.path(), mqtt, false, free_port());
    let text = zones(&[zone("Z1", [-100.0, -100.0, 100.0, 100.0])]);
    std::fs::write(dir.path().join("zones/z.json"), text).unwrap();
    Scene { dir, mqtt }
}

fn status(daemon: &Daemon, part: &str) -> String {
    daemon.health()["components"][part]["status"].as_str().unwrap_or_default().to_owned()
}

fn figure(daemon: &Daemon, name: &str) -> f64 {
    let text = get(daemon.http, "/metrics").1;
    let line = text.lines().find(|line| line.starts_with(name) && line[name.len()..].starts_with(' '));
    line.unwrap_or_else(|| panic!("no {name}")).rsplit(' ').next().unwrap().parse().unwrap()
}

/// The first event of that kind of trouble after so many frames.
fn trouble(frames: &Lines, from: usize, kind: &str, event: &str, within_s: f64) -> Value {
    frames.find_from(from, &format!("{kind} {event}"), within_s, |line| {
        let frame: Value = serde_json::from_str(line).ok()?;
        let about = frame["alert"]["uas_id"] == format!("service:{kind}").as_str();
        (frame["type"] == "alert" && about && frame["event"] == event).then_some(frame)
    })
}

fn balanced(daemon: &Daemon) -> bool {
    let text = get(daemon.http, "/metrics").1;
    let sum = |name: &str| -> f64 {
        let lines = text.lines().filter(|line| line.starts_with(name));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
    };
    let settled = ["evaluated_total", "conflated_total", "refused_total", "in_flight"];
    let settled: f64 = settled.iter().map(|name| sum(&format!("lowsky_observations_{name}"))).sum();
    (sum("lowsky_observations_offered_total") - settled).abs() < 0.5
}

#[test]
fn p34_a_test_flight_comes_through_the_broker_and_nobody_sees_it() {
    if !foreign_programs() {
        return;
    }
    let Scene { dir, mqtt } = scene();
    let area = "[area]\nbbox = [112.0, 21.0, 115.5, 24.5]\n";
    let config = dir.path().join("lowsky.toml");
    std::fs::write(&config, std::fs::read_to_string(&config).unwrap() + area).unwrap();
    let _broker = mosquitto(dir.path(), mqtt);
    let heard = Program::start(Command::new("mosquitto_sub").args([
        "-p",
        &mqtt.to_string(),
        "-v",
        "-t",
        "lowsky/v1/#",
    ]));
    let daemon = Daemon::ready(dir.path());
    let listener = daemon.listen();
    let flight = heard.out.find("/telemetry/_canary/canary:", 20.0);
    assert!(figure(&daemon, "lowsky_canary_age_seconds") < 25.0);
    until("the next flight", 25.0, || {
        let flights = heard.out.all().iter().filter(|line| line.contains("/_canary/")).count();
        (4 <= flights).then_some(())
    });
    // Somebody else in the same namespace: under another name, and under the name of a flight with an own operator.
    let mut stranger = Sender::connect(mqtt, "stranger");
    let id = "canary:0000000000000000-1:a";
    let ghost = report(id, place(0.0, 0.0), 0.0, 0.0).to_string();
    stranger.send(&format!("lowsky/v1/telemetry/_canary/{id}"), &ghost).unwrap();
    stranger.send(&format!("lowsky/v1/telemetry/op/{id}"), &ghost).unwrap();
    until("both are refused", 10.0, || {
        let reserved = figure(&daemon, "lowsky_observations_refused_total{reason=\"RESERVED\"}");
        (reserved > 1.5).then_some(())
    });
    assert!(balanced(&daemon));
    assert!((figure(&daemon, "lowsky_observations_offered_total") - 2.0).abs() < 0.5, "flights do not count");
    for path in ["/api/v1/tracks", "/api/v1/alerts", "/api/v1/zones"] {
        assert!(!daemon.json(path).to_string().contains("canary"), "{path}");
    }
    assert_eq!(daemon.json("/api/v1/zones")["features"].as_array().unwrap().len(), 1);
    assert!(listener.out.all().iter().all(|frame| !frame.contains("canary")));
    let alerts: Vec<_> = heard.out.all().into_iter().filter(|line| line.contains("/alerts/")).collect();
    assert!(alerts.is_empty(), "{alerts:?} after {flight}");
    assert_eq!(status(&daemon, "canary"), "ok");
}

#[test]
fn p07_a_broker_that_is_stopped_is_missed_within_ten_seconds_and_the_gap_is_declared() {
    if !foreign_programs() {
        return;
    }
    let Scene { dir, mqtt } = scene();
    let broker = mosquitto(dir.path(), mqtt);
    let daemon = Daemon::ready(dir.path());
    let listener = daemon.listen();
    broker.signal("STOP");
    let stopped = Stopwatch::start();
    trouble(&listener.out, 0, "INPUT_LOST", "RAISED", 15.0);
    promised("a broker that stands still is missed", stopped.elapsed(), 10.5);
    assert_eq!(status(&daemon, "broker"), "failed");
    until("the input is known to be gone", 5.0, || (status(&daemon, "input") == "failed").then_some(()));
    assert_eq!(get(daemon.http, "/readyz").0, 503);
    assert_eq!(get(daemon.http, "/healthz").0, 200);
    broker.signal("CONT");
    let back = Stopwatch::start();
    let gap = trouble(&listener.out, 0, "INPUT_GAP", "RAISED", 15.0);
    promised("the gap is declared after the broker's return", back.elapsed(), 8.0);
    let gap_s = gap["alert"]["measured"]["gap_s"].as_f64().unwrap();
    let outage_s = stopped.elapsed().as_secs_f64();
    assert!((outage_s - 6.0..outage_s + 6.0).contains(&gap_s), "{gap_s} of {outage_s} s");
    trouble(&listener.out, 0, "INPUT_LOST", "CLEARED", 20.0);
    // It hears again.
    Sender::connect(mqtt, "late").report(&report("A1", place(0.0, 0.0), 0.0, 0.0));
    listener.out.json("the incursion", 20.0, |frame| frame["alert"]["code"] == "ZONE_INCURSION");
}

#[test]
fn p07_p33_p34_a_dead_broker_shows_at_once_and_its_empty_successor_is_told_from_it() {
    if !foreign_programs() {
        return;
    }
    let Scene { dir, mqtt } = scene();
    let mut broker = mosquitto(dir.path(), mqtt);
    let daemon = Daemon::ready(dir.path());
    let listener = daemon.listen();
    broker.kill();
    let killed = Stopwatch::start();
    until("not ready", 10.0, || (get(daemon.http, "/readyz").0 == 503).then_some(()));
    promised("a dead broker shows", killed.elapsed(), 3.0);
    trouble(&listener.out, 0, "CANARY", "RAISED", 45.0);
    promised("test flights that do not arrive are told", killed.elapsed(), 28.0);
    assert_eq!(status(&daemon, "canary"), "failed");
    let _broker = mosquitto(dir.path(), mqtt);
    let gap = trouble(&listener.out, 0, "INPUT_GAP", "RAISED", 15.0);
    assert!(
        gap["alert"]["explanation"]["en"].as_str().unwrap().contains("did not keep our session"),
        "{gap}"
    );
    trouble(&listener.out, 0, "CANARY", "CLEARED", 30.0);
    until("ready again", 20.0, || (get(daemon.http, "/readyz").0 == 200).then_some(()));
    let reason = daemon.health()["components"]["broker_settings"]["reason"].to_string();
    assert!(reason.contains("session"), "{reason}");
}

#[test]
fn p07_what_was_lost_while_neither_the_service_nor_its_session_was_there_is_declared() {
    if !foreign_programs() {
        return;
    }
    let Scene { dir, mqtt } = scene();
    let gaps = |daemon: &Daemon| -> Vec<Value> {
        let found = daemon.json("/api/v1/alerts?uas_id=service:INPUT_GAP");
        found["alerts"].as_array().unwrap().clone()
    };
    let mut broker = mosquitto(dir.path(), mqtt);
    // The first life is told from all others; the second finds the session that the broker has kept.
    for _ in 0..2 {
        let mut daemon = Daemon::ready(dir.path());
        // Once a second it is written down when the broker was heard.
        std::thread::sleep(Duration::from_millis(2_500));
        assert!(gaps(&daemon).is_empty(), "nothing was lost: {:?}", gaps(&daemon));
        daemon.program.kill();
    }
    let killed = Stopwatch::start();
    broker.kill();
    std::thread::sleep(Duration::from_secs(3));
    let _broker = mosquitto(dir.path(), mqtt);
    let daemon = Daemon::ready(dir.path());
    let gap = until("the gap is declared", 10.0, || gaps(&daemon).pop());
    let outage_s = killed.elapsed().as_secs_f64();
    assert!(gap["explanation"]["en"].as_str().unwrap().contains("did not keep our session"), "{gap}");
    let gap_s = gap["measured"]["gap_s"].as_f64().unwrap();
    // A quiet broker is heard every five seconds.
    assert!((3.0..outage_s + 8.0).contains(&gap_s), "{gap_s} of {outage_s} s");
    assert_eq!(gaps(&daemon).len(), 1);
    daemon.stop("TERM");
}

#[test]
fn p07_what_the_broker_drops_for_us_is_told() {
    if !foreign_programs() {
        return;
    }
    let Scene { dir, mqtt } = scene();
    let text = format!(
        "listener {mqtt} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 5\nmax_inflight_messages 20000\nsys_interval 1\n"
    );
    let _broker = broker(dir.path(), mqtt, &text);
    let daemon = Daemon::ready(dir.path());
    let listener = daemon.listen();
    let mut sender = Sender::connect(mqtt, "drone");
    sender.report(&report("A1", place(5_000.0, 0.0), 0.0, 0.0));
    until("it hears", 20.0, || (get(daemon.http, "/api/v1/tracks/A1").0 == 200).then_some(()));
    let before = figure(&daemon, "lowsky_broker_drops_total");
    let sum = |daemon: &Daemon| {
        figure(daemon, "lowsky_observations_offered_total") + figure(daemon, "lowsky_broker_drops_total")
    };
    let counted = sum(&daemon);
    // One that stands still confirms nothing, and its own queue at the broker overflows. Shorter than the broker's
    // patience with its connection.
    daemon.program.signal("STOP");
    let report = report("A1", place(5_000.0, 0.0), 0.0, 0.0).to_string();
    for id in 1..=SENT {
        sender.publish("lowsky/v1/telemetry/op/A1", &report, Some(id)).unwrap();
    }
    let mut confirmed = vec![0; 4 * usize::from(SENT)];
    sender.socket().read_exact(&mut confirmed).unwrap();
    assert!(confirmed.chunks(4).all(|packet| packet[0] == 0x40), "the broker confirms what it drops");
    daemon.program.signal("CONT");
    let awake = Stopwatch::start();
    let alert = trouble(&listener.out, 0, "BROKER_DROPS", "RAISED", 30.0);
    promised("what the broker dropped is told", awake.elapsed(), 4.0);
    assert!(1.0 <= alert["alert"]["measured"]["dropped"].as_f64().unwrap(), "{alert}");
    until("each report has come or is counted as dropped", 30.0, || {
        (sum(&daemon) - counted - f64::from(SENT) > -0.5).then_some(())
    });
    let dropped = figure(&daemon, "lowsky_broker_drops_total") - before;
    println!("{dropped} of {SENT} dropped");
    assert!(f64::from(OVERFLOW) / 2.0 < dropped, "{dropped} dropped");
    assert!((sum(&daemon) - counted - f64::from(SENT)).abs() < 0.5, "none is counted twice");
    until("the books balance", 10.0, || balanced(&daemon).then_some(()));
}

/// A supervisor's socket, and a daemon that knows of it.
fn supervised(dir: &Path, abstract_name: bool) -> (UnixDatagram, Program) {
    use std::os::linux::net::SocketAddrExt;
    let (socket, name) = if abstract_name {
        let name = format!("lowsky-test-{}-{}", std::process::id(), free_port());
        let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
        (UnixDatagram::bind_addr(&address).unwrap(), format!("@{name}"))
    } else {
        let path = dir.join("notify");
        (UnixDatagram::bind(&path).unwrap(), path.display().to_string())
    };
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut command = Command::new(LOWSKY);
    command.arg("run").arg("--config").arg(dir.join("lowsky.toml")).env("NOTIFY_SOCKET", name);
    (socket, Program::start(&mut command))
}

fn next(socket: &UnixDatagram) -> String {
    let mut bytes = [0; 4_096];
    let len = socket.recv(&mut bytes).expect("the daemon tells its supervisor");
    String::from_utf8(bytes[..len].to_vec()).unwrap()
}

#[test]
fn p33_the_supervisor_hears_ready_then_signs_of_life_then_the_end() {
    if !foreign_programs() {
        return;
    }
    for abstract_name in [false, true] {
        let Scene { dir, mqtt } = scene();
        let _broker = mosquitto(dir.path(), mqtt);
        let (socket, mut program) = supervised(dir.path(), abstract_name);
        let mut told = vec![next(&socket)];
        while told.iter().filter(|text| *text == "WATCHDOG=1").count() < 3
            || !told.iter().any(|text| text.starts_with("READY=1"))
        {
            told.push(next(&socket));
            assert!(told.len() < 60, "{told:?}");
        }
        assert!(told.contains(&"READY=1\nSTATUS=watching".to_owned()), "{told:?}");
        program.signal("STOP");
        std::thread::sleep(Duration::from_secs(11));
        program.signal("CONT");
        socket.set_nonblocking(true).unwrap();
        while socket.recv(&mut [0; 4_096]).is_ok() {}
        socket.set_nonblocking(false).unwrap();
        // It was stopped for longer than anything may stand, and is not shot for it.
        let signs = std::iter::repeat_with(|| next(&socket)).filter(|text| text == "WATCHDOG=1");
        assert_eq!(signs.take(3).count(), 3);
        program.signal("TERM");
        while next(&socket) != "STOPPING=1" {}
        assert_eq!(program.code_within(8.0), Some(0));
    }
}

#[test]
fn p33_without_a_broker_it_is_ready_after_ten_seconds_and_says_why_it_is_not_well() {
    let Scene { dir, .. } = scene();
    let (socket, _program) = supervised(dir.path(), false);
    let since = Stopwatch::start();
    let ready = std::iter::repeat_with(|| next(&socket)).find(|text| text.starts_with("READY=1")).unwrap();
    assert!(since.elapsed() > Duration::from_secs(8), "{:?}", since.elapsed());
    assert!(ready.contains("STATUS=Broker: not connected"), "{ready}");
}

#[test]
fn p03_a_file_that_reaches_its_limit_does_not_end_the_process() {
    if !foreign_programs() {
        return;
    }
    let Scene { dir, mqtt } = scene();
    let features: Vec<_> = (0..40).map(|n| zone(&format!("Z{n}"), [0.0, 0.0, 10.0, 10.0])).collect();
    let text = zones(&features);
    assert!(text.len() > 20_000, "larger than the limit, so that the fault fires when it is kept");
    std::fs::write(dir.path().join("zones/z.json"), text).unwrap();
    let _broker = mosquitto(dir.path(), mqtt);
    let config = dir.path().join("lowsky.toml");
    let limited = format!("ulimit -f 8; exec {LOWSKY} run --config {}", config.display());
    let mut program = Program::start(Command::new("bash").arg("-c").arg(limited));
    program.err.find("could not be kept", 20.0);
    std::thread::sleep(Duration::from_secs(1));
    program.signal("TERM");
    assert_eq!(program.code_within(8.0), Some(0), "alive until it was told to end");
}

#[test]
fn p08_p18_a_clean_stop_is_no_trouble_and_a_broker_lost_before_it_is_well_soon_after_the_start() {
    if !foreign_programs() {
        return;
    }
    let Scene { dir, mqtt } = scene();
    let troubles = |daemon: &Daemon| -> Vec<String> {
        let alerts = daemon.json("/api/v1/alerts?code=SERVICE_DEGRADED&limit=1000");
        let alerts = alerts["alerts"].as_array().unwrap();
        let words = |alert: &Value| format!("{} {}", alert["uas_id"], alert["state"]);
        alerts.iter().map(words).filter(|words| words.contains("INPUT_LOST")).collect()
    };
    let broker = mosquitto(dir.path(), mqtt);
    Daemon::ready(dir.path()).stop("TERM");
    let daemon = Daemon::ready(dir.path());
    assert_eq!(troubles(&daemon), Vec::<String>::new(), "a stop by design is no loss");
    drop(broker);
    until("the loss is told", 15.0, || troubles(&daemon).pop());
    daemon.stop("TERM");
    let _broker = mosquitto(dir.path(), mqtt);
    let back = Stopwatch::start();
    let daemon = Daemon::ready(dir.path());
    let over = |words: &String| words.contains("CLEARED");
    until("it is over", 30.0, || troubles(&daemon).iter().all(over).then_some(()));
    assert!(back.elapsed() < Duration::from_secs(30), "{:?}", back.elapsed());
    daemon.stop("TERM");
}
