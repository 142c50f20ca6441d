//! How fast the fastest of many is, kept while they come and go.

use crate::domain::whole;

/// Width of a step, m/s.
const STEP_MPS: f64 = 0.5;
/// Steps; no state flies faster than they reach.
const STEPS: usize = 704;

/// Speeds rounded up to steps, and how many there are of each.
#[derive(Debug)]
pub(super) struct Speeds {
    counts: Box<[u32; STEPS]>,
    /// The highest step in use; 0 if none is.
    top: u16,
}

impl Default for Speeds {
    fn default() -> Self {
        Self { counts: Box::new([0; STEPS]), top: 0 }
    }
}

impl Speeds {
    /// The step of a speed of 0 m/s or more.
    pub(super) fn step(mps: f64) -> u16 {
        #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "a float cast saturates")]
        #[expect(clippy::cast_sign_loss, reason = "a float cast saturates")]
        let step = (mps / STEP_MPS).ceil() as u16;
        step
    }

    fn count(&mut self, step: u16) -> Option<&mut u32> {
        self.counts.get_mut(usize::from(step).min(STEPS - 1))
    }

    /// Adds one of that step.
    pub(super) fn add(&mut self, step: u16) {
        if let Some(count) = self.count(step) {
            *count = count.saturating_add(1);
        }
        self.top = self.top.max(step);
    }

    /// Takes one of that step out.
    pub(super) fn remove(&mut self, step: u16) {
        if let Some(count) = self.count(step) {
            *count = count.saturating_sub(1);
        }
        while self.top > 0 && self.count(self.top).is_some_and(|count| *count == 0) {
            self.top -= 1;
        }
    }

    /// No one is faster than this, m/s.
    pub(super) fn most_mps(&self) -> f64 {
        whole(i64::from(self.top)) * STEP_MPS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_counts_as_long_as_it_is_there() {
        let mut speeds = Speeds::default();
        for mps in [12.0, 340.0, 12.3, 0.0] {
            speeds.add(Speeds::step(mps));
        }
        assert!((speeds.most_mps() - 340.0).abs() < 1e-9);
        speeds.remove(Speeds::step(340.0));
        assert!((speeds.most_mps() - 12.5).abs() < 1e-9);
        speeds.remove(Speeds::step(12.3));
        speeds.remove(Speeds::step(12.0));
        assert!(speeds.most_mps() <= 0.0);
        // Faster than the table reaches is kept as fast as it is.
        speeds.add(Speeds::step(1e9));
        assert!(speeds.most_mps() > 350.0);
        speeds.remove(Speeds::step(1e9));
        assert!(speeds.most_mps() <= 0.0);
    }
}
