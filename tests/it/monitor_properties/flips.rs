//! Versions of the zones that flip ten times a second under a million evaluations: each alert is what a fresh judge says
//! of the reports that led to it, by the version that it names.

use std::collections::BTreeMap;
use std::sync::Arc;

use lowsky::airspace::{Airspace, Document, load};
use lowsky::domain::{
    Alert, AlertCode, AlertEventKind, LatLng, Observation, OperationalStatus, Phase, Severity, UasId,
};
use lowsky::geodesy::LocalMetric;
use lowsky::monitor::{Effect, Event, Judge, Monitor, Settings};

use super::{alerts, at};

const VERSIONS: usize = 5;
const AIRCRAFT: usize = 500;
const SECONDS: usize = 1_000;
/// Aircraft fly so far from the origin and come back, metres.
const REACH_M: f64 = 3_000.0;

fn origin() -> LatLng {
    LatLng::new(22.5, 113.5).unwrap()
}

fn number(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap())
}

/// Twelve circles whose size, place and restriction differ from version to version.
fn version(n: usize) -> Arc<Airspace> {
    let metric = LocalMetric::at(22.5);
    let feature = |zone: usize| {
        let (east, north) = (number(zone % 4) * 1_500.0 - 2_250.0, number(zone / 4) * 1_800.0 - 1_800.0);
        let centre = metric.moved(origin(), east + 40.0 * number(n), north);
        let kind = ["PROHIBITED", "REQ_AUTHORIZATION", "CONDITIONAL"][(zone + n) % 3];
        serde_json::json!({
            "type": "Feature",
            "properties": {
                "identifier": format!("Z{zone:02}"), "country": "CHN", "variant": "COMMON",
                "type": kind,
            },
            "geometry": {
                "type": "Point", "coordinates": [centre.lng_deg(), centre.lat_deg()],
                "extent": {"subType": "Circle", "radius": 250.0 + 60.0 * number((zone + n) % VERSIONS)},
                "layer": {"lower": 0, "lowerReference": "AGL", "upper": 120, "upperReference": "AGL", "uom": "m"},
            },
        })
    };
    let features: Vec<_> = (0..12).map(feature).collect();
    let text = serde_json::json!({"type": "FeatureCollection", "features": features}).to_string();
    Arc::new(load(&[Document { name: "zones", text: text.as_bytes() }]).airspace.unwrap())
}

/// To and fro between two edges.
fn bounced(metres: f64) -> (f64, f64) {
    let along = (metres + REACH_M).rem_euclid(4.0 * REACH_M);
    if along < 2.0 * REACH_M { (along - REACH_M, 1.0) } else { (3.0 * REACH_M - along, -1.0) }
}

fn report(craft: usize, id: &UasId, t: f64) -> Observation {
    let speed = 4.0 + number(craft % 17);
    let course = number(craft) * 2.4;
    let (east, eastwards) = bounced(number(craft * 37 % 600) * 10.0 + speed * course.sin() * t);
    let (north, northwards) = bounced(number(craft * 91 % 600) * 10.0 + speed * course.cos() * t);
    let place = LocalMetric::at(22.5).moved(origin(), east, north);
    let mut seen = Observation::new(id.clone(), at(t), place);
    seen.status = OperationalStatus::Airborne;
    seen.heights.hae_m = Some(20.0 + number(craft % 30) * 5.0);
    let (vx, vy) = (eastwards * course.sin(), northwards * course.cos());
    seen.motion.ground_speed_mps = Some(speed);
    seen.motion.track_deg = Some(vx.atan2(vy).to_degrees().rem_euclid(360.0));
    seen.motion.vertical_speed_mps = Some(0.0);
    seen
}

fn settings() -> Settings {
    let mut settings = Settings { separation: Vec::new(), ..Settings::default() };
    settings.lifecycle.raise_m_of_n = [1, 1];
    settings
}

/// What is said of an aircraft and a zone: phase, severity and rule.
type Said = (Phase, Severity, Arc<str>);

fn said(alert: &Alert) -> Said {
    (alert.phase, alert.severity, Arc::clone(&alert.rule))
}

/// What a monitor that has seen the last two reports only says of the zone of an alert.
fn of_two(airspace: &Arc<Airspace>, reports: &[Observation], alert: &Alert) -> Option<Said> {
    let (mut monitor, mut effects) = (Monitor::new(settings()), Vec::new());
    let first = reports.first()?.timestamp;
    monitor.handle(first.plus_seconds(-1.0), Event::AirspaceReplaced(Arc::clone(airspace)), &mut effects);
    for report in reports {
        monitor.handle(report.timestamp, Event::Observed(report.clone()), &mut effects);
    }
    let zone = alert.zone.as_ref()?;
    alerts(&effects)
        .filter(|event| event.alert.zone.as_ref().is_some_and(|found| found.id == zone.id))
        .last()
        .map(|event| said(&event.alert))
}

#[test]
fn p22_a_million_evaluations_under_flipping_versions_are_reproduced_by_the_version_that_each_names() {
    let versions: Vec<_> = (0..VERSIONS).map(version).collect();
    let by_version = |zone: &str, version: &str| {
        versions.iter().position(|set| set.zone_by_id(zone).is_some_and(|zone| &*zone.version == version))
    };
    let mut judges: Vec<_> = versions.iter().map(|set| Judge::new(settings(), Arc::clone(set))).collect();
    let ids: Vec<_> = (0..AIRCRAFT).map(|n| UasId::new(&format!("F{n:03}")).unwrap()).collect();
    let mut last: BTreeMap<&UasId, Vec<Observation>> = BTreeMap::new();
    let (mut monitor, mut effects) = (Monitor::new(settings()), Vec::new());
    let (mut swaps, mut reproduced, mut used) = (0, 0_usize, [0_usize; VERSIONS]);
    for slot in 0..SECONDS * 20 {
        let t = number(slot) * 0.05;
        if slot % 2 == 0 {
            let zones = Arc::clone(&versions[swaps % VERSIONS]);
            monitor.handle(at(t), Event::AirspaceReplaced(zones), &mut effects);
            swaps += 1;
        }
        // A twentieth of the aircraft reports in each slot, between two swaps.
        for (craft, id) in ids.iter().enumerate().skip(slot % 20).step_by(20) {
            let seen = report(craft, id, t + 0.02);
            let before = last.entry(id).or_default();
            if before.len() == 3 {
                before.remove(0);
            }
            before.push(seen.clone());
            monitor.handle(seen.timestamp, Event::Observed(seen), &mut effects);
        }
        for effect in effects.drain(..) {
            let Effect::Alert(event) = effect else { continue };
            let alert = &event.alert;
            if event.event != AlertEventKind::Raised || alert.code != AlertCode::ZoneIncursion {
                continue;
            }
            let zone = alert.zone.as_ref().unwrap();
            let set = by_version(zone.id.as_str(), &zone.version).expect("a version that was in force");
            // It may have been raised before the newest report came.
            let seen = last[&alert.uas_id].iter().filter(|report| report.timestamp <= alert.raised_at);
            let seen: Vec<_> = seen.cloned().collect();
            let reports = &seen[seen.len().saturating_sub(2)..];
            let newest = reports.last().expect("a report led to it");
            let of_one = judges[set].judge(newest);
            let of_one = of_one.iter().find(|one| one.zone.as_ref() == Some(&zone.id));
            let of_one = of_one.map(|one| (one.phase, one.severity, Arc::clone(&one.rule)));
            let agrees = of_one.as_ref() == Some(&said(alert))
                // Who went through between two reports has left.
                || of_two(&versions[set], reports, alert).as_ref() == Some(&said(alert));
            assert!(agrees, "{alert:?} and not {of_one:?} by version {set}");
            (reproduced, used[set]) = (reproduced + 1, used[set] + 1);
        }
    }
    // Between two of its reports each is looked at again at least once: a swap has that done within half a second.
    let evaluations = usize::try_from(monitor.tally().evaluated).unwrap() + AIRCRAFT * SECONDS;
    println!("{evaluations} evaluations, {swaps} swaps, {reproduced} alerts reproduced, by version {used:?}");
    assert!(evaluations >= 1_000_000 && swaps >= 10 * SECONDS, "{evaluations} {swaps}");
    assert!(reproduced > 1_000 && used.iter().all(|count| *count > 100), "{reproduced} {used:?}");
}
