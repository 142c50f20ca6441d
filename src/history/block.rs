//! Blocks: observations that were written at once, behind a length and a checksum.
//!
//! ```text
//! mark (4) | length of the content (4) | CRC-32 of the content (4) | content
//! content: base time (8) | birth of the dictionary | number of its first new profile | new profiles | records
//! ```
//!
//! All numbers are little-endian. A block continues the dictionary of that birth, or begins it.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};

use super::Arrived;
use super::bytes::{Bytes, put_count, put_signed};
use super::record::{self, Numbers, Profile};
use crate::domain::Timestamp;

/// What a block begins with; no byte of it is ASCII, so that texts do not look like it.
const MARK: [u8; 4] = [0xf5, 0xb1, 0xc4, 0x01];
const HEAD_LEN: usize = 12;
/// Longest content, bytes: what claims to be longer is damage.
const CONTENT_MAX: usize = 4 << 20;
/// Most observations in a block: a record with its profile has at most about 600 bytes.
pub(super) const RECORDS_MAX: usize = 4_096;
/// A dictionary is begun anew after so long, microseconds: so much can damage to one block spoil.
const DICTIONARY_US: i64 = 10_000_000;
/// What is read at once, bytes.
const CHUNK: usize = 64 * 1024;

/// Makes blocks.
#[derive(Debug, Default)]
pub(super) struct Maker {
    born: Timestamp,
    numbers: Numbers,
}

impl Maker {
    /// The next block begins a dictionary: another segment begins, or the last block may not be there.
    pub(super) fn forget(&mut self) {
        self.numbers.clear();
    }

    /// Appends a block of these observations, at most [`RECORDS_MAX`], to `out`.
    pub(super) fn block(&mut self, arrived: &[Arrived], out: &mut Vec<u8>) {
        let Some(first) = arrived.first() else { return };
        let base = first.received_at;
        let age_us = base.as_micros().saturating_sub(self.born.as_micros());
        if self.numbers.is_empty() || !(0..DICTIONARY_US).contains(&age_us) {
            self.numbers.clear();
            self.born = base;
        }
        let known = count(self.numbers.len());
        let (mut profiles, mut records) = (Vec::new(), Vec::new());
        for arrived in arrived {
            let profile = Profile::of(&arrived.observation);
            let next = count(self.numbers.len());
            let number = *self.numbers.entry(profile).or_insert_with_key(|profile| {
                profile.put(&mut profiles);
                next
            });
            record::put(&mut records, number, base, arrived);
        }
        let mut content = Vec::with_capacity(32 + profiles.len() + records.len());
        content.extend(base.as_micros().to_le_bytes());
        put_signed(&mut content, self.born.as_micros().wrapping_sub(base.as_micros()));
        put_count(&mut content, known);
        put_count(&mut content, count(self.numbers.len()).saturating_sub(known));
        content.extend(profiles);
        content.extend(records);
        out.extend(MARK);
        out.extend(u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend(crc32(&content).to_le_bytes());
        out.extend(content);
    }
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// What the records of a block build on.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) base: Timestamp,
    /// The birth of the dictionary, microseconds.
    pub(super) born: i64,
    /// The dictionary.
    pub(super) profiles: &'a BTreeMap<u64, Profile>,
}

/// Takes records.
pub(super) trait Take {
    /// Takes the next one; whether the dictionary has its aircraft. `None` if it is no record.
    fn take(&mut self, bytes: &mut Bytes<'_>, block: &Block<'_>) -> Option<bool>;
}

impl<T: Extend<Arrived>> Take for T {
    fn take(&mut self, bytes: &mut Bytes<'_>, block: &Block<'_>) -> Option<bool> {
        let arrived = record::read(bytes, block.base, |number| block.profiles.get(&number))?;
        let known = arrived.is_some();
        self.extend(arrived);
        Some(known)
    }
}

/// Takes the blocks of a segment, one at a time.
#[derive(Debug)]
pub(super) struct Scanner<R> {
    input: R,
    /// What was read and not taken yet, from `from` on.
    held: Vec<u8>,
    from: usize,
    /// Where in the segment `from` is.
    at: u64,
    ended: bool,
    born: i64,
    profiles: BTreeMap<u64, Profile>,
    damage: Vec<String>,
}

impl<R: Read> Scanner<R> {
    pub(super) fn new(input: R) -> Self {
        let profiles = BTreeMap::new();
        Self { input, held: Vec::new(), from: 0, at: 0, ended: false, born: 0, profiles, damage: Vec::new() }
    }

    /// Hands over the records of the next sound block; `false` at the end of the segment.
    pub(super) fn next_block(&mut self, out: &mut impl Take) -> bool {
        let mut skipped_from = None;
        loop {
            let len = match self.head() {
                Head::Block(len) => len,
                Head::None => {
                    self.tell_skipped(skipped_from);
                    return false;
                }
                Head::Damaged => {
                    skipped_from.get_or_insert(self.at);
                    self.skip_to_mark();
                    continue;
                }
            };
            self.tell_skipped(skipped_from);
            let (start, begin) = (self.at, self.from + HEAD_LEN);
            let content = self.held.get(begin..begin + len).unwrap_or_default();
            let read = Self::content(content, &mut self.born, &mut self.profiles, out);
            self.step(HEAD_LEN + len);
            match read {
                Some(0) => {}
                Some(unknown) => self.damage.push(format!(
                    "byte {start}: {unknown} observations of aircraft that a lost block names"
                )),
                None => {
                    self.damage.push(format!("byte {start}: a block with a right checksum makes no sense"));
                }
            }
            return true;
        }
    }

    /// What was damaged, in words; each is told once.
    pub(super) fn damage(&mut self) -> Vec<String> {
        std::mem::take(&mut self.damage)
    }

    /// Reads a content; returns how many observations are of unknown aircraft.
    fn content(
        content: &[u8],
        known_born: &mut i64,
        profiles: &mut BTreeMap<u64, Profile>,
        out: &mut impl Take,
    ) -> Option<usize> {
        let mut bytes = Bytes(content);
        let base = Timestamp::from_micros(i64::from_le_bytes(bytes.fixed()?));
        let born = base.as_micros().wrapping_add(bytes.signed()?);
        if born != *known_born {
            profiles.clear();
            *known_born = born;
        }
        let (first, fresh) = (bytes.count()?, bytes.count()?);
        for number in first..first.checked_add(fresh)? {
            profiles.insert(number, Profile::read(&mut bytes)?);
        }
        let (mut unknown, block) = (0, Block { base, born, profiles });
        while !bytes.is_empty() {
            unknown += usize::from(!out.take(&mut bytes, &block)?);
        }
        Some(unknown)
    }

    fn head(&mut self) -> Head {
        if !self.fill(HEAD_LEN) {
            return if self.left() == 0 { Head::None } else { self.damaged_end() };
        }
        let mut head = Bytes(self.held.get(self.from..).unwrap_or_default());
        let parts =
            (head.fixed::<4>(), head.fixed().map(u32::from_le_bytes), head.fixed().map(u32::from_le_bytes));
        let (Some(MARK), Some(len), Some(sum)) = parts else { return Head::Damaged };
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        if CONTENT_MAX < len {
            return Head::Damaged;
        }
        if !self.fill(HEAD_LEN + len) {
            return self.damaged_end();
        }
        let begin = self.from + HEAD_LEN;
        let content = self.held.get(begin..begin + len).unwrap_or_default();
        if crc32(content) == sum { Head::Block(len) } else { Head::Damaged }
    }

    /// What is left is no block; there may be one in it.
    fn damaged_end(&self) -> Head {
        if self.left() == 0 { Head::None } else { Head::Damaged }
    }

    /// Goes on at the next place that looks like a block.
    fn skip_to_mark(&mut self) {
        self.step(1);
        loop {
            let held = self.held.get(self.from..).unwrap_or_default();
            if let Some(found) = held.windows(MARK.len()).position(|four| four == MARK) {
                return self.step(found);
            }
            // A mark may have begun at the end of what is there.
            self.step(self.left().saturating_sub(MARK.len() - 1));
            if !self.fill(CHUNK.min(self.left() + CHUNK)) && self.left() < HEAD_LEN {
                return self.step(self.left());
            }
        }
    }

    fn tell_skipped(&mut self, from: Option<u64>) {
        if let Some(from) = from {
            self.damage.push(format!("bytes {from} to {}: damaged or cut off", self.at));
        }
    }

    fn left(&self) -> usize {
        self.held.len().saturating_sub(self.from)
    }

    fn step(&mut self, len: usize) {
        let len = len.min(self.left());
        self.from += len;
        self.at += count(len);
    }

    /// Reads until `wanted` bytes are there; `false` if there are not so many.
    fn fill(&mut self, wanted: usize) -> bool {
        while self.left() < wanted && !self.ended {
            if CHUNK < self.from {
                self.held.drain(..self.from);
                self.from = 0;
            }
            let old = self.held.len();
            self.held.resize(old + CHUNK, 0);
            let read = match self.input.read(self.held.get_mut(old..).unwrap_or_default()) {
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {
                    self.held.truncate(old);
                    continue;
                }
                Err(error) => {
                    self.damage.push(format!("byte {}: cannot be read: {error}", self.at));
                    0
                }
            };
            self.held.truncate(old + read);
            self.ended = read == 0;
        }
        wanted <= self.left()
    }
}

enum Head {
    /// A sound block with a content of that length.
    Block(usize),
    Damaged,
    /// The end.
    None,
}

/// CRC-32 as of IEEE 802.3, reflected, a byte at a time.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        let [low, ..] = crc.to_le_bytes();
        let entry = CRC_TABLE.get(usize::from(low ^ byte)).copied().unwrap_or_default();
        crc >> 8 ^ entry
    };
    !bytes.iter().fold(u32::MAX, step)
}

static CRC_TABLE: [u32; 256] = crc_table();

#[expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "the compiler evaluates it"
)]
const fn crc_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut crc = at as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn the_known_checksum() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
