//! A place in a JSON document, made without allocation while reading and written out only for a problem.

use std::fmt::Write as _;

/// One step down into a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Member(String),
    Item(usize),
}

/// A place: the step from the place above it.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    above: Option<&'a At<'a>>,
    step: BorrowedStep<'a>,
}

#[derive(Debug, Clone, Copy)]
enum BorrowedStep<'a> {
    Root,
    Member(&'a str),
    Item(usize),
}

impl<'a> At<'a> {
    /// The document itself.
    pub(super) const ROOT: Self = Self { above: None, step: BorrowedStep::Root };

    /// A member of the object here.
    pub(super) fn member(&'a self, name: &'a str) -> Self {
        At { above: Some(self), step: BorrowedStep::Member(name) }
    }

    /// An item of the array here, from 0.
    pub(super) fn item(&'a self, number: usize) -> Self {
        At { above: Some(self), step: BorrowedStep::Item(number) }
    }

    /// The steps from the root.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut here = Some(self);
        while let Some(at) = here {
            match at.step {
                BorrowedStep::Root => {}
                BorrowedStep::Member(name) => steps.push(Step::Member(name.to_owned())),
                BorrowedStep::Item(number) => steps.push(Step::Item(number)),
            }
            here = at.above;
        }
        steps.reverse();
        steps
    }
}

/// The steps as a JSON path: `$.features[3].geometry`; a member that is no plain name is quoted.
pub(super) fn text(steps: &[Step]) -> String {
    let mut text = String::from("$");
    for step in steps {
        let written = match step {
            Step::Member(name)
                if name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.is_empty() =>
            {
                write!(text, ".{name}")
            }
            Step::Member(name) => write!(text, "[{name:?}]"),
            Step::Item(number) => write!(text, "[{number}]"),
        };
        // Writing to a String cannot fail.
        written.unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_json_path() {
        let features = At::ROOT.member("features");
        let third = features.item(3);
        assert_eq!(text(&third.member("geometry").steps()), "$.features[3].geometry");
        assert_eq!(text(&At::ROOT.member("a b\"").steps()), "$[\"a b\\\"\"]");
        assert_eq!(text(&At::ROOT.steps()), "$");
    }
}
