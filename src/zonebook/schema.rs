//! The tables, and how a connection is set up.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::BookError;

/// Name of the database in its folder.
pub(super) const FILE: &str = "zonebook.sqlite";
/// The format that is written and read.
const FORMAT: u32 = 1;
/// How long a connection waits for another process, such as an auditor's shell.
const BUSY_WAIT: Duration = Duration::from_secs(2);

/// `content` has each version once, however often it came; `live` what the newest entry of each zone says; `agreed` the
/// version of each zone that two people last agreed to, or its first one since.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS entry (n INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, zone TEXT NOT NULL,
  action TEXT NOT NULL, version TEXT, was TEXT, author TEXT NOT NULL, reason TEXT NOT NULL, approved_by TEXT,
  draft_id TEXT, file TEXT, words TEXT, set_version TEXT NOT NULL, seal TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS entry_by_zone ON entry (zone, n);
CREATE TABLE IF NOT EXISTS content (zone TEXT NOT NULL, version TEXT NOT NULL, document TEXT NOT NULL,
  PRIMARY KEY (zone, version)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS live (zone TEXT PRIMARY KEY, version TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS agreed (zone TEXT PRIMARY KEY, version TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS draft (n INTEGER PRIMARY KEY AUTOINCREMENT, draft_id TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL, bytes INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS publication (id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL);
";

/// A connection that writes; the database is made if need be.
pub(super) fn open(dir: &Path) -> Result<Connection, BookError> {
    let path = dir.join(FILE);
    let refused = |error| BookError::Database { path: path.clone(), error };
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(&path, flags).map_err(refused)?;
    conn.busy_timeout(BUSY_WAIT).map_err(refused)?;
    conn.pragma_update(None, "journal_mode", "WAL").map_err(refused)?;
    conn.pragma_update(None, "synchronous", "FULL").map_err(refused)?;
    conn.pragma_update(None, "fullfsync", true).map_err(refused)?;
    let found: u32 = conn.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(refused)?;
    if FORMAT < found {
        return Err(BookError::Newer { path, found, known: FORMAT });
    }
    conn.execute_batch(TABLES).map_err(refused)?;
    conn.pragma_update(None, "user_version", FORMAT).map_err(refused)?;
    Ok(conn)
}
