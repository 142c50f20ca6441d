//! An echo server for `tools/autobahn/run`: behind the service's own accept loop, upgrade and socket settings.
//!
//! It prints its address and echoes until it is killed.

use std::sync::Arc;

use lowsky::config;
use lowsky::service::health::Health;
use lowsky::service::http::{App, Site, echo, serve_routes};
use lowsky::service::hub::{Hub, HubSettings};
use lowsky::service::metrics::Metrics;
use lowsky::service::{clock, descriptors};
use tokio_util::sync::CancellationToken;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    descriptors::raise_limit();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let (hub, _publisher, _acks) = Hub::new(HubSettings::new("echo"));
    let health = Arc::new(Health::starting(clock::now()));
    let metrics = Arc::new(Metrics::default());
    let app =
        App::new(hub, health, metrics, config::Http::default(), Site::default(), CancellationToken::new());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let mut out = std::io::stdout();
    std::io::Write::write_all(&mut out, format!("{}\n", listener.local_addr()?).as_bytes())?;
    std::io::Write::flush(&mut out)?;
    serve_routes(listener, app, axum::Router::new().fallback(axum::routing::get(echo))).await;
    Ok(())
}
