//! How long before it takes effect a temporary control zone (临时管制空域) is to be published. It does not keep anybody from
//! protecting people now; who publishes later is told.

use serde_json::Value;

use crate::airspace::{Airspace, Change, Problem, ProblemSeverity, Words, Zone};
use crate::domain::{Timestamp, ZoneReason};
use crate::service::zone_desk::TEMPORARY;

/// A temporary control zone is published so long before it takes effect (Order 761, article on temporarily controlled
/// airspace), seconds.
const NOTICE_S: f64 = 24.0 * 3_600.0;
/// The same for disaster relief and other emergencies, seconds.
const NOTICE_RESCUE_S: f64 = 30.0 * 60.0;
/// The `kind` of a temporary control zone.
const KIND: &str = "TEMPORARY_CONTROLLED";

/// What for airspace is controlled for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Disaster relief and other emergencies.
    Rescue,
    /// Anything else.
    Event,
}

/// What the law would have had otherwise of a zone that takes effect at `from`.
pub fn notice(purpose: Purpose, from: Timestamp, now: Timestamp) -> Option<Words> {
    let ahead_s = from.seconds_since(now);
    let (notice_s, zh, en) = match purpose {
        Purpose::Rescue => (
            NOTICE_RESCUE_S,
            "抢险救灾等紧急情况的临时管制空域应提前 30 分钟发布",
            "30 minutes for an emergency",
        ),
        Purpose::Event => (NOTICE_S, "临时管制空域应提前 24 小时发布", "24 hours"),
    };
    let minutes = (ahead_s / 60.0).max(0.0);
    (ahead_s < notice_s).then(|| Words {
        zh: format!("{zh}；本次仅提前 {minutes:.0} 分钟。请同时向空中交通管理机构报告。"),
        en: format!(
            "Temporarily controlled airspace is to be published {en} before it takes effect; this is {minutes:.0} \
             minutes before. Tell the air traffic authority."
        ),
    })
}

/// The same of every zone of `changes` that is one of temporary control and new, or has another time than before; with the
/// number of the change.
pub(super) fn notices(
    changes: &[Change],
    live: &Airspace,
    new: &Airspace,
    now: Timestamp,
) -> Vec<(usize, Problem)> {
    let one = |(number, change): (usize, &Change)| {
        let id = change.id().as_str();
        let zone = new.zone_by_id(id)?;
        let (purpose, from) = (temporary(zone)?, begins(zone, now)?);
        let known = live.zone_by_id(id).filter(|was| temporary(was).is_some());
        if known.is_some_and(|was| was.schedule == zone.schedule) {
            return None;
        }
        let Words { zh, en } = notice(purpose, from, now)?;
        let problem = Problem {
            severity: ProblemSeverity::Warning,
            file: id.to_owned(),
            line: 1,
            column: 1,
            path: "$.properties.limitedApplicability".into(),
            message: en,
            message_zh: zh,
        };
        Some((number, problem))
    };
    changes.iter().enumerate().filter_map(one).collect()
}

/// What for a zone controls airspace for a time, if it does.
fn temporary(zone: &Zone) -> Option<Purpose> {
    let feature = zone.geojson();
    let said = |name: &str| {
        feature.pointer(&format!("/properties/extendedProperties/{name}")).and_then(Value::as_str)
    };
    let marked = said(TEMPORARY);
    (marked.is_some() || said("kind") == Some(KIND)).then(|| {
        let is_rescue = marked == Some("RESCUE") || zone.reasons.contains(&ZoneReason::Emergency);
        if is_rescue { Purpose::Rescue } else { Purpose::Event }
    })
}

/// When it next takes effect; `None` if it never does.
fn begins(zone: &Zone, now: Timestamp) -> Option<Timestamp> {
    if zone.applies_at(now) { Some(now) } else { zone.next_switch_after(now) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notice_periods_of_the_law_are_warned_of() {
        let at = |second: i64| Timestamp::from_millis(1_795_334_400_000 + second * 1000);
        let told = |purpose, from_s| notice(purpose, at(from_s), at(0)).is_some();
        let rescue = [0, 1_799, 1_800].map(|from_s| told(Purpose::Rescue, from_s));
        let event = [3_600, 86_399, 86_400].map(|from_s| told(Purpose::Event, from_s));
        assert_eq!((rescue, event), ([true, true, false], [true, true, false]));
    }
}
