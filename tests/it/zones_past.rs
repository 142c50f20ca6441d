//! What a check says of the last hour, of heights in every datum, and what weakens protection, over HTTP with real telemetry.

use std::fs;

use serde_json::{Value, json};

use crate::e2e_support::{Daemon, Sender, configure, free_port, place, report, until, zone, zones};
use crate::zones_support::{NEW, Service, ask, away, by, feature, if_match};

/// Around the origin.
const HERE: [f64; 4] = [-200.0, -200.0, 200.0, 200.0];

fn check(service: &Service, feature: &Value) -> Value {
    service.ask("POST /api/v1/zones/check", "", &feature.to_string()).is(200).json()
}

#[test]
fn a_check_tells_whom_the_zone_would_have_alerted_in_the_last_hour() {
    let service = Service::with(1);
    let mut sender = Sender::connect(service.mqtt, "past");
    // One flies through the place and away, one never comes near.
    for step in 0..12_u32 {
        let east = f64::from(step) * 100.0;
        sender.report(&report("GUEST", place(east, 0.0), 20.0, 90.0));
        sender.report(&report("OTHER", place(3_000.0, 0.0), 0.0, 0.0));
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let draft = feature("DRAFT", HERE);
    let told = until("the history has it", 20.0, || {
        let told = check(&service, &draft);
        assert_eq!(told["valid"], true, "{told}");
        assert_eq!(told["partial"], false, "{told}");
        (told["alerted_last_hour"] != json!([])).then_some(told)
    });
    let past = told["alerted_last_hour"].as_array().unwrap();
    assert_eq!(past.len(), 1, "{told}");
    assert_eq!(
        (&past[0]["uas_id"], &past[0]["zone"], &past[0]["phase"], &past[0]["new"]),
        (&json!("GUEST"), &json!("DRAFT"), &json!("ACTUAL"), &json!(true))
    );
    assert_eq!(told["aircraft"], json!([]), "it has gone: {told}");
    // Once the zone is there the same check has nothing to add.
    service.put("DRAFT", &by("A", NEW), &draft).is(201);
    let told = check(&service, &draft);
    assert_eq!(told["no_longer_alerted_last_hour"], json!([]), "{told}");
    assert_eq!(told["alerted_last_hour"][0]["new"], false, "{told}");
}

#[test]
fn a_check_compares_heights_above_the_sea() {
    let service = Service::with(1);
    let mut sender = Sender::connect(service.mqtt, "heights");
    let seen = || (service.get("/api/v1/tracks/HOVER").status == 200).then_some(());
    until("the aircraft is seen", 10.0, || {
        let mut report = report("HOVER", place(0.0, 0.0), 0.0, 0.0);
        report["alt_amsl"] = json!(80.0);
        sender.report(&report);
        seen()
    });
    let below = |upper_m: f64| {
        let mut zone = feature("DRAFT", HERE);
        let layer = &mut zone["geometry"]["layer"];
        (layer["upper"], layer["upperReference"]) = (json!(upper_m), json!("AMSL"));
        let told = check(&service, &zone);
        assert_eq!(told["valid"], true, "{told}");
        told["aircraft"].as_array().unwrap().len()
    };
    assert_eq!((below(120.0), below(30.0)), (1, 0));
}

#[test]
fn p24_exemptions_and_words_of_a_change() {
    let service = Service::with(12);
    let mut open = feature("Z00", away(0));
    open["properties"]["extendedProperties"] = json!({ "exempt": { "operators": ["friends"] } });
    let told = check(&service, &open);
    let difference = &told["difference"];
    assert_eq!(difference["needs_approval"], true, "{told}");
    let words = [&difference["words"]["zh-CN"], &difference["words"]["en"]].map(|it| it.as_str().unwrap());
    assert!(words.iter().all(|words| !words.contains("$.")), "{words:?}");
    let answer = service.put("Z00", &by("A", &if_match(&service.version("Z00"))), &open).is(202).json();
    assert!(answer["draft_id"].is_string(), "{answer}");
    let mut higher = feature("Z01", away(1));
    higher["geometry"]["layer"]["upper"] = json!(150.0);
    let told = check(&service, &higher);
    assert_eq!(told["difference"]["words"]["en"], "1 changed (Z01: upper limit).", "{told}");
    assert_eq!(told["difference"]["words"]["zh-CN"], "修改 1 个（Z01：上限）。", "{told}");
}

#[test]
fn edits_are_read_as_strictly_as_files() {
    for (strictness, status) in [("tolerant", 201), ("strict", 422)] {
        let dir = tempfile::tempdir().unwrap();
        configure(dir.path(), free_port(), true, 0);
        let config = dir.path().join("lowsky.toml");
        let text =
            fs::read_to_string(&config).unwrap() + &format!("[zones]\nstrictness = \"{strictness}\"\n");
        fs::write(&config, text).unwrap();
        fs::write(dir.path().join("zones/z.json"), zones(&[zone("Z", away(0))])).unwrap();
        let daemon = Daemon::ready(dir.path());
        let mut deviating = feature("NEW-1", HERE);
        // The published schema wants a list.
        let name = deviating["properties"]["name"][0].take();
        deviating["properties"]["name"] = name;
        let put = "PUT /api/v1/zones/NEW-1";
        let answer = ask(daemon.http, put, &by("A", NEW), &deviating.to_string());
        assert_eq!(answer.status, status, "{strictness}: {}", answer.text);
        let told = ask(daemon.http, "POST /api/v1/zones/check", "", &deviating.to_string()).is(200).json();
        assert_eq!(told["valid"], status == 201, "{strictness}: {told}");
    }
}
