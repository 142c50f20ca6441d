//! The alert events of the service, numbered and encoded once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, OnceLock};

use super::frames::{self, Text, to_json};
use crate::domain::{Alert, AlertEvent, AlertState};
use crate::journal::Entry;

/// An alert event with its number and its text.
#[derive(Debug)]
pub struct LoggedEvent {
    /// Place in the service's history; grows by one with every event.
    pub seq: u64,
    /// What happened.
    pub event: Arc<AlertEvent>,
    /// Whether it was safe on disk when it was published.
    pub durable: bool,
    /// The `alert` frame.
    pub text: Text,
    /// Where the alert's own JSON begins in `text`.
    alert_at: usize,
}

impl LoggedEvent {
    /// Numbers and encodes an event; `durable`: it is safe on disk.
    pub fn new(seq: u64, event: Arc<AlertEvent>, durable: bool) -> Self {
        let alert = to_json(&event.alert);
        Self::encoded(seq, event, durable, &alert)
    }

    /// An event on its way to or out of the journal; `durable`: it is safe on disk.
    pub fn of(entry: &Entry, durable: bool) -> Self {
        Self::encoded(entry.seq, Arc::clone(&entry.event), durable, &entry.alert_json)
    }

    fn encoded(seq: u64, event: Arc<AlertEvent>, durable: bool, alert: &str) -> Self {
        let kind = event.event.name();
        let mut text =
            format!(r#"{{"type":"alert","seq":{seq},"event":"{kind}","durable":{durable},"alert":"#);
        let alert_at = text.len();
        // A text that grows piece by piece takes twice its length, and many are kept for long.
        text.reserve_exact(alert.len() + 1);
        text.push_str(alert);
        text.push('}');
        Self { seq, event, durable, text: text.into(), alert_at }
    }

    /// The alert after the event.
    pub fn alert(&self) -> &Alert {
        &self.event.alert
    }

    /// The alert's JSON.
    pub fn alert_json(&self) -> &str {
        self.text.get(self.alert_at..self.text.len().saturating_sub(1)).unwrap_or("null")
    }
}

/// How much of the past is kept in memory.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Most events.
    pub events: usize,
    /// Most bytes of their text.
    pub text_bytes: u64,
    /// Most cleared alerts for questions about history.
    pub cleared: usize,
}

impl Default for Retention {
    fn default() -> Self {
        Self { events: 65_536, text_bytes: 96 << 20, cleared: 20_000 }
    }
}

/// The newest events, every open alert, and the alerts cleared last.
///
/// **Invariant:** the numbers of the kept events are dense, so an event is found by subtraction.
#[derive(Debug, Default)]
pub struct AlertLog {
    retention: Retention,
    kept: VecDeque<Kept>,
    last_seq: u64,
    bytes_written: u64,
    bytes_dropped: u64,
    open: BTreeMap<Arc<str>, Arc<LoggedEvent>>,
    /// Alerts whose newest event has this number or a greater one are all here.
    complete_from: u64,
    /// The newest event of each alert, by its number.
    newest: BTreeMap<u64, Arc<LoggedEvent>>,
    newest_seq: BTreeMap<Arc<str>, u64>,
    cleared: VecDeque<u64>,
    open_snapshot: OnceLock<Text>,
}

#[derive(Debug)]
struct Kept {
    event: Arc<LoggedEvent>,
    /// Bytes written to the log up to and with this event.
    end: u64,
}

impl AlertLog {
    /// An empty log whose first event gets the number after `last_seq`.
    pub fn new(last_seq: u64, retention: Retention) -> Self {
        Self { retention, last_seq, complete_from: last_seq.saturating_add(1), ..Self::default() }
    }

    /// Takes the newest event of an alert of before this start; none that has come since is changed by it.
    pub fn remember(&mut self, logged: &Arc<LoggedEvent>) {
        let known = self.newest_seq.get(&logged.alert().alert_id).is_some_and(|seq| logged.seq <= *seq);
        if !known && logged.seq < self.oldest_seq() {
            self.open_snapshot.take();
            self.note(logged);
        }
    }

    /// Number of the newest event; 0 if there never was one.
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// Number of the oldest event kept; that of the next one if none is.
    pub fn oldest_seq(&self) -> u64 {
        self.kept.front().map_or(self.last_seq.saturating_add(1), |kept| kept.event.seq)
    }

    /// Keeps an event that is numbered already. One whose number is not the next is refused: `false`.
    pub fn push(&mut self, logged: Arc<LoggedEvent>) -> bool {
        if logged.seq != self.last_seq.saturating_add(1) {
            return false;
        }
        self.last_seq = logged.seq;
        self.bytes_written += size(&logged);
        self.open_snapshot.take();
        self.note(&logged);
        self.kept.push_back(Kept { event: logged, end: self.bytes_written });
        while self.kept.len() > self.retention.events
            || self.bytes_written - self.bytes_dropped > self.retention.text_bytes
        {
            let Some(dropped) = self.kept.pop_front() else { break };
            self.bytes_dropped = dropped.end;
        }
        true
    }

    /// The kept events after number `seq`, in order.
    pub fn after(&self, seq: u64) -> impl Iterator<Item = &Arc<LoggedEvent>> {
        let skip = seq.saturating_add(1).saturating_sub(self.oldest_seq());
        let skip = usize::try_from(skip).unwrap_or(usize::MAX).min(self.kept.len());
        self.kept.range(skip..).map(|kept| &kept.event)
    }

    /// Events and bytes of text between `cursor` and the newest event.
    pub fn lag(&self, cursor: u64) -> (u64, u64) {
        let next = self.after(cursor).next();
        let index = next.and_then(|event| usize::try_from(event.seq - self.oldest_seq()).ok());
        let bytes = index
            .and_then(|index| self.kept.get(index))
            .map_or(0, |kept| self.bytes_written - kept.end + size(&kept.event));
        (self.last_seq.saturating_sub(cursor), bytes)
    }

    /// The open alerts, by identity.
    pub fn open(&self) -> impl ExactSizeIterator<Item = &Arc<LoggedEvent>> {
        self.open.values()
    }

    /// The open alert of that identity.
    pub fn open_alert(&self, alert_id: &str) -> Option<&Arc<LoggedEvent>> {
        self.open.get(alert_id)
    }

    /// The alert of that identity, open or cleared.
    pub fn alert(&self, alert_id: &str) -> Option<&Arc<LoggedEvent>> {
        self.newest.get(self.newest_seq.get(alert_id)?)
    }

    /// Every alert whose newest event has this number or a greater one is here; of those before, only the open
    /// ones are for certain.
    pub fn complete_from(&self) -> u64 {
        self.complete_from
    }

    /// Open and cleared alerts whose newest event comes after `seq`, in the order of those events.
    pub fn alerts_after(&self, seq: u64) -> impl Iterator<Item = &Arc<LoggedEvent>> {
        self.newest.range(seq.saturating_add(1)..).map(|(_, logged)| logged)
    }

    /// The snapshot for who asked for everything and no aircraft, made once per event.
    pub(super) fn open_snapshot(&self) -> Text {
        let make = || {
            let alerts: Vec<_> = self.open().cloned().collect();
            frames::snapshot(self.last_seq, &alerts, None)
        };
        self.open_snapshot.get_or_init(make).clone()
    }

    fn note(&mut self, logged: &Arc<LoggedEvent>) {
        let id = &logged.alert().alert_id;
        if let Some(before) = self.newest_seq.insert(Arc::clone(id), logged.seq) {
            self.newest.remove(&before);
        }
        self.newest.insert(logged.seq, Arc::clone(logged));
        match logged.alert().state {
            AlertState::Open => {
                self.open.insert(Arc::clone(id), Arc::clone(logged));
            }
            AlertState::Cleared => {
                self.open.remove(id);
                self.cleared.push_back(logged.seq);
            }
        }
        while self.cleared.len() > self.retention.cleared {
            let oldest = self.cleared.pop_front().and_then(|seq| self.newest.remove(&seq));
            if let Some(oldest) = oldest {
                self.complete_from = self.complete_from.max(oldest.seq.saturating_add(1));
                self.newest_seq.remove(&oldest.alert().alert_id);
            }
        }
    }
}

fn size(logged: &LoggedEvent) -> u64 {
    u64::try_from(logged.text.len()).unwrap_or(u64::MAX)
}
