//! What must hold of the monitor on any input, judged from outside through its public interface.

mod brute;
mod bytes;
mod canary;
mod clock;
mod doubts;
mod flips;
mod index;
mod lifecycle;
mod notes;
mod order;
mod reach;
mod remember;
mod restart;
mod service;
mod silence;
mod sky;
mod zones;

use lowsky::domain::{AlertEvent, Observation, Timestamp};
use lowsky::monitor::{Effect, Event, Monitor, Settings};

/// The instant `seconds` after the start of every test.
fn at(seconds: f64) -> Timestamp {
    Timestamp::parse("2026-11-22T08:00:00Z").unwrap().plus_seconds(seconds)
}

/// Feeds reports, each with its arrival, and then time until `end`.
fn play(settings: Settings, reports: &[(Timestamp, Observation)], end: Timestamp) -> Vec<Effect> {
    let mut monitor = Monitor::new(settings);
    let mut effects = Vec::new();
    for (arrival, observation) in reports {
        monitor.handle(*arrival, Event::Observed(observation.clone()), &mut effects);
    }
    monitor.handle(end, Event::Tick, &mut effects);
    effects
}

/// The alert events among effects.
fn alerts(effects: &[Effect]) -> impl Iterator<Item = &AlertEvent> + Clone {
    effects.iter().filter_map(|effect| match effect {
        Effect::Alert(event) => Some(event.as_ref()),
        Effect::TrackChanged(_)
        | Effect::TrackGone(_)
        | Effect::Refused(..)
        | Effect::AckRefused(_)
        | Effect::Assessed(_) => None,
    })
}

/// What an alert is about: code, aircraft, and the other aircraft or zone.
fn key(event: &AlertEvent) -> String {
    let alert = &event.alert;
    let other = alert.other.as_ref().map(|other| other.uas_id.to_string());
    let zone = alert.zone.as_ref().map(|zone| zone.id.to_string());
    format!("{} {} {}", alert.code.name(), alert.uas_id, other.or(zone).unwrap_or_default())
}

/// Effects as bytes.
fn bytes(effects: &[Effect]) -> String {
    let line = |effect: &Effect| match effect {
        Effect::Alert(event) => serde_json::to_string(event.as_ref()).unwrap(),
        Effect::TrackChanged(track) => serde_json::to_string(track).unwrap(),
        Effect::TrackGone(id) => format!("gone {id}"),
        Effect::Refused(id, refusal) => format!("refused {id} {refusal:?}"),
        Effect::AckRefused(id) => format!("not open {id}"),
        Effect::Assessed(assessment) => serde_json::to_string(assessment).unwrap(),
    };
    effects.iter().map(|effect| line(effect) + "\n").collect()
}
