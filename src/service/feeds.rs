//! What is known of each aircraft's feed: how often it reports, how late, and what of it was refused.
//!
//! The gate takes it down for each message; nothing here is on the monitor's way. Memory is bounded by the number of
//! aircraft, those heard longest ago forgotten first, and by the number of refused messages that are kept.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::domain::{Explanation, Observation, OperatorId, Reason, Refusal, Timestamp, UasId, whole};
use crate::service::reason_text;

/// Most aircraft of which something is remembered.
const AIRCRAFT_MAX: usize = 20_000;
/// Most aircraft whose newest refused message is kept as it came.
const SAMPLES_MAX: usize = 1_000;
/// Most bytes of a refused message that are kept.
const SAMPLE_LEN_MAX: usize = 4_096;
/// Length of a slot of the recent minute, milliseconds, and how many there are.
const SLOT_MS: i64 = 5_000;
const SLOTS: usize = 12;
/// Newest delays of which the percentiles are.
const DELAYS: usize = 32;

/// The feeds of all operators.
#[derive(Debug)]
pub struct Feeds {
    table: Mutex<Table>,
    aircraft_max: usize,
}

#[derive(Debug, Default)]
struct Table {
    feeds: BTreeMap<OperatorId, BTreeMap<UasId, Feed>>,
    aircraft: usize,
    samples: usize,
}

/// One message of an aircraft, as the gate found it.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    /// When it arrived.
    pub at: Timestamp,
    /// Where it was published.
    pub topic: &'a str,
    /// Its bytes.
    pub payload: &'a [u8],
    /// What was accepted of it.
    pub observations: &'a [Observation],
    /// What was refused of it.
    pub refusals: &'a [Refusal],
}

#[derive(Debug, Clone, Default)]
struct Feed {
    heard_at: Timestamp,
    messages: u64,
    accepted: u64,
    refused: u64,
    duplicates: u64,
    out_of_order: u64,
    backfilled: u64,
    newest: Option<Timestamp>,
    /// Messages of the slots up to that of `heard_at`.
    slots: [u16; SLOTS],
    delays_ms: [i32; DELAYS],
    delays: usize,
    last_refused: Option<Refused>,
}

/// A refused message.
#[derive(Debug, Clone, Serialize)]
pub struct Refused {
    /// When it arrived.
    pub at: Timestamp,
    /// Why.
    pub reason: Reason,
    /// The field at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What was found, in English.
    pub detail: String,
    /// What a person can do about it.
    pub message: Explanation,
    /// Where it was published.
    pub topic: String,
    /// The message itself, unless too many were refused since or it is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
}

/// How a feed does.
#[derive(Debug, Clone, Serialize)]
pub struct FeedQuality {
    /// The aircraft, as the topic names it.
    pub uas_id: UasId,
    /// When a message of it came last, refused or not.
    pub heard_at: Timestamp,
    /// Messages a second over the last minute that is over.
    pub rate_hz: f64,
    /// Messages in each five seconds of the last minute, oldest first; the last is not over yet.
    pub recent: [u16; SLOTS],
    /// Messages since the service began or the aircraft was forgotten.
    pub messages: u64,
    /// Reports accepted.
    pub accepted: u64,
    /// Reports and parts of messages refused.
    pub refused: u64,
    /// Reports dated as the newest one before.
    pub duplicates: u64,
    /// Reports dated before the newest one, those sent afterwards on purpose left out.
    pub out_of_order: u64,
    /// Reports that say they were stored and sent afterwards.
    pub backfilled: u64,
    /// From the source's time to the arrival: the median and the 99th percentile of the newest reports, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_s: Option<Delays>,
    /// How far the source's clock is ahead at least (positive) or behind at most (negative), seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skew_s: Option<f64>,
    /// The newest refused message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_refused: Option<Refused>,
}

/// Percentiles of a delay, seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Delays {
    /// Half are at most so late.
    pub p50: f64,
    /// Nearly all are.
    pub p99: f64,
}

/// An operator, and how the feeds of its aircraft do together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OperatorFeeds {
    /// The operator, as topics name it.
    pub operator: OperatorId,
    /// Aircraft that were heard.
    pub aircraft: usize,
    /// When a message of one came last, refused or not.
    pub heard_at: Timestamp,
    /// Messages a second over the last minute that is over.
    pub rate_hz: f64,
    /// Reports and parts of messages refused.
    pub refused: u64,
    /// Reports dated before the newest one of their aircraft.
    pub out_of_order: u64,
    /// Percentiles of the newest reports of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_s: Option<Delays>,
}

impl Default for Feeds {
    fn default() -> Self {
        Self::new(AIRCRAFT_MAX)
    }
}

impl Feeds {
    /// A book that remembers at most `aircraft_max` aircraft.
    pub fn new(aircraft_max: usize) -> Self {
        Self { table: Mutex::default(), aircraft_max: aircraft_max.max(1) }
    }

    /// Takes down one message. Never waits but for another reader of the book.
    pub fn note(&self, operator: &OperatorId, uas_id: &UasId, heard: &Heard<'_>) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if !table.feeds.get(operator).is_some_and(|fleet| fleet.contains_key(uas_id)) {
            table.make_room(self.aircraft_max);
            table.aircraft += 1;
            table.feeds.entry(operator.clone()).or_default().insert(uas_id.clone(), Feed::default());
        }
        let room = table.samples < SAMPLES_MAX;
        let Some(feed) = table.feeds.get_mut(operator).and_then(|fleet| fleet.get_mut(uas_id)) else {
            return;
        };
        let had = feed.has_sample();
        feed.note(heard, room || had);
        let has = feed.has_sample();
        table.samples = (table.samples + usize::from(has)).saturating_sub(usize::from(had));
    }

    /// Takes down a report whose messages were noted before: sentences that came one by one.
    pub fn completed(&self, observation: &Observation, at: Timestamp) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let fleet = observation.operator.as_ref().and_then(|operator| table.feeds.get_mut(operator));
        if let Some(feed) = fleet.and_then(|fleet| fleet.get_mut(&observation.uas_id)) {
            feed.report(observation, at);
        }
    }

    /// The feeds of one operator, by aircraft.
    pub fn of(&self, operator: &OperatorId, now: Timestamp) -> Vec<FeedQuality> {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let fleet = table.feeds.get(operator);
        fleet.into_iter().flatten().map(|(uas_id, feed)| feed.quality(uas_id, now)).collect()
    }

    /// Everybody who was heard.
    pub fn operators(&self, now: Timestamp) -> Vec<OperatorFeeds> {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let gather = |(operator, fleet): (&OperatorId, &BTreeMap<UasId, Feed>)| {
            let sum = |of: fn(&Feed) -> u64| fleet.values().map(of).sum();
            let told = OperatorFeeds {
                operator: operator.clone(),
                aircraft: fleet.len(),
                heard_at: fleet.values().map(|feed| feed.heard_at).max().unwrap_or_default(),
                rate_hz: rate_hz(fleet.values().map(|feed| feed.complete(now)).sum()),
                refused: sum(|feed| feed.refused),
                out_of_order: sum(|feed| feed.out_of_order),
                delay_s: None,
            };
            (told, fleet.values().flat_map(Feed::newest_delays_ms).collect::<Vec<i32>>())
        };
        let gathered: Vec<_> = table.feeds.iter().map(gather).collect();
        // Nobody waits for the sorting.
        drop(table);
        let told = gathered.into_iter().map(|(told, mut delays_ms)| {
            delays_ms.sort_unstable();
            OperatorFeeds { delay_s: percentiles(&delays_ms), ..told }
        });
        told.collect()
    }
}

impl Table {
    /// Forgets a tenth of the aircraft at once, those heard longest ago, so that it is seldom.
    fn make_room(&mut self, aircraft_max: usize) {
        if self.aircraft < aircraft_max {
            return;
        }
        let mut heard: Vec<_> = self.feeds.values().flatten().map(|(_, feed)| feed.heard_at).collect();
        heard.sort_unstable();
        let last = heard.get(aircraft_max / 10).copied().unwrap_or_default();
        self.feeds.retain(|_, fleet| {
            fleet.retain(|_, feed| last < feed.heard_at);
            !fleet.is_empty()
        });
        self.aircraft = self.feeds.values().map(BTreeMap::len).sum();
        self.samples = self.feeds.values().flatten().filter(|(_, feed)| feed.has_sample()).count();
    }
}

impl Feed {
    fn has_sample(&self) -> bool {
        self.last_refused.as_ref().is_some_and(|refused| refused.payload.is_some())
    }

    fn note(&mut self, heard: &Heard<'_>, keep: bool) {
        slide(&mut self.slots, self.heard_at, heard.at);
        self.heard_at = self.heard_at.max(heard.at);
        self.messages += 1;
        if let Some(slot) = self.slots.last_mut() {
            *slot = slot.saturating_add(1);
        }
        for observation in heard.observations {
            self.report(observation, heard.at);
        }
        self.refused += u64::try_from(heard.refusals.len()).unwrap_or(u64::MAX);
        if let Some(first) = heard.refusals.first() {
            let text = std::str::from_utf8(heard.payload).ok();
            let payload = text.filter(|text| keep && text.len() <= SAMPLE_LEN_MAX).map(str::to_owned);
            self.last_refused = Some(Refused {
                at: heard.at,
                reason: first.reason,
                field: first.field.clone(),
                detail: first.detail.clone(),
                message: reason_text::sentence(first.reason),
                topic: heard.topic.to_owned(),
                payload,
            });
        }
    }

    fn report(&mut self, observation: &Observation, at: Timestamp) {
        self.accepted += 1;
        if observation.backfill {
            self.backfilled += 1;
            return;
        }
        match self.newest {
            Some(newest) if observation.timestamp == newest => self.duplicates += 1,
            Some(newest) if observation.timestamp < newest => self.out_of_order += 1,
            Some(_) | None => self.newest = Some(observation.timestamp),
        }
        let delay_ms = at.as_millis().saturating_sub(observation.timestamp.as_millis());
        if let Some(place) = self.delays_ms.get_mut(self.delays % DELAYS) {
            *place = i32::try_from(delay_ms).unwrap_or(i32::MAX);
        }
        self.delays = self.delays.wrapping_add(1);
    }

    fn quality(&self, uas_id: &UasId, now: Timestamp) -> FeedQuality {
        let mut delays: Vec<i32> = self.newest_delays_ms().collect();
        delays.sort_unstable();
        FeedQuality {
            uas_id: uas_id.clone(),
            heard_at: self.heard_at,
            rate_hz: rate_hz(self.complete(now)),
            recent: self.minute(now),
            messages: self.messages,
            accepted: self.accepted,
            refused: self.refused,
            duplicates: self.duplicates,
            out_of_order: self.out_of_order,
            backfilled: self.backfilled,
            delay_s: percentiles(&delays),
            skew_s: delays.first().map(|least| -seconds(*least)),
            last_refused: self.last_refused.clone(),
        }
    }

    fn newest_delays_ms(&self) -> impl Iterator<Item = i32> {
        self.delays_ms.iter().take(self.delays.min(DELAYS)).copied()
    }

    /// Messages of the slots up to that of `now`.
    fn minute(&self, now: Timestamp) -> [u16; SLOTS] {
        let mut slots = self.slots;
        slide(&mut slots, self.heard_at, now);
        slots
    }

    /// Messages of the slots that are over.
    fn complete(&self, now: Timestamp) -> i64 {
        self.minute(now).iter().rev().skip(1).map(|count| i64::from(*count)).sum()
    }
}

/// Moves the slots that end with that of `heard_at` on to `now`.
fn slide(slots: &mut [u16; SLOTS], heard_at: Timestamp, now: Timestamp) {
    let slot = |at: Timestamp| at.as_millis().div_euclid(SLOT_MS);
    let passed = usize::try_from(slot(now).saturating_sub(slot(heard_at))).unwrap_or(0).min(SLOTS);
    slots.rotate_left(passed % SLOTS);
    slots.iter_mut().rev().take(passed).for_each(|slot| *slot = 0);
}

/// So many messages in the slots that are over, a second.
fn rate_hz(messages: i64) -> f64 {
    let span_ms = SLOT_MS * i64::try_from(SLOTS - 1).unwrap_or(1);
    crate::domain::round_to(whole(messages) * 1000.0 / whole(span_ms), 2)
}

fn seconds(ms: i32) -> f64 {
    f64::from(ms) / 1000.0
}

/// Of delays in ascending order.
fn percentiles(delays_ms: &[i32]) -> Option<Delays> {
    let at =
        |part: usize| delays_ms.get((delays_ms.len() * part / 100).min(delays_ms.len().saturating_sub(1)));
    at(50).zip(at(99)).map(|(p50, p99)| Delays { p50: seconds(*p50), p99: seconds(*p99) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::LatLng;

    fn names(number: usize) -> (OperatorId, UasId) {
        (OperatorId::new("acme").unwrap(), UasId::new(&format!("U-{number}")).unwrap())
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + ms)
    }

    fn seen(ms: i64) -> Observation {
        Observation::new(names(1).1, at(ms), LatLng::new(22.5, 114.0).unwrap())
    }

    fn hear(feeds: &Feeds, number: usize, ms: i64, observations: &[Observation], refusals: &[Refusal]) {
        let (operator, uas_id) = names(number);
        let payload = vec![b'x'; number + 1];
        let heard = Heard { at: at(ms), topic: "t", payload: &payload, observations, refusals };
        feeds.note(&operator, &uas_id, &heard);
    }

    #[test]
    fn rate_order_delay_and_what_was_refused() {
        let feeds = Feeds::default();
        for second in 0..60 {
            hear(&feeds, 1, second * 1000, &[seen(second * 1000 - 200)], &[]);
        }
        hear(&feeds, 1, 60_000, &[seen(58_800)], &[]);
        hear(&feeds, 1, 60_001, &[seen(50_000)], &[]);
        let late = Observation { backfill: true, ..seen(10_000) };
        let refusal = Refusal::of_field(Reason::OutOfRange, "lat", "95");
        hear(&feeds, 1, 60_002, &[late], &[refusal]);
        let feed = &feeds.of(&names(1).0, at(60_002))[0];
        assert_eq!((feed.messages, feed.accepted, feed.refused), (63, 63, 1));
        assert_eq!((feed.duplicates, feed.out_of_order, feed.backfilled), (1, 1, 1));
        assert!((feed.rate_hz - 1.0).abs() < 1e-9, "{}", feed.rate_hz);
        assert_eq!((feed.recent[10], feed.recent[11]), (5, 3));
        let delay = feed.delay_s.unwrap();
        assert!((delay.p50 - 0.2).abs() < 1e-9 && 10.0 < delay.p99, "{delay:?}");
        assert!((feed.skew_s.unwrap() + 0.2).abs() < 1e-9);
        let refused = feed.last_refused.as_ref().unwrap();
        assert_eq!((refused.reason, refused.payload.as_deref()), (Reason::OutOfRange, Some("xx")));
        // Who falls silent has no rate any more.
        let silent = &feeds.of(&names(1).0, at(200_000))[0];
        assert_eq!((silent.rate_hz, silent.recent), (0.0, [0; SLOTS]));
        let together = OperatorFeeds {
            operator: names(1).0,
            aircraft: 1,
            heard_at: at(60_002),
            rate_hz: feed.rate_hz,
            refused: 1,
            out_of_order: 1,
            delay_s: feed.delay_s,
        };
        assert_eq!(feeds.operators(at(60_002)), [together]);
        assert!(feeds.of(&OperatorId::new("acm").unwrap(), at(0)).is_empty());
    }

    #[test]
    fn p12_memory_is_bounded_and_who_was_heard_longest_ago_goes_first() {
        let feeds = Feeds::new(2_000);
        let refusal = Refusal::new(Reason::Malformed, "no JSON");
        for number in 0..2_500 {
            hear(&feeds, number, i64::try_from(number).unwrap(), &[], std::slice::from_ref(&refusal));
        }
        let kept = feeds.of(&names(0).0, at(2_500));
        assert!(1_500 < kept.len() && kept.len() <= 2_000, "{}", kept.len());
        assert!(
            kept.iter().all(|feed| feed.uas_id != names(0).1)
                && kept.iter().any(|feed| feed.uas_id == names(2_499).1)
        );
        let samples = |feed: &&FeedQuality| feed.last_refused.as_ref().unwrap().payload.is_some();
        assert_eq!(kept.iter().filter(samples).count(), feeds.table.lock().unwrap().samples);
        assert!(kept.iter().filter(samples).count() <= SAMPLES_MAX);
    }

    #[test]
    fn a_clock_set_back_loses_nothing() {
        let feeds = Feeds::default();
        hear(&feeds, 1, 0, &[seen(0)], &[]);
        hear(&feeds, 1, -3_600_000, &[seen(10)], &[]);
        assert_eq!(feeds.of(&names(1).0, at(0))[0].recent[SLOTS - 1], 2);
    }
}
