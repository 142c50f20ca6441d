//! One observation as bytes, and back: exact to the last bit.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Arrived;
use super::bytes::{Bytes, put_count, put_real, put_signed, put_text};
use crate::domain::{
    Accuracy, FixType, GeoidModel, Heights, LatLng, Motion, NrCell, Observation, OperationCategory,
    OperationalStatus, OperatorId, RelativeHeight, RelativeReference, Source, Timestamp, UaClass, UasId,
};

/// Degrees are whole numbers of 10⁻⁷, all else of 10⁻³, where that is exact.
const DEGREES: f64 = 1e7;
const OTHER: f64 = 1e3;

const SOURCES: [Source; 3] = [Source::Telemetry, Source::Nmea, Source::Sensed];
const CLASSES: [UaClass; 7] = [
    UaClass::Micro,
    UaClass::Light,
    UaClass::Small,
    UaClass::Medium,
    UaClass::Large,
    UaClass::Agricultural,
    UaClass::Manned,
];
const CATEGORIES: [OperationCategory; 3] =
    [OperationCategory::Open, OperationCategory::Specific, OperationCategory::Certified];
const STATUSES: [OperationalStatus; 5] = [
    OperationalStatus::Undeclared,
    OperationalStatus::Ground,
    OperationalStatus::Airborne,
    OperationalStatus::Emergency,
    OperationalStatus::RidFailure,
];
const FIXES: [FixType; 8] = [
    FixType::None,
    FixType::Single,
    FixType::Dgnss,
    FixType::RtkFloat,
    FixType::RtkFixed,
    FixType::Ppp,
    FixType::Dr,
    FixType::Sim,
];
const MODELS: [GeoidModel; 3] = [GeoidModel::Egm96, GeoidModel::Egm2008, GeoidModel::Cn1985];
const REFERENCES: [RelativeReference; 2] = [RelativeReference::Takeoff, RelativeReference::Ground];

/// What does not change from report to report of one aircraft.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Profile {
    uas_id: UasId,
    operator: Option<OperatorId>,
    group_id: Option<Arc<str>>,
    flight_id: Option<Arc<str>>,
    /// Places in the tables above, from 1; 0 is absent.
    kinds: [u8; 3],
}

/// The place of a value in its table, from 1; 0 for none.
fn place<T: PartialEq>(table: &[T], value: Option<&T>) -> u8 {
    let at = value.and_then(|value| table.iter().position(|known| known == value));
    at.and_then(|at| u8::try_from(at + 1).ok()).unwrap_or(0)
}

/// The value at a place; a place outside the table is damage.
#[expect(clippy::option_option, reason = "no value and no place of the table are two things")]
fn value<T: Copy>(table: &[T], place: u8) -> Option<Option<T>> {
    match usize::from(place).checked_sub(1) {
        None => Some(None),
        Some(at) => table.get(at).map(|value| Some(*value)),
    }
}

/// Which names a profile has; blocks from before flights were kept have the first alone.
const HAS_GROUP: u8 = 1;
const HAS_FLIGHT: u8 = 1 << 1;

/// A text with its length before it.
fn long_text(bytes: &mut Bytes<'_>) -> Option<Arc<str>> {
    let len = usize::try_from(bytes.count()?).ok()?;
    let (text, rest) = bytes.0.split_at_checked(len)?;
    bytes.0 = rest;
    Some(Arc::from(std::str::from_utf8(text).ok()?))
}

impl Profile {
    /// Whose it is.
    pub(super) fn uas_id(&self) -> &UasId {
        &self.uas_id
    }

    pub(super) fn of(observation: &Observation) -> Self {
        let Observation { source, ua_class, category, .. } = observation;
        Self {
            uas_id: observation.uas_id.clone(),
            operator: observation.operator.clone(),
            group_id: observation.group_id.clone(),
            flight_id: observation.flight_id.clone(),
            kinds: [
                place(&SOURCES, Some(source)),
                place(&CLASSES, ua_class.as_ref()),
                place(&CATEGORIES, category.as_ref()),
            ],
        }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let Self { uas_id, operator, group_id, flight_id, kinds } = self;
        put_text(out, uas_id.as_str());
        put_text(out, operator.as_ref().map_or("", OperatorId::as_str));
        out.push(
            if group_id.is_some() { HAS_GROUP } else { 0 } | if flight_id.is_some() { HAS_FLIGHT } else { 0 },
        );
        for text in [group_id, flight_id].into_iter().flatten() {
            // Up to 64 characters of any script: too long for a text with one byte of length.
            put_count(out, u64::try_from(text.len()).unwrap_or(0));
            out.extend(text.as_bytes());
        }
        out.extend(kinds);
    }

    pub(super) fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        let uas_id = UasId::new(bytes.text()?).ok()?;
        let operator = match bytes.text()? {
            "" => None,
            text => Some(OperatorId::new(text).ok()?),
        };
        let has = bytes.byte()?;
        if has & !(HAS_GROUP | HAS_FLIGHT) != 0 {
            return None;
        }
        let group_id = if has & HAS_GROUP == 0 { None } else { Some(long_text(bytes)?) };
        let flight_id = if has & HAS_FLIGHT == 0 { None } else { Some(long_text(bytes)?) };
        Some(Self { uas_id, operator, group_id, flight_id, kinds: bytes.fixed()? })
    }

    /// An observation with only what the profile says.
    fn observation(&self, timestamp: Timestamp, position: LatLng) -> Option<Observation> {
        let [source, class, category] = self.kinds;
        Some(Observation {
            operator: self.operator.clone(),
            source: value(&SOURCES, source)??,
            ua_class: value(&CLASSES, class)?,
            category: value(&CATEGORIES, category)?,
            group_id: self.group_id.clone(),
            flight_id: self.flight_id.clone(),
            ..Observation::new(self.uas_id.clone(), timestamp, position)
        })
    }
}

/// The profiles that a dictionary has, by what they say.
pub(super) type Numbers = BTreeMap<Profile, u64>;

/// The real numbers that a report may have, in the order in which they stand.
fn reals(observation: &Observation) -> [Option<f64>; 14] {
    let Observation { heights, motion, accuracy, nr, .. } = observation;
    let nr = nr.unwrap_or_default();
    [
        heights.hae_m,
        heights.amsl_m.map(|(metres, _)| metres),
        heights.pressure_m,
        heights.relative.map(|relative| relative.metres),
        motion.ground_speed_mps,
        motion.track_deg,
        motion.vertical_speed_mps,
        accuracy.horizontal_m,
        accuracy.vertical_m,
        accuracy.speed_mps,
        observation.battery_pct,
        nr.ss_rsrp_dbm,
        nr.ss_rsrq_db,
        nr.ss_sinr_db,
    ]
}

/// Which numbers and flags a record has, from the lowest bit: the reals in their order, then these.
const HAS_CELL: u64 = 1 << 14;
const HAS_NCI: u64 = 1 << 15;
const HAS_PCI: u64 = 1 << 16;
const BACKFILL: u64 = 1 << 17;

/// Appends an observation: its profile's number, and its times against `base`.
pub(super) fn put(out: &mut Vec<u8>, profile: u64, base: Timestamp, arrived: &Arrived) {
    let Arrived { received_at, observation } = arrived;
    put_count(out, profile);
    put_signed(out, received_at.as_micros().wrapping_sub(base.as_micros()));
    put_signed(out, observation.timestamp.as_micros().wrapping_sub(received_at.as_micros()));
    put_real(out, observation.position.lat_deg(), DEGREES);
    put_real(out, observation.position.lng_deg(), DEGREES);
    let reals = reals(observation);
    let mut has = 0;
    for (at, real) in reals.iter().enumerate() {
        has |= u64::from(real.is_some()) << at;
    }
    for (flag, holds) in [
        (HAS_CELL, observation.nr.is_some()),
        (HAS_NCI, observation.nr.is_some_and(|nr| nr.nci.is_some())),
        (HAS_PCI, observation.nr.is_some_and(|nr| nr.pci.is_some())),
        (BACKFILL, observation.backfill),
    ] {
        has |= if holds { flag } else { 0 };
    }
    put_count(out, has);
    for real in reals.into_iter().flatten() {
        put_real(out, real, OTHER);
    }
    let Heights { amsl_m, relative, .. } = observation.heights;
    let link = observation.c2_lost.map_or(0, |lost| 1 + u8::from(lost));
    let words = [
        place(&STATUSES, Some(&observation.status)),
        place(&FIXES, observation.fix_type.as_ref()),
        place(&MODELS, amsl_m.as_ref().map(|(_, model)| model)),
        place(&REFERENCES, relative.as_ref().map(|relative| &relative.reference)),
    ];
    let [status, fix, model, reference] = words;
    out.push(status | fix << 4);
    out.push(model | reference << 2 | link << 4);
    if let Some(NrCell { nci, pci, .. }) = observation.nr {
        for number in [nci, pci.map(u64::from)].into_iter().flatten() {
            put_count(out, number);
        }
    }
}

/// Reads an observation. `Some(None)` if the dictionary does not have its profile; `None` if it is no record.
#[expect(clippy::option_option, reason = "an unknown aircraft and no record are two things")]
pub(super) fn read<'p>(
    bytes: &mut Bytes<'_>,
    base: Timestamp,
    profile: impl FnOnce(u64) -> Option<&'p Profile>,
) -> Option<Option<Arrived>> {
    let profile = profile(bytes.count()?);
    let received_at = base.as_micros().wrapping_add(bytes.signed()?);
    let timestamp = Timestamp::from_micros(received_at.wrapping_add(bytes.signed()?));
    let position = LatLng::new(bytes.real(DEGREES)?, bytes.real(DEGREES)?).ok()?;
    let has = bytes.count()?;
    let mut reals = [None; 14];
    for (at, real) in reals.iter_mut().enumerate() {
        if has & 1 << at != 0 {
            *real = Some(bytes.real(OTHER)?);
        }
    }
    let [first, second] = bytes.fixed()?;
    let status = value(&STATUSES, first & 0xf)??;
    let fix_type = value(&FIXES, first >> 4)?;
    let (model, reference) = (value(&MODELS, second & 3)?, value(&REFERENCES, second >> 2 & 3)?);
    let c2_lost = match second >> 4 {
        0 => None,
        1 => Some(false),
        2 => Some(true),
        _ => return None,
    };
    let [hae_m, amsl_m, pressure_m, relative_m, rest @ ..] = reals;
    let [ground_speed_mps, track_deg, vertical_speed_mps, rest @ ..] = rest;
    let [horizontal_m, vertical_m, speed_mps, battery_pct, ss_rsrp_dbm, ss_rsrq_db, ss_sinr_db] = rest;
    let nr = if has & HAS_CELL == 0 {
        None
    } else {
        let nci = if has & HAS_NCI == 0 { None } else { Some(bytes.count()?) };
        let pci = if has & HAS_PCI == 0 { None } else { Some(u16::try_from(bytes.count()?).ok()?) };
        Some(NrCell { nci, pci, ss_rsrp_dbm, ss_rsrq_db, ss_sinr_db })
    };
    let Some(known) = profile else { return Some(None) };
    let relative = |metres| reference.map(|reference| RelativeHeight { metres, reference });
    let observation = Observation {
        heights: Heights {
            hae_m,
            amsl_m: amsl_m.zip(model),
            pressure_m,
            relative: relative_m.and_then(relative),
        },
        motion: Motion { ground_speed_mps, track_deg, vertical_speed_mps },
        accuracy: Accuracy { horizontal_m, vertical_m, speed_mps },
        fix_type,
        status,
        battery_pct,
        c2_lost,
        nr,
        backfill: has & BACKFILL != 0,
        ..known.observation(timestamp, position)?
    };
    Some(Some(Arrived { received_at: Timestamp::from_micros(received_at), observation }))
}

/// What a record is about, and its bytes.
#[derive(Debug)]
pub(super) struct Skimmed<'a> {
    /// Number of its profile.
    pub(super) profile: u64,
    pub(super) received_at: Timestamp,
    pub(super) timestamp: Timestamp,
    pub(super) backfill: bool,
    /// The whole record, for [`read`].
    pub(super) bytes: &'a [u8],
}

/// Steps over a record; `None` if it is none.
pub(super) fn skim<'a>(bytes: &mut Bytes<'a>, base: Timestamp) -> Option<Skimmed<'a>> {
    let Bytes(all) = *bytes;
    let profile = bytes.count()?;
    let received_at = base.as_micros().wrapping_add(bytes.signed()?);
    let timestamp = received_at.wrapping_add(bytes.signed()?);
    let (_, _, has) = (bytes.real(DEGREES)?, bytes.real(DEGREES)?, bytes.count()?);
    for at in 0..14 {
        if has & 1 << at != 0 {
            bytes.real(OTHER)?;
        }
    }
    bytes.fixed::<2>()?;
    for flag in [HAS_NCI, HAS_PCI] {
        if has & HAS_CELL != 0 && has & flag != 0 {
            bytes.count()?;
        }
    }
    Some(Skimmed {
        profile,
        received_at: Timestamp::from_micros(received_at),
        timestamp: Timestamp::from_micros(timestamp),
        backfill: has & BACKFILL != 0,
        bytes: all.get(..all.len() - bytes.0.len())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_from_before_flights_were_kept_is_read() {
        let written = b"\x01A\x04acme\x01\x05group\x01\x00\x00";
        let profile = Profile::read(&mut Bytes(written)).unwrap();
        assert_eq!((profile.group_id.as_deref(), profile.flight_id.as_deref()), (Some("group"), None));
        let mut again = Vec::new();
        profile.put(&mut again);
        assert_eq!(again, written, "without a flight nothing is written otherwise");
        assert!(Profile::read(&mut Bytes(b"\x01A\x04acme\x05\x05group\x01\x00\x00")).is_none(), "damage");
    }
}
