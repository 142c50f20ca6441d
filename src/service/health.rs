//! Whether the parts of the service do their work, with reasons.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::domain::Timestamp;

/// How a part does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should.
    Ok,
    /// It works, but somebody should look.
    Degraded,
    /// It does not; the service is not ready.
    Failed,
}

impl Status {
    /// The name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
        }
    }
}

/// A part of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The MQTT connection and its subscriptions.
    Broker,
    /// What the broker's settings would lose.
    BrokerSettings,
    /// What comes in: as usual, or quiet and known to be.
    Input,
    /// The authority's zones.
    Zones,
    /// The path from a report to its alerts.
    Evaluation,
    /// What must survive a restart.
    Journal,
    /// What keeps the positions.
    History,
    /// The service's own test flights.
    Canary,
    /// The system's clock and those of the sources.
    Clock,
}

impl Part {
    /// The name in answers and figures.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Broker => "broker",
            Self::BrokerSettings => "broker_settings",
            Self::Input => "input",
            Self::Zones => "zones",
            Self::Evaluation => "evaluation",
            Self::Journal => "journal",
            Self::History => "history",
            Self::Canary => "canary",
            Self::Clock => "clock",
        }
    }
}

/// A part's condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// How it does.
    pub status: Status,
    /// Why, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// The conditions of all parts. A part of which nothing was heard yet counts as failed.
#[derive(Debug)]
pub struct Health {
    parts: Mutex<BTreeMap<Part, Condition>>,
}

impl Health {
    /// A service that starts: what must be heard of before it is ready is awaited.
    pub fn starting(now: Timestamp) -> Self {
        let awaited =
            |reason: &str| Condition { status: Status::Failed, reason: Some(reason.into()), since: now };
        let parts = BTreeMap::from([
            (Part::Broker, awaited("not connected yet")),
            (Part::Zones, awaited("not loaded yet")),
            (Part::Input, awaited("not looked at yet")),
            // The first one takes some seconds, in which the service already works.
            (
                Part::Canary,
                Condition { status: Status::Degraded, ..awaited("no test flight has come through yet") },
            ),
        ]);
        Self { parts: Mutex::new(parts) }
    }

    /// Notes how a part does; the time since when is kept while its status stays.
    pub fn set(&self, part: Part, status: Status, reason: Option<String>, now: Timestamp) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let before = parts.get(&part).filter(|before| before.status == status);
        let since = before.map_or(now, |before| before.since);
        parts.insert(part, Condition { status, reason, since });
    }

    /// How the part does that does worst.
    pub fn worst(&self) -> Status {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.values().map(|condition| condition.status).max().unwrap_or(Status::Ok)
    }

    /// All parts as they are.
    pub fn parts(&self) -> BTreeMap<Part, Condition> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
