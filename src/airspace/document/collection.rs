//! The outermost level: a GeoJSON `FeatureCollection`. Features are compiled one by one as they are parsed, so that
//! only one is in memory as a value.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::airspace::zone::Zone;

use super::bounded::bounded;
use super::feature;
use super::json::{DOCUMENT_BYTES_MAX, Reader, present};
use super::path::At;
use super::period::instant;
use super::problem::ProblemSeverity;
use super::report::Message;

/// Most features of a document.
const FEATURES_MAX: usize = 200_000;
/// What RFC 3629 forbids at the start of a text for interchange, and some editors write.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a document. What is wrong with it is in the reader's report.
pub(super) fn read(document: &[u8], reader: &mut Reader<'_>) -> Vec<Zone> {
    let error = |reader: &mut Reader<'_>, offset, en: String, zh: String| {
        reader.report.of_text(ProblemSeverity::Error, offset, Message::new(en, zh));
        Vec::new()
    };
    if document.len() > DOCUMENT_BYTES_MAX {
        let (en, zh) = ("the document has over 64 MiB; split it", "文件超过 64 MiB，请拆分");
        return error(reader, 0, en.to_owned(), zh.to_owned());
    }
    if document.starts_with(b"\xff\xfe") || document.starts_with(b"\xfe\xff") {
        let (en, zh) = ("the document is UTF-16; save it as UTF-8", "文件为 UTF-16 编码，请另存为 UTF-8");
        return error(reader, 0, en.to_owned(), zh.to_owned());
    }
    if let Err(fault) = std::str::from_utf8(document) {
        let (en, zh) =
            ("a byte is not UTF-8; save the document as UTF-8", "含有非 UTF-8 字节，请另存为 UTF-8");
        return error(reader, fault.valid_up_to(), en.to_owned(), zh.to_owned());
    }
    let text = document.strip_prefix(BYTE_ORDER_MARK).unwrap_or(document);
    let mark = document.len() - text.len();
    if mark > 0 {
        let message = Message::new(
            "the document begins with a byte order mark; save it as UTF-8 without one",
            "文件以字节顺序标记（BOM）开头，请另存为无 BOM 的 UTF-8",
        );
        reader.report.of_text(ProblemSeverity::Warning, 0, message);
    }
    let mut parser = serde_json::Deserializer::from_slice(text);
    let mut collection = Collection { reader, zones: Vec::new(), seen: Seen::default() };
    match collection.deserialize(&mut parser).and_then(|()| parser.end()) {
        Ok(()) => {
            collection.check_outer_members();
            collection.zones
        }
        Err(fault) => {
            let place = mark + offset_of(text, fault.line(), fault.column());
            let described = fault.to_string();
            let what = described.split(" at line ").next().unwrap_or_default();
            error(
                collection.reader,
                place,
                format!("not a GeoJSON document: {what}"),
                format!("不是有效的 GeoJSON 文件：{what}"),
            )
        }
    }
}

/// The byte at a line and column of the parser, which count bytes from 1.
fn offset_of(text: &[u8], line: usize, column: usize) -> usize {
    let ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    let start = std::iter::once(0).chain(ends).nth(line.saturating_sub(1)).unwrap_or(0);
    (start + column.saturating_sub(1)).min(text.len())
}

/// The members beside `features`.
#[derive(Default)]
struct Seen {
    kind: Option<Value>,
    metadata: Option<Value>,
    features: Option<usize>,
    ed269: bool,
    ed269_list: bool,
    feature_members: bool,
}

struct Collection<'c, 'r> {
    reader: &'c mut Reader<'r>,
    zones: Vec<Zone>,
    seen: Seen,
}

impl<'de> DeserializeSeed<'de> for &mut Collection<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Collection<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object of type FeatureCollection")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "features" => members.next_value_seed(Features(&mut *self))?,
                "type" => self.seen.kind = Some(bounded(|seed| members.next_value_seed(seed))?),
                "metadata" => self.seen.metadata = Some(bounded(|seed| members.next_value_seed(seed))?),
                other => {
                    self.seen.ed269_list |= other == "UASZoneList";
                    self.seen.feature_members |= matches!(other, "geometry" | "identifier" | "coordinates");
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct Features<'a, 'c, 'r>(&'a mut Collection<'c, 'r>);

impl<'de> DeserializeSeed<'de> for Features<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Features<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self(collection) = self;
        let features = At::ROOT.member("features");
        if collection.seen.features.is_some() {
            collection.reader.refuse::<()>(
                &features,
                "`features` is there twice; a reader would lose the zones of one of them",
                "“features” 出现两次，会丢失其中一组区域",
            );
        }
        let mut number = 0;
        while let Some(value) = bounded(|seed| items.next_element_seed(seed))? {
            if number == FEATURES_MAX {
                return Err(A::Error::custom(format_args!("there are over {FEATURES_MAX} features")));
            }
            let at = features.item(number);
            number += 1;
            if feature::is_ed269(&value) {
                collection.seen.ed269 = true;
            } else {
                collection.zones.extend(feature::read(value, &at, collection.reader));
            }
        }
        collection.seen.features = Some(number);
        Ok(())
    }
}

impl Collection<'_, '_> {
    fn check_outer_members(&mut self) {
        if self.seen.ed269 || self.seen.ed269_list {
            let member = if self.seen.ed269_list { "UASZoneList" } else { "features" };
            self.reader.refuse::<()>(
                &At::ROOT.member(member),
                "this is an ED-269 document; only ED-318 (GeoJSON) is read: convert it",
                "这是 ED-269 文件；目前仅支持 ED-318（GeoJSON），请先转换",
            );
            return;
        }
        self.check_type();
        self.check_features();
        if let Some(metadata) = self.seen.metadata.take() {
            check_metadata(&metadata, self.reader);
        }
    }

    fn check_type(&mut self) {
        let at = At::ROOT.member("type");
        match self.seen.kind.as_ref().map(|kind| kind.as_str().unwrap_or_default()) {
            Some("FeatureCollection") => {}
            Some("Feature") => {
                let (en, zh) = (
                    "a single Feature; put it into {\"type\": \"FeatureCollection\", \"features\": [ … ]}",
                    "这是单个 Feature；请放入 {\"type\": \"FeatureCollection\", \"features\": [ … ]} 中",
                );
                self.reader.refuse::<()>(&at, en, zh);
            }
            found => {
                let found = found.map_or("nothing".to_owned(), |found| format!("`{}`", short(found)));
                self.reader.refuse::<()>(
                    &at,
                    format!("`type` of the document must be `FeatureCollection`, found {found}"),
                    format!("文件的 “type” 应为 “FeatureCollection”，实为 {found}"),
                );
            }
        }
    }

    fn check_features(&mut self) {
        match self.seen.features {
            None if self.seen.feature_members => {}
            None => {
                let (en, zh) = ("there is no array `features`", "缺少数组 “features”");
                self.reader.refuse::<()>(&At::ROOT, en, zh);
            }
            Some(0) => {
                let (en, zh) =
                    ("`features` is empty: the document holds no zone", "“features” 为空：文件不含任何区域");
                self.reader.warn(&At::ROOT.member("features"), en, zh);
            }
            Some(_) => {}
        }
    }
}

/// Dates about the document must be readable: a publisher's tool that writes nonsense there is not to be trusted.
fn check_metadata(metadata: &Value, reader: &mut Reader<'_>) {
    let at = At::ROOT.member("metadata");
    let Some(metadata) = metadata.as_object() else {
        if !metadata.is_null() {
            reader.warn(&at, "`metadata` should be an object", "“metadata” 应为对象");
        }
        return;
    };
    for name in ["validFrom", "validTo", "issued"] {
        if let Some(value) = present(metadata, name) {
            instant(value, &at.member(name), name, reader);
        }
    }
}

/// The first characters of a text.
pub(super) fn short(text: &str) -> String {
    text.chars().take(40).collect()
}
