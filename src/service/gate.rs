//! From messages to reports: refuses ghosts, decodes, counts, and hands what is left to the monitor.
//!
//! A message is acknowledged when nothing of it waits any more: the monitor's thread gets its token at once if all of
//! it was refused, else with the last of its observations. Several observations of one message (a back-filled stretch) stay in order
//! and are not conflated, so the last one is also the last to be evaluated. A message that waits to be joined with later
//! ones to an observation (an NMEA sentence that came by itself) leaves its token with that observation.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::time::MissedTickBehavior;

use crate::domain::{Intent, Reason, Refusal, Timestamp, UasId};
use crate::service::ack_window::AckToken;
use crate::service::canary::{self, Canary};
use crate::service::clock;
use crate::service::counters::Counters;
use crate::service::feedback_desk::FeedbackDesk;
use crate::service::feeds::{Feeds, Heard};
use crate::service::inbox::{Inbox, Report};
use crate::service::intake::Message;
use crate::service::skew::{FUTURE_US, SkewMeter};
use crate::wire::{Decoded, Decoder, Doors, Envelope};

/// How often unfinished epochs (NMEA sentences that came one by one) are looked for.
const RELEASE_PERIOD: Duration = Duration::from_millis(100);
/// How long an unfinished epoch waits for its other sentences, microseconds.
const RELEASE_AFTER_US: i64 = 300_000;

/// The stage between the intake and the monitor.
pub struct Gate<C> {
    decoder: Decoder,
    decoded: Decoded,
    inbox: Arc<Inbox<C>>,
    feedback: Arc<FeedbackDesk>,
    counters: Arc<Counters>,
    own: Option<OwnFlights>,
    feeds: Arc<Feeds>,
    /// Makes a control event of an intent.
    as_control: Option<fn(Timestamp, Box<Intent>) -> C>,
    /// Makes a control event of an aircraft whose clock is ahead, and by how many seconds.
    as_hint: Option<fn(UasId, f64) -> C>,
    /// Tokens of messages that wait to be joined with later ones, and when they arrived.
    waiting: BTreeMap<UasId, Vec<(Timestamp, AckToken)>>,
}

/// What the gate needs for the service's own test flights, and what it finds out about clocks.
pub struct OwnFlights {
    decoder: Decoder,
    canary: Arc<Canary>,
    skew: Arc<SkewMeter>,
}

impl OwnFlights {
    /// The flights of `canary` on the topics of `prefix`.
    pub fn new(prefix: &str, canary: Arc<Canary>, skew: Arc<SkewMeter>) -> Self {
        Self { decoder: Decoder::for_canary(prefix), canary, skew }
    }
}

impl<C> Gate<C> {
    /// A gate that has seen nothing.
    pub fn new(
        doors: Doors,
        inbox: Arc<Inbox<C>>,
        feedback: Arc<FeedbackDesk>,
        counters: Arc<Counters>,
    ) -> Self {
        let (decoder, decoded) = (Decoder::new(doors), Decoded::default());
        Self {
            decoder,
            decoded,
            inbox,
            feedback,
            counters,
            own: None,
            feeds: Arc::default(),
            as_control: None,
            as_hint: None,
            waiting: BTreeMap::new(),
        }
    }

    /// The same gate, which takes down in `feeds` what it finds of each aircraft.
    #[must_use]
    pub fn telling(self, feeds: Arc<Feeds>) -> Self {
        Self { feeds, ..self }
    }

    /// The same gate, which hands intents to the monitor as control events.
    #[must_use]
    pub fn filing(self, as_control: fn(Timestamp, Box<Intent>) -> C) -> Self {
        Self { as_control: Some(as_control), ..self }
    }

    /// The same gate, which tells the monitor as control events of aircraft whose clocks are ahead.
    #[must_use]
    pub fn hinting(self, as_hint: fn(UasId, f64) -> C) -> Self {
        Self { as_hint: Some(as_hint), ..self }
    }

    /// The same gate, which also takes test flights and looks at clocks.
    #[must_use]
    pub fn with(self, own: OwnFlights) -> Self {
        Self { own: Some(own), ..self }
    }

    /// Works until the channel ends: when the intake is stopped and everything it took is handed on.
    pub async fn run(mut self, mut messages: Receiver<Message>) {
        let mut release = tokio::time::interval(RELEASE_PERIOD);
        release.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = messages.recv() => match message {
                    Some(message) => self.take(message).await,
                    None => break,
                },
                _ = release.tick() => {
                    let now = clock::now();
                    self.release(now.plus_micros(-RELEASE_AFTER_US), now).await;
                }
            }
        }
        let now = clock::now();
        self.release(now, now).await;
    }

    async fn take(&mut self, message: Message) {
        let Message { topic, payload, received_at, retained, token } = message;
        if canary::is_topic(&topic)
            && !retained
            && let Some(own) = self.own.as_mut().filter(|own| own.canary.admits(&topic))
        {
            own.decoder
                .decode(&Envelope { topic: &topic, payload: &payload, received_at }, &mut self.decoded);
            return self.hand_on_own(received_at, token).await;
        }
        let is_intent = self.decoder.is_of_intents(&topic);
        if retained && !is_intent {
            self.decoder.refuse_retained(&topic, &mut self.decoded);
        } else {
            let envelope = Envelope { topic: &topic, payload: &payload, received_at };
            self.decoder.decode(&envelope, &mut self.decoded);
        }
        let Decoded { operator, uas_id, observations, refusals, .. } = &self.decoded;
        if let (Some(operator), Some(uas_id)) = (operator, uas_id)
            && !is_intent
        {
            let heard = Heard { at: received_at, topic: &topic, payload: &payload, observations, refusals };
            self.feeds.note(operator, uas_id, &heard);
        }
        self.file(received_at);
        let several = 1 < self.decoded.observations.len();
        self.hand_on(received_at, several, token).await;
    }

    /// Hands an intent to the monitor before the token of its message, so that it counts when the message is
    /// acknowledged.
    fn file(&mut self, received_at: Timestamp) {
        let Some((intent, as_control)) = self.decoded.intent.take().zip(self.as_control) else { return };
        if self.inbox.control(as_control(received_at, intent)).is_err() {
            let detail = "too many intents wait to be read; send it again";
            self.decoded.refusals.push(Refusal::new(Reason::IntentLimit, detail));
        }
    }

    /// A test flight is in no count and in no feedback.
    async fn hand_on_own(&mut self, received_at: Timestamp, mut token: Option<AckToken>) {
        for observation in self.decoded.observations.drain(..) {
            let token = token.take();
            let report = Box::new(Report { observation, received_at, token, earlier: Vec::new() });
            // Nothing is replaced by what may not be replaced.
            drop(self.inbox.report(report, true, &self.counters).await);
        }
        if let Some(token) = token {
            self.inbox.settled(token);
        }
    }

    async fn release(&mut self, before: Timestamp, now: Timestamp) {
        while self.decoder.release(before, &mut self.decoded) {
            self.decoded.observations.iter().for_each(|observation| self.feeds.completed(observation, now));
            self.hand_on(now, false, None).await;
        }
        // What they waited for has been handed on, or there was nothing in it.
        let overdue = |&mut (since, _): &mut (Timestamp, AckToken)| since <= before;
        for tokens in self.waiting.values_mut() {
            tokens.extract_if(.., overdue).for_each(|(_, token)| self.inbox.settled(token));
        }
        self.waiting.retain(|_, tokens| !tokens.is_empty());
    }

    /// Counts and tells what was decoded and puts the observations into the inbox; of `several` of one
    /// message none may replace another.
    async fn hand_on(&mut self, received_at: Timestamp, several: bool, token: Option<AckToken>) {
        let Self { decoded, counters, .. } = self;
        let addressee = decoded.addressee();
        if let (Some(uas_id), Some(ahead_s), Some(as_hint)) = (&decoded.uas_id, decoded.ahead_s, self.as_hint)
        {
            self.inbox.hint(as_hint(uas_id.clone(), ahead_s));
        }
        let Decoded { uas_id, observations, refusals, flags, waits, .. } = decoded;
        let waits = *waits;
        let elements = observations.len() + refusals.len();
        counters.offered.add(u64::try_from(elements).unwrap_or(u64::MAX));
        for refusal in &*refusals {
            counters.refused(refusal.reason).one();
        }
        for flag in &*flags {
            counters.flagged(flag.reason).one();
        }
        if let Some(own) = &self.own {
            for observation in observations.iter().filter(|observation| !observation.backfill) {
                let ahead_us = observation.timestamp.as_micros() - received_at.as_micros();
                own.skew.note(&observation.uas_id, ahead_us);
            }
            let ahead = refusals.iter().any(|refusal| refusal.reason == Reason::Future);
            if let Some(uas_id) = uas_id.as_ref().filter(|_| ahead) {
                own.skew.note(uas_id, FUTURE_US);
            }
        }
        if let Some((operator, uas_id)) = addressee {
            self.feedback.note(received_at, operator, uas_id, refusals, flags);
        }
        let mut token = token;
        let mut left = observations.len();
        for observation in observations.drain(..) {
            left -= 1;
            let kept = several || observation.backfill;
            let token = if left == 0 && !waits { token.take() } else { None };
            let earlier = self.waiting.remove(&observation.uas_id).unwrap_or_default();
            let earlier = earlier.into_iter().map(|(_, token)| token).collect();
            let report = Box::new(Report { observation, received_at, token, earlier });
            if let Ok(Some(replaced)) = self.inbox.report(report, kept, counters).await {
                let Report { token, earlier, .. } = *replaced;
                earlier.into_iter().chain(token).for_each(|token| self.inbox.settled(token));
            }
        }
        match (token, &*uas_id) {
            (Some(token), Some(uas_id)) if waits => {
                self.waiting.entry(uas_id.clone()).or_default().push((received_at, token));
            }
            (Some(token), _) => self.inbox.settled(token),
            (None, _) => {}
        }
    }
}
