//! What both MQTT clients share: the broker's address, options that avoid rumqttc's traps, a connection
//! that notices a dead peer, and the pauses between attempts.
//!
//! Each connection gets an event loop of its own. What rumqttc would carry over from the last one (queued
//! acknowledgements, unsent publishes, a packet id collision) is wrong or harmful on the next.

use std::time::Duration;

use rumqttc::NetworkOptions;
use rumqttc::v5::mqttbytes::v5::{ConnectProperties, Packet};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};
use tokio::time::Instant;

/// Time between pings; the smallest that rumqttc takes for MQTT 5.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// A broker that says nothing for so long is gone: one ping and three seconds to answer it.
const SILENCE_MAX: Duration = Duration::from_secs(8);
/// Time for name look-up, connection and the broker's answer.
const CONNECT_TIMEOUT_S: u64 = 3;
/// Largest packet that we take, bytes. Without it rumqttc takes 10 KiB and breaks the connection at each
/// larger one, which a persistent session then delivers for ever.
const PACKET_LEN_MAX: u32 = 256 * 1024;
/// Shortest pause between attempts to connect.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// Longest pause: an intake must be back within 5 s of the broker's return.
const PAUSE_MAX: Duration = Duration::from_secs(4);
/// A connection that lasted so long was sound; the next pause starts small again.
const SOUND_AFTER: Duration = Duration::from_secs(10);

/// A broker and how to log in.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: u16,
    user: Option<String>,
    password: Option<String>,
}

/// A text that is no broker address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a broker address such as mqtt://127.0.0.1:1883")]
pub struct EndpointError(String);

impl std::fmt::Debug for Endpoint {
    /// Without the password: this text ends up in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "mqtt://{}:{}", self.host, self.port)
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Endpoint {
    /// Reads `mqtt://host[:port]`; IPv6 addresses stand in brackets; the port is 1883 if absent.
    pub fn new(url: &str, user: Option<String>, password: Option<String>) -> Result<Self, EndpointError> {
        let bad = || EndpointError(url.chars().take(200).collect());
        let place = url.strip_prefix("mqtt://").ok_or_else(bad)?.trim_end_matches('/');
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_why| bad())?),
            _ => (place, 1883),
        };
        let bracketed = host.starts_with('[') && host.ends_with(']');
        if host.is_empty()
            || port == 0
            || host.contains(['/', '@', '?', '#'])
            || (host.contains(':') && !bracketed)
        {
            return Err(bad());
        }
        Ok(Self { host: host.into(), port, user, password })
    }

    /// The host, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Options of a connection under the name `client_id`.
    pub(super) fn options(&self, client_id: &str, properties: ConnectProperties) -> MqttOptions {
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        let mut options = MqttOptions::new(client_id, &self.host, self.port);
        options
            .set_keep_alive(KEEP_ALIVE)
            .set_connection_timeout(CONNECT_TIMEOUT_S)
            .set_network_options(network)
            .set_pending_throttle(Duration::ZERO)
            // `topic_alias_max` stays unset: with it rumqttc delivers empty topics.
            .set_connect_properties(ConnectProperties {
                max_packet_size: Some(PACKET_LEN_MAX),
                ..properties
            });
        if let Some(user) = &self.user {
            options.set_credentials(user, self.password.as_deref().unwrap_or_default());
        }
        options
    }
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error("{0}")]
    Mqtt(#[from] Box<ConnectionError>),
    #[error("the broker was silent for {} s", SILENCE_MAX.as_secs())]
    Silent,
    #[error("{0}")]
    Protocol(String),
}

/// One connection, from the attempt to its end.
pub(super) struct Link {
    eventloop: EventLoop,
    heard_at: Instant,
}

impl Link {
    /// A connection that is made by the first [`Self::next`]; at most `requests` wait to be sent.
    pub(super) fn new(options: MqttOptions, requests: usize) -> (AsyncClient, Self) {
        let (client, eventloop) = AsyncClient::new(options, requests);
        (client, Self { eventloop, heard_at: Instant::now() })
    }

    /// The next thing that happens. After an error the connection is over. Dropping the future before it
    /// is done may lose a packet: only do that to end the connection.
    pub(super) async fn next(&mut self) -> Result<Event, LinkError> {
        match tokio::time::timeout_at(self.heard_at + SILENCE_MAX, self.eventloop.poll()).await {
            Ok(Ok(event)) => {
                if matches!(event, Event::Incoming(_)) {
                    self.heard_at = Instant::now();
                }
                Ok(event)
            }
            Ok(Err(error)) => Err(LinkError::Mqtt(Box::new(error))),
            Err(_elapsed) => Err(LinkError::Silent),
        }
    }

    /// How long the peer has said nothing.
    pub(super) fn silence(&self) -> Duration {
        self.heard_at.elapsed()
    }

    /// Sends what is queued, then a DISCONNECT if one is queued, for at most `within`.
    pub(super) async fn finish(mut self, within: Duration) {
        let sent = async { while self.next().await.is_ok_and(|event| !is_disconnect(&event)) {} };
        if tokio::time::timeout(within, sent).await.is_err() {
            tracing::debug!("the broker did not take our farewell in time");
        }
    }
}

/// Whether a DISCONNECT was sent or received.
fn is_disconnect(event: &Event) -> bool {
    matches!(event, Event::Outgoing(rumqttc::Outgoing::Disconnect) | Event::Incoming(Packet::Disconnect(_)))
}

/// Growing, jittered pauses between attempts.
#[derive(Debug)]
pub(super) struct Backoff(Duration);

impl Backoff {
    pub(super) fn new() -> Self {
        Self(PAUSE_MIN)
    }

    /// The pause before the next attempt, when the last connection stood for `stood`. Two clients of one
    /// name throw each other out at once, so a short connection does not make the pauses small again.
    pub(super) fn pause(&mut self, stood: Duration) -> Duration {
        if SOUND_AFTER <= stood {
            self.0 = PAUSE_MIN;
        }
        let pause = self.0.mul_f64(0.5 + fastrand::f64() / 2.0);
        self.0 = (self.0 * 2).min(PAUSE_MAX);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let read = |text: &str| Endpoint::new(text, None, None).map(|e| e.to_string());
        assert_eq!(read("mqtt://127.0.0.1:2883").unwrap(), "mqtt://127.0.0.1:2883");
        assert_eq!(read("mqtt://broker.example/").unwrap(), "mqtt://broker.example:1883");
        assert_eq!(read("mqtt://[::1]:1").unwrap(), "mqtt://[::1]:1");
        assert_eq!(read("mqtt://[::1]").unwrap(), "mqtt://[::1]:1883");
        for bad in [
            "",
            "mqtt://",
            "tcp://a",
            "mqtt://a:x",
            "mqtt://a:0",
            "mqtt://::1",
            "mqtt://u:p@h:1",
            "mqtt://a:70000",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn p28_a_password_is_never_shown() {
        let endpoint = Endpoint::new("mqtt://h", Some("user".into()), Some("secret".into())).unwrap();
        assert!(!format!("{endpoint:?} {endpoint}").contains("secret"));
    }

    #[test]
    fn pauses_grow_to_the_limit_and_shrink_only_after_a_sound_connection() {
        let mut backoff = Backoff::new();
        let pauses: Vec<_> = (0..12).map(|_| backoff.pause(Duration::ZERO)).collect();
        assert!(pauses.iter().all(|p| PAUSE_MIN / 2 <= *p && *p <= PAUSE_MAX), "{pauses:?}");
        assert!(pauses[0] <= PAUSE_MIN && PAUSE_MAX / 2 <= pauses[11], "{pauses:?}");
        assert!(PAUSE_MAX / 2 <= backoff.pause(Duration::from_secs(1)));
        assert!(backoff.pause(SOUND_AFTER) <= PAUSE_MIN);
    }
}
