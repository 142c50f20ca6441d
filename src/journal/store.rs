//! The journal as the service holds it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::contract::{Entry, Progress, Recovered, Store};
use super::desk::{Desk, Limits};
use super::error::JournalError;
use super::mark::{Mark, Said};
use super::reader::Reader;
use super::recover::{self, Opened};
use super::writer::Writer;
use super::{lock, schema};
use crate::domain::Timestamp;

/// How long [`Store::mark_unsafe`] waits for the mark to be written.
const MARK_WAIT: Duration = Duration::from_millis(20);
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
    mark: Arc<Mark>,
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
        let dir = &settings.dir;
        lock::make_dir(dir)?;
        let lock = lock::take(dir)?;
        let Opened { book, recovered } = recover::recover(dir, clock())?;
        let head = *book.head();
        let mark = Arc::new(Mark::start(dir, Said { seq: head.last_seq, beyond: false })?);
        let limits = Limits { entries: settings.backlog_entries, bytes: settings.backlog_bytes };
        let desk = Arc::new(Desk::new(limits, head.last_seq));
        let writer = Writer {
            desk: Arc::clone(&desk),
            mark: Arc::clone(&mark),
            path: dir.join(schema::FILE),
            log_id: Arc::clone(&recovered.log_id),
            clock,
            wake: Box::new(wake),
            book: Some(book),
            durable_seq: head.last_seq,
            _lock: lock,
        };
        std::thread::Builder::new().name("journal".into()).spawn(move || writer.run()).map_err(|error| {
            JournalError::Io { path: dir.clone(), doing: "no thread for the journal", error }
        })?;
        let reader = Reader::at(dir.join(schema::FILE));
        Ok((Self { desk, mark, reader, retain_days: settings.retain_days }, recovered))
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

    /// Returns at once, or after some milliseconds on the first call of a failure.
    fn mark_unsafe(&self) {
        if self.mark.say(|said| said.beyond |= !self.desk.all_is_written()) {
            self.mark.settle(MARK_WAIT);
        }
    }

    fn progress(&self) -> Progress {
        self.desk.progress()
    }
}
