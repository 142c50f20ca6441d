//! The JSON Schema of zone documents for editors, made from the tables by which they are read.

use serde_json::{Value, json};

use super::{authority, daily, extent, layer, terms, words};

/// JSON Schema (2020-12) of an ED-318 document as this program reads it: its words, and the shapes beyond the standard.
/// What a schema cannot say, such as that a ring is simple, the reader says.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ED-318 zones as lowsky reads them 空域文件",
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"const": "FeatureCollection"},
            "title": {"type": "string"},
            "crs": {"enum": ["WGS84", "CGCS2000", "GCJ02", "BD09"], "description": "Coordinates of the document 坐标系"},
            "tz": {"type": "string", "description": "Clock of times without an offset 时区"},
            "metadata": {"type": "object"},
            "features": {"type": "array", "items": {"$ref": "#/$defs/feature"}},
        },
        "$defs": {
            "feature": {
                "type": "object",
                "required": ["type", "geometry", "properties"],
                "properties": {
                    "type": {"const": "Feature"},
                    "geometry": {"$ref": "#/$defs/geometry"},
                    "properties": {"$ref": "#/$defs/properties"},
                },
            },
            "properties": properties(),
            "texts": {
                "type": "array",
                "items": {
                    "type": "object", "required": ["text", "lang"],
                    "properties": {
                        "text": {"type": "string", "maxLength": words::NAME_CHARS_MAX},
                        "lang": {"type": "string", "maxLength": words::LANGUAGE_CHARS_MAX},
                    },
                },
            },
            "period": period(),
            "authority": {
                "type": "object", "required": ["purpose"],
                "properties": {
                    "purpose": {"enum": authority::PURPOSES},
                    "name": {"$ref": "#/$defs/texts"},
                    "intervalBefore": {"type": "string", "description": "ISO 8601 duration, such as P1D 提前时限"},
                },
            },
            "layer": layer(),
            "geometry": geometry(),
            "extent": extent(),
        },
    })
}

fn words<T>(table: &[(&str, T)]) -> Value {
    table.iter().map(|(word, _)| *word).collect()
}

fn properties() -> Value {
    json!({
        "type": "object",
        "required": ["identifier", "type", "country", "variant", "zoneAuthority"],
        "properties": {
            "identifier": {
                "type": "string", "minLength": 1, "maxLength": words::IDENTIFIER_CHARS_MAX,
                "description": "Its own in the whole set; ED-318 allows 7 characters 标识符",
            },
            "country": {"type": "string", "minLength": 3, "maxLength": 3},
            "name": {"$ref": "#/$defs/texts"},
            "type": {"enum": words(&words::RESTRICTIONS), "description": "What the zone asks 限制类型"},
            "variant": {"enum": words::VARIANTS},
            "reason": {"type": "array", "maxItems": words::REASONS_MAX, "items": {"enum": words(&words::REASONS)}},
            "otherReasonInfo": {"$ref": "#/$defs/texts"},
            "message": {"$ref": "#/$defs/texts"},
            "regulationExemption": {"enum": words::YES_NO},
            "restrictionConditions": {"type": "string"},
            "region": {"type": "integer"},
            "limitedApplicability": {"type": "array", "items": {"$ref": "#/$defs/period"}},
            "zoneAuthority": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/authority"}},
            "extendedProperties": terms::schema(),
            "dataSource": {"type": "object"},
            "tz": {"type": "string", "description": "Clock of this zone; our own, other readers may refuse it 时区"},
        },
    })
}

fn period() -> Value {
    let time = json!({"type": "string", "description": "With an offset, such as 08:00:00+08:00 时刻"});
    let event = json!({"enum": words(&daily::EVENTS), "description": "Twilight, sunrise, sunset 日光事件"});
    json!({
        "type": "object",
        "properties": {
            "startDateTime": {"type": "string", "format": "date-time"},
            "endDateTime": {"type": "string", "format": "date-time"},
            "schedule": {
                "type": "array",
                "items": {
                    "type": "object", "required": ["day"],
                    "properties": {
                        "day": {"type": "array", "items": {"enum": words(&daily::WEEKDAYS)}},
                        "startTime": time, "endTime": time, "startEvent": event, "endEvent": event,
                        "tz": {"type": "string", "description": "Clock of these hours; our own 时区"},
                    },
                },
            },
        },
    })
}

fn layer() -> Value {
    let reference = json!({"enum": words(&layer::REFERENCES)});
    json!({
        "type": "object",
        "description": "Heights of a geometry 高度范围",
        "properties": {
            "lower": {"type": "number"}, "lowerReference": reference,
            "upper": {"type": "number"}, "upperReference": reference,
            "uom": {"enum": words(&layer::UNITS)},
        },
        "dependentRequired": {"upper": ["upperReference"]},
    })
}

fn geometry() -> Value {
    let position = json!({"type": "array", "minItems": 2, "maxItems": 3, "items": {"type": "number"}});
    let ring = json!({"type": "array", "minItems": 4, "items": position});
    let polygon = json!({"type": "array", "minItems": 1, "items": ring});
    let layer = json!({"$ref": "#/$defs/layer"});
    let extent = json!({"$ref": "#/$defs/extent"});
    let of = |kind: &str, coordinates: &Value| {
        json!({
            "required": ["type", "coordinates"],
            "properties": {"type": {"const": kind}, "coordinates": coordinates, "layer": layer},
        })
    };
    let with_extent = |kind: &str, coordinates: &Value| {
        json!({
            "required": ["type", "coordinates", "extent"],
            "properties": {"type": {"const": kind}, "coordinates": coordinates, "extent": extent, "layer": layer},
        })
    };
    json!({
        "type": "object",
        "oneOf": [
            of("Polygon", &polygon),
            of("MultiPolygon", &json!({"type": "array", "minItems": 1, "items": polygon})),
            with_extent("Point", &position),
            with_extent("LineString", &json!({"type": "array", "minItems": 2, "items": position})),
            {
                "required": ["type", "geometries"],
                "properties": {
                    "type": {"const": "GeometryCollection"},
                    "geometries": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/geometry"}},
                },
            },
        ],
    })
}

fn extent() -> Value {
    let length = json!({"type": "number", "exclusiveMinimum": 0});
    let azimuth = json!({"type": "number", "minimum": -360, "maximum": 360});
    let kinds: Vec<&str> = extent::POINTS.iter().chain(&extent::LINES).map(|(word, _)| *word).collect();
    json!({
        "type": "object",
        "required": ["subType"],
        "properties": {
            "subType": {"enum": kinds, "description": "Circle is of ED-318, the others are our own 形状"},
            "radius": length, "innerRadius": {"type": "number", "minimum": 0},
            "startAzimuth": azimuth, "endAzimuth": azimuth,
            "lowerRadius": length, "upperRadius": length,
            "halfWidth": length, "cap": {"enum": ["ROUND", "FLAT"]},
            "code": {"type": "integer", "minimum": 1, "maximum": 4}, "elevation": {"type": "number"},
            "surfaces": {"type": "array", "items": {"enum": words(&super::surfaces::SURFACES)}},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every word by which a zone says more than ED-318 is described, with its place.
    #[test]
    fn the_words_beyond_the_standard_are_in_it() {
        let schema = schema();
        let extended = &schema["$defs"]["properties"]["properties"]["extendedProperties"]["properties"];
        let names: Vec<&String> = extended.as_object().unwrap().keys().collect();
        assert_eq!(names, terms::MEMBERS.iter().collect::<Vec<_>>());
        for (word, _) in terms::KINDS {
            assert!(extended["kind"]["enum"].as_array().unwrap().contains(&json!(word)), "{word}");
        }
        for of in ["applies_to", "exempt"] {
            for (word, _) in terms::LISTS {
                assert!(extended[of]["properties"][word].is_object(), "{of} {word}");
            }
        }
        let hours = &schema["$defs"]["period"]["properties"]["schedule"]["items"]["properties"];
        assert!(hours["tz"].is_object() && schema["properties"]["tz"].is_object());
    }
}
