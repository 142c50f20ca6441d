//! How far the clocks of the sources are from ours, as far as their reports tell.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::UasId;

/// Aircraft that are asked.
const SOURCES_MAX: usize = 1_024;
/// Fewer aircraft say nothing about our own clock.
const SOURCES_MIN: usize = 3;
/// What a report that was refused as of the future is at least ahead, µs.
pub const FUTURE_US: i64 = 2_000_001;

/// The newest difference of each aircraft since the last question.
#[derive(Debug, Default)]
pub struct SkewMeter(Mutex<BTreeMap<UasId, i64>>);

impl SkewMeter {
    /// A report of an aircraft was dated so many microseconds after its arrival.
    pub fn note(&self, uas_id: &UasId, ahead_us: i64) {
        let mut sources = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = sources.get_mut(uas_id) {
            *known = ahead_us;
        } else if sources.len() < SOURCES_MAX {
            sources.insert(uas_id.clone(), ahead_us);
        }
    }

    /// The median over the aircraft heard since the last question, seconds; `None` if there were too few.
    pub fn take_median_s(&self) -> Option<f64> {
        let sources = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut skews: Vec<_> = sources.into_values().collect();
        skews.sort_unstable();
        let median = skews.get(skews.len() / 2).filter(|_| SOURCES_MIN <= skews.len())?;
        Some(crate::domain::whole(*median) / 1e6)
    }
}

/// What the looks at the clock, one a second, come to.
#[derive(Debug, Default)]
pub struct ClockCheck {
    bad: u32,
    good: u32,
    against_us: u32,
}

/// What to do about the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockVerdict {
    /// Nothing changed.
    Unchanged,
    /// It is wrong: tell.
    Wrong,
    /// It is right again.
    Right,
    /// The sources bear the wall clock out against us: take its time over.
    TrustWall,
}

/// Most that clocks may be apart, seconds.
pub const APART_MAX_S: f64 = 2.0;
/// Looks in a row before anything is concluded.
const LOOKS: u32 = 5;

impl ClockCheck {
    /// One look: how far the wall clock, and the sources' clocks if known, are ahead of ours, seconds.
    pub fn look(&mut self, wall_s: f64, sources_s: Option<f64>) -> ClockVerdict {
        let apart = APART_MAX_S < wall_s.abs() || sources_s.is_some_and(|skew| APART_MAX_S < skew.abs());
        let agree = sources_s.is_some_and(|sources_s| {
            let refused = wall_s > APART_MAX_S && sources_s > APART_MAX_S;
            let old = wall_s < -APART_MAX_S && (wall_s - sources_s).abs() < APART_MAX_S;
            refused || old
        });
        let count = |so_far: u32, holds: bool| if holds { so_far.saturating_add(1) } else { 0 };
        self.against_us = count(self.against_us, agree);
        self.bad = count(self.bad, apart);
        self.good = count(self.good, !apart);
        match () {
            () if self.against_us == LOOKS => {
                *self = Self::default();
                ClockVerdict::TrustWall
            }
            () if self.bad == LOOKS => ClockVerdict::Wrong,
            () if self.good == LOOKS => ClockVerdict::Right,
            () => ClockVerdict::Unchanged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_of_aircraft_not_of_reports() {
        let meter = SkewMeter::default();
        let id = |name: &str| UasId::new(name).unwrap();
        (0..100).for_each(|_| meter.note(&id("loud"), FUTURE_US));
        meter.note(&id("b"), -100_000);
        assert_eq!(meter.take_median_s(), None, "two say nothing");
        meter.note(&id("loud"), FUTURE_US);
        meter.note(&id("b"), -100_000);
        meter.note(&id("c"), -200_000);
        assert_eq!(meter.take_median_s(), Some(-0.1));
        assert_eq!(meter.take_median_s(), None, "each report counts once");
    }

    fn verdicts(wall_s: f64, sources_s: Option<f64>) -> Vec<ClockVerdict> {
        let mut check = ClockCheck::default();
        let looks = std::iter::repeat_with(|| check.look(wall_s, sources_s)).take(12);
        looks.filter(|verdict| *verdict != ClockVerdict::Unchanged).collect()
    }

    #[test]
    fn p05_a_wall_clock_that_jumps_is_told_and_followed_only_if_the_sources_bear_it_out() {
        assert_eq!(verdicts(0.1, Some(-0.4)), [ClockVerdict::Right]);
        assert_eq!(verdicts(3_600.0, Some(-0.4)), [ClockVerdict::Wrong]);
        assert_eq!(verdicts(-3_600.0, None), [ClockVerdict::Wrong]);
        assert_eq!(verdicts(0.0, Some(2.5)), [ClockVerdict::Wrong]);
        assert_eq!(verdicts(3_600.0, Some(2.1))[0], ClockVerdict::TrustWall);
        assert_eq!(verdicts(-3_600.0, Some(-3_600.4))[0], ClockVerdict::TrustWall);
        assert_eq!(verdicts(-3_600.0, Some(-60.0)), [ClockVerdict::Wrong]);
    }
}
