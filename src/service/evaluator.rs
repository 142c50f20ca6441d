//! The one thread that owns the monitor: takes what waits, lets it be judged, and hands out what follows.
//!
//! Order of one report: evaluated → its alert events numbered and handed to the journal → on disk (or late) →
//! published → once they are on disk, the report written to the history → its message acknowledged. The heartbeat is sent from here after a real pass, so
//! that a stuck core reads as dead.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use prometheus_client::metrics::histogram::Histogram;

use crate::airspace::Airspace;
use crate::domain::{Intent, Measures, Refusal, ServiceTrouble, Timestamp, UasId};
use crate::history::{Arrived, Remembered};
use crate::journal::{Recovered, Store};
use crate::monitor::{Effect, Event, Monitor, Tally, TroubleDetail};
use crate::service::canary::Sieve;
use crate::service::clock::{self, Stopwatch};
use crate::service::clock_keeper::{ClockKeeper, Keeping};
use crate::service::counters::Counters;
use crate::service::feedback_desk::FeedbackDesk;
use crate::service::health::Health;
use crate::service::historian::{self, Held, Historian};
use crate::service::hub::Publisher;
use crate::service::inbox::{Inbox, Next, Report};
use crate::service::intake::IntakeHandle;
use crate::service::lag::{BEHIND_S, LagWatch};
use crate::service::publisher::PublisherHandle;
use crate::service::status::StatusFigures;
use crate::service::storage::{Change, StorageWatch, Trouble};
use crate::service::trouble::{TroubleDesk, noted};
use crate::service::watchdog::Stamp;
use crate::stream::{Deed, Delivery, LoggedEvent, Release, Vitals};

/// Longest sleep: time-driven work is at most this late.
const TICK: Duration = Duration::from_millis(50);
/// Most events between two publications.
const BATCH: usize = 256;
/// Seconds between heartbeats.
const HEARTBEAT_S: f64 = 1.0;
/// At the end, how long the disk may take for the last events.
const LAST_WRITE_MAX: Duration = Duration::from_secs(1);
/// Most observations that wait for the journal's disk before the history's. No message of more is acknowledged, so
/// that more come only while that disk fails.
const HELD_MAX: usize = 65_536;

/// What reaches the monitor beside reports.
#[derive(Debug)]
pub enum Control {
    /// The authority's zones changed.
    Airspace(Arc<Airspace>),
    /// Somebody took note of an alert, or put it aside.
    Deed(Deed),
    /// An operator filed an intent, and when its message arrived.
    Intent(Timestamp, Box<Intent>),
    /// The clock of an aircraft is ahead by so many seconds.
    Ahead(UasId, f64),
    /// The service looked at itself: what is wrong, or that it is well.
    Trouble(ServiceTrouble, Option<TroubleDetail>),
    /// The journal was opened late; this is what it held.
    Recovered(Box<Recovered>),
}

/// Where the thread takes from and hands to.
pub struct Surroundings {
    /// Its door.
    pub inbox: Arc<Inbox<Control>>,
    /// What clients read.
    pub hub: Publisher,
    /// Conditions of the parts.
    pub health: Arc<Health>,
    /// What makes events survive.
    pub store: Arc<dyn Store + Send + Sync>,
    /// Tells how the disk does.
    pub storage: StorageWatch,
    /// What goes out over MQTT.
    pub mqtt: PublisherHandle,
    /// Who acknowledges messages.
    pub intake: IntakeHandle,
    /// What was counted.
    pub counters: Arc<Counters>,
    /// Where refusals are told.
    pub feedback: Arc<FeedbackDesk>,
    /// What became of reports, for metrics.
    pub tally: Arc<Mutex<Tally>>,
    /// Where troubles are reported.
    pub desk: Arc<TroubleDesk>,
    /// Takes the service's test flights out of everything that leaves.
    pub sieve: Sieve,
    /// Moves while the thread works.
    pub stamp: Arc<Stamp>,
    /// From the arrival of a report to the publication of its alert events, seconds.
    pub latency: Histogram,
    /// Where everything is written down.
    pub historian: Historian,
}

struct Evaluator {
    around: Surroundings,
    monitor: Monitor,
    clock: ClockKeeper,
    delivery: Delivery<Held>,
    effects: Vec<Effect>,
    /// One for each waiting report that the monitor has looked ahead for.
    coming: Vec<UasId>,
    released: Vec<Release<Held>>,
    /// Events of reports that are not published yet: their numbers, and when the report arrived.
    alerted: VecDeque<(u64, Timestamp)>,
    /// The newest connection of which a message came.
    epoch: u64,
    beat_at: Option<Timestamp>,
    /// When the newest report arrived.
    heard_at: Option<Timestamp>,
    /// The longest time from arrival to evaluation since the last heartbeat, seconds.
    lag_s: f64,
    /// The same in this pass.
    pass_lag_s: f64,
    lag: LagWatch,
}

/// Starts the thread, which goes on from what the journal held and the history remembers. It ends when the inbox is
/// closed and empty and the last events are on disk, or the disk takes too long.
pub fn start(
    mut monitor: Monitor,
    recovered: Recovered,
    remembered: Vec<Remembered>,
    around: Surroundings,
) -> std::io::Result<JoinHandle<()>> {
    let Recovered { last_seq, open, damage, .. } = recovered;
    let (now, mut effects) = (clock::now(), Vec::new());
    let alerts = open.into_iter().map(|entry| entry.event.alert.clone()).collect();
    monitor.restore(now, alerts, &mut effects);
    around.desk.tell_damage(&damage);
    historian::remember_all(&mut monitor, now, remembered, &mut effects);
    let mut evaluator = Evaluator {
        around,
        monitor,
        clock: ClockKeeper::default(),
        delivery: Delivery::new(last_seq),
        effects,
        coming: Vec::new(),
        released: Vec::new(),
        alerted: VecDeque::new(),
        epoch: 0,
        beat_at: None,
        heard_at: None,
        lag_s: 0.0,
        pass_lag_s: 0.0,
        lag: LagWatch::default(),
    };
    std::thread::Builder::new().name("monitor".into()).spawn(move || {
        while evaluator.pass() {}
        evaluator.finish();
    })
}

impl Evaluator {
    /// One pass over what waits; `false` when nothing will come any more.
    fn pass(&mut self) -> bool {
        let mut open = true;
        let mut wait = self.longest_wait();
        for _ in 0..BATCH {
            match self.around.inbox.next(wait) {
                Next::Control(control) => self.control(control),
                Next::Settled(token) => self.hold(Held { record: None, token: Some(token) }),
                Next::Report(report) => self.report(*report),
                Next::Idle => break,
                Next::Closed => {
                    open = false;
                    break;
                }
            }
            wait = Duration::ZERO;
        }
        let now = clock::now();
        self.monitor.handle(now, Event::Tick, &mut self.effects);
        self.deliver(now);
        self.beat(now, false);
        self.around.stamp.moved();
        open
    }

    /// Sleeps no longer than an alert may wait for the disk.
    fn longest_wait(&self) -> Duration {
        let due = self.delivery.due().map(|due| due.seconds_since(clock::now()).clamp(0.0, 1.0));
        due.map_or(TICK, |due_s| TICK.min(Duration::from_secs_f64(due_s)))
    }

    /// Waits for the disk to take the last events; what it does not take in time is published without.
    fn finish(&mut self) {
        let since = Stopwatch::start();
        while !(self.delivery.is_idle() && self.around.historian.is_idle())
            && since.elapsed() < LAST_WRITE_MAX
        {
            std::thread::sleep(Duration::from_millis(2));
            self.deliver(clock::now());
        }
        self.beat(clock::now(), true);
    }

    fn control(&mut self, control: Control) {
        let event = match control {
            Control::Airspace(airspace) => Event::AirspaceReplaced(airspace),
            Control::Deed(deed) => deed.into(),
            Control::Ahead(uas_id, ahead_s) => Event::Ahead { uas_id, ahead_s },
            Control::Trouble(kind, holds) => Event::Service { kind, holds },
            Control::Intent(received_at, intent) => return self.file(received_at, intent),
            Control::Recovered(recovered) => return self.recovered(*recovered),
        };
        let now = clock::now();
        self.monitor.handle(now, event, &mut self.effects);
        self.hand_out(now);
    }

    /// Lets the monitor fetch what the waiting reports will need, a batch at a time.
    fn look_ahead(&mut self) {
        if self.coming.pop().is_none() {
            self.around.inbox.coming(Monitor::AHEAD, &mut self.coming);
            self.monitor.look_ahead(&self.coming);
        }
    }

    fn file(&mut self, received_at: Timestamp, intent: Box<Intent>) {
        let (now, filed) = (clock::now(), intent.clone());
        self.monitor.handle(now, Event::IntentFiled(intent), &mut self.effects);
        let mut taken = true;
        for effect in &self.effects {
            if let Effect::Refused(flight_id, refusal) = effect {
                self.around.counters.offered.one();
                self.around.counters.refused(refusal.reason).one();
                let refusals = std::slice::from_ref(refusal);
                self.around.feedback.note(received_at, &filed.operator, flight_id, refusals, &[]);
                taken = false;
            }
        }
        if taken {
            self.around.hub.filed(*filed, now);
        }
        self.hand_out(now);
    }

    /// The service has watched without the journal: what still holds has other alerts by now.
    fn recovered(&mut self, recovered: Recovered) {
        let Recovered { open, damage, .. } = recovered;
        let alerts = open.into_iter().map(|entry| entry.event.alert.clone()).collect();
        let now = clock::now();
        self.monitor.end_earlier(now, alerts, &mut self.effects);
        self.hand_out(now);
        self.around.desk.tell_damage(&damage);
    }

    fn report(&mut self, report: Report) {
        self.look_ahead();
        let Report { observation, received_at, token, earlier } = report;
        let now = clock::now();
        let lag_s = now.seconds_since(received_at);
        self.heard_at = self.heard_at.max(Some(received_at));
        self.lag_s = self.lag_s.max(lag_s);
        self.pass_lag_s = self.pass_lag_s.max(lag_s);
        // Whoever came before the clock was set back has not come in the future.
        let received_at = received_at.min(now);
        if !observation.uas_id.is_canary() {
            self.clock.witness(received_at, observation.timestamp);
        }
        let (operator, uas_id) = (observation.operator.clone(), observation.uas_id.clone());
        let kept = self.around.historian.is_kept() && !uas_id.is_canary();
        let record = kept.then(|| Arrived { received_at, observation: observation.clone() });
        let duplicates = self.monitor.tally().duplicates;
        self.monitor.handle(received_at, Event::Observed(observation), &mut self.effects);
        let refused = self.effects.iter().find_map(|effect| {
            if let Effect::Refused(_, refusal) = effect { Some(refusal.clone()) } else { None }
        });
        let accepted = refused.is_none() && duplicates == self.monitor.tally().duplicates;
        match refused {
            _ if uas_id.is_canary() => {}
            None => self.around.counters.evaluated.one(),
            Some(refusal) => {
                self.around.counters.refused(refusal.reason).one();
                if let Some(operator) = &operator {
                    let refusals: &[Refusal] = std::slice::from_ref(&refusal);
                    self.around.feedback.note(received_at, operator, &uas_id, refusals, &[]);
                }
            }
        }
        let before = self.delivery.last_seq();
        self.hand_out(now);
        self.alerted.extend((before..self.delivery.last_seq()).map(|seq| (seq + 1, received_at)));
        // The first that waits for it waits for its record too; the window keeps the order.
        let mut tokens = earlier.into_iter().chain(token);
        self.hold(Held { record: record.filter(|_| accepted), token: tokens.next() });
        for token in tokens {
            self.hold(Held { record: None, token: Some(token) });
        }
    }

    /// Takes what was evaluated and the token of its message, whose events were handed out.
    fn hold(&mut self, held: Held) {
        match &held.token {
            Some(token) if self.epoch < token.epoch() => {
                self.epoch = token.epoch();
                self.abandon_messages();
            }
            None if held.record.is_none() => return,
            None if HELD_MAX <= self.delivery.held() => return self.around.historian.take(held),
            Some(_) | None => {}
        }
        self.delivery.message(held);
    }

    /// No message of the connection before will be acknowledged; what was evaluated is written down all the same.
    fn abandon_messages(&mut self) {
        let waiting: Vec<_> = self.delivery.abandon_messages().collect();
        let mut stale: Vec<_> = self.around.historian.abandon().collect();
        for Held { record, token } in waiting {
            stale.extend(token);
            if record.is_some() {
                self.delivery.message(Held { record, token: None });
            }
        }
        for token in &stale {
            self.around.intake.acknowledge(token);
        }
    }

    /// Gives each effect to who must see to it. Aircraft do not wait for the disk.
    fn hand_out(&mut self, now: Timestamp) {
        for effect in self.effects.drain(..) {
            let Some(effect) = self.around.sieve.pass(effect) else { continue };
            match effect {
                Effect::Alert(event) => self.delivery.event(now, event),
                Effect::TrackChanged(state) => self.around.hub.track(state),
                Effect::TrackGone(uas_id) => self.around.hub.track_gone(uas_id),
                Effect::Refused(_, _) | Effect::AckRefused(_) | Effect::Assessed(_) => {}
            }
        }
    }

    /// Publishes what is on disk or late, then lets the broker forget the messages whose events are on disk.
    fn deliver(&mut self, now: Timestamp) {
        self.look_at_oneself(now);
        self.hand_out(now);
        let lost_before = self.delivery.lost();
        self.delivery.pass(now, &*self.around.store, &mut self.released);
        self.around.counters.alerts_not_journaled.add(self.delivery.lost().saturating_sub(lost_before));
        for release in &self.released {
            if let Release::Publish { entry, durable } = release {
                let logged = Arc::new(LoggedEvent::of(entry, *durable));
                self.around.mqtt.alert(&logged);
                self.around.hub.logged(logged);
                if !durable {
                    self.around.counters.alerts_not_durable.one();
                }
                while let Some((_, received_at)) = self.alerted.pop_front_if(|(seq, _)| *seq <= entry.seq) {
                    self.around.latency.observe(now.seconds_since(received_at));
                }
            }
        }
        self.around.hub.durable(self.delivery.durable_seq());
        self.around.hub.commit();
        for release in self.released.drain(..) {
            if let Release::Acknowledge(held) = release {
                self.around.historian.take(held);
            }
        }
        while let Some(token) = self.around.historian.written() {
            self.around.intake.acknowledge(&token);
        }
    }

    /// Holds the service's own time against the system's.
    fn keep_time(&mut self, now: Timestamp) {
        match self.clock.keep(now, clock::system()) {
            Keeping::Hold => {}
            Keeping::Slew(micros) => clock::move_by(micros),
            Keeping::Follow(micros) => {
                clock::move_by(micros);
                self.monitor.reset_clock(clock::now(), &mut self.effects);
                self.beat_at = None;
            }
        }
        self.hand_out(clock::now());
    }

    /// Tells the monitor when the disk or the evaluation itself does not do its work.
    fn look_at_oneself(&mut self, now: Timestamp) {
        let condition = self.around.store.progress().condition;
        let journal = self.around.storage.look(now, &condition, self.delivery.behind_s(now));
        let history = self.around.historian.look(now);
        for (kind, change) in [(ServiceTrouble::Storage, journal), (ServiceTrouble::History, history)] {
            match change {
                Some(Change::Trouble(Trouble { reason, .. })) => self.around.desk.raise(kind, noted(reason)),
                Some(Change::Well) => self.around.desk.clear(kind),
                None => {}
            }
        }
        if let Some(is_behind) = self.lag.look(now, self.pass_lag_s) {
            let holds = is_behind.then(|| TroubleDetail {
                measured: Measures::of(&[("lag_s", self.pass_lag_s)]),
                limit: Measures::of(&[("lag_s", BEHIND_S)]),
                ..TroubleDetail::default()
            });
            self.around.desk.set(ServiceTrouble::Behind, holds);
        }
        self.pass_lag_s = 0.0;
    }

    fn beat(&mut self, now: Timestamp, last: bool) {
        if !last && self.beat_at.is_some_and(|at| (0.0..HEARTBEAT_S).contains(&now.seconds_since(at))) {
            return;
        }
        self.beat_at = Some(now);
        if !last {
            self.keep_time(now);
        }
        let lag_ms = millis(self.lag_s);
        self.lag_s = 0.0;
        let zones_version = Some(self.monitor.airspace().version().into());
        self.around.hub.heartbeat(Vitals {
            now,
            lag_ms,
            input_age_ms: self.heard_at.map(|at| millis(now.seconds_since(at))),
            state: self.around.health.worst().name(),
            durable_seq: Some(self.delivery.durable_seq()),
            zones_version,
        });
        *self.around.tally.lock().unwrap_or_else(PoisonError::into_inner) = self.monitor.tally();
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let counters = &self.around.counters;
        self.around.mqtt.figures(StatusFigures {
            aircraft: count(self.monitor.aircraft().saturating_sub(self.around.sieve.tracks())),
            open_alerts: count(self.monitor.open_alerts().saturating_sub(self.around.sieve.open())),
            seq: self.delivery.last_seq(),
            messages: counters.messages.get(),
            evaluated: counters.evaluated.get(),
            conflated: counters.conflated.get(),
            refused: counters.refused_total(),
            in_flight: counters.in_flight(),
            zones_version: Some(self.monitor.airspace().version().to_owned()),
        });
    }
}

fn millis(seconds: f64) -> u64 {
    u64::try_from(Duration::from_secs_f64(seconds.clamp(0.0, 1e9)).as_millis()).unwrap_or(u64::MAX)
}
