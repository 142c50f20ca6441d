//! Random skies: who flies how, and what is reported when.

use lowsky::domain::{
    LatLng, Observation, RelativeHeight, RelativeReference, Source, Timestamp, UaClass, UasId,
};
use lowsky::geodesy::LocalMetric;
use proptest::prelude::*;

use super::at;

/// Where skies are: a usual place, both sides of the antimeridian, far north and far south.
const ORIGINS: [[f64; 2]; 6] =
    [[22.5, 113.5], [10.0, 179.999], [-17.0, -179.998], [68.0, 20.0], [82.0, -179.99], [-80.0, 0.001]];

/// Which heights an aircraft gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Gives {
    Ellipsoidal,
    Pressure,
    AboveTakeoff,
    AboveTakeoffAndPressure,
    Nothing,
}

/// One aircraft: metres, seconds, m/s.
#[derive(Debug, Clone)]
pub(super) struct Flight {
    pub(super) class: u8,
    pub(super) from: [f64; 2],
    pub(super) up: f64,
    pub(super) gives: Gives,
    pub(super) moves: [[f64; 3]; 2],
    pub(super) turns_at: f64,
    pub(super) tells_velocity: bool,
    pub(super) period: f64,
    pub(super) phase: f64,
    /// Arrival minus source time.
    pub(super) delay: f64,
    pub(super) silent: [f64; 2],
}

fn moving() -> impl Strategy<Value = [f64; 3]> {
    let speed = prop_oneof![1 => Just(0.0), 6 => 1.0..25.0_f64, 1 => 25.0..90.0_f64];
    (speed, 0.0..std::f64::consts::TAU, prop_oneof![2 => Just(0.0), 1 => -6.0..6.0_f64])
        .prop_map(|(speed, course, climb)| [speed * course.sin(), speed * course.cos(), climb])
}

fn flight() -> impl Strategy<Value = Flight> {
    let gives = prop_oneof![
        8 => Just(Gives::Ellipsoidal),
        1 => Just(Gives::Pressure),
        1 => Just(Gives::AboveTakeoff),
        2 => Just(Gives::AboveTakeoffAndPressure),
        1 => Just(Gives::Nothing),
    ];
    let place = (-1500.0..1500.0_f64, -1500.0..1500.0_f64, 20.0..200.0_f64);
    let times = (
        prop::sample::select(vec![0.5, 1.0, 1.0, 1.0, 3.0, 9.0]),
        0.0..1.0_f64,
        prop_oneof![3 => 0.0..0.4_f64, 1 => -1.9..9.0_f64],
        prop_oneof![3 => Just([1e9, 1e9]), 1 => (2.0..30.0_f64, 2.0..40.0_f64).prop_map(|(a, b)| [a, a + b])],
    );
    (0..10_u8, place, gives, [moving(), moving()], 5.0..80.0_f64, prop::bool::weighted(0.8), times).prop_map(
        |(class, (x, y, up), gives, moves, turns_at, tells_velocity, (period, phase, delay, silent))| {
            Flight {
                class,
                from: [x, y],
                up,
                gives,
                moves,
                turns_at,
                tells_velocity,
                period,
                phase,
                delay,
                silent,
            }
        },
    )
}

/// A place and some aircraft.
pub(super) fn sky(most: usize) -> impl Strategy<Value = (LatLng, Vec<Flight>)> {
    (prop::sample::select(ORIGINS.to_vec()), prop::collection::vec(flight(), 2..most))
        .prop_map(|([lat, lng], flights)| (LatLng::new(lat, lng).unwrap(), flights))
}

impl Flight {
    /// Everything it reports in `seconds`, each with its arrival.
    pub(super) fn reports(&self, name: &str, origin: LatLng, seconds: f64) -> Vec<(Timestamp, Observation)> {
        let mut reports = Vec::new();
        let mut t = self.phase;
        while t < seconds {
            if !(self.silent[0]..self.silent[1]).contains(&t) {
                reports.push((at(t + self.delay), self.report(name, origin, t)));
            }
            t += self.period;
        }
        reports
    }

    fn report(&self, name: &str, origin: LatLng, t: f64) -> Observation {
        let (first, then) = (t.min(self.turns_at), (t - self.turns_at).max(0.0));
        let moved = |i: usize| self.moves[0][i] * first + self.moves[1][i] * then;
        let metric = LocalMetric::at(origin.lat_deg());
        let place = metric.moved(origin, self.from[0] + moved(0), self.from[1] + moved(1));
        let mut seen = Observation::new(UasId::new(name).unwrap(), at(t), place);
        let up = self.up + moved(2);
        match self.gives {
            Gives::Ellipsoidal => seen.heights.hae_m = Some(up),
            Gives::Pressure => seen.heights.pressure_m = Some(up),
            Gives::AboveTakeoff | Gives::AboveTakeoffAndPressure => {
                seen.heights.relative =
                    Some(RelativeHeight { metres: up, reference: RelativeReference::Takeoff });
                // The pressure is as wrong as the take-off point is high.
                let pressure = (self.gives == Gives::AboveTakeoffAndPressure).then_some(250.0 - up);
                seen.heights.pressure_m = pressure;
            }
            Gives::Nothing => {}
        }
        let [x, y, climb] = self.moves[usize::from(self.turns_at < t)];
        if self.tells_velocity {
            seen.motion.ground_speed_mps = Some(x.hypot(y));
            seen.motion.track_deg = Some(x.atan2(y).to_degrees().rem_euclid(360.0));
            seen.motion.vertical_speed_mps = Some(climb);
        }
        match self.class {
            0 | 1 => seen.ua_class = Some(UaClass::Manned),
            2 => seen.source = Source::Sensed,
            _ => {}
        }
        seen
    }
}

/// The name of an aircraft.
pub(super) fn name(index: usize) -> String {
    format!("U{index:03}")
}

/// Everything that is reported in a sky, by arrival.
pub(super) fn recorded(origin: LatLng, flights: &[Flight], seconds: f64) -> Vec<(Timestamp, Observation)> {
    let of = |(index, flight): (usize, &Flight)| flight.reports(&name(index), origin, seconds);
    let mut reports: Vec<_> = flights.iter().enumerate().flat_map(of).collect();
    reports.sort_by_key(|(arrival, _)| *arrival);
    reports
}
