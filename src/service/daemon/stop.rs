//! The end of the service, in order and before one deadline.
//!
//! ```text
//! intake ─► gate ─► evaluator ─► history ─► clients, farewell to the broker ─► journal
//! ```
//!
//! Each stage ends as soon as its work is done. A disk that hangs or a broker that says nothing takes its stage's most,
//! and whatever that leaves is for those after it: what they do not get done survives the sudden end of the process.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::Daemon;
use crate::service::journaling;

/// The whole stop. The end of the runtime, half a second at most, comes after it.
const STOP_MAX: Duration = Duration::from_millis(4_200);
/// Time for what was taken to be evaluated and acknowledged.
const DRAIN_MAX: Duration = Duration::from_millis(1_700);
/// Time for what came at QoS 0 to be handed to the monitor after that.
const HAND_ON_MAX: Duration = Duration::from_millis(300);
/// Time for the monitor to end, which waits a second for the disk.
const EVALUATE_MAX: Duration = Duration::from_millis(1_500);
/// Time for the disk to take the last positions, and the last events.
const LAST_WRITE_MAX: Duration = Duration::from_millis(300);
/// Time for the farewell to clients and to the broker.
const FAREWELL_MAX: Duration = Duration::from_secs(1);
/// Time for the embedded broker to pass on what it was told last, and to end.
#[cfg(feature = "embedded-broker")]
const LAST_WORDS: Duration = Duration::from_millis(250);
/// Time for the thread that may be reading zones.
const ZONES_MAX: Duration = Duration::from_millis(200);

/// When the stop must be over.
struct Deadline(Instant);

impl Deadline {
    fn begin() -> Self {
        Self(Instant::now() + STOP_MAX)
    }

    /// The time of a stage.
    fn at_most(&self, most: Duration) -> Duration {
        self.0.saturating_duration_since(Instant::now()).min(most)
    }
}

impl Daemon {
    /// Stops in order: takes no more messages, evaluates and acknowledges what was taken, tells the clients,
    /// says goodbye to the broker. At most 5 s, whatever hangs.
    pub async fn stop(mut self) {
        let deadline = Deadline::begin();
        self.observing.cancel();
        let (zone_watch, zones) = (self.zone_watch.take(), self.zones);
        // Ends its thread, which may be reading files.
        let watched = tokio::task::spawn_blocking(move || drop((zone_watch, zones)));
        self.intake.stop(deadline.at_most(DRAIN_MAX)).await;
        // Nobody has waited yet for messages at QoS 0.
        if timeout(deadline.at_most(HAND_ON_MAX), &mut self.gate).await.is_err() {
            self.gate.abort();
        }
        self.inbox.close();
        let evaluator = self.evaluator;
        let ended = tokio::task::spawn_blocking(move || evaluator.join().is_ok());
        match timeout(deadline.at_most(EVALUATE_MAX), ended).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false) | Err(_)) => tracing::error!("the monitor's thread had panicked"),
            Err(_) => tracing::error!("the monitor's thread did not end in time"),
        }
        if let Some(recorder) = self.recorder.take() {
            let closed = tokio::task::spawn_blocking(move || recorder.close());
            if timeout(deadline.at_most(LAST_WRITE_MAX), closed).await.is_err() {
                tracing::error!("the history did not take the last positions");
            }
        }
        self.background.cancel();
        self.app.stop.cancel();
        let farewell = deadline.at_most(FAREWELL_MAX);
        let (served, ()) = tokio::join!(timeout(farewell, self.serving), self.publisher.stop(farewell));
        if served.is_err() {
            tracing::warn!("some clients were cut without a farewell");
        }
        journaling::note_contact(&self.journal, &self.publisher, &self.intake);
        let (journal, within) = (self.journal, deadline.at_most(LAST_WRITE_MAX));
        let closed = tokio::task::spawn_blocking(move || journal.close(within));
        if !closed.await.unwrap_or(false) {
            tracing::error!(
                "the journal did not take the last alert events; their messages are with the broker"
            );
        }
        for task in self.tasks {
            task.abort();
        }
        #[cfg(feature = "embedded-broker")]
        if let Some(broker) = self.broker.take() {
            tokio::time::sleep(deadline.at_most(LAST_WORDS)).await;
            if timeout(deadline.at_most(LAST_WORDS), broker.stop()).await.is_err() {
                tracing::warn!("the embedded broker did not end in time");
            }
        }
        drop(timeout(deadline.at_most(ZONES_MAX), watched).await);
        tracing::info!("stopped");
    }
}
