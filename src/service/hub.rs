//! Where the evaluating path leaves what clients read.
//!
//! One [`Publisher`] writes, any number of readers look. The lock is held only to append or to gather;
//! encoding happens outside of it, and a text is shared by all who send it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, watch};

use crate::domain::{Intent, Timestamp, UasId};
use crate::journal::Entry;
use crate::monitor::TrackState;
use crate::service::filed_intents::FiledIntents;
use crate::stream::{
    AckRequest, AlertLog, Deed, LoggedEvent, Pulse, Retention, SessionLimits, ShelveRequest, Vitals, Welcome,
    World,
};

/// Acknowledgements that may wait for the core.
const DEEDS_WAITING_MAX: usize = 1_024;

/// What a hub starts from.
#[derive(Debug, Clone)]
pub struct HubSettings {
    /// The running service, as `hello` tells it.
    pub instance: Arc<str>,
    /// The history that `seq` counts.
    pub log_id: Option<Arc<str>>,
    /// Number of the last event before this start.
    pub last_seq: u64,
    /// The newest event of every alert that is open from before this start.
    pub open: Vec<Entry>,
    /// How much is kept.
    pub retention: Retention,
    /// When a client is slow.
    pub session_limits: SessionLimits,
}

impl HubSettings {
    /// A service without a past.
    pub fn new(instance: &str) -> Self {
        Self {
            instance: instance.into(),
            log_id: None,
            last_seq: 0,
            open: Vec::new(),
            retention: Retention::default(),
            session_limits: SessionLimits::default(),
        }
    }
}

/// What every reader shares.
#[derive(Debug)]
pub struct Hub {
    world: Mutex<World>,
    intents: Mutex<FiledIntents>,
    wake: watch::Sender<u64>,
    deeds: mpsc::Sender<Deed>,
    /// What `hello` says.
    pub welcome: Welcome,
    /// When a client is slow.
    pub session_limits: SessionLimits,
}

impl Hub {
    /// A hub, its one writer, and what operators do to alerts.
    pub fn new(settings: HubSettings) -> (Arc<Self>, Publisher, mpsc::Receiver<Deed>) {
        let HubSettings { instance, log_id, last_seq, open, retention, session_limits } = settings;
        let (deeds, waiting) = mpsc::channel(DEEDS_WAITING_MAX);
        let mut log = AlertLog::new(last_seq, retention);
        for entry in &open {
            log.remember(&Arc::new(LoggedEvent::of(entry, true)));
        }
        let hub = Arc::new(Self {
            world: Mutex::new(World { log, durable_seq: last_seq, ..World::default() }),
            intents: Mutex::default(),
            wake: watch::Sender::new(0),
            deeds,
            welcome: Welcome { instance, log_id },
            session_limits,
        });
        let publisher = Publisher { hub: Arc::clone(&hub), durable_seq: 0, batch: Vec::new() };
        (hub, publisher, waiting)
    }

    /// The world, held until the guard is dropped: gather, then drop.
    pub fn world(&self) -> MutexGuard<'_, World> {
        // A panic while it was held leaves a world that is at worst short of one change.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The operation intents that are not over at `now`.
    pub fn intents(&self, now: Timestamp) -> Vec<Intent> {
        self.intents.lock().unwrap_or_else(PoisonError::into_inner).in_force(now)
    }

    /// Wakes when an alert event or a heartbeat is published.
    pub fn wakes(&self) -> watch::Receiver<u64> {
        self.wake.subscribe()
    }

    /// Hands an acknowledgement to the core; `false` if too many wait or the core is gone.
    pub fn acknowledge(&self, request: AckRequest) -> bool {
        self.deeds.try_send(Deed::Acknowledge(request)).is_ok()
    }

    /// Hands a wish to put an alert aside to the core; `false` if too many wait or the core is gone.
    pub fn shelve(&self, request: ShelveRequest) -> bool {
        self.deeds.try_send(Deed::Shelve(request)).is_ok()
    }
}

/// The one writer. Changes are gathered and published together by [`Publisher::commit`].
#[derive(Debug)]
pub struct Publisher {
    hub: Arc<Hub>,
    durable_seq: u64,
    batch: Vec<Change>,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "the large one is nearly all there is; moved, never stored")]
enum Change {
    Alert(Arc<LoggedEvent>),
    Track(TrackState),
    Gone(UasId),
}

impl Publisher {
    /// Takes an alert event; they come in the order of their numbers.
    pub fn logged(&mut self, logged: Arc<LoggedEvent>) {
        self.batch.push(Change::Alert(logged));
    }

    /// Takes the newest state of an aircraft.
    pub fn track(&mut self, state: TrackState) {
        self.batch.push(Change::Track(state));
    }

    /// Forgets an aircraft.
    pub fn track_gone(&mut self, uas_id: UasId) {
        self.batch.push(Change::Gone(uas_id));
    }

    /// Takes an intent that the monitor took.
    pub fn filed(&mut self, intent: Intent, now: Timestamp) {
        self.hub.intents.lock().unwrap_or_else(PoisonError::into_inner).take(intent, now);
    }

    /// Publishes what was gathered, under one lock, and wakes the clients if there is an alert event.
    pub fn commit(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let mut alerts = false;
        let mut world = self.hub.world();
        for change in self.batch.drain(..) {
            match change {
                Change::Alert(logged) => alerts |= world.log.push(logged),
                Change::Track(state) => world.picture.update(state),
                Change::Gone(uas_id) => world.picture.remove(&uas_id),
            }
        }
        drop(world);
        if alerts {
            self.wake();
        }
    }

    /// Says that events up to `seq` are safe on disk.
    pub fn durable(&mut self, seq: u64) {
        if self.durable_seq < seq {
            self.durable_seq = seq;
            self.hub.world().durable_seq = seq;
        }
    }

    /// Commits, and says that the evaluating path is well. To be called once a second by that very path, so that
    /// a stuck one falls silent.
    pub fn heartbeat(&mut self, vitals: Vitals) {
        self.commit();
        let mut world = self.hub.world();
        let (seq, open) = (world.log.last_seq(), world.log.open().len());
        let pulse = Pulse::new(world.pulse.as_ref(), vitals, seq, open);
        world.pulse = Some(pulse);
        drop(world);
        self.wake();
    }

    fn wake(&self) {
        self.hub.wake.send_modify(|count| *count = count.wrapping_add(1));
    }
}
