//! `/healthz`, `/readyz`, `/metrics`: for who runs the service.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
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

/// `GET /metrics`: `OpenMetrics` for who asks for it, else the text format that every scraper reads.
pub(super) async fn metrics(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
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
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let open = accepted
        .flat_map(|value| value.split(','))
        .any(|kind| kind.split(';').next().is_some_and(|name| name.trim() == "application/openmetrics-text"));
    if open {
        answer::typed("application/openmetrics-text; version=1.0.0; charset=utf-8", app.metrics.text())
    } else {
        answer::typed("text/plain; version=0.0.4; charset=utf-8", classic(&app.metrics.text()))
    }
}

/// The figures in the older text format 0.0.4: it names a counter by its samples and knows no units and no end.
fn classic(text: &str) -> String {
    let counters: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut classic = String::with_capacity(text.len());
    for line in text.lines().filter(|line| !line.starts_with("# UNIT ") && *line != "# EOF") {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some(kind), Some(name), Some(rest)) => {
                let total = if counters.contains(name) { "_total" } else { "" };
                let rest = if kind == "TYPE" && rest == "unknown" { "untyped" } else { rest };
                classic.extend(["# ", kind, " ", name, total, " ", rest]);
            }
            _ => classic.push_str(line),
        }
        classic.push('\n');
    }
    classic
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_format_names_counters_by_their_samples() {
        let open = "# HELP a_b Counts it.\n# TYPE a_b counter\n# UNIT a_b x\na_b_total{c=\"d\"} 1\n\
                    # HELP g Is it.\n# TYPE g gauge\ng 2\n# TYPE u unknown\nu 3\n# EOF\n";
        let wanted = "# HELP a_b_total Counts it.\n# TYPE a_b_total counter\na_b_total{c=\"d\"} 1\n\
                      # HELP g Is it.\n# TYPE g gauge\ng 2\n# TYPE u untyped\nu 3\n";
        assert_eq!(classic(open), wanted);
    }
}
