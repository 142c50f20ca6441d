//! Alert messages until the broker confirms them: at least once, in order, over any number of connections.
//!
//! rumqttc forgets what was queued when a connection ends, so the truth about what must still be sent is here.

use std::collections::VecDeque;

use bytes::Bytes;

/// One message to be published at QoS 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Where to.
    pub topic: String,
    /// What.
    pub payload: Bytes,
    /// Number of the event that it tells of; 0 for none.
    pub seq: u64,
}

/// Unconfirmed messages, oldest first.
#[derive(Debug)]
pub struct Outbox {
    parcels: VecDeque<Option<Parcel>>,
    /// Number of the first parcel; the others follow without a gap.
    first: u64,
    /// Number of the next parcel to be sent on this connection.
    next: u64,
    capacity: usize,
    unconfirmed: usize,
    /// The newest event of which everything was pushed.
    passed: u64,
    /// Events after this one were not pushed yet though later ones were.
    lacks_after: Option<u64>,
}

impl Outbox {
    /// An outbox that holds at most `capacity` messages, at least one.
    pub fn new(capacity: usize) -> Self {
        let parcels = VecDeque::new();
        let capacity = capacity.max(1);
        Self { parcels, first: 0, next: 0, capacity, unconfirmed: 0, passed: 0, lacks_after: None }
    }

    /// Adds a message. If there are too many, the oldest is dropped and returned.
    pub fn push(&mut self, parcel: Parcel) -> Option<Parcel> {
        let mut dropped = None;
        while self.capacity <= self.parcels.len() {
            dropped = self.drop_first().or(dropped);
        }
        self.parcels.push_back(Some(parcel));
        self.unconfirmed += 1;
        dropped
    }

    /// All messages of events up to number `seq` were pushed, or there are none.
    pub fn passed(&mut self, seq: u64) {
        self.passed = self.passed.max(seq);
    }

    /// Events after this number come later than newer ones, or all are there: `None`.
    pub fn lacks_after(&mut self, seq: Option<u64>) {
        self.lacks_after = seq;
    }

    /// No message of an event up to this number is unconfirmed. May go back when an earlier event is pushed again.
    pub fn told(&self) -> u64 {
        let oldest = self.parcels.iter().flatten().map(|parcel| parcel.seq).min();
        let told = oldest.map_or(self.passed, |oldest| self.passed.min(oldest.saturating_sub(1)));
        self.lacks_after.map_or(told, |seq| told.min(seq))
    }

    /// The next message to send on this connection and its number.
    pub fn send_next(&mut self) -> Option<(u64, Parcel)> {
        while self.next < self.end() {
            let number = self.next;
            self.next += 1;
            if let Some(parcel) = self.slot(number).and_then(|slot| slot.clone()) {
                return Some((number, parcel));
            }
        }
        None
    }

    /// The broker has message `number`, or will never take it. Unknown numbers are ignored.
    pub fn confirm(&mut self, number: u64) {
        if self.slot(number).and_then(Option::take).is_some() {
            self.unconfirmed -= 1;
        }
        while self.parcels.front().is_some_and(Option::is_none) {
            self.drop_first();
        }
    }

    /// A new connection: everything unconfirmed is to be sent again.
    pub fn rewind(&mut self) {
        self.next = self.first;
    }

    /// How many messages are unconfirmed.
    pub fn len(&self) -> usize {
        self.unconfirmed
    }

    /// Whether everything is confirmed.
    pub fn is_empty(&self) -> bool {
        self.unconfirmed == 0
    }

    fn drop_first(&mut self) -> Option<Parcel> {
        let first = self.parcels.pop_front()?;
        self.first += 1;
        self.next = self.next.max(self.first);
        self.unconfirmed -= usize::from(first.is_some());
        first
    }

    fn end(&self) -> u64 {
        self.first + u64::try_from(self.parcels.len()).unwrap_or(u64::MAX)
    }

    fn slot(&mut self, number: u64) -> Option<&mut Option<Parcel>> {
        let offset = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.parcels.get_mut(offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel(name: &str) -> Parcel {
        Parcel { topic: name.into(), payload: Bytes::new(), seq: 0 }
    }

    fn sent(outbox: &mut Outbox) -> Vec<String> {
        std::iter::from_fn(|| outbox.send_next()).map(|(_, parcel)| parcel.topic).collect()
    }

    #[test]
    fn what_is_unconfirmed_is_sent_again_in_order() {
        let mut outbox = Outbox::new(10);
        for name in ["a", "b", "c"] {
            assert_eq!(outbox.push(parcel(name)), None);
        }
        assert_eq!(sent(&mut outbox), ["a", "b", "c"]);
        outbox.confirm(1);
        outbox.confirm(1);
        outbox.confirm(77);
        assert_eq!(outbox.len(), 2);
        outbox.rewind();
        outbox.push(parcel("d"));
        assert_eq!(sent(&mut outbox), ["a", "c", "d"]);
        for number in [3, 0, 2] {
            outbox.confirm(number);
        }
        assert!(outbox.is_empty());
        outbox.rewind();
        assert_eq!(outbox.send_next(), None);
    }

    #[test]
    fn what_the_broker_was_told_ends_before_the_first_unconfirmed_event() {
        let mut outbox = Outbox::new(10);
        assert_eq!(outbox.told(), 0);
        for seq in [4, 5, 5, 7] {
            outbox.push(Parcel { seq, ..parcel("a") });
            outbox.passed(seq);
        }
        outbox.passed(8);
        assert_eq!(outbox.told(), 3);
        // In any order, and an event for two operators is told when both are.
        for (number, told) in [(1, 3), (0, 4), (3, 4), (2, 8)] {
            outbox.confirm(number);
            assert_eq!(outbox.told(), told, "after message {number}");
        }
    }

    #[test]
    fn what_comes_later_than_newer_events_is_not_told_before() {
        let mut outbox = Outbox::new(10);
        outbox.passed(100);
        outbox.lacks_after(Some(7));
        assert_eq!(outbox.told(), 7);
        for seq in [101, 8, 9] {
            outbox.push(Parcel { seq, ..parcel("a") });
            outbox.passed(seq);
        }
        outbox.lacks_after(Some(9));
        assert_eq!(outbox.told(), 7, "8 is not confirmed");
        outbox.confirm(1);
        outbox.confirm(2);
        assert_eq!(outbox.told(), 9);
        outbox.lacks_after(None);
        assert_eq!(outbox.told(), 100);
        outbox.confirm(0);
        assert_eq!(outbox.told(), 101);
    }

    #[test]
    fn p12_the_oldest_goes_when_there_are_too_many() {
        let mut outbox = Outbox::new(2);
        outbox.push(parcel("a"));
        assert_eq!(outbox.send_next().map(|(number, _)| number), Some(0));
        outbox.push(parcel("b"));
        assert_eq!(outbox.push(parcel("c")), Some(parcel("a")));
        outbox.confirm(0);
        assert_eq!(outbox.len(), 2, "the confirmation of a dropped message confirms no other");
        assert_eq!(sent(&mut outbox), ["b", "c"]);
    }
}
