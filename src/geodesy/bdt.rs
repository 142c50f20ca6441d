//! BeiDou time and GPS time: weeks and seconds that do not know leap seconds.

use crate::domain::Timestamp;

/// Microseconds in a week.
const WEEK_US: i64 = 604_800_000_000;

/// From when (Unix seconds) GPS time is how many seconds ahead of UTC. IERS Bulletin C; none is announced
/// after 2017. BeiDou time is always 14 s behind GPS time.
const GPS_MINUS_UTC: [(i64, i64); 19] = [
    (315_964_800, 0),    // 1980-01-06, the GPS epoch
    (362_793_600, 1),    // 1981-07-01
    (394_329_600, 2),    // 1982-07-01
    (425_865_600, 3),    // 1983-07-01
    (489_024_000, 4),    // 1985-07-01
    (567_993_600, 5),    // 1988-01-01
    (631_152_000, 6),    // 1990-01-01
    (662_688_000, 7),    // 1991-01-01
    (709_948_800, 8),    // 1992-07-01
    (741_484_800, 9),    // 1993-07-01
    (773_020_800, 10),   // 1994-07-01
    (820_454_400, 11),   // 1996-01-01
    (867_715_200, 12),   // 1997-07-01
    (915_148_800, 13),   // 1999-01-01
    (1_136_073_600, 14), // 2006-01-01, the BeiDou epoch
    (1_230_768_000, 15), // 2009-01-01
    (1_341_100_800, 16), // 2012-07-01
    (1_435_708_800, 17), // 2015-07-01
    (1_483_228_800, 18), // 2017-01-01
];

/// A satellite system's time scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeScale {
    /// BDT, from 2006-01-01T00:00:00Z.
    BeiDou,
    /// GPST, from 1980-01-06T00:00:00Z.
    Gps,
}

impl TimeScale {
    const fn epoch_s(self) -> i64 {
        match self {
            Self::BeiDou => 1_136_073_600,
            Self::Gps => 315_964_800,
        }
    }

    /// Leap seconds that UTC already held when the scale began.
    const fn offset_at_epoch_s(self) -> i64 {
        match self {
            Self::BeiDou => 14,
            Self::Gps => 0,
        }
    }
}

/// A week and a time within it; the week is counted in full, not modulo 1024 or 8192.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WeekTime {
    /// Weeks since the epoch of the scale.
    pub week: i64,
    /// Microseconds of the week, under 604 800 000 000.
    pub micros_of_week: i64,
}

/// The instant in a satellite system's time; `None` before the system's epoch.
pub fn week_time(at: Timestamp, scale: TimeScale) -> Option<WeekTime> {
    let utc_us = at.as_micros();
    let (_, gps_minus_utc_s) =
        GPS_MINUS_UTC.iter().rev().find(|(since_s, _)| *since_s <= utc_us.div_euclid(1_000_000))?;
    let ahead_s = gps_minus_utc_s - scale.offset_at_epoch_s() - scale.epoch_s();
    let since_epoch_us = utc_us.checked_add(ahead_s * 1_000_000)?;
    (since_epoch_us >= 0)
        .then_some(WeekTime { week: since_epoch_us / WEEK_US, micros_of_week: since_epoch_us % WEEK_US })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, scale: TimeScale) -> Option<(i64, i64)> {
        week_time(Timestamp::parse(text).unwrap(), scale).map(|t| (t.week, t.micros_of_week))
    }

    #[test]
    fn new_year_2026() {
        assert_eq!(at("2026-01-01T00:00:00Z", TimeScale::BeiDou), Some((1043, 345_604_000_000)));
        assert_eq!(at("2026-01-01T00:00:00Z", TimeScale::Gps), Some((2399, 345_618_000_000)));
    }

    #[test]
    fn epochs() {
        assert_eq!(at("1980-01-06T00:00:00Z", TimeScale::Gps), Some((0, 0)));
        assert_eq!(at("1980-01-05T23:59:59.999Z", TimeScale::Gps), None);
        assert_eq!(at("2006-01-01T00:00:00Z", TimeScale::BeiDou), Some((0, 0)));
        assert_eq!(at("2005-12-31T23:59:59Z", TimeScale::BeiDou), None);
        // BDT week = GPS week − 1356, and its seconds are 14 behind.
        assert_eq!(at("2006-01-01T00:00:00Z", TimeScale::Gps), Some((1356, 14_000_000)));
    }

    #[test]
    fn a_leap_second_makes_both_scales_jump_together() {
        for scale in [TimeScale::BeiDou, TimeScale::Gps] {
            let before = at("2016-12-31T23:59:59Z", scale).unwrap();
            let after = at("2017-01-01T00:00:00Z", scale).unwrap();
            assert_eq!(after.0 * WEEK_US + after.1 - before.0 * WEEK_US - before.1, 2_000_000);
        }
    }

    #[test]
    fn a_far_future_is_no_overflow() {
        assert!(week_time(Timestamp::from_micros(i64::MAX), TimeScale::Gps).is_some());
    }
}
