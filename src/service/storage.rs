//! How the disk does, for `/readyz`, for those who switch to a bypass, and for the log.

use std::sync::Arc;

use tokio::sync::watch;

use crate::domain::Timestamp;
use crate::journal::Condition;
use crate::service::health::{Health, Part, Status};

/// An event that waits so long for the disk is a fault of the disk, seconds.
const STALL_S: f64 = 0.15;
/// So long must the disk be well before it counts as well, seconds.
const WELL_S: f64 = 2.0;

/// Watches the disk from the evaluating path.
pub struct StorageWatch {
    health: Arc<Health>,
    /// Since when the disk does not do its work, and what is the matter.
    trouble: watch::Sender<Option<Trouble>>,
    well_since: Option<Timestamp>,
    /// Whether it was said how the disk does.
    told: bool,
}

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Something is the matter, or something else than before.
    Trouble(Trouble),
    /// It is over, or was well from the start.
    Well,
}

/// A disk that does not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Since when.
    pub since: Timestamp,
    /// What is the matter.
    pub reason: String,
}

impl StorageWatch {
    /// Nothing is known yet.
    pub fn new(health: Arc<Health>) -> Self {
        Self { health, trouble: watch::Sender::new(None), well_since: None, told: false }
    }

    /// What is the matter with the disk, now and as it changes.
    pub fn trouble(&self) -> watch::Receiver<Option<Trouble>> {
        self.trouble.subscribe()
    }

    /// Takes what the journal says of itself, and the age of the oldest event that is not on disk. Returns what
    /// has changed.
    pub fn look(&mut self, now: Timestamp, condition: &Condition, behind_s: f64) -> Option<Change> {
        match condition {
            Condition::Failing { since, reason } => self.bad(now, *since, reason),
            Condition::Writable if STALL_S < behind_s => {
                self.bad(now, now.plus_seconds(-behind_s), "the disk does not answer")
            }
            Condition::Writable => self.good(now),
        }
    }

    fn bad(&mut self, now: Timestamp, since: Timestamp, reason: &str) -> Option<Change> {
        self.well_since = None;
        let known = self.trouble.borrow().clone();
        if known.as_ref().is_some_and(|known| known.reason == reason) {
            return None;
        }
        let trouble = Trouble { since: known.map_or(since, |known| known.since), reason: reason.to_owned() };
        let told = format!("alerts go out, and are not on disk since {}: {reason}", trouble.since);
        tracing::error!(reason = told, "the journal cannot be written");
        self.health.set(Part::Journal, Status::Failed, Some(told), now);
        self.trouble.send_replace(Some(trouble.clone()));
        self.told = true;
        Some(Change::Trouble(trouble))
    }

    fn good(&mut self, now: Timestamp) -> Option<Change> {
        if self.well_since.is_none() {
            self.well_since = Some(now);
            if self.trouble.borrow().is_none() {
                self.health.set(Part::Journal, Status::Ok, None, now);
            }
        }
        let well_s = self.well_since.map_or(0.0, |since| now.seconds_since(since));
        if (0.0..WELL_S).contains(&well_s) {
            return None;
        }
        if self.trouble.borrow().is_none() {
            // Once: an alert of an earlier run waits to hear it.
            return (!std::mem::replace(&mut self.told, true)).then_some(Change::Well);
        }
        self.trouble.send_replace(None);
        self.health.set(Part::Journal, Status::Ok, None, now);
        tracing::warn!("the journal is written again, and nothing waits for the disk");
        Some(Change::Well)
    }
}
