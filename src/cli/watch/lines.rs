//! The lines that `lowsky watch` writes, in both languages.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Language;
use crate::domain::Severity;

/// What happened to an alert; `again`: nothing but that nobody has acknowledged it.
pub(super) fn event(frame: &Value, again: bool, language: Language, colour: bool) -> String {
    let alert = frame.get("alert").unwrap_or(&Value::Null);
    let times = alert.get("announced_again").and_then(Value::as_u64).unwrap_or(0);
    let name = if again { format!("AGAIN {times}") } else { clean(frame.get("event")) };
    let mut text = line(&name, alert, language, colour);
    if frame.get("durable") == Some(&Value::Bool(false)) {
        text.push_str(match language {
            Language::Zh => "【尚未落盘】",
            Language::En => " [NOT ON DISK]",
        });
    }
    text
}

/// An alert that is open already.
pub(super) fn open(alert: &Value, language: Language, colour: bool) -> String {
    line("OPEN", alert, language, colour)
}

/// One alert: time, severity, event, code, who, why.
fn line(event: &str, alert: &Value, language: Language, colour: bool) -> String {
    let of = |pointer: &str| clean(alert.pointer(pointer));
    let severity = of("/severity");
    let time = of("/updated_at");
    let clock = time.get(11..19).unwrap_or(&time);
    let explanation = match language {
        Language::Zh => of("/explanation/zh-CN"),
        Language::En => of("/explanation/en"),
    };
    let parties: Vec<String> = ["/uas_id", "/other/uas_id", "/zone/id"]
        .into_iter()
        .map(of)
        .filter(|name| !name.is_empty())
        .collect();
    let (on, off) = if colour { (paint(&severity, event), OFF) } else { ("", "") };
    let (code, phase) = (of("/code"), of("/phase"));
    format!(
        "{clock}Z {on}{severity:<8}{off} {event:<12} {code} {phase} {}  {on}{explanation}{off}",
        parties.join(" / ")
    )
}

/// Ends a colour.
const OFF: &str = "\u{1b}[0m";
/// What must not be overlooked.
const LOUD: &str = "\u{1b}[1;97;41m";

fn paint(severity: &str, event: &str) -> &'static str {
    match (severity, event) {
        (_, "CLEARED") => "\u{1b}[32m",
        ("CRITICAL", _) => LOUD,
        ("WARNING", _) => "\u{1b}[1;31m",
        ("CAUTION", _) => "\u{1b}[33m",
        ("ADVISORY", _) => "\u{1b}[36m",
        _ => "\u{1b}[2m",
    }
}

/// A text without what could steer the terminal.
pub(super) fn clean(value: Option<&Value>) -> String {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// Nothing can be relied on from here; with a `bell`, heard too.
pub(super) fn not_live(language: Language, why: &str, colour: bool, bell: bool) -> String {
    let why: String = why.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let text = match language {
        Language::Zh => format!("*** 未连接（{why}）：没有新告警不代表安全，正在重连"),
        Language::En => format!("*** NOT LIVE ({why}): no news is not good news; reconnecting"),
    };
    let (on, off) = if colour { (LOUD, OFF) } else { ("", "") };
    let bell = if bell { "\u{7}" } else { "" };
    format!("{bell}{on}{text}{off}")
}

/// The service said that it stops.
pub(super) fn bye(language: Language) -> &'static str {
    match language {
        Language::Zh => "*** 服务正在停止，重连后将从此处续传",
        Language::En => "*** the service stops; it will be resumed from here",
    }
}

/// Heartbeats come again, and what happened in between has been shown, or is `lost`.
pub(super) fn live_again(
    language: Language,
    after_s: f64,
    missed: &BTreeMap<Severity, u64>,
    lost: u64,
) -> String {
    let all: u64 = missed.values().sum();
    let each: Vec<String> =
        missed.iter().rev().map(|(severity, count)| format!("{count} {}", severity.name())).collect();
    let each = if each.is_empty() { String::new() } else { format!(" ({})", each.join(", ")) };
    let mut text = match language {
        Language::Zh => format!("*** 已恢复实时，中断 {after_s:.1} 秒，补发事件 {all} 个{each}"),
        Language::En => format!("*** LIVE again after {after_s:.1} s; {all} events made up for{each}"),
    };
    if 0 < lost {
        let why = match language {
            Language::Zh => format!("，{lost} 个无法补发，请核对未解除告警"),
            Language::En => format!("; {lost} cannot be had: check the open alerts"),
        };
        text.push_str(&why);
    }
    text
}

/// Before the missed events follow.
pub(super) fn resumed(language: Language, missed: u64) -> String {
    match language {
        Language::Zh => format!("*** 已重新连接，期间服务共有 {missed} 个事件，其中符合筛选条件的将依次补发"),
        Language::En => format!("*** connected again; of {missed} missed events those in scope follow"),
    }
}

/// Before a list of open alerts.
pub(super) fn snapshot(language: Language, open: usize) -> String {
    match language {
        Language::Zh => format!("*** 未解除告警 {open} 个"),
        Language::En => format!("*** {open} open alerts"),
    }
}

/// Events that were not delivered.
pub(super) fn gap(language: Language, frame: &Value) -> String {
    let number = |name: &str| frame.get(name).and_then(Value::as_u64).unwrap_or(0);
    let (from, to, reason) = (number("from"), number("to"), clean(frame.get("reason")));
    match language {
        Language::Zh => format!("*** 事件 {from} 至 {to} 未送达（{reason}）"),
        Language::En => format!("*** events {from} to {to} were not delivered ({reason})"),
    }
}

/// The service lost its past.
pub(super) fn other_history(language: Language) -> &'static str {
    match language {
        Language::Zh => "*** 服务的事件历史已更换，无法续传",
        Language::En => "*** the service has another history; it cannot be resumed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_cannot_steer_the_terminal() {
        let text = serde_json::json!({
            "updated_at": "2026-11-22T08:00:00.000Z", "severity": "WARNING", "code": "SEPARATION",
            "phase": "ACTUAL", "uas_id": "A1", "other": {"uas_id": "B2"},
            "explanation": {"zh-CN": "请避让\u{1b}[2J", "en": "Give way"},
        });
        let frame = serde_json::json!({ "event": "RAISED", "alert": text });
        let plain = event(&frame, false, Language::Zh, false);
        assert_eq!(plain, "08:00:00Z WARNING  RAISED       SEPARATION ACTUAL A1 / B2  请避让 [2J");
        assert!(event(&frame, false, Language::En, true).contains("\u{1b}[1;31mWARNING"));
    }
}
