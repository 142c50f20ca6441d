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

    /// Reads an RFC 3339 instant with any offset; decimals of a second after the ninth are cut.
    pub fn parse(text: &str) -> Result<Self, ParseTimestampError> {
        let wrong = || ParseTimestampError(text.chars().take(64).collect());
        let decimals = decimals(text.as_bytes()).ok_or_else(wrong)?;
        let parsed: Result<jiff::Timestamp, _> = match text.split_at_checked(SECONDS_END + 1 + DECIMALS_MAX) {
            Some((head, _)) if DECIMALS_MAX < decimals => {
                let offset = text.get(SECONDS_END + 1 + decimals..).unwrap_or_default();
                format!("{head}{offset}").parse()
            }
            _ => text.parse(),
        };
        Ok(Self(parsed.map_err(|_ignored| wrong())?.as_microsecond()))
    }

    /// Reads an instant in a form that ISO 8601 allows beyond RFC 3339, such as one without seconds.
    pub fn parse_iso8601(text: &str) -> Option<Self> {
        Some(Self(text.parse::<jiff::Timestamp>().ok()?.as_microsecond()))
    }
}

/// Where the whole seconds of `2026-11-22T08:00:00` end.
const SECONDS_END: usize = 19;
/// Decimals of a second that are read.
const DECIMALS_MAX: usize = 9;

/// How many decimals of a second a text of the form that RFC 3339 §5.6 fixes has; `None` if it has another form. ISO 8601
/// knows many more. As the RFC allows, letters may be small and a blank may stand for the `T`.
fn decimals(text: &[u8]) -> Option<usize> {
    let (seconds, rest) = text.split_at_checked(SECONDS_END)?;
    let is_form = |text: &[u8], form: &[u8]| {
        let fits = |(byte, wanted): (&u8, &u8)| match wanted {
            b'0' => byte.is_ascii_digit(),
            b'T' => matches!(byte, b'T' | b't' | b' '),
            _ => byte == wanted,
        };
        text.len() == form.len() && text.iter().zip(form).all(fits)
    };
    let (decimals, offset) = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let count = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            (count, fraction.get(count..).filter(|_| 0 < count)?)
        }
        None => (0, rest),
    };
    let is_offset = matches!(offset, b"Z" | b"z") || is_form(offset, b"+00:00") || is_form(offset, b"-00:00");
    (is_form(seconds, b"0000-00-00T00:00:00") && is_offset).then_some(decimals)
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
    fn the_form_of_rfc_3339_and_no_other() {
        let whole = Timestamp::parse("2026-11-29T18:03:18Z").unwrap();
        for same in [
            "2026-11-29t18:03:18z",
            "2026-11-29 18:03:18Z",
            "2026-11-29T18:03:18-00:00",
            "2026-11-30T02:03:18+08:00",
            "2026-11-29T18:03:18.0Z",
            "2026-11-29T18:03:18.0000009999999999Z",
        ] {
            assert_eq!(Timestamp::parse(same), Ok(whole), "{same}");
        }
        let finest = Timestamp::parse("2026-11-30T02:03:18.123456789012345678+08:00").unwrap();
        assert_eq!(finest, whole.plus_micros(123_456));
        for other in [
            "",
            "20261129T180318Z",
            "2026-11-29T18Z",
            "2026-11-29T18:03Z",
            "2026-11-29T18:03:18",
            "2026-11-29T18:03:18+0800",
            "2026-11-29T18:03:18+08",
            "2026-11-29T18:03:18+08:00[Asia/Shanghai]",
            "2026-11-29T18:03:18,5Z",
            "2026-11-29T18:03:18.Z",
            "2026-11-29T18:03:18.5",
            "2026-11-29T18:03:18\u{2212}08:00",
            "+002026-11-29T18:03:18Z",
            "2026-11-31T18:03:18Z",
            "2026-11-29T25:03:18Z",
            "2026-11-29T18:03:18+99:00",
            " 2026-11-29T18:03:18Z",
            "２０２６-11-29T18:03:18Z",
        ] {
            assert!(Timestamp::parse(other).is_err(), "{other}");
        }
    }

    #[test]
    fn arithmetic_saturates() {
        let end = Timestamp::from_micros(i64::MAX);
        assert_eq!(end.plus_seconds(1e30), end);
        assert!(Timestamp::from_micros(i64::MIN).seconds_since(end) < 0.0);
    }
}
