//! Daily hours as documents write them.

use super::*;
use crate::domain::Timestamp;

/// [`GOOD`] with daily hours.
fn daily(hours: &str) -> String {
    with("\"reason\"", &format!("\"limitedApplicability\": [{{\"schedule\": [{hours}]}}], \"reason\""))
}

fn switches(text: &str, from: &str, count: usize) -> Vec<String> {
    let zone = zone(text);
    let next = |at: &Timestamp| zone.next_switch_after(*at);
    let from = Timestamp::parse(from).unwrap();
    std::iter::successors(next(&from), next)
        .take(count)
        .map(|at| at.to_string().replace(".000Z", "Z"))
        .collect()
}

/// A week around Friday, 2026-11-20.
#[test]
fn by_the_clock() {
    for (hours, wanted) in [
        // Past midnight, by the offset in the times.
        (
            r#"{"day": ["FRI"], "startTime": "22:00:00+08:00", "endTime": "06:00:00+08:00"}"#,
            ["2026-11-20T14:00:00Z", "2026-11-20T22:00:00Z", "2026-11-27T14:00:00Z"],
        ),
        // A day is one of the clock in which the hours begin: Friday in New York, Saturday in Greenwich.
        (
            r#"{"day": ["FRI"], "startTime": "23:00-05:00", "endTime": "23:30-05:00"}"#,
            ["2026-11-21T04:00:00Z", "2026-11-21T04:30:00Z", "2026-11-28T04:00:00Z"],
        ),
        // Two offsets in one line.
        (
            r#"{"day": ["ANY"], "startTime": "08:00+08:00", "endTime": "02:00Z"}"#,
            ["2026-11-20T02:00:00Z", "2026-11-21T00:00:00Z", "2026-11-21T02:00:00Z"],
        ),
        // Whole days, by the clock of China; a weekend is one stretch.
        (
            r#"{"day": ["SAT", "SUN"]}"#,
            ["2026-11-20T16:00:00Z", "2026-11-22T16:00:00Z", "2026-11-27T16:00:00Z"],
        ),
        // Hours that overlap, and that meet.
        (
            r#"{"day": ["FRI"], "startTime": "10:00Z", "endTime": "12:00Z"}, {"day": ["FRI"], "startTime": "11:00Z", "endTime": "13:00Z"}, {"day": ["FRI"], "startTime": "13:00Z", "endTime": "14:00Z"}"#,
            ["2026-11-20T10:00:00Z", "2026-11-20T14:00:00Z", "2026-11-27T10:00:00Z"],
        ),
        // To midnight, and from midnight.
        (
            r#"{"day": ["FRI"], "startTime": "20:00+08:00"}"#,
            ["2026-11-20T12:00:00Z", "2026-11-20T16:00:00Z", "2026-11-27T12:00:00Z"],
        ),
        (
            r#"{"day": ["SAT"], "endTime": "24:00+08:00"}"#,
            ["2026-11-20T16:00:00Z", "2026-11-21T16:00:00Z", "2026-11-27T16:00:00Z"],
        ),
        // Equal times are a whole day.
        (
            r#"{"day": ["SAT"], "startTime": "06:00Z", "endTime": "06:00Z"}"#,
            ["2026-11-21T06:00:00Z", "2026-11-22T06:00:00Z", "2026-11-28T06:00:00Z"],
        ),
    ] {
        assert_eq!(switches(&daily(hours), "2026-11-20T00:00:00Z", 3), wanted, "{hours}");
    }
}

#[test]
fn the_clock_of_the_document_and_of_the_place() {
    let hours = r#"{"day": ["FRI"], "startTime": "10:00", "endTime": "11:00"}"#;
    let first = |text: &str| switches(text, "2026-11-19T00:00:00Z", 1).remove(0);
    let text = daily(hours);
    assert_eq!(first(&text), "2026-11-20T02:00:00Z");
    assert_eq!(first(&text.replacen('{', "{\"tz\": \"+05:30\", ", 1)), "2026-11-20T04:30:00Z");
    assert_eq!(first(&text.replacen('{', "{\"metadata\": {\"tz\": \"UTC\"}, ", 1)), "2026-11-20T10:00:00Z");
    assert_eq!(
        first(&text.replace("\"reason\"", "\"extendedProperties\": {\"tz\": \"UTC\"}, \"reason\"")),
        "2026-11-20T10:00:00Z"
    );
    assert_eq!(first(&text.replace("{\"day\"", "{\"tz\": \"Z\", \"day\"")), "2026-11-20T10:00:00Z");
    // Elsewhere, by its longitude: 8.5° east are one hour.
    let zurich = text.replace("114.", "8.").replace("22.", "47.").replace("\"CHN\"", "\"CHE\"");
    assert_eq!(first(&zurich), "2026-11-20T09:00:00Z");
    let told: Vec<_> = load_one(&text).problems.iter().map(|p| p.message.clone()).collect();
    assert_eq!(told, ["`10:00` has no offset; read as +08:00", "`11:00` has no offset; read as +08:00"]);
    assert_error(&text.replacen('{', "{\"tz\": ¶\"Europe/Zurich\", ", 1), "$.tz", "offset");
}

#[test]
fn by_the_sun() {
    let hours = |text: &str| switches(&daily(text), "2026-11-22T00:00:00+08:00", 2);
    let near = |got: &[String], wanted: [&str; 2]| {
        for (got, wanted) in got.iter().zip(wanted) {
            let off_s = Timestamp::parse(got).unwrap().seconds_since(Timestamp::parse(wanted).unwrap());
            // The table is for 22.5362 N 114.0505 E, the zone's middle is 22.55 N 114.05 E.
            assert!(off_s.abs() < 15.0, "{got} {wanted}");
        }
    };
    near(
        &hours(r#"{"day": ["ANY"], "startEvent": "SR", "endEvent": "SS"}"#),
        ["2026-11-21T22:40:47Z", "2026-11-22T09:38:41Z"],
    );
    near(
        &hours(r#"{"day": ["SUN"], "startEvent": "BMCT", "endEvent": "EECT"}"#),
        ["2026-11-21T22:16:54Z", "2026-11-22T10:02:34Z"],
    );
    near(
        &hours(r#"{"day": ["ANY"], "startEvent": "EECT", "endTime": "23:00+08:00"}"#),
        ["2026-11-22T10:02:34Z", "2026-11-22T15:00:00Z"],
    );
    // Both a time and an event: by either.
    near(
        &hours(r#"{"day": ["ANY"], "startTime": "05:00+08:00", "startEvent": "SR", "endEvent": "SS"}"#),
        ["2026-11-21T21:00:00Z", "2026-11-22T09:38:41Z"],
    );
}

#[test]
fn days_that_cannot_be_told_count_as_every_day() {
    for (hours, path, says) in [
        (r#"{"day": [¶"HOL"]}"#, "day[0]", "holidays"),
        (r#"{"day": ["SAT", ¶"Sunday"]}"#, "day[1]", "read as `SUN`"),
        (r#"{"day": ¶[]}"#, "day", "every day"),
        (r#"¶{"startTime": "10:00Z"}"#, "", "every day"),
        (r#"{"day": ["SAT"], "startTime": ¶"10:00:00:00Z", "endTime": "11:00Z"}"#, "startTime", "too many"),
    ] {
        let text = daily(hours);
        let path = if path.is_empty() { String::new() } else { format!(".{path}") };
        let path = format!("$.features[0].properties.limitedApplicability[0].schedule[0]{path}");
        let (unmarked, line, column) = marked(&text);
        let loaded = load_one(&unmarked);
        let found = loaded.problems.iter().find(|problem| problem.message.contains(says));
        let found = found.unwrap_or_else(|| panic!("{hours} {:?}", loaded.problems));
        assert_eq!((found.path.as_str(), found.line, found.column), (path.as_str(), line, column));
        assert_eq!(found.severity, ProblemSeverity::Warning);
    }
    assert!(
        zone(&daily(r#"{"day": ["HOL"]}"#)).applies_at(Timestamp::parse("2026-11-18T00:00:00Z").unwrap())
    );
    assert_eq!(zone(&daily(r#"{"day": ["ANY"]}"#)).next_switch_after(Timestamp::from_millis(0)), None);
}
