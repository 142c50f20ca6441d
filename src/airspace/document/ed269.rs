//! A zone of ED-269: what it asks beside a list of volumes, no GeoJSON.

use serde_json::{Map, Value, json};

use crate::airspace::zone::Zone;

use super::daily::Clock;
use super::feature::{Read, finish};
use super::json::{Reader, present};
use super::path::At;
use super::words::{self, Again};
use super::{applicability, authority, geometry, standard, terms};

/// Whether this is a zone of ED-269: an array of volumes, and no `properties`.
pub(super) fn is_zone(value: &Value) -> bool {
    let volume = |volume: &Value| volume.get("horizontalProjection").is_some();
    let is_ed269 = |geometry: &Value| match geometry.as_array() {
        Some(volumes) => value.get("applicability").is_some() || volumes.iter().any(volume),
        None => volume(geometry),
    };
    value.get("properties").is_none() && value.get("geometry").is_some_and(is_ed269)
}

/// The zone; `None` if there is an error in it.
pub(super) fn read(value: Value, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Zone> {
    let errors_before = reader.report.errors();
    let zone = reader.object(&value, at, "a zone")?;
    let geometry_at = at.member("geometry");
    let volumes = if let Some(volumes) = present(zone, "geometry") {
        geometry::read_ed269(volumes, &geometry_at, reader)
    } else {
        let (en, zh) =
            ("`geometry` is missing: the zone protects nothing", "缺少 “geometry”：该区域不保护任何空间");
        reader.refuse(at, en, zh)
    };
    let identifier = words::identifier(zone, at, Again::Numbered, reader);
    let restriction = words::restriction_ed269(zone, at, reader);
    let reasons = words::reasons(zone, at, false, reader);
    let [name, name_en] = words::names(zone, identifier.as_deref().unwrap_or_default(), at, reader);
    words::check_codes(zone, at, false, reader);
    standard::zone_ed269(zone, at, reader);
    authority::check(zone, at, false, reader);
    if !zone.contains_key("applicability") {
        let (en, zh) =
            ("`applicability` is missing; it applies always", "缺少 “applicability”，按长期生效处理");
        reader.warn(at, en, zh);
    }
    let schedule = volumes.as_ref().and_then(|volumes| {
        let place = super::feature::middle(volumes)?;
        let country = zone.get("country").and_then(Value::as_str).unwrap_or_default();
        let clock = reader
            .clock_us
            .map_or_else(|| Clock::guessed(country, place), |offset_us| Clock { offset_us, is_said: true });
        applicability::read(zone, "applicability", at, (place, clock), reader)
    });
    if reader.report.errors() > errors_before {
        return None;
    }
    let read = Read {
        identifier: identifier?,
        restriction: restriction?,
        volumes: volumes?,
        schedule: schedule?,
        reasons,
        names: [name, name_en],
        terms: restriction.and_then(|restriction| terms::read(zone, restriction, at, reader)),
    };
    finish(read, value, reader)
}

/// The zone as an ED-318 feature. Members that ED-318 has not go into `extendedProperties`.
pub(super) fn to_ed318(zone: &Map<String, Value>) -> Value {
    const SAME: [&str; 6] =
        ["identifier", "country", "region", "reason", "regulationExemption", "restrictionConditions"];
    const TAKEN: [&str; 8] = [
        "name",
        "type",
        "restriction",
        "message",
        "otherReasonInfo",
        "applicability",
        "zoneAuthority",
        "geometry",
    ];
    let mut properties = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            properties.insert(name.to_owned(), value);
        }
    };
    let member = |name: &str| zone.get(name).cloned().unwrap_or_default();
    for name in SAME {
        put(name, member(name));
    }
    for name in ["name", "message", "otherReasonInfo"] {
        put(name, texts(zone.get(name)));
    }
    let restriction = member("restriction");
    let is_s_spelled = restriction == json!("REQ_AUTHORISATION");
    put("type", if is_s_spelled { json!("REQ_AUTHORIZATION") } else { restriction });
    put("variant", member("type"));
    put("zoneAuthority", authorities(zone.get("zoneAuthority")));
    put("limitedApplicability", periods(zone.get("applicability")));
    let known = |name: &str| SAME.contains(&name) || TAKEN.contains(&name);
    let other: Map<String, Value> = zone
        .iter()
        .filter(|(name, _)| !known(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if !other.is_empty() {
        put("extendedProperties", Value::Object(other));
    }
    json!({"type": "Feature", "properties": properties, "geometry": volumes(zone.get("geometry"))})
}

/// Plain text as a list of texts in an unknown language.
fn texts(value: Option<&Value>) -> Value {
    match value {
        Some(Value::String(text)) => json!([{"text": text, "lang": "und"}]),
        Some(other) => other.clone(),
        None => Value::Null,
    }
}

fn authorities(value: Option<&Value>) -> Value {
    let Some(Value::Array(items)) = value else { return value.cloned().unwrap_or_default() };
    let one = |item: &Value| {
        let mut item = item.clone();
        if let Some(members) = item.as_object_mut() {
            for (name, value) in &mut *members {
                if matches!(name.as_str(), "name" | "service" | "contactName") {
                    *value = texts(Some(value));
                }
            }
            members.retain(|_, value| !value.is_null());
        }
        item
    };
    items.iter().map(one).collect()
}

fn periods(value: Option<&Value>) -> Value {
    let items =
        value.map_or(&[][..], |value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
    let kept = |item: &Value| {
        let mut period = Map::new();
        for name in ["startDateTime", "endDateTime"] {
            if let Some(value) = item.get(name).filter(|value| !value.is_null()) {
                period.insert(name.to_owned(), value.clone());
            }
        }
        let schedule = item.get("schedule").or_else(|| item.get("dailyPeriod"));
        if let Some(value) = schedule.filter(|value| value.as_array().is_some_and(|days| !days.is_empty())) {
            period.insert("schedule".to_owned(), value.clone());
        }
        (!period.is_empty()).then_some(Value::Object(period))
    };
    let periods: Vec<Value> = items.iter().filter_map(kept).collect();
    if periods.is_empty() { Value::Null } else { Value::Array(periods) }
}

fn volumes(value: Option<&Value>) -> Value {
    let items =
        value.map_or(&[][..], |value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
    let mut volumes: Vec<Value> = items.iter().flat_map(volumes_of).collect();
    match volumes.len() {
        1 => volumes.remove(0),
        _ => json!({"type": "GeometryCollection", "geometries": volumes}),
    }
}

/// A volume for each of its projections, of which there should be one.
fn volumes_of(item: &Value) -> Vec<Value> {
    match item.get("horizontalProjection") {
        Some(Value::Array(projections)) => projections.iter().map(|one| volume(item, one.clone())).collect(),
        Some(projection) => vec![volume(item, projection.clone())],
        None => Vec::new(),
    }
}

fn volume(item: &Value, projection: Value) -> Value {
    let mut geometry = match projection.get("type").and_then(Value::as_str) {
        Some(kind) if kind.eq_ignore_ascii_case("circle") => json!({
            "type": "Point", "coordinates": projection.get("center").or_else(|| projection.get("centre")),
            "extent": {"subType": "Circle", "radius": projection.get("radius")},
        }),
        _ => projection,
    };
    let mut layer = Map::new();
    for (from, to) in [
        ("upperLimit", "upper"),
        ("upperVerticalReference", "upperReference"),
        ("lowerLimit", "lower"),
        ("lowerVerticalReference", "lowerReference"),
        ("uomDimensions", "uom"),
    ] {
        let Some(value) = item.get(from).filter(|value| !value.is_null()) else { continue };
        let value = match value.as_str() {
            Some(unit) if to == "uom" => Value::from(unit.to_ascii_lowercase()),
            Some(number) => number.trim().parse::<f64>().map_or_else(|_| value.clone(), Value::from),
            None => value.clone(),
        };
        layer.insert(to.to_owned(), value);
    }
    if let Some(members) = geometry.as_object_mut() {
        members.insert("layer".to_owned(), Value::Object(layer));
    }
    geometry
}
