//! `TIME_SKEW`: the aircraft's clock is behind or ahead of ours by more than the 5 s that ASTM F3548-21 allows.

use crate::domain::{AlertCode, Severity};
use crate::monitor::finding::{Figures, Finding};
use crate::monitor::scene::{Found, Scene};

/// Allowed difference, seconds.
const SKEW_S: f64 = 5.0;

pub(super) fn assess(scene: &Scene<'_>, found: &mut Found) {
    let ahead_s = scene.own.ahead_s.filter(|ahead_s| SKEW_S < *ahead_s);
    // Positive is behind.
    let skew_s = ahead_s.map_or(scene.own.clock_s, |ahead_s| -ahead_s);
    if ahead_s.is_none() && skew_s <= SKEW_S {
        return;
    }
    // Reports that arrive too old are kept out of live checks and those of the future are refused, so that somebody has
    // to act.
    let (severity, clause) = match (ahead_s.is_some(), scene.own.live) {
        (true, _) => (Severity::Caution, "ahead"),
        (false, true) => (Severity::Advisory, "behind"),
        (false, false) => (Severity::Caution, "too-old-for-live-checks"),
    };
    found.findings.push(Finding {
        measured: Figures::new().with("skew_s", skew_s),
        limit: Figures::new().with("skew_s", SKEW_S),
        ..Finding::of_itself(AlertCode::TimeSkew, severity, clause)
    });
}
