//! The questions about a point and an edge that everything else rests on.

use geo::{Coord, Kernel, Orientation, kernels::RobustKernel};

/// `[x, y]`: degrees of longitude and latitude, or their offsets from a polygon's corner.
pub(in crate::airspace) type Point = [f64; 2];

/// A point this close to an edge is on it. 1e-10 degrees are 0.01 mm, the rounding of a coordinate with ten decimals.
const ON_EDGE_DEG: f64 = 1e-10;

/// The exact side of `a → b` on which `q` lies.
pub(in crate::airspace) fn orientation(a: Point, b: Point, q: Point) -> Orientation {
    let coord = |p: Point| Coord { x: p[0], y: p[1] };
    RobustKernel::orient2d(coord(a), coord(b), coord(q))
}

/// Whether `q`, moved by an infinitesimal step east and an infinitely smaller one north, lies left of `a → b`.
/// With the step no point lies on a line, so that crossings can be counted without special cases.
pub(super) fn is_left(a: Point, b: Point, q: Point) -> bool {
    match orientation(a, b, q) {
        Orientation::CounterClockwise => true,
        Orientation::Clockwise => false,
        Orientation::Collinear => b[1] < a[1] || (b[1] <= a[1] && a[0] < b[0]),
    }
}

/// Whether an edge from `a` to `b` crosses the line at `at`, moved by the same infinitesimal step.
pub(super) fn straddles(a: f64, b: f64, at: f64) -> bool {
    (a <= at) != (b <= at)
}

/// Whether `q` lies on the edge.
pub(super) fn is_on(a: Point, b: Point, q: Point) -> bool {
    let between = |i: usize, a: f64, b: f64, q: [f64; 2]| {
        q.get(i).is_some_and(|q| a.min(b) - ON_EDGE_DEG <= *q && *q <= a.max(b) + ON_EDGE_DEG)
    };
    if !(between(0, a[0], b[0], q) && between(1, a[1], b[1], q)) {
        return false;
    }
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let cross = dx * (q[1] - a[1]) - dy * (q[0] - a[0]);
    cross * cross <= ON_EDGE_DEG * ON_EDGE_DEG * (dx * dx + dy * dy)
}

/// Where along `p → p + d` (0 to 1) the edge is first touched.
pub(super) fn first_touch(p: Point, d: Point, a: Point, b: Point) -> Option<f64> {
    let edge = [b[0] - a[0], b[1] - a[1]];
    let to_a = [a[0] - p[0], a[1] - p[1]];
    let (d_len, e_len) = (d[0].hypot(d[1]), edge[0].hypot(edge[1]));
    if d_len <= 0.0 {
        return is_on(a, b, p).then_some(0.0);
    }
    let at_slack = ON_EDGE_DEG / d_len;
    let across = cross(d, edge);
    let inside = |at: f64| (-at_slack <= at && at <= 1.0 + at_slack).then(|| at.clamp(0.0, 1.0));
    if across.abs() > 1e-12 * d_len * e_len {
        let on_edge = cross(to_a, d) / across;
        let edge_slack = ON_EDGE_DEG / e_len;
        return (-edge_slack <= on_edge && on_edge <= 1.0 + edge_slack)
            .then(|| cross(to_a, edge) / across)
            .and_then(inside);
    }
    // Parallel: they meet only if they lie on one line, first at an end of the edge or at the start of the path.
    if cross(to_a, d).abs() > ON_EDGE_DEG * d_len {
        return None;
    }
    let at = |q: Point| ((q[0] - p[0]) * d[0] + (q[1] - p[1]) * d[1]) / (d_len * d_len);
    let (first, last) = (at(a).min(at(b)), at(a).max(at(b)));
    if first <= 0.0 && 0.0 <= last { Some(0.0) } else { inside(first) }
}

fn cross(a: Point, b: Point) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

/// Distance from the origin to the nearest point of the edge.
pub(super) fn distance_from_origin(a: Point, b: Point) -> f64 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let length2 = dx * dx + dy * dy;
    let at = if length2 > 0.0 { (-(a[0] * dx + a[1] * dy) / length2).clamp(0.0, 1.0) } else { 0.0 };
    (a[0] + at * dx).hypot(a[1] + at * dy)
}
