//! The shape of the Earth: local metres, geoid, Chinese map shifts and the BeiDou grid.

mod metric;

pub use metric::{LocalMetric, offset_m};
