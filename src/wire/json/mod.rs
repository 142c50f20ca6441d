//! JSON telemetry `tlm/1`: one object, or an array of them when back-filling.
//!
//! `fields` says what each member must be, `sheet` reads an object by that table without building a tree,
//! `judge` holds a value against its rule, `build` judges the whole and makes the observation.

mod build;
mod fields;
mod judge;
mod outline;
mod sheet;
#[cfg(test)]
mod tests;
mod write;

use crate::domain::{Reason, Refusal};

pub use outline::{Element, Member, outline};
pub use write::report;

/// The names of every member that is read, those of `nr` with their dot.
pub fn member_names() -> impl Iterator<Item = &'static str> {
    fields::FIELDS.iter().chain(&fields::CELL).map(|field| field.name)
}

use super::{Decoded, Memory, Message, doors};
use sheet::{Sheet, Unreadable};

/// Most reports of one array. The size limit of a payload is reached first by any that hold what they must.
const ELEMENTS_MAX: usize = 1000;

/// Reads a payload. An array's elements are judged each on its own, but a text that is not JSON is refused
/// whole: nobody knows what its sender meant.
pub(super) fn decode(message: &Message<'_>, _memory: &mut Memory, out: &mut Decoded) {
    let text = match std::str::from_utf8(message.payload) {
        Ok(text) => text,
        Err(error) => {
            let detail = format!("payload is not UTF-8 text from byte {}", error.valid_up_to());
            return out.refusals.push(Refusal::new(Reason::Malformed, detail));
        }
    };
    if !text.trim_ascii_start().starts_with('[') {
        one(text, message, out);
        return;
    }
    match elements(text) {
        Ok(elements) => many(&elements, message, out),
        Err(detail) => out.refusals.push(Refusal::new(Reason::Malformed, detail)),
    }
}

/// Reads one object; `false` if it is not JSON.
fn one(text: &str, message: &Message<'_>, out: &mut Decoded) -> bool {
    let [first, first_flag] = [out.refusals.len(), out.flags.len()];
    let mut sheet = Sheet::new(&mut out.refusals, &mut out.flags);
    match sheet.read(text) {
        Ok(()) => {}
        Err(Unreadable::Number(refusal)) => {
            out.refusals.push(refusal);
            return true;
        }
        Err(Unreadable::Syntax(refusal)) => {
            out.refusals.push(refusal);
            return false;
        }
    }
    let observation = build::observation(&mut sheet, message);
    let timestamp = build::timestamp(&sheet);
    if let Some(observation) = observation
        && out.refusals.len() == first
    {
        out.observations.push(observation);
    } else {
        let ahead_s =
            |at| doors::ahead_s(at, message.received_at, out.refusals.get(first..).unwrap_or_default());
        out.ahead_s = timestamp.and_then(ahead_s).or(out.ahead_s);
        // A remark is about what was accepted.
        out.flags.truncate(first_flag);
    }
    true
}

fn many(elements: &[&str], message: &Message<'_>, out: &mut Decoded) {
    if elements.is_empty() {
        return out.refusals.push(Refusal::new(Reason::InvalidValue, "the array holds no report"));
    }
    if ELEMENTS_MAX < elements.len() {
        let detail = format!("the array has {} reports, at most {ELEMENTS_MAX} are read", elements.len());
        return out.refusals.push(Refusal::new(Reason::TooLarge, detail));
    }
    let mut is_json = true;
    for (index, element) in elements.iter().enumerate() {
        let [first, first_flag] = [out.refusals.len(), out.flags.len()];
        is_json &= one(element, message, out);
        let flags = out.flags.iter_mut().skip(first_flag);
        for refusal in out.refusals.iter_mut().skip(first).chain(flags) {
            refusal.detail = format!("element {index}: {}", refusal.detail);
        }
    }
    if !is_json {
        out.observations.clear();
        out.flags.clear();
    }
}

/// The elements of a JSON array, each still to be read. Only the array's own brackets and commas are judged.
fn elements(text: &str) -> Result<Vec<&str>, &'static str> {
    let (mut found, mut start) = (Vec::new(), None);
    let (mut depth, mut in_string, mut escaped) = (0_u32, false, false);
    for (at, byte) in text.bytes().enumerate() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                start = start.or(Some(at + 1));
            }
            b']' | b'}' if depth == 1 => {
                let rest = text.get(at + 1..).unwrap_or_default();
                if byte == b'}' || !rest.trim_ascii().is_empty() {
                    return Err("payload goes on after its array");
                }
                let last = text.get(start.unwrap_or(at)..at).unwrap_or_default();
                if !(found.is_empty() && last.trim_ascii().is_empty()) {
                    found.push(last);
                }
                return Ok(found);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 1 => {
                found.push(text.get(start.unwrap_or(at)..at).unwrap_or_default());
                start = Some(at + 1);
            }
            _ => {}
        }
    }
    Err("payload ends within its array")
}
