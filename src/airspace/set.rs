//! All zones of one version, with an index over their boxes.

use std::ops::ControlFlow;
use std::sync::Arc;

use rstar::{AABB, RTree, RTreeObject};

use crate::domain::{BoundingBox, ZoneId};

use super::terms::{Cages, Role};
use super::zone::{Zone, ZoneIx};

/// All zones of one version, with an index.
#[derive(Debug, Default)]
pub struct Airspace {
    version: Arc<str>,
    zones: Vec<Zone>,
    unlisted: Option<Zone>,
    boxes: RTree<ZoneBox>,
    cages: Cages,
    /// Whether a zone of it has a priority.
    prioritised: bool,
    /// Whether suitable airspace is published in it.
    suitable: bool,
}

#[derive(Debug)]
struct ZoneBox {
    ix: ZoneIx,
    envelope: AABB<[f64; 2]>,
}

impl RTreeObject for ZoneBox {
    type Envelope = AABB<[f64; 2]>;
    fn envelope(&self) -> Self::Envelope {
        self.envelope
    }
}

impl Airspace {
    /// An airspace of these zones. Of zones with the same identifier the first is kept; the document reader
    /// has refused them before.
    pub fn new(mut zones: Vec<Zone>) -> Self {
        zones.sort_by(|a, b| a.id.cmp(&b.id));
        zones.dedup_by(|later, earlier| later.id == earlier.id);
        // The index has 32 bits; no memory holds more zones.
        zones.truncate(usize::try_from(u32::MAX).unwrap_or(usize::MAX));
        let boxes = (0_u32..)
            .zip(&zones)
            .map(|(ix, zone)| ZoneBox { ix: ZoneIx(ix), envelope: envelope(&zone.bounds) })
            .collect();
        let (version, boxes) = (super::version::of_set(&zones), RTree::bulk_load(boxes));
        let cages = Cages::new(&zones);
        let prioritised = zones.iter().any(|zone| 0 < zone.priority());
        let suitable = zones.iter().any(|zone| zone.role() == Role::Suitable);
        Self { version, zones, unlisted: None, boxes, cages, prioritised, suitable }
    }

    /// The same airspace with one zone that is judged by like the others, and that no list, version or difference
    /// shows: the service tests itself with it.
    #[must_use]
    pub fn with_unlisted(mut self, zone: Zone) -> Self {
        if let Ok(ix) = u32::try_from(self.zones.len())
            && self.unlisted.is_none()
        {
            self.boxes.insert(ZoneBox { ix: ZoneIx(ix), envelope: envelope(&zone.bounds) });
            self.unlisted = Some(zone);
        }
        self
    }

    /// Version of the whole set: a hash of its content.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The zones, sorted by identifier.
    pub fn zones(&self) -> &[Zone] {
        &self.zones
    }

    /// Its zones, sorted by identifier.
    pub fn into_zones(self) -> Vec<Zone> {
        self.zones
    }

    /// The zone at `ix`, if that is one of this airspace.
    pub fn zone(&self, ix: ZoneIx) -> Option<&Zone> {
        let ix = usize::try_from(ix.0).ok()?;
        self.zones.get(ix).or_else(|| self.unlisted.as_ref().filter(|_| ix == self.zones.len()))
    }

    /// Its keep-in volumes.
    pub fn cages(&self) -> &Cages {
        &self.cages
    }

    /// Whether a zone of it has a priority.
    pub fn has_priorities(&self) -> bool {
        self.prioritised
    }

    /// Whether suitable airspace is published in it.
    pub fn has_suitable(&self) -> bool {
        self.suitable
    }

    /// The zone of this identifier.
    pub fn zone_by_id(&self, id: &str) -> Option<&Zone> {
        let place = self.zones.binary_search_by(|zone| zone.id.as_str().cmp(id)).ok()?;
        self.zones.get(place)
    }

    /// Appends the zones whose box meets `area`, in order and once each.
    pub fn near(&self, area: &BoundingBox, out: &mut Vec<ZoneIx>) {
        let before = out.len();
        let _all_seen: ControlFlow<()> =
            self.boxes.locate_in_envelope_intersecting_int(envelope(area), |found| {
                out.push(found.ix);
                ControlFlow::Continue(())
            });
        if let Some(added) = out.get_mut(before..) {
            added.sort_unstable();
        }
    }
}

fn envelope(bounds: &BoundingBox) -> AABB<[f64; 2]> {
    AABB::from_corners([bounds.west_deg, bounds.south_deg], [bounds.east_deg, bounds.north_deg])
}

/// What a new version of the zones changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Only in the new version.
    pub added: Vec<ZoneId>,
    /// Only in the old version.
    pub removed: Vec<ZoneId>,
    /// In both with different content.
    pub changed: Vec<ZoneId>,
}

/// What `new` changes with respect to `old`; identifiers in order.
pub fn difference(old: &Airspace, new: &Airspace) -> Difference {
    let mut found = Difference::default();
    for zone in new.zones() {
        match old.zone_by_id(zone.id.as_str()) {
            None => found.added.push(zone.id.clone()),
            Some(before) if before.version != zone.version => found.changed.push(zone.id.clone()),
            Some(_) => {}
        }
    }
    let gone = old.zones().iter().filter(|zone| new.zone_by_id(zone.id.as_str()).is_none());
    found.removed.extend(gone.map(|zone| zone.id.clone()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::airspace::{Shape, Volume};
    use crate::domain::{LatLng, Restriction};
    use proptest::prelude::*;

    fn zone(id: &str, lat: f64, lng: f64, radius_m: f64) -> Zone {
        let shape = Shape::circle(LatLng::new(lat, lng).unwrap(), radius_m).unwrap();
        Zone::new(ZoneId::new(id), Restriction::Prohibited, vec![Volume::new(shape, None, None)]).unwrap()
    }

    proptest! {
        /// The index finds what looking at every zone finds.
        #[test]
        fn near_agrees_with_asking_all(
            circles in prop::collection::vec((22.0..24.0, 112.0..115.0, 50.0..20_000.0), 0..60),
            (south, west) in (21.5..24.0, 111.5..115.0),
            (height, width) in (0.0..1.0, 0.0..1.0),
        ) {
            let zones = circles.iter().enumerate()
                .map(|(i, (lat, lng, radius))| zone(&format!("Z{i:02}"), *lat, *lng, *radius)).collect();
            let airspace = Airspace::new(zones);
            let area = BoundingBox::new([west, south, west + width, south + height]).unwrap();
            let mut found = vec![ZoneIx(9999)];
            airspace.near(&area, &mut found);
            let mut all = vec![ZoneIx(9999)];
            all.extend((0_u32..).zip(airspace.zones()).filter(|(_, zone)| {
                zone.bounds.west_deg <= area.east_deg && area.west_deg <= zone.bounds.east_deg
                    && zone.bounds.south_deg <= area.north_deg && area.south_deg <= zone.bounds.north_deg
            }).map(|(ix, _)| ZoneIx(ix)));
            prop_assert_eq!(found, all);
        }
    }

    #[test]
    fn difference_names_what_changed() {
        let mut changed = zone("B", 22.6, 114.0, 100.0);
        changed.version = Arc::from("2");
        let old = Airspace::new(vec![zone("C", 22.0, 114.0, 100.0), zone("B", 22.5, 114.0, 100.0)]);
        let new = Airspace::new(vec![changed, zone("A", 22.5, 114.0, 100.0)]);
        let id = |text| vec![ZoneId::new(text)];
        assert_eq!(difference(&old, &new), Difference { added: id("A"), removed: id("C"), changed: id("B") });
        assert_ne!(old.version(), new.version());
        assert_eq!(old.zone(ZoneIx(0)).map(|zone| zone.id.as_str()), Some("B"));
        assert!(old.zone(ZoneIx(2)).is_none());
    }

    #[test]
    fn an_unlisted_zone_is_found_by_place_alone() {
        let listed = || Airspace::new(vec![zone("A", 22.5, 114.0, 100.0)]);
        let with = listed().with_unlisted(zone("Hidden", -40.0, -120.0, 100.0));
        assert_eq!((with.version(), with.zones().len()), (listed().version(), 1));
        assert!(with.zone_by_id("Hidden").is_none());
        assert_eq!(difference(&listed(), &with), Difference::default());
        let mut found = Vec::new();
        with.near(&BoundingBox::new([-120.1, -40.1, -119.9, -39.9]).unwrap(), &mut found);
        assert_eq!(with.zone(found[0]).map(|zone| zone.id.as_str()), Some("Hidden"));
    }
}
