//! `/api/v1/zones`: the zones in force, as their authors wrote them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{App, Problem, answer};
use crate::airspace::Zone;
use crate::service::clock;
use crate::stream::to_json;

/// A zone's feature, with a foreign member `lowsky`: its version, whether it applies now, and until when that is so.
pub(super) fn feature(zone: &Zone) -> Value {
    let now = clock::now();
    let mut own = json!({ "version": zone.version, "applies": zone.applies_at(now) });
    let mut feature = zone.geojson();
    if let Value::Object(members) = &mut feature {
        if let (Some(at), Value::Object(own)) = (zone.next_switch_after(now), &mut own) {
            own.insert("switches_at".into(), json!(at));
        }
        members.insert("lowsky".into(), own);
    }
    feature
}

/// `GET /api/v1/zones`.
pub(super) async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let airspace = app.airspace.load_full();
    tagged(&headers, airspace.version(), || {
        let features: Vec<String> = airspace.zones().iter().map(|zone| to_json(&feature(zone))).collect();
        let version = to_json(airspace.version());
        format!(
            r#"{{"type":"FeatureCollection","lowsky":{{"version":{version}}},"features":[{}]}}"#,
            features.join(",")
        )
    })
}

/// `GET /api/v1/zones/{id}`.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let airspace = app.airspace.load_full();
    let zone =
        airspace.zone_by_id(&id).ok_or_else(|| Problem::not_found(format!("no zone `{id}` is in force")))?;
    Ok(tagged(&headers, &zone.version, || to_json(&feature(zone))))
}

/// The text with its version as entity tag, or 304 if the client has it.
fn tagged(headers: &HeaderMap, version: &str, text: impl FnOnce() -> String) -> Response {
    let tag = format!("\"{version}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let matches = known.is_some_and(|known| {
        known.split(',').any(|part| part.trim() == "*" || part.trim().trim_start_matches("W/") == tag)
    });
    let mut response = if matches {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        answer::typed("application/geo+json", text())
    };
    // A version is hexadecimal; a tag that cannot be a header is left out.
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
