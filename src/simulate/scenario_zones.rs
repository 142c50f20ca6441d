//! The zones of a scenario, from metres around its origin to an ED-318 document.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::{LatLng, Restriction, round_to};
use crate::geodesy::LocalMetric;

/// A zone as a scenario gives it: corners in metres east and north of the origin.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ZoneSpec {
    pub(super) identifier: String,
    #[serde(rename = "type")]
    kind: Restriction,
    pub(super) ring: Vec<[f64; 2]>,
    #[serde(default)]
    holes: Vec<Vec<[f64; 2]>>,
    lower_m: Option<f64>,
    upper_m: Option<f64>,
    #[serde(default = "above_ground")]
    reference: String,
    /// `[start, end]`, RFC 3339; absent: always.
    period: Option<[String; 2]>,
    /// What it says beyond ED-318.
    #[serde(default)]
    extended: Option<Value>,
}

fn above_ground() -> String {
    "AGL".into()
}

/// The zones as one ED-318 feature collection.
pub(super) fn document(origin: LatLng, zones: &[ZoneSpec]) -> String {
    let features: Vec<Value> = zones.iter().map(|zone| zone.feature(origin)).collect();
    json!({"type": "FeatureCollection", "title": "Zones of a scenario (synthetic)", "features": features})
        .to_string()
}

impl ZoneSpec {
    fn feature(&self, origin: LatLng) -> Value {
        let metric = LocalMetric::at(origin.lat_deg());
        let ring = |corners: &Vec<[f64; 2]>| -> Value {
            // Closed: the first corner comes again.
            let around = corners.iter().chain(corners.first());
            around
                .map(|&[east, north]| {
                    let at = metric.moved(origin, east, north);
                    json!([round_to(at.lng_deg(), 7), round_to(at.lat_deg(), 7)])
                })
                .collect()
        };
        let rings: Vec<Value> = std::iter::once(&self.ring).chain(&self.holes).map(ring).collect();
        let mut layer = serde_json::Map::new();
        for (name, limit) in [("lower", self.lower_m), ("upper", self.upper_m)] {
            if let Some(metres) = limit {
                layer.insert(name.into(), json!(metres));
                layer.insert(format!("{name}Reference"), json!(self.reference));
            }
        }
        layer.insert("uom".into(), json!("m"));
        let mut properties = json!({
            "identifier": self.identifier, "country": "CHN", "type": self.kind, "variant": "COMMON",
            "name": [{"text": format!("想定空域{}（合成）", self.identifier), "lang": "zh-CN"},
                     {"text": format!("Scenario zone {} (synthetic)", self.identifier), "lang": "en-GB"}],
            "zoneAuthority": [{"purpose": "AUTHORIZATION"}],
        });
        if let (Some([start, end]), Some(members)) = (&self.period, properties.as_object_mut()) {
            members
                .insert("limitedApplicability".into(), json!([{"startDateTime": start, "endDateTime": end}]));
        }
        if let (Some(extended), Some(members)) = (&self.extended, properties.as_object_mut()) {
            members.insert("extendedProperties".into(), extended.clone());
        }
        json!({"type": "Feature", "properties": properties,
               "geometry": {"type": "Polygon", "coordinates": rings, "layer": layer}})
    }
}
