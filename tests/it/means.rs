//! What a test needs that a machine may not have, and the word about what was therefore not judged.

use std::io::Write;
use std::panic::Location;
use std::path::Path;
use std::process::{Command, Stdio};

/// Debian's Python: the one that the package `python3-websockets` belongs to.
pub(crate) const PYTHON: &str = "/usr/bin/python3";
/// A file to which everything that was not judged is added; `tools/check` sets it and shows it at the end, because what
/// a test prints is shown of failed ones only.
const UNJUDGED: &str = "LOWSKY_UNJUDGED";

/// Says that something was not judged, and where.
#[track_caller]
pub(crate) fn unjudged(text: &str) {
    println!("{text}");
    if let Some(path) = std::env::var_os(UNJUDGED) {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        let place = Location::caller();
        // At once, so that tests in other processes write lines of their own.
        let line = format!("{}:{}: {}\n", place.file(), place.line(), text.replace('\n', " "));
        file.write_all(line.as_bytes()).unwrap();
    }
}

/// Whether all that a test needs is there. Where `tools/check` has installed it, its absence is a failure.
#[track_caller]
pub(crate) fn there(needs: &[(&str, bool)]) -> bool {
    let missing: Vec<&str> = needs.iter().filter_map(|&(name, there)| (!there).then_some(name)).collect();
    if missing.is_empty() {
        return true;
    }
    let set = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    assert!(!set("CI", "true") && !set("LOWSKY_REQUIRE_FOREIGN", "1"), "not installed: {missing:?}");
    unjudged(&format!("SKIPPED: not installed: {missing:?}"));
    false
}

/// Whether a program can be started at all.
pub(crate) fn starts(program: &str, arguments: &[&str]) -> bool {
    let quiet = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok()
}

pub(crate) fn mosquitto_program() -> Option<&'static str> {
    ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto"]
        .into_iter()
        .find(|path| Path::new(path).exists())
}

/// Whether the foreign programs of the whole path are there.
#[track_caller]
pub(crate) fn foreign_programs() -> bool {
    there(&[
        ("mosquitto", mosquitto_program().is_some()),
        ("mosquitto_pub and mosquitto_sub", starts("mosquitto_pub", &["--help"])),
        ("python3-websockets", websockets()),
    ])
}

/// Whether Python has its module `websockets`.
pub(crate) fn websockets() -> bool {
    let asked = Command::new(PYTHON).args(["-c", "import websockets"]).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// Whether faults can be injected into the system calls of a process of one's own.
#[track_caller]
pub(crate) fn strace() -> bool {
    if !there(&[("strace", starts("strace", &["-V"]))]) {
        return false;
    }
    let traced =
        Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    let traces = traced.is_ok_and(|status| status.success());
    if !traces {
        unjudged("SKIPPED: strace may not trace here");
    }
    traces
}
