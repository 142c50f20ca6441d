//! What lifts a zone over a place: a zone of higher priority that asks less.
//!
//! A permission counts only where the aircraft must be in it. What is prohibited is lifted by no priority, unless the
//! permission says `lifts_prohibited`. Suitable airspace lifts no zone.

use crate::airspace::{Role, Zone};
use crate::domain::{BoundingBox, LatLng, Restriction, Timestamp};
use crate::monitor::scene::Scene;
use crate::monitor::state::State;

use crate::monitor::vertical::{Care, band};

/// The zones that may lift one zone for one aircraft.
pub(super) struct Lift<'a> {
    state: &'a State,
    permissions: Vec<&'a Zone>,
}

impl<'a> Lift<'a> {
    /// `None` if nothing near could lift the zone.
    pub(in crate::monitor) fn of(scene: &'a Scene<'a>, zone: &Zone, bounds: &BoundingBox) -> Option<Self> {
        if !scene.airspace.has_priorities() {
            return None;
        }
        let who = scene.own.who();
        let lifts = |other: &&'a Zone| {
            let Some(terms) = other.terms.as_deref() else { return false };
            zone.priority() < terms.priority
                && other.restriction < zone.restriction
                && terms.role == Role::KeepOut
                && (zone.restriction != Restriction::Prohibited || terms.lifts_prohibited)
                && terms.concern(&who)
        };
        let permissions: Vec<&Zone> = scene.zones(bounds).map(|(_, other)| other).filter(lifts).collect();
        (!permissions.is_empty()).then_some(Self { state: &scene.own.state, permissions })
    }

    /// Whether the zone is lifted at a place and height at an instant.
    pub(in crate::monitor) fn holds(&self, at: LatLng, up_m: Option<f64>, when: Timestamp) -> bool {
        self.permissions.iter().any(|zone| {
            zone.applies_at(when)
                && zone.volumes.iter().any(|volume| {
                    let [low_m, high_m] = band(self.state, volume, Care::Surely);
                    let at_height = match up_m {
                        Some(up_m) => low_m <= up_m && up_m <= high_m,
                        None => volume.lower.is_none() && volume.upper.is_none(),
                    };
                    at_height && volume.shape.contains(at)
                })
        })
    }
}
