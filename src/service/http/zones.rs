//! `/api/v1/zones`: the zones in force, as their authors wrote them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{App, Problem, answer};
use crate::airspace::Airspace;
use crate::stream::to_json;

/// The original features of one airspace version. Each carries a foreign member `lowsky` with its version.
#[derive(Debug, Default)]
pub struct ZoneBook {
    version: String,
    features: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    version: String,
    text: String,
}

impl ZoneBook {
    /// The features of GeoJSON `texts` that are zones of `airspace`. Texts that are no GeoJSON are passed
    /// over: the airspace was compiled from them and has told of every problem.
    pub fn new<'a>(airspace: &Airspace, texts: impl IntoIterator<Item = &'a str>) -> Self {
        let versions: BTreeMap<&str, &str> =
            airspace.zones().iter().map(|zone| (zone.id.as_str(), zone.version.as_ref())).collect();
        let mut features = BTreeMap::new();
        for text in texts {
            let Ok(document) = serde_json::from_str::<Value>(text) else { continue };
            for feature in features_of(document) {
                let id = identifier(&feature).map(str::to_owned);
                if let Some((id, version)) = id.and_then(|id| versions.get(id.as_str()).map(|v| (id, *v))) {
                    features.insert(id, entry(feature, version));
                }
            }
        }
        Self { version: airspace.version().into(), features }
    }
}

fn features_of(document: Value) -> Vec<Value> {
    match document.get("features").and_then(Value::as_array) {
        Some(features) => features.clone(),
        None => vec![document],
    }
}

/// ED-318 keeps the identifier among the properties, ED-269 at the top.
fn identifier(feature: &Value) -> Option<&str> {
    let places = ["/properties/identifier", "/identifier"];
    places.iter().find_map(|place| feature.pointer(place)).and_then(Value::as_str)
}

fn entry(mut feature: Value, version: &str) -> Entry {
    if let Value::Object(members) = &mut feature {
        members.insert("lowsky".into(), json!({ "version": version }));
    }
    Entry { version: version.into(), text: to_json(&feature) }
}

/// `GET /api/v1/zones`.
pub(super) async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let book = app.zones.load_full();
    let features: Vec<&str> = book.features.values().map(|entry| entry.text.as_str()).collect();
    let version = to_json(&book.version);
    let text = format!(
        r#"{{"type":"FeatureCollection","lowsky":{{"version":{version}}},"features":[{}]}}"#,
        features.join(",")
    );
    tagged(&headers, &book.version, text)
}

/// `GET /api/v1/zones/{id}`.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let book = app.zones.load_full();
    let entry =
        book.features.get(&id).ok_or_else(|| Problem::not_found(format!("no zone `{id}` is in force")))?;
    Ok(tagged(&headers, &entry.version, entry.text.clone()))
}

/// The text with its version as entity tag, or 304 if the client has it.
fn tagged(headers: &HeaderMap, version: &str, text: String) -> Response {
    let tag = format!("\"{version}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let matches = known.is_some_and(|known| {
        known.split(',').any(|part| part.trim() == "*" || part.trim().trim_start_matches("W/") == tag)
    });
    let mut response = if matches {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        answer::typed("application/geo+json", text)
    };
    // A version is hexadecimal; a tag that cannot be a header is left out.
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
