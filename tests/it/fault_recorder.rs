//! A client that writes down every event that it was told is durable, resumes after each cut, and demands that
//! nothing is missing, doubled or changed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use lowsky::domain::Timestamp;
use lowsky::service::clock;
use serde_json::Value;

use crate::e2e_stream::Stream;
use crate::fault_fleet::WORDS;

/// One event as it was told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    pub(crate) event: String,
    /// The alert's text.
    pub(crate) alert: String,
}

impl Told {
    pub(crate) fn of(frame: &Value) -> Self {
        Self { event: frame["event"].as_str().unwrap().to_owned(), alert: frame["alert"].to_string() }
    }

    pub(crate) fn alert(&self) -> Value {
        serde_json::from_str(&self.alert).unwrap()
    }
}

/// What a recorder has gathered.
#[derive(Debug, Default, Clone)]
pub(crate) struct Record {
    /// Events that were told as durable, by number.
    pub(crate) durable: BTreeMap<u64, Told>,
    /// Events that were told as not durable.
    pub(crate) hasty: u64,
    pub(crate) log_ids: Vec<String>,
    pub(crate) connections: u64,
    /// From the time in the report to the arrival of the alert that it raised, in [`WORDS`] or in flight.
    pub(crate) latency_ms: Vec<f64>,
    /// The largest delay that a heartbeat told of.
    pub(crate) lag_ms: u64,
    /// The rules by which alerts were raised.
    pub(crate) rules: BTreeSet<String>,
    /// What must not be.
    pub(crate) faults: Vec<String>,
}

/// Records until stopped.
pub(crate) struct Recorder {
    record: Arc<Mutex<Record>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Recorder {
    pub(crate) fn start(address: SocketAddr) -> Self {
        let (record, over) = (Arc::<Mutex<Record>>::default(), Arc::<AtomicBool>::default());
        let (book, stop) = (Arc::clone(&record), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            while !stop.load(Relaxed) {
                let after = book.lock().unwrap().durable.last_key_value().map_or(0, |(seq, _)| *seq);
                match Stream::try_subscribe(address, Some(after)) {
                    Some((stream, hello)) => follow(stream, &hello, after, &book, &stop),
                    None => std::thread::sleep(Duration::from_millis(20)),
                }
            }
        });
        Self { record, over, thread: Some(thread) }
    }

    pub(crate) fn record(&self) -> Record {
        self.record.lock().unwrap().clone()
    }

    /// Stops and hands over what was recorded.
    pub(crate) fn stop(mut self) -> Record {
        self.end();
        self.record()
    }

    fn end(&mut self) {
        self.over.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the recorder failed");
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads one connection to its end.
fn follow(mut stream: Stream, hello: &Value, after: u64, book: &Mutex<Record>, stop: &AtomicBool) {
    let mut last = after;
    {
        let mut book = book.lock().unwrap();
        book.connections += 1;
        let log_id = hello["log_id"].as_str().unwrap_or_default().to_owned();
        if !book.log_ids.contains(&log_id) {
            book.log_ids.push(log_id);
        }
    }
    while !stop.load(Relaxed) {
        let Some(frame) = stream.next(0.1) else { continue };
        let mut book = book.lock().unwrap();
        match frame["type"].as_str().unwrap_or_default() {
            "alert" => book.take(&frame, &mut last),
            "gap" => book.faults.push(format!("after {last}: {frame}")),
            "closed" => return,
            "heartbeat" => book.lag_ms = book.lag_ms.max(frame["lag_ms"].as_u64().unwrap()),
            _ => {}
        }
    }
}

impl Record {
    fn take(&mut self, frame: &Value, last: &mut u64) {
        let seq = frame["seq"].as_u64().unwrap();
        if seq != *last + 1 {
            self.faults.push(format!("{seq} after {last} on one connection"));
        }
        *last = seq;
        let alert = &frame["alert"];
        if frame["event"] == "RAISED" {
            self.rules.insert(alert["rule"].as_str().unwrap_or_default().to_owned());
            let observed_at = alert["observed_at"].as_str().and_then(|at| Timestamp::parse(at).ok());
            let scripted = ["SEPARATION", "ZONE_INCURSION"];
            let mut scripted = scripted.into_iter().chain(WORDS.map(|(code, ..)| code));
            if scripted.any(|code| alert["code"] == code)
                && let Some(at) = observed_at
            {
                self.latency_ms.push(clock::now().seconds_since(at) * 1e3);
            }
        }
        if frame["durable"] != true {
            self.hasty += 1;
            return;
        }
        let told = Told::of(frame);
        if let Some(before) = self.durable.insert(seq, told.clone())
            && before != told
        {
            self.faults.push(format!("{seq} was {before:?} and became {told:?}"));
        }
    }
}
