//! One feature: one zone.

use serde_json::{Map, Value};

use crate::airspace::version;
use crate::airspace::zone::Zone;
use crate::domain::ZoneId;

use super::json::{Reader, present};
use super::path::At;
use super::{geometry, period, words};

/// Members of `properties` that ED-318 knows and that may be absent, but not null.
const OPTIONAL_MEMBERS: [&str; 11] = [
    "name",
    "restrictionConditions",
    "region",
    "reason",
    "otherReasonInfo",
    "regulationExemption",
    "message",
    "limitedApplicability",
    "dataSource",
    "extendedProperties",
    "zoneAuthority",
];

/// Whether this is a zone of ED-269, which is no GeoJSON: an array of volumes, and no `properties`.
pub(super) fn is_ed269(feature: &Value) -> bool {
    let volume = |volume: &Value| volume.get("horizontalProjection").is_some();
    feature.get("properties").is_none()
        && feature
            .get("geometry")
            .and_then(Value::as_array)
            .is_some_and(|volumes| feature.get("applicability").is_some() || volumes.iter().any(volume))
}

/// The zone of a feature; `None` if there is an error in it.
pub(super) fn read(mut feature: Value, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Zone> {
    let errors_before = reader.report.errors();
    let object = reader.object(&feature, at, "a feature")?;
    check_feature_members(object, at, reader);
    let geometry_at = at.member("geometry");
    let volumes = if let Some(geometry) = present(object, "geometry") {
        geometry::read(geometry, &geometry_at, reader)
    } else {
        let (en, zh) =
            ("`geometry` is missing: the zone protects nothing", "缺少 “geometry”：该区域不保护任何空间");
        reader.refuse(if object.contains_key("geometry") { &geometry_at } else { at }, en, zh)
    };
    let properties_at = at.member("properties");
    let Some(properties) = present(object, "properties") else {
        let (en, zh) =
            ("`properties` is missing: nothing says what the zone asks", "缺少 “properties”：未说明区域限制");
        return reader.refuse(if object.contains_key("properties") { &properties_at } else { at }, en, zh);
    };
    let at = properties_at;
    let properties = reader.object(properties, &at, "`properties`")?;
    let identifier = words::identifier(properties, &at, reader);
    let restriction = words::restriction(properties, &at, reader);
    let reasons = words::reasons(properties, &at, reader);
    let periods = period::read(properties, &at, reader);
    let [name, name_en] = words::names(properties, identifier.as_deref().unwrap_or_default(), &at, reader);
    check_other_members(properties, &at, reader);

    if reader.report.errors() > errors_before {
        return None;
    }
    let mut zone = Zone::new(ZoneId::new(&identifier?), restriction?, volumes?)?;
    (zone.name, zone.name_en) = (name, name_en);
    (zone.reasons, zone.periods) = (reasons, periods?);
    zone.feature = compact(&feature).into();
    feature.sort_all_objects();
    zone.version = version::of_content(&compact(&feature));
    Some(zone)
}

/// JSON without blanks. A value that came from JSON has no part that could not be written.
fn compact(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn check_feature_members(feature: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) {
    match feature.get("type").map(Value::as_str) {
        Some(Some("Feature")) => {}
        None => {
            let (en, zh) = ("`type` should be there and be `Feature`", "缺少 “type”，应为 “Feature”");
            reader.warn(at, en, zh);
        }
        Some(_) => {
            let (en, zh) = ("`type` of a feature must be `Feature`", "要素的 “type” 应为 “Feature”");
            reader.refuse::<()>(&at.member("type"), en, zh);
        }
    }
    if feature.contains_key("layer") {
        let (en, zh) = (
            "`layer` is read inside of `geometry` only; here it limits nothing: move it",
            "“layer” 只在 “geometry” 内有效，此处不起作用，请移入",
        );
        reader.refuse::<()>(&at.member("layer"), en, zh);
    }
}

/// What changes no protection is only warned about.
fn check_other_members(properties: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) {
    let missing: Vec<&str> = ["country", "variant", "zoneAuthority"]
        .into_iter()
        .filter(|name| !properties.contains_key(*name))
        .collect();
    if !missing.is_empty() {
        let names = missing.join(", ");
        reader.warn(at, format!("ED-318 asks for {names} as well"), format!("ED-318 还要求 {names}"));
    }
    for name in OPTIONAL_MEMBERS {
        if properties.get(name).is_some_and(Value::is_null) {
            let (en, zh) = ("null is read as absent; leave the member out", "null 视为缺省，请删去该成员");
            reader.warn(&at.member(name), en, zh);
        }
    }
    for name in ["otherReasonInfo", "message"] {
        if let Some(value) = present(properties, name) {
            words::texts(value, &at.member(name), &format!("`{name}`"), reader);
        }
    }
}
