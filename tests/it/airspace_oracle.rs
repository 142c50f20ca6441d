//! Zones against reference data of others: GEOS and PROJ verdicts, official ED-318 examples, published deviations.

use std::path::{Path, PathBuf};

use lowsky::airspace::{Document, Loaded, ProblemSeverity, load};
use lowsky::domain::LatLng;
use lowsky::geodesy::offset_m;

/// The folder of reference data, which is not part of the project; `None`, and a word about it, where it is absent.
fn oracle(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/oracle").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: no {}", path.display());
    None
}

fn load_file(path: &Path) -> Loaded {
    let text = std::fs::read(path).unwrap();
    load(&[Document { name: &path.file_name().unwrap().to_string_lossy(), text: &text }])
}

fn told(loaded: &Loaded) -> String {
    loaded.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn containment_agrees_with_geos_and_proj() {
    let Some(folder) = oracle("containment") else { return };
    let loaded = load_file(&folder.join("zones/zones.json"));
    // Two of its polygons repeat a position.
    let only_repeats =
        loaded.problems.iter().all(|problem| problem.message.contains("same as the one before"));
    assert!(only_repeats, "{}", told(&loaded));
    let airspace = loaded.airspace.unwrap();
    let points = std::fs::read_to_string(folder.join("points.csv")).unwrap();
    let (mut judged, mut wrong) = (0, Vec::new());
    for line in points.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [zone, lat, lng, inside, distance] = fields.as_slice() else { panic!("{line}") };
        let point = LatLng::new(lat.parse().unwrap(), lng.parse().unwrap()).unwrap();
        let zone = airspace.zone_by_id(zone).unwrap();
        let shape = &zone.volumes[0].shape;
        let mut good = shape.contains(point) == (*inside == "1");
        if let Ok(distance) = distance.parse::<f64>()
            && distance < 2000.0
        {
            let (ours, slack) = (shape.boundary_distance_m(point, 1e6), (0.005 * distance).max(1.0));
            // Of polygons the reference gives the distance to the nearest of 24 points on each edge.
            match nearest_of_24(&zone.feature(), point) {
                None => good &= (ours - distance).abs() <= slack,
                Some((sampled, half_step)) => {
                    good &= (sampled - distance).abs() <= 0.1;
                    good &= ours <= distance + slack && distance <= ours.hypot(half_step) + slack;
                }
            }
        }
        judged += 1;
        if !good {
            wrong.push(line);
        }
    }
    assert_eq!((judged, wrong), (440, vec![]));
}

/// Metres to the nearest of 24 evenly spaced points of each edge, and half of the longest step between such points;
/// `None` for a circle.
fn nearest_of_24(feature: &serde_json::Value, point: LatLng) -> Option<(f64, f64)> {
    let metres = |a: LatLng, b: LatLng| {
        let [east, north] = offset_m(a, b);
        east.hypot(north)
    };
    let rings: Vec<Vec<[f64; 2]>> =
        serde_json::from_value(feature["geometry"]["coordinates"].clone()).ok()?;
    let (mut nearest, mut longest) = (f64::INFINITY, 0.0_f64);
    for pair in rings.iter().flat_map(|ring| ring.windows(2)) {
        let at = |part: i32| {
            let t = f64::from(part) / 23.0;
            let between = |i: usize| pair[0][i] + t * (pair[1][i] - pair[0][i]);
            LatLng::new(between(1), between(0)).unwrap()
        };
        longest = longest.max(metres(at(0), at(23)));
        nearest = (0..=23).map(|part| metres(point, at(part))).fold(nearest, f64::min);
    }
    Some((nearest, longest / 46.0))
}

#[test]
fn official_examples_are_read_as_their_schema_says() {
    let Some(folder) = oracle("zones/ed318-official") else { return };
    let text = std::fs::read_to_string(folder.join("schema_verdicts.json")).unwrap();
    let verdicts: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut seen = 0;
    for (name, verdict) in verdicts.as_object().unwrap() {
        let Some(name) = name.strip_prefix("UASGeoZones/") else { continue };
        let loaded = load_file(&folder.join("examples").join(name));
        assert_eq!(
            loaded.airspace.is_some(),
            verdict["valid"].as_bool().unwrap(),
            "{name}\n{}",
            told(&loaded)
        );
        seen += 1;
    }
    assert_eq!(seen, 9);
    let layers = load_file(&folder.join("examples/Example_GeoZone_2_Layers.json")).airspace.unwrap();
    let uppers: Vec<_> =
        layers.zones()[0].volumes.iter().map(|v| v.upper.map(|limit| limit.metres)).collect();
    assert_eq!(uppers, [Some(150.0), Some(50.0)]);
    let bad = load_file(&folder.join("examples/InvalidExample_GeoZone_2_Layers.json"));
    assert!(bad.problems.iter().any(|p| p.path == "$.metadata.validFrom" && p.line == 5), "{}", told(&bad));
}

#[test]
fn deviations_of_published_files_are_warned_about() {
    let Some(folder) = oracle("zones") else { return };
    let expected = [
        ("quirks/q00_clean.json", true, vec![]),
        ("quirks/q02_identifier_longer_than_7.json", true, vec!["$.features[0].properties.identifier"]),
        (
            "quirks/q04_malformed_datetime_extra_colon.json",
            true,
            vec!["$.features[0].properties.limitedApplicability[0].startDateTime"],
        ),
        (
            "quirks/q06_strings_for_arrays_nulls_datasetMetadata_multipolygon.json",
            true,
            vec![
                "$.features[0].properties.name",
                "$.features[0].properties.reason",
                "$.features[0].properties.message",
                "$.features[0].properties.regulationExemption",
                "$.features[0].properties.region",
            ],
        ),
        ("quirks/q08_circle_as_point_extent.json", true, vec![]),
        ("quirks/q10_polygon_with_hole.json", true, vec![]),
        ("quirks/q20_ed269_UASZoneList_string_limit_dailyPeriod_nulls.json", false, vec!["$.UASZoneList"]),
        ("interuss-geozones/cis_source_sample_ed318.json", true, vec![]),
        ("interuss-geozones/cis_source_sample_ed269.json", false, vec!["$.UASZoneList"]),
        ("interuss-geozones/geo-awareness-che-1.json", false, vec!["$.features"]),
    ];
    for (name, accepted, paths) in expected {
        let loaded = load_file(&folder.join(name));
        assert_eq!(loaded.airspace.is_some(), accepted, "{name}\n{}", told(&loaded));
        assert_eq!(loaded.problems.iter().map(|p| p.path.as_str()).collect::<Vec<_>>(), paths, "{name}");
        let severity = if accepted { ProblemSeverity::Warning } else { ProblemSeverity::Error };
        assert!(loaded.problems.iter().all(|p| p.severity == severity), "{name}\n{}", told(&loaded));
    }
}
