//! The house: which room may import which, what the pure rooms must not know, and what lies where.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The rooms from the ground up; a room imports only those before it.
const ROOMS: [&str; 14] = [
    "domain", "geodesy", "wire", "airspace", "monitor", "journal", "zonebook", "history", "stream",
    "simulate", "config", "service", "console", "cli",
];
/// These know no outside world.
const PURE: [&str; 7] = ["domain", "geodesy", "wire", "airspace", "monitor", "stream", "simulate"];
/// Words of I/O, clocks, threads, logging and chance.
const IMPURE: [&str; 17] = [
    "std::fs",
    "std::net",
    "std::thread",
    "std::process",
    "std::env",
    "std::io",
    "Instant",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "tokio",
    "tracing",
    "rand",
    "RandomState",
    "thread_local",
    "println",
    "eprintln",
];
/// A table whose keys are made by chance, so that nobody can choose identities that collide; it is looked up and never
/// iterated, so nothing depends on them.
const KEYED: &str = "src/monitor/roll.rs";
/// Longest file of code, lines.
const LINES_MAX: usize = 450;
/// What may lie at the top beside dotfiles.
const TOP: [&str; 12] = [
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "build.rs",
    "config",
    "seeds",
    "src",
    "tests",
    "tools",
];
/// Made by builds and runs, and never kept.
const MADE: [&str; 2] = ["target", "var"];
/// Folders whose files each stand in the registry of their room: folder, registry, which file, what the registry says.
const REGISTRIES: [(&str, &str, Registered); 2] = [
    ("src/monitor/detectors", "src/monitor/detectors/mod.rs", |name| format!("{name}::assess,")),
    ("src/wire", "src/wire/mod.rs", |name| format!("decode: {name}::decode }}")),
];
/// Files of a registered folder that are no entries.
const NO_ENTRIES: [&str; 5] = ["mod", "doors", "recording", "topic", "tests"];

type Registered = fn(&str) -> String;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under a folder with that ending, by its path from the top.
pub(crate) fn files(folder: &str, ending: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open: Vec<PathBuf> = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|is| is == ending) {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// The room of a file of `src/`.
fn room(path: &str) -> Option<usize> {
    let name = path.strip_prefix("src/")?.split(['/', '.']).next()?;
    ROOMS.iter().position(|room| *room == name)
}

/// A text without comments and string literals, so that words in them count for nothing.
fn code(text: &str) -> String {
    let mut kept = String::new();
    for line in text.lines() {
        let (mut quoted, mut escaped, mut before) = (false, false, ' ');
        for letter in line.chars() {
            match letter {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' if before != '\'' => quoted = !quoted,
                '/' if !quoted && before == '/' => break,
                _ if !quoted => kept.push(letter),
                _ => {}
            }
            before = letter;
        }
        kept.push('\n');
    }
    kept
}

/// Whether a text holds a word that does not go on before or after.
fn holds_word(text: &str, word: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part))
}

/// Rooms named after `crate::` in code, those in braces too.
fn imported(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, lead) in code.match_indices("crate::") {
        let rest = &code[at + lead.len()..];
        let word = |text: &str| -> String {
            text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
        };
        let Some(group) = rest.strip_prefix('{') else {
            names.push(word(rest));
            continue;
        };
        let mut depth = 0_i32;
        let mut starts = true;
        for (at, letter) in group.char_indices() {
            if starts && depth == 0 && !letter.is_whitespace() && letter != '}' {
                names.push(word(&group[at..]));
                starts = false;
            }
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => starts = true,
                _ => {}
            }
        }
    }
    names
}

/// What is wrong with the imports of a file.
fn misplaced(path: &str, text: &str) -> Vec<String> {
    let Some(floor) = room(path) else { return Vec::new() };
    let wrong = |name: &String| match ROOMS.iter().position(|room| room == name) {
        Some(other) if other <= floor => None,
        Some(_) => Some(format!("{path}: {} must not import {name}", ROOMS[floor])),
        None => Some(format!("{path}: crate::{name} is no room")),
    };
    imported(&code(text)).iter().filter_map(wrong).collect()
}

/// What a file of a pure room must not know.
fn impure(path: &str, text: &str) -> Vec<String> {
    if room(path).and_then(|floor| ROOMS.get(floor)).is_none_or(|name| !PURE.contains(name)) {
        return Vec::new();
    }
    // Tests may read files.
    if path.ends_with("/tests.rs") || path.contains("/tests/") {
        return Vec::new();
    }
    let code = code(text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default());
    let is_impure = |word: &&&str| holds_word(&code, word) && !(**word == "RandomState" && path == KEYED);
    let mut found: Vec<_> = IMPURE.iter().filter(is_impure).copied().collect();
    if holds_word(&code, "fastrand") && !path.starts_with("src/simulate/") {
        found.push("fastrand");
    }
    found.iter().map(|word| format!("{path}: {word} in a pure room")).collect()
}

/// What is wrong with a file whatever room it is in.
fn untidy(path: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let first = text.lines().next().unwrap_or_default();
    let sentence = text.lines().take_while(|line| line.starts_with("//!")).collect::<Vec<_>>().join(" ");
    if !first.starts_with("//! ") || !sentence.contains(['.', '?', ':']) {
        wrong.push(format!("{path}: begins with no sentence about itself"));
    }
    let lines = text.lines().count();
    if LINES_MAX < lines {
        wrong.push(format!("{path}: {lines} lines, at most {LINES_MAX}"));
    }
    wrong
}

/// Modules of a folder that its registry does not name.
fn unregistered(modules: &[&str], registry: &str, entry: Registered) -> Vec<String> {
    let named = code(registry);
    modules
        .iter()
        .filter(|name| !NO_ENTRIES.contains(name) && !named.contains(&entry(name)))
        .map(|name| format!("{name} is in no registry"))
        .collect()
}

#[test]
fn rooms_import_only_what_lies_below_them() {
    let sources = files("src", "rs");
    assert!(sources.len() > 50);
    let wrong: Vec<_> = sources.iter().flat_map(|(path, text)| misplaced(path, text)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let homeless: Vec<_> = sources.keys().filter(|path| room(path).is_none()).collect();
    assert_eq!(homeless, ["src/lib.rs", "src/main.rs"]);
}

#[test]
fn pure_rooms_know_no_outside_world() {
    let wrong: Vec<_> = files("src", "rs").iter().flat_map(|(path, text)| impure(path, text)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let folders = ["src", "tests", "tools"];
    let all: BTreeMap<_, _> = folders.iter().flat_map(|folder| files(folder, "rs")).collect();
    let wrong: Vec<_> = all.iter().flat_map(|(path, text)| untidy(path, text)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn detectors_and_formats_stand_in_their_registry() {
    for (folder, registry, entry) in REGISTRIES {
        let sources = files(folder, "rs");
        let inside = |path: &String| {
            let path = path.strip_prefix(&format!("{folder}/")).unwrap().trim_end_matches(".rs");
            path.split('/').next().unwrap().to_owned()
        };
        let names: std::collections::BTreeSet<String> = sources.keys().map(inside).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert!(names.len() > 4, "{names:?}");
        assert_eq!(unregistered(&names, &sources[registry], entry), [""; 0], "{folder}");
    }
}

#[test]
fn the_top_holds_only_what_was_agreed() {
    let names = std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name());
    let strange: Vec<_> = names
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| {
            !name.starts_with('.') && !TOP.contains(&name.as_str()) && !MADE.contains(&name.as_str())
        })
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
}

#[test]
fn the_checks_can_fail() {
    let path = "src/monitor/ledger.rs";
    assert_eq!(misplaced(path, "use crate::service::Hub;").len(), 1);
    assert_eq!(misplaced(path, "use crate::{domain::{Alert, Phase}, stream, cli::{a, b}};").len(), 2);
    assert_eq!(misplaced(path, "fn f() { let x = crate::config::Config::default(); }").len(), 1);
    assert_eq!(misplaced(path, "use crate::cellar::Wine;").len(), 1);
    assert!(misplaced(path, "use crate::domain::Alert; // as crate::service does").is_empty());
    assert!(misplaced(path, r#"let told = "crate::service";"#).is_empty());
    assert!(misplaced("src/cli/run.rs", "use crate::{service, domain};").is_empty());

    for line in ["let now = Instant::now();", "use std::fs::read;", "tokio::spawn(x)", "tracing::info!()"] {
        assert_eq!(impure(path, line).len(), 1, "{line}");
        assert!(impure("src/service/clock.rs", line).is_empty());
    }
    assert!(impure(path, "#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n").is_empty());
    assert_eq!(impure(path, "let seed = fastrand::u64(..);").len(), 1);
    assert!(impure("src/simulate/fleet.rs", "let seed = fastrand::Rng::with_seed(1);").is_empty());
    assert!(impure(path, "/// An Instant of std::fs.\nlet brand = operand;").is_empty());

    assert_eq!(untidy(path, "use x;\n").len(), 1);
    assert_eq!(untidy(path, "//! no sentence\n").len(), 1);
    assert!(untidy(path, "//! A sentence.\n").is_empty());
    assert_eq!(untidy(path, &("//! A sentence.\n".to_owned() + &"\n".repeat(LINES_MAX))).len(), 1);

    let entry = REGISTRIES[0].2;
    assert_eq!(
        unregistered(&["mod", "a", "b"], "[a::assess, // b::assess,\n]", entry),
        ["b is in no registry"]
    );
}
