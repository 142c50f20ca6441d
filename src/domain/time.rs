//! Instants in whole microseconds of UTC. Time is data: nothing here reads a clock.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::numeric::whole;

/// An instant, in microseconds since 1970-01-01T00:00:00Z, leap seconds not counted (as Unix time).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// A text that is not an RFC 3339 instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an RFC 3339 time such as 2026-11-22T08:00:00.250Z")]
pub struct ParseTimestampError(pub String);

impl Timestamp {
    /// The instant `micros` microseconds after the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The instant `millis` milliseconds after the Unix epoch; saturates.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1000))
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the Unix epoch, towards the past.
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Seconds from `earlier` to this instant; negative if `earlier` is later.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        whole(self.0.saturating_sub(earlier.0)) / 1e6
    }

    /// This instant moved by `seconds`, which may be negative; saturates.
    #[must_use]
    pub fn plus_seconds(self, seconds: f64) -> Self {
        #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "a float cast saturates")]
        let micros = (seconds * 1e6).round() as i64;
        Self(self.0.saturating_add(micros))
    }

    /// This instant moved by `micros` microseconds; saturates.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Reads an RFC 3339 instant with any offset and up to nine decimals of a second.
    pub fn parse(text: &str) -> Result<Self, ParseTimestampError> {
        let parsed: jiff::Timestamp =
            text.parse().map_err(|_ignored| ParseTimestampError(text.chars().take(64).collect()))?;
        Ok(Self(parsed.as_microsecond()))
    }
}

impl std::fmt::Display for Timestamp {
    /// RFC 3339 with milliseconds and `Z`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match jiff::Timestamp::from_millisecond(self.as_millis()) {
            Ok(instant) => write!(f, "{instant:.3}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    /// Accepts RFC 3339 text or whole Unix milliseconds.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Timestamp;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an RFC 3339 time or whole Unix milliseconds")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timestamp, E> {
                Timestamp::parse(text).map_err(E::custom)
            }
            fn visit_i64<E: serde::de::Error>(self, millis: i64) -> Result<Timestamp, E> {
                Ok(Timestamp::from_millis(millis))
            }
            fn visit_u64<E: serde::de::Error>(self, millis: u64) -> Result<Timestamp, E> {
                i64::try_from(millis).map(Timestamp::from_millis).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let at = Timestamp::parse("2026-11-22T16:00:00.2315+08:00").unwrap();
        assert_eq!(at.as_micros(), 1_795_334_400_231_500);
        assert_eq!(at.to_string(), "2026-11-22T08:00:00.231Z");
        assert!(Timestamp::parse("yesterday").is_err());
    }

    #[test]
    fn arithmetic_saturates() {
        let end = Timestamp::from_micros(i64::MAX);
        assert_eq!(end.plus_seconds(1e30), end);
        assert!(Timestamp::from_micros(i64::MIN).seconds_since(end) < 0.0);
    }
}
