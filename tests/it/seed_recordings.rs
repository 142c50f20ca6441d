//! The recordings of the project through the decoder.

use std::collections::BTreeMap;

use lowsky::domain::{FixType, Observation, Timestamp};
use lowsky::wire::{Decoded, Decoder, Doors, recording};

/// A minute of three receivers that crosses UTC midnight: every epoch is one report with the right date.
#[test]
fn beidou_sentences_across_midnight() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/seeds/recordings/nmea-beidou.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let mut decoder = Decoder::new(Doors { prefix: "lowsky/v1".into(), area: None });
    let mut decoded = Decoded::default();
    let mut flights: BTreeMap<String, Vec<Observation>> = BTreeMap::new();
    let mut keep = |decoded: &mut Decoded| {
        assert!(decoded.refusals.is_empty() && decoded.flags.is_empty(), "{decoded:?}");
        for seen in decoded.observations.drain(..) {
            flights.entry(seen.uas_id.to_string()).or_default().push(seen);
        }
    };
    let mut last = Timestamp::default();
    for record in recording::parse(&text) {
        let record = record.unwrap();
        last = record.received_at;
        decoder.decode(&record.envelope(), &mut decoded);
        keep(&mut decoded);
    }
    while decoder.release(last.plus_seconds(1.0), &mut decoded) {
        keep(&mut decoded);
    }

    assert_eq!(flights.keys().collect::<Vec<_>>(), ["BDS-BD-02", "BDS-GB-03", "RTK-GN-01"]);
    let begin = Timestamp::parse("2026-11-22T23:59:30Z").unwrap();
    for (name, flight) in &flights {
        assert_eq!(flight.len(), 61, "{name}");
        for (second, seen) in (0_i64..).zip(flight) {
            assert_eq!(seen.timestamp, begin.plus_micros(second * 1_000_000), "{name}");
            assert!(seen.motion.ground_speed_mps.is_some() && seen.motion.track_deg.is_some(), "{name}");
            assert!(seen.heights.hae_m.is_some() || seen.heights.amsl_m.is_some(), "{name}");
        }
    }
    let fixes =
        |name: &str, fix: FixType| flights[name].iter().filter(|seen| seen.fix_type == Some(fix)).count();
    assert_eq!(fixes("RTK-GN-01", FixType::RtkFixed), 41);
    assert_eq!(fixes("RTK-GN-01", FixType::RtkFloat), 20);
    assert_eq!(fixes("BDS-BD-02", FixType::Single), 61);
    assert_eq!(fixes("BDS-GB-03", FixType::Dgnss), 61);
}
