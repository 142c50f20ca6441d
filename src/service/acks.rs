//! The acknowledgements of the intake's connection: from any thread, in order of receipt, never of another one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rumqttc::v5::AsyncClient;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Publish;
use tokio::sync::Notify;

use crate::service::ack_window::{AckToken, AckWindow, Acknowledged};
use crate::service::clock::Stopwatch;
use crate::service::counters::Counters;

/// Unacknowledged messages that we take all the same: one of each packet id. Brokers send more than they may
/// (mosquitto 2.0.11 does once it has had to queue); a connection ended for that would meet the same again, for ever.
pub(super) const WINDOW_LEN: usize = 65_535;

/// The acknowledgements of the connection that stands, shared with whoever evaluates.
pub(super) struct Acks {
    inner: Mutex<AcksInner>,
    /// Something was acknowledged, or never will be.
    pub(super) progress: Notify,
    counters: Arc<Counters>,
}

struct AcksInner {
    window: AckWindow,
    client: Option<AsyncClient>,
    ready: Vec<u16>,
    /// Since the last message.
    received: Stopwatch,
}

impl Acks {
    /// No connection yet.
    pub(super) fn new(counters: Arc<Counters>) -> Self {
        let window = AckWindow::new(WINDOW_LEN);
        let inner = AcksInner { window, client: None, ready: Vec::new(), received: Stopwatch::start() };
        Self { inner: Mutex::new(inner), progress: Notify::new(), counters }
    }

    fn lock(&self) -> MutexGuard<'_, AcksInner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Acknowledges a message, in its turn; a token of an earlier connection is discarded.
    pub(super) fn acknowledge(&self, token: &AckToken) {
        let mut guard = self.lock();
        let AcksInner { window, client, ready, .. } = &mut *guard;
        if window.acknowledge(token, ready) == Acknowledged::Stale {
            self.counters.intake_stale_acks.one();
        }
        let mut publish = Publish { qos: QoS::AtLeastOnce, ..Publish::default() };
        for packet_id in ready.drain(..) {
            publish.pkid = packet_id;
            // There is room for the acknowledgement of every packet id; if there is none, the connection is at its
            // end and the broker delivers again.
            if client.as_ref().is_some_and(|client| client.try_ack(&publish).is_err()) {
                tracing::debug!(packet_id, "acknowledgement not sent");
            }
        }
        drop(guard);
        self.progress.notify_waiters();
    }

    /// A new connection: its acknowledgements go through `client`.
    pub(super) fn open(&self, client: AsyncClient) {
        let mut inner = self.lock();
        inner.window.next_epoch();
        inner.client = Some(client);
    }

    /// The connection is gone: no token of it counts any more.
    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.window.next_epoch();
        inner.client = None;
        drop(inner);
        self.progress.notify_waiters();
    }

    /// A message came; `None` if the broker has sent more than there are packet ids.
    pub(super) fn receive(&self, packet_id: u16) -> Option<AckToken> {
        let mut inner = self.lock();
        inner.received = Stopwatch::start();
        inner.window.receive(packet_id)
    }

    /// Whether every message is acknowledged.
    pub(super) fn is_settled(&self) -> bool {
        self.lock().window.is_empty()
    }

    /// Messages that are not acknowledged yet.
    pub(super) fn unacknowledged(&self) -> usize {
        self.lock().window.len()
    }

    /// Since the last message came.
    pub(super) fn quiet(&self) -> Duration {
        self.lock().received.elapsed()
    }

    /// Says goodbye to the broker.
    pub(super) fn farewell(&self) {
        if let Some(client) = self.lock().client.take()
            && client.try_disconnect().is_err()
        {
            tracing::debug!("no room for a farewell to the broker");
        }
        self.progress.notify_waiters();
    }
}
