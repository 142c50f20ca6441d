//! The web page and how it is served: plain files in the binary, so that it works without a network.
//!
//! Its source is `web/`; `build.rs` builds it with npm and embeds the result. Where there is no npm, the page in
//! `without_npm/` says how to get it.

use crate::service::http::Page;

/// All files of the page.
pub const PAGES: &[Page] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));
