//! The book of zones: every version, who made it and why, drafts that wait, and the publication that is under way.
//!
//! ```text
//! Publication (files, entries) ─► Book::begin ─► files are written ─► Book::finish
//!                                     └─ a crash in between: Book::unfinished tells, the files are written again
//! ```
//!
//! A version is kept as a document of its own, so that an alert that names zone and version can be judged again
//! wherever that document is read. Entries are chained: one that is changed or taken out is noticed.

mod book;
mod draft;
mod entry;
mod error;
mod publication;
mod schema;
#[cfg(test)]
mod tests;

pub use book::Book;
pub use draft::{Draft, DraftState, NewDraft};
pub use entry::{Action, Entry, Kept, NewEntry};
pub use error::BookError;
pub use publication::{Publication, WrittenFile};
