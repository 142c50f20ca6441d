//! Asking everybody: an aircraft against every other, by a derivation of its own from the closest approach.

use std::collections::BTreeMap;

use lowsky::domain::{Observation, Severity, Source, Timestamp, UaClass, UasId};
use lowsky::geodesy::{egm96_undulation_m, offset_m};
use lowsky::monitor::{Level, Party, Settings};

/// How far sizes and times may be off before a verdict is no longer certain, metres and seconds.
const SLACK: f64 = 2e-3;

/// The newest state of one aircraft, as a reader of the public contract would keep it.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) seen: Observation,
    pub(super) heard: Timestamp,
    velocity: [f64; 2],
    climb: f64,
    height: Option<f64>,
    height_error: f64,
    /// Seconds between its reports, once there were two.
    period: Option<f64>,
}

/// Everybody.
#[derive(Debug, Default)]
pub(super) struct Crowd(pub(super) BTreeMap<UasId, Known>);

/// The most severe level entered within its look-ahead.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Verdict {
    /// With volumes and look-aheads a little smaller: certainly so.
    pub(super) least: Option<Severity>,
    /// With volumes and look-aheads a little larger: at most so.
    pub(super) most: Option<Severity>,
    /// Seconds until each level is entered.
    pub(super) t_in: [Option<f64>; 3],
}

impl Crowd {
    /// Takes a report that is the newest of its aircraft.
    pub(super) fn take(&mut self, seen: &Observation, heard: Timestamp) {
        self.0.retain(|_, known| heard.seconds_since(known.heard) < 60.0);
        let before = self.0.get(&seen.uas_id);
        let step = before.map(|before| seen.timestamp.seconds_since(before.seen.timestamp));
        let period = step.map(|step| match before.and_then(|before| before.period) {
            Some(period) => period + 0.25 * (step.clamp(0.05, 60.0) - period),
            None => step.clamp(0.05, 20.0),
        });
        let (height, height_error) = height(seen);
        let dt = before.map_or(0.0, |before| seen.timestamp.seconds_since(before.seen.timestamp));
        let before = before.filter(|_| (0.2..=10.0).contains(&dt));
        let derived = before.map(|before| offset_m(before.seen.position, seen.position).map(|m| m / dt));
        let velocity = match (seen.motion.ground_speed_mps, seen.motion.track_deg) {
            (Some(speed), Some(track)) => {
                [speed * track.to_radians().sin(), speed * track.to_radians().cos()]
            }
            _ => derived.filter(|[x, y]| x.hypot(*y) <= 350.0).unwrap_or([0.0; 2]),
        };
        let climbed = before.and_then(|before| Some((height? - before.height?) / dt));
        let climb =
            seen.motion.vertical_speed_mps.or(climbed.filter(|climb| climb.abs() <= 62.0)).unwrap_or(0.0);
        let known = Known { seen: seen.clone(), heard, velocity, climb, height, height_error, period };
        self.0.insert(seen.uas_id.clone(), known);
    }

    /// The verdict about two aircraft when the first has just reported.
    pub(super) fn judge(&self, settings: &Settings, own: &UasId, other: &UasId) -> Option<Verdict> {
        let (a, b) = (self.0.get(own)?, self.0.get(other)?);
        let levels = table(settings, party(&a.seen), party(&b.seen))?;
        let now = a.seen.timestamp.max(b.seen.timestamp);
        let (age_a, age_b) = (now.seconds_since(a.seen.timestamp), now.seconds_since(b.seen.timestamp));
        let apart = offset_m(a.seen.position, b.seen.position);
        let place = [0, 1].map(|i| apart[i] + b.velocity[i] * age_b - a.velocity[i] * age_a);
        let against = [0, 1].map(|i| b.velocity[i] - a.velocity[i]);
        let pressures = (a.seen.heights.pressure_m, b.seen.heights.pressure_m);
        let (up, error) = match (a.height, b.height, pressures) {
            (Some(_), Some(_), (Some(pa), Some(pb))) if a.height_error > 0.0 && b.height_error > 0.0 => {
                (Some(pb - pa), 0.0)
            }
            (Some(ha), Some(hb), _) => (Some(hb - ha), a.height_error + b.height_error),
            _ => (None, 0.0),
        };
        let above = up.map(|up| (up + b.climb * age_b - a.climb * age_a, b.climb - a.climb));
        let off = a.off(age_a) + b.off(age_b);
        let entered =
            |level: &Level, slack: f64| entry(place, against, above, error + off + slack, level, off + slack);
        let worst = |slack: f64| {
            let soon =
                |level: &&Level| entered(level, slack).is_some_and(|t| t <= level.look_ahead_s + slack);
            levels.iter().filter(soon).map(|level| level.severity).max()
        };
        let mut t_in = [None; 3];
        for (t_in, level) in t_in.iter_mut().zip(levels) {
            *t_in = entered(level, 0.0);
        }
        Some(Verdict { least: worst(-SLACK), most: worst(SLACK), t_in })
    }
}

impl Known {
    /// How far it may be off its line so long after its report: a metre a second after a while without another.
    fn off(&self, age: f64) -> f64 {
        let period = self.period.unwrap_or(1.0);
        let fresh = (1.5 * period).max(3.0).min((3.0 * period).clamp(5.0, 60.0));
        (age - fresh).max(0.0)
    }
}

fn height(seen: &Observation) -> (Option<f64>, f64) {
    let geoid = egm96_undulation_m(seen.position);
    let heights = &seen.heights;
    match (heights.hae_m, heights.relative, heights.pressure_m) {
        (Some(metres), _, _) => (Some(metres), 0.0),
        (None, Some(relative), _) => (Some(relative.metres + geoid), 15.0),
        (None, None, Some(metres)) => (Some(metres + geoid), 110.0),
        (None, None, None) => (None, 0.0),
    }
}

fn party(seen: &Observation) -> Party {
    match (seen.source, seen.ua_class) {
        (Source::Sensed, _) => Party::Sensed,
        (_, Some(UaClass::Manned)) => Party::Manned,
        _ => Party::Drone,
    }
}

fn table(settings: &Settings, a: Party, b: Party) -> Option<&Vec<Level>> {
    let is = |set: Party, party: Party| set == party || set == Party::Any;
    let fits = |[x, y]: [Party; 2]| (is(x, a) && is(y, b)) || (is(x, b) && is(y, a));
    settings.separation.iter().find(|table| fits(table.between)).map(|table| &table.levels)
}

/// Seconds until the volume is entered, 0 inside; from the time of the closest approach and the miss there.
fn entry(
    s: [f64; 2],
    v: [f64; 2],
    z: Option<(f64, f64)>,
    grown: f64,
    level: &Level,
    wider: f64,
) -> Option<f64> {
    let radius = level.radius_m + wider;
    let speed = v[0].hypot(v[1]);
    let across = if speed < 3e-5 {
        (s[0].hypot(s[1]) <= radius).then_some([f64::NEG_INFINITY, f64::INFINITY])?
    } else {
        let closest = -(s[0] * v[0] + s[1] * v[1]) / (speed * speed);
        let miss = (s[0] * v[1] - s[1] * v[0]).abs() / speed;
        if radius < miss {
            return None;
        }
        let half = (radius * radius - miss * miss).sqrt() / speed;
        let early = level.tau_s / 2.0 + (level.tau_s / 2.0).hypot(half);
        [closest - early, closest + half]
    };
    let up = match z {
        None => [f64::NEG_INFINITY, f64::INFINITY],
        Some((z, climb)) => {
            let half = level.half_height_m + grown;
            if climb.abs() < 3e-5 {
                (z.abs() <= half).then_some([f64::NEG_INFINITY, f64::INFINITY])?
            } else {
                let level_at = -z / climb;
                let time = half / climb.abs();
                [level_at - time.max(level.tcoa_s), level_at + time]
            }
        }
    };
    let (from, to) = (across[0].max(up[0]).max(0.0), across[1].min(up[1]));
    (from <= to).then_some(from)
}
