//! One event as a row, and back; a row that does not fit its checksum is named, never returned.

use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::contract::{Entry, Hole};
use super::schema::{signed, unsigned};
use super::seal::{SEAL_LEN, Seal};
use crate::domain::{AlertEvent, AlertEventKind};

const COLUMNS: &str = "seq, at, alert_id, code, severity, state, uas_id, operator, kind, alert, checksum";
/// Numbers that are read at once.
pub(super) const STRETCH_LEN: u64 = 256;

/// The columns that are sealed.
struct Fields<'a> {
    seq: i64,
    at: i64,
    alert_id: &'a str,
    code: &'a str,
    severity: &'a str,
    state: &'a str,
    uas_id: &'a str,
    operator: Option<&'a str>,
    kind: &'a str,
    alert: &'a str,
}

impl<'a> Fields<'a> {
    fn of(entry: &'a Entry) -> Self {
        let AlertEvent { event, alert } = &*entry.event;
        Self {
            seq: signed(entry.seq),
            at: alert.updated_at.as_micros(),
            alert_id: &alert.alert_id,
            code: alert.code.name(),
            severity: alert.severity.name(),
            state: alert.state.name(),
            uas_id: alert.uas_id.as_str(),
            operator: alert.operator.as_ref().map(crate::domain::OperatorId::as_str),
            kind: event.name(),
            alert: &entry.alert_json,
        }
    }

    fn read(row: &'a Row<'_>) -> rusqlite::Result<Self> {
        let text = |column: usize| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
        Ok(Self {
            seq: row.get(0)?,
            at: row.get(1)?,
            alert_id: text(2)?,
            code: text(3)?,
            severity: text(4)?,
            state: text(5)?,
            uas_id: text(6)?,
            operator: row.get_ref(7)?.as_str_or_null()?,
            kind: text(8)?,
            alert: text(9)?,
        })
    }

    fn seal(&self) -> [u8; SEAL_LEN] {
        let Self { seq, at, alert_id, code, severity, state, uas_id, operator, kind, alert } = *self;
        let seal = Seal::of("event").number(seq).number(at).text(alert_id).text(code).text(severity);
        seal.text(state).text(uas_id).optional(operator).text(kind).text(alert).finish()
    }

    /// The event, or why it is not to be trusted.
    fn entry(&self, seal: &[u8]) -> Result<Entry, String> {
        if seal != self.seal() {
            return Err("does not fit its checksum".into());
        }
        let event: AlertEventKind = self.kind.parse().map_err(|error| format!("not understood: {error}"))?;
        let alert = serde_json::from_str(self.alert).map_err(|error| format!("not understood: {error}"))?;
        Ok(Entry {
            seq: unsigned(self.seq),
            event: Arc::new(AlertEvent { event, alert }),
            alert_json: self.alert.into(),
        })
    }
}

/// Writes an event as a row.
pub(super) fn insert(conn: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    let fields = Fields::of(entry);
    let seal = fields.seal();
    let Fields { seq, at, alert_id, code, severity, state, uas_id, operator, kind, alert } = fields;
    conn.prepare_cached(
        "INSERT INTO event (seq, at, alert_id, code, severity, state, uas_id, operator, kind, alert, checksum) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![seq, at, alert_id, code, severity, state, uas_id, operator, kind, alert, seal])?;
    Ok(())
}

/// The event of a row that begins with the columns of [`columns`], or why it is not to be trusted.
pub(super) fn decode(row: &Row<'_>) -> Result<Entry, String> {
    let fields = Fields::read(row).map_err(|error| format!("unreadable: {error}"))?;
    let seal = row.get_ref(10).map_err(|error| format!("unreadable: {error}"))?;
    fields.entry(seal.as_blob().unwrap_or_default())
}

/// The event of a row that was found without the database, if it is one that fits its checksum.
pub(super) fn of_values(seq: i64, values: &[ValueRef<'_>]) -> Option<Entry> {
    let [_seq, at, alert_id, code, severity, state, uas_id, operator, kind, alert, seal] = values else {
        return None;
    };
    let fields = Fields {
        seq,
        at: at.as_i64().ok()?,
        alert_id: alert_id.as_str().ok()?,
        code: code.as_str().ok()?,
        severity: severity.as_str().ok()?,
        state: state.as_str().ok()?,
        uas_id: uas_id.as_str().ok()?,
        operator: operator.as_str_or_null().ok()?,
        kind: kind.as_str().ok()?,
        alert: alert.as_str().ok()?,
    };
    fields.entry(seal.as_blob().ok()?).ok()
}

/// The columns that [`decode`] wants, of the table `name`.
pub(super) fn columns(name: &str) -> String {
    COLUMNS.split(", ").map(|column| format!("{name}.{column}")).collect::<Vec<_>>().join(", ")
}

/// The event of that number: `None` if there is no such row.
pub(super) fn one(conn: &Connection, seq: u64) -> Option<Result<Entry, String>> {
    let look = || {
        let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM event WHERE seq = ?1"))?;
        statement.query_row([signed(seq)], |row| Ok(decode(row))).optional()
    };
    match look() {
        Ok(Some(Ok(entry))) if entry.seq != seq => Some(Err("lies under a wrong number".into())),
        Ok(found) => found,
        Err(error) => Some(Err(format!("unreadable: {error}"))),
    }
}

/// Every number of a stretch: its event, or why there is none.
#[derive(Debug, Default)]
pub(super) struct Stretch {
    /// The events, in order.
    pub entries: Vec<Entry>,
    /// The numbers without an event, in order.
    pub holes: Vec<Hole>,
}

/// Reads the numbers `from ..= to`, in one query, or one by one if that is refused.
pub(super) fn stretch(conn: &Connection, from: u64, to: u64) -> Stretch {
    let looks = at_once(conn, from, to)
        .unwrap_or_else(|_refused| (from..=to).filter_map(|seq| Some((seq, one(conn, seq)?))).collect());
    let mut stretch = Stretch::default();
    let mut next = from;
    for (seq, look) in looks {
        stretch.missing(conn, next, seq.saturating_sub(1));
        match look {
            Ok(entry) => stretch.entries.push(entry),
            Err(why) => Hole::add(&mut stretch.holes, Hole { from: seq, to: seq, reason: why, known: false }),
        }
        next = seq.saturating_add(1);
    }
    stretch.missing(conn, next, to);
    stretch
}

impl Stretch {
    /// Fills holes that are not on record with what is found elsewhere.
    pub(super) fn fill(&mut self, find: impl Fn(u64) -> Option<Entry>) {
        for hole in std::mem::take(&mut self.holes) {
            if hole.known {
                self.holes.push(hole);
                continue;
            }
            for seq in hole.from..=hole.to {
                match find(seq) {
                    Some(entry) => self.entries.push(entry),
                    None => Hole::add(&mut self.holes, Hole { from: seq, to: seq, ..hole.clone() }),
                }
            }
        }
        self.entries.sort_by_key(|entry| entry.seq);
    }

    /// Takes a recorded hole at the end, `to`, as far as it goes, but not beyond `last`. Gives the new end.
    pub(super) fn extend(&mut self, conn: Option<&Connection>, to: u64, last: u64) -> u64 {
        let Some(hole) = self.holes.last_mut().filter(|hole| hole.to == to && hole.known) else { return to };
        hole.to = conn.and_then(|conn| hole_end(conn, to)).map_or(to, |end| end.min(last)).max(to);
        hole.to
    }

    /// Names numbers that have no row.
    fn missing(&mut self, conn: &Connection, from: u64, to: u64) {
        let mut next = from;
        for known in known_holes(conn, from, to) {
            if next < known.from {
                Hole::add(
                    &mut self.holes,
                    Hole { from: next, to: known.from - 1, reason: "missing".into(), known: false },
                );
            }
            next = next.max(known.to.saturating_add(1));
            Hole::add(&mut self.holes, Hole { from: known.from.max(from), to: known.to.min(to), ..known });
        }
        if next <= to {
            Hole::add(&mut self.holes, Hole { from: next, to, reason: "missing".into(), known: false });
        }
    }
}

type Look = (u64, Result<Entry, String>);

/// `None` if the rows do not come as they should.
fn at_once(conn: &Connection, from: u64, to: u64) -> Result<Vec<Look>, rusqlite::Error> {
    let mut statement = conn
        .prepare_cached(&format!("SELECT {COLUMNS} FROM event WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq"))?;
    let mut rows = statement.query([signed(from), signed(to)])?;
    let mut looks: Vec<Look> = Vec::new();
    while let Some(row) = rows.next()? {
        let seq = unsigned(row.get(0)?);
        let least = looks.last().map_or(from, |(before, _)| before.saturating_add(1));
        if !(least..=to).contains(&seq) {
            return Err(rusqlite::Error::QueryReturnedNoRows);
        }
        looks.push((seq, decode(row)));
    }
    Ok(looks)
}

/// The recorded holes that touch the numbers `from ..= to`, in order. One that is damaged is no record.
fn known_holes(conn: &Connection, from: u64, to: u64) -> Vec<Hole> {
    if to < from {
        return Vec::new();
    }
    let read = || {
        let mut statement = conn.prepare_cached(
            "SELECT first, last, reason, checksum FROM hole WHERE first <= ?2 AND ?1 <= last ORDER BY first",
        )?;
        let rows = statement.query_map([signed(from), signed(to)], |row| {
            let (first, last, reason): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let fits = row.get_ref(3)?.as_blob().ok() == Some(&hole_seal(first, last, &reason));
            Ok(fits.then(|| Hole { from: unsigned(first), to: unsigned(last), reason, known: true }))
        })?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    read().unwrap_or_default().into_iter().flatten().collect()
}

/// Where the recorded hole around `seq` ends, if it goes on after it.
fn hole_end(conn: &Connection, seq: u64) -> Option<u64> {
    known_holes(conn, seq, seq).first().map(|hole| hole.to).filter(|&to| seq < to)
}

/// Records that the numbers `from ..= to` have no event.
pub(super) fn insert_hole(conn: &Connection, from: u64, to: u64, reason: &str) -> rusqlite::Result<()> {
    let (first, last) = (signed(from), signed(to));
    conn.prepare_cached(
        "INSERT OR REPLACE INTO hole (first, last, reason, checksum) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![first, last, reason, hole_seal(first, last, reason)])?;
    Ok(())
}

fn hole_seal(first: i64, last: i64, reason: &str) -> [u8; SEAL_LEN] {
    Seal::of("hole").number(first).number(last).text(reason).finish()
}
