//! What many stream clients cost one server: memory for each, and how long one alert takes to reach them all.
//!
//! ```text
//! cargo run --release --example fanout -- --clients 5000
//! cargo run --release --example fanout -- --clients 5000 --stream ws://127.0.0.1:8080/api/v1/stream --seconds 60
//! ```
//!
//! The second looks at a running `lowsky run` instead: `tools/load` publishes breaches over MQTT meanwhile, the latency is
//! from the report's own time, and every client must get every alert, dense by its number, and a heartbeat a second.
//!
//! The server (hub, accept loop, sessions, as in the service) runs in a process of its own, which this program starts,
//! so that the clients' memory and descriptors are not counted as the server's. Alerts are published one by one; the
//! latency of each at each client is from before its publication to its arrival, on one clock. A figure is worth as
//! much as the machine is quiet: server and clients share it, and its load is printed.
//!
//! Exit codes: 0 every alert reached every client; 1 some did not; 2 usage; 3 the server could not be started.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use clap::Parser;
use futures_util::StreamExt;
use lowsky::config;
use lowsky::domain::{AlertEvent, AlertEventKind, Timestamp};
use lowsky::service::health::Health;
use lowsky::service::http::{App, Site, serve};
use lowsky::service::hub::{Hub, HubSettings};
use lowsky::service::metrics::Metrics;
use lowsky::service::{clock, descriptors};
use lowsky::stream::{LoggedEvent, Vitals};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_util::sync::CancellationToken;

/// An alert as the service words one, about 1 kB.
const ALERT: &str = r#"{"alert_id":"fanout","code":"SEPARATION","phase":"PREDICTED","severity":"WARNING","state":"OPEN","uas_id":"UAS-0001","operator":"op-1","other":{"uas_id":"UAS-0002","operator":"op-2"},"raised_at":"2026-11-22T08:00:00Z","updated_at":"2026-11-22T08:00:00Z","observed_at":"2026-11-22T08:00:00Z","position":{"lat":22.5,"lng":114.05,"alt_hae":120.0},"measured":{"horizontal_m":41.5,"vertical_m":6.0,"tcpa_s":11.0,"t_in_s":7.5},"limit":{"horizontal_m":50.0,"vertical_m":15.0,"look_ahead_s":20.0},"data":"GOOD","rule":"separation/drone-drone/WARNING","explanation":{"zh-CN":"两机将在 7.5 秒后小于安全间隔：请立即拉开水平距离或高度差，并保持通信。","en":"The two will be too close in 7.5 s: open the distance or the height between them at once, and stay on the radio."}}"#;

/// Opens many stream clients and measures what they cost.
#[derive(Debug, Clone, Parser)]
#[command(name = "fanout")]
struct Arguments {
    /// How many clients.
    #[arg(long, value_name = "N", default_value_t = 5_000)]
    clients: usize,
    /// How many alerts, one after another.
    #[arg(long, value_name = "N", default_value_t = 50)]
    alerts: u64,
    /// Pause after each alert, milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 500)]
    pause_ms: u64,
    /// The stream of a running service to look at, instead of a server of one's own.
    #[arg(long, value_name = "URL")]
    stream: Option<String>,
    /// How long the running service is looked at, seconds.
    #[arg(long, value_name = "S", default_value_t = 60)]
    seconds: u64,
    /// Only serves: prints the address, publishes an alert for each line on standard input.
    #[arg(long, hide = true)]
    serve: bool,
}

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    descriptors::raise_limit();
    let run = || -> Outcome<bool> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        match &arguments.stream {
            _ if arguments.serve => runtime.block_on(server()),
            Some(url) => runtime.block_on(look_at(url, &arguments)),
            None => runtime.block_on(measure(&arguments)),
        }
    };
    let mut err = std::io::stderr();
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            writeln!(err, "{error}").unwrap_or_default();
            ExitCode::from(3)
        }
    }
}

/// The server's process, until standard input ends.
async fn server() -> Outcome<bool> {
    let (hub, mut publisher, _acks) = Hub::new(HubSettings::new("fanout"));
    let settings = config::Http {
        connections_max: 100_000,
        connections_per_address_max: 100_000,
        ..config::Http::default()
    };
    let health = Arc::new(Health::starting(clock::now()));
    let app = App::new(
        hub,
        health,
        Arc::new(Metrics::default()),
        settings,
        Site::default(),
        CancellationToken::new(),
    );
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", listener.local_addr()?)?;
    let serving = tokio::spawn(serve(listener, Arc::clone(&app)));
    let publishing = tokio::task::spawn_blocking(move || -> Outcome<()> {
        let mut seq = 0;
        for line in std::io::stdin().lock().lines() {
            if line? == "beat" {
                publisher.heartbeat(Vitals { now: clock::now(), ..Vitals::default() });
                continue;
            }
            let mut alert: lowsky::domain::Alert = serde_json::from_str(ALERT)?;
            alert.observed_at = clock::now();
            seq += 1;
            let event = Arc::new(AlertEvent { event: AlertEventKind::Updated, alert });
            publisher.logged(Arc::new(LoggedEvent::new(seq, event, false)));
            publisher.commit();
        }
        Ok(())
    });
    publishing.await??;
    app.stop.cancel();
    serving.await?;
    Ok(true)
}

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start() -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut address)?;
        Ok(Self { child, address: address.trim().into() })
    }

    fn say(&mut self, line: &str) -> Outcome<()> {
        let stdin = self.child.stdin.as_mut().ok_or("no input")?;
        writeln!(stdin, "{line}")?;
        Ok(stdin.flush()?)
    }

    fn resident_kib(&self) -> Option<u64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse().ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails only if it has ended.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What the clients count.
#[derive(Default)]
struct Board {
    ready: AtomicU64,
    beats: AtomicU64,
    alerts: AtomicU64,
    ended: AtomicU64,
    /// Alerts whose number did not follow the one before.
    holes: AtomicU64,
    gaps: AtomicU64,
    latencies_us: std::sync::Mutex<Vec<u32>>,
}

/// The number in a frame.
fn seq(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once(r#""seq":"#)?;
    rest.split(|end: char| !end.is_ascii_digit()).next()?.parse().ok()
}

async fn client(url: String, board: Arc<Board>) -> Outcome<()> {
    let settings = WebSocketConfig::default().read_buffer_size(4 << 10).write_buffer_size(0);
    let (mut socket, _) = tokio_tungstenite::connect_async_with_config(url, Some(settings), true).await?;
    let mut last = None;
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message? else { continue };
        if text.starts_with(r#"{"type":"snapshot""#) {
            last = seq(&text);
            board.ready.fetch_add(1, Relaxed);
        } else if text.starts_with(r#"{"type":"heartbeat""#) {
            board.beats.fetch_add(1, Relaxed);
        } else if text.starts_with(r#"{"type":"gap""#) {
            board.gaps.fetch_add(1, Relaxed);
        } else if text.starts_with(r#"{"type":"alert""#) {
            let (before, now) = (last, seq(&text));
            board.holes.fetch_add(u64::from(before.is_some() && before.map(|seq| seq + 1) != now), Relaxed);
            last = now;
            board.alerts.fetch_add(1, Relaxed);
            // Only what was just raised tells how long it took.
            if !text.contains(r#""event":"RAISED""#) && !text.contains(r#""alert_id":"fanout""#) {
                continue;
            }
            let published =
                text.split_once(r#""observed_at":""#).and_then(|(_, rest)| rest.split('"').next());
            let published =
                published.and_then(|at| Timestamp::parse(at).ok()).ok_or("no time in an alert")?;
            let latency = Duration::from_secs_f64(clock::now().seconds_since(published).max(0.0));
            let mut latencies = board.latencies_us.lock().map_err(|error| error.to_string())?;
            latencies.push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
        }
    }
    Ok(())
}

/// Waits until the counter is there; `false` after a minute.
async fn reaches(counter: &AtomicU64, wanted: u64) -> bool {
    for _ in 0..6_000 {
        if wanted <= counter.load(Relaxed) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

async fn measure(arguments: &Arguments) -> Outcome<bool> {
    let mut out = std::io::stdout();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    writeln!(out, "load average before      {}", load.trim())?;
    let mut server = Server::start()?;
    let before = server.resident_kib();
    let board = Arc::new(Board::default());
    let url = format!("ws://{}/api/v1/stream?after=0", server.address);
    let count = u64::try_from(arguments.clients)?;
    // One alert first, so that the resume has something to send.
    server.say("alert")?;
    if !connect(&url, count, &board, &board.alerts).await? {
        return Ok(false);
    }
    server.say("beat")?;
    let beaten = reaches(&board.beats, count).await;
    let idle = server.resident_kib();
    board.latencies_us.lock().map_err(|error| error.to_string())?.clear();
    let mut complete = beaten;
    for number in 1..=arguments.alerts {
        server.say("alert")?;
        complete &= reaches(&board.alerts, count * (number + 1)).await;
        tokio::time::sleep(Duration::from_millis(arguments.pause_ms)).await;
    }
    let busy = server.resident_kib();
    writeln!(out, "clients                  {count}, {} ended early", board.ended.load(Relaxed))?;
    for (name, kib) in [("with all connected", idle), ("after the alerts", busy)] {
        if let (Some(before), Some(kib)) = (before, kib) {
            let each = kib.saturating_sub(before) / count.max(1);
            writeln!(out, "resident memory          {} MiB {name}, {each} KiB a client", kib / 1024)?;
        }
    }
    tell_latencies("publication to arrival", &board)?;
    Ok(complete)
}

/// Connects so many clients, some hundred at once under way; `served` counts those that got something.
async fn connect(url: &str, count: u64, board: &Arc<Board>, served: &AtomicU64) -> Outcome<bool> {
    for chunk in 0..count.div_ceil(200) {
        for _ in 0..200.min(count - chunk * 200) {
            let (url, board) = (url.to_owned(), Arc::clone(board));
            tokio::spawn(async move {
                if client(url, Arc::clone(&board)).await.is_err() {
                    board.ended.fetch_add(1, Relaxed);
                }
            });
        }
        let connected = (chunk * 200 + 200).min(count);
        if !reaches(served, connected).await {
            let ended = board.ended.load(Relaxed);
            writeln!(std::io::stdout(), "not all of {connected} clients were served, {ended} ended")?;
            return Ok(false);
        }
    }
    Ok(true)
}

/// How long alerts took to their clients, and how busy the machine is.
fn tell_latencies(what: &str, board: &Board) -> Outcome<()> {
    let mut latencies = board.latencies_us.lock().map_err(|error| error.to_string())?.clone();
    latencies.sort_unstable();
    let millis = |share: usize| {
        let at = latencies.len().saturating_sub(1) * share / 1_000;
        latencies.get(at).map_or(f64::NAN, |us| f64::from(*us) / 1e3)
    };
    let (p50, p99, last) = (millis(500), millis(990), millis(1_000));
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{what:24} p50 {p50:.1} ms, p99 {p99:.1} ms, last {last:.1} ms, of {} arrivals (times are whole ms)",
        latencies.len()
    )?;
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    writeln!(out, "load average after       {}", load.trim())?;
    Ok(())
}

/// Looks at a running service to which others publish.
async fn look_at(url: &str, arguments: &Arguments) -> Outcome<bool> {
    let board = Arc::new(Board::default());
    let count = u64::try_from(arguments.clients)?;
    if !connect(url, count, &board, &board.ready).await? {
        return Ok(false);
    }
    let (alerts, beats) = (board.alerts.load(Relaxed), board.beats.load(Relaxed));
    board.latencies_us.lock().map_err(|error| error.to_string())?.clear();
    tokio::time::sleep(Duration::from_secs(arguments.seconds)).await;
    let beats = (board.beats.load(Relaxed) - beats) / count.max(1);
    let alerts = board.alerts.load(Relaxed) - alerts;
    let (ended, holes, gaps) =
        (board.ended.load(Relaxed), board.holes.load(Relaxed), board.gaps.load(Relaxed));
    let mut out = std::io::stdout();
    writeln!(out, "clients                  {count}, {ended} ended early, {holes} holes, {gaps} gaps told")?;
    writeln!(out, "each                     {} alerts, {beats} heartbeats", alerts / count.max(1))?;
    tell_latencies("report to arrival", &board)?;
    Ok(ended + holes + gaps == 0 && 0 < alerts && arguments.seconds <= beats + beats / 10 + 1)
}
