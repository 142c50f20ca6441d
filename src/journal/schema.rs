//! The tables, how a connection is set up, and the rows that tell of the whole.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use super::error::Trouble;
use super::seal::Seal;

/// Name of the database in the journal's folder.
pub(super) const FILE: &str = "journal.sqlite";
/// The format that is written. A newer one is refused, every older one is read.
pub(super) const FORMAT: u32 = 1;

/// Bytes of a page, SQLite's own default, which the salvage of a damaged file relies on.
pub(super) const PAGE_LEN: u32 = 4096;
/// Bytes of the write-ahead log that are kept for reuse after a burst.
const LOG_LEN_MAX: u32 = 16 << 20;
/// How long a connection waits for another process, such as an auditor's shell.
const BUSY_WAIT: Duration = Duration::from_secs(1);

/// `alert` has the newest event of every alert; `head` is the one row that tells of the whole.
const TABLES: [&str; 9] = [
    "CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL, checksum BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE head (id INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL, oldest_seq INTEGER NOT NULL, \
     open_alerts INTEGER NOT NULL, open_sum INTEGER NOT NULL, probe INTEGER NOT NULL, checksum BLOB NOT NULL)",
    "CREATE TABLE event (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, alert_id TEXT NOT NULL, \
     code TEXT NOT NULL, severity TEXT NOT NULL, state TEXT NOT NULL, uas_id TEXT NOT NULL, operator TEXT, \
     kind TEXT NOT NULL, alert TEXT NOT NULL, checksum BLOB NOT NULL)",
    "CREATE TABLE hole (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, reason TEXT NOT NULL, \
     checksum BLOB NOT NULL)",
    "CREATE TABLE alert (seq INTEGER PRIMARY KEY, alert_id TEXT NOT NULL, code TEXT NOT NULL, \
     severity TEXT NOT NULL, state TEXT NOT NULL, uas_id TEXT NOT NULL, other TEXT)",
    "CREATE UNIQUE INDEX alert_by_id ON alert (alert_id)",
    "CREATE INDEX alert_open ON alert (seq) WHERE state = 'OPEN'",
    "CREATE INDEX alert_by_aircraft ON alert (uas_id)",
    "CREATE INDEX alert_by_other ON alert (other) WHERE other IS NOT NULL",
];

/// SQLite counts to `i64::MAX`; larger numbers saturate.
pub(super) fn signed(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// Back from SQLite; a negative number cannot be one of ours and reads as 0.
pub(super) fn unsigned(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or(0)
}

/// A connection that writes; the file must exist.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_WRITE))?;
    conn.pragma_update(None, "page_size", PAGE_LEN)?;
    conn.busy_timeout(BUSY_WAIT)?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    // Checkpoints are made between commits, not inside of one that somebody waits for.
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.pragma_update(None, "journal_size_limit", LOG_LEN_MAX)?;
    // Where a plain sync does not reach the medium (macOS); elsewhere it changes nothing.
    conn.pragma_update(None, "fullfsync", true)?;
    Ok(conn)
}

/// A connection that only reads, and leaves the files as they are when it ends.
pub(super) fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_ONLY))?;
    conn.busy_timeout(BUSY_WAIT)?;
    Ok(conn)
}

fn flags(access: OpenFlags) -> OpenFlags {
    access | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// Lays out an empty database that continues after `last_seq`.
pub(super) fn create(conn: &mut Connection, log_id: &str, head: &Head) -> rusqlite::Result<()> {
    let tx = conn.transaction()?;
    for table in TABLES {
        tx.execute(table, [])?;
    }
    write_about(&tx, "format", &FORMAT.to_string())?;
    write_about(&tx, "log_id", log_id)?;
    head.write(&tx)?;
    tx.commit()
}

/// Whether the tables are ours, to the letter.
pub(super) fn check_tables(conn: &Connection) -> Result<(), Trouble> {
    let mut statement = conn.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")?;
    let found = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    if found == TABLES {
        Ok(())
    } else {
        Err(Trouble::Damage("its tables are not those of a journal".into()))
    }
}

/// The format; newer ones are refused.
pub(super) fn check_format(conn: &Connection) -> Result<(), Trouble> {
    let found = read_about(conn, "format")?.and_then(|text| text.parse().ok());
    match found {
        Some(FORMAT) => Ok(()),
        Some(newer) if FORMAT < newer => Err(Trouble::Newer(newer)),
        _ => Err(Trouble::Damage("it has no format".into())),
    }
}

/// A fact about the whole.
pub(super) fn read_about(conn: &Connection, name: &str) -> Result<Option<String>, Trouble> {
    let found = conn
        .query_row("SELECT value, checksum FROM about WHERE name = ?1", [name], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))
        })
        .optional()?;
    match found {
        Some((value, seal)) if seal == about_seal(name, &value) => Ok(Some(value)),
        Some(_) => Err(Trouble::Damage(format!("the fact `{name}` about it does not fit its checksum"))),
        None => Ok(None),
    }
}

/// Sets a fact about the whole.
pub(super) fn write_about(conn: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    conn.execute(
        "INSERT OR REPLACE INTO about (name, value, checksum) VALUES (?1, ?2, ?3)",
        params![name, value, about_seal(name, value)],
    )?;
    Ok(())
}

/// Takes a fact back.
pub(super) fn forget_about(conn: &Connection, name: &str) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM about WHERE name = ?1", [name])?;
    Ok(())
}

fn about_seal(name: &str, value: &str) -> [u8; super::seal::SEAL_LEN] {
    Seal::of("about").text(name).text(value).finish()
}

/// What is known of the whole without reading it; kept right by every commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Newest number given.
    pub last_seq: u64,
    /// Every event from here on is kept; of older ones, only the newest of each open alert.
    pub oldest_seq: u64,
    /// Open alerts.
    pub open_alerts: u64,
    /// Sum of [`open_share`] over the open alerts, so that none can vanish or change unseen.
    pub open_sum: u64,
    /// The newest probe.
    pub probe: u64,
}

impl Head {
    /// A journal without events that goes on after `last_seq`.
    pub(super) fn after(last_seq: u64) -> Self {
        let oldest_seq = last_seq.saturating_add(1);
        Self { last_seq, oldest_seq, open_alerts: 0, open_sum: 0, probe: 0 }
    }

    pub(super) fn read(conn: &Connection) -> Result<Self, Trouble> {
        let (fields, seal) = conn.query_row(
            "SELECT last_seq, oldest_seq, open_alerts, open_sum, probe, checksum FROM head WHERE id = 1",
            [],
            |row| {
                let fields: [i64; 5] = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
                Ok((fields, row.get::<_, Vec<u8>>(5)?))
            },
        )?;
        if seal != head_seal(fields) {
            return Err(Trouble::Damage("its head row does not fit its checksum".into()));
        }
        let [last_seq, oldest_seq, open_alerts, open_sum, probe] = fields.map(i64::cast_unsigned);
        Ok(Self { last_seq, oldest_seq, open_alerts, open_sum, probe })
    }

    pub(super) fn write(&self, conn: &Connection) -> rusqlite::Result<()> {
        let fields = [self.last_seq, self.oldest_seq, self.open_alerts, self.open_sum, self.probe]
            .map(u64::cast_signed);
        let [last_seq, oldest_seq, open_alerts, open_sum, probe] = fields;
        conn.prepare_cached(
            "INSERT OR REPLACE INTO head (id, last_seq, oldest_seq, open_alerts, open_sum, probe, checksum) \
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![last_seq, oldest_seq, open_alerts, open_sum, probe, head_seal(fields)])?;
        Ok(())
    }

    /// Counts an open alert in.
    pub(super) fn count_in(&mut self, alert_id: &str, seq: u64) {
        self.open_alerts = self.open_alerts.saturating_add(1);
        self.open_sum = self.open_sum.wrapping_add(open_share(alert_id, seq));
    }

    /// Counts it out again.
    pub(super) fn count_out(&mut self, alert_id: &str, seq: u64) {
        self.open_alerts = self.open_alerts.saturating_sub(1);
        self.open_sum = self.open_sum.wrapping_sub(open_share(alert_id, seq));
    }
}

fn head_seal(fields: [i64; 5]) -> [u8; super::seal::SEAL_LEN] {
    fields.into_iter().fold(Seal::of("head"), Seal::number).finish()
}

/// What an open alert adds to the sum of all.
fn open_share(alert_id: &str, seq: u64) -> u64 {
    Seal::of("open").text(alert_id).number(signed(seq)).finish_number()
}
