//! The stream protocol as a state machine without sockets.
//!
//! ```text
//! AlertEvent ─► AlertLog (seq, encoded once) ─┐
//! TrackState ─► Picture  (version, encoded once) ─┼─► World ─► Session (cursor, scope) ─► Frame ─► text
//! heartbeat  ─► Pulse ────────────────────────┘             ▲   ▲
//!                                    the client's messages ─┘   └─ history, page by page as it asks for it
//! ```
//!
//! There is no queue per client: a [`Session`] is a cursor into the one log, so that a client costs the
//! same however much is published, and being slow is nothing but a distance.
//!
//! **Invariant:** there is no socket, clock or thread here; the same inputs give the same frames.

mod deed;
mod delivery;
mod feed;
mod frames;
mod limit;
mod log;
mod picture;
mod pulse;
mod scope;
mod session;

pub use deed::{AckRequest, Deed, ShelveRequest};
pub use delivery::{DISK_WAIT_S, Delivery, Release};
pub use frames::{Frame, Text, error_frame, to_json};
pub use limit::Burst;
pub use log::{AlertLog, LoggedEvent, Retention};
pub use picture::{PathPoint, Picture, Track};
pub use pulse::{Pulse, Vitals};
pub use scope::{ALWAYS_MAX, AlertScope, ClientMessage, NOTE_LEN_MAX, ResumePoint, Subscription, TrackScope};
pub use session::{Next, PROTOCOL, Recorded, Session, SessionLimits, Welcome};

/// All that a session reads.
#[derive(Debug, Default)]
pub struct World {
    /// What happened.
    pub log: AlertLog,
    /// What flies.
    pub picture: Picture,
    /// The newest sign of life.
    pub pulse: Option<Pulse>,
    /// Events up to this one are safe on disk.
    pub durable_seq: u64,
    /// Number of the oldest event in the journal; `None` without one.
    pub recorded_from: Option<u64>,
}

impl World {
    /// Number of the oldest event that a client can still be told.
    pub fn oldest_seq(&self) -> u64 {
        let oldest = self.log.oldest_seq();
        self.recorded_from.map_or(oldest, |recorded| recorded.min(oldest))
    }
}
