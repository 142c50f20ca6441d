//! The part of the contract that is about changing zones.

use serde_json::{Value, json};

const AUTHOR: &str = "Who changes. A claim: this version knows no accounts. Whoever reaches the port may write, so it \
                      listens on loopback by default, and pages of other origins are refused. UTF-8, or \
                      percent-encoded UTF-8.";

#[expect(clippy::too_many_lines, reason = "a document, read from top to bottom")]
/// The paths of zones that change something, or tell of changes.
pub(super) fn paths() -> Value {
    let header = |name: &str, required: bool, description: &str| {
        json!({ "name": name, "in": "header",
        "required": required, "description": description, "schema": { "type": "string" } })
    };
    let author = || header("Lowsky-Author", true, AUTHOR);
    let reason = || header("Lowsky-Reason", true, "Why. UTF-8, or percent-encoded UTF-8.");
    let if_match = || header("If-Match", false, "\"version\" that is believed to be live, or a list of them");
    let if_none = || header("If-None-Match", false, "* for a new zone");
    let id =
        |name: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } });
    let number =
        |name: &str| json!({ "name": name, "in": "query", "schema": { "type": "integer", "minimum": 1 } });
    let body = |media: &str, schema: Value| {
        let mut content = serde_json::Map::new();
        content.insert(media.into(), json!({ "schema": schema }));
        json!({ "required": true, "content": content })
    };
    let any = || json!({ "type": "object" });
    let feature = || body("application/geo+json", any());
    let answers = |codes: &[(&str, &str)]| {
        let problem = json!({ "description": "Problem details (RFC 9457) with every fault", "content": {
            "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } });
        let mut all = serde_json::Map::new();
        for (code, description) in codes {
            all.insert((*code).into(), json!({ "description": description }));
        }
        all.insert("default".into(), problem);
        Value::Object(all)
    };
    let operation = |summary: &str, parameters: Vec<Value>, request: Option<Value>, responses: Value| {
        let mut operation = json!({ "summary": summary, "parameters": parameters, "responses": responses });
        if let (Some(request), Value::Object(members)) = (request, &mut operation) {
            members.insert("requestBody".into(), request);
        }
        operation
    };
    let waits = ("202", "A second person has to agree: `draft_id`, `why`, `warnings`");
    let stale = ("412", "It has moved on; `live_version` is the version now");
    let wrong = ("422", "Not a zone; `problems`");
    let which = ("428", "The zone is there, and no If-Match says which version of it is meant");
    let change = json!({ "type": "object", "required": ["action", "id"], "properties": {
        "action": { "enum": ["PUT", "DELETE", "ROLLBACK"] }, "id": { "type": "string" }, "feature": any(),
        "version": { "type": "string" } } });
    let changes = || {
        body(
            "application/json",
            json!({ "type": "object", "required": ["changes"],
        "properties": { "changes": { "type": "array", "items": change, "minItems": 1 } } }),
        )
    };
    let version = || {
        body(
            "application/json",
            json!({ "type": "object", "required": ["version"],
        "properties": { "version": { "type": "string" } } }),
        )
    };
    let time = || json!({ "type": "string", "format": "date-time" });
    let emergency = json!({ "type": "object", "required": ["kind", "until"], "properties": {
        "kind": { "enum": ["RESCUE", "EVENT"] }, "name": { "type": "string" }, "lat": { "type": "number" },
        "lng": { "type": "number" }, "radius_m": { "type": "number", "maximum": 50000 },
        "polygon": { "type": "array", "minItems": 3, "maxItems": 1001, "description": "instead of a circle: corners [lng, lat]",
            "items": { "type": "array", "items": { "type": "number" }, "minItems": 2, "maxItems": 2 } },
        "upper_m": { "type": "number", "description": "above the ground" }, "from": time(), "until": time() } });
    let draft = ("200", "The draft");
    json!({
        "/api/v1/zones/{id}": {
            "put": operation("Make or change a zone", vec![id("id"), author(), reason(), if_match(), if_none()], Some(feature()),
                answers(&[("200", "Changed: the feature, in `lowsky` its version and `warnings`"), ("201", "Made: the feature"), waits, stale, wrong, which])),
            "delete": operation("Remove a zone", vec![id("id"), author(), reason(), if_match()], None,
                answers(&[("204", "Gone"), waits, stale, which])) },
        "/api/v1/zones/{id}/versions": { "get": operation("Its versions, newest first", vec![id("id")], None,
            answers(&[("200", "`id`, `versions`")])) },
        "/api/v1/zones/{id}/rollback": { "post": operation("An earlier version, as a new one",
            vec![id("id"), author(), reason(), if_match()], Some(version()),
            answers(&[("200", "The feature"), waits, stale])) },
        "/api/v1/zones/audit": { "get": operation("Every change, newest first", vec![number("limit"), number("before")], None,
            answers(&[("200", "`changes`, `more`")])) },
        "/api/v1/zones/emergency": { "post": operation("A temporary control zone, in force at once; it goes when its time is over",
            vec![author(), reason()], Some(body("application/json", emergency)),
            answers(&[("201", "The feature, with `warnings` about notice periods")])) },
        "/api/v1/zones/drafts": {
            "get": operation("Drafts, open ones first", vec![], None, answers(&[("200", "`drafts`")])),
            "post": operation("Keep changes as a draft", vec![author(), reason()], Some(changes()),
                answers(&[("201", "The draft, with its `difference`"), wrong])) },
        "/api/v1/zones/drafts/{draft_id}": {
            "get": operation("A draft", vec![id("draft_id")], None, answers(&[draft])),
            "put": operation("Other changes for an open draft", vec![id("draft_id"), author(), reason()], Some(changes()),
                answers(&[draft, wrong])),
            "delete": operation("Give it up", vec![id("draft_id"), author(), reason()], None, answers(&[("204", "Withdrawn")])) },
        "/api/v1/zones/drafts/{draft_id}/publish": { "post": operation("Put it in force", vec![id("draft_id"), author(), reason()], None,
            answers(&[draft, ("403", "A second person is needed, and this is one of its authors"), ("409", "A zone has moved on")])) },
    })
}
