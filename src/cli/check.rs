//! `lowsky check`: configuration and zone files, every problem with its place.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::check_telemetry;
use super::files::{self, Failure};
use crate::airspace::{Document, ProblemSeverity, load_within};
use crate::service::zone_files;

/// The arguments of `check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The configuration [default: config/lowsky.toml if there].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One telemetry message, as it would be published, instead of zones; - is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "paths")]
    pub telemetry: Option<PathBuf>,
    /// The topic that the message is judged for [default: the one that fits it].
    #[arg(long, requires = "telemetry")]
    pub topic: Option<String>,
    /// Zone files, folders of zone files, or configuration files (*.toml) [default: the configured folder].
    pub paths: Vec<PathBuf>,
}

/// Checks everything named and prints what is wrong; fails if anything is an error.
#[expect(clippy::print_stdout, reason = "the answer of the command")]
pub(super) fn check(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let config = files::configuration(args.config.as_deref())?;
    if let Some(message) = &args.telemetry {
        return check_telemetry::telemetry(message, args.topic.as_deref(), &config);
    }
    let paths = if args.paths.is_empty() { vec![config.zones.dir.clone()] } else { args.paths.clone() };
    let (mut errors, mut warnings, mut zones) = (0, 0, 0);
    // A folder that nobody named and nobody made is no fault of the configuration.
    let unmade = args.paths.is_empty() && !config.zones.dir.exists();
    if unmade {
        println!("{}: no such folder yet; no zones 目录尚不存在，没有空域", config.zones.dir.display());
        warnings += 1;
    }
    let paths = if unmade { Vec::new() } else { paths };
    let mut contents = Vec::new();
    for path in &paths {
        if path.extension().is_some_and(|extension| extension == "toml") {
            if let Err(failure) = files::configuration(Some(path)) {
                println!("{failure}");
                errors += 1;
            }
            continue;
        }
        match read(path) {
            Ok(read) => contents.extend(read),
            Err(why) => {
                println!("{why}");
                errors += 1;
            }
        }
    }
    let documents: Vec<_> = contents.iter().map(|(name, text)| Document { name, text }).collect();
    let loaded = load_within(&documents, config.area());
    for problem in &loaded.problems {
        println!("{problem}");
        match problem.severity {
            ProblemSeverity::Error => errors += 1,
            ProblemSeverity::Warning => warnings += 1,
        }
    }
    if let Some(airspace) = &loaded.airspace {
        zones = airspace.zones().len();
    }
    println!("{}", verdict(documents.len(), zones, errors, warnings));
    if errors == 0 { Ok(ExitCode::SUCCESS) } else { Err(Failure::Said) }
}

fn verdict(files: usize, zones: usize, errors: usize, warnings: usize) -> String {
    if errors == 0 {
        format!("{files} zone files, {zones} zones: no error, {warnings} warnings. 检查通过。")
    } else {
        format!(
            "{files} zone files: {errors} errors, {warnings} warnings; nothing of it would be put in force. 检查未通过。"
        )
    }
}

fn read(path: &Path) -> Result<Vec<(String, Vec<u8>)>, String> {
    if path.is_dir() {
        let named = |(name, bytes): (String, Vec<u8>)| (path.join(name).display().to_string(), bytes);
        return zone_files::read(path)
            .map(|files| files.into_iter().map(named).collect())
            .map_err(|e| e.to_string());
    }
    let is_file = std::fs::metadata(path).is_ok_and(|meta| meta.is_file());
    if !is_file {
        return Err(format!("{}: no such file", path.display()));
    }
    let bytes =
        std::fs::read(path).map_err(|error| format!("{}: cannot be read: {error}", path.display()))?;
    Ok(vec![(path.display().to_string(), bytes)])
}
