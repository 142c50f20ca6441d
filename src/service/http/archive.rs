//! The journal's history for who asks: read off the runtime, a few at a time, and shared by those who ask the same.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::journal::{JournalError, Page, Reader};
use crate::stream::{LoggedEvent, Recorded};

/// Events in a page; pages begin at its multiples, so that clients who resume near each other share them.
const PAGE: u64 = 256;
/// Pages kept: those that many clients ask for after a break, at about 300 kB each.
const PAGES_KEPT: usize = 32;
/// Reads at once: more would only wait for the same disk, and take threads from others.
const READS_MAX: usize = 4;
/// Who waits longer is told that history cannot be read, because live alerts wait behind it.
const PATIENCE: Duration = Duration::from_secs(5);

/// The way to the journal.
#[derive(Debug)]
pub(super) struct Archive {
    reader: Reader,
    reads: Arc<Semaphore>,
    kept: Mutex<VecDeque<(u64, Arc<Recorded>)>>,
    /// Held by who reads a page that others may want too.
    turn: tokio::sync::Mutex<()>,
}

/// A journal that cannot be read, or not in time.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unreadable(String);

impl Archive {
    /// The archive of that journal.
    pub(super) fn new(reader: Reader) -> Self {
        Self {
            reader,
            reads: Arc::new(Semaphore::new(READS_MAX)),
            kept: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// A stretch of history that holds the event after number `seq`; `None` if it cannot be read now.
    pub(super) async fn after(&self, seq: u64) -> Option<Arc<Recorded>> {
        if let Some(kept) = self.kept(seq) {
            return Some(kept);
        }
        // After a restart everybody asks for the same page at once: it is read once.
        let _turn = timeout(PATIENCE, self.turn.lock()).await.ok()?;
        if let Some(kept) = self.kept(seq) {
            return Some(kept);
        }
        let page = seq / PAGE;
        let (begin, limit) = (page.saturating_mul(PAGE), usize::try_from(PAGE).unwrap_or(usize::MAX));
        let recorded = self
            .ask(move |reader| reader.events_after(begin, limit).map(|page| recorded(&page)))
            .await
            .ok()?;
        Some(self.keep(page, recorded))
    }

    /// Asks the journal on a thread where it may block.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, Unreadable> {
        let read = async {
            let turn = Arc::clone(&self.reads).acquire_owned().await.map_err(|closed| closed.to_string())?;
            let reader = self.reader.clone();
            let read = spawn_blocking(move || {
                let answer = question(&reader);
                // Held by the read and not by who asked, who may be gone while the disk stalls.
                drop(turn);
                answer
            });
            read.await.map_err(|panicked| panicked.to_string())?.map_err(|error| error.to_string())
        };
        let answer =
            timeout(PATIENCE, read).await.unwrap_or_else(|_late| Err("the disk does not answer".into()));
        answer.map_err(|why| {
            tracing::warn!(why, "history cannot be read");
            Unreadable(why)
        })
    }

    /// A kept page that goes beyond `seq`; the newest page may have been read when it was shorter.
    fn kept(&self, seq: u64) -> Option<Arc<Recorded>> {
        let kept = self.pages();
        let holds = |(page, recorded): &&(u64, Arc<Recorded>)| *page == seq / PAGE && seq < recorded.upto;
        kept.iter().find(holds).map(|(_, recorded)| Arc::clone(recorded))
    }

    /// Keeps a page, in place of a shorter one.
    fn keep(&self, page: u64, recorded: Recorded) -> Arc<Recorded> {
        let recorded = Arc::new(recorded);
        let mut kept = self.pages();
        kept.retain(|(number, _)| *number != page);
        kept.truncate(PAGES_KEPT - 1);
        kept.push_front((page, Arc::clone(&recorded)));
        drop(kept);
        recorded
    }

    fn pages(&self) -> MutexGuard<'_, VecDeque<(u64, Arc<Recorded>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The frames of a page, made once for all who ask for it. Its holes are the numbers that it does not have.
fn recorded(page: &Page) -> Recorded {
    let events = page.entries.iter().map(|entry| Arc::new(LoggedEvent::of(entry, true))).collect();
    Recorded { oldest_seq: page.oldest_seq, upto: page.through, events }
}
