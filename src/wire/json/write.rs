//! An observation as a report of `tlm/1`, which reads as the same observation.

use serde::Serialize;

use crate::domain::{
    FixType, GeoidModel, Observation, OperationCategory, OperationalStatus, RelativeReference, Timestamp,
    UaClass, UasId,
};

#[derive(Serialize)]
struct Report<'a> {
    uas_id: &'a UasId,
    timestamp: Timestamp,
    lat: f64,
    lng: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    alt_hae: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alt_amsl: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amsl_model: Option<GeoidModel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alt_pressure: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height_reference: Option<RelativeReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ground_speed: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    track: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vertical_speed: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accuracy_h: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accuracy_v: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    speed_accuracy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix_type: Option<FixType>,
    operational_status: OperationalStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_category: Option<OperationCategory>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ua_class: Option<UaClass>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flight_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nr: Option<Cell>,
    #[serde(skip_serializing_if = "Option::is_none")]
    battery_pct: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c2_link: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    backfill: bool,
}

#[derive(Serialize)]
struct Cell {
    #[serde(skip_serializing_if = "Option::is_none")]
    nci: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pci: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ss_rsrp: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ss_rsrq: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ss_sinr: Option<f64>,
}

/// The report's JSON. Its time has whole milliseconds, as all times that leave; the source becomes telemetry. What the
/// format has no place for, such as a speed of 255 m/s, which says unknown there, is read as unknown.
pub fn report(observation: &Observation) -> String {
    let Observation { heights, motion, accuracy, nr, .. } = observation;
    let report = Report {
        uas_id: &observation.uas_id,
        timestamp: observation.timestamp,
        lat: observation.position.lat_deg(),
        lng: observation.position.lng_deg(),
        alt_hae: heights.hae_m,
        alt_amsl: heights.amsl_m.map(|(metres, _)| metres),
        amsl_model: heights.amsl_m.map(|(_, model)| model),
        alt_pressure: heights.pressure_m,
        height: heights.relative.map(|relative| relative.metres),
        height_reference: heights.relative.map(|relative| relative.reference),
        ground_speed: motion.ground_speed_mps,
        track: motion.track_deg,
        vertical_speed: motion.vertical_speed_mps,
        accuracy_h: accuracy.horizontal_m,
        accuracy_v: accuracy.vertical_m,
        speed_accuracy: accuracy.speed_mps,
        fix_type: observation.fix_type,
        operational_status: observation.status,
        operation_category: observation.category,
        ua_class: observation.ua_class,
        group_id: observation.group_id.as_deref(),
        flight_id: observation.flight_id.as_deref(),
        nr: nr.map(|nr| Cell {
            nci: nr.nci,
            pci: nr.pci,
            ss_rsrp: nr.ss_rsrp_dbm,
            ss_rsrq: nr.ss_rsrq_db,
            ss_sinr: nr.ss_sinr_db,
        }),
        battery_pct: observation.battery_pct,
        c2_link: observation.c2_lost.map(|lost| if lost { "LOST" } else { "OK" }),
        backfill: observation.backfill,
    };
    // Texts and finite numbers always make JSON.
    serde_json::to_string(&report).unwrap_or_default()
}
