//! Operation intents from bytes to alerts: what is refused, where a zone is lifted, who is told of an aircraft astray.

#![expect(
    clippy::wildcard_enum_match_arm,
    clippy::type_complexity,
    reason = "tests look for one kind of effect, in tables"
)]

use std::sync::Arc;

use lowsky::airspace::{Document, load};
use lowsky::domain::{AlertCode, AlertEventKind, AlertState, Phase, Reason, Severity, Timestamp};
use lowsky::monitor::{ControlledDefault, Effect, Event, Monitor, Settings};
use lowsky::wire::{Decoded, Decoder, Doors, Envelope};
use proptest::prelude::*;
use serde_json::{Value, json};

fn at(seconds: f64) -> Timestamp {
    Timestamp::parse("2026-11-22T08:00:00Z").unwrap().plus_seconds(seconds)
}

/// An intent over a square of 0.02° around 22.75, 113.45, up to 80 m, for an hour.
fn intent() -> Value {
    json!({
        "flight_id": "F1", "operator": "acme", "uas_ids": ["A"], "state": "ACCEPTED",
        "volumes": [{
            "outline": [[113.44, 22.74], [113.46, 22.74], [113.46, 22.76], [113.44, 22.76]],
            "altitude_lower": {"value": 20, "reference": "WGS84", "units": "M"},
            "altitude_upper": {"value": 80, "reference": "WGS84", "units": "M"},
            "time_start": at(0.0), "time_end": at(3600.0),
        }],
    })
}

/// The same with members changed; a path of which nothing is left removes it.
fn with(changes: &[(&str, Value)]) -> Value {
    let mut intent = intent();
    for (path, value) in changes {
        let (parent, name) = path.rsplit_once('/').unwrap();
        let parent = intent.pointer_mut(parent).unwrap();
        match (parent, value) {
            (Value::Object(members), Value::Null) => drop(members.remove(name)),
            (Value::Object(members), value) => drop(members.insert(name.into(), value.clone())),
            (parent, value) => parent[name.parse::<usize>().unwrap()] = value.clone(),
        }
    }
    intent
}

fn decode(topic: &str, payload: &[u8]) -> Decoded {
    let mut out = Decoded::default();
    let mut decoder = Decoder::new(Doors { prefix: "lowsky/v1".into(), area: None });
    decoder.decode(&Envelope { topic, payload, received_at: at(1.0) }, &mut out);
    out
}

struct Bench {
    monitor: Monitor,
    effects: Vec<Effect>,
}

impl Bench {
    fn new(settings: Settings, zones: &str) -> Self {
        let mut bench = Self { monitor: Monitor::new(settings), effects: Vec::new() };
        if !zones.is_empty() {
            let airspace = load(&[Document { name: "z", text: zones.as_bytes() }]).airspace.unwrap();
            bench.monitor.handle(at(0.0), Event::AirspaceReplaced(Arc::new(airspace)), &mut bench.effects);
        }
        bench
    }

    fn file(&mut self, now: Timestamp, operator: &str, intent: &Value) {
        let topic = format!("lowsky/v1/intent/{operator}/{}", intent["flight_id"].as_str().unwrap());
        let out = decode(&topic, intent.to_string().as_bytes());
        assert!(out.refusals.is_empty(), "{:?}", out.refusals);
        self.monitor.handle(now, Event::IntentFiled(out.intent.unwrap()), &mut self.effects);
    }

    fn report(&mut self, now: Timestamp, uas_id: &str, more: &[(&str, Value)]) {
        let mut report = json!({"uas_id": uas_id, "timestamp": now, "lat": 22.75, "lng": 113.45, "alt_hae": 50.0,
            "operational_status": "AIRBORNE", "ground_speed": 0.0});
        for (name, value) in more {
            report[*name] = value.clone();
        }
        let mut out = Decoded::default();
        let mut decoder = Decoder::new(Doors { prefix: "lowsky/v1".into(), area: None });
        let topic = format!("lowsky/v1/telemetry/acme/{uas_id}");
        let payload = report.to_string().into_bytes();
        decoder.decode(&Envelope { topic: &topic, payload: &payload, received_at: now }, &mut out);
        assert!(out.refusals.is_empty(), "{:?}", out.refusals);
        let observation = out.observations.pop().unwrap();
        self.monitor.handle(now, Event::Observed(observation), &mut self.effects);
    }

    /// The rules of the alerts raised so far.
    fn raised(&self) -> Vec<String> {
        let rule = |effect: &Effect| match effect {
            Effect::Alert(event) if event.event == AlertEventKind::Raised => {
                Some(event.alert.rule.to_string())
            }
            _ => None,
        };
        self.effects.iter().filter_map(rule).collect()
    }

    fn refused(&self) -> Vec<Reason> {
        let reason = |effect: &Effect| match effect {
            Effect::Refused(_, refusal) => Some(refusal.reason),
            _ => None,
        };
        self.effects.iter().filter_map(reason).collect()
    }
}

fn zone(restriction: &str) -> String {
    format!(
        r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"identifier":"Z","country":"CHN",
        "type":"{restriction}","variant":"COMMON","zoneAuthority":[{{"purpose":"AUTHORIZATION"}}]}},
        "geometry":{{"type":"Polygon","coordinates":[[[113.40,22.70],[113.50,22.70],[113.50,22.80],[113.40,22.80],[113.40,22.70]]],
        "layer":{{"upper":500,"upperReference":"WGS84","uom":"m"}}}}}}]}}"#
    )
}

fn authorities(names: &[&str]) -> Settings {
    let intent_authorities = names.iter().map(|name| (*name).to_owned()).collect();
    Settings { intent_authorities, ..Settings::default() }
}

#[test]
fn an_intent_lifts_a_zone_at_its_place_height_and_time_and_nowhere_else() {
    let lng = |lng: f64| ("lng", json!(lng));
    let hae = |hae: f64| ("alt_hae", json!(hae));
    for (now_s, report, lifted) in [
        (10.0, vec![], true),
        // Place: the boundary belongs to the volume.
        (10.0, vec![lng(113.44)], true),
        (10.0, vec![lng(113.4399)], false),
        (10.0, vec![lng(113.46)], true),
        (10.0, vec![lng(113.4601)], false),
        // Height.
        (10.0, vec![hae(20.0)], true),
        (10.0, vec![hae(19.9)], false),
        (10.0, vec![hae(80.0)], true),
        (10.0, vec![hae(80.1)], false),
        // A height that may be wrong lifts only where it cannot be.
        (10.0, vec![("alt_hae", Value::Null)], false),
        // Time, by the source's clock.
        (3600.0, vec![], true),
        (3600.1, vec![], false),
        (-0.1, vec![], false),
    ] {
        let mut bench = Bench::new(authorities(&["acme"]), &zone("REQ_AUTHORIZATION"));
        bench.file(at(f64::min(now_s, 1.0)), "acme", &intent());
        let report: Vec<_> = report.into_iter().collect();
        bench.report(at(now_s), "A", &report);
        // That the time will be over is foreseen; what counts here is now.
        let is_now =
            |effect: &Effect| matches!(effect, Effect::Alert(event) if event.alert.phase == Phase::Actual);
        assert_eq!(!bench.effects.iter().any(is_now), lifted, "{now_s} {report:?}: {:?}", bench.raised());
    }
}

#[test]
fn who_may_authorise_whom_and_what() {
    let by = |operator: &str| vec![("/operator", json!(operator))];
    let flight = |id: &str| vec![("flight_id", json!(id))];
    let cases: [(&str, &str, &str, Value, Vec<_>, Option<&str>); 11] = [
        ("REQ_AUTHORIZATION", "acme", "acme", intent(), vec![], None),
        ("REQ_AUTHORIZATION", "*", "acme", intent(), vec![], None),
        ("REQ_AUTHORIZATION", "tower", "tower", with(&by("tower")), vec![], None),
        // Another's intent says nothing of this aircraft, unless it is an authority's.
        ("REQ_AUTHORIZATION", "*", "rival", with(&by("rival")), vec![], Some("")),
        ("REQ_AUTHORIZATION", "", "acme", intent(), vec![], Some("/INTENT_NOT_AUTHORISED")),
        ("REQ_AUTHORIZATION", "tower", "acme", intent(), vec![], Some("/INTENT_NOT_AUTHORISED")),
        (
            "REQ_AUTHORIZATION",
            "acme",
            "acme",
            with(&[("/state", json!("CONTINGENT"))]),
            vec![],
            Some("/INTENT_STATE"),
        ),
        ("PROHIBITED", "acme", "acme", intent(), vec![], Some("")),
        // By the flight that the telemetry names.
        ("REQ_AUTHORIZATION", "acme", "acme", with(&[("/uas_ids", Value::Null)]), flight("F1"), None),
        ("REQ_AUTHORIZATION", "acme", "acme", with(&[("/uas_ids", Value::Null)]), flight("F2"), Some("")),
        (
            "REQ_AUTHORIZATION",
            "acme",
            "acme",
            with(&[("/volumes/0/outline/0", json!([113.47, 22.75]))]),
            vec![("lat", json!(22.745)), ("lng", json!(113.441))],
            Some("/NOT_LIFTED_HERE/INTENT_NOT_HERE"),
        ),
    ];
    for (restriction, authority, operator, intent, report, clause) in cases {
        let mut bench = Bench::new(authorities(&[authority]), &zone(restriction));
        bench.file(at(1.0), operator, &intent);
        bench.report(at(10.0), "A", &report);
        let wanted = clause.map(|clause| format!("ZONE_INCURSION/{restriction}{clause}"));
        assert_eq!(bench.raised(), Vec::from_iter(wanted), "{authority} {operator} {intent}");
    }
}

#[test]
fn an_ended_intent_lifts_nothing_any_more() {
    for ending in [with(&[("/state", json!("Ended"))]).to_string(), String::new()] {
        let mut bench = Bench::new(authorities(&["acme"]), &zone("REQ_AUTHORIZATION"));
        bench.file(at(1.0), "acme", &intent());
        bench.report(at(10.0), "A", &[]);
        assert_eq!((bench.raised().len(), bench.monitor.intents()), (0, 1));
        let out = decode("lowsky/v1/intent/acme/F1", ending.as_bytes());
        let ended = Event::IntentFiled(out.intent.unwrap());
        bench.monitor.handle(at(10.5), ended, &mut bench.effects);
        assert_eq!(bench.monitor.intents(), 0);
        bench.report(at(11.0), "A", &[]);
        assert_eq!(bench.raised(), ["ZONE_INCURSION/REQ_AUTHORIZATION"]);
    }
}

#[test]
fn controlled_airspace_by_default_is_lifted_too() {
    let high = [("alt_hae", json!(300.0))];
    let tall = with(&[("/volumes/0/altitude_upper/value", json!(400))]);
    for (mode, names, wanted) in [
        (ControlledDefault::Off, &[][..], vec![]),
        (ControlledDefault::Height, &[][..], vec!["ZONE_INCURSION/CONTROLLED/HEIGHT"]),
        (ControlledDefault::Height, &["acme"][..], vec![]),
        (ControlledDefault::All, &["acme"][..], vec![]),
    ] {
        let mut bench = Bench::new(Settings { controlled_default: mode, ..authorities(names) }, "");
        bench.file(at(1.0), "acme", &tall);
        bench.report(at(10.0), "A", &high);
        let raised = bench.raised();
        let of_zones: Vec<_> = raised.iter().filter(|rule| rule.starts_with("ZONE")).collect();
        assert_eq!(of_zones, wanted, "{mode:?}");
    }
}

#[test]
fn astray_for_ten_seconds_then_sixty_then_back() {
    let mut bench = Bench::new(Settings::default(), "");
    bench.file(at(1.0), "acme", &with(&[("/state", json!("Activated"))]));
    let out = [("lng", json!(113.47))];
    let standing = |bench: &Bench| {
        let alert = |effect: &Effect| match effect {
            Effect::Alert(event) if event.alert.code == AlertCode::Conformance => Some(event.alert.clone()),
            _ => None,
        };
        let alert = bench.effects.iter().filter_map(alert).next_back()?;
        (alert.state != AlertState::Cleared).then_some((alert.severity, alert.rule.to_string()))
    };
    let nonconforming = Some((Severity::Warning, "CONFORMANCE/NONCONFORMING/F1".to_owned()));
    let contingent = Some((Severity::Critical, "CONFORMANCE/CONTINGENT/F1".to_owned()));
    for second in 0..=140_i32 {
        let t_s = f64::from(second);
        // Outside from 10 s to 100 s but for three seconds, which are not enough to be back.
        let is_out = (10..100).contains(&second) && !(40..43).contains(&second);
        bench.report(at(10.0 + t_s), "A", if is_out { &out } else { &[] });
        match second {
            ..=20 | 106.. => assert_eq!(standing(&bench), None, "{second}"),
            21..=70 => assert_eq!(standing(&bench), nonconforming, "{second}"),
            71..=104 => assert_eq!(standing(&bench), contingent, "{second}"),
            _ => {}
        }
    }
    let raised = bench.raised();
    assert_eq!(raised.iter().filter(|rule| rule.starts_with("CONF")).count(), 1, "{raised:?}");
}

#[test]
fn what_is_wrong_with_an_intent_is_told() {
    let long: Vec<_> = (0..501).map(|_| json!([113.44, 22.74])).collect();
    for (change, value, reason, field) in [
        ("/flight_id", json!("F2"), Reason::IdentityMismatch, "flight_id"),
        ("/flight_id", Value::Null, Reason::MissingField, "flight_id"),
        ("/operator", json!("rival"), Reason::IdentityMismatch, "operator"),
        ("/state", json!("FLYING"), Reason::InvalidValue, "state"),
        ("/state", Value::Null, Reason::MissingField, "state"),
        ("/uas_ids", json!("A"), Reason::InvalidValue, "uas_ids"),
        ("/uas_ids", json!(["a b"]), Reason::InvalidValue, "uas_ids"),
        ("/uas_ids", json!(["canary:1"]), Reason::Reserved, "uas_ids"),
        ("/volumes", json!([]), Reason::OutOfRange, "volumes"),
        ("/volumes", Value::Null, Reason::MissingField, "volumes"),
        ("/volumes/0", json!(7), Reason::InvalidValue, "volumes[0]"),
        ("/volumes/0/outline", Value::Null, Reason::MissingField, "volumes[0].outline"),
        ("/volumes/0/outline", json!(long), Reason::OutOfRange, "volumes[0].outline"),
        ("/volumes/0/outline/0", json!([200, 22]), Reason::OutOfRange, "volumes[0].outline"),
        ("/volumes/0/outline/0", json!([110.0, 22.0]), Reason::OutOfRange, "volumes[0].outline"),
        ("/volumes/0/circle", json!({}), Reason::InvalidValue, "volumes[0].circle"),
        ("/volumes/0/altitude_upper", Value::Null, Reason::MissingField, "volumes[0].altitude_upper"),
        ("/volumes/0/altitude_upper/value", json!(10), Reason::OutOfRange, "volumes[0].altitude_upper"),
        (
            "/volumes/0/altitude_upper/units",
            json!("KM"),
            Reason::InvalidValue,
            "volumes[0].altitude_upper.units",
        ),
        (
            "/volumes/0/altitude_lower/reference",
            json!("QNH"),
            Reason::InvalidValue,
            "volumes[0].altitude_lower.reference",
        ),
        ("/volumes/0/time_start", json!("noon"), Reason::InvalidValue, "volumes[0].time_start"),
        ("/volumes/0/time_end", json!(at(0.0)), Reason::OutOfRange, "volumes[0].time_end"),
        ("/volumes/0/time_end", json!(at(0.5)), Reason::OutOfRange, "volumes"),
        ("/volumes/0/time_end", json!(at(31.0 * 86_400.0)), Reason::OutOfRange, "volumes"),
    ] {
        let out = decode("lowsky/v1/intent/acme/F1", with(&[(change, value.clone())]).to_string().as_bytes());
        let told: Vec<_> = out.refusals.iter().map(|r| (r.reason, r.field.as_deref().unwrap())).collect();
        assert_eq!((out.intent, told), (None, vec![(reason, field)]), "{change} {value}");
    }
    for (payload, reason) in
        [("{", Reason::Malformed), ("[]", Reason::InvalidValue), ("\u{0}", Reason::Malformed)]
    {
        assert_eq!(decode("lowsky/v1/intent/acme/F1", payload.as_bytes()).refusals[0].reason, reason);
    }
}

#[test]
fn feet_circles_and_the_words_of_f3548_are_read() {
    let circle = json!({"center": {"lng": 113.45, "lat": 22.75}, "radius_m": 500.0});
    let upper = json!({"value": 1000, "reference": "W84", "units": "FT"});
    let changes = [
        ("/volumes/0/outline", Value::Null),
        ("/volumes/0/circle", circle),
        ("/volumes/0/altitude_upper", upper),
        ("/state", json!("Accepted")),
    ];
    for (hae, lifted) in [(304.8, true), (304.9, false)] {
        let mut bench = Bench::new(authorities(&["acme"]), &zone("REQ_AUTHORIZATION"));
        bench.file(at(1.0), "acme", &with(&changes));
        bench.report(at(2.0), "A", &[("alt_hae", json!(hae)), ("ua_class", json!("MANNED"))]);
        assert_eq!(bench.raised().is_empty(), lifted, "{hae}: {:?}", bench.raised());
    }
}

#[test]
fn there_is_room_for_so_many_and_those_that_are_over_make_room() {
    let mut bench = Bench::new(Settings::default(), "");
    let nobody = |n: usize| with(&[("/flight_id", json!(format!("N{n}"))), ("/uas_ids", Value::Null)]);
    for n in 0..1_000 {
        bench.file(at(1.0), "acme", &nobody(n));
    }
    assert_eq!((bench.monitor.intents(), bench.refused()), (1_000, vec![]));
    bench.file(at(1.0), "acme", &nobody(1_000));
    assert_eq!((bench.monitor.intents(), bench.refused()), (1_000, vec![Reason::IntentLimit]));
    // One that is known is replaced all the same, and others have their room.
    bench.file(at(1.0), "acme", &nobody(7));
    for n in 0..33 {
        let named = with(&[("/flight_id", json!(format!("A{n}"))), ("/operator", json!("rival"))]);
        bench.file(at(1.0), "rival", &named);
    }
    assert_eq!((bench.monitor.intents(), bench.refused()), (1_032, vec![Reason::IntentLimit; 2]));
    bench.monitor.handle(at(3_601.0), Event::Tick, &mut bench.effects);
    assert_eq!(bench.monitor.intents(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever the bytes say: no panic, and what was taken is bounded and ends.
    #[test]
    fn p30_hostile_intents_are_refused_or_sound(
        member in prop::sample::select(vec![
            "/flight_id", "/operator", "/uas_ids", "/state", "/volumes", "/volumes/0", "/volumes/0/outline",
            "/volumes/0/outline/1", "/volumes/0/circle", "/volumes/0/altitude_lower", "/volumes/0/altitude_upper/value",
            "/volumes/0/time_start", "/volumes/0/time_end",
        ]),
        value in prop_oneof![
            Just(json!(null)), Just(json!({})), Just(json!([])), Just(json!("")), Just(json!(1e308)), Just(json!(-1)),
            any::<f64>().prop_map(|number| json!(number)), any::<String>().prop_map(Value::from),
            Just(json!([[0, 0], [0, 0], [0, 0]])), Just(json!([1e300, -1e300])), Just(json!(i64::MAX)),
            Just(json!({"center": [179, 85], "radius_m": 50_000})), Just(json!({"center": [0, 0], "radius_m": 1e-300})),
            any::<i64>().prop_map(Value::from),
        ],
        place in any::<prop::sample::Index>(), byte in any::<u8>(), damaged in any::<bool>(),
    ) {
        let mut payload = with(&[(member, value)]).to_string().into_bytes();
        if damaged {
            let place = place.index(payload.len());
            payload[place] = byte;
        }
        let out = decode("lowsky/v1/intent/acme/F1", &payload);
        prop_assert!(out.observations.is_empty());
        prop_assert_ne!(out.intent.is_some(), !out.refusals.is_empty());
        let mut bench = Bench::new(authorities(&["*"]), &zone("REQ_AUTHORIZATION"));
        if let Some(intent) = out.intent {
            prop_assert!(intent.until().is_none_or(|until| until <= at(31.0 * 86_400.0)));
            bench.monitor.handle(at(1.0), Event::IntentFiled(intent), &mut bench.effects);
        }
        bench.report(at(2.0), "A", &[]);
        bench.monitor.handle(at(32.0 * 86_400.0), Event::Tick, &mut bench.effects);
        prop_assert_eq!(bench.monitor.intents(), 0);
    }
}
