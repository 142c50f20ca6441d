//! What the service knows of itself, as Prometheus reads it.

use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::domain::Timestamp;
use crate::journal::{Condition, Store};
use crate::service::canary::Canary;
use crate::service::clock;
use crate::service::counters::Counters;
use crate::service::health::{Health, Status};
use crate::service::process;
use crate::service::trouble::TroubleDesk;

/// Reads what is known when it is asked for.
pub(super) struct SelfFigures {
    /// The test flights.
    pub(super) canary: Arc<Canary>,
    /// What is wrong.
    pub(super) desk: Arc<TroubleDesk>,
    /// How the parts do.
    pub(super) health: Arc<Health>,
    /// How far the journal has come.
    pub(super) store: Arc<dyn Store + Send + Sync>,
    /// What was counted.
    pub(super) counters: Arc<Counters>,
    /// When the service started.
    pub(super) started_at: Timestamp,
}

impl std::fmt::Debug for SelfFigures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SelfFigures")
    }
}

impl Collector for SelfFigures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let progress = self.store.progress();
        let writable = progress.condition == Condition::Writable;
        let count = |number: usize| u32::try_from(number).map_or(f64::MAX, f64::from);
        for (name, help, value) in [
            (
                "canary_age_seconds",
                "Since the launch of the newest test flight that came through the whole service",
                self.canary.age().as_secs_f64(),
            ),
            (
                "clock_divergence_seconds",
                "How far the system's clock is ahead of the service's steady time",
                clock::system().seconds_since(clock::now()),
            ),
            (
                "start_timestamp_seconds",
                "Unix time of the service's start",
                self.started_at.seconds_since(Timestamp::default()),
            ),
            ("journal_backlog", "Alert events that wait for the disk", count(progress.backlog)),
            ("journal_writable", "Whether the disk takes what it is given", f64::from(u8::from(writable))),
        ] {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        for (name, help, value) in [
            (
                "broker_drops",
                "Messages that the broker says it dropped, for this service or for others",
                &self.counters.broker_drops,
            ),
            (
                "alerts_not_durable",
                "Alert events published before they were safe on disk",
                &self.counters.alerts_not_durable,
            ),
            (
                "alerts_not_journaled",
                "Alert events that the journal did not take because too many waited for the disk",
                &self.counters.alerts_not_journaled,
            ),
            (
                "bypass_messages",
                "Messages taken by the intake's bypass while the disk fails",
                &self.counters.bypass_messages,
            ),
        ] {
            let counter = ConstCounter::new(value.get());
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        if let Some(taken) = process::taken() {
            let memory = ConstGauge::new(taken.resident_bytes);
            let (name, help) = ("process_resident_memory_bytes", "Memory that the process holds");
            memory.encode(encoder.encode_descriptor(name, help, None, memory.metric_type())?)?;
            let time = ConstCounter::new(taken.cpu_s);
            let (name, help) = ("process_cpu_seconds", "Time of all processors that the process took");
            time.encode(encoder.encode_descriptor(name, help, None, time.metric_type())?)?;
        }
        self.encode_components(&mut encoder)?;
        self.encode_troubles(&mut encoder)?;
        let build = ConstGauge::new(1_i64);
        let help = "The running version; always 1";
        let mut family = encoder.encode_descriptor("build_info", help, None, build.metric_type())?;
        build.encode(family.encode_family(&[("version", env!("CARGO_PKG_VERSION"))])?)
    }
}

impl SelfFigures {
    fn encode_components(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let help = "How a part of the service does: 0 well, 1 degraded, 2 failed";
        let kind = ConstGauge::new(0_i64).metric_type();
        let mut family = encoder.encode_descriptor("component_status", help, None, kind)?;
        for (part, condition) in self.health.parts() {
            let level: i64 = match condition.status {
                Status::Ok => 0,
                Status::Degraded => 1,
                Status::Failed => 2,
            };
            ConstGauge::new(level).encode(family.encode_family(&[("component", part.name())])?)?;
        }
        Ok(())
    }

    fn encode_troubles(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let standings = self.desk.standings();
        let help = "Whether a kind of SERVICE_DEGRADED holds now";
        let kind = ConstGauge::new(0_i64).metric_type();
        let mut family = encoder.encode_descriptor("service_trouble", help, None, kind)?;
        for standing in &standings {
            let gauge = ConstGauge::new(i64::from(standing.holds));
            gauge.encode(family.encode_family(&[("kind", standing.kind.name())])?)?;
        }
        let help = "How often a kind of SERVICE_DEGRADED began";
        let kind = ConstCounter::new(0_u64).metric_type();
        let mut family = encoder.encode_descriptor("service_troubles_raised", help, None, kind)?;
        for standing in &standings {
            let counter = ConstCounter::new(standing.raised);
            counter.encode(family.encode_family(&[("kind", standing.kind.name())])?)?;
        }
        Ok(())
    }
}
