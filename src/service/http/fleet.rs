//! `/api/v1/fleet`: how the feeds of an operator's aircraft do.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;

use super::{App, Fault, Problem, answer};
use crate::domain::{OperatorId, Timestamp};
use crate::service::clock;
use crate::service::feeds::{FeedQuality, OperatorFeeds};
use crate::stream::to_json;

/// `GET /api/v1/fleet`: who was heard, and how the feeds of each do together.
pub(super) async fn operators(State(app): State<Arc<App>>) -> Response {
    #[derive(Serialize)]
    struct Operators {
        now: Timestamp,
        operators: Vec<OperatorFeeds>,
    }
    let now = clock::now();
    answer::json(to_json(&Operators { now, operators: app.feeds.operators(now) }))
}

/// `GET /api/v1/fleet/{operator}`: the feed of each of its aircraft; none where nothing was heard.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(operator): Path<String>,
) -> Result<Response, Problem> {
    #[derive(Serialize)]
    struct Fleet {
        now: Timestamp,
        operator: OperatorId,
        aircraft: Vec<FeedQuality>,
    }
    let operator = OperatorId::new(&operator)
        .map_err(|error| Problem::bad_request(vec![Fault::of("operator", error.to_string())]))?;
    let now = clock::now();
    let aircraft = app.feeds.of(&operator, now);
    Ok(answer::json(to_json(&Fleet { now, operator, aircraft })))
}
