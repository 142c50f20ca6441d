//! What a simulated aircraft sends: JSON telemetry (`tlm/1`) or NMEA 0183 sentences.

use serde::Serialize;

use super::craft::Craft;
use super::path::State;
use crate::domain::{FixType, LatLng, OperationCategory, OperationalStatus, Timestamp, UaClass, round_to};
use crate::geodesy::egm96_undulation_m;

/// Knots in a metre per second.
const KNOTS_PER_MPS: f64 = 1.0 / 0.514_444;

/// One report with the names of the format. Absent is unknown.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Report {
    pub(super) uas_id: String,
    pub(super) timestamp: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lat: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lng: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alt_hae: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height_reference: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ground_speed: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    track: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vertical_speed: Option<f64>,
    accuracy_h: f64,
    accuracy_v: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) crs: Option<&'static str>,
    fix_type: FixType,
    satellites: u8,
    pub(super) operational_status: OperationalStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_category: Option<OperationCategory>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ua_class: Option<UaClass>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) battery_pct: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) c2_link: Option<&'static str>,
    seq: i64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) backfill: bool,
}

impl Report {
    /// What an aircraft in that state reports.
    pub(super) fn new(craft: &Craft, state: &State, seq: i64, at: Timestamp, battery_pct: f64) -> Self {
        let manned = craft.class == Some(UaClass::Manned);
        let speed_mps = state.east_mps.hypot(state.north_mps);
        let track_deg = round_to(state.east_mps.atan2(state.north_mps).to_degrees().rem_euclid(360.0), 1);
        Self {
            uas_id: craft.uas_id.clone(),
            timestamp: at,
            lat: Some(round_to(state.at.lat_deg(), 7)),
            lng: Some(round_to(state.at.lng_deg(), 7)),
            // The ground of the simulated world is flat, at mean sea level.
            alt_hae: Some(round_to(state.agl_m + egm96_undulation_m(state.at), 2)),
            height: Some(round_to(state.agl_m, 2)),
            height_reference: Some("GROUND"),
            ground_speed: Some(round_to(speed_mps, 2)),
            // Who hovers has no direction. 359.96 must not become 360.
            track: (speed_mps > 0.2).then_some(if track_deg >= 360.0 { 0.0 } else { track_deg }),
            vertical_speed: Some(round_to(state.up_mps, 2)),
            accuracy_h: 1.0,
            accuracy_v: 1.5,
            crs: None,
            fix_type: FixType::RtkFixed,
            satellites: 28,
            operational_status: craft.status,
            operation_category: craft.category,
            ua_class: craft.class,
            group_id: craft.group_id.clone(),
            battery_pct: (!manned).then_some(round_to(battery_pct, 1)),
            c2_link: (!manned).then_some("OK"),
            seq,
            backfill: false,
        }
    }

    pub(super) fn forget_heights(&mut self) {
        (self.alt_hae, self.height, self.height_reference) = (None, None, None);
    }

    pub(super) fn forget_velocity(&mut self) {
        (self.ground_speed, self.track, self.vertical_speed) = (None, None, None);
    }
}

/// The report as one epoch of a multi-system receiver: combined GGA and RMC, and the GGA of BeiDou alone.
pub(super) fn sentences(report: &Report) -> String {
    let at = LatLng::wrapped(report.lat.unwrap_or_default(), report.lng.unwrap_or_default());
    let geoid_m = egm96_undulation_m(at);
    let amsl_m = report.alt_hae.unwrap_or_default() - geoid_m;
    let (date, time) = date_and_time(report.timestamp);
    let lat = minutes(at.lat_deg(), 2, ['N', 'S']);
    let lng = minutes(at.lng_deg(), 3, ['E', 'W']);
    let knots = report.ground_speed.unwrap_or_default() * KNOTS_PER_MPS;
    let track = report.track.map(|track| format!("{track:.1}")).unwrap_or_default();
    let gga = |talker: &str, satellites: u8| {
        sentence(&format!(
            "{talker}GGA,{time},{lat},{lng},4,{satellites:02},0.6,{amsl_m:.3},M,{geoid_m:.3},M,1.0,0007"
        ))
    };
    let rmc = sentence(&format!("GNRMC,{time},A,{lat},{lng},{knots:.2},{track},{date},,,R"));
    gga("GN", report.satellites) + &rmc + &gga("GB", 14)
}

/// A sentence with its checksum and line end.
pub(super) fn sentence(body: &str) -> String {
    let checksum = body.bytes().fold(0_u8, |sum, byte| sum ^ byte);
    format!("${body}*{checksum:02X}\r\n")
}

/// `ddmm.mmmmmm,N`: degrees of so many digits, then minutes.
pub(super) fn minutes(degrees: f64, digits: usize, hemispheres: [char; 2]) -> String {
    // Rounded first, so that 59.9999999 minutes become a degree and not 60 minutes.
    let total = round_to(degrees.abs() * 60.0, 6);
    let whole_degrees = (total / 60.0).floor();
    let minutes = total - whole_degrees * 60.0;
    let [positive, negative] = hemispheres;
    let hemisphere = if degrees < 0.0 { negative } else { positive };
    format!("{whole_degrees:0digits$.0}{minutes:09.6},{hemisphere}")
}

/// `ddmmyy` and `hhmmss.ss` of an instant.
pub(super) fn date_and_time(at: Timestamp) -> (String, String) {
    // 2026-11-22T08:00:00.231Z
    let text = at.to_string();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or("00");
    (
        format!("{}{}{}", part(8, 10), part(5, 7), part(2, 4)),
        format!("{}{}{}.{}", part(11, 13), part(14, 16), part(17, 19), part(20, 22)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_sentence() {
        let body = "GNGGA,063012.00,2232.172000,N,11403.030000,E,4,28,0.6,121.480,M,-2.980,M,1.0,0007";
        assert_eq!(sentence(body), format!("${body}*44\r\n"));
    }

    #[test]
    fn degrees_and_minutes() {
        assert_eq!(minutes(22.5362, 2, ['N', 'S']), "2232.172000,N");
        assert_eq!(minutes(-114.0505, 3, ['E', 'W']), "11403.030000,W");
        assert_eq!(minutes(22.999_999_999_9, 2, ['N', 'S']), "2300.000000,N");
    }

    #[test]
    fn dates() {
        let at = Timestamp::parse("2026-11-22T06:30:12.257Z").unwrap();
        assert_eq!(date_and_time(at), ("221126".into(), "063012.25".into()));
    }
}
