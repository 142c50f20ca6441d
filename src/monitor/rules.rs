//! Settings turned into what the detectors ask: one table of volumes for each pair of parties.

use super::settings::{Level, Party, Settings};

/// How far ahead assessments look when they are asked for, seconds.
pub(super) const ASSESSMENT_HORIZON_S: f64 = 180.0;

/// The parties an aircraft can be, in the order of their index.
const PARTIES: [Party; 3] = [Party::Drone, Party::Manned, Party::Sensed];

/// The volumes of one pair of parties and how far they reach.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PairRule {
    /// From the least to the most severe.
    pub levels: Vec<Level>,
    /// The longest look-ahead, seconds.
    pub look_ahead_s: f64,
    /// How far ahead a pair must be found, seconds: look-ahead and modified tau.
    pub horizon_s: f64,
    /// The largest radius, with the factor for clearing, metres.
    pub radius_m: f64,
    /// The largest half-height, with the factor for clearing, metres.
    pub half_height_m: f64,
    /// The largest modified tau, seconds.
    pub tau_s: f64,
    /// The largest time to co-altitude, seconds.
    pub tcoa_s: f64,
}

/// All rules, ready to be asked.
#[derive(Debug)]
pub(super) struct Rules {
    /// As set.
    pub settings: Settings,
    pairs: [[Option<PairRule>; 3]; 3],
}

/// A party's place in tables.
pub(super) const fn party_index(party: Party) -> usize {
    match party {
        Party::Drone | Party::Any => 0,
        Party::Manned => 1,
        Party::Sensed => 2,
    }
}

impl Rules {
    /// Compiles the settings.
    pub(super) fn new(settings: Settings) -> Self {
        let pairs = PARTIES.map(|a| PARTIES.map(|b| pair_rule(&settings, a, b)));
        Self { settings, pairs }
    }

    /// The rule for two parties; `None` if no table fits them.
    pub(super) fn pair(&self, a: Party, b: Party) -> Option<&PairRule> {
        self.pairs.get(party_index(a))?.get(party_index(b))?.as_ref()
    }

    /// How far ahead the stored box of a party must reach, seconds. Drones are many: theirs reaches only as
    /// far as they need among themselves, and the few others ask further.
    pub(super) fn stored_horizon_s(&self, party: Party) -> f64 {
        let own = self.pair(party, party).map_or(0.0, |rule| rule.horizon_s);
        if party == Party::Drone && own > 0.0 {
            return own;
        }
        PARTIES
            .iter()
            .filter_map(|&other| self.pair(party, other))
            .fold(own, |most, rule| most.max(rule.horizon_s))
    }

    /// How far ahead zones matter, seconds.
    pub(super) fn zone_horizon_s(&self) -> f64 {
        if self.settings.assessments { ASSESSMENT_HORIZON_S } else { self.settings.zone_look_ahead_s }
    }
}

fn pair_rule(settings: &Settings, a: Party, b: Party) -> Option<PairRule> {
    let fits = |set: Party, is: Party| set == Party::Any || set == is;
    let table = settings.separation.iter().find(|table| {
        let [x, y] = table.between;
        (fits(x, a) && fits(y, b)) || (fits(x, b) && fits(y, a))
    })?;
    let most = |of: fn(&Level) -> f64| table.levels.iter().map(of).fold(0.0, f64::max);
    let factor = settings.lifecycle.clear_factor;
    let look_ahead_s = most(|level| level.look_ahead_s);
    let wanted_s = if settings.assessments { ASSESSMENT_HORIZON_S } else { look_ahead_s };
    Some(PairRule {
        levels: table.levels.clone(),
        look_ahead_s,
        horizon_s: wanted_s + most(|level| level.tau_s.max(level.tcoa_s)),
        radius_m: most(|level| level.radius_m) * factor,
        half_height_m: most(|level| level.half_height_m) * factor,
        tau_s: most(|level| level.tau_s),
        tcoa_s: most(|level| level.tcoa_s),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_table_that_fits_in_either_order_is_used() {
        let rules = Rules::new(Settings::default());
        let radius = |a, b| rules.pair(a, b).map(|rule| rule.levels[0].radius_m);
        assert_eq!(radius(Party::Drone, Party::Drone), Some(50.0));
        assert_eq!(radius(Party::Manned, Party::Drone), Some(609.6));
        assert_eq!(radius(Party::Drone, Party::Sensed), Some(100.0));
        assert_eq!(radius(Party::Sensed, Party::Manned), Some(609.6));
        assert_eq!(radius(Party::Manned, Party::Manned), None);
    }
}
