//! The command line: one file a command.
//!
//! Exit codes: 0 done; 1 the input is wrong (the message says where); 2 usage; 3 an outside service failed.

mod check;
mod demo;
mod files;
mod history;
mod journal;
mod record;
mod replay;
mod republish;
mod run;
mod simulate;
mod terminal;
pub mod watch;
mod zones;
mod zones_emergency;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Low-altitude airspace monitoring: drone telemetry over MQTT in, alerts over WebSocket out.
///
/// 低空监测：MQTT 接入无人机遥测，实时检查围栏与间隔，经 WebSocket 推送告警。
#[derive(Debug, Parser)]
#[command(name = "lowsky", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The daemon. 守护进程
    Run(run::RunArgs),
    /// Everything in one process: broker, simulated fleet, daemon, page. 演示
    Demo(demo::DemoArgs),
    /// Validates configuration and zone files; every problem with its place. 检查配置与围栏
    Check(check::CheckArgs),
    /// The live alert stream in a terminal; reconnects and resumes. 告警流
    Watch(watch::WatchArgs),
    /// Imports, exports, compares and converts zones. 空域文件工具
    Zones(zones::ZonesArgs),
    /// Checks, exports and backs up the history of alerts. 告警日志
    Journal(journal::JournalArgs),
    /// What was observed in the last hours, as a recording. 位置历史
    History(history::HistoryArgs),
    /// Writes the raw MQTT messages to a recording. 录制
    Record(record::RecordArgs),
    /// A recording through the same decoders and engine, or back to a broker. 回放
    Replay(replay::ReplayArgs),
    /// A simulated fleet as a real MQTT publisher. 模拟机群
    Simulate(simulate::SimulateArgs),
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    terminal::start_log();
    let done = match command {
        Command::Run(args) => run::run(&args),
        Command::Demo(args) => demo::demo(&args),
        Command::Check(args) => check::check(&args),
        Command::Watch(args) => {
            terminal::block_on(|stop| async { Ok(watch::watch(args, watch::Terminal::standard(stop)).await) })
        }
        Command::Zones(args) => zones::zones(&args),
        Command::Journal(args) => journal::journal(&args),
        Command::History(args) => history::history(&args),
        Command::Record(args) => record::record(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Simulate(args) => simulate::simulate(args),
    };
    done.unwrap_or_else(|failure| failure.report())
}
