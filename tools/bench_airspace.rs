//! How long a question to a zone takes, beside `geo`, and how long a large set of documents takes to load.

use divan::{Bencher, black_box};
use geo::{Coord, Intersects, LineString, Polygon};
use lowsky::airspace::{Document, Shape, ZoneIx, load};
use lowsky::domain::{BoundingBox, LatLng};

fn main() {
    divan::main();
}

const SIZES: [u32; 3] = [30, 300, 10_000];

/// A wavy ring around a centre, about 2 km wide.
fn ring(corners: u32, centre: [f64; 2]) -> Vec<[f64; 2]> {
    (0..=corners)
        .map(|i| {
            let angle = std::f64::consts::TAU * f64::from(i % corners) / f64::from(corners);
            let radius = 0.01 * (1.0 + 0.3 * (7.0 * angle).sin());
            [centre[0] + radius * angle.cos(), centre[1] + radius * angle.sin()]
        })
        .collect()
}

/// Points spread over the ring's box.
fn points() -> Vec<LatLng> {
    let mut random = fastrand::Rng::with_seed(1);
    (0..4096)
        .map(|_| LatLng::wrapped(22.5 + 0.026 * (random.f64() - 0.5), 114.0 + 0.026 * (random.f64() - 0.5)))
        .collect()
}

fn shape(corners: u32) -> Option<Shape> {
    Shape::polygons(&[vec![ring(corners, [114.0, 22.5])]])
}

/// Times `ask` over the points in turn.
fn each_point<T>(bencher: Bencher<'_, '_>, ask: impl Fn(LatLng) -> T) {
    let points = points();
    let mut turn = points.iter().cycle();
    bencher.bench_local(|| turn.next().map(|point| ask(black_box(*point))));
}

#[divan::bench(args = SIZES)]
fn contains(bencher: Bencher<'_, '_>, corners: u32) {
    let Some(shape) = shape(corners) else { return };
    each_point(bencher, |point| shape.contains(point));
}

#[divan::bench(args = SIZES)]
fn contains_by_geo(bencher: Bencher<'_, '_>, corners: u32) {
    let line: LineString<f64> =
        ring(corners, [114.0, 22.5]).into_iter().map(|[x, y]| Coord { x, y }).collect();
    let polygon = Polygon::new(line, Vec::new());
    each_point(bencher, |point| polygon.intersects(&Coord { x: point.lng_deg(), y: point.lat_deg() }));
}

#[divan::bench(args = SIZES)]
fn distance_within_500_m(bencher: Bencher<'_, '_>, corners: u32) {
    let Some(shape) = shape(corners) else { return };
    each_point(bencher, |point| shape.boundary_distance_m(point, 500.0));
}

#[divan::bench(args = SIZES)]
fn distance_unlimited(bencher: Bencher<'_, '_>, corners: u32) {
    let Some(shape) = shape(corners) else { return };
    each_point(bencher, |point| shape.boundary_distance_m(point, f64::INFINITY));
}

#[divan::bench(args = SIZES)]
fn first_inside_over_450_m(bencher: Bencher<'_, '_>, corners: u32) {
    let Some(shape) = shape(corners) else { return };
    each_point(bencher, |point| {
        shape.first_inside(point, LatLng::wrapped(point.lat_deg() + 0.003, point.lng_deg() + 0.003))
    });
}

/// 10,000 zones of 30 to 300 corners over 100 km × 100 km, as text.
fn large_document() -> String {
    let mut random = fastrand::Rng::with_seed(2);
    let feature = |number: u32| {
        let centre = [113.5 + random.f64(), 22.0 + random.f64()];
        let corners = ring(random.u32(30..=300), centre);
        let positions: Vec<String> = corners.iter().map(|[x, y]| format!("[{x:.7},{y:.7}]")).collect();
        format!(
            r#"{{"type":"Feature","properties":{{"identifier":"Z{number}","country":"CHN","type":"PROHIBITED","variant":"COMMON","zoneAuthority":[{{"purpose":"INFORMATION"}}]}},"geometry":{{"type":"Polygon","coordinates":[[{}]],"layer":{{"upper":120,"upperReference":"AGL"}}}}}}"#,
            positions.join(",")
        )
    };
    let features: Vec<String> = (0..10_000).map(feature).collect();
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn load_10_000_zones(bencher: Bencher<'_, '_>) {
    let text = large_document();
    bencher.bench_local(|| load(&[Document { name: "zones.json", text: text.as_bytes() }]).problems.len());
}

#[divan::bench]
fn zones_near_an_aircraft_of_10_000(bencher: Bencher<'_, '_>) {
    let text = large_document();
    let Some(airspace) = load(&[Document { name: "zones.json", text: text.as_bytes() }]).airspace else {
        return;
    };
    let mut near: Vec<ZoneIx> = Vec::new();
    let mut random = fastrand::Rng::with_seed(3);
    bencher.bench_local(|| {
        let (west, south) = (113.5 + random.f64(), 22.0 + random.f64());
        near.clear();
        if let Some(area) = BoundingBox::new([west, south, west + 0.01, south + 0.01]) {
            airspace.near(&area, &mut near);
        }
        near.len()
    });
}
