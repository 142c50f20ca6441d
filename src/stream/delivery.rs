//! From found to told: alert events wait for the disk, and messages for the events before them.
//!
//! ```text
//! event ─► number, text ─► Store ─┬─ durable in time ──► publish, durable
//!                                 └─ 50 ms are over ───► publish, not durable
//! message ─► behind the newest event so far ─ durable ─► acknowledge
//! ```
//!
//! Events leave in the order of their numbers and each once. A message waits for every event before it, not only
//! for its own: the second copy of a redelivered message causes nothing, and its acknowledgement would take from
//! the broker what the first copy caused and the disk does not have yet.

use std::collections::VecDeque;
use std::sync::Arc;

use super::to_json;
use crate::domain::{AlertEvent, Timestamp};
use crate::journal::{Entry, Store};

/// How long an event waits for the disk before it is published all the same, seconds.
pub const DISK_WAIT_S: f64 = 0.05;

/// Most late events that are remembered one by one: only the oldest says how far the disk is behind.
const LATE_MAX: usize = 1_024;

/// What may leave now.
#[derive(Debug, PartialEq)]
pub enum Release<T> {
    /// An event to be published.
    Publish {
        /// The event.
        entry: Entry,
        /// Whether it is safe on disk.
        durable: bool,
    },
    /// A message whose effect is safe.
    Acknowledge(T),
}

/// What waits between the monitor and the world. `T` is the right to acknowledge a message.
#[derive(Debug)]
pub struct Delivery<T> {
    last_seq: u64,
    durable_seq: u64,
    /// Numbered, and not handed to the store yet.
    fresh: Vec<Entry>,
    unpublished: VecDeque<Pending>,
    /// Messages, each behind the event of that number.
    held: VecDeque<(u64, T)>,
    /// Published and not known to be durable, in order: since when, and the number; at most [`LATE_MAX`], of which
    /// the last stands for all after it.
    late: VecDeque<(Timestamp, u64)>,
    /// Numbers that the store did not take, both ends included, in order.
    lost: VecDeque<(u64, u64)>,
    first_lost: Option<u64>,
    lost_count: u64,
}

#[derive(Debug)]
struct Pending {
    entry: Entry,
    since: Timestamp,
    lost: bool,
}

impl<T> Delivery<T> {
    /// Nothing waits; the next event gets the number after `last_seq`.
    pub fn new(last_seq: u64) -> Self {
        Self {
            last_seq,
            durable_seq: last_seq,
            fresh: Vec::new(),
            unpublished: VecDeque::new(),
            held: VecDeque::new(),
            late: VecDeque::new(),
            lost: VecDeque::new(),
            first_lost: None,
            lost_count: 0,
        }
    }

    /// Numbers an event and writes its JSON.
    pub fn event(&mut self, now: Timestamp, event: Arc<AlertEvent>) {
        self.last_seq = self.last_seq.saturating_add(1);
        let alert_json = to_json(&event.alert).into();
        let entry = Entry { seq: self.last_seq, event, alert_json };
        self.fresh.push(entry.clone());
        self.unpublished.push_back(Pending { entry, since: now, lost: false });
    }

    /// A message was evaluated, and its events were handed in before.
    pub fn message(&mut self, token: T) {
        self.held.push_back((self.last_seq, token));
    }

    /// The connection of all messages that wait has ended: they will never be acknowledged.
    pub fn abandon_messages(&mut self) -> impl Iterator<Item = T> {
        self.held.drain(..).map(|(_, token)| token)
    }

    /// Hands new events to the store, asks how far it has come, and appends what may leave.
    pub fn pass(&mut self, now: Timestamp, store: &(impl Store + ?Sized), out: &mut Vec<Release<T>>) {
        // An event waits for the disk from now on, however long the reports before and after it took.
        for pending in self.unpublished.iter_mut().rev().take(self.fresh.len()) {
            pending.since = now;
        }
        if !self.fresh.is_empty()
            && let Err(back) = store.append(std::mem::take(&mut self.fresh))
        {
            for entry in back {
                self.lose(entry.seq);
            }
        }
        self.durable_seq = self.durable_seq.max(store.progress().durable_seq);
        let mut newest_late = None;
        while let Some(due) = self.unpublished.pop_front_if(|first| first.is_due(now, self.durable_seq)) {
            let Pending { entry, since, lost } = due;
            let durable = !lost && entry.seq <= self.durable_seq;
            if !durable {
                let is_full = LATE_MAX <= self.late.len();
                match self.late.back_mut().filter(|_| is_full) {
                    Some((_, newest)) => *newest = entry.seq,
                    None => self.late.push_back((since, entry.seq)),
                }
                newest_late = Some(entry.seq);
            }
            out.push(Release::Publish { entry, durable });
        }
        // Nothing has left yet: what is in `out` leaves after this.
        if let Some(seq) = newest_late {
            store.mark_unsafe(seq);
        }
        let settled = self.settled();
        while self.late.pop_front_if(|(_, newest)| *newest <= settled).is_some() {}
        while let Some((_, token)) = self.held.pop_front_if(|(behind, _)| *behind <= settled) {
            out.push(Release::Acknowledge(token));
        }
    }

    /// When an event must be published whatever the disk does.
    pub fn due(&self) -> Option<Timestamp> {
        self.unpublished.front().map(|first| first.since.plus_seconds(DISK_WAIT_S))
    }

    /// Age of the oldest event that is not on disk, seconds; 0 if every event is.
    pub fn behind_s(&self, now: Timestamp) -> f64 {
        let unpublished = self.unpublished.front().map(|first| first.since);
        let oldest = self.late.front().map(|(since, _)| *since).or(unpublished);
        oldest.map_or(0.0, |since| now.seconds_since(since).max(0.0))
    }

    /// Number of the newest event.
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// Every event up to this one is safe on disk. It stays before the first that the store did not take.
    pub fn durable_seq(&self) -> u64 {
        self.first_lost.map_or(self.durable_seq, |lost| self.durable_seq.min(lost.saturating_sub(1)))
    }

    /// Events that the store did not take because too many waited.
    pub fn lost(&self) -> u64 {
        self.lost_count
    }

    /// Messages that wait for the disk.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Whether nothing waits.
    pub fn is_idle(&self) -> bool {
        self.unpublished.is_empty() && self.held.is_empty()
    }

    fn lose(&mut self, seq: u64) {
        self.first_lost.get_or_insert(seq);
        self.lost_count += 1;
        if let Some(pending) = self.unpublished.iter_mut().rev().find(|pending| pending.entry.seq == seq) {
            pending.lost = true;
        }
        match self.lost.back_mut() {
            Some((_, last)) if last.saturating_add(1) == seq => *last = seq,
            _ => self.lost.push_back((seq, seq)),
        }
    }

    /// Up to this number every event is on disk, or lost for it and no reason to wait any longer: a message that
    /// was held for ever would block all those after it.
    fn settled(&mut self) -> u64 {
        let mut settled = self.durable_seq;
        while let Some((_, last)) = self.lost.pop_front_if(|(first, _)| *first <= settled.saturating_add(1)) {
            settled = settled.max(last);
        }
        self.durable_seq = settled;
        settled
    }
}

impl Pending {
    fn is_due(&self, now: Timestamp, durable_seq: u64) -> bool {
        // A clock that was set back must not hold an alert back.
        let waits = (0.0..DISK_WAIT_S).contains(&now.seconds_since(self.since));
        self.lost || self.entry.seq <= durable_seq || !waits
    }
}
