//! The zones near an aircraft, looked up once for a box larger than needed.
//!
//! Most of them are never met. What it takes to pass over a zone lies together here, so that the zone itself,
//! somewhere in memory, need not be fetched.

use std::hint::black_box;

use crate::airspace::{Airspace, ZoneIx};
use crate::domain::{BoundingBox, Timestamp};

/// Where zones are looked up, and for whom.
pub(super) struct Search<'a> {
    /// The zones in force.
    pub airspace: &'a Airspace,
    /// Their number among airspaces, from 1.
    pub epoch: u32,
    /// Whether for a test flight, which has zones of its own.
    pub canary: bool,
}

/// The zones near an aircraft.
#[derive(Debug, Default)]
pub(super) struct NearZones {
    /// Which airspace they are from; 0: none yet.
    epoch: u32,
    /// The box that they were looked up for.
    area: Option<BoundingBox>,
    /// The zones, in order.
    zones: Vec<NearZone>,
    /// Those of them that do not always apply.
    scheduled: Vec<ZoneIx>,
}

#[derive(Debug, Clone, Copy)]
struct NearZone {
    ix: ZoneIx,
    /// West, south, east, north of it, degrees, rounded outwards.
    bounds: [f32; 4],
}

impl NearZones {
    /// Whether they were looked up in the airspace of that number for a box that holds `needed`.
    pub(super) fn serve(&self, epoch: u32, needed: &BoundingBox) -> bool {
        self.epoch == epoch && self.area.is_some_and(|area| holds(&area, needed))
    }

    /// Looks them up anew for `area`; `scratch` is emptied first.
    pub(super) fn look_up(&mut self, search: &Search<'_>, area: BoundingBox, scratch: &mut Vec<ZoneIx>) {
        scratch.clear();
        search.airspace.near(&area, scratch);
        self.zones.clear();
        self.scheduled.clear();
        for &ix in &*scratch {
            let zone = search.airspace.zone(ix).filter(|zone| zone.id.is_canary() == search.canary);
            let Some(zone) = zone else { continue };
            self.zones.push(NearZone { ix, bounds: outwards(&zone.bounds) });
            if !zone.always_applies() {
                self.scheduled.push(ix);
            }
        }
        self.area = Some(area);
        self.epoch = search.epoch;
    }

    /// Reads something of each cache line.
    pub(super) fn fetch(&self) {
        for zone in self.zones.iter().step_by(3) {
            black_box(zone.bounds);
        }
    }

    /// Those whose box may meet `bounds`, in order.
    pub(super) fn meeting(&self, bounds: &BoundingBox) -> impl Iterator<Item = ZoneIx> {
        let [west, south, east, north] = outwards(bounds);
        let meets = move |zone: &&NearZone| {
            let [w, s, e, n] = zone.bounds;
            w <= east && west <= e && s <= north && south <= n
        };
        self.zones.iter().filter(meets).map(|zone| zone.ix)
    }

    /// The next instant at which one of them begins or ceases to apply.
    pub(super) fn next_switch(&self, airspace: &Airspace, after: Timestamp) -> Option<Timestamp> {
        self.scheduled.iter().filter_map(|&ix| airspace.zone(ix)?.next_switch_after(after)).min()
    }
}

fn holds(outer: &BoundingBox, inner: &BoundingBox) -> bool {
    outer.west_deg <= inner.west_deg
        && outer.south_deg <= inner.south_deg
        && inner.east_deg <= outer.east_deg
        && inner.north_deg <= outer.north_deg
}

fn outwards(bounds: &BoundingBox) -> [f32; 4] {
    #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "rounded outwards below")]
    let single = |value: f64| value as f32;
    [
        single(bounds.west_deg).next_down(),
        single(bounds.south_deg).next_down(),
        single(bounds.east_deg).next_up(),
        single(bounds.north_deg).next_up(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::airspace::{Shape, Volume, Zone};
    use crate::domain::{LatLng, Restriction, ZoneId};

    #[test]
    fn zones_whose_box_is_not_met_are_passed_over() {
        let zone = |name: &str, lng: f64| {
            let shape = Shape::circle(LatLng::new(22.5, lng).unwrap(), 100.0).unwrap();
            Zone::new(ZoneId::new(name), Restriction::Prohibited, vec![Volume::new(shape, None, None)])
                .unwrap()
        };
        let airspace = Airspace::new(vec![zone("A", 114.0), zone("B", 114.01)]);
        let around = |west_deg: f64, east_deg: f64| BoundingBox {
            west_deg,
            south_deg: 22.49,
            east_deg,
            north_deg: 22.51,
        };
        let mut near = NearZones::default();
        assert!(!near.serve(1, &around(114.0, 114.0)));
        let search = Search { airspace: &airspace, epoch: 1, canary: false };
        near.look_up(&search, around(113.9, 114.1), &mut Vec::new());
        assert!(near.serve(1, &around(114.0, 114.0)));
        assert!(!near.serve(2, &around(114.0, 114.0)), "of another airspace");
        assert!(!near.serve(1, &around(114.0, 114.2)), "beyond what was looked up");
        assert_eq!(near.meeting(&around(113.9, 114.1)).count(), 2);
        assert_eq!(near.meeting(&around(114.009, 114.1)).collect::<Vec<_>>(), [ZoneIx(1)]);
        let edge = airspace.zones()[0].bounds.east_deg;
        assert_eq!(near.meeting(&around(edge, edge)).collect::<Vec<_>>(), [ZoneIx(0)], "the boundary counts");
    }
}
