//! The contracts as `OpenAPI` and `AsyncAPI`, made from the types' own tables so that they cannot drift.

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::{answer, contracts_more};
use crate::domain::{AlertCode, AlertEventKind, AlertState, DataQuality, Phase, Severity};
use crate::stream::{ALWAYS_MAX, PROTOCOL, to_json};

/// `GET /api/v1/openapi.json`.
pub(super) async fn openapi() -> Response {
    answer::json(to_json(&contracts_more::with_paths(openapi_document())))
}

/// `GET /api/v1/asyncapi.json`.
pub(super) async fn asyncapi() -> Response {
    answer::json(to_json(&contracts_more::with_mqtt(asyncapi_document())))
}

fn names<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> Value {
    let names: Vec<_> = all.iter().map(|value| name(*value)).collect();
    json!({ "type": "string", "enum": names })
}

fn object(required: &[&str], properties: Value) -> Value {
    let mut schema = json!({ "type": "object", "required": required });
    if let Value::Object(members) = &mut schema {
        members.insert("properties".into(), properties);
    }
    schema
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn figures() -> Value {
    json!({ "type": "object", "additionalProperties": { "type": "number" } })
}

fn list(of: &str) -> Value {
    json!({ "type": "array", "items": { "$ref": format!("#/components/schemas/{of}") } })
}

fn bbox() -> Value {
    json!({ "type": "array", "items": { "type": "number" }, "minItems": 4, "maxItems": 4,
            "description": "west, south, east, north in degrees" })
}

/// What both documents speak of.
fn schemas() -> Value {
    let party = object(&["uas_id"], json!({ "uas_id": text(), "operator": text() }));
    let acknowledged = object(&["by", "at"], json!({ "by": text(), "at": time(), "note": text() }));
    let shelved = object(
        &["by", "at", "until", "reason"],
        json!({ "by": text(), "at": time(), "until": time(), "reason": text() }),
    );
    let zone = object(&["id", "version", "name"], json!({ "id": text(), "version": text(), "name": text() }));
    let position = object(
        &["lat", "lng"],
        json!({ "lat": { "type": "number" }, "lng": { "type": "number" }, "alt_hae": { "type": "number" } }),
    );
    let explanation = object(&["zh-CN", "en"], json!({ "zh-CN": text(), "en": text() }));
    let required = [
        "alert_id",
        "code",
        "phase",
        "severity",
        "state",
        "uas_id",
        "raised_at",
        "updated_at",
        "observed_at",
        "measured",
        "limit",
        "data",
        "rule",
        "explanation",
    ];
    let alert = json!({
        "alert_id": text(), "code": names(AlertCode::ALL, AlertCode::name),
        "phase": names(Phase::ALL, Phase::name), "severity": names(Severity::ALL, Severity::name),
        "state": names(AlertState::ALL, AlertState::name), "acknowledged": acknowledged, "shelved": shelved,
        "uas_id": text(), "operator": text(), "other": party, "zone": zone,
        "raised_at": time(), "updated_at": time(), "cleared_at": time(), "observed_at": time(),
        "position": position, "measured": figures(), "limit": figures(),
        "data": names(DataQuality::ALL, DataQuality::name), "rule": text(), "explanation": explanation,
        "announced_again": { "type": "integer", "minimum": 1, "maximum": 3 },
    });
    let number = || json!({ "type": "number" });
    let track = json!({
        "uas_id": text(), "operator": text(), "timestamp": time(), "lat": number(), "lng": number(),
        "alt_hae": number(), "height_agl": number(), "ground_speed": number(), "track": number(),
        "vertical_speed": number(), "ua_class": text(), "operational_status": text(),
        "freshness": { "type": "string", "enum": ["LIVE", "COASTED"] },
    });
    let fault = json!({ "pointer": { "type": "string", "description": "JSON pointer into the body; of a parameter or a header, /query/ or /header/ and its name" }, "parameter": text(), "header": text(), "detail": text() });
    let problem = json!({
        "type": text(), "title": text(), "status": { "type": "integer" }, "detail": text(),
        "errors": { "type": "array", "items": object(&["detail"], fault) },
    });
    json!({
        "Alert": object(&required, alert),
        "Track": object(&["uas_id", "timestamp", "lat", "lng", "operational_status", "freshness"], track),
        "Problem": object(&["type", "title", "status", "detail"], problem),
    })
}

#[expect(clippy::needless_pass_by_value, reason = "callers make the schema for this")]
fn answers(description: &str, media: &str, schema: Value) -> Value {
    let mut content = Map::new();
    content.insert(media.into(), json!({ "schema": schema }));
    let mut good = json!({ "description": description });
    if let Value::Object(members) = &mut good {
        members.insert("content".into(), Value::Object(content));
    }
    let problem = json!({ "description": "Problem details (RFC 9457)", "content": {
        "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } });
    json!({ "200": good, "default": problem })
}

fn query(name: &str, schema: Value) -> Value {
    let mut parameter = json!({ "name": name, "in": "query" });
    if let Value::Object(members) = &mut parameter {
        members.insert("schema".into(), schema);
    }
    parameter
}

fn in_path(name: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "schema": text() })
}

fn openapi_document() -> Value {
    let mut document = openapi_of_reading();
    for more in [openapi_of_deeds(), super::zone_contract::paths()] {
        let (Some(Value::Object(known)), Value::Object(more)) = (document.get_mut("paths"), more) else {
            continue;
        };
        for (path, operations) in more {
            match (known.get_mut(&path), operations) {
                (Some(Value::Object(there)), Value::Object(operations)) => there.extend(operations),
                (_, operations) => drop(known.insert(path, operations)),
            }
        }
    }
    document
}

/// What operators do to alerts.
fn openapi_of_deeds() -> Value {
    let alert = || answers("The alert", "application/json", json!({ "$ref": "#/components/schemas/Alert" }));
    let author = json!({ "name": "Lowsky-Author", "in": "header", "schema": text(),
        "description": "Who acts, as UTF-8 or percent-encoded UTF-8; else the address." });
    let body = |schema: Value| json!({ "content": { "application/json": { "schema": schema } } });
    let note = body(object(&[], json!({ "note": text() })));
    let minutes = json!({ "type": "number", "minimum": 1, "maximum": 480 });
    let shelving = body(object(&["minutes", "reason"], json!({ "minutes": minutes, "reason": text() })));
    let parameters = json!([in_path("alert_id"), author]);
    json!({
        "/api/v1/alerts/{alert_id}/ack": {
            "post": { "summary": "Take note of an alert; of one that is cleared, once", "parameters": parameters,
                "requestBody": note, "responses": alert() } },
        "/api/v1/alerts/{alert_id}/shelve": {
            "post": { "summary": "Put an alert aside for some minutes; never a CRITICAL one",
                "parameters": parameters, "requestBody": shelving, "responses": alert() },
            "delete": { "summary": "Take it back", "parameters": parameters, "responses": alert() } },
    })
}

fn openapi_of_reading() -> Value {
    let seq = || json!({ "type": "integer", "minimum": 0 });
    let alert = || json!({ "$ref": "#/components/schemas/Alert" });
    let page = object(&["alerts"], json!({ "alerts": list("Alert"), "next_after": seq() }));
    let filters = json!([
        query("state", names(AlertState::ALL, AlertState::name)),
        query("code", names(AlertCode::ALL, AlertCode::name)),
        query("min_severity", names(Severity::ALL, Severity::name)),
        query("uas_id", text()),
        query("after", seq()),
        query("limit", json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 })),
    ]);
    let tracks = object(&["tracks"], json!({ "now": time(), "tracks": list("Track") }));
    let instant = || json!({ "description": "RFC 3339 or whole Unix milliseconds", "type": "string" });
    let event = json!({ "seq": seq(), "at": time(), "event": names(AlertEventKind::ALL, AlertEventKind::name), "alert": alert() });
    let event = object(&["seq", "at", "event", "alert"], event);
    let told = object(
        &["events", "more"],
        json!({ "events": { "type": "array", "items": event }, "more": { "type": "boolean" } }),
    );
    let craft = object(&["uas_id"], json!({ "uas_id": text(), "operator": text(), "ua_class": text() }));
    let past = object(
        &["from", "to", "step_s", "aircraft", "columns", "rows"],
        json!({
        "from": time(), "to": time(), "oldest": time(), "step_s": { "type": "number" },
        "aircraft": { "type": "array", "items": craft }, "columns": { "type": "array", "items": text() },
        "rows": { "type": "array", "items": { "type": "array", "items": { "type": ["number", "null"] } } } }),
    );
    let any = || json!({ "type": "object" });
    let get = |summary: &str, parameters: Value, responses: Value| json!({ "get": { "summary": summary, "parameters": parameters, "responses": responses } });
    json!({
        "openapi": "3.1.0",
        "info": { "title": "lowsky", "version": env!("CARGO_PKG_VERSION") },
        "paths": {
            "/api/v1/alerts": get("Alerts, history included, in the order of their newest events", filters,
                answers("A page", "application/json", page)),
            "/api/v1/alerts/{alert_id}": get("One alert", json!([in_path("alert_id")]),
                answers("The alert", "application/json", alert())),
            "/api/v1/events": get("What happened to alerts in a span of time, in the order of the numbers", json!([
                    query("from", instant()), query("to", instant()), query("after", seq()),
                    query("limit", json!({ "type": "integer", "minimum": 1, "maximum": 5000, "default": 1000 }))]),
                answers("Events", "application/json", told)),
            "/api/v1/history": get("Where aircraft were in a span of at most 10 minutes, in the order of arrival", json!([
                    query("from", instant()), query("to", instant()), query("bbox", text()), query("uas_id", text()),
                    query("step_s", json!({ "type": "number", "minimum": 0, "maximum": 600, "default": 1 }))]),
                answers("Aircraft, and rows of what `columns` names", "application/json", past)),
            "/api/v1/tracks": get("Aircraft", json!([query("bbox", text())]),
                answers("Aircraft", "application/json", tracks)),
            "/api/v1/tracks/{uas_id}": get("One aircraft with its recent path", json!([in_path("uas_id")]),
                answers("The aircraft", "application/json", any())),
            "/api/v1/zones": get("Zones in force", json!([]), answers("GeoJSON", "application/geo+json", any())),
            "/api/v1/zones/{id}": get("One zone", json!([in_path("id")]),
                answers("A feature", "application/geo+json", any())),
            "/api/v1/zones/check": { "post": {
                "summary": "What a change of zones would mean; changes nothing",
                "parameters": [query("whole", json!({ "type": "boolean", "default": false }))],
                "requestBody": { "content": { "application/geo+json": { "schema": any() } } },
                "responses": answers("`problems`, `difference`, `aircraft` inside, `alerted_now`, `alerted_last_hour`", "application/json", any()) } },
            "/healthz": get("Alive", json!([]), answers("It answers", "application/json", any())),
            "/readyz": get("Ready", json!([]), answers("Conditions", "application/json", any())),
        },
        "components": { "schemas": schemas() },
    })
}

/// A message with a sentence about it.
fn summed(summary: &str, mut message: Value) -> Value {
    if let Some(members) = message.as_object_mut() {
        members.insert("summary".into(), summary.into());
    }
    message
}

fn asyncapi_document() -> Value {
    let seq = || json!({ "type": "integer" });
    let alert = || json!({ "$ref": "#/components/schemas/Alert" });
    let message = |kind: &str, required: &[&str], mut properties: Value| {
        if let Value::Object(members) = &mut properties {
            members.insert("type".into(), json!({ "const": kind }));
        }
        json!({ "name": kind, "payload": object(required, properties) })
    };
    let scope = object(
        &[],
        json!({
            "min_severity": names(Severity::ALL, Severity::name), "bbox": bbox(),
            "codes": { "type": "array", "items": names(AlertCode::ALL, AlertCode::name) },
            "operators": { "type": "array", "items": text() }, "uas_ids": { "type": "array", "items": text() },
        }),
    );
    let names_of = || json!({ "type": "array", "items": text() });
    let tracks = object(
        &[],
        json!({ "bbox": bbox(), "max_hz": { "type": "number", "default": 1 },
                "operators": names_of(), "uas_ids": names_of(),
                "always": { "type": "array", "items": text(), "maxItems": ALWAYS_MAX,
                            "description": "These wherever they are and whosever, beside what the other members leave" } }),
    );
    let kinds = names(AlertEventKind::ALL, AlertEventKind::name);
    let reasons = json!({ "type": "string", "enum": ["SLOW_CLIENT", "RETENTION", "DAMAGED", "UNREADABLE"] });
    let messages = json!({
        "hello": message("hello", &["type", "protocol", "instance", "now", "seq", "oldest_seq", "heartbeat_s"],
            json!({ "protocol": { "const": PROTOCOL }, "instance": text(), "now": time(), "seq": seq(),
                    "oldest_seq": seq(), "heartbeat_s": seq(), "log_id": text() })),
        "snapshot": message("snapshot", &["type", "seq", "alerts"],
            json!({ "seq": seq(), "alerts": list("Alert"), "tracks": list("Track") })),
        "alert": message("alert", &["type", "seq", "event", "durable", "alert"],
            json!({ "seq": seq(), "event": kinds, "durable": { "type": "boolean" }, "alert": alert() })),
        "tracks": message("tracks", &["type", "now", "updated", "removed"],
            json!({ "now": time(), "updated": list("Track"), "removed": { "type": "array", "items": text() } })),
        "heartbeat": message("heartbeat", &["type", "now", "seq", "lag_ms"],
            json!({ "now": time(), "seq": seq(), "lag_ms": seq(), "input_age_ms": seq(), "open": seq(),
                    "state": { "type": "string", "enum": ["ok", "degraded", "failed"] },
                    "zones_version": text(), "durable_seq": seq() })),
        "bye": message("bye", &["type", "resume"],
            json!({ "resume": object(&["seq"], json!({ "log_id": text(), "seq": seq() })) })),
        "gap": message("gap", &["type", "from", "to", "reason"],
            json!({ "from": seq(), "to": seq(), "reason": reasons })),
        "error": message("error", &["type", "code", "message"], json!({ "code": text(), "message": text() })),
        "pong": message("pong", &["type"], json!({})),
        "subscribe": message("subscribe", &["type"], json!({ "after": seq(), "log_id": text(), "alerts": scope, "tracks": tracks })),
        "ack": summed("Answered by the event ACKNOWLEDGED. It is on disk if that is durable, or once durable_seq of a \
                       heartbeat has reached its seq.",
            message("ack", &["type", "alert_id"], json!({ "alert_id": text(), "note": text() }))),
        "ping": message("ping", &["type"], json!({})),
    });
    let refer = |names: &[&str]| -> Vec<Value> {
        names.iter().map(|name| json!({ "$ref": format!("#/channels/stream/messages/{name}") })).collect()
    };
    let server = ["hello", "snapshot", "alert", "tracks", "heartbeat", "gap", "bye", "error", "pong"];
    json!({
        "asyncapi": "3.0.0",
        "info": { "title": "lowsky alert stream", "version": env!("CARGO_PKG_VERSION") },
        "channels": { "stream": { "address": "/api/v1/stream", "messages": messages } },
        "operations": {
            "told": { "action": "send", "channel": { "$ref": "#/channels/stream" }, "messages": refer(&server) },
            "asked": { "action": "receive", "channel": { "$ref": "#/channels/stream" },
                       "messages": refer(&["subscribe", "ack", "ping"]) },
        },
        "components": { "schemas": schemas() },
    })
}
