//! `TIME_SKEW`: the aircraft's clock is behind ours by more than the 5 s that ASTM F3548-21 allows.

use crate::domain::{AlertCode, Severity};
use crate::monitor::finding::{Figures, Finding};
use crate::monitor::scene::{Found, Scene};

/// Allowed difference, seconds.
const SKEW_S: f64 = 5.0;

pub(super) fn assess(scene: &Scene<'_>, found: &mut Found) {
    let skew_s = scene.own.skew_s;
    if skew_s <= SKEW_S {
        return;
    }
    // Reports that arrive too old are kept out of live checks, so that somebody has to act.
    let (severity, clause) = if scene.own.live {
        (Severity::Advisory, "behind")
    } else {
        (Severity::Caution, "too-old-for-live-checks")
    };
    found.findings.push(Finding {
        measured: Figures::new().with("skew_s", skew_s),
        limit: Figures::new().with("skew_s", SKEW_S),
        ..Finding::of_itself(AlertCode::TimeSkew, severity, clause)
    });
}
