//! The obstacle limitation surfaces of a runway for precision approaches (ICAO Annex 14, tables 4-1 and 4-2; MH 5001), as
//! volumes above them.
//!
//! A sloping surface is cut into steps, each as low as its lower end: what is above the surface is inside, and less than a
//! step beside it. Steps lie inside of each other where the surface rises outwards.

use serde_json::{Map, Value};

use crate::airspace::shape::Shape;
use crate::airspace::zone::Volume;
use crate::domain::{LatLng, VerticalLimit, VerticalReference};
use crate::geodesy::offset_m;

use super::json::{Reader, present};
use super::layer::Limits;
use super::path::At;

/// Height of the inner horizontal surface above the aerodrome, metres.
const INNER_HORIZONTAL_M: f64 = 45.0;
/// How far approach and strip begin before the threshold, metres.
const STRIP_END_M: f64 = 60.0;
/// Slope of the transitional surface, 14.3 %: metres out for one up.
const TRANSITIONAL_OUT: f64 = 7.0;
/// Slope of the conical surface.
const CONICAL_SLOPE: f64 = 0.05;
/// How far the approach widens on each side.
const APPROACH_DIVERGENCE: f64 = 0.15;
/// Half of the width of the inner approach, and of the inner edge of the balked landing surface, metres (code 3 and 4).
const INNER_HALF_M: f64 = 60.0;
/// Length and slope of the inner approach.
const INNER_APPROACH: (f64, f64) = (900.0, 0.02);
/// Where the balked landing surface begins behind the threshold, metres, unless the runway ends before; how it widens on
/// each side, and its slope.
const BALKED_BEGIN_M: f64 = 1800.0;
const BALKED_DIVERGENCE: f64 = 0.1;
const BALKED_SLOPE: f64 = 0.0333;
/// Radius and height of the outer horizontal surface, metres.
const OUTER_HORIZONTAL_M: (f64, f64) = (15_000.0, 150.0);
/// Height of a step, metres, at most.
const STEP_M: f64 = 10.0;

/// A surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surface {
    InnerHorizontal,
    Conical,
    Approach,
    Transitional,
    TakeoffClimb,
    InnerApproach,
    BalkedLanding,
    OuterHorizontal,
}

/// Their words. The first five are meant where a document names none; the others lie over those, or are only used where an
/// aerodrome says so.
pub(super) const SURFACES: [(&str, Surface); 8] = [
    ("INNER_HORIZONTAL", Surface::InnerHorizontal),
    ("CONICAL", Surface::Conical),
    ("APPROACH", Surface::Approach),
    ("TRANSITIONAL", Surface::Transitional),
    ("TAKEOFF_CLIMB", Surface::TakeoffClimb),
    ("INNER_APPROACH", Surface::InnerApproach),
    ("BALKED_LANDING", Surface::BalkedLanding),
    ("OUTER_HORIZONTAL", Surface::OuterHorizontal),
];
/// How many of them are meant where a document names none.
const USUAL: usize = 5;

/// The dimensions of a code number.
struct Code {
    /// Whether the inner approach and balked landing surfaces are known for it.
    has_inner: bool,
    inner_radius_m: f64,
    conical_height_m: f64,
    approach_inner_edge_m: f64,
    /// Length and slope of each part of the approach, outwards.
    approach: &'static [(f64, f64)],
    climb_begin_m: f64,
    climb_inner_edge_m: f64,
    climb_divergence: f64,
    climb_final_width_m: f64,
    climb_length_m: f64,
    climb_slope: f64,
}

const CODE_1: Code = Code {
    has_inner: false,
    inner_radius_m: 3500.0,
    conical_height_m: 60.0,
    approach_inner_edge_m: 140.0,
    approach: &[(3000.0, 0.025), (12_000.0, 0.03)],
    climb_begin_m: 30.0,
    climb_inner_edge_m: 60.0,
    climb_divergence: 0.1,
    climb_final_width_m: 380.0,
    climb_length_m: 1600.0,
    climb_slope: 0.05,
};
const CODE_2: Code = Code {
    climb_begin_m: 60.0,
    climb_inner_edge_m: 80.0,
    climb_final_width_m: 580.0,
    climb_length_m: 2500.0,
    climb_slope: 0.04,
    ..CODE_1
};
const CODE_4: Code = Code {
    has_inner: true,
    inner_radius_m: 4000.0,
    conical_height_m: 100.0,
    approach_inner_edge_m: 280.0,
    approach: &[(3000.0, 0.02), (3600.0, 0.025), (8400.0, 0.0)],
    climb_begin_m: 60.0,
    climb_inner_edge_m: 180.0,
    climb_divergence: 0.125,
    climb_final_width_m: 1200.0,
    climb_length_m: 15_000.0,
    climb_slope: 0.02,
};

/// The volumes above the surfaces of the runway between two thresholds. `extent` holds `code` (1 to 4), `elevation` of the
/// aerodrome in metres above mean sea level, and `surfaces` if not all are meant.
pub(super) fn read(
    thresholds: &[LatLng],
    extent: &Map<String, Value>,
    limits: Limits,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Option<Vec<Volume>> {
    let [first, second] = thresholds else {
        let (en, zh) = ("a runway is a line of two thresholds", "跑道应为两端跑道入口构成的线");
        return reader.refuse(at, en, zh);
    };
    let code = code(extent, at, reader);
    let elevation_at = at.member("elevation");
    let elevation =
        reader.number(extent.get("elevation").unwrap_or(&Value::Null), &elevation_at, "`elevation`");
    let elevation_m = elevation?;
    if !(-500.0..=6000.0).contains(&elevation_m) {
        let (en, zh) = ("`elevation` must be -500 to 6000 m", "“elevation” 应为 -500 至 6000 m");
        return reader.refuse(&elevation_at, en, zh);
    }
    if limits.0.is_some() {
        let (en, zh) = (
            "obstacle limitation surfaces have their own lower limits; leave `lower` out",
            "障碍物限制面自有下限，请删去 “lower”",
        );
        return reader.refuse(at, en, zh);
    }
    let wanted = wanted(extent, at, reader)?;
    let [east_m, north_m] = offset_m(*first, *second);
    let length_m = east_m.hypot(north_m);
    if !(300.0..=8000.0).contains(&length_m) {
        return reader.refuse(
            at,
            format!("the thresholds are {length_m:.0} m from each other; a runway has 300 to 8000 m"),
            format!("跑道入口相距 {length_m:.0} m，应为 300 至 8000 m"),
        );
    }
    let code = code?;
    let is_inner = |surface: &Surface| matches!(surface, Surface::InnerApproach | Surface::BalkedLanding);
    if !code.has_inner && wanted.iter().any(is_inner) {
        let (en, zh) = (
            "inner approach and balked landing surfaces are known for the code numbers 3 and 4 only",
            "内进近面与复飞面仅适用于基准代码数字 3 与 4",
        );
        return reader.refuse(&at.member("surfaces"), en, zh);
    }
    let runway = Runway { ends: [*first, *second], length_m, elevation_m, upper: limits.1, code };
    let mut volumes = Some(Vec::new());
    for surface in wanted {
        volumes = volumes.and_then(|volumes| runway.above(surface, volumes));
    }
    volumes.or_else(|| {
        let (en, zh) = ("the surfaces leave the map", "限制面超出地图范围");
        reader.refuse(at, en, zh)
    })
}

fn code(extent: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) -> Option<&'static Code> {
    let place = at.member("code");
    match extent.get("code").and_then(Value::as_u64) {
        Some(1) => Some(&CODE_1),
        Some(2) => Some(&CODE_2),
        Some(3 | 4) => Some(&CODE_4),
        _ => {
            let (en, zh) = (
                "`code` must be the code number of the runway, 1 to 4",
                "“code” 应为跑道基准代码数字 1 至 4",
            );
            reader.refuse(if extent.contains_key("code") { &place } else { at }, en, zh)
        }
    }
}

fn wanted(extent: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Vec<Surface>> {
    let Some(value) = present(extent, "surfaces") else {
        return Some(SURFACES.iter().take(USUAL).map(|(_, surface)| *surface).collect());
    };
    let at = at.member("surfaces");
    let mut wanted = Vec::new();
    for (i, item) in reader.array(value, &at, "`surfaces`")?.iter().enumerate().take(SURFACES.len()) {
        wanted.push(reader.word(item, &at.item(i), "a surface", &SURFACES)?);
    }
    if wanted.is_empty() {
        let (en, zh) =
            ("`surfaces` is empty: the zone protects nothing", "“surfaces” 为空：该区域不保护任何空间");
        return reader.refuse(&at, en, zh);
    }
    Some(wanted)
}

struct Runway {
    ends: [LatLng; 2],
    length_m: f64,
    elevation_m: f64,
    upper: Option<VerticalLimit>,
    code: &'static Code,
}

impl Runway {
    fn above(&self, surface: Surface, mut volumes: Vec<Volume>) -> Option<Vec<Volume>> {
        match surface {
            Surface::InnerHorizontal => {
                volumes.push(self.stadium(self.code.inner_radius_m, INNER_HORIZONTAL_M)?);
            }
            Surface::Conical => {
                for [from, to] in steps(self.code.conical_height_m) {
                    let radius_m = self.code.inner_radius_m + to / CONICAL_SLOPE;
                    volumes.push(self.stadium(radius_m, INNER_HORIZONTAL_M + from)?);
                }
            }
            Surface::Approach => self.approach(&mut volumes)?,
            Surface::Transitional => {
                for [from, to] in steps(INNER_HORIZONTAL_M) {
                    volumes.push(self.transitional(from, to)?);
                }
            }
            Surface::TakeoffClimb => self.climb(&mut volumes)?,
            Surface::InnerApproach => {
                let (length_m, slope) = INNER_APPROACH;
                for [from, to] in steps(length_m * slope) {
                    let reach = [from / slope, to / slope];
                    self.both_ends(STRIP_END_M, reach, [INNER_HALF_M; 2], from, &mut volumes)?;
                }
            }
            Surface::BalkedLanding => self.balked_landing(&mut volumes)?,
            Surface::OuterHorizontal => {
                let (radius_m, height_m) = OUTER_HORIZONTAL_M;
                let middle = self.point(self.length_m / 2.0, 0.0)?;
                volumes.push(self.volume(Shape::circle(middle, radius_m)?, height_m)?);
            }
        }
        Some(volumes)
    }

    /// All within a distance of the strip's axis, above a height.
    fn stadium(&self, radius_m: f64, height_m: f64) -> Option<Volume> {
        let ends = [-STRIP_END_M, self.length_m + STRIP_END_M].map(|along| self.point(along, 0.0));
        let axis: Option<Vec<LatLng>> = ends.into_iter().collect();
        self.volume(Shape::corridor(&axis?, radius_m, true)?, height_m)
    }

    fn approach(&self, volumes: &mut Vec<Volume>) -> Option<()> {
        let half_width = |out: f64| self.code.approach_inner_edge_m / 2.0 + APPROACH_DIVERGENCE * out;
        let (mut out_m, mut height_m) = (0.0, 0.0);
        for (length_m, slope) in self.code.approach {
            for [from, to] in steps(length_m * slope) {
                let share = |height: f64| if *slope > 0.0 { height / slope } else { *length_m };
                let (near, far) = (out_m + if *slope > 0.0 { share(from) } else { 0.0 }, out_m + share(to));
                let widths = [half_width(near), half_width(far)];
                self.both_ends(STRIP_END_M, [near, far], widths, height_m + from, volumes)?;
            }
            out_m += length_m;
            height_m += length_m * slope;
        }
        Some(())
    }

    fn climb(&self, volumes: &mut Vec<Volume>) -> Option<()> {
        let code = self.code;
        let half_width = |out: f64| {
            (code.climb_inner_edge_m / 2.0 + code.climb_divergence * out).min(code.climb_final_width_m / 2.0)
        };
        // Where the width stops growing is a corner of its own.
        let full_m = (code.climb_final_width_m - code.climb_inner_edge_m) / 2.0 / code.climb_divergence;
        for [from, to] in steps(code.climb_length_m * code.climb_slope) {
            let (near, far) = (from / code.climb_slope, to / code.climb_slope);
            let mut cuts = vec![near, far];
            if near < full_m && full_m < far {
                cuts.insert(1, full_m);
            }
            for pair in cuts.windows(2) {
                let [near, far] = pair else { continue };
                let widths = [half_width(*near), half_width(*far)];
                self.both_ends(code.climb_begin_m, [*near, *far], widths, from, volumes)?;
            }
        }
        Some(())
    }

    /// From behind each threshold up to the inner horizontal surface. What begins over the runway ends beyond it, so the
    /// surface of landings towards the second end lies behind that end.
    fn balked_landing(&self, volumes: &mut Vec<Volume>) -> Option<()> {
        let begin_m = BALKED_BEGIN_M.min(self.length_m) - self.length_m;
        for [from, to] in steps(INNER_HORIZONTAL_M) {
            let reach = [from / BALKED_SLOPE, to / BALKED_SLOPE];
            let widths = reach.map(|out| INNER_HALF_M + BALKED_DIVERGENCE * out);
            self.both_ends(begin_m, reach, widths, from, volumes)?;
        }
        Some(())
    }

    /// A trapezoid before the first threshold, and the same behind the second.
    fn both_ends(
        &self,
        begin_m: f64,
        [near, far]: [f64; 2],
        [near_half, far_half]: [f64; 2],
        height_m: f64,
        volumes: &mut Vec<Volume>,
    ) -> Option<()> {
        let outline = [(near, near_half), (far, far_half), (far, -far_half), (near, -near_half)];
        for is_second in [false, true] {
            let along = |out: f64| if is_second { self.length_m + begin_m + out } else { -begin_m - out };
            let corners: Option<Vec<LatLng>> =
                outline.iter().map(|(out, left)| self.point(along(*out), *left)).collect();
            volumes.push(self.volume(Shape::ring(&corners?)?, height_m)?);
        }
        Some(())
    }

    /// Beside the strip, and beside the approach as far as that is lower.
    fn transitional(&self, from_m: f64, to_m: f64) -> Option<Volume> {
        let half = self.code.approach_inner_edge_m / 2.0;
        let slope = self.code.approach.first()?.1;
        let out = STRIP_END_M + to_m / slope;
        let far_half = half + APPROACH_DIVERGENCE * to_m / slope;
        let side = half + TRANSITIONAL_OUT * to_m;
        let end = self.length_m;
        let left = [(-out, far_half), (-STRIP_END_M, side), (end + STRIP_END_M, side), (end + out, far_half)];
        let right = left.iter().rev().map(|(along, left)| (*along, -left));
        let outline = left.iter().copied().chain(right);
        let corners: Option<Vec<LatLng>> = outline.map(|(along, left)| self.point(along, left)).collect();
        self.volume(Shape::ring(&corners?)?, from_m)
    }

    fn volume(&self, shape: Shape, height_m: f64) -> Option<Volume> {
        let metres = self.elevation_m + height_m;
        let lower = VerticalLimit { metres, reference: VerticalReference::Amsl };
        let is_open =
            self.upper.is_none_or(|upper| upper.reference != lower.reference || metres < upper.metres);
        is_open.then(|| Volume::new(shape, Some(lower), self.upper))
    }

    /// The point so many metres from the first threshold along the axis, and to its left.
    fn point(&self, along_m: f64, left_m: f64) -> Option<LatLng> {
        let [first, second] = self.ends;
        let [east, north] = offset_m(first, second).map(|metres| metres / self.length_m);
        // Beyond the second threshold it is measured from there.
        let (from, along_m) =
            if along_m * 2.0 > self.length_m { (second, along_m - self.length_m) } else { (first, along_m) };
        let offset = [east * along_m - north * left_m, north * along_m + east * left_m];
        Shape::destination(from, offset)
    }
}

/// Heights at which a rise is cut: from and to. A surface that does not rise is one step.
fn steps(rise_m: f64) -> Vec<[f64; 2]> {
    let mut heights = vec![0.0];
    let count = (rise_m / STEP_M).ceil().max(1.0);
    let mut number = 1.0;
    while number <= count {
        heights.push(rise_m * number / count);
        number += 1.0;
    }
    heights.windows(2).filter_map(|pair| <[f64; 2]>::try_from(pair).ok()).collect()
}
