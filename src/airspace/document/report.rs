//! Collects the problems of one document and finds their places at the end.

use super::locate::{lines_and_columns, offsets};
use super::path::{At, Step, text};
use super::problem::{Problem, ProblemSeverity};

/// Most problems of each severity that are told of one document; the others are counted.
const TOLD_MAX: usize = 100;

/// A message in English and Chinese.
pub(super) struct Message {
    pub(super) en: String,
    pub(super) zh: String,
}

impl Message {
    pub(super) fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }
}

/// The problems of one document so far.
#[derive(Default)]
pub(super) struct Report {
    told: Vec<Told>,
    errors: usize,
    warnings: usize,
}

struct Told {
    severity: ProblemSeverity,
    place: Place,
    message: Message,
}

enum Place {
    Path(Vec<Step>),
    Offset(usize),
}

impl Report {
    /// Notes a reason to refuse the document.
    pub(super) fn error(&mut self, at: &At<'_>, message: Message) {
        self.tell(ProblemSeverity::Error, || Place::Path(at.steps()), message);
    }

    /// Notes a deviation that is harmless.
    pub(super) fn warning(&mut self, at: &At<'_>, message: Message) {
        self.tell(ProblemSeverity::Warning, || Place::Path(at.steps()), message);
    }

    /// Notes a problem of the text itself.
    pub(super) fn of_text(&mut self, severity: ProblemSeverity, offset: usize, message: Message) {
        // What ends the reading is told however much was found before.
        match severity {
            ProblemSeverity::Error => self.errors += 1,
            ProblemSeverity::Warning => self.warnings += 1,
        }
        self.told.push(Told { severity, place: Place::Offset(offset), message });
    }

    pub(super) fn errors(&self) -> usize {
        self.errors
    }

    #[cfg(test)]
    pub(super) fn warnings(&self) -> usize {
        self.warnings
    }

    fn tell(&mut self, severity: ProblemSeverity, place: impl FnOnce() -> Place, message: Message) {
        let count = match severity {
            ProblemSeverity::Error => &mut self.errors,
            ProblemSeverity::Warning => &mut self.warnings,
        };
        *count += 1;
        let place = (*count <= TOLD_MAX).then(place);
        self.told.extend(place.map(|place| Told { severity, place, message }));
    }

    /// The problems in the order of the text.
    pub(super) fn finish(mut self, file: &str, document: &[u8]) -> Vec<Problem> {
        let path_of = |told: &Told| match &told.place {
            Place::Path(steps) => steps.clone(),
            Place::Offset(_) => Vec::new(),
        };
        self.told.sort_by_cached_key(path_of);
        let paths: Vec<Vec<Step>> = self.told.iter().map(path_of).collect();
        let mut placed: Vec<(usize, Vec<Step>, Told)> = offsets(document, &paths)
            .into_iter()
            .zip(paths)
            .zip(self.told)
            .map(|((found, path), told)| match told.place {
                Place::Path(_) => (found, path, told),
                Place::Offset(offset) => (offset, path, told),
            })
            .collect();
        placed.sort_by_key(|(offset, ..)| *offset);
        let sorted: Vec<usize> = placed.iter().map(|(offset, ..)| *offset).collect();
        let mut problems: Vec<Problem> = lines_and_columns(document, &sorted)
            .into_iter()
            .zip(placed)
            .map(|((line, column), (_, path, told))| {
                problem(told.severity, file, (line, column), &path, told.message)
            })
            .collect();
        for (severity, count, en, zh) in [
            (ProblemSeverity::Error, self.errors, "errors", "个错误"),
            (ProblemSeverity::Warning, self.warnings, "warnings", "个警告"),
        ] {
            let told = problems.iter().filter(|problem| problem.severity == severity).count();
            let more = count.saturating_sub(told);
            if more > 0 {
                let message = Message::new(format!("and {more} more {en}"), format!("另有 {more} {zh}"));
                problems.push(problem(severity, file, (1, 1), &[], message));
            }
        }
        problems
    }
}

fn problem(
    severity: ProblemSeverity,
    file: &str,
    (line, column): (usize, usize),
    path: &[Step],
    message: Message,
) -> Problem {
    Problem {
        severity,
        file: file.to_owned(),
        line,
        column,
        path: text(path),
        message: message.en,
        message_zh: message.zh,
    }
}
