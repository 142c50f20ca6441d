//! The service's own test flights: seen and judged like others, and never met by them.

use std::sync::Arc;

use lowsky::airspace::{Airspace, Document, load};
use lowsky::domain::{AlertCode, LatLng, Observation, OperationalStatus, Timestamp, UasId};
use lowsky::monitor::{Effect, Settings};
use proptest::prelude::*;

use super::lifecycle::airspace;
use super::sky::{recorded, sky};
use super::{alerts, at, bytes, key, play};

fn origin() -> LatLng {
    LatLng::new(22.5, 113.5).unwrap()
}

fn hover(id: &str, t: f64) -> (Timestamp, Observation) {
    let mut seen = Observation::new(UasId::new(id).unwrap(), at(t), origin());
    (seen.status, seen.heights.hae_m) = (OperationalStatus::Airborne, Some(50.0));
    (seen.motion.ground_speed_mps, seen.motion.vertical_speed_mps) = (Some(0.0), Some(0.0));
    (at(t), seen)
}

/// What concerns real aircraft only.
fn real(effects: Vec<Effect>) -> Vec<Effect> {
    let is_real = |effect: &Effect| match effect {
        Effect::Alert(event) => !event.alert.uas_id.is_canary(),
        Effect::TrackChanged(track) => !track.uas_id.is_canary(),
        Effect::TrackGone(id) | Effect::Refused(id, _) => !id.is_canary(),
        Effect::AckRefused(_) | Effect::Assessed(_) => true,
    };
    effects.into_iter().filter(is_real).collect()
}

/// A zone everybody is in, under two names.
fn zones() -> Arc<Airspace> {
    let zone = airspace(origin(), &[(0, [0.0, 0.0], 300.0)]);
    let mut features = vec![zone.zones()[0].feature(), zone.zones()[0].feature()];
    features[1]["properties"]["identifier"] = "canary:zone".into();
    let text = serde_json::json!({"type": "FeatureCollection", "features": features}).to_string();
    Arc::new(load(&[Document { name: "zones", text: text.as_bytes() }]).airspace.unwrap())
}

#[test]
fn p34_test_flights_meet_each_other_and_their_zone_and_nobody_else() {
    let ids = ["A", "B", "canary:1", "canary:2"];
    let reports: Vec<_> = (0..3).flat_map(|t| ids.map(|id| hover(id, f64::from(t)))).collect();
    let mut monitor = lowsky::monitor::Monitor::new(Settings::default());
    let mut effects = Vec::new();
    monitor.handle(at(-1.0), lowsky::monitor::Event::AirspaceReplaced(zones()), &mut effects);
    for (arrival, seen) in reports {
        monitor.handle(arrival, lowsky::monitor::Event::Observed(seen), &mut effects);
    }
    let told: std::collections::BTreeSet<_> = alerts(&effects).map(key).collect();
    let expected = [
        "SEPARATION A B",
        "SEPARATION canary:1 canary:2",
        "ZONE_INCURSION A Z0",
        "ZONE_INCURSION B Z0",
        "ZONE_INCURSION canary:1 canary:zone",
        "ZONE_INCURSION canary:2 canary:zone",
    ];
    assert_eq!(told.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    assert!(alerts(&effects).any(|event| event.alert.code == AlertCode::Separation));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Real aircraft are told of to the byte as if there were no test flights, identities of alerts included.
    #[test]
    fn p34_test_flights_change_nothing_for_others((origin, flights) in sky(7), (_, probes) in sky(5)) {
        let without = recorded(origin, &flights, 60.0);
        let mut with = without.clone();
        with.extend(recorded(origin, &probes, 60.0).into_iter().map(|(arrival, mut seen)| {
            seen.uas_id = UasId::new(&format!("canary:{}", seen.uas_id)).unwrap();
            (arrival, seen)
        }));
        with.sort_by_key(|(arrival, _)| *arrival);
        let alone = bytes(&real(play(Settings::default(), &without, at(130.0))));
        prop_assert_eq!(alone, bytes(&real(play(Settings::default(), &with, at(130.0)))));
    }
}
