//! What one report costs, in CPU time of one core: `cargo bench --bench monitor`.
//!
//! The metropolitan case: aircraft spread over a square at 0–300 m, 15 m/s, 1 Hz; zones of 30–300 vertices,
//! one a square kilometre; every detector on; default look-aheads. Every figure is the mean over whole rounds
//! in steady state, by the thread's CPU time, with the spread over the rounds beside it. `--quick` leaves the
//! large cases out, `--only NAME` or `--only 'NAME AIRCRAFT'` all others. Two cases differ in the vertices of their zones
//! alone, 100 and 10,000, in and around which most aircraft fly; the last lines have cases side by side.
//!
//! Reports are handled as the daemon does it under load: the monitor looks ahead for those that wait, a batch at a
//! time. In every other round, in an irregular order, it does not, as when each report comes alone: the second figure.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a program: what it is given is its own, and it prints its figures"
)]

use std::sync::Arc;

use lowsky::airspace::{Airspace, Shape, Volume, Zone};
use lowsky::domain::{
    LatLng, Observation, OperationalStatus, Restriction, Timestamp, UaClass, UasId, ZoneId, whole,
};
use lowsky::geodesy::LocalMetric;
use lowsky::monitor::{Event, Monitor, Settings};
use rustix::time::{ClockId, clock_gettime};

/// South-west corner of the square.
const CORNER: [f64; 2] = [22.3, 113.2];
/// Rounds that are measured, after as many that warm up, and reports that must have been measured at least.
const ROUNDS: usize = 15;
const REPORTS_MIN: usize = 500_000;
/// Reports are made so many at a time: as in the daemon, where they come from the decoder a moment before. A whole round
/// of 100,000 would lie in memory, and fetching it would be measured.
const AT_A_TIME: usize = 8 * Monitor::AHEAD;

struct Case {
    name: &'static str,
    aircraft: usize,
    zones: usize,
    side_km: f64,
    /// Half of the aircraft in 1 % of the area.
    hot_spots: bool,
    /// Vertices of each zone, of which every one is 1 to 1.5 km wide then.
    vertices: Option<usize>,
}

struct Aircraft {
    id: UasId,
    lat: f64,
    lng: f64,
    alt_m: f64,
    course_deg: f64,
    /// Where in the second it reports, microseconds.
    phase_us: i64,
}

/// CPU time of this thread.
fn cpu_seconds() -> f64 {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    whole(spent.tv_sec) + whole(spent.tv_nsec) / 1e9
}

fn resident_bytes() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split_whitespace().nth(1).and_then(|pages| pages.parse::<f64>().ok()).unwrap_or(0.0) * 4096.0
}

fn count(n: usize) -> f64 {
    whole(i64::try_from(n).unwrap_or(i64::MAX))
}

fn place(rng: &mut fastrand::Rng, case: &Case, hot: bool) -> (f64, f64) {
    let metric = LocalMetric::at(CORNER[0]);
    // 1 % of the area is a square of a tenth of the side, here in the middle.
    let (from, span) = if hot { (0.45, 0.1) } else { (0.0, 1.0) };
    let [east_m, north_m] = [rng.f64(), rng.f64()].map(|share| (from + span * share) * case.side_km * 1000.0);
    (CORNER[0] + north_m / metric.north_m_per_deg, CORNER[1] + east_m / metric.east_m_per_deg)
}

fn zone(rng: &mut fastrand::Rng, case: &Case, index: usize) -> Zone {
    let (lat, lng) = place(rng, case, false);
    let metric = LocalMetric::at(lat);
    let corners = case.vertices.unwrap_or_else(|| rng.usize(30..=300));
    let radius_m = match case.vertices {
        None => 50.0 + 400.0 * rng.f64() * rng.f64(),
        Some(_) => 1_000.0 + 500.0 * rng.f64(),
    };
    let mut ring: Vec<[f64; 2]> = (0..corners)
        .map(|corner| {
            let angle = count(corner) / count(corners) * std::f64::consts::TAU;
            // A coast of 10,000 vertices is no more ragged than one of 100.
            let wave = if case.vertices.is_some() { (7.0 * angle).sin().abs() } else { rng.f64() };
            let r = radius_m * (0.8 + 0.2 * wave);
            [lng + r * angle.cos() / metric.east_m_per_deg, lat + r * angle.sin() / metric.north_m_per_deg]
        })
        .collect();
    ring.extend(ring.first().copied());
    let shape = Shape::polygons(&[vec![ring]]).expect("a star is a polygon");
    let kind =
        [Restriction::Prohibited, Restriction::RequiresAuthorization, Restriction::Conditional][index % 3];
    Zone::new(ZoneId::new(&format!("Z{index:05}")), kind, vec![Volume::new(shape, None, None)])
        .expect("has a volume")
}

fn fleet(rng: &mut fastrand::Rng, case: &Case) -> Vec<Aircraft> {
    (0..case.aircraft)
        .map(|index| {
            let (lat, lng) = place(rng, case, case.hot_spots && index % 2 == 0);
            Aircraft {
                id: UasId::new(&format!("1581F5BKD{index:08}")).expect("valid"),
                lat,
                lng,
                alt_m: rng.f64() * 300.0,
                course_deg: rng.f64() * 360.0,
                phase_us: rng.i64(0..1_000_000),
            }
        })
        .collect()
}

fn observation(aircraft: &Aircraft, at: Timestamp) -> Observation {
    let mut observation =
        Observation::new(aircraft.id.clone(), at, LatLng::new(aircraft.lat, aircraft.lng).expect("on Earth"));
    observation.heights.hae_m = Some(aircraft.alt_m);
    observation.motion.ground_speed_mps = Some(15.0);
    observation.motion.track_deg = Some(aircraft.course_deg);
    observation.motion.vertical_speed_mps = Some(0.0);
    observation.accuracy.horizontal_m = Some(1.0);
    observation.accuracy.vertical_m = Some(2.0);
    observation.status = OperationalStatus::Airborne;
    observation.ua_class = Some(UaClass::Large);
    observation
}

/// A second of flight: a little unsteady, as real courses are, and back at the edges of the square, so that the density
/// stays what it is.
fn fly(rng: &mut fastrand::Rng, case: &Case, aircraft: &mut Aircraft) {
    let metric = LocalMetric::at(CORNER[0]);
    aircraft.course_deg += rng.f64() * 2.0 - 1.0;
    let side_m = case.side_km * 1000.0;
    let [east_m, north_m] = [
        (aircraft.lng - CORNER[1]) * metric.east_m_per_deg,
        (aircraft.lat - CORNER[0]) * metric.north_m_per_deg,
    ];
    let (sin, cos) = aircraft.course_deg.to_radians().sin_cos();
    if (north_m < 0.0 && cos < 0.0) || (side_m < north_m && 0.0 < cos) {
        aircraft.course_deg = 180.0 - aircraft.course_deg;
    }
    if (east_m < 0.0 && sin < 0.0) || (side_m < east_m && 0.0 < sin) {
        aircraft.course_deg = -aircraft.course_deg;
    }
    aircraft.course_deg = aircraft.course_deg.rem_euclid(360.0);
    let (sin, cos) = aircraft.course_deg.to_radians().sin_cos();
    aircraft.lat += 15.0 * cos / metric.north_m_per_deg;
    aircraft.lng += 15.0 * sin / metric.east_m_per_deg;
}

/// Measures a case and prints it; microseconds a report, of those that were looked ahead for.
fn run(case: &Case) -> f64 {
    let mut rng = fastrand::Rng::with_seed(7);
    let airspace = Airspace::new((0..case.zones).map(|index| zone(&mut rng, case, index)).collect());
    let mut fleet = fleet(&mut rng, case);
    fleet.sort_by_key(|aircraft| aircraft.phase_us);
    let before = resident_bytes();
    let mut monitor = Monitor::new(Settings::default());
    let mut effects = Vec::new();
    let start = Timestamp::parse("2026-11-22T00:00:00Z").expect("an instant");
    monitor.handle(start, Event::AirspaceReplaced(Arc::new(airspace)), &mut effects);
    let mut costs = [Vec::new(), Vec::new()];
    let rounds = 2 * ROUNDS.max(REPORTS_MIN / case.aircraft);
    for round in 0..ROUNDS + rounds {
        let second = start.plus_seconds(count(round));
        let alone = round.count_ones() % 2 == 1;
        let mut spent_s = 0.0;
        for some in fleet.chunks_mut(AT_A_TIME) {
            let mut batch: Vec<_> = Vec::with_capacity(some.len());
            for aircraft in some {
                fly(&mut rng, case, aircraft);
                batch.push(observation(aircraft, second.plus_micros(aircraft.phase_us)));
            }
            let ids: Vec<UasId> = batch.iter().map(|observation| observation.uas_id.clone()).collect();
            let cpu = cpu_seconds();
            for (at, observation) in batch.into_iter().enumerate() {
                if !alone && at.is_multiple_of(Monitor::AHEAD) {
                    monitor.look_ahead(&ids[at..]);
                }
                monitor.handle(observation.timestamp, Event::Observed(observation), &mut effects);
                effects.clear();
            }
            spent_s += cpu_seconds() - cpu;
        }
        if ROUNDS <= round {
            costs[usize::from(alone)].push(spent_s / count(case.aircraft) * 1e6);
        }
    }
    let mean = |costs: &Vec<f64>| costs.iter().sum::<f64>() / count(costs.len());
    let mean_us = mean(&costs[0]);
    let [ahead, alone] = costs.map(|mut costs| {
        costs.sort_by(f64::total_cmp);
        let mean = mean(&costs);
        let (least, most) = (costs.first().copied().unwrap_or(0.0), costs.last().copied().unwrap_or(0.0));
        format!("{mean:>5.2} µs (rounds {least:.2} – {most:.2})")
    });
    let kib = (resident_bytes() - before) / 1024.0 / count(case.aircraft);
    println!(
        "{:<34} {:>7} aircraft {:>6} zones   a report {ahead}, alone {alone}   {kib:>5.2} KiB an aircraft   {} open alerts",
        case.name,
        case.aircraft,
        case.zones,
        monitor.open_alerts()
    );
    mean_us
}

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let case = |name, aircraft, zones, side_km, hot_spots| Case {
        name,
        aircraft,
        zones,
        side_km,
        hot_spots,
        vertices: None,
    };
    let coast = |name, vertices| Case { vertices: Some(vertices), ..case(name, 1_000, 150, 31.6, false) };
    let only = std::env::args().skip_while(|argument| argument != "--only").nth(1);
    let small = [
        case("metropolitan", 10_000, 10_000, 100.0, false),
        case("constant density", 1_000, 1_000, 31.6, false),
        case("constant density, no zones", 1_000, 0, 31.6, false),
        case("hot spots", 10_000, 10_000, 100.0, true),
        case("no zones", 10_000, 0, 100.0, false),
    ];
    let large = [
        case("metropolitan", 100_000, 10_000, 100.0, false),
        case("constant density", 100_000, 100_000, 316.0, false),
        case("constant density, no zones", 100_000, 0, 316.0, false),
        case("hot spots", 100_000, 10_000, 100.0, true),
    ];
    let wanted = |case: &&Case| {
        only.as_ref().is_none_or(|only| {
            [case.name, format!("{} {}", case.name, case.aircraft).as_str()].contains(&only.as_str())
        })
    };
    let cases = small.iter().chain(large.iter().filter(|_| !quick)).filter(wanted);
    let costs: Vec<(&Case, f64)> = cases.map(|case| (case, run(case))).collect();
    for (few, few_us) in costs.iter().filter(|(case, _)| case.aircraft == 1_000) {
        let many = costs.iter().find(|(case, _)| case.name == few.name && case.aircraft == 100_000);
        if let Some((_, many_us)) = many {
            println!(
                "{}: a report among 100,000 aircraft costs {:.2} x one among 1,000",
                few.name,
                many_us / few_us
            );
        }
    }
    let coasts = [coast("zones of 100 vertices", 100), coast("zones of 10,000 vertices", 10_000)];
    let costs: Vec<f64> = coasts.iter().filter(wanted).map(run).collect();
    if let [few, many] = costs.as_slice() {
        println!("a report near zones of 10,000 vertices costs {:.2} x one near zones of 100", many / few);
    }
}
