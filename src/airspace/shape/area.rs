//! How large a shape is, on the ellipsoid.

use geo::{Coord, GeodesicArea, LineString, Polygon};

use super::predicates::Point;
use super::{Grid, Kind, Shape};

impl Shape {
    /// Square metres inside, holes left out. The edges of polygons are taken as geodesics, which for edges of some
    /// kilometres is within a millionth; polygons of one shape that overlap are counted twice.
    pub fn area_m2(&self) -> f64 {
        match &self.0 {
            Kind::Circle(circle) => circle.area_m2(),
            Kind::Polygons { parts, .. } => parts.iter().map(grid_area_m2).sum(),
        }
    }
}

fn grid_area_m2(grid: &Grid) -> f64 {
    let corners: Vec<Point> = grid.corners().collect();
    let (mut area_m2, mut rest, mut is_shell) = (0.0, corners.as_slice(), true);
    while let Some((first, others)) = rest.split_first() {
        // A ring ends where its first corner comes again.
        let Some(end) = others
            .iter()
            .position(|[lng, lat]| lng.total_cmp(&first[0]).is_eq() && lat.total_cmp(&first[1]).is_eq())
        else {
            break;
        };
        let ring: Vec<Coord> =
            rest.iter().take(end + 2).map(|[lng, lat]| Coord { x: *lng, y: *lat }).collect();
        let ring_m2 = Polygon::new(LineString::new(ring), Vec::new()).geodesic_area_unsigned();
        // Whichever way it turns, the smaller side of a ring is its inside.
        let ring_m2 = ring_m2.min((EARTH_M2 - ring_m2).abs());
        area_m2 += if is_shell { ring_m2 } else { -ring_m2 };
        is_shell = false;
        rest = others.get(end + 1..).unwrap_or(&[]);
    }
    area_m2.max(0.0)
}

/// The surface of the WGS 84 ellipsoid, square metres.
const EARTH_M2: f64 = 510_065_621_724_088.44;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::LatLng;
    use crate::geodesy::LocalMetric;

    fn square(lat: f64, half_m: f64, clockwise: bool) -> Vec<Point> {
        let metric = LocalMetric::at(lat);
        let (dx, dy) = (half_m / metric.east_m_per_deg, half_m / metric.north_m_per_deg);
        let mut ring: Vec<Point> = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0)]
            .iter()
            .map(|(x, y)| [114.0 + x * dx, lat + y * dy])
            .collect();
        if clockwise {
            ring.reverse();
        }
        ring
    }

    #[test]
    fn squares_holes_and_circles_have_their_textbook_areas() {
        let near = |found: f64, wanted: f64| assert!((found / wanted - 1.0).abs() < 1e-4, "{found} {wanted}");
        for clockwise in [false, true] {
            let shape = Shape::polygons(&[vec![square(22.5, 500.0, clockwise)]]).unwrap();
            near(shape.area_m2(), 1e6);
            let holed =
                Shape::polygons(&[vec![square(22.5, 500.0, clockwise), square(22.5, 100.0, clockwise)]]);
            near(holed.unwrap().area_m2(), 960_000.0);
        }
        let two = Shape::polygons(&[vec![square(22.5, 500.0, false)], vec![square(23.5, 500.0, true)]]);
        near(two.unwrap().area_m2(), 2e6);
        let circle = Shape::circle(LatLng::new(22.5, 114.0).unwrap(), 1000.0).unwrap();
        near(circle.area_m2(), std::f64::consts::PI * 1e6);
    }
}
