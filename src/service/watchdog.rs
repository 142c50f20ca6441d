//! The watchdog: a plain thread outside of the runtime that ends a process in which something is stuck, so that
//! who supervises it starts it anew. A service that hangs is worse than one that is gone: it looks alive.
//!
//! Who works moves a [`Stamp`]. The supervisor (systemd) is fed only while every stamp moves. A process that was
//! itself stopped wakes with stamps that stand still for no fault of theirs; the watchdog notices that it slept
//! too, and gives everybody a new start.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::service::clock::Stopwatch;
use crate::service::notify::Notifier;

/// A stamp that stands for so long is stuck.
pub const STUCK_AFTER: Duration = Duration::from_secs(8);
/// Time between looks.
pub const LOOK_PERIOD: Duration = Duration::from_secs(1);
/// Whoever looks so late was stopped itself.
const OVERSLEPT: Duration = Duration::from_secs(3);
/// Time for the last words in the log; who reads it may be what is stuck.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// Moves while its owner works.
#[derive(Debug, Default)]
pub struct Stamp(AtomicU64);

impl Stamp {
    /// The owner has done a round of its work.
    pub fn moved(&self) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// A stamp and whose it is.
#[derive(Debug, Clone)]
pub struct Watched {
    /// The owner, as the log names it.
    pub name: &'static str,
    /// Its stamp.
    pub stamp: Arc<Stamp>,
}

impl Watched {
    /// A stamp of `name` that has not moved.
    pub fn new(name: &'static str) -> Self {
        Self { name, stamp: Arc::default() }
    }
}

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Every stamp has moved since the last look.
    Moving,
    /// Some stand, none for too long.
    Waiting,
    /// The watchdog itself was stopped; everybody gets a new start.
    Overslept,
    /// These stand for too long.
    Stuck(Vec<&'static str>),
}

/// Sees from look to look who moves. Time comes as data.
#[derive(Debug)]
pub struct Guard {
    watched: Vec<(Watched, u64, Duration)>,
    looked: Duration,
}

impl Guard {
    /// A guard that begins to watch at `now`, measured from any start.
    pub fn new(watched: Vec<Watched>, now: Duration) -> Self {
        let watched = watched.into_iter().map(|one| {
            let count = one.stamp.0.load(Relaxed);
            (one, count, now)
        });
        Self { watched: watched.collect(), looked: now }
    }

    /// Looks at every stamp.
    pub fn look(&mut self, now: Duration) -> Look {
        let overslept = OVERSLEPT <= now.saturating_sub(self.looked);
        self.looked = now;
        let (mut stuck, mut all) = (Vec::new(), true);
        for (one, count, moved) in &mut self.watched {
            let fresh = one.stamp.0.load(Relaxed);
            if fresh != *count || overslept {
                (*count, *moved) = (fresh, now);
            } else {
                all = false;
                if STUCK_AFTER <= now.saturating_sub(*moved) {
                    stuck.push(one.name);
                }
            }
        }
        match () {
            () if !stuck.is_empty() => Look::Stuck(stuck),
            () if overslept => Look::Overslept,
            () if all => Look::Moving,
            () => Look::Waiting,
        }
    }
}

/// A running watchdog. Dropping it ends the watch.
#[derive(Debug)]
pub struct Watchdog {
    end: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watchdog {
    /// Watches in a thread of its own, and feeds the supervisor through `notifier`.
    pub fn start(watched: Vec<Watched>, notifier: Notifier) -> std::io::Result<Self> {
        let (end, ended) = sync_channel(0);
        let thread = std::thread::Builder::new().name("watchdog".into()).spawn(move || {
            let since = Stopwatch::start();
            let mut guard = Guard::new(watched, since.elapsed());
            while ended.recv_timeout(LOOK_PERIOD) == Err(RecvTimeoutError::Timeout) {
                match guard.look(since.elapsed()) {
                    Look::Moving => notifier.alive(),
                    Look::Waiting => {}
                    Look::Overslept => tracing::warn!("the process was stopped for a while"),
                    Look::Stuck(names) => shoot(&names),
                }
            }
        })?;
        Ok(Self { end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the watchdog had panicked");
        }
    }
}

/// Says what is stuck, without waiting for who reads it, and ends the process at once.
fn shoot(names: &[&'static str]) {
    let names = names.join(", ");
    let words = std::thread::Builder::new().spawn(move || {
        tracing::error!("stuck for {} s: {names}; the process ends itself", STUCK_AFTER.as_secs());
    });
    std::thread::sleep(LAST_WORDS);
    drop(words);
    std::process::abort();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> (Guard, [Arc<Stamp>; 2]) {
        let stamps = [Arc::new(Stamp::default()), Arc::new(Stamp::default())];
        let watched = ["monitor", "runtime"].into_iter().zip(&stamps);
        let watched = watched.map(|(name, stamp)| Watched { name, stamp: Arc::clone(stamp) });
        (Guard::new(watched.collect(), Duration::ZERO), stamps)
    }

    #[test]
    fn p33_a_stamp_that_stands_for_eight_seconds_is_stuck_and_the_supervisor_is_not_fed_meanwhile() {
        let (mut guard, [monitor, runtime]) = guard();
        let mut looks = Vec::new();
        for second in 1..=12 {
            runtime.moved();
            if second <= 3 {
                monitor.moved();
            }
            looks.push(guard.look(Duration::from_secs(second)));
        }
        assert!(looks[..3].iter().all(|look| *look == Look::Moving));
        assert!(looks[3..10].iter().all(|look| *look == Look::Waiting), "{looks:?}");
        assert_eq!(looks[10], Look::Stuck(vec!["monitor"]));
    }

    #[test]
    fn p33_a_process_that_was_stopped_is_not_shot_after_waking() {
        let (mut guard, [monitor, runtime]) = guard();
        assert_eq!(guard.look(Duration::from_secs(1)), Look::Waiting);
        assert_eq!(guard.look(Duration::from_hours(1)), Look::Overslept);
        assert_eq!(guard.look(Duration::from_secs(3_607)), Look::Overslept, "still slow to wake");
        for second in 3_608..3_614 {
            assert_eq!(guard.look(Duration::from_secs(second)), Look::Waiting);
        }
        monitor.moved();
        runtime.moved();
        assert_eq!(guard.look(Duration::from_secs(3_614)), Look::Moving);
    }
}
