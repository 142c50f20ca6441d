//! The same bytes for a seed, valid messages, and a quiet background.

use std::collections::{BTreeMap, BTreeSet};

use geo::{Contains, Distance, Geodesic, Point, Polygon};
use serde_json::Value;

use super::super::incidents::incidents;
use super::super::path::State;
use super::*;
use crate::domain::AlertCode;
use crate::geodesy::offset_m;

fn settings(aircraft: usize) -> FleetSettings {
    FleetSettings { aircraft, start: Timestamp::parse("2026-11-22T08:00:00Z").unwrap(), ..Default::default() }
}

#[test]
fn the_same_bytes_however_the_steps_are_cut() {
    let settings = settings(300);
    let end = settings.start.plus_seconds(20.0);
    let mut whole_run = Fleet::new(settings.clone());
    assert_eq!(whole_run.aircraft(), 300);
    let at_once = whole_run.step(end);
    let mut stepped = Fleet::new(settings.clone());
    let in_steps: Vec<_> =
        (1..=200).flat_map(|step| stepped.step(settings.start.plus_seconds(f64::from(step) * 0.1))).collect();
    assert_eq!(at_once, in_steps);
    assert!(at_once.len() > 300 * 19, "{}", at_once.len());
    assert!(at_once.is_sorted_by_key(|message| message.at));
    assert!(Fleet::new(FleetSettings { seed: 2, ..settings }).step(end) != at_once);
}

#[test]
fn every_message_is_what_its_topic_says() {
    let settings = settings(300);
    let mut fleet = Fleet::new(settings.clone());
    let mut silent_faults = 0;
    for message in fleet.step(settings.start.plus_seconds(60.0)) {
        let levels: Vec<&str> = message.topic.split('/').collect();
        assert_eq!(levels[..2], ["lowsky", "v1"]);
        let text = String::from_utf8(message.payload).unwrap();
        match levels[2] {
            "telemetry" => {
                let report: Value = serde_json::from_str(&text).unwrap();
                let faulty = levels[4] == "FAULTY-01";
                let good = report["uas_id"] == levels[4]
                    && report["lat"].is_f64()
                    && report["crs"].is_null()
                    && Timestamp::parse(report["timestamp"].as_str().unwrap()).unwrap() <= message.at;
                assert!(good || faulty, "{text}");
                silent_faults += usize::from(!good);
            }
            "nmea" => {
                assert_eq!(text.lines().count(), 3);
                for line in text.lines() {
                    assert!(nmea::parse_str(line).is_ok(), "{line}");
                }
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(silent_faults, 4);
}

#[test]
fn every_detector_has_an_incident_within_two_minutes_and_its_actors_fly() {
    let fleet = Fleet::new(settings(0));
    let flying: BTreeSet<&str> = fleet.craft().iter().map(|craft| craft.uas_id.as_str()).collect();
    let mut codes = BTreeSet::new();
    for incident in incidents() {
        assert!((0.0..100.0).contains(&incident.at_s));
        assert!(incident.uas_ids.iter().all(|id| flying.contains(id)), "{incident:?}");
        assert!(incident.uas_ids.is_sorted());
        codes.extend(incident.codes);
    }
    assert_eq!(
        codes,
        BTreeSet::from([
            AlertCode::ZoneIncursion,
            AlertCode::HeightLimit,
            AlertCode::SpeedLimit,
            AlertCode::Separation,
            AlertCode::LostLink,
            AlertCode::C2Lost,
            AlertCode::Emergency,
            AlertCode::LowBattery,
            AlertCode::PositionIntegrity,
            AlertCode::TimeSkew,
        ])
    );
}

#[test]
fn a_fleet_is_as_large_as_asked_and_no_name_comes_twice() {
    for (asked, flies) in [(0, 17), (50, 50), (300, 300), (6000, 6000), (1_000_000, 6000)] {
        let fleet = Fleet::new(settings(asked));
        assert_eq!(fleet.aircraft(), flies);
        let names: BTreeSet<_> = fleet.craft().iter().map(|craft| &craft.uas_id).collect();
        assert_eq!(names.len(), flies);
    }
    assert_eq!(Fleet::new(FleetSettings { incidents: false, ..settings(300) }).aircraft(), 300);
}

/// Name, polygons and circles of a zone, without their heights.
type Outline = (String, Vec<Polygon>, Vec<(Point, f64)>);

fn zones() -> Vec<Outline> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/seeds/zones");
    let mut zones = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // A whole city, of every kind of shape, far from where anybody flies.
        if path.file_name().is_some_and(|name| name == "linjiang.json") {
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        for feature in document["features"].as_array().unwrap() {
            let geometry = &feature["geometry"];
            let parts = geometry["geometries"].as_array().cloned().unwrap_or_else(|| vec![geometry.clone()]);
            let (mut polygons, mut circles) = (Vec::new(), Vec::new());
            for part in &parts {
                let point = |pair: &Value| (pair[0].as_f64().unwrap(), pair[1].as_f64().unwrap());
                let outer = |rings: &Value| {
                    let ring: Vec<_> = rings[0].as_array().unwrap().iter().map(point).collect();
                    Polygon::new(ring.into(), vec![])
                };
                match part["type"].as_str().unwrap() {
                    "Polygon" => polygons.push(outer(&part["coordinates"])),
                    "MultiPolygon" => {
                        polygons.extend(part["coordinates"].as_array().unwrap().iter().map(outer));
                    }
                    "Point" => circles.push((
                        Point::from(point(&part["coordinates"])),
                        part["extent"]["radius"].as_f64().unwrap(),
                    )),
                    other => panic!("{other}"),
                }
            }
            zones.push((feature["properties"]["identifier"].to_string(), polygons, circles));
        }
    }
    assert!(zones.len() >= 40, "{}", zones.len());
    zones
}

#[test]
fn only_the_corner_cutter_touches_a_zone() {
    let fleet = Fleet::new(settings(1500));
    let zones = zones();
    let mut cut = BTreeSet::new();
    for craft in fleet.craft() {
        for step in 0..40 {
            let state = craft.true_state(f64::from(step) * 15.0);
            // The helicopter passes over the park conditions and the railway, hundreds of metres up.
            let at = Point::new(state.at.lng_deg(), state.at.lat_deg());
            for (name, polygons, circles) in &zones {
                let inside = polygons.iter().any(|polygon| polygon.contains(&at))
                    || circles.iter().any(|(middle, radius)| Geodesic.distance(*middle, at) <= *radius);
                if inside && craft.uas_id != "HELI-1" {
                    cut.insert((craft.uas_id.clone(), name.clone()));
                }
            }
        }
    }
    assert!(cut.iter().all(|(who, _)| who == "CORNER-CUT"), "{cut:?}");
    assert!(cut.iter().any(|(_, zone)| zone.contains("ZGSDK1")), "{cut:?}");
}

/// Whether two straight lines come within 60 m and 16 m of each other in the next 30 s.
fn would_meet(a: &State, b: &State) -> bool {
    let [east, north] = offset_m(a.at, b.at);
    let velocity = [b.east_mps - a.east_mps, b.north_mps - a.north_mps, b.up_mps - a.up_mps];
    (0..=30).map(f64::from).any(|t| {
        (east + velocity[0] * t).hypot(north + velocity[1] * t) < 60.0
            && (b.agl_m - a.agl_m + velocity[2] * t).abs() < 16.0
    })
}

#[test]
fn only_actors_come_near_each_other() {
    let fleet = Fleet::new(settings(700));
    let mut met = BTreeMap::new();
    for step in 0..60 {
        let t_s = f64::from(step) * 9.7;
        let states: Vec<_> = fleet.craft().iter().map(|craft| (craft, craft.true_state(t_s))).collect();
        for (index, (one, a)) in states.iter().enumerate() {
            for (other, b) in states.iter().skip(index + 1) {
                let near = offset_m(a.at, b.at).iter().all(|m| m.abs() < 3500.0);
                let apart = one.group_id.is_none() || one.group_id != other.group_id;
                if near && apart && would_meet(a, b) {
                    met.entry([one.uas_id.clone(), other.uas_id.clone()]).or_insert(t_s);
                }
            }
        }
    }
    let pairs: Vec<_> = met.keys().map(|pair| pair.each_ref().map(String::as_str)).collect();
    assert_eq!(pairs, [["HEADON-A", "HEADON-B"], ["OVERTAKE-SLOW", "OVERTAKE-FAST"]], "{met:?}");
}
