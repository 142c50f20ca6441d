//! What goes into the journal comes out of it: after a close, after a kill, page by page, alert by alert.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use lowsky::domain::{AlertCode, AlertEventKind, AlertState, Severity, UasId};
use lowsky::journal::{AlertQuery, Condition, Entry, Journal, JournalError, JournalSettings, Store};
use lowsky::service::clock;
use proptest::prelude::*;

use crate::journal_support::{close, entries, entry, everything, open, start, store, wait, written};

#[test]
fn p02_what_was_written_is_read_back_byte_for_byte() {
    let dir = tempfile::tempdir().unwrap();
    let sent = entries(1, 1_000);
    let first = written(dir.path(), sent.clone());
    assert_eq!((first.last_seq, first.oldest_seq, first.open.len()), (0, 1, 0));
    let (journal, again) = open(dir.path());
    assert_eq!(again.log_id, first.log_id);
    assert_eq!((again.last_seq, again.oldest_seq), (1_000, 1));
    assert_eq!(again.damage, [""; 0]);
    assert_eq!(everything(&journal.reader()), sent);
}

#[test]
fn p02_the_files_are_for_their_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("var/lowsky");
    let (journal, _) = open(&dir);
    store(&journal, entries(1, 3));
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    let files: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{file:?}");
    }
}

#[test]
fn a_second_process_is_refused_with_clear_words() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    let settings = JournalSettings::new(dir.path(), 730);
    let refused = Journal::open(&settings, clock::now, || {}).unwrap_err();
    assert!(matches!(refused, JournalError::Locked { .. }), "{refused}");
    assert!(refused.to_string().contains(&format!("process {}", std::process::id())), "{refused}");
    close(&journal);
    open(dir.path());
}

#[test]
fn p08_open_alerts_return_as_the_same_alerts() {
    let dir = tempfile::tempdir().unwrap();
    let mut sent = entries(1, 300);
    sent.push(entry(301, 1_000, AlertEventKind::Raised));
    sent.push(entry(302, 1_001, AlertEventKind::Raised));
    sent.push(entry(303, 1_000, AlertEventKind::Escalated));
    written(dir.path(), sent.clone());
    let (_journal, recovered) = open(dir.path());
    assert_eq!(recovered.open, [sent[301].clone(), sent[302].clone()]);
}

#[test]
fn progress_is_announced_and_probes_are_written() {
    let dir = tempfile::tempdir().unwrap();
    let woken = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&woken);
    let wake = move || {
        count.fetch_add(1, Ordering::Relaxed);
    };
    let (journal, _) = Journal::open(&JournalSettings::new(dir.path(), 1), clock::now, wake).unwrap();
    journal.probe(7);
    let progress = wait(&journal, "the probe is written", |progress| progress.probed == 7);
    assert_eq!((progress.durable_seq, progress.condition), (0, Condition::Writable));
    store(&journal, entries(1, 10));
    close(&journal);
    assert!(2 <= woken.load(Ordering::Relaxed));
}

#[test]
fn a_full_backlog_gives_entries_back_and_what_is_dropped_is_a_hole() {
    let dir = tempfile::tempdir().unwrap();
    let settings = JournalSettings { backlog_entries: 10, ..JournalSettings::new(dir.path(), 1) };
    let (journal, _) = Journal::open(&settings, clock::now, || {}).unwrap();
    // Another process writes: the journal has to wait for it.
    let blocker = rusqlite::Connection::open(dir.path().join("journal.sqlite")).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    journal.append(entries(1, 5)).unwrap();
    journal.append(entries(6, 10)).unwrap();
    let back = journal.append(entries(11, 12)).unwrap_err();
    assert_eq!(back, entries(11, 12));
    assert_eq!(journal.progress().backlog, 10);
    blocker.execute_batch("ROLLBACK").unwrap();
    wait(&journal, "the backlog is written", |progress| progress.durable_seq == 10);
    store(&journal, entries(13, 15));
    let page = journal.reader().events_after(8, 100).unwrap();
    assert_eq!(page.entries, [entries(9, 10), entries(13, 15)].concat());
    let [hole] = &page.holes[..] else { panic!("{:?}", page.holes) };
    assert_eq!((hole.from, hole.to, hole.known), (11, 12, true));
    assert_eq!((page.through, page.last_seq), (15, 15));
    assert!(journal.append(entries(14, 16)).is_ok(), "numbers that are there already are passed over");
    wait(&journal, "the new one is written", |progress| progress.durable_seq == 16);
}

#[test]
fn pages_follow_one_another() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    store(&journal, entries(1, 700));
    let reader = journal.reader();
    let page = reader.events_after(690, 1_000).unwrap();
    assert_eq!(page.entries, entries(691, 700));
    let page = reader.events_after(0, 300).unwrap();
    assert_eq!((page.entries.len(), page.through, page.last_seq, page.oldest_seq), (300, 300, 700, 1));
    let page = reader.events_after(700, 300).unwrap();
    assert_eq!((page.entries.len(), page.through), (0, 700));
    assert_eq!(reader.events_after(9_000, 300).unwrap().through, 9_000);
}

/// The newest event of each alert, by the long way.
fn newest(sent: &[Entry]) -> Vec<Entry> {
    let mut newest: BTreeMap<&str, &Entry> = BTreeMap::new();
    for entry in sent {
        newest.insert(&entry.event.alert.alert_id, entry);
    }
    let mut newest: Vec<Entry> = newest.into_values().cloned().collect();
    newest.sort_by_key(|entry| entry.seq);
    newest
}

#[test]
fn alerts_are_found_by_state_code_severity_aircraft_and_number() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    let mut sent = entries(1, 600);
    sent.extend((601..=650).map(|seq| entry(seq, seq, AlertEventKind::Raised)));
    store(&journal, sent.clone());
    let reader = journal.reader();
    let ask = |query: AlertQuery, wanted: &dyn Fn(&Entry) -> bool| {
        let page = reader.alerts(&AlertQuery { limit: 1_000, ..query }).unwrap();
        let right: Vec<_> = newest(&sent).into_iter().filter(|entry| wanted(entry)).collect();
        assert!(!right.is_empty());
        assert_eq!(page.entries, right);
        assert_eq!((page.next_after, page.holes.len()), (None, 0));
    };
    let any = AlertQuery::default;
    ask(any(), &|_| true);
    let (open, cleared) = (AlertState::Open, AlertState::Cleared);
    ask(AlertQuery { states: vec![open], ..any() }, &|entry| entry.event.alert.state == open);
    ask(AlertQuery { states: vec![open, cleared], ..any() }, &|_| true);
    ask(AlertQuery { states: vec![cleared], after: 200, ..any() }, &|entry| {
        200 < entry.seq && entry.event.alert.state == cleared
    });
    ask(AlertQuery { codes: vec![AlertCode::Separation], ..any() }, &|entry| {
        entry.event.alert.code == AlertCode::Separation
    });
    ask(AlertQuery { min_severity: Some(Severity::Warning), ..any() }, &|entry| {
        Severity::Warning <= entry.event.alert.severity
    });
    let ids = ["UAS-0007", "UAS-0009"].map(|id| UasId::new(id).unwrap()).to_vec();
    ask(AlertQuery { uas_ids: ids.clone(), ..any() }, &|entry| {
        let alert = &entry.event.alert;
        ids.contains(&alert.uas_id) || alert.other.as_ref().is_some_and(|other| ids.contains(&other.uas_id))
    });
    let page = reader.alerts(&AlertQuery { limit: 10, ..any() }).unwrap();
    assert_eq!(page.entries, newest(&sent)[..10]);
    assert_eq!(page.next_after, Some(page.entries[9].seq));
    assert_eq!(reader.alert("A-0").unwrap(), Some(sent[2].clone()));
    assert_eq!(reader.alert("A-none").unwrap(), None);
}

#[test]
fn old_events_are_forgotten_but_for_open_alerts() {
    let dir = tempfile::tempdir().unwrap();
    let settings = JournalSettings::new(dir.path(), 1);
    let (journal, _) = Journal::open(&settings, clock::now, || {}).unwrap();
    let mut sent = vec![entry(1, 5_000, AlertEventKind::Raised), entry(2, 5_000, AlertEventKind::Updated)];
    sent.extend((3..=1_000).map(|seq| entry(seq, 6_000 + seq / 2, AlertEventKind::Cleared)));
    store(&journal, sent.clone());
    // The event n is n seconds after the start; 601 is exactly one day old.
    journal.retain(start().plus_seconds(86_400.0 + 601.0));
    let reader = journal.reader();
    crate::e2e_support::until("retention", 60.0, || (reader.oldest_seq().unwrap() == 601).then_some(()));
    let page = reader.events_after(0, 1_000).unwrap();
    assert_eq!((page.oldest_seq, page.holes.len()), (601, 0));
    assert_eq!(page.entries, sent[600..]);
    assert_eq!(reader.alert("A-5000").unwrap(), Some(sent[1].clone()));
    assert_eq!(reader.alert("A-6100").unwrap(), None);
    close(&journal);
    let (journal, recovered) = open(dir.path());
    assert_eq!((recovered.oldest_seq, recovered.last_seq), (601, 1_000));
    assert_eq!(recovered.open, [sent[1].clone()]);
    assert_eq!(recovered.damage, [""; 0]);
    // Its clearing is told, and then its old event goes as well.
    store(&journal, vec![entry(1_001, 5_000, AlertEventKind::Cleared)]);
    close(&journal);
    let verdict = lowsky::journal::verify(dir.path()).unwrap();
    assert_eq!((verdict.damage, verdict.events), (Vec::new(), 401));
    assert_eq!(open(dir.path()).1.open, []);
}

#[test]
fn a_hole_between_pages_is_named_once_and_passed_in_one_step() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    store(&journal, entries(1, 256));
    store(&journal, entries(5_000, 5_010));
    let reader = journal.reader();
    let named = |after: u64, limit: usize| {
        let page = reader.events_after(after, limit).unwrap();
        let holes: Vec<_> = page.holes.iter().map(|hole| (hole.from, hole.to)).collect();
        (page.entries.len(), holes, page.through)
    };
    assert_eq!(named(0, 256), (256, vec![], 256));
    assert_eq!(named(256, 256), (11, vec![(257, 4_999)], 5_010));
    assert_eq!(named(250, 10), (10, vec![(257, 4_999)], 5_003));
    assert_eq!(named(1_000, 1), (1, vec![(1_001, 4_999)], 5_000));
    assert_eq!(named(4_999, 100), (11, vec![], 5_010));
}

/// One step of a life.
#[derive(Debug, Clone)]
enum Step {
    Append(u64),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![5 => (1_u64..40).prop_map(Step::Append), 1 => Just(Step::Reopen)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn p02_any_life_gives_the_same_events_back(steps in prop::collection::vec(step(), 1..20), seed in 1_u64..9) {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, first) = open(dir.path());
        let mut sent: Vec<Entry> = Vec::new();
        for step in steps {
            match step {
                Step::Append(count) => {
                    let from = u64::try_from(sent.len()).unwrap() + 1;
                    let kind = |seq: u64| AlertEventKind::ALL[usize::try_from(seq * seed % 6).unwrap()];
                    let fresh: Vec<_> = (from..from + count).map(|seq| entry(seq, seq * seed % 11, kind(seq))).collect();
                    journal.append(fresh.clone()).unwrap();
                    sent.extend(fresh);
                }
                Step::Reopen => {
                    close(&journal);
                    journal = open(dir.path()).0;
                }
            }
        }
        close(&journal);
        let (journal, recovered) = open(dir.path());
        prop_assert_eq!(recovered.log_id, first.log_id);
        prop_assert_eq!(recovered.damage.len(), 0);
        let open: Vec<_> =
            newest(&sent).into_iter().filter(|entry| entry.event.alert.state == AlertState::Open).collect();
        prop_assert_eq!(recovered.open, open);
        prop_assert_eq!(everything(&journal.reader()), sent);
    }
}
