//! What the server says, and its one encoding.

use std::sync::Arc;

use serde::Serialize;

use super::{LoggedEvent, Track};
use crate::domain::{Timestamp, UasId};

/// Shared text of a frame: a clone counts a reference, the bytes are never copied.
pub type Text = tokio_tungstenite::tungstenite::Utf8Bytes;

/// A frame that is due. Gathering it is cheap, so that the world is held only briefly; [`Frame::encode`]
/// does the work afterwards.
#[derive(Debug, Clone)]
pub enum Frame {
    /// Encoded already.
    Text(Text),
    /// Every open alert in scope, and the aircraft if they are subscribed.
    Snapshot {
        /// Events up to this one are in it.
        seq: u64,
        /// The newest event of each alert.
        alerts: Vec<Arc<LoggedEvent>>,
        /// The aircraft.
        tracks: Option<Vec<Arc<Track>>>,
    },
    /// What changed in the picture.
    Tracks {
        /// When this was gathered.
        now: Timestamp,
        /// New or moved.
        updated: Vec<Arc<Track>>,
        /// Forgotten, or out of the box.
        removed: Vec<UasId>,
    },
}

impl Frame {
    /// How many aircraft and alerts are in it that are not part of a text yet.
    pub fn parts(&self) -> usize {
        match self {
            Self::Text(_) => 0,
            Self::Snapshot { alerts, tracks, .. } => alerts.len() + tracks.as_ref().map_or(0, Vec::len),
            Self::Tracks { updated, removed, .. } => updated.len() + removed.len(),
        }
    }

    /// The text to send.
    pub fn encode(self) -> Text {
        match self {
            Self::Text(text) => text,
            Self::Snapshot { seq, alerts, tracks } => snapshot(seq, &alerts, tracks.as_deref()),
            Self::Tracks { now, updated, removed } => {
                let mut text = format!(r#"{{"type":"tracks","now":"{now}","updated":["#);
                push_list(&mut text, updated.iter().map(|track| track.json()));
                text.push_str(r#"],"removed":"#);
                text.push_str(&to_json(&removed));
                text.push('}');
                text.into()
            }
        }
    }
}

/// A snapshot's text.
pub(super) fn snapshot(seq: u64, alerts: &[Arc<LoggedEvent>], tracks: Option<&[Arc<Track>]>) -> Text {
    let mut text = format!(r#"{{"type":"snapshot","seq":{seq},"alerts":["#);
    push_list(&mut text, alerts.iter().map(|logged| logged.alert_json()));
    text.push(']');
    if let Some(tracks) = tracks {
        text.push_str(r#","tracks":["#);
        push_list(&mut text, tracks.iter().map(|track| track.json()));
        text.push(']');
    }
    text.push('}');
    text.into()
}

/// Why events are not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GapReason {
    /// The client was too far behind.
    SlowClient,
    /// They are of another history, or older than what is kept.
    Retention,
    /// The journal's record of them cannot be read.
    Damaged,
    /// The journal cannot be read at all for now.
    Unreadable,
}

impl GapReason {
    const fn name(self) -> &'static str {
        match self {
            Self::SlowClient => "SLOW_CLIENT",
            Self::Retention => "RETENTION",
            Self::Damaged => "DAMAGED",
            Self::Unreadable => "UNREADABLE",
        }
    }
}

/// The text that says which events are not delivered, both ends included.
pub(super) fn gap(from: u64, to: u64, reason: GapReason) -> Text {
    let reason = reason.name();
    format!(r#"{{"type":"gap","from":{from},"to":{to},"reason":"{reason}"}}"#).into()
}

/// The last frame before the service stops: where to resume.
pub(super) fn bye(log_id: Option<&str>, seq: u64) -> Text {
    let log_id = log_id.map_or_else(String::new, |id| format!(r#""log_id":{},"#, to_json(id)));
    format!(r#"{{"type":"bye","resume":{{{log_id}"seq":{seq}}}}}"#).into()
}

/// The answer to a message that could not be followed.
pub fn error_frame(code: &str, message: &str) -> Text {
    let mut text = format!(r#"{{"type":"error","code":"{code}","message":"#);
    text.push_str(&to_json(message));
    text.push('}');
    text.into()
}

/// JSON text of a value whose serialisation cannot fail (no maps with keys that are not text).
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".into())
}

/// Appends texts, separated by commas. They may be megabytes: the space is taken once.
fn push_list<'a>(text: &mut String, items: impl Iterator<Item = &'a str> + Clone) {
    text.reserve(items.clone().map(|item| item.len() + 1).sum::<usize>() + 16);
    for (index, item) in items.enumerate() {
        if index != 0 {
            text.push(',');
        }
        text.push_str(item);
    }
}
