//! `/api/v1/alerts`: alerts with their history, and acknowledging them.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::{App, Fault, Problem, answer, body, upgrade};
use crate::domain::{AlertCode, AlertState, Severity};
use crate::service::http::query::Parameters;
use crate::stream::{AckRequest, LoggedEvent, to_json};

/// Alerts in an answer, if nothing is said.
const LIMIT_DEFAULT: usize = 100;
/// Most alerts in an answer; a larger wish gets this many and `next_after`.
const LIMIT_MAX: usize = 1_000;
/// Most characters of a note.
const NOTE_LEN_MAX: usize = 2_000;
/// How long an acknowledgement waits for its event before the answer is "accepted".
const ACK_WAIT: Duration = Duration::from_secs(2);

/// `GET /api/v1/alerts`: in the order of their newest events, which is what `after` counts.
pub(super) async fn list(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    let mut query = Parameters::of(&uri, &["state", "code", "min_severity", "uas_id", "after", "limit"]);
    let states: Vec<AlertState> = query.list("state");
    let codes: Vec<AlertCode> = query.list("code");
    let least: Option<Severity> = query.one("min_severity");
    let aircraft: Vec<String> = query.list("uas_id");
    let after: u64 = query.one("after").unwrap_or(0);
    let limit = query.one::<std::num::NonZeroUsize>("limit").map_or(LIMIT_DEFAULT, std::num::NonZero::get);
    query.finish()?;
    let wanted = |logged: &&Arc<LoggedEvent>| {
        let alert = logged.alert();
        let other = alert.other.as_ref().map(|party| party.uas_id.as_str());
        let named = |id: &String| alert.uas_id.as_str() == id || other == Some(id.as_str());
        (states.is_empty() || states.contains(&alert.state))
            && (codes.is_empty() || codes.contains(&alert.code))
            && least.is_none_or(|least| least <= alert.severity)
            && (aircraft.is_empty() || aircraft.iter().any(named))
    };
    let limit = limit.min(LIMIT_MAX);
    let mut found: Vec<Arc<LoggedEvent>> =
        app.hub.world().log.alerts_after(after).filter(wanted).take(limit + 1).cloned().collect();
    let more = limit < found.len();
    found.truncate(limit);
    Ok(answer::json(page(&found, more)))
}

fn page(found: &[Arc<LoggedEvent>], more: bool) -> String {
    let alerts: Vec<&str> = found.iter().map(|logged| logged.alert_json()).collect();
    let mut text = format!(r#"{{"alerts":[{}]"#, alerts.join(","));
    if let Some(last) = found.last().filter(|_| more) {
        // Writing to a string cannot fail.
        write!(text, r#","next_after":{}"#, last.seq).unwrap_or_default();
    }
    text.push('}');
    text
}

/// `GET /api/v1/alerts/{alert_id}`.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(alert_id): Path<String>,
) -> Result<Response, Problem> {
    let logged = find(&app, &alert_id)?;
    Ok(answer::json(logged.alert_json().into()))
}

/// `POST /api/v1/alerts/{alert_id}/ack`: the alert once it is acknowledged, or 202 if the core takes longer.
pub(super) async fn acknowledge(
    State(app): State<Arc<App>>,
    Path(alert_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    upgrade::check_origin(request.headers(), &app.settings.allowed_origins)?;
    let (head, body) = request.into_parts();
    let bytes = body::read(&head.headers, body).await?;
    let note = note(&bytes)?;
    let by = upgrade::author(&head.headers)?;
    let logged = find(&app, &alert_id)?;
    if logged.alert().state == AlertState::Cleared {
        return Err(Problem::new(StatusCode::CONFLICT, format!("alert `{alert_id}` is cleared")));
    }
    let mut wakes = app.hub.wakes();
    let alert_id = Arc::clone(&logged.alert().alert_id);
    if !app.hub.acknowledge(AckRequest { alert_id: Arc::clone(&alert_id), by, note }) {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many acknowledgements wait; try again",
        ));
    }
    let done = async {
        loop {
            let newer = find(&app, &alert_id).ok().filter(|now| logged.seq < now.seq);
            if let Some(newer) = newer.filter(|newer| newer.alert().acknowledged.is_some()) {
                return Some(newer);
            }
            wakes.changed().await.ok()?;
        }
    };
    if let Some(newer) = tokio::time::timeout(ACK_WAIT, done).await.ok().flatten() {
        return Ok(answer::json(newer.alert_json().into()));
    }
    let text = format!(r#"{{"alert_id":{},"accepted":true}}"#, to_json(&alert_id));
    Ok((StatusCode::ACCEPTED, answer::json(text)).into_response())
}

fn find(app: &App, alert_id: &str) -> Result<Arc<LoggedEvent>, Problem> {
    let found = app.hub.world().log.alert(alert_id).cloned();
    found.ok_or_else(|| Problem::not_found(format!("no alert `{alert_id}` is kept")))
}

fn note(bytes: &[u8]) -> Result<Option<String>, Problem> {
    let fault = |pointer: &str, detail: String| Problem::bad_request(vec![Fault::at(pointer, detail)]);
    if bytes.is_empty() {
        return Ok(None);
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|error| fault("", error.to_string()))?;
    let Value::Object(members) = value else {
        return Err(fault("", "an object such as {\"note\": \"…\"} is wanted".into()));
    };
    match members.get("note") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(note)) if note.chars().count() <= NOTE_LEN_MAX => Ok(Some(note.clone())),
        Some(_) => Err(fault("/note", format!("a text of at most {NOTE_LEN_MAX} characters is wanted"))),
    }
}
