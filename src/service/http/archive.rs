//! The journal's history for who asks: read off the runtime, a few at a time, and shared by those who ask the same.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::stream::Recorded;

/// Events in a page; pages begin at its multiples, so that clients who resume near each other share them.
const PAGE: u64 = 256;
/// Pages kept: those that many clients ask for after a break, at about 300 kB each.
const PAGES_KEPT: usize = 32;
/// Reads at once: more would only wait for the same disk, and take threads from others.
const READS_MAX: usize = 4;
/// Who waits longer is told that history cannot be read, because live alerts wait behind it.
const PATIENCE: Duration = Duration::from_secs(5);

/// A journal, as the archive reads it. Calls may block.
pub trait History: std::fmt::Debug + Send + Sync {
    /// The events numbered from `after` + 1 to `after` + `limit`.
    fn page(&self, after: u64, limit: u64) -> Result<Recorded, String>;
}

/// The way to the journal.
#[derive(Debug)]
pub struct Archive {
    history: Arc<dyn History>,
    reads: Arc<Semaphore>,
    kept: Mutex<VecDeque<(u64, Arc<Recorded>)>>,
}

impl Archive {
    /// The archive of that journal.
    pub fn new(history: Arc<dyn History>) -> Self {
        Self { history, reads: Arc::new(Semaphore::new(READS_MAX)), kept: Mutex::default() }
    }

    /// A stretch of history that holds the event after number `seq`; `None` if it cannot be read now.
    pub(super) async fn after(&self, seq: u64) -> Option<Arc<Recorded>> {
        let page = seq / PAGE;
        if let Some(kept) = self.kept(page) {
            return Some(kept);
        }
        let read = async {
            let turn = Arc::clone(&self.reads).acquire_owned().await.ok()?;
            // Somebody before us may have read it.
            if let Some(kept) = self.kept(page) {
                return Some(kept);
            }
            let history = Arc::clone(&self.history);
            let read = spawn_blocking(move || {
                let read = history.page(page.saturating_mul(PAGE), PAGE);
                // Held by the read and not by who asked, who may be gone while the disk stalls.
                drop(turn);
                read
            });
            match read.await {
                Ok(Ok(recorded)) => Some(self.keep(page, recorded)),
                Ok(Err(error)) => {
                    tracing::warn!(error, "history cannot be read");
                    None
                }
                Err(_panicked) => None,
            }
        };
        timeout(PATIENCE, read).await.ok().flatten()
    }

    fn kept(&self, page: u64) -> Option<Arc<Recorded>> {
        let kept = self.pages();
        kept.iter().find(|(number, _)| *number == page).map(|(_, recorded)| Arc::clone(recorded))
    }

    /// Keeps a page to which nothing will be added.
    fn keep(&self, page: u64, recorded: Recorded) -> Arc<Recorded> {
        let recorded = Arc::new(recorded);
        if recorded.upto == page.saturating_add(1).saturating_mul(PAGE) {
            let mut kept = self.pages();
            kept.truncate(PAGES_KEPT - 1);
            kept.push_front((page, Arc::clone(&recorded)));
        }
        recorded
    }

    fn pages(&self) -> MutexGuard<'_, VecDeque<(u64, Arc<Recorded>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
