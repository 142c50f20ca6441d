//! Real processes for the end-to-end tests: started, read, asked, signalled, and ended whatever happens.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lowsky::service::clock;
use serde_json::{Value, json};

use crate::calm::Patience;
use crate::means::mosquitto_program;
pub(crate) use crate::means::{PYTHON, foreign_programs};

/// The program under test.
pub(crate) const LOWSKY: &str = env!("CARGO_BIN_EXE_lowsky");
/// A port that nobody has. It lies below those that the system gives to outgoing connections, so that none of
/// these takes it before it is used.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 600).unwrap() * 20;
    for _ in 0..1_000 {
        let port = 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port");
}

/// Asks until there is an answer, for at most `within_s`, and longer on a machine that others keep busy.
pub(crate) fn until<T>(what: &str, within_s: f64, mut ask: impl FnMut() -> Option<T>) -> T {
    let mut patience = Patience::new(within_s);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(patience.lasts(), "not within {within_s} s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The lines that a program has written so far.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<String>>>, Arc<AtomicBool>);

impl Lines {
    fn collect(source: impl Read + Send + 'static) -> Self {
        let lines = Self::default();
        let kept = lines.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(source).lines().map_while(Result::ok) {
                kept.0.lock().unwrap().push(line);
            }
            kept.1.store(true, Ordering::Release);
        });
        lines
    }

    /// Whether the last line has been read.
    fn complete(&self) -> bool {
        self.1.load(Ordering::Acquire)
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// The first line from `start` on of which `pick` makes something.
    pub(crate) fn find_from<T>(
        &self,
        start: usize,
        what: &str,
        within_s: f64,
        pick: impl Fn(&str) -> Option<T>,
    ) -> T {
        let mut seen = start;
        let mut patience = Patience::new(within_s);
        loop {
            let fresh: Vec<_> = self.0.lock().unwrap().iter().skip(seen).cloned().collect();
            if let Some(found) = fresh.iter().find_map(|line| pick(line)) {
                return found;
            }
            seen += fresh.len();
            if !patience.lasts() {
                let last: Vec<_> = self.all().into_iter().rev().take(30).collect();
                panic!("not within {within_s} s: {what}; the last lines, newest first: {last:#?}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The first line that holds `text`.
    pub(crate) fn find(&self, text: &str, within_s: f64) -> String {
        self.find_from(0, text, within_s, |line| line.contains(text).then(|| line.to_owned()))
    }

    /// The first line that is a JSON value for which `wanted` holds.
    pub(crate) fn json(&self, what: &str, within_s: f64, wanted: impl Fn(&Value) -> bool) -> Value {
        self.find_from(0, what, within_s, |line| serde_json::from_str(line).ok().filter(&wanted))
    }
}

/// A running program; killed when dropped.
pub(crate) struct Program {
    child: Child,
    pub(crate) out: Lines,
    pub(crate) err: Lines,
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = piped.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let out = Lines::collect(child.stdout.take().unwrap());
        let err = Lines::collect(child.stderr.take().unwrap());
        Self { child, out, err }
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal: `TERM`, `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let sent =
            Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success(), "kill -{name}");
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The exit code; it must end within so many seconds. All that it wrote is there then.
    pub(crate) fn code_within(&mut self, within_s: f64) -> Option<i32> {
        let status = until("the program ends", within_s, || self.child.try_wait().unwrap());
        until("its last lines", 10.0, || (self.out.complete() && self.err.complete()).then_some(()));
        status.code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Fails only if it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            println!("--- the last lines on standard error of a program of this test");
            self.err.all().iter().rev().take(25).rev().for_each(|line| println!("{line}"));
        }
    }
}

/// Starts a real mosquitto on a loopback port, configured in `dir`, and waits until it listens.
pub(crate) fn mosquitto(dir: &Path, port: u16) -> Program {
    let text = format!("listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n");
    broker(dir, port, &text)
}

/// As [`mosquitto`], configured by `text`.
pub(crate) fn broker(dir: &Path, port: u16, text: &str) -> Program {
    let config = dir.join(format!("mosquitto-{port}.conf"));
    std::fs::write(&config, text).unwrap();
    let program = mosquitto_program().expect("foreign_programs was asked first");
    let broker = Program::start(Command::new(program).arg("-c").arg(&config));
    until("mosquitto listens", 10.0, || TcpStream::connect(("127.0.0.1", port)).ok());
    broker
}

/// As [`mosquitto`], with the profile that the project recommends: confirmed messages survive, nothing is dropped.
pub(crate) fn mosquitto_as_documented(dir: &Path, port: u16) -> Program {
    let profile = concat!(env!("CARGO_MANIFEST_DIR"), "/config/mosquitto.conf");
    let text = std::fs::read_to_string(profile).unwrap();
    let (listener, place) =
        (format!("listener {port} 127.0.0.1"), format!("persistence_location {}/", dir.display()));
    let adapted =
        text.replace("listener 1883 127.0.0.1", &listener).replace("persistence_location /tmp/", &place);
    assert!(adapted.contains(&listener) && adapted.contains(&place), "the profile is adapted");
    // Started by root it would become a user that may not write into `dir`; started by another it ignores this.
    broker(dir, port, &format!("{adapted}\nuser root\n"))
}

/// A running daemon.
pub(crate) struct Daemon {
    pub(crate) program: Program,
    pub(crate) http: SocketAddr,
}

impl Daemon {
    /// `lowsky run` with the configuration of `dir`.
    pub(crate) fn spawn(dir: &Path) -> Program {
        Program::start(Command::new(LOWSKY).arg("run").arg("--config").arg(dir.join("lowsky.toml")))
    }

    /// As [`Self::spawn`], waited for until it listens.
    pub(crate) fn start(dir: &Path) -> Self {
        Self::listening(Self::spawn(dir))
    }

    /// A daemon that was started somehow, once it listens.
    pub(crate) fn listening(program: Program) -> Self {
        let http = program.err.find_from(0, "the address", 20.0, |line| {
            let (_, rest) = line.split_once("http=")?;
            rest.split(' ').next()?.parse().ok()
        });
        Self { program, http }
    }

    /// As [`Self::start`], and waited for until it is ready.
    pub(crate) fn ready(dir: &Path) -> Self {
        let daemon = Self::start(dir);
        daemon.until_ready(20.0);
        daemon
    }

    pub(crate) fn until_ready(&self, within_s: f64) {
        until("ready", within_s, || self.health()["status"].as_str().filter(|s| *s != "failed").map(|_| ()));
    }

    pub(crate) fn stream(&self) -> String {
        format!("ws://{}/api/v1/stream", self.http)
    }

    /// What `/readyz` says.
    pub(crate) fn health(&self) -> Value {
        serde_json::from_str(&get(self.http, "/readyz").1).unwrap()
    }

    pub(crate) fn json(&self, path: &str) -> Value {
        let (status, body) = get(self.http, path);
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Listens with Python; waited for until the first frame.
    pub(crate) fn listen(&self) -> Program {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/foreign/listen.py");
        let listener = Program::start(
            Command::new(PYTHON).arg(script).arg(self.stream()).arg(r#"{"type": "subscribe"}"#),
        );
        listener.out.json("snapshot", 15.0, |frame| frame["type"] == "snapshot");
        listener
    }

    /// Stops it by a signal as its owner would; it must obey within 5 s and be content.
    pub(crate) fn stop(mut self, signal: &str) {
        self.program.signal(signal);
        assert_eq!(self.program.code_within(5.0), Some(0), "exit code after SIG{signal}");
    }
}

/// Writes `lowsky.toml` into `dir`: the broker's port, an own HTTP port, zones in `zones`, state in `var`.
pub(crate) fn configure(dir: &Path, mqtt_port: u16, embedded: bool, http_port: u16) {
    let text = format!(
        "[mqtt]\nurl = \"mqtt://127.0.0.1:{mqtt_port}\"\nembedded = {embedded}\n[http]\nlisten = \"127.0.0.1:{http_port}\"\n"
    );
    std::fs::write(dir.join("lowsky.toml"), text).unwrap();
    std::fs::create_dir_all(dir.join("zones")).unwrap();
}

/// One request, the whole answer: status and body.
pub(crate) fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let Ok(mut stream) = TcpStream::connect(address) else { return (0, String::new()) };
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap_or_default();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    (head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0), body.to_owned())
}

/// Where the test flights take place.
const ORIGIN: (f64, f64) = (22.75, 113.45);

/// A place `east_m`, `north_m` of the origin, as (latitude, longitude).
pub(crate) fn place(east_m: f64, north_m: f64) -> (f64, f64) {
    let (lat, lng) = ORIGIN;
    (lat + north_m / 110_740.0, lng + east_m / (111_320.0 * lat.to_radians().cos()))
}

/// A fresh report, 60 m above the ground.
pub(crate) fn report(uas_id: &str, (lat, lng): (f64, f64), speed: f64, track: f64) -> Value {
    json!({
        "uas_id": uas_id, "timestamp": clock::now().to_string(), "lat": lat, "lng": lng, "alt_hae": 56.0,
        "height": 60.0, "height_reference": "GROUND", "ground_speed": speed, "track": track,
        "vertical_speed": 0.0, "accuracy_h": 1.0, "accuracy_v": 1.5, "ua_class": "LIGHT",
        "operational_status": "AIRBORNE",
    })
}

/// A prohibited zone, a rectangle of metres around the origin, as a feature of several lines.
pub(crate) fn zone(identifier: &str, [west, south, east, north]: [f64; 4]) -> String {
    let corner = |e, n| {
        let (lat, lng) = place(e, n);
        format!("[{lng:.7}, {lat:.7}]")
    };
    let (sw, se, ne, nw) =
        (corner(west, south), corner(east, south), corner(east, north), corner(west, north));
    format!(
        "{{\"type\": \"Feature\",\n \"properties\": {{\n  \"identifier\": \"{identifier}\",\n  \"country\": \"CHN\",\n  \
         \"type\": \"PROHIBITED\",\n  \"variant\": \"COMMON\",\n  \
         \"name\": [{{\"text\": \"试验区（合成）\", \"lang\": \"zh-CN\"}}, {{\"text\": \"test zone (synthetic)\", \"lang\": \"en-GB\"}}],\n  \
         \"zoneAuthority\": [{{\"purpose\": \"AUTHORIZATION\"}}]}},\n \"geometry\": {{\n  \"type\": \"Polygon\",\n  \
         \"coordinates\": [[\n   {sw},\n   {se},\n   {ne},\n   {nw},\n   {sw}]],\n  \
         \"layer\": {{\n   \"lower\": 0,\n   \"lowerReference\": \"AGL\",\n   \"upper\": 120,\n   \"upperReference\": \"AGL\",\n   \
         \"uom\": \"m\"}}}}}}"
    )
}

/// Features as a document.
pub(crate) fn zones(features: &[String]) -> String {
    let features = features.join(",\n");
    format!(
        "{{\"type\": \"FeatureCollection\",\n\"title\": \"test (synthetic)\",\n\"features\": [\n{features}\n]}}\n"
    )
}

/// A bare MQTT 3.1.1 client that publishes at QoS 0, for tests that are not about clients.
pub(crate) struct Sender(TcpStream);

impl Sender {
    pub(crate) fn connect(port: u16, name: &str) -> Self {
        let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let mut packet = b"\x00\x04MQTT\x04\x02\x00\x00".to_vec();
        packet.extend(u16::try_from(name.len()).unwrap().to_be_bytes());
        packet.extend(name.as_bytes());
        packet.splice(0..0, [0x10, u8::try_from(packet.len()).unwrap()]);
        socket.write_all(&packet).unwrap();
        let mut answer = [0; 4];
        socket.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [0x20, 2, 0, 0], "the broker takes us");
        Self(socket)
    }

    pub(crate) fn send(&mut self, topic: &str, payload: &str) -> std::io::Result<()> {
        self.publish(topic, payload, None)
    }

    /// As [`Self::send`], at QoS 1 if there is a packet id.
    pub(crate) fn publish(&mut self, topic: &str, payload: &str, id: Option<u16>) -> std::io::Result<()> {
        let mut length = 2 + topic.len() + payload.len() + id.map_or(0, |_| 2);
        let mut packet = vec![if id.is_some() { 0x32 } else { 0x30 }];
        loop {
            let more = if length < 128 { 0 } else { 0x80 };
            packet.push(u8::try_from(length % 128).unwrap() | more);
            length /= 128;
            if length == 0 {
                break;
            }
        }
        packet.extend(u16::try_from(topic.len()).unwrap().to_be_bytes());
        packet.extend(topic.as_bytes());
        packet.extend(id.iter().flat_map(|id| id.to_be_bytes()));
        packet.extend(payload.as_bytes());
        self.0.write_all(&packet)
    }

    /// The connection, to read what the broker answers.
    pub(crate) fn socket(&self) -> TcpStream {
        self.0.try_clone().unwrap()
    }

    /// Publishes a report of an aircraft of the operator `op`.
    pub(crate) fn report(&mut self, report: &Value) {
        let topic = format!("lowsky/v1/telemetry/op/{}", report["uas_id"].as_str().unwrap());
        self.send(&topic, &report.to_string()).unwrap();
    }
}

/// A WebSocket of the stream, upgraded by hand, so that it can be read and written as badly as one likes.
pub(crate) fn raw_stream(address: SocketAddr) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    write!(
        socket,
        "GET /api/v1/stream HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    socket
}

/// Resident memory of a process, KiB, where the system tells.
pub(crate) fn resident_kib(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Publishes one message with the foreign program, QoS 1.
pub(crate) fn publish(port: u16, topic: &str, payload: &Value, retain: bool) {
    let mut sent = Command::new("mosquitto_pub");
    sent.args([
        "-h",
        "127.0.0.1",
        "-p",
        &port.to_string(),
        "-q",
        "1",
        "-t",
        topic,
        "-m",
        &payload.to_string(),
    ]);
    sent.args(retain.then_some("-r"));
    assert!(sent.status().unwrap().success(), "mosquitto_pub");
}
