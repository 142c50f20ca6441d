//! The authority's zones, from documents to shapes that answer in a tenth of a microsecond.
//!
//! ```text
//! text ─► document (read, locate, check) ─► Zone { volumes: [Shape, limits] } ─► Airspace (R-tree)
//!                    └─► Problem at file:line:column and JSON path
//! ```

mod approval;
mod comparison;
mod document;
mod edit;
mod exchange;
mod field_words;
mod protection;
mod question;
mod schedule;
mod set;
mod shape;
mod sheet;
mod terms;
mod version;
mod zone;

pub use approval::{Ground, Outside};
pub use comparison::{Area, Changed, Comparison, FieldChange, Words, compare};
pub use document::{
    Document, Envelope, Form, Loaded, Problem, ProblemSeverity, Reading, Strictness, load, load_as, schema,
};
pub use edit::{Change, EditError, Edited, edit};
pub use exchange::{Loss, Mapping, circles, plain, to_ed269};
pub use protection::area_m2;
pub use schedule::{Bound, Days, Hours, Part, Schedule, SunHours, Week};
pub use set::{Airspace, Difference, difference};
pub use shape::Shape;
pub use terms::{Cages, Named, Role, Terms, Who};
pub use zone::{Volume, Zone, ZoneIx};
