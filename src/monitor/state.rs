//! One aircraft's newest state: where it is, how it moves, how high it is and how well that is known.

use crate::domain::{GeoidModel, Heights, LatLng, Observation, RelativeReference, Timestamp};
use crate::geodesy::{LocalMetric, egm96_undulation_m, hae_from_amsl_m, offset_m};

use super::settings::Terrain;

/// A reported speed over this is not flown below 1,000 m; the velocity is then unknown, m/s.
const SPEED_MPS_MAX: f64 = 350.0;
/// A climb over this that follows from two heights is a change of datum or an error, m/s: the most that ASTM
/// F3411 can report.
const CLIMB_MPS_MAX: f64 = 62.0;
/// Reports between these many seconds apart give a velocity where none is reported.
const DERIVE_S: std::ops::RangeInclusive<f64> = 0.2..=10.0;
/// What a height above take-off or ground may be wrong as a height above the ellipsoid without terrain, metres.
const RELATIVE_ERROR_M: f64 = 15.0;
/// What pressure altitude may be wrong at an unknown QNH: 8.3 m for each hPa, typhoons aside, metres.
const PRESSURE_ERROR_M: f64 = 110.0;
/// An aircraft this little above its point of take-off is still over it, metres.
const LOW_M: f64 = 3.0;
/// Standard deviation of a vertical accuracy that nobody gave, metres.
const SIGMA_UNKNOWN_M: f64 = 10.0;
/// Standard deviation of EGM96 here, metres.
const SIGMA_GEOID_M: f64 = 0.5;
/// A 95 % bound over this many standard deviations.
const SIGMAS_95: f64 = 1.96;

/// A state at the instant of a report.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    /// When, by the source's clock.
    pub at: Timestamp,
    /// Where.
    pub position: LatLng,
    /// Metres per degree there.
    pub metric: LocalMetric,
    /// East and north, m/s; zero if unknown.
    pub velocity_mps: [f64; 2],
    /// Whether the velocity was reported or follows from two reports.
    pub velocity_known: bool,
    /// Up, m/s; zero if unknown.
    pub climb_mps: f64,
    /// Geoid above ellipsoid, metres.
    pub undulation_m: f64,
    /// Height above the ellipsoid, metres.
    pub hae_m: Option<f64>,
    /// What `hae_m` may be wrong beyond its accuracy, metres; 0 where it was measured.
    pub hae_error_m: f64,
    /// Pressure altitude, metres.
    pub pressure_m: Option<f64>,
    /// True height, metres.
    pub agl_m: Option<f64>,
    /// Its standard deviation, metres.
    pub agl_sigma_m: f64,
    /// Height above the point of take-off, metres, if the aircraft tells it.
    pub takeoff_m: Option<f64>,
    /// Elevation of the ground where it took off, metres above mean sea level; without height above take-off, here.
    pub takeoff_amsl_m: f64,
    /// The height above ground that was declared, metres.
    pub declared_agl_m: Option<f64>,
    /// The ground here as the terrain has it, metres above mean sea level.
    pub terrain_amsl_m: f64,
    /// The ground here above the ellipsoid, metres.
    pub ground_hae_m: f64,
    /// 95 % bound of the position, metres.
    pub accuracy_h_m: Option<f64>,
}

/// What a path needs of the state where it begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passed {
    /// When, by the source's clock.
    pub at: Timestamp,
    /// Where.
    pub position: LatLng,
    /// Height above the ellipsoid, metres.
    pub hae_m: Option<f64>,
}

impl Passed {
    /// Of a state.
    pub(super) fn of(state: &State) -> Self {
        Self { at: state.at, position: state.position, hae_m: state.hae_m }
    }
}

impl State {
    /// The state that a report gives, with the help of the one before.
    pub(super) fn of(observation: &Observation, before: Option<&Self>, terrain: &Terrain) -> Self {
        let position = observation.position;
        let undulation_m = egm96_undulation_m(position);
        let ground_amsl_m = terrain.ground_amsl_m(position);
        let heights = &observation.heights;
        let takeoff_m = relative_to(heights, RelativeReference::Takeoff);
        let takeoff_amsl_m = takeoff_ground_m(takeoff_m, ground_amsl_m, before);
        let base_amsl_m = if takeoff_m.is_some() { takeoff_amsl_m } else { ground_amsl_m };
        let (hae_m, hae_error_m) = ellipsoidal(position, heights, undulation_m, base_amsl_m);
        let ground_hae_m = undulation_m + ground_amsl_m;
        let (agl_m, agl_sigma_m) = true_height(observation, hae_m, hae_error_m, ground_hae_m, terrain);
        // A height that was declared above ground says where the ground is.
        let ground_hae_m = match (relative_to(heights, RelativeReference::Ground), hae_m) {
            (Some(agl_m), Some(hae_m)) => hae_m - agl_m,
            (Some(_), None) | (None, _) => ground_hae_m,
        };
        let mut state = Self {
            at: observation.timestamp,
            position,
            metric: LocalMetric::at(position.lat_deg()),
            velocity_mps: [0.0; 2],
            velocity_known: false,
            climb_mps: observation.motion.vertical_speed_mps.unwrap_or(0.0),
            undulation_m,
            hae_m,
            hae_error_m,
            pressure_m: observation.heights.pressure_m,
            agl_m,
            agl_sigma_m,
            ground_hae_m,
            declared_agl_m: relative_to(heights, RelativeReference::Ground),
            terrain_amsl_m: ground_amsl_m,
            takeoff_m,
            takeoff_amsl_m,
            accuracy_h_m: observation.accuracy.horizontal_m,
        };
        state.set_velocity(observation, before);
        state
    }

    fn set_velocity(&mut self, observation: &Observation, before: Option<&Self>) {
        let before = before.filter(|before| DERIVE_S.contains(&self.at.seconds_since(before.at)));
        let motion = &observation.motion;
        let speed = motion.ground_speed_mps.filter(|&speed| speed <= SPEED_MPS_MAX);
        match (speed, motion.track_deg) {
            (Some(speed), Some(track)) => {
                let (sin, cos) = track.to_radians().sin_cos();
                self.velocity_mps = [speed * sin, speed * cos];
                self.velocity_known = true;
            }
            // Hovering has no direction.
            (Some(speed), None) if speed < 0.5 => self.velocity_known = true,
            (Some(_) | None, _) => {
                if let Some(derived) = before.map(|before| self.velocity_since(before))
                    && derived[0].hypot(derived[1]) <= SPEED_MPS_MAX
                {
                    self.velocity_mps = derived;
                    self.velocity_known = true;
                }
            }
        }
        if motion.vertical_speed_mps.is_none()
            && let Some(before) = before
            && let (Some(now_m), Some(then_m)) = (self.hae_m, before.hae_m)
        {
            let climb_mps = (now_m - then_m) / self.at.seconds_since(before.at);
            self.climb_mps = if climb_mps.abs() <= CLIMB_MPS_MAX { climb_mps } else { 0.0 };
        }
    }

    /// Mean velocity since an earlier state, east and north, m/s.
    pub(super) fn velocity_since(&self, before: &Self) -> [f64; 2] {
        let seconds = self.at.seconds_since(before.at).max(1e-3);
        offset_m(before.position, self.position).map(|metres| metres / seconds)
    }

    /// Speed over ground, m/s.
    pub(super) fn speed_mps(&self) -> f64 {
        self.velocity_mps[0].hypot(self.velocity_mps[1])
    }

    /// The point straight ahead after `seconds`.
    pub(super) fn position_after(&self, seconds: f64) -> LatLng {
        self.metric.moved(self.position, self.velocity_mps[0] * seconds, self.velocity_mps[1] * seconds)
    }
}

/// The relative height that was given, if it is from `reference`.
fn relative_to(heights: &Heights, reference: RelativeReference) -> Option<f64> {
    heights.relative.filter(|relative| relative.reference == reference).map(|relative| relative.metres)
}

/// Elevation of the point of take-off. It is where the aircraft is while it is low, and where it was then; of one that
/// was met in the air it is not known, and the ground here is taken.
fn takeoff_ground_m(takeoff_m: Option<f64>, ground_amsl_m: f64, before: Option<&State>) -> f64 {
    let is_low = takeoff_m.is_none_or(|takeoff_m| takeoff_m.abs() < LOW_M);
    before
        .filter(|before| !is_low && before.takeoff_m.is_some())
        .map_or(ground_amsl_m, |before| before.takeoff_amsl_m)
}

/// Height above the ellipsoid from the best datum given, and what it may be wrong.
///
/// `base_amsl_m` is the ground from which a relative height is measured.
fn ellipsoidal(at: LatLng, heights: &Heights, undulation_m: f64, base_amsl_m: f64) -> (Option<f64>, f64) {
    if heights.hae_m.is_some() {
        return (heights.hae_m, 0.0);
    }
    if let Some((metres, model)) = heights.amsl_m {
        let hae_m = if model == GeoidModel::Egm96 {
            metres + undulation_m
        } else {
            hae_from_amsl_m(at, metres, model)
        };
        return (Some(hae_m), 0.0);
    }
    if let Some(relative) = heights.relative {
        return (Some(base_amsl_m + undulation_m + relative.metres), RELATIVE_ERROR_M);
    }
    (heights.pressure_m.map(|metres| metres + undulation_m), PRESSURE_ERROR_M)
}

/// True height (真高) and its standard deviation. A height that was declared above ground is taken before one
/// computed over flat ground; pressure altitude alone decides nothing.
fn true_height(
    observation: &Observation,
    hae_m: Option<f64>,
    hae_error_m: f64,
    ground_hae_m: f64,
    terrain: &Terrain,
) -> (Option<f64>, f64) {
    let sigma_altitude = observation.accuracy.vertical_m.map_or(SIGMA_UNKNOWN_M, |bound| bound / SIGMAS_95);
    if let Some(relative) = observation.heights.relative
        && relative.reference == RelativeReference::Ground
    {
        return (Some(relative.metres), observation.accuracy.vertical_m.map_or(5.0, |bound| bound / 2.0));
    }
    if hae_error_m >= PRESSURE_ERROR_M {
        return (None, 0.0);
    }
    let sigma_ground = terrain.ground_accuracy_m / SIGMAS_95;
    let variance = sigma_altitude.powi(2) + SIGMA_GEOID_M.powi(2) + sigma_ground.powi(2);
    (hae_m.map(|hae_m| hae_m - ground_hae_m), variance.sqrt())
}
