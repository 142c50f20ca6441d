//! Typed settings of the whole program, from TOML text and the environment.
//!
//! Every key has a documented default, so an empty text is a valid configuration. Every fault says where it stands,
//! and an unknown key which known key is nearest.

mod basemap;
mod fault;
mod ground;
mod history;
mod intents;
mod ranges;
mod read;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::airspace::{Reading, Strictness};
use crate::domain::BoundingBox;
use crate::monitor::{ControlledDefault, Lifecycle, Limits, Separation, Settings, default_separation};

pub use fault::{Fault, line_and_column};
pub use ground::Ground;
pub use history::History;
pub use intents::Intents;
use read::Source;

/// The MQTT broker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mqtt {
    /// `mqtt://host:port`.
    pub url: String,
    /// First levels of every topic.
    pub prefix: String,
    /// Start the embedded broker on the address of `url`.
    pub embedded: bool,
    /// User name, if the broker asks for one.
    pub user: Option<String>,
    /// Password.
    pub password: Option<String>,
    /// Session name at the broker; two services on one broker need two names.
    pub client_id: String,
}

/// The HTTP and WebSocket port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address and port.
    pub listen: String,
    /// Most connections at once.
    pub connections_max: usize,
    /// Most connections of one address at once.
    pub connections_per_address_max: usize,
    /// Web pages of other origins that may open the stream, such as `https://ops.example.cn`.
    pub allowed_origins: Vec<String>,
}

/// The authority's zones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Zones {
    /// Folder; every `*.json` and `*.geojson` in it is read and watched.
    pub dir: PathBuf,
    /// How far ahead an entry is predicted, seconds.
    pub look_ahead_s: f64,
    /// Whether a zone file that deviates from its standard in a clear way is read with a warning, or refused.
    pub strictness: Strictness,
    /// What airspace that no zone describes means: `OFF`, `HEIGHT` or `ALL`.
    pub controlled_default: ControlledDefault,
}

/// What must survive a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Journal {
    /// Folder of the alert history and the last good zones.
    pub dir: PathBuf,
    /// Days that history is kept; open alerts stay.
    pub retain_days: u32,
}

/// The service area.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Area {
    /// `[west, south, east, north]` in degrees; reports outside are refused. Absent: the whole world.
    pub bbox: Option<[f64; 4]>,
}

/// The web page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Console {
    /// Base maps from the bottom up, as tile addresses with `{z}`, `{x}`, `{y}` (or `{-y}`), or a `.pmtiles` address;
    /// `{0-7}` stands for several hosts. Empty: the coast that the program carries.
    pub basemap: Vec<String>,
    /// What the base maps' coordinates are: `WGS84` (CGCS2000 is the same here) or `GCJ02`.
    pub basemap_datum: BasemapDatum,
    /// Whose base map it is, as its licence wants it shown.
    pub basemap_attribution: String,
    /// The time zone of local times, such as `Asia/Shanghai`.
    pub time_zone: String,
}

/// Coordinates of a base map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BasemapDatum {
    /// WGS 84, CGCS2000.
    #[serde(rename = "WGS84")]
    Wgs84,
    /// The shifted coordinates of Chinese web maps.
    #[serde(rename = "GCJ02")]
    Gcj02,
}

/// All settings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The MQTT broker.
    pub mqtt: Mqtt,
    /// The HTTP and WebSocket port.
    pub http: Http,
    /// The authority's zones.
    pub zones: Zones,
    /// Who may authorise flights.
    pub intents: Intents,
    /// What must survive a restart.
    pub journal: Journal,
    /// Where everything has been.
    pub history: History,
    /// The web page.
    pub console: Console,
    /// The service area.
    pub area: Area,
    /// Ceilings and speeds.
    pub limits: Limits,
    /// The ground.
    pub terrain: Ground,
    /// Separation tables; an empty list stands for the default ones.
    pub separation: Vec<Separation>,
    /// Raising and clearing.
    pub lifecycle: Lifecycle,
}

impl Default for Mqtt {
    fn default() -> Self {
        Self {
            url: "mqtt://127.0.0.1:1883".into(),
            prefix: "lowsky/v1".into(),
            embedded: false,
            user: None,
            password: None,
            client_id: "lowsky".into(),
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            connections_max: 6000,
            connections_per_address_max: 6000,
            allowed_origins: Vec::new(),
        }
    }
}

impl Default for Zones {
    fn default() -> Self {
        Self {
            dir: "zones".into(),
            look_ahead_s: 30.0,
            strictness: Strictness::Tolerant,
            controlled_default: ControlledDefault::Off,
        }
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self { dir: "var".into(), retain_days: 730 }
    }
}

impl Default for Console {
    fn default() -> Self {
        Self {
            basemap: Vec::new(),
            basemap_datum: BasemapDatum::Wgs84,
            basemap_attribution: String::new(),
            time_zone: "Asia/Shanghai".into(),
        }
    }
}

impl Config {
    /// Reads TOML `text`, then applies `overrides` (environment variables `LOWSKY__SECTION__KEY`).
    /// Relative paths are taken from `folder`, where the text came from.
    pub fn parse(text: &str, folder: &Path, overrides: &[(String, String)]) -> Result<Self, Vec<Fault>> {
        let source = Source::parse(text)?;
        let (mut config, mut faults) = source.settings();
        let known: Vec<_> = overrides.iter().filter(|(name, _)| name.starts_with("LOWSKY__")).collect();
        if !known.is_empty() && faults.is_empty() {
            match overridden(text, &known) {
                Ok(changed) => config = changed,
                Err(wrong) => faults.extend(wrong),
            }
        }
        for ranges::Wrong { path, message, message_zh } in ranges::check(&config) {
            let is_overridden = known.iter().any(|(name, _)| steps(name) == path);
            let at = if is_overridden { None } else { source.place(&path) };
            faults.push(Fault { at, path: read::written(&path), message, message_zh });
        }
        if !faults.is_empty() {
            faults.sort_by_key(|fault| fault.at);
            return Err(faults);
        }
        config.zones.dir = folder.join(&config.zones.dir);
        config.journal.dir = folder.join(&config.journal.dir);
        config.terrain.dir = config.terrain.dir.map(|dir| folder.join(dir));
        Ok(config)
    }

    /// The rules' part, with flat ground: who reads files puts the terrain model in.
    pub fn monitor_settings(&self) -> Settings {
        Settings {
            separation: if self.separation.is_empty() {
                default_separation()
            } else {
                self.separation.clone()
            },
            lifecycle: self.lifecycle.clone(),
            limits: self.limits.clone(),
            terrain: self.terrain.flat(),
            zone_look_ahead_s: self.zones.look_ahead_s,
            controlled_default: self.zones.controlled_default,
            intent_authorities: self.intents.authorities.clone(),
            ..Settings::default()
        }
    }

    /// How zone files are read.
    pub fn reading(&self) -> Reading {
        Reading { service_area: self.area(), strictness: self.zones.strictness }
    }

    /// The service area, if one is set.
    pub fn area(&self) -> Option<BoundingBox> {
        self.area.bbox.and_then(BoundingBox::new)
    }
}

/// The settings with the environment's values; each variable that is wrong is told.
fn overridden(text: &str, known: &[&(String, String)]) -> Result<Config, Vec<Fault>> {
    let mut table: toml::Table = toml::from_str(text).unwrap_or_default();
    let mut faults = Vec::new();
    for (name, value) in known {
        let mut alone = toml::Table::new();
        let wrong = apply(&mut alone, name, value).err().or_else(|| {
            let error = alone.try_into::<Config>().err()?;
            let (en, zh) = read::said(&error);
            Some(from_environment(name, &en, &zh))
        });
        faults.extend(wrong.or_else(|| apply(&mut table, name, value).err()));
    }
    if faults.is_empty() {
        table.try_into().map_err(|error: toml::de::Error| {
            let (en, zh) = read::said(&error);
            vec![from_environment("LOWSKY__", &en, &zh)]
        })
    } else {
        Err(faults)
    }
}

/// The path that a variable names.
fn steps(name: &str) -> Vec<read::Step> {
    let names = name.trim_start_matches("LOWSKY__").split("__");
    names.map(|name| read::Step::Key(name.to_lowercase())).collect()
}

fn from_environment(name: &str, en: &str, zh: &str) -> Fault {
    Fault {
        at: None,
        path: read::written(&steps(name)),
        message: format!("environment variable {name}: {en}"),
        message_zh: format!("环境变量 {name}：{zh}"),
    }
}

/// Keys whose values are texts, also where they look like numbers, as passwords may.
const TEXTS: [&str; 10] = [
    "url",
    "prefix",
    "user",
    "password",
    "client_id",
    "listen",
    "dir",
    "strictness",
    "controlled_default",
    "time_zone",
];

/// Puts the value of one environment variable into the table. Numbers and booleans are recognised.
fn apply(table: &mut toml::Table, name: &str, value: &str) -> Result<(), Fault> {
    let path: Vec<String> = name.trim_start_matches("LOWSKY__").split("__").map(str::to_lowercase).collect();
    let is_text = path.last().is_some_and(|key| TEXTS.contains(&key.as_str()));
    let typed = toml::from_str::<toml::Table>(&format!("v = {value}"))
        .ok()
        .filter(|_| !is_text)
        .and_then(|mut parsed| parsed.remove("v"))
        .unwrap_or_else(|| toml::Value::String(value.into()));
    let Some((last, sections)) = path.split_last() else { return Ok(()) };
    let mut place = table;
    for section in sections {
        place = place
            .entry(section.clone())
            .or_insert_with(|| toml::Value::Table(toml::Table::new()))
            .as_table_mut()
            .ok_or_else(|| {
                from_environment(
                    name,
                    &format!("`{section}` is no section"),
                    &format!("“{section}” 不是配置节"),
                )
            })?;
    }
    place.insert(last.clone(), typed);
    Ok(())
}
