//! The texts and code words of a zone: name, restriction, reasons.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::domain::{Restriction, ZoneReason};

use super::collection::short;
use super::json::{Reader, kind, present};
use super::path::At;
use super::spelling::bare;
use super::standard::short_enough;

/// Most characters of a name (ED-318).
pub(super) const NAME_CHARS_MAX: usize = 200;
/// Most characters of an identifier that every standard and screen has room for.
pub(super) const IDENTIFIER_CHARS_MAX: usize = 64;
/// Most characters of an identifier by ED-318.
const IDENTIFIER_CHARS_ED318: usize = 7;

pub(super) const RESTRICTIONS: [(&str, Restriction); 5] = [
    ("PROHIBITED", Restriction::Prohibited),
    ("REQ_AUTHORIZATION", Restriction::RequiresAuthorization),
    ("CONDITIONAL", Restriction::Conditional),
    ("NO_RESTRICTION", Restriction::NoRestriction),
    ("USPACE", Restriction::USpace),
];
const RESTRICTIONS_ED269: [(&str, Restriction); 4] = [
    ("PROHIBITED", Restriction::Prohibited),
    (S_SPELLING, Restriction::RequiresAuthorization),
    ("CONDITIONAL", Restriction::Conditional),
    ("NO_RESTRICTION", Restriction::NoRestriction),
];
pub(super) const VARIANTS: [&str; 2] = ["COMMON", "CUSTOMIZED"];
pub(super) const YES_NO: [&str; 2] = ["YES", "NO"];
/// Most reasons of a zone by both standards.
pub(super) const REASONS_MAX: usize = 9;
/// Most characters of a language by ED-318.
pub(super) const LANGUAGE_CHARS_MAX: usize = 5;
/// The spelling of ED-269.
const S_SPELLING: &str = "REQ_AUTHORISATION";

pub(super) const REASONS: [(&str, ZoneReason); 10] = [
    ("AIR_TRAFFIC", ZoneReason::AirTraffic),
    ("SENSITIVE", ZoneReason::Sensitive),
    ("PRIVACY", ZoneReason::Privacy),
    ("POPULATION", ZoneReason::Population),
    ("NATURE", ZoneReason::Nature),
    ("NOISE", ZoneReason::Noise),
    ("EMERGENCY", ZoneReason::Emergency),
    ("DAR", ZoneReason::Dar),
    ("FOREIGN_TERRITORY", ZoneReason::ForeignTerritory),
    ("OTHER", ZoneReason::Other),
];

pub(super) fn identifier(
    properties: &Map<String, Value>,
    at: &At<'_>,
    again: Again,
    reader: &mut Reader<'_>,
) -> Option<String> {
    let Some(value) = present(properties, "identifier") else {
        let (en, zh) =
            ("`identifier` is missing; every zone needs one", "缺少 “identifier”；每个区域须有标识符");
        return reader.refuse(at, en, zh);
    };
    identifier_of(value, &at.member("identifier"), again, reader)
}

/// The identifier that a value gives.
pub(super) fn identifier_of(
    value: &Value,
    at: &At<'_>,
    again: Again,
    reader: &mut Reader<'_>,
) -> Option<String> {
    let text = match value {
        Value::String(text) => {
            if text.trim() != text {
                let (en, zh) = ("the blanks around it are passed over", "首尾空白已忽略");
                reader.warn(at, en, zh);
            }
            text.trim().to_owned()
        }
        Value::Number(number) => {
            let (en, zh) = ("`identifier` is a number; put it in quotes", "“identifier” 是数字，请加引号");
            reader.warn(at, en, zh);
            number.to_string()
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            let (en, zh) = kind(value);
            return reader.refuse(
                at,
                format!("`identifier` must be text, found {en}"),
                format!("“identifier” 应为文本，实为{zh}"),
            );
        }
    };
    let length = text.chars().count();
    if length == 0 || length > IDENTIFIER_CHARS_MAX || text.chars().any(char::is_control) {
        return reader.refuse(
            at,
            format!(
                "`identifier` must have 1 to {IDENTIFIER_CHARS_MAX} characters and no control characters"
            ),
            format!("“identifier” 应有 1 至 {IDENTIFIER_CHARS_MAX} 个字符，且不含控制字符"),
        );
    }
    if length > IDENTIFIER_CHARS_ED318 {
        reader.warn(
            at,
            format!("`identifier` has {length} characters; ED-318 allows {IDENTIFIER_CHARS_ED318}"),
            format!("“identifier” 有 {length} 个字符；ED-318 最多 {IDENTIFIER_CHARS_ED318} 个"),
        );
    }
    match again {
        Again::Refused => reader.is_first(&text, at).then_some(text),
        Again::Numbered => numbered(text, at, reader),
    }
}

/// What becomes of an identifier that an earlier zone has.
#[derive(Clone, Copy)]
pub(super) enum Again {
    /// The zone is refused.
    Refused,
    /// It gets a number, if it is in the same document: publishers of ED-269 describe the parts of one zone under one
    /// identifier.
    Numbered,
}

fn numbered(text: String, at: &At<'_>, reader: &mut Reader<'_>) -> Option<String> {
    let own = format!("{} ", reader.file);
    let Some(first) = reader.limits.identifiers.get(&text).filter(|first| first.starts_with(&own)).cloned()
    else {
        return reader.is_first(&text, at).then_some(text);
    };
    // Where the search begins is kept, so that 10,000 zones of one identifier take 10,000 steps.
    let mut number = reader.limits.numbers.get(&text).copied().unwrap_or(2);
    while reader.limits.identifiers.contains_key(&format!("{text}#{number}")) {
        number += 1;
    }
    reader.limits.numbers.insert(text.clone(), number + 1);
    let new = format!("{text}#{number}");
    reader.warn(
        at,
        format!("identifier `{text}` is already that of {first}; this zone is called `{new}`"),
        format!("标识符 “{text}” 已被 {first} 使用；该区域按 “{new}” 处理"),
    );
    reader.is_first(&new, at).then_some(new)
}

pub(super) fn restriction(
    properties: &Map<String, Value>,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Option<Restriction> {
    let kind = reader.given(properties, "type", at);
    // In ED-269 it is `restriction`, and `type` is what ED-318 calls the variant.
    let is_variant = kind.is_none_or(|kind| kind.as_str().is_some_and(|text| VARIANTS.contains(&text)));
    if is_variant && let Some(value) = present(properties, "restriction") {
        let at = at.member("restriction");
        let (en, zh) = ("ED-318 calls it `type`", "ED-318 的名称为 “type”");
        reader.warn(&at, en, zh);
        return a_restriction(value, &at, reader);
    }
    let Some(value) = kind else {
        let (en, zh) = (
            "`type` is missing: what does the zone ask, such as PROHIBITED?",
            "缺少 “type”：该区域的限制类型是什么，例如 PROHIBITED？",
        );
        return reader.refuse(at, en, zh);
    };
    a_restriction(value, &at.member("type"), reader)
}

fn a_restriction(value: &Value, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Restriction> {
    if value.as_str().is_some_and(|text| bare(text) == bare(S_SPELLING)) {
        let (en, zh) = ("ED-318 spells it REQ_AUTHORIZATION", "ED-318 的写法为 REQ_AUTHORIZATION");
        reader.warn(at, en, zh);
        return Some(Restriction::RequiresAuthorization);
    }
    reader.word(value, at, "`type`", &RESTRICTIONS)
}

/// The restriction of an ED-269 zone; its `type` says who defined it.
pub(super) fn restriction_ed269(
    zone: &Map<String, Value>,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Option<Restriction> {
    let Some(value) = reader.given(zone, "restriction", at) else {
        let (en, zh) = (
            "`restriction` is missing: what does the zone ask, such as PROHIBITED?",
            "缺少 “restriction”：该区域的限制类型是什么，例如 PROHIBITED？",
        );
        return reader.refuse(at, en, zh);
    };
    let at = at.member("restriction");
    let text = bare(value.as_str().unwrap_or_default());
    if text == bare("REQ_AUTHORIZATION") {
        let (en, zh) = ("ED-269 spells it REQ_AUTHORISATION", "ED-269 的写法为 REQ_AUTHORISATION");
        reader.warn(&at, en, zh);
        return Some(Restriction::RequiresAuthorization);
    }
    if text == "USPACE" {
        reader.warn(&at, "USPACE is of ED-318, not of ED-269", "USPACE 属于 ED-318 而非 ED-269");
        return Some(Restriction::USpace);
    }
    reader.word(value, &at, "`restriction`", &RESTRICTIONS_ED269)
}

/// Members of code words that change no protection: told, not refused, if they are not known.
pub(super) fn check_codes(
    properties: &Map<String, Value>,
    at: &At<'_>,
    is_ed318: bool,
    reader: &mut Reader<'_>,
) {
    let variant = if is_ed318 { "variant" } else { "type" };
    for (name, known) in [(variant, &VARIANTS), ("regulationExemption", &YES_NO)] {
        let Some(value) = reader.given(properties, name, at) else { continue };
        if !value.as_str().is_some_and(|text| known.contains(&text)) {
            let known = known.join(", ");
            reader.warn(
                &at.member(name),
                format!("`{name}` should be one of {known}"),
                format!("“{name}” 应为 {known} 之一"),
            );
        }
    }
    let country = reader.given(properties, "country", at).map(|value| value.as_str().unwrap_or_default());
    if let Some(text) =
        country.filter(|text| text.len() != 3 || text.bytes().any(|b| !b.is_ascii_uppercase()))
    {
        let (at, en, zh) = (
            at.member("country"),
            "`country` should be three capital letters (ISO 3166-1)",
            "“country” 应为三位大写字母（ISO 3166-1）",
        );
        // The schema asks for three characters, the standard for those of ISO 3166-1.
        if text.chars().count() == 3 { reader.advise(&at, en, zh) } else { reader.warn(&at, en, zh) }
    }
    if let Some(value) = reader.given(properties, "region", at) {
        let is_whole = value.as_f64().is_some_and(|number| number.fract() == 0.0);
        let (most, at) = (f64::from(u16::MAX), at.member("region"));
        if !is_whole {
            reader.warn(&at, "`region` should be a whole number", "“region” 应为整数");
        } else if !is_ed318 && value.as_f64().is_some_and(|number| !(0.0..=most).contains(&number)) {
            reader.warn(&at, "`region` should be 0 to 65535", "“region” 应为 0 至 65535");
        }
    }
}

/// The reasons that are known; others do not change what is protected.
pub(super) fn reasons(
    properties: &Map<String, Value>,
    at: &At<'_>,
    is_ed318: bool,
    reader: &mut Reader<'_>,
) -> Vec<ZoneReason> {
    let (standard, foreign) =
        if is_ed318 { ("ED-318", ZoneReason::ForeignTerritory) } else { ("ED-269", ZoneReason::Dar) };
    let name = if properties.contains_key("reasons") { "reasons" } else { "reason" };
    let Some(value) = reader.given(properties, name, at) else { return Vec::new() };
    let at = at.member(name);
    if name == "reasons" {
        reader.warn(&at, "`reasons` is read as `reason`", "“reasons” 按 “reason” 处理");
    }
    let mut found = Vec::new();
    let items = reader.items(value, &at, &format!("`{name}`"));
    if items.len() > REASONS_MAX {
        reader.warn(
            &at,
            format!("there are {} reasons; the standard allows {REASONS_MAX}", items.len()),
            format!("共 {} 个原因；标准最多 {REASONS_MAX} 个", items.len()),
        );
    }
    for (i, item) in items.iter().enumerate() {
        let text = item.as_str().unwrap_or_default();
        let place = at.item(i);
        let at = if value.is_array() { &place } else { &at };
        let alike = || {
            let letters = bare(text);
            REASONS.iter().find(|(word, _)| !letters.is_empty() && bare(word) == letters)
        };
        let Some((word, reason)) = REASONS.iter().find(|(word, _)| *word == text).or_else(alike) else {
            let shown =
                item.as_str().map_or_else(|| kind(item).0.to_owned(), |text| format!("`{}`", short(text)));
            reader.warn(at, format!("reason {shown} is not known"), format!("未知的原因 {shown}"));
            continue;
        };
        if *word != text {
            let text = short(text);
            reader.warn(
                at,
                format!("reason `{text}` is read as `{word}`; write it so"),
                format!("原因 “{text}” 按 “{word}” 处理，请改正写法"),
            );
        } else if *reason == foreign {
            reader.warn(
                at,
                format!("{standard} has no reason {word}"),
                format!("{standard} 没有原因 {word}"),
            );
        }
        if !found.contains(reason) {
            found.push(*reason);
        }
    }
    found
}

/// The zone's name in Chinese and in English; where one is missing, the first name, or the identifier.
pub(super) fn names(
    properties: &Map<String, Value>,
    id: &str,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> [Arc<str>; 2] {
    let names = match present(properties, "name") {
        // ED-269 has plain text.
        Some(Value::String(text))
            if !properties.contains_key("variant") && properties.contains_key("restriction") =>
        {
            vec![(text.as_str(), "")]
        }
        Some(value) => texts(value, &at.member("name"), "`name`", reader),
        None => Vec::new(),
    };
    let names: Vec<_> = names.into_iter().filter(|(text, _)| !text.trim().is_empty()).collect();
    ["zh", "en"].map(|language| {
        let is_in =
            |(_, lang): &&(&str, &str)| lang.get(..2).is_some_and(|lang| lang.eq_ignore_ascii_case(language));
        let chosen = names.iter().find(is_in).or_else(|| names.first()).map_or(id, |(text, _)| *text);
        Arc::from(chosen.chars().take(NAME_CHARS_MAX).collect::<String>())
    })
}

/// Texts with their languages: `[{"text", "lang"}…]`. Plain text in the place of the array is understood.
pub(super) fn texts<'v>(
    value: &'v Value,
    at: &At<'_>,
    what: &str,
    reader: &mut Reader<'_>,
) -> Vec<(&'v str, &'v str)> {
    if value.is_null() {
        return Vec::new();
    }
    if let Some(text) = value.as_str() {
        reader.warn(
            at,
            format!("{what} should be an array of texts with `text` and `lang`, found plain text"),
            format!("{what} 应为含 “text” 与 “lang” 的数组，实为纯文本"),
        );
        return if text.is_empty() { Vec::new() } else { vec![(text, "")] };
    }
    let mut found = Vec::new();
    for (i, item) in reader.items(value, at, what).iter().enumerate() {
        let place = at.item(i);
        let at = if value.is_array() { &place } else { at };
        found.extend(text_of(item, at, reader));
    }
    found
}

/// A text with its language; `None` if it is empty.
pub(super) fn text_of<'v>(
    item: &'v Value,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Option<(&'v str, &'v str)> {
    let member = |name: &str| item.get(name).and_then(Value::as_str);
    let is_text = item.get("text").is_none_or(Value::is_string);
    if member("lang").is_none() || !is_text {
        let (en, zh) =
            ("text should be an object with `text` and `lang`", "文本应为含 “text” 与 “lang” 的对象");
        reader.warn(at, en, zh);
    }
    for (name, most) in [("text", NAME_CHARS_MAX), ("lang", LANGUAGE_CHARS_MAX)] {
        let length = member(name).map_or(0, |text| text.chars().count());
        short_enough(length, most, name, &at.member(name), reader);
    }
    let text = member("text").or_else(|| item.as_str()).filter(|text| !text.is_empty())?;
    Some((text, member("lang").unwrap_or_default()))
}
