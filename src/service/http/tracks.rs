//! `/api/v1/tracks`: what flies, and where an aircraft has been.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;

use super::query::Parameters;
use super::{App, Problem, answer};
use crate::service::clock;
use crate::stream::{PathPoint, to_json};

/// `GET /api/v1/tracks?bbox=w,s,e,n`.
pub(super) async fn list(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    let mut query = Parameters::of(&uri, &["bbox"]);
    let bbox = query.one("bbox");
    query.finish()?;
    let found = app.hub.world().picture.within(bbox.as_ref());
    let tracks: Vec<&str> = found.iter().map(|track| track.json()).collect();
    Ok(answer::json(format!(r#"{{"now":"{}","tracks":[{}]}}"#, clock::now(), tracks.join(","))))
}

/// `GET /api/v1/tracks/{uas_id}`: its state with `path`, oldest point first.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(uas_id): Path<String>,
) -> Result<Response, Problem> {
    let world = app.hub.world();
    let track = world.picture.track(&uas_id).cloned();
    let path: Vec<PathPoint> =
        world.picture.path(&uas_id).map(|path| path.copied().collect()).unwrap_or_default();
    drop(world);
    let track = track.ok_or_else(|| Problem::not_found(format!("no aircraft `{uas_id}` is tracked")))?;
    let state = track.json().trim_end_matches('}');
    Ok(answer::json(format!(r#"{state},"path":{}}}"#, to_json(&path))))
}
