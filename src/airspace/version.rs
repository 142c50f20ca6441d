//! Versions: the first 12 hexadecimal digits of SHA-256 over content in a fixed form.

use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::zone::Zone;

/// The version of a zone, from its feature with blanks removed and members sorted.
pub(super) fn of_content(canonical: &str) -> Arc<str> {
    short(Sha256::new_with_prefix(canonical))
}

/// The version of a set: over identifier and version of its zones, in order.
pub(super) fn of_set(zones: &[Zone]) -> Arc<str> {
    let mut digest = Sha256::new();
    for zone in zones {
        // A byte that no text of UTF-8 holds parts the entries.
        for text in [zone.id.as_str(), &zone.version] {
            digest.update(text);
            digest.update([0xff]);
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
        assert_eq!(&*of_content("abc"), "ba7816bf8f01");
        assert_eq!(&*of_set(&[]), "e3b0c44298fc");
    }
}
