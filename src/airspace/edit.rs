//! Changes of single zones, made in the documents that hold them: what is not touched stays as it was written.

use serde_json::Value;

use crate::domain::ZoneId;

use super::document::{Document, Loaded, Problem, ProblemSeverity, Reading, load_as};
use super::question::shifted;
use super::set::{Airspace, difference};
use super::sheet::{Sheet, Sheets};
use super::zone::Zone;

/// Makes a document of a feature; the feature begins a line, so that its columns stay.
const BEFORE: &str = "{\"type\":\"FeatureCollection\",\"features\":[\n";
const AFTER: &str = "\n]}";

/// One change of one zone.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The zone shall be this ED-318 feature on WGS 84, whether it is there or not.
    Put {
        /// Which zone.
        id: ZoneId,
        /// What it shall be.
        feature: Value,
    },
    /// The zone, as a document with this one feature wrote it: also of other forms and maps.
    Restore {
        /// Which zone.
        id: ZoneId,
        /// The document.
        document: String,
    },
    /// The zone shall be gone.
    Delete {
        /// Which zone.
        id: ZoneId,
    },
}

/// Why changes cannot be made. Nothing of them is.
#[derive(Debug, Clone, PartialEq)]
pub enum EditError {
    /// A feature is not a zone, or not the one that it is said to be; with the number of the change.
    Feature(usize, Vec<Problem>),
    /// There is no zone of that name to be removed; with the number of the change.
    NoZone(usize, ZoneId),
    /// The same zone is changed twice.
    Twice(ZoneId),
    /// The documents would not be good any more.
    Documents(Vec<Problem>),
}

/// The documents with the changes.
#[derive(Debug)]
pub struct Edited {
    /// Name and content of every document, by name.
    pub files: Vec<(String, Vec<u8>)>,
    /// Names of those that differ.
    pub touched: Vec<String>,
    /// What they mean.
    pub loaded: Loaded,
    /// Warnings about the features.
    pub warnings: Vec<(usize, Problem)>,
}

impl Change {
    /// The zone that is changed.
    pub fn id(&self) -> &ZoneId {
        match self {
            Self::Put { id, .. } | Self::Restore { id, .. } | Self::Delete { id } => id,
        }
    }
}

/// Makes `changes` in the documents `files`, of which `live` was made. Zones that no document holds go into the one
/// called `own`, which is made if need be. All is read as `reading` says.
pub fn edit(
    files: &[(String, Vec<u8>)],
    live: &Airspace,
    changes: &[Change],
    own: &str,
    reading: Reading,
) -> Result<Edited, EditError> {
    let mut sheets = Sheets::of(files);
    let mut warnings = Vec::new();
    for (number, change) in changes.iter().enumerate() {
        let id = change.id();
        if changes.iter().take(number).any(|other| other.id() == id) {
            return Err(EditError::Twice(id.clone()));
        }
        let before = live.zone_by_id(id.as_str());
        match change {
            Change::Delete { .. } => {
                let zone = before.ok_or_else(|| EditError::NoZone(number, id.clone()))?;
                sheets.replace(zone, None).map_err(|problem| EditError::Documents(vec![problem]))?;
            }
            Change::Put { feature, .. } => {
                let feature = own_feature(feature);
                let told = check(id, &feature, reading).map_err(|why| EditError::Feature(number, why))?;
                warnings.extend(told.into_iter().map(|problem| (number, problem)));
                // In a document of another form or map the feature would mean something else.
                let there = before.filter(|zone| zone.feature() == zone.geojson());
                put(&mut sheets, before, there, &feature, own)
                    .map_err(|why| EditError::Documents(vec![why]))?;
            }
            Change::Restore { document, .. } => {
                let problems = restore(&mut sheets, before, document, own);
                problems.map_err(|why| EditError::Feature(number, why))?;
            }
        }
    }
    let (files, touched) = sheets.written();
    let documents: Vec<_> = files.iter().map(|(name, text)| Document { name, text }).collect();
    let loaded = load_as(&documents, reading);
    let errors = || {
        let errors = loaded.problems.iter().filter(|problem| problem.severity == ProblemSeverity::Error);
        EditError::Documents(errors.cloned().collect())
    };
    let new = loaded.airspace.as_ref().ok_or_else(errors)?;
    let found = difference(live, new);
    let mut touched_ids = found.added.iter().chain(&found.changed).chain(&found.removed);
    if let Some(id) = touched_ids.find(|id| !changes.iter().any(|change| change.id() == *id)) {
        let (en, zh) = (
            format!("zone `{id}` would change as well: its document cannot be edited here; edit the file"),
            format!("区域 “{id}” 也会随之改变：其文件无法在此编辑，请直接编辑文件"),
        );
        return Err(EditError::Documents(vec![fault(id.as_str(), "$", en, zh)]));
    }
    warnings.extend(shifted(changes, live, new));
    Ok(Edited { files, touched, loaded, warnings })
}

fn put(
    sheets: &mut Sheets<'_>,
    before: Option<&Zone>,
    there: Option<&Zone>,
    feature: &Value,
    own: &str,
) -> Result<(), Problem> {
    match (there, before) {
        (Some(zone), _) => sheets.replace(zone, Some(feature)),
        (None, before) => {
            if let Some(zone) = before {
                sheets.replace(zone, None)?;
            }
            sheets.append(own, feature)
        }
    }
}

/// Puts a zone back as its own document had it, into the place where it is if that fits, else into one of its own kind.
fn restore(
    sheets: &mut Sheets<'_>,
    before: Option<&Zone>,
    document: &str,
    own: &str,
) -> Result<(), Vec<Problem>> {
    let name = own.to_owned();
    let sheet = Sheet::read(&name, document.as_bytes()).map_err(|problem| vec![problem])?;
    let Some(feature) = sheet.only_feature() else {
        let (en, zh) = ("the version has not one zone", "该版本不是单个区域");
        return Err(vec![fault(&name, "$", en.into(), zh.into())]);
    };
    if let Some(zone) = before {
        let fits = sheets.sheet(&zone.document).map_err(|why| vec![why])?.says_the_same(&sheet);
        if fits {
            return sheets.replace(zone, Some(&feature)).map_err(|why| vec![why]);
        }
        sheets.replace(zone, None).map_err(|why| vec![why])?;
    }
    let mut name = own.to_owned();
    let (stem, ending) = own.rsplit_once('.').unwrap_or((own, "geojson"));
    for n in 2..100 {
        if sheets.sheet(&name).map_or(true, |there| there.says_the_same(&sheet)) {
            break;
        }
        name = format!("{stem}-{n}.{ending}");
    }
    sheets.append_like(&name, &sheet, &feature).map_err(|why| vec![why])
}

/// What is wrong with a feature by itself, on paths of its own; warnings if it is good.
fn check(id: &ZoneId, feature: &Value, reading: Reading) -> Result<Vec<Problem>, Vec<Problem>> {
    let text = format!("{BEFORE}{feature}{AFTER}");
    let loaded = load_as(&[Document { name: id.as_str(), text: text.as_bytes() }], reading);
    let own = |problem: Problem| Problem {
        line: problem.line.saturating_sub(1).max(1),
        path: problem
            .path
            .strip_prefix("$.features[0]")
            .map_or_else(|| problem.path.clone(), |rest| format!("${rest}")),
        ..problem
    };
    let problems: Vec<Problem> = loaded.problems.into_iter().map(own).collect();
    let Some(airspace) = loaded.airspace else {
        return Err(problems);
    };
    match airspace.zones() {
        [zone] if zone.id == *id => Ok(problems),
        zones => {
            let found = zones.first().map_or("", |zone| zone.id.as_str());
            let (en, zh) = (
                format!("`identifier` is `{found}`, the zone that is changed is `{id}`"),
                format!("“identifier” 为 “{found}”，而要修改的区域是 “{id}”"),
            );
            Err(vec![fault(id.as_str(), "$.properties.identifier", en, zh)])
        }
    }
}

/// The feature without what the service said of it when it was read.
fn own_feature(feature: &Value) -> Value {
    let mut feature = feature.clone();
    if let Value::Object(members) = &mut feature {
        members.shift_remove("lowsky");
    }
    feature
}

pub(super) fn fault(file: &str, path: &str, message: String, message_zh: String) -> Problem {
    let severity = ProblemSeverity::Error;
    Problem { severity, file: file.into(), line: 1, column: 1, path: path.into(), message, message_zh }
}
