//! What to do when the system's clock and the service's own time part.
//!
//! Small differences are made up for slowly. A step is not followed while reports agree with the service's own
//! time: it is the system's clock that is wrong then, and following it would make every report look an hour
//! old. When no report agrees with the own time for half a minute, it is the own time that was wrong (the
//! service started before the first synchronisation, or the machine slept), and the system's is taken over.

use crate::domain::Timestamp;

/// A difference over this is a step, seconds.
const STEP_S: f64 = 0.5;
/// Most that is made up for in a second, seconds.
const SLEW_S: f64 = 0.01;
/// A report whose source time is within this of its arrival agrees, seconds.
const AGREES_S: f64 = 10.0;
/// A step is followed when no report has agreed with the own time for so long, seconds.
const ALONE_S: f64 = 30.0;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// Move the own time by so many microseconds, which nobody notices.
    Slew(i64),
    /// Go on evenly.
    Hold,
    /// Take the system's time over: move by so many microseconds, and begin anew with everything that knows times.
    Follow(i64),
}

/// Watches both clocks. Wants to be asked about once a second.
#[derive(Debug, Default)]
pub struct ClockKeeper {
    asked_at: Option<Timestamp>,
    agreed_at: Option<Timestamp>,
    off_s: f64,
}

impl ClockKeeper {
    /// A report came from an aircraft: when by our own time, and with which time of its own.
    pub fn witness(&mut self, received_at: Timestamp, source: Timestamp) {
        let off_own_s = received_at.seconds_since(source);
        let off_system_s = off_own_s + self.off_s;
        // Where the two clocks are not one, a report speaks for the one that it is nearer to.
        let for_own = self.off_s.abs() <= STEP_S || off_own_s.abs() <= off_system_s.abs();
        if off_own_s.abs() <= AGREES_S && for_own {
            self.agreed_at = Some(received_at);
        }
    }

    /// Looks at both clocks.
    pub fn keep(&mut self, own: Timestamp, system: Timestamp) -> Keeping {
        let passed_s = self.asked_at.map_or(0.0, |asked| own.seconds_since(asked)).clamp(0.0, 60.0);
        self.asked_at = Some(own);
        let alone_since = *self.agreed_at.get_or_insert(own);
        let off_us = system.as_micros().saturating_sub(own.as_micros());
        self.off_s = system.seconds_since(own);
        if self.off_s.abs() <= STEP_S {
            let most_us = own.plus_seconds(SLEW_S * passed_s).as_micros().saturating_sub(own.as_micros());
            return match off_us.clamp(-most_us, most_us) {
                0 => Keeping::Hold,
                slew_us => Keeping::Slew(slew_us),
            };
        }
        if own.seconds_since(alone_since) < ALONE_S {
            return Keeping::Hold;
        }
        *self = Self::default();
        Keeping::Follow(off_us)
    }
}
