//! Open alerts of an earlier run that wait for their aircraft to be seen again.
//!
//! An alert comes back with the first report of its aircraft, of a pair with the first of both. Whether its
//! condition still holds is then the ledger's affair. Who is not seen for a minute is not waited for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::{Alert, AlertState, Timestamp, UasId};

/// Aircraft that are not seen so long after a restart are not waited for, seconds.
pub(super) const WAIT_S: f64 = 60.0;

/// The alerts that wait, by identity.
#[derive(Debug, Default)]
pub(super) struct Orphans {
    waiting: BTreeMap<Arc<str>, Alert>,
    by_aircraft: BTreeMap<UasId, BTreeSet<Arc<str>>>,
    /// Until when they wait.
    until: Option<Timestamp>,
}

/// The aircraft that an alert is about.
fn aircraft(alert: &Alert) -> impl Iterator<Item = &UasId> {
    std::iter::once(&alert.uas_id).chain(alert.other.as_ref().map(|other| &other.uas_id))
}

impl Orphans {
    /// Lets an open alert wait.
    pub(super) fn add(&mut self, now: Timestamp, alert: Alert) {
        if alert.state != AlertState::Open {
            return;
        }
        self.until = Some(now.plus_seconds(WAIT_S));
        for id in aircraft(&alert) {
            self.by_aircraft.entry(id.clone()).or_default().insert(Arc::clone(&alert.alert_id));
        }
        self.waiting.insert(Arc::clone(&alert.alert_id), alert);
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// An alert that waits, to change.
    pub(super) fn get_mut(&mut self, alert_id: &str) -> Option<&mut Alert> {
        self.waiting.get_mut(alert_id)
    }

    /// Takes out those alerts of an aircraft that has been seen, those of a pair only if the other is `seen` too.
    pub(super) fn take(
        &mut self,
        id: &UasId,
        which: impl Fn(&Alert) -> bool,
        seen: impl Fn(&UasId) -> bool,
    ) -> Vec<Alert> {
        let Some(known) = self.by_aircraft.get(id) else { return Vec::new() };
        let complete = |alert_id: &&Arc<str>| {
            self.waiting
                .get(*alert_id)
                .is_some_and(|alert| which(alert) && aircraft(alert).all(|party| party == id || seen(party)))
        };
        let ready: Vec<_> = known.iter().filter(complete).map(Arc::clone).collect();
        ready.iter().filter_map(|alert_id| self.remove(alert_id)).collect()
    }

    fn remove(&mut self, alert_id: &str) -> Option<Alert> {
        let alert = self.waiting.remove(alert_id)?;
        for id in aircraft(&alert) {
            if let Some(known) = self.by_aircraft.get_mut(id) {
                known.remove(alert_id);
                if known.is_empty() {
                    self.by_aircraft.remove(id);
                }
            }
        }
        Some(alert)
    }

    /// When waiting ends for those who still wait.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.until.filter(|_| !self.waiting.is_empty())
    }

    /// Takes out all who have waited long enough, in order of their identities.
    pub(super) fn take_overdue(&mut self, now: Timestamp) -> Vec<Alert> {
        if self.due().is_none_or(|due| now < due) {
            return Vec::new();
        }
        self.take_all()
    }

    /// Takes out all, in order of their identities.
    pub(super) fn take_all(&mut self) -> Vec<Alert> {
        self.by_aircraft.clear();
        std::mem::take(&mut self.waiting).into_values().collect()
    }
}
