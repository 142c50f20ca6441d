//! Whether two shapes have a place in common, found by halving the box that both are in.

use crate::domain::{BoundingBox, LatLng};
use crate::geodesy::LocalMetric;

use super::Shape;

/// How often a side is halved: what is narrower than a thousandth of the common box is a border, not a place.
const DEPTH_MAX: u32 = 10;
/// Most boxes that are looked at; shapes that need more are taken to meet.
const BOXES_MAX: u32 = 40_000;

impl Shape {
    /// Whether both have a place in common; neighbours that only share a border have none.
    pub(in crate::airspace) fn meets(&self, other: &Self) -> bool {
        let (a, b) = (self.bounds(), other.bounds());
        let common = BoundingBox {
            west_deg: a.west_deg.max(b.west_deg),
            south_deg: a.south_deg.max(b.south_deg),
            east_deg: a.east_deg.min(b.east_deg),
            north_deg: a.north_deg.min(b.north_deg),
        };
        let mut waiting = vec![(common, 0)];
        let mut looked_at = 0;
        while let Some((part, depth)) = waiting.pop() {
            if part.east_deg <= part.west_deg || part.north_deg <= part.south_deg {
                continue;
            }
            looked_at += 1;
            if BOXES_MAX < looked_at {
                return true;
            }
            let (lat, lng) =
                (f64::midpoint(part.south_deg, part.north_deg), f64::midpoint(part.west_deg, part.east_deg));
            let centre = LatLng::wrapped(lat, lng);
            let inside = [self, other].map(|shape| shape.contains(centre));
            if inside == [true, true] {
                return true;
            }
            let reach_m = half_diagonal_m(&part);
            let is_out = |(shape, inside): (&Self, bool)| {
                !inside && reach_m < shape.boundary_distance_m(centre, 2.0 * reach_m)
            };
            if depth == DEPTH_MAX || [self, other].into_iter().zip(inside).any(is_out) {
                continue;
            }
            for (west_deg, east_deg) in [(part.west_deg, lng), (lng, part.east_deg)] {
                for (south_deg, north_deg) in [(part.south_deg, lat), (lat, part.north_deg)] {
                    waiting.push((BoundingBox { west_deg, south_deg, east_deg, north_deg }, depth + 1));
                }
            }
        }
        false
    }
}

/// Metres from the centre of a box to any place of it, at most.
fn half_diagonal_m(part: &BoundingBox) -> f64 {
    let metric = LocalMetric::at(part.south_deg.abs().min(part.north_deg.abs()).min(89.0));
    let (north, east) = (part.north_deg - part.south_deg, part.east_deg - part.west_deg);
    0.505 * (north * metric.north_m_per_deg * 1.01).hypot(east * metric.east_m_per_deg)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(west: f64, south: f64, side: f64) -> Shape {
        let (east, north) = (west + side, south + side);
        let ring = vec![[west, south], [east, south], [east, north], [west, north], [west, south]];
        Shape::polygons(&[vec![ring]]).unwrap()
    }

    #[test]
    fn a_common_place_is_found_and_a_common_border_is_none() {
        let a = square(114.0, 22.0, 0.1);
        let frame = |side: f64| {
            let ring =
                |low: f64, high: f64| vec![[low, low], [high, low], [high, high], [low, high], [low, low]];
            let turned = |ring: Vec<[f64; 2]>| ring.into_iter().map(|[x, y]| [114.0 + x, 22.0 + y]).collect();
            Shape::polygons(&[vec![turned(ring(-side, side)), turned(ring(-0.9 * side, 0.9 * side))]])
                .unwrap()
        };
        let corridor = |offset: f64| {
            let line =
                [(21.9, 113.9), (22.2, 114.2)].map(|(lat, lng)| LatLng::new(lat, lng + offset).unwrap());
            Shape::corridor(&line, 15.0, false).unwrap()
        };
        let circle = |lat, lng, radius_m| Shape::circle(LatLng::new(lat, lng).unwrap(), radius_m).unwrap();
        for (what, other, meets) in [
            ("itself", square(114.0, 22.0, 0.1), true),
            ("a neighbour", square(114.1, 22.0, 0.1), false),
            ("one at a corner", square(114.1, 22.1, 0.1), false),
            ("one over the border", square(114.099, 22.0, 0.1), true),
            ("a small one inside", square(114.0503, 22.0507, 0.0001), true),
            ("one that holds it", square(113.0, 21.0, 3.0), true),
            ("a frame around it", frame(0.3), false),
            ("a frame through it", frame(0.05), true),
            ("a narrow corridor through it", corridor(0.0), true),
            ("a narrow corridor beside it", corridor(0.12), false),
            ("a circle beside its corner", circle(22.11, 114.11, 1_400.0), false),
            ("a circle over its corner", circle(22.11, 114.11, 1_600.0), true),
        ] {
            assert_eq!((a.meets(&other), other.meets(&a)), (meets, meets), "{what}");
        }
    }
}
