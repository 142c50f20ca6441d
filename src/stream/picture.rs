//! The newest state of every aircraft, with what changed since when, and where each has been.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, OnceLock};

use serde::{Serialize, Serializer};

use super::frames::to_json;
use super::scope::TrackScope;
use crate::domain::{BoundingBox, LatLng, Timestamp, UasId, round_to, whole};
use crate::monitor::TrackState;

/// Most points of an aircraft's recent path.
const PATH_POINTS_MAX: usize = 256;
/// Shortest time between two points of a path, seconds.
const PATH_STEP_S: f64 = 1.0;
/// Most points of all paths together: 24 bytes each, so 60 MB. Beyond 10,000 aircraft paths get shorter.
const PATH_POINTS_TOTAL: usize = 2_560_000;
/// How many forgotten aircraft are remembered, so that a client learns of them.
const GONE_MAX: usize = 65_536;

/// One aircraft, encoded when first needed.
#[derive(Debug)]
pub struct Track {
    /// Its state.
    pub state: TrackState,
    version: u64,
    text: OnceLock<Box<str>>,
}

impl Track {
    /// The state's JSON.
    pub fn json(&self) -> &str {
        self.text.get_or_init(|| to_json(&self.state).into())
    }

    /// Whether it is in the box; without a box it is.
    pub fn within(&self, bbox: Option<&BoundingBox>) -> bool {
        bbox.is_none_or(|bbox| bbox.contains(LatLng::wrapped(self.state.lat, self.state.lng)))
    }
}

/// Where an aircraft was: 1e-7 degrees and decimetres, since paths are many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathPoint {
    at_ms: i64,
    lat_e7: i32,
    lng_e7: i32,
    /// Above the ellipsoid; `i32::MIN` where unknown.
    alt_dm: i32,
}

impl PathPoint {
    fn new(state: &TrackState) -> Self {
        Self {
            at_ms: state.timestamp.as_millis(),
            lat_e7: scaled(state.lat, 1e7),
            lng_e7: scaled(state.lng, 1e7),
            alt_dm: state.alt_hae.map_or(i32::MIN, |metres| scaled(metres, 10.0)),
        }
    }
}

impl Serialize for PathPoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Point {
            timestamp: Timestamp,
            lat: f64,
            lng: f64,
            #[serde(skip_serializing_if = "Option::is_none")]
            alt_hae: Option<f64>,
        }
        let real = |scaled: i32, scale: f64| round_to(whole(i64::from(scaled)) / scale, 7);
        Point {
            timestamp: Timestamp::from_millis(self.at_ms),
            lat: real(self.lat_e7, 1e7),
            lng: real(self.lng_e7, 1e7),
            alt_hae: (self.alt_dm != i32::MIN).then(|| real(self.alt_dm, 10.0)),
        }
        .serialize(serializer)
    }
}

/// Everything that flies.
#[derive(Debug, Default)]
pub struct Picture {
    aircraft: BTreeMap<UasId, Aircraft>,
    changes: BTreeMap<u64, Change>,
    gone: BTreeMap<UasId, u64>,
    gone_order: VecDeque<u64>,
    version: u64,
    /// Removals up to this version are forgotten.
    complete_from: u64,
}

#[derive(Debug)]
struct Aircraft {
    track: Arc<Track>,
    path: VecDeque<PathPoint>,
}

#[derive(Debug)]
enum Change {
    Updated(Arc<Track>),
    Gone(UasId),
}

/// What a client must be told to get from one version to the newest.
#[derive(Debug, Default)]
pub struct Delta {
    /// New or moved.
    pub updated: Vec<Arc<Track>>,
    /// Not wanted where or whose it is now, so to be removed by who knew it.
    pub outside: Vec<UasId>,
    /// Forgotten.
    pub gone: Vec<UasId>,
}

impl Picture {
    /// Counts every change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How many aircraft there are.
    pub fn len(&self) -> usize {
        self.aircraft.len()
    }

    /// Whether the sky is empty.
    pub fn is_empty(&self) -> bool {
        self.aircraft.is_empty()
    }

    /// Takes the newest state of an aircraft.
    pub fn update(&mut self, state: TrackState) {
        self.version += 1;
        if let Some(version) = self.gone.remove(&state.uas_id) {
            self.changes.remove(&version);
        }
        let longest = (PATH_POINTS_TOTAL / self.aircraft.len().max(1)).clamp(8, PATH_POINTS_MAX);
        let track = Arc::new(Track { state, version: self.version, text: OnceLock::new() });
        self.changes.insert(self.version, Change::Updated(Arc::clone(&track)));
        if let Some(aircraft) = self.aircraft.get_mut(&track.state.uas_id) {
            self.changes.remove(&aircraft.track.version);
            aircraft.track = track;
            aircraft.extend_path(longest);
        } else {
            let path = VecDeque::from([PathPoint::new(&track.state)]);
            self.aircraft.insert(track.state.uas_id.clone(), Aircraft { track, path });
        }
    }

    /// Forgets an aircraft.
    pub fn remove(&mut self, uas_id: &UasId) {
        let Some(aircraft) = self.aircraft.remove(uas_id) else { return };
        self.changes.remove(&aircraft.track.version);
        self.version += 1;
        self.changes.insert(self.version, Change::Gone(uas_id.clone()));
        self.gone.insert(uas_id.clone(), self.version);
        self.gone_order.push_back(self.version);
        while self.gone_order.len() > GONE_MAX {
            let Some(oldest) = self.gone_order.pop_front() else { break };
            self.complete_from = oldest;
            if let Some(Change::Gone(uas_id)) = self.changes.remove(&oldest) {
                self.gone.remove(&uas_id);
            }
        }
    }

    /// The aircraft of that identity.
    pub fn track(&self, uas_id: &str) -> Option<&Arc<Track>> {
        self.aircraft.get(uas_id).map(|aircraft| &aircraft.track)
    }

    /// Where it was, oldest first.
    pub fn path(&self, uas_id: &str) -> Option<impl Iterator<Item = &PathPoint>> {
        self.aircraft.get(uas_id).map(|aircraft| aircraft.path.iter())
    }

    /// The aircraft in the box, by identity.
    pub fn within(&self, bbox: Option<&BoundingBox>) -> Vec<Arc<Track>> {
        let tracks = self.aircraft.values().map(|aircraft| &aircraft.track);
        tracks.filter(|track| track.within(bbox)).cloned().collect()
    }

    /// The aircraft that are wanted, by identity.
    pub fn wanted(&self, scope: &TrackScope) -> Vec<Arc<Track>> {
        let tracks = self.aircraft.values().map(|aircraft| &aircraft.track);
        tracks.filter(|track| scope.admits(&track.state)).cloned().collect()
    }

    /// What changed after `version`; `None` if removals since then are forgotten.
    pub fn since(&self, version: u64, scope: &TrackScope) -> Option<Delta> {
        if version < self.complete_from {
            return None;
        }
        let mut delta = Delta::default();
        for change in self.changes.range(version.saturating_add(1)..).map(|(_, change)| change) {
            match change {
                Change::Updated(track) if scope.admits(&track.state) => delta.updated.push(Arc::clone(track)),
                Change::Updated(track) => delta.outside.push(track.state.uas_id.clone()),
                Change::Gone(uas_id) => delta.gone.push(uas_id.clone()),
            }
        }
        Some(delta)
    }
}

impl Aircraft {
    fn extend_path(&mut self, longest: usize) {
        let state = &self.track.state;
        let due = self.path.back().is_none_or(|last| {
            state.timestamp.seconds_since(Timestamp::from_millis(last.at_ms)) >= PATH_STEP_S
        });
        if due {
            while self.path.len() >= longest {
                self.path.pop_front();
            }
            self.path.push_back(PathPoint::new(state));
        }
    }
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "a float cast saturates")]
fn scaled(value: f64, scale: f64) -> i32 {
    (value * scale).round() as i32
}
