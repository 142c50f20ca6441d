//! Every scenario of the project can be read, and faults are told.

use super::*;

const SMALL: &str = r#"{
  "name": "small", "title": {"zh-CN": "小", "en": "small"}, "why": "test",
  "origin": {"lat": 22.75, "lng": 113.45}, "duration_s": 10,
  "zones": [{"identifier": "Z", "type": "PROHIBITED", "ring": [[0, 0], [100, 0], [100, 100]], "upper_m": 120}],
  "aircraft": [{"uas_id": "A", "start": {"east_m": 0, "north_m": 0, "agl_m": 60},
    "legs": [{"for_s": 10, "track": 90, "speed": 10}],
    "quirks": [{"from_s": 2, "to_s": 5, "what": "STORED"}, {"from_s": 7, "to_s": 8, "what": "LATE", "by_s": 2.5}]}],
  "expected": [{"code": "ZONE_INCURSION", "uas_id": "A", "zone": "Z", "phase": "ACTUAL"}]
}"#;

#[test]
fn messages_come_in_order_with_backfill_and_lateness() {
    let scenario = Scenario::parse(SMALL).unwrap();
    let start = Timestamp::parse("2026-11-22T08:00:00Z").unwrap();
    let messages = scenario.messages("p", start);
    assert!(messages.is_sorted_by_key(|message| message.at));
    // 0, 1, [2, 3, 4 stored], 5 with them, 6, 7 late, 8, 9, 10.
    assert_eq!(messages.len(), 9);
    assert!(messages.iter().all(|message| message.topic == "p/telemetry/op/A"));
    let stored: serde_json::Value = serde_json::from_slice(&messages[2].payload).unwrap();
    assert_eq!(stored.as_array().map(Vec::len), Some(3));
    assert_eq!(stored[0]["backfill"], true);
    assert_eq!(stored[0]["timestamp"], "2026-11-22T08:00:02.000Z");
    let overtaken: serde_json::Value = serde_json::from_slice(&messages[7].payload).unwrap();
    assert_eq!(overtaken["timestamp"], "2026-11-22T08:00:07.000Z");
    assert_eq!(overtaken["track"], 90.0);
    assert_eq!(overtaken["ground_speed"], 10.0);
}

#[test]
fn zones_become_a_document() {
    let scenario = Scenario::parse(SMALL).unwrap();
    let document: serde_json::Value = serde_json::from_str(&scenario.zones().unwrap()).unwrap();
    let feature = &document["features"][0];
    assert_eq!(feature["properties"]["type"], "PROHIBITED");
    let ring = feature["geometry"]["coordinates"][0].as_array().unwrap();
    assert_eq!((ring.len(), &ring[0]), (4, &ring[3]));
    assert_eq!(feature["geometry"]["layer"]["upperReference"], "AGL");
}

#[test]
fn every_fault_is_told() {
    for (from, to, told) in [
        ("\"duration_s\": 10", "\"duration_s\": 1e9", "duration_s"),
        ("\"lat\": 22.75", "\"lat\": 92.75", "origin"),
        ("\"uas_id\": \"A\", \"zone\"", "\"uas_id\": \"B\", \"zone\"", "`B` does not fly"),
        ("\"zone\": \"Z\"", "\"zone\": \"Y\"", "no such zone"),
        ("\"for_s\": 10", "\"for_s\": 0", "legs[0].for_s"),
        ("\"to_s\": 5", "\"to_s\": 1", "quirks[0]"),
        ("\"why\"", "\"wy\"", "unknown field `wy`"),
        ("STORED", "STOLEN", "unknown variant `STOLEN`"),
    ] {
        let faults = Scenario::parse(&SMALL.replacen(from, to, 1)).unwrap_err();
        assert!(faults.iter().any(|fault| fault.contains(told)), "{told}: {faults:?}");
    }
}

#[test]
fn every_scenario_of_the_project_can_be_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/seeds/scenarios");
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let scenario =
            Scenario::parse(&text).unwrap_or_else(|faults| panic!("{}: {faults:#?}", path.display()));
        assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(scenario.name.as_str()));
        assert!(!scenario.messages("p", Timestamp::default()).is_empty());
        names.insert(scenario.name);
    }
    assert!(names.len() >= 20, "{names:?}");
}
