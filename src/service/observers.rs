//! The service looks at itself: the broker, the input, the clock, who listens, and its own test flights.
//!
//! What is wrong is reported at the trouble desk, where it becomes an alert, and at the health desk, where `/readyz`
//! reads it. One task does it all, once a second and when the connection changes.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::domain::{Measures, ServiceTrouble, Timestamp};
use crate::monitor::TroubleDetail;
use crate::service::audience::{Audience, FLOOD_MAX};
use crate::service::broker_stats::DropMeter;
use crate::service::canary::{self, Canary};
use crate::service::clock::{self, Stopwatch};
use crate::service::counters::Counters;
use crate::service::health::{Part, Status};
use crate::service::http::App;
use crate::service::input_rate::InputRate;
use crate::service::intake::{IntakeHandle, IntakeState};
use crate::service::own_client::{Heard, OwnClient};
use crate::service::skew::{APART_MAX_S, ClockCheck, SkewMeter};
use crate::service::trouble::{TroubleDesk, lasted, measured, noted};
use crate::service::watchdog::Stamp;

/// Time between looks.
const LOOK_PERIOD: Duration = Duration::from_secs(1);
/// Time between test flights while none comes through.
const RETRY_PERIOD: Duration = Duration::from_secs(3);
/// Broker drops are over after so long without a new one.
const DROPS_OVER: Duration = Duration::from_mins(1);
/// A broker that counts its messages says so within this time; mosquitto does every 10 s.
const STATS_MAX: Duration = Duration::from_secs(25);
/// Refused zones that nobody corrects for so long leave the zones in force stale, seconds.
const ZONES_STALE_S: f64 = 600.0;

/// What is looked at, and where it is reported.
pub struct Observers {
    /// Where troubles are reported.
    pub desk: Arc<TroubleDesk>,
    /// How the intake stands with the broker.
    pub intake: IntakeHandle,
    /// What was counted.
    pub counters: Arc<Counters>,
    /// Conditions, listeners and alerts.
    pub app: Arc<App>,
    /// The sources' clocks.
    pub skew: Arc<SkewMeter>,
    /// The test flights.
    pub canary: Arc<Canary>,
    /// The client that sends them and hears the broker's figures.
    pub own: OwnClient,
    /// Moves while the runtime does.
    pub stamp: Arc<Stamp>,
    /// Whether the broker is in this very process, where it has no figures to tell.
    pub embedded: bool,
}

/// What is remembered between looks.
#[derive(Default)]
struct Memory {
    rate: InputRate,
    messages: u64,
    clock: ClockCheck,
    audience: Audience,
    heard_seq: u64,
    drops: DropMeter,
    dropped: u64,
    dropped_at: Option<Stopwatch>,
    /// Since when the own client is connected without hearing the broker's figures.
    unheard: Option<Stopwatch>,
    complaints: Arc<[String]>,
    connected: bool,
    launched: Option<Stopwatch>,
}

impl Observers {
    /// Looks until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut memory = Memory::default();
        let mut state = self.intake.state();
        let mut look = tokio::time::interval(LOOK_PERIOD);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        state.mark_changed();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                changed = state.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let now = state.borrow_and_update().clone();
                    self.broker(&now, &mut memory);
                }
                heard = self.own.heard() => match heard {
                    Some(heard) => self.heard(&heard, &mut memory),
                    None => return,
                },
                _ = look.tick() => self.look(&mut memory),
            }
        }
    }

    fn look(&self, memory: &mut Memory) {
        self.stamp.moved();
        self.desk.tell();
        self.input(memory);
        self.clock(memory);
        self.listeners(memory);
        self.drops_over(memory);
        self.settings(memory);
        self.zones();
        self.flights(memory);
    }

    /// The connection changed.
    fn broker(&self, state: &IntakeState, memory: &mut Memory) {
        let (status, reason) = match state {
            IntakeState::Connecting => (Status::Failed, Some("connecting".to_owned())),
            IntakeState::Connected { .. } => (Status::Ok, None),
            IntakeState::Lost { since, reason, .. } => {
                (Status::Failed, Some(format!("not connected since {since}: {reason}")))
            }
        };
        self.app.health.set(Part::Broker, status, reason, clock::now());
        memory.connected = matches!(state, IntakeState::Connected { .. });
        match state {
            IntakeState::Connecting => {}
            IntakeState::Connected { since, session_present, gap_from, complaints } => {
                memory.complaints = Arc::clone(complaints);
                memory.launched = None;
                self.desk.clear(ServiceTrouble::InputLost);
                if let Some(from) = gap_from {
                    let kept = if *session_present {
                        "the broker kept our session: QoS 1 reports of that time arrive late"
                    } else {
                        "the broker did not keep our session: reports of that time are lost"
                    };
                    self.desk.raise(
                        ServiceTrouble::InputGap,
                        lasted((*from).min(*since), *since, kept.to_owned()),
                    );
                }
            }
            IntakeState::Lost { since, reason, heard_at } => {
                memory.rate.interrupted();
                let from = heard_at.unwrap_or(*since);
                self.desk.raise(ServiceTrouble::InputLost, noted(format!("since {from}: {reason}")));
            }
        }
    }

    fn heard(&self, heard: &Heard, memory: &mut Memory) {
        match heard {
            Heard::Connected => memory.unheard = Some(Stopwatch::start()),
            Heard::Version => memory.unheard = None,
            Heard::Dropped(payload) => {
                memory.unheard = None;
                let Some(more) = memory.drops.read(payload) else { return };
                memory.dropped = memory.dropped.saturating_add(more);
                memory.dropped_at = Some(Stopwatch::start());
                self.counters.broker_drops.add(more);
                let dropped = u32::try_from(memory.dropped).map_or(f64::MAX, f64::from);
                self.desk.raise(ServiceTrouble::BrokerDrops, measured("dropped", dropped, 0.0));
            }
        }
    }

    fn drops_over(&self, memory: &mut Memory) {
        if memory.dropped_at.is_some_and(|at| DROPS_OVER <= at.elapsed()) {
            (memory.dropped, memory.dropped_at) = (0, None);
            self.desk.clear(ServiceTrouble::BrokerDrops);
        }
    }

    /// What the broker's settings would lose.
    fn settings(&self, memory: &Memory) {
        let mut complaints = memory.complaints.to_vec();
        if !self.embedded && memory.unheard.is_some_and(|since| STATS_MAX <= since.elapsed()) {
            complaints.push(
                "it publishes no $SYS figures, or does not let us read them: what it drops cannot be seen"
                    .into(),
            );
        }
        let status = if complaints.is_empty() { Status::Ok } else { Status::Degraded };
        let reason = (!complaints.is_empty()).then(|| complaints.join("; "));
        self.app.health.set(Part::BrokerSettings, status, reason, clock::now());
    }

    fn input(&self, memory: &mut Memory) {
        let messages = self.counters.messages.get().saturating_add(self.counters.bypass_messages.get());
        let fresh = messages - std::mem::replace(&mut memory.messages, messages);
        let (status, reason) = if memory.connected {
            if let Some(silence) = memory.rate.second(fresh) {
                let limit = silence.usual_hz / 10.0;
                let mut detail = measured("rate_hz", silence.rate_hz, limit);
                detail.measured.0.push(("usual_hz".into(), silence.usual_hz));
                self.desk.raise(ServiceTrouble::InputSilent, detail);
                let text = format!("{} messages a second, usual are {}", silence.rate_hz, silence.usual_hz);
                (Status::Failed, Some(text))
            } else {
                // Quiet says nothing of a feed that fell silent before the start.
                let is_quiet = memory.rate.is_quiet();
                if is_quiet {
                    self.desk.end(ServiceTrouble::InputSilent);
                } else {
                    self.desk.clear(ServiceTrouble::InputSilent);
                }
                let quiet = is_quiet.then(|| "quiet: no messages are expected".to_owned());
                (Status::Ok, quiet)
            }
        } else {
            self.desk.end(ServiceTrouble::InputSilent);
            (Status::Failed, Some("no connection to the broker".to_owned()))
        };
        self.app.health.set(Part::Input, status, reason, clock::now());
    }

    fn clock(&self, memory: &mut Memory) {
        let system_s = clock::system().seconds_since(clock::now());
        let sources_s = self.skew.take_median_s();
        match memory.clock.look(system_s, sources_s) {
            None => {}
            Some(false) => {
                self.desk.clear(ServiceTrouble::Clock);
                self.app.health.set(Part::Clock, Status::Ok, None, clock::now());
            }
            Some(true) => {
                let figures = [("system_clock_s", Some(system_s)), ("sources_s", sources_s)];
                let known = figures.into_iter().filter_map(|(name, value)| Some((name, value?)));
                let detail = TroubleDetail {
                    measured: Measures::of(&known.collect::<Vec<_>>()),
                    limit: Measures::of(&[("apart_s", APART_MAX_S)]),
                    ..TroubleDetail::default()
                };
                self.desk.raise(ServiceTrouble::Clock, detail);
            }
        }
        if memory.clock.is_apart() {
            // At every look, for a clock that was set once is set again.
            let sources = sources_s.map_or_else(|| "unknown".to_owned(), |skew| format!("{skew:.1} s"));
            let reason = format!(
                "ahead of the service's own time: the system's clock {system_s:.1} s, the sources {sources}"
            );
            self.app.health.set(Part::Clock, Status::Degraded, Some(reason), clock::now());
        }
    }

    fn listeners(&self, memory: &mut Memory) {
        let now = clock::now();
        let listeners = self.app.metrics.stream_clients.get();
        if memory.audience.is_absent(now, listeners) {
            self.desk.raise(ServiceTrouble::ClientNone, TroubleDetail::default());
        } else if 0 < listeners {
            self.desk.clear(ServiceTrouble::ClientNone);
        }
        let world = self.app.hub.world();
        let after = memory.heard_seq;
        memory.heard_seq = world.log.last_seq();
        for logged in world.log.after(after) {
            memory.audience.hear(now, &logged.event);
        }
        drop(world);
        if memory.audience.is_flooded(now) {
            let sounded = memory.audience.sounded(now);
            let count = |number: usize| u32::try_from(number).map_or(f64::MAX, f64::from);
            self.desk.raise(ServiceTrouble::Flood, measured("alerts", count(sounded), count(FLOOD_MAX)));
        } else {
            self.desk.clear(ServiceTrouble::Flood);
        }
    }

    fn zones(&self) {
        let condition = self.app.health.parts().remove(&Part::Zones);
        let wrong = condition.filter(|condition| condition.status != Status::Ok);
        let Some(condition) = wrong else {
            self.desk.clear(ServiceTrouble::ZonesRejected);
            return self.desk.clear(ServiceTrouble::ZonesStale);
        };
        let reason = condition.reason.unwrap_or_default();
        let age_s = clock::now().seconds_since(condition.since);
        self.desk.raise(ServiceTrouble::ZonesRejected, noted(reason.as_str()));
        if ZONES_STALE_S <= age_s {
            let since: Timestamp = condition.since;
            self.desk.raise(ServiceTrouble::ZonesStale, noted(format!("since {since}: {reason}")));
        }
    }

    fn flights(&self, memory: &mut Memory) {
        self.canary.look(&self.desk);
        let (age, flown) = (self.canary.age(), self.canary.has_flown());
        let well = flown && age < canary::PERIOD + RETRY_PERIOD;
        let period = if well { canary::PERIOD } else { RETRY_PERIOD };
        if memory.connected && memory.launched.is_none_or(|at| period <= at.elapsed()) {
            memory.launched = Some(Stopwatch::start());
            for message in self.canary.launch(clock::now()) {
                self.own.send(message);
            }
        }
        let (status, reason) = match (flown, age < canary::AGE_MAX) {
            (true, true) => (Status::Ok, None),
            (false, early) => {
                let status = if early { Status::Degraded } else { Status::Failed };
                (status, Some("no test flight has come through yet".to_owned()))
            }
            (true, false) => {
                (Status::Failed, Some(format!("no test flight has come through for {} s", age.as_secs())))
            }
        };
        self.app.health.set(Part::Canary, status, reason, clock::now());
    }
}
