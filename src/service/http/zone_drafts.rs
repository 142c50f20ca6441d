//! `/api/v1/zones/drafts`: changes that wait to be published.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::zone_requests::{ask, cause, json_of};
use super::{App, Fault, Problem, answer, body, upgrade};
use crate::service::zone_desk::Cause;
use crate::service::zone_drafts::{Asked, read_changes};
use crate::stream::to_json;

/// `POST /api/v1/zones/drafts`.
pub(super) async fn create(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    let (asked, cause) = read(&app, request).await?;
    let draft = ask(&app, move |desk| desk.create_draft(&asked, &cause)).await?;
    Ok((StatusCode::CREATED, answer::json(to_json(&draft))).into_response())
}

/// `PUT /api/v1/zones/drafts/{draft_id}`: other changes.
pub(super) async fn replace(
    State(app): State<Arc<App>>,
    Path(draft_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (asked, cause) = read(&app, request).await?;
    let draft = ask(&app, move |desk| desk.replace_draft(&draft_id, &asked, &cause)).await?;
    Ok(answer::json(to_json(&draft)))
}

/// `GET /api/v1/zones/drafts`: open ones first.
pub(super) async fn list(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let drafts = ask(&app, crate::service::zone_desk::ZoneDesk::drafts).await?;
    Ok(answer::json(to_json(&json!({ "drafts": drafts }))))
}

/// `GET /api/v1/zones/drafts/{draft_id}`.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(draft_id): Path<String>,
) -> Result<Response, Problem> {
    let draft = ask(&app, move |desk| desk.draft(&draft_id)).await?;
    Ok(answer::json(to_json(&draft)))
}

/// `POST /api/v1/zones/drafts/{draft_id}/publish`.
pub(super) async fn publish(
    State(app): State<Arc<App>>,
    Path(draft_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    upgrade::check_origin(request.headers(), &app.settings.allowed_origins)?;
    let by = cause(request.headers())?;
    let draft = ask(&app, move |desk| desk.publish_draft(&draft_id, &by)).await?;
    Ok(answer::json(to_json(&draft)))
}

/// `DELETE /api/v1/zones/drafts/{draft_id}`: gives it up.
pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    Path(draft_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    upgrade::check_origin(request.headers(), &app.settings.allowed_origins)?;
    let by = cause(request.headers())?;
    ask(&app, move |desk| desk.withdraw_draft(&draft_id, &by.author)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn read(app: &App, request: Request) -> Result<(Vec<Asked>, Cause), Problem> {
    upgrade::check_origin(request.headers(), &app.settings.allowed_origins)?;
    let (head, content) = request.into_parts();
    let bytes = body::read(&head.headers, content).await?;
    let cause = cause(&head.headers)?;
    let value = json_of(&bytes)?;
    Ok((asked(&value)?, cause))
}

/// The changes of a body `{"changes": […]}`.
pub(super) fn asked(value: &Value) -> Result<Vec<Asked>, Problem> {
    let faults = |faults: Vec<(String, String)>| {
        Problem::bad_request(faults.iter().map(|(at, detail)| Fault::at(at, detail)).collect())
    };
    read_changes(value.get("changes").unwrap_or(&Value::Null), "/changes").map_err(faults)
}
