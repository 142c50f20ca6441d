//! The web page and how it is served: plain files in the binary, so that it works without a network.

use crate::service::http::Page;

/// All files of the page.
pub const PAGES: &[Page] = &[
    Page { path: "/", content_type: "text/html; charset=utf-8", bytes: include_bytes!("page/index.html") },
    Page {
        path: "/console.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("page/console.css"),
    },
    Page {
        path: "/console.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("page/console.js"),
    },
];
