//! Whether somebody listens, and whether what they are told is more than a person can take.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::{AlertCode, AlertEvent, Severity, Timestamp};

/// Nobody may be absent for longer, seconds.
const ABSENT_MAX_S: f64 = 60.0;
/// Time over which alerts are counted, seconds.
const FLOOD_S: f64 = 600.0;
/// More sounding alerts in that time than a person can handle.
pub const FLOOD_MAX: usize = 10;
/// A flood is over when no more than so many sounded.
const FLOOD_OVER: usize = 7;
/// Alerts that are counted at most; more are as bad.
const COUNTED_MAX: usize = 10_000;

/// Listeners and alerts, from look to look.
#[derive(Debug, Default)]
pub struct Audience {
    absent_since: Option<Timestamp>,
    sounded: BTreeMap<Arc<str>, Timestamp>,
    flooded: bool,
}

impl Audience {
    /// Whether nobody has listened for too long.
    pub fn is_absent(&mut self, now: Timestamp, listeners: i64) -> bool {
        if 0 < listeners {
            self.absent_since = None;
            return false;
        }
        let since = *self.absent_since.get_or_insert(now);
        ABSENT_MAX_S <= now.seconds_since(since)
    }

    /// Takes in an alert event: it sounds when its alert first gets so severe.
    pub fn hear(&mut self, now: Timestamp, event: &AlertEvent) {
        let alert = &event.alert;
        if Severity::Warning <= alert.severity
            && alert.code != AlertCode::ServiceDegraded
            && alert.cleared_at.is_none()
            && self.sounded.len() < COUNTED_MAX
        {
            self.sounded.entry(Arc::clone(&alert.alert_id)).or_insert(now);
        }
    }

    /// Whether there are, or were just now, more alerts than a person can handle.
    pub fn is_flooded(&mut self, now: Timestamp) -> bool {
        let most = if self.flooded { FLOOD_OVER } else { FLOOD_MAX };
        self.flooded = most < self.sounded(now);
        self.flooded
    }

    /// How many alerts sounded in the last ten minutes.
    pub fn sounded(&mut self, now: Timestamp) -> usize {
        self.sounded.retain(|_, at| now.seconds_since(*at) < FLOOD_S);
        self.sounded.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::AlertEventKind;

    fn event(id: &str, severity: &str) -> AlertEvent {
        let alert = serde_json::json!({
            "alert_id": id, "code": "SEPARATION", "phase": "ACTUAL", "severity": severity, "state": "OPEN",
            "uas_id": "A", "raised_at": 0, "updated_at": 0, "observed_at": 0, "measured": {}, "limit": {},
            "data": "GOOD", "rule": "r", "explanation": {"zh-CN": "", "en": ""},
        });
        AlertEvent { event: AlertEventKind::Raised, alert: serde_json::from_value(alert).unwrap() }
    }

    #[test]
    fn nobody_for_a_minute_is_told_and_one_listener_is_enough() {
        let at = Timestamp::from_millis;
        let mut audience = Audience::default();
        assert!(!audience.is_absent(at(0), 0) && !audience.is_absent(at(59_999), 0));
        assert!(audience.is_absent(at(60_000), 0));
        assert!(!audience.is_absent(at(61_000), 1));
        assert!(!audience.is_absent(at(62_000), 0), "it begins anew");
    }

    #[test]
    fn each_alert_that_sounds_counts_once_for_ten_minutes() {
        let at = Timestamp::from_millis;
        let mut audience = Audience::default();
        for number in 0..12 {
            for _ in 0..5 {
                audience.hear(at(number), &event(&number.to_string(), "WARNING"));
            }
            audience.hear(at(number), &event(&format!("mild {number}"), "CAUTION"));
        }
        assert_eq!(audience.sounded(at(599_999)), 12);
        assert_eq!(audience.sounded(at(600_005)), 6);
    }
}
