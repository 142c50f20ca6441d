//! The lines that `lowsky watch` writes, in both languages.

use serde_json::Value;

use super::Language;

/// One alert: time, severity, event, code, who, why.
pub(super) fn alert(
    event: Option<&Value>,
    alert: Option<&Value>,
    language: Language,
    colour: bool,
) -> String {
    let of = |pointer: &str| clean(alert.and_then(|alert| alert.pointer(pointer)));
    let severity = of("/severity");
    let time = of("/updated_at");
    let clock = time.get(11..19).unwrap_or(&time);
    let event = event.map_or_else(|| "OPEN".into(), |event| clean(Some(event)));
    let explanation = match language {
        Language::Zh => of("/explanation/zh-CN"),
        Language::En => of("/explanation/en"),
    };
    let parties: Vec<String> = ["/uas_id", "/other/uas_id", "/zone/id"]
        .into_iter()
        .map(of)
        .filter(|name| !name.is_empty())
        .collect();
    let (on, off) = if colour { (paint(&severity, &event), "\u{1b}[0m") } else { ("", "") };
    let (code, phase) = (of("/code"), of("/phase"));
    format!(
        "{clock}Z {on}{severity:<8}{off} {event:<12} {code} {phase} {}  {on}{explanation}{off}",
        parties.join(" / ")
    )
}

fn paint(severity: &str, event: &str) -> &'static str {
    match (severity, event) {
        (_, "CLEARED") => "\u{1b}[32m",
        ("CRITICAL", _) => "\u{1b}[1;97;41m",
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

/// Nothing can be relied on from here.
pub(super) fn not_live(language: Language, why: &str) -> String {
    match language {
        Language::Zh => format!("*** 未连接（{why}）：没有新告警不代表安全，正在重连"),
        Language::En => format!("*** NOT LIVE ({why}): no news is not good news; reconnecting"),
    }
}

/// Heartbeats come again.
pub(super) fn live_again(language: Language, after_s: f64) -> String {
    match language {
        Language::Zh => format!("*** 已恢复实时，中断 {after_s:.1} 秒"),
        Language::En => format!("*** LIVE again after {after_s:.1} s"),
    }
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
        let event = Value::from("RAISED");
        let plain = alert(Some(&event), Some(&text), Language::Zh, false);
        assert_eq!(plain, "08:00:00Z WARNING  RAISED       SEPARATION ACTUAL A1 / B2  请避让 [2J");
        assert!(alert(Some(&event), Some(&text), Language::En, true).contains("\u{1b}[1;31mWARNING"));
    }
}
