//! `ZONE_INCURSION` without a zone: controlled airspace (管制空域) is what no suitable airspace is (Order 761 Art. 19).
//!
//! Off by default. `HEIGHT` raises above 120 m true height; `ALL` outside of published suitable airspace as well, where
//! micro, light, small, agricultural and undeclared aircraft may fly without an application; medium and large ones have
//! none. An intent that authorises the flight lifts it. Manned and certified aircraft are not judged. A height that may
//! be above counts as above, and so does one that is unknown. A straight path into it is told one step lower.

use crate::airspace::{Role, Zone};
use crate::domain::{AlertCode, DataQuality, LatLng, OperationCategory, Phase, Severity, Timestamp, UaClass};
use crate::monitor::finding::{Figures, Finding};
use crate::monitor::lift::Authorised;
use crate::monitor::scene::{Found, Scene};
use crate::monitor::settings::ControlledDefault;
use crate::monitor::vertical::true_heights_m;

use super::zone_incursion::path_bounds;

/// The path ahead is looked at in steps of so many seconds.
const STEP_S: f64 = 0.5;

const HEIGHT: &str = "CONTROLLED/HEIGHT";
const UNKNOWN: &str = "CONTROLLED/HEIGHT/AGL_UNKNOWN";

pub(super) fn assess(scene: &Scene<'_>, found: &mut Found) {
    let (own, settings) = (scene.own, &scene.rules.settings);
    let mode = settings.controlled_default;
    let judged = own.ua_class != Some(UaClass::Manned) && own.category != Some(OperationCategory::Certified);
    if mode == ControlledDefault::Off || !own.live || own.on_ground() || own.canary || !judged {
        return;
    }
    let Some((clause, t_in_s)) = Airspaces::of(scene).meet() else { return };
    let phase = if t_in_s.is_some() { Phase::Predicted } else { Phase::Actual };
    let severity = if t_in_s.is_some() { Severity::Warning.lower() } else { Severity::Warning };
    let of_height = clause == HEIGHT || clause == UNKNOWN;
    found.findings.push(Finding {
        phase,
        t_in_s: t_in_s.unwrap_or(0.0),
        measured: Figures::new().with_known("height_agl_m", own.state.agl_m).with_known("t_in_s", t_in_s),
        limit: Figures::new().with("height_agl_m", settings.limits.height_m),
        data: if scene.coasted() {
            DataQuality::Coasted
        } else if clause == UNKNOWN || (of_height && own.state.hae_error_m > 0.0) {
            DataQuality::Uncertain
        } else {
            DataQuality::Good
        },
        ..Finding::of_itself(AlertCode::ZoneIncursion, severity, clause)
    });
}

/// Where the aircraft may fly without an application, along its path.
struct Airspaces<'a> {
    scene: &'a Scene<'a>,
    /// Published suitable airspace near the path that is for it.
    suitable: Vec<&'a Zone>,
    authorised: Authorised<'a>,
}

impl<'a> Airspaces<'a> {
    fn of(scene: &'a Scene<'a>) -> Self {
        let (state, who) = (&scene.own.state, scene.own.who());
        let is_suitable = |zone: &&Zone| {
            zone.role() == Role::Suitable && zone.terms.as_ref().is_some_and(|terms| terms.concern(&who))
        };
        let asked = scene.airspace.has_suitable()
            && scene.rules.settings.controlled_default == ControlledDefault::All;
        let horizon_s = scene.rules.settings.zone_look_ahead_s + scene.age_s;
        let bounds = path_bounds(state, None, horizon_s, 1.0);
        let near = asked.then(|| scene.zones(&bounds).map(|(_, zone)| zone).filter(is_suitable));
        Self { scene, suitable: near.into_iter().flatten().collect(), authorised: Authorised::of(scene) }
    }

    /// Which clause applies now, or in how many seconds it will.
    fn meet(&self) -> Option<(&'static str, Option<f64>)> {
        // A state that is carried forward is judged where it was reported.
        if let Some(clause) = self.clause_after(0.0, self.scene.zones_at) {
            return Some((clause, None));
        }
        let state = &self.scene.own.state;
        let climbs = 0.0 < state.climb_mps && state.hae_m.is_some();
        let leaves = self.scene.rules.settings.controlled_default == ControlledDefault::All;
        if !climbs && !leaves && !self.authorised.has_any() {
            return None;
        }
        let horizon_s = self.scene.rules.settings.zone_look_ahead_s;
        let mut in_s = STEP_S;
        while in_s <= horizon_s {
            let when = self.scene.zones_at.plus_seconds(in_s);
            if let Some(clause) = self.clause_after(self.scene.age_s + in_s, when) {
                return Some((clause, Some(in_s)));
            }
            in_s += STEP_S;
        }
        None
    }

    /// The clause that applies so many seconds after the report; what is certain is named first.
    fn clause_after(&self, seconds: f64, when: Timestamp) -> Option<&'static str> {
        let own = self.scene.own;
        let settings = &self.scene.rules.settings;
        let (at, climbed_m) = (own.state.position_after(seconds), own.state.climb_mps * seconds);
        let ceiling_m = settings.limits.height_m;
        let heights_m = true_heights_m(&own.state).map(|heights_m| heights_m.map(|m| m + climbed_m));
        let all = settings.controlled_default == ControlledDefault::All;
        let clause = if heights_m.is_some_and(|[low_m, _]| ceiling_m < low_m) {
            HEIGHT
        } else if all && matches!(own.ua_class, Some(UaClass::Medium | UaClass::Large)) {
            "CONTROLLED/CLASS"
        } else if all && !self.is_suitable(at, when) {
            "CONTROLLED/OUTSIDE_SUITABLE"
        } else if heights_m.is_some_and(|[_, high_m]| high_m <= ceiling_m) {
            return None;
        } else if own.state.agl_m.is_none() {
            UNKNOWN
        } else {
            HEIGHT
        };
        let up_m = own.state.hae_m.map(|hae_m| hae_m + climbed_m);
        (!self.authorised.holds(at, up_m, when)).then_some(clause)
    }

    fn is_suitable(&self, at: LatLng, when: Timestamp) -> bool {
        let holds = |zone: &&Zone| {
            zone.applies_at(when) && zone.volumes.iter().any(|volume| volume.shape.contains(at))
        };
        self.suitable.iter().any(holds)
    }
}
