//! Documents that must be read, and what is told about their deviations.

use super::*;
use crate::domain::{BoundingBox, Restriction, Timestamp, VerticalLimit, VerticalReference, ZoneReason};

#[test]
fn a_good_document_has_no_problem() {
    let loaded = load_one(GOOD);
    assert_eq!(loaded.problems, []);
    let zone = zone(GOOD);
    assert_eq!((zone.id.as_str(), &*zone.name, zone.restriction), ("Z1", "港口", Restriction::Prohibited));
    assert_eq!(zone.reasons, [ZoneReason::Sensitive]);
    assert_eq!((zone.version.len(), zone.schedule.is_always(), zone.volumes.len()), (12, true, 1));
    assert_eq!(zone.feature()["properties"]["zoneAuthority"][0]["purpose"], "INFORMATION");
    let limit = |metres| Some(VerticalLimit { metres, reference: VerticalReference::Agl });
    assert_eq!(
        (zone.volumes[0].lower, zone.volumes[0].upper),
        (None, limit(120.0)),
        "from the ground is from below"
    );
}

#[test]
fn deviations_that_are_understood() {
    let properties = "$.features[0].properties";
    for (text, path, says) in [
        (with("\"PROHIBITED\"", "¶\"REQ_AUTHORISATION\""), format!("{properties}.type"), "REQ_AUTHORIZATION"),
        (with("\"PROHIBITED\"", "¶\"prohibited\""), format!("{properties}.type"), "read as `PROHIBITED`"),
        (with("\"Z1\"", "¶\"USPACELONG\""), format!("{properties}.identifier"), "10 characters"),
        (with("\"Z1\"", "¶17"), format!("{properties}.identifier"), "quotes"),
        (with("[\"SENSITIVE\"]", "¶\"SENSITIVE\""), format!("{properties}.reason"), "array"),
        (with("[\"SENSITIVE\"]", "[\"NOISE\", ¶\"FUN\"]"), format!("{properties}.reason[1]"), "not known"),
        (with("[\"SENSITIVE\"]", "¶null"), format!("{properties}.reason"), "absent"),
        (
            with("{\"text\": \"Harbour\", \"lang\": \"en-GB\"}", "¶{\"text\": \"Harbour\"}"),
            format!("{properties}.name[0]"),
            "lang",
        ),
        (
            with("{\"identifier\"", "¶{\"identifier\"").replace("\"country\": \"CHN\", ", ""),
            properties.to_owned(),
            "country",
        ),
        (
            with("[114.1, 22.5], ", "[114.1, 22.5], ¶[114.1, 22.5], "),
            "$.features[0].geometry.coordinates[0][2]".to_owned(),
            "same as",
        ),
        (
            with("\"upper\": 120", "\"upper\": ¶\"120\""),
            "$.features[0].geometry.layer.upper".to_owned(),
            "quotes",
        ),
        ("{\"type\": \"FeatureCollection\", \"features\": ¶[]}".to_owned(), "$.features".to_owned(), "empty"),
        (
            with(
                RING,
                "[[114.0, 22.5], [114.1, 22.5], ¶[114.05, 22.55], [114.1, 22.6], [114.0, 22.6], [114.05, 22.55], [114.0, 22.5]]",
            ),
            "$.features[0].geometry.coordinates[0][1]".to_owned(),
            "touches itself",
        ),
    ] {
        let text = if says == "touches itself" {
            text.replace('¶', "").replacen("[114.1, 22.5]", "¶[114.1, 22.5]", 1)
        } else {
            text
        };
        assert_warning(&text, &path, says);
    }
    let marked = load_one(&format!("\u{feff}{GOOD}"));
    assert_eq!((marked.problems.len(), marked.airspace.is_some()), (1, true));
    assert_eq!(
        marked.problems[0].to_string(),
        "zones.json:1:1: warning: the document begins with a byte order mark; save it as UTF-8 without one ($)"
    );
}

#[test]
fn times_limits_and_layers() {
    let periods = "\"limitedApplicability\": [{\"startDateTime\": \"2025-10-01T00:00:00:00Z\", \"schedule\": [{\"day\": \"ANY\"}]}, {\"endDateTime\": \"2024-01-01T08:00:00+08:00\"}], \"reason\"";
    let timed = zone(&with("\"reason\"", periods));
    let at = |text| Timestamp::parse(text).unwrap();
    assert!(timed.applies_at(at("2023-12-31T23:59:59Z")) && !timed.applies_at(at("2024-01-01T00:00:00Z")));
    assert_eq!(timed.next_switch_after(at("2024-06-01T00:00:00Z")), Some(at("2025-10-01T00:00:00Z")));
    let told: Vec<_> = load_one(&with("\"reason\"", periods)).problems.into_iter().map(|p| p.path).collect();
    let path = "$.features[0].properties.limitedApplicability[0]";
    assert_eq!(told, [format!("{path}.startDateTime"), format!("{path}.schedule[0].day")]);

    let open = zone(&with(LAYER, r#"{"upper": null, "lower": 100, "lowerReference": "WGS84", "uom": "ft"}"#));
    assert_eq!(open.volumes[0].upper, None);
    assert_eq!(
        open.volumes[0].lower,
        Some(VerticalLimit { metres: 30.48, reference: VerticalReference::Wgs84 })
    );
    let none = zone(&with(&format!(",\n    \"layer\": {LAYER}"), ""));
    assert_eq!((none.volumes[0].lower, none.volumes[0].upper), (None, None));

    let part = |layer: &str| format!("{{\"type\": \"Polygon\", \"coordinates\": [{RING}]{layer}}}");
    let start = GOOD.find("{\"type\": \"Polygon\"").unwrap();
    let end = GOOD.find(",\n   \"properties\"").unwrap();
    let layered = format!(
        "{}{{\"type\": \"GeometryCollection\", \"layer\": {LAYER}, \"geometries\": [{}, {}]}}{}",
        &GOOD[..start],
        part(""),
        part(", \"layer\": {\"lower\": 120, \"lowerReference\": \"AGL\"}"),
        &GOOD[end..]
    );
    let uppers: Vec<_> = zone(&layered).volumes.iter().map(|v| v.upper.map(|upper| upper.metres)).collect();
    assert_eq!(uppers, [Some(120.0), None]);
}

#[test]
fn the_whole_set_or_nothing() {
    let second = GOOD.replace("\"Z1\"", "\"Z2\"");
    let set = |texts: &[&str]| {
        let names = ["a.json", "b.json", "c.json"];
        let documents: Vec<Document<'_>> =
            names.iter().zip(texts).map(|(name, text)| Document { name, text: text.as_bytes() }).collect();
        load(&documents)
    };
    assert_eq!(set(&[GOOD, &second]).airspace.unwrap().zones().len(), 2);
    let twice = set(&[GOOD, &second, GOOD]);
    assert!(twice.airspace.is_none());
    assert_eq!(
        twice.problems[0].to_string(),
        "c.json:7:33: error: identifier `Z1` is already that of a.json $.features[0].properties.identifier; \
         each zone needs its own ($.features[0].properties.identifier)"
    );
    assert!(set(&[]).airspace.unwrap().zones().is_empty());
    // Blanks and the order of members are no content; a coordinate is.
    let version = |text: &str| zone(text).version;
    assert_eq!(version(&GOOD.replace('\n', " ")), version(GOOD));
    assert_eq!(
        version(&with(
            "\"country\": \"CHN\", \"type\": \"PROHIBITED\"",
            "\"type\": \"PROHIBITED\", \"country\": \"CHN\""
        )),
        version(GOOD)
    );
    assert_ne!(version(&with("114.1, 22.6", "114.1, 22.61")), version(GOOD));
}

#[test]
fn an_area_shows_what_is_exchanged_where_both_orders_are_on_earth() {
    let text = GOOD.replace("114.", "54.");
    let exchanged =
        GOOD.replace(RING, "[[22.5, 54.0], [22.5, 54.1], [22.6, 54.1], [22.6, 54.0], [22.5, 54.0]]");
    let service_area = BoundingBox::new([53.0, 22.0, 55.0, 23.0]);
    let reading = Reading { service_area, ..Reading::default() };
    let within =
        |text: &str| load_as(&[Document { name: "z", text: text.as_bytes() }], reading).airspace.is_some();
    assert!(within(&text));
    assert!(!within(&exchanged));
    assert!(load_one(&exchanged).airspace.is_some());
}
