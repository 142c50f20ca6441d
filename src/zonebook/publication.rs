//! A publication under way: what the files are to hold, and what will be noted when they do.

use serde::{Deserialize, Serialize};

use super::entry::NewEntry;

/// A file that is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WrittenFile {
    /// Its name in the folder.
    pub name: String,
    /// What it held; absent: there was none.
    pub was: Option<String>,
    /// What it shall hold.
    pub now: String,
}

/// A publication.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Publication {
    /// The files.
    pub files: Vec<WrittenFile>,
    /// What is noted.
    pub entries: Vec<NewEntry>,
    /// The draft that is published, and by whom.
    pub draft: Option<(String, String)>,
}
