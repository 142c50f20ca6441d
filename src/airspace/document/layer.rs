//! Vertical limits: `layer` of ED-318, and the limits of a volume of ED-269.

use serde_json::{Map, Value};

use crate::domain::{VerticalLimit, VerticalReference};

use super::json::Reader;
use super::path::At;

/// Metres in an international foot.
const FOOT_M: f64 = 0.3048;

/// A limit of so many metres or feet says that there is none.
const UNLIMITED: f64 = 99_999.0;

/// What a limit can be measured from. ED-318 knows the first three.
pub(super) const REFERENCES: [(&str, VerticalReference); 5] = [
    ("AGL", VerticalReference::Agl),
    ("AMSL", VerticalReference::Amsl),
    ("WGS84", VerticalReference::Wgs84),
    ("TAKEOFF", VerticalReference::Takeoff),
    ("CN1985", VerticalReference::Cn1985),
];
/// Other words for them.
const OTHER_REFERENCES: [(&str, VerticalReference, &str); 8] = [
    ("MSL", VerticalReference::Amsl, "AMSL"),
    ("HAE", VerticalReference::Wgs84, "WGS84"),
    ("W84", VerticalReference::Wgs84, "WGS84"),
    ("WGS-84", VerticalReference::Wgs84, "WGS84"),
    ("SFC", VerticalReference::Agl, "AGL"),
    ("GND", VerticalReference::Agl, "AGL"),
    ("ATO", VerticalReference::Takeoff, "TAKEOFF"),
    ("1985", VerticalReference::Cn1985, "CN1985"),
];
pub(super) const UNITS: [(&str, f64); 2] = [("m", 1.0), ("ft", FOOT_M)];
const UNITS_ED269: [(&str, f64); 2] = [("M", 1.0), ("FT", FOOT_M)];

/// Lower and upper limit; `None` is without limit.
pub(super) type Limits = (Option<VerticalLimit>, Option<VerticalLimit>);

/// What the members of a layer are called.
struct Names {
    unit: &'static str,
    units: &'static [(&'static str, f64)],
    lower: [&'static str; 2],
    upper: [&'static str; 2],
}

const ED318: Names = Names {
    unit: "uom",
    units: &UNITS,
    lower: ["lower", "lowerReference"],
    upper: ["upper", "upperReference"],
};
const ED269: Names = Names {
    unit: "uomDimensions",
    units: &UNITS_ED269,
    lower: ["lowerLimit", "lowerVerticalReference"],
    upper: ["upperLimit", "upperVerticalReference"],
};

/// Reads a layer of ED-318. `None` if a limit cannot be understood.
pub(super) fn read(layer: &Value, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Limits> {
    let layer = reader.object(layer, at, "`layer`")?;
    limits(layer, at, &ED318, reader)
}

/// Reads the limits of a volume of ED-269.
pub(super) fn read_ed269(
    volume: &Map<String, Value>,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Option<Limits> {
    limits(volume, at, &ED269, reader)
}

fn limits(layer: &Map<String, Value>, at: &At<'_>, names: &Names, reader: &mut Reader<'_>) -> Option<Limits> {
    let unit = match (layer.contains_key(names.unit), layer.get("UOM")) {
        (false, Some(_)) => {
            let (en, zh) =
                (format!("`UOM` is read as `{}`", names.unit), format!("“UOM” 按 “{}” 处理", names.unit));
            reader.warn(&at.member("UOM"), en, zh);
            "UOM"
        }
        _ => names.unit,
    };
    let metres = match reader.given(layer, unit, at) {
        None => 1.0,
        Some(value) => reader.word(value, &at.member(unit), &format!("`{unit}`"), names.units)?,
    };
    let lower = limit(layer, names.lower, End::Lower, metres, at, reader);
    let upper = limit(layer, names.upper, End::Upper, metres, at, reader);
    let place = at.member(names.upper[0]);
    let (lower, upper) = (lower.ok()?, upper.ok()?);
    if let (Some(lower), Some(upper)) = (lower, upper)
        && lower.reference == upper.reference
        && upper.metres <= lower.metres
    {
        return reader.refuse(
            &place,
            format!("the upper limit, {} m, is not above the lower, {} m", upper.metres, lower.metres),
            format!("上限 {} m 不高于下限 {} m", upper.metres, lower.metres),
        );
    }
    // A lower limit at the ground is none any more, so this is not found above.
    if let Some(upper) = upper
        && upper.reference == VerticalReference::Agl
        && upper.metres <= 0.0
    {
        return reader.refuse(
            &place,
            format!("the upper limit, {} m above ground, leaves nothing of the zone", upper.metres),
            format!("上限为真高 {} m，区域不含任何空间", upper.metres),
        );
    }
    Some((lower, upper))
}

/// A limit that cannot be understood, which the report says.
struct Refused;

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Lower,
    Upper,
}

fn limit(
    layer: &Map<String, Value>,
    [name, reference]: [&'static str; 2],
    end: End,
    unit_m: f64,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Result<Option<VerticalLimit>, Refused> {
    let Some(value) = reader.given(layer, name, at) else { return Ok(None) };
    let place = at.member(name);
    if is_word_for_none(value, end) {
        reader.warn(
            &place,
            format!("`{name}` is read as without limit; leave it out"),
            format!("“{name}” 按无限制处理，请删去"),
        );
        return Ok(None);
    }
    let value = reader.number(value, &place, &format!("`{name}`")).ok_or(Refused)?;
    if end == End::Upper && value == UNLIMITED {
        reader.advise(
            &place,
            format!("`{name}` of 99999 is read as without limit"),
            format!("“{name}” 为 99999，按无上限处理"),
        );
        return Ok(None);
    }
    let metres = value * unit_m;
    let is_ground = end == End::Lower && metres <= 0.0;
    let Some(word) = reader.given(layer, reference, at) else {
        if is_ground {
            reader.warn(
                &place,
                format!("`{name}` has no `{reference}`; read as from the ground"),
                format!("“{name}” 缺少 “{reference}”，按自地面起处理"),
            );
            return Ok(None);
        }
        reader.refuse::<()>(
            &place,
            format!("`{name}` has no `{reference}`; write AGL, AMSL or WGS84"),
            format!("“{name}” 缺少 “{reference}”，请写明 AGL、AMSL 或 WGS84"),
        );
        return Err(Refused);
    };
    let reference = vertical_reference(word, &at.member(reference), reference, reader).ok_or(Refused)?;
    // From the ground is from below as well: an aircraft that seems to be a metre under the ground is in the zone.
    let from_below = is_ground && reference == VerticalReference::Agl;
    Ok((!from_below).then_some(VerticalLimit { metres, reference }))
}

/// Words of charts in the place of a number.
fn is_word_for_none(value: &Value, end: End) -> bool {
    let word = value.as_str().unwrap_or_default().trim().to_ascii_uppercase();
    match end {
        End::Lower => matches!(word.as_str(), "GND" | "SFC" | "GROUND" | "SURFACE"),
        End::Upper => matches!(word.as_str(), "UNL" | "UNLTD" | "UNLIMITED"),
    }
}

fn vertical_reference(
    value: &Value,
    at: &At<'_>,
    name: &str,
    reader: &mut Reader<'_>,
) -> Option<VerticalReference> {
    let text = value.as_str().unwrap_or_default().trim();
    let other = OTHER_REFERENCES.iter().find(|(word, ..)| word.eq_ignore_ascii_case(text));
    if let Some((_, meaning, standard)) = other {
        reader.warn(
            at,
            format!("`{text}` is read as `{standard}`"),
            format!("“{text}” 按 “{standard}” 处理"),
        );
        return Some(*meaning);
    }
    reader.word(value, at, &format!("`{name}`"), &REFERENCES)
}
