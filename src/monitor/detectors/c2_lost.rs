//! `C2_LOST`: the aircraft says that its pilot cannot command it.

use crate::domain::{AlertCode, Severity};
use crate::monitor::finding::Finding;
use crate::monitor::scene::{Found, Scene};

pub(super) fn assess(scene: &Scene<'_>, found: &mut Found) {
    if scene.own.c2_lost == Some(true) {
        found.findings.push(Finding::of_itself(AlertCode::C2Lost, Severity::Warning, "c2_link=LOST"));
    }
}
