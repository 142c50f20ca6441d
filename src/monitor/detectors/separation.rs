//! `SEPARATION`: a pair is in one of the volumes of its class pair, or enters one within its look-ahead.
//!
//! The ground-based cousin is EUROCONTROL's short-term conflict alert (STCA). Both states are brought to one
//! instant, the newer report's, and judged as a relative straight line in the local metric at their midpoint.

use crate::domain::{AlertCode, DataQuality, Phase, Severity, Timestamp, UasId};
use crate::geodesy::offset_m;
use crate::monitor::contract::{Assessment, LevelTimes};
use crate::monitor::drift::drift_m;
use crate::monitor::encounter::{Interval, Relative};
use crate::monitor::finding::{About, Figures, Finding, Notes};
use crate::monitor::rules::{ASSESSMENT_HORIZON_S, PairRule};
use crate::monitor::scene::{Found, Scene};
use crate::monitor::settings::Level;
use crate::monitor::state::State;
use crate::monitor::tracks::Track;

/// A 95 % bound over this is too coarse to tell aircraft apart, metres.
const COARSE_M: f64 = 30.0;
/// What two heights above ground are apart by what stands on it, at least, metres.
const GROUND_ERROR_M: f64 = 3.0;

pub(super) fn assess(scene: &Scene<'_>, found: &mut Found) {
    let own = scene.own;
    if !own.live || own.on_ground() {
        return;
    }
    for &ix in scene.candidates {
        let Some(glance) = scene.tracks.glance(ix).filter(|glance| glance.flies) else { continue };
        let Some(rule) = scene.rules.pair(own.party, glance.party) else { continue };
        if found.assessments.is_none() && !glance.could_meet(&own.state, [scene.age_s, own.coast_s()], rule) {
            continue;
        }
        let Some(other) = scene.tracks.get(ix) else { continue };
        if own.group_id.is_some() && own.group_id == other.group_id {
            continue;
        }
        let pair = Pair::new(scene, own, other);
        if let Some(assessments) = &mut found.assessments {
            assessments.push(pair.assessment(rule, &own.id, &other.id));
        }
        found.findings.extend(
            pair.finding(rule, scene.rules.settings.lifecycle.clear_factor)
                .map(|finding| Finding { about: About::Other(ix), ..finding }),
        );
    }
}

/// How much higher `b` is than `a`, each at its own instant, metres, and how far that may be wrong beyond the accuracy
/// of both. Heights of one datum are compared in it; only others are converted.
fn height_difference(a: &State, b: &State) -> (Option<f64>, f64) {
    let (Some(hae_a_m), Some(hae_b_m)) = (a.hae_m, b.hae_m) else { return (None, 0.0) };
    let error_m = a.hae_error_m + b.hae_error_m;
    // Two altimeters on one reference pressure agree better than any conversion of them.
    if let (Some(a_m), Some(b_m)) = (a.pressure_m, b.pressure_m)
        && a.hae_error_m > 0.0
        && b.hae_error_m > 0.0
    {
        return (Some(b_m - a_m), 0.0);
    }
    // Two heights above ground differ by themselves and by the ground, which is known as well as the terrain.
    if let (Some(a_m), Some(b_m)) = (a.declared_agl_m, b.declared_agl_m)
        && error_m > 0.0
    {
        let ground_m = b.terrain_amsl_m - a.terrain_amsl_m;
        return (Some(b_m - a_m + ground_m), error_m.min(ground_m.abs().max(GROUND_ERROR_M)));
    }
    (Some(hae_b_m - hae_a_m), error_m)
}

struct Pair {
    at: Timestamp,
    relative: Relative,
    data: DataQuality,
}

impl Pair {
    fn new(scene: &Scene<'_>, own: &Track, other: &Track) -> Self {
        let (a, b) = (&own.state, &other.state);
        let at = a.at.plus_seconds(scene.age_s).max(b.at);
        let (age_a, age_b) = (at.seconds_since(a.at), at.seconds_since(b.at));
        let [east_m, north_m] = offset_m(a.position, b.position);
        let [[ax, ay], [bx, by]] = [a.velocity_mps, b.velocity_mps];
        let (up_m, height_error_m) = height_difference(a, b);
        let relative = Relative {
            position_m: [east_m + (bx * age_b - ax * age_a), north_m + (by * age_b - ay * age_a)],
            velocity_mps: [bx - ax, by - ay],
            up_m: up_m.map(|up_m| up_m + (b.climb_mps * age_b - a.climb_mps * age_a)),
            climb_mps: b.climb_mps - a.climb_mps,
            height_error_m,
            drift_m: drift_m(age_a, own.coast_s()) + drift_m(age_b, other.coast_s()),
        };
        let coarse = |accuracy_m: Option<f64>| accuracy_m.is_some_and(|bound_m| COARSE_M < bound_m);
        let data = if own.coast_s() < age_a || other.coast_s() < age_b {
            DataQuality::Coasted
        } else if up_m.is_none()
            || height_error_m > 0.0
            || !(a.velocity_known && b.velocity_known)
            || coarse(a.accuracy_h_m)
            || coarse(b.accuracy_h_m)
        {
            DataQuality::Uncertain
        } else {
            DataQuality::Good
        };
        Self { at, relative, data }
    }

    fn finding(&self, rule: &PairRule, clear_factor: f64) -> Option<Finding> {
        let soon = |level: &Level, factor: f64| {
            self.relative.within(level, factor).filter(|interval| interval.t_in_s <= level.look_ahead_s)
        };
        let margin = rule.levels.iter().rev().find(|level| soon(level, clear_factor).is_some())?;
        let mut worst: Option<(&Level, Interval)> = None;
        let mut inside = false;
        for level in &rule.levels {
            if let Some(interval) = soon(level, 1.0) {
                inside |= interval.t_in_s <= 0.0;
                worst = Some((level, interval));
            }
        }
        let shown = worst.map_or(margin, |(level, _)| level);
        let tcpa_s = self.relative.tcpa_s();
        Some(Finding {
            code: AlertCode::Separation,
            about: About::Itself,
            severity: worst.map(|(level, _)| level.severity),
            margin: margin.severity,
            phase: if inside { Phase::Actual } else { Phase::Predicted },
            t_in_s: worst.map_or(f64::INFINITY, |(_, interval)| interval.t_in_s),
            measured: Figures::new()
                .with("horizontal_m", self.relative.horizontal_m())
                .with_known("vertical_m", self.relative.vertical_after_m(0.0))
                .with_known("t_in_s", worst.map(|(_, interval)| interval.t_in_s))
                .with("tcpa_s", tcpa_s)
                .with("dcpa_m", self.relative.horizontal_after_m(tcpa_s))
                .with_known("vertical_at_cpa_m", self.relative.vertical_after_m(tcpa_s)),
            limit: Figures::new()
                .with("radius_m", shown.radius_m)
                .with("half_height_m", shown.half_height_m)
                .with("look_ahead_s", shown.look_ahead_s),
            data: self.data,
            clause: shown.severity.name(),
            notes: Notes::default(),
        })
    }

    /// The whole evaluation, before any lifecycle rule.
    fn assessment(&self, rule: &PairRule, own: &UasId, other: &UasId) -> Assessment {
        let levels: Vec<_> = rule
            .levels
            .iter()
            .map(|level| {
                let interval = self
                    .relative
                    .within(level, 1.0)
                    .filter(|interval| interval.t_in_s <= ASSESSMENT_HORIZON_S);
                LevelTimes {
                    name: level.severity,
                    severity: level.severity,
                    t_in_s: interval.map(|interval| interval.t_in_s),
                    t_out_s: interval.map(|interval| interval.t_out_s).filter(|t_out_s| t_out_s.is_finite()),
                }
            })
            .collect();
        let within = |(level, times): &(&Level, &LevelTimes)| {
            times.t_in_s.is_some_and(|t_in_s| t_in_s <= level.look_ahead_s)
        };
        let level: Option<Severity> =
            rule.levels.iter().zip(&levels).filter(within).map(|(level, _)| level.severity).next_back();
        let tcpa_s = self.relative.tcpa_s();
        Assessment::Pair {
            at: self.at,
            uas_id: own.min(other).clone(),
            other: own.max(other).clone(),
            horizontal_m: self.relative.horizontal_m(),
            vertical_m: self.relative.vertical_after_m(0.0),
            tcpa_s,
            dcpa_m: self.relative.horizontal_after_m(tcpa_s),
            vertical_at_cpa_m: self.relative.vertical_after_m(tcpa_s),
            levels,
            level,
        }
    }
}
