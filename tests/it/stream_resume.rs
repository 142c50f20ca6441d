//! Resuming out of the journal at the level of the state machine: whatever the journal answers and whenever, a
//! client is told each number once and in order, or told which it is not told.

use std::collections::BTreeSet;
use std::sync::Arc;

use lowsky::domain::{AlertEvent, AlertEventKind, Severity};
use lowsky::stream::{
    AlertLog, Frame, LoggedEvent, Next, Recorded, Retention, Session, SessionLimits, Welcome, World,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::http_support::{Append as _, alert, at, event, raised, vitals};

/// A service whose journal has everything and whose memory little.
struct Service {
    world: World,
    history: Vec<Arc<LoggedEvent>>,
    damaged: BTreeSet<u64>,
    log_id: &'static str,
    page: u64,
}

impl Service {
    fn new(kept: usize, page: u64) -> Self {
        let retention = Retention { events: kept, ..Retention::default() };
        let log = AlertLog::new(0, retention);
        let world = World { log, recorded_from: Some(1), ..World::default() };
        Self { world, history: Vec::new(), damaged: BTreeSet::new(), log_id: "h1", page }
    }

    fn happen(&mut self, event: Arc<AlertEvent>) {
        self.history.push(self.world.log.append(event));
    }

    /// What the journal answers: a stretch that begins at or before what was asked for.
    fn read(&self, after: u64) -> Recorded {
        let begin = after / self.page * self.page;
        let end = begin + self.page;
        let inside = |event: &&Arc<LoggedEvent>| begin < event.seq && event.seq <= end;
        let rows: Vec<_> = self.history.iter().filter(inside).cloned().collect();
        Recorded {
            oldest_seq: self.world.recorded_from.unwrap(),
            upto: rows.last().map_or(begin, |event| event.seq),
            events: rows.into_iter().filter(|event| !self.damaged.contains(&event.seq)).collect(),
        }
    }

    fn connect(&self, subscribe: &Value) -> Client {
        let welcome = Welcome { instance: "t".into(), log_id: Some(self.log_id.into()) };
        let limits = SessionLimits { lag_events: 10, lag_bytes: 1 << 20 };
        let (mut session, hello) = Session::open("me".into(), limits, at(0), &welcome, &self.world);
        let mut out = vec![Frame::Text(hello)];
        session.receive(&subscribe.to_string(), at(0), &self.world, &mut out);
        Client { session, frames: json_of(out), asked: None }
    }
}

fn json_of(frames: Vec<Frame>) -> Vec<Value> {
    frames.into_iter().map(|frame| serde_json::from_str(&frame.encode()).unwrap()).collect()
}

struct Client {
    session: Session,
    frames: Vec<Value>,
    /// A question to the journal that is on its way.
    asked: Option<u64>,
}

impl Client {
    /// One step: a poll, or the journal's answer to an earlier question.
    fn step(&mut self, service: &Service, readable: bool) -> bool {
        let mut out = Vec::new();
        if let Some(after) = self.asked.take() {
            let recorded = readable.then(|| service.read(after));
            self.session.supply(after, recorded.as_ref(), at(0), &service.world, &mut out);
            self.frames.extend(json_of(out));
            return true;
        }
        let next = self.session.poll(at(0), &service.world, &mut out);
        if let Next::History(after) = next {
            self.asked = Some(after);
        }
        self.frames.extend(json_of(out));
        next != Next::Nothing
    }

    fn settle(&mut self, service: &Service) {
        for _ in 0..100_000 {
            if !self.step(service, true) {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    fn kinds(&self) -> Vec<&str> {
        self.frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect()
    }

    fn seqs(&self) -> Vec<u64> {
        let alerts = self.frames.iter().filter(|frame| frame["type"] == "alert");
        alerts.map(|frame| frame["seq"].as_u64().unwrap()).collect()
    }
}

fn long_past(events: u64, kept: usize) -> Service {
    let mut service = Service::new(kept, 16);
    for number in 1..=events {
        service.happen(raised(&format!("a{number}")));
    }
    service
}

#[test]
fn p16_what_memory_let_go_comes_from_the_journal_without_a_seam() {
    let mut service = long_past(1_000, 10);
    let mut client = service.connect(&json!({"type": "subscribe", "after": 3, "log_id": "h1"}));
    assert_eq!(client.frames[0]["oldest_seq"], 1);
    // The service goes on while the client reads.
    for number in 0..500 {
        client.step(&service, true);
        service.happen(raised(&format!("b{number}")));
    }
    client.settle(&service);
    assert_eq!(client.seqs(), (4..=1_500).collect::<Vec<_>>());
    assert!(!client.kinds().contains(&"gap") && !client.kinds().contains(&"snapshot"));
    let durable = |frame: &Value| frame["type"] != "alert" || frame["durable"] == true;
    assert!(client.frames.iter().all(durable));
}

#[test]
fn p16_another_history_or_one_no_longer_kept_is_a_gap_before_anything_else() {
    let mut service = long_past(100, 10);
    service.world.recorded_from = Some(41);
    for (subscribe, from) in [
        (json!({"type": "subscribe", "after": 50, "log_id": "h0"}), 1),
        (json!({"type": "subscribe", "after": 101, "log_id": "h1"}), 1),
        (json!({"type": "subscribe", "after": 7}), 8),
        (json!({"type": "subscribe", "after": 39, "alerts": {"codes": ["SEPARATION"]}}), 40),
    ] {
        let client = service.connect(&subscribe);
        assert_eq!(client.kinds(), ["hello", "gap", "snapshot"], "{subscribe}");
        let gap = &client.frames[1];
        assert_eq!((gap["from"].as_u64(), gap["to"].as_u64()), (Some(from), Some(100)), "{subscribe}");
        assert_eq!(gap["reason"], "RETENTION");
    }
    let mut client = service.connect(&json!({"type": "subscribe", "after": 40}));
    client.settle(&service);
    assert_eq!(client.seqs(), (41..=100).collect::<Vec<_>>());
}

#[test]
fn p16_a_damaged_record_is_a_gap_of_its_number() {
    let mut service = long_past(100, 10);
    // Single ones, a whole page, and the last before memory begins.
    service.damaged = [5, 6, 20, 90].into_iter().chain(33..=48).collect();
    let mut client = service.connect(&json!({"type": "subscribe", "after": 0}));
    client.settle(&service);
    let gaps: Vec<_> = client.frames.iter().filter(|frame| frame["type"] == "gap").collect();
    let spans: Vec<_> = gaps.iter().map(|gap| (gap["from"].as_u64(), gap["to"].as_u64())).collect();
    assert_eq!(spans, [(5, 6), (20, 20), (33, 48), (90, 90)].map(|(from, to)| (Some(from), Some(to))));
    assert!(gaps.iter().all(|gap| gap["reason"] == "DAMAGED"));
    let all: BTreeSet<u64> = (1..=100).collect();
    assert_eq!(client.seqs(), all.difference(&service.damaged).copied().collect::<Vec<_>>());
    assert_eq!(client.frames.last().unwrap()["type"], "snapshot", "what the lost events changed");
    // A journal that lost its end must not be asked for ever.
    service.history.truncate(50);
    let mut client = service.connect(&json!({"type": "subscribe", "after": 48}));
    client.settle(&service);
    assert_eq!(client.seqs(), [vec![49, 50], (91..=100).collect()].concat());
}

#[test]
fn p16_a_journal_that_cannot_be_read_is_said_and_the_client_is_live() {
    let mut service = long_past(100, 10);
    let mut client = service.connect(&json!({"type": "subscribe", "after": 20}));
    for _ in 0..4 {
        client.step(&service, true);
    }
    let told = *client.seqs().last().unwrap();
    client.step(&service, true);
    client.step(&service, false);
    let [.., gap, snapshot] = client.frames.as_slice() else { panic!() };
    assert_eq!(gap, &json!({"type": "gap", "from": told + 1, "to": 100, "reason": "UNREADABLE"}));
    assert_eq!((snapshot["type"].as_str(), snapshot["seq"].as_u64()), (Some("snapshot"), Some(100)));
    service.happen(raised("new"));
    client.settle(&service);
    assert_eq!(client.seqs().last(), Some(&101));
}

#[test]
fn p17_a_client_that_is_given_a_long_history_hears_the_heart() {
    let mut service = long_past(500, 10);
    let mut client = service.connect(&json!({"type": "subscribe", "after": 100}));
    client.step(&service, true);
    let pulse = lowsky::stream::Pulse::new(None, vitals(at(1), 0), 500, 500);
    service.world.pulse = Some(pulse);
    assert!(client.step(&service, true) && client.step(&service, true));
    let beat = client.frames.iter().find(|frame| frame["type"] == "heartbeat").expect("in the middle");
    let seq = beat["seq"].as_u64().unwrap();
    assert!((100..500).contains(&seq), "what the client has, and not more: {seq}");
    assert_eq!(beat["open"], 500);
}

#[test]
fn an_alert_known_before_the_break_is_told_to_its_end_out_of_the_journal() {
    let mut service = Service::new(5, 16);
    service.happen(event(AlertEventKind::Raised, alert("known", Severity::Critical)));
    service.happen(event(AlertEventKind::Raised, alert("never", Severity::Info)));
    for number in 0..100 {
        service.happen(raised(&format!("a{number}")));
    }
    service.happen(event(AlertEventKind::Cleared, alert("known", Severity::Info)));
    service.happen(event(AlertEventKind::Cleared, alert("never", Severity::Info)));
    let scope = json!({"min_severity": "CRITICAL"});
    let mut client = service.connect(&json!({"type": "subscribe", "after": 50, "alerts": scope}));
    client.settle(&service);
    assert_eq!(client.seqs(), [103]);
    assert_eq!(client.kinds(), ["hello", "alert"]);
}

#[derive(Debug, Clone)]
enum Action {
    Happen(u8),
    Step(bool),
    Reconnect { filtered: bool, forget: bool },
    Damage(u8),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        8 => (0_u8..40).prop_map(Action::Happen),
        8 => Just(Action::Step(true)),
        1 => Just(Action::Step(false)),
        2 => (any::<bool>(), proptest::bool::weighted(0.2))
            .prop_map(|(filtered, forget)| Action::Reconnect { filtered, forget }),
        1 => (1_u8..30).prop_map(Action::Damage),
    ];
    proptest::collection::vec(action, 1..300)
}

proptest! {
    /// A client that counts: every number is an `alert` once, or in a `gap` once; a `gap` that is not of a
    /// damaged record is followed by a snapshot of just its end.
    #[test]
    fn p16_every_number_once_or_in_a_gap(actions in actions(), kept in 1_usize..12, page in 1_u64..20) {
        let mut service = Service::new(kept, page);
        let mut counter = Counter::default();
        let mut client = service.connect(&json!({"type": "subscribe", "after": 0}));
        let mut filtered_now = false;
        for action in actions {
            match action {
                // One after another, some repeated: a burst makes clients slow.
                Action::Happen(burst) => for _ in 0..=(burst / 10) {
                    let id = format!("a{}", service.history.len() % 7);
                    service.happen(event(AlertEventKind::Updated, alert(&id, Severity::Warning)));
                },
                Action::Step(readable) => { client.step(&service, readable); }
                Action::Damage(back) => {
                    let seq = service.world.log.last_seq().saturating_sub(back.into());
                    service.damaged.insert(seq);
                }
                Action::Reconnect { filtered, forget } => {
                    counter.count(&client.frames, filtered_now)?;
                    filtered_now = filtered;
                    let mut subscribe = json!({"type": "subscribe", "after": counter.seq, "log_id": "h1"});
                    if forget {
                        subscribe["log_id"] = "h0".into();
                    }
                    if filtered {
                        subscribe["alerts"] = json!({"uas_ids": ["A1"]});
                    }
                    client = service.connect(&subscribe);
                    if forget {
                        prop_assert_eq!(client.kinds(), ["hello", "gap", "snapshot"]);
                        counter.seq = client.frames[2]["seq"].as_u64().unwrap();
                        client.frames.clear();
                    }
                }
            }
        }
        client.settle(&service);
        counter.count(&client.frames, filtered_now)?;
        prop_assert_eq!(counter.seq, service.world.log.last_seq());
    }
}

/// Follows a stream by its numbers. The filter that is used lets everything through, so that the same holds.
#[derive(Default)]
struct Counter {
    seq: u64,
}

impl Counter {
    fn count(&mut self, frames: &[Value], filtered: bool) -> Result<(), TestCaseError> {
        let mut whole_gap_to = None;
        for frame in frames {
            let number = |name: &str| frame[name].as_u64().unwrap();
            match frame["type"].as_str().unwrap() {
                "alert" => {
                    prop_assert_eq!(number("seq"), self.seq + 1);
                    prop_assert_eq!(whole_gap_to, None, "a snapshot was due");
                    self.seq += 1;
                }
                "gap" => {
                    prop_assert_eq!(number("from"), self.seq + 1, "{:?}", frames);
                    prop_assert!(self.seq < number("to"));
                    self.seq = number("to");
                    whole_gap_to = (frame["reason"] != "DAMAGED").then_some(self.seq);
                }
                "snapshot" => {
                    let expected = whole_gap_to.take().unwrap_or(self.seq);
                    prop_assert_eq!(number("seq"), expected, "filtered: {}", filtered);
                }
                _ => {}
            }
        }
        Ok(())
    }
}
