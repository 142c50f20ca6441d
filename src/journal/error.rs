//! Why the journal could not be opened or read, in words that say what to do.

use std::path::PathBuf;

/// Why the journal could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process has it.
    #[error(
        "{}: another lowsky ({holder}) uses this journal; stop it, or give each its own journal.dir. \
         该日志目录正被另一进程使用。",
        dir.display()
    )]
    Locked {
        /// The folder.
        dir: PathBuf,
        /// What the other one wrote about itself.
        holder: String,
    },
    /// Written by a newer program.
    #[error(
        "{}: has format {found}, this lowsky knows up to {known}; start the newer lowsky again, or restore a \
         backup of the older one. 日志由更新的版本写成，请使用新版本。",
        path.display()
    )]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this program reads.
        known: u32,
    },
    /// The file system refused.
    #[error("{}: {doing}: {error}; check the folder, its owner and the disk. 请检查目录、权限与磁盘。", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system says.
        error: std::io::Error,
    },
    /// The database refused.
    #[error("{}: {error}; check the disk, then `lowsky journal verify`. 请检查磁盘并校验日志。", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What it says.
        error: rusqlite::Error,
    },
    /// What lies there cannot be trusted.
    #[error("{}: damaged: {what}; see `lowsky journal verify`. 日志已损坏。", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// Why a look into the database gave nothing.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The content is wrong.
    Damage(String),
    /// Written by a newer program.
    Newer(u32),
    /// The database or the system refused.
    Refused(rusqlite::Error),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        if is_damage(&error) { Self::Damage(error.to_string()) } else { Self::Refused(error) }
    }
}

impl Trouble {
    /// The same for people, about the file at `path`.
    pub(super) fn at(self, path: &std::path::Path) -> JournalError {
        let path = path.to_owned();
        match self {
            Self::Damage(what) => JournalError::Damaged { path, what },
            Self::Newer(found) => JournalError::NewerFormat { path, found, known: super::schema::FORMAT },
            Self::Refused(error) => JournalError::Database { path, error },
        }
    }
}

/// Whether an error tells of wrong content, not of a disk that refuses.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, TypeMismatch, Unknown};
    match error.sqlite_error_code() {
        // A table or column that is not there reads as a general error.
        Some(code) => matches!(code, DatabaseCorrupt | NotADatabase | TypeMismatch | Unknown),
        // Text that is no UTF-8, a number where text should be, no row where one must be.
        None => true,
    }
}
