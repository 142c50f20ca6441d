//! `/api/v1/alerts/{alert_id}/shelve`: an alert is put aside for some time, with an owner, a reason and an end.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::alerts::{cleared, find, too_many, until_durable};
use super::{App, Fault, Problem, body, upgrade};
use crate::domain::{Alert, AlertState, Timestamp};
use crate::monitor::{SHELF_S_MAX, may_shelve};
use crate::service::clock;
use crate::stream::{NOTE_LEN_MAX, ShelveRequest};

/// `POST`: `{"minutes": 30, "reason": "…"}`. The alert once that is on disk, or 202 if it takes longer.
pub(super) async fn put_aside(
    State(app): State<Arc<App>>,
    Path(alert_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    upgrade::check_origin(request.headers(), &app.settings.allowed_origins)?;
    let (head, body) = request.into_parts();
    let bytes = body::read(&head.headers, body).await?;
    let (minutes, reason) = wish(&bytes)?;
    let by = upgrade::author(&head.headers, &head.extensions)?;
    let alert = open(&app, &alert_id).await?;
    let now = clock::now();
    // As it is told: in milliseconds.
    let until = Timestamp::from_millis(now.plus_seconds(minutes * 60.0).as_millis());
    may_shelve(&alert, now, until).map_err(|why| Problem::new(StatusCode::CONFLICT, why))?;
    ask(&app, alert, by, Some((until, reason))).await
}

/// `DELETE`: it is taken back.
pub(super) async fn take_back(
    State(app): State<Arc<App>>,
    Path(alert_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    upgrade::check_origin(request.headers(), &app.settings.allowed_origins)?;
    let by = upgrade::author(request.headers(), request.extensions())?;
    let alert = open(&app, &alert_id).await?;
    ask(&app, alert, by, None).await
}

/// The alert, if it stands.
async fn open(app: &App, alert_id: &str) -> Result<Alert, Problem> {
    let logged = find(app, alert_id).await?;
    let alert = logged.alert();
    if alert.state == AlertState::Cleared { Err(cleared(alert_id)) } else { Ok(alert.clone()) }
}

async fn ask(
    app: &App,
    alert: Alert,
    by: String,
    shelf: Option<(Timestamp, String)>,
) -> Result<Response, Problem> {
    let wakes = app.hub.wakes();
    let alert_id = alert.alert_id;
    let until = shelf.as_ref().map(|(until, _)| *until);
    let request = ShelveRequest { alert_id: Arc::clone(&alert_id), by, shelf };
    if !app.hub.shelve(request) {
        return Err(too_many());
    }
    let done = |alert: &Alert| alert.shelved.as_ref().map(|shelving| shelving.until) == until;
    until_durable(app, &alert_id, wakes, done, |_| Err(cleared(&alert_id))).await
}

/// What is asked for: so many minutes, and why.
fn wish(bytes: &[u8]) -> Result<(f64, String), Problem> {
    let mut faults = Vec::new();
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Problem::bad_request(vec![Fault::at("", error.to_string())]))?;
    let most = SHELF_S_MAX / 60.0;
    let minutes =
        value.get("minutes").and_then(Value::as_f64).filter(|minutes| (1.0..=most).contains(minutes));
    if minutes.is_none() {
        faults.push(Fault::at("/minutes", format!("a number from 1 to {most} is wanted")));
    }
    let reason = value.get("reason").and_then(Value::as_str).map(str::trim);
    let reason = reason.filter(|reason| !reason.is_empty() && reason.chars().count() <= NOTE_LEN_MAX);
    if reason.is_none() {
        faults.push(Fault::at("/reason", format!("a text of 1 to {NOTE_LEN_MAX} characters is wanted: why")));
    }
    match (minutes, reason) {
        (Some(minutes), Some(reason)) => Ok((minutes, reason.to_owned())),
        _ => Err(Problem::bad_request(faults)),
    }
}
