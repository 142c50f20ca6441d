//! The journal under kill -9 and on disks that are full, refuse, hang or go away. Every test asserts that its
//! fault was there.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lowsky::journal::{Condition, Journal, JournalSettings, Store};
use lowsky::service::clock;

use crate::e2e_support::until;
use crate::journal_support::{PATIENCE_S, close, entries, everything, open, store, wait};
use crate::means::unjudged;

/// Names the folder to a child, and what it is to do there.
const CHILD: [&str; 2] = ["LOWSKY_TEST_JOURNAL_DIR", "LOWSKY_TEST_JOURNAL_ROLE"];

/// This very test program as another process, in which only [`child`] runs.
pub(crate) fn child_arguments(command: &mut Command, dir: &Path, role: &str) {
    command
        .args(["journal_faults::child", "--exact", "--ignored", "--nocapture"])
        .envs([(CHILD[0], dir.as_os_str()), (CHILD[1], role.as_ref())])
        .stdout(Stdio::piped());
}

fn start_child(dir: &Path, role: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    child_arguments(&mut command, dir, role);
    command.spawn().unwrap()
}

/// The lines of a child that ends by itself, which it must do well.
fn finish(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && said.contains("child: done"), "{said}");
    said
}

#[test]
#[ignore = "the other process of the tests below"]
fn child() {
    let [Ok(dir), Ok(role)] = CHILD.map(std::env::var) else { return };
    let (journal, recovered) = open(Path::new(&dir));
    let next = recovered.last_seq + 1;
    match role.as_str() {
        "for ever" => append_eagerly(&journal, next, 1_000_000),
        "some" => append_eagerly(&journal, next, 150),
        "until it hangs" => append_until_it_hangs(&journal, next),
        "to the limit" => append_to_the_limit(&journal, next, Path::new(&dir)),
        "nothing" => {}
        other => panic!("{other}"),
    }
    close(&journal);
    println!("child: done");
}

/// Appends events as fast as they become durable, some of them on their way at any time, and says how far it is.
fn append_eagerly(journal: &Journal, next: u64, count: u64) {
    let mut told = next - 1;
    let mut failed = false;
    for seq in next..next + count {
        journal.append(entries(seq, seq)).unwrap();
        let least = if seq == next + count - 1 { seq } else { seq.saturating_sub(8) };
        until("events are durable", PATIENCE_S, || {
            let progress = journal.progress();
            if progress.condition != Condition::Writable && !failed {
                failed = true;
                println!("child: failed");
            }
            if told < progress.durable_seq {
                told = progress.durable_seq;
                println!("child: durable {told}");
            }
            (least <= progress.durable_seq).then_some(())
        });
    }
}

/// Appends until an event does not become durable for a while; what comes then must not wait.
fn append_until_it_hangs(journal: &Journal, next: u64) {
    let is_durable = |seq: u64| {
        for _ in 0..50 {
            if seq <= journal.progress().durable_seq {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    };
    let mut last = next;
    while {
        journal.append(entries(last, last)).unwrap();
        is_durable(last)
    } {
        last += 1;
        assert!(last < next + 200, "it never hung");
    }
    journal.mark_unsafe(last);
    journal.append(entries(last + 1, last + 100)).unwrap();
    let progress = journal.progress();
    assert!(progress.durable_seq < last, "the disk was back before anybody could have waited for it");
    assert_eq!(progress.condition, Condition::Writable);
    println!("child: hung at {last}");
    wait(journal, "all is durable", |progress| last + 100 <= progress.durable_seq);
}

/// Appends until files may not grow, then until they may.
fn append_to_the_limit(journal: &Journal, next: u64, dir: &Path) {
    use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    drop(signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).unwrap());
    store(journal, entries(next, next + 20));
    let before = getrlimit(Resource::Fsize);
    let size = std::fs::metadata(dir.join("journal.sqlite-wal")).unwrap().len();
    setrlimit(Resource::Fsize, Rlimit { current: Some(size + 3_000), ..before }).unwrap();
    journal.append(entries(next + 21, next + 220)).unwrap();
    let progress = wait(journal, "the limit is met", |progress| progress.condition != Condition::Writable);
    assert_eq!(progress.durable_seq, next + 20);
    journal.mark_unsafe(next + 30);
    setrlimit(Resource::Fsize, before).unwrap();
    println!("child: {:?}", progress.condition);
    wait(journal, "all is durable", |progress| next + 220 <= progress.durable_seq);
}

/// All of `entries(1, last)` is in the journal, which was never in doubt.
fn is_whole(dir: &Path, log_id: &str, least: u64) {
    let (journal, recovered) = open(dir);
    assert_eq!(recovered.damage, [""; 0]);
    assert_eq!(&*recovered.log_id, log_id);
    assert!(least <= recovered.last_seq, "{} of {least}", recovered.last_seq);
    assert_eq!(everything(&journal.reader()), entries(1, recovered.last_seq));
    close(&journal);
    let verdict = lowsky::journal::verify(dir).unwrap();
    assert_eq!((verdict.damage.len(), verdict.losses.len()), (0, 0), "{verdict:?}");
}

fn begin(dir: &Path) -> String {
    let (journal, recovered) = open(dir);
    close(&journal);
    recovered.log_id.to_string()
}

#[test]
fn p02_a_durable_event_survives_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let log_id = begin(dir.path());
    let mut durable = 0;
    for cycle in 0..25_u64 {
        let mut child = start_child(dir.path(), "for ever");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        // At another moment each time: after so many events, and some more of which nothing was heard.
        let heard = durable + 1 + cycle * 7 % 40;
        for line in &mut lines {
            if let Some(seq) = line.strip_prefix("child: durable ") {
                durable = seq.parse().unwrap();
            }
            if heard <= durable {
                break;
            }
        }
        std::thread::sleep(Duration::from_millis(cycle * 3 % 17));
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success(), "it ended before it was killed");
        for line in lines {
            durable =
                line.strip_prefix("child: durable ").and_then(|seq| seq.parse().ok()).unwrap_or(durable);
        }
        is_whole(dir.path(), &log_id, durable);
    }
    assert!(500 < durable, "{durable}");
}

/// A child under strace, which injects faults into some of its system calls; `None` where that cannot be done.
#[track_caller]
fn under_strace(dir: &Path, role: &str, log: &Path, inject: &str) -> Option<Child> {
    if !crate::means::strace() {
        return None;
    }
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", "trace=fsync,fdatasync", "-e", inject, "-o"]).arg(log);
    command.arg(std::env::current_exe().unwrap());
    child_arguments(&mut command, dir, role);
    Some(command.spawn().unwrap())
}

/// Where a folder and the log of strace lie.
fn places(dir: &Path) -> (PathBuf, PathBuf) {
    (dir.join("var"), dir.join("strace.log"))
}

#[test]
fn p03_after_a_sync_that_failed_nothing_is_lost_and_nothing_is_doubled() {
    let dir = tempfile::tempdir().unwrap();
    let (home, log) = places(dir.path());
    let log_id = begin(&home);
    let inject = "inject=fsync,fdatasync:error=EIO:when=30..41";
    let Some(child) = under_strace(&home, "some", &log, inject) else { return };
    let said = finish(child);
    assert!(said.contains("child: failed"), "{said}");
    assert!(std::fs::read_to_string(&log).unwrap().contains("(INJECTED)"), "no fault was injected");
    is_whole(&home, &log_id, 150);
}

#[test]
fn p03_a_sync_that_hangs_holds_up_nobody_who_appends() {
    let dir = tempfile::tempdir().unwrap();
    let (home, log) = places(dir.path());
    let log_id = begin(&home);
    let inject = "inject=fsync,fdatasync:delay_enter=6000000:when=20";
    let Some(child) = under_strace(&home, "until it hangs", &log, inject) else { return };
    let said = finish(child);
    assert!(said.contains("child: hung at"), "{said}");
    assert!(std::fs::read_to_string(&log).unwrap().contains("(DELAYED)"), "no delay was injected");
    is_whole(&home, &log_id, 100);
}

#[test]
fn p03_a_file_size_limit_is_told_and_recovered_from_without_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let log_id = begin(dir.path());
    let said = finish(start_child(dir.path(), "to the limit"));
    assert!(said.contains("child: Failing"), "{said}");
    is_whole(dir.path(), &log_id, 221);
}

/// A small file system of its own, unmounted at the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    #[track_caller]
    fn mount(at: &Path) -> Option<Self> {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", "size=8m,mode=700", "lowsky-test"]).arg(at).stderr(Stdio::null());
        if command.status().is_ok_and(|status| status.success()) {
            return Some(Self(at.to_owned()));
        }
        unjudged("SKIPPED: no right to mount a small disk");
        None
    }

    /// Takes all the room that is left.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("ballast");
        let full = std::fs::write(&path, vec![1; 16 << 20]).unwrap_err();
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

/// What would be on disk if the process were killed now.
pub(crate) fn snapshot(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        if file.file_name().to_string_lossy().starts_with("journal.") {
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
}

#[test]
fn p03_a_full_disk_is_told_and_recovered_from_without_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mounted = dir.path().join("disk");
    std::fs::create_dir(&mounted).unwrap();
    let Some(disk) = SmallDisk::mount(&mounted) else { return };
    let (journal, recovered) = open(&mounted);
    store(&journal, entries(1, 30));
    let ballast = disk.fill();
    journal.append(entries(31, 600)).unwrap();
    let progress = wait(&journal, "the disk is full", |progress| progress.condition != Condition::Writable);
    let Condition::Failing { reason, since } = &progress.condition else { panic!() };
    assert!(reason.contains("full") || reason.contains("I/O"), "{reason}");
    assert_eq!((progress.durable_seq, progress.backlog), (30, 570));
    journal.append(entries(601, 603)).unwrap();
    journal.mark_unsafe(603);
    let still = wait(&journal, "it is still full", |progress| progress.backlog == 573);
    assert!(matches!(still.condition, Condition::Failing { since: still, .. } if still == *since));

    // Killed at this moment, the next start would know that something is lost.
    until("the mark is written", PATIENCE_S, || {
        std::fs::read_to_string(mounted.join("journal.mark")).ok().filter(|text| text.contains("603"))
    });
    let killed = dir.path().join("killed");
    snapshot(&mounted, &killed);
    let (_other, lost) = open(&killed);
    assert_ne!(lost.log_id, recovered.log_id);
    assert!(lost.damage[0].contains("not in the history"), "{:?}", lost.damage);
    assert_eq!(lost.last_seq, 30);

    std::fs::remove_file(ballast).unwrap();
    let progress = wait(&journal, "all is written", |progress| progress.durable_seq == 603);
    assert_eq!((progress.condition, progress.backlog), (Condition::Writable, 0));
    close(&journal);
    is_whole(&mounted, &recovered.log_id, 603);
}

#[test]
fn p03_a_journal_that_is_taken_away_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, recovered) = open(dir.path());
    store(&journal, entries(1, 30));
    let (path, away) = (dir.path().join("journal.sqlite"), dir.path().join("away"));
    std::fs::rename(&path, &away).unwrap();
    journal.append(entries(31, 40)).unwrap();
    let progress = wait(&journal, "it is noticed", |progress| progress.condition != Condition::Writable);
    assert_eq!(progress.durable_seq, 30);
    std::fs::rename(&away, &path).unwrap();
    wait(&journal, "it is back", |progress| progress.durable_seq == 40);
    close(&journal);
    is_whole(dir.path(), &recovered.log_id, 40);
}

#[test]
fn p03_events_that_found_no_room_keep_the_mark_until_they_are_on_record() {
    let dir = tempfile::tempdir().unwrap();
    let settings = JournalSettings { backlog_entries: 10, ..JournalSettings::new(dir.path(), 730) };
    let opened = || Journal::open(&settings, clock::now, || {}).unwrap();
    let fill = |journal: &Journal, from: u64| {
        let blocker = rusqlite::Connection::open(dir.path().join("journal.sqlite")).unwrap();
        blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
        journal.append(entries(from, from + 9)).unwrap();
        assert!(journal.append(entries(from + 10, from + 11)).is_err());
        journal.mark_unsafe(from + 11);
        blocker.execute_batch("ROLLBACK").unwrap();
        wait(journal, "the backlog is written", |progress| progress.durable_seq == from + 9);
    };
    let (journal, first) = opened();
    fill(&journal, 1);
    store(&journal, entries(13, 13));
    close(&journal);
    let (journal, second) = opened();
    assert_eq!((&second.log_id, second.damage.len()), (&first.log_id, 0));
    fill(&journal, 14);
    close(&journal);
    let (_journal, third) = opened();
    assert_ne!(third.log_id, first.log_id);
    assert!(third.damage[0].contains("not in the history"), "{:?}", third.damage);
}

#[test]
fn p03_what_was_published_too_early_and_came_to_the_disk_after_all_is_the_same_history() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, recovered) = open(dir.path());
    let blocker = rusqlite::Connection::open(dir.path().join("journal.sqlite")).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    journal.append(entries(1, 10)).unwrap();
    journal.mark_unsafe(10);
    until("the mark is written", PATIENCE_S, || {
        let text = std::fs::read_to_string(dir.path().join("journal.mark")).ok()?;
        text.contains("published 00000000000000000010").then_some(())
    });
    let early = dir.path().join("early");
    snapshot(dir.path(), &early);
    blocker.execute_batch("ROLLBACK").unwrap();
    wait(&journal, "all is written", |progress| progress.durable_seq == 10);
    drop(blocker);
    close(&journal);
    is_whole(dir.path(), &recovered.log_id, 10);

    // Killed before, the published events are lost, and the next ones must not be taken for them.
    let (_other, lost) = open(&early);
    assert_eq!(lost.last_seq, 0);
    assert_ne!(lost.log_id, recovered.log_id);
    assert!(lost.damage[0].contains("not in the history"), "{:?}", lost.damage);
}
