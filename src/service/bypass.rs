//! A second way in while the disk fails.
//!
//! Acknowledgements leave in order, so one message that waits for the disk holds up all those after it, and soon the
//! broker sends nothing more: the service would be blind because it cannot write. A second connection, with a session
//! that is forgotten when it ends, takes what comes meanwhile at QoS 0 and acknowledges nothing. The messages themselves
//! stay with the broker and come once more when the disk is well; a report that came twice counts once.

use std::sync::Arc;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectProperties, Filter, Packet, Publish, RetainForwardRule};
use rumqttc::v5::{AsyncClient, Event};
use tokio::sync::watch;
use tokio::time::{Interval, interval};
use tokio_util::sync::CancellationToken;

use crate::service::clock::{self, Stopwatch};
use crate::service::counters::Counters;
use crate::service::intake::{IntakeHandle, Message, RECEIVE_MAX};
use crate::service::link::{Backoff, Endpoint, Link, LinkError};
use crate::service::storage::Trouble;

/// Time between looks at whether the bypass is needed.
const LOOK_PERIOD: Duration = Duration::from_millis(100);
/// An intake that holds messages and gets none for so long is taken to be blocked: the broker may allow far fewer
/// unacknowledged messages than we do, and does not say how many.
const QUIET_MAX: Duration = Duration::from_millis(500);
/// Unacknowledged messages from which on the bypass does not wait for silence.
const HELD_MAX: usize = 500;

const _: () = assert!(HELD_MAX * 2 <= RECEIVE_MAX, "half of what the broker may send");

/// A second connection to the broker, made when it is needed.
pub struct Bypass {
    /// The broker.
    pub endpoint: Endpoint,
    /// MQTT client name; not the intake's.
    pub client_id: String,
    /// What the intake subscribes to.
    pub filters: Vec<String>,
    /// The intake.
    pub intake: IntakeHandle,
    /// How the disk does.
    pub trouble: watch::Receiver<Option<Trouble>>,
    /// Where it is counted.
    pub counters: Arc<Counters>,
}

impl Bypass {
    /// Watches, connects and disconnects until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let work = async {
            let mut backoff = Backoff::new();
            while self.trouble.wait_for(Option::is_some).await.is_ok() {
                if !self.is_blocked() {
                    tokio::time::sleep(LOOK_PERIOD).await;
                    continue;
                }
                tracing::warn!(
                    "no message comes any more because none can be acknowledged: the bypass takes over"
                );
                let since = Stopwatch::start();
                match self.connection().await {
                    Ok(()) => {
                        tracing::warn!("the disk is well and messages come again: the bypass has ended");
                    }
                    Err(error) => {
                        tracing::warn!(reason = %error, "the bypass lost the broker");
                        tokio::time::sleep(backoff.pause(since.elapsed())).await;
                    }
                }
            }
        };
        // What the bypass had taken and not handed on is with the broker still.
        stop.run_until_cancelled(work).await;
    }

    fn is_blocked(&self) -> bool {
        let held = self.intake.unacknowledged();
        HELD_MAX <= held || (0 < held && QUIET_MAX <= self.intake.quiet())
    }

    fn is_over(&self) -> bool {
        self.trouble.borrow().is_none() && !self.is_blocked()
    }

    /// One connection, until it is not needed any more.
    async fn connection(&mut self) -> Result<(), LinkError> {
        let properties = ConnectProperties { session_expiry_interval: Some(0), ..ConnectProperties::new() };
        let mut options = self.endpoint.options(&self.client_id, properties);
        options.set_clean_start(true);
        let (client, mut link) = Link::new(options, 16);
        let mut look = interval(LOOK_PERIOD);
        while let Some(event) = self.next(&mut link, &mut look).await? {
            match event {
                Event::Incoming(Packet::ConnAck(_)) => self.subscribe(&client)?,
                Event::Incoming(Packet::SubAck(_)) => self.counters.bypass_connections.one(),
                Event::Incoming(Packet::Publish(publish)) => self.take(publish),
                Event::Incoming(_) | Event::Outgoing(_) => {}
            }
        }
        if client.try_disconnect().is_ok() {
            link.finish(Duration::from_secs(1)).await;
        }
        Ok(())
    }

    /// The next event of the connection; `None` once the bypass is not needed any more.
    async fn next(&self, link: &mut Link, look: &mut Interval) -> Result<Option<Event>, LinkError> {
        let next = link.next();
        tokio::pin!(next);
        loop {
            tokio::select! {
                biased;
                _ = look.tick() => if self.is_over() {
                    return Ok(None);
                },
                event = &mut next => return event.map(Some),
            }
        }
    }

    fn subscribe(&self, client: &AsyncClient) -> Result<(), LinkError> {
        let filters = self.filters.iter().map(|path| Filter {
            retain_forward_rule: RetainForwardRule::Never,
            ..Filter::new(path.as_str(), QoS::AtMostOnce)
        });
        let refused = |_error| LinkError::Protocol(format!("cannot subscribe to {:?}", self.filters));
        client.try_subscribe_many(filters).map_err(refused)
    }

    fn take(&self, publish: Publish) {
        let Publish { topic, payload, retain, .. } = publish;
        let (Ok(topic), Some(messages)) = (std::str::from_utf8(&topic), self.intake.messages()) else {
            return;
        };
        let (topic, received_at) = (Arc::from(topic), clock::now());
        let message = Message { topic, payload, received_at, retained: retain, token: None };
        if messages.try_send(message).is_ok() {
            self.counters.bypass_messages.one();
        } else {
            self.counters.bypass_dropped.one();
        }
    }
}
