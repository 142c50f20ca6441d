//! An instant as documents write it.

use serde_json::Value;

use crate::domain::Timestamp;

use super::collection::short;
use super::json::{Reader, kind};
use super::path::At;

/// Most decimals of a second that the parser takes.
const DECIMALS_MAX: usize = 9;
/// Decimals of a second that are kept.
const DECIMALS_KEPT: usize = 6;

/// An instant. What some publishers add means nothing and is passed over: a fourth group `:00` behind the seconds, and
/// decimals beyond the microsecond.
pub(super) fn instant(value: &Value, at: &At<'_>, what: &str, reader: &mut Reader<'_>) -> Option<Timestamp> {
    let Some(text) = value.as_str() else {
        let (en, zh) = kind(value);
        return reader.refuse(
            at,
            format!("`{what}` must be a time such as 2026-11-22T08:00:00Z, found {en}"),
            format!("“{what}” 应为时间，例如 2026-11-22T08:00:00Z，实为{zh}"),
        );
    };
    let cut = with_fewer_decimals(text);
    if let Ok(instant) = Timestamp::parse(cut.as_deref().unwrap_or(text)) {
        if cut.is_some() {
            reader.advise(
                at,
                format!("`{}` is read to the microsecond: {instant}", short(text)),
                format!("“{}” 精确到微秒读取：{instant}", short(text)),
            );
        }
        return Some(instant);
    }
    if let Some(instant) = Timestamp::parse_iso8601(text) {
        reader.advise(
            at,
            format!("`{}` is read as {instant}; the usual form is 2026-11-22T08:00:00Z", short(text)),
            format!("“{}” 按 {instant} 读取，通常写作 2026-11-22T08:00:00Z", short(text)),
        );
        return Some(instant);
    }
    if let Some(instant) = without_fourth_group(text).and_then(|text| Timestamp::parse(&text).ok()) {
        reader.warn(
            at,
            format!("`{}` has one `:00` too many; read as {instant}", short(text)),
            format!("“{}” 多了一个 “:00”，按 {instant} 处理", short(text)),
        );
        return Some(instant);
    }
    if let Some(instant) = at_end_of_day(text) {
        reader.warn(
            at,
            format!("`{}` is read as {instant}; write 00:00 of the next day", short(text)),
            format!("“{}” 按 {instant} 处理，请写作次日 00:00", short(text)),
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

/// The text with as many decimals of a second as are kept, if it has more.
fn with_fewer_decimals(text: &str) -> Option<String> {
    let (before, after) = text.split_once('.')?;
    let count = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    let (decimals, offset) = after.split_at_checked(count)?;
    let (kept, rest) = decimals.split_at_checked(DECIMALS_KEPT)?;
    let says_more = rest.bytes().any(|digit| digit != b'0') || decimals.len() > DECIMALS_MAX;
    says_more.then(|| format!("{before}.{kept}{offset}"))
}

/// `…T24:00:00…`: midnight at the end of the day.
fn at_end_of_day(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once('T')?;
    let rest = time.strip_prefix("24:00")?;
    let rest = rest.strip_prefix(":00").unwrap_or(rest);
    Some(Timestamp::parse(&format!("{date}T00:00:00{rest}")).ok()?.plus_seconds(86_400.0))
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

    #[test]
    fn decimals_beyond_the_microsecond() {
        let cut = |text: &str| with_fewer_decimals(text);
        assert_eq!(
            cut("2036-09-28T10:15:53.86752172+02:00").as_deref(),
            Some("2036-09-28T10:15:53.867521+02:00")
        );
        assert_eq!(cut("2036-09-28T10:15:53.8675210Z"), None);
        assert_eq!(cut("2036-09-28T10:15:53.000000000000Z").as_deref(), Some("2036-09-28T10:15:53.000000Z"));
        assert_eq!(cut("2036-09-28T10:15:53Z"), None);
        assert_eq!(at_end_of_day("2026-12-31T24:00:00Z"), Timestamp::parse("2027-01-01T00:00:00Z").ok());
        assert_eq!(at_end_of_day("2026-12-31T24:01:00Z"), None);
        assert_eq!(Timestamp::parse_iso8601("2026-12-31T08Z"), Timestamp::parse("2026-12-31T08:00:00Z").ok());
    }
}
