//! Addresses of base maps: which hosts the page may ask.

use super::Console;

impl Console {
    /// Scheme and host of each base map, those of a `{0-7}` written out.
    pub fn basemap_origins(&self) -> Vec<String> {
        let mut origins: Vec<String> = self.basemap.iter().filter_map(|url| origins(url)).flatten().collect();
        origins.sort();
        origins.dedup();
        origins
    }
}

/// Scheme and hosts of an address; `None` if it is none that a browser may be sent to.
pub(super) fn origins(url: &str) -> Option<Vec<String>> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let safe = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-.:".contains(c));
    if !["http", "https"].contains(&scheme) {
        return None;
    }
    let Some((before, range)) = host.split_once('{') else {
        return (!host.is_empty() && safe(host)).then(|| vec![format!("{scheme}://{host}")]);
    };
    let (range, after) = range.split_once('}')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (char, char) = (first.parse().ok()?, last.parse().ok()?);
    let good = safe(before) && safe(after) && first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric();
    (good && first <= last)
        .then(|| (first..=last).map(|one| format!("{scheme}://{before}{one}{after}")).collect())
}
