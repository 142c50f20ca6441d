//! What operators are told of refused and flagged reports: the first occurrence at once, then at most one
//! message in five seconds for each aircraft, with counts.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::domain::{Explanation, Reason, Refusal, Timestamp, TopicLevel};
use crate::service::reason_text;

/// Shortest time between two messages about one aircraft, microseconds.
const PERIOD_US: i64 = 5_000_000;
/// Most aircraft of which something is remembered.
const AIRCRAFT_MAX: usize = 20_000;
/// Most different findings in one list of one message.
const FINDINGS_MAX: usize = 16;

/// One message to an operator about one aircraft.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Feedback {
    /// The aircraft, as the topic names it.
    pub uas_id: TopicLevel,
    /// Its operator, as the topic names it.
    pub operator: TopicLevel,
    /// When this was written.
    pub timestamp: Timestamp,
    /// What was refused since the last message.
    pub refused: Vec<Finding>,
    /// What was accepted, but looks wrong.
    pub flagged: Vec<Finding>,
}

/// One reason at one field, and how often.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Why.
    pub reason: Reason,
    /// The field at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What a person can do about it.
    pub message: Explanation,
    /// What was found, the last time, in English.
    pub detail: String,
    /// How often since the last message.
    pub count: u64,
    /// When it was last found.
    pub last_at: Timestamp,
}

/// Operator and aircraft, as their topic spells them.
type Addressee = (TopicLevel, TopicLevel);

/// Everything not told yet, and to whom something was told lately.
#[derive(Debug)]
pub struct FeedbackTable {
    entries: BTreeMap<Addressee, Pending>,
    /// When each entry may be told of again, soonest first: each entry stands here exactly once.
    due: VecDeque<(Timestamp, Addressee)>,
    aircraft_max: usize,
}

#[derive(Debug, Default)]
struct Pending {
    refused: Vec<Finding>,
    flagged: Vec<Finding>,
}

impl Default for FeedbackTable {
    fn default() -> Self {
        Self::new(AIRCRAFT_MAX)
    }
}

impl FeedbackTable {
    /// A table that remembers at most `aircraft_max` aircraft, those told of longest ago forgotten first.
    pub fn new(aircraft_max: usize) -> Self {
        Self { entries: BTreeMap::new(), due: VecDeque::new(), aircraft_max: aircraft_max.max(1) }
    }

    /// Takes down what was found in one message at `at`. Returns what is to be told at once, if this is the
    /// first finding about the aircraft for a while.
    pub fn note(
        &mut self,
        at: Timestamp,
        operator: impl Into<TopicLevel>,
        uas_id: impl Into<TopicLevel>,
        refused: &[Refusal],
        flagged: &[Refusal],
    ) -> Option<Feedback> {
        if refused.is_empty() && flagged.is_empty() {
            return None;
        }
        let key = (operator.into(), uas_id.into());
        if let Some(pending) = self.entries.get_mut(&key) {
            pending.add(at, refused, flagged);
            return None;
        }
        while self.aircraft_max <= self.entries.len() {
            let (_, oldest) = self.due.pop_front()?;
            self.entries.remove(&oldest);
        }
        let mut first = Pending::default();
        first.add(at, refused, flagged);
        self.entries.insert(key.clone(), Pending::default());
        self.due.push_back((at.plus_micros(PERIOD_US), key.clone()));
        Some(first.tell(at, key))
    }

    /// The messages that are due at `now`. To be called a few times a second.
    pub fn due(&mut self, now: Timestamp) -> Vec<Feedback> {
        let mut told = Vec::new();
        for _ in 0..self.due.len() {
            let Some((_, key)) = self.due.pop_front_if(|(due, _)| is_due(*due, now)) else { break };
            let Some(pending) = self.entries.get_mut(&key) else { continue };
            if pending.is_empty() {
                self.entries.remove(&key);
                continue;
            }
            told.push(std::mem::take(pending).tell(now, key.clone()));
            self.due.push_back((now.plus_micros(PERIOD_US), key));
        }
        told
    }

    /// How many aircraft are remembered.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// A clock that was set back makes nobody wait longer than the period.
fn is_due(due: Timestamp, now: Timestamp) -> bool {
    due <= now || now.plus_micros(PERIOD_US) < due
}

impl Pending {
    fn add(&mut self, at: Timestamp, refused: &[Refusal], flagged: &[Refusal]) {
        add(&mut self.refused, at, refused);
        add(&mut self.flagged, at, flagged);
    }

    fn is_empty(&self) -> bool {
        self.refused.is_empty() && self.flagged.is_empty()
    }

    fn tell(self, timestamp: Timestamp, (operator, uas_id): Addressee) -> Feedback {
        let Self { refused, flagged } = self;
        Feedback { uas_id, operator, timestamp, refused, flagged }
    }
}

fn add(findings: &mut Vec<Finding>, at: Timestamp, new: &[Refusal]) {
    for Refusal { reason, field, detail } in new {
        if let Some(known) = findings.iter_mut().find(|f| f.reason == *reason && f.field == *field) {
            known.count = known.count.saturating_add(1);
            known.last_at = at;
            known.detail.clone_from(detail);
        } else if findings.len() < FINDINGS_MAX {
            findings.push(Finding {
                reason: *reason,
                field: field.clone(),
                message: reason_text::sentence(*reason),
                detail: detail.clone(),
                count: 1,
                last_at: at,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{OperatorId, UasId};

    fn id(name: &str) -> (OperatorId, UasId) {
        (OperatorId::new("op").unwrap(), UasId::new(name).unwrap())
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + millis)
    }

    fn refusal(field: &str) -> Refusal {
        Refusal::of_field(Reason::OutOfRange, field, "lat is 95, wanted -90 to 90")
    }

    #[test]
    fn first_at_once_then_counted_and_told_every_five_seconds() {
        let (mut table, (operator, uas)) = (FeedbackTable::default(), id("A"));
        let note = |table: &mut FeedbackTable, ms, field| {
            table.note(at(ms), &operator, &uas, &[refusal(field)], &[])
        };
        let first = note(&mut table, 0, "lat").unwrap();
        assert_eq!((first.refused.len(), first.refused[0].count), (1, 1));
        for ms in [1_000, 2_000, 3_000] {
            assert_eq!(note(&mut table, ms, "lat"), None);
        }
        assert_eq!(note(&mut table, 3_500, "lng"), None);
        assert!(table.due(at(4_999)).is_empty());
        let second = table.due(at(5_000));
        assert_eq!(second.len(), 1);
        assert_eq!((second[0].refused[0].count, second[0].refused[0].last_at), (3, at(3_000)));
        assert_eq!(second[0].refused[1].field.as_deref(), Some("lng"));
        assert!(table.due(at(10_000)).is_empty(), "nothing new, nothing told");
        assert!(table.is_empty(), "and forgotten");
        assert!(note(&mut table, 10_001, "lat").is_some());
    }

    #[test]
    fn p12_memory_is_bounded_and_the_oldest_goes_first() {
        let mut table = FeedbackTable::new(3);
        for (number, name) in ["A", "B", "C", "D"].into_iter().enumerate() {
            let (operator, uas) = id(name);
            let many: Vec<_> = (0..100).map(|n| refusal(&format!("f{n}"))).collect();
            let told = table.note(at(i64::try_from(number).unwrap()), &operator, &uas, &many, &many).unwrap();
            assert_eq!((told.refused.len(), told.flagged.len()), (FINDINGS_MAX, FINDINGS_MAX));
        }
        assert_eq!((table.len(), table.due.len()), (3, 3));
        let (operator, uas) = id("A");
        assert!(table.note(at(9), &operator, &uas, &[refusal("lat")], &[]).is_some(), "A was forgotten");
    }

    #[test]
    fn a_clock_set_back_silences_nobody() {
        let (mut table, (operator, uas)) = (FeedbackTable::default(), id("A"));
        table.note(at(0), &operator, &uas, &[refusal("lat")], &[]);
        table.note(at(1), &operator, &uas, &[refusal("lat")], &[]);
        assert_eq!(table.due(at(-3_600_000)).len(), 1);
    }

    #[test]
    fn as_operators_read_it() {
        let (mut table, (operator, uas)) = (FeedbackTable::default(), id("A"));
        let whole = Refusal::new(Reason::Retained, "kept by the broker");
        let told = table.note(at(0), &operator, &uas, &[whole], &[]).unwrap();
        let json = serde_json::to_value(told).unwrap();
        assert_eq!(json["uas_id"], "A");
        assert_eq!(json["operator"], "op");
        assert_eq!(json["timestamp"], "2027-01-15T08:00:00.000Z");
        assert_eq!(json["refused"][0]["reason"], "RETAINED");
        assert!(json["refused"][0].get("field").is_none());
        assert!(
            json["refused"][0]["message"]["zh-CN"].is_string()
                && json["refused"][0]["message"]["en"].is_string()
        );
        assert_eq!(json["refused"][0]["count"], 1);
        assert_eq!(json["flagged"], serde_json::json!([]));
    }
}
