//! Documents that are broken, each with the place that must be named; and deviations that are understood.

mod accepted;
mod broken;
mod hostile;
mod maps;
mod odd;
mod published;
mod shapes;
mod surfaces;
mod times;

use super::{Document, Loaded, Problem, ProblemSeverity, Reading, load, load_as};
use crate::airspace::Zone;

/// A document of one zone, whose parts the tests replace.
const GOOD: &str = r#"{"type": "FeatureCollection",
 "features": [
  {"type": "Feature",
   "geometry": {"type": "Polygon",
    "coordinates": [[[114.0, 22.5], [114.1, 22.5], [114.1, 22.6], [114.0, 22.6], [114.0, 22.5]]],
    "layer": {"lower": 0, "lowerReference": "AGL", "upper": 120, "upperReference": "AGL", "uom": "m"}},
   "properties": {"identifier": "Z1", "country": "CHN", "type": "PROHIBITED", "variant": "COMMON",
    "name": [{"text": "Harbour", "lang": "en-GB"}, {"text": "港口", "lang": "zh-CN"}], "reason": ["SENSITIVE"],
    "zoneAuthority": [{"purpose": "INFORMATION"}]}}]}"#;

const RING: &str = "[[114.0, 22.5], [114.1, 22.5], [114.1, 22.6], [114.0, 22.6], [114.0, 22.5]]";
const LAYER: &str =
    r#"{"lower": 0, "lowerReference": "AGL", "upper": 120, "upperReference": "AGL", "uom": "m"}"#;

fn load_one(text: &str) -> Loaded {
    load(&[Document { name: "zones.json", text: text.as_bytes() }])
}

/// Puts `new` in the place of `old`, which must be there.
fn with(old: &str, new: &str) -> String {
    assert!(GOOD.contains(old), "{old}");
    GOOD.replacen(old, new, 1)
}

/// [`GOOD`] with its geometry replaced.
fn geometry(text: &str) -> String {
    let start = GOOD.find("{\"type\": \"Polygon\"").unwrap();
    let end = GOOD.find(",\n   \"properties\"").unwrap();
    format!("{}{text}{}", &GOOD[..start], &GOOD[end..])
}

fn zone(text: &str) -> Zone {
    let loaded = load_one(text);
    let airspace = loaded.airspace.unwrap_or_else(|| panic!("{text}\n{:?}", loaded.problems));
    let mut zones = airspace.into_zones();
    zones.remove(0)
}

/// Takes out the `¶` before the value that is wrong; gives its line and column.
fn marked(text: &str) -> (String, usize, usize) {
    let before = text.split('¶').next().unwrap();
    assert_eq!(text.matches('¶').count(), 1, "{text}");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    (text.replace('¶', ""), line, column)
}

/// That the one problem of a severity is where the mark is, at `path`, and says `says`.
fn assert_problem(severity: ProblemSeverity, marked_text: &str, path: &str, says: &str) {
    let (text, line, column) = marked(marked_text);
    let loaded = load_one(&text);
    assert_eq!(
        loaded.airspace.is_none(),
        severity == ProblemSeverity::Error,
        "{text}\n{:?}",
        loaded.problems
    );
    let found: Vec<&Problem> =
        loaded.problems.iter().filter(|problem| problem.severity == severity).collect();
    let [problem] = found.as_slice() else { panic!("{text}\n{found:#?}") };
    assert_eq!(
        (problem.line, problem.column, problem.path.as_str()),
        (line, column, path),
        "{problem}\n{text}"
    );
    assert!(problem.message.contains(says), "{problem}\n{says}");
    assert!(!problem.message_zh.is_ascii(), "{problem:?}");
}

fn assert_error(marked_text: &str, path: &str, says: &str) {
    assert_problem(ProblemSeverity::Error, marked_text, path, says);
}

fn assert_warning(marked_text: &str, path: &str, says: &str) {
    assert_problem(ProblemSeverity::Warning, marked_text, path, says);
}
