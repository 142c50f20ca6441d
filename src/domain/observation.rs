//! One report of one aircraft, whatever the wire format was.

use std::sync::Arc;

use super::{
    FixType, Heights, LatLng, OperationCategory, OperationalStatus, OperatorId, Timestamp, UaClass, UasId,
};

/// How a report came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Published by the operator as JSON telemetry.
    Telemetry,
    /// Published by the operator as NMEA 0183 sentences.
    Nmea,
    /// Seen by a sensing station; the aircraft itself said nothing.
    Sensed,
}

/// Velocity as reported; unknown parts are `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Motion {
    /// Speed over ground, m/s, not negative.
    pub ground_speed_mps: Option<f64>,
    /// Direction of movement over ground, degrees from true north, 0 ≤ x < 360.
    pub track_deg: Option<f64>,
    /// Rate of climb, m/s, up positive.
    pub vertical_speed_mps: Option<f64>,
}

/// Accuracy as reported, each the 95 % bound.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Accuracy {
    /// Horizontal, metres.
    pub horizontal_m: Option<f64>,
    /// Vertical, metres.
    pub vertical_m: Option<f64>,
    /// Speed, m/s.
    pub speed_mps: Option<f64>,
}

/// The 5G cell that carried the report, for link analysis.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct NrCell {
    /// NR cell identity, 36 bits.
    pub nci: Option<u64>,
    /// Physical cell identity, 0 … 1007.
    pub pci: Option<u16>,
    /// SS-RSRP, dBm, −156 … −31.
    pub ss_rsrp_dbm: Option<f64>,
    /// SS-RSRQ, dB, −43 … 20.
    pub ss_rsrq_db: Option<f64>,
    /// SS-SINR, dB, −23 … 40.
    pub ss_sinr_db: Option<f64>,
}

/// One report of one aircraft.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The aircraft.
    pub uas_id: UasId,
    /// Its operator; `None` for what only a sensor saw.
    pub operator: Option<OperatorId>,
    /// How it came.
    pub source: Source,
    /// When the position was valid, by the source's clock.
    pub timestamp: Timestamp,
    /// Where, WGS 84.
    pub position: LatLng,
    /// How high, in every datum that was given.
    pub heights: Heights,
    /// Velocity.
    pub motion: Motion,
    /// Accuracy.
    pub accuracy: Accuracy,
    /// Kind of position solution.
    pub fix_type: Option<FixType>,
    /// Operational status.
    pub status: OperationalStatus,
    /// Class of aircraft, if declared.
    pub ua_class: Option<UaClass>,
    /// Operation category, if declared.
    pub category: Option<OperationCategory>,
    /// Formation: members are not separated from each other.
    pub group_id: Option<Arc<str>>,
    /// Which flight, as its intent names it.
    pub flight_id: Option<Arc<str>>,
    /// Charge left, 0 … 100 %.
    pub battery_pct: Option<f64>,
    /// Whether the command-and-control link is lost; `None` when not reported.
    pub c2_lost: Option<bool>,
    /// The 5G cell.
    pub nr: Option<NrCell>,
    /// Stored during an outage and sent afterwards (补传): history only, never a live alert.
    pub backfill: bool,
}

impl Observation {
    /// A report with only what every report has; all else unknown.
    pub fn new(uas_id: UasId, timestamp: Timestamp, position: LatLng) -> Self {
        Self {
            uas_id,
            operator: None,
            source: Source::Telemetry,
            timestamp,
            position,
            heights: Heights::default(),
            motion: Motion::default(),
            accuracy: Accuracy::default(),
            fix_type: None,
            status: OperationalStatus::default(),
            ua_class: None,
            category: None,
            group_id: None,
            flight_id: None,
            battery_pct: None,
            c2_lost: None,
            nr: None,
            backfill: false,
        }
    }
}
