//! A document whose zones are changed in place: every byte that is not of a changed zone stays as it was written, with
//! the layout, the numbers and the byte order mark of its author.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;

use super::document::{Envelope, Form, Problem, items};
use super::edit::fault;
use super::zone::Zone;

/// Documents, those that are changed taken apart.
pub(super) struct Sheets<'f> {
    files: &'f [(String, Vec<u8>)],
    open: BTreeMap<String, Sheet>,
}

/// A document.
pub(super) struct Sheet {
    envelope: Envelope,
    text: Vec<u8>,
    /// Where its features are, and where one that is appended goes if there is none.
    features: Vec<Range<usize>>,
    end: usize,
    /// What takes the place of a feature; `None`: nothing.
    edits: BTreeMap<usize, Option<String>>,
    appended: Vec<String>,
}

impl Sheet {
    pub(super) fn read(name: &str, text: &[u8]) -> Result<Self, Problem> {
        let parts = Envelope::of(name, text)
            .and_then(|envelope| items(text, envelope.form.list()).map(|found| (envelope, found)));
        let Some((envelope, (features, end))) = parts else {
            let (en, zh) = (
                "the zones of this document cannot be edited here; edit the file",
                "该文件无法在此编辑，请直接编辑文件",
            );
            return Err(fault(name, "$", en.into(), zh.into()));
        };
        let (edits, appended) = (BTreeMap::new(), Vec::new());
        Ok(Self { envelope, text: text.to_vec(), features, end, edits, appended })
    }

    /// One without zones, with what `envelope` says beside them.
    fn empty(envelope: &Envelope, name: &str) -> Result<Self, Problem> {
        Self::read(name, envelope.write([]).as_bytes())
    }

    /// Its only feature.
    pub(super) fn only_feature(&self) -> Option<Value> {
        match self.features.as_slice() {
            [one] => self.feature(one),
            _ => None,
        }
    }

    fn feature(&self, place: &Range<usize>) -> Option<Value> {
        serde_json::from_slice(self.text.get(place.clone())?).ok()
    }

    /// Whether a feature means the same in both.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let said = |sheet: &Self, name: &str| sheet.envelope.members().get(name).cloned();
        let clock = |sheet: &Self| Some(said(sheet, "metadata")?.get("tz")?.clone());
        (self.envelope.form == Form::Ed318) == (other.envelope.form == Form::Ed318)
            && ["crs", "tz"].iter().all(|name| said(self, name) == said(other, name))
            && clock(self) == clock(other)
    }

    /// The document with its edits.
    fn written(&self) -> Vec<u8> {
        let bytes = |range: Range<usize>| self.text.get(range).unwrap_or(&[]);
        let first = self.features.first().map_or(self.end, |feature| feature.start);
        let mut out = bytes(0..first).to_vec();
        // What stands between two features, and before one that is appended.
        let mut before: Option<&[u8]> = self.features.is_empty().then_some(b"\n");
        let mut between: &[u8] = b",\n";
        let mut reached = first;
        for (number, place) in self.features.iter().enumerate() {
            let gap = bytes(reached..place.start);
            reached = place.end;
            if 0 < number {
                between = gap;
            }
            let text = match self.edits.get(&number) {
                Some(None) => continue,
                Some(Some(text)) => text.as_bytes(),
                None => bytes(place.clone()),
            };
            if before.is_some() {
                out.extend(gap);
            }
            out.extend(text);
            before = Some(between);
        }
        for text in &self.appended {
            out.extend(before.unwrap_or_default());
            out.extend(text.as_bytes());
            before = Some(between);
        }
        out.extend(bytes(reached..self.text.len()));
        out
    }
}

impl<'f> Sheets<'f> {
    pub(super) fn of(files: &'f [(String, Vec<u8>)]) -> Self {
        Self { files, open: BTreeMap::new() }
    }

    /// A document, opened; an empty one if there is none.
    pub(super) fn sheet(&mut self, name: &str) -> Result<&mut Sheet, Problem> {
        if !self.open.contains_key(name) {
            let sheet = match self.files.iter().find(|(file, _)| file == name) {
                Some((_, text)) => Sheet::read(name, text)?,
                None => Sheet::empty(&Envelope::ed318(name), name)?,
            };
            self.open.insert(name.to_owned(), sheet);
        }
        let gone = || fault(name, "$", "cannot be opened".into(), "无法打开".into());
        self.open.get_mut(name).ok_or_else(gone)
    }

    /// Puts something, or nothing, in the place of a zone.
    pub(super) fn replace(&mut self, zone: &Zone, with: Option<&Value>) -> Result<(), Problem> {
        let (name, was) = (zone.document.to_string(), zone.feature_json());
        let with = with.map(Value::to_string);
        let sheet = self.sheet(&name)?;
        let written = |place: &Range<usize>| sheet.feature(place).map(|feature| feature.to_string());
        let is_it = |place: &Range<usize>| written(place).as_deref() == Some(was);
        let Some(place) = sheet.features.iter().position(is_it) else {
            let (en, zh) = ("the zone is not found in its document any more", "在其文件中找不到该区域");
            return Err(fault(&name, "$", en.into(), zh.into()));
        };
        // What says the same stays as it is written.
        if with.as_deref() != Some(was) {
            sheet.edits.insert(place, with);
        }
        Ok(())
    }

    pub(super) fn append(&mut self, name: &str, feature: &Value) -> Result<(), Problem> {
        self.sheet(name)?.appended.push(feature.to_string());
        Ok(())
    }

    /// As [`Self::append`]; a document that is not there is made like `model`.
    pub(super) fn append_like(&mut self, name: &str, model: &Sheet, feature: &Value) -> Result<(), Problem> {
        if !self.files.iter().any(|(file, _)| file == name) && !self.open.contains_key(name) {
            self.open.insert(name.to_owned(), Sheet::empty(&model.envelope, name)?);
        }
        self.append(name, feature)
    }

    /// All documents by name, and the names of those that differ.
    pub(super) fn written(self) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
        let mut all: BTreeMap<String, Vec<u8>> = self.files.iter().cloned().collect();
        let mut touched = Vec::new();
        for (name, sheet) in self.open {
            let text = sheet.written();
            if all.get(&name) != Some(&text) {
                all.insert(name.clone(), text);
                touched.push(name);
            }
        }
        (all.into_iter().collect(), touched)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "\u{feff}{ \"type\" : \"FeatureCollection\",\r\n  \"big\": 12345678901234567890123,\r\n  \"features\": [\r\n\
                        \x20   {\"a\": 1.50, \"n\": 12345678901234567890123},\r\n    { \"b\" : [ \"]},\" ] },\r\n    {\"c\": 0.12345678901234567890}\r\n  ],\r\n  \"z\": [ ]\r\n}";

    fn with(text: &str, change: impl FnOnce(&mut Sheet)) -> String {
        let mut sheet = Sheet::read("z", text.as_bytes()).unwrap();
        change(&mut sheet);
        String::from_utf8(sheet.written()).unwrap()
    }

    #[test]
    fn only_the_bytes_of_what_is_changed_differ() {
        let (a, b) = ("{\"a\": 1.50, \"n\": 12345678901234567890123}", "{ \"b\" : [ \"]},\" ] }");
        let c = "{\"c\": 0.12345678901234567890}";
        let gap = ",\r\n    ";
        assert_eq!(with(TEXT, |_| {}), TEXT);
        let put = |sheet: &mut Sheet| drop(sheet.edits.insert(1, Some("{\"new\":1}".into())));
        assert_eq!(with(TEXT, put), TEXT.replace(b, "{\"new\":1}"));
        let gone = |numbers: &'static [usize]| {
            with(TEXT, move |sheet| sheet.edits.extend(numbers.iter().map(|number| (*number, None))))
        };
        assert_eq!(gone(&[0]), TEXT.replace(&format!("{a}{gap}"), ""));
        assert_eq!(gone(&[1]), TEXT.replace(&format!("{b}{gap}"), ""));
        assert_eq!(gone(&[2]), TEXT.replace(&format!("{gap}{c}"), ""));
        assert_eq!(gone(&[0, 1]), TEXT.replace(&format!("{a}{gap}{b}{gap}"), ""));
        assert_eq!(gone(&[0, 1, 2]), TEXT.replace(&format!("{a}{gap}{b}{gap}{c}"), ""));
        let append = |sheet: &mut Sheet| sheet.appended.push("{\"new\":1}".into());
        assert_eq!(with(TEXT, append), TEXT.replace(c, &format!("{c}{gap}{{\"new\":1}}")));
        let exchange = |sheet: &mut Sheet| {
            sheet.edits.extend((0..3).map(|number| (number, None)));
            append(sheet);
        };
        assert_eq!(with(TEXT, exchange), TEXT.replace(&format!("{a}{gap}{b}{gap}{c}"), "{\"new\":1}"));
        let two = |sheet: &mut Sheet| sheet.appended.extend(["1".into(), "2".into()]);
        assert_eq!(with("{\"features\":[]}", two), "{\"features\":[\n1,\n2]}");
    }

    #[test]
    fn what_cannot_be_taken_apart_is_told() {
        for text in ["", "[]", "{\"features\": 1}", "{\"features\": [], \"features\": []}", "{\"type\": 1}"] {
            assert!(Sheet::read("z", text.as_bytes()).is_err(), "{text}");
        }
        let one = Sheet::read("z", b"{\"features\": [{\"a\": 1}]}").unwrap();
        assert_eq!(one.only_feature(), Some(json!({ "a": 1 })));
    }
}
