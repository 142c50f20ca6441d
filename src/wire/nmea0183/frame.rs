//! Cuts bytes into sentences and checks their checksums.

use crate::domain::{Reason, Refusal};

/// Most characters of a sentence. The standard has 82; receivers with long decimals and many fields exceed it.
const SENTENCE_LEN_MAX: usize = 256;

/// A sentence with a correct checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Framed<'a> {
    /// Who talks: `GN`, `GB`, `BD`, `GP` …; empty for a proprietary sentence.
    pub(super) talker: &'a str,
    /// The sentence's three letters; empty for a proprietary sentence.
    pub(super) kind: &'a str,
    /// What stands between the first comma and the asterisk.
    pub(super) data: &'a str,
    /// The checksum.
    pub(super) checksum: u8,
}

/// The sentences of a payload: lines, glued sentences cut apart, tag blocks and blank lines left out.
pub(super) fn sentences(payload: &[u8]) -> impl Iterator<Item = Result<Framed<'_>, Refusal>> {
    payload
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .flat_map(|line| Pieces { rest: line.trim_ascii() })
        .map(|piece| piece.strip_suffix(b"\0").unwrap_or(piece).trim_ascii())
        .filter(|piece| !piece.is_empty() && !is_tag_block(piece))
        .map(framed)
}

/// Cuts before every `$`, which opens a sentence and stands nowhere else.
struct Pieces<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let next =
            self.rest.iter().skip(1).position(|byte| *byte == b'$').map_or(self.rest.len(), |at| at + 1);
        let (piece, rest) = self.rest.split_at(next.min(self.rest.len()));
        self.rest = rest;
        Some(piece)
    }
}

/// `\s:source,c:1763798400*5A\`, put before a sentence by NMEA 4.
fn is_tag_block(piece: &[u8]) -> bool {
    matches!(piece, [b'\\', .., b'\\'])
}

fn framed(piece: &[u8]) -> Result<Framed<'_>, Refusal> {
    if SENTENCE_LEN_MAX < piece.len() {
        let detail = format!("a sentence has {} bytes, at most {SENTENCE_LEN_MAX} are read", piece.len());
        return Err(Refusal::new(Reason::TooLarge, detail));
    }
    let text = std::str::from_utf8(piece).ok().filter(|text| text.bytes().all(|b| matches!(b, b' '..=b'~')));
    let body = text.and_then(|text| text.strip_prefix(['$', '!']));
    let Some(body) = body else {
        return Err(Refusal::new(
            Reason::Malformed,
            "not an NMEA sentence: `$`, visible ASCII and `*hh` are wanted",
        ));
    };
    let (talker, kind) = address(body);
    let fail = |reason, detail: String| {
        let mut refusal = Refusal::new(reason, detail);
        refusal.field = Some(kind).filter(|kind| !kind.is_empty()).map(Into::into);
        refusal
    };
    let Some((content, tail)) = body.split_once('*') else {
        return Err(fail(Reason::Checksum, "the sentence has no checksum `*hh`: it may be cut off".into()));
    };
    let (digits, after) = tail.split_at_checked(2).unwrap_or((tail, ""));
    // A tag block of the next sentence may be glued on.
    let stated = u8::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 2 && !digits.contains('+'));
    let Some(stated) = stated.filter(|_| after.is_empty() || after.starts_with('\\')) else {
        return Err(fail(Reason::Malformed, "two hexadecimal digits are wanted after `*`".into()));
    };
    let checksum = content.bytes().fold(0, |sum, byte| sum ^ byte);
    if stated != checksum {
        return Err(fail(
            Reason::Checksum,
            format!("checksum is {stated:02X}, the sentence gives {checksum:02X}"),
        ));
    }
    let data = content.split_once(',').map_or("", |(_, data)| data);
    Ok(Framed { talker, kind, data, checksum })
}

/// Talker and kind of `GNGGA,…`; both empty unless the address has five letters or digits. `P` opens a
/// maker's own sentences.
fn address(body: &str) -> (&str, &str) {
    let address = body.split([',', '*']).next().unwrap_or_default();
    let known = address.len() == 5 && address.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if known && !address.starts_with('P') { address.split_at(2) } else { ("", "") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(payload: &[u8]) -> Vec<Result<&str, Reason>> {
        sentences(payload).map(|framed| framed.map(|f| f.kind).map_err(|refusal| refusal.reason)).collect()
    }

    #[test]
    fn lines_glued_sentences_and_tag_blocks() {
        let gga = "$GPGGA,,,,,,0,,,,,,,,*66";
        assert_eq!(kinds(gga.as_bytes()), [Ok("GGA")]);
        assert_eq!(kinds(format!("\r\n{gga}\r\n\r\n{gga}{gga}\n").as_bytes()), [Ok("GGA"); 3]);
        assert_eq!(
            kinds(format!("\\s:rx1,c:1763798400*5A\\{gga}\\g:1*00\\{gga}").as_bytes()),
            [Ok("GGA"); 2]
        );
        assert_eq!(kinds(b"$GPGGA,,,,,,0,,,,,,,,*65"), [Err(Reason::Checksum)]);
        assert_eq!(kinds(b"$GPGGA,,,,,,0,,,,,,,,"), [Err(Reason::Checksum)]);
        assert_eq!(kinds(b"$GPGGA,,,,,,0,,,,,,,,*6"), [Err(Reason::Malformed)]);
        assert_eq!(kinds(b"$GPGGA,,,,,,0,,,,,,,,*666"), [Err(Reason::Malformed)]);
        assert_eq!(kinds(b"hello"), [Err(Reason::Malformed)]);
        assert_eq!(kinds("$GPGGA,\u{ff10}*66".as_bytes()), [Err(Reason::Malformed)]);
        assert_eq!(kinds(&[b'$'; 3]), [Err(Reason::Checksum); 3]);
        assert_eq!(kinds(&[b'x'; 257]), [Err(Reason::TooLarge)]);
        assert_eq!(kinds(b""), []);
        assert_eq!(kinds(b"$PUBX,00*33"), [Ok("")]);
    }
}
