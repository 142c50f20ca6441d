//! Shapes that are a point or a line with an `extent`: the circle of ED-318, and beyond it sector, truncated cone and
//! corridor, as fences of Chinese standards have them.

use serde_json::{Map, Value};

use crate::airspace::shape::{Point, Shape};
use crate::airspace::zone::Volume;
use crate::domain::{LatLng, VerticalLimit};

use super::json::{Reader, present, same_letters};
use super::path::At;
use super::{layer, ring, spelling, surfaces};

/// Largest radius of a circle. None that protects something on the ground comes near it.
const RADIUS_MAX_M: f64 = 500_000.0;
/// Most slices of a cone.
const SLICES_MAX: u16 = 50;
/// Height of a slice of a cone, metres, unless it would have more than the most.
const SLICE_M: f64 = 2.0;
/// The members of an extent.
const MEMBERS: [&str; 12] = [
    "subType",
    "radius",
    "innerRadius",
    "startAzimuth",
    "endAzimuth",
    "lowerRadius",
    "upperRadius",
    "halfWidth",
    "cap",
    "code",
    "elevation",
    "surfaces",
];
/// Members by which some publishers say what a length is in.
const UNIT: [&str; 4] = ["uom", "radiusUom", "uomRadius", "unit"];
/// Most positions of a corridor's line.
const LINE_MAX: usize = 500;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Circle,
    Sector,
    Cone,
    Corridor,
    Surfaces,
}

pub(super) const POINTS: [(&str, Kind); 3] =
    [("Circle", Kind::Circle), ("Sector", Kind::Sector), ("TruncatedCone", Kind::Cone)];
pub(super) const LINES: [(&str, Kind); 2] =
    [("Corridor", Kind::Corridor), ("ObstacleLimitationSurfaces", Kind::Surfaces)];

/// A point or a line, and where it is in the document.
#[derive(Clone, Copy)]
pub(super) struct Place<'a, 'p> {
    /// The geometry.
    pub(super) object: &'a Map<String, Value>,
    /// Its place.
    pub(super) at: &'a At<'p>,
    /// Whether it is a line.
    pub(super) is_line: bool,
}

/// The volumes of a point or a line within limits.
pub(super) fn read(
    place: Place<'_, '_>,
    limits: layer::Limits,
    reader: &mut Reader<'_>,
) -> Option<Vec<Volume>> {
    let Place { object, at, is_line } = place;
    let coordinates_at = at.member("coordinates");
    let coordinates = object.get("coordinates").unwrap_or(&Value::Null);
    let Some(extent) = present(object, "extent") else {
        let (en, zh) = (
            "a Point alone has no area; give it an `extent` with `subType` Circle and a `radius`",
            "单独的 Point 没有面积；请添加含 “subType”: “Circle” 与 “radius” 的 “extent”",
        );
        return reader.refuse(at, en, zh);
    };
    let extent_at = at.member("extent");
    let extent = reader.object(extent, &extent_at, "`extent`")?;
    for name in
        extent.keys().filter(|name| !MEMBERS.iter().chain(&UNIT).any(|known| same_letters(known, name)))
    {
        let (en, zh) = ("an extent has no such member; it changes nothing", "“extent” 没有此成员，不起作用");
        reader.advise(&extent_at.member(name), en, zh);
    }
    let kinds: &[(&str, Kind)] = if is_line { &LINES } else { &POINTS };
    let kind = if let Some((name, kind)) = reader.spelled(extent, "subType", &extent_at) {
        reader.word(kind, &extent_at.member(name), "`subType`", kinds)?
    } else {
        let (word, kind) = kinds.first()?;
        reader.warn(&extent_at, format!("`subType` should be `{word}`"), format!("“subType” 应为 “{word}”"));
        *kind
    };
    if kind == Kind::Surfaces {
        let thresholds = line(coordinates, &coordinates_at, reader)?;
        return surfaces::read(&thresholds, extent, limits, &extent_at, reader);
    }
    if kind == Kind::Corridor {
        let line = line(coordinates, &coordinates_at, reader)?;
        let half_width_m = length(extent, "halfWidth", &extent_at, reader)?;
        let round_ends = has_round_ends(extent, &extent_at, reader)?;
        return one(Shape::corridor(&line, half_width_m, round_ends), limits, at, reader);
    }
    let centre = ring::position(coordinates, &coordinates_at, reader);
    let shape = match kind {
        Kind::Circle => {
            let radius_m = length(extent, "radius", &extent_at, reader);
            Shape::circle(centre_of(centre?, &coordinates_at, reader)?, radius_m?)
        }
        Kind::Sector => {
            let radii = (inner(extent, &extent_at, reader), length(extent, "radius", &extent_at, reader));
            let azimuths =
                ["startAzimuth", "endAzimuth"].map(|name| azimuth(extent, name, &extent_at, reader));
            let [start, end] = azimuths;
            let centre = centre_of(centre?, &coordinates_at, reader)?;
            Shape::sector(centre, [radii.0?, radii.1?], [start?, end?])
        }
        Kind::Cone | Kind::Corridor | Kind::Surfaces => {
            let radii = ["lowerRadius", "upperRadius"].map(|name| length(extent, name, &extent_at, reader));
            let [lower_m, upper_m] = radii;
            let centre = centre_of(centre?, &coordinates_at, reader)?;
            return cone(centre, [lower_m?, upper_m?], limits, at, reader);
        }
    };
    one(shape, limits, at, reader)
}

/// A circle of which centre and radius are members of one object.
pub(super) fn circle(object: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Shape> {
    let names = ["center", "centre", "coordinates"];
    let name = names.into_iter().find(|name| object.contains_key(*name)).unwrap_or("center");
    let centre_at = at.member(name);
    if name == "centre" {
        reader.warn(&centre_at, "`centre` is read as `center`", "“centre” 按 “center” 处理");
    }
    let found = ring::position(object.get(name).unwrap_or(&Value::Null), &centre_at, reader);
    let radius_m = length(object, "radius", at, reader);
    let shape = Shape::circle(centre_of(found?, &centre_at, reader)?, radius_m?);
    shape.or_else(|| off_the_map(at, reader))
}

fn one(
    shape: Option<Shape>,
    (lower, upper): layer::Limits,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Option<Vec<Volume>> {
    let shape = shape.or_else(|| off_the_map(at, reader))?;
    Some(vec![Volume::new(shape, lower, upper)])
}

fn off_the_map<T>(at: &At<'_>, reader: &mut Reader<'_>) -> Option<T> {
    let (en, zh) = (
        "the shape reaches a pole or the 180° meridian; describe it by polygons on either side",
        "图形到达极点或 180° 经线，请改用其两侧的多边形表示",
    );
    reader.refuse(at, en, zh)
}

fn centre_of(centre: Point, at: &At<'_>, reader: &mut Reader<'_>) -> Option<LatLng> {
    ring::on_earth(&[centre], at, reader, |_| *at)?;
    let [lng, lat] = reader.crs.to_wgs84(centre);
    LatLng::new(lat, lng).ok()
}

fn line(value: &Value, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Vec<LatLng>> {
    let items = reader.array(value, at, "`coordinates`")?;
    if items.len() < 2 || LINE_MAX < items.len() {
        return reader.refuse(
            at,
            format!("a corridor has 2 to {LINE_MAX} positions, found {}", items.len()),
            format!("走廊应有 2 至 {LINE_MAX} 个位置，实有 {} 个", items.len()),
        );
    }
    let mut points = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        points.push(ring::position(item, &at.item(i), reader)?);
    }
    ring::on_earth(&points, at, reader, |i| at.item(i))?;
    let on_wgs84 = points.into_iter().map(|point| {
        let [lng, lat] = reader.crs.to_wgs84(point);
        LatLng::new(lat, lng).ok()
    });
    on_wgs84.collect()
}

/// Whether a corridor ends in half circles, as it does unless it says otherwise.
fn has_round_ends(extent: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) -> Option<bool> {
    let Some(cap) = present(extent, "cap") else { return Some(true) };
    reader.word(cap, &at.member("cap"), "`cap`", &[("ROUND", true), ("FLAT", false)])
}

/// A cone between its limits, as slices that each are as wide as their wider end.
fn cone(
    centre: LatLng,
    [lower_m, upper_m]: [f64; 2],
    limits: layer::Limits,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Option<Vec<Volume>> {
    let (low, high) = match limits {
        (low, Some(high)) => {
            let ground = VerticalLimit { metres: 0.0, reference: high.reference };
            (low.unwrap_or(ground), high)
        }
        (_, None) => (VerticalLimit::default(), VerticalLimit::default()),
    };
    if high.metres <= low.metres || low.reference != high.reference {
        let (en, zh) =
            ("a cone needs a lower and an upper limit from one reference", "圆台须有同一基准的下限与上限");
        return reader.refuse(at, en, zh);
    }
    let height_m = high.metres - low.metres;
    let slices = slices(height_m / SLICE_M);
    let mut volumes = Vec::with_capacity(usize::from(slices));
    for i in 0..slices {
        let ends = [i, i + 1].map(|i| f64::from(i) / f64::from(slices));
        let [from, to] = ends.map(|share| VerticalLimit { metres: low.metres + share * height_m, ..low });
        let radius_m =
            ends.map(|share| lower_m + share * (upper_m - lower_m)).into_iter().fold(0.0, f64::max);
        let Some(shape) = Shape::circle(centre, radius_m) else { return off_the_map(at, reader) };
        // The lowest slice reaches as far down as the zone.
        volumes.push(Volume::new(shape, if i == 0 { limits.0 } else { Some(from) }, Some(to)));
    }
    Some(volumes)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates"
)]
fn slices(wanted: f64) -> u16 {
    (wanted.ceil() as u16).clamp(1, SLICES_MAX)
}

fn inner(extent: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) -> Option<f64> {
    let Some(value) = present(extent, "innerRadius") else { return Some(0.0) };
    let place = at.member("innerRadius");
    let metres = reader.number(value, &place, "`innerRadius`")? * unit_m(extent, at, reader)?;
    let radius_m = match extent.get("radius").and_then(Value::as_f64) {
        Some(radius) => radius * unit_m(extent, at, reader)?,
        None => f64::INFINITY,
    };
    if (0.0..radius_m).contains(&metres) {
        return Some(metres);
    }
    let (en, zh) = (
        "`innerRadius` must be 0 or more and less than `radius`",
        "“innerRadius” 应不小于 0 且小于 “radius”",
    );
    reader.refuse(&place, en, zh)
}

fn azimuth(
    extent: &Map<String, Value>,
    name: &'static str,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Option<f64> {
    let place = at.member(name);
    let degrees = reader.number(extent.get(name).unwrap_or(&Value::Null), &place, &format!("`{name}`"))?;
    if (-360.0..=360.0).contains(&degrees) {
        return Some(degrees);
    }
    reader.refuse(
        &place,
        format!("`{name}` must be a true azimuth of 0 to 360 degrees"),
        format!("“{name}” 应为 0 至 360 度的真方位角"),
    )
}

/// What a length is in, which both standards say is metres: a unit beside it is taken with a warning, as it changes what is
/// meant.
fn unit_m(holder: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) -> Option<f64> {
    let Some((name, value)) = UNIT.iter().find_map(|name| Some((*name, present(holder, name)?))) else {
        return Some(1.0);
    };
    let place = at.member(name);
    let Some(metres) = value.as_str().and_then(spelling::unit_m) else {
        let (en, zh) = ("this unit of length is not known; write metres", "未知的长度单位，请用米");
        return reader.refuse(&place, en, zh);
    };
    if (metres - 1.0).abs() > f64::EPSILON {
        reader.warn(
            &place,
            format!("lengths should be in metres; read in units of {metres} m"),
            format!("长度应以米为单位；按 {metres} 米的单位处理"),
        );
    }
    Some(metres)
}

/// A positive length, metres.
fn length(
    holder: &Map<String, Value>,
    name: &'static str,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Option<f64> {
    let place = at.member(name);
    let value = holder.get(name).unwrap_or(&Value::Null);
    let metres = if let Some(metres) = value.as_str().and_then(spelling::length_m) {
        reader.warn(
            &place,
            format!("`{name}` has a unit behind the number; read as {metres} m"),
            format!("“{name}” 的数字后带单位，按 {metres} 米处理"),
        );
        metres
    } else {
        reader.number(value, &place, &format!("`{name}`"))? * unit_m(holder, at, reader)?
    };
    if 0.0 < metres && metres <= RADIUS_MAX_M {
        return Some(metres);
    }
    reader.refuse(
        &place,
        format!("a {name} of {metres} m is not over 0 and at most {RADIUS_MAX_M} m"),
        format!("{name} {metres} m 应大于 0 且不超过 {RADIUS_MAX_M} m"),
    )
}
