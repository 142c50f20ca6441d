//! The authority's zones, from documents to shapes that answer in microseconds.

mod compiled;

pub use compiled::{Airspace, Shape, Volume, Zone, ZoneIx};
