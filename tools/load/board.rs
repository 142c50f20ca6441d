//! The board on which publishers write what they are about to cause, and the meter strikes it off.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::fleet::Breach;
use crate::histogram::Histogram;

/// A breach whose alert has not arrived.
struct Pending {
    breach: Breach,
    /// The `timestamp` of the report that causes it: the alert must name it as `observed_at`.
    observed_at: String,
    /// When the report was handed to the MQTT client.
    published: Instant,
    /// Whether it counts: breaches of the warm-up do not.
    counts: bool,
}

/// Known breaches and what became of them.
pub(crate) struct Board {
    rows: Mutex<Rows>,
    /// Messages handed to MQTT clients.
    pub(crate) published: AtomicU64,
    /// QoS 1 messages that the broker confirmed.
    pub(crate) confirmed: AtomicU64,
    /// MQTT connections lost in the run.
    pub(crate) lost: AtomicU64,
    /// Frames and bytes that stream clients read.
    pub(crate) frames: AtomicU64,
    pub(crate) frame_bytes: AtomicU64,
    /// Gaps that stream clients were told of.
    pub(crate) gaps: AtomicU64,
    /// Stream clients cut.
    pub(crate) cut: AtomicU64,
}

struct Rows {
    /// By number of the breaching aircraft.
    pending: Vec<Option<Pending>>,
    /// From the publish call to the arrival of the alert.
    latency: Histogram,
    /// From when a message was due to when it was published: how late the generator itself was.
    lateness: Histogram,
    /// Breaches that count and whose alert did not come before the next one.
    missed: u64,
    /// Alerts of breaching aircraft that name another report as their cause.
    foreign: u64,
}

impl Board {
    pub(crate) fn new(breaching: u32) -> Self {
        let rows = Rows {
            pending: (0..breaching).map(|_| None).collect(),
            latency: Histogram::new(),
            lateness: Histogram::new(),
            missed: 0,
            foreign: 0,
        };
        let zero = || AtomicU64::new(0);
        Self {
            rows: Mutex::new(rows),
            published: zero(),
            confirmed: zero(),
            lost: zero(),
            frames: zero(),
            frame_bytes: zero(),
            gaps: zero(),
            cut: zero(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next message of an aircraft is its breach; to be called right before it is published.
    pub(crate) fn cause(&self, number: u32, breach: Breach, observed_at: String, counts: bool) {
        let mut rows = self.lock();
        let Some(row) = usize::try_from(number).ok().and_then(|number| rows.pending.get_mut(number)) else {
            return;
        };
        let pending = Pending { breach, observed_at, published: Instant::now(), counts };
        if row.replace(pending).is_some_and(|before| before.counts) {
            rows.missed += 1;
        }
    }

    /// An alert was raised, in a frame that arrived at `at`.
    pub(crate) fn raised(&self, number: u32, code: &str, observed_at: &str, at: Instant) {
        let mut rows = self.lock();
        let Some(row) = usize::try_from(number).ok().and_then(|number| rows.pending.get_mut(number)) else {
            return;
        };
        let Some(pending) = row.take_if(|pending| pending.breach.code() == code) else { return };
        if pending.observed_at != observed_at {
            rows.foreign += 1;
        }
        if pending.counts {
            rows.latency.note(at.saturating_duration_since(pending.published));
        }
    }

    /// Takes in how late one connection's messages left.
    pub(crate) fn late(&self, lateness: &Histogram) {
        self.lock().lateness.add(lateness);
    }

    /// Waits until every breach is answered, at most `patience`.
    pub(crate) async fn settle(&self, patience: Duration) {
        let settled = async {
            while self.lock().pending.iter().any(Option::is_some) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        drop(tokio::time::timeout(patience, settled).await);
    }

    /// Latency and lateness as text, and how many breaches were missed and how many alerts misattributed.
    pub(crate) fn results(&self) -> (String, String, u64, u64) {
        let rows = self.lock();
        let open = rows.pending.iter().flatten().filter(|pending| pending.counts).count();
        let missed = rows.missed + u64::try_from(open).unwrap_or(u64::MAX);
        (rows.latency.to_string(), rows.lateness.to_string(), missed, rows.foreign)
    }

    pub(crate) fn get(count: &AtomicU64) -> u64 {
        count.load(Relaxed)
    }

    pub(crate) fn one(count: &AtomicU64) {
        count.fetch_add(1, Relaxed);
    }

    pub(crate) fn add(count: &AtomicU64, n: usize) {
        count.fetch_add(u64::try_from(n).unwrap_or(u64::MAX), Relaxed);
    }
}
