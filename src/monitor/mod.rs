//! The core: `(state, event) -> effects`.
//!
//! ```text
//! Event ─► tracks ─► sky ─► detectors ─► Finding ─► ledger ─► Effect
//! ```
//!
//! **Invariant:** `now` never moves back, whatever the sources claim. There is no clock, no I/O, no
//! randomness and no unordered iteration here: the same events give the same effects.

mod contract;
mod settings;

pub use contract::{Assessment, Effect, Event, LevelTimes, TrackFreshness, TrackState};
pub use settings::{Level, Lifecycle, Limits, Party, Separation, Settings, Terrain, default_separation};

use crate::domain::Timestamp;

/// The monitor.
#[derive(Debug)]
pub struct Monitor;

impl Monitor {
    /// A monitor of an empty sky.
    pub fn new(_settings: Settings) -> Self {
        Self
    }

    /// Advances to `at`, applies `event` and appends what must be done to `effects`.
    pub fn handle(&mut self, _at: Timestamp, _event: Event, _effects: &mut Vec<Effect>) {}
}
