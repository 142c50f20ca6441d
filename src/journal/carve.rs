//! Events read from the pages of a damaged database without asking the database: every leaf page of the file is
//! looked through for rows that fit their checksum, whatever has become of the pages that led to it.
//!
//! Page and record layout: <https://www.sqlite.org/fileformat2.html>, sections 1.6 and 2.1.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rusqlite::types::ValueRef;

use super::contract::Entry;
use super::record;
use super::schema::{PAGE_LEN, signed};

/// First byte of a leaf page of a table.
const TABLE_LEAF: u8 = 0x0d;
/// Bytes of such a page before the places of its cells.
const LEAF_HEAD_LEN: usize = 8;
/// Most bytes of a row within its page.
const LOCAL_MAX: u64 = PAGE_LEN_U64 - 35;
/// Least bytes of a row within its page when the rest lies elsewhere.
const LOCAL_MIN: u64 = (PAGE_LEN_U64 - 12) * 32 / 255 - 23;
/// Bytes of a row in a page of its own, after the number of the next one.
const OVERFLOW_LEN: u64 = PAGE_LEN_U64 - 4;
/// No alert comes near this; a longer row is damage.
const ROW_LEN_MAX: u64 = 1 << 24;
const PAGE_LEN_U64: u64 = 4096;

/// Where the events of a file lie.
#[derive(Debug, Default)]
pub(super) struct Carved {
    file: Option<File>,
    /// The page that holds each number.
    places: BTreeMap<u64, u64>,
}

impl Carved {
    /// Looks through a file. What cannot be read is passed over.
    pub(super) fn of(path: &Path) -> Self {
        let Ok(file) = File::open(path) else { return Self::default() };
        let pages = file.metadata().map_or(0, |meta| meta.len() / PAGE_LEN_U64);
        let mut places = BTreeMap::new();
        for number in 1..=pages {
            for (seq, fields) in rows(&file, number) {
                if record::of_values(signed(seq), &values(&fields).unwrap_or_default()).is_some() {
                    places.insert(seq, number);
                }
            }
        }
        Self { file: Some(file), places }
    }

    /// The newest number found.
    pub(super) fn newest(&self) -> Option<u64> {
        self.places.last_key_value().map(|(&seq, _)| seq)
    }

    /// The event of that number.
    pub(super) fn entry(&self, seq: u64) -> Option<Entry> {
        let rows = rows(self.file.as_ref()?, *self.places.get(&seq)?);
        let fields = rows.into_iter().filter(|(found, _)| *found == seq);
        fields.into_iter().find_map(|(_, fields)| record::of_values(signed(seq), &values(&fields)?))
    }
}

/// Reads page `number`, counted from 1.
fn page(file: &File, number: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(PAGE_LEN).ok()?];
    file.read_exact_at(&mut bytes, number.checked_sub(1)?.checked_mul(PAGE_LEN_U64)?).ok()?;
    Some(bytes)
}

/// The rows of a leaf page, by their number; none of another page.
fn rows(file: &File, number: u64) -> Vec<(u64, Vec<u8>)> {
    let Some(page) = page(file, number).filter(|page| page.first() == Some(&TABLE_LEAF)) else {
        return Vec::new();
    };
    let count = page.get(3..5).map_or(0, big_endian);
    let places = page.get(LEAF_HEAD_LEN..).unwrap_or_default().chunks_exact(2);
    let places = places.take(usize::try_from(count).unwrap_or(0)).map(big_endian);
    places.filter_map(|place| row(file, page.get(usize::try_from(place).ok()?..)?)).collect()
}

/// The number and the bytes of the row that begins there.
fn row(file: &File, mut cell: &[u8]) -> Option<(u64, Vec<u8>)> {
    let len = varint(&mut cell).filter(|&len| len <= ROW_LEN_MAX)?;
    let seq = varint(&mut cell)?;
    if len <= LOCAL_MAX {
        return Some((seq, cell.get(..usize::try_from(len).ok()?)?.to_vec()));
    }
    let fitting = LOCAL_MIN + (len - LOCAL_MIN) % OVERFLOW_LEN;
    let local = usize::try_from(if fitting <= LOCAL_MAX { fitting } else { LOCAL_MIN }).ok()?;
    let len = usize::try_from(len).ok()?;
    let mut bytes = cell.get(..local)?.to_vec();
    let mut next = big_endian(cell.get(local..local.checked_add(4)?)?);
    while bytes.len() < len {
        let page = page(file, next)?;
        let (number, part) = page.split_at_checked(4)?;
        bytes.extend_from_slice(part.get(..part.len().min(len - bytes.len()))?);
        next = big_endian(number);
    }
    Some((seq, bytes))
}

/// The fields of a row.
fn values(row: &[u8]) -> Option<Vec<ValueRef<'_>>> {
    let mut kinds = row;
    let head_len = usize::try_from(varint(&mut kinds)?).ok()?;
    let mut kinds = row.get(row.len() - kinds.len()..head_len)?;
    let mut rest = row.get(head_len..)?;
    let mut values = Vec::new();
    while !kinds.is_empty() {
        let kind = varint(&mut kinds)?;
        let len = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            12.. => (kind - 12) / 2,
            _ => return None,
        };
        let (bytes, after) = rest.split_at_checked(usize::try_from(len).ok()?)?;
        rest = after;
        values.push(match kind {
            0 | 7 => ValueRef::Null,
            8 | 9 => ValueRef::Integer(i64::from(kind == 9)),
            1..=6 => ValueRef::Integer(integer(bytes)),
            kind if kind % 2 == 0 => ValueRef::Blob(bytes),
            _ => ValueRef::Text(bytes),
        });
    }
    Some(values)
}

/// A number in two's complement, most significant byte first.
fn integer(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|&byte| 0x80 <= byte) { -1 } else { 0 };
    bytes.iter().fold(sign, |value, &byte| value << 8 | i64::from(byte))
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// A number of one to nine bytes, taken off the front.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for count in 1..=9 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if count == 9 {
            return Some(value << 8 | u64::from(byte));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}
