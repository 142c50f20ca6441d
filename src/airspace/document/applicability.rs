//! When a zone applies: `limitedApplicability` of ED-318, `applicability` of ED-269.

use serde_json::{Map, Value};

use crate::airspace::schedule::{Hours, Part, Schedule};
use crate::domain::{LatLng, Period};

use super::daily::{self, Clock};
use super::instant::{instant, is_without_end};
use super::json::{Reader, kind, same_letters};
use super::path::At;
use super::standard;

/// Most periods of a zone, and most daily hours of a period.
pub(super) const PERIODS_MAX: usize = 1000;

/// Reads the periods in a member of `holder`; `place` is whose daylight counts. `None` if one cannot be read.
pub(super) fn read(
    holder: &Map<String, Value>,
    name: &str,
    at: &At<'_>,
    (place, clock): (LatLng, Clock),
    reader: &mut Reader<'_>,
) -> Option<Schedule> {
    let at = at.member(name);
    let Some(value) = holder.get(name).filter(|value| !value.is_null()) else {
        return Some(Schedule::default());
    };
    let items = reader.items(value, &at, &format!("`{name}`"));
    few_enough(items.len(), &at, reader)?;
    // All are read, so that every problem is told.
    let mut parts = Some(Vec::new());
    for (i, item) in items.iter().enumerate() {
        let place_of_item = at.item(i);
        let at = if value.is_array() { &place_of_item } else { &at };
        let read = period(item, at, (place, clock), name == "limitedApplicability", reader);
        parts = parts.zip(read).map(|(mut parts, read)| {
            parts.extend(read);
            parts
        });
    }
    let parts = parts?;
    let is_always = |part: &Part| part.span == Period::default() && part.hours == Hours::All;
    Some(if parts.iter().any(is_always) { Schedule::default() } else { Schedule::new(parts) })
}

/// Bounds the number of periods.
pub(super) fn few_enough(count: usize, at: &At<'_>, reader: &mut Reader<'_>) -> Option<()> {
    if count <= PERIODS_MAX {
        return Some(());
    }
    reader.refuse(
        at,
        format!("a zone may have {PERIODS_MAX} periods, found {count}"),
        format!("一个区域最多 {PERIODS_MAX} 个时段，实有 {count} 个"),
    )
}

fn period(
    value: &Value,
    at: &At<'_>,
    (place, clock): (LatLng, Clock),
    is_ed318: bool,
    reader: &mut Reader<'_>,
) -> Option<Vec<Part>> {
    let object = reader.object(value, at, "a period")?;
    standard::period(object, at, is_ed318, reader);
    let span = span(object, at, clock, reader);
    let is_hours = |name: &&String| ["schedule", "dailyPeriod"].iter().any(|word| same_letters(word, name));
    let hours = match object.keys().find(is_hours) {
        None => Some(vec![Hours::All]),
        Some(name) => {
            let at = at.member(name);
            let value = object.get(name).unwrap_or(&Value::Null);
            if name != "schedule" {
                reader.warn(
                    &at,
                    format!("`{name}` is read as `schedule`"),
                    format!("“{name}” 按 “schedule” 处理"),
                );
            }
            daily::read(value, &at, (place, clock), is_ed318, reader)
        }
    };
    let (span, hours) = (span?, hours?);
    Some(hours.into_iter().map(|hours| Part { span, hours }).collect())
}

fn span(object: &Map<String, Value>, at: &At<'_>, clock: Clock, reader: &mut Reader<'_>) -> Option<Period> {
    let mut bound = |name: &'static str| match reader.given(object, name, at) {
        None => Some(None),
        Some(value) if name == "endDateTime" && is_without_end(value, &at.member(name), name, reader) => {
            Some(None)
        }
        Some(value) => instant(value, &at.member(name), name, Some(clock), reader).map(Some),
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
    let span = Period { start, end };
    match reader.given(object, "permanent", at) {
        None => Some(span),
        Some(value) => permanent(value, span, at, reader),
    }
}

/// ED-269 says beside the dates whether there are any.
fn permanent(value: &Value, span: Period, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Period> {
    let place = at.member("permanent");
    let is_permanent = match value {
        Value::Bool(said) => {
            let (found, found_zh) = kind(value);
            reader.warn(
                &place,
                format!("`permanent` should be YES or NO, found {found}"),
                format!("“permanent” 应为 YES 或 NO，实为{found_zh}"),
            );
            *said
        }
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            reader.word(value, &place, "`permanent`", &[("YES", true), ("NO", false)])?
        }
    };
    let is_bounded = span != Period::default();
    if is_permanent && is_bounded {
        let (en, zh) = (
            "`permanent` is YES and there are dates; the dates are passed over: it applies without end",
            "“permanent” 为 YES 却给出日期；日期不起作用，按长期生效处理",
        );
        reader.warn(&place, en, zh);
        return Some(Period::default());
    }
    if !is_permanent && !is_bounded {
        let (en, zh) = (
            "`permanent` is NO and there are no dates; it applies without end",
            "“permanent” 为 NO 却无日期，按长期生效处理",
        );
        reader.warn(&place, en, zh);
    }
    Some(span)
}
