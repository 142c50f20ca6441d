//! What must survive: alert events and their numbers, on disk before they are published.
//!
//! ```text
//! Entry ─► Journal ─► one writer thread, grouped commits ─► SQLite (WAL, synchronous = FULL)
//!             ▲                   │
//!             └──── Progress ◄────┘   Reader ─► history, page by page
//! ```

mod contract;

pub use contract::{Condition, Entry, Progress, Recovered, Store};
