//! `HEIGHT_LIMIT`: true height over the ceiling of the class, uncertainty counted.
//!
//! Severity follows how sure it is: over the ceiling CAUTION; with at least 95 %
//! probability WARNING; and by 30 m or more CRITICAL.

use crate::domain::{AlertCode, DataQuality, OperationCategory, Severity, UaClass};
use crate::monitor::finding::{Figures, Finding};
use crate::monitor::scene::{Found, Scene};

/// Standard deviations over the ceiling at which it is 95 % sure.
const SURE_SIGMAS: f64 = 1.65;
/// Far over the ceiling, metres.
const FAR_M: f64 = 30.0;
/// An aircraft must be this far under the ceiling before the alert clears, metres.
const CLEAR_M: f64 = 3.0;

pub(super) fn assess(scene: &Scene<'_>, found: &mut Found) {
    let own = scene.own;
    let Some((ceiling_m, clause)) = ceiling(scene) else { return };
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
        severity: (over_m > 0.0).then_some(severity),
        measured: Figures::new().with("height_agl_m", agl_m).with("sigma_m", own.state.agl_sigma_m),
        limit: Figures::new().with("height_agl_m", ceiling_m),
        data: if own.state.hae_error_m > 0.0 { DataQuality::Uncertain } else { DataQuality::Good },
        ..Finding::of_itself(AlertCode::HeightLimit, severity, clause)
    });
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
