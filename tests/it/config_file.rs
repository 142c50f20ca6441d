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
