//! From text to settings: every fault of the text, not the first alone, each at its place.
//!
//! serde stops at its first fault. What it stumbles over is noted, taken out, and the rest is read again.

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::Config;
use super::fault::{Fault, line_and_column, nearest_name};

/// Most faults of one text that are told.
const FAULTS_MAX: usize = 100;

/// A step down into the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Item(usize),
}

/// A text with the places of its keys.
pub(super) struct Source<'t> {
    text: &'t str,
    root: Spanned<DeTable<'t>>,
}

impl<'t> Source<'t> {
    /// Reads a text; what is no TOML is told with its place.
    pub(super) fn parse(text: &'t str) -> Result<Self, Vec<Fault>> {
        let (root, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            return Ok(Self { text, root });
        }
        let mut faults: Vec<Fault> =
            errors.iter().take(FAULTS_MAX).map(|error| fault(text, error, &[], None)).collect();
        faults.dedup();
        Err(faults)
    }

    /// The settings that can be understood, with defaults for the others, and what is wrong with these.
    pub(super) fn settings(&self) -> (Config, Vec<Fault>) {
        let (mut root, mut faults) = (self.root.clone(), Vec::new());
        let mut taken: Vec<Vec<Step>> = Vec::new();
        while faults.len() < FAULTS_MAX {
            let error = match Config::deserialize(toml::de::Deserializer::from(root.clone())) {
                Ok(config) => return (config, faults),
                Err(error) => error,
            };
            let path = error.span().map_or_else(Vec::new, |span| path_at(self.root.get_ref(), span.start));
            // What was taken out is missed by the next reading; that is no fault of its own.
            let missed = taken.iter().any(|gone| is_missing(error.message(), gone));
            if !missed {
                let at = error.span().map(|span| line_and_column(self.text, span.start));
                faults.push(fault(self.text, &error, &path, at));
            }
            // Places of items change as others go; places in the text do not.
            let mut gone = error.span().map_or_else(Vec::new, |span| path_at(root.get_ref(), span.start));
            if !remove(root.get_mut(), &mut gone) {
                break;
            }
            taken.push(gone);
        }
        (Config::default(), faults)
    }

    /// Where the value at a path is written.
    pub(super) fn place(&self, path: &[Step]) -> Option<(usize, usize)> {
        let (first, rest) = path.split_first()?;
        let Step::Key(name) = first else { return None };
        let mut value = entry(self.root.get_ref(), name)?.1;
        for step in rest {
            let below = match (step, value.get_ref()) {
                (Step::Key(name), DeValue::Table(table)) => entry(table, name).map(|(_, value)| value),
                (Step::Item(number), DeValue::Array(items)) => items.get(*number),
                (Step::Key(_) | Step::Item(_), _) => None,
            };
            // A level that is not given has the place of what holds it.
            let Some(below) = below else { break };
            value = below;
        }
        Some(line_and_column(self.text, value.span().start))
    }
}

/// A path as it is written: `$.separation[0].levels[1].radius_m`.
pub(super) fn written(path: &[Step]) -> String {
    let step = |step: &Step| match step {
        Step::Key(name) => format!(".{name}"),
        Step::Item(number) => format!("[{number}]"),
    };
    format!("${}", path.iter().map(step).collect::<String>())
}

/// What serde said, with the nearest known name.
pub(super) fn said(error: &Error) -> (String, String) {
    let message = error.message().trim().replace('\n', " ");
    match nearest_name(&message) {
        Some((hint, false)) => (
            format!("{message}; the nearest known name is `{hint}`"),
            format!("{}；最接近的名称是 “{hint}”", in_chinese(&message)),
        ),
        Some((hint, true)) => (
            format!("{message}; did you mean `{hint}`?"),
            format!("{}；是否应为 “{hint}”？", in_chinese(&message)),
        ),
        None => (message.clone(), in_chinese(&message)),
    }
}

fn in_chinese(message: &str) -> String {
    let quoted = || message.split('`').nth(1).unwrap_or_default();
    if message.starts_with("unknown field") {
        return format!("未知配置项 “{}”", quoted());
    }
    if message.starts_with("unknown variant") {
        return format!("取值 “{}” 无效", quoted());
    }
    if message.starts_with("missing field") {
        return format!("缺少配置项 “{}”", quoted());
    }
    if message.starts_with("invalid type") || message.starts_with("invalid value") {
        return format!("取值类型或范围有误（{message}）");
    }
    format!("格式有误（{message}）")
}

fn fault(text: &str, error: &Error, path: &[Step], at: Option<(usize, usize)>) -> Fault {
    let at = at.or_else(|| error.span().map(|span| line_and_column(text, span.start)));
    let (message, message_zh) = said(error);
    Fault { at, path: written(path), message, message_zh }
}

fn is_missing(message: &str, gone: &[Step]) -> bool {
    let Some(Step::Key(name)) = gone.last() else { return false };
    message.starts_with(&format!("missing field `{name}`"))
}

fn entry<'v, 't>(table: &'v DeTable<'t>, name: &str) -> Option<(usize, &'v Spanned<DeValue<'t>>)> {
    let mut entries = table.iter().filter(|(key, _)| key.get_ref() == name);
    entries.next().map(|(key, value)| (key.span().start, value))
}

/// The innermost key or value that is written around a byte.
fn path_at(root: &DeTable<'_>, byte: usize) -> Vec<Step> {
    let mut path = Vec::new();
    let mut table = Some(root);
    while let Some(here) = table.take() {
        let found = here.iter().find(|(key, value)| key.span().contains(&byte) || holds(value, byte));
        let Some((key, mut value)) = found else { break };
        path.push(Step::Key(key.get_ref().to_string()));
        while let DeValue::Array(items) = value.get_ref() {
            let Some((number, item)) = items.iter().enumerate().find(|(_, item)| holds(item, byte)) else {
                break;
            };
            path.push(Step::Item(number));
            value = item;
        }
        if let DeValue::Table(below) = value.get_ref()
            && !key.span().contains(&byte)
        {
            table = Some(below);
        }
    }
    path
}

/// Whether a value, or anything in it, is written around a byte. A table of its own has the span of its header.
fn holds(value: &Spanned<DeValue<'_>>, byte: usize) -> bool {
    value.span().contains(&byte)
        || match value.get_ref() {
            DeValue::Table(table) => {
                table.iter().any(|(key, value)| key.span().contains(&byte) || holds(value, byte))
            }
            DeValue::Array(items) => items.iter().any(|item| holds(item, byte)),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => false,
        }
}

/// Takes out what is at a path: a key, or a table of a list. Of another item its list goes, and the path ends there.
/// `false` if there is nothing.
fn remove(root: &mut DeTable<'_>, path: &mut Vec<Step>) -> bool {
    let Some(Step::Key(name)) = path.first().cloned() else { return false };
    let mut rest = path.split_off(1);
    let found = root.iter_mut().find(|(key, _)| key.get_ref() == name.as_str());
    let within =
        found.is_some_and(|(_, value)| !rest.is_empty() && remove_within(value.get_mut(), &mut rest));
    let removed = within || root.remove(name.as_str()).is_some();
    if !within {
        rest.clear();
    }
    path.append(&mut rest);
    removed
}

/// `false` if the value itself has to go.
fn remove_within(value: &mut DeValue<'_>, path: &mut Vec<Step>) -> bool {
    match (value, path.first().cloned()) {
        (DeValue::Table(table), _) => remove(table, path),
        (DeValue::Array(items), Some(Step::Item(number))) => {
            let Some(item) = items.get_mut(number) else { return false };
            let mut rest = path.split_off(1);
            if rest.is_empty() && item.get_ref().is_table() {
                let kept = items.iter().enumerate().filter(|(i, _)| *i != number);
                *items = kept.map(|(_, item)| item.clone()).collect();
                return true;
            }
            let removed = !rest.is_empty() && remove_within(item.get_mut(), &mut rest);
            path.append(&mut rest);
            removed
        }
        _ => false,
    }
}
