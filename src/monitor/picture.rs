//! The picture of an aircraft, and the report that it was made of.

use crate::domain::{LatLng, Motion, Observation, Timestamp};

use super::contract::{TrackFreshness, TrackState, Unshown};
use super::tracks::Track;

/// What is shown of an aircraft.
pub(super) fn picture(track: &Track, freshness: TrackFreshness) -> TrackState {
    TrackState {
        uas_id: track.id.clone(),
        operator: track.operator.clone(),
        timestamp: track.state.at,
        lat: track.state.position.lat_deg(),
        lng: track.state.position.lng_deg(),
        alt_hae: track.state.hae_m,
        height_agl: track.state.agl_m,
        ground_speed: track.ground_speed_mps,
        track: track.track_deg,
        vertical_speed: track.vertical_speed_mps,
        ua_class: track.ua_class,
        operational_status: track.status,
        freshness,
        unshown: Unshown {
            late_s: track.skew_s,
            heights: track.heights,
            accuracy: track.accuracy,
            velocity_mps: track.state.velocity_known.then_some(track.state.velocity_mps),
            climb_mps: track.state.climb_mps,
            category: track.category,
            group_id: track.group_id.clone(),
            flight_id: track.flight_id.clone(),
        },
    }
}

impl TrackState {
    /// The report that the picture was made of, as far as zones ask for it. What it did not say of its motion is what
    /// followed from the reports before.
    pub fn to_observation(&self) -> Observation {
        let position = LatLng::wrapped(self.lat, self.lng);
        let Unshown { late_s: _, heights, accuracy, velocity_mps, climb_mps, category, group_id, flight_id } =
            self.unshown.clone();
        let derived = velocity_mps.filter(|_| self.ground_speed.is_none() || self.track.is_none());
        let (ground_speed_mps, track_deg) = match derived {
            Some([east, north]) => {
                (Some(east.hypot(north)), Some(east.atan2(north).to_degrees().rem_euclid(360.0)))
            }
            None => (self.ground_speed, self.track),
        };
        Observation {
            operator: self.operator.clone(),
            heights,
            motion: Motion { ground_speed_mps, track_deg, vertical_speed_mps: Some(climb_mps) },
            accuracy,
            status: self.operational_status,
            ua_class: self.ua_class,
            category,
            group_id,
            flight_id,
            ..Observation::new(self.uas_id.clone(), self.timestamp, position)
        }
    }

    /// When that report arrived, by our clock.
    pub fn heard_at(&self) -> Timestamp {
        self.timestamp.plus_seconds(self.unshown.late_s)
    }
}
