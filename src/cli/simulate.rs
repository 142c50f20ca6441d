//! `lowsky simulate`: a simulated fleet, or one scenario, as a real MQTT publisher.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::files::{self, Failure};
use super::terminal;
use crate::domain::Timestamp;
use crate::service::clock;
use crate::service::link::Endpoint;
use crate::service::outlet::{self, Outgoing};
use crate::simulate::{Fleet, FleetSettings, Scenario, WireMessage};

/// Time between two steps of the fleet: a message leaves at most this late.
const STEP: Duration = Duration::from_millis(20);
/// Messages that wait for the connection.
const WAITING_MAX: usize = 4_096;
/// How long the first connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// The arguments of `simulate`.
#[derive(Debug, Args)]
pub(super) struct SimulateArgs {
    /// How many aircraft.
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub(super) aircraft: usize,
    /// The same seed flies the same.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(super) seed: u64,
    /// Flies one scenario of seeds/scenarios instead of a fleet.
    #[arg(long, value_name = "FILE")]
    pub(super) scenario: Option<PathBuf>,
    /// The broker: mqtt://host:port.
    #[arg(long, value_name = "URL", value_parser = broker)]
    pub(super) to: String,
    /// First levels of the topics.
    #[arg(long, value_name = "PREFIX", default_value = "lowsky/v1")]
    pub(super) prefix: String,
}

/// The address of a broker, as an argument.
pub(super) fn broker(text: &str) -> Result<String, String> {
    Endpoint::new(text, None, None).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// Publishes until Ctrl-C, or until the scenario is over.
pub(super) fn simulate(args: SimulateArgs) -> Result<ExitCode, Failure> {
    let scenario = args.scenario.as_deref().map(read_scenario).transpose()?;
    terminal::block_on(|stop| async move {
        let mut outlet = Outlet::connect(&args.to, stop.clone()).await?;
        if let Some(scenario) = scenario {
            let start = clock::now().plus_seconds(1.0);
            outlet.send_all(scenario.messages(&args.prefix, start), &stop).await;
        } else {
            let SimulateArgs { aircraft, seed, prefix, .. } = args;
            let settings = FleetSettings { aircraft, seed, prefix, start: clock::now(), incidents: true };
            fly(settings, &outlet, &stop).await;
        }
        outlet.close().await;
        Ok(ExitCode::SUCCESS)
    })
}

fn read_scenario(path: &Path) -> Result<Scenario, Failure> {
    let text = files::read_text(path)?;
    Scenario::parse(&text).map_err(|faults| {
        let lines: Vec<_> = faults.iter().map(|fault| format!("{}: {fault}", path.display())).collect();
        Failure::Input(lines.join("\n"))
    })
}

/// Lets a fleet fly in real time until `stop`.
pub(super) async fn fly(settings: FleetSettings, outlet: &Outlet, stop: &CancellationToken) {
    let mut fleet = Fleet::new(settings);
    let mut step = tokio::time::interval(STEP);
    step.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(step.tick()).await.is_some() {
        for message in fleet.step(clock::now()) {
            outlet.send(message).await;
        }
    }
}

/// A connection that publishes.
pub(super) struct Outlet {
    messages: mpsc::Sender<Outgoing>,
    publishing: tokio::task::JoinHandle<()>,
}

impl Outlet {
    /// Connects; fails if that takes over 10 s.
    pub(super) async fn connect(url: &str, stop: CancellationToken) -> Result<Self, Failure> {
        let endpoint = Endpoint::new(url, None, None).map_err(|error| Failure::Input(error.to_string()))?;
        let (messages, waiting) = mpsc::channel(WAITING_MAX);
        let (connected_tx, mut connected) = watch::channel(false);
        let client_id = format!("lowsky-fleet-{}", std::process::id());
        let broker = endpoint.to_string();
        let publishing = tokio::spawn(outlet::publish(endpoint, client_id, waiting, connected_tx, stop));
        let connected = connected.wait_for(|connected| *connected);
        if !matches!(tokio::time::timeout(CONNECT_MAX, connected).await, Ok(Ok(_))) {
            return Err(Failure::Outside(format!(
                "{broker}: not connected within {} s",
                CONNECT_MAX.as_secs()
            )));
        }
        Ok(Self { messages, publishing })
    }

    /// Publishes one message; waits while too many wait.
    pub(super) async fn send(&self, message: WireMessage) {
        let WireMessage { topic, payload, retain, .. } = message;
        if self.messages.send(Outgoing { topic, payload, retain }).await.is_err() {
            tracing::debug!("the connection has ended");
        }
    }

    /// Publishes each message at its time.
    pub(super) async fn send_all(&mut self, messages: Vec<WireMessage>, stop: &CancellationToken) {
        for message in messages {
            if stop.run_until_cancelled(until(message.at)).await.is_none() {
                return;
            }
            self.send(message).await;
        }
    }

    /// Sends what waits and says goodbye.
    pub(super) async fn close(self) {
        drop(self.messages);
        if tokio::time::timeout(Duration::from_secs(3), self.publishing).await.is_err() {
            tracing::warn!("some messages were not confirmed");
        }
    }
}

/// Sleeps until an instant of our clock.
pub(super) async fn until(at: Timestamp) {
    let wait_s = at.seconds_since(clock::now());
    if 0.0 < wait_s {
        tokio::time::sleep(Duration::from_secs_f64(wait_s)).await;
    }
}
