//! The ground: elevations above mean sea level from tiles of a terrain model.
//!
//! A tile is an SRTM `.hgt`, or any grid in degrees. Their heights are taken as above EGM96; those of a model on EGM2008
//! differ by up to about 1 m. Between the nodes elevation is bilinear; where a node is void there is none.

mod hgt;
#[cfg(test)]
mod tests;

use crate::domain::{BoundingBox, LatLng};

/// Most nodes of one tile: 1 degree of 1 second has 13 million.
pub const NODES_MAX: usize = 64 << 20;

/// Why bytes are no tile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// The name of an `.hgt` file is its corner.
    #[error("`{0}` does not name its south-western corner, such as N22E114.hgt")]
    Name(String),
    /// The number of bytes, or of nodes, fits no grid.
    #[error("{0} bytes or nodes are no square of 16-bit elevations, or no grid")]
    Size(usize),
}

/// A grid of elevations, row by row from the north, each from the west.
#[derive(Debug, Clone, PartialEq)]
struct Tile {
    /// From the first to the last node.
    bounds: BoundingBox,
    columns: usize,
    rows: usize,
    /// Metres; not a number where void.
    nodes: Box<[f32]>,
}

/// Elevations of the ground from any number of tiles.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ElevationModel {
    tiles: Vec<Tile>,
}

impl ElevationModel {
    /// Adds an SRTM tile: `name` is that of its file, `N22E114.hgt`; its grid may have any number of nodes.
    pub fn add_hgt(&mut self, name: &str, bytes: &[u8]) -> Result<(), TileError> {
        self.tiles.push(hgt::read(name, bytes)?);
        Ok(())
    }

    /// Adds a grid: columns and rows of metres, row by row from the north, each from the west, not a number where
    /// void. `bounds` are from the first to the last node.
    pub fn add_grid(
        &mut self,
        bounds: BoundingBox,
        [columns, rows]: [usize; 2],
        nodes: Vec<f32>,
    ) -> Result<(), TileError> {
        let size = TileError::Size(nodes.len());
        self.tiles.push(Tile::new(bounds, columns, rows, nodes).ok_or(size)?);
        Ok(())
    }

    /// How many tiles there are.
    pub fn tiles(&self) -> usize {
        self.tiles.len()
    }

    /// Metres above mean sea level; `None` outside of every tile and where it is void. Where tiles overlap, the first
    /// that was added is taken.
    pub fn elevation_m(&self, at: LatLng) -> Option<f64> {
        self.tiles.iter().filter(|tile| tile.bounds.contains(at)).find_map(|tile| tile.elevation_m(at))
    }
}

impl Tile {
    fn new(bounds: BoundingBox, columns: usize, rows: usize, nodes: Vec<f32>) -> Option<Self> {
        let fits = columns >= 2 && rows >= 2 && columns.checked_mul(rows) == Some(nodes.len());
        fits.then(|| Self { bounds, columns, rows, nodes: nodes.into() })
    }

    fn elevation_m(&self, at: LatLng) -> Option<f64> {
        let BoundingBox { west_deg, south_deg, east_deg, north_deg } = self.bounds;
        let (column, east) = place((at.lng_deg() - west_deg) / (east_deg - west_deg), self.columns);
        let (row, south) = place((north_deg - at.lat_deg()) / (north_deg - south_deg), self.rows);
        let along = |row: usize| {
            let (west_m, east_m) = (self.node(row, column)?, self.node(row, column + 1)?);
            Some(west_m + (east_m - west_m) * east)
        };
        let (north_m, south_m) = (along(row)?, along(row + 1)?);
        Some(north_m + (south_m - north_m) * south).filter(|metres| metres.is_finite())
    }

    fn node(&self, row: usize, column: usize) -> Option<f64> {
        self.nodes.get(row * self.columns + column).copied().map(f64::from)
    }
}

/// The node before a share of the extent, at most the last but one, and how far it is past that node.
fn place(share: f64, nodes: usize) -> (usize, f64) {
    let steps = nodes - 1;
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "at most 64 million; a float cast saturates, and the result is held to the grid"
    )]
    let (coordinate, node) = (share * steps as f64, ((share * steps as f64) as usize).min(steps - 1));
    #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "at most 64 million")]
    let rest = coordinate - node as f64;
    (node, rest)
}
