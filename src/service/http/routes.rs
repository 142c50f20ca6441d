//! Which path leads where, and what every answer carries.

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::problem::{PROBLEM_JSON, Problem};
use super::{
    App, alerts, check_telemetry, contracts, fleet, history, operations, shelve, site, tracks, upgrade,
    zone_drafts, zone_edits, zone_emergency, zones, zones_check,
};

/// All routes.
pub fn router(app: Arc<App>) -> Router {
    site::routes(&app.site)
        .route("/api/v1/stream", get(upgrade::stream))
        .route("/api/v1/alerts", get(alerts::list))
        .route("/api/v1/alerts/{alert_id}", get(alerts::one))
        .route("/api/v1/alerts/{alert_id}/ack", post(alerts::acknowledge))
        .route("/api/v1/alerts/{alert_id}/shelve", post(shelve::put_aside).delete(shelve::take_back))
        .route("/api/v1/events", get(history::events))
        .route("/api/v1/history", get(history::aircraft))
        .route("/api/v1/tracks", get(tracks::list))
        .route("/api/v1/tracks/{uas_id}", get(tracks::one))
        .route("/api/v1/fleet", get(fleet::operators))
        .route("/api/v1/fleet/{operator}", get(fleet::one))
        .route("/api/v1/check/telemetry", post(check_telemetry::check))
        .route("/api/v1/zones", get(zones::list))
        .route("/api/v1/zones/check", post(zones_check::check))
        .route("/api/v1/zones/audit", get(zone_edits::audit))
        .route("/api/v1/zones/emergency", post(zone_emergency::publish))
        .route("/api/v1/zones/drafts", get(zone_drafts::list).post(zone_drafts::create))
        .route(
            "/api/v1/zones/drafts/{draft_id}",
            get(zone_drafts::one).put(zone_drafts::replace).delete(zone_drafts::withdraw),
        )
        .route("/api/v1/zones/drafts/{draft_id}/publish", post(zone_drafts::publish))
        .route("/api/v1/zones/{id}", get(zones::one).put(zone_edits::put).delete(zone_edits::delete))
        .route("/api/v1/zones/{id}/versions", get(zone_edits::versions))
        .route("/api/v1/zones/{id}/rollback", post(zone_edits::rollback))
        .route("/api/v1/openapi.json", get(contracts::openapi))
        .route("/api/v1/asyncapi.json", get(contracts::asyncapi))
        .route("/healthz", get(operations::alive))
        .route("/readyz", get(operations::ready))
        .route("/metrics", get(operations::metrics))
        .fallback(unknown)
        .layer(from_fn_with_state(Arc::clone(&app), finish))
        .with_state(app)
}

async fn unknown(request: Request) -> Problem {
    Problem::not_found(format!("there is nothing at {}", request.uri().path()))
}

/// Makes problems of the library's bare errors, adds the headers of safety, counts.
async fn finish(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("unknown", MatchedPath::as_str);
    let mut response = next.run(request).await;
    let status = response.status();
    let bare = response.headers().get(header::CONTENT_TYPE).is_none_or(|kind| kind != PROBLEM_JSON);
    if bare
        && (status.is_client_error() || status.is_server_error())
        && status != StatusCode::SERVICE_UNAVAILABLE
    {
        let allow = response.headers_mut().remove(header::ALLOW);
        let detail = match status {
            StatusCode::METHOD_NOT_ALLOWED => "this method is not for this path; see Allow",
            _ => status.canonical_reason().unwrap_or("error"),
        };
        response = Problem::new(status, detail).into_response();
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    app.metrics.request(route, status.as_u16());
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&app.site.policy()) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
