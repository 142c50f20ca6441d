//! `lowsky replay --to`: a recording back to a broker, at its own pace or faster.
//!
//! The `timestamp` of JSON telemetry is moved with the arrival time, so that a live service takes it for live.
//! NMEA sentences are published as they were: their time of day cannot be moved without making others of them.

use std::io::BufRead;
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use super::files::{self, Failure};
use super::simulate::{Outlet, until};
use super::terminal;
use crate::domain::Timestamp;
use crate::service::clock;
use crate::simulate::WireMessage;
use crate::wire::recording::{self, Record};

/// How fast, as an argument.
pub(super) fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok().filter(|speed: &f64| speed.is_finite() && 0.0 < *speed);
    speed.ok_or_else(|| "a number over 0 is wanted".to_owned())
}

/// Publishes the recording; `speed` 2 is twice as fast as it was.
pub(super) fn republish(path: &Path, url: &str, speed: f64) -> Result<ExitCode, Failure> {
    let input = files::recording(path)?;
    terminal::block_on(|stop| async move {
        let outlet = Outlet::connect(url, stop.clone()).await?;
        let start = clock::now();
        let (mut first, mut count) = (None, 0_u64);
        for (line, text) in (1..).zip(input.lines()) {
            let wrong = |why: String| Failure::Input(format!("{}:{why}", path.display()));
            let text = text.map_err(|error| wrong(format!("{line}: {error}")))?;
            let Some(record) = recording::parse_line(line, &text) else { continue };
            let record = record.map_err(|error| wrong(error.to_string()))?;
            // A copy that a broker kept would come to everybody as if it were new. Intents say themselves until when they
            // hold.
            if record.retain && !record.topic.contains("/intent/") {
                continue;
            }
            let since_s = record.received_at.seconds_since(*first.get_or_insert(record.received_at));
            let at = start.plus_seconds(since_s / speed);
            if stop.run_until_cancelled(until(at)).await.is_none() {
                break;
            }
            outlet.send(moved(record, at)).await;
            count += 1;
        }
        outlet.close().await;
        say(&format!("{count} messages published at {url}\n"));
        Ok(ExitCode::SUCCESS)
    })
}

fn moved(record: Record, at: Timestamp) -> WireMessage {
    let later_s = at.seconds_since(record.received_at);
    let payload = match serde_json::from_slice::<Value>(&record.payload) {
        Ok(mut value) => {
            move_times(&mut value, later_s);
            value.to_string().into_bytes()
        }
        Err(_) => record.payload,
    };
    WireMessage { at, topic: record.topic, payload, retain: false }
}

fn move_times(value: &mut Value, later_s: f64) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(|element| move_times(element, later_s)),
        Value::Object(members) => {
            let Some(timestamp) = members.get_mut("timestamp") else { return };
            if let Ok(was) = serde_json::from_value::<Timestamp>(timestamp.clone()) {
                *timestamp = Value::String(was.plus_seconds(later_s).to_string());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[expect(clippy::print_stderr, reason = "the summary for the person at the terminal")]
fn say(text: &str) {
    eprint!("{text}");
}
