//! What operators do to alerts, on its way to the core.

use std::sync::Arc;

use crate::domain::{Alert, Timestamp};
use crate::monitor::Event;

/// A client takes note of an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct AckRequest {
    /// Which alert.
    pub alert_id: Arc<str>,
    /// Who.
    pub by: String,
    /// What they said.
    pub note: Option<String>,
    /// The alert as it was cleared, if it is over: the core has forgotten it.
    pub cleared: Option<Box<Alert>>,
}

/// An operator puts an alert aside, or takes it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelveRequest {
    /// Which alert.
    pub alert_id: Arc<str>,
    /// Who.
    pub by: String,
    /// Until when and why; `None`: it is taken back.
    pub shelf: Option<(Timestamp, String)>,
}

/// What operators do to alerts.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// Take note of one.
    Acknowledge(AckRequest),
    /// Put one aside, or take it back.
    Shelve(ShelveRequest),
}

impl From<Deed> for Event {
    fn from(deed: Deed) -> Self {
        match deed {
            Deed::Acknowledge(AckRequest { by, note, cleared: Some(cleared), .. }) => {
                Self::NotedAfterwards { cleared, by, note }
            }
            Deed::Acknowledge(AckRequest { alert_id, by, note, cleared: None }) => {
                Self::Acknowledged { alert_id, by, note }
            }
            Deed::Shelve(ShelveRequest { alert_id, by, shelf }) => Self::Shelved { alert_id, by, shelf },
        }
    }
}
