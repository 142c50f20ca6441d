//! The table of promises: what the service promises, and which tests and tools hold it to that.
//!
//! A test proves the promises that its name begins with: `p02_…`, or `p01_p06_…`. `tests/PROMISES.md` is written
//! from those names; a promise without a test shows there as a gap.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::house::files;

/// One promise: its number, and what it says.
type Promise = (u32, &'static str);

/// All promises, by subject.
const PROMISES: [(&str, &[Promise]); 7] = [
    (
        "Delivery",
        &[
            (
                1,
                "A QoS 1 message is acknowledged to the broker only after it was evaluated and every alert event that it caused is on disk.",
            ),
            (
                2,
                "An alert event that was published as durable survives a crash at any instant, with its number and its bytes.",
            ),
            (
                3,
                "When the disk fails or is slow, alerts still go out at once, marked as not durable, and the service says so; nothing is called durable that is not.",
            ),
            (4, "Repeated and redelivered messages change nothing: the same input gives the same alerts."),
            (
                5,
                "An older position never replaces a newer one; wrong clocks, a source's or our own, open and close no alert.",
            ),
            (
                6,
                "Acknowledgements leave in order of receipt and never on another connection than the message's.",
            ),
            (
                7,
                "A lost broker, a half-open connection included, is noticed within 10 s; the intake is back within 5 s of the broker and says what it missed.",
            ),
            (
                8,
                "After a crash the service is ready within 2 s with 1,000,000 events of history and 10,000 open alerts, and open alerts are the same alerts.",
            ),
        ],
    ),
    (
        "Time",
        &[
            (
                9,
                "From the receipt of a message to its alert at a client: half within 10 ms, 99 of 100 within 100 ms, all within 500 ms, at 10,000 aircraft and 1 Hz on two cores.",
            ),
            (
                10,
                "No alert is more than 1 s late because zones are loaded, clients come and go, history is read or a backup is made.",
            ),
            (
                11,
                "When reports come faster than they can be judged, a newer position of the same aircraft replaces the waiting one and nothing else is shed; being over 2 s behind is told.",
            ),
            (
                12,
                "Memory is bounded for each aircraft, client and file, and every bound has a name by which it refuses.",
            ),
            (13, "Silence is never taken for safety: an aircraft or a whole feed that falls silent is told."),
            (
                14,
                "The books balance: whatever was received was evaluated, replaced by a newer position, refused for a reason, or waits.",
            ),
        ],
    ),
    (
        "Clients",
        &[
            (
                15,
                "A client that does not read delays no other by more than 100 ms; it is told of its gap or cut within 3 s.",
            ),
            (
                16,
                "A client that returns gets every event that it missed, once and in order, or is told of the gap first.",
            ),
            (
                17,
                "A quiet stream can be told from a dead one: a heartbeat comes every second from the path that evaluates, and a client says so after 3 s without.",
            ),
            (
                18,
                "Taking note of an alert is durable, attributed and happens once; it hides nothing, and a worse severity cancels it.",
            ),
            (19, "Grouping and silencing change how alerts are shown, never the stream or the history."),
            (20, "The WebSocket does what RFC 6455 says."),
        ],
    ),
    (
        "Zones",
        &[
            (
                21,
                "A broken zone file never replaces a good one; the fault is told with its place, and a restart uses the last good set.",
            ),
            (
                22,
                "New zones take effect as a whole: each alert names the version that it was judged by, and every aircraft, hovering ones too, is judged again within 1 s.",
            ),
            (23, "No zone file can hang, crash or bloat the service."),
            (
                24,
                "A change that removes much protection waits for confirmation; an empty or vanished folder is an error.",
            ),
        ],
    ),
    (
        "Security",
        &[
            (25, "A publisher moves only aircraft of its own operator."),
            (26, "Who may do what is a table; what it does not allow is refused."),
            (27, "Without TLS the service listens to this machine only."),
            (28, "No secret appears in logs, figures, errors or backups."),
            (29, "A page of a foreign origin cannot open the stream."),
            (30, "Nobody without an identity can stop alerts by connecting, waiting or flooding."),
            (
                31,
                "Every change of what is protected is written down with its author, and removal from that list is found.",
            ),
            (32, "Movement that cannot be is flagged, and never hides an alert."),
        ],
    ),
    (
        "Honesty",
        &[
            (
                33,
                "Ready means ready: input, zones, disk and lag are looked at, and a stuck service is restarted within 10 s.",
            ),
            (
                34,
                "A synthetic breach travels the whole path every 10 s; when it does not arrive, the service says so.",
            ),
        ],
    ),
    (
        "Stopping",
        &[(35, "A stop loses no accepted message, tells clients where to resume, and takes at most 5 s.")],
    ),
];

/// Promises that a tool of its own holds as well: too long for the tests, or with a foreign suite.
const TOOLS: [(u32, &str); 7] = [
    (1, "tools/kill9"),
    (2, "tools/kill9"),
    (9, "tools/load"),
    (12, "tools/soak"),
    (14, "tools/soak"),
    (15, "tools/fanout"),
    (20, "tools/autobahn"),
];

/// How to write the table anew.
const BLESS: &str = "LOWSKY_BLESS=1 cargo test --test it promises";

/// The numbers that the name of a function begins with, if any.
fn numbers(function: &str) -> Vec<u32> {
    let parts = function.split('_').map_while(|part| {
        let digits = part.strip_prefix('p')?;
        digits.parse::<u32>().ok().filter(|_| (1..=2).contains(&digits.len()))
    });
    parts.collect()
}

/// Names of the functions of a source that stand right under a test attribute.
fn tests(source: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut marked = false;
    for line in source.lines().map(str::trim_start) {
        let declared = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if let Some(name) = declared.and_then(|rest| rest.split(['(', '<']).next()) {
            if marked {
                found.push(name);
            }
            marked = false;
        } else if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            marked = true;
        }
    }
    // Within `proptest!` the attribute is the same.
    found
}

/// By promise: the tests that begin with its number, as (file, function).
fn proofs() -> BTreeMap<u32, Vec<(String, String)>> {
    let mut proofs: BTreeMap<u32, Vec<(String, String)>> = BTreeMap::new();
    for (path, text) in ["src", "tests", "tools"].iter().flat_map(|folder| files(folder, "rs")) {
        for function in tests(&text) {
            for number in numbers(function) {
                proofs.entry(number).or_default().push((path.clone(), function.to_owned()));
            }
        }
    }
    proofs
}

fn table(proofs: &BTreeMap<u32, Vec<(String, String)>>) -> String {
    let mut text = format!(
        "# Promises and their proofs\n\n\
         What lowsky promises, and the tests that hold it to that. A test proves the promises that its name begins\n\
         with; a tool stands beside them where it holds more than a test can. This file is written from the names:\n\
         `{BLESS}`.\n"
    );
    for (subject, promises) in PROMISES {
        write!(text, "\n## {subject}\n\n| | promise | proved by |\n|---|---|---|\n").unwrap();
        for (number, promise) in promises {
            let link = |(path, name): &(String, String)| {
                let link = path.strip_prefix("tests/").map_or_else(|| format!("../{path}"), Into::into);
                format!("[`{name}`]({link})")
            };
            let tools = TOOLS.iter().filter(|(proves, _)| proves == number);
            let tools = tools.map(|(_, tool)| link(&((*tool).into(), (*tool).into())));
            let row: Vec<String> = proofs.get(number).into_iter().flatten().map(link).chain(tools).collect();
            let row = if row.is_empty() { "**not yet**".into() } else { row.join("<br>") };
            writeln!(text, "| P{number:02} | {promise} | {row} |").unwrap();
        }
    }
    text
}

#[test]
fn the_table_of_promises_is_up_to_date() {
    let proofs = proofs();
    let known = PROMISES.iter().flat_map(|(_, promises)| promises.iter()).map(|(number, _)| *number);
    let known: Vec<u32> = known.collect();
    assert!(known.iter().copied().eq(1..=35), "every promise once, in order");
    for (number, tests) in &proofs {
        assert!(known.contains(number), "there is no promise P{number:02}: {tests:?}");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (number, tool) in TOOLS {
        assert!(known.contains(&number) && root.join(tool).exists(), "P{number:02}: {tool}");
    }
    let path = root.join("tests/PROMISES.md");
    let table = table(&proofs);
    if std::env::var_os("LOWSKY_BLESS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let stale = table.lines().find(|line| !written.lines().any(|old| old == *line));
    assert!(
        written == table,
        "tests/PROMISES.md is not up to date (first: {stale:?}); write it anew: {BLESS}"
    );
}

#[test]
fn names_are_read_as_they_are_meant() {
    assert_eq!(numbers("p02_a_durable_event_survives"), [2]);
    assert_eq!(numbers("p01_p06_acks_leave_in_order"), [1, 6]);
    assert_eq!(numbers("p7_mosquitto_is_killed"), [7]);
    assert!(numbers("paths_are_bounded").is_empty());
    assert!(numbers("p_value_2").is_empty());
    let source = "fn p01_helper() {}\n    #[tokio::test(flavor = \"x\")]\n    #[cfg(unix)]\n    async fn p03_a() {}\n#[test]\nfn p04_b(x in 0..1) {}\n";
    assert_eq!(tests(source), ["p03_a", "p04_b"]);
    let text = table(&BTreeMap::from([(16, vec![("tests/it/a.rs".to_owned(), "p16_x".to_owned())])]));
    assert!(text.contains("| [`p16_x`](it/a.rs) |") && text.contains("| **not yet** |"));
    assert!(text.contains("| [`tools/autobahn`](../tools/autobahn) |"));
}
