//! Vertical limits: `layer` of ED-318, and the limits of a volume of ED-269.

use serde_json::{Map, Value};

use crate::domain::{VerticalLimit, VerticalReference};

use super::json::{Reader, same_letters};
use super::path::At;
use super::spelling::{self, bare};

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
pub(super) const UNITS: [(&str, f64); 2] = [("m", 1.0), ("ft", FOOT_M)];
const UNITS_ED269: [(&str, f64); 2] = [("M", 1.0), ("FT", FOOT_M)];

/// Lower and upper limit; `None` is without limit.
pub(super) type Limits = (Option<VerticalLimit>, Option<VerticalLimit>);

/// What the members of a layer are called: in its own standard, and in the other one.
struct Names {
    unit: [&'static str; 2],
    units: &'static [(&'static str, f64)],
    lower: [&'static str; 2],
    lower_reference: [&'static str; 2],
    upper: [&'static str; 2],
    upper_reference: [&'static str; 2],
}

const ED318: Names = Names {
    unit: ["uom", "uomDimensions"],
    units: &UNITS,
    lower: ["lower", "lowerLimit"],
    lower_reference: ["lowerReference", "lowerVerticalReference"],
    upper: ["upper", "upperLimit"],
    upper_reference: ["upperReference", "upperVerticalReference"],
};
const ED269: Names = Names {
    unit: ["uomDimensions", "uom"],
    units: &UNITS_ED269,
    lower: ["lowerLimit", "lower"],
    lower_reference: ["lowerVerticalReference", "lowerReference"],
    upper: ["upperLimit", "upper"],
    upper_reference: ["upperVerticalReference", "upperReference"],
};

impl Names {
    fn knows(&self, name: &str) -> bool {
        [self.unit, self.lower, self.lower_reference, self.upper, self.upper_reference]
            .iter()
            .flatten()
            .any(|known| same_letters(known, name))
    }
}

/// Reads a layer of ED-318. `None` if a limit cannot be understood.
pub(super) fn read(layer: &Value, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Limits> {
    let first_at = at.item(0);
    let (layer, at) = match layer.as_array().map(Vec::as_slice) {
        Some([only]) => {
            reader.warn(
                at,
                "`layer` should be an object, found a list of one",
                "“layer” 应为对象，实为单元素列表",
            );
            (only, &first_at)
        }
        Some(_) | None => (layer, at),
    };
    let layer = reader.object(layer, at, "`layer`")?;
    for name in layer.keys().filter(|name| !ED318.knows(name)) {
        reader.advise(
            &at.member(name),
            "a layer has no such member; it limits nothing",
            "“layer” 没有此成员，不起作用",
        );
    }
    for (name, _) in layer.iter().filter(|(_, value)| value.is_null()) {
        let (en, zh) = ("null is read as absent; leave the member out", "null 视为缺省，请删去该成员");
        reader.warn(&at.member(name), en, zh);
    }
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

/// A member by its name, or by that of the other standard; and the name.
fn given<'v>(
    layer: &'v Map<String, Value>,
    [own, other]: [&'static str; 2],
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Option<(&'static str, &'v Value)> {
    if layer.contains_key(own) || !layer.contains_key(other) {
        return reader.given(layer, own, at).map(|value| (own, value));
    }
    let value = reader.given(layer, other, at)?;
    reader.warn(
        &at.member(other),
        format!("`{other}` is read as `{own}`; write it so"),
        format!("“{other}” 按 “{own}” 处理，请改正写法"),
    );
    Some((other, value))
}

fn limits(layer: &Map<String, Value>, at: &At<'_>, names: &Names, reader: &mut Reader<'_>) -> Option<Limits> {
    let metres = match given(layer, names.unit, at, reader) {
        None => 1.0,
        Some((unit, value)) => {
            let word = value.as_str().unwrap_or_default();
            let is_known = names.units.iter().any(|(known, _)| known.eq_ignore_ascii_case(word.trim()));
            // No height is published in longer units.
            let other = if is_known { None } else { spelling::unit_m(word).filter(|metres| *metres <= 1.0) };
            if let Some(metres) = other {
                reader.warn(
                    &at.member(unit),
                    format!("`{word}` is read as a unit of {metres} m"),
                    format!("“{word}” 按 {metres} 米的单位处理"),
                );
                metres
            } else {
                reader.word(value, &at.member(unit), &format!("`{unit}`"), names.units)?
            }
        }
    };
    let lower = limit(layer, [names.lower, names.lower_reference], End::Lower, metres, at, reader);
    let upper = limit(layer, [names.upper, names.upper_reference], End::Upper, metres, at, reader);
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
    [names, references]: [[&'static str; 2]; 2],
    end: End,
    unit_m: f64,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Result<Option<VerticalLimit>, Refused> {
    let Some((name, value)) = given(layer, names, at, reader) else { return Ok(None) };
    let place = at.member(name);
    if is_word_for_none(value, end) {
        reader.warn(
            &place,
            format!("`{name}` is read as without limit; leave it out"),
            format!("“{name}” 按无限制处理，请删去"),
        );
        return Ok(None);
    }
    let with_unit = value.as_str().and_then(spelling::length_m);
    let metres = if let Some(metres) = with_unit {
        reader.warn(
            &place,
            format!("`{name}` has a unit behind the number; read as {metres} m"),
            format!("“{name}” 的数字后带单位，按 {metres} 米处理"),
        );
        Some(metres)
    } else {
        reader.number(value, &place, &format!("`{name}`")).map(|value| value * unit_m)
    };
    let metres = metres.ok_or(Refused)?;
    let says_none = |limit_m: f64| (metres - limit_m).abs() < 1e-6;
    if end == End::Upper && (says_none(UNLIMITED) || says_none(UNLIMITED * unit_m)) {
        reader.advise(
            &place,
            format!("`{name}` of 99999 is read as without limit"),
            format!("“{name}” 为 99999，按无上限处理"),
        );
        return Ok(None);
    }
    let is_ground = end == End::Lower && metres <= 0.0;
    let Some((reference, word)) = given(layer, references, at, reader) else {
        let [reference, _] = references;
        if end == End::Lower {
            // It cannot be placed, and the standard lets it be left out: more is protected, not less.
            reader.advise(
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
    let is_known = REFERENCES.iter().any(|(word, _)| *word == text);
    let letters = if is_known { String::new() } else { bare(text) };
    let other = spelling::REFERENCES.iter().find(|(word, ..)| *word == letters);
    if let Some((_, meaning, standard)) = other {
        reader.warn(
            at,
            format!("`{text}` is read as `{standard}`"),
            format!("“{text}” 按 “{standard}” 处理"),
        );
        return Some(*meaning);
    }
    let found = reader.word(value, at, &format!("`{name}`"), &REFERENCES);
    if matches!(found, Some(VerticalReference::Takeoff | VerticalReference::Cn1985)) {
        reader.advise(
            at,
            "ED-318 knows AGL, AMSL and WGS84; other readers may refuse this one",
            "ED-318 只有 AGL、AMSL 与 WGS84，其他软件可能拒收",
        );
    }
    found
}
