//! A copy of a journal as it stands at one moment, made while it is in use.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::error::{JournalError, Trouble};
use super::reader::database_of;
use super::recover::sync_folder;
use super::schema;
use super::verify::{Verdict, verify};

/// Pauses while another process is in the way, and how many.
const BUSY_PAUSE: Duration = Duration::from_millis(50);
const BUSY_TRIES: u32 = 100;

/// Copies the journal at `from` (a folder, or a database) into the new file `to` and checks the copy. Put in the
/// place of a journal, the copy is known for one: its history takes a new identity.
pub fn backup(from: &Path, to: &Path) -> Result<Verdict, JournalError> {
    let from = database_of(from);
    let part = PathBuf::from(format!("{}.part", to.display()));
    let failed = |path: &Path, doing| {
        let path = path.to_owned();
        move |error| JournalError::Io { path, doing, error }
    };
    if to.exists() {
        return Err(failed(to, "is there already")(std::io::ErrorKind::AlreadyExists.into()));
    }
    let source = schema::connect_to_read(&from).map_err(|error| Trouble::from(error).at(&from))?;
    schema::check_format(&source).map_err(|trouble| trouble.at(&from))?;
    File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)
        .map_err(failed(&part, "cannot be made"))?;
    copy(&source, &part).map_err(|error| JournalError::Database { path: part.clone(), error })?;
    File::open(&part).and_then(|file| file.sync_all()).map_err(failed(&part, "cannot be synced"))?;
    let verdict = verify(&part)?;
    std::fs::rename(&part, to)
        .and_then(|()| sync_folder(to))
        .map_err(failed(to, "cannot be put in place"))?;
    Ok(verdict)
}

fn copy(source: &Connection, part: &Path) -> rusqlite::Result<()> {
    let mut target = Connection::open_with_flags(part, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let all = Backup::new(source, &mut target)?;
    let mut tries = 0;
    // All pages in one step: they are of one moment, and a busy journal cannot make it begin again.
    while !matches!(all.step(-1)?, StepResult::Done) {
        tries += 1;
        if BUSY_TRIES < tries {
            return Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
                Some("another process is in the way".into()),
            ));
        }
        std::thread::sleep(BUSY_PAUSE);
    }
    drop(all);
    // A backup is one file, without a write-ahead log beside it.
    target.pragma_update(None, "journal_mode", "DELETE")?;
    schema::write_about(&target, "restored", "yes")
}
