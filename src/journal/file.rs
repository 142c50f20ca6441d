//! Files of the journal's folder that are for their owner only, and what is said when one cannot be used.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::JournalError;

/// Opens a file to read and write it in place; it is made if it is not there.
pub(super) fn open(path: &Path) -> Result<File, JournalError> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.open(path).map_err(failed(path, "cannot be opened"))
}

/// Says of a file what could not be done with it.
pub(super) fn failed(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |error| JournalError::Io { path, doing, error }
}
