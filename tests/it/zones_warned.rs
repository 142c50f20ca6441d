//! What a person should look at is told wherever zones are changed: in a check, in the answer to a change, in a draft.

use lowsky::domain::LatLng;
use lowsky::geodesy::gcj02_from_wgs84;
use lowsky::service::clock;
use serde_json::{Value, json};

use crate::zones_support::{NEW, Service, away, by, feature, if_match, up_to};

/// Warnings of a check.
fn checked(service: &Service, feature: &Value) -> Vec<String> {
    let told = service.ask("POST /api/v1/zones/check", "", &feature.to_string()).is(200).json();
    assert_eq!(told["valid"], true, "{told}");
    let all = told["problems"].as_array().unwrap().clone();
    all.iter().map(|one| one["message"].as_str().unwrap().to_owned()).collect()
}

/// Warnings in the answer to a change.
fn answered(answer: &Value) -> Vec<String> {
    let own = if answer["lowsky"].is_object() { &answer["lowsky"] } else { answer };
    let all = own["warnings"].as_array().cloned().unwrap_or_default();
    all.iter().map(|one| one["en"].as_str().unwrap().to_owned()).collect()
}

fn drafted(service: &Service, id: &str, feature: &Value) -> Vec<String> {
    let body = json!({ "changes": [{ "action": "PUT", "id": id, "feature": feature }] }).to_string();
    answered(&service.ask("POST /api/v1/zones/drafts", &by("A", ""), &body).is(201).json())
}

/// The same as it was drawn on a map of GCJ-02.
fn on_gcj02(mut feature: Value) -> Value {
    for corner in feature["geometry"]["coordinates"][0].as_array_mut().unwrap() {
        let (lng, lat) = (corner[0].as_f64().unwrap(), corner[1].as_f64().unwrap());
        let shifted = gcj02_from_wgs84(LatLng::new(lat, lng).unwrap());
        *corner = json!([shifted.lng_deg(), shifted.lat_deg()]);
    }
    feature
}

#[test]
fn a_zone_that_looks_shifted_against_its_neighbours_is_questioned() {
    let service = Service::with(3);
    let (shifted, good) = (on_gcj02(feature("NEW-1", away(1))), feature("NEW-2", away(1)));
    let is_question = |told: &[String]| told.len() == 1 && told[0].starts_with("drawn on a GCJ-02 map?");
    assert!(is_question(&checked(&service, &shifted)), "{:?}", checked(&service, &shifted));
    assert!(is_question(&drafted(&service, "NEW-1", &shifted)));
    let made = service.put("NEW-1", &by("A", NEW), &shifted).is(201);
    assert!(is_question(&answered(&made.json())), "{}", made.text);
    assert_eq!(checked(&service, &good), [""; 0]);
    // Somebody was asked: another height is no other place.
    let higher = up_to(shifted.clone(), 150.0);
    assert_eq!(
        answered(&service.put("NEW-1", &by("A", &if_match(&made.tag())), &higher).is(200).json()),
        [""; 0]
    );
    // Two halves of it share too few corners with their neighbour, each of them.
    let document = |features: &[Value]| json!({ "type": "FeatureCollection", "features": features });
    let [west, south, east, north] = away(2);
    let middle = f64::midpoint(west, east);
    let halves = [("H-1", [west, south, middle, north]), ("H-2", [middle, south, east, north])];
    let mut halves = halves.map(|(id, corners)| on_gcj02(feature(id, corners)));
    assert!(is_question(&checked(&service, &document(&halves))));
    halves.swap(0, 1);
    let mut says = document(&halves);
    says["crs"] = json!("GCJ02");
    assert_eq!(checked(&service, &says), [""; 0], "it says on which map it is drawn");
}

#[test]
fn temporary_control_that_starts_too_soon_is_warned_of() {
    let service = Service::with(3);
    let temporary = |hours: f64, extended: Value| {
        let mut zone = feature("TEMP", away(9));
        let time = |hours: f64| clock::now().plus_seconds(hours * 3_600.0).to_string();
        zone["properties"]["limitedApplicability"] =
            json!([{ "startDateTime": time(hours), "endDateTime": time(hours + 2.0) }]);
        zone["properties"]["extendedProperties"] = extended;
        zone
    };
    let kind = || json!({ "kind": "TEMPORARY_CONTROLLED" });
    let soon = temporary(3.0, kind());
    let is_warned =
        |told: &[String]| told.len() == 1 && told[0].contains("24 hours") && told[0].contains("180 minutes");
    for told in [checked(&service, &soon), drafted(&service, "TEMP", &soon)] {
        assert!(is_warned(&told), "{told:?}");
    }
    let made = service.put("TEMP", &by("A", NEW), &soon).is(201);
    assert!(is_warned(&answered(&made.json())), "{}", made.text);
    assert_eq!(checked(&service, &temporary(25.0, kind())), [""; 0]);
    assert_eq!(checked(&service, &temporary(3.0, json!({}))), [""; 0], "no temporary control");
    let mut rescue = temporary(3.0, kind());
    rescue["properties"]["reason"] = json!(["EMERGENCY"]);
    assert_eq!(checked(&service, &rescue), [""; 0]);
    rescue["properties"]["limitedApplicability"][0]["startDateTime"] = json!(clock::now().to_string());
    assert!(checked(&service, &rescue)[0].contains("30 minutes"));
}
