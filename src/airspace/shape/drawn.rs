//! Shapes drawn with compass and ruler, as polygons: sectors and corridors.
//!
//! Arcs become edges that lie outside of them by at most [`OVER_M`]: what is drawn is protected, and a little more.

use std::f64::consts::PI;

use crate::domain::LatLng;
use crate::geodesy::{LocalMetric, offset_m};

use super::predicates::Point;
use super::{Grid, Shape};

/// How far outside of an arc its edges may lie, metres.
const OVER_M: f64 = 0.1;
/// Most edges of a full circle.
const EDGES_MAX: u16 = 1440;

impl Shape {
    /// The part of a ring around `apex` between two true azimuths, clockwise from `start_deg` to `end_deg`, which may
    /// pass north; all around if they are equal. `None` unless `0 ≤ inner_m < radius_m`, or if it leaves the map.
    pub fn sector(
        apex: LatLng,
        [inner_m, radius_m]: [f64; 2],
        [start_deg, end_deg]: [f64; 2],
    ) -> Option<Self> {
        let in_order = 0.0 <= inner_m && inner_m < radius_m && radius_m.is_finite();
        if !in_order || ![start_deg, end_deg].iter().all(|deg| deg.is_finite()) {
            return None;
        }
        let sweep = (end_deg - start_deg).rem_euclid(360.0);
        if sweep <= 0.0 {
            if inner_m <= 0.0 {
                return Self::circle(apex, radius_m);
            }
            let rings = [arc(apex, radius_m, 0.0, 360.0, true), arc(apex, inner_m, 0.0, 360.0, false)];
            return polygon(&rings.map(closed));
        }
        let mut ring = arc(apex, radius_m, start_deg, sweep, true);
        if inner_m > 0.0 {
            ring.extend(arc(apex, inner_m, start_deg, sweep, false).into_iter().rev());
        } else {
            ring.push([apex.lng_deg(), apex.lat_deg()]);
        }
        polygon(&[closed(ring)])
    }

    /// All points within `half_width_m` of a line; with round ends, or ends cut straight. `None` unless the line has a
    /// length and the width is positive, or if it leaves the map.
    pub fn corridor(line: &[LatLng], half_width_m: f64, round_ends: bool) -> Option<Self> {
        let mut line = line.to_vec();
        line.dedup();
        if line.len() < 2 || !(half_width_m > 0.0 && half_width_m.is_finite()) {
            return None;
        }
        let mut parts = Vec::with_capacity(2 * line.len());
        for pair in line.windows(2) {
            let [a, b] = pair else { continue };
            let [east_m, north_m] = offset_m(*a, *b);
            let length_m = east_m.hypot(north_m);
            let across = [north_m / length_m * half_width_m, -east_m / length_m * half_width_m];
            let side = |from: LatLng, sign: f64| destination(from, [across[0] * sign, across[1] * sign]);
            parts.push(Grid::new(&[closed(vec![
                side(*a, 1.0),
                side(*b, 1.0),
                side(*b, -1.0),
                side(*a, -1.0),
            ])])?);
        }
        let joints = if round_ends { line.as_slice() } else { line.get(1..line.len() - 1)? };
        for joint in joints {
            parts.push(Grid::new(&[closed(arc(*joint, half_width_m, 0.0, 360.0, true))])?);
        }
        Self::from_grids(parts.into())
    }

    /// A polygon of one ring, which is closed here. `None` if it leaves the map or has no area.
    pub(in crate::airspace) fn ring(corners: &[LatLng]) -> Option<Self> {
        polygon(&[closed(corners.iter().map(|corner| [corner.lng_deg(), corner.lat_deg()]).collect())])
    }

    /// The point that many metres east and north. `None` off the Earth.
    pub(in crate::airspace) fn destination(from: LatLng, offset_m: [f64; 2]) -> Option<LatLng> {
        let [lng, lat] = destination(from, offset_m);
        LatLng::new(lat, lng).ok()
    }
}

/// Points of an arc of `sweep_deg` from `start_deg`, clockwise. The edges between them lie outside of it if `outside`,
/// else inside.
fn arc(centre: LatLng, radius_m: f64, start_deg: f64, sweep_deg: f64, outside: bool) -> Vec<Point> {
    let widest = 2.0 * (1.0 - OVER_M / (radius_m + OVER_M)).clamp(-1.0, 1.0).acos();
    let edges = count(sweep_deg.to_radians() / widest.min(PI / 8.0));
    let step = sweep_deg.to_radians() / f64::from(edges);
    let reach_m = if outside { radius_m / (step / 2.0).cos() } else { radius_m };
    (0..=edges)
        .map(|i| {
            let (sin, cos) = (start_deg.to_radians() + f64::from(i) * step).sin_cos();
            // The ends lie on the arc itself.
            let reach_m = if (i == 0 || i == edges) && sweep_deg < 360.0 { radius_m } else { reach_m };
            destination(centre, [reach_m * sin, reach_m * cos])
        })
        .collect()
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates"
)]
fn count(edges: f64) -> u16 {
    (edges.ceil() as u16).clamp(1, EDGES_MAX)
}

/// `[lng, lat]` of the point that many metres east and north, to a millimetre.
fn destination(from: LatLng, [east_m, north_m]: [f64; 2]) -> Point {
    let metric = LocalMetric::at(from.lat_deg());
    let mut at = metric.moved(from, east_m, north_m);
    for _ in 0..3 {
        let [is_east, is_north] = offset_m(from, at);
        at = metric.moved(at, east_m - is_east, north_m - is_north);
    }
    [at.lng_deg(), at.lat_deg()]
}

fn closed(mut ring: Vec<Point>) -> Vec<Point> {
    ring.dedup();
    if ring.first() != ring.last() {
        ring.extend(ring.first().copied());
    }
    ring
}

/// A polygon that does not cross the antimeridian, where its box would span the world.
fn polygon(rings: &[Vec<Point>]) -> Option<Shape> {
    let grid = Grid::new(rings)?;
    let bounds = grid.bounds();
    (bounds.east_deg - bounds.west_deg < 180.0).then(|| Shape::from_grids(Box::from([grid])))?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(lat: f64, lng: f64) -> LatLng {
        LatLng::new(lat, lng).unwrap()
    }

    fn polar(from: LatLng, to: LatLng) -> (f64, f64) {
        let [east, north] = offset_m(from, to);
        (east.hypot(north), east.atan2(north).to_degrees().rem_euclid(360.0))
    }

    #[test]
    fn what_is_none() {
        let apex = at(22.5, 114.0);
        for radii in [[0.0, 0.0], [10.0, 10.0], [-1.0, 10.0], [0.0, f64::NAN], [0.0, f64::INFINITY]] {
            assert!(Shape::sector(apex, radii, [0.0, 90.0]).is_none(), "{radii:?}");
        }
        assert!(Shape::sector(apex, [0.0, 10.0], [f64::NAN, 90.0]).is_none());
        assert!(Shape::corridor(&[apex], 10.0, true).is_none());
        assert!(Shape::corridor(&[apex, apex], 10.0, true).is_none());
        assert!(Shape::corridor(&[apex, at(22.6, 114.0)], 0.0, true).is_none());
    }

    proptest! {
        /// A sector by distance and azimuth.
        #[test]
        fn a_sector_in_closed_form(
            lat in 21.0..48.0_f64, radius in 50.0..20_000.0_f64, inner_share in prop_oneof![Just(0.0), 0.1..0.9_f64],
            start in 0.0..360.0_f64, sweep in prop_oneof![Just(0.0), 5.0..355.0_f64], share in 0.0..1.3_f64, azimuth in 0.0..360.0_f64,
        ) {
            let apex = at(lat, 114.0);
            let inner = radius * inner_share;
            let sector = Shape::sector(apex, [inner, radius], [start, (start + sweep).rem_euclid(360.0)]).unwrap();
            let (sin, cos) = azimuth.to_radians().sin_cos();
            let [lng, lat] = destination(apex, [share * radius * sin, share * radius * cos]);
            let point = at(lat, lng);
            let (distance, azimuth) = polar(apex, point);
            let turn = (azimuth - start).rem_euclid(360.0);
            let off_side_m = [turn, 360.0 - turn, (turn - sweep).abs(), 360.0 - (turn - sweep).abs()].into_iter()
                .fold(360.0, f64::min).to_radians() * distance;
            // Near the sides a straight edge in degrees is metres off a straight one in metres.
            prop_assume!((distance - radius).abs() > 0.3 && (distance - inner).abs() > 0.3);
            prop_assume!(sweep <= 0.0 || off_side_m > 3.0);
            let wanted = distance <= radius && inner <= distance && (sweep <= 0.0 || turn <= sweep);
            prop_assert_eq!(sector.contains(point), wanted, "{} m {}°", distance, turn);
        }

        /// A corridor by the distance to its line.
        #[test]
        fn a_corridor_in_closed_form(
            half_width in 20.0..1000.0_f64, turn in -150.0..150.0_f64, legs in (1000.0..6000.0_f64, 1000.0..6000.0_f64),
            heading in 0.0..360.0_f64, (x, y) in (-2000.0..9000.0_f64, -5000.0..5000.0_f64), round in any::<bool>(),
        ) {
            let start = at(22.5, 114.0);
            let to = |from: LatLng, length: f64, deg: f64| {
                let (sin, cos) = deg.to_radians().sin_cos();
                let [lng, lat] = destination(from, [length * sin, length * cos]);
                at(lat, lng)
            };
            let bend = to(start, legs.0, heading);
            let line = [start, bend, to(bend, legs.1, heading + turn)];
            let corridor = Shape::corridor(&line, half_width, round).unwrap();
            let point = to(to(start, x, heading), y, heading + 90.0);
            let origin = |p: LatLng| offset_m(point, p);
            let distance = line.windows(2)
                .map(|pair| super::super::predicates::distance2_from_origin(origin(pair[0]), origin(pair[1])).sqrt())
                .fold(f64::INFINITY, f64::min);
            prop_assume!((distance - half_width).abs() > 2.0);
            if round {
                prop_assert_eq!(corridor.contains(point), distance < half_width, "{} {}", distance, half_width);
            } else {
                prop_assert!(!corridor.contains(point) || distance < half_width);
            }
        }
    }
}
