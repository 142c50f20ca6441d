//! `EMERGENCY`: the aircraft says that it is in an emergency.

use crate::domain::{AlertCode, OperationalStatus, Severity};
use crate::monitor::finding::Finding;
use crate::monitor::scene::{Found, Scene};

pub(super) fn assess(scene: &Scene<'_>, found: &mut Found) {
    if scene.own.status == OperationalStatus::Emergency {
        let clause = "operational_status=EMERGENCY";
        found.findings.push(Finding::of_itself(AlertCode::Emergency, Severity::Critical, clause));
    }
}
