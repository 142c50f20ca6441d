//! The stream protocol, without a socket: what each client is told, and that nothing is lost or told twice.

use std::collections::{BTreeMap, BTreeSet};

use lowsky::domain::{AlertEventKind, Severity, Timestamp, UasId};
use lowsky::stream::{
    AlertLog, Frame, Next, Picture, Pulse, Retention, Session, SessionLimits, Welcome, World,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::http_support::{Append as _, alert, at, event, raised, track, vitals};

struct Client {
    session: Session,
    frames: Vec<Value>,
}

fn json_of(frames: Vec<Frame>) -> Vec<Value> {
    frames.into_iter().map(|frame| serde_json::from_str(&frame.encode()).unwrap()).collect()
}

impl Client {
    fn connect(world: &World) -> Self {
        Self::with_limits(world, SessionLimits::default())
    }

    fn with_limits(world: &World, limits: SessionLimits) -> Self {
        let welcome = Welcome { instance: "t".into(), log_id: None };
        let (session, hello) = Session::open("me".into(), limits, at(0), &welcome, world);
        Self { session, frames: vec![serde_json::from_str(&hello).unwrap()] }
    }

    fn say(&mut self, message: &Value, world: &World) -> Vec<Value> {
        let mut out = Vec::new();
        assert_eq!(self.session.receive(&message.to_string(), at(0), world, &mut out), None);
        let told = json_of(out);
        self.frames.extend(told.clone());
        told
    }

    fn poll(&mut self, now: Timestamp, world: &World) -> Vec<Value> {
        let mut told = Vec::new();
        loop {
            let mut out = Vec::new();
            let more = self.session.poll(now, world, &mut out);
            told.extend(json_of(out));
            if more == Next::Nothing {
                break;
            }
        }
        self.frames.extend(told.clone());
        told
    }
}

fn kinds(frames: &[Value]) -> Vec<&str> {
    frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect()
}

fn seqs(frames: &[Value]) -> Vec<u64> {
    frames
        .iter()
        .filter(|frame| frame["type"] == "alert")
        .map(|frame| frame["seq"].as_u64().unwrap())
        .collect()
}

fn world_of(events: u64) -> World {
    let mut world = World::default();
    for number in 1..=events {
        world.log.append(raised(&format!("a{number}")));
    }
    world
}

#[test]
fn hello_then_snapshot_then_what_happens() {
    let mut world = world_of(2);
    let mut client = Client::connect(&world);
    assert_eq!(client.frames[0]["protocol"], "lowsky.stream/1");
    assert_eq!(
        (client.frames[0]["seq"].as_u64(), client.frames[0]["oldest_seq"].as_u64()),
        (Some(2), Some(1))
    );
    assert!(client.poll(at(1), &world).is_empty(), "nothing before a subscription");
    let told = client.say(&json!({"type": "subscribe"}), &world);
    assert_eq!(kinds(&told), ["snapshot"]);
    assert_eq!((told[0]["seq"].as_u64(), told[0]["alerts"].as_array().unwrap().len()), (Some(2), 2));
    assert_eq!(told[0].get("tracks"), None);
    world.log.append(raised("b"));
    let told = client.poll(at(1), &world);
    assert_eq!((kinds(&told), seqs(&told)), (vec!["alert"], vec![3]));
    assert_eq!(told[0]["event"], "RAISED");
    assert_eq!(told[0]["alert"]["measured"]["height_m"], 131.25);
}

#[test]
fn without_a_subscription_every_alert_and_no_track_after_two_seconds() {
    let mut world = world_of(1);
    world.picture.update(track("A1", 22.5, 114.0, 0));
    let mut client = Client::connect(&world);
    assert!(client.poll(at(0).plus_seconds(1.9), &world).is_empty());
    assert_eq!(client.session.due(), Some(at(2)));
    let told = client.poll(at(2), &world);
    assert_eq!(kinds(&told), ["snapshot"]);
    assert_eq!(told[0].get("tracks"), None);
}

#[test]
fn p16_a_resumed_client_gets_exactly_what_it_missed() {
    let mut world = world_of(5);
    let mut client = Client::connect(&world);
    assert!(client.say(&json!({"type": "subscribe", "after": 2}), &world).is_empty());
    assert_eq!(seqs(&client.poll(at(0), &world)), [3, 4, 5]);
    world.log.append(raised("b"));
    assert_eq!(seqs(&client.poll(at(0), &world)), [6]);
    assert!(!kinds(&client.frames).contains(&"gap") && !kinds(&client.frames).contains(&"snapshot"));
}

#[test]
fn a_resumed_client_with_tracks_gets_the_picture_after_the_events() {
    let mut world = world_of(3);
    world.picture.update(track("A1", 22.5, 114.0, 0));
    let mut client = Client::connect(&world);
    client.say(&json!({"type": "subscribe", "after": 1, "tracks": {}}), &world);
    let told = client.poll(at(0), &world);
    assert_eq!(kinds(&told), ["alert", "alert", "snapshot"]);
    assert_eq!((told[2]["seq"].as_u64(), told[2]["tracks"].as_array().unwrap().len()), (Some(3), 1));
}

#[test]
fn p16_what_is_no_longer_kept_or_of_another_history_is_a_gap() {
    let retention = Retention { events: 3, ..Retention::default() };
    let mut world = World { log: AlertLog::new(100, retention), ..World::default() };
    for number in 0..10 {
        world.log.append(raised(&format!("a{number}")));
    }
    assert_eq!((world.log.oldest_seq(), world.log.last_seq()), (108, 110));
    for (after, from) in [(50, 51), (106, 107), (111, 1), (u64::MAX, 1)] {
        let told = Client::connect(&world).say(&json!({"type": "subscribe", "after": after}), &world);
        assert_eq!(kinds(&told), ["gap", "snapshot"], "{after}");
        assert_eq!((told[0]["from"].as_u64(), told[0]["to"].as_u64()), (Some(from), Some(110)));
        assert_eq!(told[0]["reason"], "RETENTION");
        assert_eq!(told[1]["alerts"].as_array().unwrap().len(), 10);
    }
    let mut client = Client::connect(&world);
    assert!(client.say(&json!({"type": "subscribe", "after": 107}), &world).is_empty());
    assert_eq!(seqs(&client.poll(at(0), &world)), [108, 109, 110]);
    let mut client = Client::connect(&world);
    client.say(&json!({"type": "subscribe", "after": 110}), &world);
    assert!(client.poll(at(0), &world).is_empty());
}

#[test]
fn p15_a_slow_client_is_told_and_starts_anew() {
    let mut world = world_of(0);
    let mut client = Client::with_limits(&world, SessionLimits { lag_events: 4, lag_bytes: 1 << 20 });
    client.say(&json!({"type": "subscribe"}), &world);
    for number in 0..5 {
        world.log.append(raised(&format!("a{number}")));
    }
    let told = client.poll(at(0), &world);
    assert_eq!(kinds(&told), ["gap", "snapshot"]);
    assert_eq!((told[0]["from"].as_u64(), told[0]["to"].as_u64()), (Some(1), Some(5)));
    assert_eq!(told[0]["reason"], "SLOW_CLIENT");
    let mut by_bytes = Client::with_limits(&world, SessionLimits { lag_events: 99, lag_bytes: 1_000 });
    by_bytes.say(&json!({"type": "subscribe"}), &world);
    world.log.append(raised("x"));
    world.log.append(raised("y"));
    assert_eq!(kinds(&by_bytes.poll(at(0), &world)), ["gap", "snapshot"]);
}

#[test]
fn an_alert_in_scope_is_told_to_its_end() {
    let mut world = World::default();
    let mut client = Client::connect(&world);
    let scope = json!({"min_severity": "WARNING", "bbox": [113.9, 22.4, 114.1, 22.6]});
    client.say(&json!({"type": "subscribe", "alerts": scope}), &world);
    let mut outside = alert("a", Severity::Info);
    outside.position.as_mut().unwrap().lng = 115.0;
    world.log.append(event(AlertEventKind::Raised, alert("mild", Severity::Info)));
    world.log.append(raised("a"));
    world.log.append(event(AlertEventKind::Updated, outside.clone()));
    world.log.append(event(AlertEventKind::Cleared, outside.clone()));
    // A new episode that was never in scope.
    world.log.append(event(AlertEventKind::Raised, outside));
    assert_eq!(seqs(&client.poll(at(0), &world)), [2, 3, 4]);
    // A client that left after the raising knows the alert still.
    let mut resumed = Client::connect(&world);
    resumed.say(&json!({"type": "subscribe", "after": 2, "alerts": scope}), &world);
    assert_eq!(seqs(&resumed.poll(at(0), &world)), [3, 4]);
}

#[test]
fn either_party_of_a_pair_counts() {
    use lowsky::domain::{OperatorId, OtherParty};
    let mut pair = alert("p", Severity::Critical);
    pair.other = Some(OtherParty {
        uas_id: UasId::new("B2").unwrap(),
        operator: Some(OperatorId::new("OP2").unwrap()),
    });
    let mut world = World::default();
    world.log.append(event(AlertEventKind::Raised, pair));
    for (scope, wanted) in [
        (json!({"uas_ids": ["B2"]}), 1),
        (json!({"uas_ids": ["A1"]}), 1),
        (json!({"operators": ["OP2", "X"]}), 1),
        (json!({"operators": ["OP3"]}), 0),
        (json!({"codes": ["SEPARATION"]}), 0),
        (json!({"codes": []}), 0),
    ] {
        let told = Client::connect(&world).say(&json!({"type": "subscribe", "alerts": scope}), &world);
        assert_eq!(told[0]["alerts"].as_array().unwrap().len(), wanted, "{scope}");
    }
}

#[test]
fn aircraft_come_at_the_asked_rate_and_leave_the_box() {
    let mut world = World::default();
    for (id, lng) in [("A1", 114.0), ("A2", 114.05), ("A3", 120.0)] {
        world.picture.update(track(id, 22.5, lng, 0));
    }
    let mut client = Client::connect(&world);
    let told =
        client.say(&json!({"type": "subscribe", "tracks": {"bbox": [113.9, 22.4, 114.1, 22.6]}}), &world);
    assert_eq!(told[0]["tracks"].as_array().unwrap().len(), 2);
    world.picture.update(track("A1", 22.5, 115.0, 1));
    world.picture.update(track("A2", 22.5, 114.06, 1));
    world.picture.update(track("A3", 22.5, 120.1, 1));
    assert!(client.poll(at(0).plus_seconds(0.9), &world).is_empty());
    let told = client.poll(at(1), &world);
    assert_eq!(kinds(&told), ["tracks"]);
    assert_eq!((told[0]["updated"].as_array().unwrap().len(), &told[0]["removed"]), (1, &json!(["A1"])));
    world.picture.remove(&UasId::new("A2").unwrap());
    world.picture.remove(&UasId::new("A3").unwrap());
    assert_eq!(client.poll(at(2), &world)[0]["removed"], json!(["A2"]));
    assert!(client.poll(at(3), &world).is_empty(), "nothing changed, nothing sent");
    // One that is forgotten and comes back is not also removed.
    world.picture.update(track("A2", 22.5, 114.0, 3));
    let told = client.poll(at(4), &world);
    assert_eq!((told[0]["updated"].as_array().unwrap().len(), &told[0]["removed"]), (1, &json!([])));
}

#[test]
fn p17_a_heartbeat_comes_from_the_evaluating_path_only_and_never_runs_ahead() {
    let mut world = world_of(0);
    world.pulse = Some(Pulse::new(None, vitals(at(0), 0), 0, 0));
    let mut client = Client::connect(&world);
    client.say(&json!({"type": "subscribe"}), &world);
    assert!(client.poll(at(60), &world).is_empty(), "no pulse, no heartbeat, however late it is");
    world.log.append(raised("a"));
    world.pulse = Some(Pulse::new(world.pulse.as_ref(), vitals(at(61), 12), 1, 1));
    let told = client.poll(at(61), &world);
    assert_eq!(kinds(&told), ["alert", "heartbeat"]);
    assert_eq!((told[1]["seq"].as_u64(), told[1]["lag_ms"].as_u64()), (Some(1), Some(12)));
    assert!(client.poll(at(61), &world).is_empty());
}

#[test]
fn messages_that_cannot_be_followed_are_answered() {
    let world = world_of(1);
    let mut client = Client::connect(&world);
    assert_eq!(client.say(&json!({"type": "ping"}), &world)[0], json!({"type": "pong"}));
    for wrong in [json!(1), json!({"type": "x"}), json!({"type": "ack", "alert_id": "nope"})] {
        assert_eq!(kinds(&client.say(&wrong, &world)), ["error"], "{wrong}");
    }
    let mut out = Vec::new();
    let ack = json!({"type": "ack", "alert_id": "a1", "note": "看到了"}).to_string();
    let request = client.session.receive(&ack, at(0), &world, &mut out).unwrap();
    assert_eq!(
        (&*request.alert_id, request.by.as_str(), request.note.as_deref()),
        ("a1", "me", Some("看到了"))
    );
}

#[test]
fn of_subscriptions_that_come_faster_than_they_are_served_the_newest_counts() {
    let world = world_of(3);
    let mut client = Client::connect(&world);
    let to_none = json!({"type": "subscribe", "alerts": {"uas_ids": []}});
    let served = |told: &[Value]| told.iter().filter(|frame| frame["type"] == "snapshot").count();
    let mut at_once = 0;
    for _ in 0..500 {
        let told = client.say(&to_none, &world);
        assert!(told.iter().all(|frame| frame["type"] != "error"), "{told:?}");
        at_once += served(&told);
    }
    assert_eq!(at_once, 20);
    assert_eq!(client.say(&json!({"type": "subscribe"}), &world), Vec::<Value>::new());
    let due = client.session.due().unwrap();
    assert!((0.4..=0.6).contains(&due.seconds_since(at(0))), "{due}");
    let told = client.poll(due, &world);
    assert_eq!((served(&told), told[0]["alerts"].as_array().unwrap().len()), (1, 3), "the newest, at last");
    assert_eq!(served(&client.poll(at(60), &world)), 0, "and once");
}

#[test]
fn paths_are_bounded_and_thin() {
    let mut picture = Picture::default();
    for half in 0..2_000 {
        let mut state = track("A1", 22.5, 114.0, 0);
        state.timestamp = at(0).plus_seconds(f64::from(half) / 2.0);
        picture.update(state);
    }
    assert_eq!(picture.path("A1").unwrap().count(), 256);
}

#[derive(Debug, Clone)]
enum Step {
    Happen(u8, bool),
    Poll,
    Reconnect,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_u8..12, any::<bool>()).prop_map(|(id, mild)| Step::Happen(id, mild)),
        2 => Just(Step::Poll),
        1 => Just(Step::Reconnect),
    ];
    proptest::collection::vec(step, 1..200)
}

proptest! {
    /// Whatever happens and however often a client reconnects with `after`, it is told each number once and in
    /// order, and what it holds open at the end is what is open.
    #[test]
    fn p16_numbers_are_dense_over_any_reconnects(steps in steps(), kept in 4_usize..40, filtered: bool) {
        let retention = Retention { events: kept, ..Retention::default() };
        let mut world = World { log: AlertLog::new(0, retention), ..World::default() };
        let limits = SessionLimits { lag_events: 10, lag_bytes: 1 << 20 };
        let scope = if filtered { json!({"min_severity": "WARNING"}) } else { json!({}) };
        let mut client = Client::with_limits(&world, limits);
        client.say(&json!({"type": "subscribe", "alerts": scope}), &world);
        let mut mirror = Mirror::default();
        let mut open: BTreeMap<u8, Severity> = BTreeMap::new();
        for step in steps.into_iter().chain([Step::Poll]) {
            match step {
                Step::Happen(id, mild) => {
                    let kind = match (open.contains_key(&id), mild) {
                        (false, _) => AlertEventKind::Raised,
                        (true, false) => AlertEventKind::Cleared,
                        (true, true) => AlertEventKind::Updated,
                    };
                    let severity = if mild { Severity::Advisory } else { Severity::Critical };
                    if kind == AlertEventKind::Cleared { open.remove(&id); } else { open.insert(id, severity); }
                    world.log.append(event(kind, alert(&format!("a{id}"), severity)));
                }
                Step::Poll => { client.poll(at(0), &world); }
                Step::Reconnect => {
                    mirror.take(&client.frames, filtered)?;
                    client = Client::with_limits(&world, limits);
                    client.say(&json!({"type": "subscribe", "after": mirror.seq, "alerts": scope}), &world);
                }
            }
        }
        mirror.take(&client.frames, filtered)?;
        let truth: BTreeSet<String> = open.keys().map(|id| format!("a{id}")).collect();
        let severe = open.iter().filter(|(_, severity)| Severity::Warning <= **severity);
        let in_scope: BTreeSet<String> = severe.map(|(id, _)| format!("a{id}")).collect();
        if filtered {
            prop_assert!(mirror.open.is_subset(&truth), "{:?} {truth:?}", mirror.open);
            prop_assert!(in_scope.is_subset(&mirror.open), "{:?} {in_scope:?}", mirror.open);
        } else {
            prop_assert_eq!(mirror.seq, world.log.last_seq());
            prop_assert_eq!(mirror.open, truth);
        }
    }
}

/// What a client knows from its frames alone.
#[derive(Default)]
struct Mirror {
    seq: u64,
    open: BTreeSet<String>,
}

impl Mirror {
    fn take(&mut self, frames: &[Value], filtered: bool) -> Result<(), TestCaseError> {
        let mut gap_to = None;
        for frame in frames {
            match frame["type"].as_str().unwrap() {
                "gap" => {
                    let from = frame["from"].as_u64().unwrap();
                    let next = self.seq + 1;
                    prop_assert!(next == from || filtered && next < from);
                    gap_to = frame["to"].as_u64();
                }
                "snapshot" => {
                    let seq = frame["seq"].as_u64().unwrap();
                    prop_assert!(filtered || seq == self.seq || gap_to == Some(seq) || self.open.is_empty());
                    self.seq = seq;
                    let ids = frame["alerts"].as_array().unwrap().iter();
                    self.open = ids.map(|alert| alert["alert_id"].as_str().unwrap().to_owned()).collect();
                }
                "alert" => {
                    let seq = frame["seq"].as_u64().unwrap();
                    prop_assert!(
                        if filtered { self.seq < seq } else { self.seq + 1 == seq },
                        "{} {seq}",
                        self.seq
                    );
                    self.seq = seq;
                    let id = frame["alert"]["alert_id"].as_str().unwrap().to_owned();
                    if frame["event"] == "CLEARED" {
                        self.open.remove(&id);
                    } else {
                        self.open.insert(id);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[test]
fn a_long_resume_is_no_slowness_and_remembers_what_the_client_knew() {
    let mut world = world_of(1);
    let mut mild = alert("a1", Severity::Info);
    mild.uas_id = UasId::new("A2").unwrap();
    for _ in 0..20_000 {
        world.log.append(event(AlertEventKind::Updated, mild.clone()));
    }
    let mut client = Client::connect(&world);
    let scope = json!({"min_severity": "WARNING"});
    client.say(&json!({"type": "subscribe", "after": 9_000, "alerts": scope}), &world);
    let told = client.poll(at(0), &world);
    assert_eq!(seqs(&told), (9_001..=20_001).collect::<Vec<_>>());
    assert_eq!(told.len(), 11_001, "no gap");
    world.log.append(event(AlertEventKind::Cleared, mild));
    assert_eq!(seqs(&client.poll(at(0), &world)), [20_002]);
}
