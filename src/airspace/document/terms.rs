//! Reads what a zone says in `extendedProperties`; see [`crate::airspace::Terms`] for the members.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::airspace::terms::{Named, Role, Terms};
use crate::domain::Restriction;

use super::json::{Reader, present};
use super::path::At;

/// Widest buffer, metres.
const BUFFER_M_MAX: f64 = 50_000.0;
/// Most entries of a list.
const NAMES_MAX: usize = 10_000;

const KINDS: [(&str, Role); 12] = [
    ("GEO_CAGE", Role::KeepIn),
    ("SUITABLE", Role::Suitable),
    ("INCLUSION", Role::Suitable),
    ("CONTROLLED", Role::KeepOut),
    ("TEMPORARY_CONTROLLED", Role::KeepOut),
    ("PROHIBITED_AREA", Role::KeepOut),
    ("RESTRICTED_AREA", Role::KeepOut),
    ("DANGER_AREA", Role::KeepOut),
    ("AERODROME_OLS", Role::KeepOut),
    ("OPERATION_VOLUME", Role::KeepOut),
    ("ROUTE", Role::KeepOut),
    ("WARNING_ZONE", Role::KeepOut),
];

/// The terms of a zone; `None` without any. A member that cannot be read is an error where it would protect less or more
/// than was meant, and an unknown name in a list is a warning.
pub(super) fn read(
    properties: &Map<String, Value>,
    restriction: Restriction,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Option<Box<Terms>> {
    let extended = properties.get("extendedProperties").and_then(Value::as_object)?;
    let at = at.member("extendedProperties");
    let mut terms = Terms { role: role(extended, restriction, &at, reader), ..Terms::default() };
    terms.applies_to = named(extended, "applies_to", &at, reader);
    terms.exempt = named(extended, "exempt", &at, reader);
    if let Some(exempt) = older_exemptions(extended) {
        let merged = terms.exempt.get_or_insert_with(Named::default);
        merged.uas_ids.extend(exempt.uas_ids);
        merged.flight_ids.extend(exempt.flight_ids);
    }
    terms.priority = priority(extended, &at, reader);
    terms.lifts_prohibited = present(extended, "lifts_prohibited") == Some(&Value::Bool(true));
    for (name, buffer_m) in
        [("buffer_m", &mut terms.buffer_m), ("buffer_vertical_m", &mut terms.buffer_vertical_m)]
    {
        let Some(value) = present(extended, name) else { continue };
        let place = at.member(name);
        let Some(metres) = reader.number(value, &place, &format!("`{name}`")) else { continue };
        if (0.0..=BUFFER_M_MAX).contains(&metres) {
            *buffer_m = metres;
        } else {
            reader.refuse::<()>(
                &place,
                format!("`{name}` must be from 0 to {BUFFER_M_MAX} m"),
                format!("“{name}” 应为 0 至 {BUFFER_M_MAX} 米"),
            );
        }
    }
    if terms.role == Role::KeepIn && terms.applies_to.as_ref().is_none_or(|named| *named == Named::default())
    {
        let (en, zh) = (
            "a keep-in volume without `applies_to` is assigned to nobody; name uas_ids, operators, group_ids or flight_ids",
            "缺少 “applies_to” 的保持空域未指定任何航空器；请写明 uas_ids、operators、group_ids 或 flight_ids",
        );
        reader.advise(&at, en, zh);
    }
    (terms != Terms::default()).then(|| Box::new(terms))
}

fn role(
    extended: &Map<String, Value>,
    restriction: Restriction,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Role {
    let keep = present(extended, "keep").and_then(|value| {
        let words = [("IN", Role::KeepIn), ("OUT", Role::KeepOut)];
        reader.word(value, &at.member("keep"), "`keep`", &words)
    });
    let kind = present(extended, "kind").and_then(|value| {
        let known = KINDS.iter().find(|(word, _)| value.as_str() == Some(word));
        if known.is_none() {
            let all: Vec<&str> = KINDS.iter().map(|(word, _)| *word).collect();
            let all = all.join(", ");
            reader.advise(
                &at.member("kind"),
                format!("this `kind` is not known and changes nothing; known are {all}"),
                format!("未知的 “kind”，不起作用；可用 {all}"),
            );
        }
        known.map(|(_, role)| *role)
    });
    let role = match (keep, kind) {
        (Some(Role::KeepIn), _) => Role::KeepIn,
        (_, Some(role)) => role,
        (keep, None) => keep.unwrap_or_default(),
    };
    if role == Role::Suitable && restriction != Restriction::NoRestriction {
        let (en, zh) = (
            "suitable airspace should have `type` NO_RESTRICTION; it is read as a zone that keeps out",
            "适飞空域的 “type” 应为 NO_RESTRICTION；按限制区处理",
        );
        reader.advise(&at.member("kind"), en, zh);
        return Role::KeepOut;
    }
    role
}

fn priority(extended: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) -> u8 {
    let Some(value) = present(extended, "priority") else { return 0 };
    match value.as_u64().and_then(|priority| u8::try_from(priority).ok()).filter(|priority| *priority <= 100)
    {
        Some(priority) => priority,
        None => {
            let (en, zh) =
                ("`priority` must be a whole number from 0 to 100", "“priority” 应为 0 至 100 的整数");
            reader.refuse::<()>(&at.member("priority"), en, zh);
            0
        }
    }
}

/// The lists `uas_ids_exempt` and `flight_plan_ids_exempt` of `applies_to`.
fn older_exemptions(extended: &Map<String, Value>) -> Option<Named> {
    let object = present(extended, "applies_to")?.as_object()?;
    let list = |name: &str| -> Vec<Arc<str>> {
        let items = object.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(Value::as_str).take(NAMES_MAX).map(Arc::from).collect()
    };
    let named = Named {
        uas_ids: list("uas_ids_exempt"),
        flight_ids: list("flight_plan_ids_exempt"),
        ..Named::default()
    };
    (named != Named::default()).then_some(named)
}

fn named(
    extended: &Map<String, Value>,
    name: &'static str,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Option<Named> {
    let value = present(extended, name)?;
    let at = at.member(name);
    let object = reader.object(value, &at, &format!("`{name}`"))?;
    let mut named = Named::default();
    for (list, value) in object {
        let at = at.member(list);
        match list.as_str() {
            "uas_ids" => named.uas_ids = names(value, &at, reader),
            "operators" => named.operators = names(value, &at, reader),
            "group_ids" | "groups" => named.group_ids = names(value, &at, reader),
            "flight_ids" => named.flight_ids = names(value, &at, reader),
            "ua_class" => named.classes = words(value, &at, reader),
            "operation_category" => named.categories = words(value, &at, reader),
            "uas_ids_exempt" | "flight_plan_ids_exempt" => {}
            unknown => reader.advise(
                &at,
                format!("`{unknown}` is not known here and changes nothing"),
                format!("此处不认识 “{unknown}”，不起作用"),
            ),
        }
    }
    Some(named)
}

fn names(value: &Value, at: &At<'_>, reader: &mut Reader<'_>) -> Vec<Arc<str>> {
    let mut names = Vec::new();
    for (i, item) in reader.items(value, at, "a list of names").iter().take(NAMES_MAX).enumerate() {
        match item.as_str() {
            Some(text) => names.push(Arc::from(text.trim())),
            None => {
                let (en, zh) =
                    ("a name should be text; this one is passed over", "名称应为文本，此项不起作用");
                reader.warn(&at.item(i), en, zh);
            }
        }
    }
    names
}

/// The words of an enumeration that are known.
fn words<T: DeserializeOwned>(value: &Value, at: &At<'_>, reader: &mut Reader<'_>) -> Vec<T> {
    let mut words = Vec::new();
    for (i, item) in reader.items(value, at, "a list of words").iter().take(NAMES_MAX).enumerate() {
        match serde_json::from_value(item.clone()) {
            Ok(word) => words.push(word),
            Err(error) => reader.warn(
                &at.item(i),
                format!("this word is not known and is passed over: {error}"),
                format!("未知的取值，此项不起作用：{error}"),
            ),
        }
    }
    words
}
