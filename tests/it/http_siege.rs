//! Peers that mean no good, against the real program: none of them stops an alert, and who is honest gets in.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use lowsky::service::clock::Stopwatch;

use crate::e2e_stream::{Listener, Stream};
use crate::e2e_support::{
    Daemon, LOWSKY, Program, Sender, configure, foreign_programs, free_port, get, mosquitto, place,
    raw_stream, report, resident_kib, until, zone, zones,
};

/// Open files that the besieged daemon may have, and idle sockets held against it.
const FEW_FILES: u32 = 120;
const IDLE: usize = 2_000;
const JUNK: usize = 10_000;
/// Most memory that a siege may cost, KiB.
const GROWTH_MAX_KIB: u64 = 64 << 10;

/// A daemon, its broker, and somebody who listens.
struct Besieged {
    daemon: Daemon,
    sender: Sender,
    listener: Listener,
    alerts: u32,
    _broker: Program,
}

impl Besieged {
    fn start(dir: &Path, open_files: u32) -> Self {
        let port = free_port();
        let broker = mosquitto(dir, port);
        configure(dir, port, false, 0);
        std::fs::write(dir.join("zones/z.json"), zones(&[zone("Z", [0.0, 0.0, 2e4, 2e4])])).unwrap();
        let mut command = Command::new("sh");
        let limited = format!("ulimit -n {open_files}; exec \"$0\" run --config \"$1\"");
        let program = Program::start(command.arg("-c").arg(limited).arg(LOWSKY).arg(dir.join("lowsky.toml")));
        let http = program.err.find_from(0, "the address", 30.0, |line| {
            line.split_once("http=")?.1.split(' ').next()?.parse().ok()
        });
        let daemon = Daemon { program, http };
        daemon.until_ready(30.0);
        let listener = Listener::start(http);
        Self { daemon, sender: Sender::connect(port, "siege"), listener, alerts: 0, _broker: broker }
    }

    fn http(&self) -> SocketAddr {
        self.daemon.http
    }

    /// An aircraft appears in the zone: who was connected before must hear of it.
    fn an_alert_arrives(&mut self, when: &str) {
        self.alerts += 1;
        let uas_id = format!("SIEGE-{}", self.alerts);
        let at = place(500.0 * f64::from(self.alerts), 1_000.0);
        let since = Stopwatch::start();
        until(when, 20.0, || {
            self.sender.report(&report(&uas_id, at, 0.0, 0.0));
            std::thread::sleep(Duration::from_millis(100));
            let frames = self.listener.frames();
            frames
                .iter()
                .any(|frame| frame["type"] == "alert" && frame["alert"]["uas_id"] == uas_id.as_str())
                .then_some(())
        });
        println!("{when}: an alert after {:.2} s", since.elapsed().as_secs_f64());
    }

    /// The value of a figure, labels summed.
    fn figure(&self, name: &str) -> f64 {
        let (status, text) = get(self.http(), "/metrics");
        assert_eq!(status, 200);
        let lines = text.lines().filter(|line| line.starts_with(name));
        lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
    }
}

#[test]
fn p30_idle_sockets_that_take_every_descriptor_neither_stop_alerts_nor_lock_clients_out() {
    if !foreign_programs() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut siege = Besieged::start(dir.path(), FEW_FILES);
    siege.an_alert_arrives("before");
    // All idle, and kept open by us to the end.
    let connect = || TcpStream::connect_timeout(&siege.daemon.http, Duration::from_secs(2)).ok();
    let idle: Vec<TcpStream> = std::iter::repeat_with(connect).take(IDLE).flatten().collect();
    assert!(idle.len() > 500, "{}", idle.len());
    siege.an_alert_arrives("while no descriptor is left");
    let since = Stopwatch::start();
    until("a real client gets in", 40.0, || (get(siege.http(), "/healthz").0 == 200).then_some(()));
    println!("a real client was in after {:.2} s", since.elapsed().as_secs_f64());
    let refused = siege.figure(r#"lowsky_http_connections_refused_total{reason="Descriptors"}"#);
    assert!(refused > 0.0, "the fault fired");
    let mut late = Stream::subscribe(siege.http(), None);
    assert_eq!(late.next(5.0).expect("a snapshot")["type"], "snapshot");
    siege.an_alert_arrives("afterwards");
    drop(idle);
    siege.daemon.stop("TERM");
}

/// The code of the close frame that the server ends this connection with; 0 if it just ends.
fn close_code(mut socket: TcpStream) -> u16 {
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).unwrap_or_default();
    let mut rest = bytes.as_slice();
    while let [kind, length, after @ ..] = rest {
        let (length, after) = match (length, after) {
            (126, [high, low, after @ ..]) => (usize::from(u16::from_be_bytes([*high, *low])), after),
            (127, _) => return 0,
            (length, after) => (usize::from(*length), after),
        };
        if *kind == 0x88 {
            return u16::from_be_bytes([after[0], after[1]]);
        }
        rest = after.get(length..).unwrap_or_default();
    }
    0
}

#[test]
fn p30_junk_floods_and_giants_are_turned_away_and_alerts_go_on() {
    if !foreign_programs() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut siege = Besieged::start(dir.path(), 4_096);
    let address = siege.http();
    siege.an_alert_arrives("before");
    let before = resident_kib(siege.daemon.program.id());

    // A head that never ends, a letter at a time.
    let mut slow: Vec<TcpStream> = (0..50).map(|_| TcpStream::connect(address).unwrap()).collect();
    let since = Stopwatch::start();
    let mut alive = slow.len();
    while alive > 0 && since.elapsed().as_secs_f64() < 20.0 {
        alive = slow.iter_mut().filter_map(|socket| socket.write_all(b"G").ok()).count();
        std::thread::sleep(Duration::from_millis(250));
    }
    assert_eq!(alive, 0, "slow heads are cut");
    siege.an_alert_arrives("after slow heads");

    // A frame that says it has 64 MB, one that is not masked, one with a reserved bit.
    let mut giant = raw_stream(address);
    giant.write_all(&[0x81, 0xff, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]).unwrap();
    giant.write_all(&vec![b'x'; 1 << 20]).unwrap_or_default();
    let giant = close_code(giant);
    assert!(matches!(giant, 1009 | 0), "{giant}");
    let mut unmasked = raw_stream(address);
    unmasked.write_all(&[0x81, 2, b'{', b'}']).unwrap();
    assert_eq!(close_code(unmasked), 1002);
    let mut reserved = raw_stream(address);
    reserved.write_all(&[0xc1, 0x82, 0, 0, 0, 0, b'{', b'}']).unwrap();
    assert_eq!(close_code(reserved), 1002);
    siege.an_alert_arrives("after broken frames");

    // Subscriptions without end.
    let since = Stopwatch::start();
    let mut flood = Stream::subscribe(address, None);
    for _ in 0..2_000 {
        flood.say(r#"{"type":"subscribe","tracks":{}}"#);
    }
    let (mut served, read) = (0_u32, Stopwatch::start());
    while read.elapsed().as_secs_f64() < 3.0 {
        served += u32::from(flood.next(0.5).is_some_and(|frame| frame["type"] == "snapshot"));
    }
    let most = 20.0 + 2.0 * since.elapsed().as_secs_f64() + 1.0;
    assert!(10 < served && f64::from(served) <= most, "{served} snapshots for 2000 subscriptions");
    siege.an_alert_arrives("during a flood of subscriptions");
    drop(flood);

    // Connections that say nonsense or nothing and go.
    let (mut made, mut answered) = (0, 0);
    for number in 0..JUNK {
        let Ok(mut socket) = TcpStream::connect_timeout(&address, Duration::from_secs(2)) else { continue };
        made += 1;
        if number % 2 == 0 {
            socket.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n").unwrap_or_default();
        }
        if number % 100 == 0 {
            socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            let mut text = String::new();
            socket.read_to_string(&mut text).unwrap_or_default();
            answered += u32::from(text.starts_with("HTTP/1.1 400"));
        }
        if number == JUNK / 2 {
            siege.an_alert_arrives("among junk");
        }
    }
    assert!(made > JUNK / 2 && answered > 50, "the fault fired: {made} made, {answered} answered");
    siege.an_alert_arrives("after junk");
    if let (Some(before), Some(after)) = (before, resident_kib(siege.daemon.program.id())) {
        println!("resident: {before} KiB before, {after} KiB after");
        assert!(after < before + GROWTH_MAX_KIB, "{before} KiB grew to {after} KiB");
    }
    let frames = siege.listener.frames();
    assert!(frames.iter().all(|frame| frame["type"] != "gap" && frame["type"] != "closed"));
    siege.daemon.stop("TERM");
}
