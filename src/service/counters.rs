//! What was counted on the way of a message, for metrics, the status topic and the balance of the books.
//!
//! Every element of a message (an observation, or a refused part of it) is either evaluated, conflated,
//! refused or still on its way: `offered = evaluated + conflated + refused + in flight`.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::domain::Reason;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// Counters that any thread may raise and read.
        #[derive(Debug, Default)]
        pub struct Counters {
            $($(#[$doc])* pub $name: Count,)+
            /// Elements refused, by reason in the order of [`Reason::ALL`].
            refused: ByReason,
            /// Observations accepted with a remark, by reason.
            flagged: ByReason,
        }
    };
}

counters! {
    /// Messages taken from the broker, the service's own test flights left out.
    messages,
    /// Elements of messages: observations and refused parts.
    offered,
    /// Observations that the monitor has evaluated.
    evaluated,
    /// Observations replaced by a newer one of the same aircraft before they were evaluated.
    conflated,
    /// Attempts of the intake to connect.
    intake_attempts,
    /// Connections of the intake that were complete: every filter granted.
    intake_connections,
    /// Messages with an empty or unreadable topic.
    intake_bad_topics,
    /// Times that the intake had to wait because decoding was behind.
    intake_waits,
    /// Messages given up because decoding stood still; QoS 1 messages are delivered again.
    intake_overruns,
    /// Acknowledgements of an earlier connection that were discarded.
    intake_stale_acks,
    /// Messages that the broker says it dropped, for us or for others.
    broker_drops,
    /// Times that decoding waited for room before the monitor.
    inbox_waits,
    /// Alert messages that the broker confirmed.
    alerts_published,
    /// Alert messages dropped because too many waited, oldest first.
    alerts_dropped,
    /// Alert messages that the broker refused to take.
    alerts_refused,
    /// Feedback messages published.
    feedback_published,
    /// Feedback messages dropped because the broker was away or slow.
    feedback_dropped,
    /// Attempts of the publisher to connect.
    publisher_attempts,
}

/// One counter for each reason, in the order of [`Reason::ALL`].
type ByReason = [Count; Reason::ALL.len()];

/// One counter.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// One more.
    pub fn one(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    /// `more` more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

impl Counters {
    /// The counter of elements refused for `reason`, by a decoder, the gate or the monitor.
    pub fn refused(&self, reason: Reason) -> &Count {
        of(&self.refused, reason)
    }

    /// The counter of observations that were accepted in spite of `reason`.
    pub fn flagged(&self, reason: Reason) -> &Count {
        of(&self.flagged, reason)
    }

    /// Elements refused, for whatever reason.
    pub fn refused_total(&self) -> u64 {
        self.refused.iter().map(Count::get).sum()
    }

    /// Elements that are neither evaluated nor conflated nor refused yet. Exact when nothing moves; an
    /// element on the move meanwhile is counted as in flight.
    pub fn in_flight(&self) -> u64 {
        let settled = self.evaluated.get() + self.conflated.get() + self.refused_total();
        self.offered.get().saturating_sub(settled)
    }
}

/// Takes the table apart, so that a new reason cannot be forgotten and nothing can be out of range.
fn of(counts: &ByReason, reason: Reason) -> &Count {
    let [
        too_large,
        malformed,
        checksum,
        missing_field,
        invalid_value,
        out_of_range,
        null_island,
        no_fix,
        rest @ ..,
    ] = counts;
    let [
        identity_mismatch,
        unknown_crs,
        future,
        too_old,
        retained,
        unknown_topic,
        outside_area,
        track_limit,
        reserved,
    ] = rest;
    match reason {
        Reason::TooLarge => too_large,
        Reason::Malformed => malformed,
        Reason::Checksum => checksum,
        Reason::MissingField => missing_field,
        Reason::InvalidValue => invalid_value,
        Reason::OutOfRange => out_of_range,
        Reason::NullIsland => null_island,
        Reason::NoFix => no_fix,
        Reason::IdentityMismatch => identity_mismatch,
        Reason::UnknownCrs => unknown_crs,
        Reason::Future => future,
        Reason::TooOld => too_old,
        Reason::Retained => retained,
        Reason::UnknownTopic => unknown_topic,
        Reason::OutsideArea => outside_area,
        Reason::TrackLimit => track_limit,
        Reason::Reserved => reserved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_own_counter_and_the_books_balance() {
        let counters = Counters::default();
        for reason in Reason::ALL {
            counters.refused(reason).one();
        }
        assert!(Reason::ALL.into_iter().all(|reason| counters.refused(reason).get() == 1));
        assert_eq!(counters.refused_total(), 17);
        counters.offered.add(21);
        counters.evaluated.add(2);
        counters.conflated.one();
        assert_eq!(counters.in_flight(), 1);
    }
}
