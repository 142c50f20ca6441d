//! HTTP and WebSocket on one port.
//!
//! ```text
//! accept (caps, reserve descriptor) ─► patience (3 s without progress: cut) ─► hyper ─► routes
//!                                                                                 └─► upgrade ─► client
//! ```

mod accept;
mod alerts;
mod answer;
mod body;
mod client;
mod contracts;
mod operations;
mod patience;
mod problem;
mod query;
mod routes;
mod site;
mod tracks;
mod upgrade;
mod zones;
mod zones_check;

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;

pub use accept::{Connection, serve};
pub use problem::{Fault, Problem};
pub use routes::router;
pub use site::{Page, Site};

use super::health::Health;
use super::hub::Hub;
use super::metrics::Metrics;
use crate::airspace::Airspace;
use crate::config;

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
            settings,
            site: site.into(),
            stop,
        })
    }
}
