//! The outermost level: a GeoJSON `FeatureCollection`, or one of the wrappers of ED-269. Features are compiled one by
//! one as they are parsed, so that only one is in memory as a value.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::airspace::zone::Zone;

use super::bounded::bounded;
use super::envelope::{Envelope, Form};
use super::instant::{instant, is_without_end};
use super::json::{DOCUMENT_BYTES_MAX, Reader, present, same_letters};
use super::path::At;
use super::problem::ProblemSeverity;
use super::report::Message;
use super::{Strictness, crs, daily, ed269, feature, standard};

/// Most features of a document.
const FEATURES_MAX: usize = 200_000;
/// What RFC 3629 forbids at the start of a text for interchange, and some editors write.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a document. What is wrong with it is in the reader's report.
pub(super) fn read(document: &[u8], reader: &mut Reader<'_>) -> (Vec<Zone>, Envelope) {
    let error = |reader: &mut Reader<'_>, offset, en: String, zh: String| {
        reader.report.of_text(ProblemSeverity::Error, offset, Message::new(en, zh));
        (Vec::new(), Envelope::default())
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
        let severity = match reader.strictness {
            Strictness::Tolerant => ProblemSeverity::Warning,
            Strictness::Strict => ProblemSeverity::Error,
        };
        reader.report.of_text(severity, 0, message);
    }
    // What holds for all zones may be written behind them.
    let (envelope, twice) = Envelope::scan(reader.file, text);
    if let Some(name) = twice.filter(|name| !LISTS.contains(&name.as_str())) {
        reader.refuse::<()>(
            &At::ROOT.member(&name),
            format!("the member `{}` is there twice", short(&name)),
            format!("成员 “{}” 出现两次", short(&name)),
        );
    }
    reader.crs = crs::read(&envelope.members, reader).unwrap_or_default();
    reader.clock_us = clock(&envelope.members, reader);
    let mut parser = serde_json::Deserializer::from_slice(text);
    let mut collection = Collection { reader, zones: Vec::new(), seen: Seen::default() };
    match collection.deserialize(&mut parser).and_then(|()| parser.end()) {
        Ok(()) => {
            collection.check_outer_members(&envelope.members);
            let is_ed269 = collection.seen.ed269 && envelope.form == Form::Ed318;
            let form = if is_ed269 { Form::Ed269 } else { envelope.form };
            (collection.zones, Envelope { form, ..envelope })
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

/// The members that hold zones.
const LISTS: [&str; 2] = ["features", "UASZoneList"];

/// What was met on the way.
#[derive(Default)]
struct Seen {
    /// How many zones there are in all lists.
    zones: usize,
    /// The lists that are there.
    lists: Vec<&'static str>,
    ed269: bool,
    ed318: bool,
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
            match LISTS.into_iter().find(|list| *list == name) {
                Some(list) => members.next_value_seed(Features(&mut *self, list))?,
                None => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct Features<'a, 'c, 'r>(&'a mut Collection<'c, 'r>, &'static str);

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
        let Self(collection, list) = self;
        let features = At::ROOT.member(list);
        if collection.seen.lists.contains(&list) {
            collection.reader.refuse::<()>(
                &features,
                format!("`{list}` is there twice; a reader would lose the zones of one of them"),
                format!("“{list}” 出现两次，会丢失其中一组区域"),
            );
        }
        collection.seen.lists.push(list);
        let mut number = 0;
        while let Some(value) = bounded(|seed| items.next_element_seed(seed))? {
            if number == FEATURES_MAX {
                return Err(A::Error::custom(format_args!("there are over {FEATURES_MAX} features")));
            }
            let at = features.item(number);
            number += 1;
            let is_ed269 = list != "features" || ed269::is_zone(&value);
            collection.seen.ed269 |= is_ed269;
            collection.seen.ed318 |= !is_ed269;
            let read = if is_ed269 { ed269::read } else { feature::read };
            collection.zones.extend(read(value, &at, collection.reader));
        }
        collection.seen.zones += number;
        Ok(())
    }
}

/// The clock that the document names, if it does.
fn clock(members: &Map<String, Value>, reader: &mut Reader<'_>) -> Option<i64> {
    let metadata_at = At::ROOT.member("metadata");
    if let Some(value) = present(members, "tz") {
        return daily::named_clock(value, &At::ROOT.member("tz"), reader);
    }
    let value = present(members.get("metadata")?.as_object()?, "tz")?;
    daily::named_clock(value, &metadata_at.member("tz"), reader)
}

impl Collection<'_, '_> {
    fn check_outer_members(&mut self, members: &Map<String, Value>) {
        let is_ed269 = !self.seen.ed318 && (self.seen.ed269 || members.contains_key("UASZoneList"));
        if !is_ed269 || members.contains_key("type") {
            self.check_type(members);
        }
        self.check_features(members);
        for name in ["metadata", "datasetMetadata"] {
            if let Some(metadata) = members.get(name) {
                check_metadata(metadata, &At::ROOT.member(name), self.reader);
            }
        }
        if !is_ed269 {
            standard::collection(members, self.reader);
            if let Some(metadata) = members.get("metadata").and_then(Value::as_object) {
                standard::metadata(metadata, &At::ROOT.member("metadata"), self.reader);
            }
        }
        if members.contains_key("datasetMetadata") && !is_ed269 {
            let (en, zh) = ("ED-318 calls it `metadata`", "ED-318 的名称为 “metadata”");
            self.reader.warn(&At::ROOT.member("datasetMetadata"), en, zh);
        }
    }

    fn check_type(&mut self, members: &Map<String, Value>) {
        let at = At::ROOT.member("type");
        match members.get("type").map(|kind| kind.as_str().unwrap_or_default()) {
            Some("FeatureCollection") => {}
            Some("Feature") => {
                let (en, zh) = (
                    "a single Feature; put it into {\"type\": \"FeatureCollection\", \"features\": [ … ]}",
                    "这是单个 Feature；请放入 {\"type\": \"FeatureCollection\", \"features\": [ … ]} 中",
                );
                self.reader.refuse::<()>(&at, en, zh);
            }
            None if self.seen.lists.contains(&"features") => {
                let (en, zh) = (
                    "`type` is missing; it should be `FeatureCollection`",
                    "缺少 “type”，应为 “FeatureCollection”",
                );
                self.reader.warn(&At::ROOT, en, zh);
            }
            Some(found) if same_letters(found, "FeatureCollection") => {
                let (en, zh) = (
                    format!("`{found}` is read as `FeatureCollection`"),
                    format!("“{found}” 按 “FeatureCollection” 处理"),
                );
                self.reader.warn(&at, en, zh);
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

    fn check_features(&mut self, members: &Map<String, Value>) {
        match self.seen.lists.first() {
            None if ["geometry", "identifier", "coordinates"]
                .iter()
                .any(|name| members.contains_key(*name)) => {}
            None => {
                let (en, zh) = ("there is no array `features`", "缺少数组 “features”");
                self.reader.refuse::<()>(&At::ROOT, en, zh);
            }
            Some(list) if self.seen.zones == 0 => {
                let en = format!("`{list}` is empty: the document holds no zone");
                self.reader.advise(&At::ROOT.member(list), en, format!("“{list}” 为空：文件不含任何区域"));
            }
            Some(_) => {}
        }
    }
}

/// Dates about the document must be readable: a publisher's tool that writes nonsense there is not to be trusted.
fn check_metadata(metadata: &Value, at: &At<'_>, reader: &mut Reader<'_>) {
    let Some(metadata) = metadata.as_object() else {
        if !metadata.is_null() {
            reader.warn(at, "metadata should be an object", "元数据应为对象");
        }
        return;
    };
    for name in ["validFrom", "validTo", "issued"] {
        let here = at.member(name);
        if let Some(value) = reader.given(metadata, name, at)
            && !is_without_end(value, &here, name, reader)
        {
            instant(value, &here, name, None, reader);
        }
    }
}

/// The first characters of a text.
pub(super) fn short(text: &str) -> String {
    text.chars().take(40).collect()
}
