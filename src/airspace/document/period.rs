//! When a zone applies: `limitedApplicability`.

use serde_json::{Map, Value};

use crate::domain::{Period, Timestamp};

use super::collection::short;
use super::json::{Reader, kind, present};
use super::path::At;

/// Most periods of a zone.
const PERIODS_MAX: usize = 1000;

/// The periods of a zone; empty: it always applies. `None` if one cannot be read.
pub(super) fn read(
    properties: &Map<String, Value>,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Option<Vec<Period>> {
    let Some(value) = present(properties, "limitedApplicability") else {
        return Some(Vec::new());
    };
    let at = at.member("limitedApplicability");
    let items = reader.items(value, &at, "`limitedApplicability`");
    if items.len() > PERIODS_MAX {
        return reader.refuse(
            &at,
            format!("a zone may have {PERIODS_MAX} periods, found {}", items.len()),
            format!("一个区域最多 {PERIODS_MAX} 个时段，实有 {} 个", items.len()),
        );
    }
    // All are read, so that every problem is told.
    let periods: Vec<Option<Period>> =
        items.iter().enumerate().map(|(i, item)| period(item, &at.item(i), reader)).collect();
    let first_schedule = items.iter().position(|item| {
        item.get("schedule")
            .is_some_and(|schedule| !schedule.is_null() && schedule.as_array().is_none_or(|s| !s.is_empty()))
    });
    if let Some(i) = first_schedule {
        reader.warn(
            &at.item(i).member("schedule"),
            "daily schedules are not evaluated yet: the zone applies at all times from startDateTime to endDateTime",
            "尚不支持按日时间表：该区域在 startDateTime 至 endDateTime 之间全时生效",
        );
    }
    periods.into_iter().collect()
}

fn period(value: &Value, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Period> {
    let object = reader.object(value, at, "a period")?;
    let mut bound = |name: &'static str| match present(object, name) {
        None => Some(None),
        Some(Value::String(text)) if text.trim().is_empty() => {
            let (en, zh) = ("empty text is read as no limit; leave it out", "空字符串视为无限期，请删去");
            reader.warn(&at.member(name), en, zh);
            Some(None)
        }
        Some(value) => instant(value, &at.member(name), name, reader).map(Some),
    };
    let (start, end) = (bound("startDateTime"), bound("endDateTime"));
    let (start, end) = (start?, end?);
    if let (Some(start), Some(end)) = (start, end)
        && end <= start
    {
        return reader.refuse(
            &at.member("endDateTime"),
            format!("the period ends at {end}, not after it starts at {start}"),
            format!("时段结束时间 {end} 不晚于开始时间 {start}"),
        );
    }
    Some(Period { start, end })
}

/// An instant. A fourth group `:00` behind the seconds, as some publishers write, means nothing and is passed over.
pub(super) fn instant(value: &Value, at: &At<'_>, what: &str, reader: &mut Reader<'_>) -> Option<Timestamp> {
    let Some(text) = value.as_str() else {
        let (en, zh) = kind(value);
        return reader.refuse(
            at,
            format!("`{what}` must be a time such as 2026-11-22T08:00:00Z, found {en}"),
            format!("“{what}” 应为时间，例如 2026-11-22T08:00:00Z，实为{zh}"),
        );
    };
    if let Ok(at) = Timestamp::parse(text) {
        return Some(at);
    }
    if let Some(instant) = without_fourth_group(text).and_then(|text| Timestamp::parse(&text).ok()) {
        reader.warn(
            at,
            format!("`{}` has one `:00` too many; read as {instant}", short(text)),
            format!("“{}” 多了一个 “:00”，按 {instant} 处理", short(text)),
        );
        return Some(instant);
    }
    reader.refuse(
        at,
        format!("`{}` is no time with offset such as 2026-11-22T08:00:00Z or …+08:00", short(text)),
        format!("“{}” 不是带时区的时间，例如 2026-11-22T08:00:00Z 或 …+08:00", short(text)),
    )
}

/// `…THH:MM:SS:00Z` without the `:00`.
fn without_fourth_group(text: &str) -> Option<String> {
    let (date, time) = text.split_once('T')?;
    let digits = time.find(|c: char| !(c.is_ascii_digit() || c == ':'))?;
    let (clock, offset) = time.split_at_checked(digits)?;
    let clock = clock.strip_suffix(":00")?;
    (clock.split(':').count() == 3).then(|| format!("{date}T{clock}{offset}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fourth_group_of_noughts() {
        assert_eq!(without_fourth_group("2025-10-01T00:00:00:00Z").as_deref(), Some("2025-10-01T00:00:00Z"));
        assert_eq!(
            without_fourth_group("2025-10-01T01:02:03:00+08:00").as_deref(),
            Some("2025-10-01T01:02:03+08:00")
        );
        assert_eq!(without_fourth_group("2025-10-01T01:02:00Z"), None);
        assert_eq!(without_fourth_group("2025-10-01T01:02:03:50Z"), None);
        assert_eq!(without_fourth_group("2025-10-01"), None);
    }
}
