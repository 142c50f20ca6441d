//! Questions about zones that are changed one by one: drawn on a Chinese web map and taken for WGS 84?

use crate::domain::BoundingBox;

use super::document::{Envelope, Problem, ProblemSeverity, looks_shifted};
use super::edit::Change;
use super::set::Airspace;
use super::shape::Point;
use super::zone::Zone;

/// How far around a zone neighbours may be of which it looks shifted, degrees: over twice what BD-09 shifts.
const AROUND_DEG: f64 = 0.03;

/// Questions about the zones of `changes` that are new or lie elsewhere than before, held against all others of `new`; with
/// the number of the change.
pub(super) fn shifted(changes: &[Change], live: &Airspace, new: &Airspace) -> Vec<(usize, Problem)> {
    let moved = |(number, change): (usize, &Change)| {
        let id = change.id().as_str();
        let zone = new.zone_by_id(id)?;
        let is_asked =
            !says_its_map(change) && live.zone_by_id(id).is_none_or(|was| was.bounds != zone.bounds);
        is_asked.then(|| (number, zone, around(zone, changes, new)))
    };
    let moved: Vec<(usize, &Zone, Vec<Point>)> = changes.iter().enumerate().filter_map(moved).collect();
    let single = moved
        .iter()
        .filter_map(|(number, zone, others)| Some((*number, looks_shifted(corners(zone), others.clone())?)));
    let mut found: Vec<_> = single.collect();
    if let (true, Some((first, ..))) = (found.is_empty(), moved.first()) {
        // Each may share too few corners with what is there, and all of them enough.
        let all = moved.iter().flat_map(|(_, zone, _)| corners(zone)).collect();
        let others = moved.iter().flat_map(|(_, _, others)| others.iter().copied()).collect();
        found.extend(looks_shifted(all, others).map(|suspicion| (*first, suspicion)));
    }
    found.into_iter().map(|(number, suspicion)| (number, question(suspicion))).collect()
}

fn question((map, meeting): (&str, usize)) -> Problem {
    Problem {
        severity: ProblemSeverity::Warning,
        file: String::new(),
        line: 1,
        column: 1,
        path: "$.geometry".into(),
        message: format!(
            "drawn on a {map} map? {meeting} of its corners would lie on those of zones in force after that shift; if so, \
             convert it to WGS 84"
        ),
        message_zh: format!(
            "是否绘于 {map} 底图？去除偏移后有 {meeting} 个角点与现行区域重合；若是，请先转换为 WGS 84"
        ),
    }
}

/// Whether the document of a change says what its coordinates are.
fn says_its_map(change: &Change) -> bool {
    match change {
        Change::Restore { document, .. } => Envelope::of("", document.as_bytes())
            .is_some_and(|envelope| envelope.members().contains_key("crs")),
        Change::Put { .. } | Change::Delete { .. } => false,
    }
}

/// The corners of zones near by that are not changed.
fn around(zone: &Zone, changes: &[Change], new: &Airspace) -> Vec<Point> {
    let BoundingBox { west_deg, south_deg, east_deg, north_deg } = zone.bounds;
    let area = BoundingBox {
        west_deg: west_deg - AROUND_DEG,
        south_deg: south_deg - AROUND_DEG,
        east_deg: east_deg + AROUND_DEG,
        north_deg: north_deg + AROUND_DEG,
    };
    let mut near = Vec::new();
    new.near(&area, &mut near);
    let near = near.into_iter().filter_map(|ix| new.zone(ix));
    near.filter(|near| !changes.iter().any(|change| *change.id() == near.id)).flat_map(corners).collect()
}

fn corners(zone: &Zone) -> Vec<Point> {
    zone.volumes.iter().flat_map(|volume| volume.shape.corners()).collect()
}
