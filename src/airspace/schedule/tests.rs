//! Schedules against closed form and against looking at every minute.

use proptest::prelude::*;

use super::*;
use crate::domain::LatLng;
use crate::geodesy::SunEvent;

const HOUR_US: i64 = 3_600_000_000;

fn instant(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn span(start: Option<i64>, end: Option<i64>) -> Period {
    let at = |ms: Option<i64>| ms.map(Timestamp::from_millis);
    Period { start: at(start), end: at(end) }
}

fn spans(spans: &[(Option<i64>, Option<i64>)]) -> Schedule {
    Schedule::new(
        spans.iter().map(|(start, end)| Part { span: span(*start, *end), hours: Hours::All }).collect(),
    )
}

fn switches(schedule: &Schedule, from: Timestamp) -> impl Iterator<Item = Timestamp> {
    let next = |at: &Timestamp| schedule.next_switch_after(*at);
    std::iter::successors(next(&from), next)
}

#[test]
fn spans_join_where_they_meet() {
    let told = |schedule: &Schedule| -> Vec<i64> {
        switches(schedule, Timestamp::from_millis(0)).map(Timestamp::as_millis).collect()
    };
    assert_eq!(told(&spans(&[])), [0; 0]);
    assert_eq!(told(&spans(&[(Some(10), Some(20))])), [10, 20]);
    assert_eq!(told(&spans(&[(None, Some(20)), (Some(30), None)])), [20, 30]);
    assert_eq!(told(&spans(&[(Some(20), Some(30)), (Some(10), Some(20)), (Some(25), Some(40))])), [10, 40]);
    let one = spans(&[(Some(10), Some(20))]);
    assert!(one.holds_at(Timestamp::from_millis(10)) && !one.holds_at(Timestamp::from_millis(20)));
    assert!(spans(&[]).holds_at(Timestamp::from_millis(0)));
}

fn weekly(days: Days, offset_h: i64, start_h: i64, length_h: i64, span: Period) -> Schedule {
    let mut week = Week::default();
    week.add(days, offset_h * HOUR_US, start_h * HOUR_US, length_h * HOUR_US);
    Schedule::new(vec![Part { span, hours: Hours::Week(week) }])
}

#[test]
fn a_night_in_shenzhen() {
    // Fridays from 22:00 to 06:00 of the next morning, +08:00; 2026-11-20 is a Friday.
    let nights = weekly(Days::one(4), 8, 22, 8, Period::default());
    for (at, holds) in [
        ("2026-11-20T21:59:59.999+08:00", false),
        ("2026-11-20T22:00:00+08:00", true),
        ("2026-11-21T05:59:59.999+08:00", true),
        ("2026-11-21T06:00:00+08:00", false),
        ("2026-11-21T22:00:00+08:00", false),
    ] {
        assert_eq!(nights.holds_at(instant(at)), holds, "{at}");
    }
    let told: Vec<Timestamp> = switches(&nights, instant("2026-11-21T00:00:00+08:00")).take(3).collect();
    assert_eq!(told, ["2026-11-20T22:00:00Z", "2026-11-27T14:00:00Z", "2026-11-27T22:00:00Z"].map(instant));
}

#[test]
fn a_week_that_has_no_end_does_not_switch() {
    let always = weekly(Days::ANY, 8, 9, 24, Period::default());
    assert!(always.holds_at(instant("2026-11-20T21:59:59Z")));
    assert_eq!(always.next_switch_after(instant("2026-11-20T21:59:59Z")), None);
    let bounded = weekly(Days::ANY, 8, 9, 24, span(None, Some(1_800_000_000_000)));
    assert_eq!(
        bounded.next_switch_after(instant("2026-11-20T00:00:00Z")),
        Some(Timestamp::from_millis(1_800_000_000_000))
    );
}

fn daylight(place: LatLng, start: Bound, end: Bound, offset_h: i64) -> Schedule {
    let hours = SunHours { days: Days::ANY, place, offset_us: offset_h * HOUR_US, start, end };
    Schedule::new(vec![Part { span: Period::default(), hours: Hours::Sun(hours) }])
}

#[test]
fn night_and_day_part_the_time() {
    let (rise, set) = (Bound::Event(SunEvent::Sunrise), Bound::Event(SunEvent::Sunset));
    // Where the sun rises every day, and where for weeks it does not set or rise.
    for (lat, lng, offset_h) in [(22.54, 114.05, 8), (47.38, 8.54, 1), (69.65, 18.96, 1), (-16.5, -172.0, 13)]
    {
        let place = LatLng::new(lat, lng).unwrap();
        let (day, night) = (daylight(place, rise, set, offset_h), daylight(place, set, rise, offset_h));
        let mut at = instant("2026-01-01T00:00:00Z");
        while at < instant("2027-01-01T00:00:00Z") {
            assert_ne!(day.holds_at(at), night.holds_at(at), "{lat} {at}");
            at = at.plus_micros(37 * 60_000_000);
        }
    }
    // A year of Tromsø: once below the horizon, once above it, so one night and one day last for weeks.
    let day = daylight(LatLng::new(69.65, 18.96).unwrap(), rise, set, 1);
    let told: Vec<Timestamp> = switches(&day, instant("2026-01-01T00:00:00Z"))
        .take_while(|at| *at < instant("2027-01-01T00:00:00Z"))
        .collect();
    let longest_s = told.windows(2).map(|pair| pair[1].seconds_since(pair[0])).fold(0.0, f64::max);
    assert!(longest_s > 60.0 * 86_400.0, "{longest_s}");
    assert!(told.len() > 400, "{}", told.len());
}

#[test]
fn from_the_clock_to_the_sun_and_back() {
    let shenzhen = LatLng::new(22.5362, 114.0505).unwrap();
    let clock = |h: i64| Bound::Clock { time_us: h * HOUR_US, offset_us: 8 * HOUR_US };
    // By the ephemeris, on 2026-11-22: BMCT 06:16:54, SR 06:40:47, SS 17:38:41, EECT 18:02:34 of +08:00.
    for (start, end, on, off) in [
        (clock(5), Bound::Event(SunEvent::Sunrise), "2026-11-22T05:00:00+08:00", "2026-11-22T06:40:47+08:00"),
        (
            Bound::Event(SunEvent::EveningTwilight),
            clock(22),
            "2026-11-22T18:02:34+08:00",
            "2026-11-22T22:00:00+08:00",
        ),
        (
            clock(20),
            Bound::Event(SunEvent::MorningTwilight),
            "2026-11-21T20:00:00+08:00",
            "2026-11-22T06:16:54+08:00",
        ),
        (Bound::Event(SunEvent::Sunset), clock(5), "2026-11-22T17:38:41+08:00", "2026-11-23T05:00:00+08:00"),
    ] {
        let schedule = daylight(shenzhen, start, end, 8);
        let before = instant(on).plus_seconds(-60.0);
        let told: Vec<Timestamp> = switches(&schedule, before).take(2).collect();
        assert!(told[0].seconds_since(instant(on)).abs() < 10.0, "{told:?} {on}");
        assert!(told[1].seconds_since(instant(off)).abs() < 10.0, "{told:?} {off}");
        assert!(!schedule.holds_at(before) && schedule.holds_at(told[0]) && !schedule.holds_at(told[1]));
    }
}

proptest! {
    /// Hours of a week by closed form: the day and the time of the clock at every quarter of an hour.
    #[test]
    fn weekly_hours_by_closed_form(
        days in 0_u8..128, offset_q in -48_i64..=56, start_q in 0_i64..96, length_q in 1_i64..=96, week in -3000_i64..3000,
    ) {
        let quarter = HOUR_US / 4;
        let listed = |day: i64| (days >> day.rem_euclid(7)) & 1 == 1;
        let all = (0..7).filter(|day| listed(i64::from(*day))).fold(Days::NONE, |all, day| all.and(Days::one(day)));
        let mut hours = Week::default();
        hours.add(all, offset_q * quarter, start_q * quarter, length_q * quarter);
        let schedule = Schedule::new(vec![Part { span: Period::default(), hours: Hours::Week(hours) }]);
        let mut before = None;
        let mut due = None;
        for q in 0..7 * 96 {
            // Quarters since Monday 00:00 of the clock.
            let local = week * 7 * 96 + q;
            let at = Timestamp::from_micros((local - offset_q) * quarter + 4 * DAY_US);
            let since_start = |day: i64| local - day * 96 - start_q;
            let today = local.div_euclid(96);
            let wanted = (today - 2..=today).any(|day| listed(day) && (0..length_q).contains(&since_start(day)));
            prop_assert_eq!(schedule.holds_at(at), wanted);
            if before.is_some_and(|before| before != wanted) {
                prop_assert_eq!(due, Some(at));
            }
            if before.is_none_or(|before| before != wanted) {
                due = schedule.next_switch_after(at);
                prop_assert!(due.is_none_or(|due| at < due));
            }
            before = Some(wanted);
        }
    }
}
