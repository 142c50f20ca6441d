//! What is brought in reads as a zone; what is written for others protects the same.

use serde_json::{Value, json};

use super::*;
use crate::airspace::{Document, Zone, load};

fn zones(document: &Value) -> Vec<Zone> {
    let text = document.to_string();
    let loaded = load(&[Document { name: "z.json", text: text.as_bytes() }]);
    loaded.airspace.unwrap_or_else(|| panic!("{:?}", loaded.problems)).into_zones()
}

const SQUARE: &str = "[[[114.0, 22.5], [114.1, 22.5], [114.1, 22.6], [114.0, 22.6], [114.0, 22.5]]]";

fn square() -> Value {
    serde_json::from_str(SQUARE).unwrap()
}

#[test]
fn plain_geojson_by_a_mapping() {
    let document = json!({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"code": "A7", "label": "Prison 监狱", "owner": "x"},
         "geometry": {"type": "Polygon", "coordinates": square()}},
        {"type": "Feature", "properties": null, "geometry": {"type": "Polygon", "coordinates": square()}},
    ]});
    let mapping = Mapping {
        id_from: Some("code".into()),
        name_from: Some("label".into()),
        upper_m: Some(120.0),
        restriction: "CONDITIONAL".into(),
        ..Mapping::default()
    };
    let found = zones(&plain(&document, &mapping));
    assert_eq!(found.iter().map(|zone| zone.id.as_str()).collect::<Vec<_>>(), ["A7", "Z2"]);
    assert_eq!(&*found[0].name, "Prison 监狱");
    assert_eq!(found[0].volumes[0].upper.map(|limit| limit.metres), Some(120.0));
    assert_eq!(found[0].feature()["properties"]["extendedProperties"]["owner"], "x");
    assert_eq!(found[1].restriction, crate::domain::Restriction::Conditional);
}

#[test]
fn a_table_of_circles() {
    let text = "id,name,lat,lng,radius_m,upper_m\nC1,\"Port, \"\"east\"\"\",22.5,114.0,300,120\n\n,x,22.6,114.1,50,\n";
    let found = zones(&circles(text, &Mapping::default()).unwrap());
    assert_eq!((found[0].id.as_str(), &*found[0].name), ("C1", "Port, \"east\""));
    assert_eq!(found[0].volumes[0].shape.as_circle().map(|(_, radius)| radius), Some(300.0));
    assert_eq!((found[1].id.as_str(), found[1].volumes[0].upper), ("Z2", None));
    let wrong = circles("lat,lng,radius_m\n22.5,x,1\n22.5,114.0\n", &Mapping::default()).unwrap_err();
    assert_eq!(wrong.iter().map(|(line, column, _)| (*line, *column)).collect::<Vec<_>>(), [(2, 6), (3, 1)]);
    assert!(circles("a,b\n1,2\n", &Mapping::default()).is_err() && circles("", &Mapping::default()).is_err());
}

/// To ED-269 and read again: the same volumes, hours and restriction.
#[test]
fn ed269_protects_the_same() {
    let layer =
        json!({"lower": 30, "lowerReference": "AGL", "upper": 500, "upperReference": "AMSL", "uom": "ft"});
    let feature = |id: &str, geometry: Value| {
        json!({"type": "Feature", "geometry": geometry, "properties": {"identifier": id, "country": "CHN", "variant": "COMMON",
            "type": "REQ_AUTHORIZATION", "name": [{"text": "Port", "lang": "en-GB"}, {"text": "港", "lang": "zh-CN"}],
            "limitedApplicability": [{"startDateTime": "2026-06-15T09:00:00Z", "endDateTime": "2027-06-15T09:00:00Z",
                "schedule": [{"day": ["SAT"], "startTime": "09:00:00Z", "endTime": "17:00:00Z"}]}],
            "extendedProperties": {"uSpaceClass": ["SPECIFIC"]},
            "zoneAuthority": [{"purpose": "AUTHORIZATION", "name": [{"text": "A", "lang": "en-GB"}]}]}})
    };
    let document = json!({"type": "FeatureCollection", "features": [
        feature("A", json!({"type": "Polygon", "coordinates": square(), "layer": layer})),
        feature("B", json!({"type": "Point", "coordinates": [114.0, 22.5], "extent": {"subType": "Circle", "radius": 700}, "layer": layer})),
        feature("C", json!({"type": "Point", "coordinates": [114.0, 22.5], "layer": layer,
            "extent": {"subType": "Sector", "radius": 900, "innerRadius": 100, "startAzimuth": 10, "endAzimuth": 95}})),
    ]});
    let before = zones(&document);
    let written: Vec<(Value, Vec<Loss>)> = before.iter().map(to_ed269).collect();
    let list: Vec<&Value> = written.iter().map(|(zone, _)| zone).collect();
    let after = zones(&json!({"UASZoneList": list}));
    for (a, b) in before.iter().zip(&after) {
        assert_eq!((&a.schedule, a.restriction, &a.id), (&b.schedule, b.restriction, &b.id));
        assert_eq!(&*b.name, "港");
        for (a, b) in a.volumes.iter().zip(&b.volumes) {
            assert_eq!((a.lower, a.upper), (b.lower, b.upper));
            let sides = |bounds: crate::domain::BoundingBox| {
                [bounds.west_deg, bounds.south_deg, bounds.east_deg, bounds.north_deg]
            };
            let near = sides(a.bounds).into_iter().zip(sides(b.bounds)).all(|(a, b)| (a - b).abs() < 2e-9);
            assert!(near, "{:?} {:?}", a.bounds, b.bounds);
        }
    }
    assert_eq!(list[0]["uSpaceClass"], json!(["SPECIFIC"]));
    let told = |number: usize| written[number].1.iter().map(|loss| loss.member).collect::<Vec<_>>();
    assert_eq!(told(0), ["name", "extendedProperties"]);
    assert_eq!(told(2), ["name", "extendedProperties", "geometry"]);
}
