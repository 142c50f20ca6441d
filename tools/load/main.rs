//! Load generator and meter of latency: many real MQTT clients in, and the time until the alert is on the stream.
//!
//! ```text
//! cargo run --release --example load -- --broker mqtt://127.0.0.1:1883 \
//!     --stream ws://127.0.0.1:8080/api/v1/stream \
//!     --aircraft 10000 --connections 200 --rate-hz 1 --seconds 60 --breaches 20
//! ```
//!
//! **Open loop.** Each aircraft has a phase of its own, and each report is due by the schedule whatever happened
//! to the one before. How late reports left is measured and printed: where that is large, the generator or the
//! machine was too slow and the run says nothing.
//!
//! **Known breaches.** So many times a second one aircraft reports a lost command link, an emergency, or a
//! position within a zone, in one single report, and is well again with the next. Latency is the time from the
//! publish call of that report to the arrival of the RAISED frame at a WebSocket client in this process, by one
//! monotonic clock. The client that measures has a thread of its own. An alert that does not come is `missed`.
//!
//! **Zone entries** need the strip that `--write-zones DIR` writes beside `--zones N` other zones; start the
//! daemon with that folder. Without it there are only the other two kinds.
//!
//! The figures of processes come from `/proc`, found by the ports or by `--pid` and `--broker-pid`. Give the
//! daemon's own machine nothing else to do: load average and the echo of a bare loopback connection are printed
//! so that a run on a busy machine can be told.
//!
//! Exit codes: 0 done; 1 something was missed, the daemon's books do not balance, or its memory grows; 2 usage; 3 no connection.

mod board;
mod fleet;
mod histogram;
mod machine;
mod publish;
mod report;
mod run;
mod service;
mod soak;
mod stream;
mod zones;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::fleet::Area;

/// Publishes a fleet's telemetry in open loop and measures how long alerts take.
///
/// Known breaches are published at a known rate; latency is from the publish call of the causing report to the
/// arrival of the RAISED frame on the WebSocket. See the head of tools/load/main.rs.
#[derive(Debug, Clone, Parser)]
#[command(name = "load")]
struct Arguments {
    /// The broker: mqtt://host:port.
    #[arg(long, value_name = "URL", default_value = "mqtt://127.0.0.1:1883")]
    broker: String,
    /// The stream of the daemon.
    #[arg(long, value_name = "URL", default_value = "ws://127.0.0.1:8080/api/v1/stream")]
    stream: String,
    /// How many aircraft.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    aircraft: u32,
    /// How many MQTT connections share them.
    #[arg(long, value_name = "N", default_value_t = 200)]
    connections: u32,
    /// Reports a second of each aircraft.
    #[arg(long, value_name = "HZ", default_value_t = 1.0)]
    rate_hz: f64,
    /// How long is measured, seconds.
    #[arg(long, value_name = "S", default_value_t = 60)]
    seconds: u64,
    /// Traffic before that, seconds.
    #[arg(long, value_name = "S", default_value_t = 10)]
    warm_up: u64,
    /// Known breaches a second.
    #[arg(long, value_name = "N", default_value_t = 20)]
    breaches: u32,
    /// MQTT quality of service of the reports.
    #[arg(long, value_name = "0|1", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=1))]
    qos: u8,
    /// WebSocket clients that read all alerts and all tracks, beside the one that measures.
    #[arg(long, value_name = "N", default_value_t = 0)]
    clients: u32,
    /// Prints memory, books and readiness every minute, and judges at the end whether memory is flat.
    #[arg(long)]
    soak: bool,
    /// First levels of the topics.
    #[arg(long, value_name = "PREFIX", default_value = "lowsky/v1")]
    prefix: String,
    /// Latitude and longitude of the middle of the fleet's square.
    #[arg(long, value_name = "LAT,LNG", default_value = "22.6,114.0", value_delimiter = ',', num_args = 1)]
    centre: Vec<f64>,
    /// Side of the square, km.
    #[arg(long, value_name = "KM", default_value_t = 100.0)]
    side_km: f64,
    /// The daemon's process [default: who listens on the stream's port].
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,
    /// The broker's process [default: who listens on the broker's port].
    #[arg(long, value_name = "PID")]
    broker_pid: Option<u32>,
    /// Writes zones for a run into a folder and ends.
    #[arg(long, value_name = "DIR")]
    write_zones: Option<PathBuf>,
    /// How many zones to write, beside the strip.
    #[arg(long, value_name = "N", default_value_t = 500)]
    zones: u32,
}

impl Arguments {
    fn area(&self) -> Option<Area> {
        let [lat_deg, lng_deg] = *self.centre.first_chunk()?;
        let sound = lat_deg.abs() <= 80.0 && lng_deg.abs() <= 175.0 && (1.0..=500.0).contains(&self.side_km);
        sound.then_some(Area { lat_deg, lng_deg, side_m: self.side_km * 1e3 })
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    drop(tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).try_init());
    lowsky::service::descriptors::raise_limit();
    match begin(&arguments) {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::from(3)
        }
    }
}

fn begin(arguments: &Arguments) -> Result<ExitCode, String> {
    let Some(area) = arguments.area() else {
        return Err("--centre wants LAT,LNG, and --side-km 1 to 500".into());
    };
    if let Some(dir) = &arguments.write_zones {
        zones::write(dir, arguments.zones, &area).map_err(|error| format!("{}: {error}", dir.display()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no threads: {error}"))?;
    runtime.block_on(run::run(arguments, area))
}
