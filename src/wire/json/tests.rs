//! Every refusal of `tlm/1`, its boundaries, and what a full report becomes.

use serde_json::{Value, json};

use crate::domain::*;
use crate::wire::{Decoded, Decoder, Doors, Envelope};

use Reason::{
    Future, IdentityMismatch, InvalidValue, Malformed, MissingField, NoFix, NullIsland, OutOfRange,
    OutsideArea, TooLarge, TooOld, UnknownCrs,
};

const NOW: &str = "2026-11-22T08:00:00Z";

fn decode_bytes(payload: &[u8]) -> Decoded {
    let area = BoundingBox::new([112.0, 21.0, 115.5, 24.5]);
    let mut decoder = Decoder::new(Doors { prefix: "p".into(), area });
    let mut out = Decoded::default();
    let received_at = Timestamp::parse(NOW).unwrap();
    decoder.decode(&Envelope { topic: "p/telemetry/acme/UAS-1", payload, received_at }, &mut out);
    out
}

/// A minimal report with `changes` put in; `null` takes a member out.
fn report(changes: &Value) -> Value {
    let mut report = json!({ "uas_id": "UAS-1", "timestamp": NOW, "lat": 22.5, "lng": 114.0 });
    for (key, value) in changes.as_object().unwrap() {
        report[key] = value.clone();
    }
    report
}

fn faults(out: &Decoded) -> Vec<(Reason, Option<&str>)> {
    assert!(out.observations.is_empty());
    out.refusals.iter().map(|refusal| (refusal.reason, refusal.field.as_deref())).collect()
}

fn refused(changes: &Value, wanted: &[(Reason, &str)]) {
    let out = decode_bytes(report(changes).to_string().as_bytes());
    let wanted: Vec<_> = wanted.iter().map(|(reason, field)| (*reason, Some(*field))).collect();
    assert_eq!(faults(&out), wanted, "{changes} {:?}", out.refusals);
}

fn accepted(changes: &Value) -> Observation {
    let out = decode_bytes(report(changes).to_string().as_bytes());
    assert_eq!(out.refusals, [], "{changes}");
    out.observations.into_iter().next().unwrap()
}

#[test]
fn a_full_report() {
    let seen = accepted(&json!({
        "alt_hae": 107.0, "alt_amsl": 111.5, "amsl_model": "CN1985", "alt_pressure": 118, "height": 98.5,
        "height_reference": "GROUND", "ground_speed": 12.25, "track": 0, "vertical_speed": -1.5, "heading": 359.9,
        "accuracy_h": 1.2, "accuracy_v": 2, "speed_accuracy": 0.3, "crs": "CGCS2000", "fix_type": "RTK_FIXED",
        "gnss_systems": ["GPS", "BDS"], "satellites": 28, "hdop": 0.6, "diff_age_s": 1, "operational_status": "AIRBORNE",
        "uas_id_type": "SERIAL_NUMBER", "registration_id": "UAS1234ABCD", "flight_id": "F-1", "operator": "acme",
        "operation_category": "SPECIFIC", "ua_class": "LIGHT", "ua_type": 2, "group_id": "show", "battery_pct": 55.5,
        "nr": { "plmn": "46000", "nci": 68_719_476_735_u64, "pci": 1007, "nrarfcn": 504_990, "tac": 16_777_215,
                "ss_rsrp": -90, "ss_rsrq": -11.5, "ss_sinr": 15, "beam": 3 },
        "c2_link": "LOST", "rcs_lat": 22.4, "rcs_lng": 114.1, "seq": 4_294_967_295_u32, "backfill": true,
        "an_unknown_member": { "is": ["ignored"] },
    }));
    let wanted = Observation {
        operator: Some(OperatorId::new("acme").unwrap()),
        heights: Heights {
            hae_m: Some(107.0),
            amsl_m: Some((111.5, GeoidModel::Cn1985)),
            pressure_m: Some(118.0),
            relative: Some(RelativeHeight { metres: 98.5, reference: RelativeReference::Ground }),
        },
        motion: Motion {
            ground_speed_mps: Some(12.25),
            track_deg: Some(0.0),
            vertical_speed_mps: Some(-1.5),
        },
        accuracy: Accuracy { horizontal_m: Some(1.2), vertical_m: Some(2.0), speed_mps: Some(0.3) },
        fix_type: Some(FixType::RtkFixed),
        status: OperationalStatus::Airborne,
        ua_class: Some(UaClass::Light),
        category: Some(OperationCategory::Specific),
        group_id: Some("show".into()),
        flight_id: Some("F-1".into()),
        battery_pct: Some(55.5),
        c2_lost: Some(true),
        nr: Some(NrCell {
            nci: Some(68_719_476_735),
            pci: Some(1007),
            ss_rsrp_dbm: Some(-90.0),
            ss_rsrq_db: Some(-11.5),
            ss_sinr_db: Some(15.0),
        }),
        backfill: true,
        ..Observation::new(
            UasId::new("UAS-1").unwrap(),
            Timestamp::parse(NOW).unwrap(),
            LatLng::new(22.5, 114.0).unwrap(),
        )
    };
    assert_eq!(seen, wanted);
}

#[test]
fn required_members() {
    for name in ["uas_id", "timestamp", "lat", "lng"] {
        refused(&json!({ name: null }), &[(MissingField, name)]);
    }
    assert_eq!(faults(&decode_bytes(b"{}")).len(), 4);
    assert_eq!(accepted(&json!({ "height_reference": "TAKEOFF" })).heights, Heights::default());
    assert_eq!(accepted(&json!({ "alt_amsl": 5 })).heights.amsl_m, Some((5.0, GeoidModel::Egm96)));
}

#[test]
fn wrong_types_and_unknown_words() {
    for (name, value) in [
        ("lat", json!("22.5")),
        ("lat", json!([22.5])),
        ("lng", json!({ "deg": 1 })),
        ("timestamp", json!("now")),
        ("timestamp", json!(1.5)),
        ("timestamp", json!(true)),
        ("uas_id", json!(7)),
        ("uas_id", json!("")),
        ("fix_type", json!("3D")),
        ("fix_type", json!(4)),
        ("amsl_model", json!("egm96")),
        ("height_reference", json!("HOME")),
        ("operational_status", json!("FLYING")),
        ("ua_class", json!("TINY")),
        ("operation_category", json!("")),
        ("c2_link", json!("GOOD")),
        ("backfill", json!("true")),
        ("backfill", json!(1)),
        ("satellites", json!(3.5)),
        ("seq", json!("1")),
        ("group_id", json!("")),
        ("group_id", json!("x".repeat(65))),
        ("nr", json!([])),
        ("nr", json!(true)),
        ("operator", json!(1)),
    ] {
        refused(&json!({ name: value }), &[(InvalidValue, name)]);
    }
    refused(&json!({ "nr": { "plmn": "46O00" } }), &[(InvalidValue, "nr.plmn")]);
    refused(&json!({ "nr": { "pci": "7" } }), &[(InvalidValue, "nr.pci")]);
}

#[test]
fn a_member_without_fixed_words_keeps_no_position_out() {
    for (name, value) in [
        ("gnss_systems", json!("GPS")),
        ("gnss_systems", json!(["GPS", "BD"])),
        ("gnss_systems", json!(["GPS", 1])),
        ("gnss_systems", json!({ "GPS": 9 })),
        ("ua_type", json!("HELICOPTER")),
        ("ua_type", json!(16)),
        ("uas_id_type", json!("NONE")),
        ("uas_id_type", json!(7)),
    ] {
        let out = decode_bytes(report(&json!({ name: value })).to_string().as_bytes());
        assert_eq!((out.observations.len(), &out.refusals[..]), (1, &[][..]), "{name} {value}");
        let flags: Vec<_> = out.flags.iter().map(|flag| flag.field.as_deref()).collect();
        assert_eq!(flags, [Some(name)], "{value}");
    }
    // What the contract does not name is nobody's business here.
    for said in [json!("FIN87astrdge12k8"), json!(7), json!({})] {
        let out = decode_bytes(report(&json!({ "operator_id": said })).to_string().as_bytes());
        assert_eq!((out.observations.len(), out.flags.len()), (1, 0), "{said}");
    }
}

#[test]
fn ranges() {
    for (name, low, high, below, above) in [
        ("lat", 21.0, 24.5, -90.1, 90.1),
        ("lng", 112.0, 115.5, -180.1, 180.1),
        ("alt_hae", -999.9, 31_767.5, -1000.1, 31_767.6),
        ("alt_amsl", -999.9, 31_767.5, -1000.1, 31_767.6),
        ("alt_pressure", -999.9, 31_767.5, -1000.1, 31_767.6),
        ("ground_speed", 0.0, 6553.4, -0.1, 6553.5),
        ("track", 0.0, 359.999, -0.1, 360.0),
        ("heading", 0.0, 359.999, -0.1, 360.0),
        ("vertical_speed", -62.0, 62.0, -62.1, 62.1),
        ("accuracy_h", 0.0, 20_000.0, -0.1, 20_000.1),
        ("accuracy_v", 0.0, 20_000.0, -0.1, 20_000.1),
        ("speed_accuracy", 0.0, 10.0, -0.1, 10.1),
        ("hdop", 0.0, 99.99, -0.1, 100.0),
        ("diff_age_s", 0.0, 999.0, -1.0, 1000.0),
        ("battery_pct", 0.0, 100.0, -0.1, 100.1),
        ("satellites", 0.0, 99.0, -1.0, 100.0),
        ("seq", 0.0, 4_294_967_295.0, -1.0, 4_294_967_296.0),
        ("rcs_lat", -90.0, 90.0, -90.1, 90.1),
        ("rcs_lng", -180.0, 180.0, -180.1, 180.1),
    ] {
        for within in [low, high] {
            accepted(&json!({ name: within }));
        }
        for outside in [below, above, 1e300] {
            refused(&json!({ name: outside }), &[(OutOfRange, name)]);
        }
    }
    for (name, low, high) in [
        ("nci", 0, 68_719_476_735_i64),
        ("pci", 0, 1007),
        ("nrarfcn", 0, 3_279_165),
        ("tac", 0, 16_777_215),
        ("ss_rsrp", -156, -31),
        ("ss_rsrq", -43, 20),
        ("ss_sinr", -23, 40),
    ] {
        accepted(&json!({ "nr": { name: low } }));
        accepted(&json!({ "nr": { name: high } }));
        let field = format!("nr.{name}");
        refused(&json!({ "nr": { name: low - 1 } }), &[(OutOfRange, &field)]);
        refused(&json!({ "nr": { name: high + 1 } }), &[(OutOfRange, &field)]);
    }
}

#[test]
fn words_of_binary_formats_for_unknown_are_no_json() {
    for (name, value) in [("track", 361.0), ("heading", 361.0), ("vertical_speed", 63.0)] {
        refused(&json!({ name: value }), &[(OutOfRange, name)]);
    }
    let seen =
        accepted(&json!({ "alt_hae": -1000, "alt_amsl": -1000.0, "alt_pressure": -1000, "height": -1000 }));
    assert_eq!(seen.heights, Heights::default());
}

/// What is accepted all the same, and the remark that it gets.
#[test]
fn an_optional_member_that_says_little_costs_no_position() {
    for (changes, reason, field) in [
        (json!({ "height": 3 }), MissingField, "height_reference"),
        (json!({ "fix_type": "NONE" }), NoFix, "fix_type"),
        (json!({ "ground_speed": 255 }), OutOfRange, "ground_speed"),
    ] {
        let out = decode_bytes(report(&changes).to_string().as_bytes());
        assert_eq!((out.observations.len(), out.refusals.len()), (1, 0), "{changes}");
        assert_eq!(
            (out.flags.len(), out.flags[0].reason, out.flags[0].field.as_deref()),
            (1, reason, Some(field))
        );
        let mut wrong = report(&changes);
        wrong["lat"] = json!(95);
        let out = decode_bytes(wrong.to_string().as_bytes());
        assert_eq!((out.observations.len(), out.refusals.len(), out.flags.len()), (0, 1, 0), "{changes}");
        let both = json!([report(&changes), wrong]);
        let out = decode_bytes(both.to_string().as_bytes());
        assert_eq!((out.observations.len(), out.refusals.len(), out.flags.len()), (1, 1, 1), "{changes}");
        assert!(out.flags[0].detail.starts_with("element 0: "), "{:?}", out.flags);
    }
    assert_eq!(accepted(&json!({ "height": 3 })).heights, Heights::default());
    assert_eq!(accepted(&json!({ "ground_speed": 255 })).motion.ground_speed_mps, Some(255.0));
}

#[test]
fn numbers_that_are_none() {
    for bad in ["NaN", "Infinity", "-Infinity", "nan", "1e999", "-1e999"] {
        let text = report(&json!({ "lat": "@" })).to_string().replace("\"@\"", bad);
        let out = decode_bytes(text.as_bytes());
        assert_eq!(faults(&out), [(OutOfRange, Some("lat"))], "{bad} {:?}", out.refusals);
        let text = report(&json!({ "nr": { "ss_rsrp": "@" } })).to_string().replace("\"@\"", bad);
        assert_eq!(faults(&decode_bytes(text.as_bytes())), [(OutOfRange, Some("nr.ss_rsrp"))], "{bad}");
    }
}

#[test]
fn identity_place_fix_and_crs() {
    refused(&json!({ "uas_id": "UAS-2" }), &[(IdentityMismatch, "uas_id")]);
    refused(&json!({ "uas_id": "uas-1" }), &[(IdentityMismatch, "uas_id")]);
    refused(&json!({ "uas_id": "无人机" }), &[(IdentityMismatch, "uas_id")]);
    refused(&json!({ "uas_id": "a b" }), &[(IdentityMismatch, "uas_id")]);
    refused(&json!({ "operator": "other" }), &[(IdentityMismatch, "operator")]);
    refused(&json!({ "lat": 0, "lng": -0.0 }), &[(NullIsland, "lat")]);
    refused(&json!({ "lat": 20.9 }), &[(OutsideArea, "lat")]);
    refused(&json!({ "lat": 114.0, "lng": 22.5 }), &[(OutOfRange, "lat")]);
    for crs in ["GCJ02", "BD09", "wgs84", ""] {
        refused(&json!({ "crs": crs }), &[(UnknownCrs, "crs")]);
    }
    refused(&json!({ "crs": 4326 }), &[(InvalidValue, "crs")]);
    accepted(&json!({ "crs": "WGS84" }));
}

#[test]
fn the_window_of_time() {
    let now = Timestamp::parse(NOW).unwrap();
    for (shift_ms, reason) in [
        (2000, None),
        (2001, Some(Future)),
        (-86_400_000, None),
        (-86_400_001, Some(TooOld)),
        (i64::MAX / 4000, Some(Future)),
    ] {
        let millis = now.as_millis() + shift_ms;
        for value in [json!(millis), json!(Timestamp::from_millis(millis).to_string())] {
            match reason {
                None => assert_eq!(accepted(&json!({ "timestamp": value })).timestamp.as_millis(), millis),
                Some(reason) if millis < 200_000_000_000_000 => {
                    refused(&json!({ "timestamp": value }), &[(reason, "timestamp")]);
                }
                Some(reason) => refused(&json!({ "timestamp": millis }), &[(reason, "timestamp")]),
            }
        }
    }
    refused(&json!({ "timestamp": 1_795_334_400 }), &[(TooOld, "timestamp")]);
    refused(&json!({ "timestamp": u64::MAX }), &[(Future, "timestamp")]);
    assert_eq!(accepted(&json!({ "timestamp": "2026-11-22T16:00:00+08:00" })).timestamp, now);
}

#[test]
fn every_fault_is_told() {
    refused(
        &json!({ "lat": 91, "timestamp": null, "track": 400, "ua_class": "X", "uas_id": "U", "nr": { "pci": 2000 } }),
        &[
            (OutOfRange, "lat"),
            (OutOfRange, "track"),
            (InvalidValue, "ua_class"),
            (OutOfRange, "nr.pci"),
            (IdentityMismatch, "uas_id"),
            (MissingField, "timestamp"),
        ],
    );
}

#[test]
fn how_far_a_clock_is_ahead_is_told_if_nothing_else_is_wrong() {
    let ahead = |changes: &Value| decode_bytes(report(changes).to_string().as_bytes()).ahead_s;
    let late = "2026-11-22T08:00:08.250Z";
    assert_eq!(ahead(&json!({ "timestamp": late })), Some(8.25));
    for changes in [
        json!({ "timestamp": "2026-11-22T08:00:02Z" }),
        json!({ "timestamp": late, "uas_id": "UAS-2" }),
        json!({ "timestamp": late, "lat": 99 }),
        json!({ "timestamp": "2026-11-20T08:00:00Z" }),
        json!({ "lat": 99 }),
    ] {
        assert_eq!(ahead(&changes), None, "{changes}");
    }
}

#[test]
fn what_is_not_json() {
    let twice = r#"{"uas_id":"UAS-1","lat":1,"lat":22.5,"lng":114,"timestamp":1795334400000}"#;
    let deep = format!("{}{}", "[".repeat(4000), "]".repeat(4000));
    let deep_member = format!(r#"{{"nr":{deep}}}"#);
    for text in [
        "",
        " ",
        "null",
        "5",
        "\"x\"",
        "{",
        "{\"lat\":",
        "{}x",
        "[",
        "[{}",
        "[1]]",
        "[1}",
        "{\"lat\":01}",
        "[,]",
        "\u{feff}{}",
        twice,
        &deep,
        &deep.replace('[', "{").replace(']', "}"),
        "{'lat':1}",
        "{\"nr\":{\"pci\":1,}}",
    ] {
        let out = decode_bytes(text.as_bytes());
        let quote = text.get(..30).unwrap_or(text);
        assert!(out.refusals.iter().all(|refusal| refusal.reason == Malformed), "{quote} {:?}", out.refusals);
        assert!(!out.refusals.is_empty() && out.observations.is_empty(), "{quote}");
    }
    let out = decode_bytes(deep_member.as_bytes());
    assert!(!out.refusals.is_empty() && out.observations.is_empty());
    assert_eq!(faults(&decode_bytes(b"{\"uas_id\":\"\xff\"}")), [(Malformed, None)]);
}

#[test]
fn arrays_are_judged_by_element() {
    let [good, bad] = [report(&json!({})), report(&json!({ "lat": 99 }))];
    let out = decode_bytes(
        json!([good, bad, good, report(&json!({ "group_id": "a,]}\"\\" }))]).to_string().as_bytes(),
    );
    assert_eq!(out.observations.len(), 3);
    assert_eq!(out.observations[2].group_id.as_deref(), Some("a,]}\"\\"));
    assert_eq!(out.refusals.len(), 1);
    assert!(out.refusals[0].detail.starts_with("element 1: 99 where"), "{:?}", out.refusals);
    let infinite = format!(" [{good} , {} ]\n", bad.to_string().replace("99", "1e999"));
    let out = decode_bytes(infinite.as_bytes());
    assert_eq!((out.observations.len(), out.refusals[0].reason), (1, OutOfRange));

    assert_eq!(faults(&decode_bytes(b"[ ]")), [(InvalidValue, None)]);
    assert_eq!(faults(&decode_bytes(format!("[{good},{{]").as_bytes()))[0].0, Malformed);
    assert_eq!(faults(&decode_bytes(format!("[{good},{{\"a\" 1}}]").as_bytes()))[0].0, Malformed);
    assert_eq!(faults(&decode_bytes(format!("[{good},]").as_bytes()))[0].0, Malformed);
    let many = format!("[{}{{}}]", "{},".repeat(1000));
    assert_eq!(faults(&decode_bytes(many.as_bytes())), [(TooLarge, None)]);
}
