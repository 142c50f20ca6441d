//! The texts and code words of a zone: name, restriction, reasons.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::domain::{Restriction, ZoneReason};

use super::collection::short;
use super::json::{Reader, kind, present};
use super::path::At;

/// Most characters of a name (ED-318).
const NAME_CHARS_MAX: usize = 200;
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
    let at = at.member("identifier");
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => {
            let (en, zh) = ("`identifier` is a number; put it in quotes", "“identifier” 是数字，请加引号");
            reader.warn(&at, en, zh);
            number.to_string()
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            let (en, zh) = kind(value);
            return reader.refuse(
                &at,
                format!("`identifier` must be text, found {en}"),
                format!("“identifier” 应为文本，实为{zh}"),
            );
        }
    };
    let length = text.chars().count();
    if length == 0 || length > IDENTIFIER_CHARS_MAX || text.chars().any(char::is_control) {
        return reader.refuse(
            &at,
            format!(
                "`identifier` must have 1 to {IDENTIFIER_CHARS_MAX} characters and no control characters"
            ),
            format!("“identifier” 应有 1 至 {IDENTIFIER_CHARS_MAX} 个字符，且不含控制字符"),
        );
    }
    if length > IDENTIFIER_CHARS_ED318 {
        reader.warn(
            &at,
            format!("`identifier` has {length} characters; ED-318 allows {IDENTIFIER_CHARS_ED318}"),
            format!("“identifier” 有 {length} 个字符；ED-318 最多 {IDENTIFIER_CHARS_ED318} 个"),
        );
    }
    match again {
        Again::Refused => reader.is_first(&text, &at).then_some(text),
        Again::Numbered => numbered(text, &at, reader),
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
    let Some(value) = reader.given(properties, "type", at) else {
        let (en, zh) = (
            "`type` is missing: what does the zone ask, such as PROHIBITED?",
            "缺少 “type”：该区域的限制类型是什么，例如 PROHIBITED？",
        );
        return reader.refuse(at, en, zh);
    };
    let at = at.member("type");
    let is_s_spelled = |text: &str| text.trim().eq_ignore_ascii_case(S_SPELLING);
    if value.as_str().is_some_and(is_s_spelled) {
        let (en, zh) = ("ED-318 spells it REQ_AUTHORIZATION", "ED-318 的写法为 REQ_AUTHORIZATION");
        reader.warn(&at, en, zh);
        return Some(Restriction::RequiresAuthorization);
    }
    reader.word(value, &at, "`type`", &RESTRICTIONS)
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
    if value.as_str() == Some("REQ_AUTHORIZATION") {
        let (en, zh) = ("ED-269 spells it REQ_AUTHORISATION", "ED-269 的写法为 REQ_AUTHORISATION");
        reader.warn(&at, en, zh);
        return Some(Restriction::RequiresAuthorization);
    }
    reader.word(value, &at, "`restriction`", &RESTRICTIONS_ED269)
}

/// Members of code words that change no protection: told, not refused, if they are not known.
pub(super) fn check_codes(properties: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) {
    for (name, known) in [("variant", &VARIANTS), ("regulationExemption", &YES_NO)] {
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
    if let Some(value) = reader.given(properties, "country", at)
        && !value.as_str().is_some_and(|text| text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()))
    {
        let (en, zh) =
            ("`country` should be three letters (ISO 3166-1)", "“country” 应为三位大写字母（ISO 3166-1）");
        reader.warn(&at.member("country"), en, zh);
    }
    if let Some(value) = reader.given(properties, "region", at)
        && !value.is_u64()
    {
        let (en, zh) = ("`region` should be a whole number", "“region” 应为整数");
        reader.warn(&at.member("region"), en, zh);
    }
}

/// The reasons that are known; others do not change what is protected.
pub(super) fn reasons(
    properties: &Map<String, Value>,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Vec<ZoneReason> {
    let name = if properties.contains_key("reasons") { "reasons" } else { "reason" };
    let Some(value) = reader.given(properties, name, at) else { return Vec::new() };
    let at = at.member(name);
    if name == "reasons" {
        reader.warn(&at, "`reasons` is read as `reason`", "“reasons” 按 “reason” 处理");
    }
    let mut found = Vec::new();
    for (i, item) in reader.items(value, &at, &format!("`{name}`")).iter().enumerate() {
        let text = item.as_str().unwrap_or_default().trim();
        match REASONS.iter().find(|(word, _)| text.eq_ignore_ascii_case(word)) {
            Some((_, reason)) if found.contains(reason) => {}
            Some((_, reason)) => found.push(*reason),
            None => {
                let shown = item
                    .as_str()
                    .map_or_else(|| kind(item).0.to_owned(), |text| format!("`{}`", short(text)));
                let place = at.item(i);
                let at = if value.is_array() { &place } else { &at };
                reader.warn(at, format!("reason {shown} is not known"), format!("未知的原因 {shown}"));
            }
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
        let member = |name: &str| item.get(name).and_then(Value::as_str);
        let text = member("text").or_else(|| item.as_str());
        if member("lang").is_none() {
            let place = at.item(i);
            let at = if value.is_array() { &place } else { at };
            let (en, zh) =
                ("text should be an object with `text` and `lang`", "文本应为含 “text” 与 “lang” 的对象");
            reader.warn(at, en, zh);
        }
        found.extend(
            text.filter(|text| !text.is_empty()).map(|text| (text, member("lang").unwrap_or_default())),
        );
    }
    found
}
