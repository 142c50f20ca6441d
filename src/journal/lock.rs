//! One process a journal.

use std::fs::{DirBuilder, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::error::JournalError;
use super::file;

/// Name of the file that is locked.
const FILE: &str = "journal.lock";

/// Makes the folder if need be, readable by its owner only.
pub(super) fn make_dir(dir: &Path) -> Result<(), JournalError> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| JournalError::Io {
        path: dir.to_owned(),
        doing: "cannot be made",
        error,
    })
}

/// Takes the journal for this process until the file is dropped; the system gives it back when the process ends,
/// however it ends.
pub(super) fn take(dir: &Path) -> Result<File, JournalError> {
    let path = dir.join(FILE);
    let mut file = file::open(&path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let read = (&mut file).take(64).read_to_string(&mut holder);
            let holder = if read.is_ok() { holder.trim().to_owned() } else { String::new() };
            return Err(JournalError::Locked { dir: dir.to_owned(), holder });
        }
        Err(TryLockError::Error(error)) => return Err(file::failed(&path, "cannot be locked")(error)),
    }
    // Who holds it is a courtesy; a full disk must not keep the service from starting.
    let noted = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "process {}", std::process::id()));
    drop(noted);
    Ok(file)
}
