//! Configuration, zones and recordings from disk, and failures with the exit code that they deserve.

use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::airspace::{Airspace, Document, Problem, load_as};
use crate::config::Config;
use crate::service::zone_files;

/// Largest configuration file, bytes.
const CONFIG_LEN_MAX: u64 = 1024 * 1024;
/// Where the configuration is looked for if none is named.
pub(super) const CONFIG_PATH: &str = "config/lowsky.toml";

/// Why a command ended without doing its work.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The input is wrong; the text says where.
    #[error("{0}")]
    Input(String),
    /// The input is wrong, and everything was said already.
    #[error("")]
    Said,
    /// Something outside failed.
    #[error("{0}")]
    Outside(String),
}

impl Failure {
    /// Prints the text on standard error and gives the exit code.
    #[expect(clippy::print_stderr, reason = "this is how a command says why it failed")]
    pub(super) fn report(&self) -> ExitCode {
        let text = self.to_string();
        if !text.is_empty() {
            eprintln!("lowsky: {text}");
        }
        match self {
            Self::Input(_) | Self::Said => ExitCode::from(1),
            Self::Outside(_) => ExitCode::from(3),
        }
    }
}

/// The configuration of `path`, or of [`CONFIG_PATH`] if that exists, or the defaults; environment variables
/// `LOWSKY__SECTION__KEY` override it.
pub(super) fn configuration(path: Option<&Path>) -> Result<Config, Failure> {
    let (name, folder, text) = configuration_text(path)?;
    Config::parse(&text, &folder, &overrides()).map_err(|faults| {
        let lines: Vec<_> = faults.iter().map(|fault| format!("{}:{fault}", name.display())).collect();
        Failure::Input(lines.join("\n"))
    })
}

/// What a configuration is called, the folder from which its paths start, and its text; see [`configuration`].
pub(super) fn configuration_text(path: Option<&Path>) -> Result<(PathBuf, PathBuf, String), Failure> {
    let default = Path::new(CONFIG_PATH);
    let Some(path) = path.or_else(|| default.is_file().then_some(default)) else {
        return Ok((PathBuf::from("the environment"), PathBuf::from("."), String::new()));
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    Ok((path.to_owned(), folder.to_owned(), read_text(path)?))
}

/// The environment variables that override settings.
pub(super) fn overrides() -> Vec<(String, String)> {
    std::env::vars().filter(|(name, _)| name.starts_with("LOWSKY__")).collect()
}

/// The text of a configuration file of sane size.
pub(super) fn read_text(path: &Path) -> Result<String, Failure> {
    let cannot = |why: String| Failure::Input(format!("{}: {why}", path.display()));
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| cannot(format!("cannot be read: {error}")))?;
    file.take(CONFIG_LEN_MAX + 1)
        .read_to_string(&mut text)
        .map_err(|error| cannot(format!("cannot be read: {error}")))?;
    if CONFIG_LEN_MAX < u64::try_from(text.len()).unwrap_or(u64::MAX) {
        return Err(cannot(format!("is larger than {CONFIG_LEN_MAX} bytes")));
    }
    Ok(text)
}

/// The zones of a folder. A folder without zone files gives an empty airspace only if `may_be_empty`.
pub(super) fn zones(
    dir: &Path,
    config: &Config,
    may_be_empty: bool,
) -> Result<(Airspace, Vec<Problem>), Failure> {
    let files = match zone_files::read(dir) {
        Ok(files) => files,
        Err(zone_files::ZoneFilesError::Empty(_)) if may_be_empty => {
            return Ok((Airspace::default(), Vec::new()));
        }
        Err(error) => return Err(Failure::Input(error.to_string())),
    };
    let paths: Vec<_> = files.iter().map(|(name, _)| dir.join(name).display().to_string()).collect();
    let documents: Vec<_> =
        paths.iter().zip(&files).map(|(path, (_, bytes))| Document { name: path, text: bytes }).collect();
    let loaded = load_as(&documents, config.reading());
    let Some(airspace) = loaded.airspace else {
        let lines: Vec<_> = loaded.problems.iter().map(ToString::to_string).collect();
        return Err(Failure::Input(lines.join("\n")));
    };
    Ok((airspace, loaded.problems))
}

/// The lines of a recording; `-` is standard input.
pub(super) fn recording(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let file = std::fs::File::open(path)
        .map_err(|error| Failure::Input(format!("{}: cannot be read: {error}", path.display())))?;
    Ok(Box::new(BufReader::new(file)))
}

/// Whether progress may be drawn on standard error.
pub(super) fn shows_progress() -> bool {
    std::io::stderr().is_terminal()
}

/// Prints the answer of a command; a reader that has gone wants no more of it.
pub(super) fn say(text: &str) {
    drop(std::io::stdout().write_all(text.as_bytes()));
}

/// A path for a command that writes; `-` is standard output.
pub(super) fn output(path: &PathBuf) -> Result<Box<dyn Write + Send>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdout()));
    }
    let file = std::fs::File::create(path)
        .map_err(|error| Failure::Input(format!("{}: cannot be written: {error}", path.display())))?;
    Ok(Box::new(file))
}
