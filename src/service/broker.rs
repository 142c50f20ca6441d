//! The embedded MQTT broker: rmqtt on a loopback port, for `lowsky demo` and `[mqtt] embedded = true`.
//!
//! It speaks MQTT 3.1, 3.1.1 and 5 on one port, takes anybody (it can only be reached from this machine)
//! and keeps everything in memory. It runs on a runtime of its own, so that stopping it ends every
//! connection and every task that rmqtt started.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::time::Duration;

use async_trait::async_trait;
use rmqtt::context::ServerContext;
use rmqtt::net::{Builder, Listener};
use rmqtt::retain::{DefaultRetainStorage, RetainStorage};
use rmqtt::server::MqttServer;
use rmqtt::subscribe::SharedSubscription;
use rmqtt::types::{
    ClientId, Id, IsOnline, NodeId, Retain, SharedGroup, SubscriptionIdentifier, SubscriptionOptions,
    TopicFilter, TopicName,
};
use tokio::runtime::Runtime;

/// Most clients connected at once.
const CONNECTIONS_MAX: usize = 20_000;
/// Clients that may be in their handshake at once: a whole fleet reconnects in the same second.
const HANDSHAKES_MAX: usize = 10_000;
/// Largest packet, bytes. Telemetry has at most 8 KiB; a back-filling array may have more.
const PACKET_LEN_MAX: u32 = 256 * 1024;
/// Messages waiting for one client: five seconds of 10,000 aircraft, while that client reconnects.
const QUEUE_LEN_MAX: usize = 50_000;
/// Unacknowledged messages of one client; the client may ask for fewer.
const INFLIGHT_MAX: NonZeroU16 = NonZeroU16::MIN.saturating_add(999);
/// Most retained messages.
const RETAINED_MAX: isize = 4_096;
/// Largest retained payload, bytes; with [`RETAINED_MAX`] a bound of 64 MiB.
const RETAINED_LEN_MAX: usize = 16 * 1024;

/// Why the embedded broker does not run.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// Asked to listen where other machines could reach it.
    #[error(
        "the embedded broker has no access control and only listens on this machine: use 127.0.0.1 or [::1] \
         instead of {0}, or run a broker of your own for other machines"
    )]
    NotLoopback(SocketAddr),
    /// The port could not be opened.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        reason: String,
    },
    /// No threads for it.
    #[error("cannot start threads for the broker")]
    Runtime(#[from] std::io::Error),
}

/// A running broker. Dropping it stops it.
#[derive(Debug)]
pub struct Broker {
    address: SocketAddr,
    runtime: Option<Runtime>,
}

/// Starts a broker on `listen`, which must be a loopback address; port 0 takes a free one.
pub async fn start(listen: SocketAddr) -> Result<Broker, BrokerError> {
    if !listen.ip().is_loopback() {
        return Err(BrokerError::NotLoopback(listen));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("broker")
        .enable_all()
        .build()?;
    let started = runtime.spawn(serve(listen)).await;
    let address = match started {
        Ok(Ok(address)) => address,
        Ok(Err(error)) => return Err(give_up(runtime, listen, error.to_string())),
        Err(error) => return Err(give_up(runtime, listen, error.to_string())),
    };
    Ok(Broker { address, runtime: Some(runtime) })
}

fn give_up(runtime: Runtime, address: SocketAddr, reason: String) -> BrokerError {
    runtime.shutdown_background();
    BrokerError::Listen { address, reason }
}

impl Broker {
    /// Where it listens; the port is the real one.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the port and every connection, and forgets all sessions and retained messages.
    pub async fn stop(mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        let ended = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(Duration::from_secs(1)));
        if ended.await.is_err() {
            tracing::error!("the embedded broker did not end cleanly");
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Opens the port and serves it in a task of the current runtime.
async fn serve(listen: SocketAddr) -> rmqtt::Result<SocketAddr> {
    let listener = listener(listen)?;
    let address = listener.local_addr()?;
    // The busy check refuses clients when the machine's processor is loaded, by whomever.
    let context = ServerContext::new().busy_check_enable(false).build().await;
    *context.extends.retain_mut().await = Box::new(Retained(DefaultRetainStorage::new()));
    *context.extends.shared_subscription_mut().await = Box::new(AnyOnline);
    let server = MqttServer::new(context).listener_by_id(listener, address.port()).build();
    // Not `start()`: that ends the whole process when listening fails.
    tokio::spawn(async move {
        if let Err(error) = server.run().await {
            tracing::error!(%error, "the embedded broker ended");
        }
    });
    Ok(address)
}

fn listener(listen: SocketAddr) -> rmqtt::Result<Listener> {
    Builder::new()
        .name("embedded")
        .laddr(listen)
        .reuseaddr(Some(true))
        .nodelay(true)
        .backlog(4_096)
        .allow_anonymous(true)
        .max_connections(CONNECTIONS_MAX)
        .max_handshaking_limit(HANDSHAKES_MAX)
        .handshake_timeout(Duration::from_secs(10))
        .max_packet_size(PACKET_LEN_MAX)
        .max_inflight(INFLIGHT_MAX)
        .max_mqueue_len(QUEUE_LEN_MAX)
        .max_clientid_len(256)
        .max_topic_levels(16)
        .max_subscriptions(1_000)
        .max_session_expiry_interval(Duration::from_hours(24))
        .message_expiry_interval(Duration::from_hours(1))
        // MQTT 5 allows no repetition on a living connection.
        .message_retry_interval(Duration::ZERO)
        .bind()?
        .tcp()
}

/// Keeps retained messages: rmqtt's own storage has the parts, but its trait methods do nothing.
struct Retained(DefaultRetainStorage);

#[async_trait]
impl RetainStorage for Retained {
    fn enable(&self) -> bool {
        true
    }

    async fn set(&self, topic: &TopicName, retain: Retain, expiry: Option<Duration>) -> rmqtt::Result<()> {
        if !retain.publish.payload.is_empty() && !self.has_room(topic, &retain).await? {
            tracing::warn!(%topic, "retained message not kept: too large, or too many are kept");
            return Ok(());
        }
        // The expiry handed in falls back to the queue's; a retained message without its own stays.
        let own_expiry = retain.publish.properties.as_ref().and_then(|p| p.message_expiry_interval);
        self.0.set_with_timeout(topic, retain, own_expiry.and(expiry)).await
    }

    async fn get(&self, filter: &TopicFilter) -> rmqtt::Result<Vec<(TopicName, Retain)>> {
        self.0.get_message(filter).await
    }

    async fn count(&self) -> isize {
        self.0.count().await
    }

    async fn max(&self) -> isize {
        self.0.max().await
    }
}

impl Retained {
    async fn has_room(&self, topic: &TopicName, retain: &Retain) -> rmqtt::Result<bool> {
        if RETAINED_LEN_MAX < retain.publish.payload.len() {
            return Ok(false);
        }
        if self.0.count().await < RETAINED_MAX {
            return Ok(true);
        }
        self.0.remove_expired_messages().await;
        Ok(self.0.count().await < RETAINED_MAX || !self.0.get_message(topic).await?.is_empty())
    }
}

/// Shared subscriptions: any member that is online, at random. Without a strategy rmqtt accepts `$share/…`
/// and delivers nothing.
struct AnyOnline;

/// A member of a shared subscription, as rmqtt describes it.
type Member = (NodeId, ClientId, SubscriptionOptions, Option<Vec<SubscriptionIdentifier>>, Option<IsOnline>);

#[async_trait]
impl SharedSubscription for AnyOnline {
    fn is_supported(&self) -> bool {
        true
    }

    async fn choice(
        &self,
        context: &ServerContext,
        _group: &SharedGroup,
        _publisher: &Id,
        _topic: &TopicName,
        members: &[Member],
    ) -> Option<(usize, IsOnline)> {
        if members.is_empty() {
            return None;
        }
        let first = fastrand::usize(..members.len());
        for index in (first..members.len()).chain(0..first) {
            let Some((node, client, _, _, online)) = members.get(index) else { continue };
            let online = match online {
                Some(known) => *known,
                None => context.extends.router().await.is_online(*node, client).await,
            };
            if online {
                return Some((index, true));
            }
        }
        Some((first, false))
    }
}
