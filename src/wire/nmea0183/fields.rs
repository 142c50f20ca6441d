//! The fields of one sentence: strict decimals, times of day and positions.

use crate::domain::{LatLng, Reason, Refusal};

use super::clock::DAY_US;
use super::frame::Framed;

/// Most fields of a sentence that is read here.
const FIELDS_MAX: usize = 24;

/// The comma-separated fields of a sentence. Field 1 is the first after the address, as the standard counts.
pub(super) struct Fields<'a> {
    kind: &'a str,
    fields: [&'a str; FIELDS_MAX],
}

impl<'a> Fields<'a> {
    pub(super) fn of(framed: &Framed<'a>) -> Self {
        let mut fields = [""; FIELDS_MAX];
        for (place, field) in fields.iter_mut().zip(framed.data.split(',')) {
            *place = field.trim_ascii();
        }
        Self { kind: framed.kind, fields }
    }

    /// The text of a field; empty if it is not there.
    pub(super) fn text(&self, number: usize) -> &'a str {
        number.checked_sub(1).and_then(|at| self.fields.get(at)).copied().unwrap_or_default()
    }

    /// A refusal because of one field.
    pub(super) fn refusal(&self, reason: Reason, number: usize, wanted: &str) -> Refusal {
        let name = format!("{}.{number}", self.kind);
        Refusal::of_field(reason, name, format!("`{}` where {wanted} is wanted", self.text(number)))
    }

    /// A decimal number within a range; `None` if the field is empty.
    pub(super) fn number(&self, number: usize, min: f64, max: f64) -> Result<Option<f64>, Refusal> {
        let text = self.text(number);
        if text.is_empty() {
            return Ok(None);
        }
        let wanted = || format!("a number from {min} to {max}");
        let value = decimal(text).ok_or_else(|| self.refusal(Reason::InvalidValue, number, &wanted()))?;
        if min <= value && value <= max {
            return Ok(Some(value));
        }
        Err(self.refusal(Reason::OutOfRange, number, &wanted()))
    }

    /// The time of day `hhmmss.sss` in µs; `None` if the field is empty. A leap second counts as the last
    /// microsecond of its minute.
    pub(super) fn time_of_day_us(&self, number: usize) -> Result<Option<i64>, Refusal> {
        let text = self.text(number);
        if text.is_empty() {
            return Ok(None);
        }
        let fail = |reason| self.refusal(reason, number, "a time hhmmss.ss");
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let is_time = whole.len() == 6 && [whole, part].iter().all(|t| t.bytes().all(|b| b.is_ascii_digit()));
        if !is_time {
            return Err(fail(Reason::InvalidValue));
        }
        let two = |at: usize| whole.get(at..at + 2).and_then(|t| t.parse::<i64>().ok()).unwrap_or(i64::MAX);
        let (hour, minute, second) = (two(0), two(2), two(4));
        if 23 < hour || 59 < minute || 60 < second {
            return Err(fail(Reason::OutOfRange));
        }
        let minute_us = (hour * 60 + minute) * 60_000_000;
        let second_us = second * 1_000_000 + micros(part);
        let at = minute_us + second_us.min(59_999_999);
        Ok(Some(at.min(DAY_US - 1)))
    }

    /// The position in `number` … `number + 3`: ddmm.mmmm, N or S, dddmm.mmmm, E or W; `None` if all are empty.
    pub(super) fn position(&self, number: usize) -> Result<Option<LatLng>, Refusal> {
        if (number..number + 4).all(|field| self.text(field).is_empty()) {
            return Ok(None);
        }
        let lat = self.angle(number, 2, 90.0, ["N", "S"])?;
        let lng = self.angle(number + 2, 3, 180.0, ["E", "W"])?;
        let fail = |_| self.refusal(Reason::OutOfRange, number, "a position");
        LatLng::new(lat, lng).map(Some).map_err(fail)
    }

    fn angle(&self, number: usize, digits: usize, max: f64, sides: [&str; 2]) -> Result<f64, Refusal> {
        let text = self.text(number);
        if text.is_empty() {
            return Err(self.refusal(Reason::MissingField, number, "a position"));
        }
        let invalid = || self.refusal(Reason::InvalidValue, number, "degrees and minutes");
        let whole = text.split('.').next().unwrap_or_default();
        let (degrees, minutes) = text.split_at_checked(digits).ok_or_else(invalid)?;
        if whole.len() != digits + 2 || !degrees.bytes().all(|b| b.is_ascii_digit()) {
            return Err(invalid());
        }
        let (degrees, minutes) = decimal(degrees).zip(unsigned(minutes)).ok_or_else(invalid)?;
        let angle = degrees + minutes / 60.0;
        if 60.0 <= minutes || max < angle {
            let wanted = format!("at most {max} degrees and minutes below 60");
            return Err(self.refusal(Reason::OutOfRange, number, &wanted));
        }
        match self.text(number + 1) {
            side if side == sides[0] => Ok(angle),
            side if side == sides[1] => Ok(-angle),
            _ => {
                Err(self.refusal(Reason::InvalidValue, number + 1, &format!("{} or {}", sides[0], sides[1])))
            }
        }
    }
}

/// A plain decimal: digits, one point, a sign. Exponents, `inf` and `nan`, which number parsers take, are
/// damage here.
pub(super) fn decimal(text: &str) -> Option<f64> {
    match text.strip_prefix(['-', '+']) {
        Some(rest) if text.starts_with('-') => unsigned(rest).map(|value| -value),
        Some(rest) => unsigned(rest),
        None => unsigned(text),
    }
}

fn unsigned(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if plain { text.parse().ok() } else { None }
}

/// Decimals of a second in µs; what is finer is cut off.
fn micros(decimals: &str) -> i64 {
    decimals.bytes().chain(std::iter::repeat(b'0')).take(6).fold(0, |sum, b| sum * 10 + i64::from(b - b'0'))
}
