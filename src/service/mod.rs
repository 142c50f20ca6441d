//! Everything that touches the world: clock, MQTT, HTTP, files, wiring.

pub mod clock;
pub mod health;
pub mod http;
pub mod hub;
pub mod metrics;
