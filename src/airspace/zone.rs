//! One zone: what it asks, when, and where.

use std::sync::Arc;

use crate::domain::{BoundingBox, Period, Restriction, Timestamp, VerticalLimit, ZoneId, ZoneReason};

use super::shape::Shape;

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
    /// When it applies; empty: always.
    pub periods: Vec<Period>,
    /// Where: the union of these.
    pub volumes: Vec<Volume>,
    /// The box around all volumes.
    pub bounds: BoundingBox,
    /// The GeoJSON feature it was made from, members in their order, blanks removed; empty if there was none.
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
            periods: Vec::new(),
            volumes,
            bounds,
            feature: Box::from(""),
        })
    }

    /// Whether it has no schedule.
    pub fn always_applies(&self) -> bool {
        self.periods.is_empty()
    }

    /// Whether it applies at `at`.
    pub fn applies_at(&self, at: Timestamp) -> bool {
        self.periods.is_empty() || self.periods.iter().any(|period| period.contains(at))
    }

    /// The next instant after `at` at which it begins or ceases to apply.
    pub fn next_switch_after(&self, at: Timestamp) -> Option<Timestamp> {
        let now = self.applies_at(at);
        let mut after = at;
        // One period may begin where another ends, so not every bound is a switch.
        loop {
            let bounds = self.periods.iter().flat_map(|period| [period.start, period.end]);
            let next = bounds.flatten().filter(|bound| after < *bound).min()?;
            if self.applies_at(next) != now {
                return Some(next);
            }
            after = next;
        }
    }

    /// The feature of the document it was made from, as compact JSON with every member that was there;
    /// `null` for a zone that was made otherwise.
    pub fn feature_json(&self) -> &str {
        if self.feature.is_empty() { "null" } else { &self.feature }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::LatLng;

    fn zone(periods: &[(Option<i64>, Option<i64>)]) -> Zone {
        let centre = LatLng::new(22.5, 114.0).unwrap();
        let volume = Volume::new(Shape::circle(centre, 500.0).unwrap(), None, None);
        let mut zone = Zone::new(ZoneId::new("Z"), Restriction::Prohibited, vec![volume]).unwrap();
        let at = |ms: Option<i64>| ms.map(Timestamp::from_millis);
        zone.periods =
            periods.iter().map(|(start, end)| Period { start: at(*start), end: at(*end) }).collect();
        zone
    }

    fn switches(zone: &Zone) -> Vec<i64> {
        let next = |at: &Timestamp| zone.next_switch_after(*at);
        std::iter::successors(next(&Timestamp::from_millis(0)), next).map(Timestamp::as_millis).collect()
    }

    #[test]
    fn switches_are_where_it_begins_or_ceases() {
        assert_eq!(switches(&zone(&[])), [0; 0]);
        assert_eq!(switches(&zone(&[(Some(10), Some(20))])), [10, 20]);
        assert_eq!(switches(&zone(&[(None, Some(20)), (Some(30), None)])), [20, 30]);
        // Overlapping and adjoining periods are one.
        assert_eq!(
            switches(&zone(&[(Some(20), Some(30)), (Some(10), Some(20)), (Some(25), Some(40))])),
            [10, 40]
        );
        assert!(zone(&[(Some(10), Some(20))]).applies_at(Timestamp::from_millis(10)));
        assert!(!zone(&[(Some(10), Some(20))]).applies_at(Timestamp::from_millis(20)));
    }
}
