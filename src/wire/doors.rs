//! What every format refuses: a wrong time, no position, a place outside the service area.

use crate::domain::{LatLng, Reason, Refusal, Timestamp};

use super::Doors;

/// How far ahead of its arrival a report may be dated, µs; this far is accepted.
const FUTURE_US_MAX: i64 = 2_000_000;
/// How old a report may be at its arrival, µs; this old is accepted.
const AGE_US_MAX: i64 = 24 * 3600 * 1_000_000;

/// Refuses a time that is out of the window around the arrival.
pub(super) fn time(timestamp: Timestamp, received_at: Timestamp, field: &str) -> Option<Refusal> {
    let ahead_us = timestamp.as_micros().saturating_sub(received_at.as_micros());
    if FUTURE_US_MAX < ahead_us {
        return Some(Refusal::of_field(
            Reason::Future,
            field,
            format!("{timestamp} is {:.3} s after its arrival, at most 2 s are accepted", seconds(ahead_us)),
        ));
    }
    (ahead_us < -AGE_US_MAX).then(|| {
        Refusal::of_field(
            Reason::TooOld,
            field,
            format!(
                "{timestamp} is {:.0} s before its arrival, at most 24 h are accepted",
                -seconds(ahead_us)
            ),
        )
    })
}

/// How far ahead of its arrival a report is dated, seconds, if nothing but that is wrong with it.
pub(super) fn ahead_s(timestamp: Timestamp, received_at: Timestamp, refusals: &[Refusal]) -> Option<f64> {
    let alone = !refusals.is_empty() && refusals.iter().all(|refusal| refusal.reason == Reason::Future);
    alone.then(|| timestamp.seconds_since(received_at))
}

/// Refuses a place where nobody flies: (0, 0), or outside the service area.
pub(super) fn place(position: LatLng, doors: &Doors, field: &str) -> Option<Refusal> {
    let [lat, lng] = [position.lat_deg(), position.lng_deg()];
    if lat.abs() < f64::MIN_POSITIVE && lng.abs() < f64::MIN_POSITIVE {
        let detail = "latitude and longitude are both zero: the receiver has no position";
        return Some(Refusal::of_field(Reason::NullIsland, field, detail));
    }
    let area = doors.area.filter(|area| !area.contains(position))?;
    Some(Refusal::of_field(
        Reason::OutsideArea,
        field,
        format!(
            "{lat:.5}, {lng:.5} is outside the service area {}..{} N, {}..{} E",
            area.south_deg, area.north_deg, area.west_deg, area.east_deg
        ),
    ))
}

fn seconds(micros: i64) -> f64 {
    crate::domain::whole(micros) / 1e6
}
