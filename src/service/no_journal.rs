//! What stands where the journal should when it cannot be opened: it takes nothing and says why.

use crate::domain::Timestamp;
use crate::journal::{Condition, Entry, Progress, Store};

/// A journal that could not be opened.
#[derive(Debug)]
pub struct NoJournal {
    since: Timestamp,
    reason: String,
}

impl NoJournal {
    /// Not opened at `since`, because of `reason`.
    pub fn new(since: Timestamp, reason: String) -> Self {
        Self { since, reason }
    }
}

impl Store for NoJournal {
    /// Takes them and forgets them, so that their messages are never acknowledged: the broker keeps those until a
    /// start with a journal.
    fn append(&self, _entries: Vec<Entry>) -> Result<(), Vec<Entry>> {
        Ok(())
    }

    fn probe(&self, _number: u64) {}

    fn mark_unsafe(&self, _seq: u64) {}

    fn progress(&self) -> Progress {
        let condition = Condition::Failing { since: self.since, reason: self.reason.clone() };
        Progress { durable_seq: 0, probed: 0, condition, backlog: 0 }
    }
}
