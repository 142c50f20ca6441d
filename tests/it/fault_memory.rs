//! Identities without end: capped, named, and no more memory than promised.

use lowsky::domain::{LatLng, Observation, Reason, UasId};
use lowsky::monitor::{Effect, Event, Monitor, Settings};
use lowsky::service::clock;

use crate::machine::Process;

/// Distinct identities that report once each.
const IDENTITIES: u32 = 1_000_000;
/// What the README says of the limit.
const AIRCRAFT_MAX: usize = 200_000;
/// Promised at most: so much at rest, and so much for each aircraft.
const REST_MIB: f64 = 150.0;
const AIRCRAFT_KIB: f64 = 4.0;

#[test]
fn p12_a_million_identities_are_capped_and_named() {
    let mut monitor = Monitor::new(Settings::default());
    let now = clock::now();
    let (mut effects, mut refused, mut others) = (Vec::new(), 0, 0);
    for number in 0..IDENTITIES {
        let id = UasId::new(&format!("M{number:07}")).unwrap();
        let (row, column) = (f64::from(number / 1_000), f64::from(number % 1_000));
        let position = LatLng::new(20.0 + row * 0.004, 110.0 + column * 0.004).unwrap();
        monitor.handle(now, Event::Observed(Observation::new(id, now, position)), &mut effects);
        for effect in effects.drain(..) {
            match effect {
                Effect::Refused(_, refusal) if refusal.reason == Reason::TrackLimit => refused += 1,
                Effect::Refused(..) | Effect::Alert(_) => others += 1,
                Effect::TrackChanged(_)
                | Effect::TrackGone(_)
                | Effect::Assessed(_)
                | Effect::AckRefused(_) => {}
            }
        }
    }
    assert_eq!(monitor.aircraft(), AIRCRAFT_MAX);
    assert_eq!((refused, others), (usize::try_from(IDENTITIES).unwrap() - AIRCRAFT_MAX, 0));
    // Where tests share a process, others count too; alone, this one does.
    if let Some(rss_mib) = (Process { name: "self", pid: std::process::id() }).rss_mib() {
        let most_mib = REST_MIB + f64::from(u32::try_from(AIRCRAFT_MAX).unwrap()) * AIRCRAFT_KIB / 1_024.0;
        println!("{rss_mib:.0} MiB with {AIRCRAFT_MAX} aircraft; at most {most_mib:.0}");
        assert!(rss_mib < most_mib, "{rss_mib:.0} MiB");
    }
}
