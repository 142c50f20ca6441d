//! Where a zone is: its geometry with the layer of each part.

use serde_json::{Map, Value};

use crate::airspace::shape::{Grid, Shape};
use crate::airspace::zone::Volume;

use super::extent::Place;
use super::json::{Reader, same_letters};
use super::path::At;
use super::ring::Ring;
use super::{extent, layer, ring, simple, standard};

/// Most parts of a geometry. Each is asked by itself.
const PARTS_MAX: usize = 1000;

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
        let read = volumes_ed269(item, at, reader);
        volumes = volumes.zip(read).map(|(mut volumes, read)| {
            volumes.extend(read);
            volumes
        });
    }
    few_enough(volumes.as_ref().map_or(0, Vec::len), at, reader)?;
    if items.is_empty() {
        let (en, zh) = ("the geometry is empty: the zone protects nothing", "几何为空：该区域不保护任何空间");
        return reader.refuse(at, en, zh);
    }
    volumes
}

fn volumes_ed269(value: &Value, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Vec<Volume>> {
    let object = reader.object(value, at, "a volume")?;
    let limits = layer::read_ed269(object, at, reader);
    let Some((name, projection)) = reader.spelled(object, "horizontalProjection", at) else {
        let (en, zh) = ("`horizontalProjection` is missing", "缺少 “horizontalProjection”");
        return reader.refuse(at, en, zh);
    };
    let at = at.member(name);
    let Some(projections) = projection.as_array() else {
        let shape = projected(projection, &at, reader);
        let (lower, upper) = limits?;
        return Some(vec![Volume::new(shape?, lower, upper)]);
    };
    let (en, zh) = (
        "`horizontalProjection` should be an object, found a list",
        "“horizontalProjection” 应为对象，实为列表",
    );
    reader.warn(&at, en, zh);
    few_enough(projections.len(), &at, reader)?;
    let shapes: Vec<Option<Shape>> =
        projections.iter().enumerate().map(|(i, one)| projected(one, &at.item(i), reader)).collect();
    let ((lower, upper), shapes) = (limits?, shapes.into_iter().collect::<Option<Vec<Shape>>>()?);
    Some(shapes.into_iter().map(|shape| Volume::new(shape, lower, upper)).collect())
}

/// The shape of a horizontal projection of ED-269.
fn projected(projection: &Value, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Shape> {
    let projection = reader.object(projection, at, "`horizontalProjection`")?;
    let kinds = [("Circle", 0), ("Polygon", 1), ("MultiPolygon", 2)];
    let kind = projection.get("type").unwrap_or(&Value::Null);
    match reader.word(kind, &at.member("type"), "`type`", &kinds)? {
        0 => extent::circle(projection, at, reader),
        kind => polygons(projection, at, reader, kind == 2),
    }
}

const KINDS: [(&str, &str); 6] = [
    ("Point", "Point"),
    ("LineString", "LineString"),
    ("GeometryCollection", "GeometryCollection"),
    ("Polygon", "Polygon"),
    ("MultiPolygon", "MultiPolygon"),
    ("Circle", "Circle"),
];

/// What kind of geometry an object is; where it does not say, by what it holds.
fn kind_of<'o>(object: &'o Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) -> &'o str {
    let said = object.get("type").and_then(Value::as_str).unwrap_or_default();
    if let Some((word, _)) = KINDS.iter().find(|(word, _)| !said.is_empty() && same_letters(word, said)) {
        if *word != said {
            let at = at.member("type");
            reader.warn(&at, format!("`{said}` is read as `{word}`"), format!("“{said}” 按 “{word}” 处理"));
        }
        return word;
    }
    let depth = object.get("coordinates").map_or(0, depth);
    let meant = match depth {
        _ if object.contains_key("type") => return said,
        _ if object.contains_key("geometries") => "GeometryCollection",
        1 if object.contains_key("extent") => "Point",
        3 => "Polygon",
        4 => "MultiPolygon",
        _ => return said,
    };
    reader.warn(
        at,
        format!("`type` is missing; read as `{meant}`"),
        format!("缺少 “type”，按 “{meant}” 处理"),
    );
    meant
}

/// How many arrays lie in one another.
pub(super) fn depth(value: &Value) -> usize {
    let mut depth = 0;
    let mut here = Some(value);
    while let Some(Value::Array(items)) = here {
        depth += 1;
        here = items.first();
    }
    depth
}

/// One geometry and, of a collection, all in it. The parser has bounded the depth to 128.
fn part(
    geometry: &Value,
    at: &At<'_>,
    outer: Option<layer::Limits>,
    reader: &mut Reader<'_>,
    volumes: &mut Vec<Volume>,
) -> Option<()> {
    if let Some(parts) = geometry.as_array().filter(|parts| !parts.is_empty()) {
        let (en, zh) = (
            "`geometry` should be an object, found a list; all in it is read",
            "“geometry” 应为对象，实为列表；其中各项均被读取",
        );
        reader.warn(at, en, zh);
        return each(parts, at, outer, reader, volumes);
    }
    let object = reader.object(geometry, at, "a geometry")?;
    standard::geometry(object, at, reader);
    let own = reader.spelled(object, "layer", at);
    let own = own.map(|(name, own)| layer::read(own, &at.member(name), reader));
    let kind = kind_of(object, at, reader);
    let is_line = kind == "LineString" && object.contains_key("extent");
    let is_bare_circle =
        kind == "Circle" || (!object.contains_key("extent") && object.contains_key("radius"));
    if !is_bare_circle && (kind == "Point" || is_line) {
        let limits = own.unwrap_or(Some(outer.unwrap_or_default()));
        // Both are read, so that every problem is told.
        let place = Place { object, at, is_line };
        let read = extent::read(place, limits.unwrap_or_default(), reader);
        limits?;
        volumes.extend(read?);
        return Some(());
    }
    let shape = match kind {
        "GeometryCollection" => {
            let limits = match own {
                Some(own) => Some(own?),
                None => outer,
            };
            return collection(object, at, limits, reader, volumes);
        }
        "Point" | "Circle" => {
            let (en, zh) = (
                "a circle should be a Point with an `extent` of `subType` Circle",
                "圆应写作带 “extent”（“subType” 为 Circle）的 Point",
            );
            reader.warn(at, en, zh);
            extent::circle(object, at, reader)
        }
        "Polygon" => polygons(object, at, reader, false),
        "MultiPolygon" => polygons(object, at, reader, true),
        _ => return no_area(object, kind, at, reader),
    };
    let (lower, upper) = match own {
        Some(own) => own?,
        None => outer.unwrap_or_default(),
    };
    volumes.push(Volume::new(shape?, lower, upper));
    Some(())
}

fn no_area(object: &Map<String, Value>, kind: &str, at: &At<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let (place, kind) = (at.member("type"), super::collection::short(kind));
    reader.refuse(
        if object.contains_key("type") { &place } else { at },
        format!(
            "a zone is a Polygon, a MultiPolygon, a Point with `extent` or a GeometryCollection, not `{kind}`"
        ),
        format!("区域应为 Polygon、MultiPolygon、带 “extent” 的 Point 或 GeometryCollection，而非 “{kind}”"),
    )
}

fn collection(
    object: &Map<String, Value>,
    at: &At<'_>,
    limits: Option<layer::Limits>,
    reader: &mut Reader<'_>,
    volumes: &mut Vec<Volume>,
) -> Option<()> {
    let at = at.member("geometries");
    let given = object.get("geometries").unwrap_or(&Value::Null);
    let geometries = if given.is_object() {
        reader.items(given, &at, "`geometries`")
    } else {
        reader.array(given, &at, "`geometries`")?
    };
    for (i, geometry) in geometries.iter().enumerate() {
        if geometry.get("type").and_then(Value::as_str) == Some("GeometryCollection") {
            let (en, zh) = (
                "a collection should not lie in a collection",
                "GeometryCollection 中不应再含 GeometryCollection",
            );
            reader.warn(&at.item(i), en, zh);
        }
    }
    each(geometries, &at, limits, reader, volumes)
}

/// All geometries of a list.
fn each(
    geometries: &[Value],
    at: &At<'_>,
    limits: Option<layer::Limits>,
    reader: &mut Reader<'_>,
    volumes: &mut Vec<Volume>,
) -> Option<()> {
    few_enough(geometries.len(), at, reader)?;
    let mut complete = Some(());
    for (i, geometry) in geometries.iter().enumerate() {
        complete = complete.and(part(geometry, &at.item(i), limits, reader, volumes));
    }
    few_enough(volumes.len(), at, reader)?;
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
    let (depth, wanted) = (object.get("coordinates").map_or(0, depth), if many { 4 } else { 3 });
    let is_bare_ring = !many && depth == 2 && coordinates.len() > 1;
    let many = if depth == 7 - wanted { !many } else { many };
    if depth == 7 - wanted || is_bare_ring {
        reader.warn(
            &at,
            format!("`coordinates` are {depth} lists deep where the type has {wanted}; read as they are"),
            format!("“coordinates” 有 {depth} 层列表，该类型应为 {wanted} 层；按实际层数读取"),
        );
    }
    if is_bare_ring {
        let ring = ring::read(object.get("coordinates")?, &at, reader)?;
        return Shape::from_grids(Box::from([simple::check(&[ring], &at, reader)?]));
    }
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
