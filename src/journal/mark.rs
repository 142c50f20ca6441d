//! A small file beside the database, written in place so that a full disk does not matter: how far the history
//! had come, and whether events were published that are not in it.
//!
//! It is not synced: it outlives a killed process at once and a power cut in time, and it never says more than
//! the database had synced. A thread of its own writes it, because even such a write can hang on a sick disk.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::error::JournalError;
use super::file;
use super::seal::Seal;

/// Name of the file.
const FILE: &str = "journal.mark";

/// What the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Said {
    /// The newest number that was in the database.
    pub seq: u64,
    /// Whether events were published that are not in the database.
    pub beyond: bool,
}

/// What was found when the file was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// No such file.
    Nothing,
    /// A file that does not fit its checksum.
    Damaged,
    /// What it says.
    Said(Said),
}

/// Looks at the file of a folder.
pub(super) fn read(dir: &Path) -> Result<Found, JournalError> {
    let path = dir.join(FILE);
    match std::fs::read(&path) {
        Ok(bytes) => Ok(parse(&bytes).map_or(Found::Damaged, Found::Said)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Found::Nothing),
        Err(error) => Err(JournalError::Io { path, doing: "cannot be read", error }),
    }
}

/// Always of the same length, so that it can be written in place.
fn text(said: Said) -> String {
    let Said { seq, beyond } = said;
    let line = format!("lowsky journal mark 1\nseq {seq:020}\nbeyond {}\n", u8::from(beyond));
    let sum = Seal::of("mark").text(&line).finish_number();
    format!("{line}sum {sum:016x}\n")
}

fn parse(bytes: &[u8]) -> Option<Said> {
    let text_found = std::str::from_utf8(bytes).ok()?;
    let mut values = text_found.lines().skip(1).filter_map(|line| line.split(' ').nth(1));
    let said = Said { seq: values.next()?.parse().ok()?, beyond: values.next()? == "1" };
    (text(said) == text_found).then_some(said)
}

/// The file, and the thread that keeps it.
#[derive(Debug)]
pub(super) struct Mark {
    wish: Arc<(Mutex<Wish>, Condvar)>,
}

#[derive(Debug, Default)]
struct Wish {
    said: Said,
    /// Counts the wishes.
    version: u64,
    /// The newest wish that was carried out.
    written: u64,
    end: bool,
}

impl Mark {
    /// Writes and syncs what the file shall say from now on, and keeps it open.
    pub(super) fn start(dir: &Path, said: Said) -> Result<Self, JournalError> {
        let path = dir.join(FILE);
        let file = file::open(&path)?;
        let bytes = text(said);
        file.write_all_at(bytes.as_bytes(), 0)
            .and_then(|()| file.set_len(u64::try_from(bytes.len()).unwrap_or(0)))
            .and_then(|()| file.sync_all())
            .map_err(file::failed(&path, "cannot be written"))?;
        let wish = Arc::new((Mutex::new(Wish { said, ..Wish::default() }), Condvar::new()));
        let kept = Arc::clone(&wish);
        std::thread::Builder::new()
            .name("journal-mark".into())
            .spawn(move || keep(&kept, &file, &path))
            .map_err(|error| JournalError::Io {
                path: PathBuf::from(FILE),
                doing: "no thread for it",
                error,
            })?;
        Ok(Self { wish })
    }

    /// Changes what the file shall say; `change` decides while nothing else can change it. It is written soon.
    /// Gives whether it is anything new.
    pub(super) fn say(&self, change: impl FnOnce(&mut Said)) -> bool {
        let (wish, news) = &*self.wish;
        let mut wish = lock(wish);
        let before = wish.said;
        change(&mut wish.said);
        let changed = wish.said != before;
        if changed {
            wish.version = wish.version.wrapping_add(1);
            news.notify_all();
        }
        changed
    }

    /// Waits until all is written, or for `within`.
    pub(super) fn settle(&self, within: Duration) {
        let (wish, news) = &*self.wish;
        let wish = lock(wish);
        let version = wish.version;
        drop(news.wait_timeout_while(wish, within, |wish| wish.written < version && !wish.end));
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        let (wish, news) = &*self.wish;
        lock(wish).end = true;
        news.notify_all();
    }
}

/// Carries out wishes until the end.
fn keep(wish: &(Mutex<Wish>, Condvar), mut file: &File, path: &Path) {
    let (wish, news) = wish;
    loop {
        let asked = news
            .wait_while(lock(wish), |wish| wish.version == wish.written && !wish.end)
            .unwrap_or_else(PoisonError::into_inner);
        let (said, version, end) = (asked.said, asked.version, asked.end);
        let due = version != asked.written;
        drop(asked);
        if due && let Err(error) = file.write_all_at(text(said).as_bytes(), 0).and_then(|()| file.flush()) {
            tracing::warn!(path = %path.display(), %error, "the journal's mark cannot be written");
        }
        if end {
            return;
        }
        lock(wish).written = version;
        news.notify_all();
    }
}

fn lock(wish: &Mutex<Wish>) -> MutexGuard<'_, Wish> {
    wish.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for said in [Said::default(), Said { seq: u64::MAX, beyond: true }, Said { seq: 7, beyond: false }] {
            let text = text(said);
            assert_eq!(text.len(), super::text(Said::default()).len());
            assert_eq!(parse(text.as_bytes()), Some(said));
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let good = text(Said { seq: 41, beyond: false });
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone().into_bytes();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(parse(&bad), None, "bit {bit}");
        }
    }
}
