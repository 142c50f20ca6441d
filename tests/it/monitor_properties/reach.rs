//! Nobody is found later than the look-ahead because a report was old, rare, or came twice in an instant.

use lowsky::domain::{AlertCode, AlertEvent, AlertEventKind, DataQuality, LatLng, Observation, Timestamp};
use lowsky::monitor::Settings;

use super::sky::{Flight, Gives, name};
use super::{alerts, at, play};

fn straight(east_mps: f64, meets_at: f64, period: f64) -> Flight {
    Flight {
        class: 9,
        from: [-east_mps * meets_at, 0.0],
        up: 60.0,
        gives: Gives::Ellipsoidal,
        moves: [[east_mps, 0.0, 0.0]; 2],
        turns_at: 1e9,
        tells_velocity: true,
        period,
        phase: 0.0,
        delay: 0.0,
        silent: [1e9, 1e9],
    }
}

fn reports(flights: &[Flight], seconds: f64) -> Vec<(Timestamp, Observation)> {
    super::sky::recorded(LatLng::new(22.5, 113.5).unwrap(), flights, seconds)
}

/// Seconds to the volume when the conflict was told.
fn foreseen(settings: Settings, flights: &[Flight], meets_at: f64) -> f64 {
    let effects = play(settings, &reports(flights, meets_at), at(meets_at));
    let raised: Vec<_> = alerts(&effects)
        .filter(|event| event.alert.code == AlertCode::Separation && event.event == AlertEventKind::Raised)
        .collect();
    assert_eq!(raised.len(), 1, "{raised:#?}");
    raised[0].alert.measured.get("t_in_s").unwrap()
}

/// Of an aircraft whose clock is behind and one that hovers, each must see as far as the other, or every second
/// look would take back the one before.
#[test]
fn a_late_source_is_no_reason_to_be_late() {
    let (mut slow, fresh) = (straight(30.0, 60.0, 1.0), straight(0.0, 0.0, 1.0));
    slow.delay = 8.5;
    slow.phase = 0.3;
    let seen = foreseen(Settings::default(), &[slow, fresh], 60.0);
    assert!(28.0 <= seen, "told {seen} s before");
}

/// Between two reports of somebody who reports rarely, others must still find it.
#[test]
fn a_rare_source_is_found_by_others() {
    let mut settings = Settings::default();
    settings.lifecycle.raise_m_of_n = [1, 1];
    for step in 0..20_u32 {
        let meets_at = 150.0 + f64::from(step);
        let flights = [straight(30.0, meets_at, 9.9), straight(0.0, 0.0, 1.0)];
        let seen = foreseen(settings.clone(), &flights, meets_at);
        assert!(28.9 <= seen, "told {seen} s before, meeting at {meets_at}");
    }
}

/// The two reports of one instant are one look, in whatever order they come.
#[test]
fn two_reports_of_one_instant_are_one_look() {
    let both = [straight(15.0, 0.0, 1.0), straight(0.0, 0.0, 1.0)];
    let mut reports = reports(&both, 12.0);
    let first = |seen: &Observation| seen.uas_id.as_str() == name(0);
    for (arrival, seen) in &mut reports {
        // Both hover, 420 m apart, but that one flies at the other for one report.
        let flies = first(seen) && *arrival == at(3.0);
        seen.motion.ground_speed_mps = Some(if flies { 15.0 } else { 0.0 });
        seen.motion.track_deg = Some(90.0);
        seen.position = LatLng::new(22.5, if first(seen) { 113.5 } else { 113.5041 }).unwrap();
    }
    let separated = |reports: &[(Timestamp, Observation)]| {
        let effects = play(Settings::default(), reports, at(12.0));
        alerts(&effects).filter(|event| event.alert.code == AlertCode::Separation).count()
    };
    assert_eq!(separated(&reports), 0);
    // A second such instant makes two looks.
    for (_, seen) in reports.iter_mut().filter(|(arrival, seen)| first(seen) && *arrival == at(4.0)) {
        seen.motion.ground_speed_mps = Some(15.0);
    }
    assert!(separated(&reports) > 0);
}

/// Who falls silent may be off its line: it is given a metre more each second, beginning with the third.
#[test]
fn who_is_silent_is_given_more_room() {
    let (near, mut silent) = (straight(0.0, 0.0, 1.0), straight(0.0, 0.0, 1.0));
    silent.from = [56.0, 0.0];
    let raised = |flights: &[Flight]| {
        let effects = play(Settings::default(), &reports(flights, 40.0), at(40.0));
        let separated = |event: &&AlertEvent| {
            event.alert.code == AlertCode::Separation && event.event == AlertEventKind::Raised
        };
        alerts(&effects).filter(separated).cloned().collect::<Vec<_>>()
    };
    assert_eq!(raised(&[near.clone(), silent.clone()]), [], "56 m apart, where 50 are asked for");
    silent.silent = [10.5, 60.0];
    let told = raised(&[near, silent]);
    let [told] = told.as_slice() else { panic!("{told:#?}") };
    let seconds = told.alert.raised_at.seconds_since(at(10.0));
    assert!((9.0..=11.0).contains(&seconds), "{seconds}: three that are fresh, and six");
    assert_eq!(told.alert.data, DataQuality::Coasted);
}
