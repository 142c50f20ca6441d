//! Brokers and clients for the MQTT tests: the embedded broker, a real mosquitto, a listening probe.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lowsky::service::broker::{self, Broker};
use lowsky::service::link::Endpoint;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Packet, Publish};
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::e2e_support::free_port;
use crate::means::there;

pub(crate) fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint::new(&format!("mqtt://{address}"), None, None).unwrap()
}

/// A port that was free a moment ago.
pub(crate) fn free_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], free_port()))
}

pub(crate) async fn embedded() -> Broker {
    broker::start("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

/// Waits until `done`, at most 20 s.
pub(crate) async fn until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not in time: {what}");
}

/// A mosquitto process; killed when dropped.
pub(crate) struct Mosquitto {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Mosquitto {
    /// Starts one on `address`; `None`, said aloud, where it is not installed and need not be.
    pub(crate) async fn start(address: SocketAddr) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("mosquitto.conf");
        let port = address.port();
        std::fs::write(
            &config,
            format!("listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n"),
        )
        .unwrap();
        let spawned = ["mosquitto", "/usr/sbin/mosquitto"].iter().find_map(|program| {
            Command::new(program)
                .arg("-c")
                .arg(&config)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .ok()
        });
        let Some(child) = spawned else {
            there(&[("mosquitto", false)]);
            return None;
        };
        let started = Self { child, address };
        for _ in 0..250 {
            if tokio::net::TcpStream::connect(address).await.is_ok() {
                return Some(started);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("mosquitto does not listen on {address}");
    }

    /// Kills it at once, as a crash would.
    pub(crate) fn kill(mut self) -> SocketAddr {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.address
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        // Fails only if it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An MQTT 5 client that listens and publishes; it comes back after a lost connection.
pub(crate) struct Probe {
    pub(crate) client: AsyncClient,
    pub(crate) received: mpsc::Receiver<Publish>,
    task: JoinHandle<()>,
}

impl Probe {
    /// Connects and waits until every filter is granted.
    pub(crate) async fn new(address: SocketAddr, name: &str, filters: &[&str]) -> Self {
        let mut options = MqttOptions::new(name, address.ip().to_string(), address.port());
        options.set_keep_alive(Duration::from_secs(5)).set_clean_start(true);
        Self::with_options(options, filters).await
    }

    pub(crate) async fn with_options(mut options: MqttOptions, filters: &[&str]) -> Self {
        options.set_max_packet_size(Some(1 << 20));
        let (client, mut eventloop) = AsyncClient::new(options, 1_000);
        let (sender, received) = mpsc::channel(10_000);
        let (ready, mut is_ready) = mpsc::channel::<()>(1);
        let filters: Vec<_> = filters.iter().map(|path| Filter::new(*path, QoS::AtLeastOnce)).collect();
        let own = client.clone();
        let task = tokio::spawn(async move {
            loop {
                match eventloop.poll().await {
                    Ok(Event::Incoming(Packet::ConnAck(_))) if filters.is_empty() => drop(ready.try_send(())),
                    Ok(Event::Incoming(Packet::ConnAck(_))) => {
                        own.try_subscribe_many(filters.clone()).unwrap();
                    }
                    Ok(Event::Incoming(Packet::SubAck(_))) => drop(ready.try_send(())),
                    Ok(Event::Incoming(Packet::Publish(publish))) => drop(sender.try_send(publish)),
                    Ok(_) => {}
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        });
        let probe = Self { client, received, task };
        tokio::time::timeout(Duration::from_secs(30), is_ready.recv())
            .await
            .expect("probe connects")
            .unwrap();
        probe
    }

    pub(crate) async fn publish(&self, topic: &str, qos: QoS, retain: bool, payload: &str) {
        self.client.publish(topic, qos, retain, payload.to_owned()).await.unwrap();
    }

    pub(crate) async fn next(&mut self) -> Publish {
        tokio::time::timeout(Duration::from_secs(30), self.received.recv()).await.expect("a message").unwrap()
    }

    /// The next message's topic and payload.
    pub(crate) async fn next_text(&mut self) -> (String, String) {
        let publish = self.next().await;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (text(&publish.topic), text(&publish.payload))
    }

    pub(crate) async fn is_silent(&mut self, millis: u64) -> bool {
        tokio::time::timeout(Duration::from_millis(millis), self.received.recv()).await.is_err()
    }
}

impl Drop for Probe {
    /// Ends without a DISCONNECT, as a crash would.
    fn drop(&mut self) {
        self.task.abort();
    }
}
