//! The grid against `geo`, against brute force, and against an oracle of GEOS and PROJ where it is there.

use geo::{Coord, Intersects, LineString, Polygon, Validation};
use proptest::prelude::*;

use super::{Point, Shape};
use crate::domain::LatLng;
use crate::geodesy::offset_m;

/// Vertices lie on even multiples of this, so that middles of edges are exact.
const LATTICE_DEG: f64 = 1.0 / 8192.0;

fn at(p: Point) -> LatLng {
    LatLng::new(p[1], p[0]).unwrap()
}

fn snapped(value: f64) -> f64 {
    (value / (2.0 * LATTICE_DEG)).round() * 2.0 * LATTICE_DEG
}

/// A ring around `centre`, as a star whose corners are at `radii`.
fn star(centre: Point, radii: &[f64], flip: bool) -> Vec<Point> {
    let count = f64::from(u32::try_from(radii.len()).unwrap());
    let mut ring: Vec<Point> = (0_u32..)
        .zip(radii)
        .map(|(i, radius)| {
            let angle = std::f64::consts::TAU * f64::from(i) / count;
            [snapped(centre[0] + radius * angle.cos()), snapped(centre[1] + radius * angle.sin())]
        })
        .collect();
    ring.push(ring[0]);
    ring.dedup();
    if flip {
        ring.reverse();
    }
    ring
}

fn to_geo(rings: &[Vec<Point>]) -> Polygon<f64> {
    let line =
        |ring: &Vec<Point>| ring.iter().map(|p| Coord { x: p[0], y: p[1] }).collect::<LineString<f64>>();
    Polygon::new(line(&rings[0]), rings[1..].iter().map(line).collect())
}

/// A star with up to three small holes; only those that `geo` calls valid.
fn polygons() -> impl Strategy<Value = Vec<Vec<Point>>> {
    let shell = prop::collection::vec(0.3..1.0, 3..120);
    let hole = (0.0..std::f64::consts::TAU, prop::collection::vec(0.02..0.1, 3..12), any::<bool>());
    (shell, prop::collection::vec(hole, 0..3), any::<bool>(), prop::sample::select(vec![0.02, 0.5, 4.0]))
        .prop_map(|(radii, holes, flip, size)| {
            let centre = [114.0, 22.5];
            let scaled = |radii: &[f64]| radii.iter().map(|r| r * size).collect::<Vec<_>>();
            let mut rings = vec![star(centre, &scaled(&radii), flip)];
            rings.extend(holes.iter().map(|(angle, radii, flip)| {
                let middle = [centre[0] + 0.17 * size * angle.cos(), centre[1] + 0.17 * size * angle.sin()];
                star(middle, &scaled(radii), *flip)
            }));
            rings
        })
        .prop_filter("valid", |rings| to_geo(rings).is_valid())
}

/// Vertices, middles of edges, points beside them, and the given places in the box.
fn probes(rings: &[Vec<Point>], places: &[(f64, f64)]) -> Vec<Point> {
    let mut points = Vec::new();
    for pair in rings.iter().flat_map(|ring| ring.windows(2)) {
        let middle = [f64::midpoint(pair[0][0], pair[1][0]), f64::midpoint(pair[0][1], pair[1][1])];
        for p in [pair[0], middle] {
            points.push(p);
            for (dx, dy) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
                points.push([p[0] + dx * LATTICE_DEG, p[1] + dy * LATTICE_DEG]);
            }
        }
    }
    let bounds = super::Grid::new(rings).unwrap().bounds();
    let (w, h) = (bounds.east_deg - bounds.west_deg, bounds.north_deg - bounds.south_deg);
    points.extend(places.iter().map(|(x, y)| [bounds.west_deg + x * w, bounds.south_deg + y * h]));
    points
}

fn places() -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop::collection::vec((-0.1..1.1, -0.1..1.1), 50)
}

/// Metres to the nearest edge of all, in the metric at the point.
fn brute_distance(rings: &[Vec<Point>], q: Point) -> f64 {
    let metric = crate::geodesy::LocalMetric::at(q[1]);
    let metres = |p: Point| [(p[0] - q[0]) * metric.east_m_per_deg, (p[1] - q[1]) * metric.north_m_per_deg];
    rings
        .iter()
        .flat_map(|ring| ring.windows(2))
        .map(|pair| super::predicates::distance2_from_origin(metres(pair[0]), metres(pair[1])).sqrt())
        .fold(f64::INFINITY, f64::min)
}

proptest! {
    #[test]
    fn contains_agrees_with_geo(rings in polygons(), places in places()) {
        let (shape, reference) = (Shape::polygons(std::slice::from_ref(&rings)).unwrap(), to_geo(&rings));
        for p in probes(&rings, &places) {
            let expected = reference.intersects(&Coord { x: p[0], y: p[1] });
            prop_assert_eq!(shape.contains(at(p)), expected, "{:?}", p);
        }
    }

    #[test]
    fn distance_agrees_with_brute_force(rings in polygons(), places in places(), within in 1.0..300_000.0) {
        let shape = Shape::polygons(std::slice::from_ref(&rings)).unwrap();
        for p in probes(&rings, &places) {
            let brute = brute_distance(&rings, p);
            let near = |found: f64| (found - brute).abs() <= 1e-6 + 1e-9 * brute;
            prop_assert!(near(shape.boundary_distance_m(at(p), f64::INFINITY)), "{:?} {}", p, brute);
            let found = shape.boundary_distance_m(at(p), within);
            prop_assert!(if brute > within { found.is_infinite() } else { near(found) }, "{:?} {}", p, brute);
        }
    }

    /// A coast of thousands of vertices, with a lagoon: many edges in each cell, of which most are passed over.
    #[test]
    fn distance_to_a_fine_coast_agrees_with_brute_force(
        corners in 1_000_u32..6_000, waves in 1.0..40.0, depth in 0.0..0.5, places in places(),
    ) {
        let ring = |radius: f64, corners: u32| -> Vec<Point> {
            let corner = |n: u32| {
                let angle = f64::from(n % corners) / f64::from(corners) * std::f64::consts::TAU;
                let r = radius * (1.0 - depth * (f64::round(waves) * angle).sin().abs());
                [114.0 + r * angle.cos(), 22.5 + r * angle.sin()]
            };
            (0..=corners).map(corner).collect()
        };
        let rings = vec![ring(0.02, corners), ring(0.005, corners / 3)];
        let shape = Shape::polygons(std::slice::from_ref(&rings)).unwrap();
        for p in probes(&rings, &places).into_iter().step_by(97).chain(places.iter().map(|(x, y)| [113.98 + 0.04 * x, 22.48 + 0.04 * y])) {
            let brute = brute_distance(&rings, p);
            let found = shape.boundary_distance_m(at(p), f64::INFINITY);
            prop_assert!((found - brute).abs() <= 1e-6 + 1e-9 * brute, "{:?} {} {}", p, brute, found);
        }
    }

    #[test]
    fn first_inside_agrees_with_sampling(rings in polygons(), ends in prop::collection::vec((-0.5..1.5, -0.5..1.5), 16)) {
        let shape = Shape::polygons(std::slice::from_ref(&rings)).unwrap();
        let points = probes(&rings, &ends);
        let vertices = points.iter().step_by(10).copied();
        let pairs = vertices.zip(points.iter().rev().copied()).chain(
            points[points.len() - 16..].chunks(2).map(|pair| (pair[0], pair[1])));
        for (from, to) in pairs {
            let along = |t: f64| [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])];
            let steps = 500;
            let sampled = (0..=steps).map(|i| f64::from(i) / f64::from(steps)).find(|t| shape.contains(at(along(*t))));
            let found = shape.first_inside(at(from), at(to));
            match (found, sampled) {
                (Some(t), sampled) => {
                    let metres = offset_m(at(from), at(to));
                    let slack = 1e-3 / metres[0].hypot(metres[1]).max(1e-3);
                    prop_assert!(sampled.is_none_or(|sampled| t <= sampled + slack), "{:?} {:?}", found, sampled);
                    prop_assert!(brute_distance(&rings, along(t)) < 1e-3 || t <= 0.0, "not on the boundary: {}", t);
                }
                (None, sampled) => prop_assert_eq!(sampled, None),
            }
        }
    }
}

#[test]
fn queries_are_total_everywhere() {
    let square = |w: f64, s: f64, e: f64, n: f64| vec![vec![[w, s], [e, s], [e, n], [w, n], [w, s]]];
    let shapes =
        [square(179.0, -1.0, 180.0, 1.0), square(-180.0, -90.0, 180.0, 90.0), square(10.0, 89.0, 20.0, 90.0)];
    let ends = [-180.0, -90.0, 0.0, 10.0, 179.5, 180.0];
    let points: Vec<LatLng> =
        ends.iter().flat_map(|lng| [-90.0, 0.0, 89.5, 90.0].map(|lat| at([*lng, lat]))).collect();
    for shape in shapes.map(|rings| Shape::polygons(&[rings]).unwrap()) {
        for from in &points {
            assert!(shape.boundary_distance_m(*from, f64::INFINITY).is_finite());
            assert!(shape.boundary_distance_m(*from, f64::NAN).is_infinite());
            for to in &points {
                let t = shape.first_inside(*from, *to);
                assert!(t.is_none_or(|t| (0.0..=1.0).contains(&t)), "{from:?} {to:?} {t:?}");
            }
        }
    }
    // Seen from beyond the antimeridian, the zone is near.
    let east = Shape::polygons(&[square(179.0, -1.0, 180.0, 1.0)]).unwrap();
    assert!((east.boundary_distance_m(at([-179.9, 0.0]), 20_000.0) - 11_131.9).abs() < 1.0);
    assert!((east.first_inside(at([-179.5, 0.0]), at([179.5, 0.0])).unwrap() - 0.5).abs() < 1e-9);
}

#[test]
fn memory_is_bounded_by_the_edges() {
    let usual = super::Grid::new(&[star([114.0, 22.5], &[0.5; 300], false)]).unwrap();
    let bytes =
        16 * usual.points.len() + 4 * (usual.heads.len() + usual.entries.len()) + usual.steps_to_edge.len();
    assert!(bytes <= 48 * 300, "{bytes} bytes for 300 edges");
    // Teeth that each cross the whole box: the worst for a grid.
    let mut comb: Vec<Point> =
        (0..5000).map(|i| [114.0 + f64::from(i) * 1e-4, 22.0 + f64::from(i % 2)]).collect();
    comb.extend([[114.6, 21.0], [113.9, 21.0], comb[0]]);
    let grid = super::Grid::new(&[comb]).unwrap();
    assert!(grid.entries.len() <= 8 * 5002 + 64, "{}", grid.entries.len());
    assert!(grid.layout.cells() <= 65_536);
    assert!(grid.contains(at([114.0001, 22.9])) && !grid.contains(at([114.0002, 22.1])));
}

#[test]
fn union_of_parts_and_what_is_no_polygon() {
    let square = |x: f64| vec![vec![[x, 22.0], [x + 0.1, 22.0], [x + 0.1, 22.1], [x, 22.1], [x, 22.0]]];
    let shape = Shape::polygons(&[square(114.0), square(114.05), square(114.5)]).unwrap();
    assert!(shape.contains(at([114.07, 22.05])), "where parts overlap it is inside");
    assert!(!shape.contains(at([114.3, 22.05])));
    assert!(Shape::polygons(&[]).is_none());
    assert!(Shape::polygons(&[vec![]]).is_none());
    assert!(Shape::polygons(&[vec![vec![[114.0, 22.0]; 4]]]).is_none());
    assert!(Shape::polygons(&[vec![vec![[f64::NAN, 22.0], [114.0, 22.0], [114.0, 23.0]]]]).is_none());
    assert!(Shape::polygons(&[vec![vec![[0.0, 95.0], [1.0, 22.0], [114.0, 23.0]]]]).is_none());
}
