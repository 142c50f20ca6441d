//! Deviations that publishers make: each is read as what it means, told with its place, and refused by a strict reading.

use serde_json::{Value, json};

use super::published::strictly;
use super::*;

fn good() -> Value {
    serde_json::from_str(GOOD).unwrap()
}

/// [`GOOD`] with what is at a JSON pointer replaced, or taken away for `Null` behind a `-`.
fn changed(changes: &[(&str, Value)]) -> Value {
    let mut document = good();
    for (pointer, value) in changes {
        put(&mut document, pointer, value.clone());
    }
    document
}

fn put(document: &mut Value, pointer: &str, value: Value) {
    let (pointer, takes) = pointer.strip_prefix('-').map_or((pointer, false), |pointer| (pointer, true));
    let (holder, name) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(holder).unwrap_or_else(|| panic!("{pointer}")) {
        Value::Object(members) if takes => drop(members.remove(name)),
        Value::Object(members) => drop(members.insert(name.to_owned(), value)),
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => panic!("{pointer}"),
    }
}

const FEATURE: &str = "/features/0";

/// Changes at pointers from the feature on, and the path from the feature on that is told.
#[expect(clippy::too_many_lines, reason = "a list")]
fn deviations_of_shape() -> Vec<(Vec<(&'static str, Value)>, &'static str)> {
    let good = good();
    let geometry = good["features"][0]["geometry"].clone();
    let properties = good["features"][0]["properties"].clone();
    let (layer, coordinates) = (geometry["layer"].clone(), geometry["coordinates"].clone());
    let ring = coordinates[0].clone();
    let without_layer = json!({"type": "Polygon", "coordinates": coordinates});
    let objects: Value = ring.as_array().unwrap().iter().map(|p| json!({"lng": p[0], "lat": p[1]})).collect();
    let with = |name: &str, value: Value| {
        let mut properties = properties.clone();
        properties[name] = value;
        properties
    };
    vec![
        (vec![("/geometry", without_layer.clone()), ("/layer", layer.clone())], "layer"),
        (vec![("/geometry", without_layer.clone()), ("/verticalLayer", layer.clone())], "verticalLayer"),
        (
            vec![("/geometry", without_layer.clone()), ("/properties/verticalLayer", json!([layer]))],
            "properties.verticalLayer",
        ),
        (
            vec![
                ("/geometry", without_layer.clone()),
                ("/properties", json!({"UASZone": with("verticalLayer", json!([layer]))})),
            ],
            "properties.UASZone.verticalLayer",
        ),
        (vec![("/geometry/layer", json!([layer]))], "geometry.layer"),
        (vec![("/geometry", without_layer), ("/geometry/Layer", layer)], "geometry.Layer"),
        (vec![("/geometry", json!([geometry]))], "geometry"),
        (
            vec![("-/geometry", Value::Null), ("/properties/geometry", geometry.clone())],
            "properties.geometry",
        ),
        (
            vec![
                ("-/geometry", Value::Null),
                ("/properties", json!({"UASZone": with("geometry", geometry.clone())})),
            ],
            "properties.UASZone.geometry",
        ),
        (vec![("/properties", json!({"UASZone": [properties]}))], "properties.UASZone[0]"),
        (vec![("/geometry/type", json!("polygon"))], "geometry.type"),
        (vec![("-/geometry/type", Value::Null)], "geometry"),
        (vec![("/type", json!("feature"))], "type"),
        (vec![("-/type", Value::Null)], ""),
        (vec![("/geometry/coordinates", ring)], "geometry.coordinates"),
        (vec![("/geometry/coordinates", json!([coordinates]))], "geometry.coordinates"),
        (vec![("/geometry/type", json!("MultiPolygon"))], "geometry.coordinates"),
        (vec![("/geometry/coordinates", json!([objects]))], "geometry.coordinates[0][0]"),
        (
            vec![(
                "/geometry",
                json!({"type": "GeometryCollection", "geometries": [
                {"type": "GeometryCollection", "geometries": [geometry]}]}),
            )],
            "geometry.geometries[0]",
        ),
        (
            vec![("/geometry", json!({"type": "GeometryCollection", "geometries": geometry}))],
            "geometry.geometries",
        ),
        (vec![("/geometry/layer/upper", json!("120 m"))], "geometry.layer.upper"),
        (vec![("/geometry/layer/uom", json!("metres"))], "geometry.layer.uom"),
        (
            vec![("/geometry/layer/upperReference", json!("Above Ground Level"))],
            "geometry.layer.upperReference",
        ),
        (
            vec![(
                "/geometry/layer",
                json!({"upperLimit": 120, "upperVerticalReference": "AGL", "lowerLimit": 0,
                "lowerVerticalReference": "AGL", "uomDimensions": "m"}),
            )],
            "geometry.layer.upperLimit",
        ),
    ]
}

#[test]
fn shapes_and_layers_in_other_places_and_words_protect_the_same() {
    let wanted = zone(GOOD);
    for (changes, path) in deviations_of_shape() {
        let changes: Vec<_> = changes
            .into_iter()
            .map(|(at, value)| {
                let (sign, at) = at.strip_prefix('-').map_or(("", at), |at| ("-", at));
                (format!("{sign}{FEATURE}{at}"), value)
            })
            .collect();
        let changes: Vec<_> = changes.iter().map(|(at, value)| (at.as_str(), value.clone())).collect();
        let text = changed(&changes).to_string();
        let path = if path.is_empty() { "$.features[0]".to_owned() } else { format!("$.features[0].{path}") };
        let loaded = told(&text, &path);
        let read = &loaded.airspace.unwrap().into_zones()[0];
        let of = |zone: &Zone| {
            (zone.volumes[0].bounds, zone.volumes[0].lower, zone.volumes[0].upper, zone.volumes.len())
        };
        assert_eq!(of(read), of(&wanted), "{text}");
        assert!(strictly(&text).airspace.is_none(), "{text}");
        // Whoever shows it gets the form of the standard.
        let shown = read.geojson();
        let passed_on = json!({"type": "FeatureCollection", "features": [shown]}).to_string();
        assert_eq!(of(&zone(&passed_on)), of(&wanted), "{passed_on}");
        let kind = shown["geometry"]["type"].as_str().unwrap_or_default();
        let is_known = ["Polygon", "MultiPolygon", "GeometryCollection"].contains(&kind);
        assert!(shown["type"] == "Feature" && is_known, "{shown}");
    }
    let standard = zone(GOOD);
    assert_eq!(standard.geojson(), standard.feature());
}

/// That a document is read and a warning is told at `path`.
fn told(text: &str, path: &str) -> Loaded {
    let loaded = load_one(text);
    assert!(loaded.airspace.is_some(), "{text}\n{:#?}", loaded.problems);
    assert!(
        loaded.problems.iter().any(|problem| problem.path == path),
        "{path}\n{text}\n{:#?}",
        loaded.problems
    );
    loaded
}

#[test]
fn circles_in_other_words() {
    let centre = json!([114.05, 22.55]);
    let extent = |extent: Value| json!({"type": "Point", "coordinates": centre, "extent": extent});
    for (geometry, path, radius_m) in [
        (extent(json!({"subType": "circle", "radius": 500})), "extent.subType", 500.0),
        (extent(json!({"subtype": "Circle", "radius": 500})), "extent.subtype", 500.0),
        (extent(json!({"radius": 500})), "extent", 500.0),
        (extent(json!({"subType": "Circle", "radius": "500"})), "extent.radius", 500.0),
        (extent(json!({"subType": "Circle", "radius": "0.5 km"})), "extent.radius", 500.0),
        (extent(json!({"subType": "Circle", "radius": 0.5, "uom": "km"})), "extent.uom", 500.0),
        (extent(json!({"subType": "Circle", "radius": 1, "radiusUom": "NM"})), "extent.radiusUom", 1852.0),
        (json!({"type": "Point", "coordinates": centre, "radius": 500}), "", 500.0),
        (json!({"type": "Circle", "center": centre, "radius": 500}), "", 500.0),
        (json!({"type": "Circle", "coordinates": centre, "radius": 500}), "", 500.0),
    ] {
        let text = changed(&[("/features/0/geometry", geometry)]).to_string();
        let path = if path.is_empty() {
            "$.features[0].geometry".into()
        } else {
            format!("$.features[0].geometry.{path}")
        };
        let zone = told(&text, &path).airspace.unwrap().into_zones().remove(0);
        let at = |metres: f64| crate::domain::LatLng::new(22.55 + metres / 110_740.0, 114.05).unwrap();
        let shape = &zone.volumes[0].shape;
        assert!(shape.contains(at(0.99 * radius_m)) && !shape.contains(at(1.01 * radius_m)), "{text}");
        assert!(strictly(&text).airspace.is_none(), "{text}");
    }
    // What a length is in is not guessed.
    let text =
        changed(&[("/features/0/geometry", extent(json!({"subType": "Circle", "radius": 5, "uom": "li"})))]);
    assert!(load_one(&text.to_string()).airspace.is_none());
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of periods")]
fn times_and_days_in_other_words() {
    let at = |text: &str| crate::domain::Timestamp::parse(text).unwrap();
    // 2025-10-01 is a Wednesday; by the clock of Guangdong.
    for (period, path, begins, ends) in [
        (
            json!({"startDateTime": "2025-10-01", "endDateTime": "2025-10-02"}),
            "startDateTime",
            "2025-09-30T16:00:00Z",
            "2025-10-02T16:00:00Z",
        ),
        (
            json!({"startDateTime": "2025-10-01T08:00:00", "endDateTime": "2025-10-01T10:00"}),
            "endDateTime",
            "2025-10-01T00:00:00Z",
            "2025-10-01T02:00:00Z",
        ),
        (
            json!({"startDateTime": "2025-10-01 00:00:00Z", "endDateTime": "2025-10-01T02:00Z"}),
            "endDateTime",
            "2025-10-01T00:00:00Z",
            "2025-10-01T02:00:00Z",
        ),
        (
            json!({"startDateTime": 1_759_276_800, "endDateTime": 1_759_284_000_000_u64}),
            "startDateTime",
            "2025-10-01T00:00:00Z",
            "2025-10-01T02:00:00Z",
        ),
        (
            json!({"startDateTime": " 2025-10-01T00:00:00Z", "endDateTime": "2025-10-01T02:00:00Z"}),
            "startDateTime",
            "2025-10-01T00:00:00Z",
            "2025-10-01T02:00:00Z",
        ),
        (
            json!({"schedule": [{"day": ["WED"], "startTime": "0800", "endTime": "1000"}]}),
            "schedule[0].startTime",
            "2025-10-01T00:00:00Z",
            "2025-10-01T02:00:00Z",
        ),
        (
            json!({"schedule": [{"day": ["WED"], "startTime": "0000Z", "endTime": "020000Z"}]}),
            "schedule[0].endTime",
            "2025-10-01T00:00:00Z",
            "2025-10-01T02:00:00Z",
        ),
        (
            json!({"schedule": [{"day": ["WED"], "startTime": "0:00 UTC", "endTime": "02:00 UTC"}]}),
            "schedule[0].startTime",
            "2025-10-01T00:00:00Z",
            "2025-10-01T02:00:00Z",
        ),
        (
            json!({"schedule": [{"day": ["Wednesday"], "startTime": "00:00Z", "endTime": "02:00Z"}]}),
            "schedule[0].day[0]",
            "2025-10-01T00:00:00Z",
            "2025-10-01T02:00:00Z",
        ),
        (
            json!({"schedule": [{"day": ["周三"], "startTime": "00:00Z", "endTime": "02:00Z"}]}),
            "schedule[0].day[0]",
            "2025-10-01T00:00:00Z",
            "2025-10-01T02:00:00Z",
        ),
        (
            json!({"schedule": [{"day": "WED", "startTime": "00:00Z", "endTime": "02:00Z"}]}),
            "schedule[0].day",
            "2025-10-01T00:00:00Z",
            "2025-10-01T02:00:00Z",
        ),
        (
            json!({"schedule": [{"days": ["WED"], "startTime": "00:00Z", "endTime": "02:00Z"}]}),
            "schedule[0].days",
            "2025-10-01T00:00:00Z",
            "2025-10-01T02:00:00Z",
        ),
        (
            json!({"schedule": {"day": ["MON-WED"], "startTime": "00:00Z", "endTime": "02:00Z"}}),
            "schedule",
            "2025-10-01T00:00:00Z",
            "2025-10-01T02:00:00Z",
        ),
    ] {
        let text = changed(&[("/features/0/properties/limitedApplicability", json!([period]))]).to_string();
        let path = format!("$.features[0].properties.limitedApplicability[0].{path}");
        let zone = told(&text, &path).airspace.unwrap().into_zones().remove(0);
        for (instant, applies) in [(at(begins), true), (at(ends), false)] {
            assert_eq!(zone.applies_at(instant), applies, "{text} {instant}");
            assert_eq!(zone.applies_at(instant.plus_seconds(-1.0)), !applies, "{text} {instant}");
        }
        assert!(strictly(&text).airspace.is_none(), "{text}");
    }
    let by_sun = |start: Value| {
        let hours = json!([{"schedule": [{"day": ["ANY"], "startEvent": start, "endEvent": "SS"}]}]);
        let text = changed(&[("/features/0/properties/limitedApplicability", hours)]).to_string();
        zone(&text).next_switch_after(at("2026-11-22T00:00:00+08:00"))
    };
    assert_eq!(by_sun(json!("SUNRISE")), by_sun(json!("SR")));
    // A year that no calendar of zones reaches is how publishers write that there is no end: allowed, and told.
    let open = json!([{"startDateTime": "2025-10-01T00:00:00Z", "endDateTime": "9999-12-31T23:59:59Z"}]);
    let text = changed(&[("/features/0/properties/limitedApplicability", open)]).to_string();
    let zone = told(&text, "$.features[0].properties.limitedApplicability[0].endDateTime").airspace.unwrap();
    assert!(zone.zones()[0].applies_at(at("2400-01-01T00:00:00Z")) && strictly(&text).airspace.is_some());
}

#[test]
fn words_and_members_of_the_other_standard_or_of_none() {
    let properties = "/features/0/properties";
    for (member, value, path) in [
        ("type", json!("req authorization"), "type"),
        ("type", json!("Req_Authorisation"), "type"),
        ("reason", json!(["sensitive"]), "reason[0]"),
        ("reason", json!(["FOREIGN_TERRITORY"]), "reason[0]"),
        ("reason", json!(vec!["OTHER"; 10]), "reason"),
        ("uSpaceClass", json!(["OPEN"]), "uSpaceClass"),
        ("restrictionConditions", json!(7), "restrictionConditions"),
        ("dataSource", json!(5), "dataSource"),
        ("dataSource", json!({"originator": "me"}), "dataSource.originator"),
        ("country", Value::Null, ""),
        ("variant", Value::Null, ""),
        ("zoneAuthority", json!([]), "zoneAuthority"),
        ("zoneAuthority", json!([{"purpose": "INFORMATION", "name": "me"}]), "zoneAuthority[0].name"),
        ("zoneAuthority", json!([{"purpose": "INFORMATION", "phone": 5}]), "zoneAuthority[0].phone"),
        ("name", json!([{"text": "x".repeat(201), "lang": "en-GB"}]), "name[0].text"),
        ("name", json!([{"text": "x", "lang": "english"}]), "name[0].lang"),
        ("tag", json!(1), "tag"),
    ] {
        let text = changed(&[(&format!("{properties}/{member}"), value)]).to_string();
        let path = if path.is_empty() {
            "$.features[0].properties".into()
        } else {
            format!("$.features[0].properties.{path}")
        };
        told(&text, &path);
        assert!(strictly(&text).airspace.is_none(), "{text}");
    }
    let of_ed269 = changed(&[
        (&format!("{properties}/type"), json!("COMMON")),
        (&format!("{properties}/restriction"), json!("PROHIBITED")),
        (&format!("-{properties}/variant"), Value::Null),
    ]);
    let loaded = told(&of_ed269.to_string(), "$.features[0].properties.restriction");
    assert_eq!(loaded.airspace.unwrap().zones()[0].restriction, crate::domain::Restriction::Prohibited);
    let by_id =
        changed(&[(&format!("-{properties}/identifier"), Value::Null), ("/features/0/id", json!("Z9"))]);
    assert_eq!(told(&by_id.to_string(), "$.features[0].id").airspace.unwrap().zones()[0].id.as_str(), "Z9");
    for (document, path) in [
        (changed(&[("/type", json!("featurecollection"))]), "$.type"),
        (changed(&[("-/type", Value::Null)]), "$"),
        (changed(&[("/name", json!(5))]), "$.name"),
        (changed(&[("/metadata", json!({"provider": "me"}))]), "$.metadata.provider"),
        (changed(&[("/metadata", json!({"otherGeoid": 5}))]), "$.metadata.otherGeoid"),
        (changed(&[("/metadata", json!({"validFrom": null}))]), "$.metadata.validFrom"),
    ] {
        told(&document.to_string(), path);
        assert!(strictly(&document.to_string()).airspace.is_none(), "{document}");
    }
}

/// What the schema of ED-318 allows is read strictly as well, with a word to whom it concerns.
#[test]
fn strict_takes_what_the_schema_takes() {
    for (pointer, value) in [
        ("/features/0/properties/region", json!(-5)),
        ("/features/0/properties/country", json!("chn")),
        ("-/features/0/geometry/layer/lowerReference", Value::Null),
        ("/features/0/properties/limitedApplicability", json!([{"schedule": [{"day": []}]}])),
        // Our own words.
        ("/features/0/geometry/layer/upperReference", json!("TAKEOFF")),
        ("/features/0/geometry/layer/upperReference", json!("CN1985")),
        ("/features/0/properties/tz", json!("+08:00")),
    ] {
        let text = changed(&[(pointer, value)]).to_string();
        let strict = strictly(&text);
        assert!(strict.airspace.is_some(), "{text} {:?}", strict.problems);
    }
}

#[test]
fn projections_of_ed269_in_other_forms() {
    let ring = json!([[8.5, 47.3], [8.6, 47.3], [8.6, 47.4], [8.5, 47.3]]);
    let polygon = json!({"type": "Polygon", "coordinates": [ring]});
    let circle = json!({"type": "Circle", "centre": {"lat": 47.3, "lng": 8.8}, "radius": "300"});
    for (projection, path, volumes) in [
        (json!([polygon]), "horizontalProjection", 1),
        (json!([polygon, circle]), "horizontalProjection", 2),
        (json!([polygon, circle]), "horizontalProjection[1].centre", 2),
        (json!({"type": "Polygon", "coordinates": ring}), "horizontalProjection.coordinates", 1),
        (json!({"type": "polygon", "coordinates": [ring]}), "horizontalProjection.type", 1),
    ] {
        for is_list in [true, false] {
            let volume = json!({"uomDimensions": "M", "lowerLimit": 0, "lowerVerticalReference": "AGL", "upperLimit": 120,
                "upperVerticalReference": "AGL", "horizontalProjection": projection});
            let geometry = if is_list { json!([volume]) } else { volume };
            let described = json!({"identifier": "E1", "country": "CHE", "type": "COMMON", "restriction": "PROHIBITED",
                "applicability": {"permanent": true}, "uSpaceClass": ["A"], "geometry": geometry});
            for list in ["features", "UASZoneList"] {
                let text = json!({list: [described]}).to_string();
                let at = format!("$.{list}[0].geometry{}.{path}", if is_list { "[0]" } else { "" });
                let loaded = told(&text, &at);
                let zones = loaded.airspace.unwrap().into_zones();
                assert_eq!(zones[0].volumes.len(), volumes, "{text}");
                let shown =
                    json!({"type": "FeatureCollection", "features": [zones[0].geojson()]}).to_string();
                let again = zone(&shown);
                assert_eq!(again.volumes.len(), volumes, "{shown}");
                for (new, old) in again.volumes.iter().zip(&zones[0].volumes) {
                    assert_eq!((new.bounds, new.upper), (old.bounds, old.upper), "{shown}");
                }
                for path in ["applicability", "applicability.permanent", "uSpaceClass"] {
                    told(&text, &format!("$.{list}[0].{path}"));
                }
                assert!(strictly(&text).airspace.is_none(), "{text}");
            }
        }
    }
}
