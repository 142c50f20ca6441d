//! The index of one polygon: a grid of cells that know whether they are inside and which edges they meet.

use std::ops::ControlFlow;

use crate::domain::{BoundingBox, LatLng};

use super::layout::{Layout, index};
use super::predicates::{Point, is_left, straddles};

/// Cells an edge. More cells make a point cheaper and a polygon larger in memory (5 bytes a cell).
const CELLS_PER_EDGE: u32 = 2;
/// Of a finer coast than this each two more edges have a cell more: its edges are short, and more are passed over at once.
const FINE_EDGES: u32 = 1_024;
/// Most cells of a polygon.
const CELLS_MAX: u32 = 65_536;
/// Most entries of edges in cells, for each edge. Where edges cross many cells, cells become larger.
const ENTRIES_PER_EDGE: usize = 8;
/// Most positions of a polygon.
const POINTS_MAX: usize = 1 << 24;

/// A polygon with holes, by the even-odd rule over its rings.
#[derive(Debug)]
pub(in crate::airspace) struct Grid {
    pub(super) bounds: BoundingBox,
    pub(super) layout: Layout,
    /// All rings, one after another, as offsets in degrees from the south-western corner of the box.
    pub(super) points: Box<[Point]>,
    /// For each cell, and for one beyond the last: where its edges begin, times two, plus one if its centre is inside.
    pub(super) heads: Box<[u32]>,
    /// The edges of the cells: each the place in `points` of its first end.
    pub(super) entries: Box<[u32]>,
    /// For each cell: how many steps of a king it takes at least to a cell with an edge; 255 stands for more.
    pub(super) steps_to_edge: Box<[u8]>,
    /// No edge reaches farther east or north than this, degrees.
    pub(super) longest: Point,
}

impl Grid {
    /// Indexes closed rings of `[lng, lat]`. `None` if a position is not finite or off the Earth, or all of them lie
    /// on one meridian or parallel.
    pub(in crate::airspace) fn new(rings: &[Vec<Point>]) -> Option<Self> {
        let total: usize = rings.iter().map(Vec::len).sum();
        if total > POINTS_MAX || !rings.iter().flatten().all(|p| LatLng::new(p[1], p[0]).is_ok()) {
            return None;
        }
        let bounds = bounds_of(rings)?;
        let size = [bounds.east_deg - bounds.west_deg, bounds.north_deg - bounds.south_deg];
        if size[0] <= 0.0 || size[1] <= 0.0 {
            return None;
        }
        let local = |p: &Point| [p[0] - bounds.west_deg, p[1] - bounds.south_deg];
        let points: Box<[Point]> = rings.iter().flatten().map(local).collect();
        let edges = edges_of(rings);
        let lat = f64::midpoint(bounds.south_deg, bounds.north_deg);
        let layout = fitting(Layout::new(size, lat, wanted_cells(edges.len())), &points, &edges);

        let (mut heads, entries) = register(&layout, &points, &edges);
        let steps_to_edge = steps_to_edge(&layout, &heads);
        mark_inside(&layout, &points, &edges, &mut heads);
        let longest =
            edges.iter().filter_map(|edge| ends(&points, *edge)).fold([0.0_f64; 2], |longest, (a, b)| {
                [longest[0].max((b[0] - a[0]).abs()), longest[1].max((b[1] - a[1]).abs())]
            });
        let (heads, entries) = (heads.into(), entries.into());
        Some(Self { bounds, layout, points, heads, entries, steps_to_edge, longest })
    }

    pub(in crate::airspace) fn bounds(&self) -> BoundingBox {
        self.bounds
    }

    /// The corners of all rings.
    pub(in crate::airspace) fn corners(&self) -> impl Iterator<Item = Point> + '_ {
        self.points.iter().map(|p| [p[0] + self.bounds.west_deg, p[1] + self.bounds.south_deg])
    }

    /// The rings, each closed, one after another: a ring ends where its first position comes again.
    pub(super) fn rings(&self) -> Vec<Vec<Point>> {
        let (mut rings, mut ring) = (Vec::new(), Vec::<Point>::new());
        for point in self.corners() {
            let is_closing = ring.len() > 1 && ring.first() == Some(&point);
            ring.push(point);
            if is_closing {
                rings.push(std::mem::take(&mut ring));
            }
        }
        rings
    }

    /// For each cell, the edges that meet it, by the place of their first end in the rings laid end to end.
    pub(in crate::airspace) fn edges_by_cell(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.layout.cells()).map(|number| self.cell(number).1)
    }

    /// Whether the centre of a cell is inside, and its edges.
    pub(super) fn cell(&self, number: usize) -> (bool, &[u32]) {
        let head = |number: usize| self.heads.get(number).copied().unwrap_or(0);
        let (this, next) = (head(number), head(number.saturating_add(1)));
        (this & 1 == 1, self.entries.get(index(this >> 1)..index(next >> 1)).unwrap_or(&[]))
    }

    /// The ends of an edge.
    pub(super) fn edge(&self, first_end: u32) -> Option<(Point, Point)> {
        ends(&self.points, first_end)
    }
}

fn bounds_of(rings: &[Vec<Point>]) -> Option<BoundingBox> {
    let mut points = rings.iter().flatten();
    let first = points.next()?;
    let [mut west, mut south] = *first;
    let [mut east, mut north] = *first;
    for p in points {
        west = west.min(p[0]);
        south = south.min(p[1]);
        east = east.max(p[0]);
        north = north.max(p[1]);
    }
    BoundingBox::new([west, south, east, north])
}

/// First ends of the edges: every position but the last of its ring.
fn edges_of(rings: &[Vec<Point>]) -> Vec<u32> {
    let mut edges = Vec::with_capacity(rings.iter().map(Vec::len).sum());
    let mut place = 0_u32;
    for ring in rings {
        for i in 0..ring.len() {
            if i + 1 < ring.len() {
                edges.push(place);
            }
            place = place.saturating_add(1);
        }
    }
    edges
}

fn ends(points: &[Point], first_end: u32) -> Option<(Point, Point)> {
    let at = index(first_end);
    Some((*points.get(at)?, *points.get(at.saturating_add(1))?))
}

fn wanted_cells(edges: usize) -> u32 {
    let edges = u32::try_from(edges).unwrap_or(u32::MAX);
    let fine = edges.saturating_sub(FINE_EDGES) / 2;
    edges.min(FINE_EDGES).saturating_mul(CELLS_PER_EDGE).saturating_add(fine + 16).min(CELLS_MAX)
}

/// The layout, coarsened until the edges have no more entries than allowed.
fn fitting(mut layout: Layout, points: &[Point], edges: &[u32]) -> Layout {
    let allowed = edges.len().saturating_mul(ENTRIES_PER_EDGE).saturating_add(64);
    let sample: Vec<u32> = edges.iter().step_by(edges.len() / 256 + 1).copied().collect();
    while layout.cells() > 1 && entries_of(&layout, points, edges, allowed) > allowed {
        let [fewer_columns, fewer_rows] = layout.halved();
        // Teeth of a comb want cells as tall as they are: halve where it saves more.
        let by_columns = entries_of(&fewer_columns, points, &sample, usize::MAX);
        let by_rows = entries_of(&fewer_rows, points, &sample, usize::MAX);
        layout = if by_columns < by_rows { fewer_columns } else { fewer_rows };
    }
    layout
}

/// How many entries the edges would have; counting stops over `enough`.
fn entries_of(layout: &Layout, points: &[Point], edges: &[u32], enough: usize) -> usize {
    let mut entries = 0_usize;
    for (a, b) in edges.iter().filter_map(|edge| ends(points, *edge)) {
        let counted = layout.walk(a, b, |_| {
            entries += 1;
            if entries > enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if counted.is_break() {
            break;
        }
    }
    entries
}

/// Sorts the edges into the cells: counts, sums up, fills.
fn register(layout: &Layout, points: &[Point], edges: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; layout.cells() + 1];
    each_entry(layout, points, edges, |number, _| {
        if let Some(count) = starts.get_mut(number) {
            *count += 1;
        }
    });
    let mut total = 0_u32;
    for start in &mut starts {
        total += std::mem::replace(start, total);
    }
    let mut next = starts.clone();
    let mut entries = vec![0_u32; index(total)];
    each_entry(layout, points, edges, |number, edge| {
        if let Some(place) = next.get_mut(number) {
            if let Some(entry) = entries.get_mut(index(*place)) {
                *entry = edge;
            }
            *place += 1;
        }
    });
    (starts.into_iter().map(|start| start << 1).collect(), entries)
}

fn each_entry(layout: &Layout, points: &[Point], edges: &[u32], mut entry: impl FnMut(usize, u32)) {
    for edge in edges {
        let Some((a, b)) = ends(points, *edge) else { continue };
        let _walked_to_the_end: ControlFlow<()> = layout.walk(a, b, |cell| {
            entry(layout.number(cell), *edge);
            ControlFlow::Continue(())
        });
    }
}

/// Sets the lowest bit of the head of every cell whose centre is inside: along the middle of each row, inside and
/// outside change at every edge that crosses it.
fn mark_inside(layout: &Layout, points: &[Point], edges: &[u32], heads: &mut [u32]) {
    let [columns, rows] = layout.count;
    // An edge flips all cells of a row whose centres lie right of it; here only the first of them is noted.
    let mut flips = vec![false; layout.cells()];
    for (a, b) in edges.iter().filter_map(|edge| ends(points, *edge)) {
        let first = layout.cell_of([0.0, a[1].min(b[1])])[1];
        let last = layout.cell_of([0.0, a[1].max(b[1])])[1];
        for row in first..=last.min(rows - 1) {
            let y = layout.centre([0, row])[1];
            if !straddles(a[1], b[1], y) {
                continue;
            }
            let is_right = |column: u32| is_left(a, b, layout.centre([column, row])) != (a[1] < b[1]);
            let x = a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]);
            let mut column = layout.cell_of([x, y])[0];
            while 0 < column && is_right(column - 1) {
                column -= 1;
            }
            while column < columns && !is_right(column) {
                column += 1;
            }
            if column < columns
                && let Some(flip) = flips.get_mut(layout.number([column, row]))
            {
                *flip = !*flip;
            }
        }
    }
    for (row, flips) in (0..rows).zip(flips.chunks(index(columns))) {
        let mut inside = false;
        for (column, flip) in (0..columns).zip(flips) {
            inside ^= flip;
            if let Some(head) = heads.get_mut(layout.number([column, row])) {
                *head |= u32::from(inside);
            }
        }
    }
}

/// The chessboard distance of every cell to the nearest cell with an edge, in two sweeps.
fn steps_to_edge(layout: &Layout, heads: &[u32]) -> Box<[u8]> {
    let [columns, rows] = layout.count;
    let mut steps: Box<[u8]> =
        heads.windows(2).map(|pair| if pair.first() == pair.last() { u8::MAX } else { 0 }).collect();
    let mut settle = |column: u32, row: u32, seen: [(u32, u32); 4]| {
        let nearest = seen
            .into_iter()
            .filter(|(column, row)| *column < columns && *row < rows)
            .filter_map(|(column, row)| steps.get(layout.number([column, row])).copied())
            .min()
            .unwrap_or(u8::MAX);
        if let Some(own) = steps.get_mut(layout.number([column, row])) {
            *own = (*own).min(nearest.saturating_add(1));
        }
    };
    for row in 0..rows {
        for column in 0..columns {
            let (west, east, south) = (column.wrapping_sub(1), column + 1, row.wrapping_sub(1));
            settle(column, row, [(west, row), (west, south), (column, south), (east, south)]);
        }
    }
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let (west, east, north) = (column.wrapping_sub(1), column + 1, row + 1);
            settle(column, row, [(east, row), (east, north), (column, north), (west, north)]);
        }
    }
    steps
}
