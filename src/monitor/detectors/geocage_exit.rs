//! `GEOCAGE_EXIT`: outside the keep-in volume assigned to it, or on a straight path out of it.
//!
//! A keep-in volume is a zone that says so (`kind` `GEO_CAGE` or `keep` `IN`), assigned by `applies_to`. Of several, each
//! must be kept. Outside is CRITICAL where its `type` is `PROHIBITED`, CAUTION where it is `CONDITIONAL`, else WARNING;
//! foreseen is one step lower. A height that cannot be compared counts as outside.

use crate::airspace::{Zone, ZoneIx};
use crate::domain::{AlertCode, DataQuality, LatLng, Phase, Severity};
use crate::monitor::finding::{About, Figures, Finding};
use crate::monitor::scene::{Found, Scene};
use crate::monitor::state::State;

use super::zone_incursion::severity_of;
use crate::monitor::vertical::{Care, band, is_uncertain};

/// An aircraft must be this far inside before the alert clears, metres.
const CLEAR_M: f64 = 5.0;
/// The path ahead is looked at in steps of so many seconds; the exit is then found to a hundredth.
const STEP_S: f64 = 0.5;
const HALVINGS: usize = 6;
/// Distances are told up to this many metres.
const DISTANCE_M: f64 = 50_000.0;

pub(super) fn assess(scene: &Scene<'_>, found: &mut Found) {
    let own = scene.own;
    if scene.airspace.cages().is_empty() || !own.live || own.on_ground() {
        return;
    }
    let who = own.who();
    for ix in scene.airspace.cages().of(&who) {
        let Some(zone) = scene.airspace.zone(ix) else { continue };
        let concerned = zone.terms.as_ref().is_some_and(|terms| terms.concern(&who));
        if concerned && zone.applies_at(scene.zones_at) {
            found.findings.extend(finding(scene, ix, zone));
        }
    }
}

fn finding(scene: &Scene<'_>, ix: ZoneIx, zone: &Zone) -> Option<Finding> {
    let state = &scene.own.state;
    let worst = severity_of(zone.restriction).unwrap_or(Severity::Warning);
    let look_ahead_s = scene.rules.settings.zone_look_ahead_s;
    let inside = holds(zone, state, state.position, state.hae_m, 0.0);
    let exit_s = inside.then(|| exit_s(zone, state, look_ahead_s + scene.age_s)).flatten();
    let exit_s = exit_s.map(|exit_s| (exit_s - scene.age_s).max(0.0));
    let (severity, phase) = if !inside {
        (Some(worst), Phase::Actual)
    } else if exit_s.is_some() {
        (Some(worst.lower()), Phase::Predicted)
    } else if !holds(zone, state, state.position, state.hae_m, CLEAR_M) {
        (None, Phase::Actual)
    } else {
        return None;
    };
    let shapes = zone.volumes.iter().map(|volume| &volume.shape);
    let distance_m = shapes.map(|shape| shape.boundary_distance_m(state.position, DISTANCE_M));
    let beside = !zone.volumes.iter().any(|volume| volume.shape.contains(state.position));
    let unknown =
        state.hae_m.is_none() && zone.volumes.iter().any(|v| v.lower.is_some() || v.upper.is_some());
    let clause = match (phase, beside, unknown) {
        (Phase::Predicted, ..) => "LEAVING",
        (Phase::Actual, true, _) => "OUTSIDE",
        (Phase::Actual, false, true) => "AGL_UNKNOWN",
        (Phase::Actual, false, false) => "HEIGHT",
    };
    let uncertain = unknown || is_uncertain(state, zone);
    Some(Finding {
        about: About::Zone(ix),
        severity,
        margin: if inside && phase == Phase::Predicted { worst.lower() } else { worst },
        phase,
        t_in_s: exit_s.unwrap_or(0.0),
        measured: Figures::new()
            .with("distance_m", distance_m.fold(f64::INFINITY, f64::min))
            .with_known("t_out_s", exit_s)
            .with_known("height_agl_m", state.agl_m),
        limit: crate::monitor::vertical::limits(zone, state.position).with("look_ahead_s", look_ahead_s),
        data: if scene.coasted() {
            DataQuality::Coasted
        } else if uncertain {
            DataQuality::Uncertain
        } else {
            DataQuality::Good
        },
        ..Finding::of_itself(AlertCode::GeocageExit, worst, clause)
    })
}

/// Whether a place and height are inside, `by_m` from any boundary.
fn holds(zone: &Zone, state: &State, at: LatLng, up_m: Option<f64>, by_m: f64) -> bool {
    zone.volumes.iter().any(|volume| {
        let [low_m, high_m] = band(state, volume, Care::Surely);
        let at_height = match up_m {
            Some(up_m) => low_m + by_m <= up_m && up_m <= high_m - by_m,
            None => volume.lower.is_none() && volume.upper.is_none(),
        };
        at_height
            && volume.shape.contains(at)
            && (by_m <= 0.0 || volume.shape.boundary_distance_m(at, by_m) > by_m)
    })
}

/// Seconds from the report until the straight path leaves.
fn exit_s(zone: &Zone, state: &State, horizon_s: f64) -> Option<f64> {
    let inside = |t_s: f64| {
        let up_m = state.hae_m.map(|up_m| up_m + state.climb_mps * t_s);
        holds(zone, state, state.position_after(t_s), up_m, 0.0)
    };
    if state.speed_mps() <= 0.0 && state.climb_mps == 0.0 {
        return None;
    }
    let (mut before_s, mut after_s) = (0.0, STEP_S.min(horizon_s));
    while inside(after_s) {
        if horizon_s <= after_s {
            return None;
        }
        (before_s, after_s) = (after_s, (after_s + STEP_S).min(horizon_s));
    }
    for _ in 0..HALVINGS {
        let middle_s = f64::midpoint(before_s, after_s);
        if inside(middle_s) { before_s = middle_s } else { after_s = middle_s }
    }
    Some(after_s)
}
