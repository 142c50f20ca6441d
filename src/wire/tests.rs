//! The decoder as a whole: size, topics, any bytes, damaged messages.

use proptest::prelude::*;

use super::*;

/// A report with every kind of member.
const TELEMETRY: &str = r#"{"uas_id":"UAS-1","timestamp":"2026-11-22T08:00:00.250Z","lat":22.5362,"lng":114.0505,
"alt_hae":107.0,"height":98.5,"height_reference":"GROUND","ground_speed":12.25,"track":215.4,"vertical_speed":-1.5,
"accuracy_h":1.2,"fix_type":"RTK_FIXED","gnss_systems":["GPS","BDS"],"satellites":28,"nr":{"nci":68719476735,"pci":7},
"operational_status":"AIRBORNE","ua_class":"LIGHT","c2_link":"OK","seq":4294967295,"note":{"a":[1,"\u00e9"]}}"#;

const NMEA: &str = "$GNGGA,063012.00,2232.172000,N,11403.030000,E,4,28,0.6,121.480,M,-2.980,M,1.0,0007*44\r\n\
    $GNRMC,063012.00,A,2232.172000,N,11403.030000,E,23.911,215.4,010126,,,R,V*10\r\n\
    $GNGST,063012.00,1.2,0.012,0.010,85.0,0.011,0.010,0.021*71\r\n";

fn decoder() -> Decoder {
    Decoder::new(Doors { prefix: "lowsky/v1".into(), area: None })
}

fn arrival(format: &str) -> Timestamp {
    Timestamp::parse(if format == "nmea" { "2026-01-01T06:30:12.5Z" } else { "2026-11-22T08:00:00.5Z" })
        .unwrap()
}

fn decode(decoder: &mut Decoder, format: &str, payload: &[u8]) -> Decoded {
    let mut out = Decoded::default();
    let topic = format!("lowsky/v1/{format}/acme/UAS-1");
    decoder.decode(&Envelope { topic: &topic, payload, received_at: arrival(format) }, &mut out);
    out
}

/// What must hold of whatever was read from whatever bytes.
fn sound(out: &Decoded, received_at: Timestamp) {
    for seen in &out.observations {
        let age_s = received_at.seconds_since(seen.timestamp);
        assert!((-2.0..=86_400.0).contains(&age_s), "{seen:?}");
        assert!(seen.position.lat_deg().abs() <= 90.0 && seen.position.lng_deg().abs() <= 180.0);
        assert!(seen.position != crate::domain::LatLng::default());
        assert_eq!(Some(&seen.uas_id), out.uas_id.as_ref());
        let heights =
            [seen.heights.hae_m, seen.heights.amsl_m.map(|(metres, _)| metres), seen.heights.pressure_m];
        assert!(heights.iter().flatten().all(|metres| (-1200.0..=32_000.0).contains(metres)), "{seen:?}");
        assert!(seen.motion.ground_speed_mps.is_none_or(|speed| (0.0..=6553.4).contains(&speed)), "{seen:?}");
        assert!(seen.motion.track_deg.is_none_or(|track| (0.0..360.0).contains(&track)), "{seen:?}");
        assert!(seen.motion.vertical_speed_mps.is_none_or(|speed| speed.abs() <= 62.0), "{seen:?}");
        assert!(
            seen.accuracy.horizontal_m.is_none_or(|metres| (0.0..=20_000.0).contains(&metres)),
            "{seen:?}"
        );
    }
    assert!(out.refusals.iter().all(|refusal| refusal.detail.len() < 2000));
}

#[test]
fn filters_of_every_format() {
    assert_eq!(subscription_filters("a/b"), ["a/b/intent/#", "a/b/nmea/#", "a/b/telemetry/#"]);
    assert!(FORMATS.is_sorted_by(|a, b| a.topic < b.topic));
}

#[test]
fn the_size_limit_and_the_topic() {
    let mut padded = TELEMETRY.as_bytes().to_vec();
    padded.resize(PAYLOAD_LEN_MAX, b' ');
    let out = decode(&mut decoder(), "telemetry", &padded);
    assert_eq!((out.observations.len(), out.refusals.len()), (1, 0));
    assert_eq!((out.operator.unwrap().as_str(), out.uas_id.unwrap().as_str()), ("acme", "UAS-1"));
    padded.push(b' ');
    for format in ["telemetry", "nmea"] {
        let out = decode(&mut decoder(), format, &padded);
        assert_eq!(out.refusals[0].reason, Reason::TooLarge);
        assert!(out.observations.is_empty());
    }
    let mut out = decode(&mut decoder(), "telemetry", TELEMETRY.as_bytes());
    let envelope = Envelope { topic: "elsewhere", payload: b"{}", received_at: arrival("telemetry") };
    decoder().decode(&envelope, &mut out);
    assert_eq!(out.refusals[0].reason, Reason::UnknownTopic);
    assert_eq!((out.operator, out.uas_id, out.observations.len()), (None, None, 0));
}

#[test]
fn damaged_messages_never_yield_an_unsound_report() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random >> 33).unwrap()
    };
    let (mut accepted, mut refused) = (0, 0);
    for (format, valid) in [("telemetry", TELEMETRY), ("nmea", NMEA)] {
        let mut kept = decoder();
        for _ in 0..20_000 {
            let mut bytes = valid.as_bytes().to_vec();
            for _ in 0..=next() % 3 {
                let at = next() % bytes.len().max(1);
                match next() % 5 {
                    _ if bytes.is_empty() => {}
                    0 => bytes[at] ^= 1 << (next() % 8),
                    1 => drop(bytes.remove(at)),
                    2 => bytes.insert(at, b"0129.-+eE$*,\"{}[]:N"[next() % 19]),
                    3 => bytes.truncate(at.max(1)),
                    _ => bytes.extend_from_within(at..),
                }
            }
            if format == "nmea" && next() % 2 == 0 {
                bytes = with_checksums(&bytes);
            }
            let out = decode(&mut kept, format, &bytes);
            sound(&out, arrival(format));
            accepted += out.observations.len();
            refused += out.refusals.len();
        }
    }
    assert!(
        1000 < accepted && 1000 < refused,
        "{accepted} accepted, {refused} refused: the damage is not varied"
    );
}

/// Makes the checksums right again, so that damage reaches the fields.
fn with_checksums(bytes: &[u8]) -> Vec<u8> {
    let mut mended = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let body = line.split(|byte| *byte == b'*').next().unwrap_or_default();
        let sum = body.iter().skip(1).fold(0, |sum, byte| sum ^ byte);
        mended.extend_from_slice(body);
        mended.extend_from_slice(format!("*{sum:02X}\n").as_bytes());
    }
    mended
}

proptest! {
    #[test]
    fn any_bytes_on_any_topic(
        topic in prop_oneof![
            any::<String>(),
            "lowsky/v1/(telemetry|nmea)/[a-c]/[A-C]",
        ],
        payload in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            "[\\[{\":,tlsauid_mp0-9.}\\]$*GNRMC\\\\ \r\n]{0,200}".prop_map(String::into_bytes),
        ],
        micros in any::<i64>(),
    ) {
        let mut out = Decoded::default();
        let mut decoder = decoder();
        let received_at = Timestamp::from_micros(micros);
        for _ in 0..2 {
            decoder.decode(&Envelope { topic: &topic, payload: &payload, received_at }, &mut out);
            prop_assert!(out.observations.is_empty());
        }
        while decoder.release(received_at, &mut out) {
            prop_assert!(out.observations.is_empty());
        }
    }
}
