//! Whether a change of zones takes away so much protection that a second person has to agree, and why.
//!
//! A change is held against the zones that are live, and against those that two people last agreed to: who takes away a
//! little every day is asked when it has become much.

use std::collections::BTreeSet;

use crate::domain::{Timestamp, ZoneId};

use super::comparison::{Changed, Words};
use super::protection::{area_m2, grows, lifts, lost_share, may_lift, protects};
use super::set::Airspace;
use super::terms::Role;
use super::zone::{Zone, ZoneIx};

/// Share of a zone's protection that one person may take away.
const LOSS_MAX: f64 = 0.2;
/// Share of the zones that one person may remove.
const REMOVED_MAX: f64 = 0.1;
/// Most zones that a sentence names.
const NAMED_MAX: usize = 5;

/// What airspace is that no zone and no suitable airspace covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outside {
    /// Free: suitable airspace lifts nothing.
    #[default]
    Free,
    /// Controlled: suitable airspace lifts that.
    Controlled,
}

/// What a change is judged by beside the zones themselves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ground<'a> {
    /// When: protection of the past cannot be lost.
    pub at: Timestamp,
    /// What airspace is that no zone covers.
    pub outside: Outside,
    /// The zones that two people last agreed to in another version than the live one, those included that are gone since.
    pub agreed: Option<&'a Airspace>,
}

impl Ground<'_> {
    /// Judged at that time, by the zones alone.
    pub fn at(at: Timestamp) -> Self {
        Self { at, ..Self::default() }
    }

    fn agreed(&self, id: &ZoneId) -> Option<&Zone> {
        self.agreed?.zone_by_id(id.as_str())
    }

    /// Whether a zone applies at some time yet.
    fn lives(&self, zone: &Zone) -> bool {
        zone.always_applies() || zone.applies_at(self.at) || zone.next_switch_after(self.at).is_some()
    }
}

/// What the two sets have in common and not.
pub(super) struct Sets<'a> {
    pub(super) old: &'a Airspace,
    pub(super) new: &'a Airspace,
    pub(super) added: &'a [ZoneId],
    pub(super) changed: &'a [Changed],
}

/// Why a second person has to agree, if so.
pub(super) fn why(sets: &Sets<'_>, ground: &Ground<'_>) -> Option<Words> {
    let mut why = Words::default();
    weakened(sets, ground, &mut why);
    let live = Gone::of(sets.old.zones().iter(), sets, ground);
    if live.count > 0 {
        live.tell(&mut why);
        if let Some(agreed) = ground.agreed.filter(|_| why.en.is_empty()) {
            let unchanged =
                sets.old.zones().iter().filter(|zone| agreed.zone_by_id(zone.id.as_str()).is_none());
            let mut since = Words::default();
            Gone::of(unchanged.chain(agreed.zones()), sets, ground).tell(&mut since);
            if !since.en.is_empty() {
                since.zh.insert_str(0, "自上次双人批准以来累计：");
                since.en.insert_str(0, "Counted from what two people last agreed to: ");
                say(&mut why, &since.zh, &since.en);
            }
        }
    }
    permitted(sets, ground, &mut why);
    (!why.en.is_empty()).then_some(why)
}

fn say(why: &mut Words, zh: &str, en: &str) {
    why.zh.push_str(zh);
    why.en.push_str(if why.en.is_empty() { "" } else { " " });
    why.en.push_str(en);
}

/// Tells of zones that lose too much, by this change or with those before.
fn weakened(sets: &Sets<'_>, ground: &Ground<'_>, why: &mut Words) {
    for Changed { id, lost_share: lost, .. } in sets.changed.iter().filter(|zone| 0.0 < zone.lost_share) {
        if LOSS_MAX < *lost {
            let percent = percent(*lost);
            let zh = format!(
                "区域 {id} 失去 {percent} 的保护（面积、高度、时段、限制类型、适用与豁免对象或优先级）。"
            );
            let en = format!(
                "Zone {id} loses {percent} of its protection (area, height, time, restriction, for whom it is, exemptions or priority)."
            );
            say(why, &zh, &en);
            continue;
        }
        let Some((was, now)) = ground.agreed(id).zip(sets.new.zone_by_id(id.as_str())) else { continue };
        let lost = lost_share(was, now, ground.at, sets.changed.len());
        if LOSS_MAX < lost {
            let percent = percent(lost);
            let zh = format!("自上次双人批准以来，区域 {id} 累计失去 {percent} 的保护。");
            let en = format!(
                "Zone {id} would have lost {percent} of its protection since two people last agreed to it."
            );
            say(why, &zh, &en);
        }
    }
}

/// How much of a set is gone.
struct Gone {
    /// Zones that protect.
    all: usize,
    /// How many of them are gone.
    count: usize,
    /// Their footprint, and the share of that of the others that is lost, square metres.
    lost_m2: f64,
    /// The footprint of all.
    all_m2: f64,
}

impl Gone {
    fn of<'z>(zones: impl Iterator<Item = &'z Zone>, sets: &Sets<'_>, ground: &Ground<'_>) -> Self {
        let mut gone = Self { all: 0, count: 0, lost_m2: 0.0, all_m2: 0.0 };
        for zone in zones.filter(|zone| protects(zone) && ground.lives(zone)) {
            let m2 = area_m2(zone);
            gone.all += 1;
            gone.all_m2 += m2;
            if sets.new.zone_by_id(zone.id.as_str()).is_none() {
                gone.count += 1;
                gone.lost_m2 += m2;
            } else if let Ok(place) = sets.changed.binary_search_by(|changed| changed.id.cmp(&zone.id)) {
                gone.lost_m2 += m2 * sets.changed.get(place).map_or(0.0, |changed| changed.lost_share);
            }
        }
        gone
    }

    fn tell(&self, why: &mut Words) {
        let Self { all, count, lost_m2, all_m2 } = self;
        let share = ratio(*count, *all);
        if *count == 0 {
            return;
        }
        if count == all {
            let zh = format!("全部 {all} 个有保护作用的区域将被删除。");
            say(why, &zh, &format!("All {all} zones that protect would be removed."));
        } else if REMOVED_MAX < share {
            let percent = percent(share);
            let zh = format!("{all} 个区域中的 {count} 个（{percent}）将被删除。");
            say(why, &zh, &format!("{count} of {all} zones ({percent}) would be removed."));
        } else if LOSS_MAX * all_m2 < *lost_m2 {
            let percent = percent(lost_m2 / all_m2);
            let zh = format!("删除和缩减合计占受保护面积的 {percent}。");
            let en = format!("What is removed and cut back has {percent} of the protected area.");
            say(why, &zh, &en);
        }
    }
}

/// Tells of zones that permit what others forbid, and are new or grow where they lift something.
fn permitted(sets: &Sets<'_>, ground: &Ground<'_>, why: &mut Words) {
    let touched = sets.added.iter().chain(sets.changed.iter().map(|changed| &changed.id));
    for id in touched.collect::<BTreeSet<_>>() {
        let Some(now) = sets.new.zone_by_id(id.as_str()) else { continue };
        // Most zones lift nothing, and need no measuring.
        if !may_lift(now) {
            continue;
        }
        let is_more = |was: Option<&Zone>| was.map(|was| grows(was, now, ground.at, sets.changed.len()));
        let before = is_more(sets.old.zone_by_id(id.as_str())).unwrap_or(true);
        if !ground.lives(now) || !(before || is_more(ground.agreed(id)).unwrap_or(false)) {
            continue;
        }
        if now.role() == Role::Suitable {
            if ground.outside == Outside::Controlled {
                let zh = format!("适飞空域 {id} 解除其范围内默认的管制。");
                let en = format!("Suitable airspace {id} lifts the control that holds outside of it.");
                say(why, &zh, &en);
            }
            continue;
        }
        let mut near: Vec<ZoneIx> = Vec::new();
        sets.new.near(&now.bounds, &mut near);
        let lifted = near.into_iter().filter_map(|ix| sets.new.zone(ix)).filter(|zone| lifts(now, zone));
        let lifted: Vec<&str> =
            lifted.filter(|zone| ground.lives(zone)).take(NAMED_MAX).map(|zone| zone.id.as_str()).collect();
        if !lifted.is_empty() {
            let zh = format!("区域 {id} 以更高优先级解除 {} 的限制。", lifted.join("、"));
            let en = format!("Zone {id} lifts by its priority what {} forbids.", lifted.join(", "));
            say(why, &zh, &en);
        }
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    number(part) / number(whole.max(1))
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::airspace::{Document, compare, load};

    const AT: Timestamp = Timestamp::from_millis(1_795_334_400_000);

    /// Squares of 0.02 degrees; of each its name, how far east it lies, its restriction, and what it says beyond ED-318.
    fn set(zones: &[(&str, f64, &str, Value)]) -> Airspace {
        let one = |(id, east, restriction, extended): &(&str, f64, &str, Value)| {
            let (west, east) = (113.0 + east, 113.02 + east);
            json!({ "type": "Feature", "properties": { "identifier": id, "country": "CHN", "type": restriction,
                "variant": "COMMON", "zoneAuthority": [{ "purpose": "AUTHORIZATION" }], "extendedProperties": extended },
                "geometry": { "type": "Polygon",
                    "coordinates": [[[west, 22.5], [east, 22.5], [east, 22.52], [west, 22.52], [west, 22.5]]],
                    "layer": { "upper": 120, "upperReference": "AGL", "lower": 0, "lowerReference": "AGL", "uom": "m" } } })
        };
        let features: Vec<Value> = zones.iter().map(one).collect();
        let text = json!({ "type": "FeatureCollection", "features": features }).to_string();
        let loaded = load(&[Document { name: "z", text: text.as_bytes() }]);
        let problems = format!("{:?}", loaded.problems);
        loaded.airspace.expect(&problems)
    }

    fn many(gone: usize) -> Vec<(&'static str, f64, &'static str, Value)> {
        const NAMES: [&str; 12] = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L"];
        let east = |i: usize| f64::from(u32::try_from(i).unwrap()) * 0.1;
        NAMES
            .iter()
            .enumerate()
            .skip(gone)
            .map(|(i, name)| (*name, east(i), "PROHIBITED", json!({})))
            .collect()
    }

    #[test]
    fn p24_a_permission_that_is_added_over_a_zone_that_it_lifts_needs_a_second_person() {
        let free = |extended: Value, east: f64| ("P", east, "NO_RESTRICTION", extended);
        let all = json!({ "priority": 9, "lifts_prohibited": true });
        let needs = |east: f64, extended: &Value, restriction: &'static str| {
            let mut zones = many(0);
            zones[0].2 = restriction;
            let old = set(&zones);
            zones.push(free(extended.clone(), east));
            compare(&old, &set(&zones), &Ground::at(AT)).why
        };
        let why = needs(0.0, &all, "PROHIBITED").expect("a second person");
        assert!(
            why.en.contains("Zone P lifts by its priority what A forbids") && why.zh.contains('A'),
            "{why:?}"
        );
        assert!(needs(0.019, &all, "PROHIBITED").is_some(), "over a strip of it");
        assert_eq!(needs(0.02, &all, "PROHIBITED"), None, "a neighbour");
        assert_eq!(
            needs(0.0, &json!({ "priority": 9 }), "PROHIBITED"),
            None,
            "it does not lift what is prohibited"
        );
        assert!(needs(0.0, &json!({ "priority": 9 }), "REQ_AUTHORIZATION").is_some());
        assert_eq!(needs(0.0, &json!({}), "REQ_AUTHORIZATION"), None, "without a priority it lifts nothing");
        // One that moves over a zone, or becomes one for everybody, permits more, too.
        let [mut near, mut over] = [many(0), many(0)];
        near.push(free(all.clone(), 0.02));
        over.push(free(all, 0.0199));
        let ground = Ground::at(AT);
        assert!(compare(&set(&near), &set(&over), &ground).needs_approval);
        assert!(!compare(&set(&over), &set(&near), &ground).needs_approval);
    }

    #[test]
    fn p24_suitable_airspace_is_a_loss_where_all_outside_of_it_is_controlled() {
        let mut zones = many(0);
        let old = set(&zones);
        zones.push(("S", 3.0, "NO_RESTRICTION", json!({ "kind": "SUITABLE" })));
        let new = set(&zones);
        let needs = |old: &Airspace, new: &Airspace, outside| {
            compare(old, new, &Ground { outside, ..Ground::at(AT) }).needs_approval
        };
        assert!(needs(&old, &new, Outside::Controlled));
        assert!(!needs(&old, &new, Outside::Free));
        assert!(!needs(&new, &old, Outside::Controlled), "one less permits less");
    }

    #[test]
    fn p24_losses_are_counted_from_what_two_people_agreed_to() {
        let (old, new) = (set(&many(1)), set(&many(2)));
        let alone = Ground::at(AT);
        assert!(!compare(&old, &new, &alone).needs_approval, "one of eleven");
        let agreed = set(&many(0)[..1]);
        let told = compare(&old, &new, &Ground { agreed: Some(&agreed), ..alone });
        let why = told.why.expect("two of twelve since");
        assert!(why.en.contains("two people last agreed to: 2 of 12"), "{why:?}");
        // What takes nothing away is not held against anybody.
        let mut more = many(1);
        more.push(("NEW", 3.0, "PROHIBITED", json!({})));
        assert!(!compare(&old, &set(&more), &Ground { agreed: Some(&agreed), ..alone }).needs_approval);
    }
}
