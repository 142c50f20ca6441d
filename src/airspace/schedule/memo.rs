//! The last answer of a schedule, which is good until the next switch.

use std::sync::Mutex;

use crate::domain::Timestamp;

/// A stretch of time in which nothing switches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    /// From, included.
    pub(super) from: Timestamp,
    /// Until, excluded; `None`: for ever.
    pub(super) until: Option<Timestamp>,
    /// Whether the schedule holds in it.
    pub(super) holds: bool,
}

/// One stretch. It is no part of what a schedule says: all are equal.
#[derive(Debug, Default)]
pub(super) struct Memo(Mutex<Option<Stretch>>);

impl Memo {
    /// The stretch of `at`: the one that is kept, or else a new one.
    pub(super) fn at(&self, at: Timestamp, new: impl FnOnce() -> Stretch) -> Stretch {
        let Ok(mut kept) = self.0.lock() else { return new() };
        let good = kept.filter(|kept| kept.from <= at && kept.until.is_none_or(|until| at < until));
        good.unwrap_or_else(|| *kept.insert(new()))
    }
}

impl Clone for Memo {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Memo {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
