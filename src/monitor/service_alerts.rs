//! Alerts about the service itself: one for each kind of trouble, with the life of any other alert.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::{
    Alert, AlertCode, AlertEvent, AlertEventKind, AlertState, DataQuality, Measures, ServiceTrouble,
    Timestamp, UasId,
};

use super::contract::{Effect, TroubleDetail};
use super::episode::{Episode, Policy, Standing};
use super::explain::{self, Ending};
use super::finding::Finding;
use super::orphans::WAIT_S;
use super::report;
use super::service_words;
use super::settings::Lifecycle;

/// What the identity of such an alert's "aircraft" begins with.
const NAMESPACE: &str = "service:";
/// Longest text of particulars, characters.
const NOTE_LEN_MAX: usize = 500;
/// A figure is told again when it has changed by more than this share.
const CHANGE_SHARE: f64 = 0.5;
/// Figures under this are all alike.
const CHANGE_LEAST: f64 = 1.0;
/// How long an alert of an earlier run waits if its trouble takes ten minutes to show, seconds.
const SLOW_PROOF_S: f64 = 660.0;

#[derive(Debug)]
struct Slot {
    episode: Episode,
    holds: Option<TroubleDetail>,
    alert: Option<Box<Alert>>,
    /// Of an alert of an earlier run that nobody has looked at since: until when it waits for that.
    unproven: Option<Timestamp>,
}

impl Slot {
    fn due(&self) -> Option<Timestamp> {
        self.unproven.or_else(|| self.episode.due())
    }
}

/// All troubles that are or were just now.
#[derive(Debug, Default)]
pub(super) struct ServiceAlerts {
    slots: BTreeMap<ServiceTrouble, Slot>,
    raised: u64,
}

/// The trouble that an alert of an earlier run is about.
fn kind_of(alert: &Alert) -> Option<ServiceTrouble> {
    alert.uas_id.as_str().strip_prefix(NAMESPACE)?.parse().ok()
}

impl ServiceAlerts {
    /// How many alerts are open.
    pub(super) fn open_len(&self) -> usize {
        self.slots.values().filter(|slot| slot.alert.is_some()).count()
    }

    /// Takes over an open alert of an earlier run; gives it back if its kind is unknown or has one already.
    pub(super) fn restore(&mut self, now: Timestamp, alert: Alert, lifecycle: &Lifecycle) -> Option<Alert> {
        let Some(kind) = kind_of(&alert).filter(|kind| !self.slots.contains_key(kind)) else {
            return Some(alert);
        };
        let episode = Episode::of_alert(Policy::of(alert.code, lifecycle), &alert, now);
        let unproven = Some(now.plus_seconds(proof_s(kind)));
        self.slots.insert(kind, Slot { episode, holds: None, alert: Some(Box::new(alert)), unproven });
        None
    }

    /// The clock was set: what holds goes on, and holds and announcements count from now.
    pub(super) fn reset_clock(&mut self, now: Timestamp, lifecycle: &Lifecycle) {
        for (&kind, slot) in &mut self.slots {
            if let Some(alert) = &slot.alert {
                slot.episode = Episode::of_alert(Policy::of(alert.code, lifecycle), alert, now);
            }
            if slot.unproven.is_some() || slot.holds.is_none() {
                slot.unproven = Some(now.plus_seconds(proof_s(kind)));
            }
        }
    }

    /// An open alert by its identity, and its life.
    pub(super) fn open_mut(&mut self, alert_id: &str) -> Option<(&mut Alert, &mut Episode)> {
        self.slots.values_mut().find_map(|slot| {
            let alert = slot.alert.as_deref_mut().filter(|alert| *alert.alert_id == *alert_id)?;
            Some((alert, &mut slot.episode))
        })
    }

    /// The service has looked at itself.
    pub(super) fn report(
        &mut self,
        now: Timestamp,
        kind: ServiceTrouble,
        holds: Option<TroubleDetail>,
        lifecycle: &Lifecycle,
        effects: &mut Vec<Effect>,
    ) {
        if holds.is_none() && !self.slots.contains_key(&kind) {
            return;
        }
        let episode = || Episode::new(Policy::of(AlertCode::ServiceDegraded, lifecycle));
        let slot = self.slots.entry(kind).or_insert_with(|| Slot {
            episode: episode(),
            holds: None,
            alert: None,
            unproven: None,
        });
        slot.unproven = None;
        slot.holds = holds;
        self.look(now, kind, lifecycle, effects);
        // What is over when it is found is told for the record.
        if kind.is_of_the_past()
            && let Some(alert) = self.slots.remove(&kind).and_then(|slot| slot.alert)
        {
            end(now, kind, alert, effects);
        }
    }

    /// When a trouble must be looked at again.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.slots.values().filter_map(Slot::due).min()
    }

    /// Looks at the troubles that are due.
    pub(super) fn look_again(&mut self, now: Timestamp, lifecycle: &Lifecycle, effects: &mut Vec<Effect>) {
        let is_due = |slot: &Slot| slot.due().is_some_and(|due| due <= now);
        let due: Vec<_> = self.slots.iter().filter(|(_, slot)| is_due(slot)).map(|(kind, _)| *kind).collect();
        for kind in due {
            if let Some(slot) = self.slots.get_mut(&kind) {
                slot.unproven = None;
            }
            self.look(now, kind, lifecycle, effects);
        }
    }

    fn look(
        &mut self,
        now: Timestamp,
        kind: ServiceTrouble,
        lifecycle: &Lifecycle,
        effects: &mut Vec<Effect>,
    ) {
        let Some(slot) = self.slots.get_mut(&kind) else { return };
        let severity = service_words::severity(kind);
        let finding = Finding::of_itself(AlertCode::ServiceDegraded, severity, kind.name());
        let finding = slot.holds.as_ref().map(|_| &finding);
        let event = slot.episode.look(now, now, finding, lifecycle);
        match (event, slot.episode.standing) {
            (Some(AlertEventKind::Cleared), _) => {
                if let Some(alert) = slot.alert.take() {
                    end(now, kind, alert, effects);
                }
            }
            (Some(event), Some(standing)) => {
                let told = slot.alert.as_deref();
                let Some(fresh) = compose(now, kind, slot.holds.as_ref(), standing, told, self.raised) else {
                    return;
                };
                if event == AlertEventKind::Updated && told.is_some_and(|told| !matters(told, &fresh)) {
                    return;
                }
                self.raised += u64::from(event == AlertEventKind::Raised);
                effects.push(Effect::Alert(Arc::new(AlertEvent { event, alert: fresh.clone() })));
                slot.alert = Some(Box::new(fresh));
            }
            (_, _) => {}
        }
        if slot.episode.is_over() || slot.alert.is_none() {
            self.slots.remove(&kind);
        }
    }
}

/// Whether something has changed about a trouble that a person acts on: its particulars, or a figure by more than half.
/// Counts and rates that change every second would be noise in the history and on the screen.
fn matters(told: &Alert, fresh: &Alert) -> bool {
    let figures = |alert: &Alert| alert.measured.0.clone();
    let (before, now) = (figures(told), figures(fresh));
    let moved = |((name, was), (again, is)): (&(_, f64), &(_, f64))| {
        name != again || CHANGE_SHARE * was.abs().max(CHANGE_LEAST) < (is - was).abs()
    };
    told.announced_again != fresh.announced_again
        || told.explanation != fresh.explanation
        || told.limit != fresh.limit
        || before.len() != now.len()
        || before.iter().zip(&now).any(moved)
}

/// How long an alert of an earlier run waits for somebody to look at its trouble, seconds.
fn proof_s(kind: ServiceTrouble) -> f64 {
    // What shows them again needs ten minutes.
    let is_slow = matches!(kind, ServiceTrouble::ZonesStale | ServiceTrouble::InputSilent);
    if is_slow { SLOW_PROOF_S } else { WAIT_S }
}

fn end(now: Timestamp, kind: ServiceTrouble, mut alert: Box<Alert>, effects: &mut Vec<Effect>) {
    let told = alert.explanation.clone();
    report::close(&mut alert, now, Ending::Over);
    // What is over when it is told stays in the record as it was told.
    alert.explanation = if kind.is_of_the_past() { told } else { service_words::over(kind) };
    effects.push(Effect::Alert(Arc::new(AlertEvent { event: AlertEventKind::Cleared, alert: *alert })));
}

fn compose(
    now: Timestamp,
    kind: ServiceTrouble,
    holds: Option<&TroubleDetail>,
    standing: Standing,
    known: Option<&Alert>,
    raised: u64,
) -> Option<Alert> {
    let mut alert = match known {
        Some(known) => known.clone(),
        None => Alert {
            alert_id: report::identity(now, ("s", raised)),
            code: AlertCode::ServiceDegraded,
            phase: standing.phase,
            severity: standing.severity,
            state: AlertState::Open,
            acknowledged: None,
            shelved: None,
            uas_id: UasId::new(&format!("{NAMESPACE}{}", kind.name())).ok()?,
            operator: None,
            other: None,
            zone: None,
            raised_at: now,
            updated_at: now,
            cleared_at: None,
            observed_at: now,
            position: None,
            measured: Measures::default(),
            limit: Measures::default(),
            data: DataQuality::Good,
            announced_again: None,
            rule: Arc::from(format!("{}/{}", AlertCode::ServiceDegraded.name(), kind.name())),
            explanation: explain::nothing(),
        },
    };
    alert.updated_at = now;
    alert.shelved.take_if(|shelving| shelving.until <= now);
    alert.announced_again = standing.reminder.told();
    let Some(detail) = holds else { return Some(alert) };
    alert.observed_at = now;
    alert.measured = detail.measured.clone();
    alert.limit = detail.limit.clone();
    let mut particulars = Vec::new();
    if let Some([from, to]) = detail.span {
        alert.observed_at = to;
        alert.measured.0.push(("gap_s".into(), to.seconds_since(from)));
        particulars.push(format!("{from} – {to}"));
    }
    if let Some(note) = &detail.note {
        particulars.push(note.chars().take(NOTE_LEN_MAX).collect());
    }
    alert.explanation = service_words::sentence(kind, &particulars);
    Some(alert)
}
