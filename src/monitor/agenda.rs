//! What is due when: one entry an aircraft, so that an idle sky costs nothing.
//!
//! Entries lie in a wheel of slots by their time, and only those of the slot that time is in are sorted: there are so
//! few of them that their number hardly tells. An aircraft's entry is not moved when it becomes due later: when it comes
//! up, it is put back.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::domain::Timestamp;

use super::tracks::TrackIx;

/// Width of a slot as a power of two, microseconds: 66 ms.
const SLOT_BITS: u32 = 16;
/// How many there are: 67 s ahead, further than any silent aircraft waits.
const SLOTS: i64 = 1024;
/// Nothing is due.
const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);

type Entry = (Timestamp, TrackIx);

/// A queue by due time.
#[derive(Debug)]
pub(super) struct Agenda {
    waits: Vec<Wait>,
    /// The number of the slot that time is in.
    slot: i64,
    /// Entries of that slot and of those before.
    near: BinaryHeap<Reverse<Entry>>,
    wheel: Vec<Vec<Entry>>,
    /// Entries in the wheel.
    turning: usize,
    /// Entries beyond the wheel.
    far: BinaryHeap<Reverse<Entry>>,
}

/// When an aircraft must be looked at again, and the time of its entry.
#[derive(Debug, Clone, Copy)]
struct Wait {
    due: Timestamp,
    queued: Timestamp,
}

impl Wait {
    const NONE: Self = Self { due: NEVER, queued: NEVER };
}

impl Default for Agenda {
    fn default() -> Self {
        Self {
            waits: Vec::new(),
            slot: i64::MIN >> SLOT_BITS,
            near: BinaryHeap::new(),
            wheel: (0..SLOTS).map(|_| Vec::new()).collect(),
            turning: 0,
            far: BinaryHeap::new(),
        }
    }
}

impl Agenda {
    /// The aircraft must be looked at again at `due`, and not before.
    pub(super) fn schedule(&mut self, ix: TrackIx, due: Timestamp) {
        let Ok(at) = usize::try_from(ix.0) else { return };
        if self.waits.len() <= at {
            self.waits.resize(at + 1, Wait::NONE);
        }
        let Some(wait) = self.waits.get_mut(at) else { return };
        wait.due = due;
        if due < wait.queued {
            wait.queued = due;
            self.put((due, ix));
        }
    }

    /// When the aircraft must be looked at again; `None` if nobody said.
    pub(super) fn due(&self, ix: TrackIx) -> Option<Timestamp> {
        let wait = usize::try_from(ix.0).ok().and_then(|at| self.waits.get(at))?;
        (wait.due < NEVER).then_some(wait.due)
    }

    /// The aircraft need not be looked at again.
    pub(super) fn forget(&mut self, ix: TrackIx) {
        if let Some(wait) = usize::try_from(ix.0).ok().and_then(|at| self.waits.get_mut(at)) {
            *wait = Wait::NONE;
        }
    }

    /// Takes out the first aircraft that is due at or before `at`, and when it is; of one instant, in order of index.
    pub(super) fn pop_due(&mut self, at: Timestamp) -> Option<Entry> {
        loop {
            while let Some(Reverse(entry)) = self.near.peek().copied().filter(|Reverse((due, _))| *due <= at)
            {
                self.near.pop();
                if let Some(entry) = self.settle(entry) {
                    return Some(entry);
                }
            }
            if slot_of(at) <= self.slot {
                return None;
            }
            self.turn(slot_of(at));
        }
    }

    /// The entry, if it is the aircraft's newest and is due; one that became due later is put back.
    fn settle(&mut self, (due, ix): Entry) -> Option<Entry> {
        let wait = self.waits.get_mut(usize::try_from(ix.0).ok()?)?;
        if wait.queued != due {
            return None;
        }
        if wait.due <= due {
            wait.queued = NEVER;
            return Some((due, ix));
        }
        wait.queued = wait.due;
        let later = wait.due;
        self.put((later, ix));
        None
    }

    fn put(&mut self, entry: Entry) {
        let slot = slot_of(entry.0);
        if slot <= self.slot {
            self.near.push(Reverse(entry));
        } else if slot - self.slot < SLOTS
            && let Some(entries) = place(slot).and_then(|at| self.wheel.get_mut(at))
        {
            entries.push(entry);
            self.turning += 1;
        } else {
            self.far.push(Reverse(entry));
        }
    }

    /// Moves on to the next slot that may hold something, but not beyond `until`.
    fn turn(&mut self, until: i64) {
        let beyond = self.far.peek().map(|Reverse((due, _))| slot_of(*due));
        let next = if self.turning > 0 { self.slot + 1 } else { beyond.unwrap_or(until) };
        self.slot = next.clamp(self.slot + 1, until);
        if let Some(entries) = place(self.slot).and_then(|at| self.wheel.get_mut(at)) {
            // What the slot held is given back: of each slot the most that it ever held would be kept.
            let entries = std::mem::take(entries);
            self.turning -= entries.len();
            self.near.extend(entries.into_iter().map(Reverse));
        }
        while let Some(entry) =
            self.far.peek().copied().filter(|Reverse((due, _))| slot_of(*due) <= self.slot)
        {
            self.far.pop();
            self.near.push(entry);
        }
    }
}

fn slot_of(at: Timestamp) -> i64 {
    at.as_micros() >> SLOT_BITS
}

/// Where in the wheel a slot is.
fn place(slot: i64) -> Option<usize> {
    usize::try_from(slot.rem_euclid(SLOTS)).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::*;

    /// Times around now, within the wheel, beyond it, and of the past.
    fn micros() -> impl Strategy<Value = i64> {
        prop_oneof![
            4 => 0_i64..300_000,
            2 => 0_i64..80_000_000,
            1 => 0_i64..400_000_000,
            1 => -90_000_000_i64..0,
        ]
    }

    proptest! {
        /// Everybody comes up at the time that was said last, in order, for whatever steps time takes.
        #[test]
        fn everybody_comes_up_when_due(
            steps in prop::collection::vec((micros(), prop::collection::vec((0_u32..20, micros()), 0..6)), 1..60),
            forgotten in prop::collection::vec(0_u32..20, 0..4),
        ) {
            let (mut agenda, mut wanted) = (Agenda::default(), BTreeMap::new());
            let mut now = 1_780_000_000_000_000;
            for (round, (step, dues)) in steps.into_iter().enumerate() {
                for (ix, ahead) in dues {
                    let due = Timestamp::from_micros(now + ahead);
                    agenda.schedule(TrackIx(ix), due);
                    wanted.insert(TrackIx(ix), due);
                    prop_assert_eq!(agenda.due(TrackIx(ix)), Some(due));
                }
                if round == 20 {
                    for &ix in &forgotten {
                        agenda.forget(TrackIx(ix));
                        wanted.remove(&TrackIx(ix));
                    }
                }
                now += step.max(0);
                let at = Timestamp::from_micros(now);
                let mut due: Vec<Entry> =
                    wanted.iter().filter(|(_, due)| **due <= at).map(|(ix, due)| (*due, *ix)).collect();
                due.sort_unstable();
                wanted.retain(|_, due| at < *due);
                let came: Vec<Entry> = std::iter::from_fn(|| agenda.pop_due(at)).collect();
                prop_assert_eq!(came, due);
            }
        }
    }

    #[test]
    fn years_of_an_empty_sky_pass_at_once() {
        let mut agenda = Agenda::default();
        assert_eq!(agenda.pop_due(Timestamp::from_micros(0)), None);
        let far = Timestamp::from_micros(1 << 60);
        agenda.schedule(TrackIx(3), far);
        assert_eq!(agenda.pop_due(far.plus_micros(-1)), None);
        assert_eq!(agenda.pop_due(far), Some((far, TrackIx(3))));
        agenda.schedule(TrackIx(3), NEVER);
        assert_eq!(agenda.pop_due(Timestamp::from_micros(i64::MAX - 1)), None);
    }
}
