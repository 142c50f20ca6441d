//! The rebuilding of a damaged journal, killed after each of its steps.

use std::path::Path;
use std::process::{Command, Stdio};

use lowsky::journal::verify;

use crate::journal_faults::{child_arguments, snapshot};
use crate::journal_support::{close, entries, everything, open, store};

/// Names of the files in a folder.
fn names(dir: &Path) -> Vec<String> {
    let files = std::fs::read_dir(dir).unwrap();
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn p02_a_rebuilding_that_is_killed_after_any_step_loses_nothing() {
    if !crate::means::strace() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let (journal, first) = open(home.path());
    close(&journal);
    let (journal, _) = open(home.path());
    store(&journal, entries(1, 60));
    // The newest events are in the write-ahead log alone, and a page of the database that it does not have is damaged.
    let killed = home.path().join("killed");
    snapshot(home.path(), &killed);
    close(&journal);
    assert!(killed.join("journal.sqlite-wal").metadata().unwrap().len() > 0);
    crate::journal_tools::deface(&killed, "format1", "farmat1");
    let mut steps = 0;
    for step in 1.. {
        let dir = home.path().join(format!("step-{step}"));
        snapshot(&killed, &dir);
        let log = home.path().join("strace.log");
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-e", "trace=rename,renameat,renameat2"]);
        command.args(["-e", &format!("inject=rename,renameat,renameat2:signal=KILL:when={step}"), "-o"]);
        command.arg(&log).arg(std::env::current_exe().unwrap());
        child_arguments(&mut command, &dir, "nothing");
        let output = command.stderr(Stdio::null()).output().unwrap();
        if output.status.success() {
            break;
        }
        assert!(std::fs::read_to_string(&log).unwrap().contains("killed by SIGKILL"), "no kill at {step}");
        steps = step;
        let (journal, recovered) = open(&dir);
        assert_eq!(recovered.damage.len(), 1, "step {step}: {:?}", recovered.damage);
        assert_eq!(recovered.log_id, first.log_id, "step {step}: nothing was lost");
        assert_eq!(everything(&journal.reader()), entries(1, 60), "step {step}");
        close(&journal);
        assert_eq!(verify(&dir).unwrap().damage, [""; 0], "step {step}");
        let names = names(&dir);
        let aside = |end: &str| {
            names.iter().filter(|name| name.starts_with("journal.damaged-") && name.ends_with(end)).count()
        };
        assert_eq!((aside(".sqlite"), aside(".sqlite-wal")), (1, 1), "step {step}: {names:?}");
        assert!(!names.iter().any(|name| name.contains("ready") || name.contains("rebuilt")), "{names:?}");
    }
    assert!(4 <= steps, "only {steps} steps were seen");
}
