//! The two conversions between whole and real numbers that the program needs.

/// The nearest real number to a count or a duration in whole units. Exact below 2⁵³.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "exact below 2^53, rounded to nearest above"
)]
pub fn whole(count: i64) -> f64 {
    count as f64
}

/// `value` rounded to `decimals` (at most 9) places. What leaves the program is rounded, so that the last
/// digits of a platform's mathematics library never show.
pub fn round_to(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    let rounded = (value * scale).round() / scale;
    // Minus zero would print as "-0.0".
    if rounded == 0.0 { 0.0 } else { rounded }
}
