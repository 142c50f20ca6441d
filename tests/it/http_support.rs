//! Alerts, aircraft and a running server for the tests of the stream and of HTTP.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use lowsky::config;
use lowsky::domain::{
    Alert, AlertCode, AlertEvent, AlertEventKind, AlertPosition, AlertState, DataQuality, Explanation,
    Measures, OperationalStatus, OperatorId, Phase, Severity, Timestamp, UasId,
};
use lowsky::journal::{Entry, Journal, Store};
use lowsky::monitor::{TrackFreshness, TrackState};
use lowsky::service::health::Health;
use lowsky::service::http::{App, serve};
use lowsky::service::hub::{Hub, HubSettings, Publisher};
use lowsky::service::metrics::Metrics;
use lowsky::stream::{AckRequest, AlertLog, Deed, LoggedEvent, Retention, Vitals, to_json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(1_795_334_400_000 + second * 1000)
}

pub(crate) fn alert(id: &str, severity: Severity) -> Alert {
    Alert {
        alert_id: id.into(),
        code: AlertCode::HeightLimit,
        phase: Phase::Actual,
        severity,
        state: AlertState::Open,
        acknowledged: None,
        shelved: None,
        uas_id: UasId::new("A1").unwrap(),
        operator: Some(OperatorId::new("OP1").unwrap()),
        other: None,
        zone: None,
        raised_at: at(0),
        updated_at: at(0),
        cleared_at: None,
        observed_at: at(0),
        position: Some(AlertPosition { lat: 22.5, lng: 114.0, alt_hae: Some(150.0) }),
        measured: Measures::of(&[("height_m", 131.25)]),
        limit: Measures::of(&[("height_m", 120.0)]),
        data: DataQuality::Good,
        announced_again: None,
        rule: "height/limit".into(),
        explanation: Explanation {
            zh: "超高：请降低高度。".into(), en: "Too high: descend.".into()
        },
    }
}

pub(crate) fn event(kind: AlertEventKind, mut alert: Alert) -> Arc<AlertEvent> {
    if kind == AlertEventKind::Cleared {
        alert.state = AlertState::Cleared;
        alert.cleared_at = Some(at(9));
    }
    Arc::new(AlertEvent { event: kind, alert })
}

pub(crate) fn raised(id: &str) -> Arc<AlertEvent> {
    event(AlertEventKind::Raised, alert(id, Severity::Warning))
}

pub(crate) fn track(id: &str, lat: f64, lng: f64, second: i64) -> TrackState {
    TrackState {
        uas_id: UasId::new(id).unwrap(),
        operator: None,
        timestamp: at(second),
        lat,
        lng,
        alt_hae: Some(80.0),
        height_agl: None,
        ground_speed: Some(10.0),
        track: None,
        vertical_speed: None,
        ua_class: None,
        operational_status: OperationalStatus::Airborne,
        freshness: TrackFreshness::Live,
        unshown: lowsky::monitor::Unshown::default(),
    }
}

pub(crate) fn vitals(now: Timestamp, lag_ms: u64) -> Vitals {
    Vitals { now, lag_ms, ..Vitals::default() }
}

pub(crate) struct Server {
    pub(crate) app: Arc<App>,
    pub(crate) publisher: Publisher,
    /// Number of the newest event of [`Self::alert`].
    seq: u64,
    pub(crate) acks: mpsc::Receiver<Deed>,
    pub(crate) address: SocketAddr,
    pub(crate) served: JoinHandle<()>,
}

pub(crate) async fn start(change: impl FnOnce(&mut config::Http, &mut HubSettings)) -> Server {
    start_on("127.0.0.1:0", change).await
}

pub(crate) async fn start_on(
    listen: &str,
    change: impl FnOnce(&mut config::Http, &mut HubSettings),
) -> Server {
    let mut http = config::Http::default();
    let mut settings = HubSettings::new("test");
    change(&mut http, &mut settings);
    let seq = settings.last_seq;
    let (hub, publisher, acks) = Hub::new(settings);
    let health = Arc::new(Health::starting(at(0)));
    let app = App::new(
        hub,
        health,
        Arc::new(Metrics::default()),
        http,
        lowsky::console::PAGES,
        CancellationToken::new(),
    );
    let listener = TcpListener::bind(listen).await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(serve(listener, Arc::clone(&app)));
    Server { app, publisher, seq, acks, address, served }
}

impl Server {
    /// Publishes an event that no journal keeps, under the next number.
    pub(crate) fn alert(&mut self, event: Arc<AlertEvent>) -> Arc<LoggedEvent> {
        self.seq += 1;
        let logged = Arc::new(LoggedEvent::new(self.seq, event, false));
        self.publisher.logged(Arc::clone(&logged));
        logged
    }
}

/// What happens one after the other.
pub(crate) trait Append {
    /// Keeps an event that counts as safe on disk, under the next number.
    fn append(&mut self, event: Arc<AlertEvent>) -> Arc<LoggedEvent>;
}

impl Append for AlertLog {
    fn append(&mut self, event: Arc<AlertEvent>) -> Arc<LoggedEvent> {
        let logged = Arc::new(LoggedEvent::new(self.last_seq() + 1, event, true));
        assert!(self.push(Arc::clone(&logged)));
        logged
    }
}

/// The acknowledgement that somebody handed in.
pub(crate) fn noted(deed: Option<Deed>) -> AckRequest {
    let Some(Deed::Acknowledge(request)) = deed else { panic!("no acknowledgement: {deed:?}") };
    request
}

/// A stream client.
pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Connects to the stream, with a query or none.
pub(crate) async fn connect(server: &Server, query: &str) -> Socket {
    connect_async(format!("ws://{}/api/v1/stream{query}", server.address)).await.unwrap().0
}

/// The next frame.
pub(crate) async fn next(socket: &mut Socket) -> serde_json::Value {
    loop {
        let message = timeout(Duration::from_secs(20), socket.next()).await.expect("a frame in 20 s");
        if let Message::Text(text) = message.expect("still connected").unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

/// A server with a real journal, which events reach as in the service: durable, then published.
pub(crate) struct Journaled {
    pub(crate) server: Server,
    pub(crate) journal: Journal,
    seq: u64,
}

impl Journaled {
    /// On the journal of that folder; memory keeps `events` events and `cleared` cleared alerts.
    pub(crate) async fn start(dir: &Path, events: usize, cleared: usize) -> Self {
        let (journal, recovered) = crate::journal_support::open(dir);
        let seq = recovered.last_seq;
        let server = start(|_, settings| {
            settings.log_id = Some(Arc::clone(&recovered.log_id));
            settings.last_seq = seq;
            settings.open = recovered.open;
            settings.retention = Retention { events, cleared, ..Retention::default() };
        })
        .await;
        server.app.open_archive(journal.reader(), recovered.oldest_seq);
        Self { server, journal, seq }
    }

    pub(crate) fn last_seq(&self) -> u64 {
        self.seq
    }

    /// Numbers events, waits until they are on disk, and publishes them.
    pub(crate) async fn publish(&mut self, events: impl IntoIterator<Item = Arc<AlertEvent>>) {
        let mut entries = Vec::new();
        for event in events {
            self.seq += 1;
            let alert_json = to_json(&event.alert).into();
            entries.push(Entry { seq: self.seq, event, alert_json });
        }
        self.journal.append(entries.clone()).unwrap();
        while self.journal.progress().durable_seq < self.seq {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for entry in &entries {
            self.server.publisher.logged(Arc::new(LoggedEvent::of(entry, true)));
        }
        self.server.publisher.durable(self.seq);
        self.server.publisher.commit();
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Sends raw bytes, reads until the server closes.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut bytes = Vec::new();
    // A server may close with unread bytes of ours in its buffer, which resets: what was read counts.
    stream.read_to_end(&mut bytes).await.unwrap_or_default();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

pub(crate) async fn request(address: SocketAddr, line: &str, headers: &str, body: &str) -> Answer {
    let length = body.len();
    let text = format!(
        "{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    exchange(address, text.as_bytes()).await
}

pub(crate) async fn get(address: SocketAddr, path: &str) -> Answer {
    request(address, &format!("GET {path}"), "", "").await
}
