//! The sentences of one epoch, and the observation that they make together.

use crate::domain::{
    Accuracy, FixType, GeoidModel, Heights, LatLng, Motion, Observation, Reason, Refusal, Source as Origin,
    Timestamp, round_to,
};
use crate::geodesy::egm96_undulation_m;
use crate::wire::{Decoded, Doors, doors};

use super::clock::Day;
use super::memory::Identity;
use super::sentence::{Content, Gga, Gst, Rmc, Solution, Vtg};

/// How far a receiver's geoid separation may be from EGM96 without suspicion, metres.
const SEPARATION_DEVIATION_M_MAX: f64 = 3.0;

/// What one epoch's sentences said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Epoch {
    /// Time of day, µs.
    pub(super) time_us: i64,
    /// When its first sentence arrived.
    pub(super) received_at: Timestamp,
    gga: Option<Gga>,
    rmc: Option<Rmc>,
    gst: Option<Gst>,
    vtg: Option<Vtg>,
    zda: Option<Day>,
}

impl Epoch {
    pub(super) fn new(time_us: i64, received_at: Timestamp) -> Self {
        Self { time_us, received_at, gga: None, rmc: None, gst: None, vtg: None, zda: None }
    }

    /// Adds a sentence. Of two with the same kind and different talkers the first stays, except that a
    /// position replaces none.
    pub(super) fn add(&mut self, content: Content) {
        match content {
            Content::Gga(gga) => {
                let kept = self.gga.filter(|kept| kept.solution != Solution::Missing);
                self.gga = kept.or(Some(gga));
            }
            Content::Rmc(rmc) => {
                let kept = self.rmc.filter(|kept| kept.solution != Solution::Missing);
                self.rmc = kept.or(Some(rmc));
            }
            Content::Gst(gst) => self.gst = self.gst.or(Some(gst)),
            Content::Vtg(vtg) => self.vtg = self.vtg.or(Some(vtg)),
            Content::Zda(day) => self.zda = self.zda.or(day),
        }
    }

    /// The date, if a sentence of the epoch tells it. ZDA has four digits of the year, RMC two.
    pub(super) fn day(&self) -> Option<Day> {
        self.zda.or(self.rmc.and_then(|rmc| rmc.day))
    }

    /// Whether a sentence of the epoch speaks about the position.
    pub(super) fn is_of_position(&self) -> bool {
        self.gga.is_some() || self.rmc.is_some()
    }

    /// Tells the epoch at its full `timestamp`: an observation, or why there is none.
    pub(super) fn tell(&self, timestamp: Timestamp, who: &Identity, doors: &Doors, out: &mut Decoded) {
        let Some((position, solution, name)) = self.solution() else { return };
        if solution == Solution::Missing {
            let field = if name == "GGA" { "GGA.6" } else { "RMC.2" };
            let detail = "the receiver says that it has no position";
            return out.refusals.push(Refusal::of_field(Reason::NoFix, field, detail));
        }
        let Some(position) = position else { return };
        let place_field = if name == "GGA" { "GGA.2" } else { "RMC.3" };
        let first = out.refusals.len();
        out.refusals.extend(doors::time(timestamp, self.received_at, &format!("{name}.1")));
        out.refusals.extend(doors::place(position, doors, place_field));
        if first < out.refusals.len() {
            let refusals = out.refusals.get(first..).unwrap_or_default();
            out.ahead_s = doors::ahead_s(timestamp, self.received_at, refusals).or(out.ahead_s);
            return;
        }
        let fix_type = if let Solution::Of(fix_type) = solution { Some(fix_type) } else { None };
        let observation = Observation {
            operator: Some(who.operator.clone()),
            source: Origin::Nmea,
            heights: self.heights(position, out),
            motion: self.motion(),
            accuracy: self.accuracy(fix_type),
            fix_type,
            ..Observation::new(who.uas_id.clone(), timestamp, position)
        };
        out.observations.push(observation);
    }

    /// Position and solution, and the sentence that gave them. GGA is preferred, as RMC has fewer decimals and
    /// no heights; a receiver that denies its position in either has none.
    fn solution(&self) -> Option<(Option<LatLng>, Solution, &'static str)> {
        let gga = self.gga.map(|gga| (gga.position, gga.solution, "GGA"));
        let rmc = self.rmc.map(|rmc| (rmc.position, rmc.solution, "RMC"));
        let denied = [gga, rmc].into_iter().flatten().find(|(_, solution, _)| *solution == Solution::Missing);
        denied.or(gga).or(rmc)
    }

    fn heights(&self, position: LatLng, out: &mut Decoded) -> Heights {
        let amsl_m = self.gga.and_then(|gga| gga.amsl_m);
        let separation_m = self.gga.and_then(|gga| gga.separation_m);
        // The sum stays right when the receiver made its altitude with a wrong separation.
        let hae_m = amsl_m.zip(separation_m).map(|(amsl_m, separation_m)| round_to(amsl_m + separation_m, 6));
        let suspect = separation_m.is_some_and(|separation_m| is_suspect(position, separation_m));
        if suspect {
            let detail = "the geoid separation is over 3 m from EGM96: only the ellipsoidal height is used";
            out.flags.push(Refusal::of_field(Reason::InvalidValue, "GGA.11", detail));
        }
        Heights {
            hae_m,
            amsl_m: amsl_m.filter(|_| !suspect).map(|metres| (metres, GeoidModel::Egm96)),
            ..Heights::default()
        }
    }

    /// RMC and VTG say the same; what one leaves out the other may have.
    fn motion(&self) -> Motion {
        let said = [self.rmc.map(|rmc| rmc.movement), self.vtg];
        Motion {
            ground_speed_mps: said.iter().flatten().find_map(|vtg| vtg.speed_mps),
            track_deg: said.iter().flatten().find_map(|vtg| vtg.track_deg),
            vertical_speed_mps: None,
        }
    }

    /// As measured by GST, else what receivers of this kind of solution reach, 95 %.
    fn accuracy(&self, fix_type: Option<FixType>) -> Accuracy {
        let usual = match fix_type {
            Some(FixType::RtkFixed) => Some((0.05, 0.1)),
            Some(FixType::RtkFloat) => Some((1.0, 2.0)),
            Some(FixType::Dgnss) => Some((2.0, 4.0)),
            Some(FixType::Single) => Some((5.0, 10.0)),
            Some(FixType::Ppp | FixType::None | FixType::Dr | FixType::Sim) | None => None,
        };
        Accuracy {
            horizontal_m: self
                .gst
                .and_then(|gst| gst.horizontal_m)
                .or(usual.map(|(horizontal_m, _)| horizontal_m)),
            vertical_m: self.gst.and_then(|gst| gst.vertical_m).or(usual.map(|(_, vertical_m)| vertical_m)),
            speed_mps: None,
        }
    }
}

/// Whether a receiver's geoid separation cannot be right here.
fn is_suspect(position: LatLng, separation_m: f64) -> bool {
    SEPARATION_DEVIATION_M_MAX < (separation_m - egm96_undulation_m(position)).abs()
}
