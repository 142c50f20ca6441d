//! The authority's zones, from documents to shapes that answer in a tenth of a microsecond.
//!
//! ```text
//! text ─► document (read, locate, check) ─► Zone { volumes: [Shape, limits] } ─► Airspace (R-tree)
//!                    └─► Problem at file:line:column and JSON path
//! ```

mod document;
mod set;
mod shape;
mod version;
mod zone;

pub use document::{Document, Loaded, Problem, ProblemSeverity, load, load_within};
pub use set::{Airspace, Difference, difference};
pub use shape::Shape;
pub use zone::{Volume, Zone, ZoneIx};
