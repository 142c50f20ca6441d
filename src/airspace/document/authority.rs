//! Who is in charge of a zone: `zoneAuthority`. It changes no protection, so its faults are only told.

use serde_json::{Map, Value};

use super::json::Reader;
use super::path::At;
use super::standard;

pub(super) const PURPOSES: [&str; 3] = ["AUTHORIZATION", "NOTIFICATION", "INFORMATION"];

/// Tells what is wrong with the authorities of a zone. `must_say` is whether each needs a `purpose`.
pub(super) fn check(properties: &Map<String, Value>, at: &At<'_>, must_say: bool, reader: &mut Reader<'_>) {
    let Some(value) = reader.given(properties, "zoneAuthority", at) else { return };
    let at = at.member("zoneAuthority");
    if must_say && value.as_array().is_some_and(Vec::is_empty) {
        let (en, zh) = ("ED-318 asks for at least one authority", "ED-318 要求至少一个管理机构");
        reader.warn(&at, en, zh);
    }
    for (i, item) in reader.items(value, &at, "`zoneAuthority`").iter().enumerate() {
        let place = at.item(i);
        let at = if value.is_array() { &place } else { &at };
        let Some(authority) = item.as_object() else {
            reader.warn(at, "an authority should be an object", "管理机构应为对象");
            continue;
        };
        standard::authority(authority, at, must_say, reader);
        purpose(authority, at, must_say, reader);
        if let Some(value) = reader.given(authority, "intervalBefore", at)
            && !value.as_str().is_some_and(is_duration)
        {
            let (en, zh) = (
                "`intervalBefore` should be an ISO 8601 duration such as P2W or PT30M",
                "“intervalBefore” 应为 ISO 8601 时长，例如 P2W 或 PT30M",
            );
            reader.warn(&at.member("intervalBefore"), en, zh);
        }
    }
}

fn purpose(authority: &Map<String, Value>, at: &At<'_>, must_say: bool, reader: &mut Reader<'_>) {
    let (en, zh) = (
        "`purpose` should be AUTHORIZATION, NOTIFICATION or INFORMATION",
        "“purpose” 应为 AUTHORIZATION、NOTIFICATION 或 INFORMATION",
    );
    match reader.given(authority, "purpose", at) {
        Some(value) if value.as_str().is_some_and(|text| PURPOSES.contains(&text)) => {}
        Some(_) => reader.warn(&at.member("purpose"), en, zh),
        None if must_say || authority.get("purpose").is_some_and(Value::is_null) => reader.warn(at, en, zh),
        None => {}
    }
}

/// `P` and numbers with units: of days and more, and behind `T` of hours and less.
fn is_duration(text: &str) -> bool {
    let Some(text) = text.strip_prefix('P') else { return false };
    let (days, hours) = text.split_once('T').map_or((text, None), |(days, hours)| (days, Some(hours)));
    let of = |text: &str, units: &str| {
        let mut units = units.chars();
        let mut digits = 0;
        text.chars().all(|c| {
            if c.is_ascii_digit() || (c == '.' && digits > 0) {
                digits += 1;
                return true;
            }
            std::mem::take(&mut digits) > 0 && units.any(|unit| unit == c)
        }) && digits == 0
    };
    !text.is_empty() && of(days, "YMWD") && hours.is_none_or(|hours| !hours.is_empty() && of(hours, "HMS"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for good in ["P2W", "PT30M", "P1DT12H", "P1Y2M3DT4H5M6.5S", "P0D"] {
            assert!(is_duration(good), "{good}");
        }
        for bad in ["2W", "", "P", "PT", "P1", "PD", "P1H", "PT1D", "P1D1Y", "30", "P-1D"] {
            assert!(!is_duration(bad), "{bad}");
        }
    }
}
