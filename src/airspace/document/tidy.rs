//! The geometry of a feature in the form of the standard, for those who show it or pass it on. The reader takes it in other
//! places and forms, and the document keeps those.

use serde_json::{Map, Value, json};

/// Other places of a layer: beside the geometry, or in the properties.
const LAYERS: [&str; 2] = ["verticalLayer", "layer"];
/// The kinds of geometry that the reader takes, as the standard writes them.
const KINDS: [&str; 5] = ["Point", "LineString", "Polygon", "MultiPolygon", "GeometryCollection"];

/// Brings geometry and layer of a feature to where the standard has them.
pub(super) fn tidy(feature: &mut Value) {
    let Some(members) = feature.as_object_mut() else { return };
    let layer = outer_layer(members);
    let Some(mut geometry) = geometry(members) else { return };
    tidy_geometry(&mut geometry);
    if let (Some(layer), Some(object)) = (layer, geometry.as_object_mut())
        && !object.contains_key("layer")
    {
        object.insert("layer".to_owned(), layer);
    }
    members.insert("type".to_owned(), json!("Feature"));
    members.insert("geometry".to_owned(), geometry);
}

/// The properties, and those one level deeper.
fn properties(feature: &Map<String, Value>) -> [Option<&Map<String, Value>>; 2] {
    let properties = feature.get("properties").and_then(Value::as_object);
    let nested = properties.and_then(|properties| {
        let nested = properties.get("UASZone")?;
        nested.as_object().or_else(|| nested.as_array()?.first()?.as_object())
    });
    [properties, nested]
}

fn geometry(feature: &Map<String, Value>) -> Option<Value> {
    let [outer, nested] = properties(feature);
    let holders = [Some(feature), outer, nested].into_iter().flatten();
    let mut found =
        holders.filter_map(|holder| holder.get("geometry").filter(|geometry| !geometry.is_null()));
    found.next().cloned()
}

fn outer_layer(feature: &Map<String, Value>) -> Option<Value> {
    let [outer, nested] = properties(feature);
    let holders = [outer, nested, Some(feature)].into_iter().flatten();
    let mut found = holders.flat_map(|holder| LAYERS.iter().filter_map(|name| holder.get(*name)));
    Some(only_item(found.next()?.clone()))
}

/// The item of a list of one; anything else as it is.
fn only_item(value: Value) -> Value {
    let only = value.as_array().filter(|items| items.len() == 1).and_then(|items| items.first()).cloned();
    only.unwrap_or(value)
}

fn tidy_geometry(geometry: &mut Value) {
    let found = only_item(geometry.take());
    *geometry =
        if found.is_array() { json!({"type": "GeometryCollection", "geometries": found}) } else { found };
    let Some(members) = geometry.as_object_mut() else { return };
    for name in ["verticalLayer", "Layer", "layers"] {
        if !members.contains_key("layer")
            && let Some(layer) = members.remove(name)
        {
            members.insert("layer".to_owned(), layer);
        }
    }
    if let Some(layer) = members.get_mut("layer") {
        *layer = only_item(layer.take());
    }
    circle(members);
    for name in ["coordinates", "center"] {
        if let Some(positions) = members.get_mut(name) {
            tidy_positions(positions);
        }
    }
    nest(members);
    if let Some(parts) = members.get_mut("geometries") {
        if parts.is_object() {
            *parts = Value::Array(vec![parts.take()]);
        }
        parts.as_array_mut().into_iter().flatten().for_each(tidy_geometry);
    }
}

/// A circle that is written as such.
fn circle(members: &mut Map<String, Value>) {
    if members.contains_key("extent") {
        return;
    }
    let Some(radius) = members.remove("radius") else { return };
    let centre = ["center", "centre", "coordinates"].iter().find_map(|name| members.remove(*name));
    members.insert("type".to_owned(), json!("Point"));
    members.insert("coordinates".to_owned(), centre.unwrap_or_default());
    members.insert("extent".to_owned(), json!({"subType": "Circle", "radius": radius}));
}

/// Positions as lists.
fn tidy_positions(value: &mut Value) {
    let member = |names: &[&str]| names.iter().find_map(|name| value.get(*name)).cloned();
    if let (Some(lng), Some(lat)) = (member(&["lng", "lon", "longitude"]), member(&["lat", "latitude"])) {
        *value = json!([lng, lat]);
    } else if let Value::Array(items) = value {
        items.iter_mut().for_each(tidy_positions);
    }
}

/// The kind of geometry as it is spelled, and by how deep its coordinates are where it is an area.
fn nest(members: &mut Map<String, Value>) {
    let said = members.get("type").and_then(Value::as_str).unwrap_or_default();
    let word = KINDS.iter().find(|word| word.eq_ignore_ascii_case(said));
    let is_area = word.is_none_or(|word| word.ends_with("Polygon"));
    let depth = members.get("coordinates").map_or(0, super::geometry::depth);
    let kind = match (word, depth) {
        (_, 3) if is_area => "Polygon",
        (_, 4) if is_area => "MultiPolygon",
        (Some(&"Polygon"), 2) => {
            if let Some(ring) = members.get_mut("coordinates") {
                *ring = Value::Array(vec![ring.take()]);
            }
            "Polygon"
        }
        (Some(word), _) => word,
        (None, 1) if members.contains_key("extent") => "Point",
        (None, _) if members.contains_key("geometries") => "GeometryCollection",
        (None, _) => return,
    };
    members.insert("type".to_owned(), json!(kind));
}
