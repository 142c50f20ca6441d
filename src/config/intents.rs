//! `[intents]`: whose operation intents authorise flights.

use serde::{Deserialize, Serialize};

/// Who may authorise. Nobody by default: any sender could lift the authority's zones for itself otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Intents {
    /// Operators whose intents lift zones that ask for an authorisation, for every aircraft that they name. `*`: every
    /// operator's, for its own aircraft.
    pub authorities: Vec<String>,
}
