//! `LOST_LINK`: no report for three periods, at least 5 s; worse after 15 s in the air.

use crate::domain::{AlertCode, DataQuality, Severity};
use crate::monitor::finding::{Figures, Finding};
use crate::monitor::scene::{Found, Scene};

/// Silence in the air after which it is worse, seconds.
pub(in crate::monitor) const WORSE_S: f64 = 15.0;

/// Time is counted in such steps: a look at the very instant at which the limit is reached must find it reached.
const CLOCK_STEP_S: f64 = 1e-6;

pub(super) fn assess(scene: &Scene<'_>, found: &mut Found) {
    let silent_s = scene.now.seconds_since(scene.own.heard_at) - scene.own.deaf_s;
    let limit_s = scene.own.silence_s();
    if silent_s + CLOCK_STEP_S < limit_s {
        return;
    }
    // An aircraft that said that it has landed may fall silent; in the air it may not.
    let worse = WORSE_S.max(limit_s) <= silent_s + CLOCK_STEP_S && !scene.own.on_ground();
    let severity = if worse { Severity::Warning } else { Severity::Advisory };
    found.findings.push(Finding {
        measured: Figures::new().with("silent_s", silent_s),
        limit: Figures::new().with("silent_s", limit_s),
        data: DataQuality::Coasted,
        ..Finding::of_itself(AlertCode::LostLink, severity, "silence")
    });
}
