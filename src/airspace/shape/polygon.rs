//! What is asked of a polygon, answered from its grid.

use std::hint::black_box;
use std::ops::ControlFlow;

use crate::domain::{LatLng, wrap_longitude};
use crate::geodesy::LocalMetric;

use super::grid::Grid;
use super::layout::Cell;
use super::predicates::{Point, distance2_from_origin, first_touch, is_left, is_on, straddles};

impl Grid {
    /// Whether the point is inside or on the boundary.
    pub(in crate::airspace) fn contains(&self, point: LatLng) -> bool {
        self.bounds.contains(point) && self.covers(self.local(point))
    }

    /// Reads what the other questions will read of this polygon at the step `depth`.
    pub(super) fn fetch(&self, points: [LatLng; 2], depth: u8) {
        if depth == 0 {
            black_box((self.bounds, self.layout));
            black_box((self.points.len(), self.heads.len(), self.entries.len(), self.steps_to_edge.len()));
            return;
        }
        for point in points {
            let number = self.layout.number(self.layout.cell_of(self.local(point)));
            if depth == 1 {
                black_box((self.heads.get(number).copied(), self.steps_to_edge.get(number).copied()));
                continue;
            }
            let mut edges = self.cell(number).1.iter();
            if depth == 2 {
                black_box(edges.next().copied());
            } else {
                edges.for_each(|edge| {
                    black_box(self.edge(*edge));
                });
            }
        }
    }

    /// From the centre of its cell, of which it is known whether it is inside, to the point, north or south first and
    /// then east or west: each edge crossed on the way changes sides. Only edges of this cell can be crossed.
    fn covers(&self, q: Point) -> bool {
        let cell = self.layout.cell_of(q);
        let (mut inside, edges) = self.cell(self.layout.number(cell));
        if edges.is_empty() {
            return inside;
        }
        let centre = self.layout.centre(cell);
        let corner = [centre[0], q[1]];
        for (a, b) in edges.iter().filter_map(|edge| self.edge(*edge)) {
            if is_on(a, b, q) {
                return true;
            }
            if straddles(a[0], b[0], centre[0]) {
                inside ^= is_left(a, b, centre) != is_left(a, b, corner);
            }
            if straddles(a[1], b[1], q[1]) {
                inside ^= is_left(a, b, corner) != is_left(a, b, q);
            }
        }
        inside
    }

    /// Metres to the nearest edge in the metric at the point; infinite if over `within_m`.
    pub(super) fn boundary_distance_m(&self, point: LatLng, within_m: f64) -> f64 {
        let q = self.local_wrapped(point);
        let metric = LocalMetric::at(point.lat_deg());
        let scale = [metric.east_m_per_deg, metric.north_m_per_deg];
        let gap = [
            outside_by(q[0], self.layout.size[0]) * scale[0],
            outside_by(q[1], self.layout.size[1]) * scale[1],
        ];
        if within_m.is_nan() || gap[0].hypot(gap[1]) > within_m {
            return f64::INFINITY;
        }
        let [column, row] = self.layout.cell_of(q);
        let [columns, rows] = self.layout.count;
        let home = self.layout.number([column, row]);
        let first_ring = u32::from(self.steps_to_edge.get(home).copied().unwrap_or(0));
        let mut nearest2 = f64::INFINITY;
        let longest_m = (self.longest[0] * scale[0]).hypot(self.longest[1] * scale[1]);
        for ring in first_ring..columns.max(rows) {
            if self.nothing_nearer_than(q, [column, row], ring, scale, gap)
                > nearest2.min(within_m * within_m)
            {
                break;
            }
            self.for_ring([column, row], ring, |cell| {
                // The parts of its edges that lie in other cells are found there.
                if nearest2 < self.distance2_to(cell, q, scale) {
                    return;
                }
                let (_, edges) = self.cell(self.layout.number(cell));
                let mut at = 0;
                while let Some(&edge) = edges.get(at) {
                    at += 1;
                    let Some((a, b)) = self.edge(edge) else { continue };
                    let metres = |p: Point| [(p[0] - q[0]) * scale[0], (p[1] - q[1]) * scale[1]];
                    let distance2 = distance2_from_origin(metres(a), metres(b));
                    nearest2 = nearest2.min(distance2);
                    at += farther(edges.get(at..).unwrap_or(&[]), edge, (distance2, nearest2), longest_m);
                }
            });
        }
        let nearest = nearest2.sqrt();
        if nearest <= within_m { nearest } else { f64::INFINITY }
    }

    /// The square of a distance under which no edge can lie that is not in the rings before `ring`: to the sides of the block of
    /// cells that these cover, where there are cells beyond.
    fn nothing_nearer_than(&self, q: Point, home: Cell, ring: u32, scale: Point, gap: Point) -> f64 {
        if ring == 0 {
            return 0.0;
        }
        let side = |home: u32, count: u32, step: f64, q: f64| {
            let low = if ring <= home { q - f64::from(home - ring + 1) * step } else { f64::INFINITY };
            let high = if home + ring < count { f64::from(home + ring) * step - q } else { f64::INFINITY };
            low.min(high).max(0.0)
        };
        let [columns, rows] = self.layout.count;
        let east = side(home[0], columns, self.layout.step[0], q[0]) * scale[0];
        let north = side(home[1], rows, self.layout.step[1], q[1]) * scale[1];
        (east * east + gap[1] * gap[1]).min(north * north + gap[0] * gap[0])
    }

    /// The square of the distance from a point to a cell, square metres.
    fn distance2_to(&self, [column, row]: Cell, q: Point, scale: Point) -> f64 {
        let gap = |cell: u32, step: f64, q: f64| {
            (f64::from(cell) * step - q).max(q - f64::from(cell + 1) * step).max(0.0)
        };
        let east_m = gap(column, self.layout.step[0], q[0]) * scale[0];
        let north_m = gap(row, self.layout.step[1], q[1]) * scale[1];
        east_m * east_m + north_m * north_m
    }

    /// Visits the cells at `ring` steps of a king from `home`, but for such as are known to have no edge.
    fn for_ring(&self, [column, row]: Cell, ring: u32, mut visit: impl FnMut(Cell)) {
        let [columns, rows] = self.layout.count;
        let (west, east) = (column.saturating_sub(ring), (column + ring).min(columns - 1));
        let (south, north) = (row.saturating_sub(ring), (row + ring).min(rows - 1));
        // Visits a cell; so many steps on is the next one that can have an edge.
        let mut step_from = |cell: Cell| {
            visit(cell);
            u32::from(self.steps_to_edge.get(self.layout.number(cell)).copied().unwrap_or(0)).max(1)
        };
        let mut y = south;
        while y <= north {
            if y.abs_diff(row) == ring {
                let mut x = west;
                while x <= east {
                    x += step_from([x, y]);
                }
                y += 1;
                continue;
            }
            let left = (ring <= column).then(|| step_from([column - ring, y]));
            let right = (0 < ring && column + ring < columns).then(|| step_from([column + ring, y]));
            let free = left.into_iter().chain(right).min().unwrap_or(rows);
            // The last row of the ring is visited along its whole length.
            y = (y + free).min((row + ring).max(y + 1));
        }
    }

    /// How far along the path the first inside point is.
    pub(super) fn first_inside(&self, from: LatLng, to: LatLng) -> Option<f64> {
        if self.contains(from) {
            return Some(0.0);
        }
        let p = self.local_wrapped(from);
        let d = [wrap_longitude(to.lng_deg() - from.lng_deg()), to.lat_deg() - from.lat_deg()];
        let touched = self.clip(p, d).and_then(|[start, end]| {
            let mut first = f64::INFINITY;
            let along = |at: f64| [p[0] + at * d[0], p[1] + at * d[1]];
            let _stopped_early: ControlFlow<()> = self.layout.walk(along(start), along(end), |cell| {
                if first < self.layout.entry(p, d, cell) {
                    return ControlFlow::Break(());
                }
                let edges = self.cell(self.layout.number(cell)).1.iter();
                for (a, b) in edges.filter_map(|edge| self.edge(*edge)) {
                    first = first_touch(p, d, a, b).map_or(first, |at| first.min(at));
                }
                ControlFlow::Continue(())
            });
            first.is_finite().then_some(first)
        });
        // Rounding at the very end of the path must not lose an entry.
        touched.or_else(|| self.contains(to).then_some(1.0))
    }

    /// The part of a path that is in the box, which is taken a little larger.
    fn clip(&self, p: Point, d: Point) -> Option<[f64; 2]> {
        let axis = |p: f64, d: f64, size: f64| {
            let slack = size * 1e-9 + 1e-9;
            if d.abs() > 0.0 {
                let (a, b) = ((-slack - p) / d, (size + slack - p) / d);
                (a.min(b), a.max(b))
            } else if -slack <= p && p <= size + slack {
                (f64::NEG_INFINITY, f64::INFINITY)
            } else {
                (f64::INFINITY, f64::NEG_INFINITY)
            }
        };
        let (x0, x1) = axis(p[0], d[0], self.layout.size[0]);
        let (y0, y1) = axis(p[1], d[1], self.layout.size[1]);
        let (start, end) = (x0.max(y0).max(0.0), x1.min(y1).min(1.0));
        (start <= end).then_some([start, end])
    }

    fn local(&self, point: LatLng) -> Point {
        [point.lng_deg() - self.bounds.west_deg, point.lat_deg() - self.bounds.south_deg]
    }

    /// As [`Self::local`], by the short way round the Earth.
    fn local_wrapped(&self, point: LatLng) -> Point {
        let half = self.layout.size[0] / 2.0;
        let x = point.lng_deg() - self.bounds.west_deg;
        let wrapped = if (x - half).abs() <= 180.0 { x } else { wrap_longitude(x - half) + half };
        [wrapped, point.lat_deg() - self.bounds.south_deg]
    }
}

/// How far `q` is outside of 0 to `size`.
fn outside_by(q: f64, size: f64) -> f64 {
    (-q).max(q - size).max(0.0)
}

/// How many of the edges `after` one at a distance are known to be farther than the nearest: a chain cannot come nearer in
/// fewer edges than their longest needs for the difference. Distances are squared, square metres.
fn farther(after: &[u32], edge: u32, (distance2, nearest2): (f64, f64), longest_m: f64) -> usize {
    let steps = (distance2.sqrt() - nearest2.sqrt()) / longest_m - 1.0;
    if steps.is_nan() || steps < 1.0 {
        return 0;
    }
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and a float cast saturates"
    )]
    let count = (steps as u32).min(u32::try_from(after.len()).unwrap_or(u32::MAX));
    // Only of a chain without a gap is anything known.
    let last = usize::try_from(count).ok().and_then(|count| after.get(count.checked_sub(1)?));
    if last == Some(&edge.saturating_add(count)) { usize::try_from(count).unwrap_or(0) } else { 0 }
}
