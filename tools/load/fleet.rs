//! The fleet: where each aircraft is, what it reports, and which of its reports is a known breach.
//!
//! Most aircraft fly circles at 15 m/s, spread evenly over a square. The first ones breach in turn: each
//! every 20 s, with a single report, so that exactly one message is the cause of exactly one alert.

use std::fmt::Write as _;

use lowsky::domain::Timestamp;

/// Seconds between two breaches of one aircraft: its alert needs 10 s to clear.
pub(crate) const BREACH_PERIOD_S: f64 = 20.0;
/// The zone that breaching aircraft enter.
pub(crate) const STRIP: &str = "LOADSTR";
/// From the southern edge of the strip to where aircraft wait, and to where they enter, metres.
const STEP_M: f64 = 8.0;
/// Between two aircraft that wait at the strip, metres.
const GAP_M: f64 = 150.0;
const SPEED_MPS: f64 = 15.0;
const METRES_PER_DEGREE: f64 = 111_200.0;

/// The square that the fleet flies over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Area {
    pub(crate) lat_deg: f64,
    pub(crate) lng_deg: f64,
    pub(crate) side_m: f64,
}

impl Area {
    /// The place so many metres east and north of the middle: latitude, longitude.
    pub(crate) fn place(&self, east_m: f64, north_m: f64) -> (f64, f64) {
        let lat_deg = self.lat_deg + north_m / METRES_PER_DEGREE;
        (lat_deg, self.lng_deg + east_m / (METRES_PER_DEGREE * self.lat_deg.to_radians().cos()))
    }

    /// The southern edge of the strip: beyond the square, so that nobody else comes there.
    pub(crate) fn strip_north_m(&self) -> f64 {
        self.side_m / 2.0 + 6_000.0
    }
}

/// What kind of breach an aircraft makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Breach {
    C2Lost,
    Emergency,
    ZoneEntry,
}

impl Breach {
    /// The code of the alert that it must cause.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::C2Lost => "C2_LOST",
            Self::Emergency => "EMERGENCY",
            Self::ZoneEntry => "ZONE_INCURSION",
        }
    }
}

/// The plan of the whole fleet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fleet {
    pub(crate) area: Area,
    pub(crate) aircraft: u32,
    /// The first so many aircraft breach.
    pub(crate) breaching: u32,
    /// Reports between two breaches of one aircraft.
    pub(crate) cycle: u32,
    /// Whether the strip is among the live zones.
    pub(crate) strip: bool,
}

impl Fleet {
    pub(crate) fn uas_id(number: u32) -> String {
        format!("LOAD-{number:07}")
    }

    /// The aircraft of an identifier.
    pub(crate) fn number(uas_id: &str) -> Option<u32> {
        uas_id.strip_prefix("LOAD-")?.parse().ok()
    }

    /// What kind of breaches an aircraft makes, if any.
    pub(crate) fn kind(&self, number: u32) -> Option<Breach> {
        if self.breaching <= number {
            return None;
        }
        Some(match number % 3 {
            0 if self.strip => Breach::ZoneEntry,
            0 | 1 => Breach::C2Lost,
            _ => Breach::Emergency,
        })
    }

    /// The breach that an aircraft's report number `seq` is, if it is one.
    pub(crate) fn breach(&self, number: u32, seq: u32) -> Option<Breach> {
        self.kind(number).filter(|_| seq % self.cycle == number % self.cycle)
    }

    /// Writes report number `seq` of an aircraft, `elapsed_s` after the start of the run.
    pub(crate) fn report(&self, number: u32, seq: u32, elapsed_s: f64, at: Timestamp) -> String {
        let breach = self.breach(number, seq);
        let n = f64::from(number);
        let (east_m, north_m, speed_mps, track_deg) = if self.kind(number) == Some(Breach::ZoneEntry) {
            let step_m = if breach.is_some() { STEP_M } else { -STEP_M };
            let east_m = (n - f64::from(self.breaching) / 2.0) / 3.0 * GAP_M;
            (east_m, self.area.strip_north_m() + step_m, 0.0, 0.0)
        } else {
            self.circle(number, elapsed_s)
        };
        let (lat, lng) = self.area.place(east_m, north_m);
        let height_m = 30.0 + (n * 0.754_877).fract() * 80.0;
        let battery = 95.0 - (elapsed_s / 600.0 * 10.0).min(60.0);
        let status = if breach == Some(Breach::Emergency) { "EMERGENCY" } else { "AIRBORNE" };
        let c2_link = if breach == Some(Breach::C2Lost) { "LOST" } else { "OK" };
        let mut json = String::with_capacity(512);
        // Writing to a string cannot fail.
        write!(
            json,
            r#"{{"uas_id":"{}","timestamp":"{at}","lat":{lat:.7},"lng":{lng:.7},"alt_hae":{:.2},"height":{height_m:.2},"height_reference":"GROUND","ground_speed":{speed_mps:.2},"track":{track_deg:.1},"vertical_speed":0.0,"accuracy_h":1.0,"accuracy_v":1.5,"fix_type":"RTK_FIXED","satellites":28,"hdop":0.6,"operational_status":"{status}","operation_category":"SPECIFIC","ua_class":"SMALL","battery_pct":{battery:.1},"c2_link":"{c2_link}","seq":{seq}}}"#,
            Self::uas_id(number),
            height_m - 3.0,
        )
        .unwrap_or_default();
        json
    }

    /// East, north, speed and track of an aircraft on its circle. Circles are laid out by the golden ratio and
    /// its kin, which fill a square evenly.
    fn circle(&self, number: u32, elapsed_s: f64) -> (f64, f64, f64, f64) {
        let n = f64::from(number);
        let centre = |step: f64| ((n * step).fract() - 0.5) * self.area.side_m;
        let radius_m = 500.0 + (n * 0.569_840).fract() * 2_500.0;
        let angle = (n * 0.618_034).fract() * std::f64::consts::TAU + elapsed_s * SPEED_MPS / radius_m;
        let east_m = centre(0.754_877_67) + radius_m * angle.sin();
        let north_m = centre(0.569_840_29) + radius_m * angle.cos();
        // Clockwise: to the right of the direction from the centre. 359.96 must not become 360.0.
        let track_deg = (angle.to_degrees() + 90.0).rem_euclid(360.0).min(359.9);
        (east_m, north_m, SPEED_MPS, track_deg)
    }
}

#[cfg(test)]
mod tests {
    use lowsky::domain::Timestamp;

    use super::*;

    const AREA: Area = Area { lat_deg: 22.6, lng_deg: 114.0, side_m: 100_000.0 };

    #[test]
    fn each_breaching_aircraft_breaches_once_a_cycle_and_the_rate_is_even() {
        let fleet = Fleet { area: AREA, aircraft: 1_000, breaching: 400, cycle: 20, strip: true };
        for seq in 0..40 {
            let breaches = (0..1_000).filter(|number| fleet.breach(*number, seq).is_some()).count();
            assert_eq!(breaches, 20);
        }
        assert!(fleet.kind(400).is_none());
    }

    #[test]
    fn reports_are_json_and_say_where_the_aircraft_went() {
        let fleet = Fleet { area: AREA, aircraft: 10, breaching: 0, cycle: 20, strip: false };
        let read = |elapsed_s: f64| -> serde_json::Value {
            serde_json::from_str(&fleet.report(7, 3, elapsed_s, Timestamp::from_millis(0))).unwrap()
        };
        let (before, after) = (read(10.0), read(11.0));
        assert_eq!(before.as_object().unwrap().len(), 21);
        let moved = |key: &str| after[key].as_f64().unwrap() - before[key].as_f64().unwrap();
        let north_m = moved("lat") * METRES_PER_DEGREE;
        let east_m = moved("lng") * METRES_PER_DEGREE * 22.6_f64.to_radians().cos();
        assert!((north_m.hypot(east_m) - SPEED_MPS).abs() < 0.1);
        let track = east_m.atan2(north_m).to_degrees().rem_euclid(360.0);
        assert!((track - before["track"].as_f64().unwrap()).abs() < 3.0);
    }

    #[test]
    fn identifiers_are_read_back() {
        assert_eq!(Fleet::number(&Fleet::uas_id(123)), Some(123));
        assert_eq!(Fleet::number("SIM-1"), None);
    }
}
