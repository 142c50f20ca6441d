//! The journal as the service holds it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::contract::{Entry, Progress, Recovered, Store};
use super::desk::{Desk, Limits};
use super::error::JournalError;
use super::mark::{self, Found, Mark, Said};
use super::reader::Reader;
use super::recover::{self, Opened};
use super::writer::Writer;
use super::{lock, schema};
use crate::domain::Timestamp;

/// How long [`Store::mark_unsafe`] waits for the mark to be written.
const MARK_WAIT: Duration = Duration::from_millis(20);
/// A service without its journal counts on so far from where the journal had come: another process may use it.
const SAFE_DISTANCE: u64 = 1_000_000;
/// If nothing is known of the journal, it counts on from the seconds since 2020: more than there can be events.
const EPOCH_S: i64 = 1_577_836_800;
/// One day, seconds.
const DAY_S: f64 = 86_400.0;

/// Where a journal lies and how much it keeps.
#[derive(Debug, Clone)]
pub struct JournalSettings {
    /// Its folder.
    pub dir: PathBuf,
    /// Days that history is kept.
    pub retain_days: u32,
    /// Most entries that wait for the disk.
    pub backlog_entries: usize,
    /// Most bytes that wait for the disk, roughly.
    pub backlog_bytes: usize,
}

impl JournalSettings {
    /// A journal in that folder with the default limits: 100,000 entries, 256 MiB.
    pub fn new(dir: impl Into<PathBuf>, retain_days: u32) -> Self {
        Self { dir: dir.into(), retain_days, backlog_entries: 100_000, backlog_bytes: 256 << 20 }
    }
}

/// Makes events survive, on a thread of its own.
#[derive(Debug)]
pub struct Journal {
    desk: Arc<Desk>,
    mark: Arc<OnceLock<Mark>>,
    reader: Reader,
    retain_days: u32,
}

impl Journal {
    /// Opens the journal of a folder, or begins one. What is damaged is moved aside, salvaged and told in
    /// [`Recovered::damage`]. `wake` is called, on the writing thread, whenever [`Progress`] has changed; `clock`
    /// gives the current time.
    pub fn open(
        settings: &JournalSettings,
        clock: fn() -> Timestamp,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Result<(Self, Recovered), JournalError> {
        let (lock, Opened { book, recovered }) = take(&settings.dir, clock())?;
        let found = mark(&settings.dir, &recovered, 0)?;
        let (journal, mut writer) = Self::shut(settings, &recovered, clock, Box::new(wake));
        drop(journal.mark.set(found));
        (writer.book, writer.lock) = (Some(book), Some(lock));
        start(writer)?;
        Ok((journal, recovered))
    }

    /// A journal that could not be opened because of `error`. What is handed over waits, and every 10 s it is tried
    /// again; once it opens, what waits is written and `late` is called with what it held. Until then this is a
    /// history of its own, with numbers that the journal cannot have given yet.
    pub fn open_late(
        settings: &JournalSettings,
        error: &JournalError,
        clock: fn() -> Timestamp,
        wake: impl Fn() + Send + Sync + 'static,
        late: impl FnOnce(Recovered) + Send + 'static,
    ) -> Result<(Self, Recovered), JournalError> {
        let now = clock();
        let last_seq = match mark::read(&settings.dir) {
            Ok(Found::Said(said)) => said.seq.max(said.published).saturating_add(SAFE_DISTANCE),
            Ok(Found::Nothing | Found::Damaged) | Err(_) => {
                u64::try_from(now.as_millis() / 1_000 - EPOCH_S).unwrap_or(SAFE_DISTANCE)
            }
        };
        let recovered = Recovered {
            log_id: recover::new_log_id(now).into(),
            last_seq,
            oldest_seq: last_seq.saturating_add(1),
            open: Vec::new(),
            told: None,
            heard_at: None,
            damage: Vec::new(),
        };
        let (journal, mut writer) = Self::shut(settings, &recovered, clock, Box::new(wake));
        writer.late = Some(Box::new(late));
        journal.desk.failing(now, error.to_string());
        start(writer)?;
        Ok((journal, recovered))
    }

    fn shut(
        settings: &JournalSettings,
        recovered: &Recovered,
        clock: fn() -> Timestamp,
        wake: Box<dyn Fn() + Send + Sync>,
    ) -> (Self, Writer) {
        let limits = Limits { entries: settings.backlog_entries, bytes: settings.backlog_bytes };
        let (path, last_seq) = (settings.dir.join(schema::FILE), recovered.last_seq);
        let (desk, mark) = (Arc::new(Desk::new(limits, last_seq)), Arc::default());
        let writer = Writer {
            desk: Arc::clone(&desk),
            mark: Arc::clone(&mark),
            path: path.clone(),
            log_id: Arc::clone(&recovered.log_id),
            clock,
            wake,
            book: None,
            durable_seq: last_seq,
            lock: None,
            late: None,
        };
        (Self { desk, mark, reader: Reader::at(path), retain_days: settings.retain_days }, writer)
    }

    /// Notes for the next start, some time, that every event up to this number has been confirmed by the broker.
    pub fn told(&self, seq: u64) {
        if let Some(mark) = self.mark.get() {
            mark.say(|said| said.told = said.told.max(seq));
        }
    }

    /// Notes for the next start, some time, when the service was last in touch with the broker.
    pub fn heard(&self, at: Timestamp) {
        if let Some(mark) = self.mark.get() {
            mark.say(|said| said.heard_us = micros(at));
        }
    }

    /// Forgets events that are older than the history is kept, bit by bit while nothing else is to be written.
    /// The newest event of every open alert stays. To be called once an hour or so.
    pub fn retain(&self, now: Timestamp) {
        self.desk.prune(now.plus_seconds(-DAY_S * f64::from(self.retain_days)));
    }

    /// For questions about history, on other threads.
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Writes what waits and ends the thread; gives up after `within`. Whether everything was written.
    pub fn close(&self, within: Duration) -> bool {
        self.desk.close(within)
    }
}

/// Locks the journal of a folder and looks at what it holds.
pub(super) fn take(dir: &Path, now: Timestamp) -> Result<(File, Opened), JournalError> {
    lock::make_dir(dir)?;
    let lock = lock::take(dir)?;
    Ok((lock, recover::recover(dir, now)?))
}

/// The mark of a journal that was opened; `published` is the newest event that was published and is not in it.
pub(super) fn mark(dir: &Path, recovered: &Recovered, published: u64) -> Result<Mark, JournalError> {
    let seq = recovered.last_seq;
    let heard_us = recovered.heard_at.map_or(0, micros);
    Mark::start(dir, Said { seq, published, told: recovered.told.unwrap_or(seq), heard_us })
}

fn micros(at: Timestamp) -> u64 {
    u64::try_from(at.as_micros()).unwrap_or(0)
}

fn start(writer: Writer) -> Result<(), JournalError> {
    let path = writer.path.clone();
    let started = std::thread::Builder::new().name("journal".into()).spawn(move || writer.run());
    started.map(drop).map_err(|error| JournalError::Io { path, doing: "no thread for the journal", error })
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.desk.abandon();
    }
}

impl Store for Journal {
    fn append(&self, entries: Vec<Entry>) -> Result<(), Vec<Entry>> {
        self.desk.append(entries)
    }

    fn probe(&self, number: u64) {
        self.desk.probe(number);
    }

    /// Returns at once, or after some milliseconds if the disk does not even take the mark.
    fn mark_unsafe(&self, seq: u64) {
        self.desk.publish_unsafe(seq);
        let Some(mark) = self.mark.get() else { return };
        if mark.say(|said| said.published = said.published.max(seq)) {
            mark.settle(MARK_WAIT);
        }
    }

    fn progress(&self) -> Progress {
        self.desk.progress()
    }
}
