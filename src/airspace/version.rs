//! Versions: the first 12 hexadecimal digits of SHA-256 over content in a fixed form.

use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::zone::Zone;

/// A byte that no text of UTF-8 holds parts the entries.
const PARTING: u8 = 0xff;

/// The version of a zone, from its feature with blanks removed and members sorted, and from what its document says of
/// all zones. Empty texts at the end are nothing.
pub(super) fn of_content(canonical: &[&str]) -> Arc<str> {
    let said = canonical.iter().rposition(|text| !text.is_empty()).map_or(0, |last| last + 1);
    let mut digest = Sha256::new();
    for (i, text) in canonical.iter().take(said).enumerate() {
        if i > 0 {
            digest.update([PARTING]);
        }
        digest.update(text);
    }
    short(digest)
}

/// The version of a set: over identifier and version of its zones, in order.
pub(super) fn of_set(zones: &[Zone]) -> Arc<str> {
    let mut digest = Sha256::new();
    for zone in zones {
        for text in [zone.id.as_str(), &zone.version] {
            digest.update(text);
            digest.update([PARTING]);
        }
    }
    short(digest)
}

fn short(digest: Sha256) -> Arc<str> {
    let mut text = String::with_capacity(12);
    for byte in digest.finalize().iter().take(6) {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    Arc::from(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_start_of_sha_256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(&*of_content(&["abc", "", ""]), "ba7816bf8f01");
        assert_eq!(&*of_set(&[]), "e3b0c44298fc");
    }
}
