//! `ZONE_INCURSION` without a zone: controlled airspace (管制空域) is what no suitable airspace is (Order 761 Art. 19).
//!
//! Off by default. `HEIGHT` raises above 120 m true height; `ALL` outside of published suitable airspace as well, where
//! micro, light, small, agricultural and undeclared aircraft may fly without an application; medium and large ones have
//! none. An intent that authorises the flight lifts it. Manned and certified aircraft are not judged.

use crate::airspace::Role;
use crate::domain::{AlertCode, DataQuality, OperationCategory, Severity, UaClass};
use crate::monitor::finding::{Figures, Finding};
use crate::monitor::lift::is_authorised;
use crate::monitor::scene::{Found, Scene};
use crate::monitor::settings::ControlledDefault;

use super::zone_incursion::path_bounds;

pub(super) fn assess(scene: &Scene<'_>, found: &mut Found) {
    let (own, settings) = (scene.own, &scene.rules.settings);
    let mode = settings.controlled_default;
    let judged = own.ua_class != Some(UaClass::Manned) && own.category != Some(OperationCategory::Certified);
    if mode == ControlledDefault::Off || !own.live || own.on_ground() || own.canary || !judged {
        return;
    }
    let ceiling_m = settings.limits.height_m;
    let over = own.state.agl_m.is_some_and(|agl_m| ceiling_m < agl_m);
    let clause = if over {
        "CONTROLLED/HEIGHT"
    } else if mode == ControlledDefault::Height {
        return;
    } else if matches!(own.ua_class, Some(UaClass::Medium | UaClass::Large)) {
        "CONTROLLED/CLASS"
    } else if is_suitable(scene) {
        return;
    } else {
        "CONTROLLED/OUTSIDE_SUITABLE"
    };
    if is_authorised(scene) {
        return;
    }
    found.findings.push(Finding {
        measured: Figures::new().with_known("height_agl_m", own.state.agl_m),
        limit: Figures::new().with("height_agl_m", ceiling_m),
        data: if scene.coasted() { DataQuality::Coasted } else { DataQuality::Good },
        ..Finding::of_itself(AlertCode::ZoneIncursion, Severity::Warning, clause)
    });
}

/// Whether published suitable airspace is here.
fn is_suitable(scene: &Scene<'_>) -> bool {
    let (state, who) = (&scene.own.state, scene.own.who());
    scene.airspace.has_suitable()
        && scene.zones(&path_bounds(state, None, 0.0, 1.0)).any(|(_, zone)| {
            zone.role() == Role::Suitable
                && zone.terms.as_ref().is_some_and(|terms| terms.concern(&who))
                && zone.applies_at(scene.zones_at)
                && zone.volumes.iter().any(|volume| volume.shape.contains(state.position))
        })
}
