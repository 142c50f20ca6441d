//! Where a simulated aircraft is at any time: straight legs between fixes.

use crate::domain::{LatLng, wrap_longitude};
use crate::geodesy::{LocalMetric, offset_m};

/// Seconds of each of the two steps in which a multirotor gains or loses its speed.
const RAMP_STEP_S: f64 = 2.0;

/// A place at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fix {
    /// Seconds since the start.
    pub(super) t_s: f64,
    /// Where.
    pub(super) at: LatLng,
    /// Height above the (flat) ground, metres.
    pub(super) agl_m: f64,
}

/// Position and velocity at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct State {
    pub(super) at: LatLng,
    pub(super) agl_m: f64,
    pub(super) east_mps: f64,
    pub(super) north_mps: f64,
    pub(super) up_mps: f64,
}

/// What happens after the last fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// It stays there.
    Holds,
    /// It starts again; the last fix is where the first is.
    Repeats,
    /// It flies the same way back, and again.
    Returns,
}

/// A flown line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Path {
    fixes: Vec<Fix>,
    ending: Ending,
    /// Seconds of it already flown at the start.
    ahead_s: f64,
}

impl Path {
    /// Fixes in the order of their times.
    pub(super) fn new(fixes: Vec<Fix>, ending: Ending) -> Self {
        Self { fixes, ending, ahead_s: 0.0 }
    }

    /// The same path, `seconds` further on at the start.
    pub(super) fn ahead_by(self, seconds: f64) -> Self {
        Self { ahead_s: seconds, ..self }
    }

    /// Seconds from the first fix to the last.
    pub(super) fn duration_s(&self) -> f64 {
        self.fixes.last().map_or(0.0, |fix| fix.t_s)
    }

    /// Where it is `t_s` seconds after the start and how it moves.
    pub(super) fn state(&self, t_s: f64) -> State {
        let duration_s = self.duration_s();
        let t_s = t_s + self.ahead_s;
        let (t_s, sign) = match self.ending {
            Ending::Holds => (t_s, 1.0),
            Ending::Repeats => (t_s.rem_euclid(duration_s.max(1e-3)), 1.0),
            Ending::Returns => {
                let t_s = t_s.rem_euclid((2.0 * duration_s).max(1e-3));
                if t_s < duration_s { (t_s, 1.0) } else { (2.0 * duration_s - t_s, -1.0) }
            }
        };
        let next = self.fixes.partition_point(|fix| fix.t_s <= t_s);
        let Some(before) = self.fixes.get(next.saturating_sub(1)) else {
            return State { at: LatLng::default(), agl_m: 0.0, east_mps: 0.0, north_mps: 0.0, up_mps: 0.0 };
        };
        let still = State { at: before.at, agl_m: before.agl_m, east_mps: 0.0, north_mps: 0.0, up_mps: 0.0 };
        let Some(after) = self.fixes.get(next).filter(|_| next > 0) else { return still };
        let leg_s = after.t_s - before.t_s;
        let part = (t_s - before.t_s) / leg_s;
        let [east_m, north_m] = offset_m(before.at, after.at);
        State {
            at: LatLng::wrapped(
                before.at.lat_deg() + part * (after.at.lat_deg() - before.at.lat_deg()),
                before.at.lng_deg() + part * wrap_longitude(after.at.lng_deg() - before.at.lng_deg()),
            ),
            agl_m: before.agl_m + part * (after.agl_m - before.agl_m),
            east_mps: sign * east_m / leg_s,
            north_mps: sign * north_m / leg_s,
            up_mps: sign * (after.agl_m - before.agl_m) / leg_s,
        }
    }
}

/// Lays a path leg by leg, in metres east and north of an origin.
#[derive(Debug, Clone)]
pub(super) struct Route {
    origin: LatLng,
    east_m: f64,
    north_m: f64,
    fixes: Vec<Fix>,
}

impl Route {
    /// Starts `[east, north]` metres from the origin.
    pub(super) fn from(origin: LatLng, [east_m, north_m]: [f64; 2], agl_m: f64) -> Self {
        let at = LocalMetric::at(origin.lat_deg()).moved(origin, east_m, north_m);
        Self { origin, east_m, north_m, fixes: vec![Fix { t_s: 0.0, at, agl_m }] }
    }

    fn last(&self) -> Fix {
        self.fixes.last().copied().unwrap_or(Fix { t_s: 0.0, at: self.origin, agl_m: 0.0 })
    }

    fn add(&mut self, after_s: f64, [east_m, north_m]: [f64; 2], agl_m: f64) {
        // Two fixes at one time would be a leg without a velocity.
        if after_s > 0.0 {
            let at = LocalMetric::at(self.origin.lat_deg()).moved(self.origin, east_m, north_m);
            let t_s = self.last().t_s + after_s;
            (self.east_m, self.north_m) = (east_m, north_m);
            self.fixes.push(Fix { t_s, at, agl_m });
        }
    }

    /// Stays for some seconds.
    pub(super) fn hover(mut self, seconds: f64) -> Self {
        let agl_m = self.last().agl_m;
        self.add(seconds, [self.east_m, self.north_m], agl_m);
        self
    }

    /// Flies straight there at one speed.
    pub(super) fn to(mut self, [east_m, north_m]: [f64; 2], speed_mps: f64) -> Self {
        let agl_m = self.last().agl_m;
        let distance_m = (east_m - self.east_m).hypot(north_m - self.north_m);
        self.add(distance_m / speed_mps, [east_m, north_m], agl_m);
        self
    }

    /// Flies straight for some seconds with a velocity east, north and up.
    pub(super) fn along(mut self, seconds: f64, [east_mps, north_mps, up_mps]: [f64; 3]) -> Self {
        let agl_m = self.last().agl_m + up_mps * seconds;
        self.add(seconds, [self.east_m + east_mps * seconds, self.north_m + north_mps * seconds], agl_m);
        self
    }

    /// Flies from hover to hover: gains speed in two steps, cruises, and loses it in two steps.
    pub(super) fn hop(mut self, [east_m, north_m]: [f64; 2], speed_mps: f64) -> Self {
        let (from_east_m, from_north_m) = (self.east_m, self.north_m);
        let agl_m = self.last().agl_m;
        let distance_m = (east_m - from_east_m).hypot(north_m - from_north_m);
        // A third and two thirds of the speed, each for a step, at both ends.
        let ramps_m = 2.0 * RAMP_STEP_S * speed_mps;
        if distance_m <= ramps_m {
            return self.to([east_m, north_m], speed_mps / 2.0);
        }
        let cruise_s = (distance_m - ramps_m) / speed_mps;
        let mut flown_m = 0.0;
        for (seconds, share) in [
            (RAMP_STEP_S, 1.0 / 3.0),
            (RAMP_STEP_S, 2.0 / 3.0),
            (cruise_s, 1.0),
            (RAMP_STEP_S, 2.0 / 3.0),
            (RAMP_STEP_S, 1.0 / 3.0),
        ] {
            flown_m += seconds * share * speed_mps;
            let part = flown_m / distance_m;
            let place =
                [from_east_m + part * (east_m - from_east_m), from_north_m + part * (north_m - from_north_m)];
            self.add(seconds, place, agl_m);
        }
        self
    }

    /// The finished path.
    pub(super) fn end(self, ending: Ending) -> Path {
        Path::new(self.fixes, ending)
    }

    /// Hovers until `t_s`, then flies the same way back, for ever.
    pub(super) fn there_and_back(self, t_s: f64) -> Path {
        let rest_s = t_s - self.last().t_s;
        self.hover(rest_s).end(Ending::Returns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> LatLng {
        LatLng::new(22.75, 113.45).unwrap()
    }

    #[test]
    fn a_leg_has_its_speed_and_ends_where_it_should() {
        let path = Route::from(origin(), [0.0, 0.0], 60.0).to([0.0, 1500.0], 15.0).end(Ending::Holds);
        let half = path.state(50.0);
        assert!((half.north_mps - 15.0).abs() < 1e-2 && half.east_mps.abs() < 1e-9, "{half:?}");
        assert!((offset_m(origin(), half.at)[1] - 750.0).abs() < 0.1);
        let end = path.state(1e6);
        assert!((offset_m(origin(), end.at)[1] - 1500.0).abs() < 0.1);
        assert!(end.east_mps.abs() + end.north_mps.abs() + end.up_mps.abs() < 1e-12);
    }

    #[test]
    fn returning_is_the_same_line_the_other_way() {
        let path = Route::from(origin(), [0.0, 0.0], 60.0).along(10.0, [5.0, 0.0, 1.0]).end(Ending::Returns);
        let (there, back) = (path.state(4.0), path.state(16.0));
        assert!((there.agl_m - back.agl_m).abs() < 1e-9 && (there.up_mps + back.up_mps).abs() < 1e-9);
        assert!(offset_m(there.at, back.at)[0].abs() < 1e-6);
        assert_eq!(path.state(4.0), path.state(24.0));
    }

    #[test]
    fn a_hop_starts_and_ends_slowly() {
        let path = Route::from(origin(), [0.0, 0.0], 60.0).hop([900.0, 0.0], 15.0).end(Ending::Holds);
        let speeds: Vec<f64> = [1.0, 3.0, 20.0].iter().map(|&t| path.state(t).east_mps.round()).collect();
        assert_eq!(speeds, [5.0, 10.0, 15.0]);
        assert!((offset_m(origin(), path.state(path.duration_s()).at)[0] - 900.0).abs() < 0.1);
    }
}
