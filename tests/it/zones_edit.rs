//! Zones are changed over HTTP: one truth with the files, nobody's change is lost, and what takes protection away
//! needs two.

use std::fs;

use lowsky::service::clock::Stopwatch;
use serde_json::{Value, json};

use crate::calm::Calm;
use crate::e2e_support::{Sender, place, report, until};
use crate::zones_support::{NEW, Service, away, by, feature, if_match, in_files, up_to};

/// Longest time from the answer to the alert of who flies there, seconds.
const ALERTED_S: f64 = 1.0;

#[test]
fn a_zone_is_made_changed_rolled_back_and_removed_and_the_files_are_the_truth() {
    let service = Service::with(12);
    let wide = feature("NEW-1", [-200.0, -200.0, 200.0, 200.0]);
    let made = service.put("NEW-1", &by("%E6%9D%8E%E9%9B%B7", NEW), &wide).is(201);
    let first = made.tag();
    assert_eq!(made.json()["lowsky"]["version"], first.as_str());
    assert_eq!(service.version("NEW-1"), first);
    service.put("NEW-1", &by("A", NEW), &wide).is(412);

    // What was read can be written back, the service's own remarks included.
    let mut read = service.get("/api/v1/zones/NEW-1").json();
    read["properties"]["extendedProperties"] = json!({ "kept": [1, "two"] });
    read["geometry"]["layer"]["upper"] = json!(110);
    let second = service.put("NEW-1", &by("A", &if_match(&first)), &read).is(200).tag();
    assert_ne!(first, second);
    let stale = service.put("NEW-1", &by("A", &if_match(&first)), &read).is(412);
    assert_eq!((stale.json()["live_version"].as_str(), stale.tag()), (Some(&*second), second.clone()));
    let file = fs::read_to_string(service.zones_dir().join("api.geojson")).unwrap();
    assert!(file.contains("\"kept\":[1,\"two\"]") && !file.contains("\"lowsky\""), "{file}");

    let back = format!("{{\"version\": \"{first}\"}}");
    let line = "POST /api/v1/zones/NEW-1/rollback";
    service.ask(line, &by("B", &if_match(&first)), &back).is(412);
    assert_eq!(service.ask(line, &by("B", &if_match(&second)), &back).is(200).tag(), first);
    service.ask(line, &by("B", &if_match(&first)), "{\"version\": \"000000000000\"}").is(404);

    let delete = "DELETE /api/v1/zones/NEW-1";
    service.ask(delete, &by("B", ""), "").is(428);
    service.ask(delete, &by("B", &if_match(&second)), "").is(412);
    service.ask(delete, &by("B", &if_match(&first)), "").is(204);
    service.get("/api/v1/zones/NEW-1").is(404);
    service.ask(delete, &by("B", &if_match(&first)), "").is(404);

    let versions = service.get("/api/v1/zones/NEW-1/versions").is(200).json();
    let versions = versions["versions"].as_array().unwrap();
    let told: Vec<_> =
        versions.iter().map(|one| (one["action"].as_str().unwrap(), one["version"].as_str())).collect();
    let wanted = [
        ("REMOVED", None),
        ("ROLLED_BACK", Some(&*first)),
        ("CHANGED", Some(&*second)),
        ("CREATED", Some(&*first)),
    ];
    assert_eq!(told, wanted);
    assert_eq!((&versions[3]["author"], &versions[3]["feature"]), (&json!("李雷"), &wide));
    assert_eq!(in_files(&service.zones_dir()), service.ids());
}

#[test]
fn preconditions_are_those_of_rfc_9110_and_are_wanted_only_where_a_change_could_be_overwritten() {
    let service = Service::with(12);
    let wide = feature("NEW-1", [-200.0, -200.0, 200.0, 200.0]);
    let first = service.put("NEW-1", &by("A", ""), &wide).is(201).tag();
    service.put("NEW-1", &by("A", ""), &wide).is(428);
    let taller = up_to(wide.clone(), 130.0);
    let weak = format!("If-Match: W/\"{first}\"\r\n");
    service.put("NEW-1", &by("A", &weak), &taller).is(412);
    service.put("NEW-1", &by("A", "If-Match: \"q\", \"r\"\r\n"), &taller).is(412);
    let listed = format!("If-Match: \"q\", \"{first}\"\r\n");
    let second = service.put("NEW-1", &by("A", &listed), &taller).is(200).tag();
    assert_ne!(first, second);
    let tallest = format!("{{\"version\": \"{second}\"}}");
    let line = "POST /api/v1/zones/NEW-1/rollback";
    assert_eq!(service.ask(line, &by("B", ""), &tallest).is(200).tag(), second);
    service.ask(line, &by("B", &if_match(&first)), &tallest).is(412);
    service.ask("DELETE /api/v1/zones/NEW-1", &by("B", ""), "").is(428);
    service.ask("DELETE /api/v1/zones/NEW-1", &by("B", &if_match(&second)), "").is(204);
    // What was removed comes back the same way.
    assert_eq!(service.ask(line, &by("B", ""), &tallest).is(200).tag(), second);
}

#[test]
fn a_change_goes_into_the_file_that_holds_the_zone_and_leaves_the_rest_as_it_was() {
    let service = Service::with(3);
    let path = service.zones_dir().join("z.json");
    let mut document: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    document["publisher_says"] = json!({ "z": 1, "a": [null, 2.5] });
    document["features"][0]["properties"]["own_member"] = json!("kept");
    fs::write(&path, document.to_string()).unwrap();
    until("the file is in force", 5.0, || {
        (service.get("/api/v1/zones/Z00").json()["properties"]["own_member"] == "kept").then_some(())
    });
    let version = service.version("Z01");
    let changed = up_to(feature("Z01", away(1)), 150.0);
    service.put("Z01", &by("A", &if_match(&version)), &changed).is(200);
    let mut wanted = document.clone();
    wanted["features"][1] = changed;
    let written: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(written.to_string(), wanted.to_string(), "members and their order");
    assert!(!service.zones_dir().join("api.geojson").exists());
}

#[test]
fn every_byte_of_the_other_zones_stays_as_it_was_written() {
    let service = Service::with(3);
    let path = service.zones_dir().join("z.json");
    let one = |n: usize| crate::e2e_support::zone(&format!("Z{n:02}"), away(n));
    let own = "\"variant\": \"COMMON\", \"n\": [12345678901234567890123, 0.12345678901234567890, 1.50e+01],";
    let [first, last] = [one(0), one(2)].map(|text| text.replacen("\"variant\": \"COMMON\",", own, 1));
    assert!(first.contains(own) && last.contains(own));
    let document = |middle: &str| {
        format!(
            "\u{feff}{{\"big\": 98765432109876543210987,\r\n \"type\": \"FeatureCollection\", \"features\": [\r\n\t{first} ,\r\n\t{middle} ,\r\n\t{last}\r\n]}}\r\n"
        )
    };
    fs::write(&path, document(&one(1))).unwrap();
    until("the file is in force", 5.0, || {
        service.get("/api/v1/zones/Z00").json()["properties"]["n"].is_array().then_some(())
    });
    let changed = up_to(feature("Z01", away(1)), 150.0);
    let tag = service.put("Z01", &by("A", &if_match(&service.version("Z01"))), &changed).is(200).tag();
    assert_eq!(fs::read_to_string(&path).unwrap(), document(&changed.to_string()));
    service.put("Z01", &by("A", &if_match(&tag)), &changed).is(200);
    assert_eq!(fs::read_to_string(&path).unwrap(), document(&changed.to_string()), "the same again");
}

#[test]
fn wrong_requests_are_told_every_fault_and_change_nothing() {
    let service = Service::with(3);
    let good = feature("NEW-1", [0.0, 0.0, 100.0, 100.0]);
    let before = service.ids();
    let nobody = service.put("NEW-1", NEW, &good).is(400).json();
    let headers: Vec<_> = nobody["errors"].as_array().unwrap().iter().map(|fault| &fault["header"]).collect();
    assert_eq!(headers, ["Lowsky-Author", "Lowsky-Reason"]);
    service.put("Z00", &by("A", ""), &feature("Z00", away(0))).is(428);
    service.put("NEW-1", &by("A", "If-Match: plain\r\n"), &good).is(400);
    service.put("NEW-1", &by("A", &if_match("0123456789ab")), &good).is(412);
    service.ask("PUT /api/v1/zones/NEW-1", &by("A", NEW), "{\"type\": ").is(400);
    service.put("OTHER", &by("A", NEW), &good).is(422);
    let mut bad = good.clone();
    bad["properties"]["type"] = json!("FORBIDDEN");
    bad["geometry"]["coordinates"][0][1][1] = json!(95.0);
    let told = service.put("NEW-1", &by("A", NEW), &bad).is(422).json();
    let pointers: Vec<_> =
        told["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
    assert!(pointers.contains(&"/properties/type"), "{told}");
    assert!(pointers.iter().any(|pointer| pointer.starts_with("/geometry/coordinates/0/1")), "{told}");
    let foreign = format!("Origin: http://evil.example\r\n{}", by("A", NEW));
    service.put("NEW-1", &foreign, &good).is(403);
    assert_eq!((service.ids(), service.audit().len()), (before, 3));
}

#[test]
fn p24_what_takes_protection_away_waits_for_a_second_person() {
    let service = Service::with(12);
    let version = service.version("Z00");
    let put = |feature: &Value| service.put("Z00", &by("Li Lei", &if_match(&version)), feature);
    let [west, south, east, north] = away(0);
    let mut weaker = feature("Z00", away(0));
    weaker["properties"]["type"] = json!("CONDITIONAL");
    let mut timed = feature("Z00", away(0));
    timed["properties"]["limitedApplicability"] = json!([{ "endDateTime": "2027-01-01T00:00:00Z" }]);
    let moved = feature("Z00", [west + 200.0, south, east + 200.0, north]);
    let less = [
        ("area", feature("Z00", [west, south, west + 300.0, north])),
        ("height", up_to(feature("Z00", away(0)), 60.0)),
        ("restriction", weaker),
        ("time", timed),
        ("place", moved),
    ];
    for (what, feature) in &less {
        let waits = put(feature).is(202).json();
        let draft = service.get(&format!("/api/v1/zones/drafts/{}", waits["draft_id"].as_str().unwrap()));
        let draft = draft.is(200).json();
        assert_eq!((&draft["state"], &draft["needs_approval"]), (&json!("OPEN"), &json!(true)), "{what}");
        assert!(draft["difference"]["changed"][0]["lost_share"].as_f64().unwrap() > 0.2, "{what}: {draft}");
        assert!(waits["why"]["zh-CN"].as_str().unwrap().contains("Z00"), "{what}");
        assert_eq!(service.version("Z00"), version, "{what}");
    }
    // All that waits is of the same zone: one is published, the others are stale then.
    let first = service.get("/api/v1/zones/drafts").json()["drafts"][4].clone();
    let publish = format!("POST /api/v1/zones/drafts/{}/publish", first["draft_id"].as_str().unwrap());
    service.ask(&publish, &by("li  lei", ""), "").is(403);
    let published = service.ask(&publish, &by("Han Meimei", ""), "").is(200).json();
    assert_eq!((&published["state"], &published["approved_by"]), (&json!("PUBLISHED"), &json!("Han Meimei")));
    service.ask(&publish, &by("Han Meimei", ""), "").is(409);
    assert_ne!(service.version("Z00"), version);
    let newest = &service.audit()[0];
    assert_eq!((&newest["author"], &newest["approved_by"]), (&json!("Li Lei"), &json!("Han Meimei")));
    let others = service.get("/api/v1/zones/drafts").json();
    let states: Vec<_> = others["drafts"].as_array().unwrap().iter().map(|draft| &draft["state"]).collect();
    assert_eq!(states, ["STALE", "STALE", "STALE", "STALE", "PUBLISHED"]);
    let stale = others["drafts"][0]["draft_id"].as_str().unwrap();
    service.ask(&format!("POST /api/v1/zones/drafts/{stale}/publish"), &by("Han Meimei", ""), "").is(409);
    service.ask(&format!("DELETE /api/v1/zones/drafts/{stale}"), &by("Li Lei", ""), "").is(204);

    // One of twelve zones may go, two may not.
    let version = service.version("Z11");
    service.ask("DELETE /api/v1/zones/Z11", &by("A", &if_match(&version)), "").is(204);
    let two =
        json!({ "changes": [{ "action": "DELETE", "id": "Z09" }, { "action": "DELETE", "id": "Z10" }] });
    let draft = service.ask("POST /api/v1/zones/drafts", &by("A", ""), &two.to_string()).is(201).json();
    assert_eq!(draft["needs_approval"], true);
    // Who writes on a draft cannot be its second person.
    let path = format!("/api/v1/zones/drafts/{}", draft["draft_id"].as_str().unwrap());
    service.ask(&format!("PUT {path}"), &by("B", ""), &two.to_string()).is(200);
    for author in ["A", "B"] {
        service.ask(&format!("POST {path}/publish"), &by(author, ""), "").is(403);
    }
    service.ask(&format!("POST {path}/publish"), &by("C", ""), "").is(200);
    assert_eq!(service.ids().len(), 9);
    assert_eq!(in_files(&service.zones_dir()), service.ids());
}

#[test]
fn a_file_edited_by_hand_is_audited_too_and_the_book_survives_a_restart() {
    let service = Service::with(12);
    let versions = |service: &Service, id: &str| {
        service.get(&format!("/api/v1/zones/{id}/versions")).is(200).json()["versions"]
            .as_array()
            .unwrap()
            .clone()
    };
    assert_eq!(versions(&service, "Z00")[0]["action"], "FILE");
    let hand = crate::e2e_support::zone("HAND", [-200.0, -200.0, 200.0, 200.0]);
    fs::write(service.zones_dir().join("hand.json"), crate::e2e_support::zones(&[hand])).unwrap();
    until("the file is noticed", 5.0, || service.ids().contains(&"HAND".to_owned()).then_some(()));
    let newest =
        until("and noted", 5.0, || service.audit().first().filter(|one| one["id"] == "HAND").cloned());
    assert_eq!(
        (&newest["author"], &newest["file"], &newest["action"]),
        (&json!("file"), &json!("hand.json"), &json!("FILE"))
    );
    let version = service.version("HAND");
    let higher = up_to(feature("HAND", [-200.0, -200.0, 200.0, 200.0]), 200.0);
    service.put("HAND", &by("A", &if_match(&version)), &higher).is(200);
    let before = service.audit();
    let mut service = service;
    service.daemon.program.kill();
    fs::remove_file(service.zones_dir().join("hand.json")).unwrap();
    let service = service.again();
    let after = service.audit();
    assert_eq!(after.len(), before.len() + 1, "what was done while nobody looked");
    assert_eq!(
        (&after[0]["id"], &after[0]["version"], &after[0]["was"]),
        (&json!("HAND"), &Value::Null, &before[0]["version"])
    );
    assert_eq!(after[1..], before);
}

#[test]
fn a_file_that_is_broken_by_hand_is_not_written_over() {
    let service = Service::with(2);
    let broken = "{\"type\": \"FeatureCollection\", \"features\": [";
    fs::write(service.zones_dir().join("z.json"), broken).unwrap();
    let version = service.version("Z00");
    service.put("Z00", &by("A", &if_match(&version)), &up_to(feature("Z00", away(0)), 150.0)).is(409);
    assert_eq!(fs::read_to_string(service.zones_dir().join("z.json")).unwrap(), broken);
    // A new zone protects all the same.
    service.put("NEW-1", &by("A", NEW), &feature("NEW-1", [-200.0, -200.0, 200.0, 200.0])).is(201);
    assert_eq!(service.ids(), ["NEW-1", "Z00", "Z01"]);
}

#[test]
fn p22_a_zone_published_over_a_hovering_aircraft_alerts_within_a_second_of_the_answer() {
    let service = Service::with(2);
    let mut sender = Sender::connect(service.mqtt, "hover");
    let seen = || (service.get("/api/v1/tracks/HOVER").status == 200).then_some(());
    until("the aircraft is seen", 10.0, || {
        sender.report(&report("HOVER", place(0.0, 0.0), 0.0, 0.0));
        seen()
    });
    let calm = Calm::measure();
    service.put("NEW-1", &by("A", NEW), &feature("NEW-1", [-200.0, -200.0, 200.0, 200.0])).is(201);
    let since = Stopwatch::start();
    let path = "/api/v1/alerts?state=OPEN&code=ZONE_INCURSION&uas_id=HOVER";
    // Nothing new is sent by the aircraft.
    let alert = until("alerted", 10.0, || service.get(path).json()["alerts"].as_array()?.first().cloned());
    let took_s = since.elapsed().as_secs_f64();
    let missed =
        (ALERTED_S < took_s).then(|| format!("alerted after {took_s:.2} s, not within {ALERTED_S} s"));
    calm.judge(&missed.into_iter().collect::<Vec<_>>());
    assert_eq!(alert["zone"]["version"], service.version("NEW-1").as_str());
}
