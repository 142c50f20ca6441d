//! What was counted on the way of a message, for metrics, the status topic and the balance of the books.
//!
//! Every element of a message (an observation, or a refused part of it) is either evaluated (as the newest of its
//! aircraft, as history or as a duplicate), conflated, refused or still on its way:
//! `offered = evaluated + conflated + refused + in flight`, at every moment; see [`Counters::books`].

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Release};

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
    /// Alert events published before they were safe on disk.
    alerts_not_durable,
    /// Alert events that the journal did not take because too many waited for the disk.
    alerts_not_journaled,
    /// Connections of the intake's bypass that were complete.
    bypass_connections,
    /// Messages taken by the intake's bypass.
    bypass_messages,
    /// Messages of the bypass dropped because decoding was behind.
    bypass_dropped,
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
        self.0.fetch_add(1, Release);
    }

    /// `more` more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Release);
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Acquire)
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

    /// Elements that are neither evaluated nor conflated nor refused yet.
    pub fn in_flight(&self) -> u64 {
        self.books().in_flight
    }

    /// The balance. What is settled is read before what was offered, which is counted first: an element that settles
    /// meanwhile is in flight, and never is more settled than was offered.
    pub fn books(&self) -> Books {
        let (evaluated, conflated) = (self.evaluated.get(), self.conflated.get());
        let refused = Reason::ALL.map(|reason| (reason, self.refused(reason).get()));
        let settled = evaluated + conflated + refused.iter().map(|(_, count)| count).sum::<u64>();
        let offered = self.offered.get();
        Books { offered, evaluated, conflated, refused, in_flight: offered.saturating_sub(settled) }
    }
}

/// What became of all elements, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Books {
    /// All of them.
    pub offered: u64,
    /// Evaluated: as the newest of their aircraft, as history or as duplicates.
    pub evaluated: u64,
    /// Replaced by a newer one.
    pub conflated: u64,
    /// Refused, by reason.
    pub refused: [(Reason, u64); Reason::ALL.len()],
    /// On their way.
    pub in_flight: u64,
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
        intent_limit,
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
        Reason::IntentLimit => intent_limit,
        Reason::Reserved => reserved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p14_each_reason_has_its_own_counter_and_the_books_balance() {
        let counters = Counters::default();
        for reason in Reason::ALL {
            counters.refused(reason).one();
        }
        assert!(Reason::ALL.into_iter().all(|reason| counters.refused(reason).get() == 1));
        assert_eq!(counters.refused_total(), 18);
        counters.offered.add(22);
        counters.evaluated.add(2);
        counters.conflated.one();
        assert_eq!(counters.in_flight(), 1);
    }
}
