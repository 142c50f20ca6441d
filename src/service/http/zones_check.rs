//! `/api/v1/zones/check`: what a change of zones would mean, without making it.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::query::Parameters;
use super::zone_requests::pointer;
use super::{App, Problem, answer, body, upgrade};
use crate::airspace::{self, Airspace, Document, ProblemSeverity, Volume, Zone, difference};
use crate::domain::{LatLng, Restriction, Timestamp, UasId, VerticalLimit, VerticalReference, ZoneId};
use crate::monitor::TrackState;
use crate::service::clock;
use crate::stream::{Track, to_json};

/// Makes a collection of a feature; the feature begins a line, so that its columns stay.
const BEFORE: &str = "{\"type\":\"FeatureCollection\",\"features\":[\n";
const AFTER: &str = "\n]}";
/// Most aircraft that are named.
const AIRCRAFT_MAX: usize = 1_000;

#[derive(Serialize)]
struct Report {
    valid: bool,
    problems: Vec<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<Change>,
    aircraft: Vec<Inside>,
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
}

#[derive(Serialize)]
struct Change {
    added: Vec<ZoneId>,
    changed: Vec<ZoneId>,
    unchanged: Vec<ZoneId>,
    removed: Vec<ZoneId>,
}

#[derive(Serialize)]
struct Inside {
    uas_id: UasId,
    zone: ZoneId,
    restriction: Restriction,
}

/// `POST /api/v1/zones/check`: a feature or a collection, taken as additions and changes to what is live;
/// with `?whole=true` as the whole set, so that zones it lacks are told as removed.
pub(super) async fn check(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    upgrade::check_origin(request.headers(), &app.settings.allowed_origins)?;
    let mut query = Parameters::of(request.uri(), &["whole"]);
    let whole = query.one("whole").unwrap_or(false);
    query.finish()?;
    let (head, content) = request.into_parts();
    let bytes = body::read(&head.headers, content).await?;
    let live = app.airspace.load_full();
    let tracks = app.hub.world().picture.within(None);
    // Compiling large zones takes long enough to hold up other requests.
    let report =
        tokio::task::spawn_blocking(move || report(&bytes, whole, &live, &tracks, clock::now())).await;
    let report =
        report.map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(answer::json(to_json(&report)))
}

fn report(bytes: &[u8], whole: bool, live: &Airspace, tracks: &[Arc<Track>], now: Timestamp) -> Report {
    #[derive(Deserialize)]
    struct Kind {
        r#type: String,
    }
    let single = serde_json::from_slice::<Kind>(bytes).is_ok_and(|kind| kind.r#type == "Feature");
    let text: Cow<'_, [u8]> =
        if single { [BEFORE.as_bytes(), bytes, AFTER.as_bytes()].concat().into() } else { bytes.into() };
    let loaded = airspace::load(&[Document { name: "body", text: &text }]);
    let problems = loaded.problems.into_iter().map(|problem| place(problem, single)).collect();
    let Some(new) = loaded.airspace else {
        return Report { valid: false, problems, difference: None, aircraft: Vec::new() };
    };
    let found = difference(live, &new);
    let touched: Vec<&ZoneId> = found.added.iter().chain(&found.changed).collect();
    let same = new.zones().iter().map(|zone| &zone.id).filter(|id| !touched.contains(id)).cloned().collect();
    let removed = if whole { found.removed } else { Vec::new() };
    let aircraft =
        tracks.iter().flat_map(|track| inside(&track.state, &new, now)).take(AIRCRAFT_MAX).collect();
    let difference = Change { added: found.added, changed: found.changed, unchanged: same, removed };
    Report { valid: true, problems, difference: Some(difference), aircraft }
}

fn place(problem: airspace::Problem, single: bool) -> Place {
    let airspace::Problem { severity, file: _, line, column, path, message, message_zh } = problem;
    let (line, path) = if single {
        let inner = path.strip_prefix("$.features[0]").map_or(path.clone(), |rest| format!("${rest}"));
        (line.saturating_sub(1).max(1), inner)
    } else {
        (line, path)
    };
    Place { severity, pointer: pointer(&path), path, line, column, message, message_zh }
}

/// The keep-out zones that an aircraft would be in now. A height that cannot be compared counts as inside.
fn inside(state: &TrackState, airspace: &Airspace, now: Timestamp) -> Vec<Inside> {
    let at = LatLng::wrapped(state.lat, state.lng);
    let holds = |zone: &&Zone| {
        Restriction::Conditional <= zone.restriction
            && zone.bounds.contains(at)
            && zone.applies_at(now)
            && zone.volumes.iter().any(|volume| volume.shape.contains(at) && within_limits(volume, state))
    };
    let zones = airspace.zones().iter().filter(holds);
    let one = |zone: &Zone| Inside {
        uas_id: state.uas_id.clone(),
        zone: zone.id.clone(),
        restriction: zone.restriction,
    };
    zones.map(one).collect()
}

fn within_limits(volume: &Volume, state: &TrackState) -> bool {
    let height = |limit: &VerticalLimit| match limit.reference {
        VerticalReference::Agl => state.height_agl,
        VerticalReference::Wgs84 => state.alt_hae,
        VerticalReference::Amsl | VerticalReference::Takeoff | VerticalReference::Cn1985 => None,
    };
    let over = |limit: &VerticalLimit| height(limit).is_none_or(|metres| limit.metres <= metres);
    let under = |limit: &VerticalLimit| height(limit).is_none_or(|metres| metres <= limit.metres);
    volume.lower.as_ref().is_none_or(over) && volume.upper.as_ref().is_none_or(under)
}
