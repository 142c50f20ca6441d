//! Whether this machine is calm enough to judge a latency: a gate that is missed on a noisy one says nothing.

use std::io::Write;
use std::time::Duration;

use lowsky::service::clock::Stopwatch;

use crate::machine;
use crate::means::unjudged;

/// On a calm machine, at most: the echo of a bare connection, a synced write, and waiting threads for each core.
const ECHO_MS: f64 = 5.0;
const SYNC_MS: f64 = 40.0;
const LOAD_PER_CORE: f64 = 1.5;
/// Writes that are synced and timed.
const SYNCS: usize = 40;
/// However busy the machine is, nothing is waited for longer than so many times the usual.
const SLOWNESS_MAX: f64 = 4.0;

fn cores() -> f64 {
    f64::from(u32::try_from(std::thread::available_parallelism().map_or(1, std::num::NonZero::get)).unwrap())
}

/// Waiting threads for each core over the last minute.
fn load_per_core() -> f64 {
    let load = machine::load_average();
    load.split(' ').next().and_then(|load| load.parse::<f64>().ok()).unwrap_or(0.0) / cores()
}

/// Threads of the whole machine that run or want to, at this moment.
fn runnable() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').nth(3)?.split_once('/')?.0.parse().ok()
}

/// How much longer things may take under so much load for each core.
fn slowness(load_per_core: f64) -> f64 {
    (load_per_core / LOAD_PER_CORE).clamp(1.0, SLOWNESS_MAX)
}

/// How long to wait for something: as long as was asked for, and longer while others keep the machine busy, so that
/// no test fails because of its neighbours.
pub(crate) struct Patience {
    since: Stopwatch,
    within_s: f64,
    looks: f64,
    /// The sum of what every look found.
    runnable: f64,
}

impl Patience {
    pub(crate) fn new(within_s: f64) -> Self {
        Self { since: Stopwatch::start(), within_s, looks: 0.0, runnable: 0.0 }
    }

    /// Whether to wait on; to be asked again and again, for it looks at the machine meanwhile.
    pub(crate) fn lasts(&mut self) -> bool {
        self.looks += 1.0;
        self.runnable += runnable().unwrap_or(0.0);
        let waited_s = self.since.elapsed().as_secs_f64();
        if waited_s < self.within_s {
            return true;
        }
        let busy = (self.runnable / self.looks / cores()).max(load_per_core());
        waited_s < self.within_s * slowness(busy)
    }
}

/// Holds a time against its promise: when it is missed, that is a failure on a calm machine and inconclusive on another.
#[track_caller]
pub(crate) fn promised(what: &str, took: Duration, most_s: f64) {
    let took_s = took.as_secs_f64();
    println!("{what}: {took_s:.2} s");
    if most_s < took_s {
        Calm::measure().judge(&[format!("{what} within {most_s} s, not {took_s:.2} s")]);
    }
}

/// What the machine can do at the moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calm {
    echo_ms: f64,
    sync_ms: f64,
    load_per_core: f64,
}

impl Calm {
    /// Measures for about a second.
    pub(crate) fn measure() -> Self {
        let ms = |span: Duration| span.as_secs_f64() * 1e3;
        let echo = machine::echo().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        let mut syncs: Vec<f64> = (0..SYNCS)
            .map(|_| {
                file.write_all(&[1; 4_096]).unwrap();
                let watch = Stopwatch::start();
                file.sync_data().unwrap();
                ms(watch.elapsed())
            })
            .collect();
        syncs.sort_by(f64::total_cmp);
        Self { echo_ms: ms(echo.quantile(990)), sync_ms: syncs[SYNCS - 2], load_per_core: load_per_core() }
    }

    fn holds(&self) -> bool {
        self.echo_ms <= ECHO_MS && self.sync_ms <= SYNC_MS && self.load_per_core <= LOAD_PER_CORE
    }

    /// Judges what was measured between `self` and now: nothing missed passes; something missed fails on a calm
    /// machine and is inconclusive on another.
    #[track_caller]
    pub(crate) fn judge(self, missed: &[String]) {
        if missed.is_empty() {
            println!("PASS; machine before {self:.1?}");
            return;
        }
        let after = Self::measure();
        assert!(!after.holds() || !self.holds(), "missed on a calm machine: {missed:?}");
        unjudged(&format!(
            "INCONCLUSIVE: the machine is too noisy to judge {missed:?}: before {self:.1?}, after {after:.1?}"
        ));
    }
}

/// The smallest value that at least so many of 1,000 do not exceed.
pub(crate) fn quantile(values: &[f64], per_mille: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() * per_mille).div_ceil(1_000).max(1) - 1;
    sorted.get(at).copied().unwrap_or(0.0)
}

#[test]
fn a_gate_fails_only_on_a_calm_machine() {
    let calm = Calm { echo_ms: 0.1, sync_ms: 1.0, load_per_core: 0.1 };
    assert!(calm.holds());
    assert!(!Calm { echo_ms: 50.0, ..calm }.holds());
    assert!(!Calm { sync_ms: 500.0, ..calm }.holds());
    assert!(!Calm { load_per_core: 9.0, ..calm }.holds());
    assert!([0.1, 1.5, 3.0, 90.0].map(slowness) == [1.0, 1.0, 2.0, SLOWNESS_MAX]);
    assert!(Patience::new(60.0).lasts() && !Patience::new(0.0).lasts());
    let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
    assert_eq!(
        [500, 990, 1_000].map(|per_mille| quantile(&values, per_mille).to_string()),
        ["50", "99", "100"]
    );
}
