//! `lowsky journal verify | export | backup`, on journals at rest, in use, damaged and restored.

use std::path::Path;
use std::process::{Command, Output};

use lowsky::domain::AlertEventKind;
use lowsky::journal::Entry;

use crate::e2e_support::LOWSKY;
use crate::journal_support::{close, entries, entry, everything, open, store, written};

fn lowsky(arguments: &[&str]) -> Output {
    Command::new(LOWSKY).arg("journal").args(arguments).output().unwrap()
}

/// Runs a command that must end with that code; what it says.
fn says(arguments: &[&str], code: i32) -> String {
    let Output { status, stdout, stderr } = lowsky(arguments);
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert_eq!(status.code(), Some(code), "{arguments:?}: {said}");
    said
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Overwrites `old`, which must be in the file of a closed journal, with `new` of the same length.
pub(crate) fn deface(dir: &Path, old: &str, new: &str) {
    assert_eq!(old.len(), new.len());
    let file = dir.join("journal.sqlite");
    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes.windows(old.len()).position(|part| part == old.as_bytes()).expect("it is in the file");
    bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
    std::fs::write(&file, bytes).unwrap();
}

fn exported(entry: &Entry) -> String {
    format!(r#"{{"seq":{},"event":"{}","alert":{}}}"#, entry.seq, entry.event.event.name(), entry.alert_json)
}

#[test]
fn verify_passes_a_sound_journal_also_while_it_is_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, recovered) = open(dir.path());
    store(&journal, entries(1, 301));
    let said = says(&["verify", path(dir.path())], 0);
    assert!(said.contains("301 events, 1 to 301, 1 alerts open"), "{said}");
    assert!(said.contains(&*recovered.log_id) && said.contains("no damage"), "{said}");
    close(&journal);
    assert_eq!(says(&["verify", path(dir.path())], 0), said);
}

#[test]
fn the_configuration_names_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    written(&dir.path().join("history"), entries(1, 3));
    let config = dir.path().join("lowsky.toml");
    std::fs::write(&config, "[journal]\ndir = \"history\"\n").unwrap();
    assert!(says(&["verify", "--config", path(&config)], 0).contains("3 events"));
    assert_eq!(says(&["export", "--config", path(&config)], 0).lines().count(), 3);
    let absent = says(&["verify", path(&dir.path().join("nowhere"))], 1);
    assert!(absent.contains("no journal is there"), "{absent}");
}

#[test]
fn export_gives_every_event_as_it_was_published() {
    let dir = tempfile::tempdir().unwrap();
    let sent = entries(1, 2_500);
    written(dir.path(), sent.clone());
    let lines: Vec<String> = sent.iter().map(exported).collect();
    let said = says(&["export", "--dir", path(dir.path())], 0);
    assert_eq!(said.lines().collect::<Vec<_>>(), lines);
    let out = dir.path().join("out.jsonl");
    says(&["--dir", path(dir.path()), "export", "--from", "2499", path(&out)], 0);
    assert_eq!(std::fs::read_to_string(out).unwrap(), format!("{}\n", lines[2_498..].join("\n")));
}

#[test]
fn p02_a_damaged_event_is_named_by_all_and_never_returned() {
    let dir = tempfile::tempdir().unwrap();
    let sent = entries(1, 30);
    let first = written(dir.path(), sent.clone());
    deface(dir.path(), "Too close, 7 times", "Too close, 9 times");
    let said = says(&["verify", path(dir.path())], 1);
    assert!(said.contains("event 7: does not fit its checksum"), "{said}");
    assert!(said.contains("29 events"), "{said}");
    let said = says(&["export", "--dir", path(dir.path())], 1);
    assert!(said.contains("event 7: does not fit its checksum"), "{said}");
    assert!(
        !said.contains("Too close, 9 times") || said.matches("Too close, 9 times").count() == 1,
        "{said}"
    );

    // It is not the newest event of an open alert, so that the service starts as ever, and readers are told.
    let (journal, recovered) = open(dir.path());
    assert_eq!(recovered.log_id, first.log_id);
    let page = journal.reader().events_after(0, 100).unwrap();
    assert_eq!(page.entries, [&sent[..6], &sent[7..]].concat());
    assert_eq!((page.holes[0].from, page.holes[0].to, page.holes.len()), (7, 7, 1));
}

#[test]
fn a_backup_of_a_journal_in_use_is_whole_and_restores_as_a_new_history() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("var");
    let (journal, first) = open(&home);
    let sent = [entries(1, 300), vec![entry(301, 999, AlertEventKind::Raised)]].concat();
    store(&journal, sent.clone());
    let file = dir.path().join("backup.sqlite");
    let said = says(&["--dir", path(&home), "backup", path(&file)], 0);
    assert!(said.contains("301 events") && said.contains("to restore it"), "{said}");
    assert!(says(&["--dir", path(&home), "backup", path(&file)], 1).contains("is there already"));
    store(&journal, entries(302, 310));
    close(&journal);
    assert!(says(&["verify", path(&file)], 0).contains("301 events"));

    for name in ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"] {
        drop(std::fs::remove_file(home.join(name)));
    }
    std::fs::copy(&file, home.join("journal.sqlite")).unwrap();
    let (journal, restored) = open(&home);
    assert_ne!(restored.log_id, first.log_id);
    assert_eq!((restored.last_seq, restored.open, restored.damage.len()), (301, vec![sent[300].clone()], 0));
    assert_eq!(everything(&journal.reader()), sent);
    close(&journal);
    assert_eq!(open(&home).1.log_id, restored.log_id, "new at the first start only");
}

#[test]
fn a_newer_format_is_refused_with_clear_words() {
    use lowsky::journal::{Journal, JournalError, JournalSettings};
    let dir = tempfile::tempdir().unwrap();
    written(dir.path(), entries(1, 3));
    // What a newer lowsky would have written: the checksum is made as for every other fact.
    let database = rusqlite::Connection::open(dir.path().join("journal.sqlite")).unwrap();
    let mut seal = <sha2::Sha256 as sha2::Digest>::new();
    for text in ["about", "format", "2"] {
        sha2::Digest::update(&mut seal, u64::try_from(text.len()).unwrap().to_le_bytes());
        sha2::Digest::update(&mut seal, text);
    }
    let seal = sha2::Digest::finalize(seal);
    let changed = database
        .execute("UPDATE about SET value = '2', checksum = ?1 WHERE name = 'format'", [&seal[..16]])
        .unwrap();
    assert_eq!(changed, 1);
    drop(database);
    let refused = Journal::open(&JournalSettings::new(dir.path(), 1), lowsky::service::clock::now, || {});
    assert!(matches!(refused, Err(JournalError::NewerFormat { found: 2, known: 1, .. })), "{refused:?}");
    assert!(says(&["verify", path(dir.path())], 1).contains("newer lowsky"));
    assert!(dir.path().join("journal.sqlite").exists());
}
