//! From mean sea level to the ellipsoid and back.

use super::egm96_undulation_m;
use crate::domain::{GeoidModel, LatLng};

/// How far the zero of 1985国家高程基准 lies above the global geoid, metres; published values are 0.21 to 0.35.
const CN1985_ZERO_M: f64 = 0.3;

/// Height above the WGS 84 ellipsoid of a height above mean sea level, both in metres.
///
/// The sea level of EGM2008 is taken as that of EGM96, from which it differs by up to about 1 m in southern
/// China.
pub fn hae_from_amsl_m(at: LatLng, amsl_m: f64, model: GeoidModel) -> f64 {
    amsl_m + sea_level_hae_m(at, model)
}

/// Height above mean sea level of a height above the WGS 84 ellipsoid: the inverse of [`hae_from_amsl_m`].
pub fn amsl_from_hae_m(at: LatLng, hae_m: f64, model: GeoidModel) -> f64 {
    hae_m - sea_level_hae_m(at, model)
}

/// Where the zero of a model of mean sea level lies above the ellipsoid.
fn sea_level_hae_m(at: LatLng, model: GeoidModel) -> f64 {
    let geoid_m = egm96_undulation_m(at);
    match model {
        GeoidModel::Egm96 | GeoidModel::Egm2008 => geoid_m,
        GeoidModel::Cn1985 => geoid_m + CN1985_ZERO_M,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn futian_is_nearly_three_metres_below_and_back() {
        let futian = LatLng::new(22.5362, 114.0505).unwrap();
        // A GGA sentence with 121.48 m above sea level and −2.98 m of separation: 118.50 m.
        assert!((hae_from_amsl_m(futian, 121.48, GeoidModel::Egm96) - 118.50).abs() < 0.02);
        let cn1985 = amsl_from_hae_m(futian, 118.50, GeoidModel::Cn1985);
        assert!((cn1985 - 121.18).abs() < 0.02, "{cn1985}");
        for model in [GeoidModel::Egm96, GeoidModel::Egm2008, GeoidModel::Cn1985] {
            let there = hae_from_amsl_m(futian, 55.0, model);
            assert!((amsl_from_hae_m(futian, there, model) - 55.0).abs() < 1e-9);
        }
    }
}
