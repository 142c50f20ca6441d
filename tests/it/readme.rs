//! The README tells of every command, alert and refusal, and what it shows can be typed.

use std::path::Path;
use std::process::Command;

use lowsky::config::Config;
use lowsky::domain::{AlertCode, Reason, Severity};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// The content of every fenced block of that language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).map(Into::into).collect()
}

fn help(of: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_lowsky")).args(of).arg("--help").output().unwrap();
    assert!(output.status.success(), "lowsky {of:?} --help");
    String::from_utf8(output.stdout).unwrap()
}

fn subcommands() -> Vec<String> {
    let help = help(&[]);
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(Into::into)
        .collect()
}

#[test]
fn every_alert_refusal_and_severity_is_told() {
    let text = readme();
    let codes = AlertCode::ALL.iter().map(|code| code.name());
    let reasons = Reason::ALL.iter().map(|reason| reason.name());
    let severities = Severity::ALL.iter().map(|severity| severity.name());
    for name in codes.chain(reasons).chain(severities) {
        assert!(text.contains(&format!("`{name}`")), "{name} is not in the README");
    }
}

#[test]
fn every_command_is_told() {
    let (text, commands) = (readme(), subcommands());
    assert!(7 <= commands.len(), "{commands:?}");
    for command in commands {
        assert!(text.contains(&format!("`lowsky {command}")), "lowsky {command} is not in the README");
    }
}

#[test]
fn every_command_line_shown_is_one_that_exists() {
    let mut seen = 0;
    for line in blocks(&readme(), "sh").iter().flat_map(|block| block.lines()) {
        let words: Vec<_> = line.split('#').next().unwrap_or("").split_whitespace().collect();
        let Some(at) = words.iter().position(|word| *word == "lowsky" || word.ends_with("/lowsky")) else {
            continue;
        };
        let Some(command) = words.get(at + 1).filter(|word| !word.starts_with('-')) else { continue };
        let plain = |word: &&&str| word.chars().all(|c| c.is_ascii_lowercase());
        let path: Vec<_> = words[at + 1..].iter().take_while(plain).copied().collect();
        let help = help(&path);
        for option in
            words[at..].iter().take_while(|word| **word != "|").filter(|word| word.starts_with("--"))
        {
            assert!(help.contains(option), "`{line}`: lowsky {command} knows no {option}");
        }
        seen += 1;
    }
    assert!(5 <= seen, "only {seen} command lines found");
}

#[test]
fn the_configuration_shown_is_valid() {
    let text = readme();
    let examples = blocks(&text, "toml");
    assert!(!examples.is_empty());
    for example in examples {
        if let Err(faults) = Config::parse(&example, Path::new(""), &[]) {
            panic!("{}\n{example}", faults[0]);
        }
    }
    for example in blocks(&text, "json") {
        serde_json::from_str::<serde_json::Value>(&example)
            .unwrap_or_else(|error| panic!("{error}\n{example}"));
    }
}

#[test]
fn every_file_it_points_to_is_there() {
    let text = readme();
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    for target in targets.filter(|target| !target.is_empty() && !target.contains("://")) {
        assert!(root().join(target).exists(), "{target} is linked but not there");
    }
}
