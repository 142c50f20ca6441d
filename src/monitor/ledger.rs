//! The book of alerts: one open alert for each code, aircraft and other aircraft or zone.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use crate::airspace::Airspace;
use crate::domain::{Alert, AlertCode, AlertEvent, AlertEventKind, Timestamp, ZoneId};

use super::contract::Effect;
use super::episode::{Episode, Policy};
use super::explain;
use super::finding::{About, Finding};
use super::orphans::WAIT_S;
use super::report;
use super::settings::Lifecycle;
use super::tracks::{TrackIx, Tracks};

/// An entry's slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EntryIx(u32);

/// Whom or what an entry is about; a zone is kept by name, as airspaces come and go.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    Itself,
    Pair(TrackIx),
    Zone(ZoneId),
}

#[derive(Debug)]
struct Entry {
    code: AlertCode,
    /// The aircraft; of a pair, the one whose finding came first.
    own: TrackIx,
    key: Key,
    episode: Episode,
    /// The alert as last told, while one is open.
    alert: Option<Box<Alert>>,
    /// In which settling it was last looked at.
    round: u64,
    /// Of an alert of an earlier run that has not been found again: how long at most it waits for a report
    /// that takes part in live checks.
    unproven: Option<Timestamp>,
}

/// The moment and the surroundings in which findings are settled.
pub(super) struct Session<'a> {
    pub now: Timestamp,
    /// The instant that was judged.
    pub look_at: Timestamp,
    pub lifecycle: &'a Lifecycle,
    pub airspace: &'a Airspace,
}

/// All entries.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    open: BTreeMap<Arc<str>, EntryIx>,
    /// Alerts raised for aircraft, and for the service's own test flights: those number no others.
    raised: [u64; 2],
    round: u64,
}

impl Ledger {
    /// How many alerts are open.
    pub(super) fn open_len(&self) -> usize {
        self.open.len()
    }

    fn get_mut(&mut self, ix: EntryIx) -> Option<&mut Entry> {
        self.entries.get_mut(usize::try_from(ix.0).ok()?)?.as_mut()
    }

    /// Reads something of each cache line of an entry.
    pub(super) fn fetch(&self, ix: EntryIx) {
        let entry = usize::try_from(ix.0).ok().and_then(|at| self.entries.get(at)?.as_ref());
        if let Some(entry) = entry {
            black_box((entry.code, entry.round, entry.own, entry.episode, entry.unproven));
        }
    }

    fn insert(&mut self, entry: Entry) -> Option<EntryIx> {
        if let Some(ix) = self.free.pop() {
            *self.entries.get_mut(usize::try_from(ix).ok()?)? = Some(entry);
            return Some(EntryIx(ix));
        }
        let ix = EntryIx(u32::try_from(self.entries.len()).ok()?);
        self.entries.push(Some(entry));
        Some(ix)
    }

    /// Settles everything found about one aircraft in one assessment: what was found is looked at, and what
    /// stands in the book but was not found fades. Returns when it must be looked at again.
    pub(super) fn settle(
        &mut self,
        session: &Session<'_>,
        own: TrackIx,
        findings: &[Finding],
        tracks: &mut Tracks,
        effects: &mut Vec<Effect>,
    ) -> Option<Timestamp> {
        self.round += 1;
        for finding in findings {
            let Some(ix) = self.entry_for(session, own, finding, tracks) else { continue };
            self.look(session, own, ix, Some(finding), tracks, effects);
        }
        let mut due = None;
        // Entries may leave the list while it is walked; from the end this skips none.
        let mut at = tracks.get(own).map_or(0, |track| track.entries.len());
        while let Some(step) = at.checked_sub(1) {
            at = step;
            let Some(&ix) = tracks.get(own).and_then(|track| track.entries.get(at)) else { continue };
            let round = self.round;
            if self.get_mut(ix).is_some_and(|entry| entry.round != round) {
                self.look(session, own, ix, None, tracks, effects);
            }
            if let Some(entry_due) = self.get_mut(ix).and_then(|entry| entry.due(session.now)) {
                due = Some(due.map_or(entry_due, |due: Timestamp| due.min(entry_due)));
            }
        }
        due
    }

    /// The entry that a finding is about; made where there is none and the finding could raise an alert.
    fn entry_for(
        &mut self,
        session: &Session<'_>,
        own: TrackIx,
        finding: &Finding,
        tracks: &mut Tracks,
    ) -> Option<EntryIx> {
        let zone_id = match finding.about {
            About::Zone(ix) => Some(&session.airspace.zone(ix)?.id),
            About::Itself | About::Other(_) => None,
        };
        let is_about = |entry: &Entry| {
            entry.code == finding.code
                && match (&entry.key, finding.about) {
                    (Key::Itself, About::Itself) => true,
                    (Key::Pair(second), About::Other(other)) => {
                        (entry.own == own && *second == other) || (entry.own == other && *second == own)
                    }
                    (Key::Zone(id), About::Zone(_)) => Some(id) == zone_id,
                    (
                        Key::Itself | Key::Pair(_) | Key::Zone(_),
                        About::Itself | About::Other(_) | About::Zone(_),
                    ) => false,
                }
        };
        let known = tracks.get(own)?.entries.iter().copied().find(|ix| {
            usize::try_from(ix.0).ok().and_then(|at| self.entries.get(at)?.as_ref()).is_some_and(is_about)
        });
        if known.is_some() || finding.severity.is_none() {
            return known;
        }
        let (key, other) = match finding.about {
            About::Itself => (Key::Itself, None),
            About::Other(other) => (Key::Pair(other), Some(other)),
            About::Zone(_) => (Key::Zone(zone_id?.clone()), None),
        };
        let policy = Policy::of(finding.code, session.lifecycle);
        let entry = Entry {
            code: finding.code,
            own,
            key,
            episode: Episode::new(policy),
            alert: None,
            round: 0,
            unproven: None,
        };
        self.enter(entry, other, tracks)
    }

    /// Puts an entry into the book and onto the lists of its aircraft.
    fn enter(&mut self, entry: Entry, other: Option<TrackIx>, tracks: &mut Tracks) -> Option<EntryIx> {
        let own = entry.own;
        let ix = self.insert(entry)?;
        tracks.get_mut(own)?.entries.push(ix);
        if let Some(other) = other.and_then(|other| tracks.get_mut(other)) {
            other.entries.push(ix);
        }
        Some(ix)
    }

    /// Takes an open alert of an earlier run over for an aircraft that has been seen again; `other` is the
    /// second aircraft of a pair. The next settling says whether its condition still holds.
    pub(super) fn adopt(
        &mut self,
        now: Timestamp,
        lifecycle: &Lifecycle,
        alert: Alert,
        [own, other]: [Option<TrackIx>; 2],
        tracks: &mut Tracks,
    ) {
        let Some(own) = own else { return };
        let key = match (other, &alert.zone) {
            (Some(other), _) => Key::Pair(other),
            (None, Some(zone)) => Key::Zone(zone.id.clone()),
            (None, None) => Key::Itself,
        };
        let id = Arc::clone(&alert.alert_id);
        let entry = Entry {
            code: alert.code,
            own,
            key,
            episode: Episode::of_alert(Policy::of(alert.code, lifecycle), &alert, now),
            alert: Some(Box::new(alert)),
            round: 0,
            unproven: Some(now.plus_seconds(WAIT_S)),
        };
        if let Some(ix) = self.enter(entry, other, tracks) {
            self.open.insert(id, ix);
        }
    }

    fn look(
        &mut self,
        session: &Session<'_>,
        own: TrackIx,
        ix: EntryIx,
        finding: Option<&Finding>,
        tracks: &mut Tracks,
        effects: &mut Vec<Effect>,
    ) {
        let canary = tracks.get(own).is_some_and(|track| track.canary);
        let [real, probes] = self.raised;
        let (round, raised) = (self.round, if canary { ("p", probes) } else { ("", real) });
        let Some(entry) = self.get_mut(ix) else { return };
        entry.round = round;
        let holds = finding.is_some_and(|finding| finding.severity.is_some());
        if holds {
            entry.unproven = None;
        }
        let look_at = match entry.key {
            Key::Pair(second) => {
                let other = if second == own { entry.own } else { second };
                tracks.get(other).map_or(session.look_at, |track| track.state.at.max(session.look_at))
            }
            Key::Itself | Key::Zone(_) => session.look_at,
        };
        let event = if !holds && entry.must_wait(session.now, tracks) {
            entry.episode.wait(session.now)
        } else {
            entry.episode.look(session.now, look_at, finding, session.lifecycle)
        };
        if let Some(event) = event
            && entry.tell(event, session, own, finding, raised, tracks, effects)
        {
            let id = entry.alert.as_ref().map(|alert| Arc::clone(&alert.alert_id));
            match (event, id) {
                (AlertEventKind::Raised, Some(id)) => {
                    let [real, probes] = &mut self.raised;
                    *(if canary { probes } else { real }) += 1;
                    self.open.insert(id, ix);
                }
                (AlertEventKind::Cleared, Some(id)) => {
                    self.open.remove(&id);
                    self.remove(ix, tracks);
                    return;
                }
                (_, _) => {}
            }
        }
        if self.get_mut(ix).is_some_and(|entry| entry.episode.is_over()) {
            self.remove(ix, tracks);
        }
    }

    fn remove(&mut self, ix: EntryIx, tracks: &mut Tracks) {
        let slot = usize::try_from(ix.0).ok().and_then(|at| self.entries.get_mut(at));
        let Some(entry) = slot.and_then(Option::take) else { return };
        self.free.push(ix.0);
        let second = if let Key::Pair(second) = entry.key { Some(second) } else { None };
        for track in [Some(entry.own), second].into_iter().flatten() {
            if let Some(track) = tracks.get_mut(track) {
                track.entries.retain(|&other| other != ix);
            }
        }
    }

    /// An open alert by its identity, and its life.
    pub(super) fn open_mut(&mut self, alert_id: &str) -> Option<(&mut Alert, &mut Episode)> {
        let ix = *self.open.get(alert_id)?;
        let entry = self.get_mut(ix)?;
        Some((entry.alert.as_deref_mut()?, &mut entry.episode))
    }

    /// Takes out all alerts, in order of their identities, and forgets everything but how many there were.
    pub(super) fn take_open(&mut self) -> Vec<Alert> {
        let open = std::mem::take(&mut self.open);
        let alerts = open.into_values().filter_map(|ix| Some(*self.get_mut(ix)?.alert.take()?)).collect();
        *self = Self { raised: self.raised, ..Self::default() };
        alerts
    }

    /// Ends everything about an aircraft that is being forgotten.
    pub(super) fn forget(
        &mut self,
        now: Timestamp,
        own: TrackIx,
        tracks: &mut Tracks,
        effects: &mut Vec<Effect>,
    ) {
        while let Some(ix) = tracks.get(own).and_then(|track| track.entries.last().copied()) {
            if let Some(mut alert) = self.get_mut(ix).and_then(|entry| entry.alert.take()) {
                self.open.remove(&alert.alert_id);
                report::close(&mut alert, now, explain::Ending::Forgotten);
                effects.push(Effect::Alert(Arc::new(AlertEvent {
                    event: AlertEventKind::Cleared,
                    alert: *alert,
                })));
            }
            self.remove(ix, tracks);
        }
    }
}

impl Entry {
    /// Whether nothing can be said about the end of an alert of an earlier run: no report of its aircraft is
    /// fresh enough yet.
    fn must_wait(&self, now: Timestamp, tracks: &Tracks) -> bool {
        let second = if let Key::Pair(second) = self.key { Some(second) } else { None };
        let live = |ix: TrackIx| tracks.get(ix).is_some_and(|track| track.live);
        self.unproven.is_some_and(|until| now < until) && !(live(self.own) && second.is_none_or(live))
    }

    /// When it must be looked at again even if no report comes.
    fn due(&self, now: Timestamp) -> Option<Timestamp> {
        let waits = self.unproven.filter(|until| now < *until);
        [self.episode.due(), waits].into_iter().flatten().min()
    }

    /// Brings the alert up to date and tells what happened; `false` if there was nothing to tell.
    #[expect(clippy::too_many_arguments, reason = "each is a different part of the surroundings")]
    fn tell(
        &mut self,
        event: AlertEventKind,
        session: &Session<'_>,
        own: TrackIx,
        finding: Option<&Finding>,
        raised: (&str, u64),
        tracks: &Tracks,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let other = match self.key {
            Key::Pair(second) if second == own => Some(self.own),
            Key::Pair(second) => Some(second),
            Key::Itself | Key::Zone(_) => None,
        };
        let parties = report::Parties::new(own, other, tracks);
        let Some(parties) = parties else { return false };
        let standing = self.episode.standing;
        match (event, finding, standing) {
            (AlertEventKind::Cleared, _, _) => {
                let Some(alert) = &mut self.alert else { return false };
                alert.observed_at = parties.observed_at().max(alert.observed_at);
                let ending =
                    if self.unproven.is_some() { explain::Ending::WhileDown } else { explain::Ending::Over };
                report::close(alert, session.now, ending);
            }
            (_, Some(finding), Some(standing)) => {
                let fresh =
                    report::compose(&parties, finding, standing, session, self.alert.as_deref(), raised);
                let told = self.alert.as_deref();
                if event == AlertEventKind::Updated
                    && told.is_some_and(|told| report::same_figures(told, &fresh))
                {
                    return false;
                }
                let alert = self.alert.insert(Box::new(fresh));
                if event == AlertEventKind::Escalated {
                    (alert.acknowledged, alert.shelved) = (None, None);
                }
            }
            (AlertEventKind::Updated, None, Some(standing)) => {
                let Some(alert) = &mut self.alert else { return false };
                alert.updated_at = session.now;
                alert.announced_again = standing.reminder.told();
            }
            (_, _, _) => return false,
        }
        let Some(alert) = &self.alert else { return false };
        effects.push(Effect::Alert(Arc::new(AlertEvent { event, alert: (**alert).clone() })));
        true
    }
}
