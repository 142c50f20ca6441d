//! Holds one value against the rule of its member.

use std::borrow::Cow;

use crate::domain::{Reason, Timestamp, whole};

use super::fields::Rule;
use super::sheet::{Slot, quote};

type Judged<'t> = Result<Slot<'t>, (Reason, String)>;

/// Heights as F3411 bounds them, metres; the lower end is its word for unknown.
const HEIGHT_UNKNOWN_M: f64 = -1000.0;
const HEIGHT_M_MAX: f64 = 31_767.5;
/// Most characters of a text member.
const TEXT_LEN_MAX: usize = 64;
/// Whole numbers up to here are exact as real numbers: 2⁵³.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

impl Rule {
    /// What the rule wants, for messages.
    pub(super) fn wanted(&self) -> String {
        match self {
            Self::Number { min, max } => format!("a number from {min} to {max}"),
            Self::Height => format!("a number from {HEIGHT_UNKNOWN_M} to {HEIGHT_M_MAX}"),
            Self::Bearing => "a number from 0 to below 360".into(),
            Self::Whole { min, max } => format!("a whole number from {min} to {max}"),
            Self::Text => format!("a text of 1 to {TEXT_LEN_MAX} characters"),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
            Self::Word(_) => "a word of its list".into(),
            Self::Crs => "WGS84 or CGCS2000".into(),
            Self::Time => "an RFC 3339 time or whole Unix milliseconds".into(),
            Self::Flag => "true or false".into(),
            Self::Plmn => "a network code of 5 or 6 digits".into(),
            Self::ListOf(_) => "a list of words".into(),
            Self::Cell => "an object".into(),
        }
    }

    /// Judges a whole number.
    pub(super) fn judge_whole<'t>(&self, value: i64) -> Judged<'t> {
        match self {
            Self::Number { .. } | Self::Height | Self::Bearing => self.judge_number(whole(value)),
            Self::Whole { min, max } if (*min..=*max).contains(&value) => Ok(Slot::Whole(value)),
            Self::Whole { .. } => Err(self.out_of_range(value)),
            Self::Plmn if (10_000..=999_999).contains(&value) => Ok(Slot::Checked),
            Self::Time => Ok(Slot::Time(Timestamp::from_millis(value))),
            Self::Text
            | Self::OneOf(_)
            | Self::Word(_)
            | Self::Crs
            | Self::Flag
            | Self::Plmn
            | Self::ListOf(_)
            | Self::Cell => Err(self.invalid(&format!("the number {value}"))),
        }
    }

    /// Judges a real number.
    pub(super) fn judge_number<'t>(&self, value: f64) -> Judged<'t> {
        let (min, max) = match self {
            Self::Number { min, max } => (*min, *max),
            Self::Height if value.total_cmp(&HEIGHT_UNKNOWN_M).is_eq() => return Ok(Slot::Absent),
            Self::Height => (HEIGHT_UNKNOWN_M, HEIGHT_M_MAX),
            Self::Bearing => (0.0, 360.0_f64.next_down()),
            // `3.0` is a whole number in JSON.
            Self::Whole { .. } | Self::Time | Self::Plmn
                if value.fract() == 0.0 && value.abs() <= EXACT_MAX =>
            {
                #[expect(
                    clippy::as_conversions,
                    clippy::cast_possible_truncation,
                    reason = "whole and below 2^53"
                )]
                return self.judge_whole(value as i64);
            }
            Self::Whole { .. } if EXACT_MAX < value.abs() => return Err(self.out_of_range(value)),
            Self::Whole { .. }
            | Self::Time
            | Self::Plmn
            | Self::Text
            | Self::OneOf(_)
            | Self::Word(_)
            | Self::Crs
            | Self::Flag
            | Self::ListOf(_)
            | Self::Cell => return Err(self.invalid(&format!("the number {value}"))),
        };
        if min <= value && value <= max { Ok(Slot::Number(value)) } else { Err(self.out_of_range(value)) }
    }

    /// Judges a text.
    pub(super) fn judge_text<'t>(&self, text: Cow<'t, str>) -> Judged<'t> {
        match self {
            Self::Text if !text.is_empty() && text.chars().count() <= TEXT_LEN_MAX => Ok(Slot::Text(text)),
            Self::OneOf(words) if words.contains(&&*text) => Ok(Slot::Text(text)),
            Self::Word(known) => match known(&text) {
                Ok(()) => Ok(Slot::Text(text)),
                // A known list follows the word in the library's text; a long word is not repeated.
                Err(_) if TEXT_LEN_MAX < text.len() => Err(self.invalid(&quote(&text))),
                Err(detail) => Err((Reason::InvalidValue, detail)),
            },
            Self::Crs if matches!(&*text, "WGS84" | "CGCS2000") => Ok(Slot::Checked),
            Self::Crs => Err((
                Reason::UnknownCrs,
                format!("{} is no system that a receiver yields; WGS84 or CGCS2000 is wanted", quote(&text)),
            )),
            Self::Time => match Timestamp::parse(&text) {
                Ok(at) => Ok(Slot::Time(at)),
                Err(_) => Err(self.invalid(&quote(&text))),
            },
            Self::Plmn if matches!(text.len(), 5 | 6) && text.bytes().all(|b| b.is_ascii_digit()) => {
                Ok(Slot::Checked)
            }
            Self::Number { .. }
            | Self::Height
            | Self::Bearing
            | Self::Whole { .. }
            | Self::Text
            | Self::OneOf(_)
            | Self::Flag
            | Self::Plmn
            | Self::ListOf(_)
            | Self::Cell => Err(self.invalid(&quote(&text))),
        }
    }

    /// The fault of a value of another kind.
    pub(super) fn invalid(&self, found: &str) -> (Reason, String) {
        (Reason::InvalidValue, format!("{found} where {} is wanted", self.wanted()))
    }

    fn out_of_range(&self, found: impl std::fmt::Display) -> (Reason, String) {
        (Reason::OutOfRange, format!("{found} where {} is wanted", self.wanted()))
    }
}
