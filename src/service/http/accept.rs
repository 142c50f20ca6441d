//! The accept loop: who may connect, how long a request may take to begin, and the end of all connections.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use super::patience::Patience;
use super::{App, router};
use crate::service::metrics::{Metrics, Refusal};

/// A request's head must be complete in this time; an idle connection is closed after it.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Most bytes of a request's head.
const HEAD_MAX: usize = 64 << 10;
/// A write that makes no progress for this long ends the connection.
const WRITE_PATIENCE: Duration = Duration::from_secs(3);
/// Pause after an accept error, so that a lack of descriptors does not spin.
const ERROR_PAUSE: Duration = Duration::from_millis(50);
/// Connections get this long to end after the stop.
const STOP_PATIENCE: Duration = Duration::from_secs(4);

const TOO_MANY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// A live connection's share of the caps, given back when it and what it was upgraded to are gone.
#[derive(Debug)]
pub struct Connection {
    /// Whose it is.
    pub(super) address: IpAddr,
    addresses: Arc<Addresses>,
    metrics: Arc<Metrics>,
    _permit: OwnedSemaphorePermit,
}

type Addresses = Mutex<BTreeMap<IpAddr, usize>>;

impl Drop for Connection {
    fn drop(&mut self) {
        self.metrics.connections.dec();
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = addresses.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                addresses.remove(&self.address);
            }
        }
    }
}

/// Serves until the app's stop is cancelled, then waits for the connections to end, 4 s at most.
pub async fn serve(listener: TcpListener, app: Arc<App>) {
    let routes = router(Arc::clone(&app));
    serve_routes(listener, app, routes).await;
}

/// As [`serve`], with other routes.
pub async fn serve_routes(listener: TcpListener, app: Arc<App>, routes: Router) {
    let door = Door::new(&app);
    let mut reserve = Reserve::new();
    loop {
        let accepted = tokio::select! {
            () = app.stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Small frames must not wait for the peer's acknowledgement; failing to ask for it is harmless.
                stream.set_nodelay(true).unwrap_or_default();
                match door.admit(peer.ip().to_canonical(), &app.metrics) {
                    Ok(connection) => spawn(stream, connection, routes.clone(), &app),
                    Err(reason) => turn_away(&stream, reason, &app.metrics),
                }
            }
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                if reserve.give_way(&listener).await {
                    app.metrics.refuse(Refusal::Descriptors);
                }
                sleep(ERROR_PAUSE).await;
            }
        }
    }
    drop(listener);
    if timeout(STOP_PATIENCE, door.all_gone()).await.is_err() {
        tracing::warn!("connections were still open at the end");
    }
}

fn turn_away(stream: &TcpStream, reason: Refusal, metrics: &Metrics) {
    metrics.refuse(reason);
    // Whether the peer hears it does not matter: the connection closes either way.
    stream.try_write(TOO_MANY).map(drop).unwrap_or_default();
}

fn spawn(stream: TcpStream, connection: Connection, routes: Router, app: &App) {
    let connection = Arc::new(connection);
    let stop = app.stop.clone();
    let handle = TowerToHyperService::new(routes);
    let service = {
        let connection = Arc::clone(&connection);
        service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Arc::clone(&connection));
            handle.call(request)
        })
    };
    tokio::spawn(async move {
        let io = TokioIo::new(Patience::new(stream, WRITE_PATIENCE));
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_headers(64)
            .max_buf_size(HEAD_MAX)
            .serve_connection(io, service)
            .with_upgrades();
        let mut served = std::pin::pin!(served);
        let outcome = tokio::select! {
            outcome = served.as_mut() => outcome,
            () = stop.cancelled() => {
                served.as_mut().graceful_shutdown();
                served.await
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "connection ended");
        }
        drop(connection);
    });
}

/// Counts who is inside.
struct Door {
    total: Arc<Semaphore>,
    total_max: u32,
    per_address_max: usize,
    addresses: Arc<Addresses>,
}

impl Door {
    fn new(app: &App) -> Self {
        let total_max = u32::try_from(app.settings.connections_max).unwrap_or(u32::MAX >> 4).max(1);
        Self {
            total: Arc::new(Semaphore::new(usize::try_from(total_max).unwrap_or(usize::MAX >> 4))),
            total_max,
            per_address_max: app.settings.connections_per_address_max,
            addresses: Arc::default(),
        }
    }

    fn admit(&self, address: IpAddr, metrics: &Arc<Metrics>) -> Result<Connection, Refusal> {
        let permit = Arc::clone(&self.total).try_acquire_owned().map_err(|_full| Refusal::Total)?;
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let count = addresses.entry(address).or_default();
        if self.per_address_max <= *count {
            return Err(Refusal::Address);
        }
        *count += 1;
        drop(addresses);
        metrics.connections.inc();
        let addresses = Arc::clone(&self.addresses);
        Ok(Connection { address, addresses, metrics: Arc::clone(metrics), _permit: permit })
    }

    async fn all_gone(&self) {
        // The semaphore is never closed, so this ends only when every permit is back.
        drop(self.total.acquire_many(self.total_max).await);
    }
}

/// A descriptor kept back, so that a full table can still turn a peer away instead of leaving it hanging.
struct Reserve(Option<File>);

impl Reserve {
    fn new() -> Self {
        Self(open_anything().ok())
    }

    /// Uses the reserve to take one waiting peer and close its connection.
    async fn give_way(&mut self, listener: &TcpListener) -> bool {
        let held = self.0.take().is_some();
        let taken =
            held && timeout(ERROR_PAUSE, listener.accept()).await.is_ok_and(|accepted| accepted.is_ok());
        self.0 = open_anything().ok();
        taken
    }
}

fn open_anything() -> io::Result<File> {
    File::open(std::env::current_exe()?)
}
