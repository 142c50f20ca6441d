//! Zones as the monitor asks them.

use std::sync::Arc;

use crate::domain::{BoundingBox, LatLng, Period, Restriction, Timestamp, VerticalLimit, ZoneId, ZoneReason};

/// A zone's place in its [`Airspace`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneIx(pub u32);

/// All zones of one version, with an index.
#[derive(Debug, Default)]
pub struct Airspace {
    version: Arc<str>,
    zones: Vec<Zone>,
}

/// One zone.
#[derive(Debug)]
pub struct Zone {
    /// ED-318 `identifier`.
    pub id: ZoneId,
    /// Hash of its content.
    pub version: Arc<str>,
    /// Chinese name where there is one, else the first.
    pub name: Arc<str>,
    /// What it asks.
    pub restriction: Restriction,
    /// Why.
    pub reasons: Vec<ZoneReason>,
    /// When it applies; empty: always.
    pub periods: Vec<Period>,
    /// Where: the union of these.
    pub volumes: Vec<Volume>,
    /// The box around all volumes.
    pub bounds: BoundingBox,
}

/// One layer of a zone.
#[derive(Debug)]
pub struct Volume {
    /// Horizontally.
    pub shape: Shape,
    /// From; `None`: from the ground and below.
    pub lower: Option<VerticalLimit>,
    /// To; `None`: without limit.
    pub upper: Option<VerticalLimit>,
    /// The box around it.
    pub bounds: BoundingBox,
}

/// A horizontal shape.
#[derive(Debug)]
pub struct Shape;

impl Airspace {
    /// Version of the whole set: a hash of its content.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The zones, sorted by identifier.
    pub fn zones(&self) -> &[Zone] {
        &self.zones
    }

    /// The zone at `ix`, if that is one of this airspace.
    pub fn zone(&self, ix: ZoneIx) -> Option<&Zone> {
        self.zones.get(usize::try_from(ix.0).ok()?)
    }

    /// Appends the zones whose box meets `area`, in order and once each.
    pub fn near(&self, _area: &BoundingBox, _out: &mut Vec<ZoneIx>) {}
}

impl Zone {
    /// Whether it applies at `at`.
    pub fn applies_at(&self, at: Timestamp) -> bool {
        self.periods.is_empty() || self.periods.iter().any(|period| period.contains(at))
    }

    /// The next instant after `at` at which it begins or ceases to apply.
    pub fn next_switch_after(&self, _at: Timestamp) -> Option<Timestamp> {
        None
    }
}

impl Shape {
    /// Whether the point is inside or on the boundary; edges are straight in longitude and latitude.
    pub fn contains(&self, _point: LatLng) -> bool {
        false
    }

    /// Metres to the nearest point of the boundary, never negative; infinite if over `within_m`.
    pub fn boundary_distance_m(&self, _point: LatLng, _within_m: f64) -> f64 {
        f64::INFINITY
    }

    /// How far along the straight path (0 at `from`, 1 at `to`) the first inside point is.
    pub fn first_inside(&self, _from: LatLng, _to: LatLng) -> Option<f64> {
        None
    }
}
