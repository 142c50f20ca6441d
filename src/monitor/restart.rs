//! What outlives a run: open alerts that come back, and who took note of them.

use std::sync::Arc;

use crate::domain::{Alert, AlertCode, AlertEvent, AlertEventKind, AlertState, Timestamp};

use super::Monitor;
use super::announce::acknowledge;
use super::contract::Effect;
use super::explain::Ending;
use super::report;
use super::tracks::TrackIx;

impl Monitor {
    /// Takes over the open alerts of an earlier run, as the journal kept them. To be called before any report.
    ///
    /// An alert goes on under its identity once its aircraft is seen again; it is closed after its hold time
    /// if its condition is gone by then, and after 60 s if its aircraft is not seen. Alerts about the service
    /// go on if the trouble is reported again.
    pub fn restore(&mut self, at: Timestamp, alerts: Vec<Alert>, effects: &mut Vec<Effect>) {
        self.advance(at, effects);
        for alert in alerts {
            if alert.code != AlertCode::ServiceDegraded {
                self.orphans.add(self.now, alert);
            } else if let Some(unknown) =
                self.service.restore(self.now, alert, &self.rules.settings.lifecycle)
            {
                close(self.now, unknown, Ending::WhileDown, effects);
            }
        }
    }

    /// Ends open alerts of an earlier run that came to light when this one had long begun to watch: what still holds of
    /// them has an alert of this run.
    pub fn end_earlier(&mut self, at: Timestamp, alerts: Vec<Alert>, effects: &mut Vec<Effect>) {
        self.advance(at, effects);
        for alert in alerts {
            close(self.now, alert, Ending::WhileDown, effects);
        }
    }

    /// Begins anew at another time, earlier or later, because the clock was wrong and has been set. Aircraft
    /// are forgotten without a word on their alerts: those go on as after a restart.
    pub fn reset_clock(&mut self, at: Timestamp, effects: &mut Vec<Effect>) {
        let mut open = self.ledger.take_open();
        open.append(&mut self.orphans.take_all());
        let gone =
            self.tracks.indices().filter_map(|ix| Some(Effect::TrackGone(self.tracks.get(ix)?.id.clone())));
        effects.extend(gone);
        let fresh = Self::new(self.rules.settings.clone());
        let Self { airspace, airspace_epoch, ledger, service, tally, .. } = std::mem::replace(self, fresh);
        (self.airspace, self.airspace_epoch, self.tally) = (airspace, airspace_epoch, tally);
        (self.ledger, self.service) = (ledger, service);
        self.now = at;
        self.service.reset_clock(at, &self.rules.settings.lifecycle);
        self.restore(at, open, effects);
    }

    /// Gives an aircraft that has reported the alerts back that waited for it.
    pub(super) fn adopt(&mut self, ix: TrackIx) {
        self.adopt_some(ix, |_| true);
    }

    /// Gives an aircraft that is only remembered the alert of its silence back.
    pub(super) fn adopt_silence(&mut self, ix: TrackIx) {
        self.adopt_some(ix, |alert| alert.code == AlertCode::LostLink);
    }

    fn adopt_some(&mut self, ix: TrackIx, which: impl Fn(&Alert) -> bool) {
        if self.orphans.len() == 0 {
            return;
        }
        let Some(track) = self.tracks.get(ix) else { return };
        let back = self.orphans.take(&track.id, which, |other| self.tracks.find(other).is_some());
        for alert in back {
            let own = self.tracks.find(&alert.uas_id);
            let other = alert.other.as_ref().and_then(|other| self.tracks.find(&other.uas_id));
            let lifecycle = &self.rules.settings.lifecycle;
            self.ledger.adopt(self.now, lifecycle, alert, [own, other], &mut self.tracks);
        }
    }

    /// When something is due that is no aircraft's affair.
    pub(super) fn other_due(&self) -> Option<Timestamp> {
        [self.orphans.due(), self.service.due()].into_iter().flatten().min()
    }

    /// Does what is due now and is no aircraft's affair.
    pub(super) fn look_beside(&mut self, effects: &mut Vec<Effect>) {
        for alert in self.orphans.take_overdue(self.now) {
            close(self.now, alert, Ending::NotSeen, effects);
        }
        self.service.look_again(self.now, &self.rules.settings.lifecycle, effects);
    }

    /// Somebody took note of an alert.
    pub(super) fn take_note(
        &mut self,
        alert_id: Arc<str>,
        by: String,
        note: Option<String>,
        effects: &mut Vec<Effect>,
    ) {
        let open = self.ledger.open_mut(&alert_id).or_else(|| self.service.open_mut(&alert_id));
        let event = if let Some((alert, life)) = open {
            acknowledge(self.now, alert, Some(life), by, note)
        } else if let Some(alert) = self.orphans.get_mut(&alert_id) {
            acknowledge(self.now, alert, None, by, note)
        } else {
            return effects.push(Effect::AckRefused(alert_id));
        };
        effects.extend(event.map(|event| Effect::Alert(Arc::new(event))));
    }

    /// Somebody took note of an alert that is over.
    pub(super) fn take_late_note(
        &mut self,
        cleared: Alert,
        by: String,
        note: Option<String>,
        effects: &mut Vec<Effect>,
    ) {
        if cleared.state != AlertState::Cleared {
            return effects.push(Effect::AckRefused(cleared.alert_id));
        }
        let event = self.afterwards.take_note(self.now, cleared, by, note);
        effects.extend(event.map(|event| Effect::Alert(Arc::new(event))));
    }
}

fn close(now: Timestamp, mut alert: Alert, ending: Ending, effects: &mut Vec<Effect>) {
    report::close(&mut alert, now, ending);
    effects.push(Effect::Alert(Arc::new(AlertEvent { event: AlertEventKind::Cleared, alert })));
}
