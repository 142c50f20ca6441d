//! An instant as documents write it.

use serde_json::Value;

use crate::domain::Timestamp;

use super::collection::short;
use super::daily::Clock;
use super::json::{Reader, kind};
use super::path::At;

/// Most decimals of a second that the parser takes.
const DECIMALS_MAX: usize = 9;
/// Decimals of a second that are kept.
const DECIMALS_KEPT: usize = 6;

/// Unix times from here on are milliseconds: seconds would be of the year 5138.
const UNIX_MS_FROM: f64 = 1e11;

/// An instant. What some publishers write otherwise is read where it has one meaning: a fourth group `:00` behind the
/// seconds, decimals beyond the microsecond, no offset or no time of day at all, which the clock of the zone then gives.
pub(super) fn instant(
    value: &Value,
    at: &At<'_>,
    what: &str,
    clock: Option<Clock>,
    reader: &mut Reader<'_>,
) -> Option<Timestamp> {
    if let Some(instant) = value.as_f64().and_then(unix) {
        return Some(read_as(&value.to_string(), instant, "write it as text", "请写作文本", at, reader));
    }
    let Some(text) = value.as_str() else {
        let (en, zh) = kind(value);
        return reader.refuse(
            at,
            format!("`{what}` must be a time such as 2026-11-22T08:00:00Z, found {en}"),
            format!("“{what}” 应为时间，例如 2026-11-22T08:00:00Z，实为{zh}"),
        );
    };
    let bare = text.trim();
    let cut = with_fewer_decimals(bare);
    if let Some(instant) = parsed(cut.as_deref().unwrap_or(bare)) {
        if !is_rfc3339(text) {
            let (en, zh) = ("write it as in 2026-11-22T08:00:00Z", "请写作 2026-11-22T08:00:00Z 的形式");
            return Some(read_as(text, instant, en, zh, at, reader));
        }
        if cut.is_some() {
            reader.advise(
                at,
                format!("`{}` is read to the microsecond: {instant}", short(text)),
                format!("“{}” 精确到微秒读取：{instant}", short(text)),
            );
        }
        return Some(instant);
    }
    if let Some(instant) = without_fourth_group(bare).and_then(|text| parsed(&text)) {
        let (en, zh) = ("it has one `:00` too many", "多了一个 “:00”");
        return Some(read_as(text, instant, en, zh, at, reader));
    }
    if let Some(instant) = at_end_of_day(bare) {
        let (en, zh) = ("write 00:00 of the next day", "请写作次日 00:00");
        return Some(read_as(text, instant, en, zh, at, reader));
    }
    let offset = clock.map_or_else(|| "Z".to_owned(), Clock::name);
    let is_end = matches!(what, "endDateTime" | "validTo");
    if let Some(instant) = of_a_day(bare, &offset, is_end) {
        let (en, zh) = ("write the time of day and the offset", "请写明时刻与时差");
        return Some(read_as(text, instant, en, zh, at, reader));
    }
    if bare.contains(':')
        && let Some(instant) = parsed(&format!("{bare}{offset}"))
    {
        let (en, zh) = ("it has no offset", "没有时差");
        return Some(read_as(text, instant, en, zh, at, reader));
    }
    reader.refuse(
        at,
        format!("`{}` is no time with offset such as 2026-11-22T08:00:00Z or …+08:00", short(text)),
        format!("“{}” 不是带时区的时间，例如 2026-11-22T08:00:00Z 或 …+08:00", short(text)),
    )
}

/// An instant in the form of RFC 3339, or in another one of ISO 8601.
fn parsed(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text).ok().or_else(|| Timestamp::parse_iso8601(text))
}

/// Tells how a text was read that has another form than it should.
fn read_as(
    text: &str,
    instant: Timestamp,
    en: &str,
    zh: &str,
    at: &At<'_>,
    reader: &mut Reader<'_>,
) -> Timestamp {
    reader.warn(
        at,
        format!("`{}` is read as {instant}; {en}", short(text)),
        format!("“{}” 按 {instant} 处理；{zh}", short(text)),
    );
    instant
}

/// Whether this is the year 9999, by which publishers say that there is no end.
pub(super) fn is_without_end(value: &Value, at: &At<'_>, what: &str, reader: &mut Reader<'_>) -> bool {
    let is_far = value.as_str().is_some_and(|text| text.trim().starts_with("9999-"));
    if is_far {
        reader.advise(
            at,
            format!("`{what}` in the year 9999 is read as without end"),
            format!("“{what}” 为 9999 年，按无截止处理"),
        );
    }
    is_far
}

/// Seconds or milliseconds since 1970.
fn unix(number: f64) -> Option<Timestamp> {
    let millis = if number < UNIX_MS_FROM { number * 1000.0 } else { number };
    // From 2001 on: a smaller number is more likely a year or a date.
    (1e12..1e13).contains(&millis).then(|| Timestamp::from_micros(0).plus_seconds(millis / 1000.0))
}

/// `YYYY-MM-DDThh:mm:ss`, decimals if there are any, and `Z` or `±hh:mm`.
fn is_rfc3339(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let Some(rest) = shape.strip_prefix("0000-00-00").and_then(|rest| rest.strip_prefix(['T', 't'])) else {
        return false;
    };
    let Some(rest) = rest.strip_prefix("00:00:00") else { return false };
    let rest = rest.strip_prefix('.').map_or(rest, |decimals| decimals.trim_start_matches('0'));
    matches!(rest, "Z" | "z" | "+00:00" | "-00:00")
}

/// A date alone: midnight at its beginning, or at its end.
fn of_a_day(text: &str, offset: &str, is_end: bool) -> Option<Timestamp> {
    let digits: String = text.chars().filter(|c| !matches!(c, '-' | '/' | '.')).collect();
    let is_date = digits.len() == 8 && digits.bytes().all(|c| c.is_ascii_digit()) && text.len() <= 10;
    let (year, rest) = digits.split_at_checked(4).filter(|_| is_date)?;
    let (month, day) = rest.split_at_checked(2)?;
    let start = Timestamp::parse(&format!("{year}-{month}-{day}T00:00:00{offset}")).ok()?;
    Some(if is_end { start.plus_seconds(86_400.0) } else { start })
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
    fn dates_alone_and_unix_times() {
        let at = |text: &str| Timestamp::parse(text).ok();
        for (text, is_end, wanted) in [
            ("2025-10-01", false, "2025-09-30T16:00:00Z"),
            ("2025-10-01", true, "2025-10-01T16:00:00Z"),
            ("2025/10/01", false, "2025-09-30T16:00:00Z"),
            ("20251001", false, "2025-09-30T16:00:00Z"),
        ] {
            assert_eq!(of_a_day(text, "+08:00", is_end), at(wanted), "{text}");
        }
        for none in ["2025-13-01", "2025-10", "10/01/2025", "2025100100", "", "2025-1-01"] {
            assert_eq!(of_a_day(none, "Z", false), None, "{none}");
        }
        assert_eq!(unix(1_759_276_800.0), at("2025-10-01T00:00:00Z"));
        assert_eq!(unix(1_759_276_800_000.0), at("2025-10-01T00:00:00Z"));
        assert_eq!([unix(2025.0), unix(20_251_001.0), unix(-1.0), unix(1e300)], [None; 4]);
        assert!(is_rfc3339("2025-10-01T00:00:00.86752172+08:00") && is_rfc3339("2025-10-01T00:00:00Z"));
        for other in
            ["2025-10-01 00:00:00Z", "2025-10-01T00:00Z", "2025-10-01T00:00:00+0800", " 2025-10-01T00:00:00Z"]
        {
            assert!(!is_rfc3339(other), "{other}");
        }
    }

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
