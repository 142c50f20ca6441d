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
use crate::service::zone_notice::{Purpose, notice};
use crate::stream::to_json;

/// Longest time in force, seconds.
const SPAN_MAX_S: f64 = 31.0 * 86_400.0;
/// Largest radius, metres.
const RADIUS_MAX_M: f64 = 50_000.0;
/// Largest upper limit, metres above the ground.
const UPPER_MAX_M: f64 = 10_000.0;
/// Most corners.
const CORNERS_MAX: usize = 1_000;
/// Longest name, characters.
const NAME_MAX: usize = 100;

/// What is asked for.
struct Wanted {
    kind: Purpose,
    name: Option<String>,
    place: Place,
    upper_m: Option<f64>,
    from: Timestamp,
    until: Timestamp,
}

/// Where.
enum Place {
    Circle {
        lat: f64,
        lng: f64,
        radius_m: f64,
    },
    /// Its corners, `[lng, lat]`, none of them twice.
    Polygon(Vec<[f64; 2]>),
}

/// `POST /api/v1/zones/emergency`: nobody else has to agree, as it adds protection; it goes when its time is over.
pub(super) async fn publish(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    upgrade::check_origin(request.headers(), &app.settings.allowed_origins)?;
    let (head, content) = request.into_parts();
    let bytes = body::read(&head.headers, content).await?;
    let cause = cause(&head.headers)?;
    let now = clock::now();
    let wanted = read(&json_of(&bytes)?, now)?;
    let warnings: Vec<Words> = notice(wanted.kind, wanted.from, now).into_iter().collect();
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
    const KNOWN: [&str; 9] =
        ["kind", "name", "lat", "lng", "radius_m", "polygon", "upper_m", "from", "until"];
    let mut faults = Vec::new();
    let given = |name: &str| body.get(name).filter(|value| !value.is_null());
    for name in body.as_object().into_iter().flat_map(|members| members.keys()) {
        if !KNOWN.contains(&name.as_str()) {
            faults.push(Fault::at(&format!("/{name}"), format!("unknown; known are {}", KNOWN.join(", "))));
        }
    }
    let place = place(&given, &mut faults);
    let upper_m = number(&given, "upper_m", [1.0, UPPER_MAX_M], Must::Not, &mut faults);
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
        Some("RESCUE") => Some(Purpose::Rescue),
        Some("EVENT") => Some(Purpose::Event),
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
    match (kind, place, until) {
        (Some(kind), Some(place), Some(until)) if faults.is_empty() => {
            let name = name.filter(|name| !name.is_empty());
            Ok(Wanted { kind, name, place, upper_m, from, until })
        }
        _ => Err(Problem::bad_request(faults)),
    }
}

/// Whether a member must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Must {
    Be,
    Not,
}

fn number<'v>(
    given: &impl Fn(&str) -> Option<&'v Value>,
    name: &str,
    [low, high]: [f64; 2],
    must: Must,
    faults: &mut Vec<Fault>,
) -> Option<f64> {
    match given(name).map(Value::as_f64) {
        None if must == Must::Not => None,
        Some(Some(value)) if (low..=high).contains(&value) => Some(value),
        _ => {
            faults.push(Fault::at(&format!("/{name}"), format!("a number from {low} to {high} is wanted")));
            None
        }
    }
}

/// A circle, or a polygon.
fn place<'v>(given: &impl Fn(&str) -> Option<&'v Value>, faults: &mut Vec<Fault>) -> Option<Place> {
    let Some(polygon) = given("polygon") else {
        let lat = number(given, "lat", [-85.0, 85.0], Must::Be, faults);
        let lng = number(given, "lng", [-180.0, 180.0], Must::Be, faults);
        let radius_m = number(given, "radius_m", [1.0, RADIUS_MAX_M], Must::Be, faults);
        return Some(Place::Circle { lat: lat?, lng: lng?, radius_m: radius_m? });
    };
    for name in ["lat", "lng", "radius_m"] {
        if given(name).is_some() {
            faults.push(Fault::at(&format!("/{name}"), "either a circle or a `polygon` is wanted"));
        }
    }
    let corners = serde_json::from_value::<Vec<[f64; 2]>>(polygon.clone()).ok().map(|mut corners| {
        if 1 < corners.len() && corners.first() == corners.last() {
            corners.pop();
        }
        corners
    });
    let is_good = |[lng, lat]: &[f64; 2]| (-180.0..=180.0).contains(lng) && (-85.0..=85.0).contains(lat);
    let corners =
        corners.filter(|corners| (3..=CORNERS_MAX).contains(&corners.len()) && corners.iter().all(is_good));
    if corners.is_none() {
        let wanted = format!("3 to {CORNERS_MAX} corners [lng, lat] in degrees are wanted");
        faults.push(Fault::at("/polygon", wanted));
    }
    corners.map(Place::Polygon)
}

/// The geometry of a place. A shell runs anticlockwise (RFC 7946, 3.1.6).
fn geometry(place: &Place) -> Value {
    match place {
        Place::Circle { lat, lng, radius_m } => json!({
            "type": "Point", "coordinates": [lng, lat], "extent": { "subType": "Circle", "radius": radius_m },
        }),
        Place::Polygon(corners) => {
            let next = corners.iter().cycle().skip(1);
            let twice_area: f64 = corners.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum();
            let mut ring = corners.clone();
            if twice_area < 0.0 {
                ring.reverse();
            }
            ring.extend(ring.first().copied());
            json!({ "type": "Polygon", "coordinates": [ring] })
        }
    }
}

fn identifier(kind: Purpose, now: Timestamp) -> ZoneId {
    let kind = match kind {
        Purpose::Rescue => "RESCUE",
        Purpose::Event => "EVENT",
    };
    let digits: String = now.to_string().chars().filter(char::is_ascii_digit).collect();
    ZoneId::new(&format!("TEMP-{kind}-{digits}"))
}

fn feature(wanted: &Wanted, id: &ZoneId) -> Value {
    let (marked, restriction, reason, zh, en) = match wanted.kind {
        Purpose::Rescue => {
            ("RESCUE", "PROHIBITED", "EMERGENCY", "临时管制（救援）", "Temporary control (rescue)")
        }
        Purpose::Event => {
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
        if wanted.kind == Purpose::Event {
            members.insert(
                "otherReasonInfo".into(),
                json!([{ "text": zh, "lang": "zh-CN" }, { "text": en, "lang": "en-GB" }]),
            );
        }
        members.insert("extendedProperties".into(), Value::Object(extended));
    }
    let mut geometry = geometry(&wanted.place);
    if let (Some(upper_m), Value::Object(members)) = (wanted.upper_m, &mut geometry) {
        let layer = json!({ "lower": 0, "lowerReference": "AGL", "upper": upper_m, "upperReference": "AGL", "uom": "m" });
        members.insert("layer".into(), layer);
    }
    json!({ "type": "Feature", "properties": properties, "geometry": geometry })
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
    fn a_polygon_is_taken_in_either_direction_and_closed_or_not() {
        let ring = [[114.0, 22.5], [114.1, 22.5], [114.1, 22.6], [114.0, 22.6]];
        let turned: Vec<_> = ring.iter().rev().chain(ring.last()).collect();
        let with = |polygon: Value| {
            let mut body = wanted("RESCUE", 0, 100);
            for name in ["lat", "lng", "radius_m"] {
                body.as_object_mut().unwrap().remove(name);
            }
            body["polygon"] = polygon;
            body
        };
        for polygon in [json!(ring), json!(turned)] {
            let wanted = read(&with(polygon), at(0)).unwrap();
            let feature = feature(&wanted, &identifier(wanted.kind, at(0)));
            let text = json!({ "type": "FeatureCollection", "features": [feature] }).to_string();
            let loaded = load(&[Document { name: "t", text: text.as_bytes() }]);
            let is_drawn_ill = |problem: &crate::airspace::Problem| problem.path.contains("geometry");
            assert!(!loaded.problems.iter().any(is_drawn_ill), "{:?}", loaded.problems);
            let inside = crate::domain::LatLng::new(22.55, 114.05).unwrap();
            assert!(loaded.airspace.unwrap().zones()[0].volumes[0].shape.contains(inside));
        }
        let mut both = with(json!(ring));
        both["lat"] = json!(22.5);
        let bad = [both, with(json!([[114.0, 22.5], [114.1, 22.5]])), with(json!([[0, 95], [1, 2], [3, 4]]))];
        assert!(bad.iter().all(|body| read(body, at(0)).is_err()));
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
