//! Putting an alert aside for some time, and taking it back.
//!
//! It changes how an alert is shown and nothing else: every event of it is told and kept as before. What gets worse is
//! on the shelf no more, and what is critical is never put there (ISA-18.2: a shelved alarm has an owner, a reason and
//! an end).

use std::sync::Arc;

use crate::domain::{Alert, AlertCode, AlertEvent, AlertEventKind, Severity, Shelving, Timestamp};

use super::Monitor;
use super::contract::Effect;

/// The longest time for which an alert can be put aside, seconds: a shift.
pub const SHELF_S_MAX: f64 = 8.0 * 3600.0;
/// And one about the service itself, seconds.
const SERVICE_SHELF_S_MAX: f64 = 3600.0;

/// Whether an alert may be put aside from `now` until `until`; if not, why.
pub fn may_shelve(alert: &Alert, now: Timestamp, until: Timestamp) -> Result<(), String> {
    let own = alert.code == AlertCode::ServiceDegraded;
    let most_s = if own { SERVICE_SHELF_S_MAX } else { SHELF_S_MAX };
    let span_s = until.seconds_since(now);
    if Severity::Critical <= alert.severity {
        return Err("a CRITICAL alert is never put aside: acknowledge it and act".into());
    }
    if !(0.0 < span_s && span_s <= most_s) {
        return Err(format!("this alert can be put aside for at most {} minutes", most_s / 60.0));
    }
    Ok(())
}

impl Monitor {
    /// Somebody puts an alert aside, or takes it back.
    pub(super) fn shelve(
        &mut self,
        alert_id: Arc<str>,
        by: String,
        shelf: Option<(Timestamp, String)>,
        effects: &mut Vec<Effect>,
    ) {
        let now = self.now;
        let open = self.ledger.open_mut(&alert_id).or_else(|| self.service.open_mut(&alert_id));
        let alert = open.map(|(alert, _)| alert).or_else(|| self.orphans.get_mut(&alert_id));
        let refused = |alert: &&mut Alert| {
            shelf.as_ref().is_some_and(|(until, _)| may_shelve(alert, now, *until).is_err())
        };
        let Some(alert) = alert.filter(|alert| !refused(alert)) else {
            return effects.push(Effect::AckRefused(alert_id));
        };
        let shelved = shelf.map(|(until, reason)| Shelving { by, at: now, until, reason });
        let same = |known: &Shelving, wanted: &Shelving| {
            (&known.by, known.until, &known.reason) == (&wanted.by, wanted.until, &wanted.reason)
        };
        let kind = match (&alert.shelved, &shelved) {
            (None, None) => return,
            (Some(known), Some(wanted)) if same(known, wanted) => return,
            (_, Some(_)) => AlertEventKind::Shelved,
            (Some(_), None) => AlertEventKind::Unshelved,
        };
        alert.shelved = shelved;
        alert.updated_at = now;
        effects.push(Effect::Alert(Arc::new(AlertEvent { event: kind, alert: alert.clone() })));
    }
}
