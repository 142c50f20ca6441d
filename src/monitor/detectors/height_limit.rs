//! `HEIGHT_LIMIT`: true height over the ceiling of the class or of suitable airspace, the lower one, uncertainty counted.
//!
//! The height that is most likely decides whether, its uncertainty how severe: over the ceiling CAUTION; with at least 95 %
//! probability WARNING; and by 30 m or more CRITICAL. Who is most likely under the ceiling is not told that he is over it,
//! however coarse his altimeter is.

use crate::airspace::{Role, ZoneIx};
use crate::domain::{AlertCode, DataQuality, OperationCategory, Severity, UaClass, VerticalReference};
use crate::monitor::finding::{About, Figures, Finding};
use crate::monitor::scene::{Found, Scene};

use super::zone_incursion::path_bounds;
use crate::monitor::vertical::{error_m, hae_m};

/// Standard deviations over the ceiling at which it is 95 % sure.
const SURE_SIGMAS: f64 = 1.65;
/// Far over the ceiling, metres.
const FAR_M: f64 = 30.0;
/// An aircraft must be this far under the ceiling before the alert clears, metres.
const CLEAR_M: f64 = 3.0;

pub(super) fn assess(scene: &Scene<'_>, found: &mut Found) {
    let Some((ceiling_m, clause)) = ceiling(scene) else { return };
    match zone_ceiling(scene).filter(|(_, (zone_m, _))| *zone_m < ceiling_m) {
        Some((ix, zone)) => judge(scene, zone, "SUITABLE_UPPER", About::Zone(ix), found),
        None => judge(scene, (ceiling_m, VerticalReference::Agl), clause, About::Itself, found),
    }
}

/// What zones alone mean.
pub(super) fn assess_zones(scene: &Scene<'_>, found: &mut Found) {
    let before = found.findings.len();
    assess(scene, found);
    if found.findings.get(before).is_some_and(|finding| finding.about == About::Itself) {
        found.findings.truncate(before);
    }
}

/// A ceiling as true height, metres, and the reference in which it was set.
type Ceiling = (f64, VerticalReference);

fn judge(scene: &Scene<'_>, ceiling: Ceiling, clause: &'static str, about: About, found: &mut Found) {
    let (own, (ceiling_m, reference)) = (scene.own, ceiling);
    let Some(agl_m) = own.state.agl_m.filter(|_| own.live && !own.on_ground()) else { return };
    let over_m = agl_m - ceiling_m;
    if over_m <= -CLEAR_M {
        return;
    }
    let sure = SURE_SIGMAS * own.state.agl_sigma_m <= over_m;
    let severity = match (sure, FAR_M <= over_m) {
        (true, true) => Severity::Critical,
        (true, false) => Severity::Warning,
        (false, _) => Severity::Caution,
    };
    found.findings.push(Finding {
        about,
        severity: (over_m > 0.0).then_some(severity),
        measured: Figures::new().with("height_agl_m", agl_m).with("sigma_m", own.state.agl_sigma_m),
        limit: Figures::new().with("height_agl_m", ceiling_m),
        data: if 0.0 < error_m(&own.state, reference) { DataQuality::Uncertain } else { DataQuality::Good },
        ..Finding::of_itself(AlertCode::HeightLimit, severity, clause)
    });
}

/// The highest upper limit of suitable airspace here, and whose it is; `None` where there is none.
fn zone_ceiling(scene: &Scene<'_>) -> Option<(ZoneIx, Ceiling)> {
    let (state, who) = (&scene.own.state, scene.own.who());
    if !scene.airspace.has_suitable() {
        return None;
    }
    let mut highest: Option<(ZoneIx, Ceiling)> = None;
    for (ix, zone) in scene.zones(&path_bounds(state, None, 0.0, 1.0)) {
        let concerned = zone.terms.as_ref().is_some_and(|terms| terms.concern(&who));
        if zone.role() != Role::Suitable || !concerned || !zone.applies_at(scene.zones_at) {
            continue;
        }
        for volume in zone.volumes.iter().filter(|volume| volume.shape.contains(state.position)) {
            let upper = volume.upper.and_then(|limit| Some((hae_m(state, limit)?, limit.reference)));
            let (agl_m, reference) = upper
                .map_or((f64::INFINITY, VerticalReference::Agl), |(hae_m, reference)| {
                    (hae_m - state.ground_hae_m, reference)
                });
            if highest.is_none_or(|(_, (high_m, _))| high_m < agl_m) {
                highest = Some((ix, (agl_m, reference)));
            }
        }
    }
    highest
}

/// The ceiling of the class in metres. Medium, large and certified aircraft never fly without an approval that
/// names its own heights, and manned ones have none.
fn ceiling(scene: &Scene<'_>) -> Option<(f64, &'static str)> {
    let limits = &scene.rules.settings.limits;
    if scene.own.category == Some(OperationCategory::Certified) {
        return None;
    }
    match scene.own.ua_class {
        Some(UaClass::Micro) => Some((limits.height_micro_m, "MICRO")),
        Some(UaClass::Light) => Some((limits.height_m, "LIGHT")),
        Some(UaClass::Small) => Some((limits.height_m, "SMALL")),
        Some(UaClass::Agricultural) => Some((limits.height_m, "AGRICULTURAL")),
        None => Some((limits.height_m, "UNDECLARED")),
        Some(UaClass::Medium | UaClass::Large | UaClass::Manned) => None,
    }
}
