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

/// What a failed start means for the exit code.
pub(super) fn failure(error: &StartError) -> Failure {
    match error {
        StartError::Endpoint(_) | StartError::Terrain(_) => Failure::Input(error.to_string()),
        StartError::Listen { .. } | StartError::Broker(_) | StartError::Thread(_) => {
            Failure::Outside(error.to_string())
        }
    }
}
