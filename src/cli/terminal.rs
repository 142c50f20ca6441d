//! What commands share: the log on standard error, the runtime, the wish to stop.

use std::future::Future;
use std::io::IsTerminal;
use std::process::ExitCode;

use tokio::runtime::Runtime;
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
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Outside(format!("no threads: {error}")))?;
    let stop = CancellationToken::new();
    listen_for_signals(&runtime, stop.clone())
        .map_err(|error| Failure::Outside(format!("cannot listen for signals: {error}")))?;
    let code = runtime.block_on(command(stop));
    // A task that will not end must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    code
}

/// Takes the signals over before the command begins, so that none of them can end it halfway.
#[cfg(unix)]
fn listen_for_signals(runtime: &Runtime, stop: CancellationToken) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let _inside = runtime.enter();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // A file at its size limit is an error to be told of, not the end of the process.
    drop(signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?);
    runtime.spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.cancel();
        interrupt.recv().await;
        std::process::exit(130);
    });
    Ok(())
}

#[cfg(not(unix))]
fn listen_for_signals(runtime: &Runtime, stop: CancellationToken) -> std::io::Result<()> {
    runtime.spawn(async move {
        drop(tokio::signal::ctrl_c().await);
        stop.cancel();
        drop(tokio::signal::ctrl_c().await);
        std::process::exit(130);
    });
    Ok(())
}
