//! What a zone says beyond ED-318, in `extendedProperties`: its part, for whom it is, its priority and its buffer.
//!
//! | member | means |
//! |---|---|
//! | `kind` | `GEO_CAGE`: a keep-in volume; `SUITABLE` or `INCLUSION`: published suitable airspace (适飞空域) |
//! | `keep` | `IN`: the same as `GEO_CAGE`; `OUT`: keep out, as every zone does that says nothing |
//! | `applies_to` | for whom the zone is; of a keep-in volume, to whom it is assigned |
//! | `exempt` | for whom it is not |
//! | `priority` | 0 to 100; where zones overlap, a higher one that asks less lifts a lower one; never `PROHIBITED`, unless it says `lifts_prohibited` |
//! | `buffer_m`, `buffer_vertical_m` | a warning margin around the zone, metres |
//!
//! `applies_to` and `exempt` hold lists `uas_ids`, `operators`, `group_ids`, `flight_ids`, `ua_class`,
//! `operation_category`. `applies_to` wants one of the names, if it names any, and a class and a category of its lists,
//! if it has them; an aircraft that does not say its class counts as of every class. One fit is enough for `exempt`, and
//! who does not say its class is not exempt.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::{OperationCategory, UaClass};

use super::zone::{Zone, ZoneIx};

/// Which part a zone plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// Aircraft stay out, as its restriction says.
    #[default]
    KeepOut,
    /// Those to whom it is assigned stay in.
    KeepIn,
    /// Published suitable airspace: lifts the default of controlled airspace; its upper limit is a ceiling.
    Suitable,
}

/// Whom a list names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Named {
    /// Aircraft.
    pub uas_ids: Vec<Arc<str>>,
    /// Operators.
    pub operators: Vec<Arc<str>>,
    /// Formations.
    pub group_ids: Vec<Arc<str>>,
    /// Flights.
    pub flight_ids: Vec<Arc<str>>,
    /// Classes.
    pub classes: Vec<UaClass>,
    /// Operation categories.
    pub categories: Vec<OperationCategory>,
}

/// What an aircraft says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// Its identity.
    pub uas_id: &'a str,
    /// Its operator.
    pub operator: Option<&'a str>,
    /// Its formation.
    pub group_id: Option<&'a str>,
    /// Its flight.
    pub flight_id: Option<&'a str>,
    /// Its class.
    pub class: Option<UaClass>,
    /// Its operation category.
    pub category: Option<OperationCategory>,
}

/// What a zone says beyond ED-318.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Terms {
    /// Its part.
    pub role: Role,
    /// For whom it is; `None`: for all.
    pub applies_to: Option<Named>,
    /// For whom it is not.
    pub exempt: Option<Named>,
    /// 0 to 100; the higher counts.
    pub priority: u8,
    /// Whether its priority lifts what is prohibited, too.
    pub lifts_prohibited: bool,
    /// Warning margin at its sides, metres.
    pub buffer_m: f64,
    /// Warning margin above and below, metres.
    pub buffer_vertical_m: f64,
}

impl Named {
    /// Whether it names identities at all.
    pub fn has_names(&self) -> bool {
        [&self.uas_ids, &self.operators, &self.group_ids, &self.flight_ids]
            .iter()
            .any(|list| !list.is_empty())
    }

    /// Whether one of its identities is theirs.
    fn names(&self, who: &Who<'_>) -> bool {
        let has =
            |list: &[Arc<str>], id: Option<&str>| id.is_some_and(|id| list.iter().any(|one| &**one == id));
        has(&self.uas_ids, Some(who.uas_id))
            || has(&self.operators, who.operator)
            || has(&self.group_ids, who.group_id)
            || has(&self.flight_ids, who.flight_id)
    }

    /// Whether it covers everybody whom `other` covers.
    fn holds(&self, other: &Self) -> bool {
        let names = !self.has_names()
            || (other.has_names() && self.pairs(other).iter().all(|(own, its)| all(own, its)));
        let classes =
            self.classes.is_empty() || (!other.classes.is_empty() && all(&self.classes, &other.classes));
        let categories = self.categories.is_empty()
            || (!other.categories.is_empty() && all(&self.categories, &other.categories));
        names && classes && categories
    }

    /// Whether everything in the lists of `other` is in its own.
    fn lists_all_of(&self, other: &Self) -> bool {
        self.pairs(other).iter().all(|(own, its)| all(own, its))
            && all(&self.classes, &other.classes)
            && all(&self.categories, &other.categories)
    }

    /// The lists of names beside those of another.
    #[expect(clippy::type_complexity, reason = "four pairs of lists, for this file alone")]
    fn pairs<'a>(&'a self, other: &'a Self) -> [(&'a [Arc<str>], &'a [Arc<str>]); 4] {
        [
            (&self.uas_ids, &other.uas_ids),
            (&self.operators, &other.operators),
            (&self.group_ids, &other.group_ids),
            (&self.flight_ids, &other.flight_ids),
        ]
    }

    /// Whether all that it asks fits.
    pub fn covers(&self, who: &Who<'_>) -> bool {
        (!self.has_names() || self.names(who))
            && (self.classes.is_empty() || who.class.is_none_or(|class| self.classes.contains(&class)))
            && (self.categories.is_empty()
                || who.category.is_none_or(|category| self.categories.contains(&category)))
    }

    /// Whether anything of it fits.
    pub fn touches(&self, who: &Who<'_>) -> bool {
        self.names(who)
            || who.class.is_some_and(|class| self.classes.contains(&class))
            || who.category.is_some_and(|category| self.categories.contains(&category))
    }
}

/// Whether every one of `its` is among `own`.
fn all<T: PartialEq>(own: &[T], its: &[T]) -> bool {
    its.iter().all(|one| own.contains(one))
}

impl Terms {
    /// Whether somebody for whom the zone was by `was` is free of it now, or another zone can be lifted by it or can lift
    /// it that could not before. `lifts`: whether it asks so little that its priority lifts others.
    pub(super) fn weaken(&self, was: &Self, lifts: bool) -> bool {
        let narrower = self
            .applies_to
            .as_ref()
            .is_some_and(|now| was.applies_to.as_ref().is_none_or(|was| !now.holds(was)));
        let freed = self
            .exempt
            .as_ref()
            .is_some_and(|now| was.exempt.as_ref().is_none_or(|was| !was.lists_all_of(now)));
        let lifted = self.priority < was.priority;
        let lifting = lifts
            && 0 < self.priority
            && (was.priority < self.priority || (self.lifts_prohibited && !was.lifts_prohibited));
        narrower || freed || lifted || lifting
    }

    /// Whether the zone is for them: named, and not exempt.
    pub fn concern(&self, who: &Who<'_>) -> bool {
        self.applies_to.as_ref().is_none_or(|named| named.covers(who))
            && !self.exempt.as_ref().is_some_and(|named| named.touches(who))
    }
}

/// The keep-in volumes by the name that they are assigned to.
#[derive(Debug, Default)]
pub struct Cages {
    /// By kind of name, 0 to 3, and name.
    named: BTreeMap<(u8, Arc<str>), Vec<ZoneIx>>,
    /// Those assigned to classes or categories only.
    others: Vec<ZoneIx>,
}

impl Cages {
    /// Of zones in the order of their places.
    pub(super) fn new(zones: &[Zone]) -> Self {
        let mut cages = Self::default();
        for (ix, zone) in (0_u32..).map(ZoneIx).zip(zones) {
            let Some(terms) = zone.terms.as_deref().filter(|terms| terms.role == Role::KeepIn) else {
                continue;
            };
            let Some(named) = &terms.applies_to else { continue };
            if !named.has_names() {
                cages.others.push(ix);
            }
            let lists = [&named.uas_ids, &named.operators, &named.group_ids, &named.flight_ids];
            for (kind, list) in (0_u8..).zip(lists) {
                for name in list {
                    cages.named.entry((kind, Arc::clone(name))).or_default().push(ix);
                }
            }
        }
        cages
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.named.is_empty() && self.others.is_empty()
    }

    /// Those that may be assigned to an aircraft, in order, each once.
    pub fn of(&self, who: &Who<'_>) -> Vec<ZoneIx> {
        let names = [Some(who.uas_id), who.operator, who.group_id, who.flight_id];
        let mut found = self.others.clone();
        for (kind, name) in (0_u8..).zip(names) {
            let Some(name) = name else { continue };
            found.extend(self.named.get(&(kind, Arc::from(name))).into_iter().flatten());
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(class: Option<UaClass>) -> Who<'static> {
        Who { uas_id: "A", operator: Some("op"), group_id: None, flight_id: None, class, category: None }
    }

    #[test]
    fn for_whom_a_zone_is() {
        let ids = |id: &str| Named { uas_ids: vec![Arc::from(id)], ..Named::default() };
        let classes = Named { classes: vec![UaClass::Micro], ..Named::default() };
        let both = Named { classes: vec![UaClass::Micro], ..ids("A") };
        for (applies_to, exempt, class, concerned) in [
            (None, None, None, true),
            (Some(ids("A")), None, None, true),
            (Some(ids("B")), None, None, false),
            (Some(classes.clone()), None, Some(UaClass::Micro), true),
            (Some(classes.clone()), None, Some(UaClass::Light), false),
            // Who does not say its class is of every class where that is the safe side.
            (Some(classes.clone()), None, None, true),
            (Some(both.clone()), None, Some(UaClass::Light), false),
            (None, Some(classes.clone()), Some(UaClass::Micro), false),
            (None, Some(classes.clone()), None, true),
            (None, Some(ids("A")), None, false),
            (None, Some(both), Some(UaClass::Light), false),
            (Some(classes), Some(ids("A")), Some(UaClass::Micro), false),
        ] {
            let terms = Terms { applies_to: applies_to.clone(), exempt: exempt.clone(), ..Terms::default() };
            assert_eq!(terms.concern(&who(class)), concerned, "{applies_to:?} {exempt:?} {class:?}");
        }
    }

    #[test]
    fn p24_what_weakens_a_zone() {
        let ids = |ids: &[&str]| {
            Some(Named { uas_ids: ids.iter().map(|id| Arc::from(*id)).collect(), ..Named::default() })
        };
        let of_class = |class| Some(Named { classes: vec![class], ..Named::default() });
        let exempt = |exempt| Terms { exempt, ..Terms::default() };
        let for_whom = |applies_to| Terms { applies_to, ..Terms::default() };
        let with = |priority, lifts_prohibited| Terms { priority, lifts_prohibited, ..Terms::default() };
        for (was, now, lifts, weaker) in [
            (exempt(None), exempt(ids(&["A"])), false, true),
            (exempt(ids(&["A"])), exempt(ids(&["B", "A"])), false, true),
            (exempt(ids(&["B", "A"])), exempt(ids(&["A"])), false, false),
            (exempt(ids(&["A"])), exempt(of_class(UaClass::Micro)), false, true),
            (for_whom(None), for_whom(ids(&["A"])), false, true),
            (for_whom(ids(&["A"])), for_whom(None), false, false),
            (for_whom(ids(&["A"])), for_whom(ids(&["A", "B"])), false, false),
            (for_whom(ids(&["A"])), for_whom(ids(&["B"])), false, true),
            (for_whom(ids(&["A"])), for_whom(of_class(UaClass::Micro)), false, true),
            (with(5, false), with(4, false), false, true),
            (with(4, false), with(5, false), false, false),
            (with(4, false), with(5, false), true, true),
            (with(5, false), with(5, true), true, true),
            (with(5, false), with(5, true), false, false),
        ] {
            assert_eq!(now.weaken(&was, lifts), weaker, "{was:?} {now:?}");
        }
    }
}
