//! What would be right instead of a wrong value: seconds for milliseconds, latitude for longitude, a text for a number.
//!
//! Each suggestion is tried on the decoder; one that it would refuse as well is not made.

use serde::Serialize;

use crate::domain::{Explanation, Reason, Refusal, Timestamp, round_to};
use crate::wire::{Element, Member, member_names};

use super::{Fault, Judge, Weight};

/// A drone that says it is faster than this, m/s, may mean km/h.
const FAST_MPS: f64 = 42.0;

/// What would be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// In words.
    pub message: Explanation,
    /// As it would stand in the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

fn advice(zh: &str, en: &str, value: Option<String>) -> Advice {
    Advice { message: Explanation { zh: zh.into(), en: en.into() }, value }
}

/// What can be suggested for a fault.
pub(super) fn of(judge: &Judge<'_>, element: &Element, refusal: &Refusal) -> Option<Advice> {
    let field = refusal.field.as_deref()?;
    let Some(member) = element.member(field) else {
        return (refusal.reason == Reason::MissingField).then(|| for_missing(element, field)).flatten();
    };
    if matches!(field, "lat" | "lng")
        && let Some(advice) = swapped(judge, element)
    {
        return Some(advice);
    }
    let raw = judge.text.get(member.value.clone())?;
    let tried = candidates(field, raw, judge.now).into_iter().find(|(value, _, _)| {
        let text = replaced(judge, element, &[(member, value)]);
        let decoded = judge.decode(text.as_bytes());
        let again = |found: &Refusal| found.field.as_deref() == Some(field);
        !decoded.refusals.iter().any(again) && !decoded.flags.iter().any(again)
    });
    if let Some((value, zh, en)) = tried {
        return Some(advice(zh, en, Some(format!("\"{}\": {value}", last_part(field)))));
    }
    match (refusal.reason, field) {
        (Reason::UnknownCrs, _) => Some(advice(
            "请在发送前将坐标换算为 WGS 84。",
            "Convert the position to WGS 84 before it is sent.",
            Some("\"crs\": \"WGS84\"".into()),
        )),
        (Reason::OutOfRange, "track" | "heading" | "vertical_speed") => {
            Some(advice("未知时请省略该字段。", "Leave the member out when it is unknown.", None))
        }
        _ => None,
    }
}

fn last_part(field: &str) -> &str {
    field.rsplit('.').next().unwrap_or(field)
}

/// A required member that is there under another name.
fn for_missing(element: &Element, field: &str) -> Option<Advice> {
    let other = element.members.iter().find(|member| nearest(&member.name) == Some(field))?;
    Some(advice(
        &format!("是否把它写成了 {}？", other.name),
        &format!("Is it there as `{}`?", other.name),
        Some(format!("\"{field}\"")),
    ))
}

/// Latitude and longitude in each other's place.
fn swapped(judge: &Judge<'_>, element: &Element) -> Option<Advice> {
    let (lat, lng) = (element.member("lat")?, element.member("lng")?);
    let raw = |member: &Member| judge.text.get(member.value.clone());
    let (was_lat, was_lng) = (raw(lat)?, raw(lng)?);
    let text = replaced(judge, element, &[(lat, was_lng), (lng, was_lat)]);
    let decoded = judge.decode(text.as_bytes());
    let wrong = |found: &Refusal| matches!(found.field.as_deref(), Some("lat" | "lng"));
    (was_lat != was_lng && !decoded.refusals.iter().any(wrong)).then(|| {
        advice(
            "经度与纬度可能写反了。",
            "Latitude and longitude seem to be in each other's place.",
            Some(format!("\"lat\": {was_lng}, \"lng\": {was_lat}")),
        )
    })
}

/// The report with other values.
fn replaced(judge: &Judge<'_>, element: &Element, values: &[(&Member, &str)]) -> String {
    let mut values = values.to_vec();
    values.sort_by_key(|(member, _)| member.value.start);
    let (mut text, mut at) = (String::new(), element.range.start);
    for (member, value) in values {
        text.push_str(judge.text.get(at..member.value.start).unwrap_or_default());
        text.push_str(value);
        at = member.value.end;
    }
    text.push_str(judge.text.get(at..element.range.end).unwrap_or_default());
    text
}

type Candidate = (String, &'static str, &'static str);

/// What a sender may have meant, the likeliest first.
fn candidates(field: &str, raw: &str, now: Timestamp) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let inner = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let number: Option<f64> =
        inner.unwrap_or(raw).trim().parse().ok().filter(|value: &f64| value.is_finite());
    if field == "timestamp" {
        times(raw, inner, number, now, &mut found);
        return found;
    }
    match inner {
        Some(text) => {
            if number.is_some() {
                found.push((
                    text.trim().into(),
                    "应为数字，去掉引号。",
                    "A number is wanted: take the quotes away.",
                ));
            }
            let upper = text.trim().to_ascii_uppercase().replace([' ', '-'], "_");
            found.push((
                format!("\"{upper}\""),
                "枚举值须大写，用下划线连接。",
                "Words of a list are in capitals, joined by underscores.",
            ));
            if matches!(upper.as_str(), "TRUE" | "FALSE") {
                found.push((
                    upper.to_ascii_lowercase(),
                    "应为布尔值，去掉引号。",
                    "A truth value is wanted: take the quotes away.",
                ));
            }
        }
        None => {
            found.push((format!("\"{raw}\""), "应为文本，加上引号。", "A text is wanted: put it in quotes."));
        }
    }
    if let Some(value) = number {
        if matches!(field, "track" | "heading") && (-360.0..=360.0).contains(&value) {
            let turned = round_to(value.rem_euclid(360.0), 6);
            found.push((
                turned.to_string(),
                "角度应在 0 至 360 之间（不含 360）。",
                "Directions go from 0 to below 360.",
            ));
        }
        if field == "ground_speed" {
            found.push((
                round_to(value / 3.6, 2).to_string(),
                "是否为 km/h？应为 m/s。",
                "Is it km/h? m/s is wanted.",
            ));
        }
        if field == "backfill" {
            found.push(((value > 0.0).to_string(), "应为 true 或 false。", "true or false is wanted."));
        }
        if value.fract() != 0.0 {
            found.push((round_to(value, 0).to_string(), "应为整数。", "A whole number is wanted."));
        }
    }
    found
}

fn times(raw: &str, inner: Option<&str>, number: Option<f64>, now: Timestamp, found: &mut Vec<Candidate>) {
    if let Some(value) = number {
        for (factor, zh, en) in [
            (1.0, "应为整数毫秒，去掉引号。", "Whole milliseconds are wanted: take the quotes away."),
            (1e3, "看起来是秒，应为毫秒 (UTC)。", "It looks like seconds; milliseconds are wanted (UTC)."),
            (
                1e-3,
                "看起来是微秒，应为毫秒 (UTC)。",
                "It looks like microseconds; milliseconds are wanted (UTC).",
            ),
            (
                1e-6,
                "看起来是纳秒，应为毫秒 (UTC)。",
                "It looks like nanoseconds; milliseconds are wanted (UTC).",
            ),
        ] {
            let scaled = (value * factor).round();
            // The doors let pass what is a day old; who is off by a factor is off by far more.
            found.push((format!("{scaled:.0}"), zh, en));
        }
    }
    let text = inner.unwrap_or(raw).trim().replacen(' ', "T", 1);
    if inner.is_some() {
        found.push((format!("\"{text}\""), "日期与时间之间应为 T。", "A T stands between date and time."));
        found.push((
            format!("\"{text}+08:00\""),
            "缺少时区：北京时间请加 +08:00，UTC 请加 Z。",
            "The offset is missing: +08:00 for Chinese time, Z for UTC.",
        ));
        if let Some(local) = text.strip_suffix('Z') {
            found.push((
                format!("\"{local}+08:00\""),
                "像是把北京时间标成了 UTC。",
                "It looks like Chinese time marked as UTC.",
            ));
        }
    } else if let Some(value) = number {
        found.push((
            format!("{:.0}", value - 8.0 * 3_600_000.0),
            "像是把北京时间当作了 UTC，早 8 小时。",
            "It looks like Chinese time taken as UTC: 8 h less.",
        ));
    }
    found.push((
        now.as_millis().to_string(),
        "请校准时钟；此刻应为该值。",
        "Correct the clock; now it would be this.",
    ));
}

/// A speed that is accepted, but that few drones reach.
pub(super) fn perhaps_km_per_hour(judge: &Judge<'_>, element: &Element) -> Option<Fault> {
    let raw = |name: &str| judge.text.get(element.member(name)?.value.clone());
    let speed_mps: f64 = raw("ground_speed")?.parse().ok()?;
    if !(FAST_MPS..=254.25).contains(&speed_mps) || raw("ua_class") == Some("\"MANNED\"") {
        return None;
    }
    let member = element.member("ground_speed")?;
    let [line, column] = judge.place(member.value.start);
    let slower = round_to(speed_mps / 3.6, 2);
    Some(Fault {
        severity: Weight::Warning,
        reason: None,
        field: Some("ground_speed".into()),
        pointer: Some(member.pointer.clone()),
        line,
        column,
        detail: format!("{speed_mps} m/s is fast for a drone"),
        message: Explanation {
            zh: "地速偏大，是否为 km/h？".into(),
            en: "Fast for a drone: is it km/h?".into(),
        },
        suggestion: Some(advice("应为 m/s。", "m/s is wanted.", Some(format!("\"ground_speed\": {slower}")))),
    })
}

/// The known member that an unknown one may stand for.
pub(super) fn nearest_name(name: &str) -> Option<Advice> {
    let known = nearest(name)?;
    Some(advice(
        &format!("是否应为 {known}？"),
        &format!("Is `{known}` meant?"),
        Some(format!("\"{known}\"")),
    ))
}

/// Names in use elsewhere for what the interface knows.
const ALIASES: [(&str, &str); 26] = [
    ("alt", "alt_hae"),
    ("altitude", "alt_hae"),
    ("altitude_amsl", "alt_amsl"),
    ("battery", "battery_pct"),
    ("course", "track"),
    ("direction", "track"),
    ("drone_id", "uas_id"),
    ("gs", "ground_speed"),
    ("height_agl", "height"),
    ("height_m", "height"),
    ("id", "uas_id"),
    ("latitude", "lat"),
    ("lon", "lng"),
    ("long", "lng"),
    ("longitude", "lng"),
    ("model", "ua_type"),
    ("soc", "battery_pct"),
    ("sn", "uas_id"),
    ("speed", "ground_speed"),
    ("status", "operational_status"),
    ("time", "timestamp"),
    ("track_deg", "track"),
    ("ts", "timestamp"),
    ("vs", "vertical_speed"),
    ("yaw", "heading"),
    ("climb_rate", "vertical_speed"),
];

fn nearest(name: &str) -> Option<&'static str> {
    if member_names().any(|known| known == name) {
        return None;
    }
    let wanted = snake(name);
    if let Some((_, known)) = ALIASES.iter().find(|(alias, _)| *alias == wanted) {
        return Some(known);
    }
    let most = if wanted.len() < 5 { 1 } else { 2 };
    let near =
        member_names().map(|known| (distance(&wanted, known), known)).min_by_key(|(apart, _)| *apart)?;
    (near.0 <= most).then_some(near.1)
}

/// `groundSpeed` and `Ground-Speed` as `ground_speed`.
fn snake(name: &str) -> String {
    let mut made = String::new();
    let mut low_before = false;
    for letter in name.chars().take(64) {
        if letter.is_ascii_uppercase() && low_before {
            made.push('_');
        }
        low_before = letter.is_ascii_lowercase() || letter.is_ascii_digit();
        made.push(if matches!(letter, '-' | ' ') { '_' } else { letter.to_ascii_lowercase() });
    }
    made
}

/// How many letters must be changed, put in or taken out.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((other, pair), left) in b.iter().zip(row.windows(2)).zip(0..) {
            let &[diagonal, above] = pair else { continue };
            let before = next.get(left).copied().unwrap_or(usize::MAX - 1);
            next.push((above + 1).min(before + 1).min(diagonal + usize::from(letter != *other)));
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}
