//! The one thread that owns the monitor: takes what waits, lets it be judged, and hands out what follows.
//!
//! Order of one report: evaluated → its alert events numbered and published → its message acknowledged. The
//! heartbeat is sent from here after a real pass, so that a stuck core reads as dead.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use prometheus_client::metrics::histogram::Histogram;

use crate::airspace::Airspace;
use crate::domain::{Refusal, ServiceTrouble, Timestamp};
use crate::monitor::{Effect, Event, Monitor, Settings, Tally, TroubleDetail};
use crate::service::ack_window::AckToken;
use crate::service::canary::Sieve;
use crate::service::clock;
use crate::service::counters::Counters;
use crate::service::feedback_desk::FeedbackDesk;
use crate::service::hub::Publisher;
use crate::service::inbox::{Inbox, Next, Report};
use crate::service::intake::IntakeHandle;
use crate::service::publisher::PublisherHandle;
use crate::service::status::StatusFigures;
use crate::service::watchdog::Stamp;
use crate::stream::AckRequest;

/// Longest sleep: time-driven work is at most this late.
const TICK: Duration = Duration::from_millis(50);
/// Most events between two publications.
const BATCH: usize = 256;
/// Seconds between heartbeats.
const HEARTBEAT_S: f64 = 1.0;

/// What reaches the monitor beside reports.
#[derive(Debug)]
pub enum Control {
    /// The authority's zones changed.
    Airspace(Arc<Airspace>),
    /// Somebody took note of an alert.
    Acknowledge(AckRequest),
    /// The service looked at itself: what is wrong, or that it is well.
    Trouble(ServiceTrouble, Option<TroubleDetail>),
}

/// Where the thread takes from and hands to.
pub struct Surroundings {
    /// Its door.
    pub inbox: Arc<Inbox<Control>>,
    /// What clients read.
    pub hub: Publisher,
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
    /// Takes the service's test flights out of everything that leaves.
    pub sieve: Sieve,
    /// Moves while the thread works.
    pub stamp: Arc<Stamp>,
    /// From the arrival of a report to the publication of its alert events, seconds.
    pub latency: Histogram,
}

struct Evaluator {
    around: Surroundings,
    monitor: Monitor,
    effects: Vec<Effect>,
    tokens: Vec<AckToken>,
    /// When the reports arrived that made the alert events to be published next.
    alerted_of: Vec<Timestamp>,
    beat_at: Option<Timestamp>,
    /// The longest time from arrival to evaluation since the last heartbeat, seconds.
    lag_s: f64,
    seq: u64,
}

/// Starts the thread. It ends when the inbox is closed and empty.
pub fn start(settings: Settings, around: Surroundings) -> std::io::Result<JoinHandle<()>> {
    let mut evaluator = Evaluator {
        around,
        monitor: Monitor::new(settings),
        effects: Vec::new(),
        tokens: Vec::new(),
        alerted_of: Vec::new(),
        beat_at: None,
        lag_s: 0.0,
        seq: 0,
    };
    std::thread::Builder::new().name("monitor".into()).spawn(move || while evaluator.pass() {})
}

impl Evaluator {
    /// One pass over what waits; `false` when nothing will come any more.
    fn pass(&mut self) -> bool {
        let mut open = true;
        let mut wait = TICK;
        for _ in 0..BATCH {
            match self.around.inbox.next(wait) {
                Next::Control(control) => self.control(control),
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
        self.publish();
        self.beat(now, !open);
        self.around.stamp.moved();
        open
    }

    fn control(&mut self, control: Control) {
        let event = match control {
            Control::Airspace(airspace) => Event::AirspaceReplaced(airspace),
            Control::Acknowledge(AckRequest { alert_id, by, note }) => {
                Event::Acknowledged { alert_id, by, note }
            }
            Control::Trouble(kind, holds) => Event::Service { kind, holds },
        };
        self.monitor.handle(clock::now(), event, &mut self.effects);
        self.publish();
    }

    fn report(&mut self, report: Report) {
        let Report { observation, received_at, token } = report;
        self.lag_s = self.lag_s.max(clock::now().seconds_since(received_at));
        let operator = observation.operator.clone();
        let is_own = observation.uas_id.is_canary();
        self.monitor.handle(received_at, Event::Observed(observation), &mut self.effects);
        let mut refused = false;
        for effect in self.effects.drain(..) {
            if matches!(effect, Effect::Alert(_)) && !is_own {
                self.alerted_of.push(received_at);
            }
            if let Effect::Refused(uas_id, refusal) = &effect
                && !is_own
            {
                refused = true;
                self.around.counters.refused(refusal.reason).one();
                if let Some(operator) = &operator {
                    let refusals: &[Refusal] = std::slice::from_ref(refusal);
                    self.around.feedback.note(received_at, operator, uas_id, refusals, &[]);
                }
            }
            hand_out(effect, &mut self.around, &mut self.seq);
        }
        if !refused && !is_own {
            self.around.counters.evaluated.one();
        }
        self.tokens.extend(token);
    }

    /// Publishes what was found, then lets the broker forget the messages behind it.
    fn publish(&mut self) {
        for effect in self.effects.drain(..) {
            hand_out(effect, &mut self.around, &mut self.seq);
        }
        self.around.hub.commit();
        let now = clock::now();
        for received_at in self.alerted_of.drain(..) {
            self.around.latency.observe(now.seconds_since(received_at));
        }
        for token in self.tokens.drain(..) {
            self.around.intake.acknowledge(&token);
        }
    }

    fn beat(&mut self, now: Timestamp, last: bool) {
        if !last && self.beat_at.is_some_and(|at| (0.0..HEARTBEAT_S).contains(&now.seconds_since(at))) {
            return;
        }
        self.beat_at = Some(now);
        let lag_ms = Duration::from_secs_f64(self.lag_s.clamp(0.0, 1e6)).as_millis();
        self.lag_s = 0.0;
        self.around.hub.heartbeat(now, u64::try_from(lag_ms).unwrap_or(u64::MAX));
        *self.around.tally.lock().unwrap_or_else(PoisonError::into_inner) = self.monitor.tally();
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let counters = &self.around.counters;
        self.around.mqtt.figures(StatusFigures {
            aircraft: count(self.monitor.aircraft().saturating_sub(self.around.sieve.tracks())),
            open_alerts: count(self.monitor.open_alerts().saturating_sub(self.around.sieve.open())),
            seq: self.seq,
            messages: counters.messages.get(),
            evaluated: counters.evaluated.get(),
            conflated: counters.conflated.get(),
            refused: counters.refused_total(),
            in_flight: counters.in_flight(),
            zones_version: Some(self.monitor.airspace().version().to_owned()),
        });
    }
}

fn hand_out(effect: Effect, around: &mut Surroundings, seq: &mut u64) {
    let Some(effect) = around.sieve.pass(effect) else { return };
    match effect {
        Effect::Alert(event) => {
            let logged = around.hub.alert(event);
            *seq = logged.seq;
            around.mqtt.alert(&logged);
        }
        Effect::TrackChanged(state) => around.hub.track(state),
        Effect::TrackGone(uas_id) => around.hub.track_gone(uas_id),
        Effect::Refused(_, _) | Effect::AckRefused(_) | Effect::Assessed(_) => {}
    }
}
