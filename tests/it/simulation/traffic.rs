//! Simulated aircraft: who is in the zone and when is known beforehand.

use std::rc::Rc;
use std::sync::Arc;

use lowsky::airspace::{Airspace, Document, load};
use lowsky::domain::{LatLng, Observation, OperationalStatus, Timestamp, UasId};

use super::Fates;
use crate::e2e_support::{place, zone, zones};

/// One report.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) id: usize,
    pub(crate) observation: Observation,
    pub(crate) inside: bool,
}

/// One aircraft's flight, times in seconds from the start.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) uas_id: UasId,
    number: u32,
    period_s: f64,
    next_s: f64,
    /// In the zone from when until when.
    inside_s: [f64; 2],
}

pub(crate) fn fleet(count: u32, fates: &mut Fates) -> Vec<Flight> {
    let flight = |number| {
        let from_s = 0.5 + 6.0 * fates.share();
        let until_s = if fates.below(3) == 0 { f64::MAX } else { from_s + 0.5 + 4.0 * fates.share() };
        let inside_s = if fates.below(5) == 0 { [f64::MAX; 2] } else { [from_s, until_s] };
        Flight {
            uas_id: UasId::new(&format!("S{number}")).unwrap(),
            number,
            period_s: 0.15 + 0.5 * fates.share(),
            next_s: fates.share(),
            inside_s,
        }
    };
    (0..count).map(flight).collect()
}

impl Flight {
    /// The next report, if its time has come.
    pub(crate) fn report(&mut self, elapsed_s: f64, now: Timestamp, id: usize) -> Option<Rc<Message>> {
        if elapsed_s < self.next_s {
            return None;
        }
        self.next_s = elapsed_s + self.period_s;
        let [from_s, until_s] = self.inside_s;
        let inside = (from_s..until_s).contains(&elapsed_s);
        let (lat, lng) = place(500.0 * f64::from(self.number), if inside { 250.0 } else { 2_000.0 });
        let mut observation = Observation::new(self.uas_id.clone(), now, LatLng::new(lat, lng).unwrap());
        observation.status = OperationalStatus::Airborne;
        observation.heights.hae_m = Some(40.0);
        observation.motion.ground_speed_mps = Some(0.0);
        observation.motion.vertical_speed_mps = Some(0.0);
        Some(Rc::new(Message { id, observation, inside }))
    }
}

/// One prohibited zone.
pub(crate) fn airspace() -> Arc<Airspace> {
    let text = zones(&[zone("Z", [-100.0, 0.0, 20_000.0, 500.0])]);
    Arc::new(load(&[Document { name: "zone", text: text.as_bytes() }]).airspace.unwrap())
}
