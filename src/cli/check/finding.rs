//! One thing that is wrong, told like a compiler tells it: the line `file:line:column: …`, and below it the text
//! itself with a caret.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::airspace::{Problem, ProblemSeverity};
use crate::config::Fault;

/// Most characters of a line that are shown.
const SHOWN_MAX: usize = 100;

/// The texts of the files, by name.
pub(super) type Sources = BTreeMap<String, Vec<u8>>;

/// One thing that is wrong.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Finding {
    pub(super) severity: ProblemSeverity,
    pub(super) file: String,
    /// From 1.
    pub(super) line: usize,
    /// In characters, from 1.
    pub(super) column: usize,
    /// A JSON path.
    pub(super) path: String,
    pub(super) message: String,
    pub(super) message_zh: String,
    /// What kind of thing it is.
    #[serde(skip)]
    pub(super) rule: &'static str,
}

impl From<Problem> for Finding {
    fn from(problem: Problem) -> Self {
        let Problem { severity, file, line, column, path, message, message_zh } = problem;
        let rule = match severity {
            ProblemSeverity::Error => "zone-error",
            ProblemSeverity::Warning => "zone-deviation",
        };
        Self { severity, file, line, column, path, message, message_zh, rule }
    }
}

impl Finding {
    /// A fault of a configuration; one of the environment has the place of the file's beginning.
    pub(super) fn of_fault(file: &str, fault: &Fault) -> Self {
        let (line, column) = fault.at.unwrap_or((1, 1));
        Self {
            severity: ProblemSeverity::Error,
            file: file.to_owned(),
            line,
            column,
            path: fault.path.clone(),
            message: fault.message.clone(),
            message_zh: fault.message_zh.clone(),
            rule: "configuration",
        }
    }

    /// Something wrong with a file or folder as a whole.
    pub(super) fn of_path(path: &Path, severity: ProblemSeverity, message: &str, message_zh: &str) -> Self {
        Self {
            severity,
            file: path.display().to_string(),
            line: 1,
            column: 1,
            path: "$".to_owned(),
            message: message.to_owned(),
            message_zh: message_zh.to_owned(),
            rule: "file",
        }
    }

    /// For people: the line that editors understand, the source with a caret, and the message in Chinese.
    pub(super) fn told(&self, sources: &Sources) -> String {
        let severity = match self.severity {
            ProblemSeverity::Error => "error",
            ProblemSeverity::Warning => "warning",
        };
        let Self { file, line, column, path, message, message_zh, .. } = self;
        let mut text = format!("{file}:{line}:{column}: {severity}: {message} ({path})\n");
        let margin = " ".repeat(line.to_string().len());
        if let Some((shown, caret)) = sources.get(file).and_then(|text| excerpt(text, *line, *column)) {
            // Writing to a String cannot fail.
            write!(text, " {margin} |\n {line} | {shown}\n {margin} | {caret}\n").unwrap_or_default();
        }
        write!(text, " {margin} = {message_zh}").unwrap_or_default();
        text
    }
}

/// The part of a line around a column, and a caret under it. Wide characters take two places on a terminal.
fn excerpt(text: &[u8], line: usize, column: usize) -> Option<(String, String)> {
    let found = text.split(|byte| *byte == b'\n').nth(line.checked_sub(1)?)?;
    // A line of megabytes is not decoded whole: a character has at most four bytes.
    let reach = column.saturating_add(SHOWN_MAX).saturating_mul(4).min(found.len());
    let decoded = String::from_utf8_lossy(found.get(..reach)?);
    let before = column.checked_sub(1)?;
    let start = before.saturating_sub(SHOWN_MAX / 2);
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let mut letters = decoded.chars().map(printable).skip(start);
    let lead: String = letters.by_ref().take(before - start).collect();
    let rest: String = letters.by_ref().take(SHOWN_MAX - lead.chars().count()).collect();
    let (from, to) = (if start > 0 { "…" } else { "" }, if letters.next().is_some() { "…" } else { "" });
    let caret = format!("{}^", " ".repeat(width(from) + width(&lead)));
    Some((format!("{from}{lead}{rest}{to}"), caret))
}

/// Places on a terminal.
fn width(text: &str) -> usize {
    let wide = |c: char| matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}');
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, line: usize, column: usize) -> (String, String) {
        excerpt(text.as_bytes(), line, column).unwrap()
    }

    #[test]
    fn the_caret_stands_under_the_column() {
        assert_eq!(shown("a\n\t\"b\": 1,\r\nc", 2, 7), (" \"b\": 1, ".into(), "      ^".into()));
        assert_eq!(shown("{\"名称\": 1}", 1, 8), ("{\"名称\": 1}".into(), "         ^".into()));
        assert!(excerpt(b"a", 2, 1).is_none());
        assert_eq!(shown("", 1, 1), (String::new(), "^".into()));
    }

    #[test]
    fn of_a_long_line_the_part_around_the_column_is_shown() {
        let line = format!("{}X{}", "a".repeat(1000), "b".repeat(100_000));
        let (shown, caret) = shown(&line, 1, 1001);
        assert!(shown.starts_with('…') && shown.ends_with('…') && shown.chars().count() == 102, "{shown}");
        assert_eq!(shown.chars().nth(caret.len() - 1), Some('X'));
    }
}
