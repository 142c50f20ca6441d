//! What the checker says of broken messages.

use super::*;
use crate::domain::BoundingBox;

const NOW: &str = "2026-11-22T08:00:00Z";

fn judge(payload: &str) -> Judgement {
    let doors = Doors { prefix: "lowsky/v1".into(), area: BoundingBox::new([112.0, 21.0, 115.5, 24.5]) };
    telemetry(payload.as_bytes(), None, &doors, Timestamp::parse(NOW).unwrap())
}

/// Severity, field, line and suggested text of each fault.
fn told(judgement: &Judgement) -> Vec<(Weight, &str, usize, &str)> {
    let one = |fault: &Fault| -> (Weight, String, usize, String) {
        let value = fault.suggestion.as_ref().and_then(|advice| advice.value.clone()).unwrap_or_default();
        (fault.severity, fault.field.clone().unwrap_or_default(), fault.line, value)
    };
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    judgement
        .faults
        .iter()
        .map(one)
        .map(|(weight, field, line, value)| (weight, leak(field), line, leak(value)))
        .collect()
}

#[test]
fn every_field_is_judged_in_its_line() {
    let judgement = judge(
        r#"{
  "id": "MT2047",
  "timestamp": 1795334400,
  "lat": 114.0725,
  "lng": 22.5360,
  "height": "92.4",
  "height_reference": "ground",
  "groundSpeed": 50.4, "ground_speed": 50.4,
  "track": 450,
  "heading": 360,
  "battery": 71,
  "nr": { "pci": 2000 }
}"#,
    );
    assert!(!judgement.accepted && judgement.observations.is_empty());
    let Weight::Error = judgement.faults[0].severity else { panic!() };
    assert_eq!(
        told(&judgement),
        [
            (Weight::Error, "uas_id", 1, "\"uas_id\""),
            (Weight::Ignored, "id", 2, "\"uas_id\""),
            (Weight::Error, "timestamp", 3, "\"timestamp\": 1795334400000"),
            (Weight::Error, "lat", 4, "\"lat\": 22.5360, \"lng\": 114.0725"),
            (Weight::Error, "height", 6, "\"height\": 92.4"),
            (Weight::Error, "height_reference", 7, "\"height_reference\": \"GROUND\""),
            (Weight::Ignored, "groundSpeed", 8, "\"ground_speed\""),
            (Weight::Warning, "ground_speed", 8, "\"ground_speed\": 14"),
            (Weight::Error, "track", 9, ""),
            (Weight::Error, "heading", 10, "\"heading\": 0"),
            (Weight::Ignored, "battery", 11, "\"battery_pct\""),
            (Weight::Error, "nr.pci", 12, ""),
        ]
    );
    let pointers: Vec<_> = judgement.faults.iter().filter_map(|fault| fault.pointer.as_deref()).collect();
    assert!(pointers.contains(&"/nr/pci") && pointers.contains(&"/lat"), "{pointers:?}");
    let lng = judgement.fields.iter().find(|field| field.pointer == "/lng").unwrap();
    assert_eq!((lng.line, lng.severity), (5, None));
    assert_eq!(judgement.faults[3].column, 10);
}

#[test]
fn what_is_suggested_is_accepted() {
    for (wrong, value) in [
        (r#""timestamp":"2026-11-22 16:00:00""#, "\"timestamp\": \"2026-11-22T16:00:00+08:00\""),
        (r#""timestamp":"2026-11-22T16:00:00""#, "\"timestamp\": \"2026-11-22T16:00:00+08:00\""),
        (r#""timestamp":"2026-11-22T16:00:00Z""#, "\"timestamp\": \"2026-11-22T16:00:00+08:00\""),
        (r#""timestamp":1795334400000000"#, "\"timestamp\": 1795334400000"),
        (r#""timestamp":"1795334400000""#, "\"timestamp\": 1795334400000"),
        (r#""operational_status":"airborne""#, "\"operational_status\": \"AIRBORNE\""),
        (r#""backfill":1"#, "\"backfill\": true"),
        (r#""track":-90"#, "\"track\": 270"),
        (r#""ground_speed":288"#, "\"ground_speed\": 80"),
        (r#""ground_speed":72.0"#, "\"ground_speed\": 20"),
        (r#""seq":"12""#, "\"seq\": 12"),
        (r#""flight_id":12"#, "\"flight_id\": \"12\""),
    ] {
        let time =
            if wrong.contains("timestamp") { String::new() } else { format!(r#","timestamp":"{NOW}""#) };
        let judgement = judge(&format!(r#"{{"uas_id":"A","lat":22.5,"lng":114.0{time},{wrong}}}"#));
        assert_eq!(judgement.faults.len(), 1, "{wrong}: {:?}", judgement.faults);
        let advice = judgement.faults[0].suggestion.as_ref().unwrap();
        assert_eq!(advice.value.as_deref(), Some(value), "{wrong}: {advice:?}");
        assert!(advice.message.en.is_ascii() && !advice.message.zh.is_ascii());
    }
}

#[test]
fn a_good_message_becomes_an_observation() {
    let text = format!(
        r#"{{"uas_id":"A","operator":"acme","timestamp":"{NOW}","lat":22.5,"lng":114.0,"alt_hae":90}}"#
    );
    let judgement = judge(&text);
    assert!(judgement.accepted && judgement.faults.is_empty(), "{:?}", judgement.faults);
    assert_eq!(judgement.topic, "lowsky/v1/telemetry/acme/A");
    assert_eq!(
        (&judgement.observations[0]["alt_hae"], &judgement.observations[0]["lat"]),
        (&90.0.into(), &22.5.into())
    );
    assert!(judgement.observations[0].get("height").is_none());
    assert_eq!(judgement.fields.len(), 6);
}

#[test]
fn arrays_sentences_and_what_is_no_message() {
    let good = format!(r#"{{"uas_id":"A","timestamp":"{NOW}","lat":22.5,"lng":114.0}}"#);
    let judgement = judge(&format!("[{good},\n{}]", good.replace("22.5", "95")));
    assert!(!judgement.accepted);
    assert_eq!(judgement.observations.len(), 1, "the other is taken all the same");
    assert_eq!((judgement.faults[0].pointer.as_deref(), judgement.faults[0].line), (Some("/1/lat"), 2));
    let rmc = "$GNRMC,080000.00,A,2230.0000,N,11400.0000,E,10.0,90.0,221126,,,A*";
    let sum = rmc.bytes().skip(1).take_while(|byte| *byte != b'*').fold(0, |sum, byte| sum ^ byte);
    let judgement = judge(&format!("{rmc}{sum:02X}\r\n"));
    assert!(judgement.topic.contains("/nmea/") && judgement.observations.len() == 1, "{judgement:?}");
    let judgement = judge(&format!("{rmc}{:02X}\r\n", sum ^ 1));
    assert_eq!(judgement.faults[0].reason, Some(Reason::Checksum));
    let judgement = judge("{\n \"uas_id\": \"A\",\n \"lat\": 22.5,,\n}");
    assert_eq!(
        (judgement.faults[0].reason, judgement.faults[0].line),
        (Some(Reason::Malformed), 3),
        "{judgement:?}"
    );
    for odd in [
        "",
        "[]",
        "null",
        "7",
        "{}",
        "[1,2]",
        "\u{0}",
        "{\"a\":",
        "[[",
        &"x".repeat(9_000),
        &"[1,".repeat(2_000),
    ] {
        let judgement = judge(odd);
        assert!(!judgement.accepted && !judgement.faults.is_empty(), "{odd:.20}");
    }
}
