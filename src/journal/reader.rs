//! Questions about history, on connections that only read and so never hold a commit up.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::types::ToSql;
use rusqlite::{Connection, OptionalExtension};

use super::contract::{Entry, Hole};
use super::error::{JournalError, Trouble};
use super::record::{self, STRETCH_LEN};
use super::schema::{self, FILE, Head, signed, unsigned};
use crate::domain::{AlertCode, AlertState, Severity, Timestamp, UasId};

/// Connections that are kept for the next question.
const SPARE_MAX: usize = 4;

/// A part of the history.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Events, in order.
    pub entries: Vec<Entry>,
    /// Numbers in between that cannot be given, and why.
    pub holes: Vec<Hole>,
    /// Every number up to here is told of; ask on from here. The number asked from if there is nothing newer.
    pub through: u64,
    /// The newest number when the page was made.
    pub last_seq: u64,
    /// The oldest number kept; if it is more than one after the number asked from, what lies between is
    /// forgotten.
    pub oldest_seq: u64,
}

/// Which alerts. An empty list asks for all.
#[derive(Debug, Clone, Default)]
pub struct AlertQuery {
    /// Their state.
    pub states: Vec<AlertState>,
    /// What they are about.
    pub codes: Vec<AlertCode>,
    /// At least so urgent.
    pub min_severity: Option<Severity>,
    /// About one of these aircraft, alone or as one of a pair.
    pub uas_ids: Vec<UasId>,
    /// Whose newest event comes after that number.
    pub after: u64,
    /// Most in an answer.
    pub limit: usize,
}

/// Alerts, each as its newest event.
#[derive(Debug, Clone, Default)]
pub struct AlertPage {
    /// In the order of their newest events.
    pub entries: Vec<Entry>,
    /// Newest events that cannot be read.
    pub holes: Vec<Hole>,
    /// Where to ask on, if there are more.
    pub next_after: Option<u64>,
}

/// Reads the journal while it is written. Its methods block: in async code, call them from `spawn_blocking`.
#[derive(Debug, Clone)]
pub struct Reader {
    path: Arc<PathBuf>,
    spare: Arc<Mutex<Vec<Connection>>>,
}

impl Reader {
    /// Of the journal in a folder, or of a single database such as a backup.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let reader = Self::at(database_of(path));
        reader.ask(schema::check_format)?;
        Ok(reader)
    }

    pub(super) fn at(path: PathBuf) -> Self {
        Self { path: Arc::new(path), spare: Arc::default() }
    }

    /// The database.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The events after a number, at most `limit` of them, in order. Numbers without an event are named.
    pub fn events_after(&self, seq: u64, limit: usize) -> Result<Page, JournalError> {
        self.ask(|conn| {
            let head = Head::read(conn)?;
            let Head { last_seq, oldest_seq, .. } = head;
            let mut page = Page { last_seq, oldest_seq, through: seq, ..Page::default() };
            let mut from = oldest_seq.max(seq.saturating_add(1));
            while from <= last_seq && page.entries.len() < limit {
                let room = u64::try_from(limit - page.entries.len()).unwrap_or(u64::MAX);
                let to = last_seq.min(from.saturating_add(STRETCH_LEN.min(room) - 1));
                let mut found = record::stretch(conn, from, to);
                page.through = found.extend(Some(conn), to, last_seq);
                page.entries.extend(found.entries);
                for hole in found.holes {
                    Hole::add(&mut page.holes, hole);
                }
                from = page.through.saturating_add(1);
            }
            Ok(page)
        })
    }

    /// The alerts that a query asks for, each with its newest event.
    pub fn alerts(&self, query: &AlertQuery) -> Result<AlertPage, JournalError> {
        let (sql, parameters) = select(query);
        self.ask(|conn| {
            let values: Vec<&dyn ToSql> = parameters.iter().map(AsRef::as_ref).collect();
            let mut statement = conn.prepare_cached(&sql)?;
            let found = statement.query_map(values.as_slice(), |row| row.get(0))?;
            let mut numbers = found.collect::<rusqlite::Result<Vec<i64>>>()?;
            let more = query.limit < numbers.len();
            numbers.truncate(query.limit);
            let mut page = AlertPage::default();
            for seq in numbers.iter().copied().map(unsigned) {
                match record::one(conn, seq).unwrap_or_else(|| Err("missing".into())) {
                    Ok(entry) => page.entries.push(entry),
                    Err(reason) => {
                        Hole::add(&mut page.holes, Hole { from: seq, to: seq, reason, known: false });
                    }
                }
            }
            page.next_after = numbers.last().copied().filter(|_| more).map(unsigned);
            Ok(page)
        })
    }

    /// The newest event of an alert.
    pub fn alert(&self, alert_id: &str) -> Result<Option<Entry>, JournalError> {
        self.ask(|conn| {
            let mut statement = conn.prepare_cached("SELECT seq FROM alert WHERE alert_id = ?1")?;
            let Some(seq) = statement.query_row([alert_id], |row| row.get(0)).optional()? else {
                return Ok(None);
            };
            match record::one(conn, unsigned(seq)) {
                Some(Ok(entry)) if &*entry.event.alert.alert_id == alert_id => Ok(Some(entry)),
                Some(Ok(_)) => Err(Trouble::Damage(format!("event {seq} is not of alert {alert_id}"))),
                Some(Err(why)) => Err(Trouble::Damage(format!("event {seq} {why}"))),
                None => Err(Trouble::Damage(format!("event {seq} is missing"))),
            }
        })
    }

    /// The number of the last event before an instant, or the one before the oldest kept. Numbers are taken to be in
    /// the order of time, as they are unless the clock was set back.
    pub fn seq_before(&self, at: Timestamp) -> Result<u64, JournalError> {
        self.ask(|conn| {
            let Head { last_seq, oldest_seq, .. } = Head::read(conn)?;
            let mut next =
                conn.prepare_cached("SELECT seq, at FROM event WHERE ?1 <= seq ORDER BY seq LIMIT 1")?;
            let (mut low, mut high) = (oldest_seq, last_seq.saturating_add(1));
            while low < high {
                let middle = low + (high - low) / 2;
                let found: Option<(i64, i64)> =
                    next.query_row([signed(middle)], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
                match found {
                    Some((seq, known)) if known < at.as_micros() => low = unsigned(seq).saturating_add(1),
                    Some(_) | None => high = middle,
                }
            }
            Ok(low.saturating_sub(1))
        })
    }

    /// The oldest number kept.
    pub fn oldest_seq(&self) -> Result<u64, JournalError> {
        self.ask(|conn| Ok(Head::read(conn)?.oldest_seq))
    }

    /// Asks on a connection, in one transaction.
    pub(super) fn ask<T>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, Trouble>,
    ) -> Result<T, JournalError> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let ask = || {
            let conn = match spare {
                Some(conn) => conn,
                None => schema::connect_to_read(&self.path)?,
            };
            let tx = conn.unchecked_transaction()?;
            let answer = question(&tx)?;
            drop(tx);
            Ok((answer, conn))
        };
        let (answer, conn) = ask().map_err(|trouble: Trouble| trouble.at(&self.path))?;
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < SPARE_MAX {
            spare.push(conn);
        }
        Ok(answer)
    }
}

/// The database of a folder, or the path itself.
pub(super) fn database_of(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(FILE) } else { path.to_owned() }
}

/// The statement of a query, which gives the numbers of the newest events, and its values.
fn select(query: &AlertQuery) -> (String, Vec<Box<dyn ToSql>>) {
    let mut sql = "SELECT seq FROM alert WHERE ? < seq".to_owned();
    let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(signed(query.after))];
    let mut one_of = |column: &str, names: Vec<String>| {
        let places = vec!["?"; names.len()].join(", ");
        for name in names {
            values.push(Box::new(name));
        }
        format!("{column} IN ({places})")
    };
    let states: Vec<String> = query.states.iter().map(|state| state.name().into()).collect();
    let codes: Vec<String> = query.codes.iter().map(|code| code.name().into()).collect();
    let ids: Vec<String> = query.uas_ids.iter().map(|id| id.as_str().into()).collect();
    // As a literal, so that the index of open alerts fits.
    if query.states == [AlertState::Open] {
        sql.push_str(" AND state = 'OPEN'");
    } else if !states.is_empty() {
        sql = format!("{sql} AND {}", one_of("state", states));
    }
    if !codes.is_empty() {
        sql = format!("{sql} AND {}", one_of("code", codes));
    }
    if let Some(least) = query.min_severity {
        let names = Severity::ALL.iter().filter(|severity| least <= **severity);
        sql = format!("{sql} AND {}", one_of("severity", names.map(|name| name.name().into()).collect()));
    }
    if !ids.is_empty() {
        sql = format!("{sql} AND ({} OR {})", one_of("uas_id", ids.clone()), one_of("other", ids));
    }
    values.push(Box::new(signed(u64::try_from(query.limit).unwrap_or(u64::MAX).saturating_add(1))));
    (format!("{sql} ORDER BY seq LIMIT ?"), values)
}
