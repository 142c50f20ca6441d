//! Broken and hostile documents: each is answered in bounded time, with a place, and leaves nothing in force.

use super::*;

fn ring(text: &str) -> String {
    with(RING, text)
}

fn period(text: &str) -> String {
    with("\"reason\"", &format!("\"limitedApplicability\": {text}, \"reason\""))
}

fn corners(count: u32) -> String {
    let corner =
        |i: u32| format!("[{:.7},{:.7}]", 114.0 + f64::from(i) * 1e-7, 22.5 + f64::from(i % 2) * 1e-3);
    (0..count).map(corner).collect::<Vec<_>>().join(",")
}

/// A name and a document that must be refused.
#[expect(clippy::too_many_lines, reason = "a list")]
fn documents() -> Vec<(&'static str, Vec<u8>)> {
    let text: Vec<(&str, String)> = vec![
        ("empty", String::new()),
        ("blank", " \n\t ".into()),
        ("a word", "zones".into()),
        ("a number", "7".into()),
        ("null", "null".into()),
        ("an array", "[]".into()),
        ("a string", "\"FeatureCollection\"".into()),
        ("half an object", "{".into()),
        ("no features", "{\"type\": \"FeatureCollection\"}".into()),
        ("features null", "{\"type\": \"FeatureCollection\", \"features\": null}".into()),
        ("features an object", "{\"type\": \"FeatureCollection\", \"features\": {}}".into()),
        ("features numbers", "{\"type\": \"FeatureCollection\", \"features\": [1, 2]}".into()),
        ("features twice", format!("{}, \"features\": []}}", GOOD.trim_end_matches('}'))),
        ("type twice", GOOD.replacen('{', "{\"type\": \"FeatureCollection\", ", 1)),
        (
            "identifier twice in one zone",
            with("{\"identifier\": \"Z1\"", "{\"identifier\": \"Z1\", \"identifier\": \"Z2\""),
        ),
        ("another type", with("FeatureCollection", "Topology")),
        ("trailing text", format!("{GOOD}]")),
        ("two documents", format!("{GOOD}{GOOD}")),
        ("trailing comma", GOOD.replace("]}}]}", "]},}]}")),
        ("comments", format!("// zones\n{GOOD}")),
        ("single quotes", GOOD.replace('"', "'")),
        ("NaN", ring("[[NaN, 22.5], [114.1, 22.5], [114.1, 22.6], [114.0, 22.5]]")),
        ("Infinity", with("\"upper\": 120", "\"upper\": Infinity")),
        ("-Infinity", with("\"lower\": 0", "\"lower\": -Infinity")),
        ("1e999", ring("[[1e999, 22.5], [114.1, 22.5], [114.1, 22.6], [114.0, 22.5]]")),
        ("1e999 for a limit", with("\"upper\": 120", "\"upper\": 1e999")),
        ("quoted NaN", with("\"upper\": 120", "\"upper\": \"NaN\"")),
        ("quoted infinity", with("\"upper\": 120", "\"upper\": \"inf\"")),
        ("1e308 degrees", ring("[[1e308, 22.5], [114.1, 22.5], [114.1, 22.6], [1e308, 22.5]]")),
        ("hexadecimal", with("\"upper\": 120", "\"upper\": 0x78")),
        ("bow-tie", ring("[[114.0, 22.5], [114.1, 22.6], [114.1, 22.5], [114.0, 22.6], [114.0, 22.5]]")),
        (
            "spike",
            ring(
                "[[114.0, 22.5], [114.1, 22.5], [114.3, 22.5], [114.1, 22.5], [114.1, 22.6], [114.0, 22.5]]",
            ),
        ),
        ("no area", ring("[[114.0, 22.5], [114.1, 22.5], [114.2, 22.5], [114.0, 22.5]]")),
        ("one point four times", ring("[[114.0, 22.5], [114.0, 22.5], [114.0, 22.5], [114.0, 22.5]]")),
        ("not closed", ring("[[114.0, 22.5], [114.1, 22.5], [114.1, 22.6], [114.0, 22.6]]")),
        ("three corners", ring("[[114.0, 22.5], [114.1, 22.5], [114.0, 22.5]]")),
        ("empty ring", ring("[]")),
        ("ring of empty positions", ring("[[], [], [], []]")),
        ("ring of strings", ring("[\"114,22\", \"114,23\", \"115,23\", \"114,22\"]")),
        (
            "hole outside",
            ring(&format!("{RING}, [[115.0, 22.5], [115.1, 22.5], [115.1, 22.6], [115.0, 22.5]]")),
        ),
        (
            "hole across",
            ring(&format!("{RING}, [[114.05, 22.55], [114.2, 22.55], [114.05, 22.58], [114.05, 22.55]]")),
        ),
        ("hole is the shell", ring(&format!("{RING}, {RING}"))),
        (
            "hole in a hole",
            ring(&format!(
                "{RING}, [[114.02, 22.52], [114.08, 22.52], [114.08, 22.58], [114.02, 22.52]], [[114.06, 22.53], [114.07, 22.53], [114.07, 22.54], [114.06, 22.53]]"
            )),
        ),
        ("exchanged", ring("[[22.5, 114.0], [22.5, 114.1], [22.6, 114.1], [22.5, 114.0]]")),
        ("off the Earth", ring("[[114.0, 92.5], [114.1, 92.5], [114.1, 92.6], [114.0, 92.5]]")),
        ("over a pole", ring("[[0.0, 89.0], [90.0, 89.0], [90.0, 90.0], [0.0, 89.0]]")),
        ("over the 180th meridian", ring("[[179.0, 1.0], [-179.0, 1.0], [-179.0, 2.0], [179.0, 1.0]]")),
        ("no polygon", geometry("{\"type\": \"Polygon\", \"coordinates\": []}")),
        ("multi of none", geometry("{\"type\": \"MultiPolygon\", \"coordinates\": []}")),
        ("a line", geometry("{\"type\": \"LineString\", \"coordinates\": [[114.0, 22.5], [114.1, 22.5]]}")),
        (
            "collection of itself",
            geometry(&format!(
                "{}1{}",
                "{\"type\": \"GeometryCollection\", \"geometries\": [".repeat(60),
                "]}".repeat(60)
            )),
        ),
        (
            "circle of no radius",
            geometry(
                "{\"type\": \"Point\", \"coordinates\": [114.0, 22.5], \"extent\": {\"subType\": \"Circle\"}}",
            ),
        ),
        (
            "circle of 1e300 m",
            geometry(
                "{\"type\": \"Point\", \"coordinates\": [114.0, 22.5], \"extent\": {\"subType\": \"Circle\", \"radius\": 1e300}}",
            ),
        ),
        ("upper under lower", with("\"lower\": 0", "\"lower\": 500")),
        (
            "period before itself",
            period(
                "[{\"startDateTime\": \"2026-12-02T00:00:00Z\", \"endDateTime\": \"2026-12-01T00:00:00Z\"}]",
            ),
        ),
        ("a day that is none", period("[{\"schedule\": [{\"day\": [\"SOMEDAY\"]}]}]")),
        (
            "a time that is none",
            period("[{\"schedule\": [{\"day\": [\"ANY\"], \"startTime\": \"99:99Z\"}]}]"),
        ),
        (
            "a sunrise that is none",
            period("[{\"schedule\": [{\"day\": [\"ANY\"], \"startEvent\": \"NOON\"}]}]"),
        ),
        ("1001 periods", period(&format!("[{}{{}}]", "{},".repeat(1000)))),
        (
            "1001 daily hours",
            period(&format!(
                "[{{\"schedule\": [{}{{\"day\": [\"ANY\"]}}]}}]",
                "{\"day\": [\"ANY\"]},".repeat(1000)
            )),
        ),
        (
            "10,000 deep",
            format!("{{\"type\": \"FeatureCollection\", \"features\": [{}]}}", "[".repeat(10_000)),
        ),
        (
            "10,000 deep beside",
            format!("{{\"x\": {}1{}, {}", "[".repeat(10_000), "]".repeat(10_000), &GOOD[1..]),
        ),
        (
            "10,000 deep in a zone",
            with(
                "\"reason\": ",
                &format!("\"x\": {}{}, \"reason\": ", "[".repeat(10_000), "]".repeat(10_000)),
            ),
        ),
        ("a million corners", ring(&format!("[{}]", corners(1_000_000)))),
        ("an identifier of a megabyte", with("\"Z1\"", &format!("\"{}\"", "Z".repeat(1 << 20)))),
        ("a control character", with("\"Z1\"", "\"Z\\u00001\"")),
        ("a lone surrogate", with("\"Z1\"", "\"\\ud800\"")),
        ("a map that is none", GOOD.replacen('{', "{\"crs\": \"MARS\", ", 1)),
    ];
    let mut all: Vec<(&str, Vec<u8>)> =
        text.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    all.push((
        "a byte that is no UTF-8",
        GOOD.as_bytes().iter().map(|b| if *b == b'H' { 0xff } else { *b }).collect(),
    ));
    all.push(("UTF-16", b"\xff\xfe{\0}\0".to_vec()));
    all.push(("noughts", vec![0; 4096]));
    all.push((
        "noise",
        (0..8192_u32).map(|i| u8::try_from(i.wrapping_mul(2_654_435_761) >> 24).unwrap()).collect(),
    ));
    all
}

#[test]
fn every_one_is_refused_with_a_place() {
    let documents = documents();
    assert!(documents.len() >= 60, "{}", documents.len());
    for (name, text) in &documents {
        let loaded = load(&[Document { name: "z.json", text: GOOD.as_bytes() }, Document { name, text }]);
        assert!(loaded.airspace.is_none(), "{name}");
        let lines = text.split(|byte| *byte == b'\n').count();
        let errors: Vec<_> =
            loaded.problems.iter().filter(|p| p.severity == ProblemSeverity::Error).collect();
        assert!(!errors.is_empty() && errors.len() <= 101, "{name}");
        for problem in errors {
            assert_eq!(problem.file, *name, "{problem}");
            assert!((1..=lines).contains(&problem.line) && 1 <= problem.column, "{name}: {problem}");
            assert!(problem.path.starts_with('$'), "{problem}");
            assert!(problem.message.len() < 1000 && !problem.message_zh.is_ascii(), "{problem:?}");
        }
    }
}

/// Good zones without end are read; without limit they are refused.
#[test]
fn a_hundred_thousand_zones() {
    let feature = &GOOD[GOOD.find("{\"type\": \"Feature\",").unwrap()..GOOD.rfind("]}").unwrap()];
    let many = |count: u32| {
        let one = |i: u32| feature.replace("\"Z1\"", &format!("\"{i}\""));
        format!(
            "{{\"type\": \"FeatureCollection\", \"features\": [{}]}}",
            (0..count).map(one).collect::<Vec<_>>().join(",")
        )
    };
    let loaded = load_one(&many(100_000));
    assert_eq!(loaded.airspace.map(|airspace| airspace.zones().len()), Some(100_000));
}

/// A document of ED-269 cut anywhere: refused, with a place in what is left.
#[test]
fn truncated_at_every_byte() {
    let text = r#"{"UASZoneList": [{"identifier": "E1", "restriction": "PROHIBITED", "applicability": [{"permanent": "NO",
      "startDateTime": "2026-06-15T09:00:00Z", "schedule": [{"day": ["SAT"], "startEvent": "SR", "endTime": "23:00Z"}]}],
      "geometry": [{"lowerLimit": 0, "horizontalProjection": {"type": "Circle", "center": [8.5, 47.3], "radius": 5}}]}]}"#;
    for end in 0..text.len() {
        let loaded = load_one(&text[..end]);
        assert!(loaded.airspace.is_none(), "{end}");
        let lines = text[..end].split('\n').count();
        assert!(
            loaded.problems.iter().any(|p| p.severity == ProblemSeverity::Error && p.line <= lines),
            "{end}"
        );
    }
    assert!(load_one(text).airspace.is_some());
}
