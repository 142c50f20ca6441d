//! Whether reports wait too long for their evaluation; one quick look does not mean that it is over.

use crate::domain::Timestamp;

/// A report that waited longer for its evaluation is one too late, seconds.
pub const BEHIND_S: f64 = 2.0;
/// No report may have waited for half as long for this time before it counts as over, seconds: newer positions replace
/// waiting ones under load, so quick looks and slow ones alternate.
const WELL_S: f64 = 5.0;

/// Watches how long reports wait, from look to look.
#[derive(Debug, Default)]
pub struct LagWatch {
    /// When a report last waited for too long, while it is not over.
    late_at: Option<Timestamp>,
    /// When the first look was.
    began_at: Option<Timestamp>,
    /// Whether it was said how it stands; an alert of an earlier run waits to hear it.
    told: bool,
}

impl LagWatch {
    /// Takes in the longest wait since the last look, seconds. Whether it is behind, if that has changed; that it is not
    /// is also said once when it keeps up from the start.
    pub fn look(&mut self, now: Timestamp, lag_s: f64) -> Option<bool> {
        let Some(late_at) = self.late_at else {
            self.late_at = (BEHIND_S < lag_s).then_some(now);
            let began_at = *self.began_at.get_or_insert(now);
            let is_known = self.late_at.is_some() || WELL_S <= now.seconds_since(began_at);
            let is_first = is_known && !self.told;
            self.told |= is_known;
            return (self.late_at.is_some() || is_first).then_some(self.late_at.is_some());
        };
        if BEHIND_S / 2.0 < lag_s {
            self.late_at = Some(now);
        } else if !(0.0..WELL_S).contains(&now.seconds_since(late_at)) {
            self.late_at = None;
            return Some(false);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p11_being_behind_is_told_once_and_over_after_five_quick_seconds() {
        let mut watch = LagWatch::default();
        let mut told = Vec::new();
        // Every other look finds a position that has just replaced an older one.
        for look in 0..200_u32 {
            let lag_s = if look < 100 && look % 2 == 1 { 2.5 } else { 0.1 };
            let now = Timestamp::default().plus_seconds(f64::from(look) / 10.0);
            told.extend(watch.look(now, lag_s).map(|behind| (look, behind)));
        }
        assert_eq!(told, [(1, true), (149, false)]);
        assert_eq!(watch.look(Timestamp::default(), 1.9), None, "not behind yet");
    }

    #[test]
    fn p08_that_it_keeps_up_is_told_once_after_a_start() {
        let mut watch = LagWatch::default();
        let look = |second: u8| (second, Timestamp::default().plus_seconds(f64::from(second)));
        let told = (0..30_u8).map(look).filter_map(|(second, now)| Some((second, watch.look(now, 0.1)?)));
        assert_eq!(told.collect::<Vec<_>>(), [(5, false)]);
    }
}
