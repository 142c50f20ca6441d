//! Identities: checked once at the door, trusted and cheap to copy afterwards.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Most characters of an identity. ANSI/CTA-2063-A serial numbers and GB 46860 product codes have up to 20;
/// a sensed track's name joins a station and a target.
const IDENT_LEN_MAX: usize = 64;

/// What identities of the service's own test flights and their zones begin with.
const CANARY_NAMESPACE: &str = "canary:";
/// Operator of the service's own test flights.
const CANARY_OPERATOR: &str = "_canary";

/// Why a text cannot be an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentError {
    /// Nothing is there.
    #[error("identity is empty")]
    Empty,
    /// Longer than 64 characters.
    #[error("identity has over {IDENT_LEN_MAX} characters")]
    TooLong,
    /// A blank, a control or non-ASCII character, or one that separates MQTT topic levels.
    #[error("identity may hold visible ASCII characters without / + #")]
    BadCharacter,
}

fn check(text: &str) -> Result<(), IdentError> {
    if text.is_empty() {
        return Err(IdentError::Empty);
    }
    if text.len() > IDENT_LEN_MAX {
        return Err(IdentError::TooLong);
    }
    // Look-alike letters of other scripts could pass for another aircraft in an operator's list.
    if text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b'+' | b'#')) {
        Ok(())
    } else {
        Err(IdentError::BadCharacter)
    }
}

macro_rules! identity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks `text` and makes it an identity.
            pub fn new(text: &str) -> Result<Self, IdentError> {
                check(text)?;
                Ok(Self(Arc::from(text)))
            }

            /// The identity as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdentError;
            fn try_from(text: String) -> Result<Self, IdentError> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().into()
            }
        }
    };
}

identity! {
    /// An unmanned (or other) aircraft: serial number, UPIC 唯一产品识别码, session id or `sensed:…`.
    UasId
}
identity! {
    /// Who operates an aircraft and publishes its telemetry: one MQTT topic level.
    OperatorId
}

/// One level of an MQTT topic as its publisher wrote it, to answer there who has no identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct TopicLevel(Arc<str>);

/// Most bytes of a topic level that is answered.
const LEVEL_LEN_MAX: usize = 256;

impl TopicLevel {
    /// The level, unless it is too long or a broker would not take it: wildcards and control characters, which MQTT
    /// forbids or lets a broker refuse.
    pub fn new(text: &str) -> Option<Self> {
        let is_taken = |c: char| !matches!(c, '/' | '+' | '#') && !c.is_control();
        (text.len() <= LEVEL_LEN_MAX && text.chars().all(is_taken)).then(|| Self(Arc::from(text)))
    }
}

impl std::fmt::Display for TopicLevel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&UasId> for TopicLevel {
    fn from(id: &UasId) -> Self {
        Self(Arc::clone(&id.0))
    }
}

impl From<&OperatorId> for TopicLevel {
    fn from(id: &OperatorId) -> Self {
        Self(Arc::clone(&id.0))
    }
}

impl UasId {
    /// Whether this is one of the service's own test flights, which no real aircraft may meet.
    pub fn is_canary(&self) -> bool {
        self.0.starts_with(CANARY_NAMESPACE)
    }
}

impl OperatorId {
    /// Whether this is the service itself, for its test flights.
    pub fn is_canary(&self) -> bool {
        &*self.0 == CANARY_OPERATOR
    }
}

/// A zone's `identifier` (ED-318); any text up to 64 characters, as published files use blanks and accents.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ZoneId(Arc<str>);

impl ZoneId {
    /// Makes a zone identifier. The zone reader has checked its length.
    pub fn new(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this zone is for the service's own test flights only.
    pub fn is_canary(&self) -> bool {
        self.0.starts_with(CANARY_NAMESPACE)
    }
}

impl std::fmt::Display for ZoneId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_visible_ascii_without_topic_separators() {
        assert!(UasId::new("1581F5BKD23A00CY001").is_ok());
        assert!(UasId::new("sensed:S1:42").is_ok());
        for (bad, why) in [
            ("", IdentError::Empty),
            ("a b", IdentError::BadCharacter),
            ("a/b", IdentError::BadCharacter),
            ("a+", IdentError::BadCharacter),
            ("#", IdentError::BadCharacter),
            ("\u{430}", IdentError::BadCharacter),
        ] {
            assert_eq!(UasId::new(bad), Err(why), "{bad}");
        }
        assert_eq!(UasId::new(&"x".repeat(65)), Err(IdentError::TooLong));
    }

    #[test]
    fn a_level_is_answered_if_a_broker_takes_it() {
        for good in ["", "SP 1", "无人机", "UAS-1", &"x".repeat(256)] {
            assert_eq!(TopicLevel::new(good).map(|level| level.to_string()).as_deref(), Some(good));
        }
        for bad in ["a/b", "+", "a#", "\0", "a\u{7f}", "\u{85}", &"x".repeat(257)] {
            assert!(TopicLevel::new(bad).is_none(), "{bad:?}");
        }
    }
}
