//! `lowsky zones diff`: what a new set of zones changes.

use std::path::Path;
use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::Value;

use super::ZonesArgs;
use super::source;
use crate::airspace::{Airspace, Changed, Comparison, FieldChange, Ground, Zone, area_m2, compare};
use crate::cli::files::{self, Failure};
use crate::config::Config;
use crate::service::clock;

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// One JSON object, as the API answers.
    Json,
}

/// Prints what `new` changes with respect to `old`.
pub(super) fn diff(args: &ZonesArgs, old: &Path, new: &Path, format: Format) -> Result<ExitCode, Failure> {
    let config = args.settings()?;
    let (old, new) = (set(old, &config)?, set(new, &config)?);
    let outside = config.zones.controlled_default.outside();
    let comparison = compare(&old, &new, &Ground { outside, ..Ground::at(clock::now()) });
    match format {
        Format::Json => {
            let text = serde_json::to_string_pretty(&comparison);
            files::say(&format!("{}\n", text.map_err(|error| Failure::Outside(error.to_string()))?));
        }
        Format::Text => {
            files::say(&format!("{}\n", told(&old, &new, &comparison).join("\n")));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn set(path: &Path, config: &Config) -> Result<Airspace, Failure> {
    Ok(source::load_good(&source::documents(path)?, config)?.airspace.unwrap_or_default())
}

fn told(old: &Airspace, new: &Airspace, comparison: &Comparison) -> Vec<String> {
    let mut lines = Vec::new();
    let whole = |sign: char, zone: &Zone| {
        format!("{sign} {} {} ({:.4} km²)", zone.id, zone.name, area_m2(zone) / 1e6)
    };
    lines.extend(comparison.removed.iter().filter_map(|id| Some(whole('-', old.zone_by_id(id.as_str())?))));
    lines.extend(comparison.added.iter().filter_map(|id| Some(whole('+', new.zone_by_id(id.as_str())?))));
    for Changed { id, fields, area_m2, lost_share } in &comparison.changed {
        lines.push(format!("~ {id}"));
        lines.extend(fields.iter().map(field));
        if (area_m2.was - area_m2.now).abs() > 0.1 {
            lines.push(format!("    area 面积: {:.4} → {:.4} km²", area_m2.was / 1e6, area_m2.now / 1e6));
        }
        if *lost_share > 0.0 {
            lines.push(format!("    protection lost 失去的保护: {:.1} %", lost_share * 100.0));
        }
    }
    lines.push(comparison.words.en.clone());
    lines.push(comparison.words.zh.clone());
    if let Some(why) = &comparison.why {
        lines.push(format!("A second person has to agree: {}", why.en));
        lines.push(format!("须由另一人批准：{}", why.zh));
    }
    lines
}

fn field(FieldChange { path, was, now }: &FieldChange) -> String {
    let shown = |value: &Option<Value>| value.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string);
    format!("    {path}: {} → {}", shown(was), shown(now))
}
