//! How a box is cut into cells, and which cells a straight line meets.

use std::ops::ControlFlow;

use crate::geodesy::LocalMetric;

use super::predicates::Point;

/// A cell by column and row.
pub(super) type Cell = [u32; 2];

/// Part of a cell by which a line may miss it and still be counted as meeting it: far over any rounding.
const SLACK: f64 = 1e-4;

/// Equal cells over the box from `[0, 0]` to `size`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// Extent in degrees.
    pub(super) size: Point,
    /// Columns and rows, each at least one.
    pub(super) count: Cell,
    /// Extent of a cell in degrees.
    pub(super) step: Point,
    per_degree: Point,
}

impl Layout {
    /// About `cells` cells, nearly square on the ground at `lat_deg`.
    pub(super) fn new(size: Point, lat_deg: f64, cells: u32) -> Self {
        let metric = LocalMetric::at(lat_deg);
        let (width, height) = (size[0] * metric.east_m_per_deg, size[1] * metric.north_m_per_deg);
        let cells_f = f64::from(cells.max(1));
        let columns = if height > 0.0 { (cells_f * width / height).sqrt() } else { cells_f };
        let columns = floor_below(columns.round(), cells.max(1) + 1).max(1);
        Self::with_count(size, [columns, (cells.max(1) / columns).max(1)])
    }

    pub(super) fn with_count(size: Point, count: Cell) -> Self {
        let step = |size: f64, count: u32| size / f64::from(count);
        let per = |size: f64, count: u32| if size > 0.0 { f64::from(count) / size } else { 0.0 };
        Self {
            size,
            count,
            step: [step(size[0], count[0]), step(size[1], count[1])],
            per_degree: [per(size[0], count[0]), per(size[1], count[1])],
        }
    }

    /// Half as many columns, and half as many rows.
    pub(super) fn halved(&self) -> [Self; 2] {
        let [columns, rows] = self.count;
        [[columns.div_ceil(2), rows], [columns, rows.div_ceil(2)]]
            .map(|count| Self::with_count(self.size, count))
    }

    pub(super) fn cells(&self) -> usize {
        index(self.count[0]).saturating_mul(index(self.count[1]))
    }

    pub(super) fn number(&self, [column, row]: Cell) -> usize {
        index(row).saturating_mul(index(self.count[0])).saturating_add(index(column))
    }

    /// The cell of a point; of a point outside of the box, the nearest cell.
    pub(super) fn cell_of(&self, q: Point) -> Cell {
        [self.column_of(q[0]), self.row_of(q[1])]
    }

    fn column_of(&self, x: f64) -> u32 {
        floor_below(x * self.per_degree[0], self.count[0])
    }

    fn row_of(&self, y: f64) -> u32 {
        floor_below(y * self.per_degree[1], self.count[1])
    }

    pub(super) fn centre(&self, [column, row]: Cell) -> Point {
        [(f64::from(column) + 0.5) * self.step[0], (f64::from(row) + 0.5) * self.step[1]]
    }

    /// Visits every cell that the line from `a` to `b` meets, row by row in the direction of travel.
    pub(super) fn walk(
        &self,
        a: Point,
        b: Point,
        mut visit: impl FnMut(Cell) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let slack = [self.step[0] * SLACK, self.step[1] * SLACK];
        let (south, north) = (a[1].min(b[1]) - slack[1], a[1].max(b[1]) + slack[1]);
        let (first, last) = (self.row_of(south), self.row_of(north));
        for i in 0..=(last - first) {
            let row = if a[1] <= b[1] { first + i } else { last - i };
            let bottom = f64::from(row) * self.step[1] - slack[1];
            let top = bottom + self.step[1] + 2.0 * slack[1];
            // The outermost rows also stand for what lies beyond them.
            let bottom = if row == 0 { south } else { bottom.max(south) };
            let top = if row + 1 == self.count[1] { north } else { top.min(north) };
            let (x0, x1) = (x_at(a, b, bottom), x_at(a, b, top));
            let (left, right) =
                (self.column_of(x0.min(x1) - slack[0]), self.column_of(x0.max(x1) + slack[0]));
            for k in 0..=(right - left) {
                let column = if a[0] <= b[0] { left + k } else { right - k };
                visit([column, row])?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Where along `p → p + d` the line enters a cell, a little early.
    pub(super) fn entry(&self, p: Point, d: Point, [column, row]: Cell) -> f64 {
        let axis = |cell: u32, step: f64, p: f64, d: f64| {
            let near = if d > 0.0 { f64::from(cell) - SLACK } else { f64::from(cell) + 1.0 + SLACK };
            if d.abs() > 0.0 { (near * step - p) / d } else { f64::NEG_INFINITY }
        };
        axis(column, self.step[0], p[0], d[0]).max(axis(row, self.step[1], p[1], d[1]))
    }
}

/// `x` of the line at height `y`, held between its ends.
fn x_at(a: Point, b: Point, y: f64) -> f64 {
    let dy = b[1] - a[1];
    if dy.abs() > 0.0 {
        let at = ((y - a[1]) / dy).clamp(0.0, 1.0);
        a[0] + at * (b[0] - a[0])
    } else if y < a[1] {
        a[0]
    } else {
        b[0]
    }
}

/// Whole part of `value`, held between 0 and `count - 1`.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and not a number becomes 0"
)]
fn floor_below(value: f64, count: u32) -> u32 {
    (value as u32).min(count.saturating_sub(1))
}

/// A 32-bit number as an index.
pub(super) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
