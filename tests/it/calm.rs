//! Whether this machine is calm enough to judge a latency: a gate that is missed on a noisy one says nothing.

use std::io::Write;
use std::time::Duration;

use lowsky::service::clock::Stopwatch;

use crate::machine;

/// On a calm machine, at most: the echo of a bare connection, a synced write, and waiting threads for each core.
const ECHO_MS: f64 = 5.0;
const SYNC_MS: f64 = 40.0;
const LOAD_PER_CORE: f64 = 1.5;
/// Writes that are synced and timed.
const SYNCS: usize = 40;

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
        let load = machine::load_average();
        let load: f64 = load.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            echo_ms: ms(echo.quantile(990)),
            sync_ms: syncs[SYNCS - 2],
            load_per_core: load / f64::from(u32::try_from(cores).unwrap()),
        }
    }

    fn holds(&self) -> bool {
        self.echo_ms <= ECHO_MS && self.sync_ms <= SYNC_MS && self.load_per_core <= LOAD_PER_CORE
    }

    /// Judges what was measured between `self` and now: nothing missed passes; something missed fails on a calm
    /// machine and is inconclusive on another.
    pub(crate) fn judge(self, missed: &[String]) {
        let after = Self::measure();
        println!("machine before {self:.1?}, after {after:.1?}");
        if missed.is_empty() {
            println!("PASS");
        } else if self.holds() && after.holds() {
            panic!("missed on a calm machine: {missed:#?}");
        } else {
            println!("INCONCLUSIVE: the machine is too noisy to judge {missed:#?}");
        }
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
    Calm { load_per_core: 9.0, ..calm }.judge(&["something".into()]);
    let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
    assert_eq!(
        [500, 990, 1_000].map(|per_mille| quantile(&values, per_mille).to_string()),
        ["50", "99", "100"]
    );
}
