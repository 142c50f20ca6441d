//! What a check says of a draft is what happens when the draft is published.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lowsky::airspace::{Airspace, difference};
use lowsky::domain::{
    AlertCode, Heights, Intent, IntentState, LatLng, Observation, OperationCategory, OperationalStatus,
    OperatorId, Phase, RelativeHeight, RelativeReference, Severity, UaClass, UasId,
};
use lowsky::monitor::{ControlledDefault, Effect, Event, Monitor, Settings, TrackState};
use lowsky::service::zone_rehearsal::{Draft, Rehearsed};
use serde_json::{Value, json};

use crate::zones_bench::{Bench, Key, at_ms, circle, intent, set};

const DRAFTS: u64 = 100;
/// When it is checked and published, and when what has come of it is looked at, milliseconds.
const PUBLISHED_MS: i64 = 8_500;
const SEEN_MS: i64 = 18_600;

/// Small numbers that look like chance (xorshift).
struct Chance(u64);

impl Chance {
    fn next(&mut self, low: f64, high: f64) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        low + (high - low) * f64::from(u32::try_from(self.0 >> 40).unwrap()) / f64::from(1_u32 << 24)
    }

    fn one_in(&mut self, n: f64) -> bool {
        self.next(0.0, n) < 1.0
    }

    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        let mut at = self.next(0.0, 1.0);
        let step = 1.0 / f64::from(u32::try_from(choices.len()).unwrap());
        let mut choices = choices.iter();
        loop {
            at -= step;
            let choice = choices.next().unwrap();
            if at < 0.0 || choices.len() == 0 {
                return choice.clone();
            }
        }
    }

    fn place(&mut self) -> [f64; 2] {
        [self.next(22.46, 22.54), self.next(113.96, 114.04)]
    }
}

struct Craft {
    /// What every report says.
    says: Observation,
    start: [f64; 2],
    speed: f64,
    track: f64,
    tells_motion: bool,
}

impl Craft {
    fn any(n: usize, chance: &mut Chance) -> Self {
        let start = chance.place();
        let id = UasId::new(&format!("C{n:02}")).unwrap();
        let mut says = Observation::new(id, at_ms(0), LatLng::new(start[0], start[1]).unwrap());
        says.status = OperationalStatus::Airborne;
        says.operator = Some(OperatorId::new(chance.of(&["acme", "rival"])).unwrap());
        says.category = chance.of(&[None, Some(OperationCategory::Open), Some(OperationCategory::Specific)]);
        says.group_id = chance.of(&[None, Some(Arc::from("G1"))]);
        says.flight_id = chance.of(&[None, Some(Arc::from("F0")), Some(Arc::from("F1"))]);
        says.ua_class = chance.of(&[None, Some(UaClass::Micro), Some(UaClass::Light), Some(UaClass::Large)]);
        let metres = chance.next(20.0, 160.0);
        let relative = |reference| Some(RelativeHeight { metres, reference });
        let none = Heights::default();
        says.heights = chance.of(&[
            Heights { hae_m: Some(metres), ..none },
            Heights { hae_m: Some(metres), ..none },
            Heights { relative: relative(RelativeReference::Ground), ..none },
            Heights { relative: relative(RelativeReference::Takeoff), ..none },
            Heights { pressure_m: Some(metres), ..none },
            none,
        ]);
        let speed = if chance.one_in(2.0) { 0.0 } else { chance.next(0.0, 20.0) };
        Self { says, start, speed, track: chance.next(0.0, 359.0), tells_motion: !chance.one_in(5.0) }
    }

    /// Its report at a moment, from so many metres north, east and up of where it is.
    fn report(&self, ms: i64, [north, east, up]: [f64; 3]) -> Observation {
        let s = f64::from(i32::try_from(ms).unwrap()) / 1000.0;
        let (sin, cos) = self.track.to_radians().sin_cos();
        let lat = self.start[0] + (self.speed * cos * s + north) / 110_740.0;
        let lng = self.start[1] + (self.speed * sin * s + east) / 102_700.0;
        let mut report = self.says.clone();
        (report.timestamp, report.position) = (at_ms(ms), LatLng::new(lat, lng).unwrap());
        if self.tells_motion {
            report.motion.ground_speed_mps = Some(self.speed);
            report.motion.track_deg = Some(self.track);
            report.motion.vertical_speed_mps = Some(0.0);
        }
        let heights = &mut report.heights;
        for metres in [&mut heights.hae_m, &mut heights.pressure_m].into_iter().flatten() {
            *metres += up;
        }
        if let Some(relative) = &mut heights.relative {
            relative.metres += up;
        }
        report
    }
}

/// A zone of any kind.
fn zone(id: &str, chance: &mut Chance) -> Value {
    let [lat, lng] = chance.place();
    let named = [
        json!({"operation_category": ["OPEN"]}),
        json!({"group_ids": ["G1"]}),
        json!({"flight_ids": ["F1"]}),
        json!({"operators": ["acme"]}),
        json!({"ua_class": ["MICRO"]}),
        json!({"uas_ids": ["C01", "C02", "C03", "C04"]}),
    ];
    let mut terms = json!({});
    let mut restriction = chance.of(&["PROHIBITED", "REQ_AUTHORIZATION", "REQ_AUTHORIZATION", "CONDITIONAL"]);
    match chance.of(&[0, 0, 0, 1, 2, 3, 4, 5]) {
        1 => terms["exempt"] = chance.of(&named),
        2 => terms["applies_to"] = chance.of(&named),
        3 => {
            restriction = "NO_RESTRICTION";
            (terms["priority"], terms["lifts_prohibited"]) = (json!(5), json!(chance.one_in(2.0)));
        }
        4 => {
            (terms["kind"], terms["applies_to"]) = (json!("GEO_CAGE"), chance.of(&named));
        }
        5 => {
            restriction = "NO_RESTRICTION";
            terms["kind"] = json!("SUITABLE");
        }
        _ if chance.one_in(4.0) => terms["buffer_m"] = json!(60),
        _ => {}
    }
    let mut zone = circle(id, restriction, [lat, lng, chance.next(100.0, 2_000.0)], &terms);
    let layer = &mut zone["geometry"]["layer"];
    (layer["lower"], layer["upper"]) =
        (json!(chance.next(0.0, 60.0).round()), json!(chance.next(60.0, 140.0).round()));
    let reference = chance.of(&["AGL", "WGS84"]);
    (layer["lowerReference"], layer["upperReference"]) = (json!(reference), json!(reference));
    if chance.one_in(4.0) {
        let from = chance.next(-60.0, 60.0);
        let until = from + chance.next(5.0, 100.0);
        let [from, until] = [from, until].map(|s| at_ms(PUBLISHED_MS).plus_seconds(s.round()).to_string());
        zone["properties"]["limitedApplicability"] = json!([{"startDateTime": from, "endDateTime": until}]);
    }
    zone
}

/// A set in force, and a draft that changes, removes and adds.
fn sets(chance: &mut Chance) -> [Arc<Airspace>; 2] {
    let (mut live, mut drafted) = (Vec::new(), Vec::new());
    for n in 0..14 {
        let id = format!("Z{n:02}");
        let was = zone(&id, chance);
        if n < 10 {
            live.push(was.clone());
        }
        match chance.of(&[0, 0, 1, 2]) {
            0 if n < 10 => drafted.push(was),
            1 if n < 10 => {}
            _ => drafted.push(zone(&id, chance)),
        }
    }
    [set(&live), set(&drafted)]
}

fn flights(crafts: &[Craft], chance: &mut Chance) -> Vec<Intent> {
    let mut made = Vec::new();
    for (n, craft) in crafts.iter().step_by(3).enumerate() {
        let at = [craft.start[0], craft.start[1], chance.next(100.0, 1_500.0)];
        let mut intent = intent(&format!("F{n}"), &[craft.says.uas_id.as_str()], at);
        intent.operator = OperatorId::new(chance.of(&["acme", "rival"])).unwrap();
        intent.state = chance.of(&[IntentState::Accepted, IntentState::Activated, IntentState::Contingent]);
        intent.volumes[0].until = at_ms(PUBLISHED_MS).plus_seconds(chance.next(-5.0, 120.0));
        made.push(intent);
    }
    made
}

/// How an alert stands.
type How = (Phase, Severity);

/// What stands at one moment, if nothing counts but that moment.
fn moment(world: &World<'_>, zones: &Arc<Airspace>, ms: i64, moved: [f64; 3]) -> BTreeMap<Key, How> {
    let mut rules = world.rules.clone();
    rules.lifecycle.raise_m_of_n = [1, 1];
    let mut bench = Bench::new(rules);
    for intent in world.intents {
        bench.file(0, intent.clone());
    }
    for craft in world.crafts.iter().filter(|craft| !craft.tells_motion) {
        bench.monitor.seat(at_ms(ms - 1_000), craft.report(ms - 1_000, moved));
    }
    bench.zones(ms - 900, zones);
    for craft in world.crafts {
        bench.see(craft.report(ms, moved));
    }
    how(&bench)
}

fn how(bench: &Bench) -> BTreeMap<Key, How> {
    bench.open.iter().map(|(key, alert)| (key.clone(), (alert.phase, alert.severity))).collect()
}

struct World<'a> {
    rules: Settings,
    crafts: &'a [Craft],
    intents: &'a [Intent],
}

/// What seconds of flight or metres decide: who enters or leaves then may be told otherwise.
fn edges(world: &World<'_>, [live, drafted]: &[Arc<Airspace>; 2]) -> BTreeSet<Key> {
    let mut unsure = BTreeSet::new();
    let around = [-9.0, 9.0].into_iter().flat_map(|by| [[by, 0.0, 0.0], [0.0, by, 0.0], [0.0, 0.0, by]]);
    let around: Vec<_> = around.collect();
    for (zones, span_ms) in
        [(live, 2_000..=PUBLISHED_MS + 500), (drafted, PUBLISHED_MS - 500..=SEEN_MS + 400)]
    {
        let there = span_ms.step_by(500).map(|ms| moment(world, zones, ms, [0.0; 3]));
        let beside = around.iter().map(|moved| moment(world, zones, PUBLISHED_MS, *moved));
        let moments: Vec<_> = there.chain(beside).collect();
        let keys: BTreeSet<&Key> = moments.iter().flat_map(BTreeMap::keys).collect();
        for key in keys {
            if moments.iter().any(|one| one.get(key) != moments[0].get(key)) {
                unsure.insert(key.clone());
            }
        }
    }
    unsure
}

/// Flies until the draft is checked, and on under it; what was told of it, what stood before, and what stands then.
fn publish(world: &World<'_>, sets: &[Arc<Airspace>; 2]) -> (Rehearsed, [BTreeMap<Key, How>; 2]) {
    let mut bench = Bench::new(world.rules.clone());
    bench.zones(0, &sets[0]);
    for intent in world.intents {
        bench.file(0, intent.clone());
    }
    let fly = |bench: &mut Bench, seconds: std::ops::Range<i64>| {
        for second in seconds {
            for (n, craft) in (0_i64..).zip(world.crafts) {
                bench.see(craft.report(second * 1000 + n * 5, [0.0; 3]));
            }
        }
    };
    fly(&mut bench, 0..9);
    let pictures = pictures(world);
    let found = difference(&sets[0], &sets[1]);
    let named = [found.added, found.changed, found.removed].concat();
    let draft =
        Draft { rules: &world.rules, sets: [&sets[0], &sets[1]], named: &named, intents: world.intents };
    let told = draft.now(pictures.values(), at_ms(PUBLISHED_MS));
    bench.handle(at_ms(PUBLISHED_MS), Event::Tick);
    let before = how(&bench);
    bench.zones(PUBLISHED_MS, &sets[1]);
    fly(&mut bench, 9..19);
    bench.handle(at_ms(SEEN_MS), Event::Tick);
    (told, [before, how(&bench)])
}

/// The picture of everybody when the draft is checked.
fn pictures(world: &World<'_>) -> BTreeMap<UasId, TrackState> {
    let (mut monitor, mut effects) = (Monitor::new(Settings::default()), Vec::new());
    for second in 0..9 {
        for (n, craft) in (0_i64..).zip(world.crafts) {
            let report = craft.report(second * 1000 + n * 5, [0.0; 3]);
            monitor.handle(report.timestamp, Event::Observed(report), &mut effects);
        }
    }
    let picture = |effect| match effect {
        Effect::TrackChanged(state) => Some((state.uas_id.clone(), state)),
        Effect::Alert(_)
        | Effect::TrackGone(_)
        | Effect::Refused(..)
        | Effect::AckRefused(_)
        | Effect::Assessed(_) => None,
    };
    effects.into_iter().filter_map(picture).collect()
}

#[test]
fn a_check_of_a_draft_over_live_traffic_agrees_with_its_publication() {
    let drafts = std::env::var("LOWSKY_DRAFTS").map_or(DRAFTS, |text| text.parse().unwrap());
    let mut counts: BTreeMap<(&str, AlertCode, bool, Phase), usize> = BTreeMap::new();
    for seed in 1..=drafts {
        let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let crafts: Vec<_> = (0..60).map(|n| Craft::any(n, &mut chance)).collect();
        let intents = flights(&crafts, &mut chance);
        let controlled_default =
            chance.of(&[ControlledDefault::Off, ControlledDefault::Height, ControlledDefault::All]);
        let intent_authorities = vec![chance.of(&["*", "acme"]).to_owned()];
        let rules = Settings { controlled_default, intent_authorities, ..Settings::default() };
        let sets = sets(&mut chance);
        let world = World { rules, crafts: &crafts, intents: &intents };
        let unsure = edges(&world, &sets);
        let (told, [before, after]) = publish(&world, &sets);
        assert!(!told.partial, "seed {seed}");
        let (mut begins, mut ends, mut stays) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        for shown in told.alerted {
            let one = shown.alerted;
            let all = if shown.new { &mut begins } else { &mut stays };
            all.insert((one.uas_id, one.code, one.zone), (one.phase, one.severity));
        }
        ends.extend(told.no_longer.into_iter().map(|one| (one.uas_id, one.code, one.zone)));
        let began = after.iter().filter(|(key, _)| !before.contains_key(*key) && !unsure.contains(*key));
        let began: BTreeMap<Key, How> = began.map(|(key, how)| (key.clone(), *how)).collect();
        let ended = before.keys().filter(|key| !after.contains_key(*key) && !unsure.contains(*key));
        begins.retain(|key, _| !unsure.contains(key));
        ends.retain(|key| !unsure.contains(key));
        assert_eq!(begins, began, "seed {seed}: what begins");
        assert_eq!(ends, ended.cloned().collect(), "seed {seed}: what ends");
        for (key, (phase, severity)) in stays.iter().filter(|(key, _)| !unsure.contains(*key)) {
            // What stands gets milder only where its margin is left.
            let how = after.get(key);
            assert!(
                how.is_some_and(|how| how.0 == *phase && *severity <= how.1),
                "seed {seed}: {key:?} {how:?}"
            );
        }
        for ((_, code, zone), (phase, _)) in &begins {
            *counts.entry(("begins", *code, zone.is_some(), *phase)).or_default() += 1;
        }
        for (_, code, zone) in &ends {
            *counts.entry(("ends", *code, zone.is_some(), Phase::Actual)).or_default() += 1;
        }
    }
    println!("{drafts} drafts agree: {counts:#?}");
    for (what, code, by_zone, phase, least) in [
        ("begins", AlertCode::ZoneIncursion, true, Phase::Actual, 300),
        ("begins", AlertCode::ZoneIncursion, true, Phase::Predicted, 20),
        ("begins", AlertCode::ZoneIncursion, false, Phase::Actual, 3),
        ("begins", AlertCode::GeocageExit, true, Phase::Actual, 100),
        ("begins", AlertCode::HeightLimit, true, Phase::Actual, 10),
        ("ends", AlertCode::ZoneIncursion, true, Phase::Actual, 200),
        ("ends", AlertCode::ZoneIncursion, false, Phase::Actual, 5),
        ("ends", AlertCode::GeocageExit, true, Phase::Actual, 50),
    ] {
        let count = counts.get(&(what, code, by_zone, phase)).copied().unwrap_or(0);
        assert!(least <= count, "{what} {code:?} {by_zone} {phase:?}: {count}");
    }
}
