//! Daily hours: `schedule`, with days of the week, times of day with an offset, and events of daylight.

use serde_json::{Map, Value};

use crate::airspace::schedule::{Bound, Days, Hours, SunHours, Week};
use crate::domain::LatLng;
use crate::geodesy::SunEvent;

use super::applicability::few_enough;
use super::collection::short;
use super::json::{Reader, present};
use super::path::At;
use super::{spelling, standard};

/// Microseconds in a second and in a day.
const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = 86_400 * SECOND_US;

pub(super) const WEEKDAYS: [(&str, Days); 8] = [
    ("ANY", Days::ANY),
    ("MON", Days::one(0)),
    ("TUE", Days::one(1)),
    ("WED", Days::one(2)),
    ("THU", Days::one(3)),
    ("FRI", Days::one(4)),
    ("SAT", Days::one(5)),
    ("SUN", Days::one(6)),
];
/// Words of other models (AIXM) for days that only a calendar of holidays could name.
const CALENDAR_DAYS: [&str; 9] = [
    "HOL",
    "BEF_HOL",
    "AFT_HOL",
    "LEGAL_HOL",
    "HOLIDAY",
    "WORK_DAY",
    "BEF_WORK_DAY",
    "AFT_WORK_DAY",
    "BUSY_FRI",
];
pub(super) const EVENTS: [(&str, SunEvent); 4] = [
    ("BMCT", SunEvent::MorningTwilight),
    ("SR", SunEvent::Sunrise),
    ("SS", SunEvent::Sunset),
    ("EECT", SunEvent::EveningTwilight),
];

/// The clock of a zone: what days and times without an offset are read by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    /// How far it is ahead of UTC, microseconds.
    pub(super) offset_us: i64,
    /// Whether the document says so.
    pub(super) is_said: bool,
}

impl Clock {
    /// What a document without `tz` means: Beijing time in China, elsewhere the nautical zone of the place.
    pub(super) fn guessed(country: &str, place: LatLng) -> Self {
        let hours = match country {
            "CHN" | "HKG" | "MAC" | "TWN" | "" => 8,
            _ => nautical_hours(place.lng_deg()),
        };
        Self { offset_us: hours * 3600 * SECOND_US, is_said: false }
    }

    /// Its offset, such as `+08:00`.
    pub(super) fn name(self) -> String {
        let minutes = self.offset_us.abs() / (60 * SECOND_US);
        let sign = if self.offset_us < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "at most 12")]
fn nautical_hours(lng_deg: f64) -> i64 {
    (lng_deg / 15.0).round() as i64
}

/// A clock that a document names: an offset, or a zone without summer time.
pub(super) fn clock(text: &str) -> Option<i64> {
    match text {
        "Asia/Shanghai" | "Asia/Chongqing" | "Asia/Hong_Kong" | "Asia/Macau" | "Asia/Taipei" | "PRC"
        | "Asia/Singapore" => Some(8 * 3600 * SECOND_US),
        "UTC" | "Etc/UTC" | "GMT" | "Z" | "z" => Some(0),
        _ => offset_us(text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")).unwrap_or(text)),
    }
}

/// The hours of a schedule; none given: all. `None` if some cannot be read.
pub(super) fn read(
    value: &Value,
    at: &At<'_>,
    (place, clock): (LatLng, Clock),
    is_ed318: bool,
    reader: &mut Reader<'_>,
) -> Option<Vec<Hours>> {
    if value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()) {
        let (en, zh) = ("no schedule is read as all hours; leave it out", "空的时间表视为全天，请删去");
        reader.warn(at, en, zh);
        return Some(vec![Hours::All]);
    }
    let items = reader.items(value, at, "`schedule`");
    if items.is_empty() {
        return Some(vec![Hours::All]);
    }
    few_enough(items.len(), at, reader)?;
    let (mut week, mut hours, mut complete) = (Week::default(), Vec::new(), Some(()));
    for (i, item) in items.iter().enumerate() {
        let place_of_item = at.item(i);
        let at = if value.is_array() { &place_of_item } else { at };
        if let Some(hours) = item.as_object() {
            standard::hours(hours, at, is_ed318, reader);
        }
        let read = entry(item, at, clock, reader).map(|entry| entry.add_to(place, &mut week, &mut hours));
        complete = complete.and(read);
    }
    complete?;
    if week.is_all() {
        return Some(vec![Hours::All]);
    }
    if !week.is_empty() {
        hours.push(Hours::Week(week));
    }
    Some(hours)
}

/// One item of a schedule. Where both a time and an event are given, each counts.
struct Entry {
    days: Days,
    /// Of the clock by which the days are counted where no end names one.
    offset_us: i64,
    starts: Vec<Bound>,
    ends: Vec<Bound>,
}

impl Entry {
    fn add_to(&self, place: LatLng, week: &mut Week, hours: &mut Vec<Hours>) {
        for start in &self.starts {
            for end in &self.ends {
                match (*start, *end) {
                    (
                        Bound::Clock { time_us, offset_us },
                        Bound::Clock { time_us: end_us, offset_us: end_offset_us },
                    ) => {
                        let after_us = (end_us - end_offset_us - (time_us - offset_us)).rem_euclid(DAY_US);
                        let length_us = if after_us == 0 { DAY_US } else { after_us };
                        week.add(self.days, offset_us, time_us, length_us);
                    }
                    (start @ Bound::Clock { offset_us, .. }, end)
                    | (start, end @ Bound::Clock { offset_us, .. }) => {
                        hours.push(Hours::Sun(SunHours { days: self.days, place, offset_us, start, end }));
                    }
                    (start, end) => {
                        let offset_us = self.offset_us;
                        hours.push(Hours::Sun(SunHours { days: self.days, place, offset_us, start, end }));
                    }
                }
            }
        }
    }
}

fn entry(value: &Value, at: &At<'_>, clock: Clock, reader: &mut Reader<'_>) -> Option<Entry> {
    let object = reader.object(value, at, "daily hours")?;
    let clock = match reader.given(object, "tz", at) {
        None => clock,
        Some(text) => Clock { offset_us: named_clock(text, &at.member("tz"), reader)?, is_said: true },
    };
    let days = days(object, at, reader);
    let starts = bounds(object, ["startTime", "startEvent"], at, clock, reader);
    let ends = bounds(object, ["endTime", "endEvent"], at, clock, reader);
    let (days, mut starts, mut ends) = (days?, starts?, ends?);
    // From midnight, or to midnight, of the clock that the other end names.
    let midnight = |other: Option<&Bound>| match other {
        Some(Bound::Clock { offset_us, .. }) => Bound::Clock { time_us: 0, offset_us: *offset_us },
        Some(Bound::Event(_)) | None => Bound::Clock { time_us: 0, offset_us: clock.offset_us },
    };
    let has_times = !starts.is_empty() || !ends.is_empty();
    if !has_times && days != Days::ANY && !clock.is_said {
        reader.advise(
            at,
            format!("its days are counted by the clock {}", clock.name()),
            format!("按 {} 时区计算日期", clock.name()),
        );
    }
    if starts.is_empty() {
        starts.push(midnight(ends.first()));
    }
    if ends.is_empty() {
        ends.push(midnight(starts.first()));
    }
    Some(Entry { days, offset_us: clock.offset_us, starts, ends })
}

/// The clock that a document names in a member.
pub(super) fn named_clock(value: &Value, at: &At<'_>, reader: &mut Reader<'_>) -> Option<i64> {
    value.as_str().and_then(|text| clock(text.trim())).or_else(|| {
        reader.refuse(
            at,
            "`tz` must be an offset such as +08:00, or Asia/Shanghai; zones with summer time are not known",
            "“tz” 应为 +08:00 这样的时差或 Asia/Shanghai；不支持有夏令时的时区",
        )
    })
}

fn days(object: &Map<String, Value>, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Days> {
    let by_another_name = if object.contains_key("day") { None } else { present(object, "days") };
    if by_another_name.is_some() {
        reader.warn(&at.member("days"), "`days` is read as `day`", "“days” 按 “day” 处理");
    }
    let name = if by_another_name.is_some() { "days" } else { "day" };
    let Some(value) = reader.given(object, name, at) else {
        let (en, zh) = ("no `day` is read as every day; write ANY", "缺少 “day”，按每天处理；请写 ANY");
        reader.warn(at, en, zh);
        return Some(Days::ANY);
    };
    let at = at.member(name);
    let items = reader.items(value, &at, "`day`");
    if items.is_empty() {
        let (en, zh) = ("no day is read as every day; write ANY", "“day” 为空，按每天处理；请写 ANY");
        reader.advise(&at, en, zh);
        return Some(Days::ANY);
    }
    let mut days = Some(Days::NONE);
    for (i, item) in items.iter().enumerate() {
        let place = at.item(i);
        let at = if value.is_array() { &place } else { &at };
        let read = one_day(item, at, reader);
        days = days.zip(read).map(|(days, day)| days.and(day));
    }
    days
}

fn one_day(value: &Value, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Days> {
    let text = value.as_str().unwrap_or_default().trim();
    if CALENDAR_DAYS.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        reader.warn(
            at,
            format!("`{text}` needs a calendar of holidays, which there is none of: read as every day"),
            format!("“{text}” 需要节假日历，现按每天处理"),
        );
        return Some(Days::ANY);
    }
    if value.is_string() && text.is_empty() {
        let (en, zh) = ("empty text is read as every day; write ANY", "空字符串按每天处理；请写 ANY");
        reader.warn(at, en, zh);
        return Some(Days::ANY);
    }
    let is_known = WEEKDAYS.iter().any(|(word, _)| word.eq_ignore_ascii_case(text));
    if let Some((days, word)) = spelling::days(text).filter(|_| !is_known) {
        let text = short(text);
        reader.warn(at, format!("`{text}` is read as `{word}`"), format!("“{text}” 按 “{word}” 处理"));
        return Some(days);
    }
    reader.word(value, at, "`day`", &WEEKDAYS)
}

/// The ends of daily hours that are given: a time, an event, both or neither.
fn bounds(
    object: &Map<String, Value>,
    [time, event]: [&'static str; 2],
    at: &At<'_>,
    clock: Clock,
    reader: &mut Reader<'_>,
) -> Option<Vec<Bound>> {
    let mut found = Vec::new();
    if let Some(value) = reader.given(object, time, at) {
        let at = at.member(time);
        let event = value.as_str().and_then(|text| EVENTS.iter().find(|(word, _)| *word == text.trim()));
        if let Some((word, event)) = event {
            let (en, zh) = (format!("`{word}` is an event, no time"), format!("“{word}” 是日光事件而非时刻"));
            reader.warn(&at, en, zh);
            found.push(Bound::Event(*event));
        } else {
            found.push(time_of_day(value, &at, clock, reader)?);
        }
    }
    if let Some(value) = reader.given(object, event, at) {
        let at = at.member(event);
        found.push(Bound::Event(sun_event(value, &at, event, reader)?));
        if found.len() > 1 {
            reader.warn(
                &at,
                format!("`{time}` and `{event}` are both there: the zone applies by either"),
                format!("同时给出 “{time}” 与 “{event}”，两者均生效"),
            );
        }
    }
    Some(found)
}

fn sun_event(value: &Value, at: &At<'_>, name: &str, reader: &mut Reader<'_>) -> Option<SunEvent> {
    let text = value.as_str().unwrap_or_default();
    let bare = spelling::bare(text);
    if let Some((_, event, word)) = spelling::EVENTS.iter().find(|(other, ..)| *other == bare) {
        let text = short(text);
        reader.warn(at, format!("`{text}` is read as `{word}`"), format!("“{text}” 按 “{word}” 处理"));
        return Some(*event);
    }
    reader.word(value, at, &format!("`{name}`"), &EVENTS)
}

fn time_of_day(value: &Value, at: &At<'_>, clock: Clock, reader: &mut Reader<'_>) -> Option<Bound> {
    let text = value.as_str().unwrap_or_default().trim();
    let read = parse_time(text).or_else(|| {
        let (clock, offset) =
            text.split_at_checked(text.find(|c: char| !(c.is_ascii_digit() || c == ':'))?)?;
        let read = parse_time(&format!("{}{offset}", clock.strip_suffix(":00")?))?;
        reader.warn(
            at,
            format!("`{}` has one `:00` too many", short(text)),
            format!("“{}” 多了一个 “:00”", short(text)),
        );
        Some(read)
    });
    let read = read.or_else(|| {
        let read = parse_time(&with_colons(text)?)?;
        reader.warn(
            at,
            format!("`{}` should be a time of day such as 08:00Z", short(text)),
            format!("“{}” 应写作 08:00Z 这样的时刻", short(text)),
        );
        Some(read)
    });
    let Some((time_us, offset_us)) = read else {
        return reader.refuse(
            at,
            format!("`{}` is no time of day such as 08:00Z or 08:00:00+08:00", short(text)),
            format!("“{}” 不是时刻，例如 08:00Z 或 08:00:00+08:00", short(text)),
        );
    };
    if offset_us.is_none() && !clock.is_said {
        reader.warn(
            at,
            format!("`{text}` has no offset; read as {}", clock.name()),
            format!("“{text}” 没有时差，按 {} 处理", clock.name()),
        );
    }
    Some(Bound::Clock { time_us, offset_us: offset_us.unwrap_or(clock.offset_us) })
}

/// `HH:MM[:SS[.s…]]` and an offset, if there is one: microseconds of the day, and of the offset.
fn parse_time(text: &str) -> Option<(i64, Option<i64>)> {
    let text = text.strip_prefix('T').unwrap_or(text);
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.')).unwrap_or(text.len());
    let (time, offset) = text.split_at_checked(end)?;
    let mut parts = time.split(':');
    let whole = |part: &str| part.parse::<i64>().ok().filter(|_| part.len() == 2);
    let (hours, minutes) = (whole(parts.next()?)?, whole(parts.next()?)?);
    let seconds_us = match parts.next() {
        None => 0,
        Some(seconds) => {
            let (seconds, decimals) = seconds.split_once('.').unwrap_or((seconds, "0"));
            let digits: String = decimals.chars().chain("000000".chars()).take(6).collect();
            whole(seconds)? * SECOND_US + digits.parse::<i64>().ok().filter(|_| !decimals.is_empty())?
        }
    };
    let time_us = (hours * 60 + minutes) * 60 * SECOND_US + seconds_us;
    let fits = parts.next().is_none() && minutes < 60 && seconds_us < 61 * SECOND_US && time_us <= DAY_US;
    let offset = match offset {
        "" => None,
        "Z" | "z" => Some(0),
        offset => Some(offset_us(offset)?),
    };
    fits.then_some((time_us, offset))
}

/// `HHMM`, `HHMMSS` and `H:MM`, with an offset or `UTC` behind, as `HH:MM` and `HH:MM:SS`.
fn with_colons(text: &str) -> Option<String> {
    let text = text.strip_prefix('T').unwrap_or(text);
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(text.len());
    let (time, offset) = text.split_at_checked(end)?;
    let offset = match offset.trim() {
        "UTC" | "GMT" => "Z",
        other => other,
    };
    let time = match (time.len(), time.find(':')) {
        (4, None) => format!("{}:{}", time.get(..2)?, time.get(2..)?),
        (6, None) => format!("{}:{}:{}", time.get(..2)?, time.get(2..4)?, time.get(4..)?),
        (_, Some(1)) => format!("0{time}"),
        (_, Some(_)) => time.to_owned(),
        (_, None) => return None,
    };
    Some(format!("{time}{offset}"))
}

/// `±HH:MM`, `±HHMM` or `±HH` in microseconds.
fn offset_us(text: &str) -> Option<i64> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits: String = digits.chars().filter(|c| *c != ':').collect();
    let digits = if digits.len() <= 2 { format!("{digits:0>2}00") } else { digits };
    let number = digits.parse::<i64>().ok().filter(|_| digits.len() == 4)?;
    let (hours, minutes) = (number / 100, number % 100);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60 * SECOND_US)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_they_are_written() {
        let hour = 3600 * SECOND_US;
        for (text, wanted) in [
            ("08:00Z", Some((8 * hour, Some(0)))),
            ("17:00:00.00Z", Some((17 * hour, Some(0)))),
            ("23:59:59.5+08:00", Some((24 * hour - SECOND_US / 2, Some(8 * hour)))),
            ("24:00", Some((24 * hour, None))),
            ("06:30-0330", Some((6 * hour + hour / 2, Some(-3 * hour - hour / 2)))),
            ("06:30+8", Some((6 * hour + hour / 2, Some(8 * hour)))),
            ("24:01", None),
            ("8:00Z", None),
            ("08:60Z", None),
            ("08:00:00:00Z", None),
            ("08:00:00.Z", None),
            ("08:00+25:00", None),
            ("SR", None),
            ("", None),
            ("０８:００", None),
        ] {
            assert_eq!(parse_time(text), wanted, "{text}");
        }
        assert_eq!(
            [clock("Asia/Shanghai"), clock("UTC+8"), clock("+05:45")],
            [Some(8 * hour), Some(8 * hour), Some(5 * hour + 45 * 60 * SECOND_US)]
        );
        assert_eq!(clock("Europe/Zurich"), None);
        for (text, wanted) in [
            ("0800", Some("08:00")),
            ("080000Z", Some("08:00:00Z")),
            ("8:00+08:00", Some("08:00+08:00")),
            ("08:00 UTC", Some("08:00Z")),
            ("800", None),
            ("", None),
            ("08.00", None),
        ] {
            assert_eq!(with_colons(text).as_deref(), wanted, "{text}");
        }
    }
}
