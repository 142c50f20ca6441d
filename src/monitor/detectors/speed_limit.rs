//! `SPEED_LIMIT`: faster over ground than the class may fly (Order 761 Art. 62), accuracy in the pilot's favour.
//!
//! The law limits airspeed; ground speed only indicates it, which is why this is never more than a caution.

use crate::domain::{AlertCode, Severity, UaClass};
use crate::monitor::finding::{Figures, Finding};
use crate::monitor::scene::{Found, Scene};

pub(super) fn assess(scene: &Scene<'_>, found: &mut Found) {
    let limits = &scene.rules.settings.limits;
    let (limit_mps, clause) = match scene.own.ua_class {
        Some(UaClass::Micro) => (limits.speed_micro_mps, "MICRO"),
        Some(UaClass::Light) => (limits.speed_light_mps, "LIGHT"),
        Some(UaClass::Small | UaClass::Medium | UaClass::Large | UaClass::Agricultural | UaClass::Manned)
        | None => return,
    };
    let Some(speed_mps) = scene.own.ground_speed_mps.filter(|_| scene.own.live) else { return };
    if speed_mps - scene.own.accuracy.speed_mps.unwrap_or(0.0) <= limit_mps {
        return;
    }
    found.findings.push(Finding {
        measured: Figures::new().with("ground_speed_mps", speed_mps),
        limit: Figures::new().with("ground_speed_mps", limit_mps),
        ..Finding::of_itself(AlertCode::SpeedLimit, Severity::Caution, clause)
    });
}
