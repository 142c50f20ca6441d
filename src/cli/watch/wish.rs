//! What `lowsky watch` is asked for: an address and filters, as the service wants them.

use serde_json::{Map, Value};
use tokio_tungstenite::tungstenite::http::Uri;

use super::WatchArgs;

/// The stream's address, from that of the service.
pub(super) fn stream_url(given: &str) -> Result<String, String> {
    let wrong = |why: &str| format!("`{given}`: {why}; an address such as http://127.0.0.1:8080 is wanted");
    let (scheme, rest) = given.split_once("://").unwrap_or(("ws", given));
    match scheme {
        "ws" | "http" => {}
        "wss" | "https" => return Err(wrong("TLS is not built in")),
        _ => return Err(wrong("unknown scheme")),
    }
    let uri: Uri = format!("ws://{rest}").parse().map_err(|error| wrong(&format!("{error}")))?;
    let Some(authority) = uri.authority().filter(|authority| !authority.host().is_empty()) else {
        return Err(wrong("no host"));
    };
    let path = if matches!(uri.path(), "" | "/") { "/api/v1/stream" } else { uri.path() };
    Ok(format!("ws://{authority}{path}"))
}

/// The filters as the stream wants them.
pub(super) fn scope(args: &WatchArgs) -> Value {
    let mut scope = Map::new();
    if let Some(least) = args.min_severity {
        scope.insert("min_severity".into(), least.name().into());
    }
    if !args.codes.is_empty() {
        let names: Vec<_> = args.codes.iter().map(|code| code.name()).collect();
        scope.insert("codes".into(), names.into());
    }
    for (name, ids) in [("operators", &args.operators), ("uas_ids", &args.uas_ids)] {
        if !ids.is_empty() {
            scope.insert(name.into(), ids.clone().into());
        }
    }
    if let Some(bbox) = args.bbox {
        let edges = vec![bbox.west_deg, bbox.south_deg, bbox.east_deg, bbox.north_deg];
        scope.insert("bbox".into(), edges.into());
    }
    Value::Object(scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for given in ["ws://h:1", "http://h:1/", "h:1", "ws://h:1/api/v1/stream"] {
            assert_eq!(stream_url(given).as_deref(), Ok("ws://h:1/api/v1/stream"), "{given}");
        }
        for wrong in ["https://h", "mqtt://h", "ws://", "", "ws://a b"] {
            assert!(stream_url(wrong).is_err(), "{wrong}");
        }
    }
}
