//! Words of publishers for what the standards call otherwise: units, references, days, events. Their meaning is clear, and
//! each is told.

use crate::airspace::schedule::Days;
use crate::domain::VerticalReference;
use crate::geodesy::SunEvent;

/// Metres of units of length; the words in the form of [`bare`].
const UNITS: [(&str, f64); 20] = [
    ("M", 1.0),
    ("METRE", 1.0),
    ("METER", 1.0),
    ("METRES", 1.0),
    ("METERS", 1.0),
    ("MTR", 1.0),
    ("MT", 1.0),
    ("米", 1.0),
    ("KM", 1000.0),
    ("KILOMETRE", 1000.0),
    ("KILOMETER", 1000.0),
    ("KILOMETRES", 1000.0),
    ("KILOMETERS", 1000.0),
    ("公里", 1000.0),
    ("FT", 0.3048),
    ("FOOT", 0.3048),
    ("FEET", 0.3048),
    ("英尺", 0.3048),
    ("NM", 1852.0),
    ("NMI", 1852.0),
];

/// Other words for vertical references, and the word of ED-318.
pub(super) const REFERENCES: [(&str, VerticalReference, &str); 16] = [
    ("MSL", VerticalReference::Amsl, "AMSL"),
    ("ABOVEMEANSEALEVEL", VerticalReference::Amsl, "AMSL"),
    ("HAE", VerticalReference::Wgs84, "WGS84"),
    ("W84", VerticalReference::Wgs84, "WGS84"),
    ("WGS84", VerticalReference::Wgs84, "WGS84"),
    ("ELLIPSOID", VerticalReference::Wgs84, "WGS84"),
    ("SFC", VerticalReference::Agl, "AGL"),
    ("GND", VerticalReference::Agl, "AGL"),
    ("GROUND", VerticalReference::Agl, "AGL"),
    ("SURFACE", VerticalReference::Agl, "AGL"),
    ("ABOVEGROUNDLEVEL", VerticalReference::Agl, "AGL"),
    ("真高", VerticalReference::Agl, "AGL"),
    ("海拔", VerticalReference::Amsl, "AMSL"),
    ("ATO", VerticalReference::Takeoff, "TAKEOFF"),
    ("1985", VerticalReference::Cn1985, "CN1985"),
    ("1985国家高程基准", VerticalReference::Cn1985, "CN1985"),
];

/// Other words for daylight events, and those of ED-318.
pub(super) const EVENTS: [(&str, SunEvent, &str); 6] = [
    ("SUNRISE", SunEvent::Sunrise, "SR"),
    ("SUNSET", SunEvent::Sunset, "SS"),
    ("日出", SunEvent::Sunrise, "SR"),
    ("日落", SunEvent::Sunset, "SS"),
    ("DAWN", SunEvent::MorningTwilight, "BMCT"),
    ("DUSK", SunEvent::EveningTwilight, "EECT"),
];

/// What weekdays are called by those who do not write `MON`: from Monday on.
const DAYS: [[&str; 6]; 7] = [
    ["MO", "MONDAY", "MONDAYS", "周一", "星期一", "礼拜一"],
    ["TU", "TUESDAY", "TUESDAYS", "周二", "星期二", "礼拜二"],
    ["WE", "WEDNESDAY", "WEDNESDAYS", "周三", "星期三", "礼拜三"],
    ["TH", "THURSDAY", "THURSDAYS", "周四", "星期四", "礼拜四"],
    ["FR", "FRIDAY", "FRIDAYS", "周五", "星期五", "礼拜五"],
    ["SA", "SATURDAY", "SATURDAYS", "周六", "星期六", "礼拜六"],
    ["SU", "SUNDAY", "SUNDAYS", "周日", "星期日", "周天"],
];
/// Words for all days.
const EVERY_DAY: [&str; 6] = ["ALL", "EVERYDAY", "EVERY", "DAILY", "每天", "每日"];
/// The words of the standard, from Monday on.
const SHORT: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

/// Letters and digits in upper case: what a word is without blanks, `_`, `-`, `.` and `'`.
pub(super) fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// Metres of a unit of length.
pub(super) fn unit_m(text: &str) -> Option<f64> {
    let bare = bare(text);
    UNITS.iter().find(|(word, _)| *word == bare).map(|(_, metres)| *metres)
}

/// Metres of a number with its unit, such as `120 m`.
pub(super) fn length_m(text: &str) -> Option<f64> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')))?;
    let (number, unit) = text.split_at_checked(end)?;
    Some(number.parse::<f64>().ok()? * unit_m(unit)?).filter(|metres| metres.is_finite())
}

/// Days by other words than those of the standard, and how the standard writes them.
pub(super) fn days(text: &str) -> Option<(Days, String)> {
    let list: Vec<&str> = text.split([',', ';', '/', '、', ' ']).filter(|part| !part.is_empty()).collect();
    let mut found: Option<Days> = None;
    let mut words = Vec::new();
    for part in list {
        let (days, word) = span(part)?;
        found = Some(found.map_or(days, |found| found.and(days)));
        words.push(word);
    }
    Some((found?, words.join(", ")))
}

/// One day, or from one to another, such as `MON-FRI`.
fn span(text: &str) -> Option<(Days, String)> {
    if EVERY_DAY.contains(&bare(text).as_str()) {
        return Some((Days::ANY, "ANY".to_owned()));
    }
    let ends = text.split_once(['-', '–', '~', '至']);
    let Some((first, last)) = ends else {
        let day = day(text)?;
        return Some((Days::one(day), short_word(day)));
    };
    let (first, last) = (day(first)?, day(last)?);
    let (mut days, mut next) = (Days::one(first), first);
    while next != last {
        next = (next + 1) % 7;
        days = days.and(Days::one(next));
    }
    Some((days, format!("{} to {}", short_word(first), short_word(last))))
}

/// A weekday from 0 for Monday.
fn day(text: &str) -> Option<u32> {
    let bare = bare(text);
    let is = |(short, others): &(&str, &[&str; 6])| *short == bare || others.contains(&bare.as_str());
    let at = SHORT.into_iter().zip(&DAYS).position(|pair| is(&pair))?;
    u32::try_from(at).ok()
}

fn short_word(day: u32) -> String {
    let place = usize::try_from(day).unwrap_or(usize::MAX);
    SHORT.get(place).copied().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_with_their_units() {
        let close = |text: &str, metres: f64| (length_m(text).unwrap() - metres).abs() < 1e-9;
        assert!(
            close("120 m", 120.0)
                && close("400ft", 121.92)
                && close("0.5 km", 500.0)
                && close("2 NM", 3704.0)
        );
        assert!(close("120米", 120.0) && close("-5 m", -5.0));
        for none in ["120", "m", "", "120 furlongs", "1,5 km", "FL 120", "1e999 m", "- m"] {
            assert_eq!(length_m(none), None, "{none}");
        }
    }

    #[test]
    fn days_in_other_words() {
        let week = |from: u32, to: u32| (from..=to).map(Days::one).reduce(Days::and).unwrap();
        for (text, wanted) in [
            ("Monday", Days::one(0)),
            ("MON-FRI", week(0, 4)),
            ("SAT–MON", Days::one(5).and(Days::one(6)).and(Days::one(0))),
            ("MON, TUE", week(0, 1)),
            ("周六、周日", week(5, 6)),
            ("周一至周五", week(0, 4)),
            ("每天", Days::ANY),
            ("daily", Days::ANY),
        ] {
            assert_eq!(days(text).map(|(days, _)| days), Some(wanted), "{text}");
        }
        for none in ["", "1", "LUN", "MON-", "HOL", "MON-HOL"] {
            assert_eq!(days(none).map(|(_, word)| word), None, "{none}");
        }
    }
}
