//! Horizontal shapes: circles, and polygons with an index over their edges.

mod area;
mod circle;
mod drawn;
mod grid;
mod layout;
mod meeting;
mod polygon;
mod predicates;
#[cfg(test)]
mod tests;

use crate::domain::{BoundingBox, LatLng};

use super::zone::union;
use circle::Circle;

pub(super) use grid::Grid;
pub(super) use predicates::{Point, orientation};

/// A horizontal shape: a circle on the ellipsoid, or the union of polygons with holes.
///
/// The boundary belongs to the shape. A query is total for every pair of points on Earth, and allocates nothing.
#[derive(Debug)]
pub struct Shape(Kind);

#[derive(Debug)]
enum Kind {
    Circle(Circle),
    Polygons { parts: Box<[Grid]>, bounds: BoundingBox },
}

impl Shape {
    /// All points within `radius_m` of `centre`. `None` unless the radius is positive and the circle reaches neither
    /// a pole nor the antimeridian.
    pub fn circle(centre: LatLng, radius_m: f64) -> Option<Self> {
        Circle::new(centre, radius_m).map(|circle| Self(Kind::Circle(circle)))
    }

    /// The union of polygons. Each is a shell and its holes, each ring a closed list of `[lng, lat]` in degrees, in
    /// either direction. `None` if there is no polygon, or a position is not finite or off the Earth. That rings are
    /// simple and holes lie inside is for the caller to check; of other rings the even-odd rule is taken.
    pub fn polygons(polygons: &[Vec<Vec<Point>>]) -> Option<Self> {
        let parts: Option<Box<[Grid]>> = polygons.iter().map(|rings| Grid::new(rings)).collect();
        Self::from_grids(parts?)
    }

    pub(super) fn from_grids(parts: Box<[Grid]>) -> Option<Self> {
        let bounds = parts.iter().map(Grid::bounds).reduce(union)?;
        Some(Self(Kind::Polygons { parts, bounds }))
    }

    /// The box around it.
    pub fn bounds(&self) -> BoundingBox {
        match &self.0 {
            Kind::Circle(circle) => circle.bounds(),
            Kind::Polygons { bounds, .. } => *bounds,
        }
    }

    /// Points that tell the shape from others: the corners of polygons; of a circle those of its box, and its centre.
    pub(super) fn corners(&self) -> Vec<Point> {
        match &self.0 {
            Kind::Circle(circle) => circle.corners().into(),
            Kind::Polygons { parts, .. } => parts.iter().flat_map(Grid::corners).collect(),
        }
    }

    /// Reads what questions about these points will read at the step `depth`; a circle holds it all itself.
    pub(super) fn fetch(&self, points: [LatLng; 2], depth: u8) {
        if let Kind::Polygons { parts, .. } = &self.0 {
            parts.iter().for_each(|part| part.fetch(points, depth));
        }
    }

    /// Centre and radius in metres of a circle.
    pub fn as_circle(&self) -> Option<(LatLng, f64)> {
        match &self.0 {
            Kind::Circle(circle) => Some(circle.centre_and_radius_m()),
            Kind::Polygons { .. } => None,
        }
    }

    /// The closed rings of each polygon as `[lng, lat]`, shell and holes in the order in which they were given; nothing
    /// of a circle.
    pub fn outlines(&self) -> Vec<Vec<Vec<Point>>> {
        match &self.0 {
            Kind::Circle(_) => Vec::new(),
            Kind::Polygons { parts, .. } => parts.iter().map(Grid::rings).collect(),
        }
    }

    /// Whether the point is inside or on the boundary; edges are straight in longitude and latitude.
    pub fn contains(&self, point: LatLng) -> bool {
        match &self.0 {
            Kind::Circle(circle) => circle.contains(point),
            Kind::Polygons { parts, bounds } => {
                bounds.contains(point) && parts.iter().any(|part| part.contains(point))
            }
        }
    }

    /// Metres to the nearest point of the boundary, never negative; infinite if over `within_m`.
    pub fn boundary_distance_m(&self, point: LatLng, within_m: f64) -> f64 {
        match &self.0 {
            Kind::Circle(circle) => circle.boundary_distance_m(point, within_m),
            Kind::Polygons { parts, .. } => parts.iter().fold(f64::INFINITY, |nearest, part| {
                let within_m = if nearest < within_m { nearest } else { within_m };
                nearest.min(part.boundary_distance_m(point, within_m))
            }),
        }
    }

    /// How far along the straight path (0 at `from`, 1 at `to`) the first inside point is.
    pub fn first_inside(&self, from: LatLng, to: LatLng) -> Option<f64> {
        match &self.0 {
            Kind::Circle(circle) => circle.first_inside(from, to),
            Kind::Polygons { parts, .. } => {
                parts.iter().filter_map(|part| part.first_inside(from, to)).reduce(f64::min)
            }
        }
    }
}
