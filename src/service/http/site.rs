//! The web page: its files, its settings, and what a browser that shows it may fetch.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{App, answer};
use crate::config;

/// A file that a browser may fetch.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Where it is served.
    pub path: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
    /// The same, compressed.
    pub brotli: Option<&'static [u8]>,
}

/// What is served beside the interfaces.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// The files of the page.
    pub pages: &'static [Page],
    /// How the page is set up.
    pub console: config::Console,
}

impl From<&'static [Page]> for Site {
    fn from(pages: &'static [Page]) -> Self {
        Self { pages, console: config::Console::default() }
    }
}

impl Site {
    /// Scripts and styles only from here, no inline ones; pictures and data also from the base map's hosts.
    pub(super) fn policy(&self) -> String {
        let hosts = [vec![String::new()], self.console.basemap_origins()].concat().join(" ");
        format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'{hosts}; \
             img-src 'self' data: blob:{hosts}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    }
}

/// The routes of the files and of the settings.
pub(super) fn routes(site: &Site) -> Router<Arc<App>> {
    let mut routes = Router::new().route("/console.json", get(settings));
    for page in site.pages {
        let tag = tag(page.bytes);
        let serve = move |headers: HeaderMap| {
            let answer = file(*page, &tag, &headers);
            async move { answer }
        };
        routes = routes.route(page.path, get(serve));
    }
    routes
}

/// `GET /console.json`: what the page must know before it draws.
async fn settings(State(app): State<Arc<App>>) -> Response {
    let console = &app.site.console;
    let settings = json!({
        "basemap": console.basemap, "basemap_datum": console.basemap_datum,
        "basemap_attribution": console.basemap_attribution, "time_zone": console.time_zone,
        "version": env!("CARGO_PKG_VERSION"),
    });
    answer::json(settings.to_string())
}

fn tag(bytes: &[u8]) -> HeaderValue {
    let hash = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(bytes));
    // Letters, digits, hyphens and underscores always make a header.
    HeaderValue::from_str(&format!("\"{hash}\"")).unwrap_or_else(|_never| HeaderValue::from_static("\"\""))
}

fn file(page: Page, tag: &HeaderValue, headers: &HeaderMap) -> Response {
    let named = |name: header::HeaderName, wanted: &str| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let mut parts = values.flat_map(|value| value.split(','));
        parts.any(|part| part.split(';').next().is_some_and(|word| word.trim() == wanted))
    };
    let known = tag.to_str().is_ok_and(|tag| named(header::IF_NONE_MATCH, tag));
    let packed = page.brotli.filter(|_| named(header::ACCEPT_ENCODING, "br"));
    let mut response = match packed {
        _ if known => StatusCode::NOT_MODIFIED.into_response(),
        Some(bytes) => ([(header::CONTENT_ENCODING, "br")], bytes).into_response(),
        None => page.bytes.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(page.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::ETAG, tag.clone());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Page = Page {
        path: "/",
        content_type: "text/html; charset=utf-8",
        bytes: b"<html>",
        brotli: Some(b"packed"),
    };

    fn answered(name: header::HeaderName, value: &'static str) -> (StatusCode, HeaderMap) {
        let headers = HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);
        let response = file(PAGE, &HeaderValue::from_static("\"a1\""), &headers);
        (response.status(), response.headers().clone())
    }

    #[test]
    fn compressed_only_for_who_can_read_it_and_not_at_all_for_who_has_it() {
        let (_, packed) = answered(header::ACCEPT_ENCODING, "gzip, br;q=0.9");
        assert_eq!(packed[header::CONTENT_ENCODING], "br");
        let (status, plain) = answered(header::ACCEPT_ENCODING, "gzip");
        assert_eq!((status, plain.get(header::CONTENT_ENCODING)), (StatusCode::OK, None));
        let (status, _) = answered(header::IF_NONE_MATCH, "\"b\", \"a1\"");
        assert_eq!(status, StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn the_policy_opens_to_the_base_map_and_to_nothing_else() {
        let mut site = Site::from(&[][..]);
        assert!(!site.policy().contains("http"), "{}", site.policy());
        site.console.basemap = vec!["https://t{0-1}.tiles.example.cn/{z}/{x}/{y}.png?tk=1".into()];
        let hosts = " https://t0.tiles.example.cn https://t1.tiles.example.cn;";
        assert_eq!(site.policy().matches(hosts).count(), 2, "{}", site.policy());
    }
}
