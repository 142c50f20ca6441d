//! A crowd of hovering aircraft whose reports come at any rate, and zones that make each of them dear to judge.

use std::f64::consts::TAU;
use std::io::Read;
use std::net::Shutdown;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use lowsky::service::clock::Stopwatch;
use serde_json::json;

use crate::e2e_support::{Sender, place, report, zones};

/// The middle of the crowd, far from the scripted fleet, and metres between its aircraft.
const MIDDLE_M: (f64, f64) = (2_000.0, -8_000.0);
const GAP_M: f64 = 80.0;
/// Connections that share the reports.
const CONNECTIONS: u32 = 2;

/// The flood; it ends when dropped.
pub(crate) struct Flood {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    aircraft: u32,
    /// Reports a second, as bits.
    per_s: AtomicU64,
    sent: AtomicU64,
    over: AtomicBool,
}

impl Flood {
    /// Begins to publish reports of so many aircraft, so many a second.
    pub(crate) fn start(broker: u16, aircraft: u32, per_s: f64) -> Self {
        let shared = Arc::new(Shared {
            aircraft,
            per_s: AtomicU64::new(per_s.to_bits()),
            sent: AtomicU64::new(0),
            over: AtomicBool::new(false),
        });
        let threads = (0..CONNECTIONS).map(|first| {
            let sender = Sender::connect(broker, &format!("flood-{first}"));
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.pour(sender, first))
        });
        let threads = threads.collect();
        Self { shared, threads }
    }

    pub(crate) fn rate(&self, per_s: f64) {
        self.shared.per_s.store(per_s.to_bits(), Relaxed);
    }

    pub(crate) fn sent(&self) -> u64 {
        self.shared.sent.load(Relaxed)
    }

    /// Ends the flood; how many reports there were.
    pub(crate) fn stop(mut self) -> u64 {
        self.end();
        self.sent()
    }

    fn end(&mut self) {
        self.shared.over.store(true, Relaxed);
        for thread in self.threads.drain(..) {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "a publisher failed");
        }
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    /// Publishes in small portions, as many as are due; falls behind where the machine is too slow.
    fn pour(&self, mut sender: Sender, first: u32) {
        let mut answers = sender.socket();
        let reader =
            std::thread::spawn(move || while answers.read(&mut [0; 4_096]).is_ok_and(|read| read > 0) {});
        let (mut due, mut last) = (0.0, Stopwatch::start());
        let mut id = 0_u16;
        let mut numbers = (first..self.aircraft).step_by(usize::try_from(CONNECTIONS).unwrap()).cycle();
        while !self.over.load(Relaxed) {
            std::thread::sleep(Duration::from_millis(4));
            let elapsed_s = last.elapsed().as_secs_f64();
            last = Stopwatch::start();
            let per_s = f64::from_bits(self.per_s.load(Relaxed)) / f64::from(CONNECTIONS);
            due = (due + per_s * elapsed_s).min(per_s);
            while 1.0 <= due && !self.over.load(Relaxed) {
                due -= 1.0;
                let number = numbers.next().unwrap();
                let uas_id = format!("S{number:05}");
                let side = f64::from(self.aircraft).sqrt().ceil();
                let (column, row) = (f64::from(number) % side, (f64::from(number) / side).floor());
                let (east_m, north_m) = MIDDLE_M;
                let at = place(east_m + (column - side / 2.0) * GAP_M, north_m + (row - side / 2.0) * GAP_M);
                let payload = report(&uas_id, at, 0.0, 0.0).to_string();
                id = id % 65_535 + 1;
                sender.publish(&format!("lowsky/v1/telemetry/op/{uas_id}"), &payload, Some(id)).unwrap();
                self.sent.fetch_add(1, Relaxed);
            }
        }
        sender.socket().shutdown(Shutdown::Both).unwrap();
        reader.join().unwrap();
    }
}

/// How far outside of the first of the rings the last one lies, metres.
const RINGS_M: f64 = 1_200.0;

/// Writes so many zones that lie around the crowd like rings: everybody is near each and in none.
pub(crate) fn write_rings(dir: &Path, count: u32) {
    let ring = |radius_m: f64, corners: u32| -> Vec<[f64; 2]> {
        let corner = |n: u32| {
            let angle = f64::from(n % corners) / f64::from(corners) * TAU;
            let (east_m, north_m) = MIDDLE_M;
            let (lat, lng) = place(east_m + radius_m * angle.cos(), north_m + radius_m * angle.sin());
            [lng, lat]
        };
        (0..=corners).map(corner).collect()
    };
    let features: Vec<String> = (0..count)
        .map(|n| {
            let step_m = RINGS_M / f64::from(count);
            let radius_m = 2_000.0 + f64::from(n) * step_m;
            let mut hole = ring(radius_m - step_m / 2.0, 60);
            hole.reverse();
            let name = |text: &str, lang: &str| json!({"text": text, "lang": lang});
            json!({
                "type": "Feature",
                "properties": {
                    "identifier": format!("G{n:04}"), "country": "CHN", "type": "CONDITIONAL", "variant": "COMMON",
                    "name": [name("环（合成）", "zh-CN"), name("ring (synthetic)", "en-GB")],
                    "zoneAuthority": [{"purpose": "AUTHORIZATION"}],
                },
                "geometry": {
                    "type": "Polygon", "coordinates": [ring(radius_m, 60), hole],
                    "layer": {"lower": 0, "lowerReference": "AGL", "upper": 120, "upperReference": "AGL", "uom": "m"},
                },
            })
            .to_string()
        })
        .collect();
    std::fs::write(dir.join("zones/rings.json"), zones(&features)).unwrap();
}
