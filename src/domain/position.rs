//! Horizontal positions on WGS 84 (CGCS2000 is the same to a metre).

use serde::{Deserialize, Serialize};

/// A latitude or longitude that is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PositionError {
    /// Not a finite number.
    #[error("coordinate is not a finite number")]
    NotFinite,
    /// Latitude outside −90 … 90.
    #[error("latitude is outside -90 to 90")]
    Latitude,
    /// Longitude outside −180 … 180.
    #[error("longitude is outside -180 to 180")]
    Longitude,
}

/// A point on the ellipsoid, in degrees: latitude −90 … 90, longitude −180 … 180.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct LatLng {
    lat: f64,
    lng: f64,
}

impl LatLng {
    /// Checks the ranges and makes a point.
    pub fn new(lat_deg: f64, lng_deg: f64) -> Result<Self, PositionError> {
        if !(lat_deg.is_finite() && lng_deg.is_finite()) {
            return Err(PositionError::NotFinite);
        }
        if !(-90.0..=90.0).contains(&lat_deg) {
            return Err(PositionError::Latitude);
        }
        if !(-180.0..=180.0).contains(&lng_deg) {
            return Err(PositionError::Longitude);
        }
        Ok(Self { lat: lat_deg, lng: lng_deg })
    }

    /// A point from numbers that may have left the ranges by computation: latitude is held, longitude wraps,
    /// a number that is not finite becomes zero.
    pub fn wrapped(lat_deg: f64, lng_deg: f64) -> Self {
        let lat = if lat_deg.is_finite() { lat_deg.clamp(-90.0, 90.0) } else { 0.0 };
        let lng = if lng_deg.is_finite() { wrap_longitude(lng_deg) } else { 0.0 };
        Self { lat, lng }
    }

    /// Latitude in degrees, north positive.
    pub const fn lat_deg(self) -> f64 {
        self.lat
    }

    /// Longitude in degrees, east positive.
    pub const fn lng_deg(self) -> f64 {
        self.lng
    }
}

/// A longitude, or a difference of longitudes, brought into −180 … 180 degrees.
pub fn wrap_longitude(degrees: f64) -> f64 {
    if (-180.0..=180.0).contains(&degrees) { degrees } else { (degrees + 180.0).rem_euclid(360.0) - 180.0 }
}

/// A box in degrees that does not cross the antimeridian, edges included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BoundingBox {
    /// Western edge.
    pub west_deg: f64,
    /// Southern edge.
    pub south_deg: f64,
    /// Eastern edge.
    pub east_deg: f64,
    /// Northern edge.
    pub north_deg: f64,
}

impl BoundingBox {
    /// From `[west, south, east, north]`; `None` unless finite and west ≤ east, south ≤ north.
    pub fn new([west_deg, south_deg, east_deg, north_deg]: [f64; 4]) -> Option<Self> {
        (west_deg <= east_deg
            && south_deg <= north_deg
            && [west_deg, south_deg, east_deg, north_deg].iter().all(|v| v.is_finite()))
        .then_some(Self { west_deg, south_deg, east_deg, north_deg })
    }

    /// Whether the point is in the box or on its edge.
    pub fn contains(&self, point: LatLng) -> bool {
        (self.west_deg..=self.east_deg).contains(&point.lng_deg())
            && (self.south_deg..=self.north_deg).contains(&point.lat_deg())
    }
}

/// From `west,south,east,north` in degrees.
impl std::str::FromStr for BoundingBox {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let edges: Result<Vec<f64>, _> = text.split(',').map(|edge| edge.trim().parse()).collect();
        edges
            .ok()
            .and_then(|edges| <[f64; 4]>::try_from(edges).ok())
            .and_then(Self::new)
            .ok_or("west,south,east,north in degrees is wanted, with west <= east and south <= north")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_from_its_edges() {
        let bbox: BoundingBox = "113, 22.25,114,23".parse().unwrap();
        assert_eq!(Some(bbox), BoundingBox::new([113.0, 22.25, 114.0, 23.0]));
        for wrong in ["", "1,2,3", "1,2,3,4,5", "2,0,1,1", "0,1,1,0", "0,0,nan,1", "a,0,1,1"] {
            assert!(wrong.parse::<BoundingBox>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn ranges() {
        assert!(LatLng::new(90.0, -180.0).is_ok());
        assert_eq!(LatLng::new(90.1, 0.0), Err(PositionError::Latitude));
        assert_eq!(LatLng::new(0.0, 180.1), Err(PositionError::Longitude));
        assert_eq!(LatLng::new(f64::NAN, 0.0), Err(PositionError::NotFinite));
        assert!((LatLng::wrapped(0.0, 190.0).lng_deg() + 170.0).abs() < 1e-12);
    }
}
