//! The height digits of the BeiDou grid code: layers that grow with the distance from the Earth's centre,
//! so that blocks stay nearly cubes.
//!
//! The text does not say how a negative height is written. Here it is a sign and the magnitude of the
//! rounded-down layer number.

use super::grid_code::{push_decimal, push_hex};
use crate::domain::whole;

/// Equatorial radius, metres: height zero.
const R0_M: f64 = 6_378_137.0;
/// Layers of level 10 while the radius grows by the factor 1 + π/180.
const LAYERS: f64 = 7_372_800.0;
/// The grid ends where the radius has grown, or shrunk, by that factor this many times.
const FACTORS_MAX: f64 = 256.0;
/// Bits below the digit of each level and bits of the digit itself, level 1 first.
const DIGITS: [(u32, u32); 10] =
    [(25, 6), (22, 3), (21, 1), (17, 4), (13, 4), (12, 1), (9, 3), (6, 3), (3, 3), (0, 3)];

/// A layer number, ready to be written.
pub(super) struct HeightDigits {
    below: bool,
    magnitude: i64,
}

impl HeightDigits {
    /// The layer that holds a height above the ellipsoid; `None` outside −6302 … 528 680 km.
    pub(super) fn of_height(hae_m: f64) -> Option<Self> {
        let layer = (LAYERS * (hae_m / R0_M).ln_1p() / growth()).floor();
        if !layer.is_finite() || layer.abs() >= FACTORS_MAX * LAYERS {
            return None;
        }
        #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "within 31 bits")]
        let layer = layer as i64;
        Some(Self { below: layer < 0, magnitude: layer.abs() })
    }

    pub(super) fn push_sign(&self, code: &mut String) {
        code.push(if self.below { '1' } else { '0' });
    }

    /// Writes the digit of the level of that index; the first has two decimal places.
    pub(super) fn push_level(&self, code: &mut String, index: usize) {
        let Some(&(shift, bits)) = DIGITS.get(index) else { return };
        let digit = (self.magnitude >> shift) & ((1 << bits) - 1);
        if index == 0 { push_decimal(code, digit) } else { push_hex(code, digit) }
    }
}

/// What a digit adds to the layer number; `None` if the level has no such digit.
pub(super) fn weighted(index: usize, digit: i64) -> Option<i64> {
    let &(shift, bits) = DIGITS.get(index)?;
    (digit < 1 << bits).then_some(digit << shift)
}

/// Lower and upper height in metres of a block of `level`, from its layer number's magnitude and sign.
pub(super) fn bounds_m(magnitude: i64, below: bool, level: usize) -> [f64; 2] {
    let layers = DIGITS.get(level.saturating_sub(1)).map_or(1, |&(shift, _)| 1_i64 << shift);
    let last = magnitude + layers - 1;
    // A layer reaches from its own number to the next one up, also below the ellipsoid.
    let [from, to] = if below { [-last, 1 - magnitude.max(1)] } else { [magnitude, last + 1] };
    [from, to].map(|layer| R0_M * (whole(layer) / LAYERS * growth()).exp_m1())
}

/// Logarithm of the factor by which the radius grows in [`LAYERS`] layers.
fn growth() -> f64 {
    1_f64.to_radians().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_layer_thicknesses_at_the_ground() {
        for (level, metres) in
            [(10, 0.014_97), (9, 0.1197), (8, 0.958), (7, 7.664), (6, 61.3), (5, 122.6), (4, 1962.0)]
        {
            let [from, to] = bounds_m(0, false, level);
            assert!(from.abs() < 1e-9 && (to / metres - 1.0).abs() < 2e-3, "{level}: {to}");
        }
    }

    #[test]
    fn published_range() {
        assert!(HeightDigits::of_height(528_680_100.0).is_some());
        assert!(HeightDigits::of_height(528_690_000.0).is_none());
        assert!(HeightDigits::of_height(-6_302_100.0).is_some());
        for none in [-6_310_000.0, -6_378_137.0, -7e6, f64::NAN, f64::INFINITY] {
            assert!(HeightDigits::of_height(none).is_none(), "{none}");
        }
    }

    #[test]
    fn worked_layers() {
        for (hae_m, layer) in [(120.0, 8016), (100.0, 6680), (60.0, 4008)] {
            assert_eq!(HeightDigits::of_height(hae_m).unwrap().magnitude, layer);
        }
    }
}
