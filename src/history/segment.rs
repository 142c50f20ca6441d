//! The files: one for each minute of arrival, found and ordered by their names.

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::Timestamp;

const MINUTE_US: i64 = 60_000_000;
const ENDING: &str = ".obs";

/// A segment on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    /// The beginning of its minute.
    pub(super) minute: Timestamp,
    pub(super) path: PathBuf,
    pub(super) len: u64,
}

/// The beginning of the minute of an instant.
pub(super) fn minute_of(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.as_micros().saturating_sub(at.as_micros().rem_euclid(MINUTE_US)))
}

/// The end of the minute that begins then.
pub(super) fn end_of(minute: Timestamp) -> Timestamp {
    minute.plus_micros(MINUTE_US)
}

/// `2026-11-23T01-05.obs`: no colon, which some file systems do not take.
pub(super) fn name(minute: Timestamp) -> String {
    let text = minute.to_string();
    let to_minute = text.get(..16).unwrap_or(&text);
    format!("{}{ENDING}", to_minute.replace(':', "-"))
}

fn minute_of_name(name: &str) -> Option<Timestamp> {
    let (day, time) = name.strip_suffix(ENDING)?.split_once('T')?;
    Timestamp::parse(&format!("{day}T{}:00Z", time.replace('-', ":"))).ok()
}

/// All segments of a folder, the oldest first; none if there is no such folder. Other files are left alone.
pub(super) fn list(dir: &Path) -> io::Result<Vec<Segment>> {
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let Some(minute) = entry.file_name().to_str().and_then(minute_of_name) else { continue };
        // It may have been deleted meanwhile.
        let Ok(about) = entry.metadata() else { continue };
        if about.is_file() {
            found.push(Segment { minute, path: entry.path(), len: about.len() });
        }
    }
    found.sort_unstable_by_key(|segment| segment.minute);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_back() {
        let at = Timestamp::parse("2026-11-23T01:05:42.5Z").unwrap();
        assert_eq!(name(minute_of(at)), "2026-11-23T01-05.obs");
        assert_eq!(minute_of_name("2026-11-23T01-05.obs"), Some(minute_of(at)));
        assert_eq!(end_of(minute_of(at)).to_string(), "2026-11-23T01:06:00.000Z");
        for other in ["journal.sqlite", ".obs", "T.obs", "2026-11-23T01-05.obs.tmp"] {
            assert_eq!(minute_of_name(other), None, "{other}");
        }
    }
}
