//! An alert composed from a finding: parties in their order, figures, the rule and the sentence.

use std::sync::Arc;

use crate::domain::{
    Alert, AlertCode, AlertPosition, AlertState, Measures, OtherParty, Timestamp, ZoneRef, round_to,
};

use super::episode::Standing;
use super::explain::{self, Ending};
use super::finding::{About, Finding};
use super::ledger::Session;
use super::settings::Party;
use super::tracks::{Track, TrackIx, Tracks};

/// The aircraft of an alert; of a pair, the smaller id first.
pub(super) struct Parties<'a> {
    pub first: &'a Track,
    pub second: Option<&'a Track>,
}

impl<'a> Parties<'a> {
    /// Looks the aircraft up and puts them in order.
    pub(super) fn new(own: TrackIx, other: Option<TrackIx>, tracks: &'a Tracks) -> Option<Self> {
        let own = tracks.get(own)?;
        let Some(other) = other else { return Some(Self { first: own, second: None }) };
        let other = tracks.get(other)?;
        Some(if own.id <= other.id {
            Self { first: own, second: Some(other) }
        } else {
            Self { first: other, second: Some(own) }
        })
    }

    /// Source time of the newest report of any of them.
    pub(super) fn observed_at(&self) -> Timestamp {
        self.second.map_or(self.first.state.at, |second| second.state.at.max(self.first.state.at))
    }
}

/// The alert as it stands now. `known` is the alert as last told; a new one gets its identity from the instant
/// and the series and number of alerts `raised` before.
pub(super) fn compose(
    parties: &Parties<'_>,
    finding: &Finding,
    standing: Standing,
    session: &Session<'_>,
    known: Option<&Alert>,
    raised: (&str, u64),
) -> Alert {
    let Parties { first, second } = parties;
    let zone = match finding.about {
        About::Zone(ix) => session.airspace.zone(ix),
        About::Itself | About::Other(_) => None,
    };
    let new_id = || identity(session.now, raised);
    let mut alert = Alert {
        alert_id: known.map_or_else(new_id, |known| Arc::clone(&known.alert_id)),
        code: finding.code,
        phase: standing.phase,
        severity: standing.severity,
        state: AlertState::Open,
        acknowledged: known.and_then(|known| known.acknowledged.clone()),
        shelved: known
            .and_then(|known| known.shelved.clone())
            .filter(|shelving| session.now < shelving.until),
        uas_id: first.id.clone(),
        operator: first.operator.clone(),
        other: second
            .map(|second| OtherParty { uas_id: second.id.clone(), operator: second.operator.clone() }),
        zone: zone.map(|zone| ZoneRef {
            id: zone.id.clone(),
            version: Arc::clone(&zone.version),
            name: Arc::clone(&zone.name),
        }),
        raised_at: known.map_or(session.now, |known| known.raised_at),
        updated_at: session.now,
        cleared_at: None,
        observed_at: parties.observed_at(),
        position: Some(AlertPosition {
            lat: round_to(first.state.position.lat_deg(), 7),
            lng: round_to(first.state.position.lng_deg(), 7),
            alt_hae: first.state.hae_m.map(|hae_m| round_to(hae_m, 2)),
        }),
        measured: finding.measured.to_measures(),
        limit: finding.limit.to_measures(),
        data: finding.data,
        announced_again: standing.reminder.told(),
        rule: rule(parties, finding),
        explanation: explain::nothing(),
    };
    alert.explanation = explain::sentence(&alert, finding.clause, zone.map(|zone| zone.name_en.as_ref()));
    alert
}

/// The identity of an alert that is raised now, the so-manieth of its series.
pub(super) fn identity(now: Timestamp, (series, raised): (&str, u64)) -> Arc<str> {
    Arc::from(format!("{:011x}-{series}{raised:06x}", now.as_millis().max(0)))
}

/// Ends an alert.
pub(super) fn close(alert: &mut Alert, now: Timestamp, ending: Ending) {
    alert.state = AlertState::Cleared;
    alert.updated_at = now;
    alert.cleared_at = Some(now);
    alert.explanation = explain::ended(alert, ending);
}

/// Seconds after which an alert is told again though no figure of it changed: the aircraft has moved.
const REPEAT_S: f64 = 10.0;

/// Whether two tellings of an alert differ in no figure that a person acts on.
pub(super) fn same_figures(told: &Alert, fresh: &Alert) -> bool {
    let rounded = |measures: &Measures| -> Vec<_> {
        measures.0.iter().map(|(name, value)| (name.clone(), round_to(*value, 1).to_bits())).collect()
    };
    rounded(&told.measured) == rounded(&fresh.measured)
        && told.data == fresh.data
        && told.zone == fresh.zone
        && told.announced_again == fresh.announced_again
        && fresh.updated_at.seconds_since(told.updated_at) < REPEAT_S
}

/// The rule of a finding about one aircraft.
pub(super) fn rule_of_one(finding: &Finding) -> Arc<str> {
    Arc::from(format!("{}/{}{}", finding.code.name(), finding.clause, finding.notes))
}

fn rule(parties: &Parties<'_>, finding: &Finding) -> Arc<str> {
    let code = finding.code.name();
    let clause = finding.clause;
    match parties.second {
        Some(second) => {
            Arc::from(format!("{code}/{}-{}/{clause}", name(parties.first.party), name(second.party)))
        }
        None => match parties.first.astray.as_ref().filter(|_| finding.code == AlertCode::Conformance) {
            Some(astray) => Arc::from(format!("{code}/{clause}/{}", astray.flight_id)),
            None => rule_of_one(finding),
        },
    }
}

const fn name(party: Party) -> &'static str {
    match party {
        Party::Drone => "DRONE",
        Party::Manned => "MANNED",
        Party::Sensed => "SENSED",
        Party::Any => "ANY",
    }
}
