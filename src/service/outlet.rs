//! Publishes prepared messages at a broker: what a fleet, simulated or recorded, sounds like from outside.

use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectProperties, Packet};
use rumqttc::v5::{AsyncClient, Event};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::service::clock::Stopwatch;
use crate::service::link::{Backoff, Endpoint, Link};

/// Messages that wait for the connection.
const REQUESTS: usize = 1_024;
/// Unconfirmed QoS 1 messages on the way.
const INFLIGHT_MAX: u16 = 200;

/// One message to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The topic.
    pub topic: String,
    /// The payload.
    pub payload: Vec<u8>,
    /// Whether the broker is to keep it.
    pub retain: bool,
}

/// Publishes at QoS 1 what comes through `messages` until they end or `stop`. While the broker is away
/// messages wait in the channel, and those under way on a lost connection are gone, as a radio's would be.
pub async fn publish(
    endpoint: Endpoint,
    client_id: String,
    mut messages: mpsc::Receiver<Outgoing>,
    connected: watch::Sender<bool>,
    stop: CancellationToken,
) {
    let mut backoff = Backoff::new();
    while !stop.is_cancelled() {
        let mut options = endpoint.options(&client_id, ConnectProperties::new());
        options.set_outgoing_inflight_upper_limit(INFLIGHT_MAX);
        let (client, mut link) = Link::new(options, REQUESTS);
        let stood = Stopwatch::start();
        let ended = tokio::select! {
            () = stop.cancelled() => true,
            error = drive(&mut link, &connected) => {
                tracing::warn!(%endpoint, %error, "fleet connection lost");
                false
            }
            () = feed(&client, &mut messages, connected.subscribe()) => true,
        };
        connected.send_replace(false);
        if ended {
            if client.try_disconnect().is_ok() {
                link.finish(Duration::from_secs(2)).await;
            }
            return;
        }
        tokio::time::sleep(backoff.pause(stood.elapsed())).await;
    }
}

/// Drives the connection until it fails.
async fn drive(link: &mut Link, connected: &watch::Sender<bool>) -> String {
    loop {
        match link.next().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                connected.send_replace(true);
            }
            Ok(Event::Incoming(_) | Event::Outgoing(_)) => {}
            Err(error) => return error.to_string(),
        }
    }
}

/// Hands messages over until there are no more.
async fn feed(
    client: &AsyncClient,
    messages: &mut mpsc::Receiver<Outgoing>,
    mut connected: watch::Receiver<bool>,
) {
    if connected.wait_for(|connected| *connected).await.is_err() {
        return;
    }
    while let Some(Outgoing { topic, payload, retain }) = messages.recv().await {
        if let Err(error) = client.publish(topic, QoS::AtLeastOnce, retain, payload).await {
            tracing::debug!(%error, "a message could not be handed over");
        }
    }
}
