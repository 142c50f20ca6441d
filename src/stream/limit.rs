//! How often a client may ask for something that costs.

use crate::domain::Timestamp;

/// Parts of one that are lost in rounding.
const NEARLY: f64 = 1e-3;

/// So many at once, and as many more in each window, evenly.
#[derive(Debug, Clone)]
pub struct Burst {
    most: f64,
    per_s: f64,
    left: f64,
    at: Timestamp,
}

impl Burst {
    /// A full allowance.
    pub fn new(most: u32, window_s: f64) -> Self {
        let most = f64::from(most);
        Self { most, per_s: most / window_s, left: most, at: Timestamp::default() }
    }

    /// Takes one, if any is left.
    pub fn take(&mut self, now: Timestamp) -> bool {
        // A clock that was set back must not lock a client out for longer than it would have been.
        let passed_s = now.seconds_since(self.at).max(0.0);
        (self.left, self.at) = ((self.left + self.per_s * passed_s).min(self.most), now);
        let is_left = 1.0 - NEARLY <= self.left;
        self.left = (self.left - f64::from(u8::from(is_left))).max(0.0);
        is_left
    }

    /// When the next one can be had.
    pub fn ready_at(&self) -> Timestamp {
        self.at.plus_seconds((1.0 - self.left).max(0.0) / self.per_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_allowance_one_is_had_each_share_of_the_window() {
        let mut burst = Burst::new(2, 10.0);
        let start = Timestamp::from_millis(1_000_000);
        assert!(burst.take(start) && burst.take(start));
        assert!(!burst.take(start.plus_seconds(4.9)));
        let ready_at = burst.ready_at();
        assert!((ready_at.seconds_since(start) - 5.0).abs() < 0.01, "{ready_at}");
        assert!(burst.take(ready_at) && !burst.take(ready_at.plus_seconds(0.1)));
        assert!(!burst.take(start.plus_seconds(-3_600.0)) && burst.take(start.plus_seconds(-3_595.0)));
        let later = start.plus_seconds(1_000.0);
        assert_eq!((0..5).filter(|_| burst.take(later)).count(), 2);
    }
}
