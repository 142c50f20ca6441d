//! Messages in: an MQTT 5 client that only subscribes and acknowledges.
//!
//! The socket is read at full speed by a task of its own. What stands behind it decodes and conflates and
//! never blocks for long; if the channel to it is full all the same, the task waits (counted), and after
//! two seconds drops the connection: decoding stands still, and the broker keeps what was not acknowledged.
//!
//! The session outlives a connection, so that nothing is lost while we are away; subscriptions are made
//! anew on every connection all the same, because a broker may have forgotten them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnectProperties, Filter, Packet, Publish, RetainForwardRule, SubAck, SubscribeReasonCode,
};
use rumqttc::v5::{AsyncClient, Event};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::domain::Timestamp;
use crate::service::ack_window::AckToken;
use crate::service::acks::{Acks, WINDOW_LEN};
use crate::service::clock::{self, Stopwatch};
use crate::service::counters::Counters;
use crate::service::link::{Backoff, Endpoint, Link, LinkError};
use crate::service::{broker_profile, canary};
use crate::wire;

/// How long the broker keeps our session after a connection is lost, seconds.
const SESSION_EXPIRY_S: u32 = 3_600;
/// QoS 1 messages that the broker may send before we acknowledge the first: a fleet that waits shall wait here, where
/// newer positions replace older ones, and not in the broker.
pub(super) const RECEIVE_MAX: usize = 20_000;
/// Messages between the socket and the decoder.
const CHANNEL_LEN: usize = 8_192;
/// Longest wait for a full channel before the connection is given up.
const STALL_MAX: Duration = Duration::from_secs(2);
/// Time kept for the goodbye at the stop.
const GOODBYE_MAX: Duration = Duration::from_millis(300);
/// Time for the broker to grant the subscriptions.
const SUBACK_TIMEOUT: Duration = Duration::from_secs(5);

/// One message as it came.
#[derive(Debug)]
pub struct Message {
    /// The topic.
    pub topic: Arc<str>,
    /// The bytes.
    pub payload: Bytes,
    /// When it was read from the socket.
    pub received_at: Timestamp,
    /// Whether it is a stored copy that the broker kept.
    pub retained: bool,
    /// To be given back when the message's effect is safe; `None` at QoS 0.
    pub token: Option<AckToken>,
}

/// How the intake stands with the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntakeState {
    /// On the first attempt.
    Connecting,
    /// Connected, and every filter is granted.
    Connected {
        /// Since when.
        since: Timestamp,
        /// Whether the broker still had our session.
        session_present: bool,
        /// When the broker was last heard on the connection before, if there was one, or before this process, if the
        /// session of then is gone: from then until `since` nothing came in.
        gap_from: Option<Timestamp>,
        /// Settings of the broker that would lose messages.
        complaints: Arc<[String]>,
    },
    /// Not connected; attempts go on.
    Lost {
        /// Since when, for the first of several failed attempts.
        since: Timestamp,
        /// When the broker was last heard, if it ever was.
        heard_at: Option<Timestamp>,
        /// What the last attempt or connection ended with.
        reason: String,
    },
}

/// The intake, for those who acknowledge, watch and stop it.
#[derive(Clone)]
pub struct IntakeHandle {
    acks: Arc<Acks>,
    heard_us: Arc<AtomicI64>,
    messages: mpsc::WeakSender<Message>,
    state: watch::Receiver<IntakeState>,
    stopping: CancellationToken,
    deaf: CancellationToken,
    stopped: CancellationToken,
}

/// Starts the intake: it connects to `endpoint` as `client_id`, keeps trying for ever, subscribes to
/// `filters` at QoS 1 and hands over what comes. Must be called within a Tokio runtime.
pub fn start(
    endpoint: Endpoint,
    client_id: &str,
    filters: Vec<String>,
    counters: Arc<Counters>,
) -> (IntakeHandle, mpsc::Receiver<Message>) {
    start_again(endpoint, client_id, filters, counters, None)
}

/// As [`start`], for a service that was last in touch with the broker at `heard_at`, in an earlier life: if the broker
/// has no session of it, what came since is lost.
pub fn start_again(
    endpoint: Endpoint,
    client_id: &str,
    filters: Vec<String>,
    counters: Arc<Counters>,
    heard_at: Option<Timestamp>,
) -> (IntakeHandle, mpsc::Receiver<Message>) {
    let (messages, receiver) = mpsc::channel(CHANNEL_LEN);
    let (state_tx, state) = watch::channel(IntakeState::Connecting);
    let acks = Arc::new(Acks::new(Arc::clone(&counters)));
    let [stopping, deaf, stopped] = std::array::from_fn(|_| CancellationToken::new());
    let heard_us = Arc::new(AtomicI64::new(0));
    let handle = IntakeHandle {
        acks: Arc::clone(&acks),
        heard_us: Arc::clone(&heard_us),
        messages: messages.downgrade(),
        state,
        stopping: stopping.clone(),
        deaf: deaf.clone(),
        stopped: stopped.clone(),
    };
    let worker = Worker {
        endpoint,
        client_id: client_id.into(),
        filters,
        messages: Some(messages),
        acks,
        state: state_tx,
        counters,
        stopping,
        deaf,
        heard_at: None,
        heard_us,
        earlier: heard_at,
        had_session: false,
    };
    tokio::spawn(async move {
        let _done = stopped.drop_guard();
        worker.run().await;
    });
    (handle, receiver)
}

impl IntakeHandle {
    /// Acknowledges a message whose effect is safe. Never blocks; from any thread. Acknowledgements leave
    /// in the order of receipt; those of an earlier connection are discarded.
    pub fn acknowledge(&self, token: &AckToken) {
        self.acks.acknowledge(token);
    }

    /// How the intake stands with the broker, now and as it changes.
    pub fn state(&self) -> watch::Receiver<IntakeState> {
        self.state.clone()
    }

    /// When the broker was last heard on a connection that stood; `None` if there was none yet.
    pub fn heard_at(&self) -> Option<Timestamp> {
        let heard_us = self.heard_us.load(Ordering::Relaxed);
        (heard_us != 0).then(|| Timestamp::from_micros(heard_us))
    }

    /// Messages of this connection that are not acknowledged yet.
    pub fn unacknowledged(&self) -> usize {
        self.acks.unacknowledged()
    }

    /// Time since the last message at QoS 1.
    pub(super) fn quiet(&self) -> Duration {
        self.acks.quiet()
    }

    /// Where messages go, unless the intake has ended.
    pub(super) fn messages(&self) -> Option<mpsc::Sender<Message>> {
        self.messages.upgrade()
    }

    /// Takes no more messages (their channel ends), sends the acknowledgements that still come, and says goodbye to the
    /// broker, which keeps the session. All within that time.
    pub async fn stop(&self, within: Duration) {
        let goodbye = GOODBYE_MAX.min(within);
        self.stopping.cancel();
        let settled = async {
            // What is being taken at this moment is still to be waited for.
            tokio::select! {
                () = self.deaf.cancelled() => {}
                () = self.stopped.cancelled() => {}
            }
            while !self.acks.is_settled() && !self.stopped.is_cancelled() {
                let progress = self.acks.progress.notified();
                if self.acks.is_settled() {
                    break;
                }
                progress.await;
            }
        };
        if tokio::time::timeout(within.saturating_sub(goodbye), settled).await.is_err() {
            tracing::info!("stopped with unacknowledged messages; the broker delivers them again");
        }
        self.acks.farewell();
        if tokio::time::timeout(goodbye, self.stopped.cancelled()).await.is_err() {
            tracing::debug!("the intake's task did not end in time");
        }
    }
}

/// The task's state.
struct Worker {
    endpoint: Endpoint,
    client_id: String,
    filters: Vec<String>,
    /// `None` once stopping.
    messages: Option<mpsc::Sender<Message>>,
    acks: Arc<Acks>,
    state: watch::Sender<IntakeState>,
    counters: Arc<Counters>,
    stopping: CancellationToken,
    /// Set once no message is taken any more.
    deaf: CancellationToken,
    /// When the broker was last heard on a connection that stood.
    heard_at: Option<Timestamp>,
    /// The same at every moment, microseconds; 0 before the first.
    heard_us: Arc<AtomicI64>,
    /// When the broker was last heard before this process, until a connection stands.
    earlier: Option<Timestamp>,
    /// Whether there was a connection that stood, and so a session.
    had_session: bool,
}

impl Worker {
    async fn run(mut self) {
        let mut backoff = Backoff::new();
        while !self.stopping.is_cancelled() {
            self.counters.intake_attempts.one();
            let mut stood = None;
            let ended = self.connection(&mut stood).await;
            self.acks.close();
            let Err(error) = ended else { break };
            if self.stopping.is_cancelled() {
                break;
            }
            self.lost(&error);
            let pause = backoff.pause(stood.map_or(Duration::ZERO, Stopwatch::elapsed));
            let stopped = tokio::time::timeout(pause, self.stopping.cancelled()).await;
            if stopped.is_ok() {
                break;
            }
        }
    }

    /// One connection from the attempt to its end; `Ok` when it was ended by us. `stood` is set once it stands.
    async fn connection(&mut self, stood: &mut Option<Stopwatch>) -> Result<(), LinkError> {
        let properties = ConnectProperties {
            session_expiry_interval: Some(SESSION_EXPIRY_S),
            receive_maximum: Some(u16::try_from(RECEIVE_MAX).unwrap_or(u16::MAX)),
            ..ConnectProperties::new()
        };
        let mut options = self.endpoint.options(&self.client_id, properties);
        options.set_clean_start(false).set_manual_acks(true).set_outgoing_inflight_upper_limit(16);
        // Room for every acknowledgement that can be due, a SUBSCRIBE and a DISCONNECT.
        let (client, mut link) = Link::new(options, WINDOW_LEN + 16);
        let ended = self.drive(&client, &mut link, stood).await;
        if stood.is_some() {
            self.heard_at = Some(clock::now().plus_seconds(-link.silence().as_secs_f64()));
        }
        ended
    }

    async fn drive(
        &mut self,
        client: &AsyncClient,
        link: &mut Link,
        stood: &mut Option<Stopwatch>,
    ) -> Result<(), LinkError> {
        let mut session_present = false;
        let mut complaints = Vec::new();
        let granted = tokio::time::sleep(SUBACK_TIMEOUT);
        tokio::pin!(granted);
        let stopping = self.stopping.clone();
        loop {
            let event = {
                // Never dropped half done: that could lose an acknowledgement on its way out.
                let next = link.next();
                tokio::pin!(next);
                loop {
                    tokio::select! {
                        biased;
                        () = stopping.cancelled(), if self.messages.is_some() => {
                            self.messages = None;
                            self.deaf.cancel();
                            if stood.is_none() {
                                return Ok(());
                            }
                        }
                        () = &mut granted, if stood.is_none() =>
                            return Err(LinkError::Protocol("the broker did not answer in time".into())),
                        event = &mut next => break event?,
                    }
                }
            };
            if stood.is_some() {
                self.heard_us.store(clock::now().as_micros(), Ordering::Relaxed);
            }
            match event {
                Event::Incoming(Packet::ConnAck(connack)) => {
                    session_present = connack.session_present;
                    complaints = broker_profile::complaints(&connack, self.had_session, SESSION_EXPIRY_S);
                    self.acks.open(client.clone());
                    self.subscribe(client)?;
                }
                Event::Incoming(Packet::SubAck(suback)) => {
                    self.check_grants(&suback, &mut complaints)?;
                    *stood = Some(Stopwatch::start());
                    self.connected(session_present, std::mem::take(&mut complaints));
                }
                Event::Incoming(Packet::Publish(publish)) => self.take(publish).await?,
                Event::Outgoing(rumqttc::Outgoing::Disconnect) => return Ok(()),
                Event::Incoming(_) | Event::Outgoing(_) => {}
            }
        }
    }

    fn subscribe(&self, client: &AsyncClient) -> Result<(), LinkError> {
        let filters = self.filters.iter().map(|path| Filter {
            retain_forward_rule: if wire::wants_retained(path) {
                RetainForwardRule::OnEverySubscribe
            } else {
                RetainForwardRule::OnNewSubscribe
            },
            ..Filter::new(path.as_str(), QoS::AtLeastOnce)
        });
        client
            .try_subscribe_many(filters)
            .map_err(|_error| LinkError::Protocol(format!("cannot subscribe to {:?}", self.filters)))
    }

    /// rumqttc only logs refused filters; an intake that is deaf on one of them must not look healthy.
    fn check_grants(&self, suback: &SubAck, complaints: &mut Vec<String>) -> Result<(), LinkError> {
        for (filter, code) in self.filters.iter().zip(&suback.return_codes) {
            if let SubscribeReasonCode::Success(qos) = code {
                if *qos == QoS::AtMostOnce {
                    complaints.push(format!("it grants only QoS 0 for `{filter}`: messages can get lost"));
                }
            } else {
                return Err(LinkError::Protocol(format!("the broker refuses `{filter}`: {code:?}")));
            }
        }
        Ok(())
    }

    async fn take(&mut self, publish: Publish) -> Result<(), LinkError> {
        let Some(messages) = &self.messages else { return Ok(()) };
        let Publish { topic, payload, retain, pkid, qos, .. } = publish;
        let token = if qos == QoS::AtMostOnce {
            None
        } else {
            let over = || LinkError::Protocol("the broker uses a packet id twice".into());
            Some(self.acks.receive(pkid).ok_or_else(over)?)
        };
        let topic = match std::str::from_utf8(&topic) {
            Ok(text) if !text.is_empty() => Arc::from(text),
            _ => {
                self.counters.intake_bad_topics.one();
                if let Some(token) = token {
                    self.acks.acknowledge(&token);
                }
                return Ok(());
            }
        };
        if !canary::is_topic(&topic) {
            self.counters.messages.one();
        }
        let message = Message { topic, payload, received_at: clock::now(), retained: retain, token };
        hand_over(messages, message, &self.counters).await
    }

    fn connected(&mut self, session_present: bool, complaints: Vec<String>) {
        self.counters.intake_connections.one();
        self.had_session = true;
        tracing::info!(endpoint = %self.endpoint, session_present, "intake connected");
        for complaint in &complaints {
            tracing::warn!(endpoint = %self.endpoint, "the broker would lose messages: {complaint}");
        }
        // A session that outlived us holds what came meanwhile.
        let earlier = self.earlier.take().filter(|_| !session_present);
        let (since, gap_from) = (clock::now(), self.heard_at.take().or(earlier));
        self.heard_us.store(since.as_micros(), Ordering::Relaxed);
        let complaints = complaints.into();
        self.state.send_replace(IntakeState::Connected { since, session_present, gap_from, complaints });
    }

    fn lost(&self, error: &LinkError) {
        let reason = error.to_string();
        let since = match &*self.state.borrow() {
            IntakeState::Lost { since, .. } => *since,
            IntakeState::Connecting | IntakeState::Connected { .. } => clock::now(),
        };
        tracing::warn!(endpoint = %self.endpoint, %reason, "no connection to the broker");
        self.state.send_replace(IntakeState::Lost { since, heard_at: self.heard_at, reason });
    }
}

impl Drop for Worker {
    /// However the task ends, nobody may think that it still listens. Who stopped it knows.
    fn drop(&mut self) {
        if self.stopping.is_cancelled() {
            return;
        }
        let (since, reason) = (clock::now(), "the intake has ended".to_owned());
        self.state.send_replace(IntakeState::Lost { since, heard_at: self.heard_at, reason });
    }
}

async fn hand_over(
    messages: &mpsc::Sender<Message>,
    message: Message,
    counters: &Counters,
) -> Result<(), LinkError> {
    match messages.try_send(message) {
        Ok(()) => Ok(()),
        Err(TrySendError::Full(message)) => {
            counters.intake_waits.one();
            messages.send_timeout(message, STALL_MAX).await.map_err(|_back| {
                counters.intake_overruns.one();
                LinkError::Protocol("decoding stands still".into())
            })
        }
        Err(TrySendError::Closed(_)) => Err(LinkError::Protocol("nobody takes the messages".into())),
    }
}
