//! One feature: one zone.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::airspace::schedule::Schedule;
use crate::airspace::terms::Terms;
use crate::airspace::version;
use crate::airspace::zone::{Volume, Zone, union};
use crate::domain::{LatLng, Restriction, ZoneId, ZoneReason};

use super::daily::{self, Clock};
use super::json::{Reader, present};
use super::path::At;
use super::words::Again;
use super::{applicability, authority, geometry, layer, standard, terms, words};

/// What was read of a zone.
pub(super) struct Read {
    pub(super) identifier: String,
    pub(super) restriction: Restriction,
    pub(super) volumes: Vec<Volume>,
    pub(super) schedule: Schedule,
    pub(super) reasons: Vec<ZoneReason>,
    pub(super) names: [Arc<str>; 2],
    pub(super) terms: Option<Box<Terms>>,
}

/// The zone of a feature; `None` if there is an error in it.
pub(super) fn read(feature: Value, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Zone> {
    let errors_before = reader.report.errors();
    let object = reader.object(&feature, at, "a feature")?;
    check_feature_members(object, at, reader);
    let feature_at = at;
    let properties_at = at.member("properties");
    let volumes = volumes(object, at, reader);
    let Some(properties) = present(object, "properties") else {
        let (en, zh) =
            ("`properties` is missing: nothing says what the zone asks", "缺少 “properties”：未说明区域限制");
        return reader.refuse(if object.contains_key("properties") { &properties_at } else { at }, en, zh);
    };
    let outer = reader.object(properties, &properties_at, "`properties`")?;
    let (nested, is_listed) = nested_zone(outer);
    let list_at = properties_at.member("UASZone");
    let item_at = list_at.item(0);
    let nested_at = if is_listed { item_at } else { list_at };
    if nested.is_some() {
        let (en, zh) =
            ("the members of `UASZone` belong into `properties`", "“UASZone” 的成员应置于 “properties”");
        reader.warn(&nested_at, en, zh);
    }
    let (properties, at) = nested.map_or((outer, &properties_at), |nested| (nested, &nested_at));
    let holder =
        |name: &str| if properties.contains_key(name) { (properties, at) } else { (outer, &properties_at) };

    let identifier = identifier(object, feature_at, (properties, at), reader);
    let restriction = words::restriction(properties, at, reader);
    let reasons = words::reasons(properties, at, true, reader);
    let terms = restriction.and_then(|restriction| terms::read(properties, restriction, at, reader));
    let schedule = volumes.as_ref().and_then(|volumes| {
        let place = middle(volumes)?;
        let clock = clock(properties, at, place, reader)?;
        let (holder, at) = holder("limitedApplicability");
        applicability::read(holder, "limitedApplicability", at, (place, clock), reader)
    });
    let names = words::names(properties, identifier.as_deref().unwrap_or_default(), at, reader);
    words::check_codes(properties, at, true, reader);
    let (authorities, authorities_at) = holder("zoneAuthority");
    authority::check(authorities, authorities_at, true, reader);
    standard::properties(outer, &properties_at, reader);
    if let Some(nested) = nested {
        standard::properties(nested, at, reader);
    }
    check_other_members(properties, outer, at, reader);

    if reader.report.errors() > errors_before {
        return None;
    }
    let (restriction, volumes, schedule) = (restriction?, volumes?, schedule?);
    let identifier = identifier?;
    finish(Read { identifier, restriction, volumes, schedule, reasons, names, terms }, feature, reader)
}

/// The volumes of a feature, wherever its geometry and layer are.
fn volumes(feature: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Vec<Volume>> {
    let (geometry_at, properties_at) = (at.member("geometry"), at.member("properties"));
    let outer = outer_layer(feature, at, reader);
    if let Some((geometry, is_nested)) = misplaced_geometry(feature) {
        let nested_at = properties_at.member("UASZone");
        let at = if is_nested { &nested_at } else { &properties_at }.member("geometry");
        let (en, zh) =
            ("`geometry` belongs into the feature, not its properties", "“geometry” 应置于 Feature 中");
        reader.warn(&at, en, zh);
        return geometry::read(geometry, &at, outer, reader);
    }
    if let Some((name, geometry)) = reader.spelled(feature, "geometry", at) {
        return geometry::read(geometry, &at.member(name), outer, reader);
    }
    let (en, zh) =
        ("`geometry` is missing: the zone protects nothing", "缺少 “geometry”：该区域不保护任何空间");
    reader.refuse(if feature.contains_key("geometry") { &geometry_at } else { at }, en, zh)
}

/// The identifier of a zone: that of its properties, or else the `id` of its feature.
fn identifier(
    feature: &Map<String, Value>,
    feature_at: &At<'_>,
    (properties, at): (&Map<String, Value>, &At<'_>),
    reader: &mut Reader<'_>,
) -> Option<String> {
    let Some(id) = present(feature, "id").filter(|_| present(properties, "identifier").is_none()) else {
        return words::identifier(properties, at, Again::Refused, reader);
    };
    let at = feature_at.member("id");
    let (en, zh) = (
        "`identifier` is missing in `properties`; the `id` of the feature is taken",
        "“properties” 缺少 “identifier”，取用 Feature 的 “id”",
    );
    reader.warn(&at, en, zh);
    words::identifier_of(id, &at, Again::Refused, reader)
}

/// The zone of what was read.
pub(super) fn finish(read: Read, mut feature: Value, reader: &Reader<'_>) -> Option<Zone> {
    let mut zone = Zone::new(ZoneId::new(&read.identifier), read.restriction, read.volumes)?;
    let [name, name_en] = read.names;
    (zone.name, zone.name_en) = (name, name_en);
    (zone.reasons, zone.schedule) = (read.reasons, read.schedule);
    zone.set_terms(read.terms);
    zone.document = Arc::clone(&reader.name);
    zone.crs = reader.crs;
    zone.feature = compact(&feature).into();
    feature.sort_all_objects();
    // What the document says of all its zones is content of each.
    let clock = reader.clock_us.map(|offset_us| offset_us.to_string()).unwrap_or_default();
    zone.version = version::of_content(&[&compact(&feature), reader.crs.mark(), &clock]);
    Some(zone)
}

/// The middle of the box around all volumes: whose daylight counts.
pub(super) fn middle(volumes: &[Volume]) -> Option<LatLng> {
    let bounds = volumes.iter().map(|volume| volume.bounds).reduce(union)?;
    let lat = f64::midpoint(bounds.south_deg, bounds.north_deg);
    Some(LatLng::wrapped(lat, f64::midpoint(bounds.west_deg, bounds.east_deg)))
}

/// JSON without blanks. A value that came from JSON has no part that could not be written.
fn compact(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// The clock by which days and times without an offset are read.
fn clock(
    properties: &Map<String, Value>,
    at: &At<'_>,
    place: LatLng,
    reader: &mut Reader<'_>,
) -> Option<Clock> {
    let extended_at = at.member("extendedProperties");
    let extended = properties.get("extendedProperties").and_then(Value::as_object);
    let own = match (present(properties, "tz"), extended.and_then(|extended| present(extended, "tz"))) {
        (Some(value), _) => Some(daily::named_clock(value, &at.member("tz"), reader)?),
        (None, Some(value)) => Some(daily::named_clock(value, &extended_at.member("tz"), reader)?),
        (None, None) => reader.clock_us,
    };
    let country = properties.get("country").and_then(Value::as_str).unwrap_or_default();
    Some(own.map_or_else(|| Clock::guessed(country, place), |offset_us| Clock { offset_us, is_said: true }))
}

/// A layer that some publishers put beside the geometry: `verticalLayer`, or `layer` in the wrong place.
fn outer_layer(feature: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) -> Option<layer::Limits> {
    let (geometry_at, properties_at) = (at.member("geometry"), at.member("properties"));
    let geometry = feature.get("geometry").and_then(Value::as_object);
    if geometry.is_some_and(|geometry| geometry.contains_key("layer")) {
        if feature.contains_key("layer") {
            let (en, zh) = (
                "the `layer` of the geometry counts; this one limits nothing",
                "以 “geometry” 的 “layer” 为准，此处不起作用",
            );
            reader.warn(&at.member("layer"), en, zh);
        }
        return None;
    }
    let nested_at = properties_at.member("UASZone");
    let properties = feature.get("properties").and_then(Value::as_object);
    let nested = properties.and_then(|properties| nested_zone(properties).0);
    let places = [
        (geometry, &geometry_at, "verticalLayer"),
        (geometry, &geometry_at, "layers"),
        (properties, &properties_at, "verticalLayer"),
        (nested, &nested_at, "verticalLayer"),
        (Some(feature), at, "verticalLayer"),
        (properties, &properties_at, "layer"),
        (Some(feature), at, "layer"),
    ];
    let found = places.into_iter().find_map(|(object, at, name)| Some((present(object?, name)?, at, name)));
    let (value, at, name) = found?;
    let at = at.member(name);
    let (en, zh) = (
        format!("`{name}` is read as the `layer` of the geometry; move it there"),
        format!("“{name}” 按 “geometry” 的 “layer” 处理，请移入"),
    );
    reader.warn(&at, en, zh);
    layer::read(value, &at, reader)
}

fn check_feature_members(feature: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) {
    match feature.get("type").map(Value::as_str) {
        Some(Some("Feature")) => {}
        None => {
            let (en, zh) = ("`type` should be there and be `Feature`", "缺少 “type”，应为 “Feature”");
            reader.warn(at, en, zh);
        }
        Some(Some(text)) if text.eq_ignore_ascii_case("Feature") => {
            let (en, zh) = ("`type` should be written `Feature`", "“type” 应写作 “Feature”");
            reader.warn(&at.member("type"), en, zh);
        }
        Some(_) => {
            let (en, zh) = ("`type` of a feature must be `Feature`", "要素的 “type” 应为 “Feature”");
            reader.refuse::<()>(&at.member("type"), en, zh);
        }
    }
    standard::feature(feature, at, reader);
}

/// The zone that some publishers put one level deeper, and whether it is the only item of a list.
fn nested_zone(properties: &Map<String, Value>) -> (Option<&Map<String, Value>>, bool) {
    match properties.get("UASZone") {
        Some(Value::Array(items)) => match items.as_slice() {
            [only] => (only.as_object(), true),
            _ => (None, true),
        },
        Some(value) => (value.as_object(), false),
        None => (None, false),
    }
}

/// The geometry that some publishers put into the properties, and whether it is one level deeper.
fn misplaced_geometry(feature: &Map<String, Value>) -> Option<(&Value, bool)> {
    if present(feature, "geometry").is_some() {
        return None;
    }
    let properties = feature.get("properties").and_then(Value::as_object)?;
    let nested = properties.get("UASZone").and_then(Value::as_object);
    let inner = nested.and_then(|nested| present(nested, "geometry")).map(|geometry| (geometry, true));
    present(properties, "geometry").map(|geometry| (geometry, false)).or(inner)
}

/// What changes no protection is only warned about.
fn check_other_members(
    properties: &Map<String, Value>,
    outer: &Map<String, Value>,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) {
    let missing: Vec<&str> = ["country", "variant", "zoneAuthority"]
        .into_iter()
        .filter(|name| present(properties, name).is_none() && present(outer, name).is_none())
        .collect();
    if !missing.is_empty() {
        let names = missing.join(", ");
        reader.warn(at, format!("ED-318 asks for {names} as well"), format!("ED-318 还要求 {names}"));
    }
    if reader.given(properties, "extendedProperties", at).is_some_and(|value| !value.is_object()) {
        let (en, zh) = ("`extendedProperties` should be an object", "“extendedProperties” 应为对象");
        reader.warn(&at.member("extendedProperties"), en, zh);
    }
}
