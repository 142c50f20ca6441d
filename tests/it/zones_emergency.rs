//! Temporary control zones: in force at once by one request or command, and gone when their time is over.

use std::process::Command;

use lowsky::service::clock::{self, Stopwatch};
use serde_json::{Value, json};

use crate::calm::Calm;
use crate::e2e_support::{LOWSKY, Sender, place, report, until};
use crate::zones_support::{Service, by, in_files};

/// Longest time from the answer to the alert of who flies there, seconds.
const ALERTED_S: f64 = 1.0;

fn wanted(until_s: f64) -> Value {
    let (lat, lng) = place(0.0, 0.0);
    json!({ "kind": "RESCUE", "lat": lat, "lng": lng, "radius_m": 300, "upper_m": 200,
            "until": clock::now().plus_seconds(until_s).to_string() })
}

#[test]
fn p22_one_request_alerts_who_flies_there_and_warns_of_the_notice_period() {
    let service = Service::with(2);
    let mut sender = Sender::connect(service.mqtt, "hover");
    until("the aircraft is seen", 10.0, || {
        sender.report(&report("HOVER", place(0.0, 0.0), 0.0, 0.0));
        (service.get("/api/v1/tracks/HOVER").status == 200).then_some(())
    });
    let line = "POST /api/v1/zones/emergency";
    service.ask(line, "", &wanted(600.0).to_string()).is(400);
    service.ask(line, &by("Duty", ""), &wanted(-1.0).to_string()).is(400);
    let calm = Calm::measure();
    let made = service.ask(line, &by("Duty", ""), &wanted(600.0).to_string()).is(201);
    let since = Stopwatch::start();
    let zone = made.json();
    assert!(zone["warnings"][0]["zh-CN"].as_str().unwrap().contains("30 分钟"), "{zone}");
    let id = zone["properties"]["identifier"].as_str().unwrap();
    assert_eq!(service.version(id), made.tag());
    let path = "/api/v1/alerts?state=OPEN&code=ZONE_INCURSION&uas_id=HOVER";
    let alert = until("alerted", 10.0, || service.get(path).json()["alerts"].as_array()?.first().cloned());
    let took_s = since.elapsed().as_secs_f64();
    let missed =
        (ALERTED_S < took_s).then(|| format!("alerted after {took_s:.2} s, not within {ALERTED_S} s"));
    calm.judge(&missed.into_iter().collect::<Vec<_>>());
    assert_eq!((&alert["zone"]["id"], &alert["zone"]["version"]), (&json!(id), &json!(made.tag())));
    // As long as it protects, one person alone cannot take all of it away.
    let all: Vec<Value> = service.ids().iter().map(|id| json!({ "action": "DELETE", "id": id })).collect();
    let draft =
        service.ask("POST /api/v1/zones/drafts", &by("Duty", ""), &json!({ "changes": all }).to_string());
    assert_eq!(draft.is(201).json()["needs_approval"], true);
    assert_eq!(
        (&service.audit()[0]["action"], &service.audit()[0]["author"]),
        (&json!("CREATED"), &json!("Duty"))
    );
}

#[test]
fn the_command_asks_the_running_service() {
    let service = Service::with(1);
    let run = |arguments: &[&str]| {
        let mut command = Command::new(LOWSKY);
        command.args(["zones", "emergency", "event", "--lat", "22.75", "--lng", "113.45", "--radius", "200"]);
        let address = service.daemon.http.to_string();
        command.args(["--author", "李雷", "--reason", "无人机表演", "--service", &address]).args(arguments);
        command.output().unwrap()
    };
    let square = |arguments: &[&str]| {
        let mut command = Command::new(LOWSKY);
        command.args([
            "zones",
            "emergency",
            "rescue",
            "--minutes",
            "9",
            "--author",
            "Duty",
            "--reason",
            "fire",
        ]);
        command.args(["--service", &service.daemon.http.to_string()]).args(arguments).output().unwrap()
    };
    let corners = ["--corner", "22.74,113.44", "--corner=22.74,113.46", "--corner", "22.76,113.46"];
    let done = square(&corners);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    let zone: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(zone["geometry"]["coordinates"][0][1], json!([113.46, 22.74]), "{zone}");
    assert_eq!(square(&corners[..2]).status.code(), Some(1), "one corner is no polygon");

    let done = run(&["--minutes", "30", "--name", "表演"]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(String::from_utf8_lossy(&done.stderr).contains("24 小时"));
    let zone: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert!(service.ids().contains(&zone["properties"]["identifier"].as_str().unwrap().to_owned()));
    let newest = &service.audit()[0];
    assert_eq!((&newest["author"], &newest["reason"]), (&json!("李雷"), &json!("无人机表演")));
    assert_eq!(run(&["--until", "2020-01-01T00:00:00Z"]).status.code(), Some(1));
}

#[test]
fn a_zone_whose_time_is_over_is_tidied_and_that_is_audited() {
    let service = Service::with(1);
    let made = service.ask("POST /api/v1/zones/emergency", &by("Duty", ""), &wanted(1.0).to_string()).is(201);
    let id = made.json()["properties"]["identifier"].as_str().unwrap().to_owned();
    until("it applies no more", 10.0, || {
        (service.get(&format!("/api/v1/zones/{id}")).json()["lowsky"]["applies"] == false).then_some(())
    });
    // It stays for a minute, and is looked for every twenty seconds.
    until("it is gone", 120.0, || (service.get(&format!("/api/v1/zones/{id}")).status == 404).then_some(()));
    let newest = &service.audit()[0];
    assert_eq!(
        (&newest["action"], &newest["author"], &newest["id"]),
        (&json!("REMOVED"), &json!("lowsky"), &json!(id))
    );
    assert_eq!(in_files(&service.zones_dir()), ["Z00"]);
}
