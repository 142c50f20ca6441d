//! Forms and deviations as publishers write them, in documents of our own.

use super::*;
use crate::airspace::{Form, Reading, Strictness, load_as};
use crate::domain::{Restriction, VerticalLimit, VerticalReference, ZoneReason};

/// An ED-269 document of one zone.
const ED269: &str = r#"{"title": "t", "features": [
  {"identifier": "E1", "country": "CHE", "name": "Field", "type": "COMMON", "restriction": "REQ_AUTHORISATION",
   "reason": ["AIR_TRAFFIC"], "otherReasonInfo": "", "message": "m", "uSpaceClass": ["SPECIFIC", "CERTIFIED"],
   "applicability": [{"permanent": "NO", "startDateTime": "2026-06-15T09:00:00.00Z", "endDateTime": "2027-06-15T09:00:00Z",
     "schedule": [{"day": ["SAT", "SUN"], "startTime": "17:00:00.00Z", "endTime": "23:00Z"}]}],
   "zoneAuthority": [{"name": "A", "phone": "1"}],
   "geometry": [
    {"uomDimensions": "FT", "lowerLimit": 0, "lowerVerticalReference": "AGL", "upperLimit": 1000,
     "upperVerticalReference": "AMSL", "horizontalProjection": {"type": "Circle", "center": [8.54, 47.37], "radius": 500}},
    {"uomDimensions": "M", "lowerLimit": 50, "lowerVerticalReference": "AGL", "upperLimit": null,
     "horizontalProjection": {"type": "Polygon",
      "coordinates": [[[8.6, 47.3], [8.7, 47.3], [8.7, 47.4], [8.6, 47.4], [8.6, 47.3]]]}}]}]}"#;

pub(super) fn strictly(text: &str) -> Loaded {
    let reading = Reading { strictness: Strictness::Strict, ..Reading::default() };
    load_as(&[Document { name: "zones.json", text: text.as_bytes() }], reading)
}

#[test]
fn ed269_in_both_wrappers() {
    let listed = ED269.replace("\"features\"", "\"UASZoneList\"");
    for (text, form) in [(ED269, Form::Ed269), (&listed, Form::Ed269List)] {
        let loaded = load_one(text);
        assert_eq!(loaded.envelopes[0].form, form);
        let told: Vec<_> = loaded.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(told, ["`uSpaceClass` should be text, found an array"]);
        let zone = loaded.airspace.unwrap().into_zones().remove(0);
        assert_eq!((zone.id.as_str(), &*zone.name), ("E1", "Field"));
        assert_eq!(
            (zone.restriction, zone.reasons.as_slice()),
            (Restriction::RequiresAuthorization, &[ZoneReason::AirTraffic][..])
        );
        let limits: Vec<_> = zone.volumes.iter().map(|volume| (volume.lower, volume.upper)).collect();
        let amsl = VerticalLimit { metres: 304.8, reference: VerticalReference::Amsl };
        let agl = VerticalLimit { metres: 50.0, reference: VerticalReference::Agl };
        assert_eq!(limits, [(None, Some(amsl)), (Some(agl), None)]);
        // 2026-11-21 is a Saturday.
        for (at, applies) in [
            ("2026-11-21T16:59:59Z", false),
            ("2026-11-21T17:00:00Z", true),
            ("2026-11-21T23:00:00Z", false),
            ("2026-11-20T18:00:00Z", false),
            ("2027-06-19T18:00:00Z", false),
        ] {
            assert_eq!(zone.applies_at(crate::domain::Timestamp::parse(at).unwrap()), applies, "{at}");
        }
    }
}

/// What is wrong with a zone of ED-269, and where.
#[test]
fn broken_ed269() {
    let zone = "$.features[0]";
    for (old, new, path, says) in [
        ("\"REQ_AUTHORISATION\"", "¶\"FORBIDDEN\"", "restriction", "one of PROHIBITED, REQ_AUTHORISATION"),
        ("\"radius\": 500", "\"radius\": ¶-1", "geometry[0].horizontalProjection.radius", "over 0"),
        ("\"Circle\"", "¶\"Ellipse\"", "geometry[0].horizontalProjection.type", "one of Circle"),
        ("\"FT\"", "¶\"KM\"", "geometry[0].uomDimensions", "one of M, FT"),
        (
            "\"startTime\": \"17:00:00.00Z\"",
            "\"startTime\": ¶\"25:00Z\"",
            "applicability[0].schedule[0].startTime",
            "time of day",
        ),
        ("\"SAT\"", "¶\"CARNIVAL\"", "applicability[0].schedule[0].day[0]", "one of ANY"),
        (
            "[8.7, 47.3], [8.7, 47.4]",
            "¶[200.0, 47.3], [8.7, 47.4]",
            "geometry[1].horizontalProjection.coordinates[0][1]",
            "not on Earth",
        ),
    ] {
        assert!(ED269.contains(old), "{old}");
        assert_error(&ED269.replacen(old, new, 1), &format!("{zone}.{path}"), says);
    }
}

#[test]
fn ed269_is_written_as_ed318_for_those_who_ask() {
    let zone = load_one(ED269).airspace.unwrap().into_zones().remove(0);
    let feature = zone.geojson();
    assert_eq!(feature["type"], "Feature");
    assert_eq!(feature["geometry"]["geometries"][0]["extent"]["radius"], 500);
    assert_eq!(feature["geometry"]["geometries"][0]["layer"]["uom"], "ft");
    assert_eq!(feature["properties"]["type"], "REQ_AUTHORIZATION");
    assert_eq!(feature["properties"]["variant"], "COMMON");
    assert_eq!(feature["properties"]["extendedProperties"]["uSpaceClass"][1], "CERTIFIED");
    assert_eq!(zone.feature()["restriction"], "REQ_AUTHORISATION", "kept in its own form");
}

/// A zone whose members lie one level deeper, with empty texts for what is not known.
#[test]
fn members_in_uas_zone_and_a_layer_beside_the_geometry() {
    let text = r#"{"type": "FeatureCollection", "features": [{"type": "Feature",
      "geometry": {"type": "Polygon", "coordinates": [[[114.0, 22.5], [114.1, 22.5], [114.1, 22.6], [114.0, 22.5]]]},
      "properties": {
       "limitedApplicability": [{"startDateTime": "", "endDateTime": "",
         "schedule": [{"day": "ANY", "startTime": "", "startEvent": "", "endTime": "", "endEvent": ""}]}],
       "UASZone": {"identifier": "N1", "country": "ESP", "name": "Heliport", "type": "REQ_AUTHORIZATION", "variant": "COMMON",
         "restrictionConditions": "", "region": "0", "reasons": "AIR_TRAFFIC", "otherReasonInfo": "",
         "regulationExemption": "No", "message": "plain", "extendedProperties": "Helipuerto"},
       "zoneAuthority": [{"purpose": "AUTHORIZATION", "intervalBefore": 0, "name": "", "email": ""}],
       "verticalLayer": {"upper": 900, "upperReference": "AGL", "lower": 0, "lowerReference": "AGL", "UOM": ""}}}]}"#;
    let loaded = load_one(text);
    assert!(
        loaded.problems.iter().all(|problem| problem.severity == ProblemSeverity::Warning),
        "{:#?}",
        loaded.problems
    );
    let told: Vec<_> = loaded.problems.iter().map(|problem| problem.path.as_str()).collect();
    let properties = "$.features[0].properties";
    for path in [
        "UASZone",
        "UASZone.name",
        "UASZone.reasons",
        "UASZone.region",
        "UASZone.regulationExemption",
        "UASZone.message",
        "UASZone.extendedProperties",
        "verticalLayer",
        "verticalLayer.UOM",
        "zoneAuthority[0].intervalBefore",
        "limitedApplicability[0].startDateTime",
        "limitedApplicability[0].schedule[0].day",
        "limitedApplicability[0].schedule[0].startEvent",
    ] {
        assert!(told.contains(&format!("{properties}.{path}").as_str()), "{path} {told:#?}");
    }
    let zone = loaded.airspace.unwrap().into_zones().remove(0);
    assert!(zone.schedule.is_always());
    assert_eq!((zone.id.as_str(), &*zone.name, zone.reasons.len()), ("N1", "Heliport", 1));
    assert_eq!(zone.volumes[0].upper.map(|upper| upper.metres), Some(900.0));
    assert!(strictly(text).airspace.is_none());
}

#[test]
fn limits_of_charts_and_marks_for_none() {
    for (layer, upper, warnings) in [
        (r#"{"upper": 99999, "upperReference": "AGL"}"#, None, 1),
        (r#"{"upper": "99999", "upperReference": "AMSL", "uom": "ft"}"#, None, 2),
        (r#"{"upper": "UNL", "lower": "GND"}"#, None, 2),
        (r#"{"upper": 60, "upperReference": "MSL"}"#, Some((60.0, VerticalReference::Amsl)), 1),
        (r#"{"upper": 60, "upperReference": "HAE"}"#, Some((60.0, VerticalReference::Wgs84)), 1),
        (r#"{"upper": 60, "upperReference": "CN1985"}"#, Some((60.0, VerticalReference::Cn1985)), 1),
        (r#"{"upper": 60, "upperReference": "TAKEOFF"}"#, Some((60.0, VerticalReference::Takeoff)), 1),
        (r#"{"upper": 60, "upperReference": "agl", "uom": "M"}"#, Some((60.0, VerticalReference::Agl)), 2),
    ] {
        let loaded = load_one(&with(LAYER, layer));
        assert_eq!(loaded.problems.len(), warnings, "{layer} {:?}", loaded.problems);
        let zone = loaded.airspace.unwrap().into_zones().remove(0);
        assert_eq!(zone.volumes[0].upper.map(|limit| (limit.metres, limit.reference)), upper, "{layer}");
    }
}

#[test]
fn strict_refuses_what_tolerant_warns_about_but_no_advice() {
    assert!(strictly(GOOD).airspace.is_some());
    assert!(strictly(&with("\"upper\": 120", "\"upper\": 99999")).airspace.is_some());
    for (old, new) in [
        ("\"PROHIBITED\"", "\"prohibited\""),
        ("\"Z1\"", "\"USPACELONG\""),
        ("\"upper\": 120", "\"upper\": \"120\""),
        ("[\"SENSITIVE\"]", "\"SENSITIVE\""),
        ("[{\"purpose\": \"INFORMATION\"}]", "[{\"purpose\": \"INFORMATION\", \"intervalBefore\": \"2W\"}]"),
        ("[{\"purpose\": \"INFORMATION\"}]", "[{}]"),
    ] {
        let text = with(old, new);
        let refused = strictly(&text);
        assert!(refused.airspace.is_none(), "{new}");
        let tolerant = load_one(&text);
        assert!(tolerant.airspace.is_some(), "{new}");
        let at = |loaded: &Loaded| -> Vec<_> {
            loaded.problems.iter().map(|p| (p.line, p.column, p.path.clone(), p.message.clone())).collect()
        };
        assert_eq!(at(&refused), at(&tolerant), "the same is told");
    }
    assert!(strictly(&format!("\u{feff}{GOOD}")).airspace.is_none());
}

#[test]
fn what_lies_beside_the_zones_is_kept() {
    let text = GOOD
        .replacen('{', "{\"title\": \"t\", \"x\": {\"deep\": [1, 2.50, null]}, ", 1)
        .replace("\"properties\": {", "\"unknown\": [true], \"properties\": {\"own\": 1e3, ");
    let loaded = load_one(&text);
    let zones = loaded.airspace.unwrap();
    let written = loaded.envelopes[0].write(zones.zones().iter().map(Zone::feature_json));
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(value(&written), value(&text));
    // In the order of the author as well.
    assert_eq!(value(&written).to_string(), value(&text).to_string());
    assert_eq!(&*zones.zones()[0].document, "zones.json");
}
