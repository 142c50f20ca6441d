//! What a new set of zones changes, in words and numbers, and whether a second person has to agree.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::{Timestamp, ZoneId};

use super::field_words;
use super::protection::{area_m2, lost_share, protects};
use super::set::{Airspace, difference};
use super::zone::Zone;

/// Share of a zone's protection that one person may take away.
const LOSS_MAX: f64 = 0.2;
/// Share of the zones that one person may remove.
const REMOVED_MAX: f64 = 0.1;
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

/// What `new` changes with respect to `old`, seen at `at`: protection of the past cannot be lost.
pub fn compare(old: &Airspace, new: &Airspace, at: Timestamp) -> Comparison {
    let found = difference(old, new);
    let count = found.changed.len();
    let pairs = found
        .changed
        .iter()
        .filter_map(|id| Some((old.zone_by_id(id.as_str())?, new.zone_by_id(id.as_str())?)));
    let changed: Vec<Changed> = pairs.map(|(was, now)| changed(was, now, at, count)).collect();
    let why = why(old, &changed, &found.removed, at);
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

/// Why a second person has to agree, if so.
fn why(old: &Airspace, changed: &[Changed], removed: &[ZoneId], at: Timestamp) -> Option<Words> {
    let lives = |zone: &&Zone| {
        protects(zone)
            && (zone.always_applies() || zone.applies_at(at) || zone.next_switch_after(at).is_some())
    };
    let living: Vec<&Zone> = old.zones().iter().filter(lives).collect();
    let gone: Vec<&&Zone> = living.iter().filter(|zone| removed.contains(&zone.id)).collect();
    let mut why = Words::default();
    let mut say = |zh: String, en: String| {
        why.zh.push_str(&zh);
        why.en.push_str(if why.en.is_empty() { "" } else { " " });
        why.en.push_str(&en);
    };
    for zone in changed.iter().filter(|zone| LOSS_MAX < zone.lost_share) {
        let (id, percent) = (&zone.id, percent(zone.lost_share));
        say(
            format!(
                "区域 {id} 失去 {percent} 的保护（面积、高度、时段、限制类型、适用与豁免对象或优先级）。"
            ),
            format!(
                "Zone {id} loses {percent} of its protection (area, height, time, restriction, for whom it is, exemptions or priority)."
            ),
        );
    }
    let (count, all) = (gone.len(), living.len());
    if 0 < count {
        let share = ratio(count, all);
        let total: f64 = living.iter().map(|zone| area_m2(zone)).sum();
        let lost: f64 = gone.iter().map(|zone| area_m2(zone)).sum();
        if count == all {
            say(
                format!("全部 {all} 个有保护作用的区域将被删除。"),
                format!("All {all} zones that protect would be removed."),
            );
        } else if REMOVED_MAX < share {
            let percent = percent(share);
            say(
                format!("{all} 个区域中的 {count} 个（{percent}）将被删除。"),
                format!("{count} of {all} zones ({percent}) would be removed."),
            );
        } else if LOSS_MAX * total < lost {
            let percent = percent(lost / total);
            say(
                format!("删除的区域占受保护面积的 {percent}。"),
                format!("The removed zones have {percent} of the protected area."),
            );
        }
    }
    (!why.en.is_empty()).then_some(why)
}

fn ratio(part: usize, whole: usize) -> f64 {
    let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    number(part) / number(whole.max(1))
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
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
