//! The parts of the contracts beside alerts, tracks and zones: fleets, the checker, the stream's door, figures, and the
//! topics of MQTT.

use serde_json::{Map, Value, json};

use crate::domain::Reason;

/// Adds to `document`, an `OpenAPI`, the paths of this file and the answers that are no 200.
pub(super) fn with_paths(mut document: Value) -> Value {
    let more = [
        (
            "/api/v1/stream",
            json!({ "get": {
            "summary": "The stream, as a WebSocket; its messages stand in asyncapi.json",
            "responses": { "101": { "description": "The stream begins" }, "default": problem("No upgrade was asked for, or the origin is not allowed") } } }),
        ),
        (
            "/api/v1/fleet",
            json!({ "get": {
            "summary": "Operators whose aircraft were heard, and how their feeds do together",
            "responses": { "200": found(json!({ "type": "object", "required": ["now", "operators"] })) } } }),
        ),
        (
            "/api/v1/fleet/{operator}",
            json!({ "get": {
            "summary": "How the feed of each aircraft of an operator does: rate, delay, order, what was refused last",
            "parameters": [{ "name": "operator", "in": "path", "required": true, "schema": { "type": "string" } }],
            "responses": { "200": found(json!({ "type": "object", "required": ["now", "operator", "aircraft"] })),
                           "default": problem("Not an operator's name") } } }),
        ),
        (
            "/api/v1/check/telemetry",
            json!({ "post": {
            "summary": "Judges one message as the intake would, every field of it; takes nothing in",
            "parameters": [{ "name": "topic", "in": "query", "schema": { "type": "string" },
                "description": "As it would be published; without it, the one that fits the payload" }],
            "requestBody": { "content": { "application/octet-stream": { "schema": {} } } },
            "responses": { "200": found(judgement()), "default": problem("A parameter is wrong, or the body is too large") } } }),
        ),
        (
            "/metrics",
            json!({ "get": {
            "summary": "Figures for Prometheus; OpenMetrics for who accepts it",
            "responses": { "200": { "description": "Figures", "content": { "text/plain": { "schema": { "type": "string" } } } } } } }),
        ),
    ];
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        paths.extend(more.map(|(path, item)| (path.to_owned(), item)));
    }
    let other = [
        (
            "/paths/~1readyz/get/responses",
            "503",
            "A part of the service has failed; `components` says which and why",
        ),
        (
            "/paths/~1api~1v1~1alerts~1{alert_id}~1ack/post/responses",
            "503",
            "Too many acknowledgements wait, or the service stops: try again",
        ),
        (
            "/paths/~1api~1v1~1alerts~1{alert_id}~1ack/post/responses",
            "202",
            "Taken, but not told by the monitor in time: the alert will say so",
        ),
    ];
    for (place, status, description) in other {
        if let Some(responses) = document.pointer_mut(place).and_then(Value::as_object_mut) {
            responses.entry(status).or_insert_with(|| json!({ "description": description }));
        }
    }
    document
}

fn found(schema: Value) -> Value {
    let mut content = Map::new();
    content.insert("schema".into(), schema);
    json!({ "description": "As asked", "content": { "application/json": content } })
}

fn problem(description: &str) -> Value {
    json!({ "description": description, "content": {
        "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } })
}

fn reason() -> Value {
    json!({ "type": "string", "enum": Reason::ALL.map(Reason::name) })
}

fn judgement() -> Value {
    let words = json!({ "type": "object", "required": ["zh-CN", "en"] });
    json!({ "type": "object", "required": ["accepted", "topic", "faults", "fields", "observations"], "properties": {
        "accepted": { "type": "boolean" }, "topic": { "type": "string" },
        "faults": { "type": "array", "items": { "type": "object",
            "required": ["severity", "line", "column", "detail", "message"], "properties": {
                "severity": { "type": "string", "enum": ["ERROR", "WARNING", "IGNORED"] }, "reason": reason(),
                "field": { "type": "string" }, "pointer": { "type": "string" }, "line": { "type": "integer" },
                "column": { "type": "integer" }, "detail": { "type": "string" }, "message": words,
                "suggestion": { "type": "object", "required": ["message"],
                    "properties": { "message": words, "value": { "type": "string" } } } } } },
        "fields": { "type": "array", "items": { "type": "object", "required": ["pointer", "line"] } },
        "observations": { "type": "array", "items": { "type": "object" } } } })
}

/// Adds to `document`, an `AsyncAPI`, the topics of MQTT. Addresses begin with the default prefix.
pub(super) fn with_mqtt(mut document: Value) -> Value {
    let named = |names: &[&str]| -> Value {
        names.iter().map(|name| ((*name).to_owned(), json!({}))).collect::<Map<_, _>>().into()
    };
    let own = ["operator", "uas_id"];
    let finding = json!({ "type": "object", "required": ["reason", "message", "detail", "count", "last_at"], "properties": {
        "reason": reason(), "field": { "type": "string" }, "detail": { "type": "string" }, "count": { "type": "integer" } } });
    let channels = [
        (
            "telemetry",
            "telemetry/{operator}/{uas_id}",
            &own[..],
            "application/json",
            json!({ "oneOf": [{ "$ref": "#/components/schemas/Telemetry" },
                { "type": "array", "items": { "$ref": "#/components/schemas/Telemetry" } }] }),
        ),
        ("nmea", "nmea/{operator}/{uas_id}", &own[..], "text/plain", json!({ "type": "string" })),
        (
            "intent",
            "intent/{operator}/{flight_id}",
            &["operator", "flight_id"][..],
            "application/json",
            intent(),
        ),
        (
            "alerts",
            "alerts/{operator}/{uas_id}",
            &own[..],
            "application/json",
            json!({ "type": "object", "required": ["seq", "event", "alert"],
                "properties": { "alert": { "$ref": "#/components/schemas/Alert" } } }),
        ),
        (
            "feedback",
            "feedback/{operator}/{uas_id}",
            &own[..],
            "application/json",
            json!({ "type": "object", "required": ["uas_id", "operator", "timestamp", "refused", "flagged"], "properties": {
                "refused": { "type": "array", "items": finding }, "flagged": { "type": "array", "items": finding } } }),
        ),
        ("status", "status/{instance}", &["instance"][..], "application/json", json!({ "type": "object" })),
    ];
    for (name, address, parameters, media, payload) in channels {
        let mut messages = Map::new();
        messages.insert(name.into(), json!({ "name": name, "contentType": media, "payload": payload }));
        let channel = json!({ "address": format!("lowsky/v1/{address}"), "parameters": named(parameters),
            "servers": [{ "$ref": "#/servers/mqtt" }], "messages": messages });
        let action = if matches!(name, "telemetry" | "nmea" | "intent") { "receive" } else { "send" };
        let operation = json!({ "action": action, "channel": { "$ref": format!("#/channels/{name}") } });
        for (place, member) in [("/channels", channel), ("/operations", operation)] {
            if let Some(all) = document.pointer_mut(place).and_then(Value::as_object_mut) {
                all.insert(name.into(), member);
            }
        }
    }
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        schemas.insert("Telemetry".into(), telemetry());
    }
    if let Some(whole) = document.as_object_mut() {
        let servers = json!({ "mqtt": { "host": "127.0.0.1:1883", "protocol": "mqtt" },
                              "http": { "host": "127.0.0.1:8080", "protocol": "ws" } });
        whole.insert("servers".into(), servers);
    }
    document
}

/// What must be in an intent; one that has ended needs no volumes.
fn intent() -> Value {
    let text = || json!({ "type": "string" });
    let position = || json!({ "type": "array", "items": { "type": "number" }, "minItems": 2, "maxItems": 2 });
    let limit = || {
        json!({ "type": "object", "required": ["value", "reference", "units"], "properties": { "value": { "type": "number" },
            "reference": { "type": "string", "enum": ["WGS84", "AGL", "AMSL"] }, "units": { "type": "string", "enum": ["M", "FT"] } } })
    };
    let circle = json!({ "type": "object", "required": ["center", "radius_m"],
        "properties": { "center": position(), "radius_m": { "type": "number" } } });
    let volume = json!({ "type": "object", "required": ["altitude_lower", "altitude_upper", "time_start", "time_end"],
        "oneOf": [{ "required": ["outline"] }, { "required": ["circle"] }], "properties": {
            "outline": { "type": "array", "items": position(), "minItems": 3 }, "circle": circle,
            "altitude_lower": limit(), "altitude_upper": limit(),
            "time_start": { "type": "string", "format": "date-time" }, "time_end": { "type": "string", "format": "date-time" } } });
    json!({ "type": "object", "required": ["flight_id", "state"], "properties": {
        "flight_id": text(), "operator": text(), "uas_ids": { "type": "array", "items": text(), "maxItems": 100 },
        "state": { "type": "string", "enum": ["ACCEPTED", "ACTIVATED", "NONCONFORMING", "CONTINGENT", "ENDED"] },
        "volumes": { "type": "array", "items": volume, "minItems": 1, "maxItems": 100 } } })
}

/// What must be in a report; every member that is read is named.
fn telemetry() -> Value {
    let top = crate::wire::member_names().filter(|name| !name.contains('.'));
    let members: Map<String, Value> = top.map(|name| (name.to_owned(), json!({}))).collect();
    json!({ "type": "object", "required": ["uas_id", "timestamp", "lat", "lng"], "properties": members })
}
