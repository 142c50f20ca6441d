//! One zone: what it asks, when, and where.

use std::sync::Arc;

use crate::domain::{BoundingBox, Restriction, Timestamp, VerticalLimit, ZoneId, ZoneReason};
use crate::geodesy::LocalMetric;

use super::document::{Crs, geojson};
use super::schedule::Schedule;
use super::shape::Shape;
use super::terms::{Role, Terms};

/// A zone's place in its [`Airspace`](super::Airspace).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneIx(pub u32);

/// One zone.
#[derive(Debug)]
pub struct Zone {
    /// ED-318 `identifier`.
    pub id: ZoneId,
    /// Hash of its content; empty for a zone that was not made from a document.
    pub version: Arc<str>,
    /// Chinese name where there is one, else the first.
    pub name: Arc<str>,
    /// English name where there is one, else the first.
    pub name_en: Arc<str>,
    /// What it asks.
    pub restriction: Restriction,
    /// Why.
    pub reasons: Vec<ZoneReason>,
    /// When it applies.
    pub schedule: Schedule,
    /// Where: the union of these.
    pub volumes: Vec<Volume>,
    /// The box around all volumes.
    pub bounds: BoundingBox,
    /// What it says beyond ED-318; `None`: nothing.
    pub terms: Option<Box<Terms>>,
    /// The name of the document it was read from; empty if there was none.
    pub document: Arc<str>,
    /// What its coordinates in the document are.
    pub(super) crs: Crs,
    /// The feature it was made from, members in their order, blanks removed; empty if there was none.
    pub(super) feature: Box<str>,
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

impl Volume {
    /// A layer of `shape`.
    pub fn new(shape: Shape, lower: Option<VerticalLimit>, upper: Option<VerticalLimit>) -> Self {
        let bounds = shape.bounds();
        Self { shape, lower, upper, bounds }
    }
}

impl Zone {
    /// A zone that always applies, named by its identifier; the other fields can be set afterwards.
    /// `None` without a volume.
    pub fn new(id: ZoneId, restriction: Restriction, volumes: Vec<Volume>) -> Option<Self> {
        let bounds = volumes.iter().map(|volume| volume.bounds).reduce(union)?;
        Some(Self {
            version: Arc::from(""),
            name: Arc::from(id.as_str()),
            name_en: Arc::from(id.as_str()),
            id,
            restriction,
            reasons: Vec::new(),
            schedule: Schedule::default(),
            volumes,
            bounds,
            terms: None,
            document: Arc::from(""),
            crs: Crs::default(),
            feature: Box::from(""),
        })
    }

    /// Its part.
    pub fn role(&self) -> Role {
        self.terms.as_ref().map_or(Role::KeepOut, |terms| terms.role)
    }

    /// Its priority, 0 unless it says one.
    pub fn priority(&self) -> u8 {
        self.terms.as_ref().map_or(0, |terms| terms.priority)
    }

    /// Takes on what it says beyond ED-318; its box grows by the buffer.
    pub fn set_terms(&mut self, terms: Option<Box<Terms>>) {
        let buffer_m = terms.as_ref().map_or(0.0, |terms| terms.buffer_m);
        if 0.0 < buffer_m {
            let bounds = self.bounds;
            let lat_deg = bounds.south_deg.abs().max(bounds.north_deg.abs()).min(89.0);
            let metric = LocalMetric::at(lat_deg);
            let (north, east) =
                (buffer_m / metric.north_m_per_deg, buffer_m / metric.east_m_per_deg.max(1.0));
            self.bounds = BoundingBox {
                west_deg: bounds.west_deg - 1.01 * east,
                south_deg: bounds.south_deg - 1.01 * north,
                east_deg: bounds.east_deg + 1.01 * east,
                north_deg: bounds.north_deg + 1.01 * north,
            };
        }
        self.terms = terms;
    }

    /// Whether it has no schedule.
    pub fn always_applies(&self) -> bool {
        self.schedule.is_always()
    }

    /// Whether it applies at `at`.
    pub fn applies_at(&self, at: Timestamp) -> bool {
        self.schedule.holds_at(at)
    }

    /// The next instant after `at` at which it begins or ceases to apply; see [`Schedule::next_switch_after`].
    pub fn next_switch_after(&self, at: Timestamp) -> Option<Timestamp> {
        self.schedule.next_switch_after(at)
    }

    /// The feature of the document it was made from, in the form and the coordinates of that document, as compact JSON
    /// with every member that was there; `null` for a zone that was made otherwise.
    pub fn feature_json(&self) -> &str {
        if self.feature.is_empty() { "null" } else { &self.feature }
    }

    /// The zone as an ED-318 feature on WGS 84: [`Self::feature`], unless its document is ED-269 or on a shifted map.
    pub fn geojson(&self) -> serde_json::Value {
        geojson(self.feature(), self.crs)
    }

    /// Whether its document is drawn on WGS 84, or CGCS2000.
    pub fn is_on_wgs84(&self) -> bool {
        self.crs == Crs::Wgs84
    }

    /// [`Self::feature_json`] as a value. The text is a third as large as the value, so the text is kept.
    pub fn feature(&self) -> serde_json::Value {
        serde_json::from_str(self.feature_json()).unwrap_or_default()
    }
}

/// The box around two boxes.
pub(super) fn union(a: BoundingBox, b: BoundingBox) -> BoundingBox {
    BoundingBox {
        west_deg: a.west_deg.min(b.west_deg),
        south_deg: a.south_deg.min(b.south_deg),
        east_deg: a.east_deg.max(b.east_deg),
        north_deg: a.north_deg.max(b.north_deg),
    }
}
