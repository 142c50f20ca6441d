//! The one thread that writes. It commits at once when it is idle; what arrives meanwhile is the next commit.

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::book::Book;
use super::contract::Entry;
use super::desk::{Desk, Job};
use super::error::Trouble;
use super::mark::Mark;
use super::{Recovered, store};
use crate::domain::Timestamp;

/// First and longest wait between attempts on a disk that refuses.
const RETRY_WAITS: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(500)];
/// Wait between attempts to open a journal that could not be opened at the start.
const OPEN_WAIT: Duration = Duration::from_secs(10);
/// Commits after which a checkpoint is made when nothing waits, and when something does.
const CHECKPOINT_AFTER: [u32; 2] = [100, 1_000];

/// How long the end waits for the mark to be written.
const MARK_WAIT: Duration = Duration::from_millis(200);

/// Everything the thread owns.
pub(super) struct Writer {
    pub desk: Arc<Desk>,
    pub mark: Arc<OnceLock<Mark>>,
    pub path: PathBuf,
    pub log_id: Arc<str>,
    pub clock: fn() -> Timestamp,
    pub wake: Box<dyn Fn() + Send + Sync>,
    /// `None` after a failure: the next attempt opens the database again.
    pub book: Option<Book>,
    /// Newest number that was said to be durable.
    pub durable_seq: u64,
    /// Kept while the thread lives, so that no other process takes the journal while it still writes. `None` while
    /// the journal could not be opened.
    pub lock: Option<File>,
    /// Takes what a journal held that was opened late.
    pub late: Option<Box<dyn FnOnce(Recovered) + Send>>,
}

impl Writer {
    /// Works until the desk is closed.
    pub(super) fn run(mut self) {
        if self.lock.is_some() || self.open_late() {
            self.work();
        }
        // The last connection that closes makes a checkpoint and removes the write-ahead log.
        self.book = None;
        if let Some(mark) = self.mark.get() {
            mark.settle(MARK_WAIT);
        }
        let desk = Arc::clone(&self.desk);
        drop(self);
        desk.ended();
    }

    /// Tries to open the journal until it is open, or the desk is closed: `false`.
    fn open_late(&mut self) -> bool {
        while self.desk.pause(OPEN_WAIT) {
            match self.try_to_open() {
                Ok(recovered) => {
                    self.desk.is_well();
                    tracing::warn!(path = %self.path.display(), "the journal is open now");
                    if let Some(late) = self.late.take() {
                        late(recovered);
                    }
                    (self.wake)();
                    return true;
                }
                Err(reason) => {
                    if self.desk.failing((self.clock)(), reason.clone()) {
                        tracing::warn!(reason, "the journal still cannot be opened, trying on");
                        (self.wake)();
                    }
                }
            }
        }
        false
    }

    fn try_to_open(&mut self) -> Result<Recovered, String> {
        let dir = self.path.parent().unwrap_or(&self.path);
        let (lock, opened) = store::take(dir, (self.clock)()).map_err(|error| error.to_string())?;
        let (mut book, recovered) = (opened.book, opened.recovered);
        let from = self.durable_seq;
        // Before the history takes our identity: what was published of it is not in it yet.
        let mark = store::mark(dir, &recovered, self.desk.published_unsafe());
        let mark = mark.map_err(|error| error.to_string())?;
        book.go_on_as(&self.log_id, from)
            .map_err(|why| format!("{}: {why}; restart lowsky", dir.display()))?;
        mark.say(|said| said.seq = said.seq.max(from));
        drop(self.mark.set(mark));
        (self.book, self.lock) = (Some(book), Some(lock));
        Ok(recovered)
    }

    fn work(&mut self) {
        let mut commits = 0;
        while let Some(job) = self.desk.next() {
            match job {
                Job::Write { entries, probe } => {
                    self.write(&entries, probe);
                    commits += 1;
                    commits = self.checkpoint(commits, CHECKPOINT_AFTER[1]);
                }
                Job::Prune(before) => self.prune(before),
                Job::Rest => commits = self.checkpoint(commits, CHECKPOINT_AFTER[0]),
            }
        }
    }

    /// Writes until it is written, or the desk is closed.
    fn write(&mut self, entries: &[Entry], probe: Option<u64>) {
        let [mut wait, longest] = RETRY_WAITS;
        while let Err(reason) = self.attempt(entries, probe) {
            // What became of the commit is unknown; only a fresh look tells.
            self.book = None;
            if self.desk.failing((self.clock)(), reason.clone()) {
                tracing::warn!(reason, "the journal cannot be written, trying on");
                (self.wake)();
            }
            if !self.desk.pause(wait) {
                return;
            }
            wait = longest.min(wait * 2);
        }
        self.desk.written(entries, self.durable_seq, probe);
        let seq = self.durable_seq;
        if let Some(mark) = self.mark.get() {
            mark.say(|said| said.seq = seq);
        }
        (self.wake)();
    }

    fn attempt(&mut self, entries: &[Entry], probe: Option<u64>) -> Result<(), String> {
        let book = if let Some(book) = &mut self.book {
            book
        } else {
            let again = self.open_again()?;
            self.book.insert(again)
        };
        if !book.is_in_place() {
            return Err(gone(&self.path));
        }
        book.commit(entries, probe).map_err(|error| error.to_string())?;
        self.durable_seq = book.head().last_seq;
        Ok(())
    }

    /// After a failure: looks at what is really there, and has it written and synced once more.
    fn open_again(&self) -> Result<Book, String> {
        let said = |trouble: Trouble| trouble.at(&self.path).to_string();
        if !self.path.is_file() {
            return Err(gone(&self.path));
        }
        let book = Book::open(&self.path).map_err(said)?;
        book.checkpoint_anew().map_err(|error| error.to_string())?;
        let log_id = book.log_id().map_err(said)?;
        if log_id.as_deref() != Some(&*self.log_id) || book.head().last_seq < self.durable_seq {
            return Err(gone(&self.path));
        }
        Ok(book)
    }

    /// Gives the number of commits since the last checkpoint, which is made if they are `enough`.
    fn checkpoint(&mut self, commits: u32, enough: u32) -> u32 {
        let Some(book) = self.book.as_ref().filter(|_| enough <= commits) else { return commits };
        if let Err(error) = book.checkpoint() {
            tracing::warn!(%error, "no checkpoint of the journal");
            // As after a failed commit: nothing is taken for granted.
            self.book = None;
            self.write(&[], None);
        }
        0
    }

    fn prune(&mut self, before: Timestamp) {
        let more = self.book.as_mut().map(|book| book.prune(before));
        match more {
            Some(Ok(true)) => {}
            Some(Ok(false)) | None => self.desk.pruned(),
            Some(Err(error)) => {
                tracing::warn!(%error, "old events cannot be forgotten");
                self.desk.pruned();
                self.book = None;
                self.write(&[], None);
            }
        }
    }
}

fn gone(path: &std::path::Path) -> String {
    format!(
        "{} was removed or replaced while in use; restart lowsky. 日志文件在使用中被移走或替换，请重启。",
        path.display()
    )
}
