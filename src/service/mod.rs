//! Everything that touches the world: clock, MQTT, HTTP, files, wiring.

pub mod ack_window;
#[cfg(feature = "embedded-broker")]
pub mod broker;
pub mod bypass;
pub mod clock;
pub mod conflate;
pub mod counters;
pub mod daemon;
pub mod descriptors;
pub mod evaluator;
pub mod feedback;
pub mod feedback_desk;
mod figures;
pub mod gate;
pub mod geotiff;
pub mod health;
pub mod http;
pub mod hub;
pub mod inbox;
pub mod intake;
pub mod journaling;
pub mod link;
pub mod metrics;
pub mod outbox;
mod outgoing;
pub mod outlet;
pub mod publisher;
mod reason_text;
pub mod status;
pub mod storage;
pub mod terrain_files;
pub mod watch_zones;
pub mod zone_files;
pub mod zone_keeper;
