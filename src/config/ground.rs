//! `[terrain]`: the ground.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::monitor::Terrain;

/// The ground.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ground {
    /// A folder of terrain tiles, SRTM `*.hgt` or `GeoTIFF` in degrees; absent: flat ground everywhere.
    pub dir: Option<PathBuf>,
    /// Elevation of the ground above mean sea level where there is no tile, metres.
    pub ground_amsl_m: f64,
    /// 95 % bound of the ground's elevation error, metres.
    pub ground_accuracy_m: f64,
}

impl Default for Ground {
    fn default() -> Self {
        let Terrain { ground_amsl_m, ground_accuracy_m, model: _ } = Terrain::default();
        Self { dir: None, ground_amsl_m, ground_accuracy_m }
    }
}

impl Ground {
    /// The flat ground; who reads files puts the model in.
    pub(super) fn flat(&self) -> Terrain {
        let (ground_amsl_m, ground_accuracy_m) = (self.ground_amsl_m, self.ground_accuracy_m);
        Terrain { ground_amsl_m, ground_accuracy_m, model: None }
    }
}
