//! Writes zone files in the folder: each whole or not at all, and all of them or none.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::zonebook::WrittenFile;

/// What a file holds; `None` if it is not there.
pub(super) fn content(dir: &Path, name: &str) -> io::Result<Option<Vec<u8>>> {
    match fs::read(dir.join(name)) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes all files; if one cannot be written, those before it become again what they were.
pub(super) fn write_all(dir: &Path, files: &[WrittenFile]) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    for (done, file) in files.iter().enumerate() {
        if let Err(error) = write(dir, &file.name, file.now.as_bytes()) {
            for undone in files.iter().take(done) {
                let back = match &undone.was {
                    Some(was) => write(dir, &undone.name, was.as_bytes()),
                    None => fs::remove_file(dir.join(&undone.name)),
                };
                if let Err(error) = back {
                    tracing::error!(file = undone.name, %error, "a zone file could not be put back");
                }
            }
            return Err(error);
        }
    }
    Ok(())
}

/// Writes beside the file and takes its place; both are on the disk when it returns.
fn write(dir: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    // A link stays a link; what it leads to is written.
    let path = fs::canonicalize(dir.join(name)).unwrap_or_else(|_new| dir.join(name));
    let folder = path.parent().unwrap_or(dir);
    let beside = folder.join(PathBuf::from(format!(".{name}.new")));
    let mut file = File::create(&beside)?;
    file.write_all(content)?;
    if let Ok(meta) = fs::metadata(&path) {
        file.set_permissions(meta.permissions())?;
    }
    file.sync_all()?;
    fs::rename(&beside, &path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, was: Option<&str>, now: &str) -> WrittenFile {
        WrittenFile { name: name.into(), was: was.map(Into::into), now: now.into() }
    }

    #[test]
    fn all_files_are_written_or_none() {
        let outer = tempfile::tempdir().unwrap();
        let dir = outer.path().join("made");
        write_all(&dir, &[file("a.json", None, "1"), file("b.json", None, "2")]).unwrap();
        // A folder where a file should be cannot be replaced by one.
        fs::create_dir(dir.join("c.json")).unwrap();
        fs::write(dir.join("c.json/x"), "").unwrap();
        let failing = [file("a.json", Some("1"), "11"), file("d.json", None, "4"), file("c.json", None, "3")];
        write_all(&dir, &failing).unwrap_err();
        assert_eq!(content(&dir, "a.json").unwrap().as_deref(), Some(&b"1"[..]));
        assert_eq!(content(&dir, "b.json").unwrap().as_deref(), Some(&b"2"[..]));
        assert_eq!(content(&dir, "d.json").unwrap(), None);
    }
}
