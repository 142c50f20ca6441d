//! Draws zones of every kind, no edge of which is near an aircraft.

use std::collections::{BTreeMap, BTreeSet};

use lowsky::domain::LatLng;
use lowsky::service::clock;
use serde_json::{Value, json};

use super::fleet::{
    APART_M, Craft, FLYING, Fleet, HOVERING, LANES_EAST_M, LANES_NORTH_M, ROW, lng_lat, ring,
};
use crate::e2e_support::place;
use crate::zones_bench::{circle, set};

/// No aircraft is nearer to an edge, or to the edge of a buffer: over what it must leave before its alert ends.
const CLEAR_M: f64 = 12.0;
const BUFFER_M: f64 = 60.0;
/// When what is ahead comes: well within the look-ahead, and later than anybody takes for a draft.
const AHEAD_S: std::ops::Range<f64> = 15.0..25.0;
/// Most zones at a time.
const ZONES: usize = 12;

/// Where a zone is drawn.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    geometry: Value,
    /// Whether an aircraft is about to enter it.
    is_ahead: bool,
    /// Whether no aircraft is near the edge of a buffer around it.
    may_buffer: bool,
}

/// Draws zones.
pub(super) struct Pen<'a> {
    random: fastrand::Rng,
    fleet: &'a Fleet,
    /// What was published: where it is, and whether it changes its meaning soon.
    zones: BTreeMap<String, (Drawn, bool)>,
}

impl<'a> Pen<'a> {
    pub(super) fn new(random: fastrand::Rng, fleet: &'a Fleet) -> Self {
        Self { random, fleet, zones: BTreeMap::new() }
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        self.random.f64().mul_add(high - low, low)
    }

    /// The changes of a draft: what changes by itself goes, something else changes.
    pub(super) fn changes(&mut self) -> Vec<Value> {
        let soon = self.zones.iter().filter(|(_, (_, soon))| *soon).map(|(id, _)| id.clone());
        let mut gone: BTreeSet<String> = soon.collect();
        let mut put = Vec::new();
        for _ in 0..self.random.u32(1..4) {
            let id = format!("D{:02}", self.random.usize(0..ZONES));
            if gone.contains(&id) || put.iter().any(|(other, _)| *other == id) {
                continue;
            }
            match self.zones.get(&id).map(|(drawn, _)| drawn.clone()) {
                Some(_) if self.random.u32(0..3) == 0 => drop(gone.insert(id)),
                Some(drawn) if self.random.bool() => put.push((id, drawn)),
                Some(_) | None => put.push((id, self.drawn())),
            }
        }
        let mut changes = Vec::new();
        for id in gone {
            self.zones.remove(&id);
            changes.push(json!({"action": "DELETE", "id": id}));
        }
        for (id, drawn) in put {
            let (feature, soon) = self.zone(&id, &drawn);
            self.zones.insert(id.clone(), (drawn, soon));
            changes.push(json!({"action": "PUT", "id": id, "feature": feature}));
        }
        changes
    }

    /// A shape that has no edge near an aircraft.
    fn drawn(&mut self) -> Drawn {
        loop {
            let is_ahead = self.random.u32(0..4) == 0;
            let geometry = match self.random.u32(0..4) {
                _ if is_ahead => self.ahead(),
                0 => self.circle(),
                1 => self.polygon(),
                2 => self.corridor(),
                _ => self.lanes(),
            };
            let to_edge_m = self.to_edge_m(&geometry);
            let is_clear = |of_m: f64| to_edge_m.iter().all(|to_m| CLEAR_M < (to_m - of_m).abs());
            if is_clear(0.0) {
                return Drawn { may_buffer: is_clear(BUFFER_M), geometry, is_ahead };
            }
        }
    }

    /// How far each aircraft is from the edge of a shape.
    fn to_edge_m(&self, geometry: &Value) -> Vec<f64> {
        let alone = set([&feature("ALONE", "PROHIBITED", geometry, &json!({}))]);
        let (shape, now_s) = (&alone.zones()[0].volumes[0].shape, self.fleet.now_s());
        let to_edge_m = |craft: &Craft| {
            let [east_m, north_m] = craft.at_m(now_s);
            let (lat, lng) = place(east_m, north_m);
            shape.boundary_distance_m(LatLng::new(lat, lng).unwrap(), 2.0 * BUFFER_M)
        };
        self.fleet.crafts.iter().map(to_edge_m).collect()
    }

    /// A place among those who hover.
    fn spot(&mut self) -> [f64; 2] {
        [(); 2].map(|()| self.between(-100.0, APART_M * f64::from(ROW)))
    }

    fn circle(&mut self) -> Value {
        let (spot, radius_m) = (self.spot(), self.between(150.0, 800.0));
        json!({"type": "Point", "coordinates": lng_lat(spot), "extent": {"subType": "Circle", "radius": radius_m}})
    }

    fn polygon(&mut self) -> Value {
        let [east_m, north_m] = self.spot();
        let corners = self.random.u32(3..9);
        let corner = |n: u32| {
            let (sin, cos) = (f64::from(n) / f64::from(corners) * std::f64::consts::TAU).sin_cos();
            let out_m = self.between(200.0, 900.0);
            lng_lat([east_m + out_m * cos, north_m + out_m * sin])
        };
        closed((0..corners).map(corner).collect())
    }

    fn corridor(&mut self) -> Value {
        let ends = [self.spot(), self.spot(), self.spot()].map(lng_lat);
        let half_m = self.between(60.0, 250.0);
        json!({"type": "LineString", "coordinates": ends, "extent": {"subType": "Corridor", "halfWidth": half_m}})
    }

    /// Some lanes from end to end.
    fn lanes(&mut self) -> Value {
        let first = self.random.u32(0..FLYING);
        let last = self.random.u32(first..FLYING);
        let [south_m, north_m] =
            [f64::from(last) + 0.5, f64::from(first) - 0.5].map(|n| LANES_NORTH_M - APART_M * n);
        closed(ring([-1_000.0, south_m, LANES_EAST_M, north_m]))
    }

    /// The rest of a lane, from somewhat ahead of who flies there.
    fn ahead(&mut self) -> Value {
        let ahead_s = self.between(AHEAD_S.start, AHEAD_S.end);
        let one = self.random.u32(HOVERING..HOVERING + FLYING);
        let craft = &self.fleet.crafts[usize::try_from(one).unwrap()];
        let [west_m, lane_m] = craft.at_m(self.fleet.now_s() + ahead_s);
        closed(ring([west_m, lane_m - 100.0, LANES_EAST_M, lane_m + 100.0]))
    }

    /// A zone of any kind there, and whether it changes its meaning soon.
    fn zone(&mut self, id: &str, drawn: &Drawn) -> (Value, bool) {
        let named = [
            json!({"operation_category": ["OPEN"]}),
            json!({"group_ids": ["G1"]}),
            json!({"flight_ids": ["F1"]}),
            json!({"operators": ["acme"]}),
            json!({"ua_class": ["MICRO"]}),
            json!({"uas_ids": ["C01", "C02", "C03", "C38", "C39"]}),
        ];
        let named = self.random.choice(named).unwrap();
        let mut terms = json!({});
        let mut asks = self.random.choice(["PROHIBITED", "REQ_AUTHORIZATION", "CONDITIONAL"]).unwrap();
        // Only who keeps out is warned of what is ahead.
        match self.random.u32(0..if drawn.is_ahead { 5 } else { 8 }) {
            0 => terms["exempt"] = named,
            1 => terms["applies_to"] = named,
            2 if drawn.may_buffer => terms["buffer_m"] = json!(BUFFER_M),
            5 => {
                asks = "NO_RESTRICTION";
                (terms["priority"], terms["lifts_prohibited"]) = (json!(5), json!(self.random.bool()));
            }
            6 => (terms["kind"], terms["applies_to"]) = (json!("GEO_CAGE"), named),
            7 => (asks, terms["kind"]) = ("NO_RESTRICTION", json!("SUITABLE")),
            _ => {}
        }
        let mut zone = feature(id, asks, &drawn.geometry, &terms);
        let lower_m = 40 * self.random.i32(0..2);
        let upper_m = lower_m + 40 * self.random.i32(1..4);
        let reference = self.random.choice(["AGL", "WGS84"]);
        zone["geometry"]["layer"] = json!({
            "lower": lower_m, "lowerReference": reference, "upper": upper_m, "upperReference": reference, "uom": "m",
        });
        let is_plain = asks != "NO_RESTRICTION" && terms["kind"].is_null() && !drawn.is_ahead;
        let hours = match self.random.u32(0..12) {
            0 => Some([-3_600.0, 3_600.0]),
            1 => Some([3_600.0, 7_200.0]),
            2 => Some([-7_200.0, -3_600.0]),
            3 | 4 if is_plain => Some([self.between(AHEAD_S.start, AHEAD_S.end), 3_600.0]),
            _ => None,
        };
        if let Some(hours) = hours {
            let [from, until] = hours.map(|s| clock::now().plus_seconds(s).to_string());
            zone["properties"]["limitedApplicability"] =
                json!([{"startDateTime": from, "endDateTime": until}]);
        }
        let starts_soon = hours.is_some_and(|[from_s, _]| AHEAD_S.contains(&from_s));
        (zone, drawn.is_ahead || starts_soon)
    }
}

fn closed(mut corners: Vec<Value>) -> Value {
    corners.push(corners[0].clone());
    json!({"type": "Polygon", "coordinates": [corners]})
}

fn feature(id: &str, restriction: &str, geometry: &Value, terms: &Value) -> Value {
    let mut feature = circle(id, restriction, [0.0, 0.0, 1.0], terms);
    let layer = feature["geometry"]["layer"].take();
    feature["geometry"] = geometry.clone();
    feature["geometry"]["layer"] = layer;
    feature
}
