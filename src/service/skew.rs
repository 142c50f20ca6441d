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

/// Most that clocks may be apart, seconds.
pub const APART_MAX_S: f64 = 2.0;
/// Looks in a row before anything is concluded.
const LOOKS: u32 = 3;

/// What the looks at the clock, one a second, come to.
#[derive(Debug, Default)]
pub struct ClockCheck {
    bad: u32,
    good: u32,
}

impl ClockCheck {
    /// One look: how far the system's clock, and the sources' clocks if known, are ahead of the service's time,
    /// seconds. `Some(true)` when they have parted, `Some(false)` when they agree again.
    pub fn look(&mut self, system_s: f64, sources_s: Option<f64>) -> Option<bool> {
        let apart = APART_MAX_S < system_s.abs() || sources_s.is_some_and(|skew| APART_MAX_S < skew.abs());
        let count = |so_far: u32, holds: bool| if holds { so_far.saturating_add(1) } else { 0 };
        (self.bad, self.good) = (count(self.bad, apart), count(self.good, !apart));
        (self.bad == LOOKS || self.good == LOOKS).then_some(apart)
    }

    /// Whether they are apart for long enough, now too.
    pub fn is_apart(&self) -> bool {
        LOOKS <= self.bad
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

    #[test]
    fn p05_clocks_that_part_are_told_once_and_when_they_agree_again() {
        let mut check = ClockCheck::default();
        let mut told = |system_s: f64, sources_s: Option<f64>| -> Vec<bool> {
            (0..6).filter_map(|_| check.look(system_s, sources_s)).collect()
        };
        assert_eq!(told(0.1, Some(-0.4)), [false]);
        assert_eq!(told(3_600.0, Some(-0.4)), [true]);
        assert_eq!(told(0.0, None), [false]);
        assert_eq!(told(0.0, Some(-2.5)), [true]);
        assert!(told(-3_600.0, None).is_empty(), "as before");
    }
}
