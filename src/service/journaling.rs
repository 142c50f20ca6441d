//! Opens the journal, at once or later: a service that cannot write still watches, and says so loudly.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::journal::{Journal, JournalError, JournalSettings, Recovered};
use crate::service::clock::{self, Stopwatch};
use crate::service::intake::IntakeHandle;
use crate::service::publisher::PublisherHandle;

/// Time between looks for events that are older than the history is kept.
const RETAIN_PERIOD: Duration = Duration::from_hours(1);
/// Time between notes of how far the broker has confirmed.
const TOLD_PERIOD: Duration = Duration::from_secs(1);
/// A journal that another process has is waited for so long: one that is being stopped gives it back.
const LOCKED_MAX: Duration = Duration::from_secs(3);
/// Time between attempts meanwhile.
const LOCKED_WAIT: Duration = Duration::from_millis(100);

/// What makes events survive, and what it held.
pub struct Opened {
    /// What takes events.
    pub journal: Arc<Journal>,
    /// What was in it.
    pub recovered: Recovered,
    /// If it could not be opened: tells what was in it once it is.
    pub late: Option<oneshot::Receiver<Recovered>>,
}

/// Opens the journal; `wake` is called whenever it got further. May take a while: not to be called where others wait.
/// Fails only if the system gives no thread.
pub fn open(
    settings: &JournalSettings,
    wake: impl Fn() + Clone + Send + Sync + 'static,
) -> Result<Opened, JournalError> {
    let since = Stopwatch::start();
    let error = loop {
        match Journal::open(settings, clock::now, wake.clone()) {
            Ok((journal, recovered)) => {
                note(&recovered);
                return Ok(Opened { journal: Arc::new(journal), recovered, late: None });
            }
            Err(JournalError::Locked { .. }) if since.elapsed() < LOCKED_MAX => {
                std::thread::sleep(LOCKED_WAIT);
            }
            Err(error) => break error,
        }
    };
    tracing::error!(
        reason = %error,
        "NO JOURNAL: alerts go out and may not survive, and it is tried again every 10 s; \
         无日志：告警照常发出但可能不会保存，每 10 秒重试"
    );
    let (tell, late) = oneshot::channel();
    let take = move |recovered: Recovered| {
        note(&recovered);
        drop(tell.send(recovered));
    };
    let (journal, recovered) = Journal::open_late(settings, &error, clock::now, wake, take)?;
    Ok(Opened { journal: Arc::new(journal), recovered, late: Some(late) })
}

fn note(recovered: &Recovered) {
    for damage in &recovered.damage {
        tracing::error!(damage, "the journal was damaged");
    }
    let (log_id, last_seq) = (&*recovered.log_id, recovered.last_seq);
    tracing::info!(log_id, last_seq, open_alerts = recovered.open.len(), "journal opened");
}

/// Lets the journal forget what is older than the history is kept, and notes in it how far the broker has confirmed and
/// when it was last heard, until `stop`.
pub async fn keep(
    journal: Arc<Journal>,
    publisher: PublisherHandle,
    intake: IntakeHandle,
    stop: CancellationToken,
) {
    let mut due = tokio::time::interval(RETAIN_PERIOD);
    let mut told = tokio::time::interval(TOLD_PERIOD);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = due.tick() => journal.retain(clock::now()),
            _ = told.tick() => note_contact(&journal, &publisher, &intake),
        }
    }
}

/// Notes in the journal how far the broker has confirmed, and when it was last heard.
pub fn note_contact(journal: &Journal, publisher: &PublisherHandle, intake: &IntakeHandle) {
    journal.told(publisher.told());
    if let Some(at) = intake.heard_at() {
        journal.heard(at);
    }
}
