//! Taking note of alerts that are over already.

use std::collections::VecDeque;

use crate::domain::{Alert, AlertEvent, Timestamp};

use super::announce::acknowledge;

/// Most alerts that are remembered; far more than wait between an event and its publication.
const NOTED_MAX: usize = 256;

/// The alerts that somebody took note of after they were cleared, the newest last: the same note again is no event,
/// also before the first one is published.
#[derive(Debug, Default)]
pub(super) struct Afterwards {
    noted: VecDeque<Alert>,
}

impl Afterwards {
    /// Takes note of an alert as it was cleared. The same person saying the same again changes nothing.
    pub(super) fn take_note(
        &mut self,
        now: Timestamp,
        cleared: Alert,
        by: String,
        note: Option<String>,
    ) -> Option<AlertEvent> {
        let known = self.noted.iter().position(|alert| alert.alert_id == cleared.alert_id);
        let mut alert = known.and_then(|at| self.noted.remove(at)).unwrap_or(cleared);
        let event = acknowledge(now, &mut alert, None, by, note);
        self.noted.push_back(alert);
        if NOTED_MAX < self.noted.len() {
            self.noted.pop_front();
        }
        event
    }
}
