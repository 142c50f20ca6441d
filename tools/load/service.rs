//! What the daemon says of itself over HTTP.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A daemon's HTTP address.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    /// `host:port`.
    address: String,
}

/// The counters of `/metrics` that tell what became of observations.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Books {
    pub(crate) messages: f64,
    pub(crate) offered: f64,
    pub(crate) evaluated: f64,
    pub(crate) conflated: f64,
    pub(crate) refused: f64,
    pub(crate) in_flight: f64,
    pub(crate) alert_seq: f64,
    pub(crate) alerts_open: f64,
    pub(crate) aircraft: f64,
}

impl Service {
    /// From the address of its stream.
    pub(crate) fn of_stream(url: &str) -> Option<Self> {
        let address = url.strip_prefix("ws://")?.split('/').next()?;
        address.contains(':').then(|| Self { address: address.to_owned() })
    }

    pub(crate) fn port(&self) -> Option<u16> {
        self.address.rsplit_once(':')?.1.parse().ok()
    }

    /// The body of a page.
    pub(crate) fn get(&self, path: &str) -> std::io::Result<String> {
        let mut socket = TcpStream::connect(&self.address)?;
        socket.set_read_timeout(Some(Duration::from_secs(20)))?;
        write!(socket, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address)?;
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        if !head.starts_with("HTTP/1.1 200") {
            let status = head.lines().next().unwrap_or("no answer");
            return Err(std::io::Error::other(format!("{path}: {status}")));
        }
        Ok(body.to_owned())
    }

    pub(crate) fn books(&self) -> std::io::Result<Books> {
        Ok(Books::read(&self.get("/metrics")?))
    }
}

impl Books {
    pub(crate) fn read(text: &str) -> Self {
        let sum = |name: &str| -> f64 {
            let values = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
                let (key, value) = line.rsplit_once(' ')?;
                (key.split('{').next() == Some(name)).then(|| value.parse::<f64>().ok())?
            });
            values.sum()
        };
        Self {
            messages: sum("lowsky_intake_messages_total"),
            offered: sum("lowsky_observations_offered_total"),
            evaluated: sum("lowsky_observations_evaluated_total"),
            conflated: sum("lowsky_observations_conflated_total"),
            refused: sum("lowsky_observations_refused_total"),
            in_flight: sum("lowsky_observations_in_flight"),
            alert_seq: sum("lowsky_alert_seq"),
            alerts_open: sum("lowsky_alerts_open"),
            aircraft: sum("lowsky_aircraft"),
        }
    }

    /// `offered = evaluated + conflated + refused + in flight`.
    pub(crate) fn balance(&self) -> bool {
        (self.offered - self.evaluated - self.conflated - self.refused - self.in_flight).abs() < 0.5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_and_labels_summed() {
        let text = "# TYPE x counter\nlowsky_observations_offered_total 7\n\
                    lowsky_observations_evaluated_total 4\n\
                    lowsky_observations_refused_total{reason=\"FUTURE\"} 1\n\
                    lowsky_observations_refused_total{reason=\"NO_FIX\"} 2\n";
        let books = Books::read(text);
        assert!(books.balance());
        assert!(!Books { evaluated: 5.0, ..books }.balance());
    }
}
