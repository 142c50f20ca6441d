//! The counters of a message's way, as Prometheus reads them.

use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::monitor::Tally;
use crate::service::counters::{Books, Counters};
use crate::service::evaluator::Control;
use crate::service::inbox::Inbox;
use crate::service::intake::IntakeHandle;

/// Reads the counters when they are asked for.
struct Figures {
    counters: Arc<Counters>,
    tally: Arc<Mutex<Tally>>,
    inbox: Arc<Inbox<Control>>,
    intake: IntakeHandle,
}

impl std::fmt::Debug for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Figures")
    }
}

/// Enters them.
pub(super) fn enter(
    registry: &mut Registry,
    counters: Arc<Counters>,
    tally: Arc<Mutex<Tally>>,
    inbox: Arc<Inbox<Control>>,
    intake: IntakeHandle,
) {
    registry.register_collector(Box::new(Figures { counters, tally, inbox, intake }));
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let books = self.counters.books();
        for (name, help, value) in self.arrival().into_iter().chain(self.observations(&books)) {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        encode_refused(&books, &mut encoder)?;
        self.encode_waiting(&books, &mut encoder)
    }
}

impl Figures {
    fn arrival(&self) -> Vec<(&'static str, &'static str, u64)> {
        let counters = &self.counters;
        vec![
            ("intake_messages", "Messages taken from the broker", counters.messages.get()),
            (
                "intake_connections",
                "Connections with every subscription granted",
                counters.intake_connections.get(),
            ),
            (
                "intake_connection_attempts",
                "Attempts to connect to the broker",
                counters.intake_attempts.get(),
            ),
            (
                "intake_stale_acknowledgements",
                "Acknowledgements of an earlier connection, discarded",
                counters.intake_stale_acks.get(),
            ),
            (
                "intake_overruns",
                "Messages given back because decoding stood still",
                counters.intake_overruns.get(),
            ),
        ]
    }

    fn observations(&self, books: &Books) -> Vec<(&'static str, &'static str, u64)> {
        let tally = *self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let counters = &self.counters;
        vec![
            ("observations_offered", "Observations and refused parts of messages", books.offered),
            ("observations_evaluated", "Observations that the monitor evaluated", books.evaluated),
            (
                "observations_conflated",
                "Observations replaced by a newer one of the same aircraft",
                books.conflated,
            ),
            (
                "observations_history",
                "Observations taken as history only: late or back-filled",
                tally.history,
            ),
            ("observations_duplicate", "Observations that came again", tally.duplicates),
            ("observations_not_live", "Observations too old for live checks", tally.not_live),
            (
                "alert_events_not_durable",
                "Alert events published before they were safe on disk",
                counters.alerts_not_durable.get(),
            ),
            (
                "alert_events_not_journaled",
                "Alert events that the journal did not take because too many waited for the disk",
                counters.alerts_not_journaled.get(),
            ),
            (
                "bypass_connections",
                "Times that the bypass took over while the disk failed",
                counters.bypass_connections.get(),
            ),
            ("bypass_messages", "Messages taken by the bypass", counters.bypass_messages.get()),
            (
                "bypass_dropped",
                "Messages of the bypass dropped because decoding was behind",
                counters.bypass_dropped.get(),
            ),
            ("alerts_published", "Alert messages that the broker confirmed", counters.alerts_published.get()),
            (
                "alerts_dropped",
                "Alert messages dropped because too many waited for the broker",
                counters.alerts_dropped.get(),
            ),
            ("feedback_published", "Feedback messages published", counters.feedback_published.get()),
        ]
    }

    fn encode_waiting(
        &self,
        books: &Books,
        encoder: &mut DescriptorEncoder<'_>,
    ) -> Result<(), std::fmt::Error> {
        let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let in_flight = i64::try_from(books.in_flight).unwrap_or(i64::MAX);
        for (name, help, value) in [
            ("observations_in_flight", "Observations on their way", in_flight),
            ("inbox_depth", "Observations that wait for the monitor", whole(self.inbox.depth())),
            (
                "intake_unacknowledged",
                "Messages that the broker keeps until they are evaluated and their alerts on disk",
                whole(self.intake.unacknowledged()),
            ),
        ] {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        Ok(())
    }
}

fn encode_refused(books: &Books, encoder: &mut DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
    let (name, help) = ("observations_refused", "Refused, by reason");
    let mut family = encoder.encode_descriptor(name, help, None, ConstCounter::new(0_u64).metric_type())?;
    for (reason, refused) in books.refused {
        ConstCounter::new(refused).encode(family.encode_family(&[("reason", reason.name())])?)?;
    }
    Ok(())
}
