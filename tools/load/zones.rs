//! Zones for a run: so many round and angular ones spread over the fleet's square, and the strip that
//! breaching aircraft enter.

use std::path::Path;

use serde_json::{Value, json};

use crate::fleet::{Area, STRIP};

/// How deep the strip is, metres: deeper than any aircraft enters.
const STRIP_DEPTH_M: f64 = 60.0;

/// Writes `load.json` into a folder.
pub(crate) fn write(dir: &Path, count: u32, area: &Area) -> std::io::Result<()> {
    let features: Vec<_> = (0..count).map(|n| zone(n, area)).chain([strip(area)]).collect();
    let document = json!({
        "type": "FeatureCollection",
        "title": "Zones of a load run (synthetic)",
        "metadata": {
            "validFrom": "2026-01-01T00:00:00Z",
            "issued": "2026-01-01T00:00:00Z",
            "provider": [{ "text": "lowsky load generator", "lang": "en-GB" }],
            "description": [{ "text": "Not for flight.", "lang": "en-GB" }]
        },
        "features": features,
    });
    std::fs::create_dir_all(dir)?;
    std::fs::write(dir.join("load.json"), document.to_string())
}

/// A polygon of 12 to 60 corners around a place, 100 to 500 m wide.
fn zone(number: u32, area: &Area) -> Value {
    let n = f64::from(number) + 0.5;
    let spread = |step: f64| ((n * step).fract() - 0.5) * area.side_m;
    let (east_m, north_m) = (spread(0.618_034), spread(0.414_214));
    let corners = 12 + number % 49;
    let ring = (0..corners).map(|corner| {
        let angle = f64::from(corner) / f64::from(corners) * std::f64::consts::TAU;
        // Every second corner lies further in, so that the outline is not convex.
        let radius_m = (50.0 + (n * 0.754_878).fract() * 200.0) * if corner % 2 == 0 { 1.0 } else { 0.8 };
        (east_m + radius_m * angle.cos(), north_m + radius_m * angle.sin())
    });
    feature(&format!("L{number:06}"), "REQ_AUTHORIZATION", ring, area)
}

/// A strip along the north, far longer than the row of aircraft that wait beside it.
fn strip(area: &Area) -> Value {
    let (half_m, south_m) = (area.side_m / 2.0, area.strip_north_m());
    let north_m = south_m + STRIP_DEPTH_M;
    let ring = [(-half_m, south_m), (half_m, south_m), (half_m, north_m), (-half_m, north_m)];
    feature(STRIP, "PROHIBITED", ring.into_iter(), area)
}

fn feature(id: &str, restriction: &str, ring: impl Iterator<Item = (f64, f64)>, area: &Area) -> Value {
    let mut corners: Vec<_> = ring
        .map(|(east_m, north_m)| {
            let (lat, lng) = area.place(east_m, north_m);
            json!([lng, lat])
        })
        .collect();
    corners.extend(corners.first().cloned());
    json!({
        "type": "Feature",
        "properties": {
            "identifier": id,
            "country": "CHN",
            "name": [{ "text": format!("{id} (synthetic)"), "lang": "en-GB" }],
            "type": restriction,
            "variant": "COMMON",
            "reason": ["NATURE"],
            "zoneAuthority": [{
                "name": [{ "text": "Example airspace authority", "lang": "en-GB" }],
                "email": "airspace@example.cn",
                "purpose": "AUTHORIZATION",
                "intervalBefore": "P1D"
            }]
        },
        "geometry": {
            "type": "Polygon",
            "coordinates": [corners],
            "layer": { "lower": 0, "lowerReference": "AGL", "upper": 150, "upperReference": "AGL", "uom": "m" }
        }
    })
}
