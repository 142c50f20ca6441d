//! What waits for the writer, and what it has come to: shared between the thread that hands entries over and the
//! thread that writes them. The lock is held for moments, never over I/O.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::contract::{Condition, Entry, Progress};
use crate::domain::Timestamp;

/// Most entries of one commit.
const BATCH_MAX: usize = 512;
/// What an entry takes besides its JSON, bytes, roughly: the alert itself, with its texts once more.
const ENTRY_BYTES: usize = 1_024;

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub entries: usize,
    pub bytes: usize,
}

/// What the writer shall do next.
#[derive(Debug)]
pub(super) enum Job {
    /// Write entries and a probe, in one commit.
    Write { entries: Vec<Entry>, probe: Option<u64> },
    /// Forget some events older than that.
    Prune(Timestamp),
    /// Nothing waits: time to tidy up.
    Rest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    No,
    WhenWritten,
    Now,
}

#[derive(Debug)]
struct State {
    waiting: VecDeque<Entry>,
    waiting_bytes: usize,
    in_hand: usize,
    probe: u64,
    prune_before: Option<Timestamp>,
    restless: bool,
    accepted_seq: u64,
    /// The newest number that was published before it was on disk.
    published_seq: u64,
    progress: Progress,
    end: End,
    ended: bool,
}

/// The desk between the two threads.
#[derive(Debug)]
pub(super) struct Desk {
    state: Mutex<State>,
    news: Condvar,
    limits: Limits,
}

impl Desk {
    pub(super) fn new(limits: Limits, last_seq: u64) -> Self {
        let progress =
            Progress { durable_seq: last_seq, probed: 0, condition: Condition::Writable, backlog: 0 };
        let state = State {
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            in_hand: 0,
            probe: 0,
            prune_before: None,
            restless: false,
            accepted_seq: last_seq,
            published_seq: 0,
            progress,
            end: End::No,
            ended: false,
        };
        Self { state: Mutex::new(state), news: Condvar::new(), limits }
    }

    /// Takes entries if there is room for all of them. Numbers that were taken before are passed over.
    pub(super) fn append(&self, entries: Vec<Entry>) -> Result<(), Vec<Entry>> {
        let mut state = self.lock();
        let bytes: usize = entries.iter().map(size).fold(0, usize::saturating_add);
        let crowded = self.limits.entries < state.backlog().saturating_add(entries.len())
            || self.limits.bytes < state.waiting_bytes.saturating_add(bytes);
        // A batch that is too large by itself would never find room.
        if (crowded && 0 < state.backlog()) || state.ended {
            return Err(entries);
        }
        for entry in entries {
            if state.accepted_seq < entry.seq {
                state.accepted_seq = entry.seq;
                state.waiting_bytes = state.waiting_bytes.saturating_add(size(&entry));
                state.waiting.push_back(entry);
            }
        }
        state.progress.backlog = state.backlog();
        drop(state);
        self.news.notify_all();
        Ok(())
    }

    pub(super) fn probe(&self, number: u64) {
        let mut state = self.lock();
        state.probe = state.probe.max(number);
        drop(state);
        self.news.notify_all();
    }

    /// Notes that events up to this number are published though they are not on disk.
    pub(super) fn publish_unsafe(&self, seq: u64) {
        let mut state = self.lock();
        state.published_seq = state.published_seq.max(seq);
    }

    /// The newest number that was published before it was on disk.
    pub(super) fn published_unsafe(&self) -> u64 {
        self.lock().published_seq
    }

    /// The disk takes what it is given, as far as is known.
    pub(super) fn is_well(&self) {
        self.lock().progress.condition = Condition::Writable;
    }

    pub(super) fn prune(&self, before: Timestamp) {
        self.lock().prune_before = Some(before);
        self.news.notify_all();
    }

    pub(super) fn progress(&self) -> Progress {
        self.lock().progress.clone()
    }

    /// The next job; waits for one. `None` when it is time to end.
    pub(super) fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.end == End::Now {
                return None;
            }
            let probe = (state.progress.probed < state.probe).then_some(state.probe);
            if !state.waiting.is_empty() || probe.is_some() {
                let count = state.waiting.len().min(BATCH_MAX);
                let entries: Vec<Entry> = state.waiting.drain(..count).collect();
                state.in_hand = count;
                state.restless = true;
                return Some(Job::Write { entries, probe });
            }
            if state.end == End::WhenWritten {
                return None;
            }
            if std::mem::take(&mut state.restless) {
                return Some(Job::Rest);
            }
            if let Some(before) = state.prune_before {
                return Some(Job::Prune(before));
            }
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Notes what a commit has come to.
    pub(super) fn written(&self, entries: &[Entry], durable_seq: u64, probe: Option<u64>) {
        let mut state = self.lock();
        state.in_hand = 0;
        let bytes: usize = entries.iter().map(size).fold(0, usize::saturating_add);
        state.waiting_bytes = state.waiting_bytes.saturating_sub(bytes);
        let probed = probe.unwrap_or(state.progress.probed);
        let backlog = state.backlog();
        state.progress = Progress { durable_seq, probed, condition: Condition::Writable, backlog };
    }

    /// Notes that the disk refuses; since when is kept while it does. Whether that is news.
    pub(super) fn failing(&self, now: Timestamp, reason: String) -> bool {
        let mut state = self.lock();
        let since = match &state.progress.condition {
            Condition::Failing { since, .. } => *since,
            Condition::Writable => now,
        };
        let condition = Condition::Failing { since, reason };
        let news = state.progress.condition != condition;
        state.progress.condition = condition;
        news
    }

    /// All that is older than asked for is forgotten, or cannot be now.
    pub(super) fn pruned(&self) {
        self.lock().prune_before = None;
    }

    /// Waits before the next attempt; `false` if it is time to end.
    pub(super) fn pause(&self, wait: Duration) -> bool {
        let waited = self.news.wait_timeout_while(self.lock(), wait, |state| state.end != End::Now);
        waited.unwrap_or_else(PoisonError::into_inner).0.end != End::Now
    }

    /// Asks the writer to write what waits and end; gives up after `within`. Whether all was written.
    pub(super) fn close(&self, within: Duration) -> bool {
        let mut state = self.lock();
        state.end = End::WhenWritten;
        self.news.notify_all();
        state = self
            .news
            .wait_timeout_while(state, within, |state| !state.ended)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
        state.end = End::Now;
        let all = state.ended && state.backlog() == 0;
        drop(state);
        self.news.notify_all();
        all
    }

    /// Asks the writer to end without waiting for anything.
    pub(super) fn abandon(&self) {
        self.lock().end = End::Now;
        self.news.notify_all();
    }

    /// The writer has ended.
    pub(super) fn ended(&self) {
        self.lock().ended = true;
        self.news.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn backlog(&self) -> usize {
        self.waiting.len().saturating_add(self.in_hand)
    }
}

fn size(entry: &Entry) -> usize {
    entry.alert_json.len().saturating_add(ENTRY_BYTES)
}
