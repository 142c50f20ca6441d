//! A service whose zones are changed over HTTP, for the tests of that.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::e2e_support::{Daemon, configure, free_port, zone, zones};

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The entity tag without its quotes.
    pub(crate) fn tag(&self) -> String {
        let line = self.head.lines().find_map(|line| line.strip_prefix("etag: "));
        line.expect("an entity tag").trim().trim_matches('"').to_owned()
    }

    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

/// One request; status 0 if the other end went away.
pub(crate) fn ask(http: SocketAddr, line: &str, headers: &str, body: &str) -> Reply {
    let gone = Reply { status: 0, head: String::new(), text: String::new() };
    let Ok(mut stream) = TcpStream::connect(http) else { return gone };
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: {http}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    if stream.write_all(request.as_bytes()).is_err() {
        return gone;
    }
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap_or_default();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    Reply { status, head: head.to_ascii_lowercase(), text: body.to_owned() }
}

/// Headers of a change.
pub(crate) fn by(author: &str, precondition: &str) -> String {
    format!("Lowsky-Author: {author}\r\nLowsky-Reason: test\r\n{precondition}")
}

pub(crate) fn if_match(version: &str) -> String {
    format!("If-Match: \"{version}\"\r\n")
}

pub(crate) const NEW: &str = "If-None-Match: *\r\n";

/// A running service with zones `Z00`, `Z01` … in `z.json`, none near the origin.
pub(crate) struct Service {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) daemon: Daemon,
    pub(crate) mqtt: u16,
}

impl Service {
    pub(crate) fn with(count: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mqtt = free_port();
        configure(dir.path(), mqtt, true, 0);
        let all: Vec<String> = (0..count).map(|n| zone(&format!("Z{n:02}"), away(n))).collect();
        fs::write(dir.path().join("zones/z.json"), zones(&all)).unwrap();
        let daemon = Daemon::ready(dir.path());
        Self { dir, daemon, mqtt }
    }

    pub(crate) fn zones_dir(&self) -> PathBuf {
        self.dir.path().join("zones")
    }

    pub(crate) fn ask(&self, line: &str, headers: &str, body: &str) -> Reply {
        ask(self.daemon.http, line, headers, body)
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.ask(&format!("GET {path}"), "", "")
    }

    pub(crate) fn put(&self, id: &str, headers: &str, feature: &Value) -> Reply {
        self.ask(&format!("PUT /api/v1/zones/{id}"), headers, &feature.to_string())
    }

    pub(crate) fn version(&self, id: &str) -> String {
        self.get(&format!("/api/v1/zones/{id}")).is(200).tag()
    }

    /// Identifiers in force.
    pub(crate) fn ids(&self) -> Vec<String> {
        let all = self.get("/api/v1/zones").is(200).json();
        let id = |feature: &Value| feature["properties"]["identifier"].as_str().unwrap().to_owned();
        all["features"].as_array().unwrap().iter().map(id).collect()
    }

    pub(crate) fn audit(&self) -> Vec<Value> {
        self.get("/api/v1/zones/audit?limit=1000").is(200).json()["changes"].as_array().unwrap().clone()
    }

    /// A second start in the same folder.
    pub(crate) fn again(self) -> Self {
        let daemon = Daemon::ready(self.dir.path());
        Self { daemon, ..self }
    }
}

/// A square of 400 m, far from the origin and from the others.
pub(crate) fn away(n: usize) -> [f64; 4] {
    let east = 5_000.0 + 1_000.0 * f64::from(u32::try_from(n).unwrap());
    [east, 5_000.0, east + 400.0, 5_400.0]
}

/// A zone as a value.
pub(crate) fn feature(id: &str, corners: [f64; 4]) -> Value {
    serde_json::from_str(&zone(id, corners)).unwrap()
}

/// The same with another upper limit.
pub(crate) fn up_to(mut feature: Value, upper_m: f64) -> Value {
    feature["geometry"]["layer"]["upper"] = json!(upper_m);
    feature
}

/// Zone identifiers in the files of a folder.
pub(crate) fn in_files(dir: &Path) -> Vec<String> {
    let mut ids = Vec::new();
    for (_, text) in lowsky::service::zone_files::read(dir).unwrap() {
        let document: Value = serde_json::from_slice(&text).unwrap();
        let features = document["features"].as_array().unwrap().clone();
        ids.extend(features.iter().map(|one| one["properties"]["identifier"].as_str().unwrap().to_owned()));
    }
    ids.sort();
    ids
}
