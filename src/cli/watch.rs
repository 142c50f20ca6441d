//! `lowsky watch`: the live alert stream in a terminal.
//!
//! It reconnects and resumes, and it never looks live when it is not: three seconds without a heartbeat and
//! it says so, and afterwards what was missed.

mod lines;
mod wish;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::CancellationToken;

use crate::domain::{AlertCode, BoundingBox, Severity};

/// Without a heartbeat for so long, the service counts as dead.
const DEAD_AFTER: Duration = Duration::from_secs(3);
/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the first connection is tried.
const FIRST_PATIENCE: Duration = Duration::from_secs(10);
/// Pauses between attempts, doubling from the first to the last.
const RETRY: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(5)];

/// Language of the explanations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// 中文.
    #[value(name = "zh-CN", alias = "zh")]
    Zh,
    /// English.
    En,
}

/// Shows the live alert stream.
#[derive(Debug, Clone, Args)]
pub struct WatchArgs {
    /// Address of the service, such as <http://127.0.0.1:8080>.
    pub url: String,
    /// One JSON object a line: the `alert` frames as they come.
    #[arg(long)]
    pub json: bool,
    /// Shows every update too, not only what is raised, escalated, milder, acknowledged or cleared.
    #[arg(long)]
    pub updates: bool,
    /// Only alerts this severe or more: INFO, ADVISORY, CAUTION, WARNING, CRITICAL.
    #[arg(long)]
    pub min_severity: Option<Severity>,
    /// Only alerts of this code, such as SEPARATION; may be repeated.
    #[arg(long = "code")]
    pub codes: Vec<AlertCode>,
    /// Only alerts of this operator's aircraft; may be repeated.
    #[arg(long = "operator")]
    pub operators: Vec<String>,
    /// Only alerts of this aircraft; may be repeated.
    #[arg(long = "uas-id")]
    pub uas_ids: Vec<String>,
    /// Only alerts in this box: WEST,SOUTH,EAST,NORTH in degrees.
    #[arg(long, allow_hyphen_values = true)]
    pub bbox: Option<BoundingBox>,
    /// Language of the explanations; otherwise that of the environment.
    #[arg(long)]
    pub lang: Option<Language>,
}

impl WatchArgs {
    /// Everything that the service at `address` tells.
    pub(super) fn of_address(address: std::net::SocketAddr) -> Self {
        Self {
            url: format!("http://{address}"),
            json: false,
            updates: false,
            min_severity: None,
            codes: Vec::new(),
            operators: Vec::new(),
            uas_ids: Vec::new(),
            bbox: None,
            lang: None,
        }
    }
}

/// Where it writes, and when it ends.
pub struct Terminal {
    /// Alerts.
    pub out: Box<dyn Write + Send>,
    /// Everything about the connection.
    pub err: Box<dyn Write + Send>,
    /// Whether lines are coloured.
    pub colour: bool,
    /// Whether somebody sits before it who should hear that the connection is lost.
    pub bell: bool,
    /// Language where the arguments do not say.
    pub language: Language,
    /// Cancelled to end it.
    pub stop: CancellationToken,
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terminal").field("colour", &self.colour).finish_non_exhaustive()
    }
}

impl Terminal {
    /// The process's own: colours on a terminal unless `NO_COLOR` is set, language from the environment.
    pub fn standard(stop: CancellationToken) -> Self {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let locale = set("LC_ALL").or_else(|| set("LC_MESSAGES")).or_else(|| set("LANG")).unwrap_or_default();
        Self {
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
            colour: io::stdout().is_terminal() && set("NO_COLOR").is_none(),
            bell: io::stderr().is_terminal(),
            language: if locale.starts_with("zh") { Language::Zh } else { Language::En },
            stop,
        }
    }
}

/// Follows the stream until it is stopped: 0. 1: the service refused the filters; 2: the address is none;
/// 3: the service cannot be reached within 10 s or refuses the connection.
pub async fn watch(args: WatchArgs, mut terminal: Terminal) -> ExitCode {
    let url = match wish::stream_url(&args.url) {
        Ok(url) => url,
        Err(why) => {
            tell(&mut terminal.err, &why);
            return ExitCode::from(2);
        }
    };
    let stop = terminal.stop.clone();
    let mut watcher = Watcher::new(args, terminal);
    tokio::select! {
        () = stop.cancelled() => ExitCode::SUCCESS,
        end = watcher.follow(&url) => match end {
            End::Closed => ExitCode::SUCCESS,
            End::Refused => ExitCode::from(1),
            End::Unreachable => ExitCode::from(3),
        },
    }
}

/// Why it ended by itself.
enum End {
    /// Nobody reads the output any more.
    Closed,
    /// The filters were not accepted.
    Refused,
    /// No connection.
    Unreachable,
}

struct Watcher {
    args: WatchArgs,
    language: Language,
    terminal: Terminal,
    /// Every event up to this one has been seen.
    seq: Option<u64>,
    log_id: Option<Value>,
    connected_once: bool,
    lost_at: Option<Instant>,
    /// What happened while there was no connection, as it is made up for.
    missed: Option<Missed>,
    /// How often each open alert was announced again.
    announced: BTreeMap<String, u64>,
}

/// What is made up for after a break.
#[derive(Default)]
struct Missed {
    /// The newest event at the reconnection: later ones are live.
    upto: u64,
    by_severity: BTreeMap<Severity, u64>,
    /// Events that the service cannot give any more.
    lost: u64,
}

impl Watcher {
    fn new(args: WatchArgs, terminal: Terminal) -> Self {
        let language = args.lang.unwrap_or(terminal.language);
        Self {
            args,
            language,
            terminal,
            seq: None,
            log_id: None,
            connected_once: false,
            lost_at: None,
            missed: None,
            announced: BTreeMap::new(),
        }
    }

    async fn follow(&mut self, url: &str) -> End {
        let started = Instant::now();
        let [shortest, longest] = RETRY;
        let mut pause = shortest;
        loop {
            match self.connection(url).await {
                Ok(end) => return end,
                Err(Lost { why, was_live, final_answer }) => {
                    if final_answer || (!self.connected_once && FIRST_PATIENCE < started.elapsed()) {
                        tell(&mut self.terminal.err, &format!("{url}: {why}"));
                        return End::Unreachable;
                    }
                    if was_live {
                        pause = shortest;
                    }
                    if self.lost_at.is_none() {
                        self.lost_at = Some(Instant::now());
                        let Terminal { err, colour, bell, .. } = &mut self.terminal;
                        tell(err, &lines::not_live(self.language, &why, *colour, *bell));
                    }
                }
            }
            sleep(pause.mul_f64(0.7 + 0.6 * fastrand::f64())).await;
            pause = (pause * 2).min(longest);
        }
    }

    async fn connection(&mut self, url: &str) -> Result<End, Lost> {
        let attempt = timeout(CONNECT_TIMEOUT, connect_async(url)).await;
        let (mut socket, _) = attempt.map_err(|_elapsed| Lost::because("no answer"))?.map_err(Lost::from)?;
        self.connected_once = true;
        let mut heartbeat_by = Instant::now() + DEAD_AFTER;
        let mut was_live = false;
        loop {
            let lost = |why: &str| Lost { why: why.into(), was_live, final_answer: false };
            let message = timeout_at(heartbeat_by, socket.next())
                .await
                .map_err(|_late| lost("no heartbeat for 3 s"))?;
            let text = match message {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(_))) | None => return Err(lost("the service closed the connection")),
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Err(lost(&error.to_string())),
            };
            let Ok(frame) = serde_json::from_str::<Value>(&text) else { continue };
            match frame.get("type").and_then(Value::as_str).unwrap_or_default() {
                "hello" => {
                    let subscribe = self.hello(&frame);
                    socket
                        .send(Message::text(subscribe.to_string()))
                        .await
                        .map_err(|error| lost(&error.to_string()))?;
                }
                "heartbeat" => {
                    heartbeat_by = Instant::now() + DEAD_AFTER;
                    was_live = true;
                    self.seq = frame.get("seq").and_then(Value::as_u64).or(self.seq);
                    self.live_again();
                }
                "bye" => {
                    self.seq = frame.pointer("/resume/seq").and_then(Value::as_u64).or(self.seq);
                    tell(&mut self.terminal.err, lines::bye(self.language));
                }
                "error" => {
                    tell(&mut self.terminal.err, &lines::clean(frame.get("message")));
                    if frame.get("code").is_some_and(|code| code == "BAD_SUBSCRIPTION") {
                        return Ok(End::Refused);
                    }
                }
                kind => {
                    if self.show(kind, &frame, &text).is_err() {
                        return Ok(End::Closed);
                    }
                }
            }
        }
    }

    /// The subscription that answers a `hello`. A service with another history answers by a gap.
    fn hello(&mut self, frame: &Value) -> Value {
        let before = std::mem::replace(&mut self.log_id, frame.get("log_id").cloned());
        let mut subscribe = json!({ "type": "subscribe", "alerts": wish::scope(&self.args) });
        if let (Some(seq), Value::Object(members)) = (self.seq, &mut subscribe) {
            let newest = frame.get("seq").and_then(Value::as_u64).unwrap_or(seq);
            if before == self.log_id {
                let missed = newest.saturating_sub(seq);
                tell(&mut self.terminal.err, &lines::resumed(self.language, missed));
            } else {
                tell(&mut self.terminal.err, lines::other_history(self.language));
            }
            members.insert("after".into(), seq.into());
            members.extend(before.map(|log_id| ("log_id".into(), log_id)));
            self.missed = Some(Missed { upto: newest, ..Missed::default() });
        }
        subscribe
    }

    /// A heartbeat came: the service lives, and once what was missed is made up for, so is this.
    fn live_again(&mut self) {
        let seq = self.seq.unwrap_or(0);
        if self.missed.as_ref().is_some_and(|missed| seq < missed.upto) {
            return;
        }
        let missed = self.missed.take().unwrap_or_default();
        if let Some(lost_at) = self.lost_at.take() {
            let text = lines::live_again(
                self.language,
                lost_at.elapsed().as_secs_f64(),
                &missed.by_severity,
                missed.lost,
            );
            tell(&mut self.terminal.err, &text);
        }
    }

    fn show(&mut self, kind: &str, frame: &Value, text: &str) -> io::Result<()> {
        let (language, colour) = (self.language, self.terminal.colour);
        let number = |name: &str| frame.get(name).and_then(Value::as_u64);
        match kind {
            "alert" => {
                self.seq = number("seq").or(self.seq);
                self.count_missed(frame);
                let again = self.is_announced_again(frame);
                let update = frame.get("event").and_then(Value::as_str) == Some("UPDATED");
                let out = &mut self.terminal.out;
                if self.args.json {
                    writeln!(out, "{text}")?;
                } else if !update || again || self.args.updates {
                    writeln!(out, "{}", lines::event(frame, again, language, colour))?;
                }
            }
            "snapshot" => {
                self.seq = number("seq").or(self.seq);
                let open =
                    frame.get("alerts").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                tell(&mut self.terminal.err, &lines::snapshot(language, open.len()));
                self.announced.clear();
                if self.args.json {
                    writeln!(self.terminal.out, "{text}")?;
                }
                for alert in open {
                    note_announced(&mut self.announced, alert);
                    if !self.args.json {
                        writeln!(self.terminal.out, "{}", lines::open(alert, language, colour))?;
                    }
                }
            }
            "gap" => {
                let lost = number("to").unwrap_or(0).saturating_add(1);
                let lost = lost.saturating_sub(number("from").unwrap_or(lost));
                if let Some(missed) = &mut self.missed {
                    missed.lost = missed.lost.saturating_add(lost);
                }
                if self.args.json {
                    writeln!(self.terminal.out, "{text}")?;
                }
                tell(&mut self.terminal.err, &lines::gap(language, frame));
            }
            // A newer service may say more.
            _ => {}
        }
        self.terminal.out.flush()
    }

    fn count_missed(&mut self, frame: &Value) {
        let severity = frame.pointer("/alert/severity").and_then(Value::as_str);
        let Some(severity) = severity.and_then(|name| name.parse().ok()) else { return };
        let seq = self.seq.unwrap_or(0);
        if let Some(missed) = self.missed.as_mut().filter(|missed| seq <= missed.upto) {
            *missed.by_severity.entry(severity).or_default() += 1;
        }
    }

    /// Whether the event is nothing new but that nobody has acknowledged the alert yet.
    fn is_announced_again(&mut self, frame: &Value) -> bool {
        let Some(alert) = frame.get("alert") else { return false };
        if frame.get("event").and_then(Value::as_str) == Some("CLEARED") {
            let id = alert.get("alert_id").and_then(Value::as_str).unwrap_or_default();
            self.announced.remove(id);
            return false;
        }
        note_announced(&mut self.announced, alert)
    }
}

/// Notes how often an alert was announced again; whether that is more than before.
fn note_announced(announced: &mut BTreeMap<String, u64>, alert: &Value) -> bool {
    let Some(times) = alert.get("announced_again").and_then(Value::as_u64) else { return false };
    let id = alert.get("alert_id").and_then(Value::as_str).unwrap_or_default();
    announced.insert(id.into(), times).unwrap_or(0) < times
}

/// A connection that failed or ended.
struct Lost {
    why: String,
    /// Whether a heartbeat had come.
    was_live: bool,
    /// Whether another attempt would get the same answer.
    final_answer: bool,
}

impl Lost {
    fn because(why: &str) -> Self {
        Self { why: why.into(), was_live: false, final_answer: false }
    }
}

impl From<Error> for Lost {
    fn from(error: Error) -> Self {
        let refused = matches!(&error, Error::Http(response) if response.status().is_client_error());
        Self { why: error.to_string(), was_live: false, final_answer: refused }
    }
}

/// What is said about the connection must not end it: nobody may be reading.
fn tell(err: &mut dyn Write, text: &str) {
    writeln!(err, "{text}").unwrap_or_default();
}
