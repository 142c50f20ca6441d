//! A circle on the ellipsoid, in closed form.

use crate::domain::{BoundingBox, LatLng, wrap_longitude};
use crate::geodesy::{LocalMetric, offset_m};

use super::predicates::Point;

/// Halvings of a path: a path of 1,000 km is resolved to a micrometre.
const HALVINGS: u32 = 40;

#[derive(Debug)]
pub(super) struct Circle {
    centre: LatLng,
    radius_m: f64,
    bounds: BoundingBox,
}

impl Circle {
    pub(super) fn new(centre: LatLng, radius_m: f64) -> Option<Self> {
        if !(radius_m > 0.0 && radius_m.is_finite()) {
            return None;
        }
        // The metric differs across a large circle; one per cent of slack covers 1,000 km.
        let reach_m = radius_m * 1.01;
        let lat_reach = reach_m / LocalMetric::at(centre.lat_deg()).north_m_per_deg;
        let outermost = centre.lat_deg().abs() + lat_reach;
        if outermost >= 90.0 {
            return None;
        }
        let lng_reach = reach_m / LocalMetric::at(outermost).east_m_per_deg;
        let (west, east) = (centre.lng_deg() - lng_reach, centre.lng_deg() + lng_reach);
        if west < -180.0 || 180.0 < east {
            return None;
        }
        let bounds =
            BoundingBox::new([west, centre.lat_deg() - lat_reach, east, centre.lat_deg() + lat_reach])?;
        Some(Self { centre, radius_m, bounds })
    }

    /// Its area, square metres; that the Earth is round takes a millionth from a circle of 20 km.
    pub(super) fn area_m2(&self) -> f64 {
        std::f64::consts::PI * self.radius_m * self.radius_m
    }

    pub(super) fn bounds(&self) -> BoundingBox {
        self.bounds
    }

    pub(super) fn centre_and_radius_m(&self) -> (LatLng, f64) {
        (self.centre, self.radius_m)
    }

    pub(super) fn corners(&self) -> [Point; 5] {
        let BoundingBox { west_deg, south_deg, east_deg, north_deg } = self.bounds;
        let centre = [self.centre.lng_deg(), self.centre.lat_deg()];
        [centre, [west_deg, south_deg], [east_deg, south_deg], [east_deg, north_deg], [west_deg, north_deg]]
    }

    pub(super) fn contains(&self, point: LatLng) -> bool {
        self.bounds.contains(point) && self.distance_m(point) <= self.radius_m
    }

    pub(super) fn boundary_distance_m(&self, point: LatLng, within_m: f64) -> f64 {
        let distance_m = (self.distance_m(point) - self.radius_m).abs();
        if distance_m <= within_m { distance_m } else { f64::INFINITY }
    }

    pub(super) fn first_inside(&self, from: LatLng, to: LatLng) -> Option<f64> {
        if self.contains(from) {
            return Some(0.0);
        }
        let mut inside_at = self.closest(from, to);
        if !self.contains(along(from, to, inside_at)) {
            if !self.contains(to) {
                return None;
            }
            inside_at = 1.0;
        }
        // The distance falls all the way from `from` to the closest point, so there is one entry.
        let mut outside_at = 0.0;
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(outside_at, inside_at);
            if self.contains(along(from, to, middle)) {
                inside_at = middle;
            } else {
                outside_at = middle;
            }
        }
        Some(inside_at)
    }

    fn distance_m(&self, point: LatLng) -> f64 {
        let [east, north] = offset_m(self.centre, point);
        east.hypot(north)
    }

    /// Where along the path the centre is closest, found in the flat metric of the latitude it leads to.
    fn closest(&self, from: LatLng, to: LatLng) -> f64 {
        let (dlng, dlat) = (wrap_longitude(to.lng_deg() - from.lng_deg()), to.lat_deg() - from.lat_deg());
        let lng = wrap_longitude(self.centre.lng_deg() - from.lng_deg());
        let lat = self.centre.lat_deg() - from.lat_deg();
        let mut at = 0.5;
        for _ in 0..3 {
            let there = from.lat_deg() + at * dlat;
            let metric = LocalMetric::at(f64::midpoint(there, self.centre.lat_deg()));
            let (ex, ny) = (metric.east_m_per_deg.powi(2), metric.north_m_per_deg.powi(2));
            let length2 = dlng * dlng * ex + dlat * dlat * ny;
            if length2 <= 0.0 {
                return 0.0;
            }
            at = ((lng * dlng * ex + lat * dlat * ny) / length2).clamp(0.0, 1.0);
        }
        at
    }
}

fn along(from: LatLng, to: LatLng, at: f64) -> LatLng {
    LatLng::wrapped(
        from.lat_deg() + at * (to.lat_deg() - from.lat_deg()),
        from.lng_deg() + at * wrap_longitude(to.lng_deg() - from.lng_deg()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(lat: f64, lng: f64) -> LatLng {
        LatLng::new(lat, lng).unwrap()
    }

    #[test]
    fn refuses_what_is_no_circle_or_leaves_the_map() {
        for radius in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Circle::new(at(22.5, 114.0), radius).is_none(), "{radius}");
        }
        assert!(Circle::new(at(89.99, 0.0), 5000.0).is_none());
        assert!(Circle::new(at(0.0, 179.99), 5000.0).is_none());
    }

    #[test]
    fn passing_by_is_no_entry() {
        let circle = Circle::new(at(22.5, 114.0), 1000.0).unwrap();
        assert_eq!(circle.first_inside(at(22.51, 113.9), at(22.51, 114.1)), None);
        assert_eq!(circle.first_inside(at(22.5, 114.0), at(23.5, 114.0)), Some(0.0));
        assert_eq!(circle.first_inside(at(22.6, 114.0), at(22.6, 114.0)), None);
    }

    proptest! {
        #[test]
        fn entry_agrees_with_sampling(
            (lat0, lng0) in (22.4..22.6, 113.9..114.1), (lat1, lng1) in (22.4..22.6, 113.9..114.1),
            radius in 10.0..6000.0,
        ) {
            let (circle, from, to) = (Circle::new(at(22.5, 114.0), radius).unwrap(), at(lat0, lng0), at(lat1, lng1));
            let steps = 2000;
            let sampled = (0..=steps).map(|i| f64::from(i) / f64::from(steps))
                .find(|t| circle.contains(along(from, to, *t)));
            match (circle.first_inside(from, to), sampled) {
                (Some(exact), Some(sampled)) => prop_assert!(
                    exact <= sampled + 1e-9 && sampled - exact <= 1.01 / f64::from(steps), "{exact} {sampled}"),
                // A chord shorter than a step is not seen by sampling.
                (Some(exact), None) => prop_assert!(circle.contains(along(from, to, exact))),
                (None, Some(_)) => prop_assert!(false, "entry missed"),
                (None, None) => {}
            }
        }
    }
}
