//! The sign of life of the path that evaluates.

use std::sync::Arc;

use serde::Serialize;

use super::frames::{Text, to_json};
use crate::domain::Timestamp;

/// What the evaluating path says of itself in a heartbeat.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Vitals {
    /// When it was well.
    pub now: Timestamp,
    /// How long the slowest report since the last heartbeat waited for its evaluation, milliseconds.
    pub lag_ms: u64,
    /// Age of the newest report from the broker, milliseconds; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_age_ms: Option<u64>,
    /// The service's condition: `ok`, `degraded`, `failed`.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub state: &'static str,
    /// The zones in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zones_version: Option<Arc<str>>,
    /// Events up to this one are safe on disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub durable_seq: Option<u64>,
}

/// A heartbeat, as all clients share it.
#[derive(Debug, Clone)]
pub struct Pulse {
    /// Counts up; a session sends each at most once.
    pub number: u64,
    /// What the path said.
    pub vitals: Vitals,
    /// Newest alert event then.
    pub seq: u64,
    /// How many alerts were open then.
    pub open: usize,
    text: Text,
}

impl Pulse {
    /// The pulse after `before`, when `seq` was the newest event and `open` alerts were open.
    pub fn new(before: Option<&Self>, vitals: Vitals, seq: u64, open: usize) -> Self {
        let number = before.map_or(1, |pulse| pulse.number.saturating_add(1));
        let text = heartbeat(&vitals, seq, open);
        Self { number, vitals, seq, open, text }
    }

    /// The frame for a client that was told everything up to `cursor`: its `seq` never runs ahead of that.
    pub(super) fn frame(&self, cursor: u64) -> Text {
        if self.seq <= cursor { self.text.clone() } else { heartbeat(&self.vitals, cursor, self.open) }
    }
}

fn heartbeat(vitals: &Vitals, seq: u64, open: usize) -> Text {
    #[derive(Serialize)]
    struct Heartbeat<'a> {
        r#type: &'static str,
        seq: u64,
        open: usize,
        #[serde(flatten)]
        vitals: &'a Vitals,
    }
    to_json(&Heartbeat { r#type: "heartbeat", seq, open, vitals }).into()
}
