//! A long run, looked at every minute: memory, books, readiness. At the end, whether memory is flat.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use crate::machine::Process;
use crate::service::{Books, Service};

/// Between two looks.
const PERIOD: Duration = Duration::from_mins(1);
/// Memory may grow by less than this.
const MIB_PER_10_MIN: f64 = 1.0;
/// Looks at the beginning that do not count: caches fill, history reaches its bound.
const SETTLING_SHARE: usize = 3;
/// Looks that must be left to judge by.
const LOOKS_MIN: usize = 10;

/// What a long run came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    /// Memory is flat: it grows by so many MiB in 10 minutes.
    Flat(f64),
    /// It is not.
    Grows(f64),
    /// There is too little to judge by.
    TooShort,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flat(mib) => write!(f, "PASS: memory changes by {mib:+.2} MiB in 10 minutes"),
            Self::Grows(mib) => write!(
                f,
                "FAIL: memory grows by {mib:.2} MiB in 10 minutes, at most {MIB_PER_10_MIN} is promised"
            ),
            Self::TooShort => f.write_str("INCONCLUSIVE: too short to judge memory; run it for an hour"),
        }
    }
}

/// The looks of a run.
#[derive(Debug, Default)]
pub(crate) struct Soak {
    /// Minutes since the start, MiB.
    memory: Vec<(f64, f64)>,
    /// Looks at which the books did not balance or the service was not ready.
    pub(crate) faults: u32,
}

impl Soak {
    /// Looks every minute until the end and prints what it sees.
    #[expect(clippy::print_stdout, reason = "what the person who started the run reads")]
    pub(crate) async fn follow(&mut self, service: &Service, daemon: Option<&Process>, end: Instant) {
        let start = Instant::now();
        loop {
            let minutes = start.elapsed().as_secs_f64() / 60.0;
            let rss_mib = daemon.and_then(Process::rss_mib);
            self.memory.extend(rss_mib.map(|mib| (minutes, mib)));
            let (metrics, ready) =
                (service.get("/metrics").unwrap_or_default(), service.get("/readyz").is_ok());
            let books = Books::read(&metrics);
            let sound = books.balance() && 0.5 < books.messages;
            self.faults += u32::from(!sound) + u32::from(!ready);
            println!(
                "{minutes:5.1} min  {:7.1} MiB  books {}  {}  waiting {}  conflated {}  refused {}  open alerts {}{}",
                rss_mib.unwrap_or_default(),
                if sound { "balance" } else { "DO NOT BALANCE" },
                if ready { "ready" } else { "NOT READY" },
                books.in_flight,
                books.conflated,
                books.refused,
                books.alerts_open,
                canary(&metrics).map_or_else(String::new, |line| format!("  {line}")),
            );
            let next = Instant::now() + PERIOD;
            if end < next {
                tokio::time::sleep_until(end).await;
                return;
            }
            tokio::time::sleep_until(next).await;
        }
    }

    /// Whether memory is flat once it has settled.
    pub(crate) fn verdict(&self) -> Verdict {
        let settled = self.memory.get(self.memory.len() / SETTLING_SHARE..).unwrap_or_default();
        if settled.len() < LOOKS_MIN {
            return Verdict::TooShort;
        }
        let mib = 10.0 * slope(settled);
        if mib < MIB_PER_10_MIN { Verdict::Flat(mib) } else { Verdict::Grows(mib) }
    }
}

/// What the daemon says of the age of its last test flight.
fn canary(metrics: &str) -> Option<&str> {
    metrics.lines().find(|line| line.starts_with("lowsky_canary") && line.contains("age"))
}

/// The slope of the straight line of least squares through points of distinct `x`.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count: f64 = points.iter().map(|_| 1.0).sum();
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let along: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let up: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    if along > 0.0 { up / along } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(minutes: u32, mib: impl Fn(f64) -> f64) -> Verdict {
        let memory = (0..minutes).map(|minute| (f64::from(minute), mib(f64::from(minute)))).collect();
        Soak { memory, faults: 0 }.verdict()
    }

    #[test]
    fn p12_a_leak_is_told_from_noise_and_from_a_beginning() {
        assert_eq!(run(9, |_| 100.0), Verdict::TooShort);
        assert_eq!(run(60, |_| 100.0), Verdict::Flat(0.0));
        let noisy = run(60, |minute| 100.0 + if minute % 2.0 < 1.0 { 3.0 } else { 0.0 });
        assert!(matches!(noisy, Verdict::Flat(_)), "{noisy}");
        let leaking = run(60, |minute| 100.0 + 0.2 * minute);
        assert!(matches!(leaking, Verdict::Grows(mib) if (mib - 2.0).abs() < 1e-9), "{leaking}");
        let settling = run(60, |minute| 100.0 + 50.0 * (minute / 15.0).min(1.0));
        assert_eq!(settling, Verdict::Flat(0.0));
    }

    #[test]
    fn the_age_of_the_test_flight_is_found() {
        let text = "# HELP lowsky_canary_age_seconds x\nlowsky_canary_age_seconds 3.2\n";
        assert_eq!(canary(text), Some("lowsky_canary_age_seconds 3.2"));
        assert_eq!(canary("lowsky_aircraft 3\n"), None);
    }
}
