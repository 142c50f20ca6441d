//! `ZONE_INCURSION`: in a keep-out zone that applies, or on a straight path into one.
//!
//! The ground-based cousin is EUROCONTROL's area proximity warning (APW). The boundary belongs to the zone.
//! Crossing is tested along the path between two reports as well as at the reports.

use crate::airspace::{Part, Role, Schedule, Volume, Zone, ZoneIx};
use crate::domain::{
    AlertCode, BoundingBox, DataQuality, LatLng, Phase, Restriction, Severity, VerticalReference,
};
use crate::monitor::contract::Assessment;
use crate::monitor::finding::{About, Figures, Finding, Notes};
use crate::monitor::scene::{Found, Scene};
use crate::monitor::state::{Passed, State};

use crate::monitor::lift::{Lift, why_no_intent};
use crate::monitor::vertical::{Care, band, is_uncertain, limits};

/// An aircraft must be this far out before the alert clears, metres.
const CLEAR_M: f64 = 5.0;
/// Distances are told up to this many metres.
const DISTANCE_M: f64 = 5_000.0;
/// In assessments, up to this many metres.
const ASSESSED_DISTANCE_M: f64 = 50_000.0;
/// Where a zone is lifted in part, the path ahead is looked at in steps of so many seconds.
const LIFT_STEP_S: f64 = 0.5;
/// Two reports further apart than this, seconds, do not make a path.
const PATH_S: f64 = 15.0;

pub(super) fn assess(scene: &Scene<'_>, found: &mut Found) {
    let own = scene.own;
    if !own.live {
        return;
    }
    let path = Path::new(scene);
    for (ix, zone) in scene.zones(&path.bounds) {
        let Some(severity) = severity_of(zone.restriction) else { continue };
        if zone.role() != Role::KeepOut {
            continue;
        }
        if !meet(&path.bounds, &zone.bounds) {
            continue;
        }
        let Some(hours) = path.hours(scene, zone) else { continue };
        if zone.terms.as_ref().is_some_and(|terms| !terms.concern(&own.who())) {
            continue;
        }
        let mut met = path.meet(zone, scene.age_s, hours);
        if (met.near || met.crossed || met.buffered || met.t_in_s.is_some())
            && let Some(lift) = Lift::of(scene, zone, &path.bounds)
        {
            path.lift(scene, zone, hours, &lift, &mut met);
        }
        if let Some(assessments) = &mut found.assessments {
            assessments.extend(path.assessment(scene, zone, &met, severity));
        }
        found.findings.extend(path.finding(scene, ix, zone, &met, severity));
    }
}

/// How severe it is to be in a zone that asks this.
pub(super) const fn severity_of(restriction: Restriction) -> Option<Severity> {
    match restriction {
        Restriction::Prohibited => Some(Severity::Critical),
        Restriction::RequiresAuthorization => Some(Severity::Warning),
        Restriction::Conditional => Some(Severity::Caution),
        Restriction::NoRestriction | Restriction::USpace => None,
    }
}

fn meet(a: &BoundingBox, b: &BoundingBox) -> bool {
    a.west_deg <= b.east_deg
        && b.west_deg <= a.east_deg
        && a.south_deg <= b.north_deg
        && b.south_deg <= a.north_deg
}

/// How an aircraft's path and a zone meet.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Met {
    inside: bool,
    /// Within the margin that must be left before an alert clears.
    near: bool,
    /// Passed through between the two newest reports.
    crossed: bool,
    /// In the warning margin around it.
    buffered: bool,
    /// Something lifts it: where the aircraft is, or only elsewhere on its path.
    lifted: Option<Lifted>,
    /// Seconds until the straight path enters.
    t_in_s: Option<f64>,
}

/// Where on the path a zone is lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lifted {
    Here,
    Elsewhere,
}

/// When a zone applies along the path, in seconds from the report.
#[derive(Debug, Clone, Copy)]
struct Hours {
    /// Whether it applies now.
    now: bool,
    /// From.
    from_s: f64,
    /// Until; infinite if it does not cease within the horizon.
    to_s: f64,
}

impl Hours {
    const ALWAYS: Self = Self { now: true, from_s: 0.0, to_s: f64::INFINITY };
}

/// Where the aircraft was, is and goes.
struct Path<'a> {
    state: &'a State,
    before: Option<&'a Passed>,
    horizon_s: f64,
    bounds: BoundingBox,
}

impl<'a> Path<'a> {
    fn new(scene: &Scene<'a>) -> Self {
        let state = &scene.own.state;
        let before = scene
            .own
            .before
            .as_ref()
            // No zone was crossed before it was in force.
            .filter(|_| scene.age_s <= 0.0 && scene.in_force_since <= scene.own.heard_at)
            .filter(|before| state.at.seconds_since(before.at) <= PATH_S);
        // A state that is carried forward is looked at from its report on.
        let horizon_s = scene.rules.zone_horizon_s() + scene.age_s;
        let bounds = path_bounds(state, before.map(|before| before.position), horizon_s, CLEAR_M);
        Self { state, before, horizon_s, bounds }
    }

    /// When the zone applies within the horizon; `None` if it does not.
    fn hours(&self, scene: &Scene<'_>, zone: &Zone) -> Option<Hours> {
        if zone.schedule.is_always() {
            return Some(Hours::ALWAYS);
        }
        let switch = zone.next_switch_after(scene.zones_at);
        let in_s = switch.map_or(f64::INFINITY, |at| at.seconds_since(scene.zones_at) + scene.age_s);
        if zone.applies_at(scene.zones_at) {
            return Some(Hours { now: true, from_s: 0.0, to_s: in_s });
        }
        let ceases = switch.filter(|_| in_s <= self.horizon_s).and_then(|at| zone.next_switch_after(at));
        let to_s = ceases.map_or(f64::INFINITY, |at| at.seconds_since(scene.zones_at) + scene.age_s);
        (in_s <= self.horizon_s).then_some(Hours { now: false, from_s: in_s, to_s })
    }

    fn meet(&self, zone: &Zone, age_s: f64, hours: Hours) -> Met {
        let mut met = Met::default();
        let [side_m, up_m] = zone.terms.as_ref().map_or([0.0; 2], |t| [t.buffer_m, t.buffer_vertical_m]);
        if hours.now && (0.0 < side_m || 0.0 < up_m) {
            met.buffered = self.is_within(zone, [side_m, up_m]);
            met.near = self.is_within(zone, [side_m + CLEAR_M, up_m + CLEAR_M]);
        }
        for volume in zone.volumes.iter().filter(|volume| meet(&self.bounds, &volume.bounds)) {
            let [low_m, high_m] = band(self.state, volume, Care::Possibly);
            let up_m = self.state.hae_m;
            let at_height = up_m.is_none_or(|up_m| low_m <= up_m && up_m <= high_m);
            let inside = hours.now && at_height && volume.shape.contains(self.state.position);
            met.inside |= inside;
            if inside {
                met.near = true;
                met.t_in_s = Some(0.0);
                continue;
            }
            met.near |= hours.now
                && up_m.is_none_or(|up_m| low_m - CLEAR_M <= up_m && up_m <= high_m + CLEAR_M)
                && (volume.shape.contains(self.state.position)
                    || volume.shape.boundary_distance_m(self.state.position, CLEAR_M) <= CLEAR_M);
            met.crossed |= hours.now
                && self
                    .before
                    .is_some_and(|before| zone.applies_at(before.at) && crossed(before, self.state, volume));
            let t_in_s = self.entry_s(volume, [low_m, high_m], hours).map(|t_in_s| (t_in_s - age_s).max(0.0));
            met.t_in_s = match (met.t_in_s, t_in_s) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        met
    }

    /// Whether the aircraft is within so many metres of the zone, at its sides and above and below.
    fn is_within(&self, zone: &Zone, [side_m, up_m]: [f64; 2]) -> bool {
        let at = self.state.position;
        zone.volumes.iter().any(|volume| {
            let [low_m, high_m] = band(self.state, volume, Care::Possibly);
            self.state.hae_m.is_none_or(|hae_m| low_m - up_m <= hae_m && hae_m <= high_m + up_m)
                && (volume.shape.contains(at) || volume.shape.boundary_distance_m(at, side_m) <= side_m)
        })
    }

    /// Takes out what is lifted: what is left is where the path is in the zone and nothing lifts it.
    fn lift(&self, scene: &Scene<'_>, zone: &Zone, hours: Hours, lift: &Lift<'_>, met: &mut Met) {
        let state = self.state;
        let in_zone = |at: LatLng, up_m: Option<f64>| {
            zone.volumes.iter().any(|volume| {
                let [low_m, high_m] = band(state, volume, Care::Possibly);
                up_m.is_none_or(|up_m| low_m <= up_m && up_m <= high_m) && volume.shape.contains(at)
            })
        };
        let spot = |t_s: f64| {
            let up_m = state.hae_m.map(|up_m| up_m + state.climb_mps * t_s);
            (state.position_after(t_s), up_m, scene.zones_at.plus_seconds(t_s - scene.age_s))
        };
        // A state that is carried forward is judged where it was reported.
        let here = lift.holds(state.position, state.hae_m, scene.zones_at);
        met.lifted = Some(if here { Lifted::Here } else { Lifted::Elsewhere });
        met.buffered &= !here;
        met.inside &= !here;
        // No margin has to be left to a zone that does not count here.
        met.near &= !here;
        met.crossed &= !here
            && self.before.is_none_or(|before| !lift.holds(before.position, before.hae_m, scene.zones_at));
        if met.inside || met.t_in_s.is_none() {
            return;
        }
        let mut t_s = met.t_in_s.unwrap_or(0.0) + scene.age_s;
        met.t_in_s = None;
        while t_s <= self.horizon_s && t_s < hours.to_s {
            let (at, up_m, when) = spot(t_s);
            if in_zone(at, up_m) && !lift.holds(at, up_m, when) {
                met.t_in_s = Some((t_s - scene.age_s).max(0.0));
                return;
            }
            t_s += LIFT_STEP_S;
        }
    }

    /// Seconds from the report until the straight path is in the volume.
    fn entry_s(&self, volume: &Volume, [low_m, high_m]: [f64; 2], hours: Hours) -> Option<f64> {
        let (from_s, to_s) = match self.state.hae_m {
            None => (0.0, self.horizon_s),
            Some(up_m) => time_within(up_m, self.state.climb_mps, low_m, high_m, self.horizon_s)?,
        };
        let (from_s, to_s) = (from_s.max(hours.from_s), to_s.min(hours.to_s));
        if to_s < from_s || hours.to_s <= from_s {
            return None;
        }
        let [vx, vy] = self.state.velocity_mps;
        if vx == 0.0 && vy == 0.0 {
            return volume.shape.contains(self.state.position).then_some(from_s);
        }
        let share =
            volume.shape.first_inside(self.state.position_after(from_s), self.state.position_after(to_s))?;
        Some(from_s + share * (to_s - from_s))
    }

    fn finding(
        &self,
        scene: &Scene<'_>,
        ix: ZoneIx,
        zone: &Zone,
        met: &Met,
        severity: Severity,
    ) -> Option<Finding> {
        let look_ahead_s = scene.rules.settings.zone_look_ahead_s;
        let t_in_s = met.t_in_s.filter(|&t_in_s| t_in_s <= look_ahead_s);
        let (held, phase) = if met.inside || met.crossed {
            (Some(severity), Phase::Actual)
        } else if t_in_s.is_some() || met.buffered {
            (Some(severity.lower()), Phase::Predicted)
        } else if met.near {
            (None, Phase::Actual)
        } else {
            return None;
        };
        let state = self.state;
        let height_is_unknown = height_is_unknown(state, zone);
        let uncertain = is_uncertain(state, zone) || height_is_unknown;
        let distance_m = zone
            .volumes
            .iter()
            .map(|volume| volume.shape.boundary_distance_m(state.position, DISTANCE_M))
            .fold(f64::INFINITY, f64::min);
        Some(Finding {
            code: AlertCode::ZoneIncursion,
            about: About::Zone(ix),
            severity: held,
            margin: if met.near { severity } else { held.unwrap_or(severity) },
            phase,
            t_in_s: t_in_s.unwrap_or(0.0),
            measured: Figures::new()
                .with("distance_m", distance_m)
                .with_known("t_in_s", t_in_s.filter(|_| phase == Phase::Predicted))
                .with_known("height_agl_m", state.agl_m),
            limit: limits(zone, state.position).with("look_ahead_s", look_ahead_s).with_known(
                "buffer_m",
                zone.terms.as_ref().map(|terms| terms.buffer_m).filter(|buffer_m| 0.0 < *buffer_m),
            ),
            data: if scene.coasted() {
                DataQuality::Coasted
            } else if uncertain {
                DataQuality::Uncertain
            } else {
                DataQuality::Good
            },
            clause: clause(zone.restriction, height_is_unknown),
            notes: notes(scene, zone, met, phase),
        })
    }

    fn assessment(
        &self,
        scene: &Scene<'_>,
        zone: &Zone,
        met: &Met,
        severity: Severity,
    ) -> Option<Assessment> {
        let position = self.state.position;
        let distance_m = zone
            .volumes
            .iter()
            .map(|volume| volume.shape.boundary_distance_m(position, ASSESSED_DISTANCE_M))
            .fold(f64::INFINITY, f64::min);
        let soon = met.t_in_s.is_some_and(|t_in_s| t_in_s <= scene.rules.settings.zone_look_ahead_s);
        let soon = soon || met.buffered;
        let level = if met.inside { Some(severity) } else { soon.then(|| severity.lower()) };
        distance_m.is_finite().then(|| Assessment::Zone {
            at: self.state.at,
            uas_id: scene.own.id.clone(),
            zone: zone.id.clone(),
            inside: met.inside,
            distance_m,
            t_in_s: met.t_in_s,
            level,
        })
    }
}

/// What else is to be said of the rule.
fn notes(scene: &Scene<'_>, zone: &Zone, met: &Met, phase: Phase) -> Notes {
    let holds = |part: &Part| Schedule::new(vec![part.clone()]).holds_at(scene.zones_at);
    let parts = zone.schedule.parts();
    let period = if parts.len() > 1 { parts.iter().position(holds) } else { parts.first().map(|_| 0) };
    let terms = zone.terms.as_deref();
    Notes {
        buffer: phase == Phase::Predicted && met.buffered,
        not_exempt: terms.is_some_and(|terms| terms.exempt.is_some()),
        priority: terms.map(|terms| terms.priority).filter(|priority| 0 < *priority),
        lifted: met.lifted.map(|lifted| match lifted {
            Lifted::Here => "LIFT_ENDS",
            Lifted::Elsewhere => "NOT_LIFTED_HERE",
        }),
        period: period.and_then(|part| u16::try_from(part + 1).ok()),
        intent: why_no_intent(scene, zone).filter(|_| met.lifted != Some(Lifted::Here)),
    }
}

/// Whether a limit of the zone cannot be compared with the aircraft's height, which then counts as within it.
fn height_is_unknown(state: &State, zone: &Zone) -> bool {
    let mut limits = zone.volumes.iter().flat_map(|volume| [volume.lower, volume.upper]).flatten();
    limits.any(|limit| match limit.reference {
        VerticalReference::Takeoff => state.hae_m.is_none() || state.takeoff_m.is_none(),
        VerticalReference::Agl => state.agl_m.is_none(),
        VerticalReference::Amsl | VerticalReference::Wgs84 | VerticalReference::Cn1985 => {
            state.hae_m.is_none()
        }
    })
}

const fn clause(restriction: Restriction, height_is_unknown: bool) -> &'static str {
    match (restriction, height_is_unknown) {
        (Restriction::Prohibited, false) => "PROHIBITED",
        (Restriction::Prohibited, true) => "PROHIBITED/AGL_UNKNOWN",
        (Restriction::RequiresAuthorization, false) => "REQ_AUTHORIZATION",
        (Restriction::RequiresAuthorization, true) => "REQ_AUTHORIZATION/AGL_UNKNOWN",
        (Restriction::Conditional, false) => "CONDITIONAL",
        (Restriction::Conditional, true) => "CONDITIONAL/AGL_UNKNOWN",
        (Restriction::USpace, _) => "USPACE",
        (Restriction::NoRestriction, _) => "NO_RESTRICTION",
    }
}

/// When a height that changes steadily is between two limits, within the horizon: seconds from and to.
fn time_within(up_m: f64, climb_mps: f64, low_m: f64, high_m: f64, horizon_s: f64) -> Option<(f64, f64)> {
    if climb_mps.abs() < 1e-6 {
        return (low_m <= up_m && up_m <= high_m).then_some((0.0, horizon_s));
    }
    let (a, b) = ((low_m - up_m) / climb_mps, (high_m - up_m) / climb_mps);
    let (from_s, to_s) = (a.min(b).max(0.0), a.max(b).min(horizon_s));
    (from_s <= to_s).then_some((from_s, to_s))
}

/// Whether the path between two reports went through the volume.
fn crossed(before: &Passed, state: &State, volume: &Volume) -> bool {
    let step_s = state.at.seconds_since(before.at);
    let [low_m, high_m] = band(state, volume, Care::Possibly);
    let (from, to) = match (before.hae_m, state.hae_m) {
        (Some(then_m), Some(now_m)) => {
            let climb_mps = (now_m - then_m) / step_s.max(1e-3);
            let Some((from_s, to_s)) = time_within(then_m, climb_mps, low_m, high_m, step_s) else {
                return false;
            };
            (from_s / step_s.max(1e-3), to_s / step_s.max(1e-3))
        }
        (None, _) | (_, None) => (0.0, 1.0),
    };
    let point = |share: f64| {
        let (a, b) = (before.position, state.position);
        LatLng::wrapped(
            a.lat_deg() + share * (b.lat_deg() - a.lat_deg()),
            a.lng_deg() + share * (b.lng_deg() - a.lng_deg()),
        )
    };
    volume.shape.first_inside(point(from), point(to)).is_some()
}

/// The box around the path from the report before, through the state, to the horizon.
pub(in crate::monitor) fn path_bounds(
    state: &State,
    before: Option<LatLng>,
    horizon_s: f64,
    grown_m: f64,
) -> BoundingBox {
    let (here, there) = (state.position, state.position_after(horizon_s));
    let behind = before.unwrap_or(here);
    let (pad_lat, pad_lng) =
        (grown_m / state.metric.north_m_per_deg, grown_m / state.metric.east_m_per_deg.max(1.0));
    let least = |of: fn(LatLng) -> f64| of(here).min(of(there)).min(of(behind));
    let most = |of: fn(LatLng) -> f64| of(here).max(of(there)).max(of(behind));
    BoundingBox {
        west_deg: least(LatLng::lng_deg) - pad_lng,
        south_deg: least(LatLng::lat_deg) - pad_lat,
        east_deg: most(LatLng::lng_deg) + pad_lng,
        north_deg: most(LatLng::lat_deg) + pad_lat,
    }
}
