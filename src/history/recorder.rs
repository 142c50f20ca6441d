//! Writing history: a bounded queue and one thread behind it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Arrived;
use super::block::{Maker, RECORDS_MAX};
use super::segment::{self, Segment, minute_of};
use crate::domain::Timestamp;

/// Most observations that wait for the disk; more are dropped and counted. Some seconds of 10,000 aircraft.
const QUEUE_MAX: usize = 65_536;
/// The thread lets so much time pass between the first that waits and its write, so that others join its block.
const LINGER: Duration = Duration::from_millis(5);
/// Time until a failed write is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// Attempts after which what waits first is dropped: 10 s.
const ATTEMPTS: u32 = 20;

/// Bytes of the disk that history leaves free: it may share it with the journal, whose alerts go first.
const RESERVE_BYTES: u64 = 64 << 20;

/// How far the writing has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Observations handed in so far.
    pub taken: u64,
    /// Of these, so many are in their files or given up.
    pub settled: u64,
    /// Observations dropped so far.
    pub dropped: u64,
    /// Why nothing can be written now.
    pub failing: Option<String>,
}

/// Where history is kept, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistorySettings {
    /// Folder of the segments; made if it is not there.
    pub dir: PathBuf,
    /// Older segments are deleted, hours.
    pub keep_hours: u32,
    /// Most bytes of all segments; the oldest are deleted first.
    pub bytes_max: u64,
}

/// What the recorder has done, for metrics.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// Observations written.
    pub written: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Observations dropped because the disk was behind or failed.
    pub dropped: u64,
    /// Observations that wait.
    pub waiting: usize,
    /// Bytes of all segments.
    pub kept_bytes: u64,
    /// Why nothing can be written now.
    pub failing: Option<String>,
}

/// Takes observations and writes them. Dropping it ends the thread.
#[derive(Debug)]
pub struct Recorder {
    desk: Arc<Desk>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Desk {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct State {
    queue: Vec<Arrived>,
    /// Observations handed in so far, whatever became of them.
    taken: u64,
    /// Of these, so many need not be waited for: they are written, or given up for now.
    settled: u64,
    figures: Figures,
    closed: bool,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorder {
    /// Starts the thread; `now` is for what is too old already, and `wake` is called whenever it got further.
    pub fn start(
        settings: HistorySettings,
        now: Timestamp,
        wake: impl Fn() + Send + 'static,
    ) -> io::Result<Self> {
        let desk = Arc::new(Desk::default());
        let mut writer = Writer {
            desk: Arc::clone(&desk),
            settings,
            now,
            segments: Vec::new(),
            open: None,
            maker: Maker::default(),
        };
        let run = move || writer.run(&wake);
        let thread = std::thread::Builder::new().name("history".into()).spawn(run)?;
        Ok(Self { desk, thread: Mutex::new(Some(thread)) })
    }

    /// Hands an observation in and returns its number, to be held against [`Self::settled`]. Never waits for the disk.
    pub fn record(&self, arrived: Arrived) -> u64 {
        let mut state = self.desk.lock();
        state.taken += 1;
        let number = state.taken;
        if state.closed || QUEUE_MAX <= state.queue.len() {
            state.figures.dropped += 1;
            return number;
        }
        state.queue.push(arrived);
        let first = state.queue.len() == 1;
        drop(state);
        if first {
            self.desk.arrived.notify_one();
        }
        number
    }

    /// Every observation up to this number is in its file; or the disk fails, and none is waited for.
    pub fn settled(&self) -> u64 {
        let state = self.desk.lock();
        if state.figures.failing.is_some() || state.closed { u64::MAX } else { state.settled }
    }

    /// How far the writing has come. A disk that hangs shows here alone: nothing gets any further.
    pub fn standing(&self) -> Standing {
        let state = self.desk.lock();
        let State { taken, settled, figures, .. } = &*state;
        Standing {
            taken: *taken,
            settled: *settled,
            dropped: figures.dropped,
            failing: figures.failing.clone(),
        }
    }

    /// What has been done.
    pub fn figures(&self) -> Figures {
        let state = self.desk.lock();
        Figures { waiting: state.queue.len(), ..state.figures.clone() }
    }

    /// Writes what waits and ends the thread; one attempt, if the disk fails.
    pub fn close(&self) {
        self.desk.lock().closed = true;
        self.desk.arrived.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            self.desk.lock().figures.failing = Some("the thread of history has panicked".into());
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.close();
    }
}

/// What is written next.
struct Batch {
    arrived: Vec<Arrived>,
    /// The number of the last observation that was handed in before it was taken.
    upto: u64,
    /// Nothing comes after it.
    last: bool,
}

/// The segment that is written.
#[derive(Debug)]
struct Open {
    minute: Timestamp,
    file: File,
    len: u64,
}

struct Writer {
    desk: Arc<Desk>,
    settings: HistorySettings,
    /// The newest arrival.
    now: Timestamp,
    /// All segments but the open one, the oldest first.
    segments: Vec<Segment>,
    open: Option<Open>,
    maker: Maker,
}

impl Writer {
    fn run(&mut self, wake: &impl Fn()) {
        if let Err(error) = self.survey() {
            self.fail(&error);
        }
        self.make_room();
        loop {
            let Batch { arrived, upto, last } = self.take();
            let mut rest = arrived.as_slice();
            let mut failures = 0;
            while !rest.is_empty() {
                let done = match self.write(rest) {
                    Ok(len) => len,
                    Err(error) => {
                        self.fail(&error);
                        wake();
                        failures += 1;
                        let give_up = self.wait_to_retry() || ATTEMPTS <= failures;
                        self.give_up(if give_up { rest.len() } else { 0 })
                    }
                };
                rest = rest.get(done..).unwrap_or_default();
                // The numbers of a batch follow each other; what was dropped came after it.
                self.desk.lock().settled += u64::try_from(done).unwrap_or(u64::MAX);
                wake();
            }
            self.desk.lock().settled = upto;
            wake();
            if last {
                return;
            }
        }
    }

    /// Waits until something is there, and a little longer.
    fn take(&self) -> Batch {
        let desk = &self.desk;
        let idle = |state: &mut State| state.queue.is_empty() && !state.closed;
        let state = desk.arrived.wait_while(desk.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        let closed = state.closed;
        drop(state);
        if !closed {
            std::thread::sleep(LINGER);
        }
        let mut state = desk.lock();
        Batch { arrived: std::mem::take(&mut state.queue), upto: state.taken, last: state.closed }
    }

    /// Sleeps; `true` if the recorder was closed.
    fn wait_to_retry(&self) -> bool {
        let open = |state: &mut State| !state.closed;
        let waited = self.desk.arrived.wait_timeout_while(self.desk.lock(), RETRY, open);
        waited.unwrap_or_else(PoisonError::into_inner).0.closed
    }

    /// Counts so many as dropped; returns how many.
    fn give_up(&self, len: usize) -> usize {
        self.desk.lock().figures.dropped += u64::try_from(len).unwrap_or(u64::MAX);
        len
    }

    /// Writes the first few of the batch, which share a minute; returns how many.
    fn write(&mut self, batch: &[Arrived]) -> io::Result<usize> {
        let Some(first) = batch.first() else { return Ok(0) };
        self.leave_room()?;
        let minute = minute_of(first.received_at);
        let share = |arrived: &&Arrived| minute_of(arrived.received_at) == minute;
        let len = batch.iter().take(RECORDS_MAX).take_while(share).count();
        let block = batch.get(..len).unwrap_or_default();
        self.now = self.now.max(first.received_at);
        if self.open.as_ref().is_none_or(|open| open.minute != minute) {
            self.turn_to(minute)?;
        }
        if self.open.as_ref().is_some_and(|open| self.settings.bytes_max <= open.len) {
            return Ok(self.give_up(len));
        }
        let mut bytes = Vec::new();
        self.maker.block(block, &mut bytes);
        let written = self.open.as_mut().map_or(Ok(()), |open| open.append(&bytes));
        if let Err(error) = written {
            // The dictionary would begin with what is not there.
            self.maker.forget();
            // A full disk is needed for alerts more than for this.
            if error.kind() == io::ErrorKind::StorageFull {
                self.delete_oldest();
            }
            return Err(error);
        }
        self.make_room();
        let mut state = self.desk.lock();
        let count = u64::try_from(len).unwrap_or(u64::MAX);
        state.figures.written += count;
        state.figures.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        state.figures.kept_bytes = self.kept_bytes();
        state.figures.failing = None;
        Ok(len)
    }

    /// Fails where the disk has no more than the reserve left.
    fn leave_room(&mut self) -> io::Result<()> {
        std::fs::create_dir_all(&self.settings.dir)?;
        let disk = rustix::fs::statvfs(&self.settings.dir)?;
        if disk.f_bavail.saturating_mul(disk.f_frsize) < RESERVE_BYTES {
            self.delete_oldest();
            return Err(io::Error::new(
                io::ErrorKind::StorageFull,
                "the disk's last 64 MiB are left to the journal",
            ));
        }
        Ok(())
    }

    /// Closes the open segment and opens that of `minute`, which may be there from an earlier run.
    fn turn_to(&mut self, minute: Timestamp) -> io::Result<()> {
        self.open = None;
        self.maker.forget();
        self.survey()?;
        std::fs::create_dir_all(&self.settings.dir)?;
        let path = self.settings.dir.join(segment::name(minute));
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let len = file.metadata()?.len();
        self.segments.retain(|segment| segment.minute != minute);
        self.open = Some(Open { minute, file, len });
        Ok(())
    }

    /// Looks what is there.
    fn survey(&mut self) -> io::Result<()> {
        self.segments = segment::list(&self.settings.dir)?;
        Ok(())
    }

    /// Deletes what is too old or too much.
    fn make_room(&mut self) {
        let keep_s = 3600.0 * f64::from(self.settings.keep_hours);
        let oldest = self.now.plus_seconds(-keep_s);
        let is_over = |this: &Self, segment: &Segment| {
            segment::end_of(segment.minute) < oldest || this.settings.bytes_max < this.kept_bytes()
        };
        while self.segments.first().is_some_and(|first| is_over(self, first)) {
            self.delete_oldest();
        }
    }

    fn delete_oldest(&mut self) {
        if self.segments.is_empty() {
            return;
        }
        let oldest = self.segments.remove(0);
        // What cannot be deleted is found again at the next survey.
        drop(std::fs::remove_file(oldest.path));
    }

    fn kept_bytes(&self) -> u64 {
        let open = self.open.as_ref().map_or(0, |open| open.len);
        self.segments.iter().map(|segment| segment.len).sum::<u64>() + open
    }

    fn fail(&self, error: &io::Error) {
        let told = format!("{}: {error}", self.settings.dir.display());
        self.desk.lock().figures.failing = Some(told);
    }
}

impl Open {
    /// Writes a block whole, or leaves the file as it was.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(bytes) {
            // A reader steps over the torn one, should this fail too.
            drop(self.file.set_len(self.len));
            return Err(error);
        }
        self.len += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(())
    }
}
