//! Operation intents `intent/1`: one JSON object that says who flies where and when.
//!
//! ```json
//! {"flight_id": "F1", "operator": "acme", "uas_ids": ["A"], "state": "ACTIVATED", "volumes": [{
//!   "outline": [[113.44, 22.74], [113.46, 22.74], [113.45, 22.76]],
//!   "altitude_lower": {"value": 0, "reference": "AGL", "units": "M"},
//!   "altitude_upper": {"value": 120, "reference": "AGL", "units": "M"},
//!   "time_start": "2026-11-22T08:00:00Z", "time_end": "2026-11-22T09:00:00Z"}]}
//! ```
//!
//! Instead of `outline`, a volume may have `"circle": {"center": [113.45, 22.75], "radius_m": 500}`. Positions are
//! `[lng, lat]`, or `{"lng", "lat"}` as F3548 has them; a last corner that repeats the first is passed over. A lower
//! limit of 0 m AGL is the ground. States are those of F3548; one that has `ENDED` needs no volumes, and an empty message,
//! which clears what the broker keeps, ends the intent as well. What is not named here is ignored.

use serde_json::{Map, Value};

use crate::domain::{
    Intent, IntentState, IntentVolume, LatLng, OperatorId, Outline, Reason, Refusal, Timestamp, UasId,
    VerticalLimit, VerticalReference,
};

use super::{Decoded, Memory, Message};

/// Most aircraft of one intent.
const UAS_IDS_MAX: usize = 100;
/// Most volumes of one intent; the size of a payload is reached first by any that hold what they must.
const VOLUMES_MAX: usize = 100;
/// Most corners of an outline.
const CORNERS_MAX: usize = 500;
/// How far a volume may reach, degrees and metres: an intent is no country. F3548 ends constraints at 10,000 km².
const SIDE_DEG_MAX: f64 = 1.0;
const RADIUS_M_MAX: f64 = 50_000.0;
/// Volumes end where the metric of a circle does.
const LAT_DEG_MAX: f64 = 85.0;
const LNG_DEG_MAX: f64 = 179.0;
/// Limits are between these, metres.
const HEIGHT_M: [f64; 2] = [-1000.0, 31_767.5];
/// How far ahead a volume may end, seconds: 30 days (F3548).
const AHEAD_S_MAX: f64 = 30.0 * 86_400.0;
/// Metres of a foot.
const FOOT_M: f64 = 0.3048;

/// An object of the message, and the path of it that refusals tell.
struct At<'a> {
    members: &'a Map<String, Value>,
    path: String,
}

/// `None` where something was refused.
type Read<T> = Option<T>;

/// Reads a payload.
pub(super) fn decode(message: &Message<'_>, _memory: &mut Memory, out: &mut Decoded) {
    let refusals = &mut out.refusals;
    if message.payload.is_empty() {
        out.intent = Some(Box::new(Intent {
            operator: message.operator.clone(),
            flight_id: message.uas_id.clone(),
            uas_ids: Vec::new(),
            state: IntentState::Ended,
            volumes: Vec::new(),
        }));
        return;
    }
    let value: Value = match serde_json::from_slice(message.payload) {
        Ok(value) => value,
        Err(error) => return refusals.push(Refusal::new(Reason::Malformed, format!("no JSON: {error}"))),
    };
    let Value::Object(members) = &value else {
        return refusals.push(Refusal::new(Reason::InvalidValue, "an intent is one object"));
    };
    let at = At { members, path: String::new() };
    let intent = intent(&at, message, refusals);
    if refusals.is_empty() {
        out.intent = intent.map(Box::new);
    }
}

fn intent(at: &At<'_>, message: &Message<'_>, refusals: &mut Vec<Refusal>) -> Read<Intent> {
    let flight_id = at.text("flight_id", refusals);
    if flight_id.is_some_and(|flight_id| flight_id != message.uas_id.as_str()) {
        at.refuse::<()>(Reason::IdentityMismatch, "flight_id", "it is not the flight of the topic", refusals);
    }
    let operator: &OperatorId = &message.operator;
    if at.members.contains_key("operator")
        && at.text("operator", refusals).is_some_and(|text| text != operator.as_str())
    {
        at.refuse::<()>(
            Reason::IdentityMismatch,
            "operator",
            "it is not the operator of the topic",
            refusals,
        );
    }
    let uas_ids = uas_ids(at, refusals);
    let state = state(at, refusals);
    let volumes = volumes(at, state, message.received_at, refusals);
    flight_id?;
    Some(Intent {
        operator: operator.clone(),
        flight_id: message.uas_id.clone(),
        uas_ids: uas_ids?,
        state: state?,
        volumes: volumes?,
    })
}

fn uas_ids(at: &At<'_>, refusals: &mut Vec<Refusal>) -> Read<Vec<UasId>> {
    if !at.members.contains_key("uas_ids") {
        return Some(Vec::new());
    }
    let items = at.list("uas_ids", [0, UAS_IDS_MAX], refusals)?;
    let mut found = Vec::with_capacity(items.len());
    for item in items {
        match item.as_str().map(UasId::new) {
            Some(Ok(id)) if !id.is_canary() => found.push(id),
            Some(Ok(_)) => {
                let detail = "identities that begin with canary: are the service's own";
                return at.refuse(Reason::Reserved, "uas_ids", detail, refusals);
            }
            Some(Err(error)) => {
                return at.refuse(Reason::InvalidValue, "uas_ids", error.to_string(), refusals);
            }
            None => return at.refuse(Reason::InvalidValue, "uas_ids", "a list of texts is wanted", refusals),
        }
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}

fn state(at: &At<'_>, refusals: &mut Vec<Refusal>) -> Read<IntentState> {
    let text = at.text("state", refusals)?;
    let known = [
        ("ACCEPTED", IntentState::Accepted),
        ("ACTIVATED", IntentState::Activated),
        ("NONCONFORMING", IntentState::Nonconforming),
        ("CONTINGENT", IntentState::Contingent),
        ("ENDED", IntentState::Ended),
    ];
    // F3548 itself writes `Accepted`.
    if let Some((_, state)) = known.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return Some(*state);
    }
    let wanted = known.map(|(name, _)| name).join(", ");
    at.refuse(Reason::InvalidValue, "state", format!("one of {wanted} is wanted"), refusals)
}

fn volumes(
    at: &At<'_>,
    state: Option<IntentState>,
    now: Timestamp,
    refusals: &mut Vec<Refusal>,
) -> Read<Vec<IntentVolume>> {
    if state == Some(IntentState::Ended) {
        return Some(Vec::new());
    }
    let items = at.list("volumes", [1, VOLUMES_MAX], refusals)?;
    let mut found = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let path = format!("volumes[{index}]");
        let Value::Object(members) = item else {
            refusals.push(Refusal::of_field(Reason::InvalidValue, path, "an object is wanted"));
            return None;
        };
        found.push(volume(&At { members, path }, refusals));
    }
    let found: Vec<IntentVolume> = found.into_iter().collect::<Read<_>>()?;
    let until = found.iter().map(|volume| volume.until).max()?;
    if until <= now {
        return at.refuse(Reason::OutOfRange, "volumes", "the last of them is over", refusals);
    }
    if AHEAD_S_MAX < until.seconds_since(now) {
        let detail = "they end over 30 days ahead; file them later";
        return at.refuse(Reason::OutOfRange, "volumes", detail, refusals);
    }
    Some(found)
}

fn volume(at: &At<'_>, refusals: &mut Vec<Refusal>) -> Read<IntentVolume> {
    let outline = outline(at, refusals);
    let [lower, upper] = ["altitude_lower", "altitude_upper"].map(|name| limit(at, name, refusals));
    let [from, until] = ["time_start", "time_end"].map(|name| time(at, name, refusals));
    let (lower, upper, from, until) = (lower?, upper?, from?, until?);
    if lower.reference == upper.reference && upper.metres < lower.metres {
        let detail = "it is below altitude_lower";
        return at.refuse(Reason::OutOfRange, "altitude_upper", detail, refusals);
    }
    if until <= from {
        return at.refuse(Reason::OutOfRange, "time_end", "it is not after time_start", refusals);
    }
    let is_ground = lower.reference == VerticalReference::Agl && lower.metres <= 0.0;
    Some(IntentVolume { outline: outline?, lower: (!is_ground).then_some(lower), upper, from, until })
}

fn outline(at: &At<'_>, refusals: &mut Vec<Refusal>) -> Read<Outline> {
    match (at.members.contains_key("outline"), at.members.get("circle")) {
        (true, None) => polygon(at, refusals),
        (false, Some(Value::Object(members))) => circle(&At { members, path: at.place("circle") }, refusals),
        (false, Some(_)) => at.refuse(Reason::InvalidValue, "circle", "an object is wanted", refusals),
        (true, Some(_)) => {
            at.refuse(Reason::InvalidValue, "circle", "either outline or circle is wanted", refusals)
        }
        (false, None) => at.refuse(Reason::MissingField, "outline", "or circle is missing", refusals),
    }
}

fn polygon(at: &At<'_>, refusals: &mut Vec<Refusal>) -> Read<Outline> {
    let items = at.list("outline", [3, CORNERS_MAX], refusals)?;
    let mut corners = items.iter().map(point).collect::<Read<Vec<_>>>();
    if let Some(corners) = &mut corners {
        corners.dedup();
        if 1 < corners.len() && corners.first() == corners.last() {
            corners.pop();
        }
    }
    let Some(corners) = corners.filter(|corners| 3 <= corners.len()) else {
        let detail = format!(
            "three different corners [lng, lat] are wanted, within {LAT_DEG_MAX} degrees of latitude and {LNG_DEG_MAX} of longitude"
        );
        return at.refuse(Reason::OutOfRange, "outline", detail, refusals);
    };
    let span = |of: fn(LatLng) -> f64| {
        let [least, most] = corners.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[least, most], at| {
            [least.min(of(*at)), most.max(of(*at))]
        });
        most - least
    };
    if SIDE_DEG_MAX < span(LatLng::lat_deg).max(span(LatLng::lng_deg)) {
        let detail = format!("it is over {SIDE_DEG_MAX} degree wide");
        return at.refuse(Reason::OutOfRange, "outline", detail, refusals);
    }
    Some(Outline::Polygon(corners))
}

fn circle(at: &At<'_>, refusals: &mut Vec<Refusal>) -> Read<Outline> {
    let centre = match at.members.get("center") {
        Some(value) => match point(value) {
            Some(centre) => Some(centre),
            None => at.refuse(Reason::OutOfRange, "center", "[lng, lat] is wanted", refusals),
        },
        None => at.refuse(Reason::MissingField, "center", "it is missing", refusals),
    };
    let radius_m = at.number("radius_m", refusals)?;
    if !(0.0 < radius_m && radius_m <= RADIUS_M_MAX) {
        let detail = format!("{radius_m} where over 0 up to {RADIUS_M_MAX} is wanted");
        return at.refuse(Reason::OutOfRange, "radius_m", detail, refusals);
    }
    Some(Outline::Circle { centre: centre?, radius_m })
}

/// `[lng, lat]` or an object of both.
fn point(value: &Value) -> Option<LatLng> {
    let (lng, lat) = match value.as_array().map(Vec::as_slice) {
        Some([lng, lat]) => (lng, lat),
        Some(_) => return None,
        None => (value.get("lng")?, value.get("lat")?),
    };
    let (lng_deg, lat_deg) = (lng.as_f64()?, lat.as_f64()?);
    let is_near = lat_deg.abs() <= LAT_DEG_MAX && lng_deg.abs() <= LNG_DEG_MAX;
    LatLng::new(lat_deg, lng_deg).ok().filter(|_| is_near)
}

fn limit(at: &At<'_>, name: &str, refusals: &mut Vec<Refusal>) -> Read<VerticalLimit> {
    let Some(value) = at.members.get(name) else {
        return at.refuse(Reason::MissingField, name, "it is missing", refusals);
    };
    let Value::Object(members) = value else {
        let detail = "an object with value, reference and units is wanted";
        return at.refuse(Reason::InvalidValue, name, detail, refusals);
    };
    let at = At { members, path: at.place(name) };
    let value = at.number("value", refusals);
    let reference = match at.text("reference", refusals)? {
        "WGS84" | "W84" => VerticalReference::Wgs84,
        "AGL" => VerticalReference::Agl,
        "AMSL" => VerticalReference::Amsl,
        _ => {
            let detail = "WGS84, AGL or AMSL is wanted";
            return at.refuse(Reason::InvalidValue, "reference", detail, refusals);
        }
    };
    let unit_m = match at.text("units", refusals)? {
        "M" => 1.0,
        "FT" => FOOT_M,
        _ => return at.refuse(Reason::InvalidValue, "units", "M or FT is wanted", refusals),
    };
    let (metres, [least, most]) = (value? * unit_m, HEIGHT_M);
    if !(least..=most).contains(&metres) {
        let detail = format!("{metres} m where {least} to {most} is wanted");
        return at.refuse(Reason::OutOfRange, "value", detail, refusals);
    }
    Some(VerticalLimit { metres, reference })
}

fn time(at: &At<'_>, name: &str, refusals: &mut Vec<Refusal>) -> Read<Timestamp> {
    let found = match at.members.get(name) {
        None => return at.refuse(Reason::MissingField, name, "it is missing", refusals),
        Some(Value::String(text)) => Timestamp::parse(text).ok(),
        Some(value) => value.as_i64().map(Timestamp::from_millis),
    };
    if found.is_some() {
        return found;
    }
    let detail = "an RFC 3339 time or whole Unix milliseconds is wanted";
    at.refuse(Reason::InvalidValue, name, detail, refusals)
}

impl<'a> At<'a> {
    fn place(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Refuses a member.
    fn refuse<T>(
        &self,
        reason: Reason,
        name: &str,
        detail: impl AsRef<str>,
        refusals: &mut Vec<Refusal>,
    ) -> Read<T> {
        let place = self.place(name);
        let detail = format!("{place}: {}", detail.as_ref());
        refusals.push(Refusal::of_field(reason, place, detail));
        None
    }

    fn text(&self, name: &str, refusals: &mut Vec<Refusal>) -> Read<&'a str> {
        match self.members.get(name) {
            Some(Value::String(text)) => Some(text),
            Some(_) => self.refuse(Reason::InvalidValue, name, "a text is wanted", refusals),
            None => self.refuse(Reason::MissingField, name, "it is missing", refusals),
        }
    }

    fn number(&self, name: &str, refusals: &mut Vec<Refusal>) -> Read<f64> {
        match self.members.get(name) {
            Some(value) => match value.as_f64() {
                Some(number) => Some(number),
                None => self.refuse(Reason::InvalidValue, name, "a number is wanted", refusals),
            },
            None => self.refuse(Reason::MissingField, name, "it is missing", refusals),
        }
    }

    fn list(&self, name: &str, [least, most]: [usize; 2], refusals: &mut Vec<Refusal>) -> Read<&'a [Value]> {
        match self.members.get(name) {
            Some(Value::Array(items)) if (least..=most).contains(&items.len()) => Some(items),
            Some(Value::Array(items)) => {
                let detail = format!("it has {} items, {least} to {most} are wanted", items.len());
                self.refuse(Reason::OutOfRange, name, detail, refusals)
            }
            Some(_) => self.refuse(Reason::InvalidValue, name, "a list is wanted", refusals),
            None => self.refuse(Reason::MissingField, name, "it is missing", refusals),
        }
    }
}
