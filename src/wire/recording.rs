//! Recordings: JSON Lines, one MQTT message a line, in the order of arrival.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

use super::Envelope;

/// One recorded message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// When it arrived.
    pub received_at: Timestamp,
    /// The whole topic.
    pub topic: String,
    /// The payload.
    pub payload: Vec<u8>,
    /// Whether it was a stored copy that the broker kept.
    pub retain: bool,
}

/// A line that is no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct RecordError {
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 1.
    pub column: usize,
    /// What is wrong with it.
    pub message: String,
}

/// A line as it stands in the file. Members that are not named here are ignored.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    received_at: Timestamp,
    #[serde(borrow)]
    topic: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    payload: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    payload_base64: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    retain: bool,
}

impl Record {
    /// The message as the decoder takes it.
    pub fn envelope(&self) -> Envelope<'_> {
        Envelope { topic: &self.topic, payload: &self.payload, received_at: self.received_at }
    }
}

/// Reads one line; `line` is its number from 1, for messages. `None` for a blank line.
pub fn parse_line(line: usize, text: &str) -> Option<Result<Record, RecordError>> {
    // A byte order mark may open a file that went through an editor.
    let bare = text.strip_prefix('\u{feff}').filter(|_| line == 1).unwrap_or(text).trim_start();
    let before = text.len() - bare.len();
    let bare = bare.trim_end();
    let fail = |(column, message): (usize, String)| RecordError { line, column: before + column, message };
    (!bare.is_empty()).then(|| record(bare).map_err(fail))
}

/// Reads a whole recording. Every line is judged on its own, so that the caller may stop at the first error
/// or tell all.
pub fn parse(text: &str) -> impl Iterator<Item = Result<Record, RecordError>> {
    text.lines().zip(1..).filter_map(|(text, line)| parse_line(line, text))
}

/// Adds the message and a line feed to `out`, marked if it is a stored copy that the broker kept. The arrival is written in
/// milliseconds.
pub fn write(envelope: &Envelope<'_>, retain: bool, out: &mut String) {
    let text = std::str::from_utf8(envelope.payload).ok();
    let line = Line {
        received_at: envelope.received_at,
        topic: envelope.topic.into(),
        payload: text.map(Cow::Borrowed),
        payload_base64: text.is_none().then(|| BASE64.encode(envelope.payload).into()),
        retain,
    };
    // Texts and a time always make JSON.
    if let Ok(json) = serde_json::to_string(&line) {
        out.push_str(&json);
        out.push('\n');
    }
}

/// An error comes with its column in `text`, from 1.
fn record(text: &str) -> Result<Record, (usize, String)> {
    let line: Line<'_> = serde_json::from_str(text).map_err(|error| {
        let told = error.to_string();
        // The library counts lines within the text it was given, which is one line.
        let what = told.split(" at line ").next().unwrap_or_default();
        (error.column().max(1), what.to_owned())
    })?;
    let payload = match (line.payload, line.payload_base64) {
        (Some(text), None) => text.into_owned().into_bytes(),
        (None, Some(coded)) => BASE64
            .decode(coded.as_bytes())
            .map_err(|error| (1, format!("payload_base64 is not base64: {error}")))?,
        (None, None) => return Err((1, "payload or payload_base64 is missing".into())),
        (Some(_), Some(_)) => return Err((1, "payload and payload_base64 exclude each other".into())),
    };
    Ok(Record { received_at: line.received_at, topic: line.topic.into_owned(), payload, retain: line.retain })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            millis in 0..4_000_000_000_000_i64,
            topic in any::<String>(),
            payload in prop::collection::vec(any::<u8>(), 0..64),
            retain in any::<bool>(),
        ) {
            let received_at = Timestamp::from_millis(millis);
            let mut text = String::new();
            write(&Envelope { topic: &topic, payload: &payload, received_at }, retain, &mut text);
            let records: Vec<_> = parse(&text).collect();
            prop_assert_eq!(records, vec![Ok(Record { received_at, topic, payload, retain })]);
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            prop_assert!(parse(&text).all(|line| line.is_err()));
        }
    }

    #[test]
    fn the_documented_line() {
        let text = concat!(
            r#"{"received_at": "2026-11-22T08:00:00.231Z", "topic": "a/b", "payload": "{\"x\":1}", "qos": 1}"#,
            "\r\n\n",
            r#"{"received_at": 1795334400231, "topic": "a/b", "payload_base64": "/wA="}"#,
        );
        let records: Vec<_> = parse(text).map(Result::unwrap).collect();
        assert_eq!(records[0].payload, br#"{"x":1}"#);
        assert_eq!(records[1].payload, [0xff, 0]);
        assert_eq!(records[0].received_at, records[1].received_at);
    }

    #[test]
    fn a_copy_that_the_broker_kept_is_marked() {
        let line = |retain| {
            let (mut text, received_at) = (String::new(), Timestamp::from_millis(0));
            write(&Envelope { topic: "t", payload: b"p", received_at }, retain, &mut text);
            text
        };
        assert!(line(true).ends_with(",\"retain\":true}\n") && !line(false).contains("retain"));
    }

    #[test]
    fn an_error_names_its_line_and_column() {
        let text = "\n{\"received_at\": \"2026-11-22T08:00:00Z\", \"topic\": \"t\"}\n{\"topic\": 1}\n  x";
        let errors: Vec<_> = parse(text).map(|line| line.unwrap_err().to_string()).collect();
        assert_eq!(errors[0], "2:1: payload or payload_base64 is missing");
        assert!(errors[1].starts_with("3:11: invalid type: integer `1`"), "{}", errors[1]);
        assert!(errors[2].starts_with("4:3:"), "{}", errors[2]);
    }
}
