//! What waits for the publisher's connection, and what was handed to it and is not confirmed yet.
//!
//! rumqttc gives a publish its packet id late and tells only the id, in order; so what was handed over stands
//! in line until its id is known.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{PubAck, PubAckReason};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::service::counters::Counters;
use crate::service::outbox::{Outbox, Parcel};
use crate::service::status::StatusFigures;

/// Alert messages kept while the broker is away.
const ALERTS_MAX: usize = 10_000;
/// Alert messages up to which there is room for those of an earlier life: the other half is for what happens.
pub(super) const ROOM_UPTO: usize = ALERTS_MAX / 2;
/// Feedback messages kept.
const FEEDBACK_MAX: usize = 1_000;
/// Messages that may be unconfirmed on a connection.
pub(super) const INFLIGHT_MAX: u16 = 64;
/// A broker that confirms nothing for so long gets a new connection.
const CONFIRM_MAX: Duration = Duration::from_secs(10);

/// Everything that waits to be published.
pub(super) struct Desk {
    waiting: Mutex<Waiting>,
    /// Something to send, or room to send it.
    pub(super) news: Notify,
    pub(super) counters: Arc<Counters>,
}

pub(super) struct Waiting {
    pub(super) alerts: Outbox,
    feedback: VecDeque<Parcel>,
    pub(super) figures: Option<StatusFigures>,
    /// What each QoS 1 publish handed to rumqttc was, until it has a packet id.
    handed: VecDeque<Handed>,
    /// What each packet id stands for.
    inflight: BTreeMap<u16, Handed>,
    confirmed_at: Instant,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Handed {
    Alert(u64),
    Status,
}

impl Desk {
    /// A desk with nothing on it.
    pub(super) fn new(counters: Arc<Counters>) -> Self {
        let waiting = Waiting {
            alerts: Outbox::new(ALERTS_MAX),
            feedback: VecDeque::new(),
            figures: None,
            handed: VecDeque::new(),
            inflight: BTreeMap::new(),
            confirmed_at: Instant::now(),
        };
        Self { waiting: Mutex::new(waiting), news: Notify::new(), counters }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// rumqttc gave the next QoS 1 publish its packet id.
    pub(super) fn departed(&self, packet_id: u16) {
        let mut waiting = self.lock();
        if let Some(handed) = waiting.handed.pop_front() {
            waiting.inflight.insert(packet_id, handed);
        }
    }

    pub(super) fn confirmed(&self, ack: &PubAck) {
        let mut waiting = self.lock();
        waiting.confirmed_at = Instant::now();
        if let Some(Handed::Alert(number)) = waiting.inflight.remove(&ack.pkid) {
            waiting.alerts.confirm(number);
            if matches!(ack.reason, PubAckReason::Success | PubAckReason::NoMatchingSubscribers) {
                self.counters.alerts_published.one();
            } else {
                // It would be refused again for ever.
                self.counters.alerts_refused.one();
                tracing::warn!(reason = ?ack.reason, "the broker refuses an alert message");
            }
        }
        drop(waiting);
        self.news.notify_one();
    }
}

impl Waiting {
    /// Adds feedback; true if the oldest had to go.
    pub(super) fn push_feedback(&mut self, parcel: Parcel) -> bool {
        let full = FEEDBACK_MAX <= self.feedback.len();
        if full {
            self.feedback.pop_front();
        }
        self.feedback.push_back(parcel);
        full
    }

    /// A new connection: nothing is handed over yet.
    pub(super) fn rewind(&mut self) {
        self.alerts.rewind();
        self.handed.clear();
        self.inflight.clear();
    }

    /// rumqttc can wait for ever for a confirmation that does not come; a new connection sends again.
    pub(super) fn is_stuck(&self) -> bool {
        0 < self.unconfirmed() && CONFIRM_MAX < self.confirmed_at.elapsed()
    }

    fn unconfirmed(&self) -> usize {
        self.handed.len() + self.inflight.len()
    }

    pub(super) fn is_settled(&self) -> bool {
        self.alerts.is_empty() && self.feedback.is_empty()
    }

    /// The next message to hand to rumqttc, alerts first.
    pub(super) fn next(&mut self) -> Option<(Parcel, QoS)> {
        if self.unconfirmed() < usize::from(INFLIGHT_MAX)
            && let Some((number, parcel)) = self.alerts.send_next()
        {
            self.hand(Handed::Alert(number));
            return Some((parcel, QoS::AtLeastOnce));
        }
        Some((self.feedback.pop_front()?, QoS::AtMostOnce))
    }

    pub(super) fn hand(&mut self, handed: Handed) {
        if self.unconfirmed() == 0 {
            self.confirmed_at = Instant::now();
        }
        self.handed.push_back(handed);
    }
}
