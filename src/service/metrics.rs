//! Figures of the service for Prometheus.

use std::sync::{Mutex, PoisonError};

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper bounds of the histogram of alert latency; promised are 0.1 s for 99 of 100 and 0.5 s for all.
const LATENCY_BOUNDS_S: [f64; 12] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0];

/// Why a connection was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Refusal {
    /// Too many in all.
    Total,
    /// Too many of one address.
    Address,
    /// No file descriptor was left.
    Descriptors,
}

/// Label of a refused connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RefusalLabel {
    reason: Refusal,
}

/// Label of an answered request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabel {
    route: String,
    status: u16,
}

/// The figures of the HTTP side. Others join by [`Metrics::register`].
#[derive(Debug)]
pub struct Metrics {
    registry: Mutex<Registry>,
    requests: Family<RequestLabel, Counter>,
    refused: Family<RefusalLabel, Counter>,
    /// Open connections.
    pub connections: Gauge,
    /// Connected stream clients.
    pub stream_clients: Gauge,
    /// Frames sent to stream clients.
    pub stream_frames: Counter,
    /// Bytes of their text.
    pub stream_bytes: Counter,
    /// Gaps told to slow clients.
    pub stream_gaps: Counter,
    /// Clients that were cut because they did not read.
    pub stream_cuts: Counter,
    /// Number of the newest alert event.
    pub alert_seq: Gauge,
    /// Open alerts.
    pub alerts_open: Gauge,
    /// Aircraft in the picture.
    pub aircraft: Gauge,
    /// From the arrival of a report to the publication of its alert events, seconds.
    pub alert_latency_s: Histogram,
    /// Unix time of the evaluating path's last heartbeat; 0 before the first.
    pub heartbeat_at_s: Gauge<f64, std::sync::atomic::AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Mutex::new(Registry::with_prefix("lowsky")),
            requests: Family::default(),
            refused: Family::default(),
            connections: Gauge::default(),
            stream_clients: Gauge::default(),
            stream_frames: Counter::default(),
            stream_bytes: Counter::default(),
            stream_gaps: Counter::default(),
            stream_cuts: Counter::default(),
            alert_seq: Gauge::default(),
            alerts_open: Gauge::default(),
            aircraft: Gauge::default(),
            alert_latency_s: Histogram::new(LATENCY_BOUNDS_S),
            heartbeat_at_s: Gauge::default(),
        };
        metrics.register(|registry| metrics.enter(registry));
        metrics
    }
}

impl Metrics {
    /// Lets another part enter its figures; names get the prefix `lowsky_`, counters the suffix `_total`.
    pub fn register(&self, enter: impl FnOnce(&mut Registry)) {
        enter(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Counts an answered request.
    pub fn request(&self, route: &str, status: u16) {
        self.requests.get_or_create(&RequestLabel { route: route.into(), status }).inc();
    }

    /// Counts a connection that was turned away.
    pub fn refuse(&self, reason: Refusal) {
        self.refused.get_or_create(&RefusalLabel { reason }).inc();
    }

    /// All figures as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to a string cannot fail.
        encode(&mut text, &registry).unwrap_or_default();
        text
    }

    fn enter(&self, registry: &mut Registry) {
        registry.register("http_requests", "Requests answered", self.requests.clone());
        registry.register("http_connections_refused", "Connections turned away", self.refused.clone());
        registry.register("http_connections", "Open connections", self.connections.clone());
        registry.register("stream_clients", "Connected stream clients", self.stream_clients.clone());
        registry.register("stream_frames", "Frames sent to stream clients", self.stream_frames.clone());
        registry.register("stream_bytes", "Bytes of text sent to stream clients", self.stream_bytes.clone());
        registry.register("stream_gaps", "Gaps told to slow clients", self.stream_gaps.clone());
        registry.register("stream_cuts", "Clients cut because they did not read", self.stream_cuts.clone());
        registry.register("alert_seq", "Number of the newest alert event", self.alert_seq.clone());
        registry.register("alerts_open", "Open alerts", self.alerts_open.clone());
        registry.register(
            "alert_latency_seconds",
            "From the arrival of a report to the publication of its alert events",
            self.alert_latency_s.clone(),
        );
        registry.register("aircraft", "Aircraft in the picture", self.aircraft.clone());
        registry.register(
            "evaluation_heartbeat_timestamp_seconds",
            "Unix time of the evaluating path's last heartbeat, 0 before the first",
            self.heartbeat_at_s.clone(),
        );
    }
}
