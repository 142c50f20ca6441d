//! What a new set of zones changes, in words and numbers, and whether a second person has to agree.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::{Timestamp, ZoneId};

use super::approval::{Ground, Sets, why};
use super::field_words;
use super::protection::{area_m2, lost_share};
use super::set::{Airspace, difference};
use super::zone::Zone;

/// Most differing members that are told of a zone.
const FIELDS_MAX: usize = 50;
/// Longest value that is shown whole, bytes of JSON.
const SHOWN_MAX: usize = 400;
/// Most zones that are named in a sentence.
const NAMED_MAX: usize = 5;

/// The same in Chinese and English.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Words {
    /// Chinese.
    #[serde(rename = "zh-CN")]
    pub zh: String,
    /// English.
    pub en: String,
}

/// What a new set of zones changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Only in the new set.
    pub added: Vec<ZoneId>,
    /// In both with different content.
    pub changed: Vec<Changed>,
    /// Only in the old set.
    pub removed: Vec<ZoneId>,
    /// All of it in a sentence.
    pub words: Words,
    /// Whether it takes away so much protection that a second person has to agree.
    pub needs_approval: bool,
    /// Why, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Words>,
}

/// A zone that is in both sets with different content.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changed {
    /// Which.
    pub id: ZoneId,
    /// Members of the feature that differ.
    pub fields: Vec<FieldChange>,
    /// The footprint.
    pub area_m2: Area,
    /// The share of its protection, over area, height and time, that is lost.
    pub lost_share: f64,
}

/// A footprint before and after, square metres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Area {
    /// In the old set.
    pub was: f64,
    /// In the new set.
    pub now: f64,
}

/// A member that differs; a value that is not there, or too long to be shown, is absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldChange {
    /// Where, as `$.properties.type`.
    pub path: String,
    /// In the old set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<Value>,
    /// In the new set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<Value>,
}

/// What `new` changes with respect to `old`.
pub fn compare(old: &Airspace, new: &Airspace, ground: &Ground<'_>) -> Comparison {
    let found = difference(old, new);
    let count = found.changed.len();
    let pairs = found
        .changed
        .iter()
        .filter_map(|id| Some((old.zone_by_id(id.as_str())?, new.zone_by_id(id.as_str())?)));
    let changed: Vec<Changed> = pairs.map(|(was, now)| changed(was, now, ground.at, count)).collect();
    let sets = Sets { old, new, added: &found.added, changed: &changed };
    let why = why(&sets, ground);
    let words = words(&found.added, &changed, &found.removed);
    let needs_approval = why.is_some();
    Comparison { added: found.added, changed, removed: found.removed, words, needs_approval, why }
}

fn changed(was: &Zone, now: &Zone, at: Timestamp, count: usize) -> Changed {
    let mut fields = Vec::new();
    differing("$", &was.feature(), &now.feature(), &mut fields);
    let round = |m2: f64| (m2 * 10.0).round() / 10.0;
    Changed {
        id: now.id.clone(),
        fields,
        area_m2: Area { was: round(area_m2(was)), now: round(area_m2(now)) },
        lost_share: (lost_share(was, now, at, count) * 1e4).round() / 1e4,
    }
}

/// Notes where two values differ, as deep as both are objects, or lists of the same length.
fn differing(path: &str, was: &Value, now: &Value, out: &mut Vec<FieldChange>) {
    if was == now || FIELDS_MAX <= out.len() {
        return;
    }
    match (was, now) {
        (Value::Object(a), Value::Object(b)) => {
            let names = a.keys().chain(b.keys().filter(|name| !a.contains_key(*name)));
            for name in names {
                let path = format!("{path}.{name}");
                match (a.get(name), b.get(name)) {
                    (Some(was), Some(now)) => differing(&path, was, now, out),
                    (was, now) => note(path, was, now, out),
                }
            }
        }
        (Value::Array(a), Value::Array(b))
            if a.len() == b.len() && a.iter().chain(b).any(Value::is_object) =>
        {
            for (i, (was, now)) in a.iter().zip(b).enumerate() {
                differing(&format!("{path}[{i}]"), was, now, out);
            }
        }
        _ => note(path.to_owned(), Some(was), Some(now), out),
    }
}

fn note(path: String, was: Option<&Value>, now: Option<&Value>, out: &mut Vec<FieldChange>) {
    let shown = |value: Option<&Value>| value.filter(|value| value.to_string().len() <= SHOWN_MAX).cloned();
    if out.len() < FIELDS_MAX {
        out.push(FieldChange { path, was: shown(was), now: shown(now) });
    }
}

fn words(added: &[ZoneId], changed: &[Changed], removed: &[ZoneId]) -> Words {
    if added.is_empty() && changed.is_empty() && removed.is_empty() {
        return Words { zh: "没有变化。".into(), en: "Nothing changes.".into() };
    }
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    if !added.is_empty() {
        let names = named(added.iter().map(ToString::to_string));
        zh.push(format!("新增 {} 个区域（{}）", added.len(), names.zh));
        en.push(format!("{} added ({})", added.len(), names.en));
    }
    if !changed.is_empty() {
        let chinese = named(changed.iter().map(|zone| one(zone).zh)).zh;
        let english = named(changed.iter().map(|zone| one(zone).en)).en;
        zh.push(format!("修改 {} 个（{chinese}）", changed.len()));
        en.push(format!("{} changed ({english})", changed.len()));
    }
    if !removed.is_empty() {
        let names = named(removed.iter().map(ToString::to_string));
        zh.push(format!("删除 {} 个（{}）", removed.len(), names.zh));
        en.push(format!("{} removed ({})", removed.len(), names.en));
    }
    Words { zh: zh.join("；") + "。", en: en.join("; ") + "." }
}

/// What becomes of a zone: its members that differ, each once, then its area and its protection.
fn one(zone: &Changed) -> Words {
    let (mut names, mut seen) = (Vec::new(), BTreeSet::new());
    for field in &zone.fields {
        let Words { zh, en } = field_words::name(&field.path);
        if seen.insert(zh.clone()) {
            names.push((zh, en));
        }
    }
    let (zh, en): (Vec<_>, Vec<_>) = names.into_iter().unzip();
    let (chinese, english) = (named(zh.into_iter()).zh, named(en.into_iter()).en);
    let mut words = Words { zh: format!("{}：{chinese}", zone.id), en: format!("{}: {english}", zone.id) };
    let mut say = |zh: &str, en: &str, figure: String| {
        words.zh.extend(["，", zh, " ", &figure]);
        words.en.extend([", ", en, " ", &figure]);
    };
    let Area { was, now } = zone.area_m2;
    if 0.0005 < (now / was - 1.0).abs() {
        let change = (now / was - 1.0) * 100.0;
        say("面积", "area", format!("{:.4} → {:.4} km² ({change:+.1} %)", was / 1e6, now / 1e6));
    }
    if 0.0005 < zone.lost_share {
        say("保护减少", "protection less by", format!("{:.1} %", zone.lost_share * 100.0));
    }
    words
}

fn named(names: impl ExactSizeIterator<Item = String>) -> Words {
    let more = names.len().saturating_sub(NAMED_MAX);
    let first = names.take(NAMED_MAX).collect::<Vec<_>>();
    let (mut zh, mut en) = (first.join("、"), first.join(", "));
    if 0 < more {
        zh.extend(["等，另有 ", &more.to_string(), " 个"]);
        en.extend([" and ", &more.to_string(), " more"]);
    }
    Words { zh, en }
}
