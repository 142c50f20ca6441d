//! SIGKILL at random moments: no durable event is lost or changed, and every breach is exactly one episode.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use lowsky::domain::{Observation, Timestamp};
use lowsky::history::Reader;
use lowsky::service::clock::Stopwatch;
use serde_json::Value;

use crate::e2e_support::{Daemon, LOWSKY, configure, foreign_programs, free_port, mosquitto_as_documented};
use crate::fault_check::{
    alerts, each_breach_is_one_episode, every_alert_ends, history, nothing_is_lost, nothing_was_missed,
    pages_agree,
};
use crate::fault_fleet::{Fleet, Plan, Truth};
use crate::fault_recorder::{Recorder, Told};

/// Kills in the test; `LOWSKY_CYCLES` for a longer campaign.
const CYCLES: u32 = 50;
/// What a cycle takes about: the script is spread over the whole campaign.
const CYCLE_S: f64 = 2.2;

/// What is older when it arrives is history only, seconds.
const LIVE_AGE_S: f64 = 10.0;
/// Of so many single reports at most one may be that late: daemons that all die young are rare, and an excuse.
const LATE_PARTS: usize = 10;

/// How long a daemon lives: as often milliseconds as seconds. Now and then it dies before it is ready.
fn life(random: &mut fastrand::Rng) -> (bool, Duration) {
    let ready = random.u32(0..10) != 0;
    let ms = match (ready, random.bool()) {
        (false, _) => random.f64() * 400.0,
        (true, true) => 10.0 * 300_f64.powf(random.f64()),
        (true, false) => random.f64().mul_add(2_990.0, 10.0),
    };
    (ready, Duration::from_secs_f64(ms / 1e3))
}

#[test]
fn p01_p02_p16_no_durable_event_and_no_breach_is_lost_by_kill_9() {
    if !foreign_programs() {
        return;
    }
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let cycles = number("LOWSKY_CYCLES").map_or(CYCLES, |cycles| u32::try_from(cycles).unwrap());
    let seed = number("LOWSKY_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("{cycles} cycles; again with LOWSKY_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);

    let dir = tempfile::tempdir().unwrap();
    let (mqtt, http) = (free_port(), free_port());
    let _broker = mosquitto_as_documented(dir.path(), mqtt);
    configure(dir.path(), mqtt, false, http);
    let address = SocketAddr::from(([127, 0, 0, 1], http));
    let span_s = f64::from(cycles) * CYCLE_S;
    let aircraft = 1_000;
    // As many as an hour's campaign can give each only once.
    let plan = Plan {
        aircraft,
        period_s: 2.0,
        words_per_s: (f64::from(3 * aircraft) / span_s).min(12.0),
        flights_per_s: (f64::from(3 * aircraft / 2) / span_s).min(3.0),
    };
    plan.write_zones(dir.path());
    // The first start makes the session at the broker: before it, messages are for nobody.
    Daemon::ready(dir.path()).stop("TERM");
    let recorder = Recorder::start(address);
    let fleet = Fleet::start(plan, mqtt);

    let begun = Stopwatch::start();
    let mut slowest_s = 0.0_f64;
    for _ in 0..cycles {
        let (ready, life) = life(&mut random);
        let started = Stopwatch::start();
        let mut daemon = if ready {
            let daemon = Daemon::ready(dir.path());
            slowest_s = slowest_s.max(started.elapsed().as_secs_f64());
            daemon.program
        } else {
            Daemon::spawn(dir.path())
        };
        std::thread::sleep(life);
        daemon.kill();
    }
    let took_s = begun.elapsed().as_secs_f64();
    let daemon = Daemon::ready(dir.path());
    let truth = fleet.settle();
    every_alert_ends(&daemon);

    let history = history(address);
    let pages = alerts(address, "");
    let record = recorder.stop();
    println!(
        "{cycles} kills in {took_s:.0} s, slowest start {slowest_s:.2} s; {} reports; {} durable events over {} \
         connections, {} not durable; {} events kept",
        fleet.sent(),
        record.durable.len(),
        record.connections,
        record.hasty,
        history.len()
    );
    fleet.land();
    nothing_is_lost(&record, &history);
    nothing_was_missed(&record);
    pages_agree(&pages, &history);
    let truth = without_what_came_late(dir.path(), truth);
    let episodes = each_breach_is_one_episode(&truth, &history);
    println!("{episodes} breaches, each exactly one episode; by {:?}", record.rules);
    // Ten a kill in the test command. A longer campaign spreads its flights: there it is counted by the time that it took.
    let least = f64::from(10 * cycles.min(50)).max(7.0 * took_s);
    let episodes = f64::from(u32::try_from(episodes).unwrap());
    assert!(least < episodes, "the campaign had something to lose: {episodes} in {took_s:.0} s");
    daemon.stop("TERM");
    tools_agree(dir.path(), &history);
}

/// What came over 10 s after it happened, because no daemon lived long enough before, is history and no alert: it must
/// be in the history then, and is no breach.
fn without_what_came_late(dir: &Path, truth: Truth) -> Truth {
    let Truth { mut words, flights } = truth;
    let whole = words.len();
    let past = Reader::new(&dir.join("var/history"));
    let ever = Timestamp::from_millis(0)..Timestamp::from_millis(i64::from(u32::MAX) * 1_000);
    for arrived in past.between(ever.start, ever.end).unwrap() {
        let Observation { uas_id, timestamp, .. } = &arrived.observation;
        if LIVE_AGE_S < arrived.received_at.seconds_since(*timestamp) {
            let at = timestamp.to_string();
            words.retain(|(who, _, when)| who != uas_id.as_str() || *when != at);
        }
    }
    let late = whole - words.len();
    println!("{late} of {whole} single reports came too late for an alert");
    assert!(LATE_PARTS * late <= whole, "too many reports prove nothing: {late} of {whole}");
    Truth { words, flights }
}

/// The journal is sound in the eyes of its own tools, and an export says what the stream said.
fn tools_agree(dir: &Path, history: &BTreeMap<u64, Told>) {
    let journal = |task: &str| {
        let config = dir.join("lowsky.toml");
        let done = Command::new(LOWSKY).args(["journal", task, "--config"]).arg(config).output().unwrap();
        let said = String::from_utf8(done.stdout).unwrap();
        assert!(done.status.success(), "journal {task}: {said}");
        said
    };
    println!("{}", journal("verify").trim_end());
    let exported = journal("export");
    let exported: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &exported {
        // Events of the last moments came after the history was read.
        let told = history.get(&line["seq"].as_u64().unwrap());
        assert!(told.is_none_or(|told| *told == Told::of(line)), "{line}, told as {told:?}");
    }
    assert!(history.len() <= exported.len(), "{} of {} events", exported.len(), history.len());
}
