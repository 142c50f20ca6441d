//! The EGM96 geoid: how far mean sea level lies above the WGS 84 ellipsoid, anywhere on Earth.

use crate::domain::LatLng;

/// NGA's 15-minute grid, made by `tools/egm96_grid.py`: little-endian `i16` centimetres, [`ROWS`] rows from
/// 90° N to 90° S, each of [`COLUMNS`] from 0° E eastward.
static GRID_CM: &[u8] = include_bytes!("egm96_15min_cm.bin");

/// Rows of the grid, both poles included.
const ROWS: usize = 721;
/// Columns of the grid; the meridian of 360° is that of 0°.
const COLUMNS: usize = 1440;
/// Nodes in a degree.
const NODES_PER_DEG: f64 = 4.0;

const _: () = assert!(GRID_CM.len() == ROWS * COLUMNS * 2, "the grid file has another shape");

/// Geoid undulation N in metres, −107 … 86: `HAE = AMSL + N`.
///
/// Bilinear between the nodes of the 15-minute grid, which in southern China is within 0.15 m of the full
/// EGM96 model. EGM96 itself is good to about 0.5 m.
pub fn egm96_undulation_m(at: LatLng) -> f64 {
    let (row, south) = node_and_rest((90.0 - at.lat_deg()) * NODES_PER_DEG, ROWS - 2);
    let (column, east) = node_and_rest(at.lng_deg().rem_euclid(360.0) * NODES_PER_DEG, COLUMNS - 1);
    let next = (column + 1) % COLUMNS;
    let along = |row| {
        let (west_m, east_m) = (node_m(row, column), node_m(row, next));
        west_m + (east_m - west_m) * east
    };
    let (north_m, south_m) = (along(row), along(row + 1));
    north_m + (south_m - north_m) * south
}

/// The node before a coordinate in units of the grid, at most `last`, and how far it is past that node.
fn node_and_rest(coordinate: f64, last: usize) -> (usize, f64) {
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float cast saturates, and the result is held to `last`"
    )]
    let node = (coordinate as usize).min(last);
    #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "at most 1440")]
    let rest = coordinate - node as f64;
    (node, rest)
}

fn node_m(row: usize, column: usize) -> f64 {
    let byte = (row * COLUMNS + column) * 2;
    match GRID_CM.get(byte..byte + 2) {
        Some(&[low, high]) => f64::from(i16::from_le_bytes([low, high])) / 100.0,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn undulation(lat: f64, lng: f64) -> f64 {
        egm96_undulation_m(LatLng::new(lat, lng).unwrap())
    }

    /// Published nodes of the grid itself (WW15MGH.DAC), so equality to the centimetre is due.
    #[test]
    fn nodes_around_the_world() {
        for (file, wanted) in [("egm96_nodes_world_spot.csv", 14), ("egm96_nodes_guangdong.csv", 500)] {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/oracle/geoid/").to_owned() + file;
            let Ok(text) = std::fs::read_to_string(&path) else {
                println!("skipped: {file} is not here");
                continue;
            };
            let mut checked = 0;
            for line in text.lines().skip(1) {
                let row: Vec<f64> = line.split(',').map(|field| field.parse().unwrap()).collect();
                assert!((undulation(row[0], row[1]) - row[2]).abs() < 1e-9, "{line}");
                checked += 1;
            }
            assert!(checked >= wanted, "{file}: only {checked} rows");
        }
    }

    #[test]
    fn cities_of_guangdong() {
        for (name, lat, lng, wanted) in [
            ("ZGGG", 23.3924, 113.2990, -7.57),
            ("Canton Tower", 23.1066, 113.3191, -6.74),
            ("ZGSZ", 22.6393, 113.8107, -4.08),
            ("Futian", 22.5362, 114.0505, -2.98),
            ("ZGSD", 22.0083, 113.3783, -4.61),
            ("node 22.5 114", 22.5, 114.0, -3.11),
            ("node 24 115.5", 24.0, 115.5, 0.22),
        ] {
            let got = undulation(lat, lng);
            assert!((got - wanted).abs() < 0.05, "{name}: {got} instead of {wanted}");
        }
    }

    #[test]
    fn a_pole_has_one_value_and_the_antimeridian_no_seam() {
        for lng in [-180.0, -77.3, 0.0, 0.1, 179.9, 180.0] {
            assert!((undulation(90.0, lng) - 13.61).abs() < 1e-9);
            assert!((undulation(-90.0, lng) + 29.53).abs() < 1e-9);
        }
        for lat in [-45.0, 0.0, 16.6, 71.2] {
            assert!((undulation(lat, 180.0) - undulation(lat, -180.0)).abs() < 1e-9);
            assert!((undulation(lat, 179.9999) - undulation(lat, -179.9999)).abs() < 0.01);
            assert!((undulation(lat, -0.0001) - undulation(lat, 0.0001)).abs() < 0.01);
        }
    }

    proptest! {
        #[test]
        fn finite_bounded_and_without_steps(lat in -90.0..=90.0_f64, lng in -180.0..=180.0_f64) {
            let here = undulation(lat, lng);
            prop_assert!((-107.1..=86.0).contains(&here), "{}", here);
            let near = egm96_undulation_m(LatLng::wrapped(lat + 1e-4, lng + 1e-4));
            prop_assert!((here - near).abs() < 0.02, "{} {}", here, near);
        }
    }
}
