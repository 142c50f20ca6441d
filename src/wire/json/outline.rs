//! Where each member of a payload stands, for who must say so; the decoder itself knows no places.
//!
//! One pass without recursion. Where the text is no JSON it stops with what it has found.

use std::ops::Range;

/// One report of a payload.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// JSON pointer: empty, or `/3` in an array.
    pub pointer: String,
    /// Its bytes.
    pub range: Range<usize>,
    /// Its members in their order; those of `nr` follow it.
    pub members: Vec<Member>,
}

/// One member of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// JSON pointer within the payload.
    pub pointer: String,
    /// Its name in refusals, such as `nr.pci`.
    pub name: String,
    /// Where its key begins.
    pub key_at: usize,
    /// The bytes of its value.
    pub value: Range<usize>,
}

/// The reports of a payload with their members.
pub fn outline(text: &str) -> Vec<Element> {
    let mut scan = Scan { text, at: 0 };
    let mut elements = Vec::new();
    if !scan.eat(b'[') {
        elements.extend(scan.element(String::new()));
        return elements;
    }
    while scan.peek().is_some_and(|byte| byte != b']') {
        let before = scan.at;
        if let Some(element) = scan.element(format!("/{}", elements.len())) {
            elements.push(element);
        } else {
            scan.at = before;
            scan.value();
            elements.push(Element {
                pointer: format!("/{}", elements.len()),
                range: before..scan.at,
                ..Element::default()
            });
        }
        scan.eat(b',');
        if scan.at == before {
            break;
        }
    }
    elements
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
}

impl Scan<'_> {
    fn element(&mut self, pointer: String) -> Option<Element> {
        (self.peek()? == b'{').then_some(())?;
        let start = self.at;
        let mut members = Vec::new();
        self.members(&pointer, "", &mut members);
        Some(Element { pointer, range: start..self.at, members })
    }

    /// The members of an object, from its opening brace.
    fn members(&mut self, pointer: &str, before: &str, found: &mut Vec<Member>) {
        self.eat(b'{');
        while self.peek() == Some(b'"') {
            let key_at = self.at;
            self.string();
            let raw = self.text.get(key_at..self.at).unwrap_or_default();
            let Ok(key) = serde_json::from_str::<String>(raw) else { return };
            if !self.eat(b':') || self.peek().is_none() {
                return;
            }
            let path = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
            let (place, start) = (found.len(), self.at);
            let is_cell = before.is_empty() && key == "nr" && self.peek() == Some(b'{');
            if is_cell {
                self.members(&path, "nr.", found);
            } else {
                self.value();
            }
            let member =
                Member { pointer: path, name: format!("{before}{key}"), key_at, value: start..self.at };
            found.insert(place.min(found.len()), member);
            self.eat(b',');
        }
        self.eat(b'}');
    }

    /// The next byte that is no blank.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        self.at += rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, wanted: u8) -> bool {
        let is_there = self.peek() == Some(wanted);
        self.at += usize::from(is_there);
        is_there
    }

    /// Over a string, from its opening quote.
    fn string(&mut self) {
        let mut escaped = false;
        let rest = self.text.as_bytes().get(self.at + 1..).unwrap_or_default();
        let length = rest.iter().position(|byte| {
            let ends = !escaped && *byte == b'"';
            escaped = !escaped && *byte == b'\\';
            ends
        });
        self.at = length.map_or(self.text.len(), |length| self.at + length + 2);
    }

    /// Over a value with all that is in it.
    fn value(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.text.as_bytes().get(self.at) {
            match byte {
                b'"' => self.string(),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b',' | b'}' | b']' if depth == 0 => return,
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                byte if depth == 0 && byte.is_ascii_whitespace() => return,
                _ => self.at += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_has_its_place() {
        let text = "[{\"lat\": 22.5,\n \"nr\":{\"pci\" : 7}, \"a/b\":[1,{\"x\":\"}\\\"\"}] }, 5]";
        let found = outline(text);
        let told: Vec<_> = found[0]
            .members
            .iter()
            .map(|member| (member.pointer.as_str(), member.name.as_str(), &text[member.value.clone()]))
            .collect();
        assert_eq!(
            told,
            [
                ("/0/lat", "lat", "22.5"),
                ("/0/nr", "nr", "{\"pci\" : 7}"),
                ("/0/nr/pci", "nr.pci", "7"),
                ("/0/a~1b", "a/b", "[1,{\"x\":\"}\\\"\"}]"),
            ]
        );
        assert_eq!((found.len(), &text[found[1].range.clone()]), (2, "5"));
        assert_eq!(outline("{}")[0].range, 0..2);
    }

    #[test]
    fn it_is_total_on_any_text() {
        let text = "[{\"nr\":{\"pci\":7,\"名\":\"\\u00e9\\\"\"}},[[{}]],\"x\"]";
        for (end, _) in text.char_indices() {
            outline(&text[..end]);
            outline(&text[end..]);
        }
        for odd in ["", "[[[[[", "}", "[}", "{\"a\"", "{\"a\":", "{\"a\":}", "[,,]", "{\"\\q\":1}", "\u{e9}"]
        {
            outline(odd);
        }
        outline(&"[".repeat(8192));
        outline(&"{\"nr\":".repeat(1000));
    }
}
