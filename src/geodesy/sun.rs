//! When the sun rises, sets, and when civil twilight begins and ends.
//!
//! The equations of NOAA's solar calculator, which are those of J. Meeus, *Astronomical Algorithms*, in the low
//! precision series; the instant of an event is found by iteration, so that it is that of the sun where it then stands.
//! Between the polar circles they are within half a minute of a full ephemeris.

use crate::domain::{LatLng, Timestamp};

/// Seconds in a day.
const DAY_S: f64 = 86_400.0;
/// Seconds in which the Earth turns by a degree.
const S_PER_DEG: f64 = 240.0;
/// The zenith angle of the sun's centre when its upper edge is seen at the horizon: 34′ of refraction and 16′ of radius.
const HORIZON_DEG: f64 = 90.833;
/// Civil twilight: 6° below the horizon.
const CIVIL_DEG: f64 = 96.0;
/// The sun moves by a degree a day, so that each round is hundreds of times better than the one before.
const ROUNDS: usize = 5;

/// An event of daylight (ED-318 `daylightEventType`), in the order of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SunEvent {
    /// `BMCT`: morning civil twilight begins.
    MorningTwilight,
    /// `SR`: sunrise.
    Sunrise,
    /// `SS`: sunset.
    Sunset,
    /// `EECT`: evening civil twilight ends.
    EveningTwilight,
}

/// When an event is on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SunTime {
    /// It is then.
    At(Timestamp),
    /// The sun stays above the height of the event for all of the day.
    Above,
    /// The sun stays below it.
    Below,
}

/// When an event is at a place, on the day of mean solar time whose noon is nearest to noon of the day `day` (days
/// since 1970-01-01) of a clock that is `offset_s` ahead of UTC.
pub fn sun_time(at: LatLng, day: i64, offset_s: i64, event: SunEvent) -> SunTime {
    let mean_noon_s = mean_noon_s(at, day, offset_s);
    let (zenith_deg, side) = match event {
        SunEvent::MorningTwilight => (CIVIL_DEG, -1.0),
        SunEvent::Sunrise => (HORIZON_DEG, -1.0),
        SunEvent::Sunset => (HORIZON_DEG, 1.0),
        SunEvent::EveningTwilight => (CIVIL_DEG, 1.0),
    };
    let (sin_lat, cos_lat) = at.lat_deg().to_radians().sin_cos();
    let mut when_s = mean_noon_s;
    let mut cos_hour_angle = 0.0;
    for _ in 0..ROUNDS {
        let sun = Sun::at(when_s);
        let (sin_decl, cos_decl) = sun.declination.sin_cos();
        // At a pole there is no hour angle; the quotient is then beyond ±1.
        cos_hour_angle =
            (zenith_deg.to_radians().cos() - sin_lat * sin_decl) / (cos_lat * cos_decl).max(1e-12);
        let hour_angle = cos_hour_angle.clamp(-1.0, 1.0).acos();
        when_s = mean_noon_s - sun.equation_of_time_s + side * hour_angle.to_degrees() * S_PER_DEG;
    }
    if cos_hour_angle < -1.0 {
        SunTime::Above
    } else if cos_hour_angle > 1.0 {
        SunTime::Below
    } else {
        SunTime::At(instant(when_s))
    }
}

/// Noon of mean solar time on that day.
pub fn mean_noon(at: LatLng, day: i64, offset_s: i64) -> Timestamp {
    instant(mean_noon_s(at, day, offset_s))
}

fn mean_noon_s(at: LatLng, day: i64, offset_s: i64) -> f64 {
    #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "days and seconds of a day")]
    let (day, offset_s) = (day as f64, offset_s as f64);
    let east_s = at.lng_deg() * S_PER_DEG;
    // A clock may be nearly a day off the sun: Samoa keeps the date of the other side.
    let turn = ((east_s - offset_s) / DAY_S).round();
    (day + turn + 0.5) * DAY_S - east_s
}

fn instant(unix_s: f64) -> Timestamp {
    Timestamp::from_micros(0).plus_seconds(unix_s)
}

/// Where the sun stands.
struct Sun {
    /// Radians.
    declination: f64,
    /// How far true solar time is ahead of mean solar time.
    equation_of_time_s: f64,
}

impl Sun {
    fn at(unix_s: f64) -> Self {
        let centuries = (unix_s / DAY_S + 2_440_587.5 - 2_451_545.0) / 36_525.0;
        let t = centuries;
        let mean_longitude = (280.466_46 + t * (36_000.769_83 + t * 0.000_303_2)).to_radians();
        let anomaly = (357.529_11 + t * (35_999.050_29 - t * 0.000_153_7)).to_radians();
        let eccentricity = 0.016_708_634 - t * (0.000_042_037 + t * 0.000_000_126_7);
        let centre_deg = anomaly.sin() * (1.914_602 - t * (0.004_817 + t * 0.000_014))
            + (2.0 * anomaly).sin() * (0.019_993 - t * 0.000_101)
            + (3.0 * anomaly).sin() * 0.000_289;
        let node = (125.04 - 1934.136 * t).to_radians();
        let longitude = mean_longitude + (centre_deg - 0.005_69 - 0.004_78 * node.sin()).to_radians();
        let obliquity_deg = 23.0
            + (26.0 + (21.448 - t * (46.815 + t * (0.000_59 - t * 0.001_813))) / 60.0) / 60.0
            + 0.002_56 * node.cos();
        let obliquity = obliquity_deg.to_radians();
        let y = (obliquity / 2.0).tan().powi(2);
        let equation = y * (2.0 * mean_longitude).sin() - 2.0 * eccentricity * anomaly.sin()
            + 4.0 * eccentricity * y * anomaly.sin() * (2.0 * mean_longitude).cos()
            - 0.5 * y * y * (4.0 * mean_longitude).sin()
            - 1.25 * eccentricity * eccentricity * (2.0 * anomaly).sin();
        Self {
            declination: (obliquity.sin() * longitude.sin()).asin(),
            equation_of_time_s: equation.to_degrees() * S_PER_DEG,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Place, latitude, longitude, hours ahead of UTC, day, and BMCT, SR, SS, EECT by `PyEphem` 4.2.1 (VSOP87): the sun's
    /// centre 50′ below the horizon, and 6° for twilight.
    const EPHEMERIS: &str = "\
Shenzhen,22.5362,114.0505,8,2026-01-15,2026-01-14T22:42:01Z,2026-01-14T23:06:04Z,2026-01-15T10:00:14Z,2026-01-15T10:24:17Z
Shenzhen,22.5362,114.0505,8,2026-03-20,2026-03-19T22:05:52Z,2026-03-19T22:28:14Z,2026-03-20T10:34:44Z,2026-03-20T10:57:07Z
Shenzhen,22.5362,114.0505,8,2026-06-21,2026-06-20T21:14:53Z,2026-06-20T21:40:02Z,2026-06-21T11:11:03Z,2026-06-21T11:36:12Z
Shenzhen,22.5362,114.0505,8,2026-08-08,2026-08-07T21:34:20Z,2026-08-07T21:58:02Z,2026-08-08T11:00:41Z,2026-08-08T11:24:20Z
Shenzhen,22.5362,114.0505,8,2026-11-22,2026-11-21T22:16:54Z,2026-11-21T22:40:47Z,2026-11-22T09:38:41Z,2026-11-22T10:02:34Z
Shenzhen,22.5362,114.0505,8,2026-12-21,2026-12-20T22:34:33Z,2026-12-20T22:59:03Z,2026-12-21T09:44:20Z,2026-12-21T10:08:50Z
Shenzhen,22.5362,114.0505,8,2028-02-29,2028-02-28T22:23:16Z,2028-02-28T22:45:48Z,2028-02-29T10:27:00Z,2028-02-29T10:49:33Z
Zurich,47.3769,8.5417,1,2026-01-15,2026-01-15T06:34:01Z,2026-01-15T07:08:35Z,2026-01-15T16:02:13Z,2026-01-15T16:36:47Z
Zurich,47.3769,8.5417,1,2026-03-20,2026-03-20T04:58:33Z,2026-03-20T05:29:06Z,2026-03-20T17:38:18Z,2026-03-20T18:08:56Z
Zurich,47.3769,8.5417,1,2026-06-21,2026-06-21T02:48:37Z,2026-06-21T03:29:02Z,2026-06-21T19:26:14Z,2026-06-21T20:06:39Z
Zurich,47.3769,8.5417,1,2026-08-08,2026-08-08T03:38:02Z,2026-08-08T04:12:49Z,2026-08-08T18:49:18Z,2026-08-08T19:23:55Z
Zurich,47.3769,8.5417,1,2026-11-22,2026-11-22T06:06:02Z,2026-11-22T06:40:10Z,2026-11-22T15:43:17Z,2026-11-22T16:17:24Z
Zurich,47.3769,8.5417,1,2026-12-21,2026-12-21T06:34:18Z,2026-12-21T07:10:10Z,2026-12-21T15:37:35Z,2026-12-21T16:13:27Z
Zurich,47.3769,8.5417,1,2028-02-29,2028-02-29T05:36:31Z,2028-02-29T06:07:17Z,2028-02-29T17:09:57Z,2028-02-29T17:40:46Z
Tromsø,69.6496,18.956,1,2026-01-15,2026-01-15T07:57:09Z,2026-01-15T10:29:37Z,2026-01-15T11:18:12Z,2026-01-15T13:50:43Z
Tromsø,69.6496,18.956,1,2026-03-20,2026-03-20T03:43:49Z,2026-03-20T04:43:55Z,2026-03-20T17:01:30Z,2026-03-20T18:02:05Z
Tromsø,69.6496,18.956,1,2026-06-21,up,up,up,up
Tromsø,69.6496,18.956,1,2026-08-08,up,2026-08-08T01:07:19Z,2026-08-08T20:27:40Z,up
Tromsø,69.6496,18.956,1,2026-11-22,2026-11-22T07:18:15Z,2026-11-22T09:14:23Z,2026-11-22T11:45:19Z,2026-11-22T13:41:24Z
Tromsø,69.6496,18.956,1,2026-12-21,2026-12-21T08:31:15Z,down,down,2026-12-21T12:53:09Z
Tromsø,69.6496,18.956,1,2028-02-29,2028-02-29T05:11:23Z,2028-02-29T06:12:25Z,2028-02-29T15:42:28Z,2028-02-29T16:43:44Z";

    #[test]
    fn agrees_with_an_ephemeris() {
        let mut compared = 0;
        for line in EPHEMERIS.lines() {
            let fields: Vec<&str> = line.split(',').collect();
            let number = |i: usize| fields[i].parse::<f64>().unwrap();
            let at = LatLng::new(number(1), number(2)).unwrap();
            let midnight = Timestamp::parse(&format!("{}T00:00:00Z", fields[4])).unwrap();
            let day = midnight.as_millis() / 86_400_000;
            let offset_s = fields[3].parse::<i64>().unwrap() * 3600;
            let events =
                [SunEvent::MorningTwilight, SunEvent::Sunrise, SunEvent::Sunset, SunEvent::EveningTwilight];
            for (event, wanted) in events.into_iter().zip(&fields[5..]) {
                let got = sun_time(at, day, offset_s, event);
                compared += 1;
                match (*wanted, got) {
                    ("up", SunTime::Above) | ("down", SunTime::Below) => {}
                    (wanted, SunTime::At(got)) => {
                        let off_s = got.seconds_since(Timestamp::parse(wanted).unwrap());
                        // At a low sun an arc minute is many seconds.
                        let most_s = if at.lat_deg() > 66.0 { 120.0 } else { 20.0 };
                        assert!(off_s.abs() < most_s, "{line} {event:?}: {off_s} s");
                    }
                    (wanted, got) => panic!("{line} {event:?}: {got:?} for {wanted}"),
                }
            }
        }
        assert_eq!(compared, 84);
    }

    #[test]
    fn noon_is_on_the_day_of_the_clock() {
        for (lng, offset_h) in
            [(114.0, 8), (-172.0, 13), (179.9, 12), (-179.9, -11), (0.0, 0), (87.6, 8), (120.0, 0)]
        {
            let at = LatLng::new(10.0, lng).unwrap();
            let local_ms = mean_noon(at, 20_000, offset_h * 3600).as_millis() + offset_h * 3_600_000;
            assert_eq!(local_ms.div_euclid(86_400_000), 20_000, "{lng}");
        }
    }

    #[test]
    fn total_at_the_poles_and_at_the_ends_of_time() {
        for lat in [-90.0, 90.0] {
            for day in [-1_000_000, 0, 20_630, 1_000_000] {
                let got = sun_time(LatLng::new(lat, 0.0).unwrap(), day, 0, SunEvent::Sunrise);
                assert!(matches!(got, SunTime::Above | SunTime::Below), "{got:?}");
            }
        }
    }
}
