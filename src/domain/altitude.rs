//! Heights, each with what it is measured from. There is no `<` between two datums.

use serde::{Deserialize, Serialize};

/// The model of mean sea level behind an AMSL altitude.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum GeoidModel {
    /// Earth Gravitational Model 1996.
    #[default]
    #[serde(rename = "EGM96")]
    Egm96,
    /// Earth Gravitational Model 2008.
    #[serde(rename = "EGM2008")]
    Egm2008,
    /// 1985国家高程基准, whose zero lies about 0.3 m above the global geoid.
    #[serde(rename = "CN1985")]
    Cn1985,
}

/// What a relative height is measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RelativeReference {
    /// The take-off point (相对高度).
    Takeoff,
    /// The ground straight below (真高).
    Ground,
}

/// A height above the take-off point or the ground.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RelativeHeight {
    /// Metres, up positive.
    pub metres: f64,
    /// From where.
    pub reference: RelativeReference,
}

/// Every height that a report carried, in metres; what it did not carry is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Heights {
    /// Above the WGS 84 ellipsoid (大地高).
    pub hae_m: Option<f64>,
    /// Above mean sea level of the named model (海拔).
    pub amsl_m: Option<(f64, GeoidModel)>,
    /// Pressure altitude, 1013.25 hPa (气压高度).
    pub pressure_m: Option<f64>,
    /// Above take-off or ground.
    pub relative: Option<RelativeHeight>,
}

/// The surface a zone's limit is measured from (ED-318 `upperReference`, `lowerReference`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum VerticalReference {
    /// Above the ground straight below.
    Agl,
    /// Above mean sea level (EGM96).
    Amsl,
    /// Above the WGS 84 ellipsoid.
    Wgs84,
    /// Above the point of take-off of the aircraft (相对高度); beyond ED-318.
    Takeoff,
    /// Above 1985国家高程基准; beyond ED-318.
    Cn1985,
}

/// A lower or upper limit of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VerticalLimit {
    /// Metres above the reference.
    pub metres: f64,
    /// The reference.
    pub reference: VerticalReference,
}
