//! What two people last agreed to: the set that losses are counted from.

use crate::airspace::{Airspace, Comparison, Document, Ground, Zone, compare, load};
use crate::domain::{Timestamp, ZoneId};
use crate::service::zone_desk::{State, ZoneDesk};

/// Who stands behind a set that came into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behind {
    /// One person, or a file.
    One,
    /// Two, who were told all that it takes away.
    Two,
    /// The service itself, for zones whose time is over.
    Itself,
}

impl ZoneDesk {
    /// What `new` changes with respect to `live`, counted also from what two people last agreed to. Blocks.
    pub fn compared(&self, live: &Airspace, new: &Airspace, now: Timestamp) -> Comparison {
        self.compared_in(&self.state(), live, new, now)
    }

    pub(super) fn compared_in(
        &self,
        state: &State,
        live: &Airspace,
        new: &Airspace,
        now: Timestamp,
    ) -> Comparison {
        let agreed = state.agreed(live);
        let outside = self.rules().controlled_default.outside();
        compare(live, new, &Ground { at: now, outside, agreed: Some(&agreed) })
    }
}

impl State {
    /// The zones that two people last agreed to in another version than the live one.
    fn agreed(&self, live: &Airspace) -> Airspace {
        let Ok(book) = &self.book else { return Airspace::default() };
        let is_live =
            |zone: &str, version: &str| live.zone_by_id(zone).is_some_and(|zone| *zone.version == *version);
        let texts = book.agreed().and_then(|agreed| {
            let differing = agreed.iter().filter(|(zone, version)| !is_live(zone, version));
            differing
                .filter_map(|(zone, version)| book.document(zone, version).transpose())
                .collect::<Result<Vec<_>, _>>()
        });
        let texts = texts.unwrap_or_else(|error| {
            tracing::error!(%error, "what two people last agreed to cannot be read; losses count from the live zones");
            Vec::new()
        });
        let documents: Vec<_> =
            texts.iter().map(|text| Document { name: "agreed", text: text.as_bytes() }).collect();
        load(&documents).airspace.unwrap_or_default()
    }

    /// Notes what losses are counted from, now that `new` is in force with the zones `added` and without those `removed`.
    pub(super) fn agree(&mut self, new: &Airspace, added: &[ZoneId], removed: &[ZoneId], behind: Behind) {
        fn pair(zone: &Zone) -> (&str, &str) {
            (zone.id.as_str(), &zone.version)
        }
        let Ok(book) = &mut self.book else { return };
        let added = added.iter().filter_map(|id| new.zone_by_id(id.as_str()));
        let noted = match behind {
            Behind::Two => book.agree_to(new.zones().iter().map(pair)),
            Behind::One => book.agree_to_new(added.map(pair)),
            Behind::Itself => book
                .agree_to_new(added.map(pair))
                .and_then(|()| book.agree_to_end(removed.iter().map(ZoneId::as_str))),
        };
        if let Err(error) = noted {
            tracing::error!(%error, "what losses are counted from could not be noted");
        }
    }
}
