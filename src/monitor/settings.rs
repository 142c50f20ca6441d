//! What can be set about the rules, with the defaults that an empty configuration has.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::airspace::Outside;
use crate::domain::{LatLng, Severity};
use crate::geodesy::ElevationModel;

/// Which aircraft a separation table is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Party {
    /// An unmanned aircraft that reports.
    Drone,
    /// An aircraft with people on board.
    Manned,
    /// Something only a sensor sees.
    Sensed,
    /// Any of them.
    Any,
}

/// One separation volume: a vertical cylinder around an aircraft, its boundary included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Severity when the pair is in the volume or enters it within the look-ahead.
    pub severity: Severity,
    /// Radius, metres.
    pub radius_m: f64,
    /// Half of the height, metres.
    pub half_height_m: f64,
    /// How far ahead an entry counts, seconds.
    pub look_ahead_s: f64,
    /// Modified-tau threshold (TTHR of DO-365), seconds; 0 for a plain cylinder.
    #[serde(default)]
    pub tau_s: f64,
    /// Time-to-co-altitude threshold (TCOA of DO-365), seconds.
    #[serde(default)]
    pub tcoa_s: f64,
}

/// The volumes for one pair of parties, from the least to the most severe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Separation {
    /// The two parties, in either order.
    pub between: [Party; 2],
    /// The volumes.
    pub levels: Vec<Level>,
}

/// When alerts are raised and cleared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lifecycle {
    /// A predicted finding must hold in M of the last N looks; an actual one, or one that happens within
    /// 10 s, needs no second look.
    pub raise_m_of_n: [u8; 2],
    /// A pair must be out of this many times the volume before its alert is cleared.
    pub clear_factor: f64,
    /// Seconds that a condition must be gone before its alert is cleared or made milder.
    pub hold_s: f64,
}

/// What airspace that no zone describes means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ControlledDefault {
    /// Nothing.
    #[default]
    Off,
    /// Above 120 m true height it is controlled.
    Height,
    /// And outside of published suitable airspace.
    All,
}

impl ControlledDefault {
    /// What airspace is that no zone and no suitable airspace covers.
    pub const fn outside(self) -> Outside {
        match self {
            Self::Off | Self::Height => Outside::Free,
            Self::All => Outside::Controlled,
        }
    }
}

/// The ceilings and speeds of the classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// True height for light, small, agricultural and undeclared aircraft, metres.
    pub height_m: f64,
    /// True height for micro aircraft, metres.
    pub height_micro_m: f64,
    /// Ground speed for light aircraft, m/s.
    pub speed_light_mps: f64,
    /// Ground speed for micro aircraft, m/s.
    pub speed_micro_mps: f64,
    /// Charge under which an aircraft is told of, per cent.
    pub battery_pct: f64,
}

/// The ground: a model, and flat where there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Terrain {
    /// Elevation of the flat ground above mean sea level, metres.
    pub ground_amsl_m: f64,
    /// 95 % bound of the ground's elevation error, metres.
    pub ground_accuracy_m: f64,
    /// Elevations from tiles.
    pub model: Option<Arc<ElevationModel>>,
}

impl Terrain {
    /// Elevation of the ground above mean sea level, metres.
    pub fn ground_amsl_m(&self, at: LatLng) -> f64 {
        self.model.as_ref().and_then(|model| model.elevation_m(at)).unwrap_or(self.ground_amsl_m)
    }
}

/// All that can be set about the rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Separation tables; the first that fits a pair is used.
    pub separation: Vec<Separation>,
    /// Raising and clearing.
    pub lifecycle: Lifecycle,
    /// Ceilings and speeds.
    pub limits: Limits,
    /// The ground.
    pub terrain: Terrain,
    /// How far ahead the entry into a zone is predicted, seconds.
    pub zone_look_ahead_s: f64,
    /// What airspace that no zone describes means.
    pub controlled_default: ControlledDefault,
    /// Operators whose intents authorise flights; `*`: everybody their own.
    pub intent_authorities: Vec<String>,
    /// Most aircraft tracked at once.
    pub tracks_max: usize,
    /// Whether every evaluated pair and zone is reported as an effect.
    pub assessments: bool,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self { raise_m_of_n: [2, 4], clear_factor: 1.2, hold_s: 5.0 }
    }
}

impl Default for Limits {
    /// Order 761 Art. 62: 120 m and 50 m true height, 100 km/h and 40 km/h.
    fn default() -> Self {
        Self {
            height_m: 120.0,
            height_micro_m: 50.0,
            speed_light_mps: 27.78,
            speed_micro_mps: 11.11,
            battery_pct: 20.0,
        }
    }
}

impl Default for Terrain {
    fn default() -> Self {
        Self { ground_amsl_m: 0.0, ground_accuracy_m: 4.0, model: None }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            separation: default_separation(),
            lifecycle: Lifecycle::default(),
            limits: Limits::default(),
            terrain: Terrain::default(),
            zone_look_ahead_s: 30.0,
            controlled_default: ControlledDefault::Off,
            intent_authorities: Vec::new(),
            tracks_max: 200_000,
            assessments: false,
        }
    }
}

const fn level(severity: Severity, radius_m: f64, half_height_m: f64, look_ahead_s: f64) -> Level {
    Level { severity, radius_m, half_height_m, look_ahead_s, tau_s: 0.0, tcoa_s: 0.0 }
}

/// The default volumes. Drone–manned: FAA draft AC 90-WLCLR well clear, 2,000 ft and 250 ft, and the NMAC
/// volume, 500 ft and 100 ft. Drone–drone and sensed: engineering defaults; no Chinese minimum is published.
pub fn default_separation() -> Vec<Separation> {
    let manned = || {
        vec![
            level(Severity::Caution, 609.6, 76.2, 60.0),
            level(Severity::Warning, 609.6, 76.2, 30.0),
            level(Severity::Critical, 152.4, 30.48, 15.0),
        ]
    };
    let drones = vec![
        level(Severity::Caution, 50.0, 15.0, 30.0),
        level(Severity::Warning, 30.0, 10.0, 20.0),
        level(Severity::Critical, 15.0, 5.0, 10.0),
    ];
    let sensed =
        vec![level(Severity::Caution, 100.0, 30.0, 30.0), level(Severity::Warning, 50.0, 20.0, 15.0)];
    vec![
        Separation { between: [Party::Drone, Party::Drone], levels: drones },
        Separation { between: [Party::Drone, Party::Manned], levels: manned() },
        Separation { between: [Party::Sensed, Party::Manned], levels: manned() },
        Separation { between: [Party::Sensed, Party::Any], levels: sensed },
    ]
}
