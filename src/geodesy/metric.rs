//! Metres on the WGS 84 ellipsoid around a latitude, from its radii of curvature M and N.
//!
//! Taken at the midpoint of two points, the planar distance is within 2 cm of the geodesic up to 40 km.

use crate::domain::{LatLng, wrap_longitude};

/// Semi-major axis of WGS 84, metres.
const A_M: f64 = 6_378_137.0;
/// First eccentricity squared of WGS 84.
const E2: f64 = 6.694_379_990_141_33e-3;

/// Metres per degree at one latitude.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalMetric {
    /// Metres per degree of latitude: the meridian radius M.
    pub north_m_per_deg: f64,
    /// Metres per degree of longitude: N cos φ; never zero.
    pub east_m_per_deg: f64,
}

impl LocalMetric {
    /// The metric at a latitude in degrees.
    pub fn at(lat_deg: f64) -> Self {
        let (sin, cos) = lat_deg.to_radians().sin_cos();
        let w2 = 1.0 - E2 * sin * sin;
        let n_m = A_M / w2.sqrt();
        Self {
            north_m_per_deg: (n_m * (1.0 - E2) / w2).to_radians(),
            // At a pole a degree of longitude has no length; a millimetre keeps divisions finite.
            east_m_per_deg: (n_m * cos).to_radians().max(1e-3),
        }
    }

    /// The point `east_m` and `north_m` away from `from`, by this metric.
    pub fn moved(&self, from: LatLng, east_m: f64, north_m: f64) -> LatLng {
        LatLng::wrapped(
            from.lat_deg() + north_m / self.north_m_per_deg,
            from.lng_deg() + east_m / self.east_m_per_deg,
        )
    }
}

/// Metres east and north from `from` to `to`, by the metric at the midpoint of their latitudes.
pub fn offset_m(from: LatLng, to: LatLng) -> [f64; 2] {
    let metric = LocalMetric::at(f64::midpoint(from.lat_deg(), to.lat_deg()));
    [
        wrap_longitude(to.lng_deg() - from.lng_deg()) * metric.east_m_per_deg,
        (to.lat_deg() - from.lat_deg()) * metric.north_m_per_deg,
    ]
}
