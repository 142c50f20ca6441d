//! Opening: what was there, whether it can be trusted, and the identity of the history.

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::book::Book;
use super::contract::{Entry, Recovered};
use super::error::{JournalError, Trouble};
use super::mark::{self, Found, Said};
use super::schema::{self, FILE, Head};
use super::{record, salvage};
use crate::domain::Timestamp;

/// A journal that can be written to, and what it held.
pub(super) struct Opened {
    pub book: Book,
    pub recovered: Recovered,
}

/// What a look at a database gave.
pub(super) struct Inspected {
    pub log_id: String,
    pub head: Head,
    pub restored: bool,
    pub open: Vec<Entry>,
}

/// Opens the journal of a folder that this process has locked.
pub(super) fn recover(dir: &Path, now: Timestamp) -> Result<Opened, JournalError> {
    let path = dir.join(FILE);
    let said = mark::read(dir)?;
    let mut damage = Vec::new();
    damage.extend(salvage::finish(dir, now)?);
    if !path.exists() {
        return begin(&path, said, now, damage);
    }
    let (looked, book) = match inspect(&path) {
        Ok(inspected) => match shortfall(&inspected, said) {
            None => (inspected, None),
            Some(why) => salvaged(dir, &why, said, now, &mut damage)?,
        },
        Err(Trouble::Damage(why)) => salvaged(dir, &why, said, now, &mut damage)?,
        Err(trouble) => return Err(trouble.at(&path)),
    };
    let mut book = match book {
        Some(book) => book,
        None => Book::open(&path).map_err(|trouble| trouble.at(&path))?,
    };
    let mut log_id = looked.log_id;
    let doubt = doubt(said, book.head().last_seq);
    if looked.restored || doubt.is_some() {
        damage.extend(doubt.filter(|_| !looked.restored).map(Into::into));
        log_id = new_log_id(now);
        book.set_log_id(&log_id).map_err(|error| Trouble::from(error).at(&path))?;
    }
    let recovered = Recovered {
        log_id: log_id.into(),
        last_seq: book.head().last_seq,
        oldest_seq: book.head().oldest_seq,
        open: looked.open,
        told: told(said, book.head().last_seq),
        heard_at: heard_at(said),
        damage,
    };
    Ok(Opened { book, recovered })
}

/// A new journal in a folder without one.
fn begin(path: &Path, said: Found, now: Timestamp, mut damage: Vec<String>) -> Result<Opened, JournalError> {
    let last_seq = match said {
        // Numbers that were published are never given twice.
        Found::Said(Said { seq, published, .. }) => seq.max(published),
        Found::Nothing | Found::Damaged => 0,
    };
    if 0 < last_seq {
        damage.push(format!(
            "{} is gone, with every event up to {last_seq}; a new history begins. 日志文件丢失，历史重新开始。",
            path.display()
        ));
    }
    let log_id = new_log_id(now);
    let book = create(path, &log_id, Head::after(last_seq))?;
    let head = *book.head();
    let recovered = Recovered {
        log_id: log_id.into(),
        last_seq,
        oldest_seq: head.oldest_seq,
        open: Vec::new(),
        told: told(said, last_seq),
        heard_at: heard_at(said),
        damage,
    };
    Ok(Opened { book, recovered })
}

/// Makes a database file that only its owner can read, and lays it out.
pub(super) fn create(path: &Path, log_id: &str, head: Head) -> Result<Book, JournalError> {
    let failed = |error| JournalError::Io { path: path.to_owned(), doing: "cannot be made", error };
    File::options().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    let book = Book::create(path, log_id, head)
        .map_err(|error| JournalError::Database { path: path.to_owned(), error });
    if book.is_err() {
        // What is half made must not be taken for a damaged journal later.
        drop(std::fs::remove_file(path));
    }
    let book = book?;
    sync_folder(path).map_err(failed)?;
    Ok(book)
}

/// Makes changes of names in a folder last.
pub(super) fn sync_folder(path: &Path) -> std::io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all())
}

/// A new identity; two of them are never the same.
pub(super) fn new_log_id(now: Timestamp) -> String {
    format!("{:016x}", RandomState::new().hash_one((now, std::process::id())))
}

/// Looks at the database without changing it: everything but the history itself, so that it takes as long as
/// there are open alerts, however long the history is.
fn inspect(path: &Path) -> Result<Inspected, Trouble> {
    let conn = schema::connect_to_read(path)?;
    let tx = conn.unchecked_transaction()?;
    schema::check_format(&tx)?;
    schema::check_tables(&tx)?;
    let head = Head::read(&tx)?;
    let log_id = schema::read_about(&tx, "log_id")?
        .ok_or_else(|| Trouble::Damage("it does not say which history it holds".into()))?;
    let restored = schema::read_about(&tx, "restored")?.is_some();
    check_ends(&tx, &head)?;
    let open = open_alerts(&tx, &head)?;
    Ok(Inspected { log_id, head, restored, open })
}

/// The newest event is where the head says, and there is none beyond.
fn check_ends(conn: &Connection, head: &Head) -> Result<(), Trouble> {
    let newest: Option<i64> = conn.query_row("SELECT max(seq) FROM event", [], |row| row.get(0))?;
    let newest = newest.map_or(0, schema::unsigned);
    if head.last_seq < newest {
        return Err(Trouble::Damage(format!("event {newest} lies beyond the last one, {}", head.last_seq)));
    }
    if head.oldest_seq <= head.last_seq {
        let ends = record::stretch(conn, head.last_seq, head.last_seq);
        if let Some(hole) = ends.holes.iter().find(|hole| !hole.known) {
            return Err(Trouble::Damage(hole.to_string()));
        }
    }
    Ok(())
}

/// The newest event of every open alert; fails if they are not all there.
pub(super) fn open_alerts(conn: &Connection, head: &Head) -> Result<Vec<Entry>, Trouble> {
    let mut statement = conn.prepare(&format!(
        "SELECT {} FROM alert JOIN event ON event.seq = alert.seq WHERE alert.state = 'OPEN' ORDER BY alert.seq",
        record::columns("event")
    ))?;
    let mut rows = statement.query([])?;
    let mut open: Vec<Entry> = Vec::new();
    let mut counted = Head::after(0);
    while let Some(row) = rows.next()? {
        let entry = record::decode(row)
            .map_err(|why| Trouble::Damage(format!("the newest event of an open alert {why}")))?;
        counted.count_in(&entry.event.alert.alert_id, entry.seq);
        open.push(entry);
    }
    if (counted.open_alerts, counted.open_sum) == (head.open_alerts, head.open_sum) {
        return Ok(open);
    }
    let (found, wanted) = (counted.open_alerts, head.open_alerts);
    Err(Trouble::Damage(format!("its open alerts do not add up: {found} found, {wanted} expected")))
}

/// Why the database is not all that there was.
fn shortfall(inspected: &Inspected, said: Found) -> Option<String> {
    let (last, Found::Said(Said { seq, .. })) = (inspected.head.last_seq, said) else { return None };
    // A backup has less than the mark of the journal that it replaces.
    (last < seq && !inspected.restored).then(|| format!("it ends at event {last}, but {seq} were written"))
}

/// Why the history cannot be taken for complete though its file is whole.
fn doubt(said: Found, last_seq: u64) -> Option<&'static str> {
    match said {
        Found::Said(Said { published, .. }) if last_seq < published => Some(
            "the service ended while its disk failed: alerts of that time were published, but are not in the \
             history. 磁盘故障期间服务中断，部分已发布的告警未能写入历史。",
        ),
        Found::Damaged => Some(
            "journal.mark is damaged: whether the history is complete cannot be told. \
             标记文件损坏，无法确认历史是否完整。",
        ),
        Found::Said(_) | Found::Nothing => None,
    }
}

/// How far the broker has confirmed; what a number beyond the end meant was lost with its history.
fn told(said: Found, last_seq: u64) -> Option<u64> {
    match said {
        Found::Said(Said { told, .. }) => Some(told.min(last_seq)),
        Found::Nothing | Found::Damaged => None,
    }
}

/// When the service was last in touch with the broker.
fn heard_at(said: Found) -> Option<Timestamp> {
    match said {
        Found::Said(Said { heard_us: 0, .. }) | Found::Nothing | Found::Damaged => None,
        Found::Said(Said { heard_us, .. }) => i64::try_from(heard_us).ok().map(Timestamp::from_micros),
    }
}

/// Moves a damaged database aside and goes on with what could be read of it.
fn salvaged(
    dir: &Path,
    why: &str,
    said: Found,
    now: Timestamp,
    damage: &mut Vec<String>,
) -> Result<(Inspected, Option<Book>), JournalError> {
    let written = match said {
        Found::Said(Said { seq, .. }) => Some(seq),
        Found::Nothing | Found::Damaged => None,
    };
    let saved = salvage::salvage(dir, why, written, now)?;
    damage.extend(saved.told);
    let path: PathBuf = dir.join(FILE);
    let inspected = inspect(&path).map_err(|trouble| trouble.at(&path))?;
    Ok((inspected, Some(saved.book)))
}
