//! What lifts a zone over a place: a zone of higher priority that asks less, or an intent that authorises the flight.
//!
//! A permission counts only where the aircraft must be in it. What is prohibited is lifted by no priority, unless the
//! permission says `lifts_prohibited`, and by no intent. Suitable airspace lifts no zone.

use crate::airspace::{Role, Zone};
use crate::domain::{BoundingBox, LatLng, Restriction, Timestamp};
use crate::monitor::intents::Filed;
use crate::monitor::scene::Scene;
use crate::monitor::state::State;

use crate::monitor::vertical::{Care, band};

/// What may lift one zone for one aircraft.
pub(super) struct Lift<'a> {
    state: &'a State,
    permissions: Vec<&'a Zone>,
    intents: Vec<&'a Filed>,
}

impl<'a> Lift<'a> {
    /// `None` if nothing near could lift the zone.
    pub(in crate::monitor) fn of(scene: &'a Scene<'a>, zone: &Zone, bounds: &BoundingBox) -> Option<Self> {
        let intents = if zone.restriction == Restriction::RequiresAuthorization {
            authorising(scene)
        } else {
            Vec::new()
        };
        let permissions = permissions(scene, zone, bounds);
        let is_some = !permissions.is_empty() || !intents.is_empty();
        is_some.then_some(Self { state: &scene.own.state, permissions, intents })
    }

    /// Whether the zone is lifted at a place and height at an instant.
    pub(in crate::monitor) fn holds(&self, at: LatLng, up_m: Option<f64>, when: Timestamp) -> bool {
        let by_zone = self.permissions.iter().any(|zone| {
            zone.applies_at(when)
                && zone.volumes.iter().any(|volume| {
                    let [low_m, high_m] = band(self.state, volume, Care::Surely);
                    let at_height = match up_m {
                        Some(up_m) => low_m <= up_m && up_m <= high_m,
                        None => volume.lower.is_none() && volume.upper.is_none(),
                    };
                    at_height && volume.shape.contains(at)
                })
        });
        by_zone || self.intents.iter().any(|filed| filed.holds(self.state, (at, up_m, when), Care::Surely))
    }
}

/// The zones that may lift another.
fn permissions<'a>(scene: &'a Scene<'a>, zone: &Zone, bounds: &BoundingBox) -> Vec<&'a Zone> {
    if !scene.airspace.has_priorities() {
        return Vec::new();
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
    scene.zones(bounds).map(|(_, other)| other).filter(lifts).collect()
}

/// The intents that authorise the flight of the aircraft somewhere.
fn authorising<'a>(scene: &'a Scene<'a>) -> Vec<&'a Filed> {
    let mut intents = scene.intents.of(scene.own);
    intents.retain(|filed| filed.authorises && filed.intent.state.authorises());
    intents
}

/// The intents that authorise the aircraft's flight, to ask for places on its path.
pub(super) struct Authorised<'a>(&'a State, Vec<&'a Filed>);

impl<'a> Authorised<'a> {
    pub(super) fn of(scene: &'a Scene<'a>) -> Self {
        Self(&scene.own.state, authorising(scene))
    }

    /// Whether there is any.
    pub(super) fn has_any(&self) -> bool {
        !self.1.is_empty()
    }

    /// Whether its flight is authorised at a place and height at an instant.
    pub(super) fn holds(&self, at: LatLng, up_m: Option<f64>, when: Timestamp) -> bool {
        self.1.iter().any(|filed| filed.holds(self.0, (at, up_m, when), Care::Surely))
    }
}

/// Why no intent of the aircraft lifts a zone that asks for an authorisation; `None` if it has none.
pub(super) fn why_no_intent(scene: &Scene<'_>, zone: &Zone) -> Option<&'static str> {
    let intents = scene.intents.of(scene.own);
    if intents.is_empty() || zone.restriction != Restriction::RequiresAuthorization {
        return None;
    }
    Some(if !intents.iter().any(|filed| filed.authorises) {
        "INTENT_NOT_AUTHORISED"
    } else if authorising(scene).is_empty() {
        "INTENT_STATE"
    } else {
        "INTENT_NOT_HERE"
    })
}
