//! Reports that overtake each other on their way, or come more than once, give the same alert episodes.
//!
//! What the network may do: messages of different aircraft are delayed by up to 300 ms more or less, so that
//! they come in another order; a message comes up to three times; a message comes after newer ones of its own
//! aircraft, which makes it history. The last is a loss to live checks, so it can only be harmless where no
//! single report decides: in straight flight, and with no two messages of an aircraft late together.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use lowsky::airspace::{Airspace, Document, load};
use lowsky::domain::{AlertEventKind, LatLng, Observation, Timestamp};
use lowsky::monitor::{Effect, Event, Monitor, Settings};
use lowsky::simulate::{Scenario, WireMessage};
use lowsky::wire::{Decoded, Decoder, Doors, Envelope};
use proptest::prelude::*;

use super::sky::{Flight, Gives, name};
use super::{alerts, at, key, play};

const PREFIX: &str = "lowsky/v1";

/// How often each alert was raised.
type Episodes = BTreeMap<String, usize>;

fn episodes(effects: &[Effect]) -> Episodes {
    let mut raised = Episodes::new();
    for event in alerts(effects).filter(|event| event.event == AlertEventKind::Raised) {
        *raised.entry(key(event)).or_default() += 1;
    }
    raised
}

fn replayed(messages: &[WireMessage], airspace: Option<&Arc<Airspace>>, end: Timestamp) -> Episodes {
    let mut decoder = Decoder::new(Doors { prefix: PREFIX.into(), area: None });
    let mut monitor = Monitor::new(Settings::default());
    let (mut decoded, mut effects) = (Decoded::default(), Vec::new());
    if let Some(airspace) = airspace {
        monitor.handle(at(0.0), Event::AirspaceReplaced(Arc::clone(airspace)), &mut effects);
    }
    for message in messages {
        while decoder.release(message.at.plus_seconds(-0.3), &mut decoded) {
            for observation in decoded.observations.drain(..) {
                monitor.handle(message.at, Event::Observed(observation), &mut effects);
            }
        }
        let envelope = Envelope { topic: &message.topic, payload: &message.payload, received_at: message.at };
        decoder.decode(&envelope, &mut decoded);
        for observation in decoded.observations.drain(..) {
            monitor.handle(message.at, Event::Observed(observation), &mut effects);
        }
    }
    monitor.handle(end, Event::Tick, &mut effects);
    episodes(&effects)
}

/// What the network does to each message, in turn: milliseconds of delay, and how often it comes.
fn network() -> impl Strategy<Value = Vec<(i64, usize)>> {
    prop::collection::vec((0..=300_i64, prop_oneof![3 => Just(1_usize), 1 => 2..=3_usize]), 97)
}

/// The messages as they come through the network, which takes at least 300 ms less than that.
fn through<T: Clone>(network: &[(i64, usize)], sent: &[(Timestamp, T)]) -> Vec<(Timestamp, T)> {
    let mut arrived: Vec<_> = sent
        .iter()
        .zip(network.iter().cycle())
        .flat_map(|((sent, what), (delay, copies))| {
            let arrival = move |copy| sent.plus_micros(1000 * (delay + 40 * copy));
            (0_i64..).take(*copies).map(move |copy| (arrival(copy), what.clone()))
        })
        .collect();
    arrived.sort_by_key(|(arrival, _)| *arrival);
    arrived
}

fn scenarios() -> Vec<(Scenario, Option<Arc<Airspace>>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/scenarios");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let scenario = Scenario::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
        let airspace = scenario.zones().map(|text| {
            let loaded = load(&[Document { name: &scenario.name, text: text.as_bytes() }]);
            Arc::new(loaded.airspace.unwrap())
        });
        (scenario, airspace)
    };
    paths.iter().map(read).collect()
}

/// Two aircraft in straight level flight whose closest approach is at 40 s, clear of every boundary.
#[derive(Debug, Clone)]
pub(super) struct Encounter(pub(super) [Flight; 2]);

pub(super) fn encounter() -> impl Strategy<Value = Encounter> {
    let course = 0.0..std::f64::consts::TAU;
    let miss = prop_oneof![0.0..10.0_f64, 20.0..25.0_f64, 35.0..44.0_f64, 75.0..200.0_f64];
    let above = prop_oneof![0.0..4.0_f64, 6.0..9.0_f64, 11.0..14.0_f64, 20.0..60.0_f64];
    (course.clone(), course, 8.0..20.0_f64, 0.0..20.0_f64, miss, above, [0.0..1.0_f64, 0.0..1.0_f64])
        .prop_filter_map("too slow against each other", |(a, b, fast, other, miss, above, phases)| {
            let moves = [[fast * a.sin(), fast * a.cos(), 0.0], [other * b.sin(), other * b.cos(), 0.0]];
            let against = [0, 1].map(|i| moves[1][i] - moves[0][i]);
            let speed = against[0].hypot(against[1]);
            let across = [-against[1] / speed * miss, against[0] / speed * miss];
            let flight = |who: usize| Flight {
                class: 9,
                from: [0, 1].map(|i| if who == 0 { 0.0 } else { across[i] } - 40.0 * moves[who][i]),
                up: if who == 0 { 60.0 } else { 60.0 + above },
                gives: Gives::Ellipsoidal,
                moves: [moves[who]; 2],
                turns_at: 1e9,
                tells_velocity: true,
                period: 1.0,
                phase: phases[who],
                delay: 0.0,
                silent: [1e9, 1e9],
            };
            (speed > 5.0).then(|| Encounter([flight(0), flight(1)]))
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn p04_p05_scenarios_give_the_same_episodes_however_they_arrive(network in network()) {
        for (scenario, airspace) in scenarios() {
            let sent = scenario.messages(PREFIX, at(0.0));
            let end = at(scenario.duration_s);
            let timed: Vec<_> = sent.iter().map(|message| (message.at, message.clone())).collect();
            let arrived: Vec<_> = through(&network, &timed)
                .into_iter()
                .map(|(arrival, message)| WireMessage { at: arrival, ..message })
                .collect();
            prop_assert_eq!(
                replayed(&arrived, airspace.as_ref(), end),
                replayed(&sent, airspace.as_ref(), end),
                "{}", scenario.name
            );
        }
    }
}

proptest! {
    #[test]
    fn p04_p05_encounters_give_the_same_episodes_however_they_arrive(
        Encounter(flights) in encounter(),
        network in network(),
        late in prop::collection::vec((2..=9_usize, 1050..2900_i64), 40),
    ) {
        let origin = LatLng::new(22.5, 113.5).unwrap();
        let mut sent: Vec<(Timestamp, Observation)> = Vec::new();
        let mut with_late = Vec::new();
        for (index, flight) in flights.iter().enumerate() {
            let reports = flight.reports(&name(index), origin, 90.0);
            sent.extend(reports.iter().cloned());
            // One report in some is overtaken by one or two newer ones of its aircraft.
            let (mut steps, mut next) = (late.iter().skip(20 * index), 1);
            for (number, (arrival, seen)) in reports.into_iter().enumerate() {
                if number == next && let Some((step, delay_ms)) = steps.next() {
                    next += step + 2;
                    with_late.push((arrival.plus_micros(1000 * delay_ms), seen));
                } else {
                    with_late.push((arrival, seen));
                }
            }
        }
        sent.sort_by_key(|(arrival, _)| *arrival);
        let straight = episodes(&play(Settings::default(), &sent, at(100.0)));
        let arrived = through(&network, &with_late);
        let mixed = episodes(&play(Settings::default(), &arrived, at(100.0)));
        prop_assert_eq!(&straight, &mixed);
        prop_assert!(straight.values().all(|count| *count == 1), "{:?}", straight);
    }
}
