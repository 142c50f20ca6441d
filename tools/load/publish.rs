//! The MQTT clients: each publishes the reports of its aircraft when they are due, whatever happened before.

use std::sync::Arc;
use std::time::Duration;

use lowsky::service::clock;
use lowsky::service::link::Endpoint;
use rumqttc::NetworkOptions;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::board::Board;
use crate::fleet::Fleet;
use crate::histogram::Histogram;

/// Messages that wait for a connection before its publisher is late.
const REQUESTS: usize = 4_096;
/// Unconfirmed messages of one connection.
const INFLIGHT_MAX: u16 = 1_000;

/// When messages are due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    pub(crate) start: Instant,
    /// Breaches count from here on.
    pub(crate) measured: Instant,
    pub(crate) end: Instant,
    pub(crate) period: Duration,
}

/// One connection and the aircraft `first`, `first + step`, `first + 2 step` …
pub(crate) struct Publisher {
    pub(crate) fleet: Fleet,
    pub(crate) board: Arc<Board>,
    pub(crate) prefix: Arc<str>,
    pub(crate) qos: QoS,
    pub(crate) first: u32,
    pub(crate) step: u32,
}

impl Publisher {
    /// Connects; the connection is driven by a task of its own. `true` goes out once it stands.
    pub(crate) fn connect(&self, broker: &Endpoint) -> (AsyncClient, watch::Receiver<bool>) {
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        let name = format!("load-{}-{}", std::process::id(), self.first);
        let mut options = MqttOptions::new(name, broker.host(), broker.port());
        options
            .set_keep_alive(Duration::from_secs(30))
            .set_connection_timeout(20)
            .set_network_options(network)
            .set_pending_throttle(Duration::ZERO)
            .set_outgoing_inflight_upper_limit(INFLIGHT_MAX);
        let (client, eventloop) = AsyncClient::new(options, REQUESTS);
        let (connected, standing) = watch::channel(false);
        tokio::spawn(drive(eventloop, Arc::clone(&self.board), connected));
        (client, standing)
    }

    /// Publishes by the schedule and hands in how late that was.
    pub(crate) async fn fly(self, client: AsyncClient, schedule: Schedule) {
        let mut phases: Vec<(Duration, u32)> = (self.first..self.fleet.aircraft)
            .step_by(usize::try_from(self.step).unwrap_or(1))
            .map(|number| (schedule.period.mul_f64((f64::from(number) * 0.618_034).fract()), number))
            .collect();
        phases.sort_unstable();
        let mut lateness = Histogram::new();
        for seq in 0.. {
            for (phase, number) in &phases {
                let due = schedule.start + schedule.period * seq + *phase;
                if schedule.end <= due {
                    self.board.late(&lateness);
                    return;
                }
                tokio::time::sleep_until(due).await;
                if schedule.measured <= due {
                    lateness.note(due.elapsed());
                }
                if !self.publish(&client, *number, seq, due, schedule).await {
                    return;
                }
            }
        }
    }

    async fn publish(
        &self,
        client: &AsyncClient,
        number: u32,
        seq: u32,
        due: Instant,
        plan: Schedule,
    ) -> bool {
        let at = clock::now();
        let elapsed_s = plan.start.elapsed().as_secs_f64();
        let payload = self.fleet.report(number, seq, elapsed_s, at);
        let topic = format!("{}/telemetry/load{:04}/{}", self.prefix, self.first, Fleet::uas_id(number));
        if let Some(breach) = self.fleet.breach(number, seq) {
            self.board.cause(number, breach, at.to_string(), plan.measured <= due);
        }
        let sent = client.publish(topic, self.qos, false, payload).await.is_ok();
        Board::one(&self.board.published);
        sent
    }
}

/// Drives a connection, and makes it anew when it is lost.
async fn drive(mut eventloop: EventLoop, board: Arc<Board>, connected: watch::Sender<bool>) {
    loop {
        match eventloop.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                connected.send_replace(true);
            }
            Ok(Event::Incoming(Packet::PubAck(_))) => Board::one(&board.confirmed),
            Ok(Event::Outgoing(rumqttc::Outgoing::Disconnect)) => return,
            Ok(Event::Incoming(_) | Event::Outgoing(_)) => {}
            Err(error) => {
                if connected.send_replace(false) {
                    Board::one(&board.lost);
                    tracing::warn!(%error, "connection lost");
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}
