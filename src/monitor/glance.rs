//! What a neighbour needs to know of an aircraft to rule a conflict out: one cache line.
//!
//! Boxes that meet are cheap to find and mostly harmless. Before a pair is judged exactly, a glance at both
//! says whether their straight lines come near each other at all; only then the whole states are fetched.

use crate::domain::{LatLng, Timestamp, wrap_longitude};

use super::drift::drift_m;
use super::rules::PairRule;
use super::settings::Party;
use super::state::State;

/// The glance is this much too wide, as a share and in metres: it is taken in single precision and with the
/// metric of one end.
const SLACK_SHARE: f64 = 1.02;
const SLACK_M: f64 = 5.0;
/// Seconds of look-ahead in reserve.
const SLACK_S: f64 = 2.0;
/// Where a degree of longitude is shorter than this, metres, one end's metric says too little of the other's.
const POLAR_M_PER_DEG: f64 = 20_000.0;

/// An aircraft at a glance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glance {
    at: Timestamp,
    position: LatLng,
    velocity_mps: [f32; 2],
    climb_mps: f32,
    /// Not a number unless it was measured.
    hae_m: f32,
    /// For so long after its report it counts as fresh, seconds.
    fresh_s: f32,
    pub party: Party,
    /// Takes part in live checks and is not on the ground.
    pub flies: bool,
}

impl Glance {
    /// Of a state.
    pub(super) fn of(state: &State, fresh_s: f64, party: Party, flies: bool) -> Self {
        Self {
            at: state.at,
            position: state.position,
            velocity_mps: state.velocity_mps.map(single),
            climb_mps: single(state.climb_mps),
            hae_m: measured(state).map_or(f32::NAN, single),
            fresh_s: single(fresh_s),
            party,
            flies,
        }
    }

    /// Whether the aircraft and `own`, which is fresh for `fresh_s`, could come into a volume of a plain rule within its
    /// look-ahead, `age_s` after the report of `own`. Says yes too often, never no wrongly.
    pub(super) fn could_meet(&self, own: &State, [age_s, fresh_s]: [f64; 2], rule: &PairRule) -> bool {
        if own.metric.east_m_per_deg < POLAR_M_PER_DEG || rule.tau_s > 0.0 || rule.tcoa_s > 0.0 {
            return true;
        }
        let at = own.at.plus_seconds(age_s).max(self.at);
        let (own_s, other_s) = (at.seconds_since(own.at), at.seconds_since(self.at));
        let off_m = drift_m(own_s, fresh_s) + drift_m(other_s, f64::from(self.fresh_s));
        let velocity = self.velocity_mps.map(f64::from);
        let axis = |offset: f64, own_mps: f64, other_mps: f64| offset + other_mps * other_s - own_mps * own_s;
        let east_m =
            wrap_longitude(self.position.lng_deg() - own.position.lng_deg()) * own.metric.east_m_per_deg;
        let north_m = (self.position.lat_deg() - own.position.lat_deg()) * own.metric.north_m_per_deg;
        let (x, y) =
            (axis(east_m, own.velocity_mps[0], velocity[0]), axis(north_m, own.velocity_mps[1], velocity[1]));
        let (vx, vy) = (velocity[0] - own.velocity_mps[0], velocity[1] - own.velocity_mps[1]);
        let horizon_s = rule.look_ahead_s + SLACK_S;
        let speed2 = vx * vx + vy * vy;
        let nearest_s = if speed2 < 1e-9 { 0.0 } else { (-(x * vx + y * vy) / speed2).clamp(0.0, horizon_s) };
        let (nx, ny) = (x + vx * nearest_s, y + vy * nearest_s);
        // Far away a degree of longitude has another length, and the far end of the line is where it matters.
        let slack_m = SLACK_M
            + (SLACK_SHARE - 1.0) * (east_m.abs() + north_m.abs() + (vx.abs() + vy.abs()) * horizon_s);
        let radius_m = rule.radius_m * SLACK_SHARE + slack_m + off_m;
        if radius_m * radius_m < nx * nx + ny * ny {
            return false;
        }
        let Some(own_m) = measured(own).filter(|_| !self.hae_m.is_nan()) else { return true };
        let climb_mps = f64::from(self.climb_mps);
        let up_m = axis(f64::from(self.hae_m) - own_m, own.climb_mps, climb_mps);
        let drift_m = (climb_mps - own.climb_mps) * horizon_s;
        let reach_m = rule.half_height_m * SLACK_SHARE + 1.0 + off_m;
        (up_m.min(up_m + drift_m)) <= reach_m && -reach_m <= (up_m.max(up_m + drift_m))
    }
}

/// A height that can be compared without a thought for what it may be wrong.
fn measured(state: &State) -> Option<f64> {
    state.hae_m.filter(|_| state.hae_error_m <= 0.0)
}

fn single(value: f64) -> f32 {
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "the glance has slack for it"
    )]
    let single = value as f32;
    single
}
