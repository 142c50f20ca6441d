//! Reads the authority's zone files from a folder: all of them, unchanged meanwhile, or an error.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Largest file, bytes: what the reader of documents takes. Ten thousand zones of thirty corners, indented, have 21 MiB.
const FILE_LEN_MAX: u64 = 64 * 1024 * 1024;
/// All files together, bytes.
const TOTAL_LEN_MAX: u64 = 64 * 1024 * 1024;
/// Most files.
const FILES_MAX: usize = 1_000;
/// Most names in the folder, of whatever kind.
const NAMES_MAX: usize = 20_000;
/// How often a folder that changes while it is read is read again.
const ATTEMPTS: u32 = 10;
/// Pause between two attempts: an editor that empties and rewrites a file needs a moment.
const ATTEMPT_PAUSE: Duration = Duration::from_millis(100);

/// Name and content of each file, by name.
pub type ZoneFiles = Vec<(String, Vec<u8>)>;

/// Why the folder cannot be taken as a set of zones. The zones in force stay in force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZoneFilesError {
    /// The folder cannot be listed: gone, not mounted, no permission.
    #[error("zone folder {} cannot be read: {reason}", .dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// Not one zone file is in it. No zones at all would be a decision; this looks like an accident.
    #[error("zone folder {} has no *.json or *.geojson file", .0.display())]
    Empty(PathBuf),
    /// One file cannot be read.
    #[error("zone file {} cannot be read: {reason}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Too much.
    #[error("zone folder {} is over the limit of {limit}", .dir.display())]
    Limit {
        /// The folder.
        dir: PathBuf,
        /// Which limit.
        limit: String,
    },
    /// It did not hold still.
    #[error("zone folder {} kept changing while it was read", .0.display())]
    Unstable(PathBuf),
}

/// What can be seen of a file without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileMark {
    name: String,
    len: u64,
    modified: Option<SystemTime>,
}

/// Reads every `*.json` and `*.geojson` of `dir`, sorted by name. Blocks on the file system only.
pub fn read(dir: &Path) -> Result<ZoneFiles, ZoneFilesError> {
    read_marked(dir).map(|(_, files)| files)
}

/// The files and what they looked like.
pub(super) fn read_marked(dir: &Path) -> Result<(Vec<FileMark>, ZoneFiles), ZoneFilesError> {
    let mut last = ZoneFilesError::Unstable(dir.into());
    for attempt in 0..ATTEMPTS {
        if 0 < attempt {
            std::thread::sleep(ATTEMPT_PAUSE);
        }
        // A file may vanish between the list and the reading; looking again tells whether it is gone.
        match read_once(dir) {
            Ok(Some(read)) => return Ok(read),
            Ok(None) => last = ZoneFilesError::Unstable(dir.into()),
            Err(error @ (ZoneFilesError::File { .. } | ZoneFilesError::Unstable(_))) => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// `None` if something changed meanwhile.
fn read_once(dir: &Path) -> Result<Option<(Vec<FileMark>, ZoneFiles)>, ZoneFilesError> {
    let before = marks(dir)?;
    if before.is_empty() {
        return Err(ZoneFilesError::Empty(dir.into()));
    }
    let mut files = Vec::with_capacity(before.len());
    for mark in &before {
        let content = read_file(&dir.join(&mark.name))?;
        if u64::try_from(content.len()).ok() != Some(mark.len) {
            return Ok(None);
        }
        files.push((mark.name.clone(), content));
    }
    Ok((marks(dir)? == before).then_some((before, files)))
}

/// The zone files of the folder as they look, sorted by name.
pub(super) fn marks(dir: &Path) -> Result<Vec<FileMark>, ZoneFilesError> {
    let folder =
        |error: std::io::Error| ZoneFilesError::Folder { dir: dir.into(), reason: error.to_string() };
    let limit = |limit: String| ZoneFilesError::Limit { dir: dir.into(), limit };
    let mut marks = Vec::new();
    for (count, entry) in fs::read_dir(dir).map_err(folder)?.enumerate() {
        if NAMES_MAX <= count {
            return Err(limit(format!("{NAMES_MAX} names")));
        }
        let path = entry.map_err(folder)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| is_zone_file(name))
        else {
            continue;
        };
        marks.push(mark(&path, name)?);
        if FILES_MAX < marks.len() {
            return Err(limit(format!("{FILES_MAX} files")));
        }
    }
    if TOTAL_LEN_MAX < marks.iter().map(|mark| mark.len).fold(0, u64::saturating_add) {
        return Err(limit(format!("{TOTAL_LEN_MAX} bytes in all")));
    }
    marks.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(marks)
}

fn mark(path: &Path, name: &str) -> Result<FileMark, ZoneFilesError> {
    let fault = |reason: String| ZoneFilesError::File { path: path.into(), reason };
    // Follows links; a loop of links is an error here and blocks nothing.
    let meta = fs::metadata(path).map_err(|error| fault(error.to_string()))?;
    if !meta.is_file() {
        return Err(fault("not a regular file".into()));
    }
    if FILE_LEN_MAX < meta.len() {
        return Err(fault(format!("has {} bytes, at most {FILE_LEN_MAX} are read", meta.len())));
    }
    Ok(FileMark { name: name.into(), len: meta.len(), modified: meta.modified().ok() })
}

/// Reads one file by its path, whatever its name; one that is too large or no regular file is refused unread.
pub fn read_one(path: &Path) -> Result<Vec<u8>, ZoneFilesError> {
    mark(path, "")?;
    read_file(path)
}

fn read_file(path: &Path) -> Result<Vec<u8>, ZoneFilesError> {
    let fault = |error: std::io::Error| ZoneFilesError::File { path: path.into(), reason: error.to_string() };
    let mut content = Vec::new();
    // One byte over the limit shows that the file grew.
    File::open(path).map_err(fault)?.take(FILE_LEN_MAX + 1).read_to_end(&mut content).map_err(fault)?;
    Ok(content)
}

/// Editors' backups, locks and half-written copies begin with one of these.
fn is_zone_file(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    !name.starts_with(['.', '#', '~']) && matches!(ending.as_deref(), Some("json" | "geojson"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_zone_files_sorted_by_name() {
        let dir = tempfile::tempdir().unwrap();
        for name in
            ["b.json", "a.GeoJSON", ".hidden.json", "#c.json", "~d.json", "e.json~", "f.txt", "g.json.tmp"]
        {
            fs::write(dir.path().join(name), name).unwrap();
        }
        let names: Vec<_> = read(dir.path()).unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a.GeoJSON", "b.json"]);
    }

    #[test]
    fn p24_an_empty_or_missing_folder_is_an_error_and_never_an_empty_set() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(read(dir.path()), Err(ZoneFilesError::Empty(_))));
        assert!(matches!(read(&dir.path().join("gone")), Err(ZoneFilesError::Folder { .. })));
    }

    #[test]
    fn p23_a_large_file_a_folder_and_a_loop_of_links_are_told() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("ok.json"), "{}").unwrap();
        let bad = dir.path().join("x.json");
        let refused = || matches!(read(dir.path()), Err(ZoneFilesError::File { path, .. }) if path == bad);
        File::create(&bad).unwrap().set_len(FILE_LEN_MAX + 1).unwrap();
        assert!(refused());
        fs::remove_file(&bad).unwrap();
        fs::create_dir(&bad).unwrap();
        assert!(refused());
        fs::remove_dir(&bad).unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&bad, &bad).unwrap();
            assert!(refused());
            fs::remove_file(&bad).unwrap();
            assert!(std::process::Command::new("mkfifo").arg(&bad).status().unwrap().success());
            assert!(refused(), "and does not wait for a writer");
        }
    }
}
