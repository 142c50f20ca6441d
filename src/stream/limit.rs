//! How often a client may ask for something that costs.

use crate::domain::Timestamp;

/// At most `most` in any span of `window_s`, counted from its first use.
#[derive(Debug, Clone)]
pub struct Burst {
    most: u32,
    window_s: f64,
    since: Timestamp,
    used: u32,
}

impl Burst {
    /// A fresh allowance.
    pub fn new(most: u32, window_s: f64) -> Self {
        Self { most, window_s, since: Timestamp::default(), used: 0 }
    }

    /// Takes one, if any is left.
    pub fn take(&mut self, now: Timestamp) -> bool {
        // A clock that was set back must not lock a client out.
        if !(0.0..self.window_s).contains(&now.seconds_since(self.since)) {
            self.since = now;
            self.used = 0;
        }
        let left = self.used < self.most;
        self.used += u32::from(left);
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_beyond_the_allowance_until_the_window_ends() {
        let mut burst = Burst::new(2, 10.0);
        let start = Timestamp::from_millis(1_000_000);
        assert!(burst.take(start) && burst.take(start));
        assert!(!burst.take(start.plus_seconds(9.0)));
        assert!(burst.take(start.plus_seconds(10.0)));
    }
}
