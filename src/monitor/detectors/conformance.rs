//! `CONFORMANCE`: flown outside every volume of the intent that it flies (ASTM F3548-21).
//!
//! Over 10 s outside it is non-conforming, over 60 s contingent. A height that cannot be known exactly gets the benefit of
//! the doubt: the alert says that the aircraft is outside, not that it may be.

use crate::domain::{AlertCode, DataQuality, Severity};
use crate::monitor::finding::{Figures, Finding};
use crate::monitor::scene::{Found, Scene};

/// Seconds outside after which a flight does not conform, and after which it is not expected to any more.
const NONCONFORMING_S: f64 = 10.0;
const CONTINGENT_S: f64 = 60.0;

pub(super) fn assess(scene: &Scene<'_>, found: &mut Found) {
    let Some(astray) = scene.own.astray.as_ref().filter(|astray| astray.back_at.is_none()) else { return };
    let outside_s = scene.zones_at.seconds_since(astray.since);
    let (severity, clause, limit_s) = if CONTINGENT_S < outside_s {
        (Severity::Critical, "CONTINGENT", CONTINGENT_S)
    } else if NONCONFORMING_S < outside_s {
        (Severity::Warning, "NONCONFORMING", NONCONFORMING_S)
    } else {
        return;
    };
    found.findings.push(Finding {
        measured: Figures::new()
            .with("outside_s", outside_s)
            .with_known("height_agl_m", scene.own.state.agl_m),
        limit: Figures::new().with("outside_s", limit_s),
        data: if scene.coasted() { DataQuality::Coasted } else { DataQuality::Good },
        ..Finding::of_itself(AlertCode::Conformance, severity, clause)
    });
}
