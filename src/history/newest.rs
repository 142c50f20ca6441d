//! The newest of each aircraft, without reading all that it ever said: records are stepped over, the bytes of the last
//! two are kept, and only these are decoded.

use std::collections::BTreeMap;

use super::Arrived;
use super::block::{Block, Take};
use super::bytes::Bytes;
use super::reader::Remembered;
use super::record::{self, Profile, Skimmed};
use crate::domain::{Timestamp, UasId, whole};

/// Looks for the newest within a span of time.
#[derive(Debug)]
pub(super) struct Newest {
    from: Timestamp,
    to: Timestamp,
    /// Every profile that was met; the same aircraft has one in each dictionary.
    profiles: Vec<Profile>,
    /// By the birth of a dictionary and a number in it: the place in `profiles` and in `heard`.
    numbers: BTreeMap<(i64, u64), [usize; 2]>,
    heard: Vec<Option<Heard>>,
    by_aircraft: BTreeMap<UasId, usize>,
}

/// An aircraft while its reports are looked through.
#[derive(Debug)]
struct Heard {
    first: Timestamp,
    count: i64,
    newest: Kept,
    before: Option<Kept>,
}

/// A report that may be one of the last two.
#[derive(Debug, Default)]
struct Kept {
    received_at: Timestamp,
    timestamp: Timestamp,
    base: Timestamp,
    profile: usize,
    bytes: Vec<u8>,
}

impl Newest {
    /// From `from` on and before `to`, by their arrival. Back-filled reports are not asked.
    pub(super) fn within(from: Timestamp, to: Timestamp) -> Self {
        let (numbers, by_aircraft) = (BTreeMap::new(), BTreeMap::new());
        Self { from, to, profiles: Vec::new(), numbers, heard: Vec::new(), by_aircraft }
    }

    /// In the order of arrival; at the same instant, by name.
    pub(super) fn finish(mut self) -> Vec<Remembered> {
        let Self { by_aircraft, heard, profiles, .. } = &mut self;
        let heard = by_aircraft.values().filter_map(|place| heard.get_mut(*place)?.take());
        let mut newest: Vec<_> = heard.filter_map(|heard| heard.remembered(profiles)).collect();
        newest.sort_by_key(|remembered| remembered.newest.received_at);
        newest
    }

    /// Places of the profile and of its aircraft; `None` if the dictionary does not have it.
    fn places(&mut self, block: &Block<'_>, number: u64) -> Option<[usize; 2]> {
        let key = (block.born, number);
        if let Some(known) = self.numbers.get(&key) {
            return Some(*known);
        }
        let profile = block.profiles.get(&number)?;
        let next = self.heard.len();
        let heard = *self.by_aircraft.entry(profile.uas_id().clone()).or_insert(next);
        if heard == next {
            self.heard.push(None);
        }
        let places = [self.profiles.len(), heard];
        self.profiles.push(profile.clone());
        self.numbers.insert(key, places);
        Some(places)
    }
}

impl Take for Newest {
    fn take(&mut self, bytes: &mut Bytes<'_>, block: &Block<'_>) -> Option<bool> {
        let skimmed = record::skim(bytes, block.base)?;
        let Some([profile, heard]) = self.places(block, skimmed.profile) else { return Some(false) };
        if skimmed.backfill || !(self.from..self.to).contains(&skimmed.received_at) {
            return Some(true);
        }
        let Some(heard) = self.heard.get_mut(heard) else { return Some(true) };
        if let Some(heard) = heard {
            heard.again(&skimmed, block.base, profile);
        } else {
            let mut newest = Kept::default();
            newest.keep(&skimmed, block.base, profile);
            *heard = Some(Heard { first: skimmed.received_at, count: 1, newest, before: None });
        }
        Some(true)
    }
}

impl Heard {
    fn again(&mut self, skimmed: &Skimmed<'_>, base: Timestamp, profile: usize) {
        // Late ones change nothing, as when they came.
        if self.newest.timestamp < skimmed.timestamp {
            self.count += 1;
            let mut kept = self.before.take().unwrap_or_default();
            kept.keep(skimmed, base, profile);
            self.before = Some(std::mem::replace(&mut self.newest, kept));
        }
    }

    fn remembered(self, profiles: &[Profile]) -> Option<Remembered> {
        let Self { first, count, newest, before } = self;
        let period_s = (1 < count).then(|| newest.received_at.seconds_since(first) / whole(count - 1));
        let before = before.and_then(|before| before.arrived(profiles));
        Some(Remembered { newest: newest.arrived(profiles)?, before, period_s })
    }
}

impl Kept {
    fn keep(&mut self, skimmed: &Skimmed<'_>, base: Timestamp, profile: usize) {
        (self.received_at, self.timestamp) = (skimmed.received_at, skimmed.timestamp);
        (self.base, self.profile) = (base, profile);
        self.bytes.clear();
        self.bytes.extend(skimmed.bytes);
    }

    fn arrived(&self, profiles: &[Profile]) -> Option<Arrived> {
        record::read(&mut Bytes(&self.bytes), self.base, |_number| profiles.get(self.profile))?
    }
}
