//! One telemetry message judged as the intake would judge it, with every fault in its place and what to do about it.
//!
//! The verdict is the decoder's own, and a value is suggested only if the decoder takes it.

mod advice;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::domain::{Explanation, Observation, OperatorId, Reason, Refusal, Timestamp, UasId};
use crate::service::reason_text;
use crate::wire::{
    Decoded, Decoder, Doors, Element, Envelope, Member, PAYLOAD_LEN_MAX, member_names, outline,
};

pub use advice::Advice;

/// Most faults that are told of one message.
const FAULTS_MAX: usize = 200;
/// Most members that are told of one message.
const FIELDS_MAX: usize = 1_000;

/// What became of a message.
#[derive(Debug, Clone, Serialize)]
pub struct Judgement {
    /// Whether the whole of it is accepted.
    pub accepted: bool,
    /// The topic that it was judged for.
    pub topic: String,
    /// Each fault and remark, in the order of the text.
    pub faults: Vec<Fault>,
    /// Each member of a JSON message and what was found of it.
    pub fields: Vec<Judged>,
    /// What it becomes: the reports that are accepted, with what is known in its units.
    pub observations: Vec<Value>,
}

/// How much a fault matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Weight {
    /// The report is refused.
    Error,
    /// It is accepted, but looks wrong or is not used.
    Warning,
    /// It is accepted and this part of it is passed over.
    Ignored,
}

/// One thing that is wrong with a message.
#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    /// How much it matters.
    pub severity: Weight,
    /// As `feedback` names it; absent for what is only passed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The member at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Where it is in a JSON message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What was found, in English.
    pub detail: String,
    /// What it means.
    pub message: Explanation,
    /// What would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<Advice>,
}

/// One member of a JSON message.
#[derive(Debug, Clone, Serialize)]
pub struct Judged {
    /// Where it is.
    pub pointer: String,
    /// Its line, from 1.
    pub line: usize,
    /// The worst that was found of it; absent where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Weight>,
}

/// Judges `payload` as if it were published on `topic` at `now`; without a topic, on the one that it should have.
pub fn telemetry(payload: &[u8], topic: Option<&str>, doors: &Doors, now: Timestamp) -> Judgement {
    let text = std::str::from_utf8(payload).unwrap_or_default();
    let readable = if payload.len() <= PAYLOAD_LEN_MAX { text } else { "" };
    let elements = outline(readable);
    let topic = topic.map_or_else(|| usual_topic(readable, &elements, &doors.prefix), str::to_owned);
    let judge = Judge { text: readable, topic: &topic, doors, now };
    let whole = judge.decode(payload);
    let single = elements.len() < 2 && !readable.trim_start().starts_with('[');
    let mut faults = Vec::new();
    if single {
        let nothing = Element { range: 0..readable.len(), ..Element::default() };
        judge.element(elements.first().unwrap_or(&nothing), &whole, &mut faults);
    } else {
        for element in &elements {
            let part = judge.decode(readable.get(element.range.clone()).unwrap_or_default().as_bytes());
            judge.element(element, &part, &mut faults);
        }
        // What is wrong with the array itself stands in no element.
        if faults.iter().all(|fault| fault.severity != Weight::Error) {
            faults.extend(whole.refusals.iter().map(|refusal| judge.fault(Weight::Error, refusal, None)));
        }
    }
    faults.sort_by_key(|fault| (fault.line, fault.column));
    let members = elements.iter().flat_map(|element| &element.members);
    let fields = members.take(FIELDS_MAX).map(|member| judge.member(member, &faults)).collect();
    faults.truncate(FAULTS_MAX);
    let accepted = whole.refusals.is_empty() && (whole.intent.is_some() || !whole.observations.is_empty());
    let observations = whole.observations.iter().map(normalised).collect();
    Judgement { accepted, topic, faults, fields, observations }
}

/// The topic of a message, from what it says of itself.
fn usual_topic(text: &str, elements: &[Element], prefix: &str) -> String {
    if text.trim_start().starts_with(['$', '!']) {
        return format!("{prefix}/nmea/operator/aircraft");
    }
    let said = |names: [&str; 2]| -> Option<String> {
        let mut members = elements.first()?.members.iter();
        let member = members.find(|member| names.contains(&member.name.as_str()))?;
        serde_json::from_str(text.get(member.value.clone())?).ok()
    };
    let operator = said(["operator", "operator_id"]).filter(|name| OperatorId::new(name).is_ok());
    let uas_id = said(["uas_id", "uas_id"]).filter(|name| UasId::new(name).is_ok());
    let [operator, uas_id] =
        [operator.unwrap_or_else(|| "operator".into()), uas_id.unwrap_or_else(|| "aircraft".into())];
    format!("{prefix}/telemetry/{operator}/{uas_id}")
}

struct Judge<'a> {
    text: &'a str,
    topic: &'a str,
    doors: &'a Doors,
    now: Timestamp,
}

impl Judge<'_> {
    fn decode(&self, payload: &[u8]) -> Decoded {
        let (mut decoder, mut out) = (Decoder::new(self.doors.clone()), Decoded::default());
        let envelope = Envelope { topic: self.topic, payload, received_at: self.now };
        decoder.decode(&envelope, &mut out);
        if out.observations.is_empty() && out.refusals.is_empty() {
            // Sentences that would wait for others of their epoch.
            let flags = std::mem::take(&mut out.flags);
            // There is one source, so that there is one epoch.
            let _nothing = !decoder.release(self.now.plus_seconds(1.0), &mut out);
            out.flags.extend(flags);
        }
        out
    }

    /// Everything that is wrong with one report.
    fn element(&self, element: &Element, decoded: &Decoded, faults: &mut Vec<Fault>) {
        for (weight, found) in [(Weight::Error, &decoded.refusals), (Weight::Warning, &decoded.flags)] {
            for refusal in found {
                let mut fault = self.fault(weight, refusal, Some(element));
                fault.suggestion = advice::of(self, element, refusal);
                faults.push(fault);
            }
        }
        if let Some(fast) = advice::perhaps_km_per_hour(self, element) {
            faults.push(fast);
        }
        for member in &element.members {
            if member_names().any(|name| name == member.name) {
                continue;
            }
            let [line, column] = self.place(member.key_at);
            faults.push(Fault {
                severity: Weight::Ignored,
                reason: None,
                field: Some(member.name.clone()),
                pointer: Some(member.pointer.clone()),
                line,
                column,
                detail: format!("`{}` is no member of this format and is passed over", member.name),
                message: Explanation {
                    zh: "该字段不在接口中，将被忽略。".into(),
                    en: "The interface has no such field; it is ignored.".into(),
                },
                suggestion: advice::nearest_name(&member.name),
            });
        }
    }

    fn fault(&self, severity: Weight, refusal: &Refusal, element: Option<&Element>) -> Fault {
        let field = refusal.field.as_deref();
        let member = element.zip(field).and_then(|(element, field)| element.member(field));
        let [line, column] = match member {
            Some(member) => self.place(member.value.start),
            None => self.elsewhere(refusal, element),
        };
        Fault {
            severity,
            reason: Some(refusal.reason),
            field: refusal.field.clone(),
            pointer: member.map(|member| member.pointer.clone()),
            line,
            column,
            detail: refusal.detail.clone(),
            message: if severity == Weight::Error {
                reason_text::sentence(refusal.reason)
            } else {
                accepted_all_the_same(refusal.reason)
            },
            suggestion: None,
        }
    }

    /// The place of a fault that no member has: the parser's, the sentence's, or the beginning of the report.
    fn elsewhere(&self, refusal: &Refusal, element: Option<&Element>) -> [usize; 2] {
        if let Some(at) =
            refusal.detail.rsplit_once(" at line ").and_then(|(_, place)| place.split_once(" column "))
        {
            let [line, column] = [at.0, at.1].map(|number| number.trim().parse().unwrap_or(1));
            let [first, _] = element.map_or([1, 1], |element| self.place(element.range.start));
            return [first + line - 1, column.max(1)];
        }
        let sentence = refusal.field.as_deref().and_then(|field| field.split('.').next());
        let of_sentence = |kind: &str| {
            let is_it = |line: &str| line.trim_start().get(3..).is_some_and(|rest| rest.starts_with(kind));
            self.text.lines().position(is_it).map(|line| [line + 1, 1])
        };
        let is_nmea = self.text.trim_start().starts_with(['$', '!']);
        sentence
            .filter(|_| is_nmea)
            .and_then(of_sentence)
            .unwrap_or_else(|| element.map_or([1, 1], |element| self.place(element.range.start)))
    }

    /// Line and column of an offset.
    fn place(&self, offset: usize) -> [usize; 2] {
        let before = self.text.get(..offset).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        [before.matches('\n').count() + 1, line.chars().count() + 1]
    }

    fn member(&self, member: &Member, faults: &[Fault]) -> Judged {
        let own = faults.iter().filter(|fault| fault.pointer.as_deref() == Some(member.pointer.as_str()));
        let [line, _] = self.place(member.key_at);
        Judged { pointer: member.pointer.clone(), line, severity: own.map(|fault| fault.severity).min() }
    }
}

impl Element {
    fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

/// What a remark means for a report that is accepted.
fn accepted_all_the_same(reason: Reason) -> Explanation {
    let (zh, en) = if reason == Reason::MissingField {
        (
            "报文被接收，但缺少说明，该值不参与计算。",
            "The report is accepted, but this value is not used without its companion.",
        )
    } else if reason == Reason::NoFix {
        (
            "报文被接收，但接收机称无有效定位，位置存疑。",
            "The report is accepted, but the receiver says that it has no fix: the position is in doubt.",
        )
    } else if reason == Reason::OutOfRange {
        (
            "报文被接收，但数值大得可疑，请检查单位。",
            "The report is accepted, but the number is suspiciously large; check its unit.",
        )
    } else {
        ("报文被接收，但该值可疑。", "The report is accepted, but this value looks wrong.")
    };
    Explanation { zh: zh.into(), en: en.into() }
}

/// What a report becomes, with the names of the interface and without what is unknown.
fn normalised(seen: &Observation) -> Value {
    let mut all = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            all.insert(name.into(), value);
        }
    };
    put("uas_id", json!(seen.uas_id));
    put("operator", json!(seen.operator));
    put("timestamp", json!(seen.timestamp));
    put("lat", json!(seen.position.lat_deg()));
    put("lng", json!(seen.position.lng_deg()));
    put("alt_hae", json!(seen.heights.hae_m));
    put("alt_amsl", json!(seen.heights.amsl_m.map(|(metres, _)| metres)));
    put("amsl_model", json!(seen.heights.amsl_m.map(|(_, model)| model)));
    put("alt_pressure", json!(seen.heights.pressure_m));
    put("height", json!(seen.heights.relative.map(|height| height.metres)));
    put("height_reference", json!(seen.heights.relative.map(|height| height.reference)));
    put("ground_speed", json!(seen.motion.ground_speed_mps));
    put("track", json!(seen.motion.track_deg));
    put("vertical_speed", json!(seen.motion.vertical_speed_mps));
    put("accuracy_h", json!(seen.accuracy.horizontal_m));
    put("accuracy_v", json!(seen.accuracy.vertical_m));
    put("speed_accuracy", json!(seen.accuracy.speed_mps));
    put("fix_type", json!(seen.fix_type));
    put("operational_status", json!(seen.status));
    put("operation_category", json!(seen.category));
    put("ua_class", json!(seen.ua_class));
    put("group_id", json!(seen.group_id.as_deref()));
    put("battery_pct", json!(seen.battery_pct));
    put("c2_link", json!(seen.c2_lost.map(|lost| if lost { "LOST" } else { "OK" })));
    put("backfill", if seen.backfill { json!(true) } else { Value::Null });
    Value::Object(all)
}

#[cfg(test)]
mod tests;
