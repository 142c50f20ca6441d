//! SRTM `.hgt`: a degree by a degree of big-endian 16-bit metres, named by its south-western corner.

use super::{NODES_MAX, Tile, TileError};
use crate::domain::BoundingBox;

/// What stands for no elevation.
const VOID: i16 = i16::MIN;

pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Tile, TileError> {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let [south, west] = corner(file).ok_or_else(|| TileError::Name(file.chars().take(64).collect()))?;
    let size = || TileError::Size(bytes.len());
    let count = bytes.len() / 2;
    let side = count.isqrt();
    if side * side * 2 != bytes.len() || count > NODES_MAX {
        return Err(size());
    }
    let metres = |pair: &[u8]| match pair {
        [high, low] => match i16::from_be_bytes([*high, *low]) {
            VOID => f32::NAN,
            metres => f32::from(metres),
        },
        _ => f32::NAN,
    };
    let nodes = bytes.chunks_exact(2).map(metres).collect();
    let bounds = BoundingBox::new([west, south, west + 1.0, south + 1.0]).ok_or_else(size)?;
    Tile::new(bounds, side, side, nodes).ok_or_else(size)
}

/// `N22E114…`: south and west, degrees.
fn corner(file: &str) -> Option<[f64; 2]> {
    let digits = |text: &str| text.parse::<u16>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let signed = |letter: &str, degrees: u16, plus: &str, minus: &str, most: u16| {
        let degrees = Some(f64::from(degrees)).filter(|_| degrees <= most)?;
        if letter.eq_ignore_ascii_case(plus) {
            Some(degrees)
        } else {
            letter.eq_ignore_ascii_case(minus).then_some(-degrees)
        }
    };
    let south = signed(file.get(..1)?, digits(file.get(1..3)?)?, "N", "S", 90)?;
    let west = signed(file.get(3..4)?, digits(file.get(4..7)?)?, "E", "W", 180)?;
    Some([south, west])
}
