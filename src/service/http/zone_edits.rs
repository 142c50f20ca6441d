//! `/api/v1/zones/{id}`: changes of a zone, its versions, and the list of all changes.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::query::{Count, Parameters};
use super::zone_requests::{ask, cause, expectation, json_of};
use super::{App, Fault, Problem, answer, body, upgrade, zones};
use crate::airspace::{Airspace, Document, Words, load};
use crate::domain::ZoneId;
use crate::service::zone_desk::{Cause, Expect};
use crate::service::zone_drafts::{Asked, Done};
use crate::stream::to_json;

/// Most changes in an answer.
const AUDIT_MAX: u32 = 1_000;

/// What a request that changes a zone says.
struct Written {
    cause: Cause,
    expect: Option<Expect>,
    value: Value,
}

async fn written(app: &App, request: Request) -> Result<Written, Problem> {
    upgrade::check_origin(request.headers(), &app.settings.allowed_origins)?;
    let (head, content) = request.into_parts();
    let bytes = body::read(&head.headers, content).await?;
    Ok(Written { cause: cause(&head.headers)?, expect: expectation(&head.headers)?, value: json_of(&bytes)? })
}

/// `PUT /api/v1/zones/{id}`: the zone shall be this feature.
pub(super) async fn put(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let Written { cause, expect, value: feature } = written(&app, request).await?;
    let expect = expect.unwrap_or(Expect::Unsaid);
    let is_new = matches!(expect, Expect::Absent | Expect::Unsaid);
    let good = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let asked = Asked::Put(ZoneId::new(&id), feature);
    let done = ask(&app, move |desk| desk.change(&asked, Some(expect), &cause)).await?;
    Ok(changed(done, &id, good))
}

/// `DELETE /api/v1/zones/{id}`.
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    upgrade::check_origin(request.headers(), &app.settings.allowed_origins)?;
    let cause = cause(request.headers())?;
    let expect = expectation(request.headers())?.unwrap_or(Expect::Unsaid);
    known(&app, &id)?;
    let asked = Asked::Delete(ZoneId::new(&id));
    let done = ask(&app, move |desk| desk.change(&asked, Some(expect), &cause)).await?;
    Ok(changed(done, &id, StatusCode::NO_CONTENT))
}

/// `POST /api/v1/zones/{id}/rollback` `{"version"}`: an earlier version, as a new one. It says itself what it wants, so
/// that it need not say what it believes to be live.
pub(super) async fn rollback(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let Written { cause, expect, value: wanted } = written(&app, request).await?;
    let Some(version) = wanted.get("version").and_then(Value::as_str) else {
        return Err(Problem::bad_request(vec![Fault::at("/version", "a version of the zone is wanted")]));
    };
    let asked = Asked::Rollback(ZoneId::new(&id), version.to_owned());
    let done = ask(&app, move |desk| desk.change(&asked, expect, &cause)).await?;
    Ok(changed(done, &id, StatusCode::OK))
}

/// `GET /api/v1/zones/{id}/versions`: newest first.
pub(super) async fn versions(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let zone = id.clone();
    let kept = ask(&app, move |desk| desk.versions(&zone)).await?;
    if kept.is_empty() {
        return Err(Problem::not_found(format!("no version of a zone `{id}` is kept")));
    }
    let one = |kept: &crate::zonebook::Kept| {
        let mut shown = serde_json::to_value(&kept.entry).unwrap_or_default();
        if let (Value::Object(members), Some(document)) = (&mut shown, &kept.document) {
            members.insert("feature".into(), shown_feature(document));
        }
        shown
    };
    let versions: Vec<Value> = kept.iter().map(one).collect();
    Ok(answer::json(to_json(&json!({ "id": id, "versions": versions }))))
}

/// The feature of a version's document, as ED-318 on WGS 84.
fn shown_feature(document: &str) -> Value {
    let loaded = load(&[Document { name: "version", text: document.as_bytes() }]);
    let zones = loaded.airspace.map(Airspace::into_zones).unwrap_or_default();
    zones.first().map(crate::airspace::Zone::geojson).unwrap_or_default()
}

/// `GET /api/v1/zones/audit?limit=&before=`: every change, newest first.
pub(super) async fn audit(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    let mut query = Parameters::of(request.uri(), &["limit", "before"]);
    let limit = query.one("limit").map_or(100, |Count(count)| u32::try_from(count).unwrap_or(AUDIT_MAX));
    let limit = limit.min(AUDIT_MAX);
    let before = query.one::<i64>("before").unwrap_or(i64::MAX);
    query.finish()?;
    let mut entries = ask(&app, move |desk| desk.audit(before, limit + 1)).await?;
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = shown < entries.len();
    entries.truncate(shown);
    Ok(answer::json(to_json(&json!({ "changes": entries, "more": more }))))
}

/// A zone that is in force.
fn known(app: &App, id: &str) -> Result<(), Problem> {
    let live = app.airspace.load();
    let none = || Problem::not_found(format!("no zone `{id}` is in force. 没有该区域"));
    live.zone_by_id(id).map(drop).ok_or_else(none)
}

/// The answer to a change.
fn changed(done: Done, id: &str, good: StatusCode) -> Response {
    match done {
        Done::Waits { draft_id, why, warnings } => {
            let mut told = json!({ "draft_id": draft_id, "why": why });
            warn(&mut told, &warnings);
            let text = to_json(&told);
            (StatusCode::ACCEPTED, answer::json(text)).into_response()
        }
        Done::Published(published) => match published.airspace.zone_by_id(id) {
            Some(zone) => {
                let mut shown = zones::feature(zone);
                warn(&mut shown, &published.warnings);
                with_tag(good, &zone.version, to_json(&shown))
            }
            None => StatusCode::NO_CONTENT.into_response(),
        },
    }
}

/// Adds what somebody should look at, to what the service says of a feature where the answer is one.
fn warn(answer: &mut Value, warnings: &[Words]) {
    let own = if answer.get("lowsky").is_some() { answer.get_mut("lowsky") } else { Some(answer) };
    if let (Some(Value::Object(members)), false) = (own, warnings.is_empty()) {
        members.insert("warnings".into(), json!(warnings));
    }
}

/// A feature with its version as entity tag.
pub(super) fn with_tag(status: StatusCode, version: &str, text: String) -> Response {
    let mut response = (status, answer::typed("application/geo+json", text)).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
