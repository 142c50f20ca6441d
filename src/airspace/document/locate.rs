//! Finds where in a text the places of a JSON document are. The parser knows positions only of syntax errors.
//!
//! One pass over the text serves all places. It goes no deeper than they do and keeps its own stack, so no text can
//! exhaust it; where the text is no JSON it stops with what it has found.

use std::ops::Range;

use super::path::Step;

/// For each path, where its value begins; or the nearest value above it that is there. `paths` must be sorted.
pub(super) fn offsets(text: &[u8], paths: &[Vec<Step>]) -> Vec<usize> {
    let mut walk = Walk { text, at: 0, paths, found: vec![0; paths.len()], open: Vec::new() };
    walk.value(0..paths.len(), 0);
    while walk.step().is_some() {}
    walk.found
}

/// Where the items of an array are that is a member of the document, and where its first item would be. `None` if it is no
/// array, or the text is no JSON.
pub(in crate::airspace) fn items(text: &[u8], member: &str) -> Option<(Vec<Range<usize>>, usize)> {
    let inner = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mark = text.len() - inner.len();
    let at = *offsets(inner, &[vec![Step::Member(member.to_owned())]]).first()?;
    if inner.get(at) != Some(&b'[') {
        return None;
    }
    let mut walk = Walk { text: inner, at: at + 1, paths: &[], found: Vec::new(), open: Vec::new() };
    let mut items = Vec::new();
    loop {
        walk.blanks();
        let from = walk.at;
        match inner.get(from)? {
            b']' => return Some((items, mark + at + 1)),
            b',' => walk.at += 1,
            _ => {
                walk.skip();
                if walk.at == from {
                    return None;
                }
                items.push(mark + from..mark + walk.at);
            }
        }
    }
}

/// Line and column, from 1, of sorted offsets; columns count characters.
pub(super) fn lines_and_columns(text: &[u8], sorted: &[usize]) -> Vec<(usize, usize)> {
    let (mut line, mut column, mut at) = (1, 1, 0);
    let mut places = Vec::with_capacity(sorted.len());
    for offset in sorted {
        for byte in text.get(at..*offset).unwrap_or(&[]) {
            if *byte == b'\n' {
                (line, column) = (line + 1, 1);
            } else if byte & 0xc0 != 0x80 {
                // A character of UTF-8 has one byte that is no continuation.
                column += 1;
            }
        }
        at = at.max(*offset);
        places.push((line, column));
    }
    places
}

struct Walk<'a> {
    text: &'a [u8],
    at: usize,
    paths: &'a [Vec<Step>],
    found: Vec<usize>,
    open: Vec<Open>,
}

/// An object or array that holds places to find.
struct Open {
    /// The paths that lead through it.
    wanted: Range<usize>,
    /// How many of their steps lead to it.
    depth: usize,
    /// The next item of an array; `None` in an object.
    next_item: Option<usize>,
}

impl Walk<'_> {
    /// Goes on to the next member or item, or out of the container; `None` at the end.
    fn step(&mut self) -> Option<()> {
        self.blanks();
        let byte = *self.text.get(self.at)?;
        let open = self.open.last_mut()?;
        match byte {
            b',' => self.at += 1,
            b'}' | b']' => {
                self.at += 1;
                self.open.pop();
            }
            _ => {
                let depth = open.depth;
                let within = open.wanted.clone();
                let step = if let Some(item) = &mut open.next_item {
                    let number = *item;
                    *item += 1;
                    Step::Item(number)
                } else {
                    Step::Member(self.key()?)
                };
                let wanted = self.matching(within, depth, &step);
                self.value(wanted, depth + 1);
            }
        }
        Some(())
    }

    /// A member's name and the colon after it.
    fn key(&mut self) -> Option<String> {
        let start = self.at;
        if self.text.get(start) != Some(&b'"') {
            return None;
        }
        self.string();
        let name = serde_json::from_slice(self.text.get(start..self.at)?).ok()?;
        self.blanks();
        if self.text.get(self.at) != Some(&b':') {
            return None;
        }
        self.at += 1;
        Some(name)
    }

    /// The paths of `within` whose step at `depth` is `step`. They are sorted and equal up to there.
    fn matching(&self, within: Range<usize>, depth: usize, step: &Step) -> Range<usize> {
        let paths = self.paths.get(within.clone()).unwrap_or(&[]);
        let low = paths.partition_point(|path| path.get(depth) < Some(step));
        let high = paths.partition_point(|path| path.get(depth) <= Some(step));
        within.start + low..within.start + high
    }

    /// At the start of a value: notes it for the paths that lead here, and goes in if some lead further.
    fn value(&mut self, wanted: Range<usize>, depth: usize) {
        self.blanks();
        if let Some(found) = self.found.get_mut(wanted.clone()) {
            found.fill(self.at);
        }
        let ending_here =
            self.paths.get(wanted.clone()).unwrap_or(&[]).partition_point(|path| path.len() <= depth);
        let further = wanted.start + ending_here..wanted.end;
        match self.text.get(self.at) {
            Some(b'{' | b'[') if !further.is_empty() => {
                let next_item = (self.text.get(self.at) == Some(&b'[')).then_some(0);
                self.open.push(Open { wanted: further, depth, next_item });
                self.at += 1;
            }
            _ => self.skip(),
        }
    }

    fn blanks(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    /// Over a string, from its opening quote.
    fn string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.text.get(self.at) {
            self.at += match byte {
                b'\\' => 2,
                _ => 1,
            };
            if *byte == b'"' {
                return;
            }
        }
        self.at = self.text.len();
    }

    /// Over a value with all that is in it.
    fn skip(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b'"' => self.string(),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' | b',' if depth == 0 => return,
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                _ => self.at += 1,
            }
            if depth == 0 && matches!(byte, b'"' | b'}' | b']') {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::airspace::document::path::text;

    fn member(name: &str) -> Step {
        Step::Member(name.to_owned())
    }

    fn locate(text: &str, path: &[Step]) -> (usize, usize) {
        let offsets = offsets(text.as_bytes(), &[path.to_vec()]);
        lines_and_columns(text.as_bytes(), &offsets)[0]
    }

    #[test]
    fn walks_through_escapes_strings_and_nesting() {
        let text = "{ \"a\\u0062\": [1, \"]}\\\"\", {\"名\": [[0, 1],\r\n  [2]]}],\n \"z\": true }";
        let name = |steps: &[Step]| locate(text, steps);
        assert_eq!(name(&[]), (1, 1));
        assert_eq!(name(&[member("ab"), Step::Item(1)]), (1, 18));
        assert_eq!(name(&[member("ab"), Step::Item(2), member("名"), Step::Item(1), Step::Item(0)]), (2, 4));
        assert_eq!(name(&[member("z")]), (3, 7));
        // What is missing is shown at the nearest value above it.
        assert_eq!(name(&[member("ab"), Step::Item(2), member("no"), Step::Item(9)]), (1, 26));
        assert_eq!(name(&[member("z"), member("no")]), (3, 7));
    }

    #[test]
    fn many_paths_in_one_pass() {
        let mut paths: Vec<Vec<Step>> =
            (0..50).map(|i| vec![member("f"), Step::Item(i), member("x")]).collect();
        paths.push(vec![member("f")]);
        paths.sort();
        let items: Vec<String> = (0..50).map(|i| format!("{{\"y\": [{i}],\n\"x\": {i}}}")).collect();
        let document = format!("{{\"f\": [{}]}}", items.join(","));
        for (path, offset) in paths.iter().zip(offsets(document.as_bytes(), &paths)) {
            match path.get(1) {
                Some(Step::Item(i)) => {
                    assert!(document[offset..].starts_with(&format!("{i}}}")), "{}", text(path));
                }
                _ => assert!(document[offset..].starts_with("[{"), "{}", text(path)),
            }
        }
    }

    #[test]
    fn is_total_on_any_text() {
        let text = "{\"a\": [\"\\\"\", {\"b\": [1, 2.5e3, null]}]}";
        let path = [member("a"), Step::Item(1), member("b"), Step::Item(2)];
        for end in 0..=text.len() {
            locate(&text[..end], &path);
            locate(&text[end..], &path);
        }
        let deep = "[".repeat(100_000);
        assert_eq!(locate(&deep, &vec![Step::Item(0); 100_000]), (1, 100_000));
    }
}
