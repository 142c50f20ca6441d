//! One run, from the first connection to the figures.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use lowsky::service::link::Endpoint;
use rumqttc::v5::AsyncClient;
use rumqttc::v5::mqttbytes::QoS;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::Arguments;
use crate::board::Board;
use crate::fleet::{Area, BREACH_PERIOD_S, Fleet, STRIP};
use crate::machine::{self, Process};
use crate::publish::{Publisher, Schedule};
use crate::report::{Report, Snapshot};
use crate::service::Service;
use crate::soak::{Soak, Verdict};
use crate::stream::{self, Role};

/// How long all connections may take.
const CONNECT_MAX: Duration = Duration::from_mins(1);
/// How long alerts may take after the last report.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) async fn run(arguments: &Arguments, area: Area) -> Result<ExitCode, String> {
    let broker = Endpoint::new(&arguments.broker, None, None).map_err(|error| error.to_string())?;
    let service = Service::of_stream(&arguments.stream).ok_or("--stream wants ws://host:port/path")?;
    let zones = service.get("/api/v1/zones").map_err(|error| format!("{}: {error}", arguments.stream))?;
    let fleet = plan(arguments, area, zones.contains(STRIP))?;
    let processes = processes(arguments, &broker, &service);
    let board = Arc::new(Board::new(fleet.breaching));
    let mut report = Report::begin(arguments, fleet.strip, zones.matches(r#""Feature""#).count());
    report.print();

    let readers = start_readers(arguments, &board).await?;
    let publishers = connect(arguments, &broker, fleet, &board).await?;
    let before = service.books().map_err(|error| error.to_string())?;
    let start = Instant::now() + Duration::from_millis(200);
    let measured = start + Duration::from_secs(arguments.warm_up);
    let end = measured + Duration::from_secs(arguments.seconds);
    let period = Duration::from_secs_f64(1.0 / arguments.rate_hz);
    let schedule = Schedule { start, measured, end, period };
    let mut flying = Vec::new();
    let mut standing = Vec::new();
    for (publisher, client) in publishers {
        standing.push(client.clone());
        flying.push(tokio::spawn(publisher.fly(client, schedule)));
    }
    tokio::time::sleep_until(measured).await;
    let first = Snapshot::take(&processes, &board);
    let mut soak = arguments.soak.then(Soak::default);
    match &mut soak {
        Some(soak) => soak.follow(&service, processes.first(), end).await,
        None => report.follow(&processes, end).await,
    }
    let last = Snapshot::take(&processes, &board);
    for flight in flying {
        if tokio::time::timeout(CONNECT_MAX, flight).await.is_err() {
            tracing::error!("a connection could not publish its reports within a minute");
        }
    }
    board.settle(PATIENCE).await;
    let after = settled(&service, &board).await?;
    for client in standing {
        drop(client.try_disconnect());
    }
    drop(readers);
    let code = report.end(&board, &first, &last, &before, &after);
    Ok(soak.map_or(code, |soak| judge(&soak, code)))
}

/// The verdict on a long run, beside that on its alerts.
#[expect(clippy::print_stdout, reason = "what the person who started the run reads")]
fn judge(soak: &Soak, code: ExitCode) -> ExitCode {
    let verdict = soak.verdict();
    println!("soak      {verdict}; {} looks found the books or the readiness wrong", soak.faults);
    if matches!(verdict, Verdict::Grows(_)) || 0 < soak.faults { ExitCode::from(1) } else { code }
}

/// The fleet: as many aircraft breach as the rate needs.
fn plan(arguments: &Arguments, area: Area, strip: bool) -> Result<Fleet, String> {
    let Arguments { aircraft, connections, rate_hz, breaches, .. } = *arguments;
    if !(0.05..=50.0).contains(&rate_hz) || connections == 0 || aircraft < connections {
        return Err("want 0.05 to 50 Hz and at least one aircraft for each connection".into());
    }
    let cycle = (1..=1_000).find(|cycle| BREACH_PERIOD_S * rate_hz <= f64::from(*cycle)).unwrap_or(1_000);
    let cycle = cycle.max(2);
    let wanted = f64::from(breaches) * f64::from(cycle) / rate_hz;
    let breaching = (0..=aircraft).find(|n| wanted <= f64::from(*n));
    let breaching = breaching.ok_or_else(|| {
        format!(
            "{breaches} breaches a second need {wanted:.0} aircraft: each breaches every {BREACH_PERIOD_S} s"
        )
    })?;
    Ok(Fleet { area, aircraft, breaching, cycle, strip })
}

fn processes(arguments: &Arguments, broker: &Endpoint, service: &Service) -> Vec<Process> {
    let daemon = arguments.pid.or_else(|| machine::listener(service.port()?));
    let broker = arguments.broker_pid.or_else(|| machine::listener(broker.port()));
    let mut processes = Vec::new();
    match (daemon, broker) {
        (Some(pid), Some(broker)) if pid == broker => {
            processes.push(Process { name: "daemon with its broker", pid });
        }
        (daemon, broker) => {
            processes.extend(daemon.map(|pid| Process { name: "daemon", pid }));
            processes.extend(broker.map(|pid| Process { name: "broker", pid }));
        }
    }
    processes.push(Process { name: "generator", pid: std::process::id() });
    processes
}

/// Starts the stream clients and waits until each has its snapshot. The meter gets a thread of its own, where
/// nothing delays its look at the clock.
async fn start_readers(
    arguments: &Arguments,
    board: &Arc<Board>,
) -> Result<Vec<tokio::task::JoinHandle<()>>, String> {
    let (told, mut ready) = mpsc::channel(1_024);
    let (url, meter_board, meter_told) = (arguments.stream.clone(), Arc::clone(board), told.clone());
    let meter = std::thread::Builder::new().name("meter".into()).spawn(move || {
        match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(client(url, Role::Meter, meter_board, meter_told)),
            Err(error) => tracing::error!(%error, "the meter has no runtime"),
        }
    });
    meter.map_err(|error| error.to_string())?;
    let mut readers = Vec::new();
    for _ in 0..arguments.clients {
        let (url, board) = (arguments.stream.clone(), Arc::clone(board));
        readers.push(tokio::spawn(client(url, Role::Reader, board, told.clone())));
    }
    drop(told);
    for _ in 0..=arguments.clients {
        match tokio::time::timeout(CONNECT_MAX, ready.recv()).await {
            Ok(Some(())) => {}
            Ok(None) | Err(_) => return Err(format!("{}: no snapshot", arguments.stream)),
        }
    }
    Ok(readers)
}

async fn client(url: String, role: Role, board: Arc<Board>, told: mpsc::Sender<()>) {
    let ready = move || {
        if told.try_send(()).is_err() {
            tracing::debug!("nobody waits for this client any more");
        }
    };
    let ended = stream::read(&url, role, &board, ready).await;
    Board::one(&board.cut);
    tracing::warn!(?ended, "a stream client's connection ended");
}

/// Makes all MQTT connections, some at a time.
async fn connect(
    arguments: &Arguments,
    broker: &Endpoint,
    fleet: Fleet,
    board: &Arc<Board>,
) -> Result<Vec<(Publisher, AsyncClient)>, String> {
    let prefix: Arc<str> = arguments.prefix.as_str().into();
    let qos = if arguments.qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce };
    let mut connected = Vec::new();
    let mut waiting = Vec::new();
    for first in 0..arguments.connections {
        let publisher = Publisher {
            fleet,
            board: Arc::clone(board),
            prefix: Arc::clone(&prefix),
            qos,
            first,
            step: arguments.connections,
        };
        let (client, standing) = publisher.connect(broker);
        connected.push((publisher, client));
        waiting.push(standing);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let all = async {
        for standing in &mut waiting {
            if standing.wait_for(|connected| *connected).await.is_err() {
                return false;
            }
        }
        true
    };
    match tokio::time::timeout(CONNECT_MAX, all).await {
        Ok(true) => Ok(connected),
        Ok(false) | Err(_) => {
            Err(format!("{broker}: not all of {} connections stand", arguments.connections))
        }
    }
}

/// The daemon's books when everything published has arrived, or after a while.
async fn settled(service: &Service, board: &Board) -> Result<crate::service::Books, String> {
    let published = Board::get(&board.published);
    let mut books = service.books().map_err(|error| error.to_string())?;
    for _ in 0..20 {
        // A counter is far below 2⁵³.
        if books.in_flight < 0.5 && books.messages.to_string().parse::<u64>().is_ok_and(|n| published <= n) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        books = service.books().map_err(|error| error.to_string())?;
    }
    Ok(books)
}
