//! Watches the zone folder and hands over what is in it whenever that changes.
//!
//! Notices come from the system for the folder, not for its files, which editors replace; a look every two
//! seconds finds what brings no notice, such as changes on a network drive or a folder that was made anew.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use crate::service::clock::Stopwatch;
use crate::service::zone_files::{FileMark, ZoneFiles, ZoneFilesError, marks, read_marked};

/// Quiet time after a notice before the folder is read.
const SETTLE: Duration = Duration::from_millis(300);
/// Longest time that notices can put off the reading.
const SETTLE_MAX: Duration = Duration::from_secs(2);
/// Time between looks without a notice.
const LOOK_PERIOD: Duration = Duration::from_secs(2);

/// What the folder holds, or why that cannot be said.
pub type ZoneRead = Result<ZoneFiles, ZoneFilesError>;

/// A running watch. Dropping it ends the watch.
#[derive(Debug)]
pub struct ZoneWatch {
    wake: SyncSender<Wake>,
    thread: Option<JoinHandle<()>>,
}

enum Wake {
    Changed,
    Stop,
}

/// Watches `dir` in a thread and calls `tell` with what it holds after each change: the whole set, or an
/// error, each once. `seen` is what the caller already has; anything else is told at once.
pub fn start(
    dir: PathBuf,
    seen: Option<ZoneRead>,
    tell: impl FnMut(ZoneRead) + Send + 'static,
) -> std::io::Result<ZoneWatch> {
    let (wake, woken) = sync_channel(16);
    let notices = wake.clone();
    let thread = std::thread::Builder::new().name("zones".into()).spawn(move || {
        Watch { dir, notices, watcher: None, marks: None, told: seen, tell }.run(&woken);
    })?;
    Ok(ZoneWatch { wake, thread: Some(thread) })
}

impl ZoneWatch {
    /// Reads the folder soon, without waiting for a notice.
    pub fn look(&self) {
        // If the channel is full, the thread is about to look anyhow.
        drop(self.wake.try_send(Wake::Changed));
    }
}

impl Drop for ZoneWatch {
    fn drop(&mut self) {
        if self.wake.send(Wake::Stop).is_ok()
            && let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the zone watch had panicked");
        }
    }
}

struct Watch<F> {
    dir: PathBuf,
    notices: SyncSender<Wake>,
    /// `None` while the folder cannot be watched.
    watcher: Option<RecommendedWatcher>,
    marks: Option<Vec<FileMark>>,
    told: Option<ZoneRead>,
    tell: F,
}

impl<F: FnMut(ZoneRead)> Watch<F> {
    fn run(mut self, woken: &Receiver<Wake>) {
        self.watch();
        self.read();
        loop {
            match woken.recv_timeout(LOOK_PERIOD) {
                Ok(Wake::Changed) => {
                    if !settle(woken) {
                        return;
                    }
                    self.read();
                }
                Err(RecvTimeoutError::Timeout) => self.look(),
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Reads only if something looks different.
    fn look(&mut self) {
        let now = marks(&self.dir);
        if now.is_err() {
            self.watcher = None;
        } else if self.watcher.is_none() {
            self.watch();
        }
        if now.ok() != self.marks || self.marks.is_none() {
            self.read();
        }
    }

    fn read(&mut self) {
        let (marks, read) = match read_marked(&self.dir) {
            Ok((marks, files)) => (Some(marks), Ok(files)),
            Err(error) => (None, Err(error)),
        };
        if matches!(read, Err(ZoneFilesError::Folder { .. })) {
            self.watcher = None;
        }
        self.marks = marks;
        if self.told.as_ref() != Some(&read) {
            self.told = Some(read.clone());
            (self.tell)(read);
        }
    }

    /// A watch ends with its folder; a folder made anew needs a new one.
    fn watch(&mut self) {
        match watcher(&self.dir, self.notices.clone()) {
            Ok(watcher) => self.watcher = Some(watcher),
            Err(error) => tracing::debug!(dir = %self.dir.display(), %error, "no notices of changes"),
        }
    }
}

fn watcher(dir: &Path, notices: SyncSender<Wake>) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Our own reading makes access notices; they are no change.
        if event.map_or(true, |event| !event.kind.is_access()) {
            drop(notices.try_send(Wake::Changed));
        }
    })?;
    watcher.watch(dir, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

/// Waits until no notice came for a while; false if the watch is to end.
fn settle(woken: &Receiver<Wake>) -> bool {
    let since = Stopwatch::start();
    while since.elapsed() < SETTLE_MAX {
        match woken.recv_timeout(SETTLE) {
            Ok(Wake::Changed) => {}
            Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => return true,
        }
    }
    true
}
