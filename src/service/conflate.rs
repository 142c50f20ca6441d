//! The queue in front of the monitor: in order of arrival, and when it is behind, a newer position of an
//! aircraft takes the place of the one that waits. Nothing else is shed, and no word that only the older one says.
//!
//! A short burst is only queued: conflation begins when `calm` items wait, a matter of milliseconds. The
//! place in the queue is the older item's, so no aircraft waits longer because it reports more often.

use std::collections::{BTreeMap, VecDeque};

use crate::domain::Timestamp;

/// What became of an item that was pushed.
#[derive(Debug, PartialEq, Eq)]
pub enum Pushed<T> {
    /// It waits.
    Queued,
    /// One of two positions of the same aircraft waits; this is the other one, the older. It counts as
    /// evaluated: whoever pushed acknowledges it at once.
    Replaced(T),
    /// As many items wait as may; this is the pushed one, back.
    Full(T),
}

/// Waiting items of type `T`, of aircraft named by `K`.
#[derive(Debug)]
pub struct Conflation<K, T> {
    queue: VecDeque<Waiting<K, T>>,
    /// How many items were popped so far: the first waiting item has this number.
    popped: u64,
    /// Number of the last waiting item of each aircraft.
    latest: BTreeMap<K, u64>,
    calm: usize,
    capacity: usize,
    conflated: u64,
}

#[derive(Debug)]
struct Waiting<K, T> {
    key: Option<K>,
    at: Timestamp,
    item: T,
}

impl<K: Ord + Clone, T> Conflation<K, T> {
    /// A queue that conflates when `calm` items wait and holds at most `capacity`.
    pub fn new(calm: usize, capacity: usize) -> Self {
        Self { queue: VecDeque::new(), popped: 0, latest: BTreeMap::new(), calm, capacity, conflated: 0 }
    }

    /// Adds a position of aircraft `key`, valid at `at`. Of two, the one with the later `at` stays; the
    /// waiting one if both are of the same instant. Both stay if the newer one, which is given first, does not
    /// say `as_much` as the older one.
    pub fn push(
        &mut self,
        key: K,
        at: Timestamp,
        item: T,
        as_much: impl FnOnce(&T, &T) -> bool,
    ) -> Pushed<T> {
        if self.calm <= self.queue.len()
            && let Some(waiting) = self.waiting(&key)
            && (at <= waiting.at || as_much(&item, &waiting.item))
        {
            let older = if waiting.at < at {
                waiting.at = at;
                std::mem::replace(&mut waiting.item, item)
            } else {
                item
            };
            self.conflated += 1;
            return Pushed::Replaced(older);
        }
        let number = self.next_number();
        match self.enqueue(Waiting { key: Some(key.clone()), at, item }) {
            Pushed::Queued => {
                self.latest.insert(key, number);
                Pushed::Queued
            }
            other @ (Pushed::Replaced(_) | Pushed::Full(_)) => other,
        }
    }

    /// Adds an item that nothing replaces: a part of a history.
    pub fn push_kept(&mut self, item: T) -> Pushed<T> {
        self.enqueue(Waiting { key: None, at: Timestamp::default(), item })
    }

    /// Takes the first item.
    pub fn pop(&mut self) -> Option<T> {
        let Waiting { key, item, .. } = self.queue.pop_front()?;
        if let Some(key) = key
            && self.latest.get(&key) == Some(&self.popped)
        {
            self.latest.remove(&key);
        }
        self.popped += 1;
        Some(item)
    }

    /// The items that will be taken next, in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.queue.iter().map(|waiting| &waiting.item)
    }

    /// How many items wait.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many items were replaced so far.
    pub fn conflated(&self) -> u64 {
        self.conflated
    }

    fn enqueue(&mut self, waiting: Waiting<K, T>) -> Pushed<T> {
        if self.capacity <= self.queue.len() {
            return Pushed::Full(waiting.item);
        }
        self.queue.push_back(waiting);
        Pushed::Queued
    }

    fn waiting(&mut self, key: &K) -> Option<&mut Waiting<K, T>> {
        let offset = self.latest.get(key)?.checked_sub(self.popped)?;
        self.queue.get_mut(usize::try_from(offset).ok()?)
    }

    fn next_number(&self) -> u64 {
        // A queue's length always fits.
        self.popped + u64::try_from(self.queue.len()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Push(u8, i64),
        Keep,
        Pop,
    }

    /// The same rules over a plain list.
    #[derive(Default)]
    struct Naive(Vec<(Option<u8>, i64, usize)>);

    impl Naive {
        fn push(&mut self, key: u8, at: i64, id: usize, calm: usize, capacity: usize) -> Pushed<usize> {
            let len = self.0.len();
            if calm <= len
                && let Some(last) = self.0.iter_mut().rev().find(|(k, ..)| *k == Some(key))
            {
                if last.1 < at {
                    let older = last.2;
                    (last.1, last.2) = (at, id);
                    return Pushed::Replaced(older);
                }
                return Pushed::Replaced(id);
            }
            self.keep(Some(key), at, id, capacity)
        }

        fn keep(&mut self, key: Option<u8>, at: i64, id: usize, capacity: usize) -> Pushed<usize> {
            if capacity <= self.0.len() {
                return Pushed::Full(id);
            }
            self.0.push((key, at, id));
            Pushed::Queued
        }
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            5 => (0..6_u8, 0..20_i64).prop_map(|(key, at)| Step::Push(key, at)),
            1 => Just(Step::Keep),
            3 => Just(Step::Pop),
        ]
    }

    proptest! {
        #[test]
        fn p11_conflation_agrees_with_a_plain_list_and_loses_nothing(
            steps in prop::collection::vec(step(), 0..200), calm in 0..12_usize, more in 0..12_usize
        ) {
            let capacity = calm + more;
            let (mut queue, mut naive) = (Conflation::new(calm, capacity), Naive::default());
            let (mut given, mut back) = (0_usize, 0_usize);
            for (id, step) in steps.into_iter().enumerate() {
                let pushed = match step {
                    Step::Push(key, at) => {
                        let pushed = queue.push(key, Timestamp::from_micros(at), id, |_, _| true);
                        prop_assert_eq!(&pushed, &naive.push(key, at, id, calm, capacity));
                        Some(pushed)
                    }
                    Step::Keep => {
                        let pushed = queue.push_kept(id);
                        prop_assert_eq!(&pushed, &naive.keep(None, 0, id, capacity));
                        Some(pushed)
                    }
                    Step::Pop => {
                        let expected = (!naive.0.is_empty()).then(|| naive.0.remove(0).2);
                        let popped = queue.pop();
                        prop_assert_eq!(popped, expected);
                        back += usize::from(popped.is_some());
                        None
                    }
                };
                given += usize::from(pushed.is_some());
                back += usize::from(matches!(pushed, Some(Pushed::Replaced(_) | Pushed::Full(_))));
                prop_assert!(queue.len() <= capacity);
                prop_assert!(queue.latest.len() <= queue.len());
                prop_assert_eq!(given, back + queue.len());
            }
        }
    }

    #[test]
    fn p11_under_overload_each_aircraft_keeps_its_newest_position_and_its_place() {
        let mut queue = Conflation::new(0, 100);
        let (at, position) = (Timestamp::from_millis, |_: &_, _: &_| true);
        assert_eq!(queue.push("A", at(1), "A1", position), Pushed::Queued);
        assert_eq!(queue.push("B", at(1), "B1", position), Pushed::Queued);
        assert_eq!(queue.push("A", at(3), "A3", position), Pushed::Replaced("A1"));
        assert_eq!(
            queue.push("A", at(2), "A2", position),
            Pushed::Replaced("A2"),
            "late, and so the older of the two"
        );
        assert_eq!(queue.conflated(), 2);
        assert_eq!([queue.pop(), queue.pop(), queue.pop()], [Some("A3"), Some("B1"), None]);
    }
}
