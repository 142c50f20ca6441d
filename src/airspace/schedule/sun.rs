//! Hours of which at least one end is an event of daylight.

use crate::domain::{LatLng, Timestamp};
use crate::geodesy::{SunEvent, SunTime, mean_noon, sun_time};

use super::week::Days;
use super::{DAY_US, Until};

/// Most days that are looked through for hours that begin, or join: the sun repeats itself after a year.
const DAYS_MAX: i64 = 400;

/// Where hours begin or end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// At a time of day, microseconds from midnight of a clock so many microseconds ahead of UTC.
    Clock {
        /// The time of day.
        time_us: i64,
        /// The clock.
        offset_us: i64,
    },
    /// At an event of daylight.
    Event(SunEvent),
}

/// Hours on each of some days, at one place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SunHours {
    /// On which days they begin.
    pub days: Days,
    /// Whose daylight.
    pub place: LatLng,
    /// How far the clock by which days are counted is ahead of UTC.
    pub offset_us: i64,
    /// From.
    pub start: Bound,
    /// To: the first of its kind after the start.
    pub end: Bound,
}

impl SunHours {
    pub(super) fn hold_until(&self, at: Timestamp) -> Option<Until> {
        let today = self.day_of(at);
        let holding = (today - 2..=today + 1).filter_map(|day| self.hours(day));
        let mut end = holding.filter(|[start, end]| *start <= at && at < *end).map(|[_, end]| end).max()?;
        for day in today - 1..today + DAYS_MAX {
            match self.hours(day) {
                Some([start, next]) if start <= end => end = end.max(next),
                Some([start, _]) if start > end => break,
                // Days without hours part those with them, but for the days before.
                None if day > today + 1 => break,
                _ => {}
            }
        }
        Some(Some(end))
    }

    pub(super) fn begin_after(&self, at: Timestamp) -> Option<Timestamp> {
        let today = self.day_of(at);
        (today - 2..today + DAYS_MAX).find_map(|day| Some(self.hours(day)?[0]).filter(|start| at < *start))
    }

    fn day_of(&self, at: Timestamp) -> i64 {
        at.as_micros().saturating_add(self.offset_us).div_euclid(DAY_US)
    }

    /// The hours that begin on a day (days since 1970-01-01 by its clock); `None` if there are none.
    fn hours(&self, day: i64) -> Option<[Timestamp; 2]> {
        if !self.days.contain(day) {
            return None;
        }
        let start = match self.start {
            Bound::Clock { time_us, offset_us } => {
                Timestamp::from_micros(day.checked_mul(DAY_US)?.checked_add(time_us)?.checked_sub(offset_us)?)
            }
            Bound::Event(event) => self.event(day, event),
        };
        let end = match (self.start, self.end) {
            (_, Bound::Clock { time_us, offset_us }) => {
                let after = (time_us - offset_us - start.as_micros()).rem_euclid(DAY_US);
                start.plus_micros(if after == 0 { DAY_US } else { after })
            }
            // From one event to another: of the same day if it comes later in a day.
            (Bound::Event(from), Bound::Event(to)) => self.event(day + i64::from(to <= from), to),
            (Bound::Clock { .. }, Bound::Event(event)) => {
                (day - 1..=day + 2).map(|day| self.event(day, event)).find(|end| start < *end)?
            }
        };
        (start < end).then_some([start, end])
    }

    /// An event of a day. Where the sun does not set, day is from midnight to midnight; where it does not rise, day
    /// shrinks to nothing at noon.
    fn event(&self, day: i64, event: SunEvent) -> Timestamp {
        let offset_s = self.offset_us / 1_000_000;
        let noon = mean_noon(self.place, day, offset_s);
        let half_day = match event {
            SunEvent::MorningTwilight | SunEvent::Sunrise => -DAY_US / 2,
            SunEvent::Sunset | SunEvent::EveningTwilight => DAY_US / 2,
        };
        match sun_time(self.place, day, offset_s, event) {
            SunTime::At(at) => at,
            SunTime::Above => noon.plus_micros(half_day),
            SunTime::Below => noon,
        }
    }
}
