//! The figures, what is built on them, and the pages that explain them, held against each other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lowsky::domain::ServiceTrouble;
use serde_json::Value;

use super::e2e_support::{Daemon, configure, free_port, get};

/// What a running service tells, with no broker and no client.
fn exposition() -> String {
    let dir = tempfile::tempdir().unwrap();
    configure(dir.path(), free_port(), false, free_port());
    let daemon = Daemon::start(dir.path());
    // A figure by route is told from the first request on.
    get(daemon.http, "/healthz");
    let (status, text) = get(daemon.http, "/metrics");
    assert_eq!(status, 200);
    text
}

/// Families by name, with their type.
fn families(text: &str) -> BTreeMap<&str, &str> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types.filter_map(|rest| rest.split_once(' ')).collect()
}

/// Every name that a query may use.
fn samples(families: &BTreeMap<&str, &str>) -> BTreeSet<String> {
    let of = |(name, kind): (&&str, &&str)| match *kind {
        "histogram" => ["bucket", "sum", "count"].map(|end| format!("{name}_{end}")).into(),
        _ => vec![(*name).to_owned()],
    };
    families.iter().flat_map(of).collect()
}

fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The names of our figures in a query.
fn used(query: &str) -> BTreeSet<String> {
    let part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    query
        .split(|letter| !part(letter))
        .filter(|word| word.starts_with("lowsky_"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_figure_is_explained_and_named_by_the_rules() {
    let text = exposition();
    let families = families(&text);
    assert!(families.len() > 25, "{families:?}");
    for (name, kind) in &families {
        assert!(text.contains(&format!("# HELP {name} ")), "{name} has no help");
        let words: Vec<_> = name.split('_').collect();
        assert_eq!(words[0], "lowsky", "{name}");
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{name}");
        for scaled in
            ["ms", "us", "millis", "milliseconds", "minutes", "hours", "percent", "pct", "kb", "km", "s"]
        {
            assert!(!words.contains(&scaled), "{name} is not in a base unit");
        }
        assert!(["counter", "gauge", "histogram"].contains(kind), "{name} is a {kind}");
        let total = name.matches("_total").count();
        assert_eq!(total, usize::from(*kind == "counter"), "{name}: the suffix comes by itself");
        if *kind == "histogram" {
            assert!(name.ends_with("_seconds") || name.ends_with("_bytes"), "{name} has no unit");
        }
    }
    let known = samples(&families);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        assert!(known.contains(name), "{name} has no type");
    }
    assert!(text.contains("lowsky_build_info{version=\""));
    for kind in ServiceTrouble::ALL {
        assert!(text.contains(&format!("lowsky_service_trouble{{kind=\"{}\"}}", kind.name())), "{kind:?}");
    }
}

#[test]
fn dashboard_and_rules_ask_only_for_figures_that_there_are() {
    let text = exposition();
    let known = samples(&families(&text));
    let dashboard: Value = serde_json::from_str(&file("config/grafana/lowsky.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut queries: Vec<_> = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap())
        .map(|target| target["expr"].as_str().unwrap().to_owned())
        .collect();
    assert!(panels.len() > 10 && panels.len() <= queries.len());
    let rules = file("config/prometheus/lowsky.rules.yml");
    queries.extend(rules.lines().filter_map(|line| line.trim().strip_prefix("expr: ")).map(str::to_owned));
    for query in &queries {
        for name in used(query) {
            assert!(known.contains(&name), "{name} of `{query}` is told by nobody");
        }
        for (open, shut) in [('(', ')'), ('{', '}'), ('[', ']')] {
            assert_eq!(query.matches(open).count(), query.matches(shut).count(), "{query}");
        }
    }
}

#[test]
fn every_trouble_and_every_rule_has_its_page_in_the_runbook() {
    let runbook = file("config/runbook.md");
    let pages: BTreeMap<_, _> = runbook
        .split("\n## ")
        .skip(1)
        .map(|page| page.split_once('\n').unwrap())
        .map(|(title, text)| (title.to_owned(), text))
        .collect();
    let rules = file("config/prometheus/lowsky.rules.yml");
    for kind in ServiceTrouble::ALL {
        assert!(pages.contains_key(kind.name()), "{kind:?} has no page");
        assert!(rules.contains(&format!("kind=\"{}\"", kind.name())), "{kind:?} has no rule");
    }
    for (title, text) in &pages {
        for part in ["Meaning:", "含义：", "Impact:", "影响：", "\n1. ", "\n2. ", "\n3. "] {
            assert!(text.contains(part), "{title} has no {part:?}");
        }
    }
    let anchors: BTreeSet<_> = pages.keys().map(|title| title.to_lowercase()).collect();
    let alerts = rules.matches("- alert: ").count();
    let links: Vec<_> =
        rules.lines().filter_map(|l| l.trim().strip_prefix("runbook_url: runbook.md#")).collect();
    assert_eq!(
        (alerts, links.len()),
        (pages.len(), pages.len()),
        "a page for each rule and a rule for each page"
    );
    for link in links {
        assert!(anchors.contains(link), "{link} leads nowhere");
    }
}
