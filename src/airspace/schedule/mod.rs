//! When a zone applies: spans of time, and in them weekly hours and hours that follow the sun.
//!
//! Every period is half open: the instant at which it begins belongs to it, that at which it ends does not.

mod memo;
mod sun;
#[cfg(test)]
mod tests;
mod week;

use crate::domain::{Period, Timestamp};

use memo::{Memo, Stretch};
pub use sun::{Bound, SunHours};
pub use week::{Days, Week};

/// Microseconds in a day.
pub(super) const DAY_US: i64 = 86_400_000_000;
/// Most steps from one period to the next that joins it; what joins for longer is looked at again then.
const STEPS_MAX: usize = 1000;

/// When a zone applies: the union of its parts; without any, always.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Schedule {
    parts: Vec<Part>,
    /// The sun takes microseconds to ask.
    memo: Option<Memo>,
}

/// Hours within a span of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The span.
    pub span: Period,
    /// The hours in it.
    pub hours: Hours,
}

/// Which hours.
#[derive(Debug, Clone, PartialEq)]
pub enum Hours {
    /// All.
    All,
    /// By the clock, the same every week.
    Week(Week),
    /// By the sun.
    Sun(SunHours),
}

/// An instant, or never.
type Until = Option<Timestamp>;

impl Schedule {
    /// A schedule of these parts.
    pub fn new(parts: Vec<Part>) -> Self {
        let memo = parts.iter().any(|part| matches!(part.hours, Hours::Sun(_))).then(Memo::default);
        Self { parts, memo }
    }

    /// Whether it holds at all times.
    pub fn is_always(&self) -> bool {
        self.parts.is_empty()
    }

    /// Its parts; none: always.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether it holds at `at`.
    pub fn holds_at(&self, at: Timestamp) -> bool {
        match &self.memo {
            Some(memo) => memo.at(at, || self.stretch(at)).holds,
            None => self.parts.is_empty() || self.latest_end(at).is_some(),
        }
    }

    /// The next instant after `at` at which it begins or ceases to hold. Hours that join one another for years are not
    /// followed to their end: then some instant is given at which it is worth asking again.
    pub fn next_switch_after(&self, at: Timestamp) -> Option<Timestamp> {
        match &self.memo {
            Some(memo) => memo.at(at, || self.stretch(at)).until,
            None if self.parts.is_empty() => None,
            None => self.stretch(at).until,
        }
    }

    /// Whether it holds at `at`, and until when that is so.
    fn stretch(&self, at: Timestamp) -> Stretch {
        let Some(mut until) = self.latest_end(at) else {
            let until = self.parts.iter().filter_map(|part| part.begins_after(at)).min();
            return Stretch { from: at, until, holds: false };
        };
        for _ in 0..STEPS_MAX {
            match until.and_then(|until| self.latest_end(until)) {
                Some(later) => until = later,
                None => break,
            }
        }
        Stretch { from: at, until, holds: true }
    }

    /// Of the parts that hold at `at`, the latest end; `None` if none holds, `Some(None)` if one never ends.
    fn latest_end(&self, at: Timestamp) -> Option<Until> {
        let ends = self.parts.iter().filter_map(|part| part.holds_until(at));
        ends.reduce(|a, b| Some(a?.max(b?)))
    }
}

impl Part {
    /// If it holds at `at`: until when without a break.
    fn holds_until(&self, at: Timestamp) -> Option<Until> {
        if !self.span.contains(at) {
            return None;
        }
        let until = self.hours.hold_until(at)?;
        Some(match (until, self.span.end) {
            (Some(hours), Some(span)) => Some(hours.min(span)),
            (hours, span) => hours.or(span),
        })
    }

    /// If it does not hold at `at`: when it next begins.
    fn begins_after(&self, at: Timestamp) -> Option<Timestamp> {
        let begins = match self.span.start.filter(|start| at < *start) {
            Some(start) if self.hours.hold_until(start).is_some() => start,
            Some(start) => self.hours.begin_after(start)?,
            None => self.hours.begin_after(at)?,
        };
        self.span.contains(begins).then_some(begins)
    }
}

impl Hours {
    fn hold_until(&self, at: Timestamp) -> Option<Until> {
        match self {
            Self::All => Some(None),
            Self::Week(week) => week.hold_until(at),
            Self::Sun(sun) => sun.hold_until(at),
        }
    }

    /// The first instant after `at`, at which they do not hold, at which they do.
    fn begin_after(&self, at: Timestamp) -> Option<Timestamp> {
        match self {
            Self::All => None,
            Self::Week(week) => week.begin_after(at),
            Self::Sun(sun) => sun.begin_after(at),
        }
    }
}
