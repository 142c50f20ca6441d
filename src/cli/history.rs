//! `lowsky history`: what the history holds, as a recording.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::files::{self, Failure};
use crate::domain::Timestamp;
use crate::history::{Arrived, Reader};
use crate::wire::{self, Envelope, recording};

/// The arguments of `history`.
#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// The configuration that names the journal's folder [default: config/lowsky.toml if there]. 配置文件
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Writes observations as a recording that `lowsky replay` reads. 导出为录制文件
    Export {
        /// The first arrival, RFC 3339 [default: all that is kept]. 起始时间
        #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
        from: Option<Timestamp>,
        /// Arrivals before it, RFC 3339 [default: to the end]. 结束时间
        #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
        to: Option<Timestamp>,
        /// Where to, `-` for standard output. 输出文件
        #[arg(default_value = "-")]
        out: PathBuf,
    },
}

/// Does what was asked with the history.
pub(super) fn history(args: &HistoryArgs) -> Result<ExitCode, Failure> {
    let config = files::configuration(args.config.as_deref())?;
    let Task::Export { from, to, out } = &args.task;
    let dir = config.journal.dir.join("history");
    let cannot = |error: std::io::Error| Failure::Input(format!("{}: {error}", dir.display()));
    let reader = Reader::new(&dir);
    let Some(oldest) = reader.oldest().map_err(cannot)? else {
        return Err(Failure::Input(format!("{}: no history is there. 未找到位置历史。", dir.display())));
    };
    let (from, to) = (from.unwrap_or(oldest), to.unwrap_or(Timestamp::from_micros(i64::MAX)));
    let span = reader.between(from, to).map_err(cannot)?;
    export(span, &config.mqtt.prefix, out)
}

#[expect(clippy::print_stderr, reason = "what an export leaves out must be seen, and not stand in it")]
fn export(mut span: crate::history::Span, prefix: &str, out: &PathBuf) -> Result<ExitCode, Failure> {
    let mut writer = std::io::BufWriter::new(files::output(out)?);
    let broken = |error: std::io::Error| Failure::Outside(format!("{}: {error}", out.display()));
    let (mut line, mut count, mut left_out) = (String::new(), 0_u64, 0_u64);
    for Arrived { received_at, observation } in span.by_ref() {
        let Some(operator) = &observation.operator else {
            left_out += 1;
            continue;
        };
        line.clear();
        let topic = format!("{prefix}/telemetry/{operator}/{}", observation.uas_id);
        let payload = wire::report(&observation);
        recording::write(
            &Envelope { topic: &topic, payload: payload.as_bytes(), received_at },
            false,
            &mut line,
        );
        match writer.write_all(line.as_bytes()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
            written => written.map_err(broken)?,
        }
        count += 1;
    }
    writer.flush().map_err(broken)?;
    for damage in span.damage() {
        eprintln!("{damage}");
    }
    if 0 < left_out {
        eprintln!("{left_out} observations without an operator have no topic and are left out");
    }
    eprintln!("{count} observations exported. 已导出 {count} 条。");
    if span.damage().is_empty() { Ok(ExitCode::SUCCESS) } else { Err(Failure::Said) }
}
