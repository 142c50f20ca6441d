//! A dry run: what the zone detectors say of one report against one set of zones, with no lifecycle and no memory.
//!
//! The same detectors judge live traffic, so that what is said of a draft is what happens when it is published.

use std::sync::Arc;

use crate::airspace::Airspace;
use crate::domain::{AlertCode, Intent, Observation, Phase, Severity, Timestamp, ZoneId};

use super::contract::Event;
use super::detectors;
use super::finding::About;
use super::scene::{Found, Scene};
use super::settings::Settings;
use super::tracks::Taken;
use super::{Monitor, report};

/// What one zone means for one report.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The zone; `None` for what no zone says (the default of controlled airspace).
    pub zone: Option<ZoneId>,
    /// Which alert it would be.
    pub code: AlertCode,
    /// Foreseen or so now.
    pub phase: Phase,
    /// How urgent.
    pub severity: Severity,
    /// The clause that applies, as the alert would say it.
    pub rule: Arc<str>,
}

/// Judges reports one by one against one set of zones.
#[derive(Debug)]
pub struct Judge(Monitor);

impl Judge {
    /// A judge by these rules and zones.
    pub fn new(settings: Settings, airspace: Arc<Airspace>) -> Self {
        let mut monitor = Monitor::new(Settings { assessments: false, ..settings });
        let begin = Timestamp::from_micros(i64::MIN);
        monitor.handle(begin, Event::AirspaceReplaced(airspace), &mut Vec::new());
        Self(monitor)
    }

    /// The same that knows of these intents; one that is refused counts for nothing.
    #[must_use]
    pub fn knowing(mut self, intents: &[Intent]) -> Self {
        for intent in intents {
            drop(self.0.intents.file(intent.clone()));
        }
        self
    }

    /// What every zone near it means for an aircraft that reports so, at the time of the report, in the order of the
    /// zones. Reports judged before count for nothing.
    pub fn judge(&mut self, report: &Observation) -> Vec<Verdict> {
        let monitor = &mut self.0;
        let (at, report) = (report.timestamp, Observation { backfill: false, ..report.clone() });
        let Taken::Newest(ix) = monitor.tracks.take(report, at, &monitor.rules.settings.terrain) else {
            return Vec::new();
        };
        monitor.place(ix, 0.0);
        let mut found = Found::default();
        if let Some(own) = monitor.tracks.get(ix) {
            let scene = Scene {
                now: at,
                age_s: 0.0,
                zones_at: at,
                rules: &monitor.rules,
                own,
                tracks: &monitor.tracks,
                candidates: &[],
                airspace: &monitor.airspace,
                in_force_since: monitor.in_force_since,
                intents: &monitor.intents,
            };
            for detector in detectors::OF_ZONES {
                detector(&scene, &mut found);
            }
        }
        if let Some(mut track) = monitor.tracks.remove(ix) {
            let sky = if track.canary { &mut monitor.canary_sky } else { &mut monitor.sky };
            sky.remove(ix, &mut track.placed);
        }
        let verdict = |finding: &super::finding::Finding| {
            let zone = match finding.about {
                About::Zone(ix) => Some(monitor.airspace.zone(ix)?.id.clone()),
                About::Itself | About::Other(_) => None,
            };
            let (severity, rule) = (finding.severity?, report::rule_of_one(finding));
            Some(Verdict { zone, code: finding.code, phase: finding.phase, severity, rule })
        };
        found.findings.iter().filter_map(verdict).collect()
    }
}

impl Monitor {
    /// Takes a report in without judging it: its aircraft is there when zones come.
    pub fn seat(&mut self, at: Timestamp, report: Observation) {
        self.now = self.now.max(at);
        if let Taken::Newest(ix) = self.tracks.take(report, self.now, &self.rules.settings.terrain) {
            self.place(ix, 0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::airspace::{Document, load};
    use crate::domain::{GeoidModel, Heights, LatLng, RelativeHeight, RelativeReference, UasId};

    /// A square of 0.02° around 22.75, 113.45 with an upper limit in a datum.
    fn zones(reference: &str, upper_m: f64) -> Arc<Airspace> {
        let text = format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"identifier":"Z","country":"CHN",
            "type":"PROHIBITED","variant":"COMMON","zoneAuthority":[{{"purpose":"AUTHORIZATION"}}]}},
            "geometry":{{"type":"Polygon","coordinates":[[[113.44,22.74],[113.46,22.74],[113.46,22.76],[113.44,22.76],[113.44,22.74]]],
            "layer":{{"upper":{upper_m},"upperReference":"{reference}","uom":"m"}}}}}}]}}"#
        );
        Arc::new(load(&[Document { name: "z", text: text.as_bytes() }]).airspace.unwrap())
    }

    fn report(heights: Heights) -> Observation {
        let at = Timestamp::parse("2026-11-22T08:00:00Z").unwrap();
        let position = LatLng::new(22.75, 113.45).unwrap();
        Observation { heights, ..Observation::new(UasId::new("A").unwrap(), at, position) }
    }

    #[test]
    fn every_datum_is_compared_as_the_service_does() {
        let takeoff = |metres| Heights {
            relative: Some(RelativeHeight { metres, reference: RelativeReference::Takeoff }),
            ..Heights::default()
        };
        let amsl = |metres, model| Heights { amsl_m: Some((metres, model)), ..Heights::default() };
        for (reference, upper_m, heights, inside) in [
            ("TAKEOFF", 100.0, takeoff(99.0), true),
            ("TAKEOFF", 100.0, takeoff(101.0), false),
            ("AMSL", 100.0, amsl(99.0, GeoidModel::Egm96), true),
            ("AMSL", 100.0, amsl(101.0, GeoidModel::Egm96), false),
            ("CN1985", 100.0, amsl(99.0, GeoidModel::Cn1985), true),
            ("CN1985", 100.0, amsl(101.0, GeoidModel::Cn1985), false),
            ("AMSL", 100.0, Heights::default(), true),
        ] {
            let mut judge = Judge::new(Settings::default(), zones(reference, upper_m));
            let found = judge.judge(&report(heights));
            assert_eq!(found.len(), usize::from(inside), "{reference} {heights:?}: {found:?}");
            assert_eq!(judge.judge(&report(heights)), found, "no memory");
        }
    }
}
