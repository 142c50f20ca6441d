//! `/api/v1/check/telemetry`: a message judged as the intake would, and never taken in.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;

use super::query::Parameters;
use super::{App, Problem, answer, body, upgrade};
use crate::service::{check, clock};
use crate::stream::to_json;
use crate::wire::Doors;

/// `POST /api/v1/check/telemetry?topic=`: the body is the payload as it would be published.
pub(super) async fn check(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    upgrade::check_origin(request.headers(), &app.settings.allowed_origins)?;
    let mut query = Parameters::of(request.uri(), &["topic"]);
    let topic: Option<String> = query.one("topic");
    query.finish()?;
    let (head, content) = request.into_parts();
    let payload = body::read(&head.headers, content).await?;
    let usual = || Doors { prefix: "lowsky/v1".into(), area: None };
    let doors = app.doors.get().cloned().unwrap_or_else(usual);
    let judgement = check::telemetry(&payload, topic.as_deref(), &doors, clock::now());
    Ok(answer::json(to_json(&judgement)))
}
