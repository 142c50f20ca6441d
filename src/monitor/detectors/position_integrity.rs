//! `POSITION_INTEGRITY`: reports that contradict each other. The aircraft is still checked for everything
//! else: suspicion never hides a conflict.

use crate::domain::{AlertCode, Severity};
use crate::monitor::finding::{Figures, Finding};
use crate::monitor::scene::{Found, Scene};

/// Reports running that must disagree before a speed mismatch is told.
const MISMATCHES: u8 = 3;

pub(super) fn assess(scene: &Scene<'_>, found: &mut Found) {
    let own = scene.own;
    if let Some(jump) = own.jump {
        let clause = if jump.speed_mps.is_some() { "jump" } else { "two-places" };
        found.findings.push(Finding {
            measured: Figures::new()
                .with("jump_m", jump.distance_m)
                .with_known("implied_speed_mps", jump.speed_mps),
            ..Finding::of_itself(AlertCode::PositionIntegrity, Severity::Caution, clause)
        });
    } else if MISMATCHES <= own.mismatches {
        found.findings.push(Finding {
            measured: Figures::new()
                .with("derived_speed_mps", own.derived_mps)
                .with_known("reported_speed_mps", own.ground_speed_mps),
            ..Finding::of_itself(AlertCode::PositionIntegrity, Severity::Caution, "speed-mismatch")
        });
    }
}
