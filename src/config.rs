//! Typed settings of the whole program, from TOML text and the environment.
//!
//! An empty text is valid: every key has a default. An unknown key is an error with its place and the nearest known one.

mod ground;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::BoundingBox;
use crate::monitor::{ControlledDefault, Level, Lifecycle, Limits, Separation, Settings, default_separation};

pub use ground::Ground;

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
    /// What airspace that no zone describes means: `OFF`, `HEIGHT` or `ALL`.
    pub controlled_default: ControlledDefault,
}

/// What survives a restart.
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
    /// What must survive a restart.
    pub journal: Journal,
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
        Self { dir: "zones".into(), look_ahead_s: 30.0, controlled_default: ControlledDefault::Off }
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

impl Console {
    /// Scheme and host of each base map, those of a `{0-7}` written out.
    pub fn basemap_origins(&self) -> Vec<String> {
        let mut origins: Vec<String> = self.basemap.iter().filter_map(|url| origins(url)).flatten().collect();
        origins.sort();
        origins.dedup();
        origins
    }
}

/// Scheme and hosts of an address; `None` if it is none that a browser may be sent to.
fn origins(url: &str) -> Option<Vec<String>> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let safe = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-.:".contains(c));
    if !["http", "https"].contains(&scheme) {
        return None;
    }
    let Some((before, range)) = host.split_once('{') else {
        return (!host.is_empty() && safe(host)).then(|| vec![format!("{scheme}://{host}")]);
    };
    let (range, after) = range.split_once('}')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (char, char) = (first.parse().ok()?, last.parse().ok()?);
    let good = safe(before) && safe(after) && first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric();
    (good && first <= last)
        .then(|| (first..=last).map(|one| format!("{scheme}://{before}{one}{after}")).collect())
}

/// Something wrong with a configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Line and column, from 1, where the text says it.
    pub at: Option<(usize, usize)>,
    /// What is wrong and what to do.
    pub message: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.at {
            Some((line, column)) => write!(f, "{line}:{column}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl Config {
    /// Reads TOML `text`, then applies `overrides` (environment variables `LOWSKY__SECTION__KEY`).
    /// Relative paths are taken from `folder`, where the text came from.
    pub fn parse(text: &str, folder: &Path, overrides: &[(String, String)]) -> Result<Self, Vec<Fault>> {
        let mut config: Self = toml::from_str(text).map_err(|error| vec![fault(text, &error)])?;
        let known: Vec<_> = overrides.iter().filter(|(name, _)| name.starts_with("LOWSKY__")).collect();
        if !known.is_empty() {
            let mut table: toml::Table = toml::from_str(text).map_err(|error| vec![fault(text, &error)])?;
            for (name, value) in known {
                apply(&mut table, name, value).map_err(|fault| vec![fault])?;
            }
            config = table.try_into().map_err(|error: toml::de::Error| {
                vec![Fault { at: None, message: format!("from the environment: {}", error.message()) }]
            })?;
        }
        let faults = config.faults();
        if !faults.is_empty() {
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
            ..Settings::default()
        }
    }

    /// The service area, if one is set.
    pub fn area(&self) -> Option<BoundingBox> {
        self.area.bbox.and_then(BoundingBox::new)
    }

    /// What no type can check.
    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut say = |message: String| faults.push(Fault { at: None, message });
        if self.area.bbox.is_some() && self.area().is_none() {
            say("area.bbox: wants [west, south, east, north] with west < east and south < north".into());
        }
        if !self.mqtt.url.starts_with("mqtt://") {
            say(format!("mqtt.url: `{}` must begin with mqtt:// (TLS is not built in yet)", self.mqtt.url));
        }
        if self.mqtt.prefix.is_empty() || self.mqtt.prefix.contains(['+', '#']) {
            say(format!("mqtt.prefix: `{}` must be topic levels without + and #", self.mqtt.prefix));
        }
        if let Err(error) = self.http.listen.parse::<std::net::SocketAddr>() {
            say(format!("http.listen: `{}` is no address and port: {error}", self.http.listen));
        }
        for url in self.console.basemap.iter().filter(|url| origins(url).is_none()) {
            say(format!("console.basemap: `{url}` must begin with http:// or https:// and a host"));
        }
        let [m, n] = self.lifecycle.raise_m_of_n;
        if !(1 <= m && m <= n && n <= 8) {
            say(format!("lifecycle.raise_m_of_n: [{m}, {n}] must be M of N with 1 <= M <= N <= 8"));
        }
        if !(1.0..=3.0).contains(&self.lifecycle.clear_factor) {
            say("lifecycle.clear_factor: must be from 1 to 3".into());
        }
        if !(0.0..=60.0).contains(&self.lifecycle.hold_s) {
            say("lifecycle.hold_s: must be from 0 to 60 seconds".into());
        }
        if !(0.0..=180.0).contains(&self.zones.look_ahead_s) {
            say("zones.look_ahead_s: must be from 0 to 180 seconds".into());
        }
        for (index, table) in self.separation.iter().enumerate() {
            if table.levels.is_empty() {
                say(format!("separation[{index}].levels: at least one level is needed"));
            }
            for (at, level) in table.levels.iter().enumerate() {
                if let Some(wrong) = level_fault(level) {
                    say(format!("separation[{index}].levels[{at}].{wrong}"));
                }
            }
            if !table.levels.is_sorted_by_key(|level| level.severity) {
                say(format!("separation[{index}].levels: must stand from the least to the most severe"));
            }
        }
        faults
    }
}

fn level_fault(level: &Level) -> Option<&'static str> {
    let within = |value: f64, most: f64| (0.0..=most).contains(&value);
    if !(level.radius_m > 0.0 && within(level.radius_m, 20_000.0)) {
        return Some("radius_m: must be over 0, at most 20,000 m");
    }
    if !(level.half_height_m > 0.0 && within(level.half_height_m, 5_000.0)) {
        return Some("half_height_m: must be over 0, at most 5,000 m");
    }
    if !within(level.look_ahead_s, 180.0) {
        return Some("look_ahead_s: must be from 0 to 180 seconds");
    }
    (!within(level.tau_s, 180.0) || !within(level.tcoa_s, 180.0))
        .then_some("tau_s, tcoa_s: must be from 0 to 180 seconds")
}

/// Keys whose values are texts, also where they look like numbers, as passwords may.
const TEXTS: [&str; 8] = ["url", "prefix", "user", "password", "client_id", "listen", "dir", "time_zone"];

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
            .ok_or_else(|| Fault { at: None, message: format!("{name}: `{section}` is no section") })?;
    }
    place.insert(last.clone(), typed);
    Ok(())
}

fn fault(text: &str, error: &toml::de::Error) -> Fault {
    let at = error.span().map(|span| line_and_column(text, span.start));
    let mut message = error.message().trim().replace('\n', " ");
    if let Some(hint) = nearest_name(&message) {
        message = format!("{message}; did you mean `{hint}`?");
    }
    Fault { at, message }
}

/// Line and column, from 1, of a byte in a text; columns count characters.
pub fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte.min(text.len())).unwrap_or(text);
    let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

/// The known name closest to the unknown one in serde's `unknown field` message, if one is close.
fn nearest_name(message: &str) -> Option<String> {
    let mut names = message.strip_prefix("unknown field")?.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    names
        .map(|name| (edit_distance(unknown, name), name))
        .min()
        .filter(|(distance, name)| *distance <= 1 + name.len() / 3)
        .map(|(_, name)| name.into())
}

/// Levenshtein distance.
fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut corner = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        let mut left = i + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(b.chars()) {
            let best = (corner + usize::from(from != to)).min(left + 1).min(*cell + 1);
            corner = std::mem::replace(cell, best);
            left = best;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, Vec<Fault>> {
        Config::parse(text, Path::new("/etc/lowsky"), &[])
    }

    #[test]
    fn an_empty_text_is_valid_and_paths_are_relative_to_the_file() {
        let config = parse("").unwrap();
        assert_eq!(config.zones.dir, Path::new("/etc/lowsky/zones"));
        assert_eq!(config.monitor_settings().separation.len(), 4);
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place_and_the_nearest_known_one() {
        let faults = parse("[mqtt]\nurl = \"mqtt://127.0.0.1:1\"\nprefx = \"a\"\n").unwrap_err();
        let text = faults[0].to_string();
        assert!(text.starts_with("3:1: "), "{text}");
        assert!(text.ends_with("did you mean `prefix`?"), "{text}");
    }

    #[test]
    fn the_environment_overrides() {
        let overrides = [("LOWSKY__MQTT__URL".to_owned(), "mqtt://127.0.0.1:2883".to_owned())];
        let config = Config::parse("[mqtt]\nembedded = true", Path::new(""), &overrides).unwrap();
        assert_eq!(config.mqtt.url, "mqtt://127.0.0.1:2883");
        assert!(config.mqtt.embedded);
        let digits = [("LOWSKY__MQTT__PASSWORD".to_owned(), "12345".to_owned())];
        let config = Config::parse("", Path::new(""), &digits).unwrap();
        assert_eq!(config.mqtt.password.as_deref(), Some("12345"), "a text stays a text");
        let wrong = [("LOWSKY__MQTT__URI".to_owned(), "x".to_owned())];
        assert!(Config::parse("", Path::new(""), &wrong).is_err());
    }

    #[test]
    fn senseless_levels_are_refused() {
        let table =
            "[[separation]]\nbetween = [\"ANY\", \"ANY\"]\n[[separation.levels]]\nseverity = \"CAUTION\"\n";
        assert!(parse(&format!("{table}radius_m = -1.0\nhalf_height_m = 1.0\nlook_ahead_s = 1.0")).is_err());
        assert!(parse(&format!("{table}radius_m = 1.0\nhalf_height_m = 1.0\nlook_ahead_s = 1.0")).is_ok());
        assert!(parse(&format!("{table}radius_m = nan\nhalf_height_m = 1.0\nlook_ahead_s = 1.0")).is_err());
    }
}
