//! The only clock: where time enters as data.
//!
//! The time that everything is judged by follows a clock that cannot be set. It starts at the wall clock's time and
//! is drawn towards it by at most 1 %, so that NTP's corrections arrive; a wall clock that jumps by more than 2 s is
//! not followed at all, and [`divergence_s`] says how far it has gone. Only if the aircraft's own clocks agree with the wall clock
//! against us (a suspended or copied machine) does [`trust_wall`] take the new time over.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::Timestamp;

/// How fast we are drawn towards the wall clock, millionths.
const SLEW_MAX_PPM: i64 = 10_000;
/// A wall clock further away than this has jumped and is not followed, µs.
const JUMP_US: i64 = 2_000_000;
/// How long a rate is kept before the wall clock is asked again, µs.
const LEG_US: i64 = 10_000;

static CLOCK: Mutex<Option<Steady>> = Mutex::new(None);

/// The current instant, UTC; never earlier than one given before.
pub fn now() -> Timestamp {
    let mono = mono_us();
    Timestamp::from_micros(clock().get_or_insert_with(|| Steady::new(mono, wall_us())).read(mono, wall_us))
}

/// How far the wall clock is ahead of [`now`], seconds; it is behind if negative.
pub fn divergence_s() -> f64 {
    Timestamp::from_micros(wall_us()).seconds_since(now())
}

/// Takes the wall clock's time over at once, because others bear it out.
pub fn trust_wall() {
    *clock() = Some(Steady::new(mono_us(), wall_us()));
}

fn clock() -> MutexGuard<'static, Option<Steady>> {
    CLOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A wall clock before 1970 or after the year 294,000 reads as that bound.
#[expect(clippy::disallowed_methods, reason = "this is where time enters as data")]
fn wall_us() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(after) => micros(after),
        Err(before) => -micros(before.duration()),
    }
}

/// Time since the machine's start, suspension included.
#[cfg(target_os = "linux")]
fn mono_us() -> i64 {
    let span = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    span.tv_sec.saturating_mul(1_000_000).saturating_add(span.tv_nsec / 1_000)
}

/// Time since the first call.
#[cfg(not(target_os = "linux"))]
fn mono_us() -> i64 {
    static START: std::sync::OnceLock<Stopwatch> = std::sync::OnceLock::new();
    micros(START.get_or_init(Stopwatch::start).elapsed())
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// A time that goes on at the pace of a clock that cannot be set, drawn towards one that can.
#[derive(Debug)]
struct Steady {
    /// Where the current leg began, on the clock that cannot be set and on ours.
    mono_us: i64,
    at_us: i64,
    /// Difference to make up on this leg, and at which rate.
    error_us: i64,
    rate_ppm: i64,
}

impl Steady {
    fn new(mono_us: i64, wall_us: i64) -> Self {
        Self { mono_us, at_us: wall_us, error_us: 0, rate_ppm: 0 }
    }

    fn read(&mut self, mono_us: i64, wall: impl FnOnce() -> i64) -> i64 {
        let passed = mono_us.saturating_sub(self.mono_us).max(0);
        let drawn = passed.saturating_mul(self.rate_ppm) / 1_000_000;
        let most = self.error_us.abs();
        let at = self.at_us.saturating_add(passed).saturating_add(drawn.clamp(-most, most));
        if LEG_US <= passed {
            let error_us = wall().saturating_sub(at);
            // A small difference is made up within a second.
            let wanted_ppm = if error_us.abs() <= JUMP_US { error_us } else { 0 };
            let rate_ppm = wanted_ppm.clamp(-SLEW_MAX_PPM, SLEW_MAX_PPM);
            *self = Self { mono_us, at_us: at, error_us, rate_ppm };
        }
        at
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
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 3_600_000_000;

    #[test]
    fn it_is_this_century_and_goes_on() {
        let (watch, before) = (Stopwatch::start(), now());
        assert!(before > Timestamp::parse("2024-01-01T00:00:00Z").unwrap());
        assert!(now() >= before);
        assert!(watch.elapsed() < Duration::from_secs(5));
        assert!(divergence_s().abs() < 1.0);
    }

    #[test]
    fn p05_a_wall_clock_that_jumps_an_hour_is_not_followed() {
        for jump in [HOUR, -HOUR] {
            let (mut clock, mut mono) = (Steady::new(0, HOUR), 0);
            for _ in 0..600 {
                mono += 100_000;
                let at = clock.read(mono, || HOUR + mono + jump);
                assert_eq!(at, HOUR + mono, "a minute is a minute");
            }
            assert_eq!(clock.error_us, jump, "and the divergence shows");
        }
    }

    #[test]
    fn a_small_correction_is_taken_in_within_seconds() {
        let (mut clock, mut mono) = (Steady::new(0, 0), 0);
        for _ in 0..200 {
            mono += 50_000;
            clock.read(mono, || mono + 30_000);
        }
        assert!((clock.read(mono, || 0) - mono - 30_000).abs() < 2_000);
    }

    proptest! {
        #[test]
        fn p05_whatever_the_wall_clock_does_time_goes_on_at_its_pace(
            steps in prop::collection::vec((0..2_000_000_i64, -2 * HOUR..2 * HOUR), 1..200)
        ) {
            let (mut clock, mut mono, mut before) = (Steady::new(0, 0), 0, 0);
            for (step, wall) in steps {
                mono += step;
                let at = clock.read(mono, || wall);
                prop_assert!(before <= at, "never back");
                prop_assert!((at - mono).abs() <= mono / 100 + 1);
                before = at;
            }
        }
    }
}
