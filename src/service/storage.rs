//! How the disk does under the journal and under the history, for `/readyz`, for those who switch to a bypass, and for
//! the log.

use std::sync::Arc;

use tokio::sync::watch;

use crate::domain::Timestamp;
use crate::journal::Condition;
use crate::service::health::{Health, Part, Status};

/// What waits so long for the disk is a fault of the disk, seconds.
pub(super) const STALL_S: f64 = 0.15;
/// So long must the disk be well before it counts as well, seconds.
const WELL_S: f64 = 2.0;

/// Who writes to the disk that is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writes {
    Journal,
    History,
}

impl Writes {
    /// The part of the service, and how it does while its disk does not.
    const fn part(self) -> (Part, Status) {
        match self {
            Self::Journal => (Part::Journal, Status::Failed),
            Self::History => (Part::History, Status::Degraded),
        }
    }

    /// What that means.
    const fn meaning(self) -> &'static str {
        match self {
            Self::Journal => "alerts go out, and are not on disk",
            Self::History => "reports are judged and confirmed, and their positions are not kept",
        }
    }
}

/// Watches a disk from the evaluating path.
#[derive(Debug)]
pub struct StorageWatch {
    writes: Writes,
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
    /// Watches the journal's; nothing is known yet.
    pub fn of_journal(health: Arc<Health>) -> Self {
        let trouble = watch::Sender::new(None);
        Self { writes: Writes::Journal, health, trouble, well_since: None, told: false }
    }

    /// Watches the history's; nothing is known yet.
    pub fn of_history(health: Arc<Health>) -> Self {
        Self { writes: Writes::History, ..Self::of_journal(health) }
    }

    /// What is the matter with the disk, now and as it changes.
    pub fn trouble(&self) -> watch::Receiver<Option<Trouble>> {
        self.trouble.subscribe()
    }

    /// Takes what the journal or the history says of itself, and for how long what is not on disk has waited. Returns
    /// what has changed.
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
        let told = format!("{} since {}: {reason}", self.writes.meaning(), trouble.since);
        let (part, status) = self.writes.part();
        tracing::error!(part = part.name(), reason = told, "the disk does not take what is written");
        self.health.set(part, status, Some(told), now);
        self.trouble.send_replace(Some(trouble.clone()));
        self.told = true;
        Some(Change::Trouble(trouble))
    }

    fn good(&mut self, now: Timestamp) -> Option<Change> {
        let (part, _) = self.writes.part();
        if self.well_since.is_none() {
            self.well_since = Some(now);
            if self.trouble.borrow().is_none() {
                self.health.set(part, Status::Ok, None, now);
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
        self.health.set(part, Status::Ok, None, now);
        tracing::warn!(part = part.name(), "the disk takes everything again, and nothing waits for it");
        Some(Change::Well)
    }
}
