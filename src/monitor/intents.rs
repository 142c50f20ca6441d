//! The operation intents in force: whose they are, where they hold, and how long an aircraft has been outside.
//!
//! There is room for so many, so many of an operator and so many for an aircraft; more are refused. Each is forgotten
//! when its last volume is over. An intent counts for the aircraft of its operator that it names or that name it; that of
//! an authority which is listed by name counts for all that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::airspace::{Shape, Volume};
use crate::domain::{Intent, IntentVolume, LatLng, OperatorId, Outline, Reason, Refusal, Timestamp, UasId};

use super::state::State;
use super::tracks::Track;
use super::vertical::{Care, band};

/// Most intents.
const INTENTS_MAX: usize = 10_000;
/// Most of one operator, so that none takes the room of all.
const OF_OPERATOR_MAX: usize = 1_000;
/// Most that name one aircraft.
const OF_AIRCRAFT_MAX: usize = 32;
/// Seconds inside after which an aircraft is back.
const BACK_S: f64 = 5.0;
/// Every operator authorises its own flights.
const EVERYBODY: &str = "*";

/// An intent that was taken.
#[derive(Debug)]
pub(super) struct Filed {
    pub intent: Intent,
    volumes: Vec<(Volume, [Timestamp; 2])>,
    /// Whether its operator may authorise flights.
    pub authorises: bool,
    /// Whether it counts for aircraft of other operators.
    is_listed: bool,
}

/// An aircraft that is flown outside its intent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Astray {
    /// Since when, by the source's clock.
    pub since: Timestamp,
    /// Since when it is inside again.
    pub back_at: Option<Timestamp>,
    /// Which flight.
    pub flight_id: UasId,
}

/// All intents in force.
#[derive(Debug, Default)]
pub(super) struct Intents {
    authorities: Vec<String>,
    filed: BTreeMap<OperatorId, BTreeMap<UasId, Arc<Filed>>>,
    by_aircraft: BTreeMap<UasId, Vec<Arc<Filed>>>,
    ends: BTreeSet<(Timestamp, OperatorId, UasId)>,
}

impl Filed {
    /// Whether a place and height at an instant are in one of its volumes.
    pub(super) fn holds(
        &self,
        state: &State,
        (at, up_m, when): (LatLng, Option<f64>, Timestamp),
        care: Care,
    ) -> bool {
        self.volumes.iter().any(|(volume, [from, until])| {
            let [low_m, high_m] = band(state, volume, care);
            let at_height = match up_m {
                Some(up_m) => low_m <= up_m && up_m <= high_m,
                None => care == Care::Possibly,
            };
            (*from..=*until).contains(&when) && at_height && volume.shape.contains(at)
        })
    }
}

impl Intents {
    /// None; these operators may authorise.
    pub(super) fn new(authorities: Vec<String>) -> Self {
        Self { authorities, ..Self::default() }
    }

    /// Takes an intent, which replaces the one of its flight. One that has ended is forgotten.
    pub(super) fn file(&mut self, intent: Intent) -> Result<(), Refusal> {
        let before = self.remove(&intent.operator, &intent.flight_id);
        let Some(until) = intent.until() else { return Ok(()) };
        let filed = self.admit(&intent).and_then(|()| self.compile(intent));
        let (outcome, filed) = match filed {
            Ok(filed) => (Ok(()), Some((until, Arc::new(filed)))),
            // What was in force stays.
            Err(refusal) => (Err(refusal), before.and_then(|before| Some((before.intent.until()?, before)))),
        };
        if let Some((until, filed)) = filed {
            self.put(until, &filed);
        }
        outcome
    }

    fn admit(&self, intent: &Intent) -> Result<(), Refusal> {
        let full = |detail: &str| Err(Refusal::new(Reason::IntentLimit, detail));
        if INTENTS_MAX <= self.ends.len() {
            return full("the table of intents is full; this one is not taken");
        }
        if self.filed.get(&intent.operator).is_some_and(|own| OF_OPERATOR_MAX <= own.len()) {
            return full("the operator has as many intents as one may have; end some");
        }
        let crowded = |id: &&UasId| self.by_aircraft.get(*id).is_some_and(|of| OF_AIRCRAFT_MAX <= of.len());
        match intent.uas_ids.iter().find(crowded) {
            Some(id) => full(&format!("{id} has as many intents as one aircraft may have; end some")),
            None => Ok(()),
        }
    }

    fn compile(&self, intent: Intent) -> Result<Filed, Refusal> {
        let volume = |volume: &IntentVolume| {
            let shape = match &volume.outline {
                Outline::Circle { centre, radius_m } => Shape::circle(*centre, *radius_m),
                Outline::Polygon(corners) => {
                    let around = corners.iter().chain(corners.first());
                    let ring = around.map(|at| [at.lng_deg(), at.lat_deg()]).collect();
                    Shape::polygons(&[vec![ring]])
                }
            };
            Some((Volume::new(shape?, volume.lower, Some(volume.upper)), [volume.from, volume.until]))
        };
        let volumes: Option<Vec<_>> = intent.volumes.iter().map(volume).collect();
        let is_listed = self.authorities.iter().any(|name| name == intent.operator.as_str());
        let authorises = is_listed || self.authorities.iter().any(|name| name == EVERYBODY);
        match volumes {
            Some(volumes) => Ok(Filed { intent, volumes, authorises, is_listed }),
            None => Err(Refusal::of_field(Reason::OutOfRange, "volumes", "a volume encloses nothing")),
        }
    }

    fn put(&mut self, until: Timestamp, filed: &Arc<Filed>) {
        let Intent { operator, flight_id, uas_ids, .. } = &filed.intent;
        self.ends.insert((until, operator.clone(), flight_id.clone()));
        for uas_id in uas_ids {
            self.by_aircraft.entry(uas_id.clone()).or_default().push(Arc::clone(filed));
        }
        let own = self.filed.entry(operator.clone()).or_default();
        own.insert(flight_id.clone(), Arc::clone(filed));
    }

    fn remove(&mut self, operator: &OperatorId, flight_id: &UasId) -> Option<Arc<Filed>> {
        let own = self.filed.get_mut(operator)?;
        let filed = own.remove(flight_id)?;
        if own.is_empty() {
            self.filed.remove(operator);
        }
        for uas_id in &filed.intent.uas_ids {
            if let Some(of) = self.by_aircraft.get_mut(uas_id) {
                of.retain(|other| !Arc::ptr_eq(other, &filed));
                if of.is_empty() {
                    self.by_aircraft.remove(uas_id);
                }
            }
        }
        if let Some(until) = filed.intent.until() {
            self.ends.remove(&(until, operator.clone(), flight_id.clone()));
        }
        Some(filed)
    }

    /// Forgets those that are over.
    pub(super) fn expire(&mut self, now: Timestamp) {
        while let Some((_, operator, flight_id)) =
            self.ends.first().filter(|(until, ..)| *until < now).cloned()
        {
            self.remove(&operator, &flight_id);
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Those that count for an aircraft.
    pub(super) fn of<'a>(&'a self, track: &Track) -> Vec<&'a Filed> {
        if self.ends.is_empty() {
            return Vec::new();
        }
        let is_own = |filed: &Filed| track.operator.as_ref() == Some(&filed.intent.operator);
        let named = self.by_aircraft.get(&track.id).into_iter().flatten().map(Arc::as_ref);
        let mut found: Vec<&Filed> = named.filter(|filed| filed.is_listed || is_own(filed)).collect();
        let own = track.operator.as_ref().and_then(|operator| self.filed.get(operator));
        let flown = own.zip(track.flight_id.as_deref()).and_then(|(own, flight_id)| own.get(flight_id));
        if let Some(flown) = flown.map(Arc::as_ref)
            && !found.iter().any(|filed| std::ptr::eq(*filed, flown))
        {
            found.push(flown);
        }
        found
    }

    /// How the aircraft stands outside of what it flies, if it does, at an instant by the source's clock.
    pub(super) fn astray(&self, track: &Track, at: Timestamp) -> Option<Astray> {
        if !track.live || track.on_ground() {
            return None;
        }
        let mut flown = self.of(track);
        flown.retain(|filed| filed.intent.state.is_flown());
        let first = flown.first()?;
        let here = (track.state.position, track.state.hae_m, at);
        let was = track.astray.as_ref();
        if flown.iter().any(|filed| filed.holds(&track.state, here, Care::Possibly)) {
            let back_at = was?.back_at.unwrap_or(at);
            let is_back = BACK_S <= at.seconds_since(back_at);
            return was.cloned().map(|was| Astray { back_at: Some(back_at), ..was }).filter(|_| !is_back);
        }
        let since = was.map_or(at, |was| was.since);
        Some(Astray { since, back_at: None, flight_id: first.intent.flight_id.clone() })
    }
}
