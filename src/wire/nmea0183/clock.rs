//! Which day a time of day belongs to.

use crate::domain::Timestamp;

/// A day in µs; UTC days are equally long in Unix time.
pub(super) const DAY_US: i64 = 86_400_000_000;

/// How long a source may be silent until its last date no longer tells the next day, µs.
const SILENCE_US_MAX: i64 = 6 * 3600 * 1_000_000;

/// A day number from 1970-01-01.
pub(super) type Day = i64;

/// The date of one source, from its dated sentences.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Calendar {
    /// The last known time of the source, and when it arrived.
    last: Option<(Timestamp, Timestamp)>,
}

impl Calendar {
    /// The instant of a time of day. Its own `day` decides; else the day nearest to the source's last known
    /// time, so that the date of 23:59:59 serves 00:00:00 and the other way round; else the day nearest to
    /// the arrival.
    pub(super) fn instant(&mut self, time_us: i64, day: Option<Day>, received_at: Timestamp) -> Timestamp {
        let last = self.last.filter(|(_, arrival)| {
            received_at.as_micros().saturating_sub(arrival.as_micros()) <= SILENCE_US_MAX
        });
        let instant = match (day, last) {
            (Some(day), _) => at(day, time_us),
            (None, Some((known, _))) => nearest(time_us, known),
            (None, None) => nearest(time_us, received_at),
        };
        self.last = (day.is_some() || last.is_some()).then_some((instant, received_at));
        instant
    }
}

fn at(day: Day, time_us: i64) -> Timestamp {
    Timestamp::from_micros(day.saturating_mul(DAY_US).saturating_add(time_us))
}

fn nearest(time_us: i64, to: Timestamp) -> Timestamp {
    let day = to.as_micros().div_euclid(DAY_US);
    let candidates = [-1, 0, 1].map(|shift| at(day.saturating_add(shift), time_us));
    let distance = |candidate: &Timestamp| candidate.as_micros().abs_diff(to.as_micros());
    candidates.into_iter().min_by_key(distance).unwrap_or(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDNIGHT: i64 = 20_454 * DAY_US;

    fn time(micros_after_midnight: i64) -> Timestamp {
        Timestamp::from_micros(MIDNIGHT + micros_after_midnight)
    }

    #[test]
    fn the_arrival_tells_the_day() {
        let mut calendar = Calendar::default();
        assert_eq!(calendar.instant(DAY_US - 1_000_000, None, time(500_000)), time(-1_000_000));
        assert_eq!(calendar.instant(1_000_000, None, time(-500_000)), time(1_000_000));
        assert_eq!(calendar, Calendar::default());
    }

    #[test]
    fn the_last_date_tells_the_day() {
        // A recording of another day: the arrival says nothing.
        let mut calendar = Calendar::default();
        let arrival = time(40 * DAY_US);
        assert_eq!(calendar.instant(DAY_US - 1_000_000, Some(20_453), arrival), time(-1_000_000));
        assert_eq!(calendar.instant(0, None, arrival), time(0));
        // A late sentence of before midnight.
        assert_eq!(calendar.instant(DAY_US - 500_000, None, arrival), time(-500_000));
        // After a long silence the date is no longer trusted.
        let later = arrival.plus_micros(SILENCE_US_MAX + 1);
        assert_eq!(
            calendar.instant(7 * 3600 * 1_000_000, None, later),
            time(40 * DAY_US + 7 * 3600 * 1_000_000)
        );
    }

    #[test]
    fn extremes_do_not_overflow() {
        for micros in [i64::MIN, i64::MAX] {
            let mut calendar = Calendar::default();
            calendar.instant(0, None, Timestamp::from_micros(micros));
            calendar.instant(DAY_US - 1, Some(i64::MAX), Timestamp::from_micros(micros));
            calendar.instant(0, None, Timestamp::from_micros(micros));
        }
    }
}
