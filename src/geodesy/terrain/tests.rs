//! Tiles made by the tests, against closed form.

use proptest::prelude::*;

use super::*;

fn at(lat: f64, lng: f64) -> LatLng {
    LatLng::new(lat, lng).unwrap()
}

/// A plane over the tile of 22° N 114° E: 100 m in the south-west, 60 m higher in the east, 120 m higher in the north.
fn plane(lat: f64, lng: f64) -> f64 {
    100.0 + 60.0 * (lng - 114.0) + 120.0 * (lat - 22.0)
}

fn hgt(side: u32) -> Vec<u8> {
    let node = |i: u32| f64::from(i) / f64::from(side - 1);
    let metres = |row, column| plane(23.0 - node(row), 114.0 + node(column)).round();
    let whole = |metres: f64| i16::try_from(format!("{metres}").parse::<i64>().unwrap()).unwrap();
    (0..side)
        .flat_map(|row| (0..side).flat_map(move |column| whole(metres(row, column)).to_be_bytes()))
        .collect()
}

#[test]
fn an_srtm_tile_is_a_plane_between_its_nodes() {
    let mut model = ElevationModel::default();
    model.add_hgt("tiles/N22E114.hgt", &hgt(61)).unwrap();
    for (lat, lng) in [(22.0, 114.0), (23.0, 115.0), (22.5, 114.5), (22.013, 114.987), (22.999, 114.001)] {
        let got = model.elevation_m(at(lat, lng)).unwrap();
        // Nodes are rounded to a metre.
        assert!((got - plane(lat, lng)).abs() <= 0.51, "{lat} {lng} {got}");
    }
    assert_eq!(model.elevation_m(at(21.999, 114.5)), None);
    assert_eq!(model.elevation_m(at(22.5, 115.001)), None);
}

#[test]
fn a_void_has_no_elevation() {
    let mut bytes = hgt(61);
    bytes[..2].copy_from_slice(&i16::MIN.to_be_bytes());
    let mut model = ElevationModel::default();
    model.add_hgt("n22e114.HGT", &bytes).unwrap();
    // The first node is the north-western one.
    assert_eq!(model.elevation_m(at(22.999, 114.001)), None);
    assert!(model.elevation_m(at(22.97, 114.03)).is_some());
}

#[test]
fn what_is_no_tile_says_why() {
    let mut model = ElevationModel::default();
    assert_eq!(model.add_hgt("hill.hgt", &hgt(3)), Err(TileError::Name("hill.hgt".into())));
    assert_eq!(model.add_hgt("N22E190.hgt", &hgt(3)), Err(TileError::Name("N22E190.hgt".into())));
    for size in [0, 1, 2, 7, 10, 2 * 61 * 60] {
        assert_eq!(model.add_hgt("N22E114.hgt", &vec![0; size]), Err(TileError::Size(size)));
    }
    let bounds = BoundingBox::new([114.0, 22.0, 115.0, 23.0]).unwrap();
    assert_eq!(model.add_grid(bounds, [2, 2], vec![0.0; 3]), Err(TileError::Size(3)));
    assert_eq!(model.add_grid(bounds, [1, 4], vec![0.0; 4]), Err(TileError::Size(4)));
    assert_eq!(model.tiles(), 0);
}

proptest! {
    /// Whatever the bytes are: an answer, no panic.
    #[test]
    fn total_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200), lat in 21.5..23.5_f64, lng in 113.5..115.5_f64) {
        let mut model = ElevationModel::default();
        let added = model.add_hgt("N22E114.hgt", &bytes).is_ok();
        prop_assert!(added || model.elevation_m(at(lat, lng)).is_none());
        model.elevation_m(at(lat, lng));
    }
}
