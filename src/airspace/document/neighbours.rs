//! Whether a document looks shifted against its neighbours: drawn on a Chinese web map and taken for WGS 84.
//!
//! Zones share corners: districts meet, an aerodrome is described twice. Where many corners of a document lie on none of
//! another, but would after the shift of GCJ-02 or BD-09 is taken away, that is no chance.

use std::collections::BTreeMap;

use crate::airspace::shape::Point;
use crate::airspace::zone::Zone;

use super::crs::Crs;
/// Corners this close are one, degrees: some 20 m.
const SAME_DEG: f64 = 2e-4;
/// Fewer corners that meet after the shift may be chance.
const MEETING_MIN: usize = 4;
/// So many times more corners must meet after the shift than before.
const TIMES: usize = 4;
/// Most corners of a document that are looked at; of more, every so many.
const CORNERS_MAX: usize = 20_000;

/// A document that looks shifted.
pub(super) struct Suspicion {
    /// Its place among the documents.
    pub(super) document: usize,
    /// What it looks drawn on.
    pub(super) map: &'static str,
    /// How many of its corners would lie on those of others.
    pub(super) meeting: usize,
    /// Whose.
    pub(super) neighbour: usize,
}

type Cell = (i64, i64);

/// Documents that look shifted against one of the others; `zones` are those of each document.
pub(super) fn suspicions(zones: &[Vec<Point>]) -> Vec<Suspicion> {
    let filled = zones.iter().filter(|corners| corners.len() >= MEETING_MIN).count();
    if filled < 2 {
        return Vec::new();
    }
    let thinned: Vec<Vec<Point>> = zones
        .iter()
        .map(|corners| corners.iter().step_by(corners.len() / CORNERS_MAX + 1).copied().collect())
        .collect();
    // For each cell, whose corners are in it.
    let mut owners: BTreeMap<Cell, Vec<usize>> = BTreeMap::new();
    for (document, corners) in thinned.iter().enumerate() {
        for corner in corners {
            let owners = owners.entry(cell(*corner)).or_default();
            if owners.last() != Some(&document) {
                owners.push(document);
            }
        }
    }
    let maps = [(Crs::Gcj02, "GCJ-02"), (Crs::Bd09, "BD-09")];
    let mut found = Vec::new();
    for (document, corners) in thinned.iter().enumerate() {
        let before = meeting(document, corners.iter().copied(), &owners);
        let best = maps
            .iter()
            .flat_map(|(crs, map)| {
                let after = meeting(document, corners.iter().map(|corner| crs.to_wgs84(*corner)), &owners);
                after.into_iter().map(move |(neighbour, count)| (count, neighbour, *map))
            })
            .max_by_key(|(count, neighbour, _)| (*count, std::cmp::Reverse(*neighbour)));
        if let Some((meeting, neighbour, map)) = best
            && meeting >= MEETING_MIN
            && before.get(&neighbour).copied().unwrap_or(0) * TIMES <= meeting
        {
            found.push(Suspicion { document, map, meeting, neighbour });
        }
    }
    found
}

/// For each other document, how many of the corners lie on one of its.
fn meeting(
    document: usize,
    corners: impl Iterator<Item = Point>,
    owners: &BTreeMap<Cell, Vec<usize>>,
) -> BTreeMap<usize, usize> {
    let mut counts = BTreeMap::new();
    for corner in corners {
        let (x, y) = cell(corner);
        let around = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (x + dx, y + dy)));
        let mut met: Vec<usize> = around.filter_map(|cell| owners.get(&cell)).flatten().copied().collect();
        met.sort_unstable();
        met.dedup();
        for other in met.into_iter().filter(|other| *other != document) {
            *counts.entry(other).or_insert(0) += 1;
        }
    }
    counts
}

fn cell([lng, lat]: Point) -> Cell {
    #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "at most 900,000")]
    let number = |degrees: f64| (degrees / SAME_DEG).floor() as i64;
    (number(lng), number(lat))
}

/// The corners of a zone: those of its polygons, and four around each circle.
pub(super) fn corners(zone: &Zone) -> impl Iterator<Item = Point> + '_ {
    zone.volumes.iter().flat_map(|volume| volume.shape.corners())
}
