//! Where everything has been: every accepted observation of the last hours, on disk in segments of a minute.
//!
//! ```text
//! Arrived ─► Recorder ─► one writer thread, a few milliseconds' worth at once ─► var/history/2026-11-23T01-05.obs
//!                                                                                    │
//!                                    Reader::between, Reader::newest ◄───────────────┘
//! ```
//!
//! A segment is self-contained: a sequence of blocks, each with its length and its checksum, so that a torn or
//! damaged one is found, named and stepped over. Blocks of ten seconds share a dictionary of what does not change
//! from report to report; damage costs no more than what those ten seconds say of the aircraft first named in it.
//!
//! Nobody waits for this disk: when it is behind, observations are dropped and counted. They are written without a
//! sync: the death of the process takes nothing, that of the machine the last seconds.

mod block;
mod bytes;
mod newest;
mod reader;
mod record;
mod recorder;
mod segment;

pub use reader::{Reader, Remembered, Span};
pub use recorder::{Figures, HistorySettings, Recorder, Standing};

use crate::domain::{Observation, Timestamp};

/// An observation and when it arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrived {
    /// When its message arrived.
    pub received_at: Timestamp,
    /// What was seen.
    pub observation: Observation,
}
