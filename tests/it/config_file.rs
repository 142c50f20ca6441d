//! `config/`: every key is shown with its default, and what a clean clone starts with is valid.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use lowsky::config::Config;
use lowsky::monitor::default_separation;
use serde_json::Value;

fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// `section.key` of every key of the settings; the tables of a list of tables have no keys of their own here.
fn known_keys() -> BTreeSet<String> {
    let Value::Object(sections) = serde_json::to_value(Config::default()).unwrap() else { panic!() };
    let mut keys = BTreeSet::new();
    for (section, content) in sections {
        if let Value::Object(members) = content {
            keys.extend(members.keys().map(|key| format!("{section}.{key}")));
        } else {
            assert!(content.is_array() && keys.insert(section), "{content}");
        }
    }
    keys
}

/// `section.key` of every assignment at the start of a line, those without a default (`#key = …`) included.
fn shown_keys(text: &str) -> BTreeSet<String> {
    let mut section = String::new();
    let mut keys = BTreeSet::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]")) {
            section = name.into();
            keys.insert(section.clone());
        } else if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.into();
        } else if let Some((key, _)) = line.strip_prefix('#').unwrap_or(line).split_once(" = ")
            && key.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
            && section != "separation"
        {
            keys.insert(format!("{section}.{key}"));
        }
    }
    keys
}

#[test]
fn the_file_shows_every_key_and_no_other() {
    assert_eq!(shown_keys(&file("config/lowsky.toml")), known_keys());
}

#[test]
fn its_values_are_the_defaults() {
    let text = file("config/lowsky.toml");
    let default = Config { separation: default_separation(), ..Config::default() };
    assert_eq!(Config::parse(&text, Path::new(""), &[]).unwrap(), default);
}

#[test]
fn the_keys_without_a_default_are_right_as_shown() {
    let text: Vec<_> = file("config/lowsky.toml")
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') && rest.contains(" = ") => rest.to_owned(),
            _ => line.to_owned(),
        })
        .collect();
    let config = Config::parse(&text.join("\n"), Path::new(""), &[]).unwrap();
    assert!(config.mqtt.user.is_some() && config.mqtt.password.is_some() && config.area().is_some());
}

#[test]
fn every_key_is_explained_in_both_languages() {
    let text = file("config/lowsky.toml");
    let lines: Vec<_> = text.lines().collect();
    for pair in lines.windows(2) {
        let key = pair[1].strip_prefix('#').unwrap_or(pair[1]).split_once(" = ").map_or("", |(key, _)| key);
        if key.is_empty() || key.contains([' ', '{', '-']) || matches!(key, "between" | "levels") {
            continue;
        }
        let comment = pair[0].strip_prefix("# ").unwrap_or_else(|| panic!("{key} has no comment above it"));
        let chinese = comment.chars().any(|letter| matches!(letter, '\u{4e00}'..='\u{9fff}'));
        assert!(chinese, "{key}: {comment}");
    }
}

/// What the profile of the broker lets the service and its publishers do.
#[test]
fn the_brokers_rights_are_those_that_the_service_needs() {
    let profile = file("config/mosquitto.conf");
    let granted: BTreeSet<_> = profile.lines().filter_map(|line| line.strip_prefix("#   ")).collect();
    let filters = lowsky::wire::subscription_filters("lowsky/v1");
    assert!(2 < filters.len());
    for filter in filters {
        assert!(granted.contains(&*format!("topic read {filter}")), "{filter} is not granted");
        let own = filter.replace("/#", "/%u/+");
        assert!(granted.contains(&*format!("pattern write {own}")), "nobody may publish to {filter}");
    }
    for told in ["alerts", "feedback", "status", "telemetry/_canary"] {
        assert!(granted.contains(&*format!("topic write lowsky/v1/{told}/#")), "{told}");
    }
}

/// The unit lets the service write where it must, and nowhere else.
#[test]
fn every_folder_that_the_unit_has_written_is_its_state() {
    let unit = file("config/lowsky.service");
    let set: Vec<_> = unit.lines().filter_map(|line| line.split_once('=')).collect();
    let values =
        |key: &'static str| set.iter().filter(move |(name, _)| *name == key).map(|(_, value)| *value);
    assert!(values("ProtectSystem").eq(["strict"]) && values("ReadWritePaths").next().is_none());
    let state = values("StateDirectory").flat_map(str::split_whitespace);
    let state: Vec<String> = state.map(|dir| format!("/var/lib/{dir}")).collect();
    for section in ["JOURNAL", "ZONES"] {
        let dir =
            values("Environment").find_map(|set| set.strip_prefix(&*format!("LOWSKY__{section}__DIR=")));
        assert!(dir.is_some_and(|dir| state.iter().any(|own| own == dir)), "{section}: {dir:?} of {state:?}");
    }
    // Both are set by the environment as any key is.
    let set = [("LOWSKY__ZONES__DIR".to_owned(), "/var/lib/lowsky/zones".to_owned())];
    let config = Config::parse("", Path::new("/etc/lowsky"), &set).unwrap();
    assert_eq!(config.zones.dir, Path::new("/var/lib/lowsky/zones"));
}

#[test]
fn a_clean_clone_passes_its_own_check() {
    let output = Command::new(env!("CARGO_BIN_EXE_lowsky"))
        .arg("check")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("no error, 0 warnings"), "{said}");
}
