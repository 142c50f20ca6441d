//! The whole service, wired and stopped in order.
//!
//! ```text
//! intake ─► gate (decode) ─► inbox (conflate) ─► evaluator (thread) ─► hub ─► HTTP, WebSocket
//! bypass ─┘                        ▲   zones, acknowledgements  │ ▲ └─► publisher ─► MQTT
//!                                  └─ progress ── journal (thread) ◄┘
//! ```

mod stop;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::task::JoinHandle as Task;
use tokio_util::sync::CancellationToken;

use crate::airspace::Airspace;
use crate::config::Config;
use crate::history::Recorder;
use crate::journal::{Journal, JournalSettings, Store};
use crate::monitor::{Monitor, Tally};
use crate::service::again::Again;
use crate::service::bypass::Bypass;
use crate::service::canary::{self, Canary, Sieve};
use crate::service::counters::Counters;
use crate::service::evaluator::{self, Control, Surroundings};
use crate::service::feedback_desk::FeedbackDesk;
use crate::service::gate::{Gate, OwnFlights};
use crate::service::health::Health;
use crate::service::historian::{self, Historian, HistoryFigures};
use crate::service::http::{self, App, Page, Site};
use crate::service::hub::{Hub, HubSettings};
use crate::service::inbox::Inbox;
use crate::service::intake::{self, IntakeHandle};
use crate::service::journaling::{self, Opened};
use crate::service::link::{Endpoint, EndpointError};
use crate::service::metrics::Metrics;
use crate::service::observers::Observers;
use crate::service::own_client;
use crate::service::publisher::{self, PublisherHandle, PublisherSettings};
use crate::service::self_figures::SelfFigures;
use crate::service::skew::SkewMeter;
use crate::service::storage::StorageWatch;
use crate::service::terrain_files::{self, TerrainError};
use crate::service::trouble::TroubleDesk;
use crate::service::watch_zones::{self, ZoneWatch};
use crate::service::watchdog::Watched;
use crate::service::zone_desk::{self, ZoneDesk};
use crate::service::zone_keeper::ZoneKeeper;
use crate::service::{clock, figures};
use crate::wire::{self, Doors};

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration names something impossible.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The HTTP port cannot be opened.
    #[error("cannot listen on {address}: {reason}; is another lowsky running, or set [http] listen")]
    Listen {
        /// Where.
        address: String,
        /// What the system says.
        reason: std::io::Error,
    },
    /// The embedded broker does not start.
    #[error("embedded broker: {0}")]
    Broker(String),
    /// The terrain cannot be read.
    #[error(transparent)]
    Terrain(#[from] TerrainError),
    /// The system gives no thread.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// A running service.
pub struct Daemon {
    http_address: SocketAddr,
    mqtt_address: String,
    app: Arc<App>,
    inbox: Arc<Inbox<Control>>,
    intake: IntakeHandle,
    journal: Arc<Journal>,
    recorder: Option<Arc<Recorder>>,
    publisher: PublisherHandle,
    zone_watch: Option<ZoneWatch>,
    zones: Arc<ZoneDesk>,
    evaluator: JoinHandle<()>,
    gate: Task<()>,
    tasks: Vec<Task<()>>,
    serving: Task<()>,
    watched: Vec<Watched>,
    #[cfg(feature = "embedded-broker")]
    broker: Option<crate::service::broker::Broker>,
    background: CancellationToken,
    /// Ends the looks at the service itself: what stops by design is no trouble.
    observing: CancellationToken,
}

impl Daemon {
    /// Starts everything; `pages` are served beside the interfaces. The broker and the zones may come later; `/readyz` tells.
    #[expect(clippy::too_many_lines, reason = "the wiring, from top to bottom, in one place")]
    pub async fn start(config: &Config, pages: &'static [Page]) -> Result<Self, StartError> {
        #[cfg_attr(
            not(feature = "embedded-broker"),
            expect(unused_mut, reason = "an embedded broker has its own")
        )]
        let mut endpoint =
            Endpoint::new(&config.mqtt.url, config.mqtt.user.clone(), config.mqtt.password.clone())?;
        #[cfg(feature = "embedded-broker")]
        let broker =
            if config.mqtt.embedded { Some(start_broker(config, &mut endpoint).await?) } else { None };
        #[cfg(not(feature = "embedded-broker"))]
        if config.mqtt.embedded {
            return Err(StartError::Broker("this build has none; set [mqtt] embedded = false".into()));
        }
        let listen = |reason| StartError::Listen { address: config.http.listen.clone(), reason };
        let listener = TcpListener::bind(&config.http.listen).await.map_err(listen)?;
        let http_address = listener.local_addr().map_err(listen)?;

        let counters = Arc::new(Counters::default());
        let inbox = Arc::new(Inbox::default().alerted_below(config.limits.battery_pct));
        let tally = Arc::new(Mutex::new(Tally::default()));
        let background = CancellationToken::new();
        let observing = background.child_token();
        let settings = PublisherSettings {
            endpoint: endpoint.clone(),
            client_id: format!("{}-out", config.mqtt.client_id),
            prefix: config.mqtt.prefix.clone(),
            instance: config.mqtt.client_id.clone(),
        };
        let publisher = publisher::start(settings, Arc::clone(&counters));
        let feedback = FeedbackDesk::new(publisher.clone());
        let mqtt_address = endpoint.to_string();
        let own_endpoint = endpoint.clone();
        let filters = wire::subscription_filters(&config.mqtt.prefix);
        // What takes its time comes first: a broker that kept our session sends at once all that it kept.
        let opened = open_journal(config, &inbox).await?;
        let Opened { journal, recovered, late } = opened;
        publisher.begin_after(recovered.last_seq);
        let again = if late.is_none() {
            Some(Again::of_the_last_run(&recovered, journal.reader(), publisher.clone()))
        } else {
            // How much of an earlier life the broker has had is not known yet.
            publisher.lacks_after(Some(0));
            None
        };
        let store: Arc<dyn Store + Send + Sync> = Arc::<Journal>::clone(&journal);
        // Who has the journal has the book: no two services write the same.
        let zone_book = late.is_none().then(|| zone_desk::open_book(&config.journal.dir));
        let historian::Opened { recorder, reader, remembered } = open_history(config, &inbox).await?;
        let mut rules = config.monitor_settings();
        rules.terrain.model = terrain_files::model(config.terrain.dir.as_deref())?;
        let (intake, messages) = intake::start_again(
            endpoint.clone(),
            &config.mqtt.client_id,
            filters.clone(),
            Arc::clone(&counters),
            recovered.heard_at,
        );

        let mut hub_settings = HubSettings::new(&config.mqtt.client_id);
        hub_settings.log_id = Some(Arc::clone(&recovered.log_id));
        hub_settings.last_seq = recovered.last_seq;
        hub_settings.open.clone_from(&recovered.open);
        let (hub, hub_publisher, deeds) = Hub::new(hub_settings);
        let metrics = Arc::new(Metrics::default());
        metrics.register(|registry| {
            figures::enter(
                registry,
                Arc::clone(&counters),
                Arc::clone(&tally),
                Arc::clone(&inbox),
                intake.clone(),
            );
        });
        let health = Arc::new(Health::starting(clock::now()));
        let storage = StorageWatch::of_journal(Arc::clone(&health));
        let bypass = Bypass {
            endpoint,
            client_id: format!("{}-bypass", config.mqtt.client_id),
            filters,
            intake: intake.clone(),
            trouble: storage.trouble(),
            counters: Arc::clone(&counters),
        };
        let site = Site { pages, console: config.console.clone() };
        let app =
            App::new(hub, Arc::clone(&health), metrics, config.http.clone(), site, CancellationToken::new());
        if late.is_none() {
            app.open_archive(journal.reader(), recovered.oldest_seq);
        }
        let past = reader.clone().map(historian::past);
        if let Some(reader) = reader {
            app.open_history(reader);
        }
        if let Some(recorder) = recorder.clone() {
            app.metrics.register(|registry| {
                registry.register_collector(Box::new(HistoryFigures(recorder)));
            });
        }

        let keeper = ZoneKeeper::new(
            config.reading(),
            config.journal.dir.join("zones"),
            Arc::clone(&app),
            Arc::clone(&inbox),
        );
        // The monitor is to find the test flights' zone even where no other can be had.
        let no_zones = Arc::new(canary::with_zone(Airspace::default()));
        if inbox.control(Control::Airspace(no_zones)).is_err() {
            tracing::error!("a new inbox is full");
        }
        let desk = ZoneDesk::new(keeper, config.zones.dir.clone(), zone_book);
        let zones = Arc::new(desk.with_rehearsal(rules.clone(), past));
        let read = zones.begin();
        app.open_zones(&zones);
        let watching = Arc::downgrade(&zones);
        let take = move |read| {
            if let Some(zones) = watching.upgrade() {
                zones.take(&read);
            }
        };
        let zone_watch = watch_zones::start(config.zones.dir.clone(), Some(read), take)?;

        let canary = Canary::new(&config.mqtt.prefix, Some(Arc::clone(&store)));
        let skew = Arc::new(SkewMeter::default());
        let desk = TroubleDesk::new(Arc::clone(&inbox));
        let stamps @ [monitor, runtime] = &["monitor", "runtime"].map(Watched::new);
        let figures = SelfFigures {
            canary: Arc::clone(&canary),
            desk: Arc::clone(&desk),
            health: Arc::clone(&app.health),
            store: Arc::clone(&store),
            counters: Arc::clone(&counters),
            started_at: clock::now(),
        };
        app.metrics.register(|registry| registry.register_collector(Box::new(figures)));
        let around = Surroundings {
            inbox: Arc::clone(&inbox),
            hub: hub_publisher,
            health,
            store,
            storage,
            mqtt: publisher.clone(),
            intake: intake.clone(),
            counters: Arc::clone(&counters),
            feedback: Arc::clone(&feedback),
            tally,
            desk: Arc::clone(&desk),
            sieve: Sieve::new(Arc::clone(&canary)),
            stamp: Arc::clone(&monitor.stamp),
            latency: app.metrics.alert_latency_s.clone(),
            historian: Historian::new(recorder.clone(), Arc::clone(&app.health)),
        };
        let evaluator = evaluator::start(Monitor::new(rules), recovered, remembered, around)?;
        let doors = Doors { prefix: config.mqtt.prefix.clone(), area: config.area() };
        app.judge_by(doors.clone());
        let own_flights = OwnFlights::new(&config.mqtt.prefix, Arc::clone(&canary), Arc::clone(&skew));
        let gate = Gate::new(doors, Arc::clone(&inbox), Arc::clone(&feedback), Arc::clone(&counters))
            .filing(Control::Intent)
            .hinting(Control::Ahead)
            .with(own_flights)
            .telling(Arc::clone(&app.feeds));
        let observers = Observers {
            desk,
            intake: intake.clone(),
            counters,
            app: Arc::clone(&app),
            skew,
            canary,
            own: own_client::start(
                own_endpoint,
                format!("{}-self", config.mqtt.client_id),
                background.clone(),
            ),
            stamp: Arc::clone(&runtime.stamp),
            embedded: config.mqtt.embedded,
        };
        let gate = tokio::spawn(gate.run(messages));
        let mut tasks = vec![
            tokio::spawn(bypass.run(background.clone())),
            tokio::spawn(feedback.run(background.clone())),
            tokio::spawn(forward_deeds(deeds, Arc::clone(&inbox))),
            tokio::spawn(observers.run(observing.clone())),
        ];
        let (desk, days) = (Arc::clone(&zones), config.journal.retain_days);
        tasks.push(tokio::spawn(zone_desk::tidy(desk, days, background.clone())));
        let (kept, told) = (Arc::clone(&journal), publisher.clone());
        tasks.push(tokio::spawn(journaling::keep(kept, told, intake.clone(), background.clone())));
        if let Some(again) = again {
            tasks.push(tokio::spawn(again.run(background.clone())));
        }
        if let Some(late) = late {
            let (app, journal, inbox) = (Arc::clone(&app), Arc::clone(&journal), Arc::clone(&inbox));
            let (zones, dir) = (Arc::clone(&zones), config.journal.dir.clone());
            let (publisher, background) = (publisher.clone(), background.clone());
            tasks.push(tokio::spawn(async move {
                let Ok(recovered) = late.await else { return };
                app.open_archive(journal.reader(), recovered.oldest_seq);
                // Before the monitor ends what was open: an alert's events are to leave in order.
                let again = Again::of_an_earlier_life(&recovered, journal.reader(), publisher);
                tokio::spawn(again.run(background));
                if inbox.control(Control::Recovered(Box::new(recovered))).is_err() {
                    tracing::error!("the alerts of a journal that was opened late found no room");
                }
                let opened = tokio::task::spawn_blocking(move || zones.open(zone_desk::open_book(&dir)));
                drop(opened.await);
            }));
        }
        let serving = tokio::spawn(http::serve(listener, Arc::clone(&app)));
        Ok(Self {
            http_address,
            mqtt_address,
            app,
            inbox,
            intake,
            journal,
            recorder,
            publisher,
            zone_watch: Some(zone_watch),
            zones,
            evaluator,
            gate,
            tasks,
            serving,
            watched: stamps.to_vec(),
            #[cfg(feature = "embedded-broker")]
            broker,
            background,
            observing,
        })
    }

    /// Where HTTP and WebSocket are served.
    pub fn http_address(&self) -> SocketAddr {
        self.http_address
    }

    /// The broker, as `mqtt://host:port`.
    pub fn mqtt_address(&self) -> &str {
        &self.mqtt_address
    }

    /// What must move as long as the service works, for a watchdog.
    pub fn watched(&self) -> Vec<Watched> {
        self.watched.clone()
    }

    /// Conditions of the parts.
    pub fn health(&self) -> Arc<Health> {
        Arc::clone(&self.app.health)
    }
}

#[cfg(feature = "embedded-broker")]
async fn start_broker(
    config: &Config,
    endpoint: &mut Endpoint,
) -> Result<crate::service::broker::Broker, StartError> {
    let host = endpoint.host().trim_matches(['[', ']']);
    let host = if host == "localhost" { "127.0.0.1" } else { host };
    let ip = host.parse().map_err(|error: std::net::AddrParseError| {
        StartError::Broker(format!("[mqtt] url must name an address of this machine, not `{host}`: {error}"))
    })?;
    let broker = crate::service::broker::start(SocketAddr::new(ip, endpoint.port()))
        .await
        .map_err(|error| StartError::Broker(error.to_string()))?;
    let url = format!("mqtt://{}", broker.address());
    *endpoint = Endpoint::new(&url, config.mqtt.user.clone(), config.mqtt.password.clone())?;
    Ok(broker)
}

/// Opens the journal, whose progress wakes the evaluating thread.
async fn open_journal(config: &Config, inbox: &Arc<Inbox<Control>>) -> Result<Opened, StartError> {
    let settings = JournalSettings::new(&config.journal.dir, config.journal.retain_days);
    let inbox = Arc::clone(inbox);
    let opened = tokio::task::spawn_blocking(move || journaling::open(&settings, move || inbox.nudge()));
    let opened = opened.await.map_err(std::io::Error::other)?;
    Ok(opened.map_err(std::io::Error::other)?)
}

/// Opens the history, whose progress wakes the evaluating thread too.
async fn open_history(config: &Config, inbox: &Arc<Inbox<Control>>) -> Result<historian::Opened, StartError> {
    let (config, inbox) = (config.clone(), Arc::clone(inbox));
    let opened = tokio::task::spawn_blocking(move || historian::open(&config, move || inbox.nudge()));
    opened.await.map_err(|error| StartError::Thread(std::io::Error::other(error)))
}

async fn forward_deeds(
    mut deeds: tokio::sync::mpsc::Receiver<crate::stream::Deed>,
    inbox: Arc<Inbox<Control>>,
) {
    while let Some(deed) = deeds.recv().await {
        if inbox.control(Control::Deed(deed)).is_err() {
            tracing::warn!("an acknowledgement came too late or too many wait");
        }
    }
}
