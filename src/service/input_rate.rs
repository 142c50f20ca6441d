//! Whether messages come as usual: a feed that falls silent must not look like an empty sky.

use std::collections::VecDeque;

/// Seconds that are looked at together.
const WINDOW_S: usize = 5;
/// Windows of the usual rate: five minutes.
const WINDOWS_MAX: usize = 60;
/// Windows before anything counts as usual.
const WINDOWS_MIN: usize = 4;
/// Fewer messages in a window than this are no feed that could fall silent.
const USUAL_MIN: u64 = 5;
/// The share of the usual rate under which the feed is silent: one of so many.
const SHARE: u64 = 10;
/// After so many seconds quiet is the usual state: the day's traffic has ended.
const QUIET_S: u32 = 600;

/// Messages by the second.
#[derive(Debug, Default)]
pub struct InputRate {
    window: VecDeque<u64>,
    windows: VecDeque<u64>,
    seconds: usize,
    /// The usual number in a window, and for how long it is missing.
    silent: Option<(u64, u32)>,
}

/// A feed that fell silent. Messages a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Silence {
    /// Now.
    pub rate_hz: f64,
    /// The median of the last five minutes.
    pub usual_hz: f64,
}

impl InputRate {
    /// Takes in how many messages came in the last second, and tells whether the feed is silent.
    pub fn second(&mut self, messages: u64) -> Option<Silence> {
        if self.window.len() == WINDOW_S {
            self.window.pop_front();
        }
        self.window.push_back(messages);
        let now: u64 = self.window.iter().sum();
        self.silent = match self.silent {
            Some((usual, seconds)) if now * SHARE < usual && seconds < QUIET_S => Some((usual, seconds + 1)),
            Some(_) => {
                // What was usual before says nothing about what comes now.
                self.windows.clear();
                None
            }
            None => {
                let usual = self.learn(now).filter(|usual| now * SHARE < *usual && self.was_there(*usual));
                usual.map(|usual| (usual, 0))
            }
        };
        let hz = |count: u64| u32::try_from(count).map_or(f64::MAX, |count| f64::from(count) / 5.0);
        self.silent.map(|(usual, _)| Silence { rate_hz: hz(now), usual_hz: hz(usual) })
    }

    /// Forgets the last seconds: they say nothing of the feed, because there was no connection.
    pub fn interrupted(&mut self) {
        self.window.clear();
        self.silent = None;
    }

    /// Whether there is, as far as is known, nothing to be heard: no feed in the last minutes.
    pub fn is_quiet(&self) -> bool {
        self.silent.is_none() && self.window.iter().all(|count| *count == 0)
    }

    /// Whether there was a good part of the usual a moment ago: traffic that fades away is no silence.
    fn was_there(&self, usual: u64) -> bool {
        self.windows.iter().rev().take(3).any(|messages| usual < messages * 3)
    }

    /// The usual number of messages in a window, once there is one.
    fn learn(&mut self, now: u64) -> Option<u64> {
        let full = self.window.len() == WINDOW_S;
        self.seconds = (self.seconds + 1) % WINDOW_S;
        if full && self.seconds == 0 {
            if self.windows.len() == WINDOWS_MAX {
                self.windows.pop_front();
            }
            self.windows.push_back(now);
        }
        let mut sorted: Vec<_> = self.windows.iter().copied().collect();
        sorted.sort_unstable();
        let usual = sorted.get(sorted.len().saturating_sub(1) / 2).copied()?;
        (full && WINDOWS_MIN <= sorted.len() && USUAL_MIN <= usual).then_some(usual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: usize, rate: u64) -> InputRate {
        let mut input = InputRate::default();
        (0..seconds).for_each(|_| assert_eq!(input.second(rate), None));
        input
    }

    #[test]
    fn p13_a_feed_that_stops_is_silent_after_five_seconds() {
        let mut input = after(120, 100);
        let silent: Vec<_> = (0..6).map(|_| input.second(0).is_some()).collect();
        assert_eq!(silent, [false, false, false, false, true, true]);
        let silence = input.second(8).unwrap();
        assert_eq!(silence, Silence { rate_hz: 1.6, usual_hz: 100.0 });
        assert_eq!(input.second(100), None, "it is back");
    }

    #[test]
    fn a_sky_that_empties_or_never_filled_is_no_silence() {
        let mut input = after(300, 0);
        assert!((0..60).all(|_| input.second(0).is_none()) && input.is_quiet());
        let mut input = after(10, 100);
        assert!((0..60).all(|_| input.second(0).is_none()), "too short to be usual");
        let mut input = after(120, 100);
        assert!((0..500).all(|second| input.second(100 - second / 5).is_none()), "traffic fades");
    }

    #[test]
    fn after_ten_minutes_quiet_is_usual() {
        let mut input = after(120, 100);
        let lasted = (0..2_000).filter(|_| input.second(0).is_some()).count();
        assert!((590..=605).contains(&lasted), "{lasted}");
    }
}
