//! Taking note of an alert, and announcing an emergency again that nobody takes note of.

use crate::domain::{Acknowledgement, Alert, AlertEvent, AlertEventKind, Severity, Timestamp};

use super::episode::Episode;

/// Seconds after it became critical.
const AGAIN_S: [f64; 3] = [15.0, 30.0, 60.0];
/// An ordinary update waits for an announcement that is so near, seconds: there is one update a second.
const NEAR_S: f64 = 1.0;

/// When an alert must be announced again.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Reminder {
    /// Since when it is critical and nobody took note.
    since: Option<Timestamp>,
    /// How often it was announced again.
    told: u8,
}

impl Reminder {
    /// An alert was raised or got worse: everything starts anew.
    pub(super) fn start(now: Timestamp, severity: Severity) -> Self {
        Self { since: (severity == Severity::Critical).then_some(now), told: 0 }
    }

    /// Goes on where the alert of an earlier run was; the time between does not count.
    pub(super) fn resume(now: Timestamp, alert: &Alert) -> Self {
        let told = alert.announced_again.unwrap_or(0);
        let waits = alert.severity == Severity::Critical && alert.acknowledged.is_none();
        let passed_s = usize::from(told).checked_sub(1).and_then(|last| AGAIN_S.get(last)).unwrap_or(&0.0);
        Self { since: waits.then(|| now.plus_seconds(-passed_s)), told }
    }

    /// Somebody took note, or it is not critical any more.
    pub(super) fn stop(&mut self) {
        self.since = None;
    }

    /// When the next announcement is due.
    pub(super) fn due(&self) -> Option<Timestamp> {
        AGAIN_S.get(usize::from(self.told)).and_then(|after_s| Some(self.since?.plus_seconds(*after_s)))
    }

    /// Whether the next announcement is so near that nothing less should be told before it.
    pub(super) fn is_near(&self, now: Timestamp) -> bool {
        self.due().is_some_and(|due| due.seconds_since(now) < NEAR_S)
    }

    /// Counts an announcement that is due. Of several that are overdue one is made; the next ones keep their distance
    /// from it.
    pub(super) fn take(&mut self, now: Timestamp) -> bool {
        let Some(after_s) = AGAIN_S.get(usize::from(self.told)) else { return false };
        let due = self.due().is_some_and(|due| due <= now);
        self.told += u8::from(due);
        if due && self.due().is_some_and(|next| next <= now) {
            self.since = Some(now.plus_seconds(-after_s));
        }
        due
    }

    /// How often it was announced again, for the alert.
    pub(super) fn told(&self) -> Option<u8> {
        (self.told > 0).then_some(self.told)
    }
}

/// Takes note of who took note. The same person saying the same again changes nothing.
pub(super) fn acknowledge(
    now: Timestamp,
    alert: &mut Alert,
    life: Option<&mut Episode>,
    by: String,
    note: Option<String>,
) -> Option<AlertEvent> {
    if alert.acknowledged.as_ref().is_some_and(|known| known.by == by && known.note == note) {
        return None;
    }
    alert.acknowledged = Some(Acknowledgement { by, at: now, note });
    alert.updated_at = now;
    if let Some(standing) = life.and_then(|life| life.standing.as_mut()) {
        standing.reminder.stop();
    }
    Some(AlertEvent { event: AlertEventKind::Acknowledged, alert: alert.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p18_of_several_overdue_announcements_one_is_made_and_the_others_keep_their_distance() {
        let at = |second: u8| Timestamp::default().plus_seconds(f64::from(second));
        let mut reminder = Reminder::start(at(0), Severity::Critical);
        let made = (65..200_u8).filter(|second| reminder.take(at(*second))).collect::<Vec<_>>();
        assert_eq!(made, [65, 80, 110]);
        assert_eq!((reminder.told(), reminder.due()), (Some(3), None));
    }
}
