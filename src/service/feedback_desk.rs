//! Where the decoder and the monitor's thread hand in what was refused or flagged; it goes out as feedback.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::domain::{Refusal, Timestamp, TopicLevel};
use crate::service::clock;
use crate::service::feedback::FeedbackTable;
use crate::service::publisher::PublisherHandle;

/// How often is looked for messages that are due.
const LOOK_PERIOD: Duration = Duration::from_millis(500);

/// The table of what is to be told, and the publisher who tells it.
pub struct FeedbackDesk {
    table: Mutex<FeedbackTable>,
    publisher: PublisherHandle,
}

impl FeedbackDesk {
    /// A desk with an empty table.
    pub fn new(publisher: PublisherHandle) -> Arc<Self> {
        Arc::new(Self { table: Mutex::default(), publisher })
    }

    /// Hands in what was found in one message of an aircraft. From any thread; never waits for the broker.
    pub fn note(
        &self,
        at: Timestamp,
        operator: impl Into<TopicLevel>,
        uas_id: impl Into<TopicLevel>,
        refused: &[Refusal],
        flagged: &[Refusal],
    ) {
        let table = || self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let told = table().note(at, operator, uas_id, refused, flagged);
        if let Some(feedback) = told {
            self.publisher.feedback(&feedback);
        }
    }

    /// Publishes what is due until `stop`.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut look = tokio::time::interval(LOOK_PERIOD);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(look.tick()).await.is_some() {
            let due = self.table.lock().unwrap_or_else(PoisonError::into_inner).due(clock::now());
            for feedback in &due {
                self.publisher.feedback(feedback);
            }
        }
    }
}
