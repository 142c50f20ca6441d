//! What requests that change zones have in common: who asks and why, what he believes to be live, and refusals.

use std::sync::{Arc, Weak};

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::{App, Fault, Problem};
use crate::airspace::{self, EditError};
use crate::domain::ZoneId;
use crate::service::zone_desk::{Cause, DeskError, Expect, ZoneDesk};

/// Longest name of an author, characters.
const AUTHOR_LEN_MAX: usize = 64;
/// Longest reason, characters.
const REASON_LEN_MAX: usize = 500;

/// Who asks and why; both must be there.
pub(super) fn cause(headers: &HeaderMap) -> Result<Cause, Problem> {
    let mut faults = Vec::new();
    let mut text = |name: &str, len_max: usize| {
        let given = headers.get(name).and_then(|value| decoded(value.as_bytes()));
        let text = given.as_deref().map(str::trim).unwrap_or_default().to_owned();
        if text.is_empty() || len_max < text.chars().count() || text.chars().any(char::is_control) {
            let detail = format!(
                "1 to {len_max} characters are wanted, as UTF-8 or percent-encoded UTF-8. 请填写（UTF-8 或百分号编码）"
            );
            faults.push(Fault::in_header(name, detail));
        }
        text
    };
    let author = text("Lowsky-Author", AUTHOR_LEN_MAX);
    let reason = text("Lowsky-Reason", REASON_LEN_MAX);
    if faults.is_empty() {
        Ok(Cause { author, reason, draft_id: None, approved_by: None })
    } else {
        Err(Problem::bad_request(faults))
    }
}

/// Percent-encoded UTF-8, or plain UTF-8 in which a stray per cent stands for itself.
pub(super) fn decoded(bytes: &[u8]) -> Option<String> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = hex.filter(|two| two.bytes().all(|digit| digit.is_ascii_hexdigit()));
        if let Some(byte) = byte.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|_| first == b'%') {
            out.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            out.push(first);
            rest = after;
        }
    }
    String::from_utf8(out).ok()
}

/// What the asker believes to be live, if he says it.
pub(super) fn expectation(headers: &HeaderMap) -> Result<Option<Expect>, Problem> {
    // Several lines of a list are one list.
    let text = |name: &header::HeaderName| {
        let lines = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default().trim());
        let lines: Vec<_> = lines.collect();
        (!lines.is_empty()).then(|| lines.join(","))
    };
    let bad = |name: &str, detail: &str| Problem::bad_request(vec![Fault::in_header(name, detail)]);
    match (text(&header::IF_MATCH), text(&header::IF_NONE_MATCH)) {
        (Some(tag), None) if tag == "*" => Ok(Some(Expect::Any)),
        (Some(tags), None) => {
            let wrong = || bad("If-Match", "entity tags in quotes are wanted, as GET gives them in ETag");
            strong_tags(&tags).map(|tags| Some(Expect::OneOf(tags))).ok_or_else(wrong)
        }
        (None, Some(tag)) if tag == "*" => Ok(Some(Expect::Absent)),
        (_, Some(_)) => Err(bad("If-None-Match", "* is wanted, and no If-Match beside it")),
        (None, None) => Ok(None),
    }
}

/// The strong tags of a list of entity tags (RFC 9110 §8.8.3, §13.1.1); a weak one matches nothing here. `None` if it is no
/// such list.
fn strong_tags(list: &str) -> Option<Vec<String>> {
    let (mut tags, mut any) = (Vec::new(), false);
    let mut rest = list.trim_start();
    while !rest.is_empty() {
        // Empty elements of a list mean nothing.
        if let Some(after) = rest.strip_prefix(',') {
            rest = after.trim_start();
            continue;
        }
        let (is_weak, quoted) = rest.strip_prefix("W/").map_or((false, rest), |quoted| (true, quoted));
        let (tag, after) = quoted.strip_prefix('"')?.split_once('"')?;
        if !is_weak {
            tags.push(tag.to_owned());
        }
        any = true;
        rest = after.trim_start();
        if !(rest.is_empty() || rest.starts_with(',')) {
            return None;
        }
    }
    any.then_some(tags)
}

/// Asks the desk on a thread where it may block.
pub(super) async fn ask<T: Send + 'static>(
    app: &App,
    question: impl FnOnce(&ZoneDesk) -> Result<T, DeskError> + Send + 'static,
) -> Result<T, Problem> {
    let none = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "this service does not change zones");
    let desk: Arc<ZoneDesk> = app.zones.get().and_then(Weak::upgrade).ok_or_else(none)?;
    let Ok(turn) = Arc::clone(&app.zone_turns).try_acquire_owned() else {
        let problem =
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many changes of zones wait; try again");
        return Err(problem.with(header::RETRY_AFTER, HeaderValue::from_static("1")));
    };
    let asked = tokio::task::spawn_blocking(move || {
        let answer = question(&desk);
        drop(turn);
        answer
    });
    match asked.await {
        Ok(answer) => answer.map_err(refusal),
        Err(error) => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())),
    }
}

/// The body as JSON.
pub(super) fn json_of(bytes: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(bytes)
        .map_err(|error| Problem::bad_request(vec![Fault::at("", format!("the body is not JSON: {error}"))]))
}

/// A refusal in the words of HTTP.
pub(super) fn refusal(error: DeskError) -> Problem {
    let new = |status, detail: String| Problem::new(status, detail);
    match error {
        DeskError::Stale(id, version) => stale(&id, version.as_deref()),
        DeskError::Unsaid(id) => Problem::of_header(
            StatusCode::PRECONDITION_REQUIRED,
            "If-Match",
            &format!(
                "zone `{id}` is there: say which version of it you mean, If-Match: \"version\". \
                      该区域已存在，请用 If-Match 说明所依据的版本"
            ),
        ),
        DeskError::Edit(error) => unprocessable(error),
        DeskError::NeedsApproval(comparison, _) => {
            let why = comparison.why.unwrap_or_default();
            let detail = format!("a second person has to agree: {} {}", why.en, why.zh);
            new(StatusCode::CONFLICT, detail)
        }
        DeskError::SamePerson => new(
            StatusCode::FORBIDDEN,
            "this takes protection away: a second person has to publish it, none of its authors. \
             此变更削弱保护，须由另一人发布"
                .into(),
        ),
        DeskError::Missing(detail) => new(StatusCode::NOT_FOUND, detail),
        DeskError::Conflict(detail) => new(StatusCode::CONFLICT, detail),
        DeskError::Unavailable(detail) => new(StatusCode::SERVICE_UNAVAILABLE, detail),
    }
}

fn stale(id: &ZoneId, version: Option<&str>) -> Problem {
    let detail = match version {
        Some(version) => {
            format!("zone `{id}` is now version {version}; read it again. 区域已被他人修改，请重新读取")
        }
        None => format!("there is no zone `{id}` now; If-None-Match: * makes one. 该区域不存在"),
    };
    let tag = version.as_ref().and_then(|version| HeaderValue::from_str(&format!("\"{version}\"")).ok());
    let problem =
        Problem::new(StatusCode::PRECONDITION_FAILED, detail).with_member("live_version", json!(version));
    match tag {
        Some(tag) => problem.with(header::ETAG, tag),
        None => problem,
    }
}

fn unprocessable(error: EditError) -> Problem {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    match error {
        EditError::Feature(_, problems) | EditError::Documents(problems) => {
            let faults = problems.iter().map(|problem| {
                let detail = format!("{} {}", problem.message, problem.message_zh);
                Fault::at(&pointer(&problem.path), detail)
            });
            let faults: Vec<Fault> = faults.collect();
            let detail =
                format!("not a zone that can be put in force: {} problems. 区域有误，未予采用", faults.len());
            let told = Value::Array(problems.iter().map(told).collect());
            Problem::new(status, detail).with_faults(faults).with_member("problems", told)
        }
        EditError::NoZone(_, id) => {
            Problem::new(StatusCode::NOT_FOUND, format!("no zone `{id}` is in force. 没有该区域"))
        }
        EditError::Twice(id) => {
            Problem::new(status, format!("zone `{id}` is changed twice. 同一区域被重复修改"))
        }
    }
}

fn told(problem: &airspace::Problem) -> Value {
    let airspace::Problem { severity, path, message, message_zh, .. } = problem;
    json!({ "severity": severity, "path": path, "pointer": pointer(path), "message": message, "message_zh": message_zh })
}

/// The JSON pointer (RFC 6901) of a JSON path such as `$.features[3].geometry`.
pub(super) fn pointer(path: &str) -> String {
    let mut pointer = String::new();
    for step in path.trim_start_matches('$').split(['.', '[', ']']).filter(|step| !step.is_empty()) {
        pointer.push('/');
        pointer.push_str(&step.trim_matches(['"', '\'']).replace('~', "~0").replace('/', "~1"));
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_pointers() {
        assert_eq!(pointer("$.features[3].geometry"), "/features/3/geometry");
        assert_eq!(pointer("$"), "");
    }

    #[test]
    fn a_list_of_entity_tags_is_read_as_rfc_9110_has_it() {
        let list = |text: &str| strong_tags(text).map(|tags| tags.join("|"));
        assert_eq!(list("\"v\"").as_deref(), Some("v"));
        assert_eq!(list(" \"q\", \"v,w\" ,,\"x\"").as_deref(), Some("q|v,w|x"));
        assert_eq!(list("W/\"v\"").as_deref(), Some(""));
        assert_eq!(list("W/\"v\",\"w\"").as_deref(), Some("w"));
        for wrong in ["", ",", "v", "\"v", "\"v\" \"w\"", "w/\"v\"", "*, \"v\"", "\"v\"x"] {
            assert_eq!(list(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_come_plain_or_percent_encoded() {
        assert_eq!(decoded("李雷".as_bytes()).as_deref(), Some("李雷"));
        assert_eq!(decoded(b"%E6%9D%8E%e9%9b%b7").as_deref(), Some("李雷"));
        assert_eq!(decoded(b"100% sure %zz %").as_deref(), Some("100% sure %zz %"));
        assert_eq!(decoded(b"%ff"), None);
    }
}
