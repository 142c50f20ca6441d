//! What goes into the monitor and what comes out of it.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::airspace::Airspace;
use crate::domain::{
    Accuracy, Alert, AlertEvent, Heights, Intent, Measures, Observation, OperationCategory,
    OperationalStatus, OperatorId, Refusal, ServiceTrouble, Severity, Timestamp, UaClass, UasId, ZoneId,
    round_to,
};

/// Everything that can happen to the monitor. Each comes with the instant at which it happened.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "the large one is nearly all there is; moved, never stored")]
pub enum Event {
    /// An aircraft was reported.
    Observed(Observation),
    /// A report of an aircraft was refused because it was dated so many seconds after its arrival, and for nothing else.
    Ahead {
        /// The aircraft.
        uas_id: UasId,
        /// How far ahead its clock is at least, seconds.
        ahead_s: f64,
    },
    /// The authority's zones changed; the whole set is replaced.
    AirspaceReplaced(Arc<Airspace>),
    /// An operator filed what it is about to fly, or changed it; it replaces what it filed for the flight before.
    IntentFiled(Box<Intent>),
    /// Somebody took note of an alert.
    Acknowledged {
        /// Which alert.
        alert_id: Arc<str>,
        /// Who.
        by: String,
        /// What they said.
        note: Option<String>,
    },
    /// Somebody put an alert aside, or took it back.
    Shelved {
        /// Which alert.
        alert_id: Arc<str>,
        /// Who.
        by: String,
        /// Until when and why; `None`: it is taken back.
        shelf: Option<(Timestamp, String)>,
    },
    /// Somebody took note of an alert that is over. The monitor forgets those, so that it comes along.
    NotedAfterwards {
        /// The alert as it was cleared.
        cleared: Box<Alert>,
        /// Who.
        by: String,
        /// What they said.
        note: Option<String>,
    },
    /// The service looked at itself. Only changes must be told; telling the same again does no harm.
    Service {
        /// At what it looked.
        kind: ServiceTrouble,
        /// What is wrong; `None`: it is well.
        holds: Option<TroubleDetail>,
    },
    /// Nothing but time passed.
    Tick,
}

/// The particulars of a trouble of the service. All of it may be left empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TroubleDetail {
    /// What was measured; names end in their unit.
    pub measured: Measures,
    /// What it was held against.
    pub limit: Measures,
    /// What happened in particular, such as what the system said; shown behind the sentence as it is.
    pub note: Option<String>,
    /// From when until when, where the trouble is over when it is found: a gap in the input.
    pub span: Option<[Timestamp; 2]>,
}

/// Everything the monitor asks the outside to do.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "the large one is nearly all there is; moved, never stored")]
pub enum Effect {
    /// Publish what happened to an alert.
    Alert(Arc<AlertEvent>),
    /// The picture of an aircraft changed.
    TrackChanged(TrackState),
    /// An aircraft was forgotten.
    TrackGone(UasId),
    /// Count and tell a refused report of an aircraft, or a refused intent of a flight.
    Refused(UasId, Refusal),
    /// Nobody can take note of this alert or put it aside: none of that identity is open, there never was one, or it
    /// is too grave to be put aside. It is the only effect of its event; what is answered without it was taken or
    /// had been taken before.
    AckRefused(Arc<str>),
    /// A pair or a zone was evaluated (only when assessments are asked for).
    Assessed(Assessment),
}

/// Whether the newest report of an aircraft is fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TrackFreshness {
    /// It reports.
    Live,
    /// It is silent; the position is the last one known.
    Coasted,
}

/// One aircraft as the picture shows it. Degrees, metres, m/s; unknown is absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrackState {
    /// The aircraft.
    pub uas_id: UasId,
    /// Its operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<OperatorId>,
    /// Source time of the newest report.
    pub timestamp: Timestamp,
    /// Latitude.
    #[serde(serialize_with = "rounded_degrees")]
    pub lat: f64,
    /// Longitude.
    #[serde(serialize_with = "rounded_degrees")]
    pub lng: f64,
    /// Height above the WGS 84 ellipsoid.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "rounded")]
    pub alt_hae: Option<f64>,
    /// True height (真高) above the ground.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "rounded")]
    pub height_agl: Option<f64>,
    /// Speed over ground.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "rounded")]
    pub ground_speed: Option<f64>,
    /// Direction of movement over ground, degrees from true north.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "rounded")]
    pub track: Option<f64>,
    /// Rate of climb, up positive.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "rounded")]
    pub vertical_speed: Option<f64>,
    /// Class, if declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ua_class: Option<UaClass>,
    /// What it says of itself.
    pub operational_status: OperationalStatus,
    /// Whether it still reports.
    pub freshness: TrackFreshness,
    /// What else the newest report says, for judging it by other zones.
    #[serde(skip)]
    pub unshown: Unshown,
}

/// What a picture is made of and does not show.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Unshown {
    /// Seconds from source time to arrival.
    pub late_s: f64,
    /// Every height that was given.
    pub heights: Heights,
    /// Accuracy as reported.
    pub accuracy: Accuracy,
    /// East and north, m/s, as reported or as it follows from two reports.
    pub velocity_mps: Option<[f64; 2]>,
    /// Up, m/s, likewise; 0 if unknown.
    pub climb_mps: f64,
    /// Operation category, if declared.
    pub category: Option<OperationCategory>,
    /// Formation.
    pub group_id: Option<Arc<str>>,
    /// Which flight, as its intent names it.
    pub flight_id: Option<Arc<str>>,
}

/// One evaluation of a pair or of an aircraft against a zone.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Assessment {
    /// Two aircraft.
    Pair {
        /// The instant to which both states were brought.
        at: Timestamp,
        /// The smaller id.
        uas_id: UasId,
        /// The larger id.
        other: UasId,
        /// Horizontal distance.
        horizontal_m: f64,
        /// Vertical distance; absent if a height is unknown.
        #[serde(skip_serializing_if = "Option::is_none")]
        vertical_m: Option<f64>,
        /// Seconds to the horizontally closest point, 0 if they part.
        tcpa_s: f64,
        /// Horizontal distance there.
        dcpa_m: f64,
        /// Vertical distance there.
        #[serde(skip_serializing_if = "Option::is_none")]
        vertical_at_cpa_m: Option<f64>,
        /// Times into and out of each volume of the class pair.
        levels: Vec<LevelTimes>,
        /// The most severe level entered within its look-ahead.
        #[serde(skip_serializing_if = "Option::is_none")]
        level: Option<Severity>,
    },
    /// An aircraft and a zone.
    Zone {
        /// The instant of the state.
        at: Timestamp,
        /// The aircraft.
        uas_id: UasId,
        /// The zone's identifier.
        zone: ZoneId,
        /// Whether the aircraft is in it, boundary included.
        inside: bool,
        /// To the nearest boundary, horizontally.
        distance_m: f64,
        /// Seconds until the straight path enters it, if within 180 s.
        #[serde(skip_serializing_if = "Option::is_none")]
        t_in_s: Option<f64>,
        /// The severity that this amounts to, before any lifecycle rule.
        #[serde(skip_serializing_if = "Option::is_none")]
        level: Option<Severity>,
    },
}

/// When a volume is entered and left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LevelTimes {
    /// The level's name, which is its severity.
    pub name: Severity,
    /// The level's severity.
    pub severity: Severity,
    /// Seconds until entry, 0 if inside; absent if not within 180 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub t_in_s: Option<f64>,
    /// Seconds until exit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub t_out_s: Option<f64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn rounded_degrees<S: Serializer>(degrees: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(round_to(*degrees, 7))
}

#[expect(clippy::ref_option, reason = "serde asks for a reference")]
fn rounded<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(|v| round_to(v, 2)).serialize(serializer)
}
