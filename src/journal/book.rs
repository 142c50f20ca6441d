//! The database as the writer has it: commits, retention, checkpoints.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::contract::Entry;
use super::error::Trouble;
use super::record;
use super::schema::{self, Head, signed, unsigned};
use crate::domain::{AlertState, Timestamp};

/// Why numbers have no event: the disk failed for so long that the backlog overflowed.
const NOT_WRITTEN: &str = "never written: the disk failed and too many events waited";
/// Why numbers have no event: a service that could not open the journal counted on from a safe distance.
const NOT_GIVEN: &str = "never given: the service could not open its journal and began to count further on";
/// Events that one step of retention looks at.
const PRUNE_STEP: i64 = 200;

/// A connection that writes, and what is known of the whole.
#[derive(Debug)]
pub(super) struct Book {
    conn: Connection,
    path: PathBuf,
    file: (u64, u64),
    head: Head,
}

impl Book {
    /// Opens the database at `path`, which must exist and be a journal.
    pub(super) fn open(path: &Path) -> Result<Self, Trouble> {
        let conn = schema::connect(path)?;
        schema::check_format(&conn)?;
        let head = Head::read(&conn)?;
        Ok(Self { conn, path: path.to_owned(), file: identity(path).unwrap_or_default(), head })
    }

    /// Lays out a database in the empty file at `path`.
    pub(super) fn create(path: &Path, log_id: &str, head: Head) -> rusqlite::Result<Self> {
        let mut conn = schema::connect(path)?;
        schema::create(&mut conn, log_id, &head)?;
        Ok(Self { conn, path: path.to_owned(), file: identity(path).unwrap_or_default(), head })
    }

    /// What is known of the whole.
    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    /// The history that the numbers count.
    pub(super) fn log_id(&self) -> Result<Option<String>, Trouble> {
        schema::read_about(&self.conn, "log_id")
    }

    /// Gives the history a new identity; it is no fresh restoration any more.
    pub(super) fn set_log_id(&mut self, log_id: &str) -> rusqlite::Result<()> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        schema::write_about(&tx, "log_id", log_id)?;
        schema::forget_about(&tx, "restored")?;
        tx.commit()
    }

    /// Goes on as the history `log_id` after number `last_seq`, which other numbers of that history came before;
    /// why they are not here is on record. An error if this book has come as far already.
    pub(super) fn go_on_as(&mut self, log_id: &str, last_seq: u64) -> Result<(), String> {
        let mut head = self.head;
        if last_seq < head.last_seq {
            return Err(format!("it goes up to event {}, beyond {last_seq}", head.last_seq));
        }
        let mut go_on = || {
            let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            if head.last_seq < last_seq {
                record::insert_hole(&tx, head.last_seq.saturating_add(1), last_seq, NOT_GIVEN)?;
                head.last_seq = last_seq;
            }
            schema::write_about(&tx, "log_id", log_id)?;
            schema::forget_about(&tx, "restored")?;
            head.write(&tx)?;
            tx.commit()
        };
        go_on().map_err(|error: rusqlite::Error| error.to_string())?;
        self.head = head;
        Ok(())
    }

    /// Whether the file at the path is still the one that is written to.
    pub(super) fn is_in_place(&self) -> bool {
        identity(&self.path) == Some(self.file)
    }

    /// Writes and syncs entries, in order, and a probe. Entries that are there already are passed over, so that
    /// a commit whose outcome is unknown can be tried again; numbers that were left out become a hole.
    pub(super) fn commit(&mut self, entries: &[Entry], probe: Option<u64>) -> rusqlite::Result<()> {
        let mut head = self.head;
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for entry in entries {
            let next = head.last_seq.saturating_add(1);
            if entry.seq < next {
                continue;
            }
            if next < entry.seq {
                record::insert_hole(&tx, next, entry.seq - 1, NOT_WRITTEN)?;
            }
            put(&tx, &mut head, entry)?;
            head.last_seq = entry.seq;
        }
        head.probe = probe.unwrap_or(head.probe);
        head.write(&tx)?;
        tx.commit()?;
        self.head = head;
        Ok(())
    }

    /// Takes over what was salvaged: events that go on where this book ends, and the holes between them.
    pub(super) fn take_over(
        &mut self,
        entries: &[Entry],
        holes: &[super::Hole],
        to: u64,
    ) -> rusqlite::Result<()> {
        let mut head = self.head;
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for hole in holes {
            record::insert_hole(&tx, hole.from, hole.to, &hole.reason)?;
        }
        for entry in entries {
            put(&tx, &mut head, entry)?;
        }
        head.last_seq = head.last_seq.max(to);
        head.write(&tx)?;
        tx.commit()?;
        self.head = head;
        Ok(())
    }

    /// One small step of retention: forgets some of the events older than `before`, but for the newest of each
    /// open alert. Gives whether more may remain.
    pub(super) fn prune(&mut self, before: Timestamp) -> rusqlite::Result<bool> {
        let mut head = self.head;
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let oldest = signed(head.oldest_seq);
        let found = {
            let mut statement =
                tx.prepare_cached("SELECT seq, at FROM event WHERE ?1 <= seq ORDER BY seq LIMIT ?2")?;
            let rows = statement.query_map([oldest, PRUNE_STEP], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<rusqlite::Result<Vec<(i64, i64)>>>()?
        };
        let kept = found.iter().find(|(_, at)| before.as_micros() <= *at).map(|(seq, _)| *seq);
        let horizon = kept.or(found.last().map(|(seq, _)| seq.saturating_add(1))).unwrap_or(oldest);
        if horizon <= oldest {
            return Ok(false);
        }
        tx.execute(
            "DELETE FROM event WHERE ?1 <= seq AND seq < ?2 AND seq NOT IN \
             (SELECT seq FROM alert WHERE state = 'OPEN' AND ?1 <= seq AND seq < ?2)",
            [oldest, horizon],
        )?;
        tx.execute("DELETE FROM alert WHERE ?1 <= seq AND seq < ?2 AND state <> 'OPEN'", [oldest, horizon])?;
        tx.execute("DELETE FROM hole WHERE last < ?1", [horizon])?;
        head.oldest_seq = unsigned(horizon);
        head.write(&tx)?;
        tx.commit()?;
        self.head = head;
        Ok(kept.is_none())
    }

    /// Moves what is in the write-ahead log into the database, as far as no reader is in the way.
    pub(super) fn checkpoint(&self) -> rusqlite::Result<()> {
        self.conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_row| Ok(()))
    }

    /// Moves all of the write-ahead log into the database and begins it anew: what a failed sync may have left
    /// unwritten is written and synced again. An error if a reader is in the way.
    pub(super) fn checkpoint_anew(&self) -> rusqlite::Result<()> {
        let busy: i64 = self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if busy == 0 {
            return Ok(());
        }
        let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        Err(rusqlite::Error::SqliteFailure(busy, Some("a reader holds the write-ahead log".into())))
    }
}

/// Writes an event, and makes it the newest of its alert.
fn put(tx: &Transaction<'_>, head: &mut Head, entry: &Entry) -> rusqlite::Result<()> {
    let alert = &entry.event.alert;
    let before: Option<(i64, String)> = tx
        .prepare_cached("SELECT seq, state FROM alert WHERE alert_id = ?1")?
        .query_row([&*alert.alert_id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((seq, state)) = before {
        if state == AlertState::Open.name() {
            head.count_out(&alert.alert_id, unsigned(seq));
        }
        tx.prepare_cached("DELETE FROM alert WHERE seq = ?1")?.execute([seq])?;
        if unsigned(seq) < head.oldest_seq {
            tx.prepare_cached("DELETE FROM event WHERE seq = ?1")?.execute([seq])?;
        }
    }
    record::insert(tx, entry)?;
    let other = alert.other.as_ref().map(|party| party.uas_id.as_str());
    tx.prepare_cached(
        "INSERT INTO alert (seq, alert_id, code, severity, state, uas_id, other) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        signed(entry.seq),
        &*alert.alert_id,
        alert.code.name(),
        alert.severity.name(),
        alert.state.name(),
        alert.uas_id.as_str(),
        other,
    ])?;
    if alert.state == AlertState::Open {
        head.count_in(&alert.alert_id, entry.seq);
    }
    Ok(())
}

/// Device and number of the file at a path.
fn identity(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}
