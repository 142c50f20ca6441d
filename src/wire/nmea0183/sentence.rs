//! What each sentence says, in units of the domain.
//!
//! The grammar of RMC, GST and ZDA is the `nmea` crate's. GGA and VTG are read here, because the crate drops a
//! GGA of unknown quality and a speed in km/h; so are times and positions, because it accepts impossible
//! positions and refuses leap seconds.

use nmea::sentences::rmc::RmcStatusOfFix;
use nmea::sentences::{FaaMode, parse_gst, parse_rmc, parse_zda};
use nmea::{NmeaSentence, SentenceType};

use crate::domain::{FixType, LatLng, Reason, Refusal, round_to};

use super::clock::Day;
use super::fields::{Fields, decimal};
use super::frame::Framed;

/// Metres a second of a knot: 1852 m an hour.
const KNOT_MPS: f64 = 1852.0 / 3600.0;
/// Fastest speed that is believed, m/s: the range of GB 46750.
const SPEED_MPS_MAX: f64 = 6553.4;
/// Worst accuracy that is told, m.
const ACCURACY_M_MAX: f64 = 20_000.0;
/// A 95 % circle of a round two-dimensional normal distribution, in standard deviations.
const SIGMAS_2D: f64 = 2.45;
/// A 95 % interval of a normal distribution, in standard deviations.
const SIGMAS_1D: f64 = 1.96;

/// Whether the receiver has a position, and of what kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Solution {
    /// It has none.
    Missing,
    /// It has one and does not say, or says something unknown, of the kind.
    Unknown,
    /// It has one of this kind.
    Of(FixType),
}

/// Position, height and quality.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gga {
    pub(super) solution: Solution,
    pub(super) position: Option<LatLng>,
    pub(super) amsl_m: Option<f64>,
    pub(super) separation_m: Option<f64>,
}

/// Speed over ground and direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Vtg {
    pub(super) speed_mps: Option<f64>,
    pub(super) track_deg: Option<f64>,
}

/// Position, movement and date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rmc {
    pub(super) solution: Solution,
    pub(super) position: Option<LatLng>,
    pub(super) movement: Vtg,
    pub(super) day: Option<Day>,
}

/// Accuracy, 95 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gst {
    pub(super) horizontal_m: Option<f64>,
    pub(super) vertical_m: Option<f64>,
}

/// A sentence's content.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Content {
    Gga(Gga),
    Gst(Gst),
    Rmc(Rmc),
    Vtg(Vtg),
    Zda(Option<Day>),
}

/// One sentence that matters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sentence {
    /// Time of day, µs; VTG has none.
    pub(super) time_us: Option<i64>,
    pub(super) content: Content,
}

/// Reads a sentence; `None` for a kind that is of no use here.
pub(super) fn read(framed: &Framed<'_>) -> Result<Option<Sentence>, Refusal> {
    let fields = Fields::of(framed);
    let content = match framed.kind {
        "GGA" => Content::Gga(gga(&fields)?),
        "GST" => Content::Gst(gst(framed)?),
        "RMC" => Content::Rmc(rmc(framed, &fields)?),
        "VTG" => return Ok(Some(Sentence { time_us: None, content: Content::Vtg(vtg(&fields)?) })),
        "ZDA" => Content::Zda(zda(framed)?),
        _ => return Ok(None),
    };
    Ok(Some(Sentence { time_us: fields.time_of_day_us(1)?, content }))
}

fn gga(fields: &Fields<'_>) -> Result<Gga, Refusal> {
    let missing = Gga { solution: Solution::Missing, position: None, amsl_m: None, separation_m: None };
    let solution = match fields.text(6) {
        "0" => return Ok(missing),
        "" if fields.position(2)?.is_none() => return Ok(missing),
        // A precise (military) service is still a receiver on its own.
        "1" | "3" => Solution::Of(FixType::Single),
        "2" => Solution::Of(FixType::Dgnss),
        "4" => Solution::Of(FixType::RtkFixed),
        "5" => Solution::Of(FixType::RtkFloat),
        "6" => Solution::Of(FixType::Dr),
        // Entered by hand, or simulated: nothing that flies.
        "7" | "8" => Solution::Of(FixType::Sim),
        "" | "9" => Solution::Unknown,
        _ => return Err(fields.refusal(Reason::InvalidValue, 6, "a quality from 0 to 8")),
    };
    let position = fields.position(2)?;
    if position.is_none() {
        return Err(fields.refusal(Reason::MissingField, 2, "a position"));
    }
    for unit in [10, 12] {
        if !matches!(fields.text(unit), "" | "M") {
            return Err(fields.refusal(Reason::InvalidValue, unit, "M for metres"));
        }
    }
    Ok(Gga {
        solution,
        position,
        amsl_m: fields.number(9, -1000.0, 31_767.5)?,
        // The geoid is from 107 m below to 86 m above the ellipsoid.
        separation_m: fields.number(11, -120.0, 120.0)?,
    })
}

fn vtg(fields: &Fields<'_>) -> Result<Vtg, Refusal> {
    let track_deg = fields.number(1, 0.0, 360.0)?;
    let knots = fields.number(5, 0.0, SPEED_MPS_MAX / KNOT_MPS)?;
    let km_h = fields.number(7, 0.0, SPEED_MPS_MAX * 3.6)?;
    let speed_mps = knots.map(|knots| knots * KNOT_MPS).or(km_h.map(|km_h| km_h / 3.6));
    Ok(Vtg { speed_mps, track_deg: track_deg.map(below_360) })
}

fn rmc(framed: &Framed<'_>, fields: &Fields<'_>) -> Result<Rmc, Refusal> {
    let position = fields.position(3)?;
    let parsed =
        parse_rmc(handed_over(framed, SentenceType::RMC)?).map_err(|error| malformed(framed, &error))?;
    let solution = match (parsed.status_of_fix, parsed.faa_mode) {
        (RmcStatusOfFix::Invalid, _) | (_, Some(FaaMode::DataNotValid)) => Solution::Missing,
        (_, Some(FaaMode::FixedRtk)) => Solution::Of(FixType::RtkFixed),
        (_, Some(FaaMode::FloatRtk)) => Solution::Of(FixType::RtkFloat),
        (_, Some(FaaMode::Estimated)) => Solution::Of(FixType::Dr),
        (_, Some(FaaMode::Manual | FaaMode::Simulator)) => Solution::Of(FixType::Sim),
        (_, Some(FaaMode::Unsafe)) => Solution::Unknown,
        (_, Some(FaaMode::Differential)) | (RmcStatusOfFix::Differential, _) => Solution::Of(FixType::Dgnss),
        (
            RmcStatusOfFix::Autonomous,
            Some(FaaMode::Autonomous | FaaMode::Caution | FaaMode::Precise) | None,
        ) => Solution::Of(FixType::Single),
    };
    if solution == Solution::Missing {
        // Without a position the date may be the receiver's factory date.
        let movement = Vtg { speed_mps: None, track_deg: None };
        return Ok(Rmc { solution, position: None, movement, day: None });
    }
    if position.is_none() {
        return Err(fields.refusal(Reason::MissingField, 3, "a position"));
    }
    let movement = Vtg {
        speed_mps: fields.number(7, 0.0, SPEED_MPS_MAX / KNOT_MPS)?.map(|knots| knots * KNOT_MPS),
        track_deg: fields.number(8, 0.0, 360.0)?.map(below_360),
    };
    let day = parsed.fix_date.map(|date| Day::from(date.to_epoch_days()));
    Ok(Rmc { solution, position, movement, day })
}

fn gst(framed: &Framed<'_>) -> Result<Gst, Refusal> {
    let parsed =
        parse_gst(handed_over(framed, SentenceType::GST)?).map_err(|error| malformed(framed, &error))?;
    // The larger axis alone gives a circle that holds at least 95 %, however the ellipse lies.
    let horizontal = [parsed.ellipse_semi_major_sd, parsed.lat_sd, parsed.long_sd];
    let largest = horizontal.into_iter().filter_map(sigma).reduce(f64::max);
    let told = |metres: f64| round_to(metres.min(ACCURACY_M_MAX), 4);
    Ok(Gst {
        horizontal_m: largest.map(|sigma_m| told(sigma_m * SIGMAS_2D)),
        vertical_m: sigma(parsed.alt_sd).map(|sigma_m| told(sigma_m * SIGMAS_1D)),
    })
}

/// A standard deviation; zero is what receivers send that have none.
fn sigma(value: Option<f32>) -> Option<f64> {
    value.map(f64::from).filter(|sigma_m| sigma_m.is_finite() && 0.0 < *sigma_m)
}

fn zda(framed: &Framed<'_>) -> Result<Option<Day>, Refusal> {
    let parsed =
        parse_zda(handed_over(framed, SentenceType::ZDA)?).map_err(|error| malformed(framed, &error))?;
    Ok(parsed.utc_date().map(|date| Day::from(date.to_epoch_days())))
}

/// The sentence for the crate, without its time, which is read here. The crate's numbers may have exponents
/// and be infinite; such a field is damage.
fn handed_over<'a>(framed: &Framed<'a>, message_id: SentenceType) -> Result<NmeaSentence<'a>, Refusal> {
    let is_number = |field: &str| field.as_bytes().first().is_some_and(|b| b.is_ascii_digit() || *b == b'-');
    if !framed.data.split(',').all(|field| !is_number(field) || decimal(field).is_some()) {
        let detail = "a field begins as a number and does not end as one";
        return Err(Refusal::of_field(Reason::Malformed, framed.kind, detail));
    }
    let time_len = framed.data.find(',').unwrap_or_default();
    let data = framed.data.get(time_len..).unwrap_or_default();
    Ok(NmeaSentence { talker_id: framed.talker, message_id, data, checksum: framed.checksum })
}

fn malformed(framed: &Framed<'_>, error: &nmea::Error<'_>) -> Refusal {
    let told: String = error.to_string().chars().take(120).collect();
    Refusal::of_field(Reason::Malformed, framed.kind, format!("the fields do not fit: {told}"))
}

/// Some receivers say 360 for north.
fn below_360(degrees: f64) -> f64 {
    if degrees < 360.0 { degrees } else { 0.0 }
}
