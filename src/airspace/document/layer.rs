//! Vertical limits: `layer`.

use serde_json::{Map, Value};

use crate::domain::{VerticalLimit, VerticalReference};

use super::json::{Reader, present};
use super::path::At;

/// Metres in an international foot.
const FOOT_M: f64 = 0.3048;

const REFERENCES: [(&str, VerticalReference); 3] =
    [("AGL", VerticalReference::Agl), ("AMSL", VerticalReference::Amsl), ("WGS84", VerticalReference::Wgs84)];
const UNITS: [(&str, f64); 2] = [("m", 1.0), ("ft", FOOT_M)];

/// Lower and upper limit; `None` is without limit.
pub(super) type Limits = (Option<VerticalLimit>, Option<VerticalLimit>);

/// Reads a layer. `None` if a limit cannot be understood.
pub(super) fn read(layer: &Value, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Limits> {
    let layer = reader.object(layer, at, "`layer`")?;
    let metres = match present(layer, "uom") {
        None => 1.0,
        Some(unit) => reader.word(unit, &at.member("uom"), "`uom`", &UNITS)?,
    };
    let lower = limit(layer, ["lower", "lowerReference"], metres, at, reader);
    let upper = limit(layer, ["upper", "upperReference"], metres, at, reader);
    let (lower, upper) = (lower.ok()?, upper.ok()?);
    if let (Some(lower), Some(upper)) = (lower, upper)
        && lower.reference == upper.reference
        && upper.metres <= lower.metres
    {
        return reader.refuse(
            &at.member("upper"),
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
            &at.member("upper"),
            format!("the upper limit, {} m above ground, leaves nothing of the zone", upper.metres),
            format!("上限为真高 {} m，区域不含任何空间", upper.metres),
        );
    }
    Some((lower, upper))
}

/// A limit that cannot be understood, which the report says.
struct Refused;

fn limit(
    layer: &Map<String, Value>,
    [name, reference]: [&'static str; 2],
    metres: f64,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Result<Option<VerticalLimit>, Refused> {
    let Some(value) = present(layer, name) else { return Ok(None) };
    let place = at.member(name);
    let value = reader.number(value, &place, &format!("`{name}`")).ok_or(Refused)? * metres;
    let is_ground = name == "lower" && value <= 0.0;
    let Some(word) = present(layer, reference) else {
        if is_ground {
            reader.warn(
                &place,
                "`lower` has no `lowerReference`; read as from the ground",
                "“lower” 缺少 “lowerReference”，按自地面起处理",
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
    let word = reader.word(word, &at.member(reference), &format!("`{reference}`"), &REFERENCES);
    let reference = word.ok_or(Refused)?;
    // From the ground is from below as well: an aircraft that seems to be a metre under the ground is in the zone.
    let from_below = is_ground && reference == VerticalReference::Agl;
    Ok((!from_below).then_some(VerticalLimit { metres: value, reference }))
}
