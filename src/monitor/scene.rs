//! What a detector sees when it is asked about one aircraft.

use crate::airspace::{Airspace, Zone, ZoneIx};
use crate::domain::{BoundingBox, Timestamp};

use super::contract::Assessment;
use super::finding::Finding;
use super::intents::Intents;
use super::rules::Rules;
use super::tracks::{Track, TrackIx, Tracks};

/// One aircraft among the others, at one instant.
pub(super) struct Scene<'a> {
    /// Our clock.
    pub now: Timestamp,
    /// Seconds from the newest report to the instant of the assessment; 0 when the report has just come.
    pub age_s: f64,
    /// By the source's clock, the instant at which zones must apply.
    pub zones_at: Timestamp,
    pub rules: &'a Rules,
    pub own: &'a Track,
    pub tracks: &'a Tracks,
    /// Who could come close, in order.
    pub candidates: &'a [TrackIx],
    pub airspace: &'a Airspace,
    /// Since when the airspace is in force, by our clock.
    pub in_force_since: Timestamp,
    pub intents: &'a Intents,
}

/// What the detectors found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub findings: Vec<Finding>,
    /// Every pair and zone evaluated, if that is wanted.
    pub assessments: Option<Vec<Assessment>>,
}

impl Scene<'_> {
    /// Whether the aircraft has been silent for so long that its state is carried forward.
    pub(super) fn coasted(&self) -> bool {
        self.own.coast_s() < self.age_s
    }

    /// The zones near the aircraft whose box may meet `bounds`, in order.
    pub(super) fn zones(&self, bounds: &BoundingBox) -> impl Iterator<Item = (ZoneIx, &Zone)> {
        self.own.near.meeting(bounds).filter_map(|ix| Some((ix, self.airspace.zone(ix)?)))
    }
}
