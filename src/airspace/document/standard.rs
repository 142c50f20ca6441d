//! What the standards ask of members that change no protection: which there are, and what they hold. From the JSON schemas
//! of ED-318 and the tables of ED-269. Members that say what is protected are read elsewhere, where their faults are told.

use serde_json::{Map, Value};

use super::json::{Reader, kind, same_letters};
use super::path::At;
use super::words;

/// What a member holds.
#[derive(Debug, Clone, Copy)]
enum Holds {
    /// What is told elsewhere, null included.
    Else,
    /// What is told elsewhere, but not null.
    Given,
    /// Text of at most so many characters.
    Text(usize),
    /// `[{"text", "lang"}…]`.
    Texts,
    /// One `{"text", "lang"}`.
    OneText,
    /// A `dataSource`.
    Source,
    /// At least four numbers.
    Box,
    /// Text or a number.
    Name,
    /// What this program reads beyond the standard.
    Own,
}

/// Without a limit.
const ANY: usize = usize::MAX;

type Members = [(&'static str, Holds)];

const COLLECTION: &Members = &[
    ("name", Holds::Text(200)),
    ("bbox", Holds::Box),
    ("metadata", Holds::Given),
    ("datasetMetadata", Holds::Given),
];
const METADATA: &Members = &[
    ("validFrom", Holds::Given),
    ("validTo", Holds::Given),
    ("issued", Holds::Given),
    ("provider", Holds::Texts),
    ("description", Holds::Texts),
    ("otherGeoid", Holds::Text(ANY)),
    ("technicalLimitations", Holds::Texts),
];
const FEATURE: &Members = &[("id", Holds::Name), ("bbox", Holds::Box)];
const GEOMETRY: &Members = &[("bbox", Holds::Box), ("layer", Holds::Given)];
const PROPERTIES: &Members = &[
    ("identifier", Holds::Else),
    ("country", Holds::Else),
    ("name", Holds::Given),
    ("type", Holds::Else),
    ("variant", Holds::Else),
    ("restrictionConditions", Holds::Text(ANY)),
    ("region", Holds::Given),
    ("reason", Holds::Given),
    ("otherReasonInfo", Holds::Texts),
    ("regulationExemption", Holds::Given),
    ("message", Holds::Texts),
    ("zoneAuthority", Holds::Given),
    ("limitedApplicability", Holds::Given),
    ("dataSource", Holds::Source),
    ("extendedProperties", Holds::Given),
    // In a wrong place or of another name, which is told where they are read.
    ("UASZone", Holds::Else),
    ("geometry", Holds::Else),
    ("layer", Holds::Else),
    ("verticalLayer", Holds::Else),
    ("reasons", Holds::Else),
    ("restriction", Holds::Else),
    ("tz", Holds::Own),
];
const AUTHORITY: &Members = &[
    ("name", Holds::Texts),
    ("service", Holds::Texts),
    ("contactName", Holds::Texts),
    ("siteURL", Holds::Text(ANY)),
    ("email", Holds::Text(ANY)),
    ("phone", Holds::Text(200)),
    ("intervalBefore", Holds::Given),
];
const PERIOD: &Members = &[
    ("startDateTime", Holds::Given),
    ("endDateTime", Holds::Given),
    ("schedule", Holds::Else),
    ("dailyPeriod", Holds::Else),
];
const HOURS: &Members = &[
    ("day", Holds::Given),
    ("days", Holds::Else),
    ("startTime", Holds::Given),
    ("startEvent", Holds::Given),
    ("endTime", Holds::Given),
    ("endEvent", Holds::Given),
    ("tz", Holds::Own),
];
const SOURCE: &Members = &[
    ("creationDate", Holds::Text(ANY)),
    ("updateDateTime", Holds::Text(ANY)),
    ("originator", Holds::OneText),
];
const ZONE_ED269: &Members = &[
    ("name", Holds::Text(200)),
    ("restrictionConditions", Holds::Text(ANY)),
    ("region", Holds::Given),
    ("reason", Holds::Given),
    ("otherReasonInfo", Holds::Text(30)),
    ("regulationExemption", Holds::Given),
    ("uSpaceClass", Holds::Text(100)),
    ("message", Holds::Text(200)),
    ("applicability", Holds::Given),
    ("zoneAuthority", Holds::Given),
];
const AUTHORITY_ED269: &Members = &[
    ("name", Holds::Text(200)),
    ("service", Holds::Text(200)),
    ("contactName", Holds::Text(200)),
    ("siteURL", Holds::Text(200)),
    ("email", Holds::Text(200)),
    ("phone", Holds::Text(200)),
    ("intervalBefore", Holds::Given),
];

/// The outermost members of an ED-318 document.
pub(super) fn collection(members: &Map<String, Value>, reader: &mut Reader<'_>) {
    check(members, COLLECTION, false, &At::ROOT, reader);
}

/// Its metadata.
pub(super) fn metadata(metadata: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) {
    check(metadata, METADATA, false, at, reader);
}

/// The members of a feature beside its geometry and properties.
pub(super) fn feature(feature: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) {
    check(feature, FEATURE, false, at, reader);
}

/// The members of a geometry beside its coordinates.
pub(super) fn geometry(geometry: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) {
    check(geometry, GEOMETRY, false, at, reader);
}

/// The properties of a zone. ED-318 allows no others.
pub(super) fn properties(properties: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) {
    check(properties, PROPERTIES, true, at, reader);
}

/// A period. ED-318 allows no other members.
pub(super) fn period(period: &Map<String, Value>, at: &At<'_>, is_ed318: bool, reader: &mut Reader<'_>) {
    check(period, PERIOD, is_ed318, at, reader);
}

/// Daily hours. ED-318 allows no other members.
pub(super) fn hours(hours: &Map<String, Value>, at: &At<'_>, is_ed318: bool, reader: &mut Reader<'_>) {
    check(hours, HOURS, is_ed318, at, reader);
}

/// An authority.
pub(super) fn authority(
    authority: &Map<String, Value>,
    at: &At<'_>,
    is_ed318: bool,
    reader: &mut Reader<'_>,
) {
    check(authority, if is_ed318 { AUTHORITY } else { AUTHORITY_ED269 }, false, at, reader);
}

/// A zone of ED-269.
pub(super) fn zone_ed269(zone: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) {
    check(zone, ZONE_ED269, false, at, reader);
}

/// Tells which members do not hold what they should, and, if the standard is `closed`, which it does not have.
fn check(object: &Map<String, Value>, known: &Members, closed: bool, at: &At<'_>, reader: &mut Reader<'_>) {
    for (name, value) in object {
        let here = at.member(name);
        let found = known.iter().find(|(word, _)| word == name).map(|(_, holds)| *holds);
        match found {
            Some(Holds::Else) => {}
            Some(_) if value.is_null() => {
                let (en, zh) =
                    ("null is read as absent; leave the member out", "null 视为缺省，请删去该成员");
                reader.warn(&here, en, zh);
            }
            Some(holds) => fits(value, holds, name, &here, reader),
            None if closed && !known.iter().any(|(word, _)| same_letters(word, name)) => {
                let name = super::collection::short(name);
                reader.warn(
                    &here,
                    format!("ED-318 has no member `{name}` here; what is not of the standard belongs into `extendedProperties`"),
                    format!("ED-318 此处没有成员 “{name}”；标准以外的内容请置于 “extendedProperties”"),
                );
            }
            None => {}
        }
    }
}

fn fits(value: &Value, holds: Holds, name: &str, at: &At<'_>, reader: &mut Reader<'_>) {
    let (wanted, wanted_zh) = match holds {
        Holds::Else | Holds::Given => return,
        Holds::Own => {
            reader.advise(
                at,
                format!("`{name}` is not of ED-318: other readers may refuse it"),
                format!("“{name}” 不属于 ED-318，其他软件可能拒收"),
            );
            return;
        }
        Holds::Texts => {
            words::texts(value, at, &format!("`{name}`"), reader);
            return;
        }
        Holds::Text(chars_max) => match value.as_str().map(|text| text.chars().count()) {
            Some(length) => return short_enough(length, chars_max, name, at, reader),
            None => ("text", "文本"),
        },
        Holds::OneText if value.is_object() => {
            words::text_of(value, at, reader);
            return;
        }
        Holds::OneText => ("an object with `text` and `lang`", "含 “text” 与 “lang” 的对象"),
        Holds::Source => match value.as_object() {
            Some(source) => return check(source, SOURCE, false, at, reader),
            None => ("an object", "对象"),
        },
        Holds::Box => match value.as_array() {
            Some(items) if items.len() >= 4 && items.iter().all(Value::is_number) => return,
            Some(_) | None => ("an array of at least four numbers", "至少四个数字的数组"),
        },
        Holds::Name if value.is_string() || value.is_number() => return,
        Holds::Name => ("text or a number", "文本或数字"),
    };
    let (found, found_zh) = kind(value);
    reader.warn(
        at,
        format!("`{name}` should be {wanted}, found {found}"),
        format!("“{name}” 应为{wanted_zh}，实为{found_zh}"),
    );
}

/// Tells of a text that is longer than the standard allows.
pub(super) fn short_enough(length: usize, most: usize, name: &str, at: &At<'_>, reader: &mut Reader<'_>) {
    if length > most {
        reader.warn(
            at,
            format!("`{name}` has {length} characters; the standard allows {most}"),
            format!("“{name}” 有 {length} 个字符；标准最多 {most} 个"),
        );
    }
}
