//! Who could meet whom: R-trees of padded look-ahead boxes for each party.
//!
//! The box of an aircraft holds every point that it can reach on its straight line within its party's
//! horizon. Two aircraft can only meet within that time if the box of one meets the box of the other grown by
//! the volume's size. A stored box is drawn larger than needed, and the aircraft is taken out and put in
//! again only when its true box leaves it.

use super::drift::drift_m;
use super::forest::{Forest, Stored};
use super::neighbours::Neighbours;
use super::rules::{Rules, party_index};
use super::settings::Party;
use super::speeds::Speeds;
use super::state::State;
use super::tracks::{Track, TrackIx};

/// A source's clock may be ahead of ours by so much, seconds.
pub(super) const AHEAD_OF_US_S: f64 = 2.0;
/// Seconds of flight that a stored box has in reserve.
const AHEAD_S: f64 = 8.0;
/// Reserve on every side, metres, and as a share of the box.
const PAD_M: f64 = 15.0;
const PAD_SHARE: f64 = 0.06;
/// Reserve above and below, metres.
const PAD_UP_M: f64 = 6.0;
/// And the climb of so many seconds.
const PAD_UP_S: f64 = 6.0;
/// Neighbours are listed this much further than the radius of a volume, as a share and in metres.
const NEIGHBOUR_SHARE: f64 = 1.2;
const NEIGHBOUR_M: f64 = 10.0;
/// More than single precision is off at the other end of the world, tree units.
const SLACK_UNITS: f64 = 8.0;
/// Mean radius of the Earth, metres.
const EARTH_M: f64 = 6_371_000.0;
/// Half a turn, tree units.
const HALF_TURN: f64 = 180.0 * UNITS_PER_DEG[0];
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
    /// The steps of its horizontal and vertical speed.
    steps: [u16; 2],
}

/// All parties' trees.
#[derive(Debug, Default)]
pub(super) struct Sky {
    layers: [Layer; 3],
    /// Whose stored boxes are near, of drones among themselves.
    drones: Neighbours,
    found: Vec<TrackIx>,
}

#[derive(Debug, Default)]
struct Layer {
    forest: Forest,
    /// The horizontal and vertical speeds of those who are stored.
    speeds: [Speeds; 2],
    /// How many boxes reach beyond 180° west and east.
    beyond: [usize; 2],
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
            let [low, high] = [low - state.hae_error_m, high + state.hae_error_m];
            // Two heights that are no better are held against each other by their altimeters.
            let Some(pressure_m) = state.pressure_m.filter(|_| state.hae_error_m > 0.0) else {
                return [low, high];
            };
            let [by_pressure_low, by_pressure_high] = along(pressure_m + state.undulation_m, state.climb_mps);
            [low.min(by_pressure_low), high.max(by_pressure_high)]
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

    /// Larger by so many tree units on every side.
    fn widened(mut self, [across, up]: [f64; 2]) -> Self {
        for ((low, high), by) in self.low.iter_mut().zip(&mut self.high).zip([across, across, up]) {
            *low -= by;
            *high += by;
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
        let origin = [ORIGIN_DEG[0] * UNITS_PER_DEG[0], ORIGIN_DEG[1] * UNITS_PER_DEG[1], 0.0];
        let from_origin = |[x, y, z]: [f64; 3]| [x - origin[0], y - origin[1], z - origin[2]].map(single);
        [from_origin(self.low).map(f32::next_down), from_origin(self.high).map(f32::next_up)]
    }

    fn stored(&self, ix: TrackIx) -> Stored {
        let [low, high] = self.outwards();
        Stored { low, high, ix }
    }

    fn size_m(&self) -> f64 {
        (self.high[0] - self.low[0]).max(self.high[1] - self.low[1])
    }

    /// Whether it reaches beyond 180° west and east.
    fn beyond(&self) -> [bool; 2] {
        [self.low[0] < -HALF_TURN, HALF_TURN < self.high[0]]
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

/// How far around its box the neighbours of a drone are listed, tree units across and metres up: enough for the volume
/// of a plain rule between two drones in our latitudes. Where it is not enough, the tree is asked.
fn neighbours_m(rules: &Rules) -> [f64; 2] {
    rules
        .pair(Party::Drone, Party::Drone)
        .map_or([0.0; 2], |rule| [NEIGHBOUR_SHARE * rule.radius_m + NEIGHBOUR_M, rule.half_height_m + 1.0])
}

impl Sky {
    /// Brings the stored box of an aircraft up to date. `placed` is kept by the caller with the aircraft;
    /// `until_s` is how old the state may become before this is called again, and `drift_m` how far the aircraft may
    /// be off its line by then.
    pub(super) fn place(
        &mut self,
        ix: TrackIx,
        party: Party,
        state: &State,
        [until_s, drift_m]: [f64; 2],
        rules: &Rules,
        placed: &mut Option<Placed>,
    ) {
        let to_s = until_s + rules.stored_horizon_s(party);
        let needed = Box3::swept(state, 0.0, to_s).grown(state, drift_m, drift_m);
        let steps = [Speeds::step(state.speed_mps()), Speeds::step(state.climb_mps.abs())];
        if let Some(kept) = placed
            && kept.party == party
            && kept.bounds.holds(&needed)
        {
            if kept.steps != steps
                && let Some(layer) = self.layers.get_mut(party_index(party))
            {
                layer.count(steps);
                layer.discount(kept.steps);
                kept.steps = steps;
            }
            return;
        }
        self.remove(ix, placed);
        let Some(layer) = self.layers.get_mut(party_index(party)) else { return };
        let drawn = Box3::swept(state, 0.0, to_s + AHEAD_S);
        let bounds = drawn.grown(
            state,
            PAD_M + PAD_SHARE * drawn.size_m() + drift_m,
            PAD_UP_M + state.climb_mps.abs() * PAD_UP_S + drift_m,
        );
        if party == Party::Drone {
            self.found.clear();
            let [across, up] = neighbours_m(rules);
            // Stored boxes are rounded outwards; so is this, by more.
            layer.ask(&bounds.widened([across + SLACK_UNITS, up + 1.0]), ix, &mut self.found);
            self.drones.set(ix, &self.found);
        }
        layer.forest.insert(bounds.stored(ix));
        layer.count(steps);
        for (count, beyond) in layer.beyond.iter_mut().zip(bounds.beyond()) {
            *count = count.saturating_add(usize::from(beyond));
        }
        *placed = Some(Placed { party, bounds, steps });
    }

    /// Takes an aircraft out.
    pub(super) fn remove(&mut self, ix: TrackIx, placed: &mut Option<Placed>) {
        let Some(Placed { party, bounds, steps }) = placed.take() else { return };
        if let Some(layer) = self.layers.get_mut(party_index(party)) {
            layer.forest.remove(&bounds.stored(ix));
            layer.discount(steps);
            for (count, beyond) in layer.beyond.iter_mut().zip(bounds.beyond()) {
                *count = count.saturating_sub(usize::from(beyond));
            }
        }
    }

    /// Appends everybody who could come into a volume with the aircraft within the look-ahead of their pair,
    /// itself left out, in order of their index. A pair is judged at the newer of two instants: that of the
    /// aircraft lies between `from_s` and `to_s` seconds after its state.
    pub(super) fn candidates(
        &self,
        ix: TrackIx,
        own: &Track,
        [from_s, to_s]: [f64; 2],
        rules: &Rules,
        out: &mut Vec<TrackIx>,
    ) {
        let (party, state) = (own.party, &own.state);
        let listed = own.placed.filter(|_| party == Party::Drone && !rules.settings.assessments);
        let listed = listed.map(|placed| placed.bounds.widened(neighbours_m(rules)));
        let off_m = drift_m(to_s, own.coast_s());
        let tan = state.position.lat_deg().to_radians().tan().abs();
        for (layer, other) in self.layers.iter().zip([Party::Drone, Party::Manned, Party::Sensed]) {
            let Some(rule) = rules.pair(party, other).filter(|_| layer.forest.size() > 0) else { continue };
            // What the other's stored box does not reach, the question must.
            let beyond_s = (rule.horizon_s - rules.stored_horizon_s(other)).max(0.0);
            let [fastest, steepest] = layer.speeds.each_ref().map(Speeds::most_mps);
            let co_altitude_m = rule.tcoa_s * (state.climb_mps.abs() + steepest);
            // Boxes are straight in degrees and pairs in metres: meridians converge between two latitudes.
            let reach_m = (state.speed_mps() + fastest) * (to_s + rule.horizon_s) + rule.radius_m;
            let converging_m = reach_m * reach_m * tan / EARTH_M;
            let asked = Box3::swept(state, from_s, to_s + rule.horizon_s).grown(
                state,
                rule.radius_m + fastest * beyond_s + converging_m + off_m,
                rule.half_height_m.max(co_altitude_m) + steepest * beyond_s + off_m,
            );
            let [west, east] = asked.beyond();
            if other == Party::Drone
                && !(west || east)
                && layer.beyond == [0, 0]
                && listed.is_some_and(|listed| listed.holds(&asked))
                && let Some(list) = self.drones.known(ix)
            {
                out.extend(list);
                continue;
            }
            layer.ask(&asked, ix, out);
            if west || layer.beyond[1] > 0 {
                layer.ask(&asked.shifted_east(360.0), ix, out);
            }
            if east || layer.beyond[0] > 0 {
                layer.ask(&asked.shifted_east(-360.0), ix, out);
            }
        }
        // The order must not depend on the shape of the tree.
        out.sort_unstable();
        out.dedup();
    }

    /// Who is on the list of an aircraft, to look ahead.
    pub(super) fn listed(&self, ix: TrackIx) -> &[TrackIx] {
        self.drones.known(ix).unwrap_or(&[])
    }
}

impl Layer {
    fn count(&mut self, steps: [u16; 2]) {
        self.speeds.iter_mut().zip(steps).for_each(|(speeds, step)| speeds.add(step));
    }

    fn discount(&mut self, steps: [u16; 2]) {
        self.speeds.iter_mut().zip(steps).for_each(|(speeds, step)| speeds.remove(step));
    }

    fn ask(&self, asked: &Box3, own: TrackIx, out: &mut Vec<TrackIx>) {
        let [low, high] = asked.outwards();
        self.forest.ask(low, high, |stored| {
            if stored.ix != own {
                out.push(stored.ix);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::{LatLng, Observation, Timestamp, UasId};
    use crate::monitor::{Effect, Event, Monitor, Settings};

    /// A metre spans many degrees there, and a box the whole Earth many times.
    #[test]
    fn at_a_pole_two_who_meet_are_found_at_once() {
        let (mut monitor, mut effects) = (Monitor::new(Settings::default()), Vec::new());
        for second in 0..4 {
            for (name, lat, lng) in
                [("A", 90.0, 0.0), ("B", 90.0, 120.0), ("C", -90.0, 10.0), ("D", 89.9999, 20.0)]
            {
                let at = Timestamp::from_millis(second * 1000);
                let position = LatLng::new(lat, lng).unwrap();
                let mut report = Observation::new(UasId::new(name).unwrap(), at, position);
                report.heights.hae_m = Some(100.0);
                (report.motion.ground_speed_mps, report.motion.track_deg) = (Some(15.0), Some(90.0));
                monitor.handle(at, Event::Observed(report), &mut effects);
            }
        }
        let mut pairs = Vec::new();
        for effect in &effects {
            if let Effect::Alert(event) = effect
                && let Some(other) = &event.alert.other
            {
                pairs.push(format!("{}{}", event.alert.uas_id, other.uas_id));
            }
        }
        pairs.sort();
        pairs.dedup();
        assert_eq!(pairs, ["AB", "AD", "BD"]);
    }
}
