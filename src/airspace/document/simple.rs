//! Whether the rings of a polygon cross: themselves, or one another; and whether holes are holes.
//!
//! Pairs of edges are compared only where the grid says that they may meet, so that a ring of 10,000 positions takes
//! milliseconds. A set of documents in which far too many may meet is refused rather than looked at for minutes.

use geo::Orientation::{self, Collinear};

use crate::airspace::shape::{Grid, Point, orientation};
use crate::domain::LatLng;

use super::json::Reader;
use super::path::At;
use super::ring::Ring;

/// How two edges meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Meeting {
    /// They cross, or lie on one another.
    Cross,
    /// They have one point in common.
    Touch,
}

/// Edges by number over all rings, and how they meet.
type Found = (Meeting, u32, u32);

/// The index of the polygon; `None` if it is none.
pub(super) fn check(rings: &[Ring], at: &At<'_>, reader: &mut Reader<'_>) -> Option<Grid> {
    let points: Vec<Vec<Point>> = rings.iter().map(|ring| ring.points.clone()).collect();
    let Some(grid) = Grid::new(&points) else {
        let (en, zh) = ("the polygon has no extent", "多边形没有范围");
        return reader.refuse(at, en, zh);
    };
    let edges = Edges { points: points.concat(), ends: ring_ends(&points) };
    match edges.first_meeting(&grid, &mut reader.limits.comparisons) {
        Err(TooMany) => {
            let (en, zh) = (
                "the edges run too close together to be checked; simplify the polygon",
                "边线过于密集，无法检查，请简化多边形",
            );
            return reader.refuse(at, en, zh);
        }
        Ok(Some(found)) => tell(&edges, rings, found, at, reader)?,
        Ok(None) => {}
    }
    if rings.len() > 1 {
        holes_are_inside(&points, at, reader)?;
    }
    Some(grid)
}

/// Names the place at which edges meet: an error where they cross.
fn tell(
    edges: &Edges,
    rings: &[Ring],
    (meeting, first, second): Found,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Option<()> {
    let (ring, other) = (edges.ring_of(first), edges.ring_of(second));
    let ring_at = at.item(ring);
    let place = |ring: usize, edge: u32| {
        let start = ring.checked_sub(1).and_then(|before| edges.ends.get(before)).copied().unwrap_or(0);
        let within = usize::try_from(edge - start).unwrap_or(usize::MAX);
        rings.get(ring).and_then(|ring| ring.places.get(within)).copied().unwrap_or(0)
    };
    let (i, k) = (place(ring, first), place(other, second));
    let at = ring_at.item(i);
    match (meeting, ring == other) {
        (Meeting::Cross, true) => reader.refuse(
            &at,
            format!("the ring crosses itself: the edges from positions {i} and {k} meet; check the order of positions"),
            format!("环自相交：自第 {i} 与第 {k} 个位置起的边相交，请检查位置顺序"),
        ),
        (Meeting::Cross, false) => reader.refuse(
            &at,
            format!("ring {ring} crosses ring {other}, where its edge from position {k} is; holes must lie inside the shell and apart"),
            format!("第 {ring} 环与第 {other} 环相交（后者自第 {k} 个位置起的边）；孔须在外环之内且互不重叠"),
        ),
        (Meeting::Touch, true) => {
            reader.warn(
                &at,
                format!("the ring touches itself: the edges from positions {i} and {k} have a point in common"),
                format!("环与自身相接：自第 {i} 与第 {k} 个位置起的边有公共点"),
            );
            Some(())
        }
        (Meeting::Touch, false) => Some(()),
    }
}

/// Given that no rings cross: every hole is in the shell and in no other hole.
fn holes_are_inside(rings: &[Vec<Point>], at: &At<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let grids: Option<Vec<Grid>> = rings.iter().map(|ring| Grid::new(std::slice::from_ref(ring))).collect();
    let (grids, mut complete) = (grids?, Some(()));
    for (i, hole) in rings.iter().enumerate().skip(1) {
        if !grids.first().is_some_and(|shell| covers(shell, hole)) {
            let (en, zh) = ("the hole lies outside of the shell", "孔位于外环之外");
            complete = reader.refuse(&at.item(i), en, zh);
        }
    }
    for (i, outer) in grids.iter().enumerate().skip(1) {
        reader.limits.comparisons =
            reader.limits.comparisons.saturating_sub(u64::try_from(rings.len()).unwrap_or(u64::MAX));
        if reader.limits.comparisons == 0 {
            let (en, zh) = ("there are too many holes to be checked", "孔过多，无法检查");
            return reader.refuse(at, en, zh);
        }
        let inner = rings.iter().enumerate().skip(1).find(|(k, ring)| *k != i && covers(outer, ring));
        if let Some((k, _)) = inner {
            complete = reader.refuse(
                &at.item(k),
                format!("the hole lies inside of hole {i}"),
                format!("该孔位于第 {i} 环（孔）之内"),
            );
        }
    }
    complete
}

/// Whether all of a ring that does not cross the grid's is inside of it.
fn covers(outer: &Grid, ring: &[Point]) -> bool {
    let inside = |p: Point| LatLng::new(p[1], p[0]).is_ok_and(|p| outer.contains(p));
    ring.windows(2).all(|pair| {
        let [a, b] = pair else { return true };
        inside(*a) && inside([f64::midpoint(a[0], b[0]), f64::midpoint(a[1], b[1])])
    })
}

/// The budget of comparisons is used up.
struct TooMany;

/// All rings end to end. An edge is named by the place of its first end.
struct Edges {
    points: Vec<Point>,
    /// Where each ring ends, beyond its last position.
    ends: Vec<u32>,
}

fn ring_ends(rings: &[Vec<Point>]) -> Vec<u32> {
    let ends = rings.iter().scan(0_u32, |end, ring| {
        *end = end.saturating_add(u32::try_from(ring.len()).unwrap_or(u32::MAX));
        Some(*end)
    });
    ends.collect()
}

impl Edges {
    /// The worst meeting of two edges that are not neighbours, and of those the one with the first edges.
    fn first_meeting(&self, grid: &Grid, budget: &mut u64) -> Result<Option<Found>, TooMany> {
        let mut worst: Option<Found> = None;
        for cell in grid.edges_by_cell() {
            let pairs = u64::try_from(cell.len()).unwrap_or(u64::MAX);
            *budget = budget.checked_sub(pairs.saturating_mul(pairs) / 2).ok_or(TooMany)?;
            for (i, first) in cell.iter().enumerate() {
                for second in cell.iter().skip(i + 1) {
                    if let Some(meeting) = self.meeting(*first, *second) {
                        let found = (meeting, *first.min(second), *first.max(second));
                        worst = Some(worst.map_or(found, |worst| worst.min(found)));
                    }
                }
            }
        }
        Ok(worst)
    }

    fn meeting(&self, first: u32, second: u32) -> Option<Meeting> {
        let [(a, b), (c, d)] = [self.edge(first)?, self.edge(second)?];
        let apart = |i: usize| {
            let at = |p: Point| p.get(i).copied().unwrap_or_default();
            at(a).max(at(b)) < at(c).min(at(d)) || at(c).max(at(d)) < at(a).min(at(b))
        };
        if apart(0) || apart(1) {
            return None;
        }
        let [oc, od] = [orientation(a, b, c), orientation(a, b, d)];
        let [oa, ob] = [orientation(c, d, a), orientation(c, d, b)];
        if oc == Collinear && od == Collinear {
            return overlap(a, b, c, d)
                .or_else(|| (!self.are_neighbours(first, second)).then_some(Meeting::Touch));
        }
        if are_opposite(oc, od) && are_opposite(oa, ob) {
            return Some(Meeting::Cross);
        }
        // An end of one is on the other, if anything; between neighbours that is their corner.
        let reaches = (oc == Collinear || od == Collinear || are_opposite(oc, od))
            && (oa == Collinear || ob == Collinear || are_opposite(oa, ob));
        (reaches && !self.are_neighbours(first, second)).then_some(Meeting::Touch)
    }

    fn edge(&self, first_end: u32) -> Option<(Point, Point)> {
        let at = usize::try_from(first_end).ok()?;
        Some((*self.points.get(at)?, *self.points.get(at + 1)?))
    }

    fn ring_of(&self, edge: u32) -> usize {
        self.ends.partition_point(|end| *end <= edge)
    }

    /// Whether one edge follows the other in its ring.
    fn are_neighbours(&self, first: u32, second: u32) -> bool {
        let (first, second) = (first.min(second), first.max(second));
        let ring = self.ring_of(first);
        if ring != self.ring_of(second) {
            return false;
        }
        let start = ring.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(ring).copied().unwrap_or(0);
        first + 1 == second || (first == start && second + 2 == end)
    }
}

fn are_opposite(a: Orientation, b: Orientation) -> bool {
    a != b && a != Collinear && b != Collinear
}

/// Whether two edges on one line have more than a point in common. Their boxes meet.
fn overlap(a: Point, b: Point, c: Point, d: Point) -> Option<Meeting> {
    let common = |i: usize| {
        let at = |p: Point| p.get(i).copied().unwrap_or_default();
        at(a).max(at(b)).min(at(c).max(at(d))) - at(a).min(at(b)).max(at(c).min(at(d)))
    };
    (common(0) > 0.0 || common(1) > 0.0).then_some(Meeting::Cross)
}

#[cfg(test)]
mod tests {
    use geo::{Coord, LineString, Polygon, Validation};
    use proptest::prelude::*;

    use super::*;
    use crate::airspace::document::json::Limits;

    fn accepted(rings: &[Vec<Point>]) -> (bool, bool) {
        let rings: Vec<Ring> = rings
            .iter()
            .map(|points| Ring { points: points.clone(), places: (0..points.len()).collect() })
            .collect();
        let mut limits = Limits::default();
        let mut reader = Reader::new("z", &mut limits, crate::airspace::Reading::default());
        let accepted = check(&rings, &At::ROOT, &mut reader).is_some() && reader.report.errors() == 0;
        (accepted, reader.report.warnings() > 0)
    }

    fn valid_to_geo(rings: &[Vec<Point>]) -> bool {
        let line =
            |ring: &Vec<Point>| ring.iter().map(|p| Coord { x: p[0], y: p[1] }).collect::<LineString<f64>>();
        Polygon::new(line(&rings[0]), rings[1..].iter().map(line).collect()).is_valid()
    }

    /// Closed rings over a small lattice, where corners often lie on edges and edges on one another.
    fn ring(corners: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Point>> {
        prop::collection::vec((0..12_i32, 0..12_i32), corners)
            .prop_map(|corners| {
                let mut ring: Vec<Point> = corners
                    .into_iter()
                    .map(|(x, y)| [114.0 + f64::from(x) / 64.0, 22.0 + f64::from(y) / 64.0])
                    .collect();
                ring.push(ring[0]);
                ring.dedup();
                ring
            })
            .prop_filter("encloses", |ring| {
                let area: f64 = ring
                    .windows(2)
                    .map(|p| (p[0][0] - 114.0) * (p[1][1] - 22.0) - (p[1][0] - 114.0) * (p[0][1] - 22.0))
                    .sum();
                ring.len() >= 4 && area.abs() > 1e-6
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        /// What `geo` calls valid is accepted in silence; what it calls invalid is refused, but for rings that
        /// only touch themselves, which are warned about.
        #[test]
        fn rings_agree_with_geo(shell in ring(3..8)) {
            let rings = [shell];
            let (accepted, warned) = accepted(&rings);
            prop_assert_eq!(accepted && !warned, valid_to_geo(&rings), "{:?}", rings);
        }

        /// The same for holes. `geo` also refuses what is left by holes that cut the inside in two, which is harmless.
        #[test]
        fn what_geo_accepts_is_accepted(shell in ring(3..6), holes in prop::collection::vec(ring(3..4), 1..3)) {
            let mut rings = vec![shell];
            rings.extend(holes);
            let (accepted, _) = accepted(&rings);
            prop_assert!(accepted || !valid_to_geo(&rings), "{:?}", rings);
        }
    }
}
