//! `lowsky demo`: broker, simulated fleet, daemon and page in one process, over synthetic zones.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::files::Failure;
use super::simulate::{self, Outlet};
use super::{run, terminal, watch};
use crate::config::Config;
use crate::console;
use crate::service::daemon::{Daemon, StartError};
use crate::service::{clock, descriptors, zone_files};
use crate::simulate::{FleetSettings, incidents};

/// The synthetic Greater Bay Area, for a binary that runs away from its project.
const ZONES: [(&str, &str); 4] = [
    ("aerodromes.json", include_str!("../../seeds/zones/aerodromes.json")),
    ("city.json", include_str!("../../seeds/zones/city.json")),
    ("linjiang.json", include_str!("../../seeds/zones/linjiang.json")),
    ("temporary.json", include_str!("../../seeds/zones/temporary.json")),
];
/// Where the project keeps them; the demo begins with those if it can.
const ZONES_DIR: &str = "seeds/zones";

/// The arguments of `demo`.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// How many aircraft.
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub(super) aircraft: usize,
    /// The HTTP port.
    #[arg(long, value_name = "P", default_value_t = 8080)]
    pub(super) port: u16,
    /// The MQTT port [default: 1883, or a free one if that is taken].
    #[arg(long, value_name = "P")]
    pub(super) mqtt_port: Option<u16>,
    /// The same seed flies the same.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(super) seed: u64,
    /// Adds the live alert stream in this terminal.
    #[arg(long)]
    pub(super) watch: bool,
}

/// Runs until Ctrl-C or SIGTERM.
pub(super) fn demo(args: &DemoArgs) -> Result<ExitCode, Failure> {
    descriptors::raise_limit();
    let scratch = std::env::temp_dir().join(format!("lowsky-demo-{}", std::process::id()));
    let zones = zones_folder(&scratch)?;
    let (zones, scratch_dir) = (&zones, &scratch);
    let done = terminal::block_on(|stop| async move {
        let daemon = start(args, zones, scratch_dir).await?;
        let url = format!("mqtt://{}", daemon.mqtt_address().trim_start_matches("mqtt://"));
        introduce(args, &daemon, &url, zones);
        let outlet = Outlet::connect(&url, stop.clone()).await?;
        let prefix = Config::default().mqtt.prefix;
        let settings = FleetSettings {
            aircraft: args.aircraft,
            seed: args.seed,
            prefix,
            start: clock::now(),
            incidents: true,
        };
        if args.watch {
            let stream = watch::WatchArgs::of_address(daemon.http_address());
            let follow = watch::watch(stream, watch::Terminal::standard(stop.clone()));
            let ((), _code) = tokio::join!(simulate::fly(settings, &outlet, &stop), follow);
        } else {
            simulate::fly(settings, &outlet, &stop).await;
        }
        outlet.close().await;
        daemon.stop().await;
        Ok(ExitCode::SUCCESS)
    });
    // Only what this process wrote is removed; that it was never made is fine.
    drop(std::fs::remove_dir_all(&scratch));
    done
}

/// Starts the daemon; the usual MQTT port is left to whoever has it.
async fn start(args: &DemoArgs, zones: &Path, scratch: &Path) -> Result<Daemon, Failure> {
    let mut config = Config::default();
    config.mqtt.embedded = true;
    config.http.listen = format!("127.0.0.1:{}", args.port);
    config.zones.dir = zones.to_owned();
    config.journal.dir = scratch.join("var");
    let port = args.mqtt_port.unwrap_or(1883);
    config.mqtt.url = format!("mqtt://127.0.0.1:{port}");
    match Daemon::start(&config, console::PAGES).await {
        Err(StartError::Broker(_)) if args.mqtt_port.is_none() => {
            config.mqtt.url = format!("mqtt://127.0.0.1:{}", free_port().unwrap_or(port));
            Daemon::start(&config, console::PAGES).await.map_err(|error| run::failure(&error))
        }
        started => started.map_err(|error| run::failure(&error)),
    }
}

fn free_port() -> Option<u16> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).ok()?;
    listener.local_addr().ok().map(|address| address.port())
}

/// A copy of the zones: what is edited in the demonstration leaves the project as it is.
fn zones_folder(scratch: &Path) -> Result<PathBuf, Failure> {
    let own = || ZONES.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).to_vec();
    let files = zone_files::read(Path::new(ZONES_DIR)).unwrap_or_else(|_elsewhere| own());
    let dir = scratch.join("zones");
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(&dir)?;
        files.iter().try_for_each(|(name, text)| std::fs::write(dir.join(name), text))
    };
    write().map_err(|error| Failure::Outside(format!("{}: cannot be written: {error}", dir.display())))?;
    Ok(dir)
}

#[expect(clippy::print_stdout, reason = "what the person who started the demo reads")]
fn introduce(args: &DemoArgs, daemon: &Daemon, mqtt: &str, zones: &Path) {
    let http = daemon.http_address();
    println!(
        "lowsky demo · 低空监测演示 — {} simulated aircraft, synthetic zones (合成数据，不可用于飞行)\n\n\
         \x20 open   打开    http://{http}/\n\
         \x20 stream 告警流  ws://{http}/api/v1/stream      (lowsky watch http://{http})\n\
         \x20 MQTT           {mqtt}  prefix lowsky/v1\n\
         \x20 zones  围栏    {}   (edit a file: the next report is judged by it)\n\n\
         What will happen · 将会发生:",
        args.aircraft,
        zones.display()
    );
    for incident in incidents() {
        let codes: Vec<_> = incident.codes.iter().map(|code| code.name()).collect();
        let codes = if codes.is_empty() { "refused · 拒收".to_owned() } else { codes.join(" ") };
        println!("  {:>4.0} s  {:<24}  {} · {}", incident.at_s, codes, incident.name_en, incident.name_zh);
    }
    println!("\nCtrl-C stops it. 按 Ctrl-C 停止。\n");
}
