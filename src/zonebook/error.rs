//! Why the book of zones could not be opened, read or written.

use std::path::PathBuf;

/// Why the book could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The database refused.
    #[error("{}: {error}; check the disk and the folder. 请检查磁盘与目录。", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What it says.
        error: rusqlite::Error,
    },
    /// Written by a newer program.
    #[error("{}: has format {found}, this lowsky knows {known}; start the newer lowsky again. 请使用新版本。", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The format of this program.
        known: u32,
    },
    /// An entry was changed or taken out behind the program's back.
    #[error("{}: entry {n} does not fit the one before it: the book was changed by another hand. 区域簿被改动。", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Number of the entry.
        n: i64,
    },
    /// A bound of the book.
    #[error("{0}")]
    Full(String),
}
