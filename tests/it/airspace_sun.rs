//! Hours that follow the sun, and offsets of clocks, against tables made by programs of others.

use lowsky::airspace::{Document, Zone, load};
use lowsky::domain::Timestamp;

/// Place, latitude, longitude, and local days with the start of morning civil twilight, sunrise, sunset, and the end of
/// evening civil twilight: by astral 3.2 (Python), at sea level.
const SUN: [(&str, f64, f64, &str, [&str; 4]); 8] = [
    (
        "2026-03-20+08:00",
        22.5362,
        114.0505,
        "CHN",
        ["2026-03-19T22:05:37Z", "2026-03-19T22:28:25Z", "2026-03-20T10:34:33Z", "2026-03-20T10:57:22Z"],
    ),
    (
        "2026-06-21+08:00",
        22.5362,
        114.0505,
        "CHN",
        ["2026-06-20T21:14:36Z", "2026-06-20T21:40:14Z", "2026-06-21T11:10:51Z", "2026-06-21T11:36:29Z"],
    ),
    (
        "2026-09-23+08:00",
        22.5362,
        114.0505,
        "CHN",
        ["2026-09-22T21:50:05Z", "2026-09-22T22:12:55Z", "2026-09-23T10:19:21Z", "2026-09-23T10:42:08Z"],
    ),
    (
        "2026-12-21+08:00",
        22.5362,
        114.0505,
        "CHN",
        ["2026-12-20T22:34:17Z", "2026-12-20T22:59:16Z", "2026-12-21T09:44:09Z", "2026-12-21T10:09:07Z"],
    ),
    (
        "2026-03-20+01:00",
        47.3769,
        8.5417,
        "CHE",
        ["2026-03-20T04:58:12Z", "2026-03-20T05:29:20Z", "2026-03-20T17:38:04Z", "2026-03-20T18:09:17Z"],
    ),
    (
        "2026-06-21+01:00",
        47.3769,
        8.5417,
        "CHE",
        ["2026-06-21T02:48:09Z", "2026-06-21T03:29:21Z", "2026-06-21T19:25:56Z", "2026-06-21T20:07:08Z"],
    ),
    (
        "2026-09-23+01:00",
        47.3769,
        8.5417,
        "CHE",
        ["2026-09-23T04:42:48Z", "2026-09-23T05:14:00Z", "2026-09-23T17:21:35Z", "2026-09-23T17:52:42Z"],
    ),
    (
        "2026-12-21+01:00",
        47.3769,
        8.5417,
        "CHE",
        ["2026-12-21T06:33:55Z", "2026-12-21T07:10:29Z", "2026-12-21T15:37:17Z", "2026-12-21T16:13:51Z"],
    ),
];
/// What two programs for the sun may differ by, seconds.
const SLACK_S: f64 = 60.0;

fn zone(lat: f64, lng: f64, country: &str, schedule: &str) -> Zone {
    let text = format!(
        "{{\"type\": \"FeatureCollection\", \"features\": [{{\"type\": \"Feature\", \"properties\": {{\"identifier\": \"S\", \
         \"country\": \"{country}\", \"type\": \"PROHIBITED\", \"variant\": \"COMMON\", \"zoneAuthority\": [{{\"purpose\": \
         \"INFORMATION\"}}], \"limitedApplicability\": [{{\"schedule\": [{schedule}]}}]}}, \"geometry\": {{\"type\": \"Point\", \
         \"coordinates\": [{lng}, {lat}], \"extent\": {{\"subType\": \"Circle\", \"radius\": 500}}}}}}]}}"
    );
    let loaded = load(&[Document { name: "s", text: text.as_bytes() }]);
    loaded.airspace.unwrap_or_else(|| panic!("{:?}", loaded.problems)).into_zones().remove(0)
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[test]
fn sunrise_sunset_and_twilight_agree_with_astral() {
    for (day, lat, lng, country, [dawn, rise, set, dusk]) in SUN {
        for (begins, ends, from, to) in [("SR", "SS", rise, set), ("BMCT", "EECT", dawn, dusk)] {
            let schedule =
                format!("{{\"day\": [\"ANY\"], \"startEvent\": \"{begins}\", \"endEvent\": \"{ends}\"}}");
            let zone = zone(lat, lng, country, &schedule);
            for (switch, is_on) in [(from, true), (to, false)] {
                let (before, after) = (at(switch).plus_seconds(-SLACK_S), at(switch).plus_seconds(SLACK_S));
                assert_eq!(zone.applies_at(before), !is_on, "{day} {lat} {begins}: {switch}");
                assert_eq!(zone.applies_at(after), is_on, "{day} {lat} {begins}: {switch}");
                let told = zone.next_switch_after(before).unwrap();
                assert!(told.seconds_since(at(switch)).abs() <= SLACK_S, "{day} {begins}: {told} {switch}");
            }
        }
    }
}

/// Local hours with their offset against UTC, by `zoneinfo` of Python 3.11: Shenzhen has +08:00 all the year, Zurich
/// +01:00 in winter and +02:00 in summer, which a document writes into its times.
#[test]
fn hours_in_their_own_offset_are_half_open() {
    for (lat, lng, country, start, end, on, off) in [
        (
            22.5,
            114.0,
            "CHN",
            "22:00:00+08:00",
            "06:00:00+08:00",
            "2026-11-21T14:00:00Z",
            "2026-11-21T22:00:00Z",
        ),
        (
            47.4,
            8.5,
            "CHE",
            "22:00:00+01:00",
            "06:00:00+01:00",
            "2026-01-10T21:00:00Z",
            "2026-01-11T05:00:00Z",
        ),
        (
            47.4,
            8.5,
            "CHE",
            "22:00:00+02:00",
            "06:00:00+02:00",
            "2026-07-10T20:00:00Z",
            "2026-07-11T04:00:00Z",
        ),
        (
            22.5,
            114.0,
            "CHN",
            "08:30:00+05:30",
            "09:00:00+05:30",
            "2026-07-10T03:00:00Z",
            "2026-07-10T03:30:00Z",
        ),
        (22.5, 114.0, "CHN", "08:30:00Z", "09:00:00Z", "2026-07-10T08:30:00Z", "2026-07-10T09:00:00Z"),
    ] {
        let zone = zone(
            lat,
            lng,
            country,
            &format!("{{\"day\": [\"ANY\"], \"startTime\": \"{start}\", \"endTime\": \"{end}\"}}"),
        );
        for (switch, is_on) in [(on, true), (off, false)] {
            assert_eq!(zone.applies_at(at(switch)), is_on, "{start} {switch}");
            assert_eq!(zone.applies_at(at(switch).plus_seconds(-1e-3)), !is_on, "{start} {switch}");
        }
    }
}
