//! Published and computed codes, and codes against cells.

use proptest::prelude::*;

use super::*;

fn point(lat: f64, lng: f64) -> LatLng {
    LatLng::new(lat, lng).unwrap()
}

fn dms(degrees: f64, minutes: f64, seconds: f64) -> f64 {
    degrees + minutes / 60.0 + seconds / 3600.0
}

#[test]
fn published_prefixes() {
    let at = point(dms(39.0, 59.0, 35.38), dms(116.0, 18.0, 45.37));
    for (level, code) in [
        (1, "N50J"),
        (2, "N50J47"),
        (3, "N50J475"),
        (4, "N50J47539"),
        (5, "N50J47539B8"),
        (6, "N50J47539B82"),
        (7, "N50J47539B8255"),
        (8, "N50J47539B825534"),
    ] {
        assert_eq!(grid_code_2d(at, level).unwrap(), code);
        let cell = grid_cell_2d(code).unwrap();
        assert_eq!(cell.level, level);
        assert!(holds(&cell, at), "{cell:?}");
    }
}

#[test]
fn published_level_five() {
    for (lat, lng, code) in [
        (dms(39.0, 59.0, 56.1444), dms(116.0, 19.0, 14.3184), "N50J475493E"),
        (dms(39.0, 59.0, 59.7012), dms(116.0, 19.0, 5.9808), "N50J475491E"),
        (dms(39.0, 59.0, 56.526), dms(116.0, 19.0, 9.354), "N50J475492E"),
    ] {
        assert_eq!(grid_code_2d(point(lat, lng), 5).unwrap(), code);
    }
}

#[test]
fn places_around_the_pearl_river_in_both_forms() {
    for (lat, lng, hae_m, flat, high) in [
        (23.1066, 113.3191, 120.0, "N49FA614625237002244", "N049F00A601046025021377005222440"),
        (22.5362, 114.0505, 100.0, "N50F0503202271124167", "N050F000500032002021715120413670"),
        (22.2860, 113.5895, 60.0, "N49FB425752106633114", "N049F00B402057052010067636315140"),
    ] {
        let at = point(lat, lng);
        assert_eq!(grid_code_2d(at, 10).unwrap(), flat);
        assert_eq!(grid_code_3d(at, hae_m, 10).unwrap(), high);
    }
}

#[test]
fn the_published_block_lies_over_its_cell() {
    let block = grid_cell_3d("N036J0093000780B3010010520430140").unwrap();
    let cell = grid_cell_2d("N36J93078B3101524314").unwrap();
    assert_eq!((block.south_west, block.north_east), (cell.south_west, cell.north_east));
    assert_eq!(cell.hae_m, None);
    assert_eq!(block.level, 10);
}

#[test]
fn the_meridian_of_114_splits_shenzhen() {
    assert!(grid_code_2d(point(22.5, 113.9999), 1).unwrap().starts_with("N49"));
    assert!(grid_code_2d(point(22.5, 114.0), 1).unwrap().starts_with("N50"));
}

#[test]
fn what_is_no_code_is_told_where() {
    for (code, at) in [
        ("", 1),
        ("X", 1),
        ("N", 2),
        ("N61J", 3),
        ("N00J", 3),
        ("N50W", 4),
        ("N50j", 4),
        ("N50J4", 6),
        ("N50JC0", 5),
        ("N50J08", 6),
        ("N50J476", 7),
        ("N50J475F0", 8),
        ("N50J47539b8", 10),
        ("N49FA6146252370022440", 21),
        ("N50J北", 5),
    ] {
        assert_eq!(grid_cell_2d(code), Err(GridCodeError::Symbol(at)), "{code}");
    }
    assert_eq!(grid_cell_3d("N249F00"), Err(GridCodeError::Symbol(2)));
    assert_eq!(grid_cell_3d("N049F64"), Err(GridCodeError::Symbol(7)));
    assert_eq!(grid_code_2d(point(22.0, 114.0), 0), Err(GridCodeError::Level));
    assert_eq!(grid_code_2d(point(22.0, 114.0), 11), Err(GridCodeError::Level));
    assert_eq!(grid_code_2d(point(-88.0, 114.0), 3), Err(GridCodeError::Latitude));
    assert_eq!(grid_code_3d(point(22.0, 114.0), f64::NAN, 3), Err(GridCodeError::Height));
}

fn holds(cell: &GridCell, at: LatLng) -> bool {
    // A millionth of a unit, as in `units`, and the rounding of the division back to degrees.
    let slack = 1e-12;
    (cell.south_west.lat_deg() - slack..=cell.north_east.lat_deg() + slack).contains(&at.lat_deg())
        && (cell.south_west.lng_deg() - slack..=cell.north_east.lng_deg() + slack).contains(&at.lng_deg())
}

proptest! {
    #[test]
    fn a_cell_holds_its_point_and_codes_nest(
        lat in -87.9..87.9_f64, lng in -180.0..=180.0_f64, hae in -400.0..20_000.0_f64, level in 1_usize..=10,
    ) {
        let at = point(lat, lng);
        let flat = grid_code_2d(at, level).unwrap();
        let cell = grid_cell_2d(&flat).unwrap();
        prop_assert_eq!(cell.level, level);
        prop_assert!(holds(&cell, at), "{} {:?}", flat, cell);
        prop_assert!(grid_code_2d(at, 10).unwrap().starts_with(&flat));

        let high = grid_code_3d(at, hae, level).unwrap();
        let block = grid_cell_3d(&high).unwrap();
        let [from, to] = block.hae_m.unwrap();
        prop_assert!(from - 1e-6 <= hae && hae <= to + 1e-6, "{} {:?}", high, block);
        prop_assert_eq!(block.south_west, cell.south_west);
    }

    #[test]
    fn any_text_is_a_cell_or_an_error(code in "[NS0-9A-Z]{0,34}|.{0,12}") {
        let _either = (grid_cell_2d(&code).is_ok(), grid_cell_3d(&code).is_ok());
    }
}
