//! A seeded fleet over the synthetic Greater Bay Area.

use super::background;
use super::craft::Craft;
use super::incidents;
use crate::domain::{Timestamp, whole};

/// Most aircraft of a fleet: as many as the districts and the open sea hold without meeting each other.
const AIRCRAFT_MAX: usize = 6000;

/// What fleet to simulate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetSettings {
    /// How many aircraft; with incidents at least the actors of these fly. At most 6000.
    pub aircraft: usize,
    /// Another seed is another fleet; the incidents stay the same.
    pub seed: u64,
    /// First levels of every topic.
    pub prefix: String,
    /// When it begins.
    pub start: Timestamp,
    /// Whether the scripted incidents happen.
    pub incidents: bool,
}

impl Default for FleetSettings {
    fn default() -> Self {
        Self {
            aircraft: 300,
            seed: 1,
            prefix: "lowsky/v1".into(),
            start: Timestamp::default(),
            incidents: true,
        }
    }
}

/// One MQTT message and when it is to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireMessage {
    /// When.
    pub at: Timestamp,
    /// Where.
    pub topic: String,
    /// What.
    pub payload: Vec<u8>,
    /// Whether the broker is to keep it.
    pub retain: bool,
}

/// The fleet.
#[derive(Debug, Clone)]
pub struct Fleet {
    prefix: String,
    start: Timestamp,
    craft: Vec<Craft>,
}

impl Fleet {
    /// Sets the fleet up; nothing is reported yet.
    pub fn new(settings: FleetSettings) -> Self {
        let mut random = fastrand::Rng::with_seed(settings.seed);
        let mut craft = if settings.incidents { incidents::actors() } else { Vec::new() };
        let wanted = settings.aircraft.min(AIRCRAFT_MAX).saturating_sub(craft.len());
        craft.extend(background::aircraft(wanted, !settings.incidents, &mut random));
        let period_ms = 1000;
        for one in &mut craft {
            // Everybody has a clock of their own: spread over the second, whole milliseconds.
            one.phase_us = random.i64(0..period_ms) * 1000;
            one.noise = Some(random.fork());
        }
        Self { prefix: settings.prefix, start: settings.start, craft }
    }

    /// How many aircraft fly.
    pub fn aircraft(&self) -> usize {
        self.craft.len()
    }

    /// Every message due since the last step until `until`, included, in the order of their times.
    pub fn step(&mut self, until: Timestamp) -> Vec<WireMessage> {
        let until_us = until.as_micros().saturating_sub(self.start.as_micros());
        let mut messages = Vec::new();
        for craft in &mut self.craft {
            while craft.next_due_us() <= until_us {
                craft.report(&self.prefix, self.start, &mut messages);
            }
        }
        // Stable: those of one instant stay in the order of the fleet.
        messages.sort_by_key(|message| message.at);
        messages
    }

    /// Where everybody truly is, for tests of the scene.
    #[cfg(test)]
    pub(super) fn craft(&self) -> &[Craft] {
        &self.craft
    }
}

/// A real number from a count.
pub(super) fn real(count: usize) -> f64 {
    whole(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
