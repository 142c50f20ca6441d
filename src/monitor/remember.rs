//! Positions of an earlier run: where everybody was when the service went down.
//!
//! What is remembered raises no alert of itself. It is there for others: who reports is judged against it, as against
//! any aircraft that is silent. Its own silence goes on counting, without the time in which nobody listened.

use crate::domain::{AlertCode, Observation, Timestamp};

use super::contract::{Effect, TrackFreshness};
use super::finding::{About, Finding};
use super::tracks::{FORGET_S, Taken, Track, Tracks};
use super::{Monitor, picture};

/// The newest of an aircraft that was heard before.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// When its newest report arrived, and what it said.
    pub newest: (Timestamp, Observation),
    /// The report before.
    pub before: Option<(Timestamp, Observation)>,
    /// Time between its reports, seconds, if known.
    pub period_s: Option<f64>,
    /// How long nobody listened, seconds.
    pub deaf_s: f64,
}

impl Monitor {
    /// Takes over an aircraft of an earlier run. To be called after [`Self::restore`] and before any report. Who was
    /// heard more than a minute ago stays forgotten.
    pub fn remember(&mut self, at: Timestamp, heard: Heard, effects: &mut Vec<Effect>) {
        self.advance(at, effects);
        let Heard { newest, before, period_s, deaf_s } = heard;
        // A clock that was set back: nobody was heard in the future.
        let heard_at = newest.0.min(self.now);
        if FORGET_S <= self.now.seconds_since(heard_at) {
            return;
        }
        let terrain = &self.rules.settings.terrain;
        if let Some((received_at, observation)) = before {
            self.tracks.take(observation, received_at.min(heard_at), terrain);
        }
        let Taken::Newest(ix) = self.tracks.take(newest.1, heard_at, terrain) else { return };
        if let Some(track) = self.tracks.get_mut(ix) {
            track.remembered = true;
            track.deaf_s = deaf_s.clamp(0.0, self.now.seconds_since(heard_at));
            track.period_s = period_s.unwrap_or(track.period_s).clamp(0.05, FORGET_S);
            effects.push(Effect::TrackChanged(picture(track, TrackFreshness::Coasted)));
        }
        self.adopt_silence(ix);
        let age_s = self.now.seconds_since(heard_at);
        self.place(ix, age_s);
        self.agenda.schedule(ix, self.now);
    }
}

/// Whether a finding about a remembered aircraft may count: its silence, and what concerns one that has reported since.
pub(super) fn counts(finding: &Finding, tracks: &Tracks) -> bool {
    let reports = |track: &Track| !track.remembered;
    match finding.about {
        About::Other(other) => tracks.get(other).is_some_and(reports),
        About::Itself | About::Zone(_) => finding.code == AlertCode::LostLink,
    }
}
