//! Operation intents of simulated flights, from metres around an origin to a wire message.

use serde::Deserialize;
use serde_json::{Value, json};

use super::WireMessage;
use crate::domain::{IntentState, LatLng, Timestamp, round_to};
use crate::geodesy::LocalMetric;

/// What an operator files: one volume from the ground up.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    #[serde(default = "super::scenario::operator")]
    pub(super) operator: String,
    pub(super) flight_id: String,
    pub(super) uas_ids: Vec<String>,
    pub(super) state: IntentState,
    /// When it is filed, seconds after the start.
    #[serde(default)]
    pub(super) at_s: f64,
    /// Corners, metres east and north of the origin.
    pub(super) ring: Vec<[f64; 2]>,
    /// True height, metres.
    pub(super) upper_m: f64,
    /// From when until when, seconds after the start.
    pub(super) period_s: [f64; 2],
}

impl Plan {
    /// The message that files it `at`, of a flight that started at `start`.
    pub(super) fn message(
        &self,
        prefix: &str,
        origin: LatLng,
        start: Timestamp,
        at: Timestamp,
    ) -> WireMessage {
        let metric = LocalMetric::at(origin.lat_deg());
        let corner = |&[east_m, north_m]: &[f64; 2]| {
            let at = metric.moved(origin, east_m, north_m);
            json!([round_to(at.lng_deg(), 7), round_to(at.lat_deg(), 7)])
        };
        let outline: Vec<Value> = self.ring.iter().map(corner).collect();
        let limit = |metres: f64| json!({"value": metres, "reference": "AGL", "units": "M"});
        let [from_s, until_s] = self.period_s;
        let intent = json!({
            "flight_id": self.flight_id, "operator": self.operator, "uas_ids": self.uas_ids, "state": self.state,
            "volumes": [{
                "outline": outline, "altitude_lower": limit(0.0), "altitude_upper": limit(self.upper_m),
                "time_start": start.plus_seconds(from_s), "time_end": start.plus_seconds(until_s),
            }],
        });
        WireMessage {
            at,
            topic: format!("{prefix}/intent/{}/{}", self.operator, self.flight_id),
            payload: intent.to_string().into_bytes(),
            retain: false,
        }
    }
}
