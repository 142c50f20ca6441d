//! The index agrees with asking everybody, and a pair looks the same from both sides.

use std::collections::{BTreeMap, BTreeSet};

use lowsky::domain::{AlertEventKind, LatLng, Observation, Severity, Timestamp, UasId};
use lowsky::monitor::{Assessment, Effect, Event, Level, Monitor, Party, Separation, Settings};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::brute::Crowd;
use super::sky::{Flight, recorded, sky};

const SECONDS: f64 = 75.0;

fn well_clear() -> Vec<Separation> {
    let level = |severity, radius_m, tau_s| Level {
        severity,
        radius_m,
        half_height_m: 20.0,
        look_ahead_s: 40.0,
        tau_s,
        tcoa_s: tau_s / 2.0,
    };
    let levels = vec![level(Severity::Caution, 90.0, 20.0), level(Severity::Critical, 30.0, 0.0)];
    vec![Separation { between: [Party::Any, Party::Any], levels }]
}

/// What was assessed of pairs: who, when, level and times of entry.
type Assessed = (UasId, UasId, Timestamp, Option<Severity>, Vec<Option<f64>>);

fn pairs(effects: &[Effect]) -> Vec<Assessed> {
    let pair = |effect: &Effect| {
        let Effect::Assessed(Assessment::Pair { at, uas_id, other, levels, level, .. }) = effect else {
            return None;
        };
        let times = levels.iter().map(|times| times.t_in_s).collect();
        Some((uas_id.clone(), other.clone(), *at, *level, times))
    };
    effects.iter().filter_map(pair).collect()
}

/// Every level that asking everybody finds is found by the monitor, with the same times, and no other.
fn assessments_agree(settings: &Settings, reports: &[(Timestamp, Observation)]) -> TestCaseResult {
    let settings = Settings { assessments: true, ..settings.clone() };
    let (mut monitor, mut crowd) = (Monitor::new(settings.clone()), Crowd::default());
    for (arrival, seen) in reports {
        let mut effects = Vec::new();
        monitor.handle(*arrival, Event::Observed(seen.clone()), &mut effects);
        crowd.take(seen, *arrival);
        let own = &seen.uas_id;
        let mut found: BTreeMap<_, _> = pairs(&effects)
            .into_iter()
            .map(|(a, b, _, level, times)| (if a == *own { b } else { a }, (level, times)))
            .collect();
        for other in crowd.0.keys().filter(|other| *other != own) {
            let Some(verdict) = crowd.judge(&settings, own, other) else { continue };
            let (level, times) = found.remove(other).unwrap_or_default();
            let context = format!("{own} {other} {arrival}: {level:?} {times:?} instead of {verdict:?}");
            prop_assert!(verdict.least <= level && level <= verdict.most, "{}", context);
            for (time, wanted) in times.iter().zip(verdict.t_in) {
                if let (Some(time), Some(wanted)) = (time, wanted) {
                    prop_assert!((time - wanted).abs() < 0.05, "{}", context);
                }
            }
        }
        prop_assert!(found.is_empty(), "judged and not there: {:?}", found);
    }
    Ok(())
}

/// Where one look is enough, an alert is open after every report exactly if asking everybody says so.
fn alerts_agree(settings: &Settings, reports: &[(Timestamp, Observation)]) -> TestCaseResult {
    let mut settings = settings.clone();
    settings.lifecycle.raise_m_of_n = [1, 1];
    let (mut monitor, mut crowd) = (Monitor::new(settings.clone()), Crowd::default());
    let mut open: BTreeMap<(UasId, UasId), Severity> = BTreeMap::new();
    for (arrival, seen) in reports {
        let mut effects = Vec::new();
        monitor.handle(*arrival, Event::Tick, &mut effects);
        let before = effects.len();
        monitor.handle(*arrival, Event::Observed(seen.clone()), &mut effects);
        crowd.take(seen, *arrival);
        let own = &seen.uas_id;
        for (index, effect) in effects.iter().enumerate() {
            let Effect::Alert(event) = effect else { continue };
            let Some(other) = &event.alert.other else { continue };
            let pair = (event.alert.uas_id.clone(), other.uas_id.clone());
            if event.event == AlertEventKind::Cleared {
                open.remove(&pair);
                continue;
            }
            if event.event == AlertEventKind::Raised && before <= index {
                let other = if pair.0 == *own { &pair.1 } else { &pair.0 };
                let verdict = crowd.judge(&settings, own, other).unwrap();
                prop_assert!(Some(event.alert.severity) <= verdict.most, "{:?} {:?}", event, verdict);
            }
            open.insert(pair, event.alert.severity);
        }
        for other in crowd.0.keys().filter(|other| *other != own) {
            let Some(verdict) = crowd.judge(&settings, own, other) else { continue };
            let told = open.get(&(own.min(other).clone(), own.max(other).clone())).copied();
            prop_assert!(verdict.least <= told, "{own} {other} {arrival}: {told:?} instead of {verdict:?}");
        }
    }
    Ok(())
}

/// A pair at an instant, whoever is named first.
type Who = (BTreeSet<UasId>, Timestamp);

/// Level and times of entry.
type Said = (Option<Severity>, Vec<Option<f64>>);

/// What is said last of every pair at every instant: whoever comes first sees the others as they were.
fn last_words(reports: &[(Timestamp, Observation)], name: &dyn Fn(&UasId) -> UasId) -> BTreeMap<Who, Said> {
    let mut monitor = Monitor::new(Settings { assessments: true, ..Settings::default() });
    let mut last = BTreeMap::new();
    for (arrival, seen) in reports {
        let mut effects = Vec::new();
        monitor.handle(*arrival, Event::Observed(seen.clone()), &mut effects);
        let own = name(&seen.uas_id);
        // A pair that is out of reach now has no line.
        last.retain(|(who, at): &Who, _| *at != seen.timestamp || !who.contains(&own));
        for (a, b, at, level, times) in pairs(&effects) {
            last.insert(([name(&a), name(&b)].into(), at), (level, times));
        }
    }
    last
}

fn with_level(all: &BTreeMap<Who, Said>) -> BTreeMap<&Who, Severity> {
    all.iter().filter_map(|(who, (level, _))| Some((who, (*level)?))).collect()
}

fn both_agree(origin: LatLng, flights: &[Flight]) -> TestCaseResult {
    let reports = recorded(origin, flights, SECONDS);
    for settings in [Settings::default(), Settings { separation: well_clear(), ..Settings::default() }] {
        assessments_agree(&settings, &reports)?;
        alerts_agree(&settings, &reports)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_index_agrees_with_asking_everybody((origin, flights) in sky(14)) {
        both_agree(origin, &flights)?;
    }

    /// Names and the order of arrival at one instant are nothing to a pair.
    #[test]
    fn a_pair_looks_the_same_from_both_sides((origin, mut flights) in sky(6)) {
        for flight in &mut flights {
            // Everybody reports at the same instants.
            (flight.phase, flight.period, flight.delay) = (0.0, 1.0, 0.1);
        }
        let reports = recorded(origin, &flights, 40.0);
        let turned = |id: &UasId| UasId::new(&id.as_str().replace('U', "Z").chars().rev().collect::<String>()).unwrap();
        let mut mirrored: Vec<_> = reports.iter().rev().cloned().collect();
        mirrored.sort_by_key(|(arrival, _)| *arrival);
        for (_, seen) in &mut mirrored {
            seen.uas_id = turned(&seen.uas_id);
        }
        let (ours, theirs) = (last_words(&reports, &turned), last_words(&mirrored, &UasId::clone));
        prop_assert_eq!(with_level(&ours), with_level(&theirs));
        for (who, (_, times)) in &ours {
            let Some((_, mirrored)) = theirs.get(who) else { continue };
            for (a, b) in times.iter().zip(mirrored) {
                prop_assert!(a.zip(*b).is_none_or(|(a, b)| (a - b).abs() < 1e-6) , "{who:?} {times:?} {mirrored:?}");
            }
        }
    }
}
