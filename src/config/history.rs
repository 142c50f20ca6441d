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
    /// The bound in bytes.
    pub fn bytes_max(&self) -> u64 {
        u64::from(self.max_mb) * 1_000_000
    }
}
