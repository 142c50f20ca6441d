//! The words of UAS geographical zones (ED-318, ED-269).

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// What a zone asks of an aircraft, from the mildest to the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Restriction {
    /// Nothing.
    #[serde(rename = "NO_RESTRICTION")]
    NoRestriction,
    /// U-space services are required; not a keep-out zone.
    #[serde(rename = "USPACE")]
    USpace,
    /// Allowed under conditions.
    #[serde(rename = "CONDITIONAL")]
    Conditional,
    /// Needs an authorisation.
    #[serde(rename = "REQ_AUTHORIZATION")]
    RequiresAuthorization,
    /// Forbidden.
    #[serde(rename = "PROHIBITED")]
    Prohibited,
}

/// Why a zone exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names of ED-318 and ED-269")]
pub enum ZoneReason {
    AirTraffic,
    Sensitive,
    Privacy,
    Population,
    Nature,
    Noise,
    Emergency,
    Dar,
    ForeignTerritory,
    Other,
}

/// A span of time, half open: the start belongs to it, the end does not. `None` is unbounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Period {
    /// From, included.
    pub start: Option<Timestamp>,
    /// Until, excluded.
    pub end: Option<Timestamp>,
}

impl Period {
    /// Whether `at` is within.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start.is_none_or(|start| start <= at) && self.end.is_none_or(|end| at < end)
    }
}
