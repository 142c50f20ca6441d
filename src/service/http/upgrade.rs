//! From an HTTP request to a WebSocket: the checks before the switch (RFC 6455 §4.2).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use hyper::upgrade::Upgraded;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::query::Parameters;
use super::{App, Connection, Fault, Problem, client};

/// Who acts.
const AUTHOR: HeaderName = HeaderName::from_static("lowsky-author");
/// Most characters of an author's name.
const AUTHOR_LEN_MAX: usize = 100;

/// `GET /api/v1/stream`.
pub(super) async fn stream(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    let headers = request.headers();
    check_origin(headers, &app.settings.allowed_origins)?;
    let accept = check_handshake(headers)?;
    let author = author(headers, request.extensions())?;
    let mut query = Parameters::of(request.uri(), &["after"]);
    let resume = query.one("after");
    query.finish()?;
    Ok(switch(
        request,
        accept,
        move |upgraded| async move { client::serve(upgraded, &app, author, resume).await },
    ))
}

/// Echoes messages, for conformance suites: the way to the socket and its settings are those of the stream.
pub async fn echo(request: Request) -> Result<Response, Problem> {
    let accept = check_handshake(request.headers())?;
    Ok(switch(request, accept, |upgraded| async {
        if let Err(error) = client::echo(upgraded).await {
            tracing::debug!(%error, "echo ended");
        }
    }))
}

/// Answers the request, and lets `talk` go on with the connection.
fn switch<F>(
    mut request: Request,
    accept: HeaderValue,
    talk: impl FnOnce(Upgraded) -> F + Send + 'static,
) -> Response
where
    F: Future<Output = ()> + Send,
{
    let connection = request.extensions().get::<Arc<Connection>>().cloned();
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        match upgrade.await {
            Ok(upgraded) => talk(upgraded).await,
            Err(error) => tracing::debug!(%error, "upgrade failed"),
        }
        // Until here the client counts as a connection.
        drop(connection);
    });
    let switched = [
        (header::CONNECTION, HeaderValue::from_static("upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, switched, Body::empty()).into_response()
}

/// The value of `Sec-WebSocket-Accept`.
fn check_handshake(headers: &HeaderMap) -> Result<HeaderValue, Problem> {
    let refuse = |status, name: &str, detail: &str| {
        Problem::of_header(status, name, detail)
            .with(header::UPGRADE, HeaderValue::from_static("websocket"))
            .with(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"))
    };
    if !has_token(headers, &header::CONNECTION, "upgrade")
        || !has_token(headers, &header::UPGRADE, "websocket")
    {
        let detail = "this is a WebSocket; connect with a WebSocket client";
        return Err(refuse(StatusCode::UPGRADE_REQUIRED, "Upgrade", detail));
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(refuse(StatusCode::UPGRADE_REQUIRED, "Sec-WebSocket-Version", "13 is wanted"));
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes).unwrap_or_default();
    let nonce = base64::engine::general_purpose::STANDARD.decode(key);
    if !nonce.is_ok_and(|nonce| nonce.len() == 16) {
        let detail = "16 bytes in base64 are wanted";
        return Err(refuse(StatusCode::BAD_REQUEST, "Sec-WebSocket-Key", detail));
    }
    HeaderValue::from_str(&derive_accept_key(key))
        .map_err(|_never| refuse(StatusCode::BAD_REQUEST, "Sec-WebSocket-Key", "not usable"))
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// Refuses what a page of another origin asks for in its visitor's name. A program sends no `Origin`; a page
/// of this service, of this machine or of an origin that is set may.
pub(super) fn check_origin(headers: &HeaderMap, allowed: &[String]) -> Result<(), Problem> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_ascii_lowercase);
    let listed = allowed.iter().any(|known| known.trim_end_matches('/').eq_ignore_ascii_case(&origin));
    let good = origins.next().is_none() && (listed || is_own(&origin, host.as_deref()));
    if good {
        return Ok(());
    }
    let detail = "this origin may neither open the stream nor change anything; see http.allowed_origins";
    Err(Problem::of_header(StatusCode::FORBIDDEN, "Origin", detail))
}

fn is_own(origin: &str, host: Option<&str>) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    if host
        .is_some_and(|host| host.trim_end_matches(default_port) == authority.trim_end_matches(default_port))
    {
        return true;
    }
    let Ok(authority) = authority.parse::<axum::http::uri::Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    !authority.as_str().contains('@')
        && (name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()))
}

/// Who acts: the header `Lowsky-Author`, plain or percent-encoded UTF-8, else the address.
pub(super) fn author(headers: &HeaderMap, extensions: &Extensions) -> Result<String, Problem> {
    let Some(value) = headers.get(AUTHOR) else {
        let connection = extensions.get::<Arc<Connection>>();
        return Ok(connection.map_or_else(|| "anonymous".into(), |connection| connection.address.to_string()));
    };
    let name = super::zone_requests::decoded(value.as_bytes()).unwrap_or_default();
    let name = name.trim();
    if name.is_empty() || AUTHOR_LEN_MAX < name.chars().count() || name.chars().any(char::is_control) {
        let detail =
            format!("1 to {AUTHOR_LEN_MAX} characters of UTF-8, plain or percent-encoded, are wanted");
        return Err(Problem::bad_request(vec![Fault::in_header("Lowsky-Author", detail)]));
    }
    Ok(name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(origin: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("ops.example.cn:8080"));
        headers.insert(header::ORIGIN, origin.parse().unwrap());
        check_origin(&headers, &["https://wall.example.cn/".into()]).is_ok()
    }

    #[test]
    fn p29_only_own_local_and_listed_origins_pass() {
        for good in [
            "http://ops.example.cn:8080",
            "http://OPS.example.cn:8080",
            "https://wall.example.cn",
            "http://localhost:3000",
            "http://127.0.0.1",
            "http://[::1]:8080",
        ] {
            assert!(passes(good), "{good}");
        }
        for bad in [
            "null",
            "http://evil.example",
            "http://ops.example.cn",
            "http://ops.example.cn:8081",
            "http://ops.example.cn:8080.evil.example",
            "http://evil-ops.example.cn:8080",
            "https://wall.example.cn.evil.example",
            "http://wall.example.cn",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "http://127.0.0.1@evil.example",
            "file://",
            "",
        ] {
            assert!(!passes(bad), "{bad}");
        }
        assert!(check_origin(&HeaderMap::new(), &[]).is_ok());
    }
}
