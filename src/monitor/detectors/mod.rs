//! The detectors: one file each, and one line here.
//!
//! A detector is asked about one aircraft. It says what holds now; it keeps no memory and knows nothing of
//! raising and clearing, which is the ledger's affair.

mod c2_lost;
mod conformance;
mod controlled;
mod emergency;
mod geocage_exit;
mod height_limit;
mod lost_link;
mod low_battery;
mod position_integrity;
mod separation;
mod speed_limit;
mod time_skew;
mod zone_incursion;

pub(super) use lost_link::WORSE_S;
pub use low_battery::LOW_BATTERY_URGENT_SHARE;
pub(super) use zone_incursion::path_bounds;

use super::scene::{Found, Scene};

/// Appends what holds for the aircraft of the scene.
pub(super) type Detector = fn(&Scene<'_>, &mut Found);

/// All detectors, in alphabetical order.
pub(super) const REGISTRY: &[Detector] = &[
    c2_lost::assess,
    conformance::assess,
    controlled::assess,
    emergency::assess,
    geocage_exit::assess,
    height_limit::assess,
    lost_link::assess,
    low_battery::assess,
    position_integrity::assess,
    separation::assess,
    speed_limit::assess,
    time_skew::assess,
    zone_incursion::assess,
];

/// Those that ask zones, in alphabetical order.
pub(super) const OF_ZONES: &[Detector] =
    &[controlled::assess, geocage_exit::assess, height_limit::assess_zones, zone_incursion::assess];
