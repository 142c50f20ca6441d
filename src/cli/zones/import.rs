//! `lowsky zones import`: a file of other hands into the folder of zones, if the whole set stays good.

use std::path::Path;
use std::process::ExitCode;

use super::source::{self, Text};
use super::{Source, ZonesArgs};
use crate::airspace::{Difference, Problem, ProblemSeverity, difference};
use crate::cli::files::Failure;

/// How the file is put there.
#[derive(Clone, Copy)]
pub(super) struct Wish<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) replace: bool,
    pub(super) dry_run: bool,
}

/// Reads `file`, checks it beside the zones that are there, and puts it among them.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "the answer of the command")]
pub(super) fn import(
    args: &ZonesArgs,
    file: &Path,
    reading: &Source,
    wish: Wish<'_>,
) -> Result<ExitCode, Failure> {
    let config = args.settings()?;
    let dir = &config.zones.dir;
    let name = name_of(file, wish.name)?;
    let target = dir.join(&name);
    if target.exists() && !wish.replace {
        return Err(Failure::Input(format!(
            "{}: there is such a file already; --replace takes its place, --as gives another name. \
             文件已存在，可用 --replace 覆盖或 --as 改名",
            target.display()
        )));
    }
    let (_, text) = source::read(file, reading)?;
    let given = file.display().to_string();
    let there = if dir.exists() { source::documents(dir)? } else { Vec::new() };
    let place = target.display().to_string();
    let mut all: Vec<Text> = there.iter().filter(|(name, _)| *name != place).cloned().collect();
    all.push((given.clone(), text.clone()));
    let loaded = source::load(&all, &config);
    for problem in loaded.problems.iter().filter(|problem| problem.file == given) {
        eprintln!("{problem}");
    }
    let Some(new) = loaded.airspace else {
        let elsewhere =
            |problem: &&Problem| problem.severity == ProblemSeverity::Error && problem.file != given;
        for problem in loaded.problems.iter().filter(elsewhere) {
            eprintln!("{problem}");
        }
        eprintln!("nothing was written. 未写入。");
        return Err(Failure::Said);
    };
    let old = source::load(&there, &config).airspace.unwrap_or_default();
    let Difference { added, changed, removed } = difference(&old, &new);
    if !wish.dry_run {
        std::fs::create_dir_all(dir)
            .map_err(|error| Failure::Input(format!("{}: cannot be made: {error}", dir.display())))?;
        source::put(&target, &text)?;
    }
    let done = if wish.dry_run { "would be put into 将写入" } else { "put into 已写入" };
    println!("{given}: {done} {}", target.display());
    println!(
        "{} zones added, {} changed, {} removed; {} in all. 新增 {}，修改 {}，删除 {}，共 {} 个区域。",
        added.len(),
        changed.len(),
        removed.len(),
        new.zones().len(),
        added.len(),
        changed.len(),
        removed.len(),
        new.zones().len()
    );
    Ok(ExitCode::SUCCESS)
}

/// The name in the folder: one that is read, and no path.
fn name_of(file: &Path, wanted: Option<&str>) -> Result<String, Failure> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let name = wanted.map_or_else(|| format!("{stem}.json"), str::to_owned);
    let is_read = name.to_lowercase().ends_with(".json") || name.to_lowercase().ends_with(".geojson");
    if is_read && !name.starts_with(['.', '#', '~']) && !name.contains(['/', '\\', '\0']) {
        return Ok(name);
    }
    Err(Failure::Input(format!(
        "`{name}` is no name of a zone file: it ends in .json or .geojson, and holds no folder. 文件名无效"
    )))
}
