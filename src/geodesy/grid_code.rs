//! The BeiDou grid position code, 北斗网格位置码 (GB/T 39409-2020), in two and three dimensions.
//!
//! A code is for showing and exchanging a place; it is no index. MH/T 4063.1 has another grid of the same
//! look, so a code never travels without the name of its scheme.
//!
//! ```text
//! N 50J 47 5 39 B8 2 55 34 ..   hemisphere, then levels 1 to 10
//! ```
//!
//! South of the equator and west of Greenwich the counting is mirrored, as the text says; no published
//! example of those quadrants could be obtained.

use super::grid_height::{self, HeightDigits};
use crate::domain::{LatLng, whole};

/// Units of 1/2048 arc second, the size of a cell of level 10, in a degree.
const UNITS_PER_DEG: i64 = 3600 * 2048;
/// Latitudes from here to the poles have no code.
const LAT_LIMIT_DEG: f64 = 88.0;

/// How a level's column and row are written.
#[derive(Clone, Copy)]
enum Writing {
    /// Level 1: the column as two decimal digits, the row as a letter.
    First,
    /// A hexadecimal digit each.
    Pair,
    /// One digit for both: two columns, counted row by row.
    ZOrder,
}

/// One level of the grid: the size of a cell in units, how many there are in the one above, the writing.
struct Level {
    size: [i64; 2],
    count: [i64; 2],
    writing: Writing,
}

const fn level(size: [i64; 2], count: [i64; 2], writing: Writing) -> Level {
    Level { size, count, writing }
}

/// Level 1 first; the sizes are longitude by latitude.
const LEVELS: [Level; 10] = [
    level([6 * UNITS_PER_DEG, 4 * UNITS_PER_DEG], [30, 22], Writing::First),
    level([30 * 60 * 2048, 30 * 60 * 2048], [12, 8], Writing::Pair),
    level([15 * 60 * 2048, 10 * 60 * 2048], [2, 3], Writing::ZOrder),
    level([60 * 2048, 60 * 2048], [15, 10], Writing::Pair),
    level([4 * 2048, 4 * 2048], [15, 15], Writing::Pair),
    level([2 * 2048, 2 * 2048], [2, 2], Writing::ZOrder),
    level([512, 512], [8, 8], Writing::Pair),
    level([64, 64], [8, 8], Writing::Pair),
    level([8, 8], [8, 8], Writing::Pair),
    level([1, 1], [8, 8], Writing::Pair),
];

/// Why there is no code, or no cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GridCodeError {
    /// Levels are 1 to 10.
    #[error("a grid level is 1 to 10")]
    Level,
    /// The code is not defined near the poles.
    #[error("the grid ends at 88 degrees of latitude")]
    Latitude,
    /// Outside −6302 … 528 680 km.
    #[error("the height is outside the grid or not a number")]
    Height,
    /// A symbol that cannot stand where it stands, or a code that ends within a level.
    #[error("not a BeiDou grid code: symbol {0} is missing or wrong")]
    Symbol(usize),
}

/// What a code stands for: a cell, or a block of cells if it has a height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GridCell {
    /// 1 to 10.
    pub level: usize,
    /// Corner of the smallest latitude and longitude.
    pub south_west: LatLng,
    /// Corner of the largest latitude and longitude.
    pub north_east: LatLng,
    /// Lower and upper height above the ellipsoid in metres, of a code in three dimensions.
    pub hae_m: Option<[f64; 2]>,
}

/// The two-dimensional code of the cell of `level` that holds the point: 4 to 20 symbols.
pub fn grid_code_2d(at: LatLng, level: usize) -> Result<String, GridCodeError> {
    encode(at, None, level)
}

/// The three-dimensional code of the block of `level` that holds the point: 7 to 32 symbols.
pub fn grid_code_3d(at: LatLng, hae_m: f64, level: usize) -> Result<String, GridCodeError> {
    let digits = HeightDigits::of_height(hae_m).ok_or(GridCodeError::Height)?;
    encode(at, Some(&digits), level)
}

/// The cell of a two-dimensional code.
pub fn grid_cell_2d(code: &str) -> Result<GridCell, GridCodeError> {
    decode(code, false)
}

/// The block of a three-dimensional code.
pub fn grid_cell_3d(code: &str) -> Result<GridCell, GridCodeError> {
    decode(code, true)
}

fn encode(at: LatLng, height: Option<&HeightDigits>, level: usize) -> Result<String, GridCodeError> {
    let levels = LEVELS.get(..level).filter(|levels| !levels.is_empty()).ok_or(GridCodeError::Level)?;
    if at.lat_deg().abs() >= LAT_LIMIT_DEG {
        return Err(GridCodeError::Latitude);
    }
    let west = at.lng_deg() < 0.0;
    // The meridian of 180° belongs to the last column of either side.
    let mut rest = [units(at.lng_deg().abs()).min(180 * UNITS_PER_DEG - 1), units(at.lat_deg().abs())];
    let mut code = String::with_capacity(32);
    code.push(if at.lat_deg() < 0.0 { 'S' } else { 'N' });
    if let Some(height) = height {
        height.push_sign(&mut code);
    }
    for (index, level) in levels.iter().enumerate() {
        let [column, row] = [rest[0] / level.size[0], rest[1] / level.size[1]];
        rest = [rest[0] % level.size[0], rest[1] % level.size[1]];
        match level.writing {
            Writing::First => {
                push_decimal(&mut code, if west { 30 - column } else { 31 + column });
                code.extend(u32::try_from(row).ok().and_then(|row| char::from_u32(u32::from(b'A') + row)));
            }
            Writing::Pair => {
                push_hex(&mut code, column);
                push_hex(&mut code, row);
            }
            Writing::ZOrder => push_hex(&mut code, 2 * row + column),
        }
        if let Some(height) = height {
            height.push_level(&mut code, index);
        }
    }
    Ok(code)
}

fn decode(code: &str, with_height: bool) -> Result<GridCell, GridCodeError> {
    let mut symbols = Symbols { code: code.as_bytes(), next: 0 };
    let south = symbols.take(|symbol| match symbol {
        b'N' => Some(false),
        b'S' => Some(true),
        _ => None,
    })?;
    let below = with_height && symbols.number(1, 2)? == 1;
    let mut west = false;
    let mut origin = [0_i64; 2];
    let mut layer = 0_i64;
    let mut depth = 0;
    for (index, level) in LEVELS.iter().enumerate() {
        if index > 0 && symbols.at_end() {
            break;
        }
        let [column, row] = match level.writing {
            Writing::First => {
                let first = symbols.decimal(1, 60)?;
                west = first <= 30;
                let row =
                    symbols.take(|symbol| symbol.is_ascii_uppercase().then(|| i64::from(symbol - b'A')))?;
                if row >= level.count[1] {
                    return Err(GridCodeError::Symbol(symbols.next));
                }
                [if west { 30 - first } else { first - 31 }, row]
            }
            Writing::Pair => [symbols.number(1, level.count[0])?, symbols.number(1, level.count[1])?],
            Writing::ZOrder => {
                let both = symbols.number(1, level.count[0] * level.count[1])?;
                [both % 2, both / 2]
            }
        };
        origin = [origin[0] + column * level.size[0], origin[1] + row * level.size[1]];
        if with_height {
            let digit = if index == 0 { symbols.decimal(0, 63)? } else { symbols.number(1, 16)? };
            layer += grid_height::weighted(index, digit).ok_or(GridCodeError::Symbol(symbols.next))?;
        }
        depth = index + 1;
    }
    if !symbols.at_end() {
        return Err(GridCodeError::Symbol(symbols.next + 1));
    }
    let size = LEVELS.get(depth.saturating_sub(1)).map_or([0, 0], |level| level.size);
    let [lng, lat] =
        [span(origin[0], size[0], west), span(origin[1], size[1], south)].map(|edges| edges.map(degrees));
    Ok(GridCell {
        level: depth,
        south_west: LatLng::wrapped(lat[0], lng[0]),
        north_east: LatLng::wrapped(lat[1], lng[1]),
        hae_m: with_height.then(|| grid_height::bounds_m(layer, below, depth)),
    })
}

/// Lower and upper edge in units, of an index that counts away from zero.
fn span(origin: i64, size: i64, mirrored: bool) -> [i64; 2] {
    if mirrored { [-origin - size, -origin] } else { [origin, origin + size] }
}

/// The symbols of a code, read from the front.
struct Symbols<'a> {
    code: &'a [u8],
    next: usize,
}

impl Symbols<'_> {
    fn at_end(&self) -> bool {
        self.next >= self.code.len()
    }

    fn take<T>(&mut self, read: impl Fn(u8) -> Option<T>) -> Result<T, GridCodeError> {
        self.next += 1;
        self.code.get(self.next - 1).and_then(|&symbol| read(symbol)).ok_or(GridCodeError::Symbol(self.next))
    }

    /// `length` hexadecimal digits in capitals, under `limit`.
    fn number(&mut self, length: usize, limit: i64) -> Result<i64, GridCodeError> {
        let mut value = 0;
        for _ in 0..length {
            let digit = self.take(|symbol| {
                char::from(symbol).to_digit(16).filter(|_| !symbol.is_ascii_lowercase()).map(i64::from)
            })?;
            value = value * 16 + digit;
        }
        if value < limit { Ok(value) } else { Err(GridCodeError::Symbol(self.next)) }
    }

    /// Two decimal digits from `least` to `most`.
    fn decimal(&mut self, least: i64, most: i64) -> Result<i64, GridCodeError> {
        let value = 10 * self.number(1, 10)? + self.number(1, 10)?;
        if (least..=most).contains(&value) { Ok(value) } else { Err(GridCodeError::Symbol(self.next)) }
    }
}

pub(super) fn push_decimal(code: &mut String, value: i64) {
    push_hex(code, value / 10);
    push_hex(code, value % 10);
}

pub(super) fn push_hex(code: &mut String, value: i64) {
    let digit = u32::try_from(value).ok().and_then(|value| char::from_digit(value, 16));
    code.extend(digit.map(|digit| digit.to_ascii_uppercase()));
}

/// Whole units of an angle that is not negative. A millionth of a unit keeps a coordinate that names a
/// cell's edge in decimals from falling into the cell before it.
fn units(degrees: f64) -> i64 {
    #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "a float cast saturates")]
    let units = (degrees * whole(UNITS_PER_DEG) + 1e-6).floor() as i64;
    units
}

fn degrees(units: i64) -> f64 {
    whole(units) / whole(UNITS_PER_DEG)
}

#[cfg(test)]
mod tests;
