//! Zone documents: text in, problems or an [`Airspace`] out.

mod bounded;
mod collection;
mod feature;
mod geometry;
mod json;
mod layer;
mod locate;
mod path;
mod period;
mod problem;
mod report;
mod ring;
mod simple;
#[cfg(test)]
mod tests;
mod words;

use crate::domain::BoundingBox;

use super::set::Airspace;

use collection::read;
use json::{Limits, Reader};
pub use problem::{Problem, ProblemSeverity};

/// A document as it was found.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// What problems call it: usually the file's name.
    pub name: &'a str,
    /// Its bytes.
    pub text: &'a [u8],
}

/// What became of a set of documents.
#[derive(Debug)]
pub struct Loaded {
    /// All zones of all documents; `None` if there is an error in any of them.
    pub airspace: Option<Airspace>,
    /// What is wrong, in the order of the documents and their texts.
    pub problems: Vec<Problem>,
}

/// Reads a set of ED-318 documents. The whole set is accepted, or nothing. A document without zones is a warning;
/// whether a set without zones makes sense is for the caller to say.
pub fn load(documents: &[Document<'_>]) -> Loaded {
    load_within(documents, None)
}

/// As [`load`], for a service area: a ring that lies in it only with latitude and longitude exchanged is an error.
pub fn load_within(documents: &[Document<'_>], service_area: Option<BoundingBox>) -> Loaded {
    let mut limits = Limits::default();
    let (mut zones, mut problems) = (Vec::new(), Vec::new());
    let mut refused = false;
    for document in documents {
        let text = document.text;
        let mut reader = Reader::new(document.name, &mut limits, service_area);
        zones.extend(read(text, &mut reader));
        refused |= reader.report.errors() > 0;
        problems.extend(reader.report.finish(document.name, text));
    }
    Loaded { airspace: (!refused).then(|| Airspace::new(zones)), problems }
}
