//! Opens the journal, or what stands in its place: a service that cannot write still watches, and says so loudly.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::Timestamp;
use crate::journal::{Condition, Entry, Journal, JournalSettings, Progress, Recovered, Store};
use crate::service::clock;

/// Time between looks for events that are older than the history is kept.
const RETAIN_PERIOD: Duration = Duration::from_hours(1);

/// What makes events survive, and what it held.
pub struct Opened {
    /// What takes events.
    pub store: Arc<dyn Store + Send + Sync>,
    /// The same, if it is a journal.
    pub journal: Option<Arc<Journal>>,
    /// What was in it.
    pub recovered: Recovered,
}

/// Opens the journal; `wake` is called whenever it got further. May take a while: not to be called where others wait.
pub fn open(settings: &JournalSettings, wake: impl Fn() + Send + Sync + 'static) -> Opened {
    match Journal::open(settings, clock::now, wake) {
        Ok((journal, recovered)) => {
            let journal = Arc::new(journal);
            for damage in &recovered.damage {
                tracing::error!(damage, "the journal was damaged");
            }
            let (log_id, last_seq) = (&*recovered.log_id, recovered.last_seq);
            tracing::info!(log_id, last_seq, open_alerts = recovered.open.len(), "journal opened");
            Opened { store: Arc::<Journal>::clone(&journal), journal: Some(journal), recovered }
        }
        Err(error) => {
            let now = clock::now();
            let reason = format!("{error}; make it writable and start again");
            tracing::error!(%reason, "NO JOURNAL: alerts go out and will not survive; 无日志：告警照常发出，但不会保存");
            // Every such start is a new history; a client must not mistake it for another one.
            let last_seq = u64::try_from(now.as_millis()).unwrap_or(0);
            let recovered = Recovered {
                log_id: format!("{:x}", now.as_micros()).into(),
                last_seq,
                oldest_seq: last_seq.saturating_add(1),
                open: Vec::new(),
                damage: Vec::new(),
            };
            Opened { store: Arc::new(NoJournal { since: now, reason }), journal: None, recovered }
        }
    }
}

/// Lets the journal forget what is older than the history is kept, until `stop`.
pub async fn retain(journal: Arc<Journal>, stop: CancellationToken) {
    let mut due = tokio::time::interval(RETAIN_PERIOD);
    while stop.run_until_cancelled(due.tick()).await.is_some() {
        journal.retain(clock::now());
    }
}

/// A journal that could not be opened.
#[derive(Debug)]
struct NoJournal {
    since: Timestamp,
    reason: String,
}

impl Store for NoJournal {
    /// Takes them and forgets them. Their messages are never acknowledged: the broker keeps those for a start with a
    /// journal.
    fn append(&self, _entries: Vec<Entry>) -> Result<(), Vec<Entry>> {
        Ok(())
    }

    fn probe(&self, _number: u64) {}

    fn mark_unsafe(&self) {}

    fn progress(&self) -> Progress {
        let condition = Condition::Failing { since: self.since, reason: self.reason.clone() };
        Progress { durable_seq: 0, probed: 0, condition, backlog: 0 }
    }
}
