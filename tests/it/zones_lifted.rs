//! Alerts that stand when their zone is lifted, and controlled airspace by default on the safe side.

use lowsky::domain::{
    AlertCode, DataQuality, Heights, Observation, Phase, RelativeHeight, RelativeReference, Severity, UaClass,
};
use lowsky::monitor::{ControlledDefault, Settings};
use serde_json::{Value, json};

use crate::zones_bench::{Bench, at_ms, circle, hover, intent, set};

const HERE: [f64; 2] = [22.5, 114.0];
const WIDE: [f64; 3] = [22.5, 114.0, 500.0];

fn authorised() -> Settings {
    Settings { intent_authorities: vec!["acme".into()], ..Settings::default() }
}

fn fly(bench: &mut Bench, seconds: std::ops::Range<i64>, report: impl Fn(i64) -> Observation) {
    for second in seconds {
        bench.see(report(second * 1_000));
    }
}

fn asks_authorisation() -> Value {
    circle("Z", "REQ_AUTHORIZATION", WIDE, &json!({}))
}

#[test]
fn an_alert_ends_when_an_intent_that_covers_the_flight_arrives() {
    let mut bench = Bench::new(authorised());
    bench.zones(0, &set([&asks_authorisation()]));
    fly(&mut bench, 1..10, |ms| hover("A", HERE, ms));
    assert_eq!(bench.rules(), ["ZONE_INCURSION/REQ_AUTHORIZATION"]);
    bench.file(9_500, intent("F", &["A"], WIDE));
    fly(&mut bench, 10..30, |ms| hover("A", HERE, ms));
    assert_eq!(bench.rules(), Vec::<&str>::new());
    let [(when, _)] = bench.cleared[..] else { panic!("{:?}", bench.cleared) };
    assert!((5.0..7.0).contains(&when.seconds_since(at_ms(9_500))), "{when}");
}

#[test]
fn an_alert_within_its_margin_ends_too() {
    let mut bench = Bench::new(authorised());
    bench.zones(0, &set([&asks_authorisation()]));
    // Out of the zone to the south by less than the margin that an alert must leave.
    let south = [22.5 - 502.5 / 110_740.0, 114.0];
    fly(&mut bench, 1..5, |ms| hover("A", HERE, ms));
    fly(&mut bench, 5..20, |ms| hover("A", south, ms));
    assert_eq!(bench.open.len(), 1, "it has not left the margin");
    bench.file(20_000, intent("F", &["A"], [22.5, 114.0, 600.0]));
    fly(&mut bench, 21..30, |ms| hover("A", south, ms));
    assert_eq!(bench.rules(), Vec::<&str>::new());
}

#[test]
fn an_alert_ends_when_a_permission_of_higher_priority_is_published() {
    let permission = circle("P", "NO_RESTRICTION", WIDE, &json!({"priority": 5}));
    let elsewhere = circle("P", "NO_RESTRICTION", [22.502, 114.0, 50.0], &json!({"priority": 5}));
    let mut bench = Bench::new(Settings::default());
    bench.zones(0, &set([&asks_authorisation()]));
    fly(&mut bench, 1..5, |ms| hover("A", HERE, ms));
    bench.zones(4_500, &set([&asks_authorisation(), &elsewhere]));
    fly(&mut bench, 5..15, |ms| hover("A", HERE, ms));
    assert_eq!(bench.rules(), ["ZONE_INCURSION/REQ_AUTHORIZATION"], "it is not on the path");
    bench.zones(14_500, &set([&asks_authorisation(), &permission]));
    fly(&mut bench, 15..30, |ms| hover("A", HERE, ms));
    assert_eq!(bench.rules(), Vec::<&str>::new());
    assert_eq!(bench.cleared.len(), 1);
}

#[test]
fn where_a_lift_ends_on_the_path_it_is_said_so() {
    let mut bench = Bench::new(authorised());
    bench.zones(0, &set([&asks_authorisation()]));
    bench.file(500, intent("F", &["A"], [22.5, 114.0, 100.0]));
    let north = |ms| {
        let mut report = hover("A", HERE, ms);
        (report.motion.ground_speed_mps, report.motion.track_deg) = (Some(8.0), Some(0.0));
        report
    };
    fly(&mut bench, 1..2, north);
    bench.see(north(2_000));
    assert_eq!(bench.rules(), ["ZONE_INCURSION/REQ_AUTHORIZATION/LIFT_ENDS"]);
    let alert = bench.open.values().next().unwrap();
    assert_eq!((alert.phase, alert.severity), (Phase::Predicted, Severity::Caution));
}

/// A zone is not crossed before it is in force.
#[test]
fn p22_a_zone_published_behind_an_aircraft_is_not_crossed() {
    let zone = set([&circle("Z", "PROHIBITED", [22.5, 114.0, 20.0], &json!({}))]);
    for published_ms in [1_500, 2_500] {
        let mut bench = Bench::new(Settings::default());
        bench.zones(0, &set([]));
        for (ms, lng) in [(1_000, 113.9997), (2_000, 114.0003)] {
            if published_ms < ms {
                bench.zones(published_ms, &zone);
            }
            bench.see(hover("A", [22.5, lng], ms));
        }
        bench.zones(published_ms.max(2_000), &zone);
        bench.see(hover("B", [22.6, 114.0], 3_500));
        assert_eq!(bench.open.len(), usize::from(published_ms < 2_000), "{published_ms}");
    }
}

fn controlled(
    mode: ControlledDefault,
    report: &Observation,
    zones: &[Value],
) -> Option<(String, Phase, DataQuality)> {
    let mut bench = Bench::new(Settings { controlled_default: mode, ..Settings::default() });
    bench.zones(0, &set(zones));
    for ms in [1_000, 2_000] {
        bench.see(Observation { timestamp: at_ms(ms), ..report.clone() });
    }
    let mut found =
        bench.open.values().filter(|alert| alert.code == AlertCode::ZoneIncursion && alert.zone.is_none());
    found.next().map(|alert| (alert.rule.to_string(), alert.phase, alert.data))
}

#[test]
fn controlled_airspace_counts_a_height_that_may_be_above() {
    let takeoff = |metres| Some(RelativeHeight { metres, reference: RelativeReference::Takeoff });
    let ground = |metres| Some(RelativeHeight { metres, reference: RelativeReference::Ground });
    let none = Heights::default();
    let (exact, unknown) =
        ("ZONE_INCURSION/CONTROLLED/HEIGHT", "ZONE_INCURSION/CONTROLLED/HEIGHT/AGL_UNKNOWN");
    for (heights, rule, data) in [
        // Flat ground on the geoid, which is here 3.6 m below the ellipsoid.
        (Heights { hae_m: Some(116.0), ..none }, None, DataQuality::Good),
        (Heights { hae_m: Some(117.0), ..none }, Some(exact), DataQuality::Good),
        // Above take-off it may be wrong by 15 m.
        (Heights { relative: takeoff(104.0), ..none }, None, DataQuality::Good),
        (Heights { relative: takeoff(106.0), ..none }, Some(exact), DataQuality::Uncertain),
        (Heights { relative: ground(119.0), ..none }, None, DataQuality::Good),
        (Heights { relative: ground(121.0), ..none }, Some(exact), DataQuality::Uncertain),
        // Pressure may be wrong by 110 m.
        (Heights { pressure_m: Some(5.0), ..none }, None, DataQuality::Good),
        (Heights { pressure_m: Some(20.0), ..none }, Some(unknown), DataQuality::Uncertain),
        (none, Some(unknown), DataQuality::Uncertain),
    ] {
        let report = Observation { heights, ..hover("A", HERE, 0) };
        let wanted = rule.map(|rule| (rule.to_owned(), Phase::Actual, data));
        assert_eq!(controlled(ControlledDefault::Height, &report, &[]), wanted, "{heights:?}");
        assert_eq!(controlled(ControlledDefault::Off, &report, &[]), None);
    }
}

#[test]
fn controlled_airspace_ahead_is_foreseen() {
    let suitable = circle("S", "NO_RESTRICTION", WIDE, &json!({"kind": "SUITABLE"}));
    let rule = |clause: &str| format!("ZONE_INCURSION/CONTROLLED/{clause}");
    let foreseen = |clause| Some((rule(clause), Phase::Predicted, DataQuality::Good));
    let mut climbing = hover("A", HERE, 0);
    climbing.motion.vertical_speed_mps = Some(3.0);
    assert_eq!(controlled(ControlledDefault::Height, &climbing, &[]), foreseen("HEIGHT"));
    climbing.motion.vertical_speed_mps = Some(2.0);
    assert_eq!(controlled(ControlledDefault::Height, &climbing, &[]), None, "not within 30 s");
    let mut leaving = hover("A", HERE, 0);
    let zones = [suitable];
    assert_eq!(controlled(ControlledDefault::All, &leaving, &zones), None);
    (leaving.motion.ground_speed_mps, leaving.motion.track_deg) = (Some(20.0), Some(90.0));
    assert_eq!(controlled(ControlledDefault::All, &leaving, &zones), foreseen("OUTSIDE_SUITABLE"));
    leaving.motion.ground_speed_mps = Some(15.0);
    assert_eq!(controlled(ControlledDefault::All, &leaving, &zones), None, "not within 30 s");
    let outside = hover("A", [22.51, 114.0], 0);
    let actual = Some((rule("OUTSIDE_SUITABLE"), Phase::Actual, DataQuality::Good));
    assert_eq!(controlled(ControlledDefault::All, &outside, &zones), actual);
    let large = Observation { ua_class: Some(UaClass::Large), ..hover("A", HERE, 0) };
    assert_eq!(
        controlled(ControlledDefault::All, &large, &zones),
        Some((rule("CLASS"), Phase::Actual, DataQuality::Good))
    );
    let blind = Observation { heights: Heights::default(), ..hover("A", HERE, 0) };
    let unknown = Some((rule("HEIGHT/AGL_UNKNOWN"), Phase::Actual, DataQuality::Uncertain));
    assert_eq!(controlled(ControlledDefault::All, &blind, &zones), unknown, "also in suitable airspace");
}
