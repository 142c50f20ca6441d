//! What the machine and its processes did meanwhile, from `/proc`; elsewhere these figures are absent.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use lowsky::service::clock::Stopwatch;

use crate::histogram::Histogram;

/// `/proc/<pid>/stat` counts in ticks of 10 ms on every Linux.
const TICK_S: f64 = 0.01;
/// Round trips of the echo.
const ECHOES: usize = 2_000;

/// Load averages of 1, 5 and 15 minutes.
pub(crate) fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// Round trips of 64 bytes over a loopback connection between two threads: the least that any message
/// costs here, and how much the machine's other work disturbs.
pub(crate) fn echo() -> std::io::Result<Histogram> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    client.set_nodelay(true)?;
    let (mut server, _peer) = listener.accept()?;
    server.set_nodelay(true)?;
    let echo = std::thread::spawn(move || -> std::io::Result<()> {
        let mut bytes = [0; 64];
        for _ in 0..ECHOES {
            server.read_exact(&mut bytes)?;
            server.write_all(&bytes)?;
        }
        Ok(())
    });
    let (mut histogram, mut bytes) = (Histogram::new(), [0; 64]);
    for _ in 0..ECHOES {
        let watch = Stopwatch::start();
        client.write_all(&bytes)?;
        client.read_exact(&mut bytes)?;
        histogram.note(watch.elapsed());
        // As messages come: one by one, after a sleep.
        std::thread::sleep(Duration::from_micros(200));
    }
    drop(echo.join());
    Ok(histogram)
}

/// One process to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) name: &'static str,
    pub(crate) pid: u32,
}

impl Process {
    /// Processor time so far, seconds, of all threads.
    pub(crate) fn cpu_s(&self) -> Option<f64> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok()?;
        // The name, in brackets, may hold spaces; user and system time are the 14th and 15th word.
        let mut words = text.rsplit_once(')')?.1.split_whitespace().skip(11);
        let mut ticks = || words.next()?.parse::<f64>().ok();
        Some((ticks()? + ticks()?) * TICK_S)
    }

    /// Resident memory in MiB.
    pub(crate) fn rss_mib(&self) -> Option<f64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1024.0)
    }
}

/// The process that listens on a TCP port of this machine, if it may be looked at.
pub(crate) fn listener(port: u16) -> Option<u32> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"].iter().find_map(|path| {
        let text = fs::read_to_string(path).ok()?;
        text.lines().skip(1).find_map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            let local = words.get(1)?.rsplit_once(':')?.1;
            // 0A: listening.
            let found = u16::from_str_radix(local, 16).ok()? == port && *words.get(3)? == "0A";
            found.then(|| words.get(9).map(|inode| format!("socket:[{inode}]")))?
        })
    })?;
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find(|pid: &u32| {
        let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        open.filter_map(|entry| fs::read_link(entry.path()).ok())
            .any(|link| link.to_str() == Some(inode.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn it_finds_itself() {
        let listener_here = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let pid = listener(listener_here.local_addr().unwrap().port()).unwrap();
        assert_eq!(pid, std::process::id());
        let process = Process { name: "test", pid };
        assert!(process.cpu_s().unwrap() < 1e6);
        assert!(process.rss_mib().unwrap() > 0.5);
    }
}
