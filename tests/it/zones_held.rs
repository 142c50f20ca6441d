//! What takes protection away needs two, whichever way it comes: files that are edited by hand, permissions that are added,
//! small steps one after the other.

use std::fs;

use serde_json::{Value, json};

use crate::e2e_support::{until, zone, zones};
use crate::zones_support::{NEW, Service, away, by, feature, if_match, up_to};

/// Writes the zones with these numbers, the first one smaller than it was.
fn by_hand(service: &Service, numbers: &[usize], width: f64) {
    let one = |n: &usize| {
        let [west, south, east, north] = away(*n);
        zone(&format!("Z{n:02}"), [west, south, if *n == 0 { west + width } else { east }, north])
    };
    let all: Vec<String> = numbers.iter().map(one).collect();
    fs::write(service.zones_dir().join("z.json"), zones(&all)).unwrap();
}

fn condition(service: &Service) -> (String, String) {
    let zones = service.daemon.health()["components"]["zones"].clone();
    let text = |name: &str| zones[name].as_str().unwrap_or_default().to_owned();
    (text("status"), text("reason"))
}

/// Waits until files are held that are not those of the draft `before`; the draft.
fn held(service: &Service, before: &str) -> Value {
    until("the files are held", 6.0, || {
        let all = service.get("/api/v1/zones/drafts").json()["drafts"].as_array()?.clone();
        let is_it = |draft: &&Value| draft["state"] == "OPEN" && draft["author"] == "file";
        all.iter().find(is_it).filter(|draft| draft["draft_id"] != before).cloned()
    })
}

fn path(draft: &Value) -> String {
    format!("/api/v1/zones/drafts/{}", draft["draft_id"].as_str().unwrap())
}

#[test]
fn p24_files_that_take_protection_away_are_held_until_a_second_person_agrees_or_they_are_put_back() {
    let service = Service::with(12);
    let all: Vec<usize> = (0..12).collect();
    let version = service.version("Z00");
    by_hand(&service, &all, 300.0);
    let shrunk = held(&service, "");
    assert!(shrunk["why"]["en"].as_str().unwrap().contains("Zone Z00 loses 25 %"), "{shrunk}");
    assert_eq!((&shrunk["changes"][0]["id"], &shrunk["needs_approval"]), (&json!("Z00"), &json!(true)));
    let (status, reason) = condition(&service);
    assert!(status == "degraded" && reason.contains(shrunk["draft_id"].as_str().unwrap()), "{reason}");
    assert_eq!(service.version("Z00"), version);
    until("the alert of the service", 10.0, || {
        let open = service.get("/api/v1/alerts?state=OPEN&code=SERVICE_DEGRADED").json();
        open.to_string().contains("ZONES_REJECTED").then_some(())
    });
    // A new zone protects all the same, and the files stay held.
    service.put("NEW-1", &by("A", NEW), &feature("NEW-1", [-200.0, -200.0, 200.0, 200.0])).is(201);
    let shrunk = held(&service, shrunk["draft_id"].as_str().unwrap());
    let other = json!({ "changes": [{ "action": "DELETE", "id": "Z01" }] }).to_string();
    service.ask(&format!("PUT {}", path(&shrunk)), &by("A", ""), &other).is(409);
    service.ask(&format!("POST {}/publish", path(&shrunk)), &by("File", ""), "").is(403);
    service.ask(&format!("DELETE {}", path(&shrunk)), &by("A", ""), "").is(204);
    let (status, reason) = condition(&service);
    assert!(
        status == "degraded" && reason.contains("put the files back") && reason.contains("withdrawn"),
        "{reason}"
    );

    // Two of thirteen; then they are put back, and the draft goes.
    by_hand(&service, &all[..10], 400.0);
    let removed = held(&service, shrunk["draft_id"].as_str().unwrap());
    by_hand(&service, &all, 400.0);
    until("put back", 6.0, || (condition(&service).0 == "ok").then_some(()));
    let back = service.get(&path(&removed)).is(200).json();
    assert_eq!((&back["state"], service.ids().len()), (&json!("WITHDRAWN"), 13));

    by_hand(&service, &all[..10], 400.0);
    let removed = held(&service, removed["draft_id"].as_str().unwrap());
    let published = service.ask(&format!("POST {}/publish", path(&removed)), &by("B", ""), "").is(200).json();
    assert_eq!((&published["state"], &published["approved_by"]), (&json!("PUBLISHED"), &json!("B")));
    assert_eq!((service.ids().len(), condition(&service).0.as_str()), (11, "ok"));
    let newest = &service.audit()[0];
    let told = [&newest["author"], &newest["approved_by"], &newest["draft_id"]];
    assert_eq!(told, [&json!("file"), &json!("B"), &removed["draft_id"]]);

    // What strengthens, or takes little away, is in force at once.
    by_hand(&service, &all[..9], 400.0);
    until("one of eleven", 6.0, || (service.ids().len() == 10).then_some(()));
    by_hand(&service, &all[..10], 500.0);
    until("more", 6.0, || (service.ids().len() == 11).then_some(()));
    assert_eq!(condition(&service).0, "ok");
}

#[test]
fn p24_who_adds_a_permission_over_a_zone_needs_a_second_person() {
    let service = Service::with(3);
    let permit = |corners: [f64; 4], extended: Value| {
        let mut permit = feature("PERMIT", corners);
        permit["properties"]["type"] = json!("NO_RESTRICTION");
        permit["properties"]["extendedProperties"] = extended;
        permit
    };
    let whole = json!({ "priority": 9, "lifts_prohibited": true });
    let answer = service.put("PERMIT", &by("A", NEW), &permit(away(0), whole.clone())).is(202).json();
    assert!(answer["why"]["en"].as_str().unwrap().contains("what Z00 forbids"), "{answer}");
    let made = service.put("PERMIT", &by("A", NEW), &permit(away(9), whole.clone())).is(201).tag();
    service.put("PERMIT", &by("A", &if_match(&made)), &permit(away(0), whole)).is(202);
    // By a file, too.
    let hand = permit(away(1), json!({ "priority": 9, "lifts_prohibited": true })).to_string();
    let hand = hand.replace("PERMIT", "HAND");
    fs::write(service.zones_dir().join("hand.json"), zones(&[hand])).unwrap();
    held(&service, "");
    assert_eq!(service.ids(), ["PERMIT", "Z00", "Z01", "Z02"]);
}

#[test]
fn p24_many_small_steps_of_one_person_are_counted_from_what_two_agreed_to() {
    let service = Service::with(12);
    let cut = |service: &Service, upper_m: f64, status: u16| {
        let version = service.version("Z00");
        let answer =
            service.put("Z00", &by("A", &if_match(&version)), &up_to(feature("Z00", away(0)), upper_m));
        answer.is(status).json()
    };
    cut(&service, 102.0, 200);
    let waits = cut(&service, 87.0, 202);
    assert!(waits["why"]["en"].as_str().unwrap().contains("since two people last agreed to it"), "{waits}");
    let delete = |service: &Service, id: &str, status: u16| {
        let version = service.version(id);
        service.ask(&format!("DELETE /api/v1/zones/{id}"), &by("A", &if_match(&version)), "").is(status)
    };
    delete(&service, "Z11", 204);
    let waits = delete(&service, "Z10", 202).json();
    assert!(waits["why"]["en"].as_str().unwrap().contains("2 of 12"), "{waits}");
    // Also over a restart; and once two have agreed, it is counted anew.
    let mut service = service;
    service.daemon.program.kill();
    let service = service.again();
    let waits = delete(&service, "Z10", 202).json();
    let draft = waits["draft_id"].as_str().unwrap();
    service.ask(&format!("POST /api/v1/zones/drafts/{draft}/publish"), &by("B", ""), "").is(200);
    delete(&service, "Z09", 204);
    cut(&service, 87.0, 200);
}
