//! How far an aircraft may be off the straight line on which its last state is carried forward.

/// What the speed of an aircraft may be wrong, m/s: the third of the four speed accuracies of ASTM F3411 (under 1 m/s).
const DRIFT_MPS: f64 = 1.0;

/// Metres, to every side, `age_s` seconds after a state that counts as fresh for `fresh_s` seconds.
pub(super) fn drift_m(age_s: f64, fresh_s: f64) -> f64 {
    DRIFT_MPS * (age_s - fresh_s).max(0.0)
}
