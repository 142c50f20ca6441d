//! The only clock: where time enters as data.
//!
//! The service keeps a time of its own. It starts as the system's and then goes on evenly: when somebody sets
//! the system's clock, nothing here jumps. What to make of such a step is [`ClockKeeper`]'s decision.
//!
//! [`ClockKeeper`]: crate::service::clock_keeper::ClockKeeper

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::Timestamp;

/// Goes on evenly from where it was started.
struct Steady {
    origin: Stopwatch,
    /// UTC at the origin, as far as known, microseconds.
    base_us: AtomicI64,
}

static STEADY: LazyLock<Steady> =
    LazyLock::new(|| Steady { origin: Stopwatch::start(), base_us: AtomicI64::new(system().as_micros()) });

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// The current instant, UTC, by the service's own even time.
pub fn now() -> Timestamp {
    let steady = &*STEADY;
    let base_us = steady.base_us.load(Ordering::Relaxed);
    Timestamp::from_micros(base_us.saturating_add(micros(steady.origin.elapsed())))
}

/// The current instant, UTC, as the system's clock has it. One before 1970 or after the year 294,000 reads as
/// that bound.
#[expect(clippy::disallowed_methods, reason = "this is where time enters as data")]
pub fn system() -> Timestamp {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(after) => Timestamp::from_micros(micros(after)),
        Err(before) => Timestamp::from_micros(-micros(before.duration())),
    }
}

/// Moves the service's own time by so many microseconds.
pub fn move_by(micros: i64) {
    STEADY.base_us.fetch_add(micros, Ordering::Relaxed);
}

/// Measures a span of time; never runs backwards, whatever happens to the wall clock.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[expect(clippy::disallowed_methods, reason = "this is where time enters as data")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_this_century_and_goes_on() {
        let (watch, before) = (Stopwatch::start(), now());
        assert!(before > Timestamp::parse("2024-01-01T00:00:00Z").unwrap());
        assert!(now() >= before);
        assert!(now().seconds_since(system()).abs() < 5.0);
        assert!(watch.elapsed() < Duration::from_secs(5));
    }
}
