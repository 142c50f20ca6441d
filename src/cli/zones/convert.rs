//! `lowsky zones convert` and `export`: documents in another form, on WGS 84.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::source::{self, Text};
use super::{Source, To, ZonesArgs};
use crate::airspace::{Envelope, Loaded, Loss, Zone, to_ed269};
use crate::cli::files::{self, Failure};
use crate::config::Config;

/// Writes one file in another form.
pub(super) fn convert(
    args: &ZonesArgs,
    (file, reading): (&Path, &Source),
    to: To,
    out: &PathBuf,
) -> Result<ExitCode, Failure> {
    let config = args.settings()?;
    write(&[source::read(file, reading)?], &config, to, out)
}

/// Writes all zones of the folder as one document.
pub(super) fn export(args: &ZonesArgs, to: To, out: &PathBuf) -> Result<ExitCode, Failure> {
    let config = args.settings()?;
    write(&source::documents(&config.zones.dir)?, &config, to, out)
}

#[expect(clippy::print_stderr, reason = "what is lost is told beside the document")]
fn write(texts: &[Text], config: &Config, to: To, out: &PathBuf) -> Result<ExitCode, Failure> {
    let loaded = source::load_good(texts, config)?;
    for problem in &loaded.problems {
        eprintln!("{problem}");
    }
    let (text, losses) = match to {
        To::Ed318 => (ed318(&loaded), Vec::new()),
        To::Ed269 => ed269(&loaded),
    };
    for loss in &losses {
        eprintln!("lost 损失: {loss}");
    }
    // What was written must be what was read.
    let name = format!("the converted {}", texts.first().map_or("document", |(name, _)| name));
    let again = source::load_good(&[(name, text.clone().into_bytes())], config)?;
    let (zones, wanted) = (count(&again), count(&loaded));
    if zones != wanted {
        return Err(Failure::Input(format!("of {wanted} zones {zones} could be written. 部分区域无法写出")));
    }
    if out == Path::new("-") {
        let written = files::output(out)?.write_all(text.as_bytes());
        written.map_err(|error| Failure::Outside(format!("cannot be written: {error}")))?;
    } else {
        source::put(out, text.as_bytes())?;
        eprintln!("{wanted} zones in {}. 已写出 {wanted} 个区域。", out.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn count(loaded: &Loaded) -> usize {
    zones(loaded).len()
}

fn zones(loaded: &Loaded) -> &[Zone] {
    loaded.airspace.as_ref().map_or(&[], |airspace| airspace.zones())
}

/// Members beside the zones of a single document are kept, but for what its coordinates were.
fn ed318(loaded: &Loaded) -> String {
    let features: Vec<String> = zones(loaded).iter().map(|zone| feature(zone).to_string()).collect();
    let mut outer = Map::new();
    outer.insert("type".into(), json!("FeatureCollection"));
    if let [envelope] = loaded.envelopes.as_slice() {
        let kept = |name: &str| !matches!(name, "type" | "features" | "UASZoneList" | "crs");
        let members = envelope.members().iter().filter(|(name, _)| kept(name));
        outer.extend(members.map(|(name, value)| (name.clone(), value.clone())));
        if let Some(metadata) = outer.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("crs");
        }
    }
    source::written(&outer, "features", &features)
}

/// The feature under the identifier by which it is known: that of ED-269 may be there twice.
fn feature(zone: &Zone) -> Value {
    let mut feature = zone.geojson();
    if let Some(properties) = feature.get_mut("properties").and_then(Value::as_object_mut)
        && properties.contains_key("identifier")
    {
        properties.insert("identifier".into(), json!(zone.id.as_str()));
    }
    feature
}

fn ed269(loaded: &Loaded) -> (String, Vec<Loss>) {
    let (mut lines, mut losses) = (Vec::new(), Vec::new());
    for zone in zones(loaded) {
        let (mut written, lost) = to_ed269(zone);
        if let Some(members) = written.as_object_mut() {
            members.insert("identifier".into(), json!(zone.id.as_str()));
        }
        lines.push(written.to_string());
        losses.extend(lost);
    }
    let mut outer = Map::new();
    if let Some(title) = loaded.envelopes.first().and_then(title) {
        outer.insert("title".into(), title);
    }
    (source::written(&outer, "features", &lines), losses)
}

fn title(envelope: &Envelope) -> Option<Value> {
    ["title", "name"]
        .iter()
        .find_map(|name| envelope.members().get(*name))
        .filter(|title| title.is_string())
        .cloned()
}
