//! Reads one JSON object into slots by the tables of `fields`: no tree, no copy of plain texts, every fault
//! kept.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::domain::{Reason, Refusal, Timestamp};

use super::fields::{CELL, FIELDS, Field, NR, REPORT, Rule, Table};

/// What was read of one member.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Slot<'t> {
    /// Not there, `null`, or a sentinel.
    Absent,
    /// There and refused.
    Refused,
    Number(f64),
    Whole(i64),
    Text(Cow<'t, str>),
    Flag(bool),
    Time(Timestamp),
    /// Valid, but its value is of no use here.
    Checked,
}

const SLOTS: usize = FIELDS.len() + CELL.len();
const _: () = assert!(SLOTS <= 64, "`Sheet::seen` has a bit for every slot");

/// Characters of a value that a refusal repeats.
const QUOTE_LEN_MAX: usize = 40;

/// Why an object cannot be read to its end.
pub(super) enum Unreadable {
    /// A number that no number type holds, such as `NaN` or `1e999`.
    Number(Refusal),
    /// Not JSON, or a member twice.
    Syntax(Refusal),
}

/// One object's members.
pub(super) struct Sheet<'t, 'f> {
    slots: [Slot<'t>; SLOTS],
    seen: u64,
    /// The member that is being read.
    current: Option<&'static Field>,
    faults: &'f mut Vec<Refusal>,
    flags: &'f mut Vec<Refusal>,
}

impl<'t, 'f> Sheet<'t, 'f> {
    /// An empty sheet that adds its faults to `faults` and what only looks wrong to `flags`.
    pub(super) fn new(faults: &'f mut Vec<Refusal>, flags: &'f mut Vec<Refusal>) -> Self {
        Self { slots: [const { Slot::Absent }; SLOTS], seen: 0, current: None, faults, flags }
    }

    /// Reads `text`, which must be one JSON object.
    pub(super) fn read(&mut self, text: &'t str) -> Result<(), Unreadable> {
        let mut json = serde_json::Deserializer::from_str(text);
        json.deserialize_map(Members { sheet: self, table: &REPORT, base: 0 })
            .and_then(|()| json.end())
            .map_err(|error| self.unreadable(text, &error))
    }

    /// Adds a fault of a member.
    pub(super) fn fault(&mut self, reason: Reason, field: &str, detail: impl Into<String>) {
        self.faults.push(Refusal::of_field(reason, field, detail));
    }

    /// Adds a remark on a member that does not keep the report out.
    pub(super) fn flag(&mut self, reason: Reason, field: &str, detail: impl Into<String>) {
        self.flags.push(Refusal::of_field(reason, field, detail));
    }

    /// Adds a fault that was judged elsewhere.
    pub(super) fn refuse(&mut self, refusal: Option<Refusal>) {
        self.faults.extend(refusal);
    }

    /// What was read of the member at `index`.
    pub(super) fn slot(&self, index: usize) -> &Slot<'t> {
        self.slots.get(index).unwrap_or(&Slot::Absent)
    }

    /// A number, if it is there and valid.
    pub(super) fn number(&self, index: usize) -> Option<f64> {
        if let Slot::Number(value) = self.slot(index) { Some(*value) } else { None }
    }

    /// A whole number, if it is there and valid.
    pub(super) fn whole(&self, index: usize) -> Option<i64> {
        if let Slot::Whole(value) = self.slot(index) { Some(*value) } else { None }
    }

    /// A text, if it is there and valid.
    pub(super) fn text(&self, index: usize) -> Option<&str> {
        if let Slot::Text(value) = self.slot(index) { Some(value) } else { None }
    }

    /// Whether nothing, `null` or a sentinel stands there.
    pub(super) fn is_absent(&self, index: usize) -> bool {
        matches!(self.slot(index), Slot::Absent)
    }

    fn unreadable(&self, text: &str, error: &serde_json::Error) -> Unreadable {
        let what = error.to_string();
        if let Some(field) = self.current {
            let token = token_at(text, error.line(), error.column());
            let name = token.trim_start_matches(['-', '+']).to_ascii_lowercase();
            if matches!(name.as_str(), "nan" | "inf" | "infinity") || what.starts_with("number out of range")
            {
                let detail = format!("{} is not a finite number", quote(token));
                return Unreadable::Number(Refusal::of_field(Reason::OutOfRange, field.name, detail));
            }
        }
        let mut refusal = Refusal::new(Reason::Malformed, format!("not a tlm/1 object: {what}"));
        refusal.field = self.current.map(|field| field.name.into());
        Unreadable::Syntax(refusal)
    }
}

/// The word or number that an error points into; its column counts bytes from 1.
fn token_at(text: &str, line: usize, column: usize) -> &str {
    let line = text.split('\n').nth(line.saturating_sub(1)).unwrap_or_default();
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let (before, after) = line.as_bytes().split_at(column.saturating_sub(1).min(line.len()));
    let start = before.len() - before.iter().rev().take_while(|byte| is_part(byte)).count();
    let end = before.len() + after.iter().take_while(|byte| is_part(byte)).count();
    line.get(start..end).unwrap_or_default()
}

/// The beginning of what a sender wrote, for messages.
pub(super) fn quote(text: &str) -> String {
    let mut quote: String = text.chars().take(QUOTE_LEN_MAX).collect();
    if quote.len() < text.len() {
        quote.push('…');
    }
    format!("`{}`", quote.escape_debug())
}

/// Visits the members of one object.
struct Members<'s, 't, 'f> {
    sheet: &'s mut Sheet<'t, 'f>,
    table: &'static Table,
    base: usize,
}

impl<'t> Visitor<'t> for Members<'_, 't, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut members: A) -> Result<(), A::Error> {
        let Members { sheet, table, base } = self;
        while let Some(found) = members.next_key_seed(Key(table))? {
            let Some((offset, field)) = found else {
                sheet.current = None;
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            let index = base + offset;
            sheet.current = Some(field);
            // A second value of the same member could say the opposite of what another reader saw.
            if sheet.seen & (1 << index) != 0 {
                return Err(A::Error::custom(format_args!("member `{}` is there twice", field.name)));
            }
            sheet.seen |= 1 << index;
            let slot = members.next_value_seed(Value { sheet: &mut *sheet, field })?;
            if let Some(place) = sheet.slots.get_mut(index) {
                *place = slot;
            }
            sheet.current = None;
        }
        Ok(())
    }
}

/// Finds a key in a table.
struct Key(&'static Table);

impl<'t> DeserializeSeed<'t> for Key {
    type Value = Option<(usize, &'static Field)>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<(usize, &'static Field)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.find(key))
    }
}

/// Reads the value of one member by its rule. A value of the wrong kind is a fault, not an error.
struct Value<'s, 't, 'f> {
    sheet: &'s mut Sheet<'t, 'f>,
    field: &'static Field,
}

impl<'t> DeserializeSeed<'t> for Value<'_, 't, '_> {
    type Value = Slot<'t>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Slot<'t>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'t> Value<'_, 't, '_> {
    fn keep(self, judged: Result<Slot<'t>, (Reason, String)>) -> Slot<'t> {
        judged.unwrap_or_else(|(reason, detail)| {
            if self.field.is_free {
                self.sheet.flag(reason, self.field.name, detail);
                return Slot::Absent;
            }
            self.sheet.fault(reason, self.field.name, detail);
            Slot::Refused
        })
    }

    fn wrong_kind(self, found: &str) -> Slot<'t> {
        let judged = Err(self.field.rule.invalid(found));
        self.keep(judged)
    }
}

impl<'t> Visitor<'t> for Value<'_, 't, '_> {
    type Value = Slot<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Slot<'t>, E> {
        Ok(Slot::Absent)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Slot<'t>, E> {
        Ok(if matches!(self.field.rule, Rule::Flag) {
            Slot::Flag(value)
        } else {
            self.wrong_kind("a truth value")
        })
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Slot<'t>, E> {
        let judged = self.field.rule.judge_whole(value);
        Ok(self.keep(judged))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Slot<'t>, E> {
        // Above i64 every range has ended.
        self.visit_i64(i64::try_from(value).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Slot<'t>, E> {
        let judged = self.field.rule.judge_number(value);
        Ok(self.keep(judged))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'t str) -> Result<Slot<'t>, E> {
        let judged = self.field.rule.judge_text(Cow::Borrowed(text));
        Ok(self.keep(judged))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Slot<'t>, E> {
        let judged = self.field.rule.judge_text(Cow::Owned(text.into()));
        Ok(self.keep(judged))
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut elements: A) -> Result<Slot<'t>, A::Error> {
        let Rule::ListOf(element) = self.field.rule else {
            while elements.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(self.wrong_kind("a list"));
        };
        let mut judged = Slot::Checked;
        while let Some(slot) =
            elements.next_element_seed(Value { sheet: &mut *self.sheet, field: element })?
        {
            if slot == Slot::Refused {
                judged = slot;
            }
        }
        Ok(judged)
    }

    fn visit_map<A: MapAccess<'t>>(self, mut members: A) -> Result<Slot<'t>, A::Error> {
        if matches!(self.field.rule, Rule::Cell) {
            Members { sheet: self.sheet, table: &NR, base: FIELDS.len() }.visit_map(members)?;
            return Ok(Slot::Checked);
        }
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self.wrong_kind("an object"))
    }
}
