//! What is due when: one entry an aircraft, so that an idle sky costs nothing.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::domain::Timestamp;

use super::tracks::TrackIx;

/// A queue by due time. Entries are not moved when an aircraft's due time gets later; the caller looks at the
/// aircraft when an entry comes up and puts it back.
#[derive(Debug, Default)]
pub(super) struct Agenda(BinaryHeap<Reverse<(Timestamp, TrackIx)>>);

impl Agenda {
    /// Adds an entry.
    pub(super) fn push(&mut self, due: Timestamp, ix: TrackIx) {
        self.0.push(Reverse((due, ix)));
    }

    /// Takes the first entry due at or before `at`.
    pub(super) fn pop_due(&mut self, at: Timestamp) -> Option<(Timestamp, TrackIx)> {
        let Reverse((due, _)) = self.0.peek()?;
        if at < *due {
            return None;
        }
        self.0.pop().map(|Reverse(entry)| entry)
    }
}
