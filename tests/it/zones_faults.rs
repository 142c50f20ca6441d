//! Writers at the same time, a kill in the middle of a publication, versions that flip while everybody is checked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lowsky::airspace::{Document, load};
use lowsky::domain::LatLng;
use lowsky::service::clock::Stopwatch;
use serde_json::{Value, json};

use crate::calm::Calm;
use crate::e2e_support::{Sender, place, report, until};
use crate::zones_support::{NEW, Service, ask, away, by, feature, if_match, in_files, up_to};

#[test]
fn of_many_writers_who_believe_the_same_exactly_one_wins() {
    let service = Service::with(12);
    let mut version = service.version("Z00");
    for round in 0..5 {
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..8)
                .map(|writer| {
                    let (http, headers) =
                        (service.daemon.http, by(&format!("W{writer}"), &if_match(&version)));
                    let upper_m = 121.0 + 10.0 * f64::from(round) + f64::from(writer);
                    let text = up_to(feature("Z00", away(0)), upper_m).to_string();
                    scope.spawn(move || ask(http, "PUT /api/v1/zones/Z00", &headers, &text).status)
                })
                .collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 7, "{statuses:?}");
        version = service.version("Z00");
    }
    let changed: Vec<_> = service.audit().into_iter().filter(|one| one["action"] == "CHANGED").collect();
    assert_eq!(changed.len(), 5);
    for pair in changed.windows(2) {
        assert_eq!(pair[0]["was"], pair[1]["version"], "no change is lost");
    }
}

/// A draft over two files, so that a mix could be seen, and the set before or after it.
fn both(upper_m: f64) -> Value {
    let one =
        |id: &str, n| json!({ "action": "PUT", "id": id, "feature": up_to(feature(id, away(n)), upper_m) });
    json!({ "changes": [one("Z00", 0), one("API", 20)] })
}

fn uppers(service: &Service) -> BTreeSet<String> {
    let all = service.get("/api/v1/zones").is(200).json();
    let of = |feature: &Value| {
        let id = feature["properties"]["identifier"].as_str().unwrap();
        ["Z00", "API"].contains(&id).then(|| feature["geometry"]["layer"]["upper"].to_string())
    };
    all["features"].as_array().unwrap().iter().filter_map(of).collect()
}

#[test]
fn p22_p31_a_kill_during_a_publication_leaves_the_old_or_the_new_set_and_the_audit_agrees() {
    let mut service = Service::with(12);
    service.put("API", &by("A", NEW), &feature("API", away(20))).is(201);
    let (mut old, mut new) = (0, 0);
    for round in 0..12_u32 {
        let before = uppers(&service);
        let upper_m = 130.0 + f64::from(round);
        let body = both(upper_m).to_string();
        let draft = service.ask("POST /api/v1/zones/drafts", &by("A", ""), &body).is(201).json();
        let path = format!("POST /api/v1/zones/drafts/{}/publish", draft["draft_id"].as_str().unwrap());
        let http = service.daemon.http;
        let publishing = std::thread::spawn(move || ask(http, &path, &by("B", ""), "").status);
        // From before the first byte is written to after the last; a busy machine spreads it further.
        std::thread::sleep(Duration::from_micros(u64::from(round) * 1_500));
        service.daemon.program.kill();
        let status = publishing.join().unwrap();
        service = service.again();
        let after = uppers(&service);
        assert_eq!(after.len(), 1, "a mix: {after:?}");
        let wanted = BTreeSet::from([format!("{upper_m:?}")]);
        let is_new = after == wanted;
        assert!(is_new || after == before, "{after:?} is neither {before:?} nor {wanted:?}");
        assert!(is_new || status != 200, "what was answered is in force");
        if is_new {
            new += 1;
        } else {
            old += 1;
        }
        let mut live: BTreeMap<String, Value> = BTreeMap::new();
        for entry in service.audit().into_iter().rev() {
            live.insert(entry["id"].as_str().unwrap().to_owned(), entry["version"].clone());
            assert!(
                entry["author"] != "file" || entry["n"].as_i64() <= Some(12),
                "nobody edited a file: {entry}"
            );
        }
        for id in service.ids() {
            assert_eq!(live[&id], service.version(&id).as_str(), "{id}");
        }
        assert_eq!(in_files(&service.zones_dir()), service.ids());
    }
    println!("{old} kills left the old set, {new} the new one");
}

/// Longest time to load a set of files, seconds.
const LOADED_S: f64 = 10.0;

#[test]
fn p23_one_file_of_ten_thousand_zones_of_thirty_corners_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let zone = |n: u32| {
        let (east, north) = (f64::from(n % 100) * 0.01, f64::from(n / 100) * 0.01);
        let corner = |i: u32| {
            let (sin, cos) = (f64::from(i % 30) * 12.0).to_radians().sin_cos();
            json!([113.0 + east + 0.004 * cos, 22.0 + north + 0.004 * sin])
        };
        let mut zone = feature(&format!("N{n:05}"), [0.0, 0.0, 100.0, 100.0]);
        zone["geometry"]["coordinates"] = json!([(0..=30).map(corner).collect::<Vec<_>>()]);
        zone
    };
    let all = json!({ "type": "FeatureCollection", "features": (0..10_000).map(zone).collect::<Vec<_>>() });
    let text = serde_json::to_string_pretty(&all).unwrap();
    assert!(20 << 20 < text.len(), "{} bytes", text.len());
    std::fs::write(dir.path().join("all.json"), &text).unwrap();
    let calm = Calm::measure();
    let since = Stopwatch::start();
    let files = lowsky::service::zone_files::read(dir.path()).unwrap();
    let documents: Vec<_> = files.iter().map(|(name, text)| Document { name, text }).collect();
    let loaded = load(&documents);
    let took_s = since.elapsed().as_secs_f64();
    assert_eq!(loaded.airspace.map(|airspace| airspace.zones().len()), Some(10_000), "{:?}", loaded.problems);
    println!("{} MiB read and compiled in {took_s:.2} s", text.len() >> 20);
    let missed = (LOADED_S < took_s).then(|| format!("{took_s:.1} s, not within {LOADED_S} s"));
    calm.judge(&missed.into_iter().collect::<Vec<_>>());
}

/// Two versions of a zone by which an aircraft at the origin is judged differently.
fn flips() -> [Value; 2] {
    let mut other = feature("FLIP", [-100.0, -150.0, 200.0, 250.0]);
    other["properties"]["type"] = json!("REQ_AUTHORIZATION");
    [feature("FLIP", [-200.0, -200.0, 200.0, 200.0]), other]
}

#[test]
fn p22_while_versions_flip_every_alert_is_reproduced_by_the_version_that_it_names() {
    let service = Service::with(12);
    service.put("FLIP", &by("A", NEW), &flips()[0]).is(201);
    let (over, since) = (AtomicBool::new(false), Stopwatch::start());
    let (mut flipped, mut checked) = (0_u32, 0_u32);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Through the zone and out again, so that alerts come and go.
            let (mut sender, mut step) = (Sender::connect(service.mqtt, "swarm"), 0_u32);
            while !over.load(Ordering::Relaxed) {
                for craft in 0..20_u32 {
                    let east = f64::from((step * 7 + craft * 37) % 600) - 300.0;
                    sender.report(&report(
                        &format!("F{craft}"),
                        place(east, f64::from(craft) * 5.0),
                        10.0,
                        90.0,
                    ));
                }
                step += 1;
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let mut version = service.version("FLIP");
        while since.elapsed() < Duration::from_secs(12) {
            let next = &flips()[usize::try_from((flipped + 1) % 2).unwrap()];
            let draft = json!({ "changes": [{ "action": "PUT", "id": "FLIP", "feature": next }] });
            let draft =
                service.ask("POST /api/v1/zones/drafts", &by("A", ""), &draft.to_string()).is(201).json();
            let path = format!("POST /api/v1/zones/drafts/{}/publish", draft["draft_id"].as_str().unwrap());
            service.ask(&path, &by("B", ""), "").is(200);
            assert_ne!(std::mem::replace(&mut version, service.version("FLIP")), version);
            flipped += 1;
            std::thread::sleep(Duration::from_millis(100));
        }
        over.store(true, Ordering::Relaxed);
    });
    let kept = service.get("/api/v1/zones/FLIP/versions").is(200).json();
    let mut features = BTreeMap::new();
    for one in kept["versions"].as_array().unwrap() {
        features.insert(one["version"].as_str().unwrap().to_owned(), one["feature"].clone());
    }
    // What is told of an alert while it stands follows the aircraft out of the zone; what was judged is what began it.
    let page = service.get("/api/v1/events?limit=1000").is(200).json();
    for event in page["events"].as_array().unwrap() {
        let alert = &event["alert"];
        if event["event"] != "RAISED" || alert["zone"]["id"] != "FLIP" {
            continue;
        }
        let version = alert["zone"]["version"].as_str().unwrap();
        let text = json!({ "type": "FeatureCollection", "features": [features[version]] }).to_string();
        let airspace = load(&[Document { name: "kept", text: text.as_bytes() }]).airspace.unwrap();
        let zone = airspace.zone_by_id("FLIP").unwrap();
        assert_eq!(&*zone.version, version, "the kept version is that version");
        if alert["phase"] == "ACTUAL" {
            let at = |name: &str| alert["position"][name].as_f64().unwrap();
            let inside = zone.volumes[0].shape.contains(LatLng::new(at("lat"), at("lng")).unwrap());
            let measured = alert["measured"]["distance_m"].as_f64().unwrap_or(0.0);
            assert!(inside || measured <= 5.0, "{alert}");
        }
        checked += 1;
    }
    println!("{flipped} versions were put in force, {checked} alerts reproduced");
    assert!(flipped >= 10 && checked >= 10, "{flipped} flips, {checked} alerts");
    until("evaluation goes on", 5.0, || (service.daemon.health()["status"] != "failed").then_some(()));
}
