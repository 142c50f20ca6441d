//! Damage to the journal's files is found and named; nothing that was written is ever read back different, and
//! what can be saved is saved.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lowsky::domain::AlertEventKind;
use lowsky::journal::{AlertQuery, Entry, Journal, JournalSettings, Reader, Store, verify};
use lowsky::service::clock;

use crate::journal_support::{close, entries, entry, everything, open, store, wait, written};

/// A small history with an open alert, on which every bit is tried.
fn small() -> Vec<Entry> {
    let mut sent = entries(1, 12);
    sent.push(entry(13, 77, AlertEventKind::Raised));
    sent.push(entry(14, 78, AlertEventKind::Raised));
    sent
}

fn database(dir: &Path) -> PathBuf {
    dir.join("journal.sqlite")
}

/// Everything that readers can ask for.
fn all_answers(path: &Path) -> Option<(Vec<Entry>, Vec<Entry>, Vec<Entry>)> {
    let reader = Reader::open(path).ok()?;
    let page =
        reader.events_after(0, 1_000).ok().filter(|page| page.holes.is_empty() && page.oldest_seq == 1)?;
    let ask = |query: AlertQuery| reader.alerts(&AlertQuery { limit: 1_000, ..query }).ok();
    let open = ask(AlertQuery { states: vec![lowsky::domain::AlertState::Open], ..AlertQuery::default() })?;
    let all = ask(AlertQuery::default())?;
    Some((page.entries, open.entries, all.entries))
}

#[test]
fn p02_no_flipped_bit_is_read_as_something_else() {
    let dir = tempfile::tempdir().unwrap();
    let sent = small();
    written(dir.path(), sent.clone());
    let good = std::fs::read(database(dir.path())).unwrap();
    let right = all_answers(dir.path()).unwrap();
    assert_eq!(right.0, sent);
    let (mut named, mut harmless) = (0, 0);
    // A dense sample: bytes that are nothing but padding are skipped for the most part, every other is tried.
    let bytes = (0..good.len()).filter(|&at| good[at] != 0 || at % 61 == 0);
    for (count, at) in bytes.enumerate().filter(|(count, at)| *at < 100 || count % 11 == 0) {
        let mut bad = good.clone();
        bad[at] ^= 1 << (count % 8);
        std::fs::write(database(dir.path()), &bad).unwrap();
        let found = verify(dir.path()).map_or_else(|error| vec![error.to_string()], |verdict| verdict.damage);
        if found.is_empty() {
            assert_eq!(all_answers(dir.path()).as_ref(), Some(&right), "byte {at} changed what is read");
            harmless += 1;
        } else {
            named += 1;
        }
    }
    assert!(300 < named, "{named} named, {harmless} harmless");
}

#[test]
fn p02_opening_after_a_flipped_bit_saves_what_can_be_saved() {
    let sent = small();
    let good_dir = tempfile::tempdir().unwrap();
    let first = written(good_dir.path(), sent.clone());
    let good = std::fs::read(database(good_dir.path())).unwrap();
    let mark = std::fs::read(good_dir.path().join("journal.mark")).unwrap();
    let mut moved = 0;
    let bytes: Vec<_> = (0..good.len()).filter(|&at| good[at] != 0).collect();
    for (count, at) in bytes.iter().copied().enumerate().step_by(60) {
        let dir = tempfile::tempdir().unwrap();
        let mut bad = good.clone();
        bad[at] ^= 1 << (count % 8);
        std::fs::write(database(dir.path()), &bad).unwrap();
        std::fs::write(dir.path().join("journal.mark"), &mark).unwrap();
        let opened = Journal::open(&JournalSettings::new(dir.path(), 730), clock::now, || {});
        let (journal, recovered) = opened.unwrap_or_else(|error| panic!("byte {at}: {error}"));
        assert_eq!(recovered.last_seq, 14, "byte {at}");
        if recovered.log_id == first.log_id {
            assert_eq!(recovered.open, sent[12..], "byte {at}");
        } else {
            assert!(!recovered.damage.is_empty(), "byte {at}");
        }
        let page = journal.reader().events_after(0, 1_000).unwrap();
        let told: u64 = page.holes.iter().map(|hole| hole.to - hole.from + 1).sum();
        assert_eq!(u64::try_from(page.entries.len()).unwrap() + told, 14, "byte {at}: {page:?}");
        assert!(page.entries.iter().all(|entry| sent.contains(entry)), "byte {at}");
        if !recovered.damage.is_empty() {
            moved += 1;
            let aside = std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path());
            let aside: Vec<_> =
                aside.filter(|path| path.to_string_lossy().contains("journal.damaged-")).collect();
            assert!(aside.iter().any(|path| std::fs::read(path).unwrap() == bad), "byte {at}: {aside:?}");
            // The new one is sound, but for what it has on record.
            store(&journal, entries(15, 17));
            close(&journal);
            assert_eq!(verify(dir.path()).unwrap().damage, [""; 0], "byte {at}");
        }
    }
    assert!(10 < moved, "{moved}");
}

/// Copies what a killed process would leave.
fn killed(from: &Path) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in ["journal.sqlite", "journal.sqlite-wal", "journal.mark"] {
        std::fs::copy(from.join(name), dir.path().join(name)).unwrap();
    }
    dir
}

#[test]
fn p02_damage_to_the_write_ahead_log_is_named() {
    let home = tempfile::tempdir().unwrap();
    let (journal, first) = open(home.path());
    for seq in 1..=30 {
        store(&journal, entries(seq, seq));
    }
    crate::e2e_support::until("the mark is written", 60.0, || {
        let text = std::fs::read_to_string(home.path().join("journal.mark")).unwrap();
        text.contains("seq 00000000000000000030").then_some(())
    });
    let whole = killed(home.path());
    assert_eq!(open(whole.path()).1.last_seq, 30);
    let len = std::fs::metadata(home.path().join("journal.sqlite-wal")).unwrap().len();
    let mut named = 0;
    for at in (0..len).step_by(usize::try_from(len / 60).unwrap()) {
        let dir = killed(home.path());
        let path = dir.path().join("journal.sqlite-wal");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[usize::try_from(at).unwrap()] ^= 4;
        std::fs::write(&path, bytes).unwrap();
        let (journal, recovered) = open(dir.path());
        let page = journal.reader().events_after(0, 1_000).unwrap();
        if recovered.damage.is_empty() {
            assert_eq!(page.entries, entries(1, 30), "byte {at}");
        } else {
            named += 1;
            assert_ne!(recovered.log_id, first.log_id);
            assert_eq!(recovered.last_seq, 30, "numbers are never given twice");
            assert!(page.holes.iter().any(|hole| hole.to == 30), "byte {at}: {page:?}");
        }
    }
    assert!(30 < named, "{named}");
}

#[test]
fn p02_a_file_that_is_no_database_is_moved_aside() {
    for content in [&b""[..], b"not a database, but long enough to be looked at as one", &[0; 8192]] {
        let dir = tempfile::tempdir().unwrap();
        let first = written(dir.path(), entries(1, 30));
        std::fs::write(database(dir.path()), content).unwrap();
        let (journal, recovered) = open(dir.path());
        assert_ne!(recovered.log_id, first.log_id);
        assert_eq!((recovered.damage.len(), recovered.last_seq), (1, 30), "{:?}", recovered.damage);
        assert!(recovered.damage[0].contains("journal.damaged-"), "{:?}", recovered.damage);
        store(&journal, entries(31, 33));
        let page = journal.reader().events_after(0, 100).unwrap();
        assert_eq!(page.entries, entries(31, 33));
    }
}

#[test]
fn p02_a_truncated_file_keeps_what_it_still_has() {
    let dir = tempfile::tempdir().unwrap();
    let sent = entries(1, 900);
    let first = written(dir.path(), sent.clone());
    let bytes = std::fs::read(database(dir.path())).unwrap();
    std::fs::write(database(dir.path()), &bytes[..bytes.len() / 2]).unwrap();
    let (journal, recovered) = open(dir.path());
    assert_ne!(recovered.log_id, first.log_id);
    assert_eq!((recovered.damage.len(), recovered.last_seq), (1, 900), "{:?}", recovered.damage);
    let page = journal.reader().events_after(0, 2_000).unwrap();
    assert!(100 < page.entries.len(), "{} saved", page.entries.len());
    assert!(page.entries.iter().all(|entry| sent.contains(entry)));
    let lost: u64 = page.holes.iter().map(|hole| hole.to - hole.from + 1).sum();
    assert_eq!(u64::try_from(page.entries.len()).unwrap() + lost, 900);
}

#[test]
fn p02_events_are_found_though_no_page_leads_to_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut sent = entries(1, 900);
    // One that does not fit into a page, and one that does not fit into two.
    for (seq, len) in [(500, 6_000), (501, 12_000)] {
        let mut large = entry(seq, 4_000 + seq, AlertEventKind::Cleared);
        let json = large.alert_json.replace("第", &"第".repeat(len / 3));
        let alert = serde_json::from_str(&json).unwrap();
        let event = lowsky::domain::AlertEvent { event: AlertEventKind::Cleared, alert };
        large = Entry { seq, event: Arc::new(event), alert_json: json.into() };
        sent[usize::try_from(seq).unwrap() - 1] = large;
    }
    let first = written(dir.path(), sent.clone());
    let root: u32 = rusqlite::Connection::open(database(dir.path()))
        .unwrap()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'event'", [], |row| row.get(0))
        .unwrap();
    let mut bytes = std::fs::read(database(dir.path())).unwrap();
    let at = usize::try_from(root - 1).unwrap() * 4096;
    assert_eq!(bytes[at], 5, "the root leads to other pages");
    bytes[at..at + 4096].fill(0);
    std::fs::write(database(dir.path()), bytes).unwrap();
    let (journal, recovered) = open(dir.path());
    assert_eq!(recovered.damage.len(), 1, "{:?}", recovered.damage);
    assert_eq!(everything(&journal.reader()), sent);
    assert_eq!(recovered.log_id, first.log_id, "nothing was lost");
}

#[test]
fn p02_a_history_that_is_gone_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let first = written(dir.path(), entries(1, 30));
    std::fs::remove_file(database(dir.path())).unwrap();
    let (journal, recovered) = open(dir.path());
    assert_ne!(recovered.log_id, first.log_id);
    assert!(recovered.damage[0].contains("gone"), "{:?}", recovered.damage);
    assert_eq!((recovered.last_seq, recovered.oldest_seq), (30, 31), "numbers are never given twice");
    store(&journal, entries(31, 33));
    assert_eq!(journal.reader().events_after(30, 10).unwrap().entries, entries(31, 33));
}

#[test]
fn p02_a_salvage_that_was_interrupted_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    let sent = entries(1, 30);
    let first = written(dir.path(), sent.clone());
    // The damaged one was moved away, and the power went before the new one took its place.
    std::fs::rename(database(dir.path()), dir.path().join("journal.rebuilt.sqlite")).unwrap();
    let (journal, recovered) = open(dir.path());
    assert_eq!((recovered.log_id, recovered.damage.len()), (first.log_id, 0));
    assert_eq!(everything(&journal.reader()), sent);
    // One that was interrupted earlier begins anew.
    close(&journal);
    std::fs::write(dir.path().join("journal.rebuilt.sqlite"), "half of it").unwrap();
    crate::journal_tools::deface(dir.path(), "CREATE TABLE hole", "CREATE TABLE hale");
    let (journal, recovered) = open(dir.path());
    assert_eq!(recovered.damage.len(), 1);
    assert_eq!(everything(&journal.reader()), sent);
    assert!(!dir.path().join("journal.rebuilt.sqlite").exists());
}

/// Bytes that this thread has read so far.
fn bytes_read() -> u64 {
    let io = std::fs::read_to_string("/proc/thread-self/io").unwrap();
    io.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap()
}

/// Opening reads the open alerts, not the history.
fn opens_without_reading_the_history(events: u64, open_alerts: u64) {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(dir.path());
    let mut next = 1;
    while next <= events {
        let to = events.min(next + 4_999);
        store(&journal, entries(next, to));
        next = to + 1;
    }
    let raised = |seq| entry(seq, 10_000_000 + seq, AlertEventKind::Raised);
    store(&journal, (next..next + open_alerts).map(raised).collect());
    close(&journal);
    let size = std::fs::metadata(database(dir.path())).unwrap().len();
    let (before, watch) = (bytes_read(), clock::Stopwatch::start());
    let woken = Arc::new(());
    let (journal, recovered) =
        Journal::open(&JournalSettings::new(dir.path(), 730), clock::now, move || drop(Arc::clone(&woken)))
            .unwrap();
    let (read, took) = (bytes_read() - before, watch.elapsed());
    println!("{events} events, {size} bytes: opened in {took:?}, {read} bytes read");
    assert_eq!(recovered.damage, [""; 0]);
    assert_eq!(u64::try_from(recovered.open.len()).unwrap(), open_alerts);
    assert!(read < open_alerts * 8_192 + (1 << 20), "{read} bytes read of {size}");
    journal.probe(1);
    wait(&journal, "it takes a probe", |progress| progress.probed == 1);
}

#[test]
fn p08_opening_takes_as_long_as_there_are_open_alerts_not_history() {
    opens_without_reading_the_history(21_000, 100);
}

#[test]
#[ignore = "takes minutes: by hand, with --no-capture for the figures"]
fn p08_a_million_events_and_ten_thousand_open_alerts() {
    opens_without_reading_the_history(1_000_002, 10_000);
}
