//! Boxes in R-trees side by side, one for each tile of the map.
//!
//! A tree of everybody grows in height with a province, and each box that is stored anew is taken out and put in
//! through all of it. A tile's tree holds those who fly there, however many there are elsewhere.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::ControlFlow;

use rstar::{AABB, Envelope, RStarInsertionStrategy, RTree, RTreeObject, RTreeParams};

use super::tracks::TrackIx;

/// Side of a tile, tree units, which are about metres.
const TILE: f32 = 16_384.0;

/// A box and whose it is, in tree units: longitude, latitude, height above the ellipsoid. In single precision, rounded
/// outwards: half the memory to walk through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stored {
    pub low: [f32; 3],
    pub high: [f32; 3],
    pub ix: TrackIx,
}

impl RTreeObject for Stored {
    type Envelope = AABB<[f32; 3]>;
    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners(self.low, self.high)
    }
}

/// Wider nodes than the library's default: fewer levels to wait for.
#[derive(Debug)]
struct Wide;

impl RTreeParams for Wide {
    const MIN_SIZE: usize = 5;
    const MAX_SIZE: usize = 12;
    const REINSERTION_COUNT: usize = 3;
    type DefaultInsertionStrategy = RStarInsertionStrategy;
}

type Tree = RTree<Stored, Wide>;

/// Column and row of a tile.
type Tile = [i32; 2];

/// The boxes of one party.
#[derive(Debug, Default)]
pub(super) struct Forest {
    /// Of each tile, the boxes whose low corner is there. None is empty.
    tiles: BTreeMap<Tile, Tree>,
    /// The boxes that are wider than a tile.
    large: Tree,
    size: usize,
}

impl Forest {
    /// How many boxes there are.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Puts a box in.
    pub(super) fn insert(&mut self, stored: Stored) {
        self.size += 1;
        match tile_of(&stored) {
            Some(tile) => self.tiles.entry(tile).or_default().insert(stored),
            None => self.large.insert(stored),
        }
    }

    /// Takes a box out that was put in.
    pub(super) fn remove(&mut self, stored: &Stored) {
        let removed = match tile_of(stored) {
            Some(tile) => {
                let Some(tree) = self.tiles.get_mut(&tile) else { return };
                let removed = tree.remove(stored);
                if tree.size() == 0 {
                    self.tiles.remove(&tile);
                }
                removed
            }
            None => self.large.remove(stored),
        };
        self.size -= usize::from(removed.is_some());
    }

    /// Calls `meet` for each box that meets that from `low` to `high`.
    pub(super) fn ask(&self, low: [f32; 3], high: [f32; 3], mut meet: impl FnMut(&Stored)) {
        let envelope = AABB::from_corners(low, high);
        let mut walk = |tree: &Tree| {
            if !tree.root().envelope().intersects(&envelope) {
                return;
            }
            let walked = tree.locate_in_envelope_intersecting_int(envelope, |stored| {
                meet(stored);
                ControlFlow::<Infallible>::Continue(())
            });
            // Nothing ends the walk early.
            debug_assert!(walked.is_continue());
        };
        walk(&self.large);
        // A box lies less than a tile west and south of its high corner.
        let (from, to) = (tile_at(low[0] - TILE, low[1] - TILE), tile_at(high[0], high[1]));
        if to[0] < from[0] || to[1] < from[1] {
            return;
        }
        // Near a pole a metre spans many degrees, and there are fewer tiles than columns.
        let columns = i64::from(to[0]) - i64::from(from[0]);
        if usize::try_from(columns).is_ok_and(|columns| columns < self.tiles.len()) {
            for column in from[0]..=to[0] {
                self.tiles.range([column, from[1]]..=[column, to[1]]).for_each(|(_, tree)| walk(tree));
            }
        } else {
            let between = self.tiles.range([from[0], i32::MIN]..=[to[0], i32::MAX]);
            between.filter(|([_, row], _)| (from[1]..=to[1]).contains(row)).for_each(|(_, tree)| walk(tree));
        }
    }
}

/// The tile of a box; `None` if it is wider than a tile.
fn tile_of(stored: &Stored) -> Option<Tile> {
    let ([west, south, _], [east, north, _]) = (stored.low, stored.high);
    (east - west < TILE && north - south < TILE).then(|| tile_at(west, south))
}

fn tile_at(x: f32, y: f32) -> Tile {
    #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "a float cast saturates")]
    [x, y].map(|at| (at / TILE).floor() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn boxes() -> impl Strategy<Value = Vec<([f32; 2], [f32; 2])>> {
        let place = || prop_oneof![Just(0.0_f32), Just(TILE), Just(-TILE), -70_000.0_f32..70_000.0];
        let side = || prop_oneof![Just(0.0_f32), Just(TILE), Just(1e20), 0.0_f32..3_000.0, 0.0_f32..60_000.0];
        prop::collection::vec(((place(), place()), (side(), side())), 1..80)
            .prop_map(|all| all.into_iter().map(|(at, by)| (at.into(), by.into())).collect())
    }

    proptest! {
        /// Asking the forest finds what asking every box finds, each once, also after some have left.
        #[test]
        fn finds_what_asking_all_finds(all in boxes(), asked in boxes(), gone in 0_usize..40) {
            let stored = |ix: usize, (at, by): &([f32; 2], [f32; 2])| Stored {
                low: [at[0], at[1], 0.0],
                high: [at[0] + by[0], at[1] + by[1], 100.0],
                ix: TrackIx(u32::try_from(ix).unwrap()),
            };
            let all: Vec<_> = all.iter().enumerate().map(|(ix, place)| stored(ix, place)).collect();
            let mut forest = Forest::default();
            for stored in &all {
                forest.insert(*stored);
            }
            let (left, stay) = all.split_at(gone.min(all.len()));
            // Who has left may be taken out again.
            for stored in left.iter().chain(left) {
                forest.remove(stored);
            }
            prop_assert_eq!(forest.size(), stay.len());
            for question in &asked {
                let Stored { low, high, .. } = stored(0, question);
                let mut found = Vec::new();
                forest.ask(low, high, |stored| found.push(stored.ix));
                found.sort_unstable();
                let meets = |stored: &&Stored| {
                    (0..2).all(|axis| stored.low[axis] <= high[axis] && low[axis] <= stored.high[axis])
                };
                let wanted: Vec<_> = stay.iter().filter(meets).map(|stored| stored.ix).collect();
                prop_assert_eq!(found, wanted);
            }
            for stored in stay {
                forest.remove(stored);
            }
            prop_assert_eq!((forest.size(), forest.tiles.len(), forest.large.size()), (0, 0, 0));
        }
    }
}
