//! Reads what other hands wrote, as documents that the reader of zones takes.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Source, ZonesArgs, files};
use crate::airspace::{Document, Loaded, circles, load_as, plain};
use crate::cli::files::Failure;
use crate::config::Config;
use crate::service::zone_files;

/// Name and text of a document.
pub(super) type Text = (String, Vec<u8>);

/// The text of a file as a zone document; one that is a zone document already is not touched.
pub(super) fn read(file: &Path, source: &Source) -> Result<Text, Failure> {
    let name = file.display().to_string();
    let bytes = zone_files::read_one(file).map_err(|error| Failure::Input(error.to_string()))?;
    let is_table = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    if is_table {
        let text = String::from_utf8(bytes).map_err(|error| {
            Failure::Input(format!("{name}:1:1: error: not UTF-8: {error}. 文件不是 UTF-8 编码"))
        })?;
        let mut document = circles(&text, &source.mapping()).map_err(|wrong| {
            let line = |(line, column, what): &(usize, usize, String)| {
                format!("{name}:{line}:{column}: error: {what}")
            };
            Failure::Input(wrong.iter().map(line).collect::<Vec<_>>().join("\n"))
        })?;
        say_crs(&mut document, source);
        return Ok((name, pretty(&document)));
    }
    // What is no JSON is told by the reader of zones, with its place.
    let Ok(mut document) = serde_json::from_slice::<Value>(&bytes) else { return Ok((name, bytes)) };
    let is_plain = is_plain(&document);
    if is_plain {
        document = plain(&document, &source.mapping());
    }
    let said = say_crs(&mut document, source);
    Ok((name, if is_plain || said { pretty(&document) } else { bytes }))
}

/// GeoJSON of which no feature says what it asks by the words of ED-318 or ED-269.
fn is_plain(document: &Value) -> bool {
    if document.get("UASZoneList").is_some() {
        return false;
    }
    let features = document.get("features").and_then(Value::as_array);
    let features = features.map_or(std::slice::from_ref(document), Vec::as_slice);
    let knows = |feature: &Value| {
        let inner = feature.get("properties").unwrap_or(feature);
        let inner = inner.get("UASZone").unwrap_or(inner);
        inner.get("identifier").is_some() || feature.get("restriction").is_some()
    };
    let is_feature = |feature: &Value| feature.get("type") == Some(&json!("Feature"));
    features.iter().all(is_feature) && !features.iter().any(knows)
}

/// Adds what the coordinates are to a document that does not say it.
fn say_crs(document: &mut Value, source: &Source) -> bool {
    let (Some(crs), Some(members)) = (&source.crs, document.as_object_mut()) else { return false };
    if members.contains_key("crs") {
        return false;
    }
    members.insert("crs".to_owned(), json!(crs));
    true
}

fn pretty(document: &Value) -> Vec<u8> {
    let features = document.get("features").and_then(Value::as_array).cloned().unwrap_or_default();
    let lines: Vec<String> = features.iter().map(ToString::to_string).collect();
    let others = document.as_object().into_iter().flatten().filter(|(name, _)| *name != "features");
    written(others, "features", &lines).into_bytes()
}

/// A document, one zone a line: differences are read by lines.
pub(super) fn written<'m>(
    outer: impl IntoIterator<Item = (&'m String, &'m Value)>,
    list: &str,
    lines: &[String],
) -> String {
    let outer: Vec<String> =
        outer.into_iter().map(|(name, value)| format!("{}: {value},\n", json!(name))).collect();
    format!("{{\n{}{}: [\n{}\n]\n}}\n", outer.concat(), json!(list), lines.join(",\n"))
}

impl ZonesArgs {
    pub(super) fn settings(&self) -> Result<Config, Failure> {
        let mut config = files::configuration(self.config.as_deref())?;
        if let Some(dir) = &self.dir {
            config.zones.dir.clone_from(dir);
        }
        Ok(config)
    }
}

/// The documents of a folder, or a file.
pub(super) fn documents(path: &Path) -> Result<Vec<Text>, Failure> {
    let refused = |error: zone_files::ZoneFilesError| Failure::Input(error.to_string());
    if !path.is_dir() {
        return Ok(vec![(path.display().to_string(), zone_files::read_one(path).map_err(refused)?)]);
    }
    let named = |(name, text): Text| (path.join(name).display().to_string(), text);
    match zone_files::read(path) {
        Ok(files) => Ok(files.into_iter().map(named).collect()),
        Err(zone_files::ZoneFilesError::Empty(_)) => Ok(Vec::new()),
        Err(error) => Err(refused(error)),
    }
}

/// Documents as a set; what is wrong with them goes to standard error.
pub(super) fn load(texts: &[Text], config: &Config) -> Loaded {
    let documents: Vec<_> = texts.iter().map(|(name, text)| Document { name, text }).collect();
    load_as(&documents, config.reading())
}

/// As [`load`], of what has to be good.
pub(super) fn load_good(texts: &[Text], config: &Config) -> Result<Loaded, Failure> {
    let loaded = load(texts, config);
    if loaded.airspace.is_some() {
        return Ok(loaded);
    }
    let lines: Vec<_> = loaded.problems.iter().map(ToString::to_string).collect();
    Err(Failure::Input(lines.join("\n")))
}

/// Writes a file beside its place and moves it there, so that a watcher never sees half of it.
pub(super) fn put(path: &Path, text: &[u8]) -> Result<(), Failure> {
    let cannot =
        |error: std::io::Error| Failure::Input(format!("{}: cannot be written: {error}", path.display()));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let fresh: PathBuf = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    std::fs::write(&fresh, text).map_err(cannot)?;
    std::fs::rename(&fresh, path).map_err(|error| {
        // What cannot be moved is of no use to anybody.
        drop(std::fs::remove_file(&fresh));
        cannot(error)
    })
}
