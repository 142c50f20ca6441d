//! What a client may say, and what it asked to be told.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use crate::domain::{Alert, AlertCode, BoundingBox, LatLng, Severity};
use crate::monitor::TrackState;

/// Most characters of the note of an acknowledgement.
pub const NOTE_LEN_MAX: usize = 2_000;
/// Most aircraft that a client may want wherever they are.
pub const ALWAYS_MAX: usize = 500;
/// Most characters of an alert's identity in a message.
const ALERT_ID_LEN_MAX: usize = 200;

/// A client's message that was understood.
#[expect(clippy::large_enum_variant, reason = "one at a time, taken apart at once")]
#[derive(Debug, Clone, PartialEq)]
pub enum ClientMessage {
    /// Replaces what it is told.
    Subscribe(Subscription),
    /// Takes note of an alert.
    Ack {
        /// Which.
        alert_id: String,
        /// What it says.
        note: Option<String>,
    },
    /// Asks for a `pong`.
    Ping,
}

/// The last event that a client has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumePoint {
    /// The history that `seq` counts, if the client says so.
    pub log_id: Option<String>,
    /// The event's number.
    pub seq: u64,
}

impl std::str::FromStr for ResumePoint {
    type Err = &'static str;

    /// `seq` or `log_id:seq`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (log_id, seq) =
            text.rsplit_once(':').map_or((None, text), |(log_id, seq)| (Some(log_id.to_owned()), seq));
        let seq = seq.parse().map_err(|_error| "the number of an event is wanted, or log_id:number")?;
        Ok(Self { log_id, seq })
    }
}

/// What a client wants to be told.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Subscription {
    /// The last event that it has.
    pub after: Option<ResumePoint>,
    /// Which alerts.
    pub alerts: AlertScope,
    /// Which aircraft; `None`: none.
    pub tracks: Option<TrackScope>,
}

/// Which alerts are wanted; a part that is absent admits all, an empty list none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlertScope {
    /// This severe or more.
    pub min_severity: Option<Severity>,
    /// About these.
    pub codes: Option<Vec<AlertCode>>,
    /// Of an aircraft of these operators; either one of a pair.
    pub operators: Option<BTreeSet<String>>,
    /// Of these aircraft; either one of a pair.
    pub uas_ids: Option<BTreeSet<String>>,
    /// With the aircraft in here.
    pub bbox: Option<BoundingBox>,
}

/// Which aircraft are wanted, and how often.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackScope {
    /// In here.
    pub bbox: Option<BoundingBox>,
    /// Of these operators, and those of `uas_ids`; `None` for both: of everybody.
    pub operators: Option<BTreeSet<String>>,
    /// These aircraft, beside those of `operators`.
    pub uas_ids: Option<BTreeSet<String>>,
    /// These aircraft wherever they are and whosever, at most [`ALWAYS_MAX`]: who watches a view must not lose the
    /// one that is in alarm when it leaves the view.
    pub always: BTreeSet<String>,
    /// Most frames a second, 0.1 to 10.
    pub max_hz: f64,
}

impl TrackScope {
    /// Whether nothing is left out.
    pub fn is_everything(&self) -> bool {
        self.bbox.is_none() && self.operators.is_none() && self.uas_ids.is_none()
    }

    /// Whether the aircraft, as it is now, is wanted.
    pub fn admits(&self, state: &TrackState) -> bool {
        if self.always.contains(state.uas_id.as_str()) {
            return true;
        }
        let named = self.uas_ids.as_ref().is_some_and(|wanted| wanted.contains(state.uas_id.as_str()));
        let owned = self.operators.as_ref().is_some_and(|wanted| {
            state.operator.as_ref().is_some_and(|operator| wanted.contains(operator.as_str()))
        });
        let all = self.operators.is_none() && self.uas_ids.is_none();
        (all || named || owned)
            && self.bbox.is_none_or(|bbox| bbox.contains(LatLng::wrapped(state.lat, state.lng)))
    }
}

impl AlertScope {
    /// Whether nothing is left out.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the alert, as it stands, is wanted.
    pub fn admits(&self, alert: &Alert) -> bool {
        let other = alert.other.as_ref();
        let ids = [Some(&alert.uas_id), other.map(|party| &party.uas_id)];
        let operators = [alert.operator.as_ref(), other.and_then(|party| party.operator.as_ref())];
        self.min_severity.is_none_or(|least| least <= alert.severity)
            && self.codes.as_ref().is_none_or(|codes| codes.contains(&alert.code))
            && self
                .uas_ids
                .as_ref()
                .is_none_or(|wanted| ids.iter().flatten().any(|id| wanted.contains(id.as_str())))
            && self
                .operators
                .as_ref()
                .is_none_or(|wanted| operators.iter().flatten().any(|id| wanted.contains(id.as_str())))
            && self.bbox.is_none_or(|bbox| {
                // What is about the service itself concerns every place.
                alert.position.is_none_or(|at| bbox.contains(LatLng::wrapped(at.lat, at.lng)))
            })
    }
}

#[derive(Deserialize)]
struct RawSubscription {
    after: Option<u64>,
    log_id: Option<String>,
    alerts: Option<RawAlerts>,
    tracks: Option<RawTracks>,
}

#[derive(Deserialize)]
struct RawAlerts {
    min_severity: Option<Severity>,
    codes: Option<Vec<AlertCode>>,
    operators: Option<BTreeSet<String>>,
    uas_ids: Option<BTreeSet<String>>,
    bbox: Option<[f64; 4]>,
}

#[derive(Deserialize)]
struct RawTracks {
    bbox: Option<[f64; 4]>,
    operators: Option<BTreeSet<String>>,
    uas_ids: Option<BTreeSet<String>>,
    always: Option<BTreeSet<String>>,
    max_hz: Option<f64>,
}

#[derive(Deserialize)]
struct RawAck {
    alert_id: String,
    note: Option<String>,
}

impl ClientMessage {
    /// Reads a message; otherwise the code and the text of the `error` that answers it. Members that are not
    /// known are passed over, as a newer client may send them.
    pub fn parse(text: &str) -> Result<Self, (&'static str, String)> {
        let value: Value = serde_json::from_str(text).map_err(|error| ("BAD_JSON", error.to_string()))?;
        let kind = value.get("type").and_then(Value::as_str).map(str::to_owned);
        match kind.as_deref() {
            Some("subscribe") => {
                subscription(value).map(Self::Subscribe).map_err(|why| ("BAD_SUBSCRIPTION", why))
            }
            Some("ack") => ack(value).map_err(|why| ("BAD_MESSAGE", why)),
            Some("ping") => Ok(Self::Ping),
            Some(other) => {
                let shown: String = other.chars().take(40).collect();
                Err(("BAD_MESSAGE", format!("type `{shown}` is not one of subscribe, ack, ping")))
            }
            None => Err(("BAD_MESSAGE", "an object with a text member `type` is wanted".into())),
        }
    }
}

fn subscription(value: Value) -> Result<Subscription, String> {
    let raw: RawSubscription = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let alerts = match raw.alerts {
        None => AlertScope::default(),
        Some(raw) => AlertScope {
            min_severity: raw.min_severity,
            codes: raw.codes,
            operators: raw.operators,
            uas_ids: raw.uas_ids,
            bbox: raw.bbox.map(|edges| checked("alerts.bbox", edges)).transpose()?,
        },
    };
    let tracks = match raw.tracks {
        None => None,
        Some(raw) => Some(TrackScope {
            bbox: raw.bbox.map(|edges| checked("tracks.bbox", edges)).transpose()?,
            operators: raw.operators,
            uas_ids: raw.uas_ids,
            always: raw.always.map(bounded).transpose()?.unwrap_or_default(),
            max_hz: raw.max_hz.unwrap_or(1.0).clamp(0.1, 10.0),
        }),
    };
    let after = raw.after.map(|seq| ResumePoint { log_id: raw.log_id, seq });
    Ok(Subscription { after, alerts, tracks })
}

fn ack(value: Value) -> Result<ClientMessage, String> {
    let RawAck { alert_id, note } = serde_json::from_value(value).map_err(|error| error.to_string())?;
    if alert_id.is_empty() || alert_id.len() > ALERT_ID_LEN_MAX {
        return Err(format!("alert_id: 1 to {ALERT_ID_LEN_MAX} bytes are wanted"));
    }
    if note.as_ref().is_some_and(|note| note.chars().count() > NOTE_LEN_MAX) {
        return Err(format!("note: at most {NOTE_LEN_MAX} characters"));
    }
    Ok(ClientMessage::Ack { alert_id, note })
}

fn checked(name: &str, edges: [f64; 4]) -> Result<BoundingBox, String> {
    BoundingBox::new(edges).ok_or_else(|| {
        format!("{name}: [west, south, east, north] with west <= east, south <= north is wanted")
    })
}

fn bounded(always: BTreeSet<String>) -> Result<BTreeSet<String>, String> {
    if ALWAYS_MAX < always.len() {
        return Err(format!("tracks.always: at most {ALWAYS_MAX} aircraft"));
    }
    Ok(always)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{OperationalStatus, OperatorId, Timestamp, UasId};
    use crate::monitor::TrackFreshness;

    fn code(text: &str) -> &'static str {
        ClientMessage::parse(text).unwrap_err().0
    }

    #[test]
    fn what_is_malformed_is_told_apart() {
        assert_eq!(code("{"), "BAD_JSON");
        assert_eq!(code("[]"), "BAD_MESSAGE");
        assert_eq!(code(r#"{"type":"fly"}"#), "BAD_MESSAGE");
        assert_eq!(code(r#"{"type":"ack"}"#), "BAD_MESSAGE");
        for wrong in [
            r#""after":-1"#,
            r#""after":"3""#,
            r#""after":3,"log_id":4"#,
            r#""alerts":{"min_severity":"LOUD"}"#,
            r#""alerts":{"codes":["NOPE"]}"#,
            r#""alerts":{"bbox":[2,0,1,1]}"#,
            r#""tracks":{"bbox":[1,2,3]}"#,
            r#""tracks":{"max_hz":"fast"}"#,
            r#""tracks":{"always":"X-1"}"#,
        ] {
            assert_eq!(code(&format!(r#"{{"type":"subscribe",{wrong}}}"#)), "BAD_SUBSCRIPTION", "{wrong}");
        }
    }

    #[test]
    fn rates_are_held_and_unknown_members_passed_over() {
        let text = r#"{"type":"subscribe","tracks":{"max_hz":99,"new":1},"alerts":null,"x":[]}"#;
        let ClientMessage::Subscribe(subscription) = ClientMessage::parse(text).unwrap() else { panic!() };
        assert!((subscription.tracks.unwrap().max_hz - 10.0).abs() < 1e-12);
        assert!(subscription.alerts.is_everything());
        assert_eq!(subscription.after, None);
    }

    fn scope(tracks: &str) -> TrackScope {
        let text = format!(r#"{{"type":"subscribe","tracks":{tracks}}}"#);
        let ClientMessage::Subscribe(wanted) = ClientMessage::parse(&text).unwrap() else { panic!() };
        wanted.tracks.unwrap()
    }

    fn state(uas_id: &str, operator: Option<&str>, lat: f64) -> TrackState {
        TrackState {
            uas_id: UasId::new(uas_id).unwrap(),
            operator: operator.map(|name| OperatorId::new(name).unwrap()),
            timestamp: Timestamp::default(),
            lat,
            lng: 114.0,
            alt_hae: None,
            height_agl: None,
            ground_speed: None,
            track: None,
            vertical_speed: None,
            ua_class: None,
            operational_status: OperationalStatus::default(),
            freshness: TrackFreshness::Live,
            unshown: crate::monitor::Unshown::default(),
        }
    }

    #[test]
    fn who_is_always_wanted_is_told_of_outside_the_box_and_of_other_operators() {
        let scope = scope(r#"{"operators":["acme"],"bbox":[113,22,115,23],"always":["X-1","A-1"]}"#);
        assert!(!scope.is_everything());
        let admits =
            |uas_id: &str, operator: Option<&str>, lat: f64| scope.admits(&state(uas_id, operator, lat));
        assert!(
            admits("X-1", Some("other"), 30.0)
                && admits("X-1", None, 22.5)
                && admits("A-1", Some("acme"), 30.0)
        );
        assert!(
            admits("A-2", Some("acme"), 22.5)
                && !admits("A-2", Some("acme"), 30.0)
                && !admits("X-2", None, 22.5)
        );
        let many: Vec<String> = (0..=ALWAYS_MAX).map(|n| format!("\"A-{n}\"")).collect();
        let subscribe =
            |ids: &[String]| format!(r#"{{"type":"subscribe","tracks":{{"always":[{}]}}}}"#, ids.join(","));
        assert_eq!(code(&subscribe(&many)), "BAD_SUBSCRIPTION");
        assert!(ClientMessage::parse(&subscribe(&many[1..])).is_ok());
    }

    #[test]
    fn a_fleet_is_its_operators_aircraft_and_those_that_are_named() {
        let scope = scope(r#"{"operators":["acme"],"uas_ids":["X-1"],"bbox":[113,22,115,23]}"#);
        let admits =
            |uas_id: &str, operator: Option<&str>, lat: f64| scope.admits(&state(uas_id, operator, lat));
        assert!(
            admits("A-1", Some("acme"), 22.5)
                && admits("X-1", Some("other"), 22.5)
                && admits("X-1", None, 22.5)
        );
        assert!(!admits("A-2", Some("other"), 22.5) && !admits("A-2", None, 22.5), "neither owned nor named");
        assert!(!admits("A-1", Some("acme"), 30.0), "outside the box");
    }

    #[test]
    fn a_resume_point_is_a_number_with_or_without_its_history() {
        let point = |log_id: Option<&str>, seq| Ok(ResumePoint { log_id: log_id.map(str::to_owned), seq });
        assert_eq!("7".parse(), point(None, 7));
        assert_eq!("a:b:7".parse(), point(Some("a:b"), 7));
        for wrong in ["", "a", "7:", ":-1", "7:a"] {
            assert!(wrong.parse::<ResumePoint>().is_err(), "{wrong}");
        }
    }
}
