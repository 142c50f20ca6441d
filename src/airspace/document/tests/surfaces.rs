//! Obstacle limitation surfaces against their closed form.

use proptest::prelude::*;

use super::*;
use crate::airspace::Shape;
use crate::domain::{LatLng, VerticalReference};

const ELEVATION_M: f64 = 4.0;
/// Step of the approximation, metres.
const STEP_M: f64 = 10.0;

fn runway(surfaces: &str) -> String {
    geometry(&format!(
        "{{\"type\": \"LineString\", \"coordinates\": [[113.803001, 22.653], [113.818001, 22.625601]], \"extent\": \
         {{\"subType\": \"ObstacleLimitationSurfaces\", \"code\": 4, \"elevation\": {ELEVATION_M}{surfaces}}}}}"
    ))
}

fn ends() -> [LatLng; 2] {
    [LatLng::new(22.653, 113.803_001).unwrap(), LatLng::new(22.625_601, 113.818_001).unwrap()]
}

/// The point so many metres along the runway's axis, and to its left.
fn point(along_m: f64, left_m: f64) -> (LatLng, f64) {
    let [east, north] = crate::geodesy::offset_m(ends()[0], ends()[1]);
    let length_m = east.hypot(north);
    let (east, north) = (east / length_m, north / length_m);
    let (from, along) =
        if along_m * 2.0 > length_m { (ends()[1], along_m - length_m) } else { (ends()[0], along_m) };
    let offset = [east * along - north * left_m, north * along + east * left_m];
    (Shape::destination(from, offset).unwrap(), length_m)
}

/// The lowest surface over a point, metres above the aerodrome; `None` where there is none. By the tables of Annex 14.
fn closed_form(along_m: f64, left_m: f64, length_m: f64) -> Option<f64> {
    let aside = left_m.abs();
    let out = if along_m < 0.0 { -along_m } else { along_m - length_m };
    let beyond_strip = (out - 60.0).max(0.0);
    let approach_height = |d: f64| match d {
        d if d <= 3000.0 => 0.02 * d,
        d if d <= 6600.0 => 60.0 + 0.025 * (d - 3000.0),
        _ => 150.0,
    };
    let mut heights = Vec::new();
    let from_axis = beyond_strip.hypot(aside);
    if from_axis <= 4000.0 {
        heights.push(45.0);
    } else if from_axis <= 6000.0 {
        heights.push(45.0 + 0.05 * (from_axis - 4000.0));
    }
    if out >= 60.0 {
        let d = out - 60.0;
        let edge = 140.0 + 0.15 * d;
        if d <= 15_000.0 && aside <= edge {
            heights.push(approach_height(d));
        }
        // Beside the approach, as far as it is under the inner horizontal surface.
        let transitional = approach_height(d) + (aside - edge) / 7.0;
        if aside > edge && transitional <= 45.0 {
            heights.push(transitional);
        }
    } else {
        let transitional = ((aside - 140.0) / 7.0).max(0.0);
        if transitional <= 45.0 {
            heights.push(transitional);
        }
    }
    heights.into_iter().reduce(f64::min)
}

fn lowest(zone: &Zone, at: LatLng) -> Option<f64> {
    let holding = zone.volumes.iter().filter(|volume| volume.shape.contains(at));
    holding.map(|volume| volume.lower.unwrap().metres - ELEVATION_M).reduce(f64::min)
}

#[test]
fn on_the_centreline_as_the_tables_say() {
    let zone = zone(&runway(""));
    for (out, height) in [(60.5, 0.0), (1560.0, 30.0), (3061.0, 60.0), (6661.0, 150.0), (15_000.0, 150.0)] {
        let found = lowest(&zone, point(-out, 0.0).0).unwrap().min(150.0);
        // Farther out the take-off climb surface of 2 % is lower than the approach.
        let climb = 0.02 * (out - 60.0);
        let wanted: f64 = if out < 4060.0 { f64::min(height, 45.0) } else { f64::min(height, climb) };
        assert!(found <= wanted + 1e-6 && wanted - STEP_M <= found, "{out}: {found} {wanted}");
    }
    assert_eq!(lowest(&zone, point(-15_100.0, 0.0).0), None);
    assert!(zone.volumes.iter().all(|volume| volume.lower.unwrap().reference == VerticalReference::Amsl));
    assert_eq!(zone.volumes.len(), 1 + 10 + 2 * (6 + 9 + 1) + 5 + 2 * 31);
}

proptest! {
    /// Never over the surface, and under it by less than a step; nothing is left unprotected.
    #[test]
    fn surfaces_in_closed_form(along in -16_000.0..19_500.0_f64, left in -7_000.0..7_000.0_f64, near in any::<bool>()) {
        let zone = zone(&runway(", \"surfaces\": [\"INNER_HORIZONTAL\", \"CONICAL\", \"APPROACH\", \"TRANSITIONAL\"]"));
        let left = if near { left / 12.0 } else { left };
        let (at, length_m) = point(along, left);
        let found = lowest(&zone, at);
        if let Some(height) = closed_form(along, left, length_m) {
            let found = found.unwrap_or(f64::INFINITY);
            // Straight edges in degrees are up to a metre off over 15 km.
            let around = [[0.0, 0.0], [2.0, 0.0], [-2.0, 0.0], [0.0, 2.0], [0.0, -2.0]];
            let around = around.map(|[x, y]| closed_form(along + x, left + y, length_m));
            let highest = around.iter().flatten().copied().fold(height, f64::max);
            let least = around.iter().flatten().copied().fold(height, f64::min);
            prop_assert!(found <= highest + 1e-6 || around.contains(&None), "{found} over {height}");
            prop_assert!(least - STEP_M - 1e-6 <= found, "{found} far under {height}");
        } else {
            // Arcs are drawn a little outside.
            let near_edge = [[3.0, 0.0], [-3.0, 0.0], [0.0, 3.0], [0.0, -3.0]]
                .iter().any(|[x, y]| closed_form(along + x, left + y, length_m).is_some());
            prop_assert!(found.is_none() || near_edge, "{found:?}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_runway() {
    for (old, new, says) in [
        ("\"code\": 4", "\"code\": 5", "code number"),
        ("\"elevation\": 4", "\"elevation\": 40000", "elevation"),
        ("[113.818001, 22.625601]]", "[113.8031, 22.653]]", "from each other"),
        ("[113.818001, 22.625601]]", "[113.818001, 22.625601], [113.9, 22.6]]", "two thresholds"),
        ("\"code\": 4", "\"code\": 4, \"surfaces\": [\"ROOF\"]", "one of INNER_HORIZONTAL"),
    ] {
        let text = runway("");
        assert!(text.contains(old), "{old} {text}");
        let loaded = load_one(&text.replacen(old, new, 1));
        assert!(loaded.airspace.is_none(), "{new}");
        assert!(
            loaded.problems.iter().any(|problem| problem.message.contains(says)),
            "{new} {:?}",
            loaded.problems
        );
    }
    // Code 1 is smaller.
    let small = zone(&runway("").replacen("\"code\": 4", "\"code\": 1", 1));
    assert!(small.bounds.east_deg - small.bounds.west_deg < zone(&runway("")).bounds.east_deg - 113.6);
}

/// The inner approach, the balked landing and the outer horizontal surface, each by itself and by its table.
#[test]
fn the_surfaces_that_are_only_used_where_they_are_named() {
    let named = |name: &str| zone(&runway(&format!(", \"surfaces\": [\"{name}\"]")));
    let lowest = |zone: &Zone, along_m: f64, left_m: f64| {
        let (at, _) = point(along_m, left_m);
        let over = zone.volumes.iter().filter(|volume| volume.shape.contains(at));
        over.filter_map(|volume| Some(volume.lower?.metres - ELEVATION_M)).reduce(f64::min)
    };
    let (_, length_m) = point(0.0, 0.0);
    let near = |found: Option<f64>, wanted: f64| {
        found.is_some_and(|found| found <= wanted + 0.01 && wanted - STEP_M <= found)
    };
    let inner = named("INNER_APPROACH");
    for out in [1.0, 300.0, 899.0] {
        for along in [-60.0 - out, length_m + 60.0 + out] {
            assert!(near(lowest(&inner, along, 59.0), 0.02 * out), "{out}");
            assert_eq!(lowest(&inner, along, 61.0), None);
        }
    }
    assert_eq!([lowest(&inner, -961.0, 0.0), lowest(&inner, 100.0, 0.0)], [None; 2]);
    let balked = named("BALKED_LANDING");
    for out in [1.0, 500.0, 1_350.0] {
        for along in [1_800.0 + out, length_m - 1_800.0 - out] {
            // Where those of both directions lie over one another, the lower one counts.
            let other = (length_m - along - 1_800.0).max(along - 1_800.0).min(out);
            assert!(near(lowest(&balked, along, 0.0), 0.0333 * other), "{out} {along}");
            assert!(lowest(&balked, along, 59.0 + 0.1 * out).is_some());
            assert_eq!(lowest(&balked, along, 61.0 + 0.1 * out), None, "{out} {along}");
        }
    }
    let outer = named("OUTER_HORIZONTAL");
    assert_eq!(lowest(&outer, length_m / 2.0, 14_990.0), Some(150.0));
    assert_eq!(lowest(&outer, length_m / 2.0, 15_010.0), None);
    let usual = zone(&runway(""));
    assert_eq!(lowest(&usual, length_m / 2.0, 14_000.0), None, "not unless it is named");
    let code_2 = runway(", \"surfaces\": [\"BALKED_LANDING\"]").replace("\"code\": 4", "\"code\": 2");
    assert!(load_one(&code_2).problems[0].message.contains("3 and 4 only"));
}
