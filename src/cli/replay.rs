//! `lowsky replay`: a recording through the same decoders and engine as the service, without a clock.

use std::io::{BufRead, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::files::{self, Failure};
use super::{republish, simulate};
use crate::config::Config;
use crate::domain::{Reason, Timestamp};
use crate::monitor::{Effect, Event, Monitor};
use crate::service::terrain_files;
use crate::stream::{LoggedEvent, to_json};
use crate::wire::{Decoded, Decoder, Doors, recording};

/// Longest line of a recording, bytes: a payload of 8 KiB in base64 is far below.
const LINE_LEN_MAX: usize = 1024 * 1024;
/// As the service: an unfinished epoch of single sentences waits so long, microseconds.
const RELEASE_AFTER_US: i64 = 300_000;
/// Messages between two signs of progress.
const PROGRESS_EVERY: usize = 10_000;

/// The arguments of `replay`.
#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// The recording; `-` is standard input.
    pub recording: PathBuf,
    /// The configuration [default: config/lowsky.toml if there].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The folder of zone files instead of the configured one.
    #[arg(long, value_name = "DIR")]
    pub zones: Option<PathBuf>,
    /// Writes every pair and zone that was evaluated as JSON Lines.
    #[arg(long, value_name = "FILE")]
    pub assessments: Option<PathBuf>,
    /// Publishes the recording to a broker instead of evaluating it; times are moved to now.
    #[arg(long, value_name = "URL", value_parser = simulate::broker)]
    pub to: Option<String>,
    /// How fast to publish: 2 is twice as fast as it was.
    #[arg(long, value_name = "X", default_value_t = 1.0, requires = "to", value_parser = republish::speed)]
    pub speed: f64,
}

#[derive(Debug, Default)]
struct Tally {
    messages: usize,
    observations: u64,
    refused: std::collections::BTreeMap<Reason, u64>,
    raised: u64,
    events: u64,
    first: Option<Timestamp>,
    last: Timestamp,
}

/// Replays a recording: alert events as JSON Lines on standard output, a summary on standard error.
pub(super) fn replay(args: &ReplayArgs) -> Result<ExitCode, Failure> {
    if let Some(url) = &args.to {
        return republish::republish(&args.recording, url, args.speed);
    }
    let config = files::configuration(args.config.as_deref())?;
    let mut player = Player::new(args, &config)?;
    let mut input = files::recording(&args.recording)?;
    let mut line = Vec::new();
    let mut number = 0_usize;
    loop {
        line.clear();
        let limit = u64::try_from(LINE_LEN_MAX + 1).unwrap_or(u64::MAX);
        let wrong = |why: String| Failure::Input(format!("{}:{why}", args.recording.display()));
        let read = std::io::Read::take(&mut input, limit)
            .read_until(b'\n', &mut line)
            .map_err(|error| wrong(format!("{}: {error}", number + 1)))?;
        if read == 0 {
            break;
        }
        number += 1;
        if LINE_LEN_MAX < line.len() {
            return Err(wrong(format!("{number}: line is longer than {LINE_LEN_MAX} bytes")));
        }
        let text = std::str::from_utf8(&line)
            .map_err(|error| wrong(format!("{number}:{}: not UTF-8", error.valid_up_to() + 1)))?;
        if let Some(record) = recording::parse_line(number, text) {
            player.take(&record.map_err(|error| wrong(error.to_string()))?)?;
        }
    }
    player.finish()?;
    Ok(ExitCode::SUCCESS)
}

struct Player {
    decoder: Decoder,
    decoded: Decoded,
    monitor: Monitor,
    effects: Vec<Effect>,
    seq: u64,
    out: BufWriter<std::io::Stdout>,
    assessments: Option<BufWriter<Box<dyn Write + Send>>>,
    tally: Tally,
}

impl Player {
    fn new(args: &ReplayArgs, config: &Config) -> Result<Self, Failure> {
        let mut settings = config.monitor_settings();
        settings.assessments = args.assessments.is_some();
        settings.terrain.model = terrain_files::model(config.terrain.dir.as_deref())
            .map_err(|error| Failure::Input(error.to_string()))?;
        let dir = args.zones.as_ref().unwrap_or(&config.zones.dir);
        let airspace = if args.zones.is_some() || dir.is_dir() {
            files::zones(dir, config, true)?.0
        } else {
            crate::airspace::Airspace::default()
        };
        let mut player = Self {
            decoder: Decoder::new(Doors { prefix: config.mqtt.prefix.clone(), area: config.area() }),
            decoded: Decoded::default(),
            monitor: Monitor::new(settings),
            effects: Vec::new(),
            seq: 0,
            out: BufWriter::new(std::io::stdout()),
            assessments: args.assessments.as_ref().map(files::output).transpose()?.map(BufWriter::new),
            tally: Tally::default(),
        };
        let start = Timestamp::from_micros(i64::MIN);
        player.monitor.handle(start, Event::AirspaceReplaced(Arc::new(airspace)), &mut player.effects);
        Ok(player)
    }

    fn take(&mut self, record: &recording::Record) -> Result<(), Failure> {
        let at = record.received_at;
        self.tally.messages += 1;
        self.tally.first.get_or_insert(at);
        self.tally.last = at;
        while self.decoder.release(at.plus_micros(-RELEASE_AFTER_US), &mut self.decoded) {
            self.evaluate(at)?;
        }
        if record.retain && !self.decoder.is_of_intents(&record.topic) {
            self.decoder.refuse_retained(&record.topic, &mut self.decoded);
        } else {
            self.decoder.decode(&record.envelope(), &mut self.decoded);
        }
        self.evaluate(at)?;
        if self.tally.messages.is_multiple_of(PROGRESS_EVERY) && files::shows_progress() {
            progress(&self.tally, self.monitor.aircraft());
        }
        Ok(())
    }

    fn evaluate(&mut self, at: Timestamp) -> Result<(), Failure> {
        for refusal in &self.decoded.refusals {
            *self.tally.refused.entry(refusal.reason).or_default() += 1;
        }
        if let (Some(uas_id), Some(ahead_s)) = (self.decoded.uas_id.clone(), self.decoded.ahead_s.take()) {
            self.monitor.handle(at, Event::Ahead { uas_id, ahead_s }, &mut self.effects);
        }
        if let Some(intent) = self.decoded.intent.take() {
            self.monitor.handle(at, Event::IntentFiled(intent), &mut self.effects);
        }
        for observation in std::mem::take(&mut self.decoded.observations) {
            self.tally.observations += 1;
            self.monitor.handle(at, Event::Observed(observation), &mut self.effects);
        }
        self.monitor.handle(at, Event::Tick, &mut self.effects);
        self.write()
    }

    fn write(&mut self) -> Result<(), Failure> {
        let cannot = |error: std::io::Error| Failure::Outside(format!("cannot write: {error}"));
        for effect in self.effects.drain(..) {
            match effect {
                Effect::Alert(event) => {
                    self.seq += 1;
                    self.tally.events += 1;
                    self.tally.raised += u64::from(event.event == crate::domain::AlertEventKind::Raised);
                    let logged = LoggedEvent::new(self.seq, event, false);
                    writeln!(self.out, "{}", logged.text.as_str()).map_err(cannot)?;
                }
                Effect::Assessed(assessment) => {
                    if let Some(out) = &mut self.assessments {
                        writeln!(out, "{}", to_json(&assessment)).map_err(cannot)?;
                    }
                }
                Effect::Refused(_, refusal) => *self.tally.refused.entry(refusal.reason).or_default() += 1,
                Effect::TrackChanged(_) | Effect::TrackGone(_) | Effect::AckRefused(_) => {}
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), Failure> {
        let last = self.tally.last;
        while self.decoder.release(Timestamp::from_micros(i64::MAX), &mut self.decoded) {
            self.evaluate(last)?;
        }
        let flushed = self.out.flush().and_then(|()| self.assessments.as_mut().map_or(Ok(()), Write::flush));
        flushed.map_err(|error| Failure::Outside(format!("cannot write: {error}")))?;
        summary(&self.tally, self.monitor.open_alerts());
        Ok(())
    }
}

#[expect(clippy::print_stderr, reason = "progress for the person at the terminal")]
fn progress(tally: &Tally, aircraft: usize) {
    eprint!(
        "\r{} messages, {} aircraft, {} alerts, {}   ",
        tally.messages, aircraft, tally.raised, tally.last
    );
}

#[expect(clippy::print_stderr, reason = "the summary for the person at the terminal")]
fn summary(tally: &Tally, open: usize) {
    let spanned_s = tally.first.map_or(0.0, |first| tally.last.seconds_since(first));
    let refused: Vec<_> =
        tally.refused.iter().map(|(reason, count)| format!("{} {count}", reason.name())).collect();
    let refused = if refused.is_empty() { "none".to_owned() } else { refused.join(", ") };
    if files::shows_progress() {
        eprint!("\r");
    }
    eprintln!(
        "{} messages over {spanned_s:.0} s: {} observations, refused: {refused}; {} alerts raised in {} events, {open} still open",
        tally.messages, tally.observations, tally.raised, tally.events
    );
}
