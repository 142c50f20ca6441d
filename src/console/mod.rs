//! The web page and how it is served: plain files in the binary, so that it works without a network.

/// A file of the page.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Where it is served.
    pub path: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
}

/// All files of the page.
pub const FILES: &[File] = &[
    File { path: "/", content_type: "text/html; charset=utf-8", bytes: include_bytes!("page/index.html") },
    File {
        path: "/console.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("page/console.css"),
    },
    File {
        path: "/console.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("page/console.js"),
    },
];
