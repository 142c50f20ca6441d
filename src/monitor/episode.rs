//! The life of one alert: when a condition becomes an alert, gets worse, gets milder and ends.
//!
//! ```text
//!            M of N looks, or at once                          gone for the hold time
//!  watched ───────────────────────────► open ─► worse at once ─────────────────────────► cleared
//!                                         └───► milder after the hold time
//! ```

use crate::domain::{Alert, AlertCode, AlertEventKind, Phase, Severity, Timestamp};

use super::announce::Reminder;
use super::finding::Finding;
use super::settings::Lifecycle;

/// A predicted finding that happens within this many seconds needs no second look.
const IMMINENT_S: f64 = 10.0;

/// What the code of an alert changes about its life.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Policy {
    /// Seconds that the condition must last before it is told.
    pub persist_s: f64,
    /// Seconds that it must be gone before it is cleared.
    pub hold_s: f64,
}

impl Policy {
    /// The policy of a code: how long it must hold, how long it must be gone.
    pub(super) fn of(code: AlertCode, lifecycle: &Lifecycle) -> Self {
        let hold_s = match code {
            AlertCode::LostLink => 0.0,
            AlertCode::C2Lost
            | AlertCode::Emergency
            | AlertCode::LowBattery
            | AlertCode::PositionIntegrity
            | AlertCode::TimeSkew
            | AlertCode::CrsSuspect => 10.0,
            AlertCode::ZoneIncursion
            | AlertCode::GeocageExit
            | AlertCode::HeightLimit
            | AlertCode::SpeedLimit
            | AlertCode::Separation
            | AlertCode::Conformance
            | AlertCode::Unregistered
            | AlertCode::UncooperativeTarget
            | AlertCode::ServiceDegraded => lifecycle.hold_s,
        };
        let persist_s = if code == AlertCode::SpeedLimit {
            5.0
        } else if code == AlertCode::TimeSkew {
            // Reports that waited at the broker while nobody was there come late once, and then in time.
            2.0
        } else {
            0.0
        };
        Self { persist_s, hold_s }
    }
}

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Standing {
    pub severity: Severity,
    pub phase: Phase,
    /// Since when nothing holds.
    quiet_since: Option<Timestamp>,
    /// Since when only something milder holds.
    milder_since: Option<Timestamp>,
    /// When its last event went out.
    told_at: Timestamp,
    /// When it is announced again.
    pub reminder: Reminder,
}

/// One condition of one aircraft, from the first look to the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Episode {
    policy: Policy,
    /// The newest looks, the last one lowest; set where the condition held.
    looks: u8,
    looked_at: Timestamp,
    holds_since: Option<Timestamp>,
    pub standing: Option<Standing>,
}

impl Episode {
    /// An episode that nobody has looked at.
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            policy,
            looks: 0,
            looked_at: Timestamp::from_micros(i64::MIN),
            holds_since: None,
            standing: None,
        }
    }

    /// An episode that goes on after a restart where the alert as last told left it.
    pub(super) fn of_alert(policy: Policy, alert: &Alert, now: Timestamp) -> Self {
        let standing = Standing {
            severity: alert.severity,
            phase: alert.phase,
            quiet_since: None,
            milder_since: None,
            told_at: alert.updated_at.min(now),
            reminder: Reminder::resume(now, alert),
        };
        Self { standing: Some(standing), ..Self::new(policy) }
    }

    /// Takes in one look. `look_at` is the instant that was judged: a second look at the same instant takes
    /// the place of the first, so that the order in which the two aircraft of a pair report counts for nothing.
    pub(super) fn look(
        &mut self,
        now: Timestamp,
        look_at: Timestamp,
        finding: Option<&Finding>,
        lifecycle: &Lifecycle,
    ) -> Option<AlertEventKind> {
        let held = finding.filter(|finding| finding.severity.is_some());
        let [m, n] = lifecycle.raise_m_of_n.map(u32::from);
        let earlier = if look_at == self.looked_at { self.looks & !1 } else { self.looks << 1 };
        self.looks = (earlier | u8::from(held.is_some())) & (0xff_u8 >> (8 - n.clamp(1, 8)));
        self.looked_at = look_at;
        if held.is_none() {
            self.holds_since = None;
        } else if self.holds_since.is_none() {
            self.holds_since = Some(now);
        }
        let Some(standing) = &mut self.standing else {
            let finding = held?;
            let severity = finding.severity?;
            let at_once = finding.phase == Phase::Actual || finding.t_in_s <= IMMINENT_S;
            let lasted =
                self.holds_since.is_some_and(|since| self.policy.persist_s <= now.seconds_since(since));
            if !lasted || !(at_once || m <= self.looks.count_ones()) {
                return None;
            }
            self.standing = Some(Standing {
                severity,
                phase: finding.phase,
                quiet_since: None,
                milder_since: None,
                told_at: now,
                reminder: Reminder::start(now, severity),
            });
            return Some(AlertEventKind::Raised);
        };
        let event = match finding {
            Some(finding) => standing.hold(now, finding, self.policy.hold_s),
            None => standing.fade(now, self.policy.hold_s),
        };
        match event {
            Some(AlertEventKind::Cleared) => (self.standing, self.looks) = (None, 0),
            Some(_) => standing.told_at = now,
            None => {}
        }
        event
    }

    /// Nothing can be said about it now. Only announcing it again goes on.
    pub(super) fn wait(&mut self, now: Timestamp) -> Option<AlertEventKind> {
        let standing = self.standing.as_mut()?;
        standing.reminder.take(now).then(|| {
            standing.told_at = now;
            AlertEventKind::Updated
        })
    }

    /// Whether nothing is left to remember.
    pub(super) fn is_over(&self) -> bool {
        self.standing.is_none() && self.looks == 0
    }

    /// When the episode must be looked at again even if no report comes.
    pub(super) fn due(&self) -> Option<Timestamp> {
        match &self.standing {
            Some(standing) => {
                let ends = [standing.quiet_since, standing.milder_since];
                let ends = ends.map(|since| Some(since?.plus_seconds(self.policy.hold_s)));
                ends.into_iter().chain([standing.reminder.due()]).flatten().min()
            }
            None => self
                .holds_since
                .filter(|_| self.policy.persist_s > 0.0)
                .map(|since| since.plus_seconds(self.policy.persist_s)),
        }
    }
}

impl Standing {
    /// The condition holds, or is at least within its margin.
    fn hold(&mut self, now: Timestamp, finding: &Finding, hold_s: f64) -> Option<AlertEventKind> {
        self.quiet_since = None;
        let severity = finding.severity.unwrap_or(finding.margin);
        let phase = if finding.severity.is_some() { finding.phase } else { self.phase };
        if finding.severity.is_some() && (self.severity < severity || self.phase < phase) {
            self.severity = self.severity.max(severity);
            self.phase = phase;
            self.milder_since = None;
            self.reminder = Reminder::start(now, self.severity);
            return Some(AlertEventKind::Escalated);
        }
        let floor = severity.max(finding.margin);
        if self.severity <= floor && self.phase <= phase {
            self.milder_since = None;
        } else {
            let since = *self.milder_since.get_or_insert(now);
            if hold_s <= now.seconds_since(since) {
                self.severity = self.severity.min(floor);
                self.phase = phase;
                self.milder_since = None;
                if self.severity < Severity::Critical {
                    self.reminder.stop();
                }
                return Some(AlertEventKind::Deescalated);
            }
        }
        // At most one update a second for each alert.
        let may = 1.0 <= now.seconds_since(self.told_at) && !self.reminder.is_near(now);
        (self.reminder.take(now) || may).then_some(AlertEventKind::Updated)
    }

    /// Nothing holds.
    fn fade(&mut self, now: Timestamp, hold_s: f64) -> Option<AlertEventKind> {
        self.milder_since = None;
        let since = *self.quiet_since.get_or_insert(now);
        if hold_s <= now.seconds_since(since) {
            return Some(AlertEventKind::Cleared);
        }
        self.reminder.take(now).then_some(AlertEventKind::Updated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::default().plus_seconds(seconds)
    }

    fn finding(severity: Option<Severity>, margin: Severity, phase: Phase) -> Finding {
        Finding {
            severity,
            margin,
            phase,
            t_in_s: 25.0,
            ..Finding::of_itself(AlertCode::Separation, Severity::Caution, "")
        }
    }

    fn play(steps: &[Option<Finding>]) -> Vec<(usize, AlertEventKind)> {
        let lifecycle = Lifecycle::default();
        let mut episode = Episode::new(Policy::of(AlertCode::Separation, &lifecycle));
        let mut events = Vec::new();
        for (second, step) in (0_i32..).zip(steps) {
            let now = at(f64::from(second));
            if let Some(event) = episode.look(now, now, step.as_ref(), &lifecycle) {
                events.push((usize::try_from(second).unwrap(), event));
            }
        }
        events.retain(|(_, event)| *event != AlertEventKind::Updated);
        events
    }

    #[test]
    fn a_prediction_needs_two_of_four_looks_and_an_actual_one_none() {
        let far = Some(finding(Some(Severity::Caution), Severity::Caution, Phase::Predicted));
        assert_eq!(play(&[far, None, None, None, far]), []);
        assert_eq!(play(&[far, None, None, far]), [(3, AlertEventKind::Raised)]);
        let inside = Some(finding(Some(Severity::Caution), Severity::Caution, Phase::Actual));
        assert_eq!(play(&[inside]), [(0, AlertEventKind::Raised)]);
    }

    #[test]
    fn worse_at_once_milder_and_cleared_after_the_hold() {
        let caution = Some(finding(Some(Severity::Caution), Severity::Caution, Phase::Actual));
        let warning = Some(finding(Some(Severity::Warning), Severity::Warning, Phase::Actual));
        let mut steps = vec![caution, warning];
        steps.extend([caution; 7]);
        steps.extend([None; 7]);
        let expected = [
            (0, AlertEventKind::Raised),
            (1, AlertEventKind::Escalated),
            (7, AlertEventKind::Deescalated),
            (14, AlertEventKind::Cleared),
        ];
        assert_eq!(play(&steps), expected);
    }

    #[test]
    fn within_the_margin_nothing_is_raised_and_nothing_cleared() {
        let margin = Some(finding(None, Severity::Caution, Phase::Actual));
        assert_eq!(play(&[margin; 9]), []);
        let caution = Some(finding(Some(Severity::Caution), Severity::Caution, Phase::Actual));
        let mut steps = vec![caution];
        steps.extend([margin; 20]);
        assert_eq!(play(&steps), [(0, AlertEventKind::Raised)]);
    }
}
