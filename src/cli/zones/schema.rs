//! `lowsky zones schema`: JSON Schema for editors.

use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::{Map, Value, json};

use crate::airspace;
use crate::cli::files;

/// The file that shows every key with its default.
const SHOWN: &str = include_str!("../../../config/lowsky.toml");

/// What is described.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Of {
    /// Zone files.
    Zones,
    /// lowsky.toml.
    Config,
}

/// Prints the schema.
pub(super) fn schema(of: Of) -> ExitCode {
    let schema = match of {
        Of::Zones => airspace::schema(),
        Of::Config => config(SHOWN),
    };
    files::say(&format!("{schema:#}\n"));
    ExitCode::SUCCESS
}

/// The schema of the settings, from the commented file: its comments, defaults and the kinds of its values.
fn config(shown: &str) -> Value {
    let (mut sections, mut keys, mut section) = (Map::new(), Map::new(), String::new());
    let mut comment: Vec<&str> = Vec::new();
    for line in shown.lines().chain(["[end]"]) {
        if let Some(name) = line.strip_prefix('[').filter(|name| !name.starts_with('[')) {
            let keys = std::mem::take(&mut keys);
            if !section.is_empty() {
                let known = json!({"type": "object", "additionalProperties": false, "properties": keys});
                sections.insert(std::mem::take(&mut section), known);
            }
            name.trim_end_matches(']').clone_into(&mut section);
        } else if line.starts_with("[[") {
            // The tables of separation are below.
            break;
        }
        if let Some(text) = line.strip_prefix("# ") {
            comment.push(text);
            continue;
        }
        if let Some((key, value)) = line.trim_start_matches('#').split_once(" = ") {
            keys.insert(key.to_owned(), property(value, &comment.join(" "), line.starts_with('#')));
        }
        comment.clear();
    }
    if !section.is_empty() && section != "end" {
        let known = json!({"type": "object", "additionalProperties": false, "properties": keys});
        sections.insert(section, known);
    }
    sections.insert("separation".to_owned(), separation());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "lowsky.toml 配置文件",
        "type": "object",
        "additionalProperties": false,
        "properties": sections,
    })
}

fn property(value: &str, comment: &str, is_optional: bool) -> Value {
    let parsed = toml::from_str::<toml::Table>(&format!("v = {value}")).ok();
    let value = parsed.and_then(|mut table| table.remove("v"));
    let kind = match &value {
        Some(toml::Value::Boolean(_)) => "boolean",
        Some(toml::Value::Integer(_)) => "integer",
        Some(toml::Value::Float(_)) => "number",
        Some(toml::Value::Array(_)) => "array",
        Some(toml::Value::String(_) | toml::Value::Datetime(_) | toml::Value::Table(_)) | None => "string",
    };
    let mut property = json!({"type": kind, "description": comment});
    if let (false, Some(members), Some(value)) =
        (is_optional, property.as_object_mut(), value.and_then(|value| serde_json::to_value(value).ok()))
    {
        members.insert("default".to_owned(), value);
    }
    property
}

fn separation() -> Value {
    let number = |most: u32| json!({"type": "number", "minimum": 0, "maximum": most});
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["between", "levels"],
            "properties": {
                "between": {
                    "type": "array", "minItems": 2, "maxItems": 2,
                    "items": {"enum": ["DRONE", "MANNED", "SENSED", "ANY"]},
                },
                "levels": {
                    "type": "array", "minItems": 1,
                    "items": {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["severity", "radius_m", "half_height_m", "look_ahead_s"],
                        "properties": {
                            "severity": {"enum": ["INFO", "ADVISORY", "CAUTION", "WARNING", "CRITICAL"]},
                            "radius_m": number(20_000), "half_height_m": number(5_000),
                            "look_ahead_s": number(180), "tau_s": number(180), "tcoa_s": number(180),
                        },
                    },
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// Every key of the settings and no other, with its default.
    #[test]
    fn the_schema_of_the_settings_agrees_with_them() {
        let schema = config(SHOWN);
        let settings = serde_json::to_value(Config::default()).unwrap();
        let names = |value: &Value| {
            value.as_object().unwrap().keys().cloned().collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(names(&schema["properties"]), names(&settings));
        for (section, keys) in settings.as_object().unwrap().iter().filter(|(_, keys)| keys.is_object()) {
            let described = &schema["properties"][section]["properties"];
            assert_eq!(names(described), names(keys), "{section}");
            for (key, value) in keys.as_object().unwrap().iter().filter(|(_, value)| !value.is_null()) {
                let given = &described[key]["default"];
                let same =
                    given == value || given.as_f64().is_some_and(|given| Some(given) == value.as_f64());
                assert!(same, "{section}.{key}: {given} {value}");
            }
        }
    }
}
