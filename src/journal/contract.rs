//! What goes into the journal and what it says of itself.

use std::sync::Arc;

use crate::domain::{AlertEvent, Timestamp};

/// One alert event on its way to the disk, or back from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Place in the service's history; grows by one with every event.
    pub seq: u64,
    /// What happened.
    pub event: Arc<AlertEvent>,
    /// The alert's JSON as it is published, byte for byte.
    pub alert_json: Arc<str>,
}

/// Whether the disk takes what it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// It does.
    Writable,
    /// It does not; attempts go on.
    Failing {
        /// Since when.
        since: Timestamp,
        /// What the system says.
        reason: String,
    },
}

/// How far the journal has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Every event up to this number is safe on disk.
    pub durable_seq: u64,
    /// The newest probe that is safe on disk.
    pub probed: u64,
    /// Whether the disk takes what it is given.
    pub condition: Condition,
    /// Entries that wait for the disk.
    pub backlog: usize,
}

/// What a journal held when it was opened.
#[derive(Debug, Clone)]
pub struct Recovered {
    /// The history that `seq` counts; new when history was lost or restored.
    pub log_id: Arc<str>,
    /// Number of the newest event; 0 in a new history.
    pub last_seq: u64,
    /// Number of the oldest event kept.
    pub oldest_seq: u64,
    /// The newest event of every alert that is open, by number.
    pub open: Vec<Entry>,
    /// The broker has confirmed every event up to this number, as far as is known; what came after is to be
    /// published again. `None` if nothing is known.
    pub told: Option<u64>,
    /// When the service was last in touch with the broker, as far as is known.
    pub heard_at: Option<Timestamp>,
    /// What was found damaged and where it was moved, in sentences for the log and for operators.
    pub damage: Vec<String>,
}

/// Numbers whose events cannot be given, and why: lost events are named, never left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
    /// Why.
    pub reason: String,
    /// Whether the journal itself has it on record; otherwise it is damage that was just found.
    pub known: bool,
}

impl Hole {
    /// Appends `next` to holes in order; one that goes on where the last ends, for the same reason, is joined.
    pub(super) fn add(holes: &mut Vec<Self>, next: Self) {
        match holes.last_mut() {
            Some(last)
                if last.to.checked_add(1) == Some(next.from)
                    && (last.known, &last.reason) == (next.known, &next.reason) =>
            {
                last.to = next.to;
            }
            _ => holes.push(next),
        }
    }
}

impl std::fmt::Display for Hole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { from, to, reason, .. } = self;
        if from == to {
            write!(f, "event {from}: {reason}")
        } else {
            write!(f, "events {from} to {to}: {reason}")
        }
    }
}

/// Where events are made to survive. Nothing here blocks.
pub trait Store {
    /// Hands entries over, in order of their numbers. They come back if too many wait already.
    fn append(&self, entries: Vec<Entry>) -> Result<(), Vec<Entry>>;

    /// Asks for a number to be written and synced, as an event would be; see [`Progress::probed`].
    fn probe(&self, number: u64);

    /// Notes, for the next start, that events up to this number are about to be published which were handed over and
    /// are not safe on disk: if the process dies and they never were, the history that is left is another one, with a
    /// new `log_id`. The note survives the process, and means nothing once the history has come so far.
    fn mark_unsafe(&self, seq: u64);

    /// How far the journal has come.
    fn progress(&self) -> Progress;
}
