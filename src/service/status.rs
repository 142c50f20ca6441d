//! What the retained status topic says: whether the service lives, and its figures.

use serde::Serialize;

use crate::domain::Timestamp;

/// What the status topic says of the service.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct StatusFigures {
    /// Aircraft in the picture.
    pub aircraft: u64,
    /// Alerts that stand.
    pub open_alerts: u64,
    /// Sequence number of the newest alert event.
    pub seq: u64,
    /// Messages taken from the broker since the start.
    pub messages: u64,
    /// Observations evaluated.
    pub evaluated: u64,
    /// Observations replaced by newer ones before they were evaluated.
    pub conflated: u64,
    /// Observations refused.
    pub refused: u64,
    /// Observations on their way.
    pub in_flight: u64,
    /// Version of the zones in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zones_version: Option<String>,
}

#[derive(Serialize)]
struct Status<'a> {
    status: &'static str,
    instance: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    #[serde(flatten)]
    figures: Option<&'a StatusFigures>,
}

/// The message on the status topic; `at` is absent in the last will, which is written beforehand.
pub(super) fn payload(
    status: &'static str,
    instance: &str,
    at: Option<Timestamp>,
    figures: Option<&StatusFigures>,
) -> Vec<u8> {
    // Text and whole numbers always make JSON.
    serde_json::to_vec(&Status { status, instance, at, figures }).unwrap_or_default()
}
