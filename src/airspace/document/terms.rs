//! Reads what a zone says in `extendedProperties`; see [`crate::airspace::Terms`] for the members.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::airspace::terms::{Named, Role, Terms};
use crate::domain::{OperationCategory, Restriction, UaClass};

use super::json::{Reader, present};
use super::path::At;

/// Widest buffer, metres.
const BUFFER_M_MAX: f64 = 50_000.0;
/// Most entries of a list.
const NAMES_MAX: usize = 10_000;

pub(super) const KINDS: [(&str, Role); 12] = [
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

const KEEPS: [(&str, Role); 2] = [("IN", Role::KeepIn), ("OUT", Role::KeepOut)];

/// A list of `applies_to` and `exempt`.
#[derive(Clone, Copy)]
pub(super) enum List {
    UasIds,
    Operators,
    GroupIds,
    FlightIds,
    Classes,
    Categories,
    /// What an older form of `applies_to` exempts.
    Exempt,
}

pub(super) const LISTS: [(&str, List); 9] = [
    ("uas_ids", List::UasIds),
    ("operators", List::Operators),
    ("group_ids", List::GroupIds),
    ("groups", List::GroupIds),
    ("flight_ids", List::FlightIds),
    ("ua_class", List::Classes),
    ("operation_category", List::Categories),
    ("uas_ids_exempt", List::Exempt),
    ("flight_plan_ids_exempt", List::Exempt),
];
const CLASSES: [(&str, UaClass); 7] = [
    ("MICRO", UaClass::Micro),
    ("LIGHT", UaClass::Light),
    ("SMALL", UaClass::Small),
    ("MEDIUM", UaClass::Medium),
    ("LARGE", UaClass::Large),
    ("AGRICULTURAL", UaClass::Agricultural),
    ("MANNED", UaClass::Manned),
];
const CATEGORIES: [(&str, OperationCategory); 3] = [
    ("OPEN", OperationCategory::Open),
    ("SPECIFIC", OperationCategory::Specific),
    ("CERTIFIED", OperationCategory::Certified),
];
/// The members that are read here, or are the clock of the zone.
#[cfg(test)]
pub(super) const MEMBERS: [&str; 9] = [
    "kind",
    "keep",
    "applies_to",
    "exempt",
    "priority",
    "lifts_prohibited",
    "buffer_m",
    "buffer_vertical_m",
    "tz",
];
/// The highest priority.
const PRIORITY_MAX: u8 = 100;

/// The JSON Schema of what is read here.
pub(super) fn schema() -> Value {
    let words = |table: &[&str]| json!({"type": "array", "items": {"enum": table}});
    let mut named = Map::new();
    for (name, list) in LISTS {
        let items = match list {
            List::Classes => words(&CLASSES.map(|(word, _)| word)),
            List::Categories => words(&CATEGORIES.map(|(word, _)| word)),
            List::UasIds | List::Operators | List::GroupIds | List::FlightIds | List::Exempt => {
                json!({"type": "array", "items": {"type": "string"}, "maxItems": NAMES_MAX})
            }
        };
        named.insert(name.to_owned(), items);
    }
    let named = |what: &str| json!({"type": "object", "properties": named, "description": what});
    let buffer =
        |what: &str| json!({"type": "number", "minimum": 0, "maximum": BUFFER_M_MAX, "description": what});
    json!({
        "type": "object",
        "description": "What a zone says beyond ED-318; other members are kept 附加属性",
        "properties": {
            "kind": {"enum": KINDS.map(|(word, _)| word), "description": "GEO_CAGE keeps in; SUITABLE and INCLUSION are published suitable airspace 作用"},
            "keep": {"enum": KEEPS.map(|(word, _)| word), "description": "IN is the same as GEO_CAGE 保持在内或在外"},
            "applies_to": named("For whom the zone is; of a keep-in volume, to whom it is assigned 适用对象"),
            "exempt": named("For whom it is not 豁免对象"),
            "priority": {"type": "integer", "minimum": 0, "maximum": PRIORITY_MAX, "description": "A higher one that asks less lifts a lower one 优先级"},
            "lifts_prohibited": {"type": "boolean", "description": "Its priority lifts what is prohibited, too 可解除禁飞"},
            "buffer_m": buffer("Warning margin at the sides, m 水平预警缓冲"),
            "buffer_vertical_m": buffer("Warning margin above and below, m 垂直预警缓冲"),
            "tz": {"type": "string", "description": "Clock of days and of times without an offset, such as +08:00 or Asia/Shanghai 时区"},
        },
    })
}

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
    let keep =
        present(extended, "keep").and_then(|value| reader.word(value, &at.member("keep"), "`keep`", &KEEPS));
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
    let number = value.as_u64().and_then(|priority| u8::try_from(priority).ok());
    if let Some(priority) = number.filter(|priority| *priority <= PRIORITY_MAX) {
        priority
    } else {
        let (en, zh) = ("`priority` must be a whole number from 0 to 100", "“priority” 应为 0 至 100 的整数");
        reader.refuse::<()>(&at.member("priority"), en, zh);
        0
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
        let Some((_, known)) = LISTS.iter().find(|(word, _)| word == list) else {
            let unknown = super::collection::short(list);
            reader.advise(
                &at,
                format!("`{unknown}` is not known here and changes nothing"),
                format!("此处不认识 “{unknown}”，不起作用"),
            );
            continue;
        };
        match known {
            List::UasIds => named.uas_ids = names(value, &at, reader),
            List::Operators => named.operators = names(value, &at, reader),
            List::GroupIds => named.group_ids = names(value, &at, reader),
            List::FlightIds => named.flight_ids = names(value, &at, reader),
            List::Classes => named.classes = words(value, &at, &CLASSES, reader),
            List::Categories => named.categories = words(value, &at, &CATEGORIES, reader),
            List::Exempt => {}
        }
    }
    Some(named)
}

fn names(value: &Value, at: &At<'_>, reader: &mut Reader<'_>) -> Vec<Arc<str>> {
    let mut names = Vec::new();
    for (i, item) in reader.items(value, at, "a list of names").iter().take(NAMES_MAX).enumerate() {
        if let Some(text) = item.as_str() {
            names.push(Arc::from(text.trim()));
        } else {
            let (en, zh) = ("a name should be text; this one is passed over", "名称应为文本，此项不起作用");
            reader.warn(&at.item(i), en, zh);
        }
    }
    names
}

/// The words of an enumeration that are known.
fn words<T: Copy>(value: &Value, at: &At<'_>, known: &[(&str, T)], reader: &mut Reader<'_>) -> Vec<T> {
    let mut words = Vec::new();
    for (i, item) in reader.items(value, at, "a list of words").iter().take(NAMES_MAX).enumerate() {
        if let Some((_, word)) = known.iter().find(|(word, _)| item.as_str() == Some(word)) {
            words.push(*word);
        } else {
            let all: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            let all = all.join(", ");
            reader.warn(
                &at.item(i),
                format!("this word is not known and is passed over; known are {all}"),
                format!("未知的取值，此项不起作用；可用 {all}"),
            );
        }
    }
    words
}
