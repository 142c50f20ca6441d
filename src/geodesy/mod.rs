//! The shape of the Earth: local metres, geoid, satellite time, Chinese map shifts, daylight and the BeiDou grid.

mod bdt;
mod gcj02;
mod geoid;
mod grid_code;
mod grid_height;
mod heights;
mod metric;
mod sun;

pub use bdt::{TimeScale, WeekTime, week_time};
pub use gcj02::{
    bd09_from_gcj02, bd09_from_wgs84, gcj02_from_bd09, gcj02_from_wgs84, wgs84_from_bd09, wgs84_from_gcj02,
};
pub use geoid::egm96_undulation_m;
pub use grid_code::{GridCell, GridCodeError, grid_cell_2d, grid_cell_3d, grid_code_2d, grid_code_3d};
pub use heights::{amsl_from_hae_m, hae_from_amsl_m};
pub use metric::{LocalMetric, offset_m};
pub use sun::{SunEvent, SunTime, mean_noon, sun_time};
