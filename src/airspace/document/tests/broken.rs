//! Documents that must be refused, with the place of the fault.

use proptest::prelude::*;

use super::*;
use crate::domain::LatLng;

#[test]
fn broken_rings() {
    let ring = "$.features[0].geometry.coordinates[0]";
    for (broken, place, says) in [
        ("¶[[114.0, 22.5], [114.1, 22.6], [114.0, 22.5]]", "", "at least 4"),
        ("[[114.0, 22.5], [114.1, 22.5], [114.1, 22.6], ¶[114.0, 22.6]]", "[3]", "not closed"),
        (
            "[¶[114.0, 22.5], [114.1, 22.6], [114.1, 22.5], [114.0, 22.6], [114.0, 22.5]]",
            "[0]",
            "crosses itself",
        ),
        (
            "[¶[114.0, 22.5], [114.2, 22.5], [114.1, 22.5], [114.1, 22.6], [114.0, 22.5]]",
            "[0]",
            "crosses itself",
        ),
        ("¶[[114.0, 22.5], [114.1, 22.5], [114.2, 22.5], [114.0, 22.5]]", "", "encloses"),
        ("¶[[114.0, 22.5], [114.000001, 22.5], [114.0, 22.500001], [114.0, 22.5]]", "", "encloses"),
        ("¶[[114.0, 22.5], [114.0, 22.5], [114.0, 22.5], [114.0, 22.5]]", "", "encloses"),
        ("[[114.0, 22.5], ¶[114.1, 95.0], [114.1, 22.6], [114.0, 22.5]]", "[1]", "not on Earth"),
        ("[[114.0, 22.5], ¶[190.0, 22.5], [114.1, 22.6], [114.0, 22.5]]", "[1]", "not on Earth"),
        ("[¶[22.5, 114.0], [22.5, 114.1], [22.6, 114.1], [22.5, 114.0]]", "[0]", "exchanged"),
        ("¶[[179.0, 1.0], [-179.0, 1.0], [-179.0, 2.0], [179.0, 2.0], [179.0, 1.0]]", "", "180° meridian"),
        ("¶[[10.0, 80.0], [20.0, 80.0], [15.0, 90.0], [10.0, 80.0]]", "", "pole"),
        ("[[114.0, 22.5], [114.1, ¶\"22.5\"], [114.1, 22.6], [114.0, 22.5]]", "[1][1]", "finite number"),
        ("[[114.0, 22.5], ¶[114.1], [114.1, 22.6], [114.0, 22.5]]", "[1]", "[longitude, latitude]"),
        ("[[114.0, 22.5], ¶{\"x\": 1}, [114.1, 22.6], [114.0, 22.5]]", "[1]", "must be an array"),
    ] {
        assert_error(&with(RING, broken), &format!("{ring}{place}"), says);
    }
}

#[test]
fn broken_holes() {
    let hole = |ring: &str| with(RING, &format!("{RING}, {ring}"));
    let path = "$.features[0].geometry.coordinates";
    assert_error(
        &hole("¶[[114.2, 22.52], [114.22, 22.52], [114.22, 22.54], [114.2, 22.52]]"),
        &format!("{path}[1]"),
        "outside",
    );
    let crossing = "[[114.05, 22.52], [114.15, 22.52], [114.05, 22.54], [114.05, 22.52]]";
    let crossed = with(
        RING,
        &format!("[[114.0, 22.5], ¶[114.1, 22.5], [114.1, 22.6], [114.0, 22.6], [114.0, 22.5]], {crossing}"),
    );
    assert_error(&crossed, &format!("{path}[0][1]"), "crosses ring 1");
    let same = with(
        RING,
        &format!("[¶[114.0, 22.5], [114.1, 22.5], [114.1, 22.6], [114.0, 22.6], [114.0, 22.5]], {RING}"),
    );
    assert_error(&same, &format!("{path}[0][0]"), "crosses ring 1");
    let nested = "[[114.02, 22.52], [114.08, 22.52], [114.08, 22.58], [114.02, 22.52]], ¶[[114.06, 22.53], [114.07, 22.53], [114.07, 22.54], [114.06, 22.53]]";
    assert_error(&hole(nested), &format!("{path}[2]"), "inside of hole 1");
}

#[test]
fn broken_limits() {
    let layer = "$.features[0].geometry.layer";
    for (broken, place, says) in [
        (
            r#"{"lower": 120, "lowerReference": "AGL", "upper": ¶120, "upperReference": "AGL"}"#,
            ".upper",
            "not above",
        ),
        (
            r#"{"lower": 0, "lowerReference": "AGL", "upper": ¶0, "upperReference": "AGL"}"#,
            ".upper",
            "leaves nothing",
        ),
        (r#"{"upper": ¶-5, "upperReference": "AGL"}"#, ".upper", "leaves nothing"),
        (r#"{"upper": ¶120}"#, ".upper", "no `upperReference`"),
        (r#"{"upper": 120, "upperReference": ¶"FL"}"#, ".upperReference", "one of AGL, AMSL, WGS84"),
        (r#"{"upper": ¶"high", "upperReference": "AGL"}"#, ".upper", "must be a number"),
        (r#"{"upper": 120, "upperReference": "AGL", "uom": ¶"km"}"#, ".uom", "one of m, ft"),
        ("¶[]", "", "must be an object"),
    ] {
        assert_error(&with(LAYER, broken), &format!("{layer}{place}"), says);
    }
}

#[test]
fn broken_circles() {
    let geometry = |text: &str| {
        let start = GOOD.find("{\"type\": \"Polygon\"").unwrap();
        let end = GOOD.find(",\n   \"properties\"").unwrap();
        format!("{}{text}{}", &GOOD[..start], &GOOD[end..])
    };
    let circle = |extent: &str| {
        geometry(&format!(r#"{{"type": "Point", "coordinates": [114.0, 22.5], "extent": {extent}}}"#))
    };
    let path = "$.features[0].geometry";
    for (broken, place, says) in [
        (circle(r#"{"subType": "Circle", "radius": ¶0}"#), ".extent.radius", "over 0"),
        (circle(r#"{"subType": "Circle", "radius": ¶-5}"#), ".extent.radius", "over 0"),
        (circle(r#"{"subType": "Circle", "radius": ¶6e5}"#), ".extent.radius", "at most"),
        (circle(r#"{"subType": ¶"Ellipse", "radius": 50}"#), ".extent.subType", "Circle"),
        (geometry(r#"¶{"type": "Point", "coordinates": [114.0, 22.5]}"#), "", "no area"),
        (
            geometry(r#"{"type": ¶"LineString", "coordinates": [[114.0, 22.5], [114.1, 22.5]]}"#),
            ".type",
            "LineString",
        ),
        (
            geometry(
                r#"{"type": "Point", "coordinates": ¶[22.5, 114.0], "extent": {"subType": "Circle", "radius": 9}}"#,
            ),
            ".coordinates",
            "exchanged",
        ),
        (
            geometry(
                r#"¶{"type": "Point", "coordinates": [179.999, 0], "extent": {"subType": "Circle", "radius": 900}}"#,
            ),
            "",
            "180° meridian",
        ),
        (
            geometry(r#"{"type": "GeometryCollection", "geometries": ¶null}"#),
            ".geometries",
            "must be an array",
        ),
        (geometry(r#"¶{"type": "GeometryCollection", "geometries": []}"#), "", "empty"),
        (geometry("¶null"), "", "missing"),
    ] {
        assert_error(&broken, &format!("{path}{place}"), says);
    }
    let circle = zone(&circle(r#"{"subType": "Circle", "radius": 500}"#));
    assert!(circle.volumes[0].shape.contains(LatLng::new(22.5044, 114.0).unwrap()));
    assert!(!circle.volumes[0].shape.contains(LatLng::new(22.5046, 114.0).unwrap()));
}

#[test]
fn broken_members() {
    let properties = "$.features[0].properties";
    let applies =
        |periods: &str| with("\"reason\"", &format!("\"limitedApplicability\": {periods}, \"reason\""));
    for (broken, path, says) in [
        (with("\"PROHIBITED\"", "¶\"FORBIDDEN\""), format!("{properties}.type"), "one of PROHIBITED"),
        (with("\"Z1\"", "¶\"\""), format!("{properties}.identifier"), "1 to 64"),
        (with("{\"identifier\": \"Z1\", ", "¶{"), properties.to_owned(), "`identifier` is missing"),
        (
            with("\"type\": \"PROHIBITED\", ", "").replace("{\"identifier", "¶{\"identifier"),
            properties.to_owned(),
            "`type` is missing",
        ),
        (
            applies(r#"[{"startDateTime": ¶"2026-13-01T00:00:00Z"}]"#),
            format!("{properties}.limitedApplicability[0].startDateTime"),
            "no time",
        ),
        (
            applies(r#"[{"startDateTime": ¶"tomorrow at 8:00"}]"#),
            format!("{properties}.limitedApplicability[0].startDateTime"),
            "offset",
        ),
        (
            applies(r#"[{"startDateTime": "2026-12-01T00:00:00Z", "endDateTime": ¶"2026-12-01T00:00:00Z"}]"#),
            format!("{properties}.limitedApplicability[0].endDateTime"),
            "not after",
        ),
        (applies("[¶7]"), format!("{properties}.limitedApplicability[0]"), "must be an object"),
        (
            with("{\"type\": \"Feature\"", "{\"type\": ¶\"Zone\""),
            "$.features[0].type".to_owned(),
            "must be `Feature`",
        ),
        (with("\"FeatureCollection\"", "¶\"Feature\""), "$.type".to_owned(), "single Feature"),
        (
            with(
                "\"type\": \"FeatureCollection\"",
                "\"metadata\": {\"validFrom\": ¶{}}, \"type\": \"FeatureCollection\"",
            ),
            "$.metadata.validFrom".to_owned(),
            "must be a time",
        ),
        ("¶{\"type\": \"FeatureCollection\"}".to_owned(), "$".to_owned(), "no array `features`"),
        (
            "{\"formatVersion\": 1, \"UASZoneList\": [¶7]}".to_owned(),
            "$.UASZoneList[0]".to_owned(),
            "must be an object",
        ),
    ] {
        assert_error(&broken, &path, says);
    }
}

#[test]
fn broken_texts() {
    for (text, says) in [
        ("{\"type\": \"FeatureCollection\",\n \"features\": [¶}", "expected value"),
        ("{\"a\": ¶NaN}", "expected value"),
        ("{\"type\": \"FeatureCollection\", \"features\": [[1e99¶9]]}", "number out of range"),
        ("¶[]", "expected an object"),
        ("{\"type\": \"FeatureCollection\", \"features\": ¶null}", "expected an array of features"),
        ("{\"type\": \"FeatureCollection\", \"features\": []} ¶x", "trailing characters"),
        ("{\"features\": [{\"type\": 1,\n \"ty¶pe\": 2}]}", "`type` is there twice"),
    ] {
        let (text, line, column) = marked(text);
        let loaded = load_one(&text);
        let problem = loaded.problems.iter().find(|p| p.severity == ProblemSeverity::Error).unwrap();
        assert!(loaded.airspace.is_none());
        assert_eq!(problem.line, line, "{problem}");
        // The parser names the character at which it noticed: this one, or the last of the word before it.
        assert!(problem.column.abs_diff(column) <= 4, "{problem} {column}");
        assert!(problem.message.contains(says), "{problem}");
    }
    let deep = format!("{{\"type\": \"FeatureCollection\", \"features\": {}", "[".repeat(10_000));
    assert!(load_one(&deep).problems[0].message.contains("recursion limit"));
    let bytes = |text: &[u8]| load(&[Document { name: "z", text }]).problems[0].to_string();
    assert_eq!(&bytes(b"{\n \"a\xff\"}")[..15], "z:2:4: error: a");
    assert!(bytes(b"\xff\xfe{\x00}\x00").contains("UTF-16"));
}

#[test]
fn caps_hold_before_anything_slow() {
    let circle = |n: u32, wobble: f64| {
        let corner = |i: u32| {
            let angle = std::f64::consts::TAU * f64::from(i % n) / f64::from(n);
            let radius = if i.is_multiple_of(2) { 0.1 } else { 0.1 - wobble };
            format!("[{}, {}]", 114.0 + radius * angle.cos(), 22.5 + radius * angle.sin())
        };
        format!("[{}]", (0..=n).map(corner).collect::<Vec<_>>().join(", "))
    };
    assert!(load_one(&with(RING, &circle(9_998, 1e-6))).airspace.is_some());
    let many = load_one(&with(RING, &circle(10_001, 0.0)));
    assert!(many.problems[0].message.contains("10001 positions, found 10002"), "{}", many.problems[0]);
    // A crossing somewhere in a large ring is found.
    let ring = circle(5_000, 0.0);
    let mut corners: Vec<&str> = ring.trim_matches(['[', ']']).split("], [").collect();
    corners.swap(1_000, 1_001);
    let crossed = load_one(&with(RING, &format!("[[{}]]", corners.join("], ["))));
    assert_eq!(
        crossed.problems[0].path, "$.features[0].geometry.coordinates[0][999]",
        "{}",
        crossed.problems[0]
    );
    let features = "{},".repeat(200_000);
    let flood = load_one(&format!("{{\"type\": \"FeatureCollection\", \"features\": [{features}{{}}]}}"));
    assert!(flood.problems.iter().any(|problem| problem.message.contains("over 200000 features")));
    // Many problems are counted.
    let zones = (0..150)
        .map(|_| GOOD[GOOD.find("{\"type\": \"Feature\"").unwrap()..].trim_end_matches("]}"))
        .collect::<Vec<_>>();
    let copies =
        load_one(&format!("{{\"type\": \"FeatureCollection\", \"features\": [{}]}}", zones.join(",")));
    assert_eq!(copies.problems.len(), 101);
    assert_eq!(copies.problems[100].message, "and 49 more errors");
}

#[test]
fn truncated_anywhere_it_is_refused_and_nothing_panics() {
    for end in 0..GOOD.len() {
        let loaded = load(&[Document { name: "z", text: &GOOD.as_bytes()[..end] }]);
        assert!(loaded.airspace.is_none(), "{end}");
        assert!(!loaded.problems.is_empty());
    }
}

proptest! {
    /// One byte of a good document replaced: never a panic, and every problem lies in the text.
    #[test]
    fn one_byte_changed_never_panics(at in 0..GOOD.len(), byte in any::<u8>()) {
        let mut text = GOOD.as_bytes().to_vec();
        text[at] = byte;
        let loaded = load(&[Document { name: "z", text: &text }]);
        let lines = text.split(|b| *b == b'\n').count();
        prop_assert!(loaded.problems.iter().all(|p| 1 <= p.line && p.line <= lines && 1 <= p.column));
    }
}
