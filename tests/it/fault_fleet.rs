//! A fleet that publishes to a real broker at QoS 1, and a script of breaches, so that the truth is known.
//!
//! Aircraft hover in couples, far from other couples and south of a prohibited strip. Now and then one says for a
//! single report that something is wrong, flies into the strip and back, or both fly towards each other and back.
//! Each does each of these once at most: every breach is an alert of its own, and what it is called is known.

use std::collections::BTreeSet;
use std::io::Read;
use std::net::Shutdown;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use lowsky::service::clock::Stopwatch;
use serde_json::{Value, json};

use crate::e2e_support::{Sender, place, report, until, zone, zones};

/// What a single report says when it breaches, in the order in which an aircraft does so.
pub(crate) const WORDS: [(&str, &str, &str); 3] = [
    ("C2_LOST", "c2_link", "\"LOST\""),
    ("EMERGENCY", "operational_status", "\"EMERGENCY\""),
    ("LOW_BATTERY", "battery_pct", "12.0"),
];
/// Couples in a row, and metres between them, between their two, and between rows.
const ROW: u32 = 25;
const COUPLE_GAP_M: f64 = 550.0;
const WITHIN_M: f64 = 150.0;
const ROW_GAP_M: f64 = 600.0;
/// From where aircraft hover to the strip, and how far a visitor flies.
const STRIP_M: f64 = 60.0;
const VISIT_M: f64 = 90.0;
/// How far each of a couple flies towards the other.
const MEET_M: f64 = 62.0;
const SPEED_MPS: f64 = 10.0;
/// How long a flight stands at its far end.
const PAUSE_S: f64 = 2.0;
/// A flight and its return.
const FLIGHT_S: f64 = 2.0 * VISIT_M / SPEED_MPS + PAUSE_S;
/// Before the first breach: every aircraft has reported.
const QUIET_S: f64 = 4.0;
/// The connections that share the fleet.
const CONNECTIONS: u32 = 4;

/// How many aircraft, how often they report, and how often breaches begin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// An even number.
    pub(crate) aircraft: u32,
    pub(crate) period_s: f64,
    /// Single reports with a breach, a second.
    pub(crate) words_per_s: f64,
    /// Flights with a breach, a second.
    pub(crate) flights_per_s: f64,
}

/// What really happened.
#[derive(Debug, Default, Clone)]
pub(crate) struct Truth {
    /// Breaches of a single report: who, the alert's code, the report's own time.
    pub(crate) words: BTreeSet<(String, String, String)>,
    /// Breaches in flight: who, the alert's code, the zone or the other aircraft.
    pub(crate) flights: BTreeSet<(String, String, String)>,
}

/// What an aircraft of a couple does in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flight {
    Meet,
    Visit { left: bool },
}

impl Plan {
    pub(crate) fn uas_id(number: u32) -> String {
        format!("F{number:05}")
    }

    /// Writes the strips into the zone folder of a daemon.
    pub(crate) fn write_zones(&self, dir: &Path) {
        let rows = (self.aircraft / 2).div_ceil(ROW);
        let east_m = f64::from(ROW) * COUPLE_GAP_M;
        let strips: Vec<String> = (0..rows)
            .map(|row| {
                let south_m = f64::from(row) * ROW_GAP_M + STRIP_M;
                zone(&Self::strip(row), [-200.0, south_m, east_m, south_m + 100.0])
            })
            .collect();
        std::fs::write(dir.join("zones/strips.json"), zones(&strips)).unwrap();
    }

    fn strip(row: u32) -> String {
        format!("R{row:04}")
    }

    fn row(number: u32) -> u32 {
        number / 2 / ROW
    }

    /// When aircraft `number` says the word of its round `round`.
    fn word_at_s(&self, number: u32, round: u32) -> f64 {
        QUIET_S + f64::from(number + round * self.aircraft) / self.words_per_s
    }

    /// When a couple flies in its round `round`, and what.
    fn flight(&self, couple: u32, round: u32) -> (f64, Flight) {
        let at_s = QUIET_S + f64::from(couple + round * (self.aircraft / 2)) / self.flights_per_s;
        let flight = match (couple + round) % 3 {
            0 => Flight::Meet,
            1 => Flight::Visit { left: true },
            _ => Flight::Visit { left: false },
        };
        (at_s, flight)
    }

    /// Where an aircraft is `elapsed_s` after the start, its speed and track, and whether that is a flight that
    /// began before `cutoff_s`.
    fn state(&self, number: u32, elapsed_s: f64, cutoff_s: f64) -> ([f64; 4], Option<Flight>) {
        let (couple, left) = (number / 2, number.is_multiple_of(2));
        let east_m = f64::from(couple % ROW) * COUPLE_GAP_M + if left { 0.0 } else { WITHIN_M };
        let north_m = f64::from(Self::row(number)) * ROW_GAP_M;
        let now = (0..3).map(|round| self.flight(couple, round)).find(|(at_s, flight)| {
            let mine = match flight {
                Flight::Meet => true,
                Flight::Visit { left: who } => *who == left,
            };
            mine && *at_s < cutoff_s && (*at_s..*at_s + FLIGHT_S).contains(&elapsed_s)
        });
        let Some((at_s, flight)) = now else { return ([east_m, north_m, 0.0, 0.0], None) };
        let (far_m, out_deg) = match flight {
            Flight::Visit { .. } => (VISIT_M, 0.0),
            Flight::Meet if left => (MEET_M, 90.0),
            Flight::Meet => (MEET_M, 270.0),
        };
        let (since_s, reach_s) = (elapsed_s - at_s, far_m / SPEED_MPS);
        let (moved_m, speed_mps, track_deg) = if since_s < reach_s {
            (since_s * SPEED_MPS, SPEED_MPS, out_deg)
        } else if since_s < reach_s + PAUSE_S {
            (far_m, 0.0, out_deg)
        } else {
            let back_m = far_m - (since_s - reach_s - PAUSE_S) * SPEED_MPS;
            let home = back_m <= 0.0;
            (back_m.max(0.0), if home { 0.0 } else { SPEED_MPS }, (out_deg + 180.0) % 360.0)
        };
        let (east, north): (f64, f64) = match flight {
            Flight::Visit { .. } => (0.0, moved_m),
            Flight::Meet => (if left { moved_m } else { -moved_m }, 0.0),
        };
        ([east_m + east, north_m + north, speed_mps, track_deg], Some(flight))
    }

    /// The alert that a flight must cause.
    fn cause(number: u32, flight: Flight) -> (String, String, String) {
        match flight {
            Flight::Meet => {
                let first = number - number % 2;
                (Self::uas_id(first), "SEPARATION".into(), Self::uas_id(first + 1))
            }
            Flight::Visit { .. } => {
                (Self::uas_id(number), "ZONE_INCURSION".into(), Self::strip(Self::row(number)))
            }
        }
    }
}

/// A fleet in the air.
pub(crate) struct Fleet {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    plan: Plan,
    start: Stopwatch,
    truth: Mutex<Truth>,
    /// No breach begins after this; seconds after the start, as bits.
    cutoff_s: AtomicU64,
    over: AtomicBool,
    sent: AtomicU64,
    confirmed: AtomicU64,
}

impl Fleet {
    /// Connects to the broker and begins to publish.
    pub(crate) fn start(plan: Plan, broker: u16) -> Self {
        let between_s = f64::from(plan.aircraft / 2) / plan.flights_per_s;
        assert!(FLIGHT_S < between_s, "a couple is home before it flies again");
        let shared = Arc::new(Shared {
            plan,
            start: Stopwatch::start(),
            truth: Mutex::default(),
            cutoff_s: AtomicU64::new(f64::INFINITY.to_bits()),
            over: AtomicBool::new(false),
            sent: AtomicU64::new(0),
            confirmed: AtomicU64::new(0),
        });
        let threads = (0..CONNECTIONS).map(|first| {
            let sender = Sender::connect(broker, &format!("fleet-{first}"));
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.fly(sender, first))
        });
        let threads = threads.collect();
        Self { shared, threads }
    }

    /// Reports published so far.
    pub(crate) fn sent(&self) -> u64 {
        self.shared.sent.load(Relaxed)
    }

    /// What happened so far.
    pub(crate) fn truth(&self) -> Truth {
        self.shared.truth.lock().unwrap().clone()
    }

    /// Begins no more breaches and waits until those in flight are over; the fleet goes on to report.
    pub(crate) fn settle(&self) -> Truth {
        let now_s = self.shared.start.elapsed().as_secs_f64();
        self.shared.cutoff_s.store(now_s.to_bits(), Relaxed);
        std::thread::sleep(Duration::from_secs_f64(FLIGHT_S + 2.0 * self.shared.plan.period_s));
        self.truth()
    }

    /// Lands; the broker must have confirmed every report.
    pub(crate) fn land(mut self) {
        self.stop();
        assert_eq!(self.shared.confirmed.load(Relaxed), self.sent(), "the broker confirms all that was sent");
    }

    fn stop(&mut self) {
        self.shared.over.store(true, Relaxed);
        for thread in self.threads.drain(..) {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "a publisher failed");
        }
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    /// Publishes every `CONNECTIONS`th aircraft from `first` on, each when it is due, until told to stop.
    fn fly(&self, mut sender: Sender, first: u32) {
        let confirmed = Arc::new(AtomicU64::new(0));
        let counter = count_confirmations(&sender, Arc::clone(&confirmed));
        let Plan { aircraft, period_s, .. } = self.plan;
        let phase_s = |number: u32| period_s * (f64::from(number) * 0.618_034).fract();
        let step = usize::try_from(CONNECTIONS).unwrap();
        let mut own: Vec<(u32, u32)> = (first..aircraft).step_by(step).map(|number| (number, 0)).collect();
        own.sort_by(|(a, _), (b, _)| phase_s(*a).total_cmp(&phase_s(*b)));
        let mut sent = 0_u64;
        'flying: for round in 0_u32.. {
            for (number, words) in &mut own {
                let due_s = f64::from(round) * period_s + phase_s(*number);
                let early_s = due_s - self.start.elapsed().as_secs_f64();
                std::thread::sleep(Duration::from_secs_f64(early_s.max(0.0)));
                if self.over.load(Relaxed) {
                    break 'flying;
                }
                let payload = self.report(*number, words);
                sent += 1;
                self.sent.fetch_add(1, Relaxed);
                let id = u16::try_from(sent % 65_535).unwrap() + 1;
                sender.publish(&topic(*number), &payload.to_string(), Some(id)).unwrap();
            }
        }
        until("all reports are confirmed", 60.0, || (confirmed.load(Relaxed) == sent).then_some(()));
        self.confirmed.fetch_add(sent, Relaxed);
        sender.socket().shutdown(Shutdown::Both).unwrap();
        counter.join().unwrap();
    }

    /// The report that is due now, and what it means in the book of truth.
    fn report(&self, number: u32, words: &mut u32) -> Value {
        let elapsed_s = self.start.elapsed().as_secs_f64();
        let cutoff_s = f64::from_bits(self.cutoff_s.load(Relaxed));
        let ([east_m, north_m, speed_mps, track_deg], flight) = self.plan.state(number, elapsed_s, cutoff_s);
        let uas_id = Plan::uas_id(number);
        let mut report = report(&uas_id, place(east_m, north_m), speed_mps, track_deg);
        report["battery_pct"] = json!(80.0);
        report["c2_link"] = json!("OK");
        if let Some(flight) = flight {
            self.truth.lock().unwrap().flights.insert(Plan::cause(number, flight));
        }
        let at_s = self.plan.word_at_s(number, *words);
        if let Some((code, field, value)) = WORDS.get(usize::try_from(*words).unwrap())
            && at_s <= elapsed_s
            && at_s < cutoff_s
        {
            *words += 1;
            report[*field] = serde_json::from_str(value).unwrap();
            let at = report["timestamp"].as_str().unwrap().to_owned();
            self.truth.lock().unwrap().words.insert((uas_id, (*code).to_owned(), at));
        }
        report
    }
}

fn topic(number: u32) -> String {
    format!("lowsky/v1/telemetry/op/{}", Plan::uas_id(number))
}

/// Counts what the broker confirms until the connection ends.
fn count_confirmations(sender: &Sender, confirmed: Arc<AtomicU64>) -> JoinHandle<()> {
    let mut socket = sender.socket();
    std::thread::spawn(move || {
        let mut packet = [0; 4];
        while socket.read_exact(&mut packet).is_ok() {
            assert_eq!(packet[..2], [0x40, 2], "only confirmations come");
            confirmed.fetch_add(1, Relaxed);
        }
    })
}
