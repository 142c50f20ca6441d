//! `POST /api/v1/zones/emergency`: a temporary control zone for a rescue or an event, in force at once.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::zone_edits::with_tag;
use super::zone_requests::{ask, cause, json_of};
use super::{App, Fault, Problem, body, upgrade, zones};
use crate::airspace::{Change, Words};
use crate::domain::{Timestamp, ZoneId};
use crate::service::clock;
use crate::service::zone_desk::{Expect, TEMPORARY};
use crate::stream::to_json;

/// A temporary control zone is published so long before it takes effect (Order 761, article on temporarily controlled
/// airspace), seconds.
const NOTICE_S: f64 = 24.0 * 3_600.0;
/// The same for disaster relief and other emergencies, seconds.
const NOTICE_RESCUE_S: f64 = 30.0 * 60.0;
/// Longest time in force, seconds.
const SPAN_MAX_S: f64 = 31.0 * 86_400.0;
/// Largest radius, metres.
const RADIUS_MAX_M: f64 = 50_000.0;
/// Largest upper limit, metres above the ground.
const UPPER_MAX_M: f64 = 10_000.0;
/// Longest name, characters.
const NAME_MAX: usize = 100;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rescue,
    Event,
}

/// What is asked for.
struct Wanted {
    kind: Kind,
    name: Option<String>,
    lat: f64,
    lng: f64,
    radius_m: f64,
    upper_m: Option<f64>,
    from: Timestamp,
    until: Timestamp,
}

/// `POST /api/v1/zones/emergency`: nobody else has to agree, as it adds protection; it goes when its time is over.
pub(super) async fn publish(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    upgrade::check_origin(request.headers(), &app.settings.allowed_origins)?;
    let (head, content) = request.into_parts();
    let bytes = body::read(&head.headers, content).await?;
    let cause = cause(&head.headers)?;
    let now = clock::now();
    let wanted = read(&json_of(&bytes)?, now)?;
    let warnings = warnings(&wanted, now);
    let id = identifier(wanted.kind, now);
    let feature = feature(&wanted, &id);
    let (zone, change) = (id.clone(), Change::Put { id: id.clone(), feature });
    let published =
        ask(&app, move |desk| desk.publish(&[change], &[(id, Expect::Absent)], &cause, true)).await?;
    let made = published.airspace.zone_by_id(zone.as_str());
    let made =
        made.ok_or_else(|| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the zone is gone already"))?;
    let mut shown = zones::feature(made);
    if let Value::Object(members) = &mut shown {
        members.insert("warnings".into(), json!(warnings));
    }
    Ok(with_tag(StatusCode::CREATED, &made.version, to_json(&shown)))
}

/// Reads the body, with every fault.
fn read(body: &Value, now: Timestamp) -> Result<Wanted, Problem> {
    const KNOWN: [&str; 8] = ["kind", "name", "lat", "lng", "radius_m", "upper_m", "from", "until"];
    let mut faults = Vec::new();
    let given = |name: &str| body.get(name).filter(|value| !value.is_null());
    for name in body.as_object().into_iter().flat_map(|members| members.keys()) {
        if !KNOWN.contains(&name.as_str()) {
            faults.push(Fault::at(&format!("/{name}"), format!("unknown; known are {}", KNOWN.join(", "))));
        }
    }
    let mut number = |name: &str, [low, high]: [f64; 2], must: bool| match given(name).map(Value::as_f64) {
        None if !must => None,
        Some(Some(value)) if (low..=high).contains(&value) => Some(value),
        _ => {
            faults.push(Fault::at(&format!("/{name}"), format!("a number from {low} to {high} is wanted")));
            None
        }
    };
    let (lat, lng) = (number("lat", [-85.0, 85.0], true), number("lng", [-180.0, 180.0], true));
    let radius_m = number("radius_m", [1.0, RADIUS_MAX_M], true);
    let upper_m = number("upper_m", [1.0, UPPER_MAX_M], false);
    let mut time = |name: &str| match given(name).map(|value| serde_json::from_value(value.clone())) {
        None => None,
        Some(Ok(at)) => Some(at),
        Some(Err(error)) => {
            faults.push(Fault::at(&format!("/{name}"), error.to_string()));
            None
        }
    };
    let from: Timestamp = time("from").unwrap_or(now);
    let until: Option<Timestamp> = time("until");
    let kind = match given("kind").and_then(Value::as_str) {
        Some("RESCUE") => Some(Kind::Rescue),
        Some("EVENT") => Some(Kind::Event),
        _ => {
            faults.push(Fault::at("/kind", "RESCUE or EVENT is wanted"));
            None
        }
    };
    let name = given("name").and_then(Value::as_str).map(|name| name.trim().to_owned());
    if name.as_ref().is_some_and(|name| NAME_MAX < name.chars().count() || name.chars().any(char::is_control))
    {
        faults.push(Fault::at("/name", format!("at most {NAME_MAX} characters are wanted")));
    }
    if let Some(until) = until {
        let span_s = until.seconds_since(from);
        if until <= now || !(0.0..=SPAN_MAX_S).contains(&span_s) || span_s <= 0.0 {
            let wanted =
                "a time to come is wanted, after `from` and at most 31 days after it. 结束时间须晚于开始时间";
            faults.push(Fault::at("/until", wanted));
        }
    } else if given("until").is_none() {
        faults.push(Fault::at(
            "/until",
            "a temporary zone needs an end, as 2026-11-23T10:00:00Z. 须给出结束时间",
        ));
    }
    match (kind, lat, lng, radius_m, until) {
        (Some(kind), Some(lat), Some(lng), Some(radius_m), Some(until)) if faults.is_empty() => {
            let name = name.filter(|name| !name.is_empty());
            Ok(Wanted { kind, name, lat, lng, radius_m, upper_m, from, until })
        }
        _ => Err(Problem::bad_request(faults)),
    }
}

fn identifier(kind: Kind, now: Timestamp) -> ZoneId {
    let kind = match kind {
        Kind::Rescue => "RESCUE",
        Kind::Event => "EVENT",
    };
    let digits: String = now.to_string().chars().filter(char::is_ascii_digit).collect();
    ZoneId::new(&format!("TEMP-{kind}-{digits}"))
}

fn feature(wanted: &Wanted, id: &ZoneId) -> Value {
    let (marked, restriction, reason, zh, en) = match wanted.kind {
        Kind::Rescue => {
            ("RESCUE", "PROHIBITED", "EMERGENCY", "临时管制（救援）", "Temporary control (rescue)")
        }
        Kind::Event => {
            ("EVENT", "REQ_AUTHORIZATION", "OTHER", "临时管制（活动）", "Temporary control (event)")
        }
    };
    let names = match &wanted.name {
        Some(name) => json!([{ "text": name, "lang": "zh-CN" }, { "text": name, "lang": "en-GB" }]),
        None => json!([{ "text": zh, "lang": "zh-CN" }, { "text": en, "lang": "en-GB" }]),
    };
    let period = json!({ "startDateTime": wanted.from.to_string(), "endDateTime": wanted.until.to_string() });
    let mut properties = json!({
        "identifier": id, "country": "CHN", "name": names, "type": restriction, "variant": "COMMON",
        "reason": [reason], "limitedApplicability": [period], "zoneAuthority": [{ "purpose": "AUTHORIZATION" }],
    });
    let mut extended = serde_json::Map::new();
    extended.insert(TEMPORARY.into(), json!(marked));
    if let Value::Object(members) = &mut properties {
        if wanted.kind == Kind::Event {
            members.insert(
                "otherReasonInfo".into(),
                json!([{ "text": zh, "lang": "zh-CN" }, { "text": en, "lang": "en-GB" }]),
            );
        }
        members.insert("extendedProperties".into(), Value::Object(extended));
    }
    let mut geometry = json!({
        "type": "Point", "coordinates": [wanted.lng, wanted.lat],
        "extent": { "subType": "Circle", "radius": wanted.radius_m },
    });
    if let (Some(upper_m), Value::Object(members)) = (wanted.upper_m, &mut geometry) {
        let layer = json!({ "lower": 0, "lowerReference": "AGL", "upper": upper_m, "upperReference": "AGL", "uom": "m" });
        members.insert("layer".into(), layer);
    }
    json!({ "type": "Feature", "properties": properties, "geometry": geometry })
}

/// What the law would have had otherwise. It does not keep anybody from protecting people now.
fn warnings(wanted: &Wanted, now: Timestamp) -> Vec<Words> {
    let ahead_s = wanted.from.seconds_since(now);
    let (notice_s, zh, en) = match wanted.kind {
        Kind::Rescue => (
            NOTICE_RESCUE_S,
            "抢险救灾等紧急情况的临时管制空域应提前 30 分钟发布",
            "30 minutes for an emergency",
        ),
        Kind::Event => (NOTICE_S, "临时管制空域应提前 24 小时发布", "24 hours"),
    };
    if notice_s <= ahead_s {
        return Vec::new();
    }
    let minutes = (ahead_s / 60.0).max(0.0);
    vec![Words {
        zh: format!("{zh}；本次仅提前 {minutes:.0} 分钟。已生效，请同时向空中交通管理机构报告。"),
        en: format!(
            "Temporarily controlled airspace is to be published {en} before it takes effect; this is {minutes:.0} \
             minutes before. It is in force as asked; tell the air traffic authority."
        ),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::airspace::{Document, load};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_795_334_400_000 + second * 1000)
    }

    fn wanted(kind: &str, from_s: i64, until_s: i64) -> Value {
        json!({ "kind": kind, "lat": 22.5, "lng": 114.0, "radius_m": 500, "from": at(from_s).to_string(), "until": at(until_s).to_string() })
    }

    #[test]
    fn notice_periods_of_the_law_are_warned_of() {
        let told =
            |kind, from_s| warnings(&read(&wanted(kind, from_s, 200_000), at(0)).unwrap(), at(0)).len();
        assert_eq!((told("RESCUE", 0), told("RESCUE", 1_799), told("RESCUE", 1_800)), (1, 1, 0));
        assert_eq!((told("EVENT", 3_600), told("EVENT", 86_399), told("EVENT", 86_400)), (1, 1, 0));
    }

    #[test]
    fn the_zone_reads_without_an_error_and_holds_while_it_should() {
        for kind in ["RESCUE", "EVENT"] {
            let wanted = read(&wanted(kind, 10, 100), at(0)).unwrap();
            let feature = feature(&wanted, &identifier(wanted.kind, at(0)));
            let text = json!({ "type": "FeatureCollection", "features": [feature] }).to_string();
            let loaded = load(&[Document { name: "t", text: text.as_bytes() }]);
            let airspace = loaded.airspace.unwrap_or_else(|| panic!("{:?}", loaded.problems));
            let zone = &airspace.zones()[0];
            let holds = [9, 10, 99, 100].map(|second| zone.applies_at(at(second)));
            assert_eq!(holds, [false, true, true, false]);
        }
    }

    #[test]
    fn every_fault_is_told() {
        let body =
            json!({ "kind": "PARTY", "lat": 95, "radius_m": "wide", "until": "soon", "colour": "red" });
        let text = format!("{:?}", read(&body, at(0)).err().unwrap());
        for pointer in ["/kind", "/lat", "/lng", "/radius_m", "/until", "/colour"] {
            assert!(text.contains(&format!("{pointer}\"")), "{pointer}: {text}");
        }
        assert!(read(&wanted("EVENT", 100, 100), at(0)).is_err());
        assert!(read(&wanted("EVENT", -200, -100), at(0)).is_err());
    }
}
