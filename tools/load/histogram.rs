//! Counts spans of time in buckets that are at most 1.6 % wide, from a microsecond to over an hour.

use std::time::Duration;

/// Buckets for each doubling.
const STEPS: u32 = 64;
/// Doublings above [`STEPS`] microseconds: up to 2³⁸ µs, 76 hours.
const DOUBLINGS: u32 = 32;

/// How often which span occurred.
pub(crate) struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    max: Duration,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        let len = usize::try_from(STEPS * (DOUBLINGS + 1)).unwrap_or(0);
        Self { buckets: vec![0; len], count: 0, max: Duration::ZERO }
    }

    pub(crate) fn note(&mut self, span: Duration) {
        let index = bucket(u64::try_from(span.as_micros()).unwrap_or(u64::MAX)).min(self.buckets.len() - 1);
        if let Some(count) = self.buckets.get_mut(index) {
            *count += 1;
        }
        self.count += 1;
        self.max = self.max.max(span);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.count += other.count;
        self.max = self.max.max(other.max);
    }

    /// The smallest span that at least `per_mille` of 1,000 do not exceed, rounded up to its bucket's end.
    pub(crate) fn quantile(&self, per_mille: u64) -> Duration {
        let wanted = self.count.saturating_mul(per_mille).div_ceil(1_000).max(1);
        let mut seen = 0;
        for (index, count) in self.buckets.iter().enumerate() {
            seen += count;
            if wanted <= seen {
                return Duration::from_micros(end(index)).min(self.max);
            }
        }
        self.max
    }
}

impl std::fmt::Display for Histogram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.count == 0 {
            return f.write_str("none");
        }
        let ms = |span: Duration| span.as_secs_f64() * 1e3;
        for (name, per_mille) in [("p50", 500), ("p90", 900), ("p99", 990), ("p99.9", 999)] {
            write!(f, "{name} {:.2}  ", ms(self.quantile(per_mille)))?;
        }
        write!(f, "max {:.2} ms  count {}", ms(self.max), self.count)
    }
}

/// The bucket of a span in microseconds: exact below [`STEPS`], then [`STEPS`] for each doubling.
fn bucket(micros: u64) -> usize {
    let doublings = (micros / u64::from(STEPS)).checked_ilog2().map_or(0, |log| log + 1);
    let shift = doublings.saturating_sub(1);
    // Within a doubling the leading bit is dropped.
    let step = if doublings == 0 { micros } else { (micros >> shift) - u64::from(STEPS) };
    usize::try_from(u64::from(doublings * STEPS) + step).unwrap_or(usize::MAX)
}

/// The last microsecond of a bucket.
fn end(index: usize) -> u64 {
    let index = u64::try_from(index).unwrap_or(u64::MAX);
    let (doublings, step) = (index / u64::from(STEPS), index % u64::from(STEPS));
    if doublings == 0 {
        return step;
    }
    ((u64::from(STEPS) + step + 1) << (doublings - 1)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_span_lies_in_its_bucket_and_buckets_are_narrow() {
        for micros in (0..5_000).chain([9_999, 100_000, 1_234_567, 60_000_000, 3_600_000_000]) {
            let index = bucket(micros);
            assert!(micros <= end(index), "{micros}");
            assert!(index == 0 || end(index - 1) < micros, "{micros}");
            assert!(end(index) <= micros + micros / 60, "{micros}");
        }
    }

    #[test]
    fn quantiles_of_a_known_row() {
        let mut histogram = Histogram::new();
        assert_eq!(histogram.to_string(), "none");
        (1..=1_000).for_each(|ms| histogram.note(Duration::from_millis(ms)));
        let near = |per_mille, ms: f64| {
            let found = histogram.quantile(per_mille).as_secs_f64() * 1e3;
            assert!((ms..=ms * 1.017).contains(&found), "{per_mille}: {found}");
        };
        near(500, 500.0);
        near(990, 990.0);
        assert_eq!(histogram.quantile(1_000), Duration::from_secs(1));
        let mut twice = Histogram::new();
        twice.add(&histogram);
        twice.add(&histogram);
        assert_eq!((twice.count, twice.quantile(500)), (2_000, histogram.quantile(500)));
    }
}
