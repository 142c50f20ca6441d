//! Alert events made up for the journal's tests, and a journal in a folder.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lowsky::domain::{AlertEvent, AlertEventKind, AlertState, Timestamp};
use lowsky::journal::{Entry, Journal, JournalSettings, Progress, Reader, Recovered, Store};
use lowsky::service::clock;

use crate::e2e_support::until;

/// How long anything may take before a test fails.
pub(crate) const PATIENCE_S: f64 = 60.0;

/// When the made-up events begin.
pub(crate) fn start() -> Timestamp {
    Timestamp::parse("2026-11-22T08:00:00Z").unwrap()
}

/// The event `seq`, of the alert `alert`, a second after the one before.
pub(crate) fn entry(seq: u64, alert: u64, kind: AlertEventKind) -> Entry {
    let state = if kind == AlertEventKind::Cleared { AlertState::Cleared } else { AlertState::Open };
    let at = start().plus_seconds(f64::from(u32::try_from(seq).unwrap()));
    let severity = ["ADVISORY", "CAUTION", "WARNING", "CRITICAL"][usize::try_from(alert % 4).unwrap()];
    let code = ["ZONE_INCURSION", "SEPARATION", "HEIGHT_LIMIT"][usize::try_from(alert % 3).unwrap()];
    let other = format!("UAS-{:04}", alert % 50 + 1);
    // Written by hand: what is read back must have these very bytes, spaces and all.
    let json = format!(
        r#"{{"alert_id": "A-{alert}","code":"{code}","phase":"ACTUAL","severity":"{severity}","state":"{}","uas_id":"UAS-{:04}","operator":"op-{}","other":{{"uas_id":"{other}"}},"raised_at":"{}","updated_at":"{at}","observed_at":"{at}","position":{{"lat":22.5,"lng":114.05,"alt_hae":120.0}},"measured":{{"distance_m":{seq}.25}},"limit":{{"distance_m":50.0}},"data":"GOOD","rule":"separation/drone-drone","explanation":{{"zh-CN":"两机相距过近，第 {seq} 次","en":"Too close, {seq} times"}}}}"#,
        state.name(),
        alert % 50,
        alert % 7,
        start(),
    );
    let event = AlertEvent { event: kind, alert: serde_json::from_str(&json).unwrap() };
    Entry { seq, event: Arc::new(event), alert_json: json.into() }
}

/// Events `from ..= to` of about three each: raised, updated, cleared.
pub(crate) fn entries(from: u64, to: u64) -> Vec<Entry> {
    let kinds = [AlertEventKind::Raised, AlertEventKind::Updated, AlertEventKind::Cleared];
    (from..=to).map(|seq| entry(seq, (seq - 1) / 3, kinds[usize::try_from((seq - 1) % 3).unwrap()])).collect()
}

/// Opens the journal of a folder.
pub(crate) fn open(dir: &Path) -> (Journal, Recovered) {
    Journal::open(&JournalSettings::new(dir, 730), clock::now, || {}).unwrap()
}

/// Waits until the journal's progress is as wanted.
pub(crate) fn wait(journal: &Journal, what: &str, wanted: impl Fn(&Progress) -> bool) -> Progress {
    until(what, PATIENCE_S, || Some(journal.progress()).filter(&wanted))
}

/// Appends and waits until it is durable.
pub(crate) fn store(journal: &Journal, entries: Vec<Entry>) {
    let Some(last) = entries.last().map(|entry| entry.seq) else { return };
    journal.append(entries).unwrap();
    wait(journal, "events are durable", |progress| last <= progress.durable_seq);
}

/// Ends a journal; everything must have been written.
pub(crate) fn close(journal: &Journal) {
    assert!(journal.close(Duration::from_mins(1)), "{:?}", journal.progress());
}

/// A folder with a closed journal of these events.
pub(crate) fn written(dir: &Path, entries: Vec<Entry>) -> Recovered {
    let (journal, recovered) = open(dir);
    store(&journal, entries);
    close(&journal);
    recovered
}

/// Everything that can be read; no number may be missing.
pub(crate) fn everything(reader: &Reader) -> Vec<Entry> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let page = reader.events_after(after, 100).unwrap();
        assert_eq!(page.holes, []);
        if page.through == after {
            return all;
        }
        after = page.through;
        all.extend(page.entries);
    }
}
