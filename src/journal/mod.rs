//! What must survive: alert events and their numbers, on disk before they are published.
//!
//! ```text
//! Entry ─► Journal ─► one writer thread, grouped commits ─► SQLite (WAL, synchronous = FULL)
//!             ▲                   │
//!             └──── Progress ◄────┘   Reader ─► history, page by page
//! ```
//!
//! When the disk fails, entries wait, the attempts go on, and [`Store::mark_unsafe`] notes in place that more was
//! published than is on disk. The same holds when it cannot even be opened: see [`Journal::open_late`]. A lost event is never just absent: it is a [`Hole`] with its reason. Every row has a
//! checksum, every number is accounted for, and the open alerts add up to a sum that every commit keeps.

mod backup;
mod book;
mod carve;
mod contract;
mod desk;
mod error;
mod file;
mod lock;
mod mark;
mod reader;
mod record;
mod recover;
mod salvage;
mod schema;
mod seal;
mod store;
mod verify;
mod writer;

pub use backup::backup;
pub use contract::{Condition, Entry, Hole, Progress, Recovered, Store};
pub use error::JournalError;
pub use reader::{AlertPage, AlertQuery, Page, Reader};
pub use store::{Journal, JournalSettings};
pub use verify::{Verdict, verify};
