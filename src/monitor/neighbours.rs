//! Who is near whom, kept from one report to the next.
//!
//! Two aircraft are neighbours if their stored boxes are close. That changes only when a box is stored anew, which is
//! seldom: then the tree is asked once, and both write each other down. A list may name some who have left; it never
//! lacks one who came.

use super::tracks::TrackIx;

/// Most neighbours on a list. In a crowd the tree is asked instead, and nothing is kept.
const MOST: usize = 32;

/// The lists of all slots.
#[derive(Debug, Default)]
pub(super) struct Neighbours(Vec<List>);

#[derive(Debug, Default)]
struct List {
    known: Vec<TrackIx>,
    /// There are too many of them.
    crowded: bool,
}

impl Neighbours {
    /// The box of `ix` was stored anew; `found` are all whose stored boxes are close to it.
    pub(super) fn set(&mut self, ix: TrackIx, found: &[TrackIx]) {
        for &other in found {
            if let Some(list) = self.list_mut(other) {
                list.add(ix);
            }
        }
        if let Some(list) = self.list_mut(ix) {
            list.known.clear();
            list.crowded = MOST < found.len();
            if !list.crowded {
                list.known.extend(found);
            }
        }
    }

    /// Everybody near `ix`, and perhaps some who were; `None` if they are not kept.
    pub(super) fn known(&self, ix: TrackIx) -> Option<&[TrackIx]> {
        let list = self.0.get(usize::try_from(ix.0).ok()?)?;
        (!list.crowded).then_some(list.known.as_slice())
    }

    fn list_mut(&mut self, ix: TrackIx) -> Option<&mut List> {
        let at = usize::try_from(ix.0).ok()?;
        if self.0.len() <= at {
            self.0.resize_with(at + 1, List::default);
        }
        self.0.get_mut(at)
    }
}

impl List {
    fn add(&mut self, ix: TrackIx) {
        if self.crowded || self.known.contains(&ix) {
            return;
        }
        if self.known.len() < MOST {
            self.known.push(ix);
        } else {
            self.crowded = true;
            self.known.clear();
        }
    }
}
