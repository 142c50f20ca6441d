//! The shifted coordinates of Chinese web maps: GCJ-02 (国测局) and BD-09 (百度), both ways.
//!
//! Inside the program everything is WGS 84. These shifts are for drawing on a shifted base map and for
//! recognising a feed that was shifted by mistake; around the Pearl River they move a point by 550 to 640 m
//! and by 1170 to 1310 m.

use std::f64::consts::PI;

use crate::domain::LatLng;

/// Semi-major axis of the Krasovsky 1940 ellipsoid, metres.
const A_M: f64 = 6_378_245.0;
/// Its first eccentricity squared, as every implementation has it.
const E2: f64 = 0.006_693_421_622_965_943;
/// The angle that BD-09 adds to GCJ-02 with: π · 3000 / 180.
const BD_ANGLE: f64 = PI * 3000.0 / 180.0;
/// Most rounds of the inverse; four or five are enough except at the edge of the shifted area.
const ROUNDS_MAX: usize = 30;
/// The inverse is good when its image is this near: 10⁻¹⁰ degrees are 0.01 mm.
const NEAR_DEG: f64 = 1e-10;

/// Where a WGS 84 point is drawn on a GCJ-02 map. Outside the rectangle around China nothing is shifted.
pub fn gcj02_from_wgs84(at: LatLng) -> LatLng {
    let (lat, lng) = (at.lat_deg(), at.lng_deg());
    if !(72.004..=137.8347).contains(&lng) || !(0.8293..=55.8271).contains(&lat) {
        return at;
    }
    let [north_m, east_m] = shift_m(lng - 105.0, lat - 35.0);
    let (sin, cos) = lat.to_radians().sin_cos();
    let w2 = 1.0 - E2 * sin * sin;
    let w = w2.sqrt();
    LatLng::wrapped(
        lat + (north_m * w2 * w / (A_M * (1.0 - E2))).to_degrees(),
        lng + (east_m * w / (A_M * cos)).to_degrees(),
    )
}

/// The WGS 84 point that a GCJ-02 map shows at `at`, to less than a millimetre.
pub fn wgs84_from_gcj02(at: LatLng) -> LatLng {
    fixed_point(at, at, gcj02_from_wgs84)
}

/// Where a GCJ-02 point is drawn on a BD-09 map.
pub fn bd09_from_gcj02(at: LatLng) -> LatLng {
    let (lat, lng) = (at.lat_deg(), at.lng_deg());
    let radius = lng.hypot(lat) + 2e-5 * (lat * BD_ANGLE).sin();
    let angle = lat.atan2(lng) + 3e-6 * (lng * BD_ANGLE).cos();
    LatLng::wrapped(radius * angle.sin() + 0.006, radius * angle.cos() + 0.0065)
}

/// The GCJ-02 point that a BD-09 map shows at `at`, to less than a millimetre.
pub fn gcj02_from_bd09(at: LatLng) -> LatLng {
    fixed_point(at, LatLng::wrapped(at.lat_deg() - 0.006, at.lng_deg() - 0.0065), bd09_from_gcj02)
}

/// Where a WGS 84 point is drawn on a BD-09 map.
pub fn bd09_from_wgs84(at: LatLng) -> LatLng {
    bd09_from_gcj02(gcj02_from_wgs84(at))
}

/// The WGS 84 point that a BD-09 map shows at `at`, to less than a millimetre.
pub fn wgs84_from_bd09(at: LatLng) -> LatLng {
    wgs84_from_gcj02(gcj02_from_bd09(at))
}

/// The shift in metres, north and east, `x` degrees east of 105° and `y` north of 35°.
fn shift_m(x: f64, y: f64) -> [f64; 2] {
    let wave = |amplitude: f64, angle: f64| amplitude * angle.sin();
    let common = wave(20.0, 6.0 * PI * x) + wave(20.0, 2.0 * PI * x);
    let north = wave(20.0, PI * y)
        + wave(40.0, PI * y / 3.0)
        + wave(160.0, PI * y / 12.0)
        + wave(320.0, PI * y / 30.0);
    let east = wave(20.0, PI * x)
        + wave(40.0, PI * x / 3.0)
        + wave(150.0, PI * x / 12.0)
        + wave(300.0, PI * x / 30.0);
    let root = x.abs().sqrt();
    [
        -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + (common + north) * 2.0 / 3.0,
        300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + (common + east) * 2.0 / 3.0,
    ]
}

/// The point whose image is `wanted`, sought from `start`. The shift varies slowly, so that correcting a
/// guess by the error of its image converges; at the edge of the shifted area, where images overlap or
/// miss, the last guess is given.
fn fixed_point(wanted: LatLng, start: LatLng, image: impl Fn(LatLng) -> LatLng) -> LatLng {
    let mut guess = start;
    for _ in 0..ROUNDS_MAX {
        let seen = image(guess);
        let (north, east) = (wanted.lat_deg() - seen.lat_deg(), wanted.lng_deg() - seen.lng_deg());
        guess = LatLng::wrapped(guess.lat_deg() + north, guess.lng_deg() + east);
        if north.abs() < NEAR_DEG && east.abs() < NEAR_DEG {
            break;
        }
    }
    guess
}

#[cfg(test)]
#[expect(clippy::unreadable_literal, reason = "coordinates as published")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geodesy::offset_m;

    fn point(lat: f64, lng: f64) -> LatLng {
        LatLng::new(lat, lng).unwrap()
    }

    fn apart_m(a: LatLng, b: LatLng) -> f64 {
        let [east, north] = offset_m(a, b);
        east.hypot(north)
    }

    #[test]
    fn published_points_to_every_printed_digit() {
        for (wgs84, gcj02) in [
            ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
            ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
            ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
        ] {
            let got = gcj02_from_wgs84(point(wgs84.0, wgs84.1));
            assert!((got.lat_deg() - gcj02.0).abs() < 2e-14 * 100.0, "{got:?}");
            assert!((got.lng_deg() - gcj02.1).abs() < 2e-14 * 100.0, "{got:?}");
        }
    }

    #[test]
    fn places_around_the_pearl_river() {
        for (wgs84, gcj02, bd09, shift_m) in [
            ((23.3924, 113.2990), (23.3898412, 113.3043910), (23.3959376, 113.3108607), 619.4),
            ((23.1066, 113.3191), (23.1039880, 113.3245102), (23.1097530, 113.3310538), 624.9),
            ((22.6393, 113.8107), (22.6363819, 113.8157653), (22.6420459, 113.8223168), 612.8),
            ((22.5362, 114.0505), (22.5334683, 114.0556038), (22.5391313, 114.0621503), 605.8),
            ((22.0083, 113.3783), (22.0057342, 113.3837390), (22.0119609, 113.3902089), 629.1),
            ((22.2860, 113.5895), (22.2829720, 113.5945261), (22.2887215, 113.6010563), 617.1),
            ((22.2850, 114.1590), (22.2822785, 114.1639929), (22.2880459, 114.1705195), 596.2),
            ((22.1797, 113.5367), (22.1767847, 113.5418227), (22.1829226, 113.5482766), 619.1),
        ] {
            let at = point(wgs84.0, wgs84.1);
            let (gcj, bd) = (gcj02_from_wgs84(at), bd09_from_wgs84(at));
            assert!(apart_m(gcj, point(gcj02.0, gcj02.1)) < 0.02, "{at:?}");
            assert!(apart_m(bd, point(bd09.0, bd09.1)) < 0.02, "{at:?}");
            // The published length is on a sphere.
            assert!((apart_m(at, gcj) - shift_m).abs() < 3.0, "{at:?}");
            assert!(apart_m(bd09_from_gcj02(gcj), bd) < 1e-6);
        }
    }

    #[test]
    fn nothing_is_shifted_far_from_china() {
        for (lat, lng) in [(0.0, 0.0), (51.5, -0.1), (22.0, 137.9), (-90.0, 180.0)] {
            let at = point(lat, lng);
            assert_eq!(gcj02_from_wgs84(at), at);
            assert_eq!(wgs84_from_gcj02(at), at);
        }
    }

    proptest! {
        #[test]
        fn there_and_back(lat in 0.84..55.81_f64, lng in 72.02..137.82_f64) {
            let at = point(lat, lng);
            let gcj = gcj02_from_wgs84(at);
            prop_assert!(apart_m(wgs84_from_gcj02(gcj), at) < 1e-3);
            prop_assert!(apart_m(gcj02_from_bd09(bd09_from_gcj02(gcj)), gcj) < 1e-3);
            prop_assert!(apart_m(wgs84_from_bd09(bd09_from_wgs84(at)), at) < 1e-3);
        }

        #[test]
        fn total_everywhere(lat in -90.0..=90.0_f64, lng in -180.0..=180.0_f64) {
            let at = point(lat, lng);
            for got in [wgs84_from_gcj02(at), wgs84_from_bd09(at), bd09_from_wgs84(at)] {
                prop_assert!(LatLng::new(got.lat_deg(), got.lng_deg()).is_ok());
            }
        }
    }
}
