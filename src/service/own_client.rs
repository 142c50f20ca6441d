//! The service's third MQTT client, by which it watches itself: it sends the test flights, and it hears what the
//! broker says of itself. Neither may come in the way of intake and alerts.

use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectProperties, Filter, Packet};
use rumqttc::v5::{AsyncClient, Event};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::service::broker_stats::{DROPPED_TOPIC, VERSION_TOPIC};
use crate::service::clock::Stopwatch;
use crate::service::link::{Backoff, Endpoint, Link, LinkError};
use crate::service::outlet::Outgoing;

/// Messages that wait for the connection; older flights are worth nothing.
const WAITING_MAX: usize = 8;
/// What was heard and is not taken yet.
const HEARD_MAX: usize = 64;

/// What the client heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// There is a connection.
    Connected,
    /// The broker's count of dropped messages, as it came.
    Dropped(Vec<u8>),
    /// The broker says something of itself.
    Version,
}

/// The client, for the one who watches.
pub struct OwnClient {
    outgoing: mpsc::Sender<Outgoing>,
    heard: mpsc::Receiver<Heard>,
}

/// Starts the client. Must be called within a Tokio runtime.
pub fn start(endpoint: Endpoint, client_id: String, stop: CancellationToken) -> OwnClient {
    let (outgoing, messages) = mpsc::channel(WAITING_MAX);
    let (tell, heard) = mpsc::channel(HEARD_MAX);
    tokio::spawn(run(endpoint, client_id, messages, tell, stop));
    OwnClient { outgoing, heard }
}

impl OwnClient {
    /// Sends a message; it is lost if the broker is away.
    pub fn send(&self, message: Outgoing) {
        if self.outgoing.try_send(message).is_err() {
            tracing::debug!("a test flight could not be launched");
        }
    }

    /// What is heard next; `None` when the client has ended.
    pub async fn heard(&mut self) -> Option<Heard> {
        self.heard.recv().await
    }
}

async fn run(
    endpoint: Endpoint,
    client_id: String,
    mut messages: mpsc::Receiver<Outgoing>,
    tell: mpsc::Sender<Heard>,
    stop: CancellationToken,
) {
    let mut backoff = Backoff::new();
    loop {
        let mut options = endpoint.options(&client_id, ConnectProperties::new());
        options.set_clean_start(true).set_outgoing_inflight_upper_limit(16);
        let (client, mut link) = Link::new(options, WAITING_MAX * 2);
        let stood = Stopwatch::start();
        let ended = tokio::select! {
            () = stop.cancelled() => None,
            error = drive(&client, &mut link, &mut messages, &tell) => Some(error),
        };
        let Some(error) = ended else {
            if client.try_disconnect().is_ok() {
                link.finish(Duration::from_millis(500)).await;
            }
            return;
        };
        tracing::debug!(%endpoint, %error, "the client for watching lost the broker");
        let pause = backoff.pause(stood.elapsed());
        if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
    }
}

/// Drives the connection until it fails.
async fn drive(
    client: &AsyncClient,
    link: &mut Link,
    messages: &mut mpsc::Receiver<Outgoing>,
    tell: &mpsc::Sender<Heard>,
) -> LinkError {
    let mut connected = false;
    loop {
        let event = {
            let next = link.next();
            tokio::pin!(next);
            loop {
                tokio::select! {
                    event = &mut next => break event,
                    Some(message) = messages.recv(), if connected => {
                        let Outgoing { topic, payload, retain } = message;
                        if client.try_publish(topic, QoS::AtLeastOnce, retain, payload).is_err() {
                            tracing::debug!("no room for a test flight");
                        }
                    }
                }
            }
        };
        let heard = match event {
            Err(error) => return error,
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                connected = true;
                // What waited is of the past.
                while messages.try_recv().is_ok() {}
                let wanted = [DROPPED_TOPIC, VERSION_TOPIC].map(|path| Filter::new(path, QoS::AtMostOnce));
                if client.try_subscribe_many(wanted).is_err() {
                    tracing::debug!("no room for a subscription");
                }
                Heard::Connected
            }
            Ok(Event::Incoming(Packet::Publish(publish))) if publish.topic == DROPPED_TOPIC => {
                Heard::Dropped(publish.payload.to_vec())
            }
            Ok(Event::Incoming(Packet::Publish(_))) => Heard::Version,
            Ok(Event::Incoming(_) | Event::Outgoing(_)) => continue,
        };
        if tell.try_send(heard).is_err() {
            tracing::debug!("nobody takes what the broker says");
        }
    }
}
