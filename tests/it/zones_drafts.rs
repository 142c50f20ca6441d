//! What a check tells of a draft is what happens when it is published, seen from outside: aircraft report over MQTT, each
//! of many random drafts is checked and published over HTTP, and the stream must tell what the check foretold, no more.
//!
//! Nothing is left to the moment at which a draft is published: aircraft hover, or fly along lanes, and no zone is drawn
//! with an edge near one. Only zones that an aircraft is about to enter, or that are about to apply, change their meaning
//! by themselves; those are far enough ahead to be published in time, and go with the next draft.
//!
//! `LOWSKY_SEED=n` draws other drafts, `LOWSKY_DRAFTS=n` more of them.

mod fleet;
mod pen;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use fleet::Fleet;
use lowsky::domain::{AlertCode, Phase, Severity};
use lowsky::service::clock::Stopwatch;
use pen::Pen;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::calm::Patience;
use crate::e2e_stream::Stream;
use crate::e2e_support::{Daemon, configure, free_port, zone, zones};
use crate::zones_support::{Service, away, by};

const DRAFTS: usize = 100;
/// How long what was foretold may take.
const WITHIN_S: f64 = 5.0;
/// Controlled airspace and intents count, no hour is flown again for a check, and an alert ends nearly at once.
const SETTINGS: &str = "[zones]\ncontrolled_default = \"ALL\"\n[intents]\nauthorities = [\"*\"]\n\
                        [history]\nenabled = false\n[lifecycle]\nhold_s = 0.1\n";

/// What a hundred drafts foretell at least.
const LEAST: [(&str, AlertCode, bool, Phase, usize); 7] = [
    ("begins", AlertCode::ZoneIncursion, true, Phase::Actual, 30),
    ("begins", AlertCode::ZoneIncursion, true, Phase::Predicted, 10),
    ("begins", AlertCode::ZoneIncursion, false, Phase::Actual, 1),
    ("begins", AlertCode::GeocageExit, true, Phase::Actual, 30),
    ("ends", AlertCode::ZoneIncursion, true, Phase::Actual, 20),
    ("ends", AlertCode::ZoneIncursion, true, Phase::Predicted, 10),
    ("ends", AlertCode::GeocageExit, true, Phase::Actual, 20),
];

/// Aircraft, code and zone.
type Key = (String, AlertCode, Option<String>);
type How = (Phase, Severity);

/// The alerts of zones that the stream tells of.
struct Watch {
    stream: Stream,
    open: BTreeMap<Key, How>,
    /// Since the last draft was settled.
    began: BTreeMap<Key, How>,
    ended: BTreeSet<Key>,
}

impl Watch {
    fn start(daemon: &Daemon) -> Self {
        let stream = Stream::subscribe(daemon.http, None);
        Self { stream, open: BTreeMap::new(), began: BTreeMap::new(), ended: BTreeSet::new() }
    }

    /// Reads until `done`, or for so long.
    fn read(&mut self, within_s: f64, mut done: impl FnMut(&mut Self) -> bool) {
        let mut patience = Patience::new(within_s);
        while !done(self) && patience.lasts() {
            if let Some(frame) = self.stream.next(0.02) {
                self.take(&frame);
            }
        }
    }

    fn take(&mut self, frame: &Value) {
        assert!(frame["type"] != "gap" && frame["type"] != "closed", "{frame}");
        let Some(event) = frame["event"].as_str() else { return };
        let Some((key, how)) = alert_of_zones(&frame["alert"]) else { return };
        if event == "CLEARED" {
            self.open.remove(&key);
            self.ended.insert(key);
            return;
        }
        self.open.insert(key.clone(), how);
        if event == "RAISED" {
            self.began.insert(key, how);
        }
    }

    /// Waits until everybody is seen and nothing more begins.
    fn settle(&mut self, fleet: &Fleet) {
        let mut calm = Stopwatch::start();
        self.read(20.0, |watch| {
            if !watch.began.is_empty() {
                watch.forget();
                calm = Stopwatch::start();
            }
            3 < fleet.rounds() && 1.0 < calm.elapsed().as_secs_f64()
        });
    }

    fn forget(&mut self) {
        self.began.clear();
        self.ended.clear();
    }
}

/// What an alert, or what is told of one, is of, and how it stands; `None` unless zones decide about it.
fn alert_of_zones(alert: &Value) -> Option<(Key, How)> {
    fn word<T: DeserializeOwned>(word: &Value) -> T {
        serde_json::from_value(word.clone()).unwrap()
    }
    let code = word(&alert["code"]);
    let is_of_zones =
        matches!(code, AlertCode::ZoneIncursion | AlertCode::GeocageExit | AlertCode::HeightLimit);
    let zone = alert["zone"]["id"].as_str().or(alert["zone"].as_str()).map(str::to_owned);
    let key = (word(&alert["uas_id"]), code, zone);
    is_of_zones.then(|| (key, (word(&alert["phase"]), word(&alert["severity"]))))
}

/// What a check foretells.
struct Told {
    begins: BTreeMap<Key, How>,
    ends: BTreeMap<Key, How>,
    stays: BTreeMap<Key, How>,
}

impl Told {
    fn read(told: &Value) -> Self {
        assert_eq!(told["valid"], true, "{told}");
        let alerts = |name: &str, new: Option<bool>| {
            let all = told[name].as_array().unwrap().iter();
            all.filter(|one| one["new"].as_bool() == new).filter_map(alert_of_zones).collect()
        };
        Self {
            begins: alerts("alerted_now", Some(true)),
            ends: alerts("no_longer_alerted_now", None),
            stays: alerts("alerted_now", Some(false)),
        }
    }

    /// What stands otherwise than was told. It gets milder only where its margin is left.
    fn otherwise(&self, open: &BTreeMap<Key, How>) -> Vec<String> {
        let is_so =
            |key: &Key, told: &How| open.get(key).is_some_and(|how| how.0 == told.0 && told.1 <= how.1);
        let others = self.stays.iter().filter(|(key, told)| !is_so(key, told));
        others.map(|(key, told)| format!("{key:?} told {told:?} is {:?}", open.get(key))).collect()
    }
}

/// Drafts the changes, asks what they would do, and publishes them.
fn publish(service: &Service, changes: &str) -> Told {
    let draft = service.ask("POST /api/v1/zones/drafts", &by("A", ""), changes).is(201).json();
    let told = Told::read(&service.ask("POST /api/v1/zones/check", "", changes).is(200).json());
    let line = format!("POST /api/v1/zones/drafts/{}/publish", draft["draft_id"].as_str().unwrap());
    let who = if draft["needs_approval"] == true { "B" } else { "A" };
    service.ask(&line, &by(who, ""), "").is(200);
    told
}

fn service() -> Service {
    let (dir, mqtt) = (tempfile::tempdir().unwrap(), free_port());
    configure(dir.path(), mqtt, true, 0);
    let config = dir.path().join("lowsky.toml");
    fs::write(&config, fs::read_to_string(&config).unwrap() + SETTINGS).unwrap();
    fs::write(dir.path().join("zones/z.json"), zones(&[zone("FAR", away(0))])).unwrap();
    Service { daemon: Daemon::ready(dir.path()), dir, mqtt }
}

#[test]
fn drafts_that_are_checked_over_live_traffic_do_what_was_told_when_they_are_published() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<usize>().unwrap());
    let (seed, drafts) = (number("LOWSKY_SEED").unwrap_or(1), number("LOWSKY_DRAFTS").unwrap_or(DRAFTS));
    let service = service();
    let mut watch = Watch::start(&service.daemon);
    let mut random = fastrand::Rng::with_seed(u64::try_from(seed).unwrap());
    let fleet = Fleet::start(service.mqtt, &mut random);
    watch.settle(&fleet);
    let mut pen = Pen::new(random, &fleet);
    let (begun, mut foretold) = (Stopwatch::start(), 0);
    let mut counts: BTreeMap<(&str, AlertCode, bool, Phase), usize> = BTreeMap::new();
    for draft in 1..=drafts {
        let changes = json!({"changes": pen.changes()}).to_string();
        let told = publish(&service, &changes);
        // Whatever was not told gets the time in which everybody is judged twice.
        let judged = fleet.rounds() + 3;
        watch.read(WITHIN_S, |watch| {
            let is_there = told.begins.len() <= watch.began.len() && told.ends.len() <= watch.ended.len();
            is_there && judged <= fleet.rounds() && told.otherwise(&watch.open).is_empty()
        });
        let what = format!("LOWSKY_SEED={seed}, draft {draft}: {changes}");
        assert_eq!(watch.began, told.begins, "what begins; {what}");
        assert_eq!(watch.ended, told.ends.keys().cloned().collect(), "what ends; {what}");
        assert_eq!(told.otherwise(&watch.open), [""; 0], "what stays; {what}");
        foretold += usize::from(!watch.began.is_empty() || !watch.ended.is_empty());
        for (what, alerts) in [("begins", &told.begins), ("ends", &told.ends)] {
            for ((_, code, zone), (phase, _)) in alerts {
                *counts.entry((what, *code, zone.is_some(), *phase)).or_default() += 1;
            }
        }
        watch.forget();
    }
    let took_s = begun.elapsed().as_secs_f64();
    println!("LOWSKY_SEED={seed}: {drafts} drafts agree in {took_s:.1} s, {foretold} foretold something");
    assert!(drafts < 2 * foretold, "most drafts foretell something, not {foretold}");
    for (what, count) in &counts {
        println!("{count:5} {what:?}");
    }
    for (what, code, by_zone, phase, least) in LEAST {
        let count = counts.get(&(what, code, by_zone, phase)).copied().unwrap_or(0);
        assert!(least * drafts <= count * DRAFTS, "{what} {code:?} {by_zone} {phase:?}: {count}");
    }
}
