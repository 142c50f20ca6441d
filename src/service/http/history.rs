//! `/api/v1/history` and `/api/v1/events`: where everything was, and what was told, in a span of time.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::archive::Unreadable;
use super::query::{Count, Parameters};
use super::{App, Fault, Problem, answer};
use crate::domain::{BoundingBox, OperatorId, Timestamp, UaClass, UasId, round_to};
use crate::history::{Arrived, Reader};
use crate::journal::JournalError;
use crate::service::clock;
use crate::stream::to_json;

/// Longest span of a request, seconds.
const SPAN_S_MAX: f64 = 600.0;
/// The span if only its end is said, seconds.
const SPAN_S_DEFAULT: f64 = 60.0;
/// Most rows of an answer.
const ROWS_MAX: usize = 200_000;
/// Time between two rows of an aircraft if nothing is said, seconds.
const STEP_S_DEFAULT: f64 = 1.0;
/// Answers made at once: they share the disk with what is recorded.
const READS_MAX: usize = 2;
/// Who waits longer for their turn is told to come again.
const PATIENCE: Duration = Duration::from_secs(10);
/// Events in an answer, if nothing is said, and at most.
const EVENTS_DEFAULT: usize = 1_000;
const EVENTS_MAX: usize = 5_000;

const COLUMNS: &str =
    r#"["at_ms","aircraft","lat","lng","alt_hae","height","ground_speed","track","vertical_speed"]"#;

/// The way to the history of aircraft.
#[derive(Debug)]
pub(super) struct Past {
    reader: Reader,
    reads: Arc<Semaphore>,
}

impl Past {
    pub(super) fn new(reader: Reader) -> Self {
        Self { reader, reads: Arc::new(Semaphore::new(READS_MAX)) }
    }
}

/// An instant in a query.
struct Instant(Timestamp);

impl FromStr for Instant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A plus sign in a query is a blank.
        let at = match text.parse() {
            Ok(millis) => Ok(Timestamp::from_millis(millis)),
            Err(_) => Timestamp::parse(&text.replace(' ', "+")),
        };
        at.map(Self).map_err(|error| format!("{error}, or whole Unix milliseconds"))
    }
}

/// The span of a query: up to now if nothing is said, but no longer than `most_s` if only its beginning is.
fn span(query: &mut Parameters, now: Timestamp, most_s: f64) -> [Timestamp; 2] {
    let (from, to) = (query.one::<Instant>("from"), query.one::<Instant>("to"));
    let to =
        to.map_or_else(|| from.as_ref().map_or(now, |from| now.min(from.0.plus_seconds(most_s))), |to| to.0);
    [from.map_or(to.plus_seconds(-SPAN_S_DEFAULT), |from| from.0), to]
}

fn unprocessable(detail: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
}

/// What is asked of the history of aircraft.
struct Question {
    from: Timestamp,
    to: Timestamp,
    bbox: Option<BoundingBox>,
    uas_ids: Vec<String>,
    step_s: f64,
}

/// `GET /api/v1/history?from=&to=&bbox=&step_s=&uas_id=`: rows in the order of arrival, at most one an aircraft in
/// `step_s`. Late and back-filled reports are left out, as the picture never showed them.
pub(super) async fn aircraft(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    let mut query = Parameters::of(&uri, &["from", "to", "bbox", "step_s", "uas_id"]);
    let [from, to] = span(&mut query, clock::now(), SPAN_S_MAX);
    let bbox: Option<BoundingBox> = query.one("bbox");
    let step_s = query.one("step_s").unwrap_or(STEP_S_DEFAULT);
    let uas_ids = query.all("uas_id");
    query.finish()?;
    if !(0.0..=SPAN_S_MAX).contains(&step_s) {
        let detail = format!("a number from 0 (every report) to {SPAN_S_MAX} seconds is wanted");
        return Err(Problem::bad_request(vec![Fault::of("step_s", detail)]));
    }
    let span_s = to.seconds_since(from);
    if !(0.0..=SPAN_S_MAX).contains(&span_s) {
        return Err(unprocessable(format!(
            "from {from} to {to} are {span_s} s; at most {SPAN_S_MAX} s are told at once, and from must come before to"
        )));
    }
    let past = app.past.get().ok_or_else(|| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "no history is kept: set [history] enabled = true and start again",
        )
    })?;
    let busy =
        |_late| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many ask for history at once; try again");
    let turn = timeout(PATIENCE, Arc::clone(&past.reads).acquire_owned()).await.map_err(busy)?;
    let (reader, question) = (past.reader.clone(), Question { from, to, bbox, uas_ids, step_s });
    let read = spawn_blocking(move || {
        let made = table(&reader, &question);
        drop(turn);
        made
    });
    let cannot = |why: String| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("history cannot be read now: {why}"))
    };
    let made = read.await.map_err(|panicked| cannot(panicked.to_string()))?;
    let made = made.map_err(|error| cannot(error.to_string()))?;
    made.map(answer::json).ok_or_else(|| {
        unprocessable(format!(
            "over {ROWS_MAX} rows: ask for a shorter span, a larger step_s, a smaller bbox, or single aircraft"
        ))
    })
}

/// An aircraft of an answer.
#[derive(Serialize)]
struct Craft {
    uas_id: UasId,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<OperatorId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ua_class: Option<UaClass>,
}

/// What an answer knows of an aircraft while it is made.
struct Seen {
    index: usize,
    /// Source time of the newest report.
    newest: Timestamp,
    /// Arrival of the last row.
    told: Option<Timestamp>,
}

/// The answer; `None` if it has too many rows.
fn table(reader: &Reader, question: &Question) -> std::io::Result<Option<String>> {
    let Question { from, to, bbox, uas_ids, step_s } = question;
    let oldest = reader.oldest()?;
    let (mut crafts, mut seen) = (Vec::new(), BTreeMap::<UasId, Seen>::new());
    let (mut rows, mut count) = (String::new(), 0);
    let mut span = reader.between(*from, *to)?;
    for arrived in span.by_ref() {
        let Arrived { received_at, observation } = &arrived;
        let wanted = uas_ids.is_empty() || uas_ids.iter().any(|id| id == observation.uas_id.as_str());
        if !wanted || observation.backfill || bbox.is_some_and(|bbox| !bbox.contains(observation.position)) {
            continue;
        }
        let known = seen.entry(observation.uas_id.clone()).or_insert_with(|| {
            let (operator, ua_class) = (observation.operator.clone(), observation.ua_class);
            crafts.push(Craft { uas_id: observation.uas_id.clone(), operator, ua_class });
            Seen { index: crafts.len() - 1, newest: Timestamp::from_micros(i64::MIN), told: None }
        });
        if observation.timestamp <= known.newest {
            continue;
        }
        known.newest = observation.timestamp;
        if known.told.is_some_and(|told| received_at.seconds_since(told) < *step_s) {
            continue;
        }
        known.told = Some(*received_at);
        count += 1;
        if ROWS_MAX < count {
            return Ok(None);
        }
        put_row(&mut rows, known.index, &arrived);
    }
    let damage = span.damage();
    let unreadable =
        if damage.is_empty() { String::new() } else { format!(r#","unreadable":{}"#, to_json(&damage)) };
    Ok(Some(format!(
        r#"{{"from":"{from}","to":"{to}","oldest":{},"step_s":{step_s},"aircraft":{},"columns":{COLUMNS},"rows":[{rows}]{unreadable}}}"#,
        to_json(&oldest),
        to_json(&crafts)
    )))
}

/// Appends a row; unknown is null.
fn put_row(rows: &mut String, index: usize, arrived: &Arrived) {
    let Arrived { received_at, observation } = arrived;
    let (position, motion) = (observation.position, observation.motion);
    if !rows.is_empty() {
        rows.push(',');
    }
    // Writing to a string cannot fail.
    write!(
        rows,
        "[{},{index},{},{}",
        received_at.as_millis(),
        round_to(position.lat_deg(), 7),
        round_to(position.lng_deg(), 7)
    )
    .unwrap_or_default();
    for value in [
        observation.heights.hae_m,
        observation.heights.relative.map(|relative| relative.metres),
        motion.ground_speed_mps,
        motion.track_deg,
        motion.vertical_speed_mps,
    ] {
        match value {
            Some(value) => write!(rows, ",{}", round_to(value, 2)).unwrap_or_default(),
            None => rows.push_str(",null"),
        }
    }
    rows.push(']');
}

/// `GET /api/v1/events?from=&to=&after=&limit=`: what happened to alerts, in the order of the numbers. If there is
/// `more`, ask again with the last number as `after`.
pub(super) async fn events(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    let mut query = Parameters::of(&uri, &["from", "to", "after", "limit"]);
    let [from, to] = span(&mut query, clock::now(), f64::INFINITY);
    let after: u64 = query.one("after").unwrap_or(0);
    let limit = query.one("limit").map_or(EVENTS_DEFAULT, |Count(count)| count);
    query.finish()?;
    let limit = limit.min(EVENTS_MAX);
    let archive = app
        .archive
        .get()
        .ok_or_else(|| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "there is no journal to read from"))?;
    let found = archive.ask(move |reader| told(reader, [from, to], after, limit)).await;
    found.map(answer::json).map_err(|why: Unreadable| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("history cannot be read now: {why}"))
    })
}

fn told(
    reader: &crate::journal::Reader,
    [from, to]: [Timestamp; 2],
    after: u64,
    limit: usize,
) -> Result<String, JournalError> {
    let mut after = after.max(reader.seq_before(from)?);
    let (mut events, mut holes, mut more) = (Vec::new(), Vec::new(), false);
    while !more {
        let page = reader.events_after(after, limit + 1 - events.len())?;
        let mut beyond = page.through <= after;
        holes.extend(page.holes.iter().map(ToString::to_string));
        for entry in page.entries {
            let alert = &entry.event.alert;
            // A clock that was set back leaves some times out of order.
            let at = alert.updated_at;
            if to <= at {
                beyond = true;
                break;
            }
            if at < from {
                continue;
            }
            more = events.len() == limit;
            if more {
                break;
            }
            events.push(format!(
                r#"{{"seq":{},"at":"{at}","event":"{}","alert":{}}}"#,
                entry.seq,
                entry.event.event.name(),
                entry.alert_json
            ));
        }
        if beyond {
            break;
        }
        after = page.through;
    }
    let unreadable =
        if holes.is_empty() { String::new() } else { format!(r#","unreadable":{}"#, to_json(&holes)) };
    Ok(format!(r#"{{"events":[{}],"more":{more}{unreadable}}}"#, events.join(",")))
}
