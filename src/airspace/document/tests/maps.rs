//! Documents drawn on shifted maps.

use super::*;
use crate::domain::LatLng;
use crate::geodesy::{bd09_from_wgs84, gcj02_from_wgs84, offset_m, wgs84_from_bd09, wgs84_from_gcj02};

/// From one map to another.
type Map = fn(LatLng) -> LatLng;

fn point(lng: f64, lat: f64) -> LatLng {
    LatLng::new(lat, lng).unwrap()
}

/// [`GOOD`] with its corners moved by `map`, and a member `crs`.
fn drawn(map: impl Fn(LatLng) -> LatLng, crs: &str) -> String {
    let corner = |lng: f64, lat: f64| {
        let at = map(point(lng, lat));
        format!("[{:.9}, {:.9}]", at.lng_deg(), at.lat_deg())
    };
    let corners = [(114.0, 22.5), (114.1, 22.5), (114.1, 22.6), (114.0, 22.6), (114.0, 22.5)];
    let ring: Vec<_> = corners.iter().map(|(lng, lat)| corner(*lng, *lat)).collect();
    let text = with(RING, &format!("[{}]", ring.join(", ")));
    if crs.is_empty() { text } else { text.replacen('{', &format!("{{\"crs\": {crs}, "), 1) }
}

#[test]
fn corners_come_to_where_they_are_on_wgs84() {
    for (text, same) in [
        (drawn(gcj02_from_wgs84, "\"GCJ02\""), true),
        (drawn(gcj02_from_wgs84, "\"GCJ-02\""), true),
        (drawn(bd09_from_wgs84, "\"BD09\""), true),
        (drawn(|at| at, "\"CGCS2000\""), true),
        (
            drawn(|at| at, r#"{"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}"#),
            true,
        ),
        (drawn(gcj02_from_wgs84, ""), false),
    ] {
        let zone = zone(&text);
        let shape = &zone.volumes[0].shape;
        for (lng, lat) in [(114.0, 22.5), (114.1, 22.55), (114.05, 22.6)] {
            let distance_m = shape.boundary_distance_m(point(lng, lat), 5000.0);
            assert_eq!(distance_m < 100.0, same, "{distance_m} {text}");
        }
        // A corner itself is exact.
        let corner_m = shape.boundary_distance_m(point(114.0, 22.5), 5000.0);
        assert_eq!(corner_m < 1e-3, same, "{corner_m}");
    }
    // An edge that is straight on the map is bent on the Earth, and followed to 10 cm.
    let maps: [(&str, Map, Map); 2] =
        [("GCJ02", gcj02_from_wgs84, wgs84_from_gcj02), ("BD09", bd09_from_wgs84, wgs84_from_bd09)];
    for (crs, to_map, from_map) in maps {
        follows(&zone(&drawn(to_map, &format!("\"{crs}\""))), to_map, from_map);
    }
}

fn follows(zone: &Zone, to_map: Map, from_map: Map) {
    let [a, b] = [point(114.0, 22.5), point(114.1, 22.5)].map(to_map);
    for i in 0..=200 {
        let t = f64::from(i) / 200.0;
        let on_map = point(
            a.lng_deg() + t * (b.lng_deg() - a.lng_deg()),
            a.lat_deg() + t * (b.lat_deg() - a.lat_deg()),
        );
        let distance_m = zone.volumes[0].shape.boundary_distance_m(from_map(on_map), 5000.0);
        assert!(distance_m < 0.1, "{t} {distance_m}");
    }
}

#[test]
fn circles_and_what_is_shown_are_converted_and_what_is_kept_is_not() {
    let centre = gcj02_from_wgs84(point(114.05, 22.55));
    let start = GOOD.find("{\"type\": \"Polygon\"").unwrap();
    let end = GOOD.find(",\n   \"properties\"").unwrap();
    let circle = format!(
        r#"{}{{"type": "Point", "coordinates": [{:.9}, {:.9}], "extent": {{"subType": "Circle", "radius": 500}}}}{}"#,
        &GOOD[..start],
        centre.lng_deg(),
        centre.lat_deg(),
        &GOOD[end..]
    )
    .replacen('{', "{\"metadata\": {\"crs\": \"GCJ02\"}, ", 1);
    let zone = zone(&circle);
    let shown = zone.geojson();
    let kept = zone.feature();
    let at = |feature: &serde_json::Value| {
        let position = &feature["geometry"]["coordinates"];
        point(position[0].as_f64().unwrap(), position[1].as_f64().unwrap())
    };
    let apart = |a, b| offset_m(a, b).into_iter().fold(0.0, f64::hypot);
    assert!(apart(at(&shown), point(114.05, 22.55)) < 1e-3);
    assert!(apart(at(&kept), centre) < 1e-3);
    assert!(zone.volumes[0].shape.contains(point(114.05, 22.5544)));
    assert!(!zone.volumes[0].shape.contains(point(114.05, 22.5546)));
    assert_ne!(zone.version, super::zone(&circle.replace("\"GCJ02\"", "\"BD09\"")).version);
}

#[test]
fn a_map_that_is_not_known_is_refused() {
    assert_error(&GOOD.replacen('{', "{\"crs\": ¶\"EPSG:3857\", ", 1), "$.crs", "WGS84, CGCS2000");
    assert_error(&GOOD.replacen('{', "{\"crs\": ¶7, ", 1), "$.crs", "WGS84, CGCS2000");
}

#[test]
fn a_document_that_looks_shifted_against_its_neighbour_is_questioned() {
    // A district whose eastern border is the western one of another.
    let border: Vec<_> =
        (0..10_u32).map(|i| (114.1 + 0.003 * f64::from(i % 3), 22.5 + 0.01 * f64::from(i))).collect();
    let document = |id: &str, west: bool, map: &dyn Fn(LatLng) -> LatLng| {
        let far = if west { 114.0 } else { 114.2 };
        let mut corners = vec![(far, 22.5)];
        corners.extend(&border);
        corners.extend([(far, 22.59), (far, 22.5)]);
        let ring: Vec<_> = corners
            .iter()
            .map(|(lng, lat)| {
                let at = map(point(*lng, *lat));
                format!("[{:.7}, {:.7}]", at.lng_deg(), at.lat_deg())
            })
            .collect();
        with(RING, &format!("[{}]", ring.join(", "))).replace("\"Z1\"", &format!("\"{id}\""))
    };
    let told = |a: &str, b: &str| -> Vec<String> {
        let documents = [
            Document { name: "a.json", text: a.as_bytes() },
            Document { name: "b.json", text: b.as_bytes() },
        ];
        load(&documents).problems.iter().map(ToString::to_string).collect()
    };
    let (west, east) = (document("W", true, &|at| at), document("E", false, &|at| at));
    let (gcj, bd) = (document("E", false, &gcj02_from_wgs84), document("E", false, &bd09_from_wgs84));
    assert_eq!(told(&west, &east), [""; 0]);
    for (shifted, map) in [(&gcj, "GCJ-02"), (&bd, "BD-09")] {
        let told = told(&west, shifted);
        assert_eq!(told.len(), 1, "{told:#?}");
        assert!(
            told[0].starts_with(&format!("b.json:1:1: warning: drawn on a {map} map? 10 of its corners")),
            "{told:?}"
        );
    }
    // Who says what his coordinates are is not asked, and neither is who is right.
    assert_eq!(told(&west, &gcj.replacen('{', "{\"crs\": \"WGS84\", ", 1)), [""; 0]);
    assert_eq!(told(&west, &gcj.replacen('{', "{\"crs\": \"GCJ02\", ", 1)), [""; 0]);
}
