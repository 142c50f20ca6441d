//! The only clock: where time enters as data.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::Timestamp;

/// The current instant, UTC. A clock before 1970 or after the year 294,000 reads as that bound.
#[expect(clippy::disallowed_methods, reason = "this is where time enters as data")]
pub fn now() -> Timestamp {
    let micros = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(after) => Timestamp::from_micros(micros(after)),
        Err(before) => Timestamp::from_micros(-micros(before.duration())),
    }
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
        assert!(watch.elapsed() < Duration::from_secs(5));
    }
}
