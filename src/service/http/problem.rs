//! Errors as problem details (RFC 9457), with every fault and where it is.

use std::collections::BTreeMap;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;

use crate::stream::to_json;

/// The media type of a problem.
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// JSON pointer into the body; of a parameter or a header, `/query/` or `/header/` and its name.
    pub pointer: String,
    /// Name of the query or path parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Name of the header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// What is wrong and what is wanted.
    pub detail: String,
}

impl Fault {
    /// A fault of the body.
    pub fn at(pointer: &str, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), parameter: None, header: None, detail: detail.into() }
    }

    /// A fault of a parameter.
    pub fn of(parameter: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: beside("query", parameter),
            parameter: Some(parameter.into()),
            header: None,
            detail: detail.into(),
        }
    }

    /// A fault of a header.
    pub fn in_header(header: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: beside("header", header),
            parameter: None,
            header: Some(header.into()),
            detail: detail.into(),
        }
    }
}

/// Where something is that is no part of the body, in the form of a JSON pointer (RFC 6901).
fn beside(what: &str, name: &str) -> String {
    format!("/{what}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// An answer that says what went wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    faults: Vec<Fault>,
    headers: Vec<(HeaderName, HeaderValue)>,
    members: Vec<(String, Value)>,
}

impl Problem {
    /// A problem without single faults.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), faults: Vec::new(), headers: Vec::new(), members: Vec::new() }
    }

    /// A request that cannot be followed, with all that is wrong with it.
    pub fn bad_request(faults: Vec<Fault>) -> Self {
        let detail = match faults.as_slice() {
            [only] => only.detail.clone(),
            several => format!("{} faults", several.len()),
        };
        Self { status: StatusCode::BAD_REQUEST, detail, faults, headers: Vec::new(), members: Vec::new() }
    }

    /// A problem of one header.
    pub fn of_header(status: StatusCode, name: &str, detail: &str) -> Self {
        let faults = vec![Fault::in_header(name, detail)];
        Self { status, detail: detail.into(), faults, headers: Vec::new(), members: Vec::new() }
    }

    /// The same, with another header in the answer.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same, with these faults.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<Fault>) -> Self {
        self.faults = faults;
        self
    }

    /// The same, with another member.
    #[must_use]
    pub fn with_member(mut self, name: &str, value: Value) -> Self {
        self.members.push((name.into(), value));
        self
    }

    /// Something that does not exist.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Body<'a> {
            r#type: &'a str,
            title: &'a str,
            status: u16,
            detail: &'a str,
            #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
            errors: &'a [Fault],
            #[serde(flatten)]
            members: BTreeMap<&'a str, &'a Value>,
        }
        let body = to_json(&Body {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            errors: &self.faults,
            members: self.members.iter().map(|(name, value)| (name.as_str(), value)).collect(),
        });
        let content_type = HeaderValue::from_static(PROBLEM_JSON);
        let mut response = (self.status, [(header::CONTENT_TYPE, content_type)], body).into_response();
        response.headers_mut().extend(self.headers);
        response
    }
}
