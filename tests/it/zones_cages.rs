//! Keep-in volumes: for whom they are, in which heights and hours, several of them.

use std::sync::Arc;

use lowsky::domain::{AlertCode, Heights, Observation, OperatorId, Phase, Severity, UaClass};
use lowsky::monitor::Settings;
use serde_json::{Value, json};

use crate::zones_bench::{Bench, at_ms, circle, hover, set};

const INSIDE: [f64; 2] = [22.5, 114.0];
const OUTSIDE: [f64; 2] = [22.51, 114.0];

fn cage(id: &str, restriction: &str, [lat, lng, radius_m]: [f64; 3], applies_to: &Value) -> Value {
    circle(id, restriction, [lat, lng, radius_m], &json!({"kind": "GEO_CAGE", "applies_to": applies_to}))
}

fn of_a() -> Value {
    json!({"uas_ids": ["A"]})
}

fn around(restriction: &str) -> Value {
    cage("CAGE", restriction, [22.5, 114.0, 400.0], &of_a())
}

/// What is told of exits after two reports.
fn exits(zones: &[Value], report: &Observation) -> Vec<(String, String, Phase, Severity)> {
    let mut bench = Bench::new(Settings::default());
    bench.zones(0, &set(zones));
    for ms in [1_000, 2_000] {
        bench.see(Observation { timestamp: at_ms(ms), ..report.clone() });
    }
    let of = bench.open.iter().filter(|((_, code, _), _)| *code == AlertCode::GeocageExit);
    of.map(|((_, _, zone), alert)| {
        (zone.as_ref().unwrap().as_str().to_owned(), alert.rule.to_string(), alert.phase, alert.severity)
    })
    .collect()
}

fn told(zone: &str, clause: &str, phase: Phase, severity: Severity) -> (String, String, Phase, Severity) {
    (zone.to_owned(), format!("GEOCAGE_EXIT/{clause}"), phase, severity)
}

#[test]
fn how_severe_it_is_to_be_outside() {
    for (restriction, severity) in [
        ("PROHIBITED", Severity::Critical),
        ("REQ_AUTHORIZATION", Severity::Warning),
        ("NO_RESTRICTION", Severity::Warning),
        ("CONDITIONAL", Severity::Caution),
    ] {
        let zones = [around(restriction)];
        assert_eq!(exits(&zones, &hover("A", INSIDE, 0)), []);
        let expected = told("CAGE", "OUTSIDE", Phase::Actual, severity);
        assert_eq!(exits(&zones, &hover("A", OUTSIDE, 0)), [expected]);
        assert_eq!(exits(&zones, &hover("B", OUTSIDE, 0)), [], "it is not held");
    }
}

#[test]
fn an_unknown_height_counts_as_outside_where_there_are_limits() {
    let blind = |place| Observation { heights: Heights::default(), ..hover("A", place, 0) };
    let mut open = around("PROHIBITED");
    open["geometry"].as_object_mut().unwrap().remove("layer");
    let unknown = told("CAGE", "AGL_UNKNOWN", Phase::Actual, Severity::Critical);
    assert_eq!(exits(&[around("PROHIBITED")], &blind(INSIDE)), [unknown]);
    assert_eq!(exits(&[open.clone()], &blind(INSIDE)), [], "there is nothing to compare it with");
    let outside = told("CAGE", "OUTSIDE", Phase::Actual, Severity::Critical);
    assert_eq!(exits(&[open], &blind(OUTSIDE)), [outside]);
    // A height that may be wrong by 110 m is surely inside nowhere in a cage of 120 m.
    let pressure = Heights { pressure_m: Some(60.0), ..Heights::default() };
    let vague = Observation { heights: pressure, ..hover("A", INSIDE, 0) };
    assert_eq!(exits(&[around("PROHIBITED")], &vague).len(), 1);
}

#[test]
fn leaving_upwards_is_foreseen_and_happens() {
    let zones = [around("PROHIBITED")];
    let mut climbing = hover("A", INSIDE, 0);
    climbing.motion.vertical_speed_mps = Some(3.0);
    assert_eq!(exits(&zones, &climbing), [told("CAGE", "LEAVING", Phase::Predicted, Severity::Warning)]);
    climbing.motion.vertical_speed_mps = Some(2.0);
    assert_eq!(exits(&zones, &climbing), [], "not within 30 s");
    let above = Observation { heights: Heights { hae_m: Some(130.0), ..Heights::default() }, ..climbing };
    assert_eq!(exits(&zones, &above), [told("CAGE", "HEIGHT", Phase::Actual, Severity::Critical)]);
}

#[test]
fn each_of_several_must_be_kept() {
    let both = [
        cage("LEFT", "PROHIBITED", [22.5, 113.999, 300.0], &of_a()),
        cage("RIGHT", "CONDITIONAL", [22.5, 114.001, 300.0], &of_a()),
    ];
    assert_eq!(exits(&both, &hover("A", INSIDE, 0)), []);
    let left = exits(&both, &hover("A", [22.5, 113.9975], 0));
    assert_eq!(left, [told("RIGHT", "OUTSIDE", Phase::Actual, Severity::Caution)]);
    let far = exits(&both, &hover("A", OUTSIDE, 0));
    assert_eq!(far.iter().map(|(zone, ..)| zone.as_str()).collect::<Vec<_>>(), ["LEFT", "RIGHT"]);
}

/// Outside, and saying all that it can be named by.
fn named() -> Observation {
    Observation {
        operator: Some(OperatorId::new("acme").unwrap()),
        group_id: Some(Arc::from("show")),
        flight_id: Some(Arc::from("F1")),
        ua_class: Some(UaClass::Light),
        ..hover("A", OUTSIDE, 0)
    }
}

#[test]
fn by_operator_group_flight_class_and_exemption() {
    let by = |applies_to: Value| {
        exits(&[cage("CAGE", "PROHIBITED", [22.5, 114.0, 400.0], &applies_to)], &named()).len()
    };
    for (applies_to, held) in [
        (json!({"operators": ["acme"]}), true),
        (json!({"operators": ["rival"]}), false),
        (json!({"group_ids": ["show"]}), true),
        (json!({"group_ids": ["other"]}), false),
        (json!({"flight_ids": ["F1"]}), true),
        (json!({"flight_ids": ["F2"]}), false),
        (json!({"ua_class": ["LIGHT"]}), true),
        (json!({"ua_class": ["MICRO"]}), false),
        (json!({"operators": ["acme"], "ua_class": ["MICRO"]}), false),
        (json!({"operators": ["acme"], "group_ids": ["show"], "uas_ids": ["A"]}), true),
    ] {
        assert_eq!(by(applies_to.clone()), usize::from(held), "{applies_to}");
    }
    let terms =
        json!({"kind": "GEO_CAGE", "applies_to": {"operators": ["acme"]}, "exempt": {"uas_ids": ["A"]}});
    assert_eq!(exits(&[circle("CAGE", "PROHIBITED", [22.5, 114.0, 400.0], &terms)], &named()), []);
}

#[test]
fn only_while_it_applies() {
    let mut zone = around("PROHIBITED");
    zone["properties"]["limitedApplicability"] =
        json!([{"startDateTime": at_ms(10_000).to_string(), "endDateTime": at_ms(20_000).to_string()}]);
    let mut bench = Bench::new(Settings::default());
    bench.zones(0, &set([&zone]));
    let mut open_at = Vec::new();
    for second in 1..40_i64 {
        // Another one's report moves time on; the one outside is silent in between.
        bench.see(hover(if second % 5 == 0 { "A" } else { "B" }, OUTSIDE, second * 1_000));
        if !bench.open.is_empty() {
            open_at.push(second);
        }
    }
    assert!(matches!(open_at[..], [10 | 11, .., 24..=27]), "{open_at:?}");
}
