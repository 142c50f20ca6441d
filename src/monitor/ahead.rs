//! What the next reports will need, fetched before they are judged.
//!
//! A hundred thousand aircraft do not fit into a processor's cache, and what one report needs hangs together by
//! pointers: identity, slot, boxes, zones, edges. Judged one by one, a report waits for memory a dozen times in a row.
//! Here the same steps are taken for many reports side by side, so that the waits overlap. Nothing is changed, and
//! nothing depends on it but time.

use std::hint::black_box;

use crate::airspace::Zone;
use crate::domain::{LatLng, UasId};

use super::detectors::path_bounds;
use super::tracks::Track;
use super::{Monitor, NEAR_PAD_M};

impl Monitor {
    /// How many reports at a time are worth looking ahead for: their needs must fit into the innermost caches.
    pub const AHEAD: usize = 32;

    /// Looks ahead for reports of these aircraft, of which [`Self::AHEAD`] at most are about to be handled. A hint:
    /// the results are the same without.
    pub fn look_ahead<'a>(&self, coming: impl IntoIterator<Item = &'a UasId>) {
        let found: Vec<_> =
            coming.into_iter().take(Self::AHEAD).filter_map(|id| self.tracks.guess(id)).collect();
        for &ix in &found {
            black_box(self.tracks.glance(ix).copied());
            if let Some(track) = self.tracks.get(ix) {
                track.fetch();
            }
        }
        let tracks: Vec<&Track> = found.iter().filter_map(|&ix| self.tracks.get(ix)).collect();
        for track in &tracks {
            black_box(track.id.as_str().as_bytes().first());
            black_box(track.entries.first().copied());
            track.near.fetch();
        }
        let mut zones: Vec<(&Zone, [LatLng; 2])> = Vec::new();
        let horizon_s = self.rules.zone_horizon_s();
        for track in &tracks {
            let bounds = path_bounds(&track.state, None, horizon_s, NEAR_PAD_M / 10.0);
            let ends = [track.state.position, track.state.position_after(horizon_s)];
            let met = track.near.meeting(&bounds).filter_map(|ix| self.airspace.zone(ix));
            zones.extend(met.map(|zone| (zone, ends)));
            for &entry in &track.entries {
                self.ledger.fetch(entry);
            }
        }
        for depth in 0..Zone::DEPTHS {
            for (zone, ends) in &zones {
                zone.fetch(*ends, depth);
            }
        }
        for &ix in &found {
            for &neighbour in self.sky.listed(ix) {
                black_box(self.tracks.glance(neighbour).copied());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::airspace::{Airspace, Shape, Volume};
    use crate::domain::{Observation, Restriction, Timestamp, ZoneId};
    use crate::monitor::{Effect, Event, Settings};

    fn reports() -> Vec<Observation> {
        let mut reports = Vec::new();
        for second in 0..40_i32 {
            for number in 0..20_i32 {
                let id = UasId::new(&format!("A{number}")).unwrap();
                let lng = 114.0 + f64::from(number) * 0.001 + f64::from(second * (number % 3 - 1)) * 0.0002;
                let at = Timestamp::from_millis(i64::from(second * 1000 + number * 40));
                let mut report = Observation::new(id, at, LatLng::new(22.5, lng).unwrap());
                report.heights.hae_m = Some(f64::from(50 + number % 2 * 10));
                reports.push(report);
            }
        }
        reports
    }

    fn effects(ahead: bool) -> Vec<Effect> {
        let mut monitor = Monitor::new(Settings::default());
        let ring = vec![[114.0, 22.49], [114.01, 22.49], [114.01, 22.51], [114.0, 22.51], [114.0, 22.49]];
        let volume = Volume::new(Shape::polygons(&[vec![ring]]).unwrap(), None, None);
        let zone = Zone::new(ZoneId::new("Z"), Restriction::Prohibited, vec![volume]).unwrap();
        let mut effects = Vec::new();
        let airspace = Event::AirspaceReplaced(Arc::new(Airspace::new(vec![zone])));
        monitor.handle(Timestamp::from_millis(0), airspace, &mut effects);
        let reports = reports();
        for (at, report) in reports.iter().enumerate() {
            if ahead {
                monitor.look_ahead(reports[at..].iter().map(|report| &report.uas_id));
            }
            monitor.handle(report.timestamp, Event::Observed(report.clone()), &mut effects);
        }
        effects
    }

    #[test]
    fn nothing_depends_on_having_looked_ahead() {
        let (with, without) = (effects(true), effects(false));
        assert!(
            without.iter().any(|effect| matches!(effect, Effect::Alert(_))),
            "there is something to tell"
        );
        assert_eq!(format!("{with:?}"), format!("{without:?}"));
    }
}
