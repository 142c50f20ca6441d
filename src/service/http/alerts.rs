//! `/api/v1/alerts`: alerts with their history, and acknowledging them.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::timeout;

use super::archive::Unreadable;
use super::{App, Fault, Problem, answer, body, upgrade};
use crate::domain::{Alert, AlertCode, AlertState, Severity, UasId};
use crate::journal::{AlertQuery, Entry, Hole};
use crate::service::http::query::{Count, Parameters};
use crate::stream::{AckRequest, LoggedEvent, NOTE_LEN_MAX, World, to_json};

/// Alerts in an answer, if nothing is said.
const LIMIT_DEFAULT: usize = 100;
/// Most alerts in an answer; a larger wish gets this many and `next_after`.
const LIMIT_MAX: usize = 1_000;
/// How long an acknowledgement waits for its event before the answer is "accepted".
const ACK_WAIT: Duration = Duration::from_secs(1);
/// How often it is looked whether the event is on disk.
const DURABLE_POLL: Duration = Duration::from_millis(20);

/// Pages of the journal that one answer may need: what memory knows better is left out of them.
const PAGES_MAX: usize = 20;

/// `GET /api/v1/alerts`: in the order of their newest events, which is what `after` counts. Memory knows every open
/// alert and those cleared last; what is older comes from the journal.
pub(super) async fn list(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    let mut query = Parameters::of(&uri, &["state", "code", "min_severity", "uas_id", "after", "limit"]);
    let states: Vec<AlertState> = query.list("state");
    let codes: Vec<AlertCode> = query.list("code");
    let min_severity: Option<Severity> = query.one("min_severity");
    // An identity may hold a comma.
    let named = query.all("uas_id");
    let after: u64 = query.one("after").unwrap_or(0);
    let limit = query.one("limit").map_or(LIMIT_DEFAULT, |Count(count)| count);
    query.finish()?;
    // What is no identity has no alerts.
    let uas_ids: Vec<UasId> = named.iter().filter_map(|name| UasId::new(name).ok()).collect();
    if uas_ids.is_empty() && !named.is_empty() {
        return Ok(answer::json(Found::default().page()));
    }
    let limit = limit.min(LIMIT_MAX);
    let mut wanted = AlertQuery { states, codes, min_severity, uas_ids, after, limit };
    let mut found = Found::default();
    let complete_from = app.hub.world().log.complete_from();
    let all_in_memory = wanted.states == [AlertState::Open] || complete_from <= after.saturating_add(1);
    let (mut horizon, mut recorded) = (u64::MAX, Vec::new());
    if let Some(archive) = app.archive.get().filter(|_| !all_in_memory) {
        let mut unknown = 0;
        for _ in 0..PAGES_MAX {
            let question = wanted.clone();
            let page = archive.ask(move |reader| reader.alerts(&question)).await.map_err(unreadable)?;
            horizon = page.next_after.unwrap_or(u64::MAX);
            wanted.after = horizon;
            found.holes.extend(page.holes);
            unknown += page.entries.iter().filter(|entry| is_unknown(&app.hub.world(), entry)).count();
            recorded.extend(page.entries);
            if horizon == u64::MAX || limit <= unknown {
                break;
            }
        }
    }
    let in_memory: Vec<Arc<LoggedEvent>> = {
        let world = app.hub.world();
        recorded.retain(|entry| is_unknown(&world, entry));
        let known = world.log.alerts_after(after).take_while(|logged| logged.seq <= horizon);
        known.filter(|logged| admits(&wanted, logged.alert())).take(limit + 1).cloned().collect()
    };
    found.alerts.extend(recorded.into_iter().map(|entry| (entry.seq, entry.alert_json)));
    found.alerts.extend(in_memory.iter().map(|logged| (logged.seq, logged.alert_json().into())));
    found.cut(limit, horizon);
    Ok(answer::json(found.page()))
}

/// Whether memory does not know the alert of an event in the journal; what it knows it knows better.
fn is_unknown(world: &World, entry: &Entry) -> bool {
    world.log.alert(&entry.event.alert.alert_id).is_none()
}

/// Whether an alert in memory is one that the query asks for.
fn admits(query: &AlertQuery, alert: &Alert) -> bool {
    let AlertQuery { states, codes, min_severity, uas_ids, .. } = query;
    let other = alert.other.as_ref().map(|party| &party.uas_id);
    (states.is_empty() || states.contains(&alert.state))
        && (codes.is_empty() || codes.contains(&alert.code))
        && min_severity.is_none_or(|least| least <= alert.severity)
        && (uas_ids.is_empty() || uas_ids.iter().any(|id| alert.uas_id == *id || other == Some(id)))
}

/// What was found for a list.
#[derive(Default)]
struct Found {
    /// The number of the newest event and the JSON of each alert.
    alerts: Vec<(u64, Arc<str>)>,
    /// Newest events that the journal cannot read.
    holes: Vec<Hole>,
    next_after: Option<u64>,
}

impl Found {
    /// Orders what was found and leaves `limit`; the journal was not asked for what is beyond `horizon`.
    fn cut(&mut self, limit: usize, horizon: u64) {
        self.alerts.sort_unstable_by_key(|(seq, _)| *seq);
        let more = limit < self.alerts.len();
        self.alerts.truncate(limit);
        self.next_after = match self.alerts.last() {
            Some((last, _)) if more => Some(*last),
            Some(_) | None => (horizon < u64::MAX).then_some(horizon),
        };
    }

    fn page(&self) -> String {
        let alerts: Vec<&str> = self.alerts.iter().map(|(_, json)| &**json).collect();
        let mut text = format!(r#"{{"alerts":[{}]"#, alerts.join(","));
        // Writing to a string cannot fail.
        if let Some(next) = self.next_after {
            write!(text, r#","next_after":{next}"#).unwrap_or_default();
        }
        if !self.holes.is_empty() {
            let holes: Vec<String> = self.holes.iter().map(Hole::to_string).collect();
            write!(text, r#","unreadable":{}"#, to_json(&holes)).unwrap_or_default();
        }
        text.push('}');
        text
    }
}

/// `GET /api/v1/alerts/{alert_id}`.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(alert_id): Path<String>,
) -> Result<Response, Problem> {
    let logged = find(&app, &alert_id).await?;
    Ok(answer::json(logged.alert_json().into()))
}

/// `POST /api/v1/alerts/{alert_id}/ack`: the alert once its acknowledgement is on disk, or 202 if that takes longer. One
/// that is cleared and that nobody took note of is noted too, so that every seat knows.
pub(super) async fn acknowledge(
    State(app): State<Arc<App>>,
    Path(alert_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    upgrade::check_origin(request.headers(), &app.settings.allowed_origins)?;
    let (head, body) = request.into_parts();
    let bytes = body::read(&head.headers, body).await?;
    let note = note(&bytes)?;
    let by = upgrade::author(&head.headers, &head.extensions)?;
    let logged = find(&app, &alert_id).await?;
    let ours =
        |alert: &Alert| alert.acknowledged.as_ref().is_some_and(|ack| ack.by == by && ack.note == note);
    let wakes = app.hub.wakes();
    if !ours(logged.alert()) {
        hand_in(&app, logged.alert(), &by, note.as_ref())?;
    }
    let mut is_over = logged.alert().state == AlertState::Cleared;
    let on_cleared = |alert: &Alert| {
        if alert.acknowledged.is_none() && is_over {
            return Ok(());
        }
        // It was cleared before the core heard of the note, or somebody else was faster.
        is_over = true;
        hand_in(&app, alert, &by, note.as_ref())
    };
    until_durable(&app, &alert_id, wakes, ours, on_cleared).await
}

/// The alert once it is on disk as `done` wants it, or 202 if that takes longer. While it is cleared and not so,
/// `on_cleared` says what to do.
pub(super) async fn until_durable(
    app: &App,
    alert_id: &str,
    mut wakes: watch::Receiver<u64>,
    done: impl Fn(&Alert) -> bool,
    mut on_cleared: impl FnMut(&Alert) -> Result<(), Problem>,
) -> Result<Response, Problem> {
    let waited = async {
        loop {
            let (newest, durable_seq) = {
                let world = app.hub.world();
                (world.log.alert(alert_id).cloned(), world.durable_seq)
            };
            if let Some(newest) = newest {
                if done(newest.alert()) && (newest.durable || newest.seq <= durable_seq) {
                    return Ok(newest);
                }
                if !done(newest.alert()) && newest.alert().state == AlertState::Cleared {
                    on_cleared(newest.alert())?;
                }
            }
            // That an event has become durable wakes nobody.
            drop(timeout(DURABLE_POLL, wakes.changed()).await);
        }
    };
    match timeout(ACK_WAIT, waited).await {
        Ok(done) => Ok(answer::json(done?.alert_json().into())),
        Err(_elapsed) => {
            let text = format!(r#"{{"alert_id":{},"accepted":true}}"#, to_json(alert_id));
            Ok((StatusCode::ACCEPTED, answer::json(text)).into_response())
        }
    }
}

/// Nothing can be done to an alert that is over.
pub(super) fn cleared(alert_id: &str) -> Problem {
    Problem::new(StatusCode::CONFLICT, format!("alert `{alert_id}` is cleared"))
}

/// Too many wait for the core.
pub(super) fn too_many() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many acknowledgements wait; try again")
}

/// Hands a note to the core, with the alert if that is over. A cleared alert is noted once: who comes second is told.
fn hand_in(app: &App, alert: &Alert, by: &str, note: Option<&String>) -> Result<(), Problem> {
    let over = alert.state == AlertState::Cleared;
    if let Some(known) = alert.acknowledged.as_ref().filter(|_| over) {
        let detail = format!("alert `{}` is cleared, and {} took note of it", alert.alert_id, known.by);
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    let request = AckRequest {
        alert_id: Arc::clone(&alert.alert_id),
        by: by.to_owned(),
        note: note.cloned(),
        cleared: over.then(|| Box::new(alert.clone())),
    };
    if app.hub.acknowledge(request) { Ok(()) } else { Err(too_many()) }
}

/// The newest event of an alert, out of memory or the journal.
pub(super) async fn find(app: &App, alert_id: &str) -> Result<Arc<LoggedEvent>, Problem> {
    if let Some(known) = app.hub.world().log.alert(alert_id) {
        return Ok(Arc::clone(known));
    }
    if let Some(archive) = app.archive.get() {
        let asked = alert_id.to_owned();
        let recorded = archive.ask(move |reader| reader.alert(&asked)).await.map_err(unreadable)?;
        if let Some(entry) = recorded {
            return Ok(Arc::new(LoggedEvent::of(&entry, true)));
        }
    }
    Err(Problem::not_found(format!("no alert `{alert_id}` is kept")))
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreadable(why: Unreadable) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("history cannot be read now: {why}"))
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
