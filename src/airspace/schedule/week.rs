//! Hours by the clock, the same every week: each day of a list from one time of day to another.

use crate::domain::Timestamp;

use super::{DAY_US, Until};

/// Microseconds in a week.
const WEEK_US: i64 = 7 * DAY_US;
/// Monday 1970-01-05, 00:00 UTC.
const A_MONDAY_US: i64 = 4 * DAY_US;

/// Days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days(u8);

impl Days {
    /// Every day.
    pub const ANY: Self = Self(0x7f);
    /// No day.
    pub const NONE: Self = Self(0);

    /// One day, from 0 for Monday to 6 for Sunday; beyond, none.
    pub const fn one(day: u32) -> Self {
        Self(if day < 7 { 1 << day } else { 0 })
    }

    /// The days of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the day (days since 1970-01-01, a Thursday) is one of them.
    pub const fn contain(self, day: i64) -> bool {
        (self.0 >> (day + 3).rem_euclid(7)) & 1 == 1
    }
}

/// Stretches of a week of UTC from Monday 00:00, in microseconds: apart, in order, and none beyond its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Week {
    stretches: Vec<[i64; 2]>,
}

impl Week {
    /// Adds hours: on each of `days` by a clock that is `offset_us` ahead of UTC, from the time of day `start_us` for
    /// `length_us`, which is at most a week.
    pub fn add(&mut self, days: Days, offset_us: i64, start_us: i64, length_us: i64) {
        for day in 0..7 {
            if !days.contain(day) {
                continue;
            }
            // Day 0 of the epoch is a Thursday.
            let start = (day * DAY_US - A_MONDAY_US + start_us - offset_us).rem_euclid(WEEK_US);
            let end = start + length_us.clamp(0, WEEK_US);
            self.stretches.push([start, end.min(WEEK_US)]);
            if end > WEEK_US {
                self.stretches.push([0, end - WEEK_US]);
            }
        }
        self.stretches.retain(|[start, end]| start < end);
        self.stretches.sort_unstable();
        let mut joined: Vec<[i64; 2]> = Vec::with_capacity(self.stretches.len());
        for &[start, end] in &self.stretches {
            match joined.last_mut() {
                Some([_, last]) if start <= *last => *last = end.max(*last),
                _ => joined.push([start, end]),
            }
        }
        self.stretches = joined;
    }

    /// Whether there is no hour in it.
    pub fn is_empty(&self) -> bool {
        self.stretches.is_empty()
    }

    /// Whether every hour is in it.
    pub fn is_all(&self) -> bool {
        self.stretches == [[0, WEEK_US]]
    }

    pub(super) fn hold_until(&self, at: Timestamp) -> Option<Until> {
        let (monday, within) = place(at);
        let next = self.stretches.partition_point(|[start, _]| *start <= within);
        let [_, end] = self.stretches.get(next.checked_sub(1)?).filter(|[_, end]| within < *end)?;
        let end = match self.stretches.first() {
            Some([0, WEEK_US]) => return Some(None),
            // On into the next week.
            Some([0, first_end]) if *end == WEEK_US => WEEK_US + first_end,
            _ => *end,
        };
        Some(Some(Timestamp::from_micros(monday.saturating_add(end))))
    }

    pub(super) fn begin_after(&self, at: Timestamp) -> Option<Timestamp> {
        let (monday, within) = place(at);
        let next = self.stretches.partition_point(|[start, _]| *start <= within);
        let begins = match self.stretches.get(next) {
            Some([start, _]) => *start,
            None => WEEK_US + self.stretches.first()?.first()?,
        };
        Some(Timestamp::from_micros(monday.saturating_add(begins)))
    }
}

/// The Monday before an instant, and how far into the week it is.
fn place(at: Timestamp) -> (i64, i64) {
    let within = at.as_micros().saturating_sub(A_MONDAY_US).rem_euclid(WEEK_US);
    (at.as_micros().saturating_sub(within), within)
}
