//! `LOW_BATTERY`: little charge left, by the aircraft's own word.

use crate::domain::{AlertCode, Severity};
use crate::monitor::finding::{Figures, Finding};
use crate::monitor::scene::{Found, Scene};

/// Charge below this share of the limit is worse.
pub const LOW_BATTERY_URGENT_SHARE: f64 = 0.5;

pub(super) fn assess(scene: &Scene<'_>, found: &mut Found) {
    let limit_pct = scene.rules.settings.limits.battery_pct;
    let Some(charge_pct) = scene.own.battery_pct.filter(|&pct| pct < limit_pct && !scene.own.on_ground())
    else {
        return;
    };
    let severity = if charge_pct < limit_pct * LOW_BATTERY_URGENT_SHARE {
        Severity::Caution
    } else {
        Severity::Advisory
    };
    found.findings.push(Finding {
        measured: Figures::new().with("battery_pct", charge_pct),
        limit: Figures::new().with("battery_pct", limit_pct),
        ..Finding::of_itself(AlertCode::LowBattery, severity, "battery_pct")
    });
}
