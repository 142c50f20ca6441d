//! Published vectors, quality codes, joining of epochs, dates across midnight, damage.

use crate::domain::*;
use crate::wire::{Decoded, Decoder, Doors, Envelope};

use Reason::{
    Checksum, Future, InvalidValue, Malformed, MissingField, NoFix, NullIsland, OutOfRange, OutsideArea,
    TooOld,
};

const GGA: &str = "$GNGGA,063012.00,2232.172000,N,11403.030000,E,4,28,0.6,121.480,M,-2.980,M,1.0,0007*44";
const GBGGA: &str = "$GBGGA,063012.00,2317.234560,N,11319.146000,E,1,14,0.9,120.000,M,-6.740,M,,*66";
const RMC: &str = "$GNRMC,063012.00,A,2232.172000,N,11403.030000,E,23.911,215.4,010126,,,R,V*10";
const GST: &str = "$GNGST,063012.00,1.2,0.012,0.010,85.0,0.011,0.010,0.021*71";
const GSA: &str = "$GNGSA,A,3,01,06,09,16,21,,,,,,,,1.1,0.6,0.9,4*31";

/// One receiver and its decoder.
struct Bench {
    decoder: Decoder,
    received_at: Timestamp,
}

impl Bench {
    fn at(time: &str) -> Self {
        let area = BoundingBox::new([100.0, 10.0, 120.0, 30.0]);
        Self {
            decoder: Decoder::new(Doors { prefix: "p".into(), area }),
            received_at: Timestamp::parse(time).unwrap(),
        }
    }

    fn hear(&mut self, payload: &str) -> Decoded {
        let mut out = Decoded::default();
        let envelope = Envelope {
            topic: "p/nmea/acme/UAS-1",
            payload: payload.as_bytes(),
            received_at: self.received_at,
        };
        self.decoder.decode(&envelope, &mut out);
        out
    }

    /// The times of the observations.
    fn times(&mut self, payload: &str) -> Vec<String> {
        let out = self.hear(payload);
        assert_eq!(out.refusals, [], "{payload}");
        out.observations.iter().map(|seen| seen.timestamp.to_string()).collect()
    }
}

fn bench() -> Bench {
    Bench::at("2026-01-01T06:30:12.500Z")
}

/// A sentence with its checksum.
fn sum(body: &str) -> String {
    format!("${body}*{:02X}\r\n", body.bytes().fold(0, |sum, byte| sum ^ byte))
}

fn gga(time: &str) -> String {
    sum(&format!("GNGGA,{time},2232.172,N,11403.030,E,1,9,1.0,100.0,M,-3.0,M,,"))
}

fn rmc(time: &str, date: &str) -> String {
    sum(&format!("GNRMC,{time},A,2232.172,N,11403.030,E,10.0,90.0,{date},,,A"))
}

fn only(out: &Decoded) -> &Observation {
    assert_eq!((out.observations.len(), out.refusals.len()), (1, 0), "{:?}", out.refusals);
    &out.observations[0]
}

fn refused(payload: &str) -> Vec<(Reason, Option<String>)> {
    let out = bench().hear(&format!("{payload}\n{GSA}"));
    assert!(out.observations.is_empty(), "{payload}");
    out.refusals.into_iter().map(|refusal| (refusal.reason, refusal.field)).collect()
}

#[test]
fn published_vectors_make_one_observation() {
    let out = bench().hear(&[GGA, RMC, GST, GSA].join("\r\n"));
    let seen = only(&out);
    assert_eq!((seen.uas_id.as_str(), seen.source), ("UAS-1", Source::Nmea));
    assert_eq!(seen.operator.as_ref().unwrap().as_str(), "acme");
    assert_eq!(seen.timestamp.to_string(), "2026-01-01T06:30:12.000Z");
    assert!((seen.position.lat_deg() - 22.5362).abs() < 1e-9);
    assert!((seen.position.lng_deg() - 114.0505).abs() < 1e-9);
    assert_eq!(seen.heights.amsl_m, Some((121.48, GeoidModel::Egm96)));
    assert_eq!(seen.heights.hae_m, Some(118.5));
    assert!((seen.motion.ground_speed_mps.unwrap() - 12.30).abs() < 0.001);
    assert_eq!(seen.motion.track_deg, Some(215.4));
    assert_eq!(seen.fix_type, Some(FixType::RtkFixed));
    assert_eq!(seen.accuracy.horizontal_m, Some(0.0294));
    assert_eq!(seen.accuracy.vertical_m, Some(0.0412));

    let out = bench().hear(&[GBGGA, GSA].join("\n"));
    let seen = only(&out);
    assert!((seen.position.lat_deg() - 23.287_242_67).abs() < 1e-8);
    assert_eq!(seen.heights.hae_m, Some(113.26));
    assert_eq!((seen.accuracy.horizontal_m, seen.accuracy.vertical_m), (Some(5.0), Some(10.0)));
    assert_eq!(seen.motion, Motion::default());
}

#[test]
fn every_talker_and_order() {
    for talker in ["GN", "GB", "BD", "GP", "GL", "GA", "GQ", "QZ", "GI"] {
        let sentences =
            [GGA, RMC, GST].map(|sentence| sum(&format!("{talker}{}", &sentence[3..sentence.len() - 3])));
        let mut reversed = sentences.clone();
        reversed.reverse();
        let [out, other] = [bench().hear(&sentences.concat()), bench().hear(&reversed.concat())];
        assert_eq!(only(&out), only(&other));
    }
    // Talkers interleaved within one epoch.
    let mixed = [
        sum(&format!("GP{}", &GGA[3..GGA.len() - 3])),
        RMC.into(),
        sum(&format!("BD{}", &GST[3..GST.len() - 3])),
    ];
    assert_eq!(only(&bench().hear(&mixed.join("\n"))).accuracy.horizontal_m, Some(0.0294));
}

#[test]
fn quality_codes() {
    for (quality, wanted, horizontal_m) in [
        ("1", Some(FixType::Single), Some(5.0)),
        ("2", Some(FixType::Dgnss), Some(2.0)),
        ("3", Some(FixType::Single), Some(5.0)),
        ("4", Some(FixType::RtkFixed), Some(0.05)),
        ("5", Some(FixType::RtkFloat), Some(1.0)),
        ("6", Some(FixType::Dr), None),
        ("7", Some(FixType::Sim), None),
        ("8", Some(FixType::Sim), None),
        ("9", None, None),
        ("", None, None),
    ] {
        let sentence = sum(&format!("GNGGA,063012,2232.172,N,11403.030,E,{quality},9,1.0,100.0,M,,M,,"));
        let out = bench().hear(&format!("{sentence}{GSA}"));
        let seen = only(&out);
        assert_eq!((seen.fix_type, seen.accuracy.horizontal_m), (wanted, horizontal_m), "{quality}");
        assert_eq!((seen.heights.hae_m, seen.heights.amsl_m), (None, Some((100.0, GeoidModel::Egm96))));
    }
    for (mode, wanted) in
        [("A", FixType::Single), ("D", FixType::Dgnss), ("R", FixType::RtkFixed), ("S", FixType::Sim)]
    {
        let sentence = sum(&format!("GNRMC,063012,A,2232.172,N,11403.030,E,0.0,,010126,,,{mode}"));
        let out = bench().hear(&format!("{sentence}{GSA}"));
        assert_eq!(only(&out).fix_type, Some(wanted));
        assert_eq!(only(&out).motion.track_deg, None);
    }
}

#[test]
fn no_fix_is_refused_once_an_epoch() {
    let void_gga = sum("GNGGA,063012.00,,,,,0,00,99.99,,,,,,");
    let void_rmc = sum("GNRMC,063012.00,V,,,,,,,060180,,,N");
    let no_fix = |field: &str| vec![(NoFix, Some(field.to_owned()))];
    assert_eq!(refused(&void_gga), no_fix("GGA.6"));
    assert_eq!(refused(&void_rmc), no_fix("RMC.2"));
    assert_eq!(refused(&format!("{void_gga}{void_rmc}")), no_fix("GGA.6"));
    assert_eq!(refused(&format!("{GGA}\n{void_rmc}")), no_fix("RMC.2"));
    assert_eq!(refused(&sum("GNGGA,,,,,,0,,,,,,,,")), no_fix("GGA.6"));
    assert_eq!(refused(&sum("GNGGA,063012.00,,,,,,,,,,,,,")), no_fix("GGA.6"));
    assert_eq!(refused(&sum("GNRMC,063012,A,2232.172,N,11403.030,E,0.0,,010126,,,N")), no_fix("RMC.2"));
}

#[test]
fn damaged_sentences() {
    let field = |reason, name: &str| vec![(reason, Some(name.to_owned()))];
    assert_eq!(refused(&GGA.replace("*44", "*45")), field(Checksum, "GGA"));
    assert_eq!(refused(&GGA.replace("*44", "")), field(Checksum, "GGA"));
    assert_eq!(refused(&GGA.replace("*44", "*4")), field(Malformed, "GGA"));
    assert_eq!(refused("\u{2603}"), [(Malformed, None)]);
    assert_eq!(refused("garbage"), [(Malformed, None)]);
    let body = &GGA[1..GGA.len() - 3];
    for (from, to, reason, name) in [
        ("2232.172000", "9532.172000", OutOfRange, "GGA.2"),
        ("2232.172000", "2260.000000", OutOfRange, "GGA.2"),
        ("11403.030000", "20003.030000", OutOfRange, "GGA.4"),
        ("2232.172000", "2232.17E5", InvalidValue, "GGA.2"),
        ("2232.172000", "232.172", InvalidValue, "GGA.2"),
        ("2232.172000", "-232.172", InvalidValue, "GGA.2"),
        ("2232.172000", "", MissingField, "GGA.2"),
        ("2232.172000,N,11403.030000,E", ",,,", MissingField, "GGA.2"),
        (",N,", ",X,", InvalidValue, "GGA.3"),
        (",E,", ",N,", InvalidValue, "GGA.5"),
        (",4,28,", ",A,28,", InvalidValue, "GGA.6"),
        ("121.480", "99999", OutOfRange, "GGA.9"),
        ("121.480", "inf", InvalidValue, "GGA.9"),
        ("121.480,M", "121.480,F", InvalidValue, "GGA.10"),
        ("-2.980", "-298", OutOfRange, "GGA.11"),
        ("063012.00", "", MissingField, "GGA.1"),
        ("063012.00", "243012.00", OutOfRange, "GGA.1"),
        ("063012.00", "63012", InvalidValue, "GGA.1"),
        ("2232.172000,N,11403.030000", "0000.000,N,00000.000", NullIsland, "GGA.2"),
        ("2232.172000", "0932.172000", OutsideArea, "GGA.2"),
        ("063012.00", "063014.60", Future, "GGA.1"),
    ] {
        assert_eq!(refused(&sum(&body.replacen(from, to, 1))), field(reason, name), "{from} -> {to}");
    }
    let body = &RMC[1..RMC.len() - 3];
    for (from, to, reason, name) in [
        ("23.911", "-1", OutOfRange, "RMC.7"),
        ("23.911", "2E3", Malformed, "RMC"),
        ("215.4", "360.1", OutOfRange, "RMC.8"),
        ("010126", "321326", Malformed, "RMC"),
        (",A,", ",Q,", Malformed, "RMC"),
        ("010126", "010120", TooOld, "RMC.1"),
    ] {
        assert_eq!(refused(&sum(&body.replacen(from, to, 1))), field(reason, name), "{from} -> {to}");
    }
    assert_eq!(bench().hear("\r\n").refusals[0].reason, Malformed);
    assert_eq!(bench().hear(&"x\n".repeat(4000)).refusals.len(), 17);
}

#[test]
fn unknown_sentences_are_left_alone() {
    for sentence in
        ["GNGSV,1,1,01,01,,,", "GNTXT,01,01,02,hello", "GNTHS,77.5,A", "PUBX,00,1", "GNXYZ", "HEHDT,1.0,T"]
    {
        assert_eq!(bench().hear(&sum(sentence)), Decoded { ..bench().hear(GSA) });
        assert!(bench().hear(&sum(sentence)).refusals.is_empty());
    }
}

#[test]
fn movement_from_vtg() {
    let vtg = sum("GNVTG,77.5,T,,M,,N,36.0,K,A");
    for payload in [format!("{GGA}\n{vtg}"), format!("{vtg}{GGA}")] {
        let out = bench().hear(&payload);
        assert_eq!(only(&out).motion.ground_speed_mps, Some(10.0));
        assert_eq!(only(&out).motion.track_deg, Some(77.5));
    }
    // A payload ends its epoch, so its VTG is nothing to the next one.
    let mut ended = bench();
    ended.hear(&format!("{GSA}\n{vtg}"));
    assert_eq!(only(&ended.hear(&format!("{GGA}\n{GSA}"))).motion, Motion::default());
    let out = bench().hear(&format!("{GGA}\n{}", sum("GNVTG,360.0,T,,M,1.0,N,,K,A")));
    assert_eq!(only(&out).motion.track_deg, Some(0.0));
    assert!((only(&out).motion.ground_speed_mps.unwrap() - 0.514_444).abs() < 1e-6);
}

#[test]
fn several_epochs_of_one_payload() {
    let payload = ["063011.0", "063011.2", "063011.4"].map(|time| gga(time) + &rmc(time, "010126")).concat();
    let times = bench().times(&payload);
    assert_eq!(times, ["2026-01-01T06:30:11.000Z", "2026-01-01T06:30:11.200Z", "2026-01-01T06:30:11.400Z"]);
}

#[test]
fn sentences_one_by_one() {
    let mut bench = bench();
    let none = Vec::<String>::new();
    // Nobody knows which sentence is the last one until the next epoch begins.
    assert_eq!(bench.times(&gga("063010")), none);
    assert_eq!(bench.times(&rmc("063010", "010126")), none);
    assert_eq!(bench.times(&gga("063011")), ["2026-01-01T06:30:10.000Z"]);
    // From now on RMC ends an epoch.
    let out = bench.hear(&rmc("063011", "010126"));
    assert_eq!(only(&out).timestamp.to_string(), "2026-01-01T06:30:11.000Z");
    assert!(only(&out).heights.hae_m.is_some() && only(&out).motion.track_deg.is_some());
    // An epoch without its end leaves with the next one.
    assert_eq!(bench.times(&gga("063012")), none);
    assert_eq!(bench.times(&gga("063012.5")), ["2026-01-01T06:30:12.000Z"]);
    assert_eq!(bench.times(&rmc("063012.5", "010126")), ["2026-01-01T06:30:12.500Z"]);
    // The same again is nothing new.
    assert_eq!(bench.times(&rmc("063012.5", "010126")), none);
    // Without RMC for good, GGA ends an epoch.
    assert_eq!(bench.times(&gga("063013")), none);
    assert_eq!(bench.times(&gga("063013.5")), ["2026-01-01T06:30:13.000Z"]);
    assert_eq!(bench.times(&gga("063014")), ["2026-01-01T06:30:13.500Z", "2026-01-01T06:30:14.000Z"]);
    assert_eq!(bench.times(&gga("063014.5")), ["2026-01-01T06:30:14.500Z"]);
}

#[test]
fn halves_in_two_payloads_are_told_once() {
    let mut bench = bench();
    assert_eq!(bench.times(&(gga("063012") + &rmc("063012", "010126"))), ["2026-01-01T06:30:12.000Z"]);
    assert_eq!(bench.times(&(rmc("063012", "010126") + GSA)), Vec::<String>::new());
}

#[test]
fn the_last_report_of_a_silent_source_is_released() {
    let mut bench = bench();
    assert_eq!(bench.times(&gga("063012")), Vec::<String>::new());
    let mut out = Decoded::default();
    assert!(!bench.decoder.release(bench.received_at.plus_micros(-1), &mut out));
    assert_eq!(out.observations, []);
    assert!(bench.decoder.release(bench.received_at, &mut out));
    assert_eq!(out.observations[0].timestamp.to_string(), "2026-01-01T06:30:12.000Z");
    assert!(!bench.decoder.release(bench.received_at, &mut out));
    assert_eq!(out.observations, []);
    assert_eq!(bench.times(&gga("063013")), ["2026-01-01T06:30:13.000Z"]);
}

#[test]
fn what_is_found_when_a_sentence_is_released_bears_its_aircraft() {
    let none = sum("GNGGA,063012.00,,,,,0,0,,,M,,M,,");
    let suspect = sum("GNGGA,063012.00,2232.172,N,11403.030,E,1,9,1.0,100.0,M,-9.0,M,,");
    let mut out = Decoded::default();
    for (payload, wanted) in [(none, (1, 0)), (suspect, (0, 1))] {
        let mut bench = bench();
        let heard = bench.hear(&payload);
        assert!(heard.waits && heard.refusals.is_empty() && heard.flags.is_empty(), "{heard:?}");
        assert!(bench.decoder.release(bench.received_at, &mut out));
        assert_eq!((out.refusals.len(), out.flags.len()), wanted, "{payload}");
        let (operator, uas_id) = out.addressee().unwrap();
        assert_eq!((operator.to_string(), uas_id.to_string()), ("acme".into(), "UAS-1".into()));
    }
}

#[test]
fn midnight_both_ways() {
    // The arrival tells the day.
    let mut late = Bench::at("2026-01-02T00:00:00.400Z");
    assert_eq!(late.times(&(gga("235959.9") + GSA)), ["2026-01-01T23:59:59.900Z"]);
    let mut early = Bench::at("2026-01-01T23:59:59.500Z");
    assert_eq!(early.times(&(gga("000000.5") + GSA)), ["2026-01-02T00:00:00.500Z"]);

    // The date of RMC serves the GGA after midnight; the arrival, hours later, would not.
    let mut stored = Bench::at("2026-01-02T14:00:00Z");
    assert_eq!(stored.times(&(rmc("235959", "010126") + &gga("235959"))), ["2026-01-01T23:59:59.000Z"]);
    assert_eq!(stored.times(&(gga("000000") + GSA)), ["2026-01-02T00:00:00.000Z"]);
    assert_eq!(stored.times(&(rmc("000001", "020126") + &gga("000001"))), ["2026-01-02T00:00:01.000Z"]);
    // A late one from before midnight.
    assert_eq!(stored.times(&(gga("235958") + GSA)), ["2026-01-01T23:59:58.000Z"]);

    // ZDA tells the date too, and a leap second belongs to the day it ends.
    let mut leap = Bench::at("2026-01-02T14:00:00Z");
    let zda = sum("GNZDA,235960.00,01,01,2026,00,00");
    assert_eq!(leap.times(&(zda + &gga("235960.00"))), ["2026-01-01T23:59:59.999Z"]);
}

#[test]
fn sources_do_not_mix() {
    let mut bench = bench();
    bench.hear(&gga("063010"));
    let mut out = Decoded::default();
    let payload = rmc("063010", "010126");
    for topic in ["p/nmea/acme/UAS-2", "p/nmea/other/UAS-1"] {
        let envelope = Envelope { topic, payload: payload.as_bytes(), received_at: bench.received_at };
        bench.decoder.decode(&envelope, &mut out);
        assert!(out.observations.is_empty());
    }
    let out = bench.hear(&gga("063011"));
    assert!(out.observations.iter().all(|seen| seen.motion == Motion::default()));
    assert_eq!(out.observations.len(), 2);
}
