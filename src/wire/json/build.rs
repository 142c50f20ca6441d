//! Judges a report as a whole and makes the observation.

use std::sync::Arc;

use serde::Deserialize;

use crate::domain::{
    Accuracy, FixType, Heights, LatLng, Motion, NrCell, Observation, Reason, RelativeHeight, Timestamp,
};
use crate::wire::{Message, doors};

use super::fields::{self, in_cell, top};
use super::sheet::{Sheet, Slot, quote};

/// Where ASTM F3411 ends its speeds, m/s; GB 46750 goes further.
const SPEED_MPS_USUAL: f64 = 254.25;

/// Makes the observation, or `None` where a required member failed. It counts only if the sheet is free of
/// faults.
pub(super) fn observation(sheet: &mut Sheet<'_, '_>, message: &Message<'_>) -> Option<Observation> {
    identity(sheet, message);
    let timestamp = time(sheet, message);
    let position = place(sheet, message);
    let fix_type = word::<FixType>(sheet, const { top("fix_type") });
    if fix_type == Some(FixType::None) {
        let detail = "the receiver says that it has no position, so what lat and lng say is in doubt";
        sheet.flag(Reason::NoFix, "fix_type", detail);
    }
    let ground_speed = const { top("ground_speed") };
    if let Some(speed_mps) = sheet.number(ground_speed).filter(|speed_mps| SPEED_MPS_USUAL < *speed_mps) {
        let detail =
            format!("{speed_mps} m/s is more than {SPEED_MPS_USUAL}: is it km/h, or a word for unknown?");
        sheet.flag(Reason::OutOfRange, "ground_speed", detail);
    }
    let heights = heights(sheet);
    Some(Observation {
        operator: Some(message.operator.clone()),
        heights,
        motion: Motion {
            ground_speed_mps: sheet.number(ground_speed),
            track_deg: sheet.number(const { top("track") }),
            vertical_speed_mps: sheet.number(const { top("vertical_speed") }),
        },
        accuracy: Accuracy {
            horizontal_m: sheet.number(const { top("accuracy_h") }),
            vertical_m: sheet.number(const { top("accuracy_v") }),
            speed_mps: sheet.number(const { top("speed_accuracy") }),
        },
        fix_type,
        status: word(sheet, const { top("operational_status") }).unwrap_or_default(),
        ua_class: word(sheet, const { top("ua_class") }),
        category: word(sheet, const { top("operation_category") }),
        group_id: sheet.text(const { top("group_id") }).map(Arc::from),
        flight_id: sheet.text(const { top("flight_id") }).map(Arc::from),
        battery_pct: sheet.number(const { top("battery_pct") }),
        c2_lost: sheet.text(const { top("c2_link") }).map(|link| link == "LOST"),
        nr: (*sheet.slot(const { top("nr") }) == Slot::Checked).then(|| cell(sheet)),
        backfill: *sheet.slot(const { top("backfill") }) == Slot::Flag(true),
        ..Observation::new(message.uas_id.clone(), timestamp?, position?)
    })
}

/// Holds the identities in the payload against the topic's.
fn identity(sheet: &mut Sheet<'_, '_>, message: &Message<'_>) {
    let uas_id = const { top("uas_id") };
    missing(sheet, uas_id, "uas_id");
    mismatch(sheet, const { top("operator") }, "operator", message.operator.as_str());
    mismatch(sheet, uas_id, "uas_id", message.uas_id.as_str());
}

fn mismatch(sheet: &mut Sheet<'_, '_>, index: usize, name: &str, wanted: &str) {
    if let Some(found) = sheet.text(index)
        && found != wanted
    {
        let detail = format!("payload says {}, its topic `{wanted}`", quote(found));
        sheet.fault(Reason::IdentityMismatch, name, detail);
    }
}

fn missing(sheet: &mut Sheet<'_, '_>, index: usize, name: &str) {
    if sheet.is_absent(index) {
        sheet.fault(Reason::MissingField, name, format!("{name} is required"));
    }
}

/// When the report says that it was made.
pub(super) fn timestamp(sheet: &Sheet<'_, '_>) -> Option<Timestamp> {
    if let Slot::Time(timestamp) = *sheet.slot(const { top("timestamp") }) { Some(timestamp) } else { None }
}

fn time(sheet: &mut Sheet<'_, '_>, message: &Message<'_>) -> Option<Timestamp> {
    let index = const { top("timestamp") };
    missing(sheet, index, "timestamp");
    let timestamp = timestamp(sheet)?;
    sheet.refuse(doors::time(timestamp, message.received_at, "timestamp"));
    Some(timestamp)
}

fn place(sheet: &mut Sheet<'_, '_>, message: &Message<'_>) -> Option<LatLng> {
    let (lat, lng) = (const { top("lat") }, const { top("lng") });
    missing(sheet, lat, "lat");
    missing(sheet, lng, "lng");
    let position = LatLng::new(sheet.number(lat)?, sheet.number(lng)?).ok()?;
    sheet.refuse(doors::place(position, message.doors, "lat"));
    Some(position)
}

fn heights(sheet: &mut Sheet<'_, '_>) -> Heights {
    let (height, reference) = (const { top("height") }, const { top("height_reference") });
    if sheet.number(height).is_some() && sheet.is_absent(reference) {
        let detail = "height is not used without height_reference: TAKEOFF or GROUND";
        sheet.flag(Reason::MissingField, "height_reference", detail);
    }
    let model = word(sheet, const { top("amsl_model") }).unwrap_or_default();
    Heights {
        hae_m: sheet.number(const { top("alt_hae") }),
        amsl_m: sheet.number(const { top("alt_amsl") }).map(|metres| (metres, model)),
        pressure_m: sheet.number(const { top("alt_pressure") }),
        relative: sheet
            .number(height)
            .zip(word(sheet, reference))
            .map(|(metres, reference)| RelativeHeight { metres, reference }),
    }
}

fn cell(sheet: &Sheet<'_, '_>) -> NrCell {
    NrCell {
        nci: sheet.whole(const { in_cell("nci") }).and_then(|nci| u64::try_from(nci).ok()),
        pci: sheet.whole(const { in_cell("pci") }).and_then(|pci| u16::try_from(pci).ok()),
        ss_rsrp_dbm: sheet.number(const { in_cell("ss_rsrp") }),
        ss_rsrq_db: sheet.number(const { in_cell("ss_rsrq") }),
        ss_sinr_db: sheet.number(const { in_cell("ss_sinr") }),
    }
}

/// The value of an enumeration; its text was judged when it was read.
fn word<T: for<'de> Deserialize<'de>>(sheet: &Sheet<'_, '_>, index: usize) -> Option<T> {
    sheet.text(index).and_then(|text| fields::word(text).ok())
}
