//! Reads a folder of terrain tiles: every `*.hgt`, `*.tif` and `*.tiff` in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::geodesy::ElevationModel;

use super::geotiff;

/// Largest tile, bytes.
const FILE_LEN_MAX: u64 = 256 << 20;
/// All tiles together, bytes.
const TOTAL_LEN_MAX: u64 = 1 << 30;

/// Why the terrain cannot be used. It says how high everybody is: half of it is none.
#[derive(Debug, thiserror::Error)]
pub enum TerrainError {
    /// The folder or a file cannot be read.
    #[error("terrain {} cannot be read: {reason}; correct [terrain] dir, or leave it out for flat ground", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A file is no tile.
    #[error("terrain tile {}: {reason}; replace it or take it away", .path.display())]
    Tile {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// No tile is there.
    #[error("terrain folder {} has no *.hgt or *.tif file; leave [terrain] dir out for flat ground", .0.display())]
    Empty(PathBuf),
}

/// The model of a folder; `None` without one.
pub fn model(dir: Option<&Path>) -> Result<Option<Arc<ElevationModel>>, TerrainError> {
    let Some(dir) = dir else { return Ok(None) };
    let cannot = |path: &Path, reason: String| TerrainError::Read { path: path.to_owned(), reason };
    let entries = fs::read_dir(dir).map_err(|error| cannot(dir, error.to_string()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let mut model = ElevationModel::default();
    let mut total = 0;
    for path in paths {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        let is_hgt = match ending.as_deref() {
            Some("hgt") => true,
            Some("tif" | "tiff") => false,
            Some(_) | None => continue,
        };
        let meta = fs::metadata(&path).map_err(|error| cannot(&path, error.to_string()))?;
        total += meta.len();
        if !meta.is_file() || FILE_LEN_MAX < meta.len() || TOTAL_LEN_MAX < total {
            return Err(cannot(&path, "no file, over 256 MiB, or over 1 GiB in all".into()));
        }
        let bytes = fs::read(&path).map_err(|error| cannot(&path, error.to_string()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let added = if is_hgt {
            model.add_hgt(&name, &bytes).map_err(|error| error.to_string())
        } else {
            geotiff::add(&mut model, &bytes).map_err(|error| error.to_string())
        };
        added.map_err(|reason| TerrainError::Tile { path, reason })?;
    }
    if model.tiles() == 0 {
        return Err(TerrainError::Empty(dir.to_owned()));
    }
    Ok(Some(Arc::new(model)))
}
