//! `lowsky run`: the daemon, under the eyes of its own watchdog and of whoever supervises it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::files::{self, Failure};
use super::terminal;
use crate::console;
use crate::service::clock::Stopwatch;
use crate::service::daemon::{Daemon, StartError};
use crate::service::descriptors;
use crate::service::health::{Health, Status};
use crate::service::notify::Notifier;
use crate::service::watchdog::Watchdog;

/// A service that is not well by then is ready all the same, and says what is wrong.
const READY_MAX: Duration = Duration::from_secs(10);
/// Time between looks at the service's health for the supervisor.
const LOOK_PERIOD: Duration = Duration::from_millis(500);

/// The arguments of `run`.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The configuration [default: config/lowsky.toml if there].
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

/// Runs until Ctrl-C or SIGTERM.
pub(super) fn run(args: &RunArgs) -> Result<ExitCode, Failure> {
    let config = files::configuration(args.config.as_deref())?;
    descriptors::raise_limit();
    terminal::block_on(|stop| async move {
        let notifier = Notifier::from_environment();
        let daemon = Daemon::start(&config, console::PAGES).await.map_err(|error| failure(&error))?;
        let watchdog = Watchdog::start(daemon.watched(), notifier.clone())
            .map_err(|error| failure(&StartError::Thread(error)))?;
        tracing::info!(
            http = %daemon.http_address(),
            mqtt = daemon.mqtt_address(),
            prefix = config.mqtt.prefix,
            "lowsky runs; Ctrl-C stops it"
        );
        report(&daemon.health(), &notifier, stop).await;
        tracing::info!("stopping");
        notifier.stopping();
        // From here on things stand still because they are meant to.
        drop(watchdog);
        daemon.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// Tells the supervisor that the service is ready, and from then on how it does, until `stop`.
async fn report(health: &Health, notifier: &Notifier, stop: CancellationToken) {
    let since = Stopwatch::start();
    let (mut ready, mut told) = (false, String::new());
    while stop.run_until_cancelled(tokio::time::sleep(LOOK_PERIOD)).await.is_some() {
        let status = summary(health);
        let well = status == WELL;
        if !ready && (well || READY_MAX <= since.elapsed()) {
            ready = true;
            notifier.ready(&status);
        } else if status != told {
            notifier.status(&status);
        }
        told = status;
    }
}

/// What the supervisor shows of a service that does its work.
const WELL: &str = "watching";

/// How the service does, on one line.
fn summary(health: &Health) -> String {
    let wrong: Vec<_> = health
        .parts()
        .into_iter()
        .filter(|(_, condition)| condition.status == Status::Failed)
        .map(|(part, condition)| {
            let reason = condition.reason.unwrap_or_default().replace(['\n', '\r'], " ");
            format!("{part:?}: {reason}")
        })
        .collect();
    if wrong.is_empty() { WELL.to_owned() } else { wrong.join("; ") }
}

/// What a failed start means for the exit code.
pub(super) fn failure(error: &StartError) -> Failure {
    match error {
        StartError::Endpoint(_) | StartError::Terrain(_) => Failure::Input(error.to_string()),
        StartError::Listen { .. } | StartError::Broker(_) | StartError::Thread(_) => {
            Failure::Outside(error.to_string())
        }
    }
}
