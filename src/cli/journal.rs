//! `lowsky journal`: checks, exports and backs up the history of alerts, also while the service runs.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::files::{self, Failure};
use crate::journal::{self, Entry, JournalError, Reader, Verdict};

/// Events that are exported at once.
const PAGE: usize = 1_000;
/// Most sentences about recorded losses that are printed.
const LOSSES_MAX: usize = 20;

/// The arguments of `journal`.
#[derive(Debug, Args)]
pub(super) struct JournalArgs {
    /// The configuration that names the journal's folder [default: config/lowsky.toml if there]. 配置文件
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// The journal's folder, or a backup, instead of the configured one. 日志目录或备份文件
    #[arg(long, value_name = "DIR", global = true)]
    dir: Option<PathBuf>,
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Reads everything and names what is damaged or missing; exit code 1 if anything is. 校验
    Verify {
        /// The journal's folder, or a backup [default: the configured folder]. 日志目录或备份文件
        path: Option<PathBuf>,
    },
    /// Writes events as JSON Lines: {"seq", "event", "alert"}. 导出
    Export {
        /// The first event. 起始序号
        #[arg(long, value_name = "SEQ", default_value_t = 1)]
        from: u64,
        /// Where to, `-` for standard output. 输出文件
        #[arg(default_value = "-")]
        out: PathBuf,
    },
    /// Writes a copy of this moment into one new file, and checks it. 备份
    Backup {
        /// The new file. 备份文件
        out: PathBuf,
    },
}

/// Does what was asked with the journal.
pub(super) fn journal(args: &JournalArgs) -> Result<ExitCode, Failure> {
    match &args.task {
        Task::Verify { path } => verify(&args.place(path.as_deref())?),
        Task::Export { from, out } => export(&args.place(None)?, *from, out),
        Task::Backup { out } => backup(&args.place(None)?, out),
    }
}

impl JournalArgs {
    /// The folder or file that is meant, which must be there.
    fn place(&self, named: Option<&Path>) -> Result<PathBuf, Failure> {
        let place = match named.or(self.dir.as_deref()) {
            Some(named) => named.to_owned(),
            None => files::configuration(self.config.as_deref())?.journal.dir,
        };
        let file = if place.is_dir() { place.join("journal.sqlite") } else { place.clone() };
        if file.is_file() {
            return Ok(place);
        }
        Err(Failure::Input(format!("{}: no journal is there. 未找到告警日志。", file.display())))
    }
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn verify(place: &Path) -> Result<ExitCode, Failure> {
    let verdict = journal::verify(place).map_err(|error| failure(&error))?;
    for loss in verdict.losses.iter().take(LOSSES_MAX) {
        println!("on record: {loss}");
    }
    for fault in &verdict.damage {
        println!("{}: {fault}", place.display());
    }
    println!("{}", summary(&verdict));
    if verdict.damage.is_empty() { Ok(ExitCode::SUCCESS) } else { Err(Failure::Said) }
}

fn summary(verdict: &Verdict) -> String {
    let Verdict { log_id, events, oldest_seq, last_seq, open, losses, damage } = verdict;
    let history = log_id.as_deref().unwrap_or("unknown");
    let lost: u64 = losses.iter().map(|hole| (hole.to - hole.from).saturating_add(1)).sum();
    let counts = format!(
        "history {history}: {events} events, {oldest_seq} to {last_seq}, {open} alerts open, {lost} events lost \
         earlier and on record"
    );
    if damage.is_empty() {
        format!("{counts}: no damage. 校验通过。")
    } else {
        format!(
            "{counts}: {} faults. Restart lowsky: it moves the damaged file aside and keeps what can be read. \
             校验未通过。",
            damage.len()
        )
    }
}

#[expect(clippy::print_stderr, reason = "what an export leaves out must be seen, and not stand in it")]
fn export(place: &Path, from: u64, out: &PathBuf) -> Result<ExitCode, Failure> {
    let reader = Reader::open(place).map_err(|error| failure(&error))?;
    let mut writer = std::io::BufWriter::new(files::output(out)?);
    let broken = |error: std::io::Error| Failure::Outside(format!("{}: {error}", out.display()));
    let mut after = from.saturating_sub(1);
    let mut damaged = false;
    loop {
        let page = reader.events_after(after, PAGE).map_err(|error| failure(&error))?;
        if after.saturating_add(1) < page.oldest_seq {
            let last = page.oldest_seq - 1;
            eprintln!(
                "events {} to {last}: forgotten after the configured days. 已超过保留天数。",
                after + 1
            );
        }
        for hole in &page.holes {
            eprintln!("{hole}");
            damaged |= !hole.known;
        }
        for entry in &page.entries {
            match writeln!(writer, "{}", line(entry)) {
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
                written => written.map_err(broken)?,
            }
        }
        if page.through <= after {
            break;
        }
        after = page.through;
    }
    writer.flush().map_err(broken)?;
    if damaged { Err(Failure::Said) } else { Ok(ExitCode::SUCCESS) }
}

fn line(entry: &Entry) -> String {
    let Entry { seq, event, alert_json } = entry;
    format!(r#"{{"seq":{seq},"event":"{}","alert":{alert_json}}}"#, event.event.name())
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn backup(place: &Path, out: &Path) -> Result<ExitCode, Failure> {
    let verdict = journal::backup(place, out).map_err(|error| failure(&error))?;
    for fault in &verdict.damage {
        println!("{}: {fault}", out.display());
    }
    println!("{}", summary(&verdict));
    if !verdict.damage.is_empty() {
        return Err(Failure::Said);
    }
    println!(
        "{}: to restore it, stop lowsky, move journal.sqlite, journal.sqlite-wal and journal.sqlite-shm away, \
         and copy it to journal.sqlite. 恢复：停止服务，移走上述三个文件，再将备份复制为 journal.sqlite。",
        out.display()
    );
    Ok(ExitCode::SUCCESS)
}

fn failure(error: &JournalError) -> Failure {
    match error {
        JournalError::Database { .. } => Failure::Outside(error.to_string()),
        JournalError::Io { .. }
        | JournalError::Locked { .. }
        | JournalError::NewerFormat { .. }
        | JournalError::Damaged { .. } => Failure::Input(error.to_string()),
    }
}
