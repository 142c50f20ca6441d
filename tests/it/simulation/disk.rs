//! A simulated disk and the journal on it: grouped commits that are late, hang, fail with an unknown outcome or find
//! no room, and a crash that keeps what was synced.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use lowsky::domain::{AlertState, Timestamp};
use lowsky::journal::{Condition, Entry, Progress, Recovered, Store};
use lowsky::stream::{LoggedEvent, Recorded};

use super::Fates;

/// Entries that may wait for the disk.
const BACKLOG_MAX: usize = 6;
/// After a failure, time until the next attempt, seconds.
const RETRY_S: f64 = 0.1;

/// What a crash leaves.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    pub(crate) synced: BTreeMap<u64, Entry>,
    pub(crate) log_id: u64,
    /// The newest event that was published before it was here.
    published: u64,
}

impl Disk {
    fn last_seq(&self) -> u64 {
        self.synced.last_key_value().map_or(0, |(seq, _)| *seq)
    }

    fn lacks_published(&self) -> bool {
        self.last_seq() < self.published
    }
}

/// How the next write will go.
#[derive(Debug)]
struct Write {
    entries: Vec<Entry>,
    done_at: Timestamp,
    fails: bool,
    /// Whether the entries are on the disk though the write failed.
    is_there: bool,
}

#[derive(Debug)]
struct State {
    disk: Disk,
    backlog: VecDeque<Entry>,
    writing: Option<Write>,
    retry_at: Option<Timestamp>,
    full_until: Timestamp,
    stall_until: Timestamp,
    condition: Condition,
    durable_seq: u64,
}

/// The journal of one life of the service.
#[derive(Debug)]
pub(crate) struct Journal(RefCell<State>);

impl Journal {
    pub(crate) fn open(mut disk: Disk) -> (Self, Recovered) {
        let last_seq = disk.last_seq();
        disk.log_id += u64::from(disk.lacks_published());
        disk.published = 0;
        let mut newest: BTreeMap<_, &Entry> = BTreeMap::new();
        for entry in disk.synced.values() {
            newest.insert(&*entry.event.alert.alert_id, entry);
        }
        let mut open: Vec<Entry> =
            newest.into_values().filter(|e| e.event.alert.state == AlertState::Open).cloned().collect();
        open.sort_by_key(|entry| entry.seq);
        let log_id = disk.log_id.to_string().into();
        let (told, heard_at, damage) = (None, None, Vec::new());
        let recovered = Recovered { log_id, last_seq, oldest_seq: 1, open, told, heard_at, damage };
        let journal = Self(RefCell::new(State {
            disk,
            backlog: VecDeque::new(),
            writing: None,
            retry_at: None,
            full_until: Timestamp::default(),
            stall_until: Timestamp::default(),
            condition: Condition::Writable,
            durable_seq: last_seq,
        }));
        (journal, recovered)
    }

    /// From now on there is no room.
    pub(crate) fn fill(&self, until: Timestamp) {
        self.0.borrow_mut().full_until = until;
    }

    /// From now on a write hangs.
    pub(crate) fn stall(&self, until: Timestamp) {
        let mut state = self.0.borrow_mut();
        state.stall_until = until;
        if let Some(write) = &mut state.writing {
            write.done_at = write.done_at.max(until);
        }
    }

    /// Whether it was taken, in this life or an earlier one.
    pub(crate) fn is_accepted(&self, seq: u64) -> bool {
        let state = self.0.borrow();
        state.disk.synced.contains_key(&seq) || state.backlog.iter().any(|entry| entry.seq == seq)
    }

    /// A part of the history, as clients ask for it.
    pub(crate) fn recorded(&self, after: u64) -> Recorded {
        let state = self.0.borrow();
        let kept = state.disk.synced.range(after + 1..=state.durable_seq).take(7);
        let events: Vec<_> = kept.map(|(_, entry)| Arc::new(LoggedEvent::of(entry, true))).collect();
        let upto = events.last().map_or(state.durable_seq, |event| event.seq);
        Recorded { oldest_seq: 1, upto, events }
    }

    pub(crate) fn is_synced(&self, seq: u64) -> bool {
        self.0.borrow().disk.synced.contains_key(&seq)
    }

    /// Nothing waits, and nothing is wrong.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.0.borrow();
        state.backlog.is_empty() && state.writing.is_none() && state.condition == Condition::Writable
    }

    /// Lets the disk work until `now`.
    pub(crate) fn step(&self, now: Timestamp, fates: &mut Fates) {
        let mut state = self.0.borrow_mut();
        let state = &mut *state;
        if let Some(write) = state.writing.take_if(|write| write.done_at <= now) {
            finish(state, &write, now, fates);
        }
        if state.writing.is_none() && state.retry_at.is_none_or(|at| at <= now) && !state.backlog.is_empty() {
            let entries: Vec<_> = state.backlog.iter().take(4).cloned().collect();
            let took_s =
                if fates.chance("a slow commit", 0.05) { 0.08 } else { 0.001 + 0.02 * fates.share() };
            let fails = fates.chance("a failed commit", 0.02);
            let is_there = fails && fates.chance("a failed commit that is on disk", 0.5);
            let done_at = now.plus_seconds(took_s).max(state.stall_until);
            state.writing = Some(Write { entries, done_at, fails, is_there });
        }
    }

    /// The process dies: what was synced stays, and perhaps what was being synced.
    pub(crate) fn crash(self, fates: &mut Fates) -> Disk {
        let State { mut disk, writing, .. } = self.0.into_inner();
        if let Some(write) = writing
            && fates.chance("a crash that leaves an unfinished commit", 0.5)
        {
            keep(&mut disk, &write.entries);
        }
        if disk.lacks_published() {
            fates.note("a crash with events that were told and are lost");
        }
        disk
    }
}

fn keep(disk: &mut Disk, entries: &[Entry]) {
    for entry in entries {
        let before = disk.synced.insert(entry.seq, entry.clone());
        assert!(before.is_none_or(|before| before == *entry), "a number is given once");
    }
}

fn finish(state: &mut State, write: &Write, now: Timestamp, fates: &mut Fates) {
    let full = now < state.full_until;
    if full {
        fates.note("a full disk");
    }
    if write.fails || full {
        if write.is_there && !full {
            keep(&mut state.disk, &write.entries);
        }
        let since = match state.condition {
            Condition::Failing { since, .. } => since,
            Condition::Writable => now,
        };
        state.condition = Condition::Failing { since, reason: "simulated".into() };
        state.retry_at = Some(now.plus_seconds(RETRY_S));
        return;
    }
    // What a failed attempt has left is found again and not written twice.
    keep(&mut state.disk, &write.entries);
    for entry in &write.entries {
        assert_eq!(state.backlog.pop_front().map(|first| first.seq), Some(entry.seq));
        state.durable_seq = entry.seq;
    }
    state.condition = Condition::Writable;
    state.retry_at = None;
}

impl Store for Journal {
    fn append(&self, entries: Vec<Entry>) -> Result<(), Vec<Entry>> {
        let mut state = self.0.borrow_mut();
        if BACKLOG_MAX < state.backlog.len() + entries.len() {
            return Err(entries);
        }
        let last = state.backlog.back().map_or(state.durable_seq, |last| last.seq);
        assert!(entries.is_sorted_by_key(|entry| entry.seq) && entries.iter().all(|e| last < e.seq));
        state.backlog.extend(entries);
        Ok(())
    }

    fn probe(&self, _number: u64) {}

    fn mark_unsafe(&self, seq: u64) {
        let disk = &mut self.0.borrow_mut().disk;
        disk.published = disk.published.max(seq);
    }

    fn progress(&self) -> Progress {
        let state = self.0.borrow();
        let (durable_seq, condition) = (state.durable_seq, state.condition.clone());
        Progress { durable_seq, probed: 0, condition, backlog: state.backlog.len() }
    }
}
