//! Which slot an aircraft has.
//!
//! The table holds slots alone, found by the hash of the identity, which stands in the slot: two thirds of a
//! megabyte for a hundred thousand aircraft, and what is compared is fetched for the report anyway.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use crate::domain::UasId;

use super::tracks::TrackIx;

/// The table. It is looked up and never iterated.
#[derive(Debug, Default)]
pub(super) struct Roll {
    slots: HashTable<TrackIx>,
    /// Keyed by chance, so that nobody can choose identities that collide.
    keys: RandomState,
}

impl Roll {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The slot of an aircraft; `id_in` tells whose a slot is.
    pub(super) fn find<'a>(
        &self,
        id: &UasId,
        id_in: impl Fn(TrackIx) -> Option<&'a UasId>,
    ) -> Option<TrackIx> {
        self.slots.find(self.keys.hash_one(id), |&ix| id_in(ix) == Some(id)).copied()
    }

    /// Its slot as far as the hash says, which seldom errs: good enough for what is only fetched.
    pub(super) fn guess(&self, id: &UasId) -> Option<TrackIx> {
        self.slots.find(self.keys.hash_one(id), |_| true).copied()
    }

    /// Enters an aircraft that is not there.
    pub(super) fn add<'a>(&mut self, id: &UasId, ix: TrackIx, id_in: impl Fn(TrackIx) -> Option<&'a UasId>) {
        let Self { slots, keys } = self;
        slots.insert_unique(keys.hash_one(id), ix, |&ix| id_in(ix).map_or(0, |id| keys.hash_one(id)));
    }

    /// Takes the aircraft in a slot out.
    pub(super) fn remove(&mut self, id: &UasId, ix: TrackIx) {
        if let Ok(entry) = self.slots.find_entry(self.keys.hash_one(id), |&other| other == ix) {
            entry.remove();
        }
    }
}
