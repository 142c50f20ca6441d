//! Aircraft that report over MQTT: some hover in a square, some fly eastward, each on its lane.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use lowsky::service::clock::{self, Stopwatch};
use serde_json::{Value, json};

use crate::e2e_support::{Sender, place, report};

/// How many hover, in rows of so many, and how many fly; metres between them.
pub(super) const HOVERING: u32 = 36;
pub(super) const ROW: u32 = 6;
pub(super) const FLYING: u32 = 12;
pub(super) const APART_M: f64 = 300.0;
/// The northernmost lane, and where lanes end: nobody gets there.
pub(super) const LANES_NORTH_M: f64 = -2_500.0;
pub(super) const LANES_EAST_M: f64 = 10_000.0;
/// Between two reports of an aircraft.
const PERIOD: Duration = Duration::from_millis(80);

pub(super) struct Craft {
    /// What it says beside where it is.
    says: Value,
    start_m: [f64; 2],
    speed_mps: f64,
}

impl Craft {
    fn any(n: u32, random: &mut fastrand::Rng) -> Self {
        let height_m = 20.0 + 40.0 * f64::from(random.u32(0..4));
        let mut says = json!({
            "uas_id": format!("C{n:02}"), "operator": random.choice(["acme", "rival"]),
            "ua_class": random.choice(["", "MICRO", "LIGHT", "LARGE"]), "group_id": random.choice(["", "G1"]),
            "operation_category": random.choice(["", "OPEN", "SPECIFIC"]),
            "flight_id": random.choice(["", "F1"]),
            "height": height_m, "height_reference": "GROUND", "alt_hae": height_m - 4.0,
        });
        let knows_height = random.u32(0..6) > 0;
        let is_said = |name: &str| knows_height || !(name.starts_with("height") || name == "alt_hae");
        says.as_object_mut().unwrap().retain(|name, value| is_said(name) && value != "");
        let metres = |count: u32| APART_M * f64::from(count);
        if n < HOVERING {
            let mut off_m = || random.f64().mul_add(120.0, -60.0);
            let start_m = [metres(n % ROW) + off_m(), metres(n / ROW) + off_m()];
            return Self { says, start_m, speed_mps: 0.0 };
        }
        let start_m = [random.f64() * 500.0, LANES_NORTH_M - metres(n - HOVERING)];
        Self { says, start_m, speed_mps: random.f64().mul_add(8.0, 4.0) }
    }

    pub(super) fn at_m(&self, s: f64) -> [f64; 2] {
        [self.start_m[0] + self.speed_mps * s, self.start_m[1]]
    }

    fn report(&self, s: f64) -> Value {
        let [east_m, north_m] = self.at_m(s);
        let mut report = report("", place(east_m, north_m), self.speed_mps, 90.0);
        let own = ["height", "height_reference", "alt_hae", "ua_class"];
        report.as_object_mut().unwrap().retain(|name, _| !own.contains(&name.as_str()));
        report.as_object_mut().unwrap().extend(self.says.as_object().unwrap().clone());
        report
    }

    /// An intent that authorises it where it is, and all along its lane.
    fn intent(&self, flight_id: &str) -> Value {
        let [west_m, lane_m] = self.start_m;
        let east_m = if self.speed_mps > 0.0 { LANES_EAST_M } else { west_m + 100.0 };
        let limit = |metres: f64| json!({"value": metres, "reference": "WGS84", "units": "M"});
        json!({
            "flight_id": flight_id, "operator": self.says["operator"], "uas_ids": [self.says["uas_id"]],
            "state": "ACCEPTED", "volumes": [{
                "outline": ring([west_m - 100.0, lane_m - 100.0, east_m, lane_m + 100.0]),
                "altitude_lower": limit(-50.0), "altitude_upper": limit(500.0),
                "time_start": clock::now().plus_seconds(-60.0), "time_end": clock::now().plus_seconds(3_600.0),
            }],
        })
    }
}

/// The corners of a rectangle.
pub(super) fn ring([west_m, south_m, east_m, north_m]: [f64; 4]) -> Vec<Value> {
    [[west_m, south_m], [east_m, south_m], [east_m, north_m], [west_m, north_m]].map(lng_lat).to_vec()
}

pub(super) fn lng_lat([east_m, north_m]: [f64; 2]) -> Value {
    let (lat, lng) = place(east_m, north_m);
    json!([lng, lat])
}

/// Aircraft that report until dropped.
pub(super) struct Fleet {
    pub(super) crafts: Arc<Vec<Craft>>,
    since: Stopwatch,
    /// How often everybody has reported.
    rounds: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Fleet {
    pub(super) fn start(mqtt: u16, random: &mut fastrand::Rng) -> Self {
        let crafts: Vec<_> = (0..HOVERING + FLYING).map(|n| Craft::any(n, random)).collect();
        let (crafts, since) = (Arc::new(crafts), Stopwatch::start());
        let (rounds, stop) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let (flown, counted, stopped) = (Arc::clone(&crafts), Arc::clone(&rounds), Arc::clone(&stop));
        let mut sender = Sender::connect(mqtt, "fleet");
        let mut send = move |what: &str, id: &str, body: &Value| {
            let topic = format!("lowsky/v1/{what}/{}/{id}", body["operator"].as_str().unwrap());
            sender.send(&topic, &body.to_string()).unwrap();
        };
        for (n, craft) in crafts.iter().enumerate().step_by(5) {
            let flight_id = format!("I{n:02}");
            send("intent", &flight_id, &craft.intent(&flight_id));
        }
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                for craft in &*flown {
                    let report = craft.report(since.elapsed().as_secs_f64());
                    send("telemetry", report["uas_id"].as_str().unwrap(), &report);
                }
                counted.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(PERIOD);
            }
        });
        Self { crafts, since, rounds, stop, thread: Some(thread) }
    }

    pub(super) fn rounds(&self) -> u64 {
        self.rounds.load(Ordering::Relaxed)
    }

    pub(super) fn now_s(&self) -> f64 {
        self.since.elapsed().as_secs_f64()
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.thread.take().map(std::thread::JoinHandle::join));
    }
}
