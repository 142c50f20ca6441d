//! Zone documents: text in, problems or an [`Airspace`] out.

mod applicability;
mod authority;
mod bounded;
mod collection;
mod crs;
mod daily;
mod ed269;
mod envelope;
mod extent;
mod feature;
mod geometry;
mod instant;
mod json;
mod layer;
mod locate;
mod neighbours;
mod path;
mod problem;
mod report;
mod ring;
mod schema;
mod simple;
mod spelling;
mod standard;
mod surfaces;
mod terms;
#[cfg(test)]
mod tests;
mod tidy;
mod words;

use serde::{Deserialize, Serialize};

use crate::domain::BoundingBox;

use super::set::Airspace;
use super::shape::Point;

use collection::read;
pub(in crate::airspace) use crs::Crs;
pub use envelope::{Envelope, Form};
use json::{Limits, Reader};
pub(in crate::airspace) use locate::items;
pub use problem::{Problem, ProblemSeverity};
pub use schema::schema;

/// A document as it was found.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// What problems call it: usually the file's name.
    pub name: &'a str,
    /// Its bytes.
    pub text: &'a [u8],
}

/// What is done with a document that deviates from its standard in a way whose meaning is clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strictness {
    /// It is read, and each deviation is told as a warning.
    #[default]
    Tolerant,
    /// It is refused.
    Strict,
}

/// How documents are read.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Reading {
    /// A ring that lies in it only with latitude and longitude exchanged is an error.
    pub service_area: Option<BoundingBox>,
    /// What deviations mean.
    pub strictness: Strictness,
}

/// What became of a set of documents.
#[derive(Debug)]
pub struct Loaded {
    /// All zones of all documents; `None` if there is an error in any of them.
    pub airspace: Option<Airspace>,
    /// What is wrong, in the order of the documents and their texts.
    pub problems: Vec<Problem>,
    /// What the documents hold beside their zones, in their order, to write them again.
    pub envelopes: Vec<Envelope>,
}

/// Reads a set of ED-318 and ED-269 documents. The whole set is accepted, or nothing. A document without zones is a
/// warning; whether a set without zones makes sense is for the caller to say.
pub fn load(documents: &[Document<'_>]) -> Loaded {
    load_as(documents, Reading::default())
}

/// As [`load`], with a service area and a word about deviations.
pub fn load_as(documents: &[Document<'_>], reading: Reading) -> Loaded {
    let mut limits = Limits::default();
    let (mut zones, mut problems, mut envelopes) = (Vec::new(), Vec::new(), Vec::new());
    let (mut refused, mut corners) = (false, Vec::new());
    for document in documents {
        let text = document.text;
        let mut reader = Reader::new(document.name, &mut limits, reading);
        let (read, envelope) = read(text, &mut reader);
        corners.push(read.iter().flat_map(neighbours::corners).collect());
        zones.extend(read);
        envelopes.push(envelope);
        refused |= reader.report.errors() > 0;
        problems.extend(reader.report.finish(document.name, text));
    }
    problems.extend(shifted(&corners, &envelopes));
    Loaded { airspace: (!refused).then(|| Airspace::new(zones)), problems, envelopes }
}

/// Questions about documents that look shifted, unless they say what their coordinates are.
fn shifted<'e>(corners: &'e [Vec<Point>], envelopes: &'e [Envelope]) -> impl Iterator<Item = Problem> + 'e {
    neighbours::suspicions(corners).into_iter().filter_map(|suspicion| {
        let neighbours::Suspicion { document, map, meeting, neighbour } = suspicion;
        let (envelope, other) = (envelopes.get(document)?, envelopes.get(neighbour)?);
        let says = envelope.members().contains_key("crs");
        (!says).then(|| Problem {
            severity: ProblemSeverity::Warning,
            file: envelope.name.clone(),
            line: 1,
            column: 1,
            path: format!("$.{}", envelope.form.list()),
            message: format!(
                "drawn on a {map} map? {meeting} of its corners would lie on those of {} after that shift; \
                 if so, add \"crs\", else \"crs\": \"WGS84\"",
                other.name
            ),
            message_zh: format!(
                "是否绘于 {map} 底图？去除偏移后有 {meeting} 个角点与 {} 重合；若是，请注明 “crs”，否则注明 “crs”: “WGS84”",
                other.name
            ),
        })
    })
}

/// Whether corners look shifted against others: the map that they look drawn on, and how many would meet after that shift.
pub(super) fn looks_shifted(corners: Vec<Point>, others: Vec<Point>) -> Option<(&'static str, usize)> {
    let found = neighbours::suspicions(&[corners, others]);
    found.first().filter(|found| found.document == 0).map(|found| (found.map, found.meeting))
}

/// A zone's feature as ED-318 on WGS 84.
pub(super) fn geojson(feature: serde_json::Value, crs: Crs) -> serde_json::Value {
    let mut feature = match feature.as_object() {
        Some(zone) if ed269::is_zone(&feature) => ed269::to_ed318(zone),
        Some(_) | None => feature,
    };
    tidy::tidy(&mut feature);
    if let Some(geometry) = feature.get_mut("geometry") {
        crs.geometry_to_wgs84(geometry);
    }
    feature
}
