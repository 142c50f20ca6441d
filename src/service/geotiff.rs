//! `GeoTIFF` (OGC 19-008r4): one band of elevations, placed by a tie point and a pixel scale in degrees.

use std::io::Cursor;

use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

use crate::domain::BoundingBox;
use crate::geodesy::{ELEVATION_NODES_MAX as NODES_MAX, ElevationModel};

/// `GTModelTypeGeoKey` and its value for longitude and latitude.
const MODEL_TYPE: [u16; 2] = [1024, 2];
/// `GTRasterTypeGeoKey` and its value for pixels that are points rather than areas.
const RASTER_TYPE: [u16; 2] = [1025, 2];

/// Why bytes are no tile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GeotiffError {
    /// The `GeoTIFF` cannot be read.
    #[error("no readable GeoTIFF: {0}")]
    Tiff(String),
    /// It is not placed on the Earth in degrees.
    #[error("the GeoTIFF is not in degrees of longitude and latitude, north up: {0}")]
    Placing(&'static str),
}

/// Adds a `GeoTIFF` in degrees to a model.
pub fn add(model: &mut ElevationModel, bytes: &[u8]) -> Result<(), GeotiffError> {
    let broken = |error: tiff::TiffError| GeotiffError::Tiff(error.to_string().chars().take(200).collect());
    let mut limits = Limits::default();
    limits.decoding_buffer_size = NODES_MAX * 8;
    let mut tiff = Decoder::new(Cursor::new(bytes)).map_err(broken)?.with_limits(limits);
    let (columns, rows) = tiff.dimensions().map_err(broken)?;
    let [columns, rows] = [columns, rows].map(|count| usize::try_from(count).unwrap_or(usize::MAX));
    if columns.checked_mul(rows).is_none_or(|nodes| nodes > NODES_MAX) {
        return Err(GeotiffError::Tiff(format!("over {NODES_MAX} pixels")));
    }
    let scale = tiff.get_tag_f64_vec(Tag::ModelPixelScaleTag).unwrap_or_default();
    let tie = tiff.get_tag_f64_vec(Tag::ModelTiepointTag).unwrap_or_default();
    let keys = tiff.get_tag_u16_vec(Tag::GeoKeyDirectoryTag).unwrap_or_default();
    let void = tiff.get_tag_ascii_string(Tag::GdalNodata).ok();
    let bounds = place(&scale, &tie, &keys, [columns, rows])?;
    let mut nodes = elevations(tiff.read_image().map_err(broken)?);
    if let Some(void) = void.and_then(|text| text.trim_matches(['\0', ' ']).parse::<f32>().ok()) {
        for node in &mut nodes {
            // The mark is written by the program that wrote the pixels, to every bit.
            if node.to_bits() == void.to_bits() {
                *node = f32::NAN;
            }
        }
    }
    let added = model.add_grid(bounds, [columns, rows], nodes);
    added.map_err(|_not_a_grid| GeotiffError::Placing("it is no grid of one band"))
}

/// The box from the first to the last node.
fn place(
    scale: &[f64],
    tie: &[f64],
    keys: &[u16],
    [columns, rows]: [usize; 2],
) -> Result<BoundingBox, GeotiffError> {
    let ([east_step, north_step, ..], [i, j, _, west, north, ..]) = (scale, tie) else {
        return Err(GeotiffError::Placing("it has no tie point with a pixel scale"));
    };
    let key = |wanted: u16| {
        let mut entries = keys.chunks_exact(4).skip(1);
        entries.find_map(
            |entry| if let [id, 0, _, value] = entry { (*id == wanted).then_some(*value) } else { None },
        )
    };
    if key(MODEL_TYPE[0]) != Some(MODEL_TYPE[1]) {
        return Err(GeotiffError::Placing("it is projected, or does not say"));
    }
    // The tie point is a corner of a pixel that is an area, and the middle of one that is a point.
    let to_node = if key(RASTER_TYPE[0]) == Some(RASTER_TYPE[1]) { 0.0 } else { 0.5 };
    #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "at most 64 million")]
    let [last_column, last_row] = [columns, rows].map(|count| count.saturating_sub(1) as f64);
    let first = [west + (to_node - i) * east_step, north - (to_node - j) * north_step];
    let last = [first[0] + last_column * east_step, first[1] - last_row * north_step];
    BoundingBox::new([first[0], last[1], last[0], first[1]])
        .filter(|bounds| bounds.west_deg >= -180.5 && bounds.east_deg <= 180.5 && bounds.south_deg >= -90.5)
        .filter(|bounds| bounds.north_deg <= 90.5 && *east_step > 0.0 && *north_step > 0.0)
        .ok_or(GeotiffError::Placing("its corners are not on the Earth"))
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "elevations are a few thousand metres"
)]
fn elevations(pixels: DecodingResult) -> Vec<f32> {
    match pixels {
        DecodingResult::I8(v) => v.into_iter().map(f32::from).collect(),
        DecodingResult::U8(v) => v.into_iter().map(f32::from).collect(),
        DecodingResult::I16(v) => v.into_iter().map(f32::from).collect(),
        DecodingResult::U16(v) => v.into_iter().map(f32::from).collect(),
        DecodingResult::I32(v) => v.into_iter().map(|m| m as f32).collect(),
        DecodingResult::U32(v) => v.into_iter().map(|m| m as f32).collect(),
        DecodingResult::I64(v) => v.into_iter().map(|m| m as f32).collect(),
        DecodingResult::U64(v) => v.into_iter().map(|m| m as f32).collect(),
        DecodingResult::F16(v) => v.into_iter().map(f32::from).collect(),
        DecodingResult::F32(v) => v,
        DecodingResult::F64(v) => v.into_iter().map(|m| m as f32).collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tiff::encoder::{TiffEncoder, colortype};

    use super::*;
    use crate::domain::LatLng;

    fn at(lat: f64, lng: f64) -> LatLng {
        LatLng::new(lat, lng).unwrap()
    }

    /// A plane: 100 m at 22° N 114° E, 60 m higher a degree east, 120 m higher a degree north.
    fn plane(lat: f64, lng: f64) -> f64 {
        100.0 + 60.0 * (lng - 114.0) + 120.0 * (lat - 22.0)
    }

    fn geotiff(raster_type: u16, model_type: u16, void: f64) -> Vec<u8> {
        let (columns, rows, step) = (21_u32, 11_u32, 0.05);
        let mut bytes = Cursor::new(Vec::new());
        let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
        let mut image = encoder.new_image::<colortype::Gray64Float>(columns, rows).unwrap();
        let tags = image.encoder();
        tags.write_tag(Tag::ModelPixelScaleTag, &[step, step, 0.0][..]).unwrap();
        // The first node is 22.5° N 114° E.
        let corner = if raster_type == 2 { [114.0, 22.5] } else { [114.0 - step / 2.0, 22.5 + step / 2.0] };
        tags.write_tag(Tag::ModelTiepointTag, &[0.0, 0.0, 0.0, corner[0], corner[1], 0.0][..]).unwrap();
        let keys = [1, 1, 0, 2, 1024, 0, 1, model_type, 1025, 0, 1, raster_type];
        tags.write_tag(Tag::GeoKeyDirectoryTag, &keys[..]).unwrap();
        tags.write_tag(Tag::GdalNodata, "-9999").unwrap();
        let mut pixels: Vec<f64> = (0..rows)
            .flat_map(|row| {
                (0..columns)
                    .map(move |column| plane(22.5 - step * f64::from(row), 114.0 + step * f64::from(column)))
            })
            .collect();
        pixels[0] = void;
        image.write_data(&pixels).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_geotiff_by_points_and_by_areas() {
        for raster_type in [1, 2] {
            let mut model = ElevationModel::default();
            add(&mut model, &geotiff(raster_type, 2, -9999.0)).unwrap();
            for (lat, lng) in [(22.0, 114.0), (22.25, 114.5), (22.012, 114.987), (22.5, 115.0)] {
                let got = model.elevation_m(at(lat, lng)).unwrap();
                assert!((got - plane(lat, lng)).abs() < 1e-3, "{lat} {lng} {got}");
            }
            assert_eq!(model.elevation_m(at(22.49, 114.01)), None, "void");
            assert_eq!(model.elevation_m(at(22.6, 114.5)), None, "outside");
        }
    }

    #[test]
    fn what_is_no_tile_says_why() {
        let mut model = ElevationModel::default();
        assert!(matches!(add(&mut model, b"II*\0"), Err(GeotiffError::Tiff(_))));
        assert!(matches!(add(&mut model, &geotiff(1, 1, 0.0)), Err(GeotiffError::Placing(_))));
        assert_eq!(model.tiles(), 0);
    }

    proptest! {
        /// Whatever the bytes are: an answer, no panic.
        #[test]
        fn total_on_broken_bytes(cut in 0_usize..2000, place in 0_usize..400, byte in any::<u8>()) {
            let mut bytes = geotiff(1, 2, 0.0);
            bytes[place] = byte;
            bytes.truncate(bytes.len().saturating_sub(cut));
            let mut model = ElevationModel::default();
            let added = add(&mut model, &bytes);
            prop_assert_eq!(added.is_ok(), model.tiles() == 1);
        }
    }
}
