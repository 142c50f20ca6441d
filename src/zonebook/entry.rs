//! One line of the book: a zone became this version, by whom and why.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::airspace::Words;
use crate::domain::Timestamp;

/// What became of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Action {
    /// It is new.
    Created,
    /// It has another content.
    Changed,
    /// It is gone.
    Removed,
    /// It has a content that it had before.
    RolledBack,
    /// A person changed the file; a version is absent where the zone is gone.
    File,
}

impl Action {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Changed => "CHANGED",
            Self::Removed => "REMOVED",
            Self::RolledBack => "ROLLED_BACK",
            Self::File => "FILE",
        }
    }

    pub(super) fn of(name: &str) -> Self {
        match name {
            "CREATED" => Self::Created,
            "REMOVED" => Self::Removed,
            "ROLLED_BACK" => Self::RolledBack,
            "FILE" => Self::File,
            _ => Self::Changed,
        }
    }
}

/// What is to be noted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewEntry {
    /// When.
    pub at: Timestamp,
    /// Which zone.
    pub zone: String,
    /// What became of it.
    pub action: Action,
    /// Its version from then on; absent if it is gone.
    pub version: Option<String>,
    /// The version before, if there was one.
    pub was: Option<String>,
    /// Who says that it was he.
    pub author: String,
    /// Why.
    pub reason: String,
    /// The second person, where one agreed.
    pub approved_by: Option<String>,
    /// The draft of which it is part.
    pub draft_id: Option<String>,
    /// The file that holds the zone, or held it.
    pub file: Option<String>,
    /// The whole change in words.
    pub words: Option<Words>,
    /// Version of the whole set from then on.
    pub set_version: String,
    /// The version as a document of its own.
    pub document: Option<String>,
}

/// A line of the book.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Its number, from 1.
    pub n: i64,
    /// When.
    pub at: Timestamp,
    /// Which zone.
    pub id: String,
    /// What became of it.
    pub action: Action,
    /// Its version from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The version before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// Who says that it was he.
    pub author: String,
    /// Why.
    pub reason: String,
    /// The second person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// The draft of which it is part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft_id: Option<String>,
    /// The file that holds the zone, or held it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The whole change in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<Words>,
    /// Version of the whole set from then on.
    pub set_version: String,
    /// Hash over this entry and the seal of the one before.
    pub seal: String,
}

/// A version of a zone, with its document.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// When and by whom.
    pub entry: Entry,
    /// The zone as a document of its own.
    pub document: Option<String>,
}

/// The seal of an entry that follows one with the seal `before`.
pub(super) fn seal(before: &str, n: i64, new: &NewEntry) -> String {
    let mut digest = Sha256::new();
    let mut add = |text: &str| {
        digest.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
        digest.update(text);
    };
    add(before);
    add(&n.to_string());
    add(&new.at.as_micros().to_string());
    add(new.action.name());
    add(&new.zone);
    add(&new.author);
    add(&new.reason);
    add(&new.set_version);
    for text in [&new.version, &new.was, &new.approved_by, &new.draft_id, &new.file] {
        add(if text.is_some() { "1" } else { "0" });
        add(text.as_deref().unwrap_or_default());
    }
    let sum = digest.finalize();
    sum.iter()
        .take(16)
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}
