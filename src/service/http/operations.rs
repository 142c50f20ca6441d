//! `/healthz`, `/readyz`, `/metrics`: for who runs the service.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::{App, answer};
use crate::domain::Timestamp;
use crate::service::clock;
use crate::service::health::{Condition, Part, Status};
use crate::stream::to_json;

/// The evaluating path is dead after so long without a heartbeat, as a client would conclude, seconds.
const HEARTBEAT_MAX_S: f64 = 3.0;
/// Reports that wait so long for their evaluation are a danger, milliseconds.
const LAG_MAX_MS: u64 = 2_000;

/// `GET /healthz`: the process answers; never depends on broker or disk, as a restart would not help.
pub(super) async fn alive() -> Response {
    answer::json(r#"{"status":"ok"}"#.into())
}

/// `GET /readyz`: 200 if no part has failed, else 503, with the reason for each part.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    #[derive(Serialize)]
    struct Readiness {
        status: Status,
        now: Timestamp,
        components: BTreeMap<Part, Condition>,
    }
    let now = clock::now();
    let mut components = app.health.parts();
    let pulse = app.hub.world().pulse.as_ref().map(|pulse| (pulse.vitals.now, pulse.vitals.lag_ms));
    components.entry(Part::Evaluation).or_insert_with(|| evaluation(pulse, now));
    let any = |status| components.values().any(|condition| condition.status == status);
    let status = match () {
        () if any(Status::Failed) => Status::Failed,
        () if any(Status::Degraded) => Status::Degraded,
        () => Status::Ok,
    };
    let code = if status == Status::Failed { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (code, answer::json(to_json(&Readiness { status, now, components }))).into_response()
}

fn evaluation(pulse: Option<(Timestamp, u64)>, now: Timestamp) -> Condition {
    let failed = |since, reason| Condition { status: Status::Failed, reason: Some(reason), since };
    match pulse {
        None => failed(now, "no heartbeat of the evaluating path yet".into()),
        Some((at, _)) if HEARTBEAT_MAX_S <= now.seconds_since(at) => {
            failed(at, format!("no heartbeat of the evaluating path for {:.1} s", now.seconds_since(at)))
        }
        Some((at, lag_ms)) if LAG_MAX_MS <= lag_ms => failed(
            at,
            format!("reports wait {lag_ms} ms for their evaluation, at most {LAG_MAX_MS} ms may be"),
        ),
        Some((at, _)) => Condition { status: Status::Ok, reason: None, since: at },
    }
}

/// `GET /metrics`.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let world = app.hub.world();
    let (seq, open, aircraft) = (world.log.last_seq(), world.log.open().len(), world.picture.len());
    let heartbeat = world.pulse.as_ref().map(|pulse| pulse.vitals.now);
    drop(world);
    let count = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
    app.metrics.alert_seq.set(i64::try_from(seq).unwrap_or(i64::MAX));
    app.metrics.alerts_open.set(count(open));
    app.metrics.aircraft.set(count(aircraft));
    let at_s = heartbeat.map_or(0.0, |at| at.seconds_since(Timestamp::default()));
    app.metrics.heartbeat_at_s.set(at_s);
    answer::typed("application/openmetrics-text; version=1.0.0; charset=utf-8", app.metrics.text())
}
