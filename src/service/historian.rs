//! Hands what was evaluated to the history, and acknowledges messages when it is written there too.
//!
//! An observation goes to the history only when the alert events before it are safe on disk, and its message is
//! acknowledged only after that. So what history remembers after a crash needs no second look, and what the broker
//! forgot is remembered. A disk that fails or hangs is not waited for: positions are worth less than the next alert.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::config::Config;
use crate::domain::Timestamp;
use crate::history::{Arrived, HistorySettings, Reader, Recorder, Remembered, Standing};
use crate::journal::Condition;
use crate::monitor::{Effect, Heard, Monitor};
use crate::service::ack_window::AckToken;
use crate::service::clock;
use crate::service::health::Health;
use crate::service::storage::{Change, STALL_S, StorageWatch};
use crate::service::zone_desk::{Past, Reports};

/// Older positions are not remembered at the start: an aircraft is forgotten after a minute of silence.
const REMEMBER_S: f64 = 60.0;

/// An evaluated observation, the right to acknowledge a message, or both.
#[derive(Debug)]
pub struct Held {
    /// What goes into history.
    pub record: Option<Arrived>,
    /// What is acknowledged then.
    pub token: Option<AckToken>,
}

/// The way from the evaluating thread to the history.
#[derive(Debug)]
pub struct Historian {
    recorder: Option<Arc<Recorder>>,
    watch: StorageWatch,
    /// How far the history had come at the last look, and since when it has not got further.
    before: Option<(Standing, Timestamp)>,
    /// Whether nothing is waited for, because the disk hangs.
    hangs: bool,
    /// Messages that wait for the observation of that number to be written.
    unwritten: VecDeque<(u64, AckToken)>,
    last: u64,
}

impl Historian {
    /// To that history; without one, nothing waits.
    pub fn new(recorder: Option<Arc<Recorder>>, health: Arc<Health>) -> Self {
        let watch = StorageWatch::of_history(health);
        Self { recorder, watch, before: None, hangs: false, unwritten: VecDeque::new(), last: 0 }
    }

    /// Whether observations are wanted.
    pub fn is_kept(&self) -> bool {
        self.recorder.is_some()
    }

    /// Takes what was evaluated and whose alert events are on disk.
    pub fn take(&mut self, held: Held) {
        let Held { record, token } = held;
        if let (Some(recorder), Some(record)) = (&self.recorder, record) {
            self.last = recorder.record(record);
        }
        self.unwritten.extend(token.map(|token| (self.last, token)));
    }

    /// Looks whether the disk does its work; tells what has changed. A disk that hangs says so by no progress.
    pub fn look(&mut self, now: Timestamp) -> Option<Change> {
        let standing = self.recorder.as_ref()?.standing();
        let owes = standing.settled < standing.taken;
        let since = match &self.before {
            // A clock that was set back begins anew.
            Some((before, since)) if owes && before.settled == standing.settled && *since <= now => *since,
            Some(_) | None => now,
        };
        let dropped = self.before.as_ref().map_or(0, |(before, _)| before.dropped);
        let waited_s = now.seconds_since(since);
        self.hangs = STALL_S < waited_s;
        let reason = match &standing.failing {
            Some(reason) => Some(reason.clone()),
            None if dropped < standing.dropped && !self.hangs => {
                Some("the disk is too slow for all that arrives".to_owned())
            }
            None => None,
        };
        self.before = Some((standing, since));
        let condition = reason.map_or(Condition::Writable, |reason| Condition::Failing { since, reason });
        self.watch.look(now, &condition, waited_s)
    }

    /// The next message that may be acknowledged.
    pub fn written(&mut self) -> Option<AckToken> {
        let settled = match &self.recorder {
            Some(recorder) if !self.hangs => recorder.settled(),
            Some(_) | None => u64::MAX,
        };
        self.unwritten.pop_front_if(|(number, _)| *number <= settled).map(|(_, token)| token)
    }

    /// The connection of all messages that wait has ended.
    pub fn abandon(&mut self) -> impl Iterator<Item = AckToken> {
        self.unwritten.drain(..).map(|(_, token)| token)
    }

    /// Whether no message waits.
    pub fn is_idle(&self) -> bool {
        self.unwritten.is_empty()
    }
}

/// What arrived, for a look at what zones would have meant.
pub fn past(reader: Reader) -> Past {
    Box::new(move |from, to| {
        let span = reader.between(from, to).ok()?;
        let reports: Reports = Box::new(span.map(|arrived| (arrived.received_at, arrived.observation)));
        Some(reports)
    })
}

/// What a start finds.
#[derive(Debug, Default)]
pub struct Opened {
    /// What writes on; `None` if no history is kept.
    pub recorder: Option<Arc<Recorder>>,
    /// What reads it.
    pub reader: Option<Reader>,
    /// The newest of each aircraft that was heard of in the last minute.
    pub remembered: Vec<Remembered>,
}

/// Opens the history as configured; `wake` is called whenever more is written. Blocks. What cannot be read is told in
/// the log, and the service starts without it.
pub fn open(config: &Config, wake: impl Fn() + Send + 'static) -> Opened {
    let kept = &config.history;
    if !kept.enabled {
        return Opened::default();
    }
    let (dir, now) = (config.journal.dir.join("history"), clock::now());
    let reader = Reader::new(&dir);
    let remembered = remember(&reader, &dir, now);
    let settings = HistorySettings { dir, keep_hours: kept.keep_hours, bytes_max: kept.bytes_max() };
    match Recorder::start(settings, now, wake) {
        Ok(recorder) => Opened { recorder: Some(Arc::new(recorder)), reader: Some(reader), remembered },
        Err(error) => {
            tracing::error!(%error, "no history is recorded: the system gives no thread; 位置历史未能记录");
            Opened { recorder: None, reader: Some(reader), remembered }
        }
    }
}

fn remember(reader: &Reader, dir: &Path, now: Timestamp) -> Vec<Remembered> {
    let found = reader.newest(now.plus_seconds(-REMEMBER_S), now.plus_seconds(REMEMBER_S));
    found.unwrap_or_else(|error| {
        tracing::warn!(%error, dir = %dir.display(), "history cannot be read: positions begin anew; 位置历史不可读");
        Vec::new()
    })
}

/// Tells the monitor where everybody was.
pub fn remember_all(
    monitor: &mut Monitor,
    now: Timestamp,
    remembered: Vec<Remembered>,
    effects: &mut Vec<Effect>,
) {
    let newest = remembered.iter().map(|one| one.newest.received_at).max();
    let deaf_s = newest.map_or(0.0, |newest| now.seconds_since(newest).max(0.0));
    if let Some(newest) = newest {
        tracing::info!(aircraft = remembered.len(), until = %newest, "positions remembered");
    }
    for Remembered { newest, before, period_s } in remembered {
        let report = |Arrived { received_at, observation }| (received_at, observation);
        let heard = Heard { newest: report(newest), before: before.map(report), period_s, deaf_s };
        monitor.remember(now, heard, effects);
    }
}

/// What history has done, for Prometheus.
#[derive(Debug)]
pub struct HistoryFigures(pub Arc<Recorder>);

impl Collector for HistoryFigures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let figures = self.0.figures();
        for (name, help, value) in [
            ("history_observations", "Observations written to the history", figures.written),
            (
                "history_dropped",
                "Observations that the history did not take because its disk was behind or failed",
                figures.dropped,
            ),
            ("history_written_bytes", "Bytes written to the history", figures.bytes),
        ] {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let waiting = i64::try_from(figures.waiting).unwrap_or(i64::MAX);
        for (name, help, value) in [
            ("history_bytes", "Bytes of the history on disk", whole(figures.kept_bytes)),
            ("history_backlog", "Observations that wait for the history's disk", waiting),
            ("history_writable", "Whether the disk takes the history", i64::from(figures.failing.is_none())),
        ] {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        Ok(())
    }
}
