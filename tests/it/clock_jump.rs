//! Somebody sets the clock of the machine on which the daemon runs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use serde_json::Value;

use crate::e2e_stream::Listener;
use crate::e2e_support::{
    Daemon, LOWSKY, Program, Sender, configure, free_port, place, report, until, zone, zones,
};
use crate::means::{starts, there};

/// How long a wrong clock stands: long enough for everything that is due by time.
const STANDS: Duration = Duration::from_secs(6);

/// A library that sets the clock of the program that it is loaded into, and the file that says by how much.
struct SetClock {
    library: PathBuf,
    file: PathBuf,
}

impl SetClock {
    fn build(dir: &Path) -> Self {
        let library = dir.join("clock.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/foreign/clock.c");
        let mut build = Command::new("cc");
        build.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source);
        assert!(build.status().unwrap().success(), "cc");
        let clock = Self { library, file: dir.join("clock.txt") };
        clock.set(0);
        clock
    }

    fn set(&self, seconds: i32) {
        let new = self.file.with_extension("new");
        std::fs::write(&new, seconds.to_string()).unwrap();
        std::fs::rename(new, &self.file).unwrap();
    }
}

/// By how many seconds the daemon sees the system's clock ahead of its own time; `None` where that is no trouble.
fn ahead_s(daemon: &Daemon) -> Option<f64> {
    let health = daemon.health();
    let clock = &health["components"]["clock"];
    let told = clock["reason"].as_str()?.split_once("the system's clock ")?.1;
    told.split_once(' ')?.0.parse().ok().filter(|_| clock["status"] == "degraded")
}

/// What was told of aircraft: the event, who, and the alert.
fn told(listener: &Listener) -> Vec<(String, String, Value)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let frames = listener.frames().into_iter();
    let alerts = frames.filter(|frame| frame["type"] == "alert" && frame["event"] != "UPDATED");
    let alerts = alerts.filter(|frame| frame["alert"]["code"] != "SERVICE_DEGRADED");
    alerts.map(|f| (text(&f["event"]), text(&f["alert"]["uas_id"]), f["alert"].clone())).collect()
}

#[test]
fn p05_a_clock_that_is_set_by_an_hour_opens_and_closes_nothing_and_hides_nothing() {
    if !there(&[("cc", starts("cc", &["--version"]))]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mqtt = free_port();
    configure(dir.path(), mqtt, true, 0);
    std::fs::write(dir.path().join("zones/z.json"), zones(&[zone("Z", [0.0, 0.0, 300.0, 300.0])])).unwrap();
    let clock = SetClock::build(dir.path());
    let mut command = Command::new(LOWSKY);
    command.arg("run").arg("--config").arg(dir.path().join("lowsky.toml"));
    command.env("LD_PRELOAD", &clock.library).env("LOWSKY_CLOCK", &clock.file);
    let daemon = Daemon::listening(Program::start(&mut command));
    daemon.until_ready(20.0);
    let listener = Listener::start(daemon.http);

    let (over, enters) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        // Ends the thread also when the test fails.
        let _end = SetOnDrop(&over);
        scope.spawn(|| {
            let mut sender = Sender::connect(mqtt, "fleet");
            while !over.load(Relaxed) {
                let second = if enters.load(Relaxed) { place(200.0, 200.0) } else { place(0.0, 2_000.0) };
                sender.report(&report("INSIDE", place(100.0, 100.0), 0.0, 0.0));
                sender.report(&report("ENTERS", second, 0.0, 0.0));
                std::thread::sleep(Duration::from_millis(250));
            }
        });
        until("the first is alerted", 20.0, || (told(&listener).len() == 1).then_some(()));
        for set_s in [3_600, -3_600] {
            clock.set(set_s);
            until("the daemon sees that the clock was set", 20.0, || {
                ahead_s(&daemon).filter(|ahead_s| (ahead_s - f64::from(set_s)).abs() < 5.0)
            });
            std::thread::sleep(STANDS);
            let told = told(&listener);
            assert_eq!(told.len(), 1, "{told:#?}");
        }
        // What happens under a wrong clock is alerted as ever, in the daemon's own time.
        enters.store(true, Relaxed);
        until("the second is alerted", 20.0, || {
            told(&listener)
                .into_iter()
                .find(|(_, who, alert)| who == "ENTERS" && alert["code"] == "ZONE_INCURSION")
        });
        clock.set(0);
        until("the clock is right again", 20.0, || ahead_s(&daemon).is_none().then_some(()));
        assert!(told(&listener).iter().all(|(event, ..)| event == "RAISED"), "{:#?}", told(&listener));
    });
    daemon.stop("TERM");
}

struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}
