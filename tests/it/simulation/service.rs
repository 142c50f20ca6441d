//! One life of the service: its real parts, wired as the evaluating thread wires them, on simulated surroundings.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use lowsky::airspace::Airspace;
use lowsky::domain::{AlertCode, AlertEventKind, Timestamp, UasId};
use lowsky::journal::{Entry, Recovered};
use lowsky::monitor::{Effect, Event, Limits, Monitor, Settings};
use lowsky::service::ack_window::{AckToken, AckWindow, Acknowledged};
use lowsky::service::conflate::{Conflation, Pushed};
use lowsky::service::counters::Counters;
use lowsky::service::inbox::says_as_much;
use lowsky::stream::{
    AlertLog, DISK_WAIT_S, Delivery, LoggedEvent, Pulse, Release, Retention, Vitals, World,
};

use super::Fates;
use super::broker::Broker;
use super::disk::Journal;
use super::traffic::Message;

/// An alert is published within this time whatever the disk does, seconds.
const PUBLISHED_WITHIN_S: f64 = 0.15;

struct Report {
    message: Rc<Message>,
    received_at: Timestamp,
    token: Option<AckToken>,
    receipt: Option<Rc<Receipt>>,
}

/// One delivery of a message, as the test keeps account of it.
struct Receipt {
    packet_id: u16,
    message: Rc<Message>,
    /// Evaluated, or superseded by a newer position.
    done: Cell<bool>,
}

pub(crate) struct Service {
    pub(crate) journal: Journal,
    pub(crate) world: World,
    pub(crate) log_id: String,
    pub(crate) delivery: Delivery<AckToken>,
    window: AckWindow,
    queue: Conflation<UasId, Report>,
    settled: VecDeque<AckToken>,
    monitor: Monitor,
    effects: Vec<Effect>,
    released: Vec<Release<AckToken>>,
    counters: Counters,
    epoch: u64,
    beat_at: Timestamp,
    receipts: VecDeque<Rc<Receipt>>,
    /// The events that each message caused in this life.
    caused: BTreeMap<usize, Vec<u64>>,
    found_at: BTreeMap<u64, Timestamp>,
    next_seq: u64,
    /// The newest number that the journal was offered.
    handed: u64,
    /// Numbers that the journal did not take.
    pub(crate) lost: BTreeSet<u64>,
    /// Aircraft whose incursion was raised by an event that the journal did not take.
    pub(crate) lost_raised: BTreeSet<UasId>,
    /// Messages that were evaluated as the newest of their aircraft.
    evaluated: BTreeSet<usize>,
    /// Those of them that were acknowledged in this life too.
    pub(crate) answered_for: BTreeSet<usize>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { journal, delivery, window, settled, .. } = self;
        write!(f, "queue {} {settled:?} {window:?} {delivery:?} {journal:?}", self.queue.len())
    }
}

impl Service {
    pub(crate) fn start(
        now: Timestamp,
        airspace: &Arc<Airspace>,
        (journal, recovered): (Journal, Recovered),
    ) -> Self {
        let Recovered { log_id, last_seq, open, .. } = recovered;
        let mut log = AlertLog::new(last_seq, Retention::default());
        for entry in &open {
            log.remember(&Arc::new(LoggedEvent::of(entry, true)));
        }
        let world = World { log, recorded_from: Some(1), ..World::default() };
        let (mut monitor, mut effects) = (Monitor::new(Settings::default()), Vec::new());
        monitor.handle(now, Event::AirspaceReplaced(Arc::clone(airspace)), &mut effects);
        monitor.restore(now, open.iter().map(|entry| entry.event.alert.clone()).collect(), &mut effects);
        Self {
            journal,
            world,
            log_id: log_id.to_string(),
            delivery: Delivery::new(last_seq),
            window: AckWindow::new(100),
            queue: Conflation::new(2, 30),
            settled: VecDeque::new(),
            monitor,
            effects,
            released: Vec::new(),
            counters: Counters::default(),
            epoch: 0,
            beat_at: now,
            receipts: VecDeque::new(),
            caused: BTreeMap::new(),
            found_at: BTreeMap::new(),
            next_seq: last_seq + 1,
            handed: last_seq,
            lost: BTreeSet::new(),
            lost_raised: BTreeSet::new(),
            evaluated: BTreeSet::new(),
            answered_for: BTreeSet::new(),
        }
    }

    /// A new connection to the broker, or none any more.
    pub(crate) fn connection_changed(&mut self) {
        self.window.next_epoch();
        self.receipts.clear();
    }

    pub(crate) fn receive(
        &mut self,
        packet_id: u16,
        message: Rc<Message>,
        now: Timestamp,
        fates: &mut Fates,
    ) {
        let token = self.window.receive(packet_id).expect("the broker keeps to its window");
        let receipt = Rc::new(Receipt { packet_id, message: Rc::clone(&message), done: Cell::new(false) });
        self.receipts.push_back(Rc::clone(&receipt));
        self.offer(Report { message, received_at: now, token: Some(token), receipt: Some(receipt) }, fates);
    }

    pub(crate) fn receive_bypassed(&mut self, message: Rc<Message>, now: Timestamp, fates: &mut Fates) {
        fates.note("a message by the bypass");
        self.offer(Report { message, received_at: now, token: None, receipt: None }, fates);
    }

    fn offer(&mut self, report: Report, fates: &mut Fates) {
        self.counters.offered.one();
        let (key, at) = (report.message.observation.uas_id.clone(), report.message.observation.timestamp);
        let as_much = |newer: &Report, older: &Report| {
            says_as_much(
                &newer.message.observation,
                &older.message.observation,
                Limits::default().battery_pct,
            )
        };
        match self.queue.push(key, at, report, as_much) {
            Pushed::Queued => {}
            Pushed::Replaced(older) => {
                fates.note("a conflated report");
                self.counters.conflated.one();
                if let Some(receipt) = older.receipt {
                    receipt.done.set(true);
                }
                self.settled.extend(older.token);
            }
            Pushed::Full(_) => panic!("there is room for one of each aircraft"),
        }
    }

    /// One pass of the evaluating thread, over at most `count` reports.
    pub(crate) fn pass(&mut self, count: usize, now: Timestamp, broker: &mut Broker, fates: &mut Fates) {
        while let Some(token) = self.settled.pop_front() {
            self.hold(token);
        }
        for _ in 0..count {
            let Some(report) = self.queue.pop() else { break };
            self.evaluate(report, now);
        }
        self.monitor.handle(now, Event::Tick, &mut self.effects);
        self.hand_out(now);
        self.deliver(now, broker, fates);
        if 1.0 <= now.seconds_since(self.beat_at) {
            self.beat_at = now;
            let seq = self.world.log.last_seq();
            let vitals = Vitals { now, ..Vitals::default() };
            self.world.pulse = Some(Pulse::new(self.world.pulse.as_ref(), vitals, seq, 0));
        }
        self.check_books();
    }

    fn evaluate(&mut self, report: Report, now: Timestamp) {
        let Report { message, received_at, token, receipt } = report;
        let newest = self.monitor.tally().evaluated;
        self.monitor.handle(received_at, Event::Observed(message.observation.clone()), &mut self.effects);
        if newest < self.monitor.tally().evaluated {
            self.evaluated.insert(message.id);
        }
        self.counters.evaluated.one();
        let numbers = self.hand_out(now);
        self.caused.entry(message.id).or_default().extend(numbers);
        if let Some(receipt) = receipt {
            receipt.done.set(true);
        }
        if let Some(token) = token {
            self.hold(token);
        }
    }

    fn hold(&mut self, token: AckToken) {
        if self.epoch < token.epoch() {
            self.epoch = token.epoch();
            self.delivery.abandon_messages().for_each(drop);
        }
        self.delivery.message(token);
    }

    fn hand_out(&mut self, now: Timestamp) -> Vec<u64> {
        let mut numbers = Vec::new();
        for effect in self.effects.drain(..) {
            if let Effect::Alert(event) = effect {
                self.found_at.insert(self.next_seq, now);
                numbers.push(self.next_seq);
                self.next_seq += 1;
                self.delivery.event(now, event);
            }
        }
        assert_eq!(self.delivery.last_seq() + 1, self.next_seq);
        numbers
    }

    fn deliver(&mut self, now: Timestamp, broker: &mut Broker, fates: &mut Fates) {
        let lost = self.delivery.lost();
        self.delivery.pass(now, &self.journal, &mut self.released);
        if lost < self.delivery.lost() {
            fates.note("a backlog that is full");
            let handed = self.handed + 1..self.next_seq;
            self.lost.extend(handed.filter(|seq| !self.journal.is_accepted(*seq)));
        }
        self.handed = self.next_seq - 1;
        let mut ready = Vec::new();
        for release in std::mem::take(&mut self.released) {
            match release {
                Release::Publish { entry, durable } => self.publish(&entry, durable, now, fates),
                Release::Acknowledge(token) => {
                    if self.window.acknowledge(&token, &mut ready) == Acknowledged::Stale {
                        fates.note("a stale acknowledgement");
                    }
                }
            }
        }
        for packet_id in ready {
            self.puback(packet_id, now, broker);
        }
    }

    fn publish(&mut self, entry: &Entry, durable: bool, now: Timestamp, fates: &mut Fates) {
        let waited_s = now.seconds_since(self.found_at[&entry.seq]);
        assert!(waited_s <= PUBLISHED_WITHIN_S, "event {} waited {waited_s} s", entry.seq);
        if durable {
            assert!(self.journal.is_synced(entry.seq), "event {} is not on disk", entry.seq);
        } else {
            fates.note("an event told before it is durable");
            let lost = self.lost.contains(&entry.seq);
            assert!(lost || DISK_WAIT_S <= waited_s, "the disk was not late");
            let alert = &entry.event.alert;
            if lost && entry.event.event == AlertEventKind::Raised && alert.code == AlertCode::ZoneIncursion {
                self.lost_raised.insert(alert.uas_id.clone());
            }
        }
        assert!(self.world.log.push(Arc::new(LoggedEvent::of(entry, durable))), "in order, each once");
    }

    fn puback(&mut self, packet_id: u16, now: Timestamp, broker: &mut Broker) {
        let receipt = self.receipts.pop_front().expect("it was received on this connection");
        assert_eq!(receipt.packet_id, packet_id, "in order of receipt");
        assert!(receipt.done.get(), "acknowledged before it was evaluated");
        for seq in self.caused.get(&receipt.message.id).into_iter().flatten() {
            let safe = self.journal.is_synced(*seq) || self.lost.contains(seq);
            assert!(safe, "message {} is acknowledged before its event {seq} is durable", receipt.message.id);
        }
        self.answered_for.extend(self.evaluated.get(&receipt.message.id));
        broker.puback(packet_id, now);
    }

    fn check_books(&self) {
        let count = |n: usize| u64::try_from(n).unwrap();
        let counters = &self.counters;
        let settled = counters.evaluated.get() + counters.conflated.get() + counters.refused_total();
        assert_eq!(counters.offered.get(), settled + count(self.queue.len()));
        let tally = self.monitor.tally();
        let judged = tally.evaluated + tally.history + tally.duplicates + tally.refused;
        assert_eq!(counters.evaluated.get(), judged);
    }

    /// Nothing waits anywhere.
    pub(crate) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.settled.is_empty() && self.delivery.is_idle() && self.journal.is_idle()
    }
}
