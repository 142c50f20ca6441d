//! Ordinary traffic, laid out so that nobody meets anybody and no zone is touched.
//!
//! Deliveries have blocks of 3 km to themselves, four aircraft above each other, 18 m apart. They keep to the
//! middle of a block: flying on straight for 30 s still does not bring two of different blocks together.

use std::f64::consts::TAU;

use super::craft::{Craft, Format};
use super::fleet::real;
use super::incidents;
use super::path::{Ending, Fix, Path, Route};
use crate::domain::{LatLng, OperationCategory, UaClass};
use crate::geodesy::LocalMetric;

/// A piece of country without zones: name of its operator, south-west corner, blocks east and north.
struct District {
    operator: &'static str,
    south_west: [f64; 2],
    blocks: [usize; 2],
}

const fn district(operator: &'static str, south_west: [f64; 2], blocks: [usize; 2]) -> District {
    District { operator, south_west, blocks }
}

/// Foshan, Zhongshan and Dongguan.
const DISTRICTS: [District; 3] = [
    district("pearl-delivery", [22.90, 112.95], [8, 11]),
    district("delta-logistics", [22.40, 113.20], [10, 12]),
    district("harbour-express", [22.85, 113.75], [13, 11]),
];
/// The open sea takes what the districts do not hold.
const SEA: District = district("sea-trials", [21.10, 113.20], [75, 21]);

/// Side of a block, metres.
const BLOCK_M: f64 = 3000.0;
/// How far from the middle of its block a delivery goes, metres.
const REACH_M: f64 = 950.0;
/// Heights of the four deliveries of a block above ground, metres.
const LAYERS_M: [f64; 4] = [55.0, 73.0, 91.0, 109.0];

/// Drones of the light show.
const SHOW: usize = 48;
/// Fixed-wing aircraft on survey.
const SURVEYS: usize = 12;
/// Inspection drones that report NMEA sentences.
const INSPECTIONS: usize = 6;
/// Passenger drones in the corridor.
const EVTOLS: usize = 4;
/// From this size on a fleet has everything; a smaller one has deliveries only.
const MIXED_FROM: usize = 150;

/// So many aircraft; with a helicopter if there is none among the actors of incidents.
pub(super) fn aircraft(wanted: usize, with_helicopter: bool, random: &mut fastrand::Rng) -> Vec<Craft> {
    let mut craft = Vec::with_capacity(wanted);
    if wanted >= MIXED_FROM {
        craft.extend(with_helicopter.then(incidents::helicopter));
        craft.extend((0..EVTOLS).map(evtol));
        craft.extend((0..SHOW).map(show));
        craft.extend((0..SURVEYS).map(survey));
        craft.extend((0..INSPECTIONS).map(inspection));
    }
    let deliveries = wanted - craft.len();
    craft.extend((0..deliveries).map(|index| delivery(index, random)));
    craft
}

/// The middle of the block of that number: districts by turns, then the sea.
fn block(number: usize) -> (&'static str, LatLng) {
    let turn = number / DISTRICTS.len();
    let by_turns = DISTRICTS.get(number % DISTRICTS.len()).filter(|d| turn < d.blocks[0] * d.blocks[1]);
    let (district, index) = by_turns.map_or((&SEA, number), |district| (district, turn));
    let [columns, rows] = district.blocks;
    // A stride without a common factor scatters few aircraft over the whole district.
    let place = index * 29 % (columns * rows);
    let [lat, lng] = district.south_west;
    let corner = LatLng::wrapped(lat, lng);
    let [east, north] = [place % columns, place / columns].map(|n| (real(n) + 0.5) * BLOCK_M);
    (district.operator, LocalMetric::at(lat).moved(corner, east, north))
}

/// A multirotor between three places, winching its parcel down at each.
fn delivery(index: usize, random: &mut fastrand::Rng) -> Craft {
    let (operator, middle) = block(index / LAYERS_M.len());
    let agl_m = LAYERS_M.get(index % LAYERS_M.len()).copied().unwrap_or(55.0);
    let turn = random.f64() * TAU;
    // Three places about a third of a circle apart, so that legs are long enough to be flown.
    let [a, b, c] = [0.0, 1.0, 2.0].map(|third| {
        let angle = turn + (third + 0.5 * random.f64()) * TAU / 3.0;
        let reach_m = REACH_M * (0.55 + 0.45 * random.f64());
        [reach_m * angle.cos(), reach_m * angle.sin()]
    });
    let path = Route::from(middle, a, agl_m)
        .hover(1.0 + 20.0 * random.f64())
        .hop(b, 15.0)
        .hover(8.0)
        .hop(c, 15.0)
        .hover(8.0)
        .hop(a, 15.0)
        .hover(8.0)
        .end(Ending::Repeats);
    let mut craft = Craft::new(operator, &format!("MR-{:04}", index + 1), Some(UaClass::Light), path);
    craft.category = Some(OperationCategory::Specific);
    craft
}

/// Fixed wing: an oval over farmland in Huizhou, one to a block of 8 by 4 km.
fn survey(index: usize) -> Craft {
    let corner = LatLng::wrapped(22.72, 114.32);
    let [east, north] = [real(index % 4) * 11_000.0 + 4000.0, real(index / 4) * 9000.0 + 3000.0];
    let middle = LocalMetric::at(corner.lat_deg()).moved(corner, east, north);
    let path = oval(middle, [2000.0, 400.0], 100.0, 22.0).ahead_by(real(index) * 17.0);
    Craft::new("survey-wing", &format!("FW-{:02}", index + 1), Some(UaClass::Small), path)
}

/// Passenger drones between Shekou and Zhuhai, a quarter of the way apart.
fn evtol(index: usize) -> Craft {
    let middle = LatLng::wrapped(22.425, 113.80);
    let path = oval(middle, [12_500.0, 800.0], 300.0, 50.0);
    let quarter_s = path.duration_s() / real(EVTOLS);
    let path = path.ahead_by(real(index) * quarter_s);
    let mut craft = Craft::new("air-taxi", &format!("EVTOL-{}", index + 1), Some(UaClass::Large), path);
    craft.category = Some(OperationCategory::Certified);
    craft
}

/// A drone that inspects a power line in Longgang and reports NMEA sentences.
fn inspection(index: usize) -> Craft {
    let corner = LatLng::wrapped(22.61, 114.11);
    let [east, north] = [real(index % 2) * 5000.0 + 3500.0, real(index / 2) * 6000.0 + 2000.0];
    let path = Route::from(corner, [east - 600.0, north], 65.0)
        .to([east + 600.0, north + 300.0], 6.0)
        .there_and_back(240.0);
    let mut craft = Craft::new("grid-inspection", &format!("NMEA-{}", index + 1), None, path);
    craft.format = Format::Nmea;
    craft
}

/// One drone of a turning figure of eight columns and six rows, five metres apart.
fn show(index: usize) -> Craft {
    let middle = LatLng::wrapped(22.740, 113.510);
    let east = (real(index % 8) - 3.5) * 5.0;
    let up = 60.0 + real(index / 8) * 5.0;
    let metric = LocalMetric::at(middle.lat_deg());
    let turn_s = 240.0;
    let steps = 60_usize;
    let fixes = (0..=steps).map(|step| {
        let (sin, cos) = (real(step) / real(steps) * TAU).sin_cos();
        Fix {
            t_s: real(step) / real(steps) * turn_s,
            at: metric.moved(middle, east * cos, east * sin),
            agl_m: up,
        }
    });
    let path = Path::new(fixes.collect(), Ending::Repeats);
    let mut craft = Craft::new("light-show", &format!("SHOW-{:02}", index + 1), Some(UaClass::Light), path);
    craft.group_id = Some("nansha-show".into());
    craft
}

/// Two straights of twice `half_m` metres east–west, joined by half circles of `radius_m`, flown for ever.
fn oval(middle: LatLng, [half_m, radius_m]: [f64; 2], agl_m: f64, speed_mps: f64) -> Path {
    let metric = LocalMetric::at(middle.lat_deg());
    let bend = |side: f64| {
        (0..=12_usize).map(move |step| {
            let (sin, cos) = (real(step) / 12.0 * TAU / 2.0 - TAU / 4.0).sin_cos();
            [side * (half_m + radius_m * cos), side * radius_m * sin]
        })
    };
    let corners: Vec<[f64; 2]> = bend(1.0).chain(bend(-1.0)).collect();
    let mut fixes = Vec::with_capacity(corners.len() + 1);
    let mut t_s = 0.0;
    let mut before = corners.first().copied().unwrap_or_default();
    for corner in corners.iter().copied().chain(corners.first().copied()) {
        t_s += (corner[0] - before[0]).hypot(corner[1] - before[1]) / speed_mps;
        before = corner;
        fixes.push(Fix { t_s, at: metric.moved(middle, corner[0], corner[1]), agl_m });
    }
    Path::new(fixes, Ending::Repeats)
}
