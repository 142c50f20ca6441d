//! What the coordinates of a document are: WGS 84, or those of a shifted Chinese web map.

use serde_json::{Map, Value, json};

use crate::airspace::shape::Point;
use crate::domain::LatLng;
use crate::geodesy::{wgs84_from_bd09, wgs84_from_gcj02};

use super::json::{RING_POINTS_MAX, Reader, present};
use super::path::At;
use super::ring::Ring;

/// A horizontal reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::airspace) enum Crs {
    /// WGS 84; CGCS2000 is the same to a metre.
    #[default]
    Wgs84,
    /// GCJ-02.
    Gcj02,
    /// BD-09.
    Bd09,
}

/// As they are written, upper case, without `-`, `_`, `:` and blanks.
const WORDS: [(&str, Crs); 12] = [
    ("WGS84", Crs::Wgs84),
    ("CGCS2000", Crs::Wgs84),
    ("CRS84", Crs::Wgs84),
    ("EPSG4326", Crs::Wgs84),
    ("EPSG4490", Crs::Wgs84),
    ("URNOGCDEFCRSOGC1.3CRS84", Crs::Wgs84),
    ("URNOGCDEFCRSOGCCRS84", Crs::Wgs84),
    ("URNOGCDEFCRSEPSG4326", Crs::Wgs84),
    ("URNOGCDEFCRSEPSG4490", Crs::Wgs84),
    ("GCJ02", Crs::Gcj02),
    ("BD09", Crs::Bd09),
    ("BD09LL", Crs::Bd09),
];

/// Reads `crs`: a word, or the object of GeoJSON 2008. What is not understood is an error: its zones would lie
/// hundreds of metres off.
pub(super) fn read(outer: &Map<String, Value>, reader: &mut Reader<'_>) -> Option<Crs> {
    let metadata_at = At::ROOT.member("metadata");
    let in_metadata = outer.get("metadata").and_then(Value::as_object);
    let (value, at) = match (present(outer, "crs"), in_metadata.and_then(|inner| present(inner, "crs"))) {
        (Some(value), _) => (value, At::ROOT.member("crs")),
        (None, Some(value)) => (value, metadata_at.member("crs")),
        (None, None) => return Some(Crs::Wgs84),
    };
    let name = value.as_str().or_else(|| value.pointer("/properties/name")?.as_str()).unwrap_or_default();
    let bare: String = name
        .chars()
        .filter(|c| !matches!(c, '-' | '_' | ':' | ' '))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let found = WORDS.iter().find(|(word, _)| *word == bare).map(|(_, crs)| *crs);
    found.or_else(|| {
        reader.refuse(
            &at,
            "`crs` must be WGS84, CGCS2000, GCJ02 or BD09",
            "“crs” 应为 WGS84、CGCS2000、GCJ02 或 BD09",
        )
    })
}

impl Crs {
    /// Its name in a version; nothing for WGS 84.
    pub(super) const fn mark(self) -> &'static str {
        match self {
            Self::Wgs84 => "",
            Self::Gcj02 => "GCJ02",
            Self::Bd09 => "BD09",
        }
    }

    /// Longest edge of the map that may stay straight, degrees: the shift bends it by up to 6 cm. That of BD-09 has
    /// waves of 13 km.
    const fn edge_deg(self) -> f64 {
        match self {
            Self::Wgs84 | Self::Gcj02 => 0.01,
            Self::Bd09 => 0.002,
        }
    }

    /// The point on WGS 84 of `[lng, lat]`.
    pub(super) fn to_wgs84(self, [lng, lat]: Point) -> Point {
        let shifted = LatLng::wrapped(lat, lng);
        let at = match self {
            Self::Wgs84 => return [lng, lat],
            Self::Gcj02 => wgs84_from_gcj02(shifted),
            Self::Bd09 => wgs84_from_bd09(shifted),
        };
        [at.lng_deg(), at.lat_deg()]
    }

    /// A ring on WGS 84. Edges that are straight on a shifted map are bent on the Earth: long ones are divided.
    pub(super) fn ring_to_wgs84(self, ring: Ring, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Ring> {
        if self == Self::Wgs84 {
            return Some(ring);
        }
        let mut points = Vec::with_capacity(ring.points.len());
        let mut places = Vec::with_capacity(ring.points.len());
        for (pair, place) in ring.points.windows(2).zip(&ring.places) {
            let [a, b] = pair else { continue };
            let steps = steps((b[0] - a[0]).hypot(b[1] - a[1]) / self.edge_deg());
            if points.len() + usize::from(steps) > 2 * RING_POINTS_MAX {
                let (en, zh) = (
                    "the ring is too long to be brought from a shifted map to WGS 84; split it",
                    "环过长，无法由偏移坐标转换为 WGS 84，请拆分",
                );
                return reader.refuse(at, en, zh);
            }
            for step in 0..steps {
                let t = f64::from(step) / f64::from(steps);
                points.push(self.to_wgs84([a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])]));
                places.push(*place);
            }
        }
        points.extend(points.first().copied());
        places.extend(ring.places.last());
        Some(Ring { points, places })
    }

    /// Brings every position in a GeoJSON geometry to WGS 84.
    pub(super) fn geometry_to_wgs84(self, geometry: &mut Value) {
        if self == Self::Wgs84 {
            return;
        }
        let Some(members) = geometry.as_object_mut() else { return };
        for name in ["coordinates", "center"] {
            if let Some(coordinates) = members.get_mut(name) {
                self.positions_to_wgs84(coordinates);
            }
        }
        if let Some(Value::Array(parts)) = members.get_mut("geometries") {
            for part in parts {
                self.geometry_to_wgs84(part);
            }
        }
    }

    fn positions_to_wgs84(self, value: &mut Value) {
        let Value::Array(items) = value else { return };
        if let [Value::Number(lng), Value::Number(lat), ..] = items.as_slice() {
            let (Some(lng), Some(lat)) = (lng.as_f64(), lat.as_f64()) else { return };
            let [lng, lat] = self.to_wgs84([lng, lat]);
            for (item, degrees) in items.iter_mut().zip([lng, lat]) {
                *item = json!(degrees);
            }
        } else {
            for item in items {
                self.positions_to_wgs84(item);
            }
        }
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates"
)]
fn steps(length: f64) -> u16 {
    (length.ceil() as u16).max(1)
}
