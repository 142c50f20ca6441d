//! Zones written as documents, and a monitor that is told of aircraft and intents, for tests of what zones mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use lowsky::airspace::{Airspace, Document, load};
use lowsky::domain::{
    Alert, AlertCode, AlertEventKind, Heights, Intent, IntentState, IntentVolume, LatLng, Observation,
    OperationalStatus, OperatorId, Outline, Timestamp, UasId, VerticalLimit, VerticalReference, ZoneId,
};
use lowsky::monitor::{Effect, Event, Monitor, Settings};
use serde_json::{Value, json};

/// What an alert is of.
pub(crate) type Key = (UasId, AlertCode, Option<ZoneId>);

/// The instant so many milliseconds after the start.
pub(crate) fn at_ms(ms: i64) -> Timestamp {
    Timestamp::from_millis(1_795_334_400_000 + ms)
}

/// A zone that is a circle around a place, from the ground to 120 m, with these extended properties.
pub(crate) fn circle(id: &str, restriction: &str, [lat, lng, radius_m]: [f64; 3], extended: &Value) -> Value {
    json!({
        "type": "Feature",
        "properties": {
            "identifier": id, "country": "CHN", "type": restriction, "variant": "COMMON",
            "zoneAuthority": [{"purpose": "AUTHORIZATION"}], "extendedProperties": extended,
        },
        "geometry": {
            "type": "Point", "coordinates": [lng, lat], "extent": {"subType": "Circle", "radius": radius_m},
            "layer": {"lower": 0, "lowerReference": "AGL", "upper": 120, "upperReference": "AGL", "uom": "m"},
        },
    })
}

/// The set of these zones.
pub(crate) fn set<'a>(features: impl IntoIterator<Item = &'a Value>) -> Arc<Airspace> {
    let features: Vec<_> = features.into_iter().collect();
    let text = json!({"type": "FeatureCollection", "features": features}).to_string();
    let loaded = load(&[Document { name: "zones", text: text.as_bytes() }]);
    Arc::new(loaded.airspace.unwrap_or_else(|| panic!("{:#?}", loaded.problems)))
}

/// An intent of `acme` for these aircraft over a circle up to 100 m, for an hour.
pub(crate) fn intent(flight: &str, uas_ids: &[&str], [lat, lng, radius_m]: [f64; 3]) -> Intent {
    Intent {
        operator: OperatorId::new("acme").unwrap(),
        flight_id: UasId::new(flight).unwrap(),
        uas_ids: uas_ids.iter().map(|id| UasId::new(id).unwrap()).collect(),
        state: IntentState::Activated,
        volumes: vec![IntentVolume {
            outline: Outline::Circle { centre: LatLng::new(lat, lng).unwrap(), radius_m },
            lower: None,
            upper: VerticalLimit { metres: 100.0, reference: VerticalReference::Wgs84 },
            from: at_ms(-1_000),
            until: at_ms(3_600_000),
        }],
    }
}

/// A report of an aircraft of `acme` that hovers 50 m above the ellipsoid.
pub(crate) fn hover(id: &str, [lat, lng]: [f64; 2], ms: i64) -> Observation {
    let mut seen = Observation::new(UasId::new(id).unwrap(), at_ms(ms), LatLng::new(lat, lng).unwrap());
    seen.operator = Some(OperatorId::new("acme").unwrap());
    seen.status = OperationalStatus::Airborne;
    seen.heights = Heights { hae_m: Some(50.0), ..Heights::default() };
    (seen.motion.ground_speed_mps, seen.motion.vertical_speed_mps) = (Some(0.0), Some(0.0));
    seen
}

/// A monitor, and the alerts of zones that stand.
pub(crate) struct Bench {
    pub(crate) monitor: Monitor,
    effects: Vec<Effect>,
    /// As told last.
    pub(crate) open: BTreeMap<Key, Alert>,
    /// When each that was cleared was.
    pub(crate) cleared: Vec<(Timestamp, Key)>,
}

impl Bench {
    pub(crate) fn new(settings: Settings) -> Self {
        let monitor = Monitor::new(settings);
        Self { monitor, effects: Vec::new(), open: BTreeMap::new(), cleared: Vec::new() }
    }

    pub(crate) fn handle(&mut self, at: Timestamp, event: Event) {
        self.monitor.handle(at, event, &mut self.effects);
        for effect in self.effects.drain(..) {
            let Effect::Alert(event) = effect else { continue };
            let alert = &event.alert;
            let codes = [AlertCode::ZoneIncursion, AlertCode::HeightLimit, AlertCode::GeocageExit];
            if !codes.contains(&alert.code) {
                continue;
            }
            let zone = alert.zone.as_ref().map(|zone| zone.id.clone());
            let key = (alert.uas_id.clone(), alert.code, zone);
            if event.event == AlertEventKind::Cleared {
                self.open.remove(&key);
                self.cleared.push((alert.updated_at, key));
            } else {
                self.open.insert(key, alert.clone());
            }
        }
    }

    pub(crate) fn zones(&mut self, ms: i64, zones: &Arc<Airspace>) {
        self.handle(at_ms(ms), Event::AirspaceReplaced(Arc::clone(zones)));
    }

    pub(crate) fn see(&mut self, report: Observation) {
        self.handle(report.timestamp, Event::Observed(report));
    }

    pub(crate) fn file(&mut self, ms: i64, intent: Intent) {
        self.handle(at_ms(ms), Event::IntentFiled(Box::new(intent)));
    }

    /// The rules of the alerts that stand, in order.
    pub(crate) fn rules(&self) -> Vec<&str> {
        self.open.values().map(|alert| &*alert.rule).collect()
    }
}
