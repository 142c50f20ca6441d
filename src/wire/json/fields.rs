//! Every member of `tlm/1` and what it must be. Whatever is not in these tables is ignored.
//!
//! Ranges are those of ASTM F3411-22a and GB 46750-2025, of the 5G cell those of 3GPP TS 38.133 and 38.331.
//! What is unknown is left out: the words of binary formats for it (track 361, vertical speed 63) are out of range
//! here. Only a height of -1000, which no aircraft has and which is within its range, means "unknown" in JSON too.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

use crate::domain::{FixType, GeoidModel, OperationCategory, OperationalStatus, RelativeReference, UaClass};

/// What a member must be.
pub(super) enum Rule {
    /// A number, both ends included.
    Number { min: f64, max: f64 },
    /// A height in metres; its lower end says that the sender does not know.
    Height,
    /// Degrees, 0 ≤ x < 360.
    Bearing,
    /// A whole number, both ends included.
    Whole { min: i64, max: i64 },
    /// A text of 1 to 64 characters.
    Text,
    /// One of the words.
    OneOf(&'static [&'static str]),
    /// A word that the domain knows; the error lists the known ones.
    Word(fn(&str) -> Result<(), String>),
    /// A coordinate system; a shifted or unknown one has a reason of its own.
    Crs,
    /// RFC 3339 or whole Unix milliseconds.
    Time,
    /// true or false.
    Flag,
    /// Mobile country and network code: 5 or 6 digits, as a text or a number.
    Plmn,
    /// A list of the words.
    ListOf(&'static Field),
    /// An object with the members of [`CELL`].
    Cell,
}

/// A member.
pub(super) struct Field {
    /// Its key in its object.
    pub(super) key: &'static str,
    /// Its name in refusals.
    pub(super) name: &'static str,
    pub(super) rule: Rule,
    /// Whether a value that breaks the rule is only remarked on and left out: the contract fixes no words for it, and
    /// nothing depends on it.
    pub(super) is_free: bool,
}

const fn field(name: &'static str, rule: Rule) -> Field {
    Field { key: name, name, rule, is_free: false }
}

const fn free(name: &'static str, rule: Rule) -> Field {
    Field { is_free: true, ..field(name, rule) }
}

/// The members of a report, in alphabetical order.
pub(super) static FIELDS: [Field; 39] = [
    field("accuracy_h", Rule::Number { min: 0.0, max: 20_000.0 }),
    field("accuracy_v", Rule::Number { min: 0.0, max: 20_000.0 }),
    field("alt_amsl", Rule::Height),
    field("alt_hae", Rule::Height),
    field("alt_pressure", Rule::Height),
    field("amsl_model", Rule::Word(known::<GeoidModel>)),
    field("backfill", Rule::Flag),
    field("battery_pct", Rule::Number { min: 0.0, max: 100.0 }),
    field("c2_link", Rule::OneOf(&["OK", "DEGRADED", "LOST"])),
    field("crs", Rule::Crs),
    field("diff_age_s", Rule::Number { min: 0.0, max: 999.0 }),
    field("fix_type", Rule::Word(known::<FixType>)),
    field("flight_id", Rule::Text),
    free("gnss_systems", Rule::ListOf(&GNSS_SYSTEM)),
    // F3411 ends at 254.25; GB 46750 goes on to 6553.4.
    field("ground_speed", Rule::Number { min: 0.0, max: 6553.4 }),
    field("group_id", Rule::Text),
    // Receivers without a position say 99.99.
    field("hdop", Rule::Number { min: 0.0, max: 99.99 }),
    field("heading", Rule::Bearing),
    field("height", Rule::Height),
    field("height_reference", Rule::Word(known::<RelativeReference>)),
    field("lat", Rule::Number { min: -90.0, max: 90.0 }),
    field("lng", Rule::Number { min: -180.0, max: 180.0 }),
    field("nr", Rule::Cell),
    field("operation_category", Rule::Word(known::<OperationCategory>)),
    field("operational_status", Rule::Word(known::<OperationalStatus>)),
    field("operator", Rule::Text),
    field("rcs_lat", Rule::Number { min: -90.0, max: 90.0 }),
    field("rcs_lng", Rule::Number { min: -180.0, max: 180.0 }),
    field("registration_id", Rule::Text),
    field("satellites", Rule::Whole { min: 0, max: 99 }),
    field("seq", Rule::Whole { min: 0, max: 0xffff_ffff }),
    field("speed_accuracy", Rule::Number { min: 0.0, max: 10.0 }),
    field("timestamp", Rule::Time),
    field("track", Rule::Bearing),
    field("ua_class", Rule::Word(known::<UaClass>)),
    free("ua_type", Rule::Whole { min: 0, max: 15 }),
    field("uas_id", Rule::Text),
    free("uas_id_type", Rule::OneOf(ID_TYPES)),
    field("vertical_speed", Rule::Number { min: -62.0, max: 62.0 }),
];

/// Members of one kind of object, found by key.
pub(super) struct Table {
    fields: &'static [Field],
    /// For each letter, where the keys begin that begin with it or a later one.
    starts: [usize; 27],
}

/// The members of a report.
pub(super) static REPORT: Table = Table::new(&FIELDS);
/// The members of `nr`.
pub(super) static NR: Table = Table::new(&CELL);

impl Table {
    #[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "the compiler evaluates it")]
    const fn new(fields: &'static [Field]) -> Self {
        let mut starts = [fields.len(); 27];
        let mut at = fields.len();
        while 0 < at {
            at -= 1;
            let mut letter = (fields[at].key.as_bytes()[0] - b'a') as usize;
            starts[letter] = at;
            while 0 < letter {
                letter -= 1;
                starts[letter] = at;
            }
        }
        Self { fields, starts }
    }

    /// The member of a key, and where it stands. A binary search would nearly double what decoding costs.
    pub(super) fn find(&self, key: &str) -> Option<(usize, &'static Field)> {
        let letter = usize::from(key.bytes().next()?.checked_sub(b'a')?);
        let (start, end) = (*self.starts.get(letter)?, *self.starts.get(letter + 1)?);
        let at = start + self.fields.get(start..end)?.iter().position(|field| field.key == key)?;
        self.fields.get(at).map(|field| (at, field))
    }
}

/// The members of `nr`, in alphabetical order.
pub(super) static CELL: [Field; 8] = [
    cell("nci", "nr.nci", Rule::Whole { min: 0, max: 0xf_ffff_ffff }),
    cell("nrarfcn", "nr.nrarfcn", Rule::Whole { min: 0, max: 3_279_165 }),
    cell("pci", "nr.pci", Rule::Whole { min: 0, max: 1007 }),
    cell("plmn", "nr.plmn", Rule::Plmn),
    cell("ss_rsrp", "nr.ss_rsrp", Rule::Number { min: -156.0, max: -31.0 }),
    cell("ss_rsrq", "nr.ss_rsrq", Rule::Number { min: -43.0, max: 20.0 }),
    cell("ss_sinr", "nr.ss_sinr", Rule::Number { min: -23.0, max: 40.0 }),
    cell("tac", "nr.tac", Rule::Whole { min: 0, max: 0xff_ffff }),
];

const fn cell(key: &'static str, name: &'static str, rule: Rule) -> Field {
    Field { key, ..field(name, rule) }
}

static GNSS_SYSTEM: Field = free(
    "gnss_systems",
    Rule::OneOf(&[
        "BDS", "BEIDOU", "GAL", "GALILEO", "GLO", "GLONASS", "GPS", "IRNSS", "NAVIC", "QZSS", "SBAS",
    ]),
);

/// Names of the contract, and those of F3411's JSON where they differ.
const ID_TYPES: &[&str] = &[
    "CAA_REGISTRATION_ID",
    "ICAO24",
    "REGISTRATION_ID",
    "SERIAL_NUMBER",
    "SESSION_ID",
    "SPECIFIC_SESSION_ID",
    "TRACK",
    "UTM_ASSIGNED_UUID",
    "UTM_UUID",
];

/// The value of an enumeration that `text` names.
pub(super) fn word<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Error> {
    let deserializer: StrDeserializer<'de, Error> = text.into_deserializer();
    T::deserialize(deserializer)
}

fn known<T: for<'de> Deserialize<'de>>(text: &str) -> Result<(), String> {
    word::<T>(text).map(drop).map_err(|error| error.to_string())
}

/// Where a member stands in [`FIELDS`]. For constants: an unknown key does not compile.
pub(super) const fn top(key: &str) -> usize {
    position(&FIELDS, key)
}

/// Where a member of `nr` stands after all of [`FIELDS`].
pub(super) const fn in_cell(key: &str) -> usize {
    FIELDS.len() + position(&CELL, key)
}

#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const fn position(fields: &[Field], key: &str) -> usize {
    let mut at = 0;
    while !same(fields[at].key.as_bytes(), key.as_bytes()) {
        at += 1;
    }
    at
}

#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_for_the_search() {
        assert!(FIELDS.is_sorted_by(|a, b| a.key < b.key));
        assert!(CELL.is_sorted_by(|a, b| a.key < b.key));
        for (table, fields) in [(&REPORT, &FIELDS[..]), (&NR, &CELL[..])] {
            for (at, field) in fields.iter().enumerate() {
                assert_eq!(table.find(field.key).map(|(found, _)| found), Some(at), "{}", field.key);
            }
            for unknown in ["", "a", "zz", "LAT", "~", "latitude", "\u{e9}"] {
                assert!(table.find(unknown).is_none(), "{unknown}");
            }
        }
        assert_eq!(FIELDS[top("vertical_speed")].name, "vertical_speed");
        assert_eq!(CELL[in_cell("pci") - FIELDS.len()].name, "nr.pci");
    }
}
