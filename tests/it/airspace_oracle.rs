//! Zones against reference data of others: GEOS and PROJ verdicts, official ED-318 examples, published deviations.

use std::path::{Path, PathBuf};

use lowsky::airspace::{
    Document, Envelope, Loaded, ProblemSeverity, Reading, Strictness, Zone, load, load_as,
};
use lowsky::domain::LatLng;
use lowsky::geodesy::offset_m;

use crate::means::unjudged;

/// The folder of reference data, which is not part of the project; `None`, and a word about it, where it is absent.
fn oracle(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/oracle").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    unjudged(&format!("SKIPPED: no {}", path.display()));
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
#[expect(clippy::too_many_lines, reason = "a table of files and places")]
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
                "$.datasetMetadata",
            ],
        ),
        ("quirks/q08_circle_as_point_extent.json", true, vec![]),
        ("quirks/q10_polygon_with_hole.json", true, vec![]),
        (
            "quirks/q20_ed269_UASZoneList_string_limit_dailyPeriod_nulls.json",
            true,
            vec![
                "$.UASZoneList[0].applicability[0].startDateTime",
                "$.UASZoneList[0].applicability[0].endDateTime",
                "$.UASZoneList[0].applicability[0].dailyPeriod",
                "$.UASZoneList[0].applicability[0].dailyPeriod[0].day",
                "$.UASZoneList[0].applicability[0].dailyPeriod[0].startTime",
                "$.UASZoneList[0].applicability[0].dailyPeriod[0].endTime",
                "$.UASZoneList[0].zoneAuthority[0]",
                "$.UASZoneList[0].geometry[0].lowerLimit",
            ],
        ),
        (
            "interuss-geozones/cis_source_sample_ed318.json",
            true,
            vec![
                "$.features[0].geometry.layer.upper",
                "$.features[1].geometry.layer.upper",
                "$.features[2].geometry.layer.upper",
            ],
        ),
        (
            "interuss-geozones/cis_source_sample_ed269.json",
            true,
            vec![
                "$.UASZoneList[0].applicability[0].startDateTime",
                "$.UASZoneList[0].applicability[0].endDateTime",
                "$.UASZoneList[0].applicability[0].dailyPeriod",
                "$.UASZoneList[0].applicability[0].dailyPeriod[0].day",
                "$.UASZoneList[0].applicability[0].dailyPeriod[0].startTime",
                "$.UASZoneList[0].applicability[0].dailyPeriod[0].endTime",
                "$.UASZoneList[0].zoneAuthority[0].contactName",
                "$.UASZoneList[0].geometry[0].lowerLimit",
            ],
        ),
        (
            "interuss-geozones/geo-awareness-che-1.json",
            true,
            vec![
                "$.features[0].identifier",
                "$.features[1].identifier",
                "$.features[2].identifier",
                "$.features[2].otherReasonInfo",
                "$.features[2].geometry[1].horizontalProjection.coordinates[0][1]",
                "$.features[2].geometry[2].horizontalProjection.coordinates[0][1]",
                "$.features[3].identifier",
                "$.features[4].identifier",
                "$.features[5].identifier",
                "$.features[5].identifier",
                "$.features[5].uSpaceClass",
            ],
        ),
    ];
    let mut differ = Vec::new();
    for (name, accepted, paths) in expected {
        let loaded = load_file(&folder.join(name));
        assert_eq!(loaded.airspace.is_some(), accepted, "{name}\n{}", told(&loaded));
        let found: Vec<_> = loaded.problems.iter().map(|p| p.path.as_str()).collect();
        if found != paths {
            differ.push(format!("{name}: {found:#?}\n{}", told(&loaded)));
        }
        let severity = if accepted { ProblemSeverity::Warning } else { ProblemSeverity::Error };
        assert!(loaded.problems.iter().all(|p| p.severity == severity), "{name}\n{}", told(&loaded));
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn strict_reading_takes_what_the_schema_takes_and_refuses_deviations() {
    let Some(folder) = oracle("zones") else { return };
    let strict = Reading { strictness: Strictness::Strict, ..Reading::default() };
    let names = |sub: &str| -> Vec<PathBuf> {
        let mut names: Vec<_> =
            std::fs::read_dir(folder.join(sub)).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.retain(|path| path.extension().is_some_and(|is| is == "json"));
        names.sort();
        names
    };
    let text = std::fs::read_to_string(folder.join("ed318-official/schema_verdicts.json")).unwrap();
    let verdicts: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut seen = 0;
    for path in [names("ed318-official/examples"), names("quirks")].concat() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let said =
            verdicts.get(format!("UASGeoZones/{name}")).or_else(|| verdicts.get(format!("quirks/{name}")));
        // Without format checks the schema takes any text for a time; and it knows nothing of ED-269.
        let wanted = said.is_some_and(|said| said["valid"] == true) && !name.starts_with("q04_");
        let text = std::fs::read(&path).unwrap();
        let loaded = load_as(&[Document { name: &name, text: &text }], strict);
        assert_eq!(loaded.airspace.is_some(), wanted, "{name}\n{}", told(&loaded));
        seen += 1;
    }
    assert!(seen >= 16, "{seen}");
}

/// Every document that is read is written back with the same content, and reads the same again.
#[test]
fn published_documents_are_written_back_unchanged() {
    let Some(folder) = oracle("zones") else { return };
    let mut seen = 0;
    for sub in ["ed318-official/examples", "quirks", "interuss-geozones"] {
        for entry in std::fs::read_dir(folder.join(sub)).unwrap() {
            let path = entry.unwrap().path();
            let loaded = load_file(&path);
            let Some(airspace) = loaded.airspace else { continue };
            let before: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let list = loaded.envelopes[0].form.list();
            // The set is in order of identifiers, a document in that of its author.
            let mut zones: Vec<_> = airspace.zones().iter().collect();
            let place = |feature: serde_json::Value| {
                before[list].as_array().unwrap().iter().position(|f| *f == feature)
            };
            zones.sort_by_key(|zone| place(zone.feature()).unwrap());
            let written = loaded.envelopes[0].write(zones.iter().map(|zone| zone.feature_json()));
            let after: serde_json::Value = serde_json::from_str(&written).unwrap();
            assert_eq!(before, after, "{}", path.display());
            let name = path.file_name().unwrap().to_string_lossy();
            let again = load(&[Document { name: &name, text: written.as_bytes() }]).airspace.unwrap();
            assert_eq!(again.version(), airspace.version());
            // As ED-318 on WGS 84 it protects the same.
            let features: Vec<_> = airspace.zones().iter().map(|zone| zone.geojson().to_string()).collect();
            let converted = Envelope::ed318("converted").write(features.iter().map(String::as_str));
            let converted = load(&[Document { name: "converted", text: converted.as_bytes() }]);
            let Some(converted) = converted.airspace else {
                // ED-269 allows one identifier twice.
                assert!(path.ends_with("geo-awareness-che-1.json"), "{converted:?}");
                continue;
            };
            for (a, b) in airspace.zones().iter().zip(converted.zones()) {
                let limits = |zone: &Zone| -> Vec<_> {
                    zone.volumes.iter().map(|v| (v.lower, v.upper, v.bounds)).collect()
                };
                assert_eq!((limits(a), &a.schedule, a.restriction), (limits(b), &b.schedule, b.restriction));
            }
            seen += 1;
        }
    }
    assert!(seen >= 10, "{seen}");
}
