//! What decoding one message costs: `cargo bench --bench wire`.

#![expect(clippy::expect_used, reason = "a program for developers may stop at what cannot happen")]

use lowsky::domain::Timestamp;
use lowsky::wire::{Decoded, Decoder, Doors, Envelope};

/// A usual report of a multirotor.
const TELEMETRY: &str = r#"{"uas_id":"1581F5BKD23A00CY001","timestamp":"2026-11-22T08:00:00.250Z","lat":22.5362000,"lng":114.0505000,"alt_hae":107.0,"height":98.5,"height_reference":"TAKEOFF","ground_speed":12.25,"track":215.4,"vertical_speed":-1.5,"accuracy_h":1.2,"accuracy_v":2.1,"fix_type":"RTK_FIXED","satellites":28,"operational_status":"AIRBORNE","ua_class":"LIGHT","battery_pct":71.5,"c2_link":"OK","seq":48211}"#;

/// Only what every report has.
const SHORT: &str =
    r#"{"uas_id":"1581F5BKD23A00CY001","timestamp":1795334400250,"lat":22.5362,"lng":114.0505}"#;

const NMEA: &str = "$GNGGA,080000.00,2232.172000,N,11403.030000,E,4,28,0.6,121.480,M,-2.980,M,1.0,0007*4A\r\n\
    $GNRMC,080000.00,A,2232.172000,N,11403.030000,E,23.911,215.4,221126,,,R,V*1E\r\n\
    $GNGST,080000.00,1.2,0.012,0.010,85.0,0.011,0.010,0.021*7F\r\n";

fn main() {
    divan::main();
}

#[divan::bench(args = [("telemetry", TELEMETRY), ("telemetry", SHORT), ("nmea", NMEA)])]
fn decode(bencher: divan::Bencher<'_, '_>, (format, payload): (&str, &str)) {
    let topic = format!("lowsky/v1/{format}/acme/1581F5BKD23A00CY001");
    let received_at = Timestamp::parse("2026-11-22T08:00:00.5Z").expect("a time");
    let envelope = Envelope { topic: &topic, payload: payload.as_bytes(), received_at };
    let mut decoder = Decoder::new(Doors { prefix: "lowsky/v1".into(), area: None });
    let mut out = Decoded::default();
    decoder.decode(&envelope, &mut out);
    assert_eq!((out.observations.len(), &out.refusals), (1, &Vec::new()));
    bencher.counter(divan::counter::BytesCount::new(payload.len())).bench_local(|| {
        decoder.decode(divan::black_box(&envelope), &mut out);
        divan::black_box(out.observations.len())
    });
}
