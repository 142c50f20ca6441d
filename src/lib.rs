//! Low-altitude airspace monitoring: telemetry in, alerts out.
//!
//! ```text
//!                        config/, zone files, authority's edits
//!                                     │
//!                                     ▼
//!                               ┌──────────┐  validated, compiled, versioned
//!                               │ airspace │────────────────┐
//!                               └──────────┘                ▼
//!  MQTT ─► intake ─► wire ─► Observation ─► conflate ─► ┌─────────┐ ─► Effect ─► stream ─► WebSocket
//!                                                       │ monitor │                  MQTT out, REST
//!                                                       └─────────┘
//!                               time arrives as data ─────▲
//! ```
//!
//! The rooms, from the ground up; a room imports only those above it in this list.

pub mod domain;

pub mod geodesy;

pub mod wire;

pub mod airspace;

pub mod monitor;

pub mod journal;

pub mod zonebook;

pub mod history;

pub mod stream;

pub mod simulate;

pub mod config;

pub mod service;

pub mod console;

pub mod cli;
