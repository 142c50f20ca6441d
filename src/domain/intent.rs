//! An operation intent: where and when a flight is to be, in the words of ASTM F3548-21.

use serde::{Deserialize, Serialize};

use super::{LatLng, OperatorId, Timestamp, UasId, VerticalLimit};

/// Where an intent stands (F3548-21).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IntentState {
    /// Planned and agreed.
    Accepted,
    /// It is being flown.
    Activated,
    /// Flown, and outside by the operator's own word.
    Nonconforming,
    /// Flown, and not expected to come back inside.
    Contingent,
    /// Over.
    Ended,
}

impl IntentState {
    /// Whether the aircraft flies now and is to be inside. Who says that it is outside is watched all the same.
    pub const fn is_flown(self) -> bool {
        matches!(self, Self::Activated | Self::Nonconforming | Self::Contingent)
    }

    /// Whether it may lift a zone.
    pub const fn authorises(self) -> bool {
        matches!(self, Self::Accepted | Self::Activated)
    }
}

/// The sides of a volume.
#[derive(Debug, Clone, PartialEq)]
pub enum Outline {
    /// All points within the radius, metres.
    Circle {
        /// Its centre.
        centre: LatLng,
        /// Its radius, metres.
        radius_m: f64,
    },
    /// Corners, the last not equal to the first; edges are straight in longitude and latitude, and where they cross each
    /// other the even-odd rule holds.
    Polygon(Vec<LatLng>),
}

/// Space and time that a flight may take.
#[derive(Debug, Clone, PartialEq)]
pub struct IntentVolume {
    /// Its sides.
    pub outline: Outline,
    /// From; `None`: from the ground.
    pub lower: Option<VerticalLimit>,
    /// To.
    pub upper: VerticalLimit,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// An operation intent.
#[derive(Debug, Clone, PartialEq)]
pub struct Intent {
    /// Who filed it.
    pub operator: OperatorId,
    /// Which flight; a name of the form of an aircraft's, one MQTT topic level.
    pub flight_id: UasId,
    /// Who flies it; those whose telemetry names the flight are meant as well.
    pub uas_ids: Vec<UasId>,
    /// Where it stands.
    pub state: IntentState,
    /// Where and when: the union of these.
    pub volumes: Vec<IntentVolume>,
}

impl Intent {
    /// When the last of its volumes ends.
    pub fn until(&self) -> Option<Timestamp> {
        self.volumes.iter().map(|volume| volume.until).max()
    }
}
