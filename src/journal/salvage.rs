//! Damage: the database is moved aside, never deleted, and everything in it that can still be trusted goes into
//! a new one; what is lost is recorded as holes.
//!
//! ```text
//! rebuilt ─ complete and synced ─► ready ─ the old files are moved aside ─► in place
//! ```
//!
//! Until there is a `ready`, nothing old has been touched and the next start begins anew; from then on nothing old is
//! needed, and the next start goes on where this one ended.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::book::Book;
use super::carve::Carved;
use super::contract::{Entry, Hole};
use super::error::{JournalError, Trouble};
use super::record::{self, STRETCH_LEN};
use super::recover::{create, new_log_id, sync_folder};
use super::schema::{self, FILE, Head, PAGE_LEN, unsigned};
use crate::domain::Timestamp;

/// The new database, until it is complete.
const REBUILT: &str = "journal.rebuilt.sqlite";
/// The new database, complete, until it is in its place.
const READY: &str = "journal.ready.sqlite";
/// What the names of damaged databases begin and end with.
const ASIDE: [&str; 2] = ["journal.damaged-", ".sqlite"];
/// A copy of the damaged database with a first page that can be read.
const SCRATCH: &str = "journal.scratch.sqlite";
/// Where the first page has the number of pages, as 32 bits, most significant byte first.
const PAGES_AT: std::ops::Range<usize> = 28..32;
/// What belongs to a database besides its own file.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// What came of it.
pub(super) struct Salvaged {
    pub book: Book,
    /// What happened, in sentences.
    pub told: Vec<String>,
}

/// If a salvage was interrupted when the new database was complete, goes on with it. Gives what happened.
pub(super) fn finish(dir: &Path, now: Timestamp) -> Result<Option<String>, JournalError> {
    let (path, rebuilt, ready) = (dir.join(FILE), dir.join(REBUILT), dir.join(READY));
    if !path.exists() && !ready.exists() && rebuilt.exists() {
        // An earlier version moved the damaged one away first.
        rename(&rebuilt, &path)?;
        return Ok(None);
    }
    if !ready.exists() {
        return Ok(None);
    }
    let aside = put_in_place(dir, now)?;
    let told = format!(
        "{} was damaged: moved to {}; its rebuilding was interrupted and is finished. \
         日志损坏，已移走；中断的恢复已完成。",
        path.display(),
        aside.display()
    );
    Ok(Some(told))
}

/// Rebuilds the database of a folder because of `why`. `written` is the newest number that is known to have been
/// written.
pub(super) fn salvage(
    dir: &Path,
    why: &str,
    written: Option<u64>,
    now: Timestamp,
) -> Result<Salvaged, JournalError> {
    let (path, rebuilt) = (dir.join(FILE), dir.join(REBUILT));
    let fault = |error| Trouble::from(error).at(&rebuilt);
    remove(&rebuilt)?;
    let old = Old::open(&path, &dir.join(SCRATCH))?;
    let carved = Carved::of(&path);
    let found = if old.head.is_none() { carved.newest() } else { None };
    let last = old.newest().max(written.unwrap_or(0)).max(found.unwrap_or(0));
    let oldest = old.oldest().min(last.saturating_add(1));
    let log_id = old.log_id();
    let head = Head { last_seq: oldest.saturating_sub(1), oldest_seq: oldest, ..Head::after(0) };
    let mut book = create(&rebuilt, log_id.as_deref().unwrap_or("unknown"), head)?;
    book.take_over(&old.before(oldest), &[], 0).map_err(fault)?;
    let (mut kept, mut lost) = (0, 0);
    let mut from = oldest;
    while from <= last {
        let to = last.min(from.saturating_add(STRETCH_LEN - 1));
        let mut found = old.stretch(from, to);
        found.fill(|seq| carved.entry(seq));
        let fresh = found.holes.iter().filter(|hole| !hole.known);
        lost += fresh.map(|hole| hole.to - hole.from + 1).sum::<u64>();
        kept += found.entries.len();
        let to = found.extend(old.conn.as_ref(), to, last);
        book.take_over(&found.entries, &found.holes, to).map_err(fault)?;
        from = to.saturating_add(1);
    }
    // Without any trace of how far it went, there may have been more.
    let unsure = written.is_none() && old.head.is_none();
    if 0 < lost || unsure || log_id.is_none() {
        book.set_log_id(&new_log_id(now)).map_err(fault)?;
    }
    book.checkpoint_anew().map_err(fault)?;
    // The last connection takes the write-ahead log with it.
    drop((old, carved, book));
    remove(&dir.join(SCRATCH))?;
    sync(&rebuilt)?;
    rename(&rebuilt, &dir.join(READY))?;
    let aside = put_in_place(dir, now)?;
    let book = Book::open(&path).map_err(|trouble| trouble.at(&path))?;
    let told = format!(
        "{} was damaged ({why}): moved to {}; {kept} events saved, {lost} lost. 日志损坏，已移走并尽力恢复。",
        path.display(),
        aside.display()
    );
    Ok(Salvaged { book, told: vec![told] })
}

/// The damaged database, of which anything may be unreadable.
struct Old {
    conn: Option<Connection>,
    head: Option<Head>,
}

impl Old {
    /// Opens the database at `path`, or if that gives nothing, a copy of it at `scratch` with another first page:
    /// that page lays out the tables, and is the same in every journal.
    fn open(path: &Path, scratch: &Path) -> Result<Self, JournalError> {
        let old = Self::at(path);
        if old.conn.as_ref().is_some_and(|conn| schema::check_tables(conn).is_ok()) {
            return Ok(old);
        }
        remove(scratch)?;
        drop(create(scratch, "unknown", Head::after(0))?);
        patch(path, scratch).map_err(|error| JournalError::Io {
            path: scratch.to_owned(),
            doing: "cannot be written",
            error,
        })?;
        Ok(Self::at(scratch))
    }

    fn at(path: &Path) -> Self {
        let conn = schema::connect_to_read(path).ok();
        let head = conn.as_ref().and_then(|conn| Head::read(conn).ok());
        Self { conn, head }
    }

    fn log_id(&self) -> Option<String> {
        self.conn.as_ref().and_then(|conn| schema::read_about(conn, "log_id").ok().flatten())
    }

    /// The first number that should be there.
    fn oldest(&self) -> u64 {
        match self.head {
            Some(head) => head.oldest_seq,
            None => self.end("min").unwrap_or(1).max(1),
        }
    }

    /// The last number that is there or should be.
    fn newest(&self) -> u64 {
        let trusted = self.end("max").filter(|&seq| self.has(seq)).unwrap_or(0);
        self.head.map_or(trusted, |head| head.last_seq.max(trusted))
    }

    fn end(&self, which: &str) -> Option<u64> {
        let found =
            self.conn.as_ref()?.query_row(&format!("SELECT {which}(seq) FROM event"), [], |row| row.get(0));
        found.ok().flatten().map(unsigned)
    }

    fn has(&self, seq: u64) -> bool {
        self.conn.as_ref().is_some_and(|conn| matches!(record::one(conn, seq), Some(Ok(_))))
    }

    /// Events of open alerts from before the history begins.
    fn before(&self, oldest: u64) -> Vec<Entry> {
        let look = |conn: &Connection| {
            let mut statement = conn.prepare("SELECT seq FROM event WHERE seq < ?1 ORDER BY seq")?;
            let found = statement.query_map([schema::signed(oldest)], |row| row.get(0))?;
            Ok::<Vec<i64>, rusqlite::Error>(found.map_while(Result::ok).collect())
        };
        let Some(conn) = &self.conn else { return Vec::new() };
        let numbers = look(conn).unwrap_or_default();
        numbers.into_iter().filter_map(|seq| record::one(conn, unsigned(seq))?.ok()).collect()
    }

    fn stretch(&self, from: u64, to: u64) -> record::Stretch {
        if let Some(conn) = &self.conn {
            return record::stretch(conn, from, to);
        }
        let hole = Hole { from, to, reason: "unreadable".into(), known: false };
        record::Stretch { entries: Vec::new(), holes: vec![hole] }
    }
}

/// Puts a copy of the database at `path` behind the first page of the new one at `scratch`.
fn patch(path: &Path, scratch: &Path) -> std::io::Result<()> {
    let mut first = std::fs::read(scratch)?;
    first.truncate(usize::try_from(PAGE_LEN).unwrap_or(usize::MAX));
    let pages = std::fs::copy(path, scratch)? / u64::from(PAGE_LEN);
    if let Some(count) = first.get_mut(PAGES_AT) {
        count.copy_from_slice(&u32::try_from(pages.max(1)).unwrap_or(u32::MAX).to_be_bytes());
    }
    std::fs::File::options().write(true).open(scratch)?.write_all_at(&first, 0)?;
    let log = with_ending(path, COMPANIONS[0]);
    if log.exists() {
        std::fs::copy(log, with_ending(scratch, COMPANIONS[0]))?;
    }
    Ok(())
}

/// Moves the damaged database with what belongs to it to a name that says when, and the one that is ready to its
/// place. Can be interrupted after any step and be called again.
fn put_in_place(dir: &Path, now: Timestamp) -> Result<PathBuf, JournalError> {
    let path = dir.join(FILE);
    let aside = match half_moved(dir) {
        Some(begun) => begun,
        None => unused(dir, now),
    };
    for ending in COMPANIONS.into_iter().chain([""]) {
        let from = with_ending(&path, ending);
        if from.exists() {
            rename(&from, &with_ending(&aside, ending))?;
        }
    }
    rename(&dir.join(READY), &path)?;
    Ok(aside)
}

/// The name of a damaged database of which only companions have been moved.
fn half_moved(dir: &Path) -> Option<PathBuf> {
    let names = std::fs::read_dir(dir).ok()?.filter_map(|file| file.ok()?.file_name().into_string().ok());
    let mut begun = names.filter_map(|name| {
        let database = COMPANIONS.iter().find_map(|ending| name.strip_suffix(ending))?;
        (database.starts_with(ASIDE[0]) && database.ends_with(ASIDE[1])).then(|| dir.join(database))
    });
    begun.find(|database| !database.exists())
}

/// A name that nothing has.
fn unused(dir: &Path, now: Timestamp) -> PathBuf {
    let time: String = now.to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    let [begin, end] = ASIDE;
    let mut aside = dir.join(format!("{begin}{time}{end}"));
    let mut again = 1;
    while aside.exists() {
        again += 1;
        aside = dir.join(format!("{begin}{time}-{again}{end}"));
    }
    aside
}

/// Makes a whole database last; what is still in a write-ahead log would be left behind.
fn sync(path: &Path) -> Result<(), JournalError> {
    let failed = |error| JournalError::Io { path: path.to_owned(), doing: "cannot be synced", error };
    if with_ending(path, COMPANIONS[0]).exists() {
        return Err(failed(std::io::Error::other("its write-ahead log is still there")));
    }
    std::fs::File::open(path).and_then(|file| file.sync_all()).map_err(failed)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn rename(from: &Path, to: &Path) -> Result<(), JournalError> {
    std::fs::rename(from, to).and_then(|()| sync_folder(to)).map_err(|error| JournalError::Io {
        path: from.to_owned(),
        doing: "cannot be moved",
        error,
    })
}

/// Removes the remains of an earlier attempt.
fn remove(path: &Path) -> Result<(), JournalError> {
    for path in [path.to_owned(), with_ending(path, COMPANIONS[0]), with_ending(path, COMPANIONS[1])] {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(JournalError::Io { path, doing: "cannot be removed", error });
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}
