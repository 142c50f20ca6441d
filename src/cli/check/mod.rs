//! `lowsky check`: configuration and zone files, every problem with its place.

mod finding;
mod sarif;
mod telemetry;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::files::{self, Failure};
use crate::airspace::{Document, ProblemSeverity, Strictness, load_as};
use crate::config::Config;
use crate::service::zone_files::{self, ZoneFilesError};
use finding::{Finding, Sources};

/// The arguments of `check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The configuration [default: config/lowsky.toml if there].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How the answer is written: for people, as one JSON object, or as SARIF 2.1.0 for editors and CI.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Refuse zone files that deviate from their standard, as `[zones] strictness = "strict"` does.
    #[arg(long)]
    pub strict: bool,
    /// One telemetry message, as it would be published, instead of zones; - is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "paths")]
    pub telemetry: Option<PathBuf>,
    /// The topic that the message is judged for [default: the one that fits it].
    #[arg(long, requires = "telemetry")]
    pub topic: Option<String>,
    /// Zone files, folders of zone files, or configuration files (*.toml) [default: the configured folder].
    pub paths: Vec<PathBuf>,
}

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
    Sarif,
}

/// What a check found.
struct Outcome {
    findings: Vec<Finding>,
    sources: Sources,
    files: usize,
    zones: usize,
}

/// Checks everything named and prints what is wrong; fails if anything is an error.
pub(super) fn check(args: &CheckArgs) -> Result<ExitCode, Failure> {
    if let Some(message) = &args.telemetry {
        let config = files::configuration(args.config.as_deref())?;
        return telemetry::judge(message, args.topic.as_deref(), &config);
    }
    let outcome = examine(args);
    let of = |severity| outcome.findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (of(ProblemSeverity::Error), of(ProblemSeverity::Warning));
    match args.format {
        Format::Text => {
            for finding in &outcome.findings {
                files::say(&format!("{}\n", finding.told(&outcome.sources)));
            }
            files::say(&format!("{}\n", verdict(outcome.files, outcome.zones, errors, warnings)));
        }
        Format::Json => {
            let answer = json!({
                "valid": errors == 0, "files": outcome.files, "zones": outcome.zones,
                "errors": errors, "warnings": warnings, "problems": outcome.findings,
            });
            files::say(&format!("{answer:#}\n"));
        }
        Format::Sarif => files::say(&format!("{:#}\n", sarif::log(&outcome.findings))),
    }
    if errors == 0 { Ok(ExitCode::SUCCESS) } else { Err(Failure::Said) }
}

/// A configuration that is wrong keeps nobody from hearing what is wrong with the zones.
fn examine(args: &CheckArgs) -> Outcome {
    let (mut findings, mut sources) = (Vec::new(), Sources::default());
    let read = configuration(args.config.as_deref(), &mut findings, &mut sources);
    let is_known = read.is_some();
    let config = read.unwrap_or_default();
    let mut reading = config.reading();
    if args.strict {
        reading.strictness = Strictness::Strict;
    }

    let mut paths = args.paths.clone();
    if paths.is_empty() && is_known {
        if config.zones.dir.exists() {
            paths.push(config.zones.dir.clone());
        } else {
            // A folder that nobody named and nobody made is no fault of the configuration.
            findings.push(Finding::of_path(
                &config.zones.dir,
                ProblemSeverity::Warning,
                "no such folder yet; no zones",
                "目录尚不存在，没有空域",
            ));
        }
    }
    let mut contents = Vec::new();
    for path in &paths {
        if path.extension().is_some_and(|extension| extension == "toml") {
            configuration(Some(path), &mut findings, &mut sources);
            continue;
        }
        match read_zones(path) {
            Ok(read) => contents.extend(read),
            Err(finding) => findings.push(*finding),
        }
    }
    let documents: Vec<_> = contents.iter().map(|(name, text)| Document { name, text }).collect();
    let files = documents.len();
    let loaded = load_as(&documents, reading);
    findings.extend(loaded.problems.into_iter().map(Finding::from));
    let zones = loaded.airspace.map_or(0, |airspace| airspace.zones().len());
    sources.extend(contents);
    Outcome { findings, sources, files, zones }
}

/// The configuration of a file, or of the usual place if none is named; its faults are noted.
fn configuration(path: Option<&Path>, findings: &mut Vec<Finding>, sources: &mut Sources) -> Option<Config> {
    let (name, folder, text) = match files::configuration_text(path) {
        Ok(found) => found,
        Err(why) => {
            let path = path.unwrap_or(Path::new(files::CONFIG_PATH));
            let prefix = format!("{}: ", path.display());
            let why = why.to_string();
            let why = why.strip_prefix(&prefix).unwrap_or(&why);
            findings.push(Finding::of_path(path, ProblemSeverity::Error, why, "无法读取"));
            return None;
        }
    };
    let read = Config::parse(&text, &folder, &files::overrides());
    let file = name.display().to_string();
    let faults = read.as_ref().err().into_iter().flatten();
    findings.extend(faults.map(|fault| Finding::of_fault(&file, fault)));
    sources.extend([(file, text.into_bytes())]);
    read.ok()
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

fn read_zones(path: &Path) -> Result<Vec<(String, Vec<u8>)>, Box<Finding>> {
    let refused = |path: &Path, why: &str| {
        let zh = "无法作为空域文件读取";
        Box::new(Finding::of_path(path, ProblemSeverity::Error, why, zh))
    };
    if path.is_dir() {
        let named = |(name, bytes): (String, Vec<u8>)| (path.join(name).display().to_string(), bytes);
        return zone_files::read(path).map(|files| files.into_iter().map(named).collect()).map_err(|error| {
            let place = if let ZoneFilesError::File { path, .. } = &error { path } else { path };
            refused(place, &error.to_string())
        });
    }
    zone_files::read_one(path)
        .map(|bytes| vec![(path.display().to_string(), bytes)])
        .map_err(|error| refused(path, &error.to_string()))
}
