//! Where a zone is: its geometry with the layer of each part.

use serde_json::{Map, Value};

use crate::airspace::shape::{Grid, Point, Shape};
use crate::airspace::zone::Volume;
use crate::domain::LatLng;

use super::json::{Reader, present};
use super::path::At;
use super::ring::Ring;
use super::{layer, ring, simple};

/// Most parts of a geometry. Each is asked by itself.
const PARTS_MAX: usize = 1000;
/// Largest radius of a circle. None that protects something on the ground comes near it.
const RADIUS_MAX_M: f64 = 500_000.0;

/// The volumes of a geometry; `None` if there is an error in one. `outer` are the limits of parts without a layer.
pub(super) fn read(
    geometry: &Value,
    at: &At<'_>,
    outer: Option<layer::Limits>,
    reader: &mut Reader<'_>,
) -> Option<Vec<Volume>> {
    let mut volumes = Vec::new();
    part(geometry, at, outer, reader, &mut volumes)?;
    if volumes.is_empty() {
        let (en, zh) = ("the geometry is empty: the zone protects nothing", "几何为空：该区域不保护任何空间");
        return reader.refuse(at, en, zh);
    }
    Some(volumes)
}

/// The volumes of an ED-269 geometry: a list of limits with a horizontal projection each.
pub(super) fn read_ed269(geometry: &Value, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Vec<Volume>> {
    let items = reader.items(geometry, at, "`geometry`");
    few_enough(items.len(), at, reader)?;
    let mut volumes = Some(Vec::with_capacity(items.len()));
    for (i, item) in items.iter().enumerate() {
        let place = at.item(i);
        let at = if geometry.is_array() { &place } else { at };
        let read = volume_ed269(item, at, reader);
        volumes = volumes.zip(read).map(|(mut volumes, volume)| {
            volumes.push(volume);
            volumes
        });
    }
    if items.is_empty() {
        let (en, zh) = ("the geometry is empty: the zone protects nothing", "几何为空：该区域不保护任何空间");
        return reader.refuse(at, en, zh);
    }
    volumes
}

fn volume_ed269(value: &Value, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Volume> {
    let object = reader.object(value, at, "a volume")?;
    let limits = layer::read_ed269(object, at, reader);
    let place = at.member("horizontalProjection");
    let Some(projection) = present(object, "horizontalProjection") else {
        let (en, zh) = ("`horizontalProjection` is missing", "缺少 “horizontalProjection”");
        return reader.refuse(at, en, zh);
    };
    let projection = reader.object(projection, &place, "`horizontalProjection`")?;
    let kinds = [("Circle", 0), ("Polygon", 1), ("MultiPolygon", 2)];
    let kind = projection.get("type").unwrap_or(&Value::Null);
    let shape = match reader.word(kind, &place.member("type"), "`type`", &kinds)? {
        0 => circle_of(projection, ["center", "radius"], &place, &place, reader),
        kind => polygons(projection, &place, reader, kind == 2),
    };
    let (lower, upper) = limits?;
    Some(Volume::new(shape?, lower, upper))
}

/// One geometry and, of a collection, all in it. The parser has bounded the depth to 128.
fn part(
    geometry: &Value,
    at: &At<'_>,
    outer: Option<layer::Limits>,
    reader: &mut Reader<'_>,
    volumes: &mut Vec<Volume>,
) -> Option<()> {
    let object = reader.object(geometry, at, "a geometry")?;
    let own = present(object, "layer").map(|own| layer::read(own, &at.member("layer"), reader));
    let kind = object.get("type").and_then(Value::as_str).unwrap_or_default();
    let shape = match kind {
        "GeometryCollection" => {
            let limits = match own {
                Some(own) => Some(own?),
                None => outer,
            };
            return collection(object, at, limits, reader, volumes);
        }
        "Polygon" => polygons(object, at, reader, false),
        "MultiPolygon" => polygons(object, at, reader, true),
        "Point" => circle(object, at, reader),
        _ => {
            let place = at.member("type");
            return reader.refuse(
                if object.contains_key("type") { &place } else { at },
                format!(
                    "a zone is a Polygon, a MultiPolygon, a Point with `extent` or a GeometryCollection, not `{}`",
                    super::collection::short(kind)
                ),
                format!(
                    "区域应为 Polygon、MultiPolygon、带 “extent” 的 Point 或 GeometryCollection，而非 “{}”",
                    super::collection::short(kind)
                ),
            );
        }
    };
    let (lower, upper) = match own {
        Some(own) => own?,
        None => outer.unwrap_or_default(),
    };
    volumes.push(Volume::new(shape?, lower, upper));
    Some(())
}

fn collection(
    object: &Map<String, Value>,
    at: &At<'_>,
    limits: Option<layer::Limits>,
    reader: &mut Reader<'_>,
    volumes: &mut Vec<Volume>,
) -> Option<()> {
    let at = at.member("geometries");
    let geometries = reader.array(object.get("geometries").unwrap_or(&Value::Null), &at, "`geometries`")?;
    few_enough(geometries.len(), &at, reader)?;
    let mut complete = Some(());
    for (i, geometry) in geometries.iter().enumerate() {
        complete = complete.and(part(geometry, &at.item(i), limits, reader, volumes));
    }
    few_enough(volumes.len(), &at, reader)?;
    complete
}

fn few_enough(parts: usize, at: &At<'_>, reader: &mut Reader<'_>) -> Option<()> {
    if parts <= PARTS_MAX {
        return Some(());
    }
    reader.refuse(
        at,
        format!("a zone may have {PARTS_MAX} parts, found {parts}; make several zones"),
        format!("一个区域最多 {PARTS_MAX} 个部分，实有 {parts} 个，请拆成多个区域"),
    )
}

fn polygons(object: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>, many: bool) -> Option<Shape> {
    if object.contains_key("extent") {
        let (en, zh) = ("only a Point has an `extent`", "只有 Point 可带 “extent”");
        return reader.refuse(&at.member("extent"), en, zh);
    }
    let at = at.member("coordinates");
    let coordinates =
        reader.array(object.get("coordinates").unwrap_or(&Value::Null), &at, "`coordinates`")?;
    if !many {
        return Shape::from_grids(Box::from([polygon(coordinates, &at, reader)?]));
    }
    few_enough(coordinates.len(), &at, reader)?;
    let mut grids = Vec::with_capacity(coordinates.len());
    for (i, rings) in coordinates.iter().enumerate() {
        let at = at.item(i);
        grids.push(reader.array(rings, &at, "a polygon").and_then(|rings| polygon(rings, &at, reader)));
    }
    if grids.is_empty() {
        let (en, zh) = ("the MultiPolygon has no polygon", "MultiPolygon 不含任何多边形");
        return reader.refuse(&at, en, zh);
    }
    Shape::from_grids(grids.into_iter().collect::<Option<_>>()?)
}

fn polygon(rings: &[Value], at: &At<'_>, reader: &mut Reader<'_>) -> Option<Grid> {
    if rings.is_empty() {
        let (en, zh) = ("the polygon has no ring", "多边形不含任何环");
        return reader.refuse(at, en, zh);
    }
    let read: Vec<Option<Ring>> =
        rings.iter().enumerate().map(|(i, ring)| ring::read(ring, &at.item(i), reader)).collect();
    let rings: Vec<Ring> = read.into_iter().collect::<Option<_>>()?;
    simple::check(&rings, at, reader)
}

fn circle(object: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Shape> {
    let coordinates_at = at.member("coordinates");
    let centre = ring::position(object.get("coordinates").unwrap_or(&Value::Null), &coordinates_at, reader);
    let Some(extent) = present(object, "extent") else {
        let (en, zh) = (
            "a Point alone has no area; give it an `extent` with `subType` Circle and a `radius`",
            "单独的 Point 没有面积；请添加含 “subType”: “Circle” 与 “radius” 的 “extent”",
        );
        return reader.refuse(at, en, zh);
    };
    let extent_at = at.member("extent");
    let extent = reader.object(extent, &extent_at, "`extent`")?;
    match present(extent, "subType") {
        Some(kind) => reader.word(kind, &extent_at.member("subType"), "`subType`", &[("Circle", ())])?,
        None => reader.warn(&extent_at, "`subType` should be `Circle`", "“subType” 应为 “Circle”"),
    }
    circle_at(centre, &coordinates_at, (extent, "radius"), &extent_at, at, reader)
}

/// A circle of which centre and radius are members of one object.
fn circle_of(
    object: &Map<String, Value>,
    [centre, radius]: [&'static str; 2],
    at: &At<'_>,
    circle: &At<'_>,
    reader: &mut Reader<'_>,
) -> Option<Shape> {
    let centre_at = at.member(centre);
    let found = ring::position(object.get(centre).unwrap_or(&Value::Null), &centre_at, reader);
    circle_at(found, &centre_at, (object, radius), at, circle, reader)
}

fn circle_at(
    centre: Option<Point>,
    centre_at: &At<'_>,
    (holder, name): (&Map<String, Value>, &'static str),
    holder_at: &At<'_>,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Option<Shape> {
    let radius_m = length(holder, name, holder_at, reader)?;
    let centre = centre?;
    ring::on_earth(&[centre], centre_at, reader, |_| *centre_at)?;
    let [lng, lat] = reader.crs.to_wgs84(centre);
    let circle = LatLng::new(lat, lng).ok().and_then(|centre| Shape::circle(centre, radius_m));
    circle.or_else(|| {
        let (en, zh) = (
            "the circle reaches a pole or the 180° meridian; describe it by polygons on either side",
            "圆到达极点或 180° 经线，请改用其两侧的多边形表示",
        );
        reader.refuse(at, en, zh)
    })
}

/// A positive length, metres.
fn length(
    holder: &Map<String, Value>,
    name: &'static str,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Option<f64> {
    let place = at.member(name);
    let metres = reader.number(holder.get(name).unwrap_or(&Value::Null), &place, &format!("`{name}`"))?;
    if 0.0 < metres && metres <= RADIUS_MAX_M {
        return Some(metres);
    }
    reader.refuse(
        &place,
        format!("a {name} of {metres} m is not over 0 and at most {RADIUS_MAX_M} m"),
        format!("{name} {metres} m 应大于 0 且不超过 {RADIUS_MAX_M} m"),
    )
}
