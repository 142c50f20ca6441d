//! Messages out: a second MQTT client for alerts, feedback and the service's own status.
//!
//! Callers only put things into bounded memory and never wait. Alerts stay in an outbox until the broker
//! confirms them; feedback may be lost, it is repeated while its cause lasts.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rumqttc::Outgoing;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectProperties, LastWill, Packet};
use rumqttc::v5::{AsyncClient, Event};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::service::clock::{self, Stopwatch};
use crate::service::counters::Counters;
use crate::service::feedback::Feedback;
use crate::service::link::{Backoff, Endpoint, Link, LinkError};
use crate::service::outbox::Parcel;
use crate::service::outgoing::{Desk, Handed, INFLIGHT_MAX, ROOM_UPTO};
use crate::service::status::{self, StatusFigures};
use crate::stream::LoggedEvent;

/// Time kept for the goodbye at the stop.
const GOODBYE_MAX: Duration = Duration::from_millis(300);
/// Time between status messages.
const STATUS_PERIOD: Duration = Duration::from_secs(5);

/// How the publisher is named and where it publishes.
#[derive(Debug, Clone)]
pub struct PublisherSettings {
    /// The broker.
    pub endpoint: Endpoint,
    /// MQTT client name; not the intake's.
    pub client_id: String,
    /// First levels of every topic.
    pub prefix: String,
    /// Last level of the status topic: the name of this service.
    pub instance: String,
}

/// The publisher, for those who have something to tell.
#[derive(Clone)]
pub struct PublisherHandle {
    desk: Arc<Desk>,
    prefix: Arc<str>,
    connected: watch::Receiver<bool>,
    stopping: CancellationToken,
    stopped: CancellationToken,
}

/// Starts the publisher. Must be called within a Tokio runtime.
pub fn start(settings: PublisherSettings, counters: Arc<Counters>) -> PublisherHandle {
    let (connected_tx, connected) = watch::channel(false);
    let desk = Arc::new(Desk::new(counters));
    let (stopping, stopped) = (CancellationToken::new(), CancellationToken::new());
    let handle = PublisherHandle {
        desk: Arc::clone(&desk),
        prefix: settings.prefix.as_str().into(),
        connected,
        stopping: stopping.clone(),
        stopped: stopped.clone(),
    };
    let worker = Worker { settings, desk, connected: connected_tx, stopping };
    tokio::spawn(async move {
        let _done = stopped.drop_guard();
        worker.run().await;
    });
    handle
}

impl PublisherHandle {
    /// Publishes what happened to an alert to its aircraft's operator; for a pair, to both. The message is the
    /// stream's own text. Never blocks.
    pub fn alert(&self, logged: &LoggedEvent) {
        let payload = Bytes::from(logged.text.clone());
        let alert = logged.alert();
        let own = alert.operator.as_ref().map(|operator| (operator, &alert.uas_id));
        let other =
            alert.other.as_ref().and_then(|o| o.operator.as_ref().map(|operator| (operator, &o.uas_id)));
        let mut waiting = self.desk.lock();
        for (operator, uas_id) in own.into_iter().chain(other) {
            let topic = self.topic("alerts", operator, uas_id);
            let parcel = Parcel { topic, payload: payload.clone(), seq: logged.seq };
            if waiting.alerts.push(parcel).is_some() {
                self.desk.counters.alerts_dropped.one();
            }
        }
        waiting.alerts.passed(logged.seq);
        drop(waiting);
        self.desk.news.notify_one();
    }

    /// Every alert event up to this number was handed in, or never will be.
    pub fn begin_after(&self, seq: u64) {
        self.desk.lock().alerts.passed(seq);
    }

    /// Every alert event up to this number has been confirmed by the broker, given up, or is nobody's.
    pub fn told(&self) -> u64 {
        self.desk.lock().alerts.told()
    }

    /// Alert events after this number were not handed in yet though later ones were; `None` once all are.
    pub fn lacks_after(&self, seq: Option<u64>) {
        self.desk.lock().alerts.lacks_after(seq);
    }

    /// Whether older alert events may be handed in without pushing newer ones out.
    pub fn has_room(&self) -> bool {
        self.desk.lock().alerts.len() < ROOM_UPTO
    }

    /// Publishes what was refused or flagged of an aircraft's reports. Never blocks.
    pub fn feedback(&self, feedback: &Feedback) {
        let Ok(payload) = serde_json::to_vec(feedback).map(Bytes::from) else { return };
        let topic = self.topic("feedback", &feedback.operator, &feedback.uas_id);
        if self.desk.lock().push_feedback(Parcel { topic, payload, seq: 0 }) {
            self.desk.counters.feedback_dropped.one();
        }
        self.desk.news.notify_one();
    }

    /// The figures of the next status messages. Never blocks.
    pub fn figures(&self, figures: StatusFigures) {
        self.desk.lock().figures = Some(figures);
    }

    /// Whether there is a connection to the broker, now and as it changes.
    pub fn connected(&self) -> watch::Receiver<bool> {
        self.connected.clone()
    }

    /// Alert messages that the broker has not confirmed.
    pub fn backlog(&self) -> usize {
        self.desk.lock().alerts.len()
    }

    /// Sends what waits, then says `OFFLINE` and goodbye. All within that time.
    pub async fn stop(&self, within: Duration) {
        let goodbye = GOODBYE_MAX.min(within);
        let sent = async {
            while *self.connected.borrow() && !self.desk.lock().is_settled() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(within.saturating_sub(goodbye), sent).await.is_err() {
            tracing::warn!(alerts = self.backlog(), "stopped with unpublished alerts");
        }
        self.stopping.cancel();
        if tokio::time::timeout(goodbye, self.stopped.cancelled()).await.is_err() {
            tracing::debug!("the publisher's task did not end in time");
        }
    }

    fn topic(&self, kind: &str, operator: &impl Display, uas_id: &impl Display) -> String {
        format!("{}/{kind}/{operator}/{uas_id}", self.prefix)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.connected.send_replace(false);
    }
}

/// The task's state.
struct Worker {
    settings: PublisherSettings,
    desk: Arc<Desk>,
    connected: watch::Sender<bool>,
    stopping: CancellationToken,
}

impl Worker {
    async fn run(self) {
        let mut backoff = Backoff::new();
        while !self.stopping.is_cancelled() {
            self.desk.counters.publisher_attempts.one();
            let mut stood = None;
            let ended = self.connection(&mut stood).await;
            self.connected.send_replace(false);
            let Err(error) = ended else { break };
            tracing::warn!(endpoint = %self.settings.endpoint, reason = %error, "publisher lost the broker");
            let pause = backoff.pause(stood.map_or(Duration::ZERO, Stopwatch::elapsed));
            if tokio::time::timeout(pause, self.stopping.cancelled()).await.is_ok() {
                break;
            }
        }
    }

    /// One connection from the attempt to its end; `Ok` when it was ended by us.
    async fn connection(&self, stood: &mut Option<Stopwatch>) -> Result<(), LinkError> {
        let mut options = self.settings.endpoint.options(&self.settings.client_id, ConnectProperties::new());
        let offline = status::payload("OFFLINE", &self.settings.instance, None, None);
        let will = LastWill::new(self.status_topic(), offline, QoS::AtLeastOnce, true, None);
        options
            .set_clean_start(true)
            .set_outgoing_inflight_upper_limit(INFLIGHT_MAX + 16)
            .set_last_will(will);
        let (client, mut link) = Link::new(options, usize::from(INFLIGHT_MAX) * 4);
        let ended = {
            let pump = self.pump(&mut link, stood);
            tokio::pin!(pump);
            tokio::select! {
                biased;
                () = self.stopping.cancelled() => Ok(()),
                Err(error) = &mut pump => Err(error),
                Err(error) = self.feed(&client) => Err(error),
            }
        };
        ended?;
        if stood.is_some() {
            // If the pump was cut while a packet was half written this fails, and the last will says the same.
            let payload = self.online_or_offline("OFFLINE");
            let told = client.try_publish(self.status_topic(), QoS::AtLeastOnce, true, payload);
            if told.is_ok() && client.try_disconnect().is_ok() {
                link.finish(Duration::from_secs(1)).await;
            }
        }
        Ok(())
    }

    /// Drives the connection. Ends only with an error.
    async fn pump(&self, link: &mut Link, stood: &mut Option<Stopwatch>) -> Result<(), LinkError> {
        loop {
            match link.next().await? {
                Event::Incoming(Packet::ConnAck(_)) => {
                    *stood = Some(Stopwatch::start());
                    self.desk.lock().rewind();
                    tracing::info!(endpoint = %self.settings.endpoint, "publisher connected");
                    self.connected.send_replace(true);
                }
                Event::Outgoing(Outgoing::Publish(packet_id)) if packet_id != 0 => {
                    self.desk.departed(packet_id);
                }
                Event::Incoming(Packet::PubAck(ack)) => self.desk.confirmed(&ack),
                Event::Incoming(_) | Event::Outgoing(_) => {}
            }
        }
    }

    /// Hands messages to the connection, in a future of its own: the one that drives the connection must
    /// never wait for room in its own queue. Ends only with an error.
    async fn feed(&self, client: &AsyncClient) -> Result<(), LinkError> {
        let mut connected = self.connected.subscribe();
        if connected.wait_for(|connected| *connected).await.is_err() {
            return Ok(());
        }
        let mut status_due = tokio::time::interval(STATUS_PERIOD);
        loop {
            tokio::select! {
                biased;
                _ = status_due.tick() => {
                    if self.desk.lock().is_stuck() {
                        return Err(LinkError::Protocol("the broker confirms nothing".into()));
                    }
                    let payload = self.online_or_offline("ONLINE");
                    let sent = client.publish(self.status_topic(), QoS::AtLeastOnce, true, payload).await;
                    sent.map_err(|error| closed(&error))?;
                }
                () = self.desk.news.notified() => {}
            }
            self.hand_out(client).await?;
        }
    }

    async fn hand_out(&self, client: &AsyncClient) -> Result<(), LinkError> {
        loop {
            let next = self.desk.lock().next();
            let Some((Parcel { topic, payload, .. }, qos)) = next else { return Ok(()) };
            client.publish_bytes(topic, qos, false, payload).await.map_err(|error| closed(&error))?;
            if qos == QoS::AtMostOnce {
                self.desk.counters.feedback_published.one();
            }
        }
    }

    /// The status message; the next thing handed to rumqttc at QoS 1 must be it.
    fn online_or_offline(&self, status: &'static str) -> Vec<u8> {
        let mut waiting = self.desk.lock();
        waiting.hand(Handed::Status);
        status::payload(status, &self.settings.instance, Some(clock::now()), waiting.figures.as_ref())
    }

    fn status_topic(&self) -> String {
        format!("{}/status/{}", self.settings.prefix, self.settings.instance)
    }
}

fn closed(error: &rumqttc::v5::ClientError) -> LinkError {
    LinkError::Protocol(format!("not published: {error}"))
}
