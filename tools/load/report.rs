//! The figures of a run, as text.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use tokio::time::Instant;

use crate::Arguments;
use crate::board::Board;
use crate::machine::{self, Process};
use crate::service::Books;

/// Samples of memory in a run.
const SAMPLES: u32 = 8;

/// What was used up to an instant.
pub(crate) struct Snapshot {
    at: Instant,
    processes: Vec<(Process, Option<f64>)>,
    published: u64,
    frames: u64,
    frame_bytes: u64,
}

impl Snapshot {
    pub(crate) fn take(processes: &[Process], board: &Board) -> Self {
        Self {
            at: Instant::now(),
            processes: processes.iter().map(|process| (process.clone(), process.cpu_s())).collect(),
            published: Board::get(&board.published),
            frames: Board::get(&board.frames),
            frame_bytes: Board::get(&board.frame_bytes),
        }
    }
}

/// The text as it grows.
pub(crate) struct Report {
    text: String,
    measured: Duration,
}

macro_rules! line {
    ($report:expr, $($what:tt)*) => {
        // Writing to a string cannot fail.
        writeln!($report.text, $($what)*).unwrap_or_default()
    };
}

impl Report {
    /// What is about to be run, and on what.
    pub(crate) fn begin(arguments: &Arguments, strip: bool, zones: usize) -> Self {
        let measured = Duration::from_secs(arguments.seconds);
        let mut report = Self { text: String::new(), measured };
        let Arguments { aircraft, connections, rate_hz, qos, breaches, clients, seconds, .. } = arguments;
        line!(
            report,
            "load: {aircraft} aircraft x {rate_hz} Hz over {connections} connections, QoS {qos}, {breaches} \
             breaches a second, 1 + {clients} stream clients, {zones} zones{}, {seconds} s",
            if strip { ", zone entries" } else { "" }
        );
        let echo = machine::echo().map_or_else(|error| error.to_string(), |echo| echo.to_string());
        line!(report, "machine   load average {}; bare echo {echo}", machine::load_average());
        report
    }

    /// Prints what was gathered.
    #[expect(clippy::print_stdout, reason = "what the person who started the run reads")]
    pub(crate) fn print(&mut self) {
        print!("{}", self.text);
        self.text.clear();
    }

    /// Notes the memory of all processes now and then until the end.
    pub(crate) async fn follow(&mut self, processes: &[Process], end: Instant) {
        let mut memory = vec![String::new(); processes.len()];
        for sample in (0..=SAMPLES).rev() {
            tokio::time::sleep_until(end - self.measured / SAMPLES * sample).await;
            for (process, row) in processes.iter().zip(&mut memory) {
                if let Some(mib) = process.rss_mib() {
                    write!(row, " {mib:.1}").unwrap_or_default();
                }
            }
        }
        for (process, row) in processes.iter().zip(memory) {
            line!(self, "memory    {}, MiB, evenly over the run:{row}", process.name);
        }
    }

    /// Adds the results and prints all of it.
    pub(crate) fn end(
        mut self,
        board: &Board,
        first: &Snapshot,
        last: &Snapshot,
        before: &Books,
        after: &Books,
    ) -> ExitCode {
        let span_s = last.at.saturating_duration_since(first.at).as_secs_f64();
        let a_second = |count: u64| Duration::from_micros(count).as_secs_f64() * 1e6 / span_s;
        for ((process, from), (_, to)) in first.processes.iter().zip(&last.processes) {
            if let (Some(from), Some(to)) = (from, to) {
                let share = (to - from) / span_s * 100.0;
                line!(self, "processor {}: {share:.1} % of one core", process.name);
            }
        }
        let (latency, lateness, missed, foreign) = board.results();
        line!(
            self,
            "published {} messages ({:.0} a second), confirmed {}, connections lost {}",
            Board::get(&board.published),
            a_second(last.published - first.published),
            Board::get(&board.confirmed),
            Board::get(&board.lost)
        );
        line!(
            self,
            "stream    {:.0} frames and {:.0} kB a second read by all clients, gaps {}, cut {}",
            a_second(last.frames - first.frames),
            a_second(last.frame_bytes - first.frame_bytes) / 1e3,
            Board::get(&board.gaps),
            Board::get(&board.cut)
        );
        let since = |of: fn(&Books) -> f64| of(after) - of(before);
        line!(
            self,
            "daemon    received {}, evaluated {}, conflated {}, refused {}, alert events {}; now open alerts {}, \
             aircraft {}; books {}",
            since(|books| books.messages),
            since(|books| books.evaluated),
            since(|books| books.conflated),
            since(|books| books.refused),
            since(|books| books.alert_seq),
            after.alerts_open,
            after.aircraft,
            if after.balance() { "balance" } else { "DO NOT BALANCE" }
        );
        line!(self, "machine   load average {}", machine::load_average());
        line!(self, "lateness of the generator {lateness}");
        line!(self, "latency, publish to alert {latency}");
        line!(self, "missed {missed}, alerts with another cause {foreign}");
        self.print();
        if missed == 0 && foreign == 0 && after.balance() { ExitCode::SUCCESS } else { ExitCode::from(1) }
    }
}
