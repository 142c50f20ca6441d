//! Why a message did not enter the picture. Every refusal has a reason, is counted, and is told.

use serde::Serialize;

/// Why something was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// Over the size limit.
    TooLarge,
    /// Not text, not JSON, not a sentence: the bytes mean nothing.
    Malformed,
    /// A wrong NMEA checksum.
    Checksum,
    /// A required field is missing.
    MissingField,
    /// A field of the wrong type or an unknown enumeration value.
    InvalidValue,
    /// A number outside its range, NaN or infinite.
    OutOfRange,
    /// Latitude and longitude both zero: a receiver without a fix.
    NullIsland,
    /// The receiver says that it has no valid position.
    NoFix,
    /// The payload's identity is not the topic's.
    IdentityMismatch,
    /// The coordinate system is unknown or shifted (GCJ-02, BD-09).
    UnknownCrs,
    /// More than 2 s in the future.
    Future,
    /// Older than 24 h.
    TooOld,
    /// A stored copy that the broker kept: a ghost of the past.
    Retained,
    /// No such topic.
    UnknownTopic,
    /// Outside the configured service area.
    OutsideArea,
    /// The table of aircraft is full.
    TrackLimit,
    /// The table of intents is full.
    IntentLimit,
    /// A name that is kept for the service's own test flights.
    Reserved,
}

impl Reason {
    /// Every reason, in the order of metrics.
    pub const ALL: [Self; 18] = [
        Self::TooLarge,
        Self::Malformed,
        Self::Checksum,
        Self::MissingField,
        Self::InvalidValue,
        Self::OutOfRange,
        Self::NullIsland,
        Self::NoFix,
        Self::IdentityMismatch,
        Self::UnknownCrs,
        Self::Future,
        Self::TooOld,
        Self::Retained,
        Self::UnknownTopic,
        Self::OutsideArea,
        Self::TrackLimit,
        Self::IntentLimit,
        Self::Reserved,
    ];

    /// The name in messages and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooLarge => "TOO_LARGE",
            Self::Malformed => "MALFORMED",
            Self::Checksum => "CHECKSUM",
            Self::MissingField => "MISSING_FIELD",
            Self::InvalidValue => "INVALID_VALUE",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::NullIsland => "NULL_ISLAND",
            Self::NoFix => "NO_FIX",
            Self::IdentityMismatch => "IDENTITY_MISMATCH",
            Self::UnknownCrs => "UNKNOWN_CRS",
            Self::Future => "FUTURE",
            Self::TooOld => "TOO_OLD",
            Self::Retained => "RETAINED",
            Self::UnknownTopic => "UNKNOWN_TOPIC",
            Self::OutsideArea => "OUTSIDE_AREA",
            Self::TrackLimit => "TRACK_LIMIT",
            Self::IntentLimit => "INTENT_LIMIT",
            Self::Reserved => "RESERVED",
        }
    }
}

/// One refused message, or one refused element of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The field at fault, as the format names it (`lat`, `nr.pci`, `GGA.6`).
    pub field: Option<String>,
    /// What a person can act on, one sentence in English: what was found and what is wanted.
    pub detail: String,
}

impl Refusal {
    /// A refusal of a whole message.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, field: None, detail: detail.into() }
    }

    /// A refusal because of one field.
    pub fn of_field(reason: Reason, field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { reason, field: Some(field.into()), detail: detail.into() }
    }
}
