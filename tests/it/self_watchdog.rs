//! The watchdog ends a process in which something is stuck: a child of this very test shows it.

use std::process::{Command, Stdio};
use std::time::Duration;

use lowsky::service::clock::Stopwatch;
use lowsky::service::notify::Notifier;
use lowsky::service::watchdog::{Watchdog, Watched};

use crate::calm::promised;

/// Set in the child, to what gets stuck in it.
const CHILD: &str = "LOWSKY_TEST_STUCK";

#[test]
fn p33_a_stuck_worker_is_killed_within_ten_seconds() {
    if std::env::var_os(CHILD).is_some() {
        return get_stuck();
    }
    let name = "self_watchdog::p33_a_stuck_worker_is_killed_within_ten_seconds";
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "monitor")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let since = Stopwatch::start();
    let ended = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if Duration::from_secs(30) < since.elapsed() {
            break None;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    drop(child.kill());
    drop(child.wait());
    let status = ended.expect("the watchdog shoots");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(6), "by abort: {status}");
    // Two seconds of life, then at most ten of standing still; the rest is a loaded machine's.
    let took = since.elapsed();
    assert!(Duration::from_secs(9) < took, "{took:?}");
    promised("one that is stuck is shot", took, 16.0);
}

/// Works for two seconds, then stands still for ever, while another worker goes on.
fn get_stuck() {
    let [monitor, runtime] = ["monitor", "runtime"].map(Watched::new);
    let watched = vec![monitor.clone(), runtime.clone()];
    let _watchdog = Watchdog::start(watched, Notifier::default()).unwrap();
    let since = Stopwatch::start();
    while since.elapsed() < Duration::from_mins(1) {
        runtime.stamp.moved();
        if since.elapsed() < Duration::from_secs(2) {
            monitor.stamp.moved();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
