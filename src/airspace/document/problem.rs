//! What is wrong with a zone document, and where.

use serde::Serialize;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProblemSeverity {
    /// The set of documents is refused.
    Error,
    /// The document deviates from its standard, but what it means is clear and nothing is left unprotected.
    Warning,
}

/// One problem of one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Whether it makes the documents unusable.
    pub severity: ProblemSeverity,
    /// The document's name as it was given.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Where in the document, such as `$.features[3].geometry.coordinates[0][2]`.
    pub path: String,
    /// What was found and what to do, in English.
    pub message: String,
    /// The same in Chinese.
    pub message_zh: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let severity = match self.severity {
            ProblemSeverity::Error => "error",
            ProblemSeverity::Warning => "warning",
        };
        let Self { file, line, column, path, message, .. } = self;
        write!(f, "{file}:{line}:{column}: {severity}: {message} ({path})")
    }
}
