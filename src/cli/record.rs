//! `lowsky record`: the raw MQTT messages to a recording.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::files::{self, Failure};
use super::terminal;
use crate::service::canary;
use crate::service::counters::Counters;
use crate::service::intake::{self, IntakeState};
use crate::service::link::Endpoint;
use crate::wire::{Envelope, recording};

/// The kinds of topics that go in.
const KINDS: [&str; 6] = ["telemetry", "nmea", "rid", "mavlink", "sensing", "intent"];
/// How long the first connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// The arguments of `record`.
#[derive(Debug, Args)]
pub(super) struct RecordArgs {
    /// Where to write; `-` is standard output.
    pub(super) out: PathBuf,
    /// The configuration [default: config/lowsky.toml if there].
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Stops after so many seconds.
    #[arg(long, value_name = "S")]
    pub(super) seconds: Option<f64>,
}

/// Records until Ctrl-C.
pub(super) fn record(args: &RecordArgs) -> Result<ExitCode, Failure> {
    let config = files::configuration(args.config.as_deref())?;
    let mut out = BufWriter::new(files::output(&args.out)?);
    let limit =
        args.seconds.map_or(Duration::MAX, |s| Duration::try_from_secs_f64(s).unwrap_or(Duration::MAX));
    terminal::block_on(|stop| async move {
        let endpoint =
            Endpoint::new(&config.mqtt.url, config.mqtt.user.clone(), config.mqtt.password.clone())
                .map_err(|error| Failure::Input(error.to_string()))?;
        let filters = KINDS.iter().map(|kind| format!("{}/{kind}/#", config.mqtt.prefix)).collect();
        // A name of its own: the service must not be thrown out by its recorder.
        let client_id = format!("{}-record-{}", config.mqtt.client_id, std::process::id());
        let broker = endpoint.to_string();
        let (intake, mut messages) =
            intake::start(endpoint, &client_id, filters, Arc::new(Counters::default()));
        let mut state = intake.state();
        let connected = state.wait_for(|state| matches!(state, IntakeState::Connected { .. }));
        if !matches!(tokio::time::timeout(CONNECT_MAX, connected).await, Ok(Ok(_))) {
            return Err(Failure::Outside(format!(
                "{broker}: not connected within {} s",
                CONNECT_MAX.as_secs()
            )));
        }
        let deadline = tokio::time::sleep(limit);
        tokio::pin!(deadline);
        let (mut count, mut line) = (0_u64, String::new());
        let mut progress = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = &mut deadline => break,
                _ = progress.tick() => {
                    out.flush().map_err(|error| cannot(&error))?;
                    if files::shows_progress() {
                        say(&format!("\r{count} messages from {broker}   "));
                    }
                }
                message = messages.recv() => {
                    let Some(message) = message else { break };
                    if let Some(token) = &message.token {
                        intake.acknowledge(token);
                    }
                    // The service's own test flights are no traffic.
                    if canary::is_topic(&message.topic) {
                        continue;
                    }
                    line.clear();
                    let envelope = Envelope {
                        topic: &message.topic,
                        payload: &message.payload,
                        received_at: message.received_at,
                    };
                    recording::write(&envelope, message.retained, &mut line);
                    out.write_all(line.as_bytes()).map_err(|error| cannot(&error))?;
                    count += 1;
                }
            }
        }
        out.flush().map_err(|error| cannot(&error))?;
        intake.stop(Duration::from_secs(1)).await;
        say(&format!("\r{count} messages recorded from {broker}\n"));
        Ok(ExitCode::SUCCESS)
    })
}

fn cannot(error: &std::io::Error) -> Failure {
    Failure::Outside(format!("cannot write: {error}"))
}

#[expect(clippy::print_stderr, reason = "progress and summary for the person at the terminal")]
fn say(text: &str) {
    eprint!("{text}");
}
