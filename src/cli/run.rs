//! `lowsky run`: the daemon.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::files::{self, Failure};
use super::terminal;
use crate::console;
use crate::service::daemon::{Daemon, StartError};
use crate::service::descriptors;

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
        survive_full_files();
        let daemon = Daemon::start(&config, console::PAGES).await.map_err(|error| failure(&error))?;
        tracing::info!(
            http = %daemon.http_address(),
            mqtt = daemon.mqtt_address(),
            prefix = config.mqtt.prefix,
            "lowsky runs; Ctrl-C stops it"
        );
        stop.cancelled().await;
        tracing::info!("stopping");
        daemon.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// A file that has reached its limit gives an error to who writes it, instead of ending the process. (A closed pipe
/// does so from the start.) The handler stays for the life of the process.
#[cfg(unix)]
fn survive_full_files() {
    use tokio::signal::unix::{SignalKind, signal};
    let too_large = rustix::process::Signal::XFSZ.as_raw();
    match signal(SignalKind::from_raw(too_large)) {
        Ok(handler) => drop(handler),
        Err(error) => tracing::warn!(%error, "a file that reaches its limit will end the process"),
    }
}

#[cfg(not(unix))]
fn survive_full_files() {}

/// What a failed start means for the exit code.
pub(super) fn failure(error: &StartError) -> Failure {
    match error {
        StartError::Endpoint(_) => Failure::Input(error.to_string()),
        StartError::Listen { .. } | StartError::Broker(_) | StartError::Thread(_) => {
            Failure::Outside(error.to_string())
        }
    }
}
