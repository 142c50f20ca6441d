//! HTTP and WebSocket on one port.
//!
//! ```text
//! accept (caps, reserve descriptor) ─► patience (3 s without progress: cut) ─► hyper ─► routes
//!                                                                                 └─► upgrade ─► client
//! ```

mod accept;
mod alerts;
mod answer;
mod archive;
mod body;
mod check_telemetry;
mod client;
mod contracts;
mod contracts_more;
mod fleet;
mod history;
mod operations;
mod patience;
mod problem;
mod query;
mod routes;
mod shelve;
mod site;
mod tracks;
mod upgrade;
mod zone_contract;
mod zone_drafts;
mod zone_edits;
mod zone_emergency;
mod zone_requests;
mod zones;
mod zones_check;

use std::sync::{Arc, OnceLock, Weak};

use arc_swap::ArcSwap;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub use accept::{Connection, serve, serve_routes};
pub use problem::{Fault, Problem};
pub use routes::router;
pub use site::{Page, Site};
pub use upgrade::echo;

use archive::Archive;
use history::Past;

use super::feeds::Feeds;
use super::health::Health;
use super::hub::Hub;
use super::metrics::Metrics;
use super::zone_desk::ZoneDesk;
use crate::airspace::Airspace;
use crate::config;
use crate::journal::Reader;
use crate::wire::Doors;

/// Most large frames that are written out at once: less than the machine has cores, as intake and evaluation go first.
const ENCODE_TURNS: usize = 1;
/// Most requests about changes of zones at once.
const ZONE_TURNS: usize = 64;

/// Most looks at what a change would mean at once.
const CHECK_TURNS: usize = 2;

/// What the handlers share.
#[derive(Debug)]
pub struct App {
    /// Alerts and aircraft.
    pub hub: Arc<Hub>,
    /// Conditions of the parts.
    pub health: Arc<Health>,
    /// Figures.
    pub metrics: Arc<Metrics>,
    /// The zones in force; replaced whole.
    pub airspace: ArcSwap<Airspace>,
    /// How the feed of each aircraft does.
    pub feeds: Arc<Feeds>,
    /// What telemetry is judged by.
    doors: OnceLock<Doors>,
    /// The way to the journal, where there is one.
    archive: OnceLock<Archive>,
    /// Who changes zones, where somebody does.
    zones: OnceLock<Weak<ZoneDesk>>,
    /// Bounds the changes of zones that wait for each other.
    zone_turns: Arc<Semaphore>,
    /// The way to the history of aircraft, where it is kept.
    past: OnceLock<Past>,
    /// Bounds the looks at what a change would mean: each takes a core for a while.
    check_turns: Arc<Semaphore>,
    /// Bounds the large frames that are written out at once.
    encode_turns: Arc<Semaphore>,
    /// The port's settings.
    pub settings: config::Http,
    /// The web page, if one is served.
    pub site: Site,
    /// Cancelled when the service stops.
    pub stop: CancellationToken,
}

impl App {
    /// An app without zones.
    pub fn new(
        hub: Arc<Hub>,
        health: Arc<Health>,
        metrics: Arc<Metrics>,
        settings: config::Http,
        site: impl Into<Site>,
        stop: CancellationToken,
    ) -> Arc<Self> {
        Arc::new(Self {
            hub,
            health,
            metrics,
            airspace: ArcSwap::default(),
            feeds: Arc::default(),
            doors: OnceLock::new(),
            archive: OnceLock::new(),
            past: OnceLock::new(),
            zones: OnceLock::new(),
            zone_turns: Arc::new(Semaphore::new(ZONE_TURNS)),
            check_turns: Arc::new(Semaphore::new(CHECK_TURNS)),
            encode_turns: Arc::new(Semaphore::new(ENCODE_TURNS)),
            settings,
            site: site.into(),
            stop,
        })
    }

    /// Lets clients change zones as long as the desk is there. The first call counts.
    pub fn open_zones(&self, desk: &Arc<ZoneDesk>) {
        self.zones.get_or_init(|| Arc::downgrade(desk));
    }

    /// Lets clients have messages judged as the intake judges them. The first call counts.
    pub fn judge_by(&self, doors: Doors) {
        self.doors.get_or_init(|| doors);
    }

    /// Lets clients have the history of a journal whose oldest event is `oldest_seq`. The first call counts.
    pub fn open_archive(&self, reader: Reader, oldest_seq: u64) {
        if self.archive.set(Archive::new(reader)).is_ok() {
            self.hub.world().recorded_from = Some(oldest_seq);
        }
    }

    /// Lets clients have the history of aircraft. The first call counts.
    pub fn open_history(&self, reader: crate::history::Reader) {
        // A second reader would read the same.
        self.past.get_or_init(|| Past::new(reader));
    }
}
