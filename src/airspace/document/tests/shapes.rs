//! Shapes with an `extent`, as documents write them.

use super::*;
use crate::domain::LatLng;

fn drawn(geometry: &str, layer: &str) -> String {
    let start = GOOD.find("{\"type\": \"Polygon\"").unwrap();
    let end = GOOD.find(",\n   \"properties\"").unwrap();
    format!("{}{{{geometry}, \"layer\": {layer}}}{}", &GOOD[..start], &GOOD[end..])
}

fn point(east_m: f64, north_m: f64) -> LatLng {
    crate::geodesy::LocalMetric::at(22.5).moved(LatLng::new(22.5, 114.0).unwrap(), east_m, north_m)
}

fn contains(text: &str, east_m: f64, north_m: f64) -> bool {
    zone(text).volumes.iter().any(|volume| volume.shape.contains(point(east_m, north_m)))
}

#[test]
fn a_sector_across_north_and_a_ring() {
    let sector = |members: &str| {
        drawn(
            &format!(
                r#""type": "Point", "coordinates": [114.0, 22.5], "extent": {{"subType": "Sector", {members}}}"#
            ),
            LAYER,
        )
    };
    let north = sector(r#""radius": 1000, "innerRadius": 200, "startAzimuth": 330, "endAzimuth": 30"#);
    for (east, north_m, inside) in [
        (0.0, 500.0, true),
        (200.0, 500.0, true),
        (-200.0, 500.0, true),
        (500.0, 200.0, false),
        (0.0, 150.0, false),
        (0.0, 1005.0, false),
    ] {
        assert_eq!(contains(&north, east, north_m), inside, "{east} {north_m}");
    }
    let ring = sector(r#""radius": 1000, "innerRadius": 200, "startAzimuth": 0, "endAzimuth": 360"#);
    assert!(contains(&ring, -700.0, -100.0) && !contains(&ring, 50.0, 50.0));
    let whole = sector(r#""radius": 1000, "startAzimuth": 0, "endAzimuth": 360"#);
    assert!(contains(&whole, 0.0, 0.0) && !contains(&whole, 0.0, 1001.0));
    let extent = "$.features[0].geometry.extent";
    for (members, place, says) in [
        (r#""radius": ¶0, "startAzimuth": 0, "endAzimuth": 90"#, ".radius", "over 0"),
        (
            r#""radius": 500, "innerRadius": ¶500, "startAzimuth": 0, "endAzimuth": 90"#,
            ".innerRadius",
            "less than",
        ),
        (r#""radius": 500, "startAzimuth": ¶"north", "endAzimuth": 90"#, ".startAzimuth", "number"),
        (r#""radius": 500, "startAzimuth": 0, "endAzimuth": ¶400"#, ".endAzimuth", "azimuth"),
    ] {
        assert_error(&sector(members), &format!("{extent}{place}"), says);
    }
}

#[test]
fn a_corridor_with_round_and_with_straight_ends() {
    let corridor = |cap: &str| {
        drawn(
            &format!(
                r#""type": "LineString", "coordinates": [[114.0, 22.5], [114.02, 22.5], [114.02, 22.52]],
                "extent": {{"subType": "Corridor", "halfWidth": 100{cap}}}"#
            ),
            LAYER,
        )
    };
    let (round, flat) = (corridor(""), corridor(", \"cap\": \"FLAT\""));
    for (east, north, in_round, in_flat) in [
        (1000.0, 95.0, true, true),
        (1000.0, 105.0, false, false),
        (-60.0, 0.0, true, false),
        (-105.0, 0.0, false, false),
        (2110.0, -40.0, true, true),
        (2150.0, -90.0, false, false),
        (2057.0, 1500.0, true, true),
    ] {
        assert_eq!(contains(&round, east, north), in_round, "{east} {north}");
        assert_eq!(contains(&flat, east, north), in_flat, "{east} {north}");
    }
    let line = "$.features[0].geometry";
    let one = drawn(
        r#""type": "LineString", "coordinates": ¶[[114.0, 22.5]], "extent": {"subType": "Corridor", "halfWidth": 9}"#,
        LAYER,
    );
    assert_error(&one, &format!("{line}.coordinates"), "2 to 500");
    let wide = drawn(
        r#""type": "LineString", "coordinates": [[114.0, 22.5], [114.1, 22.5]], "extent": {"subType": ¶"Circle", "halfWidth": 9}"#,
        LAYER,
    );
    assert_error(&wide, &format!("{line}.extent.subType"), "Corridor");
}

#[test]
fn a_truncated_cone_is_never_narrower_than_it_is() {
    let cone = |layer: &str| {
        drawn(
            r#""type": "Point", "coordinates": [114.0, 22.5], "extent": {"subType": "TruncatedCone", "lowerRadius": 1000, "upperRadius": 3000}"#,
            layer,
        )
    };
    let text = cone(r#"{"lower": 40, "lowerReference": "AMSL", "upper": 140, "upperReference": "AMSL"}"#);
    let zone = zone(&text);
    let inside = |east_m: f64, amsl_m: f64| {
        zone.volumes.iter().any(|volume| {
            let low = volume.lower.map_or(f64::NEG_INFINITY, |limit| limit.metres);
            let high = volume.upper.map_or(f64::INFINITY, |limit| limit.metres);
            low <= amsl_m && amsl_m <= high && volume.shape.contains(point(east_m, 0.0))
        })
    };
    for i in 0..=100 {
        let amsl_m = 40.0 + f64::from(i);
        let radius_m = 1000.0 + 20.0 * f64::from(i);
        assert!(inside(radius_m - 1.0, amsl_m), "{amsl_m}");
        // One slice is 2 m high: 40 m of radius. On its border both slices count.
        assert!(!inside(radius_m + 41.0, amsl_m), "{amsl_m}");
    }
    assert!(!inside(0.0, 39.0) && !inside(0.0, 141.0));
    let open = cone(r#"{"lower": 40, "lowerReference": "AMSL"}"#).replacen(
        "{\"type\": \"Point\"",
        "¶{\"type\": \"Point\"",
        1,
    );
    assert_error(&open, "$.features[0].geometry", "lower and an upper limit");
}
