//! A small file beside the database, written in place so that a full disk does not matter: how far the history
//! had come, what was published before it was in it, how far the broker has confirmed, and when it was last heard.
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
/// More events than can have been published before they were in the database: the first format has no number.
const UNKNOWN: u64 = 1_000_000;

/// What the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Said {
    /// The newest number that was in the database.
    pub seq: u64,
    /// The newest number that was published before it was in the database; 0 if none was.
    pub published: u64,
    /// The broker has confirmed every event up to this number.
    pub told: u64,
    /// When the broker was last heard, microseconds since 1970; 0 if it never was.
    pub heard_us: u64,
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
    let Said { heard_us, .. } = said;
    sealed(&format!("lowsky journal mark 3\n{}heard {heard_us:020}\n", counts(said)))
}

fn counts(said: Said) -> String {
    let Said { seq, published, told, .. } = said;
    format!("seq {seq:020}\npublished {published:020}\ntold {told:020}\n")
}

fn sealed(lines: &str) -> String {
    let sum = Seal::of("mark").text(lines).finish_number();
    format!("{lines}sum {sum:016x}\n")
}

fn parse(bytes: &[u8]) -> Option<Said> {
    let found = std::str::from_utf8(bytes).ok()?;
    let values: Vec<&str> = found.lines().skip(1).filter_map(|line| line.split(' ').nth(1)).collect();
    let number = |text: &str| text.parse::<u64>().ok();
    // The last value is the sum.
    let (said, expected) = match *values.as_slice() {
        [seq, published, told, heard_us, _] => {
            let (seq, published, told) = (number(seq)?, number(published)?, number(told)?);
            let said = Said { seq, published, told, heard_us: number(heard_us)? };
            (said, text(said))
        }
        // The second format did not know when the broker was heard.
        [seq, published, told, _] => {
            let (seq, published, told) = (number(seq)?, number(published)?, number(told)?);
            let said = Said { seq, published, told, heard_us: 0 };
            (said, sealed(&format!("lowsky journal mark 2\n{}", counts(said))))
        }
        // The first format knew only whether anything was published that was not in the database.
        [seq, beyond, _] => {
            let seq = number(seq)?;
            let published = if beyond == "1" { seq.saturating_add(UNKNOWN) } else { 0 };
            let said = Said { seq, published, told: seq, heard_us: 0 };
            (said, sealed(&format!("lowsky journal mark 1\nseq {seq:020}\nbeyond {beyond}\n")))
        }
        _ => return None,
    };
    (expected == found).then_some(said)
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
    /// Whether somebody waited for a wish in vain: nobody waits again before it is carried out.
    hangs: bool,
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
        if wish.hangs {
            return;
        }
        let waited = news.wait_timeout_while(wish, within, |wish| wish.written < version && !wish.end);
        let (mut wish, _) = waited.unwrap_or_else(PoisonError::into_inner);
        wish.hangs = wish.written < version;
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
        let mut done = lock(wish);
        (done.written, done.hangs) = (version, false);
        drop(done);
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
        let most = Said { seq: u64::MAX, published: u64::MAX, told: u64::MAX, heard_us: u64::MAX };
        for said in [Said::default(), most, Said { seq: 7, published: 9, told: 3, heard_us: 11 }] {
            let text = text(said);
            assert_eq!(text.len(), super::text(Said::default()).len());
            assert_eq!(parse(text.as_bytes()), Some(said));
        }
    }

    #[test]
    fn what_earlier_formats_say_is_read() {
        let first = |beyond| sealed(&format!("lowsky journal mark 1\nseq {:020}\nbeyond {beyond}\n", 41));
        let said = |published| Some(Said { seq: 41, published, told: 41, heard_us: 0 });
        assert_eq!(parse(first(0).as_bytes()), said(0));
        assert_eq!(parse(first(1).as_bytes()), said(41 + UNKNOWN));
        let second = "lowsky journal mark 2\nseq 00000000000000000041\npublished 00000000000000000009\n\
                      told 00000000000000000041\n";
        assert_eq!(parse(sealed(second).as_bytes()), said(9));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let good = text(Said { seq: 41, published: 0, told: 40, heard_us: 1_795_334_400_000_000 });
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone().into_bytes();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(parse(&bad), None, "bit {bit}");
        }
    }
}
