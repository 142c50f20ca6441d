//! Who could meet whom: an R-tree of padded look-ahead boxes for each party.
//!
//! The box of an aircraft holds every point that it can reach on its straight line within its party's
//! horizon. Two aircraft can only meet within that time if the box of one meets the box of the other grown by
//! the volume's size. A stored box is drawn larger than needed, and the aircraft is taken out and put in
//! again only when its true box leaves it.

use rstar::{AABB, RStarInsertionStrategy, RTree, RTreeObject, RTreeParams};

use super::rules::{Rules, party_index};
use super::settings::Party;
use super::state::State;
use super::tracks::TrackIx;

/// Seconds that a state may be carried forward before its box is drawn again.
pub(super) const CARRY_S: f64 = 6.0;
/// Seconds of flight that a stored box has in reserve.
const AHEAD_S: f64 = 8.0;
/// Reserve on every side, metres, and as a share of the box.
const PAD_M: f64 = 15.0;
const PAD_SHARE: f64 = 0.06;
/// Reserve above and below, metres.
const PAD_UP_M: f64 = 6.0;
/// Tree units a degree of longitude and latitude: about metres, so that no axis dominates a split.
const UNITS_PER_DEG: [f64; 2] = [102_000.0, 111_000.0];
/// Longitude and latitude of the tree's origin, in the middle of the region it was made for: single precision
/// is finest there, and coarser by a metre at the other end of the world.
const ORIGIN_DEG: [f64; 2] = [113.5, 22.5];
/// Heights between which an aircraft of unknown height may be, metres.
const UP_UNKNOWN_M: [f64; 2] = [-2_000.0, 40_000.0];

/// A box in tree units: longitude, latitude, height above the ellipsoid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Box3 {
    low: [f64; 3],
    high: [f64; 3],
}

/// Where an aircraft is stored: which party's tree, which box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placed {
    party: Party,
    bounds: Box3,
}

/// In single precision, rounded outwards: half the memory to walk through.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stored {
    low: [f32; 3],
    high: [f32; 3],
    ix: TrackIx,
}

impl Stored {
    fn new(ix: TrackIx, bounds: &Box3) -> Self {
        let [low, high] = bounds.outwards();
        Self { low, high, ix }
    }
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

/// All parties' trees.
#[derive(Debug, Default)]
pub(super) struct Sky {
    layers: [Layer; 3],
}

#[derive(Debug, Default)]
struct Layer {
    tree: RTree<Stored, Wide>,
    /// The fastest horizontal and vertical speed ever stored, m/s.
    fastest_mps: [f64; 2],
}

impl Box3 {
    /// Every point of the straight line between `from_s` and `to_s` seconds after the state.
    fn swept(state: &State, from_s: f64, to_s: f64) -> Self {
        let [x, y] =
            [state.position.lng_deg() * UNITS_PER_DEG[0], state.position.lat_deg() * UNITS_PER_DEG[1]];
        let [ux, uy] = units_per_m(state);
        let along = |start: f64, per_s: f64| {
            let (a, b) = (start + per_s * from_s, start + per_s * to_s);
            if a <= b { [a, b] } else { [b, a] }
        };
        let [x, y] = [along(x, state.velocity_mps[0] * ux), along(y, state.velocity_mps[1] * uy)];
        let z = state.hae_m.map_or(UP_UNKNOWN_M, |hae_m| {
            let [low, high] = along(hae_m, state.climb_mps);
            [low - state.hae_error_m, high + state.hae_error_m]
        });
        Self { low: [x[0], y[0], z[0]], high: [x[1], y[1], z[1]] }
    }

    fn grown(mut self, state: &State, horizontal_m: f64, vertical_m: f64) -> Self {
        let [ux, uy] = units_per_m(state);
        for (axis, by) in [horizontal_m * ux, horizontal_m * uy, vertical_m].into_iter().enumerate() {
            if let (Some(low), Some(high)) = (self.low.get_mut(axis), self.high.get_mut(axis)) {
                *low -= by;
                *high += by;
            }
        }
        self
    }

    fn holds(&self, other: &Self) -> bool {
        let below = self.low.iter().zip(&other.low).all(|(a, b)| a <= b);
        below && self.high.iter().zip(&other.high).all(|(a, b)| a >= b)
    }

    fn outwards(&self) -> [[f32; 3]; 2] {
        #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "rounded outwards below")]
        let single = |value: f64| value as f32;
        [self.low.map(|low| single(low).next_down()), self.high.map(|high| single(high).next_up())]
    }

    fn size_m(&self) -> f64 {
        (self.high[0] - self.low[0]).max(self.high[1] - self.low[1])
    }

    fn shifted_east(mut self, degrees: f64) -> Self {
        self.low[0] += degrees * UNITS_PER_DEG[0];
        self.high[0] += degrees * UNITS_PER_DEG[0];
        self
    }
}

/// Tree units a metre. Near a pole a metre spans many degrees; a whole turn is enough.
fn units_per_m(state: &State) -> [f64; 2] {
    [UNITS_PER_DEG[0] / state.metric.east_m_per_deg.max(1.0), UNITS_PER_DEG[1] / state.metric.north_m_per_deg]
}

impl Sky {
    /// Brings the stored box of an aircraft up to date. `placed` is kept by the caller with the aircraft;
    /// `age_s` is how old the state is.
    pub(super) fn place(
        &mut self,
        ix: TrackIx,
        party: Party,
        state: &State,
        age_s: f64,
        rules: &Rules,
        placed: &mut Option<Placed>,
    ) {
        let to_s = age_s + rules.stored_horizon_s(party) + CARRY_S;
        let needed = Box3::swept(state, age_s.min(0.0), to_s);
        if placed.is_some_and(|placed| placed.party == party && placed.bounds.holds(&needed)) {
            return;
        }
        self.remove(ix, placed);
        let Some(layer) = self.layers.get_mut(party_index(party)) else { return };
        let drawn = Box3::swept(state, age_s.min(0.0), to_s + AHEAD_S);
        let bounds = drawn.grown(
            state,
            PAD_M + PAD_SHARE * drawn.size_m(),
            PAD_UP_M + state.climb_mps.abs() * CARRY_S,
        );
        layer.tree.insert(Stored::new(ix, &bounds));
        layer.fastest_mps[0] = layer.fastest_mps[0].max(state.speed_mps());
        layer.fastest_mps[1] = layer.fastest_mps[1].max(state.climb_mps.abs());
        *placed = Some(Placed { party, bounds });
    }

    /// Takes an aircraft out.
    pub(super) fn remove(&mut self, ix: TrackIx, placed: &mut Option<Placed>) {
        let Some(Placed { party, bounds }) = placed.take() else { return };
        if let Some(layer) = self.layers.get_mut(party_index(party)) {
            layer.tree.remove(&Stored::new(ix, &bounds));
        }
    }

    /// Appends everybody who could come into a volume with the aircraft within the look-ahead of their pair,
    /// itself left out, in order of their index.
    pub(super) fn candidates(
        &self,
        ix: TrackIx,
        party: Party,
        state: &State,
        age_s: f64,
        rules: &Rules,
        out: &mut Vec<TrackIx>,
    ) {
        for (layer, other) in self.layers.iter().zip([Party::Drone, Party::Manned, Party::Sensed]) {
            let Some(rule) = rules.pair(party, other).filter(|_| layer.tree.size() > 0) else { continue };
            // What the other's stored box does not reach, the question must.
            let beyond_s = (rule.horizon_s - rules.stored_horizon_s(other)).max(0.0);
            let [fastest, steepest] = layer.fastest_mps;
            let co_altitude_m = rule.tcoa_s * (state.climb_mps.abs() + steepest);
            let asked = Box3::swept(state, age_s, age_s + rule.horizon_s + 2.0).grown(
                state,
                rule.radius_m + fastest * beyond_s,
                rule.half_height_m.max(co_altitude_m) + steepest * beyond_s,
            );
            layer.ask(&asked, ix, out);
            let [west, east] = [-180.0, 180.0].map(|lng_deg| (lng_deg - ORIGIN_DEG[0]) * UNITS_PER_DEG[0]);
            if asked.low[0] < west {
                layer.ask(&asked.shifted_east(360.0), ix, out);
            }
            if east < asked.high[0] {
                layer.ask(&asked.shifted_east(-360.0), ix, out);
            }
        }
        // The order must not depend on the shape of the tree.
        out.sort_unstable();
        out.dedup();
    }
}

impl Layer {
    fn ask(&self, asked: &Box3, own: TrackIx, out: &mut Vec<TrackIx>) {
        let [low, high] = asked.outwards();
        let envelope = AABB::from_corners(low, high);
        out.extend(
            self.tree
                .locate_in_envelope_intersecting(envelope)
                .map(|stored| stored.ix)
                .filter(|&ix| ix != own),
        );
    }
}
