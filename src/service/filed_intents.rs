//! The operation intents that the monitor took, for those who ask what would be if zones were others.

use std::collections::BTreeMap;

use crate::domain::{Intent, OperatorId, Timestamp, UasId};

/// So many are kept before those that are over are forgotten; the monitor takes no more at a time.
const KEPT_MAX: usize = 10_000;

/// Intents by operator and flight.
#[derive(Debug, Default)]
pub struct FiledIntents(BTreeMap<(OperatorId, UasId), Intent>);

impl FiledIntents {
    /// Takes one in, at `now`; it replaces the one of its flight, or ends it.
    pub fn take(&mut self, intent: Intent, now: Timestamp) {
        let key = (intent.operator.clone(), intent.flight_id.clone());
        if intent.until().is_none() {
            self.0.remove(&key);
            return;
        }
        if KEPT_MAX <= self.0.len() {
            self.0.retain(|_, intent| holds(intent, now));
        }
        self.0.insert(key, intent);
    }

    /// Those that are not over at `now`.
    pub fn in_force(&self, now: Timestamp) -> Vec<Intent> {
        self.0.values().filter(|intent| holds(intent, now)).cloned().collect()
    }
}

fn holds(intent: &Intent, now: Timestamp) -> bool {
    intent.until().is_some_and(|until| now <= until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{IntentState, IntentVolume, LatLng, Outline, VerticalLimit, VerticalReference};

    #[test]
    fn what_is_replaced_ended_or_over_is_not_in_force() {
        let at = |seconds: f64| Timestamp::default().plus_seconds(seconds);
        let intent = |flight: &str, until: Option<f64>| Intent {
            operator: OperatorId::new("acme").unwrap(),
            flight_id: UasId::new(flight).unwrap(),
            uas_ids: Vec::new(),
            state: IntentState::Accepted,
            volumes: Vec::from_iter(until.map(|until| IntentVolume {
                outline: Outline::Circle { centre: LatLng::new(22.5, 114.0).unwrap(), radius_m: 100.0 },
                lower: None,
                upper: VerticalLimit { metres: 100.0, reference: VerticalReference::Agl },
                from: at(0.0),
                until: at(until),
            })),
        };
        let mut filed = FiledIntents::default();
        for (flight, until) in [("A", Some(9.0)), ("B", Some(9.0)), ("A", Some(5.0)), ("B", None)] {
            filed.take(intent(flight, until), at(1.0));
        }
        assert_eq!(filed.in_force(at(5.0)), [intent("A", Some(5.0))]);
        assert_eq!(filed.in_force(at(5.1)), []);
    }
}
