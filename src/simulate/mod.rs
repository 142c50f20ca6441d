//! A simulated fleet and scripted encounters, as a source of wire messages.
//!
//! ```text
//!  Path ─► Craft (what goes wrong) ─► Report ─► JSON or NMEA ─► WireMessage
//!            ▲                 ▲
//!   background, incidents   scenario file
//! ```
//!
//! Nothing here reads a clock: messages carry the time at which they are to be published. The same settings
//! give the same bytes, however the steps are cut.

mod background;
mod craft;
mod fleet;
mod incidents;
mod path;
mod plan;
mod report;
mod scenario;
mod scenario_zones;

pub use fleet::{Fleet, FleetSettings, WireMessage};
pub use incidents::{Incident, incidents};
pub use scenario::{Expectation, Others, Scenario};

use craft::Format;

/// The topic on which an aircraft reports in a format.
fn telemetry_topic(prefix: &str, format: Format, operator: &str, uas_id: &str) -> String {
    let kind = match format {
        Format::Json => "telemetry",
        Format::Nmea => "nmea",
    };
    format!("{prefix}/{kind}/{operator}/{uas_id}")
}
