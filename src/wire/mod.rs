//! Wire formats: bytes to observations, one file (or folder) a format, found by topic.
//!
//! ```text
//!  Envelope ─► topic ─► Format.decode ─► doors ─► Decoded { observations, refusals, flags }
//! ```
//!
//! Sentinels of a format become absent here and nowhere else. Nothing here panics on any bytes, reads a
//! clock or grows without bound; only NMEA needs memory between messages, and [`Decoder`] owns it.

mod doors;
mod intent;
mod json;
mod nmea0183;
pub mod recording;
mod topic;

pub use json::{Element, Member, member_names, outline, report};

use crate::domain::{
    BoundingBox, Intent, Observation, OperatorId, Reason, Refusal, Timestamp, TopicLevel, UasId,
};

/// Most bytes of a payload.
pub const PAYLOAD_LEN_MAX: usize = 8192;

/// One MQTT message as it arrived.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// The whole topic.
    pub topic: &'a str,
    /// The payload.
    pub payload: &'a [u8],
    /// When it arrived.
    pub received_at: Timestamp,
}

/// Settings that decide what is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Doors {
    /// First levels of every topic, such as `lowsky/v1`.
    pub prefix: String,
    /// The service area; positions outside are refused.
    pub area: Option<BoundingBox>,
}

/// What one message held.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decoded {
    /// The operator that the topic names.
    pub operator: Option<OperatorId>,
    /// The aircraft that the topic names; of an intent, the flight.
    pub uas_id: Option<UasId>,
    /// Operator and aircraft as the topic spells them, where they are no identities.
    pub misspelt: Option<(TopicLevel, TopicLevel)>,
    /// What was accepted, in the order of the message.
    pub observations: Vec<Observation>,
    /// The operation intent that was accepted; such a message holds no observation.
    pub intent: Option<Box<Intent>>,
    /// What was refused; every fault of a message is told.
    pub refusals: Vec<Refusal>,
    /// What was accepted, but looks wrong.
    pub flags: Vec<Refusal>,
    /// How far ahead of its arrival the last report was dated that was refused for nothing but that, seconds.
    pub ahead_s: Option<f64>,
    /// Whether something of it waits to be joined with later messages of the same aircraft.
    pub waits: bool,
}

impl Decoded {
    /// Empties it and keeps the buffers.
    pub fn clear(&mut self) {
        self.operator = None;
        self.uas_id = None;
        self.misspelt = None;
        self.observations.clear();
        self.intent = None;
        self.refusals.clear();
        self.flags.clear();
        self.ahead_s = None;
        self.waits = false;
    }

    /// Who can be told what was refused: operator and aircraft as their topic spells them.
    pub fn addressee(&self) -> Option<(TopicLevel, TopicLevel)> {
        let named = self.operator.as_ref().zip(self.uas_id.as_ref());
        named.map(|(operator, uas_id)| (operator.into(), uas_id.into())).or_else(|| self.misspelt.clone())
    }
}

/// One message whose topic named a format and an aircraft.
struct Message<'a> {
    payload: &'a [u8],
    received_at: Timestamp,
    operator: OperatorId,
    uas_id: UasId,
    doors: &'a Doors,
}

/// A wire format.
struct Format {
    /// The topic level after the prefix.
    topic: &'static str,
    /// Reads one payload of at most [`PAYLOAD_LEN_MAX`] bytes.
    decode: fn(&Message<'_>, &mut Memory, &mut Decoded),
}

/// Every format, in alphabetical order of its topic.
const FORMATS: &[Format] = &[
    Format { topic: "intent", decode: intent::decode },
    Format { topic: "nmea", decode: nmea0183::decode },
    Format { topic: "telemetry", decode: json::decode },
];

/// What formats keep between two messages.
#[derive(Debug, Default)]
struct Memory {
    nmea: nmea0183::Memory,
}

/// The MQTT topic filters that together hold every topic with a format, and those with too few or too many levels, so
/// that their senders can be told.
pub fn subscription_filters(prefix: &str) -> Vec<String> {
    FORMATS.iter().map(|format| format!("{prefix}/{}/#", format.topic)).collect()
}

/// Whether of that filter every retained message is wanted whenever it is subscribed to: intents are nowhere but at the
/// broker and in memory, and a position that was retained is refused in any case.
pub fn wants_retained(filter: &str) -> bool {
    filter.ends_with("/intent/#")
}

/// Turns messages into observations and intents.
#[derive(Debug)]
pub struct Decoder {
    doors: Doors,
    memory: Memory,
    canary: bool,
}

impl Decoder {
    /// A decoder that has seen nothing.
    pub fn new(doors: Doors) -> Self {
        Self { doors, memory: Memory::default(), canary: false }
    }

    /// A decoder of the service's own test flights and of nothing else; they take place in no service area.
    pub fn for_canary(prefix: &str) -> Self {
        let doors = Doors { prefix: prefix.into(), area: None };
        Self { canary: true, ..Self::new(doors) }
    }

    /// Whether a topic is one of intents. They say themselves until when they hold, so that a copy which the broker kept
    /// is no ghost.
    pub fn is_of_intents(&self, topic: &str) -> bool {
        topic::parse(&self.doors.prefix, topic).is_ok_and(|topic| topic.format.topic == "intent")
    }

    /// Reads one message into `out`, which is emptied first. Total on any topic and any bytes.
    pub fn decode(&mut self, envelope: &Envelope<'_>, out: &mut Decoded) {
        out.clear();
        let topic = match topic::parse(&self.doors.prefix, envelope.topic) {
            Ok(topic) => topic,
            Err(refusal) => {
                self.address(envelope.topic, out);
                return out.refusals.push(refusal);
            }
        };
        out.operator = Some(topic.operator.clone());
        out.uas_id = Some(topic.uas_id.clone());
        if (topic.operator.is_canary() || topic.uas_id.is_canary()) != self.canary {
            let detail = "operator _canary and identities that begin with canary: are the service's own";
            return out.refusals.push(Refusal::new(Reason::Reserved, detail));
        }
        if PAYLOAD_LEN_MAX < envelope.payload.len() {
            return out.refusals.push(Refusal::new(
                Reason::TooLarge,
                format!("payload has {} bytes, at most {PAYLOAD_LEN_MAX} are read", envelope.payload.len()),
            ));
        }
        let message = Message {
            payload: envelope.payload,
            received_at: envelope.received_at,
            operator: topic.operator,
            uas_id: topic.uas_id,
            doors: &self.doors,
        };
        (topic.format.decode)(&message, &mut self.memory, out);
    }

    /// Refuses a stored copy that the broker kept, unread: a position of the past, however new it looks.
    pub fn refuse_retained(&self, topic: &str, out: &mut Decoded) {
        out.clear();
        self.address(topic, out);
        out.refusals.push(Refusal::new(
            Reason::Retained,
            "the broker kept this message from earlier; it says nothing of where the aircraft is now",
        ));
    }

    /// Takes down whom a topic names in the usual places.
    fn address(&self, topic: &str, out: &mut Decoded) {
        let Some((operator, uas_id)) = topic::addressee(&self.doors.prefix, topic) else { return };
        (out.operator, out.uas_id) = (OperatorId::new(operator).ok(), UasId::new(uas_id).ok());
        if out.operator.is_none() || out.uas_id.is_none() {
            out.misspelt = TopicLevel::new(operator).zip(TopicLevel::new(uas_id));
        }
    }

    /// Hands out the next of what waits for the rest of its epoch (NMEA sentences that came one by one) since `before` or
    /// longer, in the order of arrival: what there is of one aircraft, with its name. `false` when nothing waits for so
    /// long. A source that falls silent leaves its last report here.
    #[must_use = "there may be more"]
    pub fn release(&mut self, before: Timestamp, out: &mut Decoded) -> bool {
        out.clear();
        self.memory.nmea.release(before, &self.doors, out)
    }
}

#[cfg(test)]
mod tests;
