//! The stream protocol as a state machine without sockets.
//!
//! ```text
//! AlertEvent ─► AlertLog (seq, encoded once) ─┐
//! TrackState ─► Picture  (version, encoded once) ─┼─► World ─► Session (cursor, scope) ─► Frame ─► text
//! heartbeat  ─► Pulse ────────────────────────┘               ▲
//!                                      the client's messages ─┘
//! ```
//!
//! There is no queue per client: a [`Session`] is a cursor into the one log, so that a client costs the
//! same however much is published, and being slow is nothing but a distance.
//!
//! **Invariant:** there is no socket, clock or thread here; the same inputs give the same frames.

mod delivery;
mod frames;
mod limit;
mod log;
mod picture;
mod scope;
mod session;

pub use delivery::{DISK_WAIT_S, Delivery, Release};
pub use frames::{Frame, Text, error_frame, to_json};
pub use limit::Burst;
pub use log::{AlertLog, LoggedEvent, Retention};
pub use picture::{PathPoint, Picture, Track};
pub use scope::{AlertScope, ClientMessage, Subscription, TrackScope};
pub use session::{AckRequest, PROTOCOL, Session, SessionLimits, Welcome};

use crate::domain::Timestamp;

/// Sign of life of the path that evaluates.
#[derive(Debug, Clone)]
pub struct Pulse {
    /// Counts up; a session sends each at most once.
    pub number: u64,
    /// When the evaluating path was well.
    pub now: Timestamp,
    /// Newest alert event then.
    pub seq: u64,
    /// The frame.
    pub text: Text,
}

impl Pulse {
    /// The pulse after `before`, from an evaluating path that is `lag_ms` behind its input.
    pub fn new(before: Option<&Self>, now: Timestamp, seq: u64, lag_ms: u64) -> Self {
        let number = before.map_or(1, |pulse| pulse.number.saturating_add(1));
        Self { number, now, seq, text: frames::heartbeat(now, seq, lag_ms) }
    }
}

/// All that a session reads.
#[derive(Debug, Default)]
pub struct World {
    /// What happened.
    pub log: AlertLog,
    /// What flies.
    pub picture: Picture,
    /// The newest sign of life.
    pub pulse: Option<Pulse>,
}
