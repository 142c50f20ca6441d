//! Encounters as files: who flies how, and which alerts must come of it.
//!
//! A scenario is a JSON object. Places are metres east and north of `origin`, heights are above the flat ground
//! at mean sea level, times are seconds after the start.
//!
//! ```json
//! {
//!   "name": "head-on", "title": {"zh-CN": "对头", "en": "Head-on"},
//!   "why": "One sentence: what this must show.",
//!   "origin": {"lat": 22.75, "lng": 113.45}, "duration_s": 60,
//!   "zones": [{"identifier": "KEEPOUT", "type": "PROHIBITED", "ring": [[0, 0], [400, 0], [400, 300]],
//!              "holes": [], "lower_m": 0, "upper_m": 120, "reference": "AGL"}],
//!   "intents": [{"operator": "op", "flight_id": "F1", "uas_ids": ["A"], "state": "ACTIVATED", "at_s": 0,
//!                "ring": [[0, 0], [400, 0], [400, 300]], "upper_m": 120, "period_s": [0, 60]}],
//!   "authorities": ["op"],
//!   "aircraft": [{
//!     "uas_id": "A", "operator": "op", "ua_class": "LIGHT", "group_id": "g",
//!     "start": {"east_m": -900, "north_m": 0, "agl_m": 60},
//!     "legs": [{"for_s": 60, "track": 90, "speed": 15, "climb": 0}],
//!     "period_s": 1, "phase_s": 0, "status": "AIRBORNE", "format": "JSON",
//!     "quirks": [{"from_s": 20, "to_s": 40, "what": "SILENT"}]
//!   }],
//!   "expected": [{"code": "SEPARATION", "uas_id": "A", "other": "B", "phase": "ACTUAL",
//!                 "severity": "CRITICAL", "raised_s": [8, 12], "cleared_s": [35, 50]}],
//!   "others": "NONE"
//! }
//! ```
//!
//! After its legs an aircraft hovers. Quirks are those of `What`: `SILENT`, `STORED` (sent as back-fill at the
//! end), `TWICE`, `LATE` (`by_s`), `STATUS` (`status`), `C2_LOST`, `BATTERY` (`pct`), `CLOCK` (`by_s`),
//! `DISPLACED` (`east_m`, `north_m`), `CLAIMS` (`ground_speed`), `NO_HEIGHT`, `NO_VELOCITY`, `NO_LATITUDE`,
//! `GCJ02`, `IMPOSTOR`.
//!
//! An expectation is one alert. `phase` and `severity` are the highest that it reaches, `raised_s` bounds the
//! time of its `RAISED` event; `cleared_s`, if there, that of its `CLEARED` event. Either of these left out is
//! not judged. With `others` `NONE`, which is the default, any further alert is a failure; `ANY` allows more.
//! Of a pair, `uas_id` is the smaller id.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::WireMessage;
use super::craft::{Craft, Format, Quirk};
use super::path::{Ending, Route};
use super::plan::Plan;
use super::scenario_zones::{ZoneSpec, document};
use crate::domain::{
    AlertCode, LatLng, OperationCategory, OperationalStatus, OperatorId, Phase, Severity, Timestamp, UaClass,
    UasId,
};

/// Longest scenario, seconds, and most aircraft in one: a file that asks for more is a mistake.
const DURATION_S_MAX: f64 = 3600.0;
const AIRCRAFT_MAX: usize = 500;

/// A scripted encounter.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Short name, that of the file.
    pub name: String,
    /// What to call it, by language (`zh-CN`, `en`).
    pub title: std::collections::BTreeMap<String, String>,
    /// What it must show.
    pub why: String,
    origin: Origin,
    /// How long it lasts, seconds.
    pub duration_s: f64,
    #[serde(default)]
    zones: Vec<ZoneSpec>,
    #[serde(default)]
    intents: Vec<Plan>,
    /// Operators whose intents authorise flights.
    #[serde(default)]
    pub authorities: Vec<String>,
    aircraft: Vec<AircraftSpec>,
    /// The alerts that must come.
    pub expected: Vec<Expectation>,
    /// What is thought of other alerts.
    #[serde(default)]
    pub others: Others,
}

/// One alert that must come.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// What it is about.
    pub code: AlertCode,
    /// The aircraft; of a pair the smaller id.
    pub uas_id: String,
    /// The other aircraft of a pair.
    pub other: Option<String>,
    /// The zone's identifier.
    pub zone: Option<String>,
    /// The furthest phase that it reaches.
    pub phase: Option<Phase>,
    /// The highest severity that it reaches.
    pub severity: Option<Severity>,
    /// Earliest and latest time of `RAISED`, seconds after the start.
    pub raised_s: Option<[f64; 2]>,
    /// Earliest and latest time of `CLEARED`.
    pub cleared_s: Option<[f64; 2]>,
}

/// What is thought of alerts that are not expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Others {
    /// There must be none.
    #[default]
    None,
    /// There may be some.
    Any,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Origin {
    lat: f64,
    lng: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct AircraftSpec {
    uas_id: String,
    #[serde(default = "operator")]
    operator: String,
    ua_class: Option<UaClass>,
    operation_category: Option<OperationCategory>,
    group_id: Option<String>,
    start: Start,
    #[serde(default)]
    legs: Vec<Leg>,
    #[serde(default = "one")]
    period_s: f64,
    #[serde(default)]
    phase_s: f64,
    #[serde(default = "airborne")]
    status: OperationalStatus,
    #[serde(default)]
    format: FormatSpec,
    #[serde(default)]
    quirks: Vec<Quirk>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    east_m: f64,
    north_m: f64,
    agl_m: f64,
}

/// Straight flight: degrees from true north, metres per second over ground and up.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Leg {
    for_s: f64,
    #[serde(default)]
    track: f64,
    #[serde(default)]
    speed: f64,
    #[serde(default)]
    climb: f64,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum FormatSpec {
    #[default]
    Json,
    Nmea,
}

pub(super) fn operator() -> String {
    "op".into()
}

const fn one() -> f64 {
    1.0
}

const fn airborne() -> OperationalStatus {
    OperationalStatus::Airborne
}

impl Scenario {
    /// Reads a scenario; every fault found is told.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let scenario: Self = serde_json::from_str(text).map_err(|error| vec![error.to_string()])?;
        let faults = scenario.faults();
        if faults.is_empty() { Ok(scenario) } else { Err(faults) }
    }

    /// The zones as one ED-318 document; `None` if there are none.
    pub fn zones(&self) -> Option<String> {
        (!self.zones.is_empty()).then(|| document(self.origin(), &self.zones))
    }

    /// Everything that is published from `start` on, in the order of publication.
    pub fn messages(&self, prefix: &str, start: Timestamp) -> Vec<WireMessage> {
        let file = |plan: &Plan| plan.message(prefix, self.origin(), start, start.plus_seconds(plan.at_s));
        let mut messages: Vec<_> = self.intents.iter().map(file).collect();
        let end_us = Timestamp::default().plus_seconds(self.duration_s).as_micros();
        for spec in &self.aircraft {
            let mut craft = spec.craft(self.origin());
            while craft.next_due_us() <= end_us {
                craft.report(prefix, start, &mut messages);
            }
        }
        messages.sort_by_key(|message| message.at);
        messages
    }

    fn origin(&self) -> LatLng {
        LatLng::wrapped(self.origin.lat, self.origin.lng)
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut check = |good: bool, fault: String| {
            if !good {
                faults.push(fault);
            }
        };
        check(
            self.title.contains_key("zh-CN") && self.title.contains_key("en"),
            "title: zh-CN and en are wanted".into(),
        );
        check(LatLng::new(self.origin.lat, self.origin.lng).is_ok(), "origin: no position".into());
        check(
            (0.0..=DURATION_S_MAX).contains(&self.duration_s),
            format!("duration_s: 0 to {DURATION_S_MAX}"),
        );
        check(
            (1..=AIRCRAFT_MAX).contains(&self.aircraft.len()),
            format!("aircraft: 1 to {AIRCRAFT_MAX} are wanted"),
        );
        let mut ids = BTreeSet::new();
        for (index, spec) in self.aircraft.iter().enumerate() {
            let at = format!("aircraft[{index}]");
            check(UasId::new(&spec.uas_id).is_ok(), format!("{at}.uas_id: no identity"));
            check(OperatorId::new(&spec.operator).is_ok(), format!("{at}.operator: no identity"));
            check(ids.insert(spec.uas_id.as_str()), format!("{at}.uas_id: `{}` is there twice", spec.uas_id));
            check((0.05..=DURATION_S_MAX).contains(&spec.period_s), format!("{at}.period_s: at least 0.05"));
            check((0.0..=DURATION_S_MAX).contains(&spec.phase_s), format!("{at}.phase_s: not negative"));
            for (leg, wanted) in spec.legs.iter().enumerate() {
                check(wanted.for_s > 0.0, format!("{at}.legs[{leg}].for_s: over 0"));
            }
            for (quirk, wanted) in spec.quirks.iter().enumerate() {
                check(wanted.from_s < wanted.to_s, format!("{at}.quirks[{quirk}]: from_s before to_s"));
            }
        }
        let zones: BTreeSet<&str> = self.zones.iter().map(|zone| zone.identifier.as_str()).collect();
        check(zones.len() == self.zones.len(), "zones: an identifier is there twice".into());
        for zone in &self.zones {
            check(zone.ring.len() >= 3, format!("zones: `{}` has under 3 corners", zone.identifier));
        }
        for (index, expected) in self.expected.iter().enumerate() {
            let at = format!("expected[{index}]");
            let known = |id: &String| ids.contains(id.as_str());
            check(known(&expected.uas_id), format!("{at}.uas_id: `{}` does not fly", expected.uas_id));
            check(expected.other.iter().all(known), format!("{at}.other: does not fly"));
            check(
                expected.other.iter().all(|other| expected.uas_id < *other),
                format!("{at}: the smaller id of a pair is `uas_id`"),
            );
            check(
                expected.zone.iter().all(|zone| zones.contains(zone.as_str())),
                format!("{at}.zone: no such zone"),
            );
            for [from_s, to_s] in expected.raised_s.iter().chain(&expected.cleared_s) {
                check(from_s <= to_s && *to_s <= self.duration_s, format!("{at}: times out of order"));
            }
        }
        faults
    }
}

impl AircraftSpec {
    fn craft(&self, origin: LatLng) -> Craft {
        let start = self.start;
        let mut route = Route::from(origin, [start.east_m, start.north_m], start.agl_m);
        for leg in &self.legs {
            let (sin, cos) = leg.track.to_radians().sin_cos();
            route = route.along(leg.for_s, [leg.speed * sin, leg.speed * cos, leg.climb]);
        }
        let mut craft = Craft::new(&self.operator, &self.uas_id, self.ua_class, route.end(Ending::Holds));
        let micros = |seconds: f64| Timestamp::default().plus_seconds(seconds).as_micros();
        craft.category = self.operation_category;
        craft.group_id.clone_from(&self.group_id);
        craft.status = self.status;
        craft.period_us = micros(self.period_s);
        craft.phase_us = micros(self.phase_s);
        craft.quirks.clone_from(&self.quirks);
        craft.format = match self.format {
            FormatSpec::Json => Format::Json,
            FormatSpec::Nmea => Format::Nmea,
        };
        craft
    }
}

#[cfg(test)]
mod tests;
