//! The door of the monitor's thread: a lane for control, which goes first, one for reports, and one for the tokens of
//! messages of which nothing is left to evaluate.
//!
//! The thread takes with a time limit, so that it can tick. No lane grows without bound: control is refused when its
//! lane is full, reports wait at the door, and there are as many tokens as a connection may have.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::domain::{Observation, OperationalStatus, Timestamp, UasId};
use crate::monitor::{LOW_BATTERY_URGENT_SHARE, Limits};
use crate::service::ack_window::AckToken;
use crate::service::conflate::{Conflation, Pushed};
use crate::service::counters::Counters;

/// Reports that may wait before newer positions replace older ones; the monitor needs a few milliseconds.
const CALM: usize = 1_024;
/// Most reports that wait: one of each aircraft of a large fleet.
const REPORTS_MAX: usize = 65_536;
/// Most control events that wait.
const CONTROL_MAX: usize = 1_024;

const _: () = assert!(CALM < REPORTS_MAX, "there is room to conflate in");

/// One observation on its way to the monitor.
#[derive(Debug)]
pub struct Report {
    /// What was seen.
    pub observation: Observation,
    /// When its message arrived.
    pub received_at: Timestamp,
    /// To be given back when the observation was evaluated; only the last one of a message has it.
    pub token: Option<AckToken>,
    /// Those of earlier messages that this observation was joined from.
    pub earlier: Vec<AckToken>,
}

/// What the monitor's thread finds at its door.
#[derive(Debug)]
pub enum Next<C> {
    /// A control event.
    Control(C),
    /// A message that was refused or conflated: it is to be acknowledged in its turn.
    Settled(AckToken),
    /// An observation.
    Report(Box<Report>),
    /// Nothing came in time, or somebody nudged.
    Idle,
    /// Closed and empty.
    Closed,
}

/// The two lanes, for any number of threads and tasks on one side and one thread on the other.
#[derive(Debug)]
pub struct Inbox<C> {
    lanes: Mutex<Lanes<C>>,
    arrived: Condvar,
    room: Notify,
    /// Charge below which a battery is worth an alert, percent.
    low_pct: f64,
}

#[derive(Debug)]
struct Lanes<C> {
    control: VecDeque<C>,
    settled: VecDeque<AckToken>,
    reports: Conflation<UasId, Box<Report>>,
    closed: bool,
    nudged: bool,
}

impl<C> Lanes<C> {
    fn is_quiet(&self) -> bool {
        let empty = self.control.is_empty() && self.settled.is_empty() && self.reports.is_empty();
        empty && !self.closed && !self.nudged
    }
}

impl<C> Default for Inbox<C> {
    fn default() -> Self {
        Self::new(CALM, REPORTS_MAX)
    }
}

impl<C> Inbox<C> {
    /// An inbox that conflates when `calm` reports wait and holds at most `reports_max`.
    pub fn new(calm: usize, reports_max: usize) -> Self {
        let reports = Conflation::new(calm, reports_max);
        Self {
            lanes: Mutex::new(Lanes {
                control: VecDeque::new(),
                settled: VecDeque::new(),
                reports,
                closed: false,
                nudged: false,
            }),
            arrived: Condvar::new(),
            room: Notify::new(),
            low_pct: Limits::default().battery_pct,
        }
    }

    /// The same inbox, for a monitor to which charge below `low_pct` percent is low.
    #[must_use]
    pub fn alerted_below(self, low_pct: f64) -> Self {
        Self { low_pct, ..self }
    }

    /// Hands in a control event; it comes back if the lane is full or the inbox closed.
    pub fn control(&self, event: C) -> Result<(), C> {
        let mut lanes = self.lock();
        if lanes.closed || CONTROL_MAX <= lanes.control.len() {
            return Err(event);
        }
        lanes.control.push_back(event);
        drop(lanes);
        self.arrived.notify_one();
        Ok(())
    }

    /// Hands in a control event that may get lost: it leaves half of the lane to those that may not.
    pub fn hint(&self, event: C) {
        let mut lanes = self.lock();
        if !lanes.closed && lanes.control.len() < CONTROL_MAX / 2 {
            lanes.control.push_back(event);
            drop(lanes);
            self.arrived.notify_one();
        }
    }

    /// Hands in a report, of which nothing may be replaced if it is `kept` (a history, or one of several of
    /// a message). Waits while the lane is full. Returns the report that was replaced, to be acknowledged.
    /// After [`Self::close`] the report itself comes back in `Err`.
    pub async fn report(&self, report: Box<Report>, kept: bool, counters: &Counters) -> Offered {
        let mut report = report;
        loop {
            let room = self.room.notified();
            match self.offer(report, kept) {
                Ok(Pushed::Queued) => return Ok(None),
                Ok(Pushed::Replaced(older)) => {
                    counters.conflated.one();
                    return Ok(Some(older));
                }
                Ok(Pushed::Full(back)) => report = back,
                Err(back) => return Err(back),
            }
            counters.inbox_waits.one();
            room.await;
        }
    }

    fn offer(&self, report: Box<Report>, kept: bool) -> Result<Pushed<Box<Report>>, Box<Report>> {
        let mut lanes = self.lock();
        if lanes.closed {
            return Err(report);
        }
        let pushed = if kept {
            lanes.reports.push_kept(report)
        } else {
            let (key, at) = (report.observation.uas_id.clone(), report.observation.timestamp);
            lanes.reports.push(key, at, report, |newer, older| {
                says_as_much(&newer.observation, &older.observation, self.low_pct)
            })
        };
        drop(lanes);
        self.arrived.notify_one();
        Ok(pushed)
    }

    /// Hands in the token of a message of which nothing waits. It goes the way of all tokens, because a message may be
    /// acknowledged only when what was found before it is safe.
    pub fn settled(&self, token: AckToken) {
        let mut lanes = self.lock();
        // Tokens of an earlier connection are worth nothing.
        if lanes.settled.back().is_some_and(|last| last.epoch() < token.epoch()) {
            lanes.settled.clear();
        }
        if !lanes.closed {
            lanes.settled.push_back(token);
        }
        drop(lanes);
        self.arrived.notify_one();
    }

    /// Wakes the thread though nothing came: the disk got further.
    pub fn nudge(&self) {
        self.lock().nudged = true;
        self.arrived.notify_one();
    }

    /// Takes the next event, control first; waits for one for at most `wait`.
    pub fn next(&self, wait: Duration) -> Next<C> {
        let mut lanes = self.lock();
        if lanes.is_quiet() {
            let quiet = |lanes: &mut Lanes<C>| lanes.is_quiet();
            lanes =
                self.arrived.wait_timeout_while(lanes, wait, quiet).unwrap_or_else(PoisonError::into_inner).0;
        }
        lanes.nudged = false;
        if let Some(event) = lanes.control.pop_front() {
            return Next::Control(event);
        }
        if let Some(token) = lanes.settled.pop_front() {
            return Next::Settled(token);
        }
        if let Some(report) = lanes.reports.pop() {
            drop(lanes);
            self.room.notify_one();
            return Next::Report(report);
        }
        if lanes.closed { Next::Closed } else { Next::Idle }
    }

    /// Appends the aircraft of the next reports that wait, `most` at most.
    pub fn coming(&self, most: usize, out: &mut Vec<UasId>) {
        out.extend(self.lock().reports.iter().take(most).map(|report| report.observation.uas_id.clone()));
    }

    /// Takes nothing in any more; what waits can still be taken out.
    pub fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
        self.room.notify_one();
    }

    /// How many reports wait.
    pub fn depth(&self) -> usize {
        self.lock().reports.len()
    }

    /// Nothing in here panics with the lock held; if something did, the lanes are still sound.
    fn lock(&self) -> MutexGuard<'_, Lanes<C>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a newer report says all that an older one says of its aircraft's state: emergency, lost link, charge below
/// `low_pct` percent. A newer position makes an older one needless, but not a word that only the older one says.
pub fn says_as_much(newer: &Observation, older: &Observation, low_pct: f64) -> bool {
    let says = |observation| says(observation, low_pct);
    says(newer).iter().zip(says(older)).all(|(newer, older)| older <= *newer)
}

/// How bad that is, word by word.
fn says(observation: &Observation, low_pct: f64) -> [u8; 3] {
    let Observation { status, c2_lost, battery_pct, .. } = observation;
    let charge_pct = battery_pct.filter(|_| *status != OperationalStatus::Ground).unwrap_or(f64::INFINITY);
    let low = [low_pct, low_pct * LOW_BATTERY_URGENT_SHARE].map(|limit_pct| u8::from(charge_pct < limit_pct));
    [u8::from(*status == OperationalStatus::Emergency), u8::from(*c2_lost == Some(true)), low.iter().sum()]
}

/// What became of a report: nothing, or the one that it replaced; or itself, when the inbox is closed.
pub type Offered = Result<Option<Box<Report>>, Box<Report>>;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::LatLng;

    fn report(uas_id: &str, at: i64) -> Box<Report> {
        let position = LatLng::new(22.5, 114.0).unwrap();
        let at = Timestamp::from_millis(at);
        let observation = Observation::new(UasId::new(uas_id).unwrap(), at, position);
        Box::new(Report { observation, received_at: at, token: None, earlier: Vec::new() })
    }

    #[tokio::test]
    async fn control_goes_first_and_an_empty_inbox_lets_the_thread_tick() {
        let (inbox, counters) = (Inbox::default(), Counters::default());
        assert!(matches!(inbox.next(Duration::from_millis(1)), Next::Idle));
        assert!(inbox.report(report("A", 1), false, &counters).await.unwrap().is_none());
        inbox.control("zones").unwrap();
        assert!(matches!(inbox.next(Duration::ZERO), Next::Control("zones")));
        assert!(matches!(inbox.next(Duration::ZERO), Next::Report(_)));
        inbox.close();
        assert!(matches!(inbox.next(Duration::from_secs(9)), Next::Closed));
        assert!(inbox.report(report("A", 2), false, &counters).await.is_err());
        assert!(inbox.control("late").is_err());
    }

    #[test]
    fn a_nudge_wakes_the_thread_once() {
        let inbox = Inbox::<()>::default();
        inbox.nudge();
        let since = crate::service::clock::Stopwatch::start();
        assert!(matches!(inbox.next(Duration::from_secs(30)), Next::Idle));
        assert!(since.elapsed() < Duration::from_secs(20), "it did not wait");
        assert!(matches!(inbox.next(Duration::from_millis(1)), Next::Idle));
    }

    #[tokio::test]
    async fn p11_what_only_the_older_report_says_is_not_shed() {
        let (inbox, counters) = (Inbox::<()>::new(0, 100), Counters::default());
        let mut at = 0;
        let mut offer = |change: fn(&mut Observation)| {
            at += 1;
            let mut report = report("A", at);
            change(&mut report.observation);
            (at, report)
        };
        let mut shed = Vec::new();
        for change in [
            |_: &mut Observation| {},
            |o: &mut Observation| o.status = OperationalStatus::Emergency,
            |o: &mut Observation| o.status = OperationalStatus::Emergency,
            |_: &mut Observation| {},
            |o: &mut Observation| o.c2_lost = Some(true),
            |o: &mut Observation| o.c2_lost = Some(false),
            |o: &mut Observation| o.battery_pct = Some(19.0),
            |o: &mut Observation| o.battery_pct = Some(9.0),
            |o: &mut Observation| o.battery_pct = Some(11.0),
            |o: &mut Observation| o.battery_pct = Some(80.0),
            |o: &mut Observation| o.battery_pct = Some(81.0),
        ] {
            let (at, report) = offer(change);
            if let Some(older) = inbox.report(report, false, &counters).await.unwrap() {
                shed.push((older.observation.timestamp.as_millis(), at));
            }
        }
        assert_eq!(
            shed,
            [(1, 2), (2, 3), (4, 5), (6, 7), (7, 8), (10, 11)],
            "the older one, and what came then"
        );
    }

    #[tokio::test]
    async fn p11_a_full_lane_makes_the_decoder_wait_and_sheds_nothing() {
        let (inbox, counters) = (Arc::new(Inbox::<()>::new(2, 4)), Arc::new(Counters::default()));
        let reader = Arc::clone(&inbox);
        let thread = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            let mut taken = Vec::new();
            while let Next::Report(report) = reader.next(Duration::from_secs(5)) {
                taken.push(report.observation.uas_id.to_string());
            }
            taken
        });
        for number in 0..20 {
            let offered = inbox.report(report(&format!("A{number}"), 1), false, &counters).await;
            assert!(offered.unwrap().is_none());
        }
        inbox.close();
        let expected: Vec<_> = (0..20).map(|number| format!("A{number}")).collect();
        assert_eq!(thread.join().unwrap(), expected);
        assert!(counters.inbox_waits.get() > 0, "the wait was real");
    }
}
