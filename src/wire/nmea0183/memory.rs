//! What is kept between messages, of a bounded number of receivers.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{OperatorId, Timestamp, UasId};
use crate::wire::{Decoded, Doors};

use super::source::Source;

/// Most receivers that are remembered; the one silent for longest is forgotten.
const SOURCES_MAX: usize = 50_000;

/// Whose receiver it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::wire) struct Identity {
    pub(super) operator: OperatorId,
    pub(super) uas_id: UasId,
}

/// The receivers, by identity and by who was heard last.
#[derive(Debug, Default)]
pub(in crate::wire) struct Memory {
    sources: BTreeMap<Identity, (u64, Source)>,
    /// Identities by the count at which they were last heard.
    heard: BTreeMap<u64, Identity>,
    /// Epochs that wait for their other sentences.
    waiting: BTreeSet<(Timestamp, Identity)>,
    count: u64,
}

impl Memory {
    /// Takes a receiver's state out; [`Self::put`] brings it back.
    pub(super) fn take(&mut self, who: &Identity) -> Source {
        let Some((heard, source)) = self.sources.remove(who) else { return Source::default() };
        self.heard.remove(&heard);
        if let Some(since) = source.waits_since() {
            self.waiting.remove(&(since, who.clone()));
        }
        source
    }

    /// Keeps a receiver's state, unless there is nothing to remember.
    pub(super) fn put(&mut self, who: Identity, source: &Source) {
        if *source == Source::default() {
            return;
        }
        if SOURCES_MAX <= self.sources.len()
            && let Some((_, oldest)) = self.heard.pop_first()
        {
            self.take(&oldest);
        }
        self.count += 1;
        if let Some(since) = source.waits_since() {
            self.waiting.insert((since, who.clone()));
        }
        self.heard.insert(self.count, who.clone());
        self.sources.insert(who, (self.count, *source));
    }

    /// Tells the next epoch that has waited since `before` or longer; `false` if there is none.
    pub(in crate::wire) fn release(&mut self, before: Timestamp, doors: &Doors, out: &mut Decoded) -> bool {
        if self.waiting.first().is_none_or(|(since, _)| before < *since) {
            return false;
        }
        let Some((_, who)) = self.waiting.pop_first() else { return false };
        let mut source = self.take(&who);
        (out.operator, out.uas_id) = (Some(who.operator.clone()), Some(who.uas_id.clone()));
        source.release(&who, doors, out);
        self.put(who, &source);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::nmea0183::sentence::{Content, Sentence};

    #[test]
    fn the_longest_silent_is_forgotten() {
        let who = |number: usize| Identity {
            operator: OperatorId::new("acme").unwrap(),
            uas_id: UasId::new(&format!("U{number}")).unwrap(),
        };
        let doors = Doors { prefix: "p".into(), area: None };
        let mut memory = Memory::default();
        let mut hear = |number: usize| {
            let mut source = memory.take(&who(number));
            let zda = Sentence { time_us: Some(1), content: Content::Zda(Some(20_000)) };
            source.accept(zda, Timestamp::from_micros(0), &who(number), &doors, &mut Decoded::default());
            memory.put(who(number), &source);
            (memory.sources.len(), memory.heard.len())
        };
        for number in 0..SOURCES_MAX {
            hear(number);
        }
        hear(0);
        assert_eq!(hear(SOURCES_MAX), (SOURCES_MAX, SOURCES_MAX));
        assert!(memory.sources.contains_key(&who(0)));
        assert!(!memory.sources.contains_key(&who(1)));
    }
}
