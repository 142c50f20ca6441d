//! Checksums of rows: a truncated SHA-256 over every field, each with its length.

use sha2::{Digest, Sha256};

/// Bytes of a checksum.
pub(super) const SEAL_LEN: usize = 16;

/// A checksum in the making.
pub(super) struct Seal(Sha256);

impl Seal {
    /// A checksum for one kind of row, so that none passes for another kind.
    pub(super) fn of(kind: &str) -> Self {
        Self(Sha256::new()).text(kind)
    }

    pub(super) fn number(mut self, number: i64) -> Self {
        self.0.update(number.to_le_bytes());
        self
    }

    pub(super) fn text(mut self, text: &str) -> Self {
        let len = u64::try_from(text.len()).unwrap_or(u64::MAX);
        self.0.update(len.to_le_bytes());
        self.0.update(text.as_bytes());
        self
    }

    /// An absent text differs from an empty one.
    pub(super) fn optional(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.number(1).text(text),
            None => self.number(0),
        }
    }

    pub(super) fn finish(self) -> [u8; SEAL_LEN] {
        let full: [u8; 32] = self.0.finalize().into();
        full.first_chunk().copied().unwrap_or_default()
    }

    /// The first half as a number, for sums.
    pub(super) fn finish_number(self) -> u64 {
        self.finish().first_chunk().copied().map(u64::from_le_bytes).unwrap_or_default()
    }
}
