//! `/api/v1/zones/check`: what a change of zones would mean, without making it.

use std::borrow::Cow;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;

use super::query::Parameters;
use super::zone_requests::{json_of, pointer};
use super::{App, Problem, answer, body, upgrade, zone_drafts};
use crate::airspace::{
    self, Airspace, Change, Comparison, Document, EditError, Edited, Ground, ProblemSeverity, Reading, Zone,
    compare, difference, edit, load_as,
};
use crate::domain::{Intent, Restriction, Timestamp, UasId, ZoneId};
use crate::monitor::TrackState;
use crate::service::clock;
use crate::service::zone_desk::{DeskError, OWN_FILE, ZoneDesk};
use crate::service::zone_drafts::Asked;
use crate::service::zone_rehearsal::{self, Alerted, Rehearsed, Shown};
use crate::stream::to_json;

/// Makes a collection of a feature; the feature begins a line, so that its columns stay.
const BEFORE: &str = "{\"type\":\"FeatureCollection\",\"features\":[\n";
const AFTER: &str = "\n]}";
/// How far back aircraft are looked at, seconds.
const PAST_S: f64 = 3_600.0;
/// How long the look at the past may take.
const PAST_MAX: Duration = Duration::from_secs(5);

#[derive(Serialize, Default)]
struct Report {
    valid: bool,
    problems: Vec<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<Told>,
    aircraft: Vec<Inside>,
    alerted_now: Vec<Shown>,
    no_longer_alerted_now: Vec<Alerted>,
    alerted_last_hour: Vec<Shown>,
    no_longer_alerted_last_hour: Vec<Alerted>,
    partial: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial_because: Option<&'static str>,
}

#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    comparison: Comparison,
    unchanged: Vec<ZoneId>,
}

#[derive(Serialize)]
struct Place {
    severity: ProblemSeverity,
    pointer: String,
    path: String,
    line: usize,
    column: usize,
    message: String,
    message_zh: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<[f64; 2]>,
}

#[derive(Serialize)]
struct Inside {
    uas_id: UasId,
    zone: ZoneId,
    restriction: Restriction,
}

/// What was posted, read.
struct Posted {
    problems: Vec<Place>,
    /// The changes it asks for, unless it is no set of zones.
    changes: Option<Vec<Change>>,
    /// Every zone that it speaks of.
    zones: Vec<ZoneId>,
}

/// What flies, and what it is to fly.
struct Flown {
    aircraft: Vec<TrackState>,
    intents: Vec<Intent>,
}

/// `POST /api/v1/zones/check`: a feature or a collection, taken as additions and changes to what is live; with
/// `?whole=true` as the whole set, so that zones it lacks are told as removed; or `{"changes": […]}` as of a draft.
pub(super) async fn check(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    upgrade::check_origin(request.headers(), &app.settings.allowed_origins)?;
    let mut query = Parameters::of(request.uri(), &["whole"]);
    let whole = query.one("whole").unwrap_or(false);
    query.finish()?;
    let (head, content) = request.into_parts();
    let bytes = body::read(&head.headers, content).await?;
    let value = json_of(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes))?;
    let asked = if value.get("changes").is_some() { Some(zone_drafts::asked(&value)?) } else { None };
    let Ok(_turn) = Arc::clone(&app.check_turns).acquire_owned().await else {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the service stops"));
    };
    // Compiling large zones and flying an hour again take long enough to hold up other requests.
    let report = tokio::task::spawn_blocking(move || {
        let desk = app.zones.get().and_then(Weak::upgrade);
        let live = app.airspace.load_full();
        let posted = if let Some(asked) = &asked {
            posted_changes(asked, desk.as_deref())?
        } else {
            let reading = desk.as_ref().map(|desk| desk.reading()).unwrap_or_default();
            posted_document(&bytes, &value, (whole, reading), &live)
        };
        let tracks = app.hub.world().picture.within(None);
        let states = tracks.iter().map(|track| track.state.clone()).collect();
        let now = clock::now();
        let flown = Flown { aircraft: states, intents: app.hub.intents(now) };
        Ok::<_, Problem>(report(posted, &live, desk.as_deref(), &flown, now))
    });
    let report = report
        .await
        .map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))??;
    Ok(answer::json(to_json(&report)))
}

/// The changes of a draft.
fn posted_changes(asked: &[Asked], desk: Option<&ZoneDesk>) -> Result<Posted, Problem> {
    let resolved = match desk {
        Some(desk) => desk.resolved(asked).map_err(super::zone_requests::refusal)?,
        None => {
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "this service does not change zones"));
        }
    };
    let zones = resolved.iter().map(|change| change.id().clone()).collect();
    Ok(Posted { problems: Vec::new(), changes: Some(resolved), zones })
}

/// A feature or a collection, as changes of what is live.
fn posted_document(
    bytes: &[u8],
    value: &Value,
    (whole, reading): (bool, Reading),
    live: &Airspace,
) -> Posted {
    let single = value.get("type").and_then(Value::as_str) == Some("Feature");
    let text: Cow<'_, [u8]> =
        if single { [BEFORE.as_bytes(), bytes, AFTER.as_bytes()].concat().into() } else { bytes.into() };
    let loaded = load_as(&[Document { name: "body", text: &text }], reading);
    let problems = loaded.problems.into_iter().map(|problem| place(problem, single, value)).collect();
    let (Some(new), Some(envelope)) = (loaded.airspace, loaded.envelopes.first()) else {
        return Posted { problems, changes: None, zones: Vec::new() };
    };
    let found = difference(live, &new);
    let touched = found.added.iter().chain(&found.changed).filter_map(|id| new.zone_by_id(id.as_str()));
    let restored = |zone: &Zone| Change::Restore {
        id: zone.id.clone(),
        document: envelope.write([zone.feature_json()]),
    };
    let mut changes: Vec<Change> = touched.map(restored).collect();
    if whole {
        changes.extend(found.removed.into_iter().map(|id| Change::Delete { id }));
    }
    let zones = new.zones().iter().map(|zone| zone.id.clone()).collect();
    Posted { problems, changes: Some(changes), zones }
}

fn report(
    posted: Posted,
    live: &Arc<Airspace>,
    desk: Option<&ZoneDesk>,
    flown: &Flown,
    now: Timestamp,
) -> Report {
    let Posted { mut problems, changes, zones } = posted;
    let Some(changes) = changes else { return Report { problems, ..Report::default() } };
    let edited = match desk {
        Some(desk) => desk.dry_run(&changes).map(|(_, edited)| edited),
        // Without files, zones in force cannot be changed; others can be looked at.
        None => {
            edit(&[], &Airspace::default(), &changes, OWN_FILE, Reading::default()).map_err(DeskError::Edit)
        }
    };
    let new = match edited {
        Ok(Edited { loaded, warnings, .. }) => {
            problems.extend(warnings.into_iter().map(|(number, problem)| placed(problem, number, &changes)));
            loaded.airspace.map(Arc::new)
        }
        Err(DeskError::Edit(why)) => {
            problems.extend(faults(why, &changes));
            None
        }
        Err(error) => {
            problems.push(said(error.to_string()));
            None
        }
    };
    let Some(new) = new else { return Report { problems, ..Report::default() } };
    let comparison = match desk {
        Some(desk) => desk.compared(live, &new, now),
        None => compare(live, &new, &Ground::at(now)),
    };
    let touched = |id: &&ZoneId| {
        !comparison.added.contains(id) && !comparison.changed.iter().any(|zone| zone.id == **id)
    };
    let unchanged =
        zones.iter().filter(touched).filter(|id| !comparison.removed.contains(id)).cloned().collect();
    let rules = desk.map(|desk| desk.rules().clone()).unwrap_or_default();
    let draft =
        zone_rehearsal::Draft { rules: &rules, sets: [live, &new], named: &zones, intents: &flown.intents };
    let inside = draft.inside(&flown.aircraft, now).into_iter().filter_map(|(uas_id, zone)| {
        let restriction = new.zone_by_id(zone.as_str())?.restriction;
        Some(Inside { uas_id, zone, restriction })
    });
    let inside = inside.collect();
    let at_once = draft.now(&flown.aircraft, now);
    let reports = desk.and_then(|desk| desk.past(now.plus_seconds(-PAST_S), now));
    let missing = reports.is_none().then_some("no history is kept 没有历史记录");
    let past = reports.map_or_else(Rehearsed::default, |reports| draft.over(reports, PAST_MAX));
    let partial = missing.is_some() || past.partial || at_once.partial;
    Report {
        valid: true,
        problems,
        difference: Some(Told { comparison, unchanged }),
        aircraft: inside,
        alerted_now: at_once.alerted,
        no_longer_alerted_now: at_once.no_longer,
        alerted_last_hour: past.alerted,
        no_longer_alerted_last_hour: past.no_longer,
        partial,
        partial_because: missing.or(partial.then_some("it took too long or was too much 数据量过大")),
    }
}

fn faults(why: EditError, changes: &[Change]) -> Vec<Place> {
    match why {
        EditError::Feature(number, problems) => {
            problems.into_iter().map(|problem| placed(problem, number, changes)).collect()
        }
        EditError::Documents(problems) => {
            problems.into_iter().map(|problem| place(problem, false, &Value::Null)).collect()
        }
        EditError::NoZone(number, id) => {
            let text = format!("no zone `{id}` is in force. 没有该区域");
            vec![Place { change: Some(number), ..said(text) }]
        }
        EditError::Twice(id) => vec![said(format!("zone `{id}` is changed twice. 同一区域被重复修改"))],
    }
}

/// A problem of one change.
fn placed(problem: airspace::Problem, number: usize, changes: &[Change]) -> Place {
    let feature = match changes.get(number) {
        Some(Change::Put { feature, .. }) => feature,
        Some(Change::Restore { .. } | Change::Delete { .. }) | None => &Value::Null,
    };
    let at = position(feature, &pointer(&problem.path));
    Place { change: Some(number), at, ..place(problem, false, &Value::Null) }
}

fn said(text: String) -> Place {
    Place {
        severity: ProblemSeverity::Error,
        pointer: String::new(),
        path: "$".into(),
        line: 1,
        column: 1,
        message: text.clone(),
        message_zh: text,
        change: None,
        at: None,
    }
}

fn place(problem: airspace::Problem, single: bool, body: &Value) -> Place {
    let airspace::Problem { severity, file: _, line, column, path, message, message_zh } = problem;
    let (line, path) = if single {
        let inner = path.strip_prefix("$.features[0]").map_or(path.clone(), |rest| format!("${rest}"));
        (line.saturating_sub(1).max(1), inner)
    } else {
        (line, path)
    };
    let pointer = pointer(&path);
    let at = position(body, &pointer);
    Place { severity, pointer, path, line, column, message, message_zh, change: None, at }
}

/// Where on the map a pointer into a geometry points: the position itself, or the first one below it.
fn position(document: &Value, pointer: &str) -> Option<[f64; 2]> {
    let (geometry, _) = pointer.split_once("/geometry")?;
    let mut pointer = pointer;
    loop {
        if let Some(found) = document.pointer(pointer).and_then(first_position) {
            return Some(found);
        }
        pointer = pointer.rsplit_once('/').map(|(outer, _)| outer)?;
        if pointer.len() <= geometry.len() {
            return None;
        }
    }
}

fn first_position(value: &Value) -> Option<[f64; 2]> {
    let inner = match value {
        Value::Object(members) => members.get("coordinates")?,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => value,
    };
    let list = inner.as_array()?;
    match (list.first().and_then(Value::as_f64), list.get(1).and_then(Value::as_f64)) {
        (Some(lng), Some(lat)) => {
            ((-180.0..=180.0).contains(&lng) && (-90.0..=90.0).contains(&lat)).then_some([lng, lat])
        }
        _ => list.first().filter(|first| first.is_array()).and_then(first_position),
    }
}
