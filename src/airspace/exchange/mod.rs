//! Zones from and for other hands: ED-269, plain GeoJSON, tables of circles.

mod circles;
mod ed269;
mod plain;
#[cfg(test)]
mod tests;

pub use circles::circles;
pub use ed269::to_ed269;
pub use plain::plain;

use serde_json::{Map, Value, json};

/// What a form cannot say of a zone, and what was written in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The zone.
    pub zone: String,
    /// The member that is concerned.
    pub member: &'static str,
    /// What became of it, in English.
    pub message: String,
    /// The same in Chinese.
    pub message_zh: String,
}

impl std::fmt::Display for Loss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}: {} {}", self.zone, self.member, self.message, self.message_zh)
    }
}

/// What is said of zones that do not say it themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// The property that holds the identifier; without it, or where it is absent, zones are numbered.
    pub id_from: Option<String>,
    /// The property that holds the name.
    pub name_from: Option<String>,
    /// Begins the identifiers of zones that are numbered.
    pub prefix: String,
    /// What a zone asks: a word of ED-318.
    pub restriction: String,
    /// Three letters of ISO 3166-1.
    pub country: String,
    /// Lower limit, metres.
    pub lower_m: f64,
    /// Upper limit, metres; `None` is without limit.
    pub upper_m: Option<f64>,
    /// What the limits are measured from: a word of ED-318.
    pub reference: String,
}

impl Default for Mapping {
    /// Forbidden from the ground up, in China.
    fn default() -> Self {
        Self {
            id_from: None,
            name_from: None,
            prefix: "Z".into(),
            restriction: "PROHIBITED".into(),
            country: "CHN".into(),
            lower_m: 0.0,
            upper_m: None,
            reference: "AGL".into(),
        }
    }
}

impl Mapping {
    /// The layer of a geometry, with limits of its own where there are any.
    fn layer(&self, lower_m: Option<f64>, upper_m: Option<f64>, reference: Option<&str>) -> Value {
        let reference = reference.unwrap_or(&self.reference);
        let mut layer = Map::new();
        layer.insert("lower".into(), json!(lower_m.unwrap_or(self.lower_m)));
        layer.insert("lowerReference".into(), json!(reference));
        if let Some(upper_m) = upper_m.or(self.upper_m) {
            layer.insert("upper".into(), json!(upper_m));
            layer.insert("upperReference".into(), json!(reference));
        }
        layer.insert("uom".into(), json!("m"));
        Value::Object(layer)
    }

    /// The properties of a zone of ED-318.
    fn properties(&self, identifier: &str, name: &str, restriction: Option<&str>) -> Map<String, Value> {
        let name = if name.is_empty() { identifier } else { name };
        let Value::Object(properties) = json!({
            "identifier": identifier,
            "country": self.country,
            "name": [{"text": name, "lang": "und"}],
            "type": restriction.unwrap_or(&self.restriction),
            "variant": "COMMON",
            "zoneAuthority": [{"purpose": "INFORMATION"}],
        }) else {
            return Map::new();
        };
        properties
    }
}
