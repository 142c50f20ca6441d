//! What the tests of delivery need beside the programs: a publisher that has its messages confirmed, the history on the
//! disk, and a disk that is full for one process.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lowsky::journal::Reader;
use serde_json::Value;

use crate::e2e_stream::Listener;
use crate::e2e_support::{Daemon, Sender, get, report, until};

/// A publisher at QoS 1.
pub(crate) struct Publisher {
    sender: Sender,
    sent: u64,
    confirmed: Arc<AtomicU64>,
}

impl Publisher {
    pub(crate) fn connect(port: u16, name: &str) -> Self {
        let sender = Sender::connect(port, name);
        let confirmed = Arc::new(AtomicU64::new(0));
        let (mut socket, counted) = (sender.socket(), Arc::clone(&confirmed));
        std::thread::spawn(move || {
            let mut packet = [0; 4];
            while socket.read_exact(&mut packet).is_ok() {
                assert_eq!(packet[..2], [0x40, 2], "only confirmations come");
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { sender, sent: 0, confirmed }
    }

    /// Publishes a fresh report of an aircraft that hovers at that place.
    pub(crate) fn hover(&mut self, uas_id: &str, place: (f64, f64)) {
        let payload = report(uas_id, place, 0.0, 0.0).to_string();
        let packet_id = u16::try_from(self.sent % 60_000).unwrap() + 1;
        self.sender.publish(&format!("lowsky/v1/telemetry/op/{uas_id}"), &payload, Some(packet_id)).unwrap();
        self.sent += 1;
    }

    /// Waits until the broker has confirmed everything; returns how much that is.
    pub(crate) fn flush(&self) -> u64 {
        let all = || (self.confirmed.load(Ordering::Relaxed) == self.sent).then_some(self.sent);
        until("the broker confirms", 30.0, all)
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        // Ends the reading thread; fails only if the broker has gone.
        drop(self.sender.socket().shutdown(std::net::Shutdown::Both));
    }
}

/// A figure of `/metrics`.
pub(crate) fn figure(daemon: &Daemon, name: &str) -> u64 {
    let (_, text) = get(daemon.http, "/metrics");
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

/// What a client was told, by number.
pub(crate) fn told(listener: &Listener) -> BTreeMap<u64, Value> {
    let frames = listener.frames().into_iter().filter(|frame| frame["type"] == "alert");
    frames.map(|frame| (frame["seq"].as_u64().unwrap(), frame)).collect()
}

/// Whether a client was told of an incursion of that aircraft, and as durable.
pub(crate) fn incursion(listener: &Listener, uas_id: &str) -> Option<bool> {
    let of = |frame: &&Value| {
        frame["event"] == "RAISED"
            && frame["alert"]["code"] == "ZONE_INCURSION"
            && frame["alert"]["uas_id"] == uas_id
    };
    told(listener).values().find(of).map(|frame| frame["durable"].as_bool().unwrap())
}

/// Every event of the journal in `dir`, by number: kind and alert. Without a hole.
pub(crate) fn history(dir: &Path) -> BTreeMap<u64, (String, Value)> {
    let reader = Reader::open(&dir.join("var")).unwrap();
    let (mut found, mut after) = (BTreeMap::new(), 0);
    loop {
        let page = reader.events_after(after, 1_000).unwrap();
        assert!(page.holes.is_empty(), "{:?}", page.holes);
        for entry in page.entries {
            let alert = serde_json::from_str(&entry.alert_json).unwrap();
            found.insert(entry.seq, (entry.event.event.name().to_owned(), alert));
        }
        if page.through <= after || page.last_seq <= page.through {
            return found;
        }
        after = page.through;
    }
}

/// The incursions raised in a history, by aircraft: how often.
pub(crate) fn incursions(history: &BTreeMap<u64, (String, Value)>) -> BTreeMap<String, usize> {
    let mut raised = BTreeMap::new();
    for (kind, alert) in history.values() {
        if kind == "RAISED" && alert["code"] == "ZONE_INCURSION" {
            *raised.entry(alert["uas_id"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    raised
}

/// Every durable event that a client was told is in the history, word for word.
pub(crate) fn nothing_durable_is_lost(told: &BTreeMap<u64, Value>, history: &BTreeMap<u64, (String, Value)>) {
    for (seq, frame) in told.iter().filter(|(_, frame)| frame["durable"] == true) {
        let (kind, alert) = history.get(seq).unwrap_or_else(|| panic!("event {seq} is lost"));
        assert_eq!((&frame["event"], &frame["alert"]), (&Value::from(kind.as_str()), alert), "event {seq}");
    }
}

/// The numbers of a history follow each other.
pub(crate) fn is_dense(history: &BTreeMap<u64, (String, Value)>) -> bool {
    let first = history.first_key_value().map_or(1, |(seq, _)| *seq);
    history.keys().copied().eq((first..).take(history.len()))
}

/// Sets the size beyond which a process can write no file; `None` takes the limit away.
pub(crate) fn limit_files(daemon: &Daemon, bytes: Option<u64>) {
    let limit = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
    let status = Command::new("prlimit")
        .arg(format!("--pid={}", daemon.program.id()))
        .arg(format!("--fsize={limit}:unlimited"))
        .status()
        .unwrap();
    assert!(status.success(), "prlimit");
}
