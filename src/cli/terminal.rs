//! What commands share: the log on standard error, the runtime, the wish to stop.

use std::future::Future;
use std::io::IsTerminal;
use std::process::ExitCode;

use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use super::files::Failure;

/// Sends the log to standard error; `LOWSKY_LOG` sets what is shown (default `warn,lowsky=info`).
pub(super) fn start_log() {
    let filter = EnvFilter::try_from_env("LOWSKY_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,lowsky=info,rmqtt=error"));
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init();
    // A second start in one process keeps the first log.
    drop(started);
}

/// Runs a command on a runtime of its own. Its token is cancelled by Ctrl-C and SIGTERM; a second Ctrl-C ends
/// the process at once.
pub(super) fn block_on<F: Future<Output = Result<ExitCode, Failure>>>(
    command: impl FnOnce(CancellationToken) -> F,
) -> Result<ExitCode, Failure> {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return Err(Failure::Outside(format!("no threads: {error}")));
        }
    };
    let stop = CancellationToken::new();
    let wish = stop.clone();
    runtime.spawn(async move {
        asked_to_stop().await;
        wish.cancel();
        asked_to_stop().await;
        std::process::exit(130);
    });
    let code = runtime.block_on(command(stop));
    // A task that will not end must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    code
}

#[cfg(unix)]
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return drop(tokio::signal::ctrl_c().await);
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(not(unix))]
async fn asked_to_stop() {
    drop(tokio::signal::ctrl_c().await);
}
