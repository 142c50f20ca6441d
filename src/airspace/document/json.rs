//! Reading the members of a document, leniently where that is safe.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::domain::BoundingBox;

use super::crs::Crs;
use super::path::{At, text};
use super::report::{Message, Report};
use super::spelling::bare;
use super::{Reading, Strictness};

/// Most bytes of a document.
pub(super) const DOCUMENT_BYTES_MAX: usize = 64 << 20;
/// Most positions of one ring: 10,000 corners, and the first again.
pub(super) const RING_POINTS_MAX: usize = 10_001;
/// Most positions of a set of documents.
const SET_POINTS_MAX: usize = 4_000_000;
/// Most pairs of edges that are compared in a set: a few seconds. Zones as they are published need about ten an edge.
const COMPARISONS_MAX: u64 = 100_000_000;

/// What a set of documents has left, and the identifiers seen.
pub(super) struct Limits {
    pub(super) points: usize,
    pub(super) comparisons: u64,
    pub(super) identifiers: BTreeMap<String, String>,
    /// The next number for an identifier that is there again.
    pub(super) numbers: BTreeMap<String, usize>,
}

impl Default for Limits {
    fn default() -> Self {
        let (identifiers, numbers) = (BTreeMap::new(), BTreeMap::new());
        Self { points: SET_POINTS_MAX, comparisons: COMPARISONS_MAX, identifiers, numbers }
    }
}

/// Reads one document.
pub(super) struct Reader<'a> {
    pub(super) file: &'a str,
    /// The same for its zones to keep.
    pub(super) name: Arc<str>,
    pub(super) report: Report,
    pub(super) limits: &'a mut Limits,
    pub(super) service_area: Option<BoundingBox>,
    pub(super) strictness: Strictness,
    /// What the coordinates of the document are.
    pub(super) crs: Crs,
    /// How far the clock that the document names is ahead of UTC, microseconds.
    pub(super) clock_us: Option<i64>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a str, limits: &'a mut Limits, reading: Reading) -> Self {
        let Reading { service_area, strictness } = reading;
        let report = Report::default();
        let name = Arc::from(file);
        Self { file, name, report, limits, service_area, strictness, crs: Crs::Wgs84, clock_us: None }
    }

    /// Notes an error; `None` for the caller to return.
    pub(super) fn refuse<T>(
        &mut self,
        at: &At<'_>,
        en: impl Into<String>,
        zh: impl Into<String>,
    ) -> Option<T> {
        self.report.error(at, Message::new(en, zh));
        None
    }

    /// Notes a deviation from the standard whose meaning is clear.
    pub(super) fn warn(&mut self, at: &At<'_>, en: impl Into<String>, zh: impl Into<String>) {
        match self.strictness {
            Strictness::Tolerant => self.report.warning(at, Message::new(en, zh)),
            Strictness::Strict => self.report.error(at, Message::new(en, zh)),
        }
    }

    /// Notes what a person should look at, though it is allowed.
    pub(super) fn advise(&mut self, at: &At<'_>, en: impl Into<String>, zh: impl Into<String>) {
        self.report.warning(at, Message::new(en, zh));
    }

    /// A member that is there, is not null and is no empty text. Empty text is a deviation.
    pub(super) fn given<'v>(
        &mut self,
        object: &'v Map<String, Value>,
        name: &'v str,
        at: &At<'_>,
    ) -> Option<&'v Value> {
        let (name, value) = self.spelled(object, name, at)?;
        if value.as_str().is_some_and(|text| text.trim().is_empty()) {
            let (en, zh) =
                ("empty text is read as absent; leave the member out", "空字符串视为缺省，请删去该成员");
            self.warn(&at.member(name), en, zh);
            return None;
        }
        Some(value)
    }

    /// A member that is there and not null, and its name; if the name is only written otherwise, such as `Layer`, it is
    /// taken with a warning.
    pub(super) fn spelled<'v>(
        &mut self,
        object: &'v Map<String, Value>,
        name: &'v str,
        at: &At<'_>,
    ) -> Option<(&'v str, &'v Value)> {
        if let Some(value) = object.get(name) {
            return (!value.is_null()).then_some((name, value));
        }
        let (found, value) =
            object.iter().find(|(found, value)| same_letters(found, name) && !value.is_null())?;
        self.warn(
            &at.member(found),
            format!("`{found}` is read as `{name}`; write it so"),
            format!("“{found}” 按 “{name}” 处理，请改正写法"),
        );
        Some((found, value))
    }

    pub(super) fn object<'v>(
        &mut self,
        value: &'v Value,
        at: &At<'_>,
        what: &str,
    ) -> Option<&'v Map<String, Value>> {
        value.as_object().or_else(|| {
            let (en, zh) = kind(value);
            self.refuse(
                at,
                format!("{what} must be an object, found {en}"),
                format!("{what} 应为对象，实为{zh}"),
            )
        })
    }

    pub(super) fn array<'v>(&mut self, value: &'v Value, at: &At<'_>, what: &str) -> Option<&'v [Value]> {
        value.as_array().map(Vec::as_slice).or_else(|| {
            let (en, zh) = kind(value);
            self.refuse(
                at,
                format!("{what} must be an array, found {en}"),
                format!("{what} 应为数组，实为{zh}"),
            )
        })
    }

    /// A number; a number in quotes is taken with a warning.
    pub(super) fn number(&mut self, value: &Value, at: &At<'_>, what: &str) -> Option<f64> {
        if let Some(number) = value.as_f64().filter(|number| number.is_finite()) {
            return Some(number);
        }
        let quoted =
            value.as_str().and_then(|text| text.trim().parse::<f64>().ok()).filter(|n| n.is_finite());
        if let Some(number) = quoted {
            self.warn(
                at,
                format!("{what} is a number in quotes; remove the quotes"),
                format!("{what} 是带引号的数字，请去掉引号"),
            );
            return Some(number);
        }
        let (en, zh) = kind(value);
        self.refuse(at, format!("{what} must be a number, found {en}"), format!("{what} 应为数字，实为{zh}"))
    }

    /// The items of an array; a single value in its place is taken with a warning.
    pub(super) fn items<'v>(&mut self, value: &'v Value, at: &At<'_>, what: &str) -> &'v [Value] {
        value.as_array().map_or_else(
            || {
                let (en, zh) = kind(value);
                self.warn(
                    at,
                    format!("{what} should be an array, found {en}; taken as its only item"),
                    format!("{what} 应为数组，实为{zh}；按单个元素处理"),
                );
                std::slice::from_ref(value)
            },
            Vec::as_slice,
        )
    }

    /// Text that should be one of `known`; of another case, or with blanks or hyphens, it is taken with a warning.
    pub(super) fn word<T: Copy>(
        &mut self,
        value: &Value,
        at: &At<'_>,
        what: &str,
        known: &[(&str, T)],
    ) -> Option<T> {
        let found = value.as_str().unwrap_or_default();
        if let Some((_, meaning)) = known.iter().find(|(word, _)| *word == found) {
            return Some(*meaning);
        }
        let letters = bare(found);
        let alike = known.iter().find(|(word, _)| !letters.is_empty() && bare(word) == letters);
        if let Some((word, meaning)) = alike {
            self.warn(
                at,
                format!("{what} `{found}` is read as `{word}`; write it so"),
                format!("{what} “{found}” 按 “{word}” 处理，请改正写法"),
            );
            return Some(*meaning);
        }
        let all: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        let shown = match value {
            Value::String(text) => format!("`{}`", text.chars().take(40).collect::<String>()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                kind(value).0.to_owned()
            }
        };
        let all = all.join(", ");
        self.refuse(
            at,
            format!("{what} must be one of {all}; found {shown}"),
            format!("{what} 应为 {all} 之一，实为 {shown}"),
        )
    }

    /// Notes an identifier; `false` if the set has it already.
    pub(super) fn is_first(&mut self, identifier: &str, at: &At<'_>) -> bool {
        let here = format!("{} {}", self.file, text(&at.steps()));
        if let Some(first) = self.limits.identifiers.get(identifier).cloned() {
            self.refuse::<()>(
                at,
                format!("identifier `{identifier}` is already that of {first}; each zone needs its own"),
                format!("标识符 “{identifier}” 已被 {first} 使用；每个区域须有唯一标识符"),
            );
            return false;
        }
        self.limits.identifiers.insert(identifier.to_owned(), here);
        true
    }
}

/// What kind of value it is, in English and Chinese.
pub(super) fn kind(value: &Value) -> (&'static str, &'static str) {
    match value {
        Value::Null => ("null", "空值 null"),
        Value::Bool(_) => ("true or false", "布尔值"),
        Value::Number(_) => ("a number", "数字"),
        Value::String(_) => ("a string", "字符串"),
        Value::Array(_) => ("an array", "数组"),
        Value::Object(_) => ("an object", "对象"),
    }
}

/// Whether two names differ only in case, `_` and `-`.
pub(super) fn same_letters(a: &str, b: &str) -> bool {
    fn letters(text: &str) -> impl Iterator<Item = u8> {
        text.bytes().filter(|c| !matches!(c, b'_' | b'-')).map(|c| c.to_ascii_lowercase())
    }
    letters(a).eq(letters(b))
}

/// A member that is there and not null.
pub(super) fn present<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object.get(name).filter(|value| !value.is_null())
}
