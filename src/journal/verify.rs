//! Reads a journal from end to end and says everything that is wrong with it.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::contract::{Entry, Hole};
use super::error::{JournalError, Trouble};
use super::mark::{self, Found, Said};
use super::reader::database_of;
use super::record::{self, STRETCH_LEN};
use super::recover::open_alerts;
use super::schema::{self, Head, signed, unsigned};

/// Most faults of its own structure that the database is asked for.
const FAULTS_MAX: u32 = 100;

/// What a whole journal looks like.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// The history.
    pub log_id: Option<String>,
    /// Events that are as they were written.
    pub events: u64,
    /// The oldest number kept.
    pub oldest_seq: u64,
    /// The newest number.
    pub last_seq: u64,
    /// Open alerts.
    pub open: usize,
    /// Losses that the journal has on record.
    pub losses: Vec<Hole>,
    /// Everything that is wrong, a sentence each.
    pub damage: Vec<String>,
}

/// Checks the journal in a folder, or a single database such as a backup, while it may be in use. Nothing is
/// changed.
pub fn verify(path: &Path) -> Result<Verdict, JournalError> {
    let mut verdict = Verdict::default();
    let mut damage = Vec::new();
    // First the mark, then the database: a journal in use never has less than its mark said before.
    let said = if path.is_dir() { mark::read(path)? } else { Found::Nothing };
    let path = database_of(path);
    let looked = schema::connect_to_read(&path).map_err(Trouble::from).and_then(|conn| {
        let tx = conn.unchecked_transaction()?;
        examine(&tx, said, &mut verdict, &mut damage)
    });
    verdict.damage = damage;
    match looked {
        Err(Trouble::Damage(what)) => verdict.damage.push(what),
        Err(trouble) => return Err(trouble.at(&path)),
        Ok(()) => {}
    }
    Ok(verdict)
}

fn examine(
    conn: &Connection,
    said: Found,
    verdict: &mut Verdict,
    damage: &mut Vec<String>,
) -> Result<(), Trouble> {
    let mut note = |result: Result<(), Trouble>| match result {
        Err(Trouble::Damage(what)) => {
            damage.push(what);
            Ok(())
        }
        other => other,
    };
    note(schema::check_format(conn))?;
    note(schema::check_tables(conn))?;
    note(structure(conn))?;
    note(schema::read_about(conn, "log_id").map(|log_id| verdict.log_id = log_id))?;
    note(schema::read_about(conn, "restored").map(drop))?;
    let mut head = None;
    note(Head::read(conn).map(|found| head = Some(found)))?;
    let head = match head {
        Some(head) => head,
        None => ends(conn)?,
    };
    note(open_alerts(conn, &head).map(|open| verdict.open = open.len()))?;
    (verdict.oldest_seq, verdict.last_seq) = (head.oldest_seq, head.last_seq);
    if verdict.log_id.is_none() {
        damage.push("it does not say which history it holds".into());
    }
    damage.extend(mark_fault(said, head.last_seq));
    history(conn, &head, verdict, damage)
}

/// The database's own look at its pages and indexes.
fn structure(conn: &Connection) -> Result<(), Trouble> {
    let mut statement = conn.prepare(&format!("PRAGMA integrity_check({FAULTS_MAX})"))?;
    let said = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    if said == ["ok"] { Ok(()) } else { Err(Trouble::Damage(format!("its structure: {}", said.join("; ")))) }
}

/// Where the history begins and ends if its head cannot tell.
fn ends(conn: &Connection) -> Result<Head, Trouble> {
    let (oldest, last): (Option<i64>, Option<i64>) =
        conn.query_row("SELECT min(seq), max(seq) FROM event", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let last_seq = last.map_or(0, unsigned);
    Ok(Head { oldest_seq: oldest.map_or(1, unsigned), ..Head::after(last_seq) })
}

fn mark_fault(said: Found, last: u64) -> Option<String> {
    match said {
        Found::Damaged => Some("journal.mark does not fit its checksum".into()),
        Found::Said(Said { seq, .. }) if last < seq => {
            Some(format!("it ends at event {last}, but {seq} were written"))
        }
        Found::Said(_) | Found::Nothing => None,
    }
}

/// Every row against its checksum, every number, and every alert against its newest event.
fn history(
    conn: &Connection,
    head: &Head,
    verdict: &mut Verdict,
    damage: &mut Vec<String>,
) -> Result<(), Trouble> {
    let mut newest = 0;
    let mut check = |entry: &Entry| match is_newest(conn, entry) {
        Ok(true) => {
            newest += 1;
            Ok(true)
        }
        Err(Trouble::Damage(what)) => {
            damage.push(what);
            Ok(false)
        }
        other => other,
    };
    let mut strays = Vec::new();
    for seq in before(conn, head)? {
        match record::one(conn, seq) {
            Some(Ok(entry)) => {
                if !check(&entry)? {
                    strays.push(format!("event {seq} should be forgotten"));
                }
            }
            Some(Err(why)) => strays.push(format!("event {seq}: {why}")),
            None => strays.push(format!("event {seq}: missing")),
        }
    }
    let mut from = head.oldest_seq;
    let mut holes = Vec::new();
    while from <= head.last_seq {
        let to = head.last_seq.min(from.saturating_add(STRETCH_LEN - 1));
        let mut found = record::stretch(conn, from, to);
        let to = found.extend(Some(conn), to, head.last_seq);
        for entry in &found.entries {
            check(entry)?;
            verdict.events += 1;
        }
        for hole in found.holes {
            Hole::add(&mut holes, hole);
        }
        from = to.saturating_add(1);
    }
    let alerts: i64 = conn.query_row("SELECT count(*) FROM alert", [], |row| row.get(0))?;
    if newest != unsigned(alerts) {
        damage.push(format!("{alerts} alerts are listed, but {newest} have their newest event"));
    }
    damage.append(&mut strays);
    let (known, found): (Vec<_>, Vec<_>) = holes.into_iter().partition(|hole| hole.known);
    damage.extend(found.iter().map(ToString::to_string));
    verdict.losses = known;
    Ok(())
}

/// Numbers from before the history begins; the newest events of open alerts.
fn before(conn: &Connection, head: &Head) -> Result<Vec<u64>, Trouble> {
    let mut statement = conn.prepare("SELECT seq FROM event WHERE seq < ?1 ORDER BY seq")?;
    let found = statement.query_map([signed(head.oldest_seq)], |row| row.get::<_, i64>(0))?;
    Ok(found.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().map(unsigned).collect())
}

/// Whether an event is the newest of its alert, which must be listed as the event says.
fn is_newest(conn: &Connection, entry: &Entry) -> Result<bool, Trouble> {
    let alert = &entry.event.alert;
    let mut statement = conn
        .prepare_cached("SELECT seq, code, severity, state, uas_id, other FROM alert WHERE alert_id = ?1")?;
    let listed = statement
        .query_row([&*alert.alert_id], |row| {
            let texts: [String; 4] = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
            Ok((unsigned(row.get(0)?), texts, row.get::<_, Option<String>>(5)?))
        })
        .optional()?;
    let seq = entry.seq;
    let Some((newest, texts, other)) = listed else {
        return Err(Trouble::Damage(format!("the alert of event {seq} is not listed")));
    };
    if newest < seq {
        return Err(Trouble::Damage(format!("event {seq} is not listed as the newest of its alert")));
    }
    let told = [alert.code.name(), alert.severity.name(), alert.state.name(), alert.uas_id.as_str()];
    let same = texts == told && other.as_deref() == alert.other.as_ref().map(|party| party.uas_id.as_str());
    if newest == seq && !same {
        return Err(Trouble::Damage(format!("the alert of event {seq} is listed wrongly")));
    }
    Ok(newest == seq)
}
