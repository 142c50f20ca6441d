//! Changes of single zones, made in the documents that hold them: what is not touched stays as it was written.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::ZoneId;

use super::document::{Document, Envelope, Form, Loaded, Problem, ProblemSeverity, Reading, load_as};
use super::set::{Airspace, difference};
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
    let mut sheets = Sheets { files, open: BTreeMap::new() };
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
                put(&mut sheets, before, there, feature, own)
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
    Ok(Edited { files, touched, loaded, warnings })
}

fn put(
    sheets: &mut Sheets<'_>,
    before: Option<&Zone>,
    there: Option<&Zone>,
    feature: Value,
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
    let [feature] = sheet.features.as_slice() else {
        let (en, zh) = ("the version has not one zone", "该版本不是单个区域");
        return Err(vec![fault(&name, "$", en.into(), zh.into())]);
    };
    if let Some(zone) = before {
        let fits = sheets.sheet(&zone.document).map_err(|why| vec![why])?.says_the_same(&sheet);
        if fits {
            return sheets.replace(zone, Some(feature.clone())).map_err(|why| vec![why]);
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
    sheets.append_like(&name, &sheet, feature.clone()).map_err(|why| vec![why])
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

fn fault(file: &str, path: &str, message: String, message_zh: String) -> Problem {
    let severity = ProblemSeverity::Error;
    Problem { severity, file: file.into(), line: 1, column: 1, path: path.into(), message, message_zh }
}

/// Documents, those that are changed as their features.
struct Sheets<'f> {
    files: &'f [(String, Vec<u8>)],
    open: BTreeMap<String, Sheet>,
}

struct Sheet {
    envelope: Envelope,
    features: Vec<Value>,
}

impl Sheet {
    fn read(name: &str, text: &[u8]) -> Result<Self, Problem> {
        Envelope::take_apart(name, text).map(|(envelope, features)| Self { envelope, features }).ok_or_else(
            || {
                let (en, zh) = (
                    "the document cannot be edited here; edit the file",
                    "该文件无法在此编辑，请直接编辑文件",
                );
                fault(name, "$", en.into(), zh.into())
            },
        )
    }

    /// Whether a feature means the same in both.
    fn says_the_same(&self, other: &Self) -> bool {
        let said = |sheet: &Self, name: &str| sheet.envelope.members().get(name).cloned();
        let clock = |sheet: &Self| Some(said(sheet, "metadata")?.get("tz")?.clone());
        (self.envelope.form == Form::Ed318) == (other.envelope.form == Form::Ed318)
            && ["crs", "tz"].iter().all(|name| said(self, name) == said(other, name))
            && clock(self) == clock(other)
    }
}

impl Sheets<'_> {
    /// A document, opened; an empty one if there is none.
    fn sheet(&mut self, name: &str) -> Result<&mut Sheet, Problem> {
        if !self.open.contains_key(name) {
            let file = self.files.iter().find(|(file, _)| file == name);
            let sheet = match file {
                Some((_, text)) => Sheet::read(name, text)?,
                None => Sheet { envelope: Envelope::ed318(name), features: Vec::new() },
            };
            self.open.insert(name.to_owned(), sheet);
        }
        let gone = || fault(name, "$", "cannot be opened".into(), "无法打开".into());
        self.open.get_mut(name).ok_or_else(gone)
    }

    /// Puts something, or nothing, in the place of a zone.
    fn replace(&mut self, zone: &Zone, with: Option<Value>) -> Result<(), Problem> {
        let (name, text) = (zone.document.to_string(), zone.feature_json());
        let sheet = self.sheet(&name)?;
        let Some(place) = sheet.features.iter().map(ToString::to_string).position(|feature| feature == text)
        else {
            let (en, zh) = ("the zone is not found in its document any more", "在其文件中找不到该区域");
            return Err(fault(&name, "$", en.into(), zh.into()));
        };
        match with {
            Some(feature) => {
                if let Some(there) = sheet.features.get_mut(place) {
                    *there = feature;
                }
            }
            None => drop(sheet.features.remove(place)),
        }
        Ok(())
    }

    fn append(&mut self, name: &str, feature: Value) -> Result<(), Problem> {
        self.sheet(name)?.features.push(feature);
        Ok(())
    }

    /// As [`Self::append`]; a document that is not there is made like `model`.
    fn append_like(&mut self, name: &str, model: &Sheet, feature: Value) -> Result<(), Problem> {
        if !self.files.iter().any(|(file, _)| file == name) && !self.open.contains_key(name) {
            let mut envelope = model.envelope.clone();
            name.clone_into(&mut envelope.name);
            self.open.insert(name.to_owned(), Sheet { envelope, features: Vec::new() });
        }
        self.append(name, feature)
    }

    /// All documents by name, and the names of those that differ.
    fn written(self) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
        let mut all: BTreeMap<String, Vec<u8>> = self.files.iter().cloned().collect();
        let mut touched = Vec::new();
        for (name, Sheet { envelope, features }) in self.open {
            let features: Vec<String> = features.iter().map(Value::to_string).collect();
            let text = envelope.write(features.iter().map(String::as_str)).into_bytes();
            if all.get(&name) != Some(&text) {
                all.insert(name.clone(), text);
                touched.push(name);
            }
        }
        (all.into_iter().collect(), touched)
    }
}
