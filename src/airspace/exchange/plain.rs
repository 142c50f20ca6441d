//! Plain GeoJSON, whose properties mean what a mapping says.

use serde_json::{Map, Value, json};

use super::Mapping;

/// A document of ED-318 from a GeoJSON feature or collection. Members that are there already are kept; what the reader of
/// zones needs and is missing is taken from the mapping. Other properties go into `extendedProperties`.
pub fn plain(document: &Value, mapping: &Mapping) -> Value {
    let mut outer = Map::new();
    let features = if let Some(features) = document.get("features").and_then(Value::as_array) {
        let others = document.as_object().into_iter().flatten().filter(|(name, _)| *name != "features");
        outer.extend(others.map(|(name, value)| (name.clone(), value.clone())));
        features.as_slice()
    } else {
        outer.insert("type".into(), json!("FeatureCollection"));
        std::slice::from_ref(document)
    };
    let features: Vec<Value> =
        features.iter().enumerate().map(|(i, feature)| zone(feature, i + 1, mapping)).collect();
    outer.insert("features".into(), Value::Array(features));
    Value::Object(outer)
}

fn zone(feature: &Value, number: usize, mapping: &Mapping) -> Value {
    let empty = Map::new();
    let given = feature.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let text = |name: &Option<String>| {
        let value = given.get(name.as_deref()?)?;
        let text = value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned());
        (!text.is_empty() && !value.is_null()).then_some(text)
    };
    let identifier = text(&mapping.id_from).unwrap_or_else(|| format!("{}{number}", mapping.prefix));
    let name = text(&mapping.name_from).unwrap_or_default();
    let mut properties = mapping.properties(&identifier, &name, None);
    let mut extended = Map::new();
    for (name, value) in given {
        if properties.contains_key(name) || KNOWN.contains(&name.as_str()) {
            let is_mapped = (name == "name" && mapping.name_from.is_some())
                || (name == "identifier" && mapping.id_from.is_some());
            if !is_mapped {
                properties.insert(name.clone(), value.clone());
            }
        } else if !value.is_null() {
            extended.insert(name.clone(), value.clone());
        }
    }
    if !extended.is_empty() {
        properties.insert("extendedProperties".into(), Value::Object(extended));
    }
    let mut geometry = feature.get("geometry").cloned().unwrap_or_default();
    if let Some(members) = geometry.as_object_mut()
        && !members.contains_key("layer")
        && members.get("type") != Some(&json!("GeometryCollection"))
    {
        members.insert("layer".into(), mapping.layer(None, None, None));
    }
    json!({"type": "Feature", "properties": properties, "geometry": geometry})
}

/// Members of ED-318 beside those that a mapping makes.
const KNOWN: [&str; 10] = [
    "restrictionConditions",
    "region",
    "reason",
    "otherReasonInfo",
    "regulationExemption",
    "message",
    "limitedApplicability",
    "dataSource",
    "extendedProperties",
    "tz",
];
