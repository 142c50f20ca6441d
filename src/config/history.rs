//! `[history]`: where everything has been.

use serde::{Deserialize, Serialize};

/// The observations of the last hours, in the folder `history` of the journal's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct History {
    /// Whether they are kept: for replay, for trying changes of zones out, and for positions over a restart.
    pub enabled: bool,
    /// Hours that they are kept.
    pub keep_hours: u32,
    /// Most megabytes that they take; the oldest go first.
    pub max_mb: u32,
}

impl Default for History {
    fn default() -> Self {
        Self { enabled: true, keep_hours: 24, max_mb: 2048 }
    }
}

impl History {
    /// What is wrong, with the key that it begins with.
    pub(super) fn fault(&self) -> Option<&'static str> {
        if !(1..=87_600).contains(&self.keep_hours) {
            return Some("keep_hours: must be from 1 to 87,600 hours");
        }
        (self.max_mb < 64).then_some("max_mb: must be 64 or more; a minute of a large fleet takes 30")
    }

    /// The bound in bytes.
    pub fn bytes_max(&self) -> u64 {
        u64::from(self.max_mb) * 1_000_000
    }
}
