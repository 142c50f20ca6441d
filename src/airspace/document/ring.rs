//! One ring of positions: on Earth, closed, and enclosing something.

use serde_json::Value;

use crate::airspace::shape::Point;
use crate::domain::BoundingBox;
use crate::geodesy::LocalMetric;

use super::json::{RING_POINTS_MAX, Reader, kind};
use super::path::At;

/// Smallest area of a ring, square metres. What is smaller is a slip: it protects nothing.
const AREA_MIN_M2: f64 = 1.0;

/// A closed ring without repeated positions.
pub(super) struct Ring {
    pub(super) points: Vec<Point>,
    /// For each point, its place in the document.
    pub(super) places: Vec<usize>,
}

/// Reads a ring and checks what can be checked on it alone.
pub(super) fn read(value: &Value, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Ring> {
    let items = reader.array(value, at, "a ring")?;
    // Before anything that takes time: how many.
    count(items.len(), at, reader)?;
    let mut points = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        points.push(position(item, &at.item(i), reader)?);
    }
    on_earth(&points, at, reader, |i| at.item(i))?;
    if points.len() < 4 {
        return reader.refuse(
            at,
            format!("a ring needs at least 4 positions, the last equal to the first; found {}", points.len()),
            format!("环至少需要 4 个位置且首尾相同，实有 {} 个", points.len()),
        );
    }
    if points.first() != points.last() {
        let last = at.item(points.len() - 1);
        let (en, zh) = (
            "the ring is not closed: its last position must equal its first",
            "环未闭合：最后一个位置须与第一个相同",
        );
        return reader.refuse(&last, en, zh);
    }
    let ring = without_repeats(points, at, reader);
    encloses(&ring.points, at, reader)?;
    reader.crs.ring_to_wgs84(ring, at, reader)
}

fn count(points: usize, at: &At<'_>, reader: &mut Reader<'_>) -> Option<()> {
    if points > RING_POINTS_MAX {
        return reader.refuse(
            at,
            format!("a ring may have {RING_POINTS_MAX} positions, found {points}; simplify or split it"),
            format!("一个环最多 {RING_POINTS_MAX} 个位置，实有 {points} 个，请简化或拆分"),
        );
    }
    match reader.limits.points.checked_sub(points) {
        Some(left) => {
            reader.limits.points = left;
            Some(())
        }
        None => reader.refuse(
            at,
            "all documents together have over 4,000,000 positions; simplify them",
            "所有文件合计超过 4,000,000 个位置，请简化",
        ),
    }
}

/// `[lng, lat]`; a third number, the height by RFC 7946, is passed over as limits are in `layer`.
pub(super) fn position(value: &Value, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Point> {
    if let Some(point) = of_an_object(value, at, reader) {
        return Some(point);
    }
    let numbers = reader.array(value, at, "a position")?;
    let [lng, lat, ..] = numbers else {
        return reader.refuse(
            at,
            format!("a position is [longitude, latitude], found {} numbers", numbers.len()),
            format!("位置应为 [经度, 纬度]，实有 {} 个数", numbers.len()),
        );
    };
    let mut degrees = |i: usize, value: &Value| match value.as_f64() {
        Some(degrees) if degrees.is_finite() => Some(degrees),
        Some(_) | None => {
            let (en, zh) = kind(value);
            reader.refuse(
                &at.item(i),
                format!("a coordinate must be a finite number, found {en}"),
                format!("坐标应为有限的数字，实为{zh}"),
            )
        }
    };
    let (lng, lat) = (degrees(0, lng), degrees(1, lat));
    Some([lng?, lat?])
}

/// A position as `{"lng", "lat"}`.
fn of_an_object(value: &Value, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Point> {
    let object = value.as_object()?;
    let of = |names: &[&str]| {
        let member = names.iter().find_map(|name| object.get(*name));
        member.and_then(Value::as_f64).filter(|degrees| degrees.is_finite())
    };
    let point = [of(&["lng", "lon", "longitude"])?, of(&["lat", "latitude"])?];
    let (en, zh) = ("a position should be [longitude, latitude]", "位置应写作 [经度, 纬度]");
    reader.warn(at, en, zh);
    Some(point)
}

/// Ranges, and whether latitude and longitude look exchanged.
pub(super) fn on_earth<'p>(
    points: &[Point],
    at: &At<'p>,
    reader: &mut Reader<'_>,
    place: impl Fn(usize) -> At<'p>,
) -> Option<()> {
    let world = BoundingBox { west_deg: -180.0, south_deg: -90.0, east_deg: 180.0, north_deg: 90.0 };
    let exchanged = |p: &Point| [p[1], p[0]];
    let all_fit = |area: &BoundingBox| points.iter().all(|p| fits(*p, area));
    let all_fit_exchanged = |area: &BoundingBox| points.iter().all(|p| fits(exchanged(p), area));
    let off = points.iter().position(|p| !fits(*p, &world));
    let bounds = reader.service_area.as_ref().unwrap_or(&world);
    if (off.is_some() && all_fit_exchanged(&world))
        || (!all_fit(bounds) && all_fit_exchanged(bounds) && !meets(points, bounds))
    {
        let at = off.map_or(*at, place);
        let (en, zh) = (
            "latitude and longitude look exchanged; GeoJSON positions are [longitude, latitude]",
            "经纬度疑似颠倒；GeoJSON 位置为 [经度, 纬度]",
        );
        return reader.refuse(&at, en, zh);
    }
    let Some(i) = off else { return Some(()) };
    let [lng, lat] = points.get(i).copied().unwrap_or_default();
    reader.refuse(
        &place(i),
        format!(
            "longitude {lng}, latitude {lat} is not on Earth: longitude is -180 to 180, latitude -90 to 90"
        ),
        format!("经度 {lng}、纬度 {lat} 超出范围：经度 -180 至 180，纬度 -90 至 90"),
    )
}

fn fits(p: Point, area: &BoundingBox) -> bool {
    (area.west_deg..=area.east_deg).contains(&p[0]) && (area.south_deg..=area.north_deg).contains(&p[1])
}

fn meets(points: &[Point], area: &BoundingBox) -> bool {
    points.iter().any(|p| fits(*p, area))
}

fn without_repeats(points: Vec<Point>, at: &At<'_>, reader: &mut Reader<'_>) -> Ring {
    let mut ring =
        Ring { points: Vec::with_capacity(points.len()), places: Vec::with_capacity(points.len()) };
    let mut repeated = None;
    for (i, p) in points.into_iter().enumerate() {
        if ring.points.last() == Some(&p) {
            repeated = repeated.or(Some(i));
        } else {
            ring.points.push(p);
            ring.places.push(i);
        }
    }
    if let Some(i) = repeated {
        let (en, zh) =
            ("the position is the same as the one before it; leave it out", "该位置与前一个相同，请删去");
        reader.warn(&at.item(i), en, zh);
    }
    ring
}

/// Extent and area.
fn encloses(points: &[Point], at: &At<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let (mut west, mut south, mut east, mut north) =
        (f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY);
    for [lng, lat] in points {
        (west, east) = (west.min(*lng), east.max(*lng));
        (south, north) = (south.min(*lat), north.max(*lat));
    }
    if east - west > 180.0 {
        let (en, zh) = (
            "the ring spans over 180° of longitude: it seems to cross the 180° meridian; split it there (RFC 7946, 3.1.9)",
            "环跨越超过 180° 经度，疑似穿越 180° 经线，请在该处拆分（RFC 7946 第 3.1.9 节）",
        );
        return reader.refuse(at, en, zh);
    }
    if south <= -90.0 || 90.0 <= north {
        let (en, zh) =
            ("the ring reaches a pole, where longitude means nothing", "环到达极点，该处经度无意义");
        return reader.refuse(at, en, zh);
    }
    let metric = LocalMetric::at(f64::midpoint(south, north));
    let twice: f64 = points
        .windows(2)
        .map(|pair| {
            let [[ax, ay], [bx, by]] = pair else { return 0.0 };
            (ax - west) * (by - south) - (bx - west) * (ay - south)
        })
        .sum();
    let area_m2 = twice.abs() / 2.0 * metric.east_m_per_deg * metric.north_m_per_deg;
    if area_m2 < AREA_MIN_M2 && !crosses_somewhere(points) {
        return reader.refuse(
            at,
            format!("the ring encloses {area_m2:.3} m²: it protects nothing"),
            format!("环所围面积为 {area_m2:.3} m²，不保护任何空间"),
        );
    }
    Some(())
}

/// Whether the ring turns both ways: a bow-tie encloses no area on balance, but should be told as what it is.
fn crosses_somewhere(points: &[Point]) -> bool {
    use crate::airspace::shape::orientation;
    use geo::Orientation::{Clockwise, CounterClockwise};
    let mut turns = [false; 2];
    for three in points.windows(3) {
        let [a, b, c] = three else { continue };
        let turn = orientation(*a, *b, *c);
        turns = [turns[0] || turn == Clockwise, turns[1] || turn == CounterClockwise];
    }
    turns == [true; 2]
}
