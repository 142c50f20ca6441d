//! A set of changes that waits: to be looked at, to be agreed to by a second person, to be published.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::airspace::Words;
use crate::domain::Timestamp;

/// Where a draft stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DraftState {
    /// It can be changed, published and withdrawn.
    Open,
    /// It is in force, or was.
    Published,
    /// It was given up.
    Withdrawn,
}

impl DraftState {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Published => "PUBLISHED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }
}

/// What a draft is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewDraft {
    /// When.
    pub created_at: Timestamp,
    /// Who says that it was he.
    pub author: String,
    /// Why.
    pub reason: String,
    /// The changes as they were given.
    pub changes: Value,
    /// What they would change, as it was told when the draft was written.
    pub difference: Value,
    /// The version of each changed zone when the draft was made; absent: there was none.
    pub base: BTreeMap<String, Option<String>>,
    /// Of files that were changed by hand and are held: the version of the set that they make. The changes show what
    /// they would do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<String>,
    /// What somebody should look at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Words>,
}

/// A draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// Its name.
    pub draft_id: String,
    /// Where it stands.
    pub state: DraftState,
    /// What it is made of.
    #[serde(flatten)]
    pub new: NewDraft,
    /// Everybody who wrote on it: none of them can be the second person.
    pub authors: Vec<String>,
    /// Who published it, if that took a second person.
    pub approved_by: Option<String>,
    /// When it was published or withdrawn.
    pub closed_at: Option<Timestamp>,
    /// Who published or withdrew it.
    pub closed_by: Option<String>,
}

impl Draft {
    /// Whether this person wrote on it. Blanks and case make nobody another person.
    pub fn is_by(&self, person: &str) -> bool {
        self.authors.iter().any(|author| same_person(author, person))
    }
}

/// Whether two names are one person's.
fn same_person(a: &str, b: &str) -> bool {
    let plain = |name: &str| {
        let letters = name.chars().filter(|letter| !letter.is_whitespace());
        letters.flat_map(char::to_lowercase).collect::<String>()
    };
    plain(a) == plain(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p24_case_and_blanks_make_no_second_person() {
        assert!(same_person("Li Lei", " li  LEI"));
        assert!(!same_person("Li Lei", "Han Meimei"));
    }
}
