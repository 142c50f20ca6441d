//! The forms that answers have.

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// JSON text that is made already.
pub(super) fn json(text: String) -> Response {
    typed("application/json", text)
}

/// A body with its media type; never kept by a cache, since everything here is live.
pub(super) fn typed(content_type: &'static str, body: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-store")], body).into_response()
}
