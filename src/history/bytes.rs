//! Numbers and texts as bytes, small ones short, and back without trust in what is read.

use crate::domain::whole;

/// Whole numbers up to here are exact as real numbers: 2⁵³.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// Appends a whole number, seven bits a byte, the lowest first.
pub(super) fn put_count(out: &mut Vec<u8>, mut count: u64) {
    loop {
        let [low, ..] = count.to_le_bytes();
        count >>= 7;
        if count == 0 {
            return out.push(low & 0x7f);
        }
        out.push(low | 0x80);
    }
}

/// Appends a whole number with a sign: numbers near zero are short.
pub(super) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_count(out, number.wrapping_shl(1).cast_unsigned() ^ (number >> 63).cast_unsigned());
}

/// Appends a real number exactly: as a whole number of `1 / scale` if it is one, else as it is.
pub(super) fn put_real(out: &mut Vec<u8>, value: f64, scale: f64) {
    let scaled = (value * scale).round();
    if scaled.abs() < EXACT_MAX / 4.0 {
        #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "whole and below 2^53")]
        let number = scaled as i64;
        if (whole(number) / scale).to_bits() == value.to_bits() {
            // The lowest bit tells the two apart.
            return put_signed(out, number.saturating_mul(2));
        }
    }
    put_signed(out, 1);
    out.extend(value.to_bits().to_le_bytes());
}

/// Appends a text of at most 255 bytes; a longer one is cut, which no checked identity is.
pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    let text = text.as_bytes();
    let len = u8::try_from(text.len()).unwrap_or(u8::MAX);
    out.push(len);
    out.extend(text.iter().take(usize::from(len)));
}

/// What is left to read. Everything is `None` where it ends too soon.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn count(&mut self) -> Option<u64> {
        let mut count = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            count |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(count);
            }
        }
        None
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let count = self.count()?;
        Some((count >> 1).cast_signed() ^ -(count & 1).cast_signed())
    }

    pub(super) fn real(&mut self, scale: f64) -> Option<f64> {
        let number = self.signed()?;
        if number & 1 == 0 {
            return Some(whole(number / 2) / scale);
        }
        let value = f64::from_bits(u64::from_le_bytes(self.fixed()?));
        value.is_finite().then_some(value)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let len = usize::from(self.byte()?);
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_put_is_read(count in any::<u64>(), number in any::<i64>(), text in "\\PC{0,63}", value in any::<f64>()) {
            let mut out = Vec::new();
            put_count(&mut out, count);
            put_signed(&mut out, number);
            put_text(&mut out, &text);
            put_real(&mut out, value, 1e3);
            let mut bytes = Bytes(&out);
            prop_assert_eq!(bytes.count(), Some(count));
            prop_assert_eq!(bytes.signed(), Some(number));
            prop_assert_eq!(bytes.text(), Some(&*text));
            prop_assert_eq!(bytes.real(1e3).map(f64::to_bits), value.is_finite().then_some(value.to_bits()));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
            let mut bytes = Bytes(&bytes);
            while bytes.count().is_some() && bytes.real(1e7).is_some() && bytes.text().is_some() {}
        }
    }

    #[test]
    fn what_a_receiver_says_is_short() {
        for (value, scale, len) in [(22.543_217_1, 1e7, 5), (-0.0, 1e3, 9), (12.5, 1e3, 3), (0.0, 1e3, 1)] {
            let mut out = Vec::new();
            put_real(&mut out, value, scale);
            assert_eq!(out.len(), len, "{value}");
        }
    }
}
