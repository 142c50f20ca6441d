//! The book as the service holds it: one connection, used by one thread at a time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::draft::{Draft, DraftState, NewDraft};
use super::entry::{Action, Entry, Kept, NewEntry, seal};
use super::error::BookError;
use super::publication::Publication;
use super::schema;
use crate::domain::Timestamp;

/// Most drafts that are open at once.
const OPEN_MAX: i64 = 200;
/// Most bytes of all open drafts.
const OPEN_BYTES_MAX: i64 = 64 << 20;
/// Drafts that are kept when they are closed.
const CLOSED_KEPT: i64 = 1_000;

const ENTRY: &str = "SELECT n, at, zone, action, version, was, author, reason, approved_by, draft_id, file, words, \
                     set_version, seal FROM entry";

/// The book of zones.
#[derive(Debug)]
pub struct Book {
    conn: Connection,
    path: PathBuf,
}

impl Book {
    /// Opens the book of a folder, or begins one.
    pub fn open(dir: &Path) -> Result<Self, BookError> {
        Ok(Self { conn: schema::open(dir)?, path: dir.join(schema::FILE) })
    }

    /// Zone and version of what the book holds for live.
    pub fn live(&self) -> Result<BTreeMap<String, String>, BookError> {
        self.ask(|conn| {
            let mut statement = conn.prepare_cached("SELECT zone, version FROM live")?;
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
    }

    /// Zone and version of what two people last agreed to, with the zones that were added since.
    pub fn agreed(&self) -> Result<BTreeMap<String, String>, BookError> {
        self.ask(|conn| {
            let mut statement = conn.prepare_cached("SELECT zone, version FROM agreed")?;
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
    }

    /// Two people agree to a whole set: losses are counted from it.
    pub fn agree_to<'z>(&mut self, set: impl Iterator<Item = (&'z str, &'z str)>) -> Result<(), BookError> {
        self.change(|tx| {
            tx.execute("DELETE FROM agreed", [])?;
            agree(tx, set)
        })
    }

    /// Zones that are new since count from their first version; those that are known stay as they were agreed to.
    pub fn agree_to_new<'z>(
        &mut self,
        zones: impl Iterator<Item = (&'z str, &'z str)>,
    ) -> Result<(), BookError> {
        self.change(|tx| agree(tx, zones))
    }

    /// Zones that went as it was meant from the start do not count as lost.
    pub fn agree_to_end<'z>(&mut self, mut zones: impl Iterator<Item = &'z str>) -> Result<(), BookError> {
        self.change(|tx| {
            zones.try_for_each(|zone| tx.execute("DELETE FROM agreed WHERE zone = ?1", [zone]).map(drop))
        })
    }

    /// Notes what happened, all of it or nothing.
    pub fn note(&mut self, entries: &[NewEntry]) -> Result<(), BookError> {
        self.change(|tx| add(tx, entries))
    }

    /// Notes what is going to be published. It is finished or given up before the next one begins.
    pub fn begin(&mut self, publication: &Publication) -> Result<(), BookError> {
        let body = text(publication);
        self.change(|tx| tx.execute("INSERT INTO publication (id, body) VALUES (1, ?1)", [&body]).map(drop))
    }

    /// The files are written: what was going to be noted is.
    pub fn finish(&mut self, publication: &Publication) -> Result<(), BookError> {
        let entries = &publication.entries;
        let closed = publication.draft.as_ref().map(|(id, by)| (id, by, entries.first()));
        self.change(|tx| {
            add(tx, entries)?;
            if let Some((draft_id, by, first)) = closed
                && let Some(mut draft) = find(tx, draft_id)?
            {
                draft.state = DraftState::Published;
                draft.approved_by = first.and_then(|entry| entry.approved_by.clone());
                draft.closed_at = first.map(|entry| entry.at);
                draft.closed_by = Some(by.clone());
                write(tx, &draft)?;
            }
            tx.execute("DELETE FROM publication", []).map(drop)
        })
    }

    /// The files could not be written and are as they were.
    pub fn give_up(&mut self) -> Result<(), BookError> {
        self.change(|tx| tx.execute("DELETE FROM publication", []).map(drop))
    }

    /// The publication in which an earlier process ended.
    pub fn unfinished(&self) -> Result<Option<Publication>, BookError> {
        let body: Option<String> = self.ask(|conn| {
            conn.query_row("SELECT body FROM publication WHERE id = 1", [], |row| row.get(0)).optional()
        })?;
        Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
    }

    /// The newest entries, newest first, before the one numbered `before`.
    pub fn entries(&self, before: i64, limit: u32) -> Result<Vec<Entry>, BookError> {
        self.ask(|conn| {
            let sql = format!("{ENTRY} WHERE n < ?1 ORDER BY n DESC LIMIT ?2");
            let mut statement = conn.prepare_cached(&sql)?;
            statement.query_map(params![before, limit], entry)?.collect()
        })
    }

    /// The versions of a zone, newest first, with their documents.
    pub fn versions(&self, zone: &str, limit: u32) -> Result<Vec<Kept>, BookError> {
        self.ask(|conn| {
            let sql = format!("{ENTRY} WHERE zone = ?1 ORDER BY n DESC LIMIT ?2");
            let mut statement = conn.prepare_cached(&sql)?;
            let entries: Vec<Entry> =
                statement.query_map(params![zone, limit], entry)?.collect::<rusqlite::Result<_>>()?;
            let with = |entry: Entry| {
                let document = match &entry.version {
                    Some(version) => document(conn, zone, version)?,
                    None => None,
                };
                Ok(Kept { entry, document })
            };
            entries.into_iter().map(with).collect()
        })
    }

    /// The document of a zone's version.
    pub fn document(&self, zone: &str, version: &str) -> Result<Option<String>, BookError> {
        self.ask(|conn| document(conn, zone, version))
    }

    /// Whether every entry fits the one before it.
    pub fn verify(&self) -> Result<(), BookError> {
        let entries: Vec<Entry> = self.ask(|conn| {
            let mut statement = conn.prepare(&format!("{ENTRY} ORDER BY n"))?;
            statement.query_map([], entry)?.collect()
        })?;
        let (mut before, mut expected) = (String::new(), 1);
        for found in entries {
            let as_new = NewEntry {
                at: found.at,
                zone: found.id,
                action: found.action,
                version: found.version,
                was: found.was,
                author: found.author,
                reason: found.reason,
                approved_by: found.approved_by,
                draft_id: found.draft_id,
                file: found.file,
                words: None,
                set_version: found.set_version,
                document: None,
            };
            if found.n != expected || seal(&before, found.n, &as_new) != found.seal {
                return Err(BookError::Broken { path: self.path.clone(), n: found.n });
            }
            (before, expected) = (found.seal, expected + 1);
        }
        Ok(())
    }

    /// Keeps a new draft.
    pub fn add_draft(&mut self, new: NewDraft) -> Result<Draft, BookError> {
        let bytes = size(&new);
        let (open, open_bytes): (i64, i64) = self.ask(|conn| {
            let sql = "SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM draft WHERE state = 'OPEN'";
            conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        })?;
        if OPEN_MAX <= open || OPEN_BYTES_MAX < open_bytes.saturating_add(bytes) {
            return Err(BookError::Full(format!(
                "{open} drafts are open with {open_bytes} bytes, at most {OPEN_MAX} with {OPEN_BYTES_MAX} may be: \
                 publish or withdraw some. 待处理草案过多，请先发布或撤回"
            )));
        }
        self.change(|tx| {
            tx.execute(
                "INSERT INTO draft (draft_id, state, bytes, body) VALUES ('', 'OPEN', ?1, '')",
                [bytes],
            )?;
            let n = tx.last_insert_rowid();
            let draft = Draft {
                draft_id: format!("D-{n}"),
                state: DraftState::Open,
                authors: vec![new.author.clone()],
                new,
                approved_by: None,
                closed_at: None,
                closed_by: None,
            };
            let sql = "UPDATE draft SET draft_id = ?1, body = ?2 WHERE n = ?3";
            tx.execute(sql, params![draft.draft_id, text(&draft), n])?;
            tx.execute(
                "DELETE FROM draft WHERE state != 'OPEN' AND n <= \
                 (SELECT n FROM draft WHERE state != 'OPEN' ORDER BY n DESC LIMIT 1 OFFSET ?1)",
                [CLOSED_KEPT],
            )?;
            Ok(draft)
        })
    }

    /// Writes a draft again.
    pub fn write_draft(&mut self, draft: &Draft) -> Result<(), BookError> {
        self.change(|tx| write(tx, draft))
    }

    /// The draft of that name.
    pub fn draft(&self, draft_id: &str) -> Result<Option<Draft>, BookError> {
        self.ask(|conn| find(conn, draft_id))
    }

    /// The newest drafts, newest first; open ones before all others.
    pub fn drafts(&self, limit: u32) -> Result<Vec<Draft>, BookError> {
        self.ask(|conn| {
            let sql = "SELECT body FROM draft ORDER BY state = 'OPEN' DESC, n DESC LIMIT ?1";
            let mut statement = conn.prepare_cached(sql)?;
            let bodies: Vec<String> =
                statement.query_map([limit], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            Ok(bodies.iter().filter_map(|body| serde_json::from_str(body).ok()).collect())
        })
    }

    /// Forgets the documents of versions that were in force only before `before`. What was changed, when, by whom and
    /// why stays: a few hundred bytes each, chained to the next.
    pub fn retain(&mut self, before: Timestamp) -> Result<(), BookError> {
        self.change(|tx| {
            tx.execute(
                "DELETE FROM content WHERE NOT EXISTS (SELECT 1 FROM entry WHERE entry.zone = content.zone \
                 AND entry.version = content.version AND entry.n >= COALESCE((SELECT MAX(n) FROM entry AS last \
                 WHERE last.zone = content.zone AND last.at < ?1), 0)) AND NOT EXISTS (SELECT 1 FROM agreed \
                 WHERE agreed.zone = content.zone AND agreed.version = content.version)",
                [before.as_micros()],
            )
            .map(drop)
        })
    }

    fn ask<T>(&self, question: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, BookError> {
        question(&self.conn).map_err(|error| BookError::Database { path: self.path.clone(), error })
    }

    fn change<T>(
        &mut self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, BookError> {
        let path = self.path.clone();
        let run = || {
            let tx = self.conn.transaction()?;
            let done = change(&tx)?;
            tx.commit()?;
            Ok(done)
        };
        run().map_err(|error| BookError::Database { path, error })
    }
}

fn agree<'z>(
    tx: &Transaction<'_>,
    mut zones: impl Iterator<Item = (&'z str, &'z str)>,
) -> rusqlite::Result<()> {
    let mut statement = tx.prepare_cached("INSERT OR IGNORE INTO agreed (zone, version) VALUES (?1, ?2)")?;
    zones.try_for_each(|(zone, version)| statement.execute([zone, version]).map(drop))
}

fn add(tx: &Transaction<'_>, entries: &[NewEntry]) -> rusqlite::Result<()> {
    let newest = "SELECT n, seal FROM entry ORDER BY n DESC LIMIT 1";
    let (mut n, mut before): (i64, String) =
        tx.query_row(newest, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?.unwrap_or_default();
    for new in entries {
        n += 1;
        before = seal(&before, n, new);
        tx.prepare_cached(
            "INSERT INTO entry (n, at, zone, action, version, was, author, reason, approved_by, draft_id, file, words, \
             set_version, seal) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            n,
            new.at.as_micros(),
            new.zone,
            new.action.name(),
            new.version,
            new.was,
            new.author,
            new.reason,
            new.approved_by,
            new.draft_id,
            new.file,
            new.words.as_ref().map(text),
            new.set_version,
            before
        ])?;
        if let (Some(version), Some(document)) = (&new.version, &new.document) {
            tx.prepare_cached("INSERT OR IGNORE INTO content (zone, version, document) VALUES (?1, ?2, ?3)")?
                .execute(params![new.zone, version, document])?;
        }
        match &new.version {
            Some(version) => tx
                .prepare_cached("INSERT OR REPLACE INTO live (zone, version) VALUES (?1, ?2)")?
                .execute(params![new.zone, version])?,
            None => tx.prepare_cached("DELETE FROM live WHERE zone = ?1")?.execute([&new.zone])?,
        };
    }
    Ok(())
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let words: Option<String> = row.get(11)?;
    Ok(Entry {
        n: row.get(0)?,
        at: Timestamp::from_micros(row.get(1)?),
        id: row.get(2)?,
        action: Action::of(&row.get::<_, String>(3)?),
        version: row.get(4)?,
        was: row.get(5)?,
        author: row.get(6)?,
        reason: row.get(7)?,
        approved_by: row.get(8)?,
        draft_id: row.get(9)?,
        file: row.get(10)?,
        words: words.and_then(|words| serde_json::from_str(&words).ok()),
        set_version: row.get(12)?,
        seal: row.get(13)?,
    })
}

fn document(conn: &Connection, zone: &str, version: &str) -> rusqlite::Result<Option<String>> {
    conn.prepare_cached("SELECT document FROM content WHERE zone = ?1 AND version = ?2")?
        .query_row([zone, version], |row| row.get(0))
        .optional()
}

fn find(conn: &Connection, draft_id: &str) -> rusqlite::Result<Option<Draft>> {
    let body: Option<String> = conn
        .query_row("SELECT body FROM draft WHERE draft_id = ?1", [draft_id], |row| row.get(0))
        .optional()?;
    Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
}

fn write(tx: &Transaction<'_>, draft: &Draft) -> rusqlite::Result<()> {
    let sql = "UPDATE draft SET state = ?1, bytes = ?2, body = ?3 WHERE draft_id = ?4";
    tx.execute(sql, params![draft.state.name(), size(&draft.new), text(draft), draft.draft_id]).map(drop)
}

fn size(new: &NewDraft) -> i64 {
    i64::try_from(text(new).len()).unwrap_or(i64::MAX)
}

/// JSON of one of our own types, which cannot fail.
fn text<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
