//! How long the service's writes to a client made no progress before the client was cut, as the kernel sees it.

use std::collections::BTreeMap;
use std::thread::JoinHandle;
use std::time::Duration;

use lowsky::service::clock::Stopwatch;

use crate::calm::promised;
use crate::means::unjudged;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(10);
/// How long is watched at most.
const PATIENCE: Duration = Duration::from_mins(1);
/// A write that makes no progress for so long ends the connection; what is above is a look and the end itself.
const CUT_S: f64 = 3.0;
const TOLERANCE_S: f64 = 0.3;

/// Bytes that wait in the kernel for each connection from a port of this machine, by the other end's port.
fn queues(server: u16) -> Option<BTreeMap<u16, u64>> {
    let text = std::fs::read_to_string("/proc/net/tcp").ok()?;
    let port = |end: &str| u16::from_str_radix(end.split_once(':')?.1, 16).ok();
    let connections = text.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let established = fields.get(3) == Some(&"01") && port(fields[1]) == Some(server);
        let waiting = u64::from_str_radix(fields.get(4)?.split_once(':')?.0, 16).ok()?;
        established.then_some((port(fields[2])?, waiting))
    });
    Some(connections.collect())
}

/// Watches the connections to these clients until the service has cut each.
pub(crate) struct Standstills(JoinHandle<Option<Vec<Duration>>>);

impl Standstills {
    /// Begins to watch; the clients are connected.
    pub(crate) fn watch(server: u16, clients: Vec<u16>) -> Self {
        Self(std::thread::spawn(move || {
            let since = Stopwatch::start();
            let mut moved: BTreeMap<u16, (u64, Stopwatch)> =
                clients.into_iter().map(|client| (client, (0, Stopwatch::start()))).collect();
            let mut stood = Vec::new();
            while !moved.is_empty() {
                let queues = queues(server)?;
                moved.retain(|client, (waiting, still)| match queues.get(client) {
                    None => {
                        stood.push(still.elapsed());
                        false
                    }
                    Some(&now) => {
                        // Less waits when the client's kernel took some, which lets nothing be written yet.
                        if *waiting < now {
                            *still = Stopwatch::start();
                        }
                        *waiting = now;
                        true
                    }
                });
                assert!(since.elapsed() < PATIENCE, "clients that do not read are not cut: {moved:?}");
                std::thread::sleep(LOOK);
            }
            Some(stood)
        }))
    }

    /// Waits until all are cut: none before its time, none long after it.
    pub(crate) fn judge(self) {
        let Some(stood) = self.0.join().unwrap() else {
            return unjudged("SKIPPED: this system does not tell what waits in its connections");
        };
        println!("cut after {stood:.2?} without progress");
        let (shortest, longest) = (stood.iter().min().unwrap(), stood.iter().max().unwrap());
        // A look that came late saw the last progress late.
        assert!(CUT_S / 2.0 < shortest.as_secs_f64(), "cut too early: {stood:?}");
        promised("a client that does not read is cut", *longest, CUT_S + TOLERANCE_S);
    }
}
