//! When somebody sets the machine's clock, no alert opens and none closes.

use lowsky::domain::{AlertEventKind, ServiceTrouble, Timestamp};
use lowsky::monitor::{Effect, Event, Monitor, Settings, TroubleDetail};
use lowsky::service::clock_keeper::{ClockKeeper, Keeping};
use proptest::prelude::*;

use super::lifecycle::open;
use super::sky::{recorded, sky};
use super::{alerts, at, bytes};

/// The service's own time, kept beside a system clock that is set now and then.
struct Clocks {
    keeper: ClockKeeper,
    /// Own time minus true time, seconds.
    own_s: f64,
    followed: usize,
}

impl Clocks {
    fn new(own_s: f64) -> Self {
        Self { keeper: ClockKeeper::default(), own_s, followed: 0 }
    }

    fn own(&self, t: f64) -> Timestamp {
        at(t + self.own_s)
    }

    /// One second's look; the system's clock is so far off.
    fn keep(&mut self, t: f64, system_s: f64) -> Keeping {
        let keeping = self.keeper.keep(self.own(t), at(t + system_s));
        if let Keeping::Slew(micros) | Keeping::Follow(micros) = keeping {
            self.own_s = self.own(t).plus_micros(micros).seconds_since(at(t));
            self.followed += usize::from(matches!(keeping, Keeping::Follow(_)));
        }
        keeping
    }
}

/// Runs with a system clock that is `off_s` wrong from `from` until `to`; aircraft's clocks are right.
fn run(
    reports: &[(Timestamp, lowsky::domain::Observation)],
    [from, to]: [f64; 2],
    off_s: f64,
) -> (Clocks, Vec<Effect>) {
    let mut clocks = Clocks::new(0.0);
    let mut monitor = Monitor::new(Settings::default());
    let mut effects = Vec::new();
    let mut reports = reports.iter().peekable();
    for second in 0..200_i32 {
        let t = f64::from(second);
        while let Some((arrival, seen)) = reports.next_if(|(arrival, _)| *arrival <= at(t)) {
            let received_at = clocks.own(arrival.seconds_since(at(0.0)));
            clocks.keeper.witness(received_at, seen.timestamp);
            monitor.handle(received_at, Event::Observed(seen.clone()), &mut effects);
        }
        clocks.keep(t, if (from..to).contains(&t) { off_s } else { 0.0 });
        monitor.handle(clocks.own(t), Event::Tick, &mut effects);
    }
    (clocks, effects)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn p05_a_step_of_our_clock_opens_and_closes_nothing(
        (origin, flights) in sky(7),
        from in 0.0..60.0_f64,
        lasts in 1.0..60.0_f64,
        off_s in prop_oneof![Just(3600.0), Just(-3600.0), -4000.0..4000.0_f64],
    ) {
        let reports = recorded(origin, &flights, 90.0);
        // Somebody reports all the time; with nobody there nothing could be told anyway.
        let steady = flights.iter().any(|flight| flight.silent[0] > 1e6 && flight.delay < 8.0);
        prop_assume!(steady && off_s.abs() > 1.0);
        let (_, straight) = run(&reports, [0.0, 0.0], 0.0);
        let (clocks, stepped) = run(&reports, [from, (from + lasts).min(89.0)], off_s);
        prop_assert_eq!(clocks.followed, 0);
        prop_assert!(clocks.own_s.abs() < 1e-9);
        prop_assert_eq!(bytes(&straight), bytes(&stepped));
    }

    /// Small differences are made up for, slowly.
    #[test]
    fn p05_a_small_difference_is_made_up_for(off_s in -0.5..0.5_f64) {
        let mut clocks = Clocks::new(0.0);
        let mut before = clocks.own_s;
        for second in 0..120_i32 {
            clocks.keep(f64::from(second), off_s);
            prop_assert!((clocks.own_s - before).abs() <= 0.011);
            before = clocks.own_s;
        }
        prop_assert!((clocks.own_s - off_s).abs() < 1e-5, "{} {}", clocks.own_s, off_s);
    }
}

/// Started an hour off, before the first synchronisation: the right time is taken over, as nobody agrees with
/// the wrong one, and what is open stays open under its identity.
#[test]
fn p05_a_start_with_the_wrong_time_heals() {
    for off_s in [3600.0, -3600.0] {
        let mut clocks = Clocks::new(off_s);
        let mut monitor = Monitor::new(Settings::default());
        let mut effects = Vec::new();
        let holds = Some(TroubleDetail::default());
        let storage = Event::Service { kind: ServiceTrouble::Storage, holds };
        monitor.handle(clocks.own(0.0), storage, &mut effects);
        // A real alert too, of somebody whose clock is as wrong: it is still there, but not heard any more.
        for second in 0..10_i32 {
            let t = f64::from(second);
            let (_, mut seen) = super::silence::report("A", t, lowsky::domain::OperationalStatus::Emergency);
            seen.timestamp = clocks.own(t);
            clocks.keeper.witness(clocks.own(t), seen.timestamp);
            monitor.handle(clocks.own(t), Event::Observed(seen), &mut effects);
            assert_eq!(clocks.keep(t, 0.0), Keeping::Hold);
            assert!((clocks.own_s - off_s).abs() < 1e-6, "it holds on to its own time");
        }
        let before = open(&effects);
        assert_eq!(before.len(), 2, "{before:#?}");
        let followed = (10..60).map(f64::from).find(|t| matches!(clocks.keep(*t, 0.0), Keeping::Follow(_)));
        let t = followed.unwrap();
        assert!((39.0..41.0).contains(&t), "{t}");
        assert!(clocks.own_s.abs() < 1e-6);
        monitor.reset_clock(clocks.own(t), &mut effects);
        assert_eq!((monitor.aircraft(), monitor.open_alerts()), (0, 2));
        for second in 0..10_i32 {
            let t = t + 1.0 + f64::from(second);
            let (_, seen) = super::silence::report("A", t, lowsky::domain::OperationalStatus::Emergency);
            monitor.handle(at(t), Event::Observed(seen), &mut effects);
        }
        let ids = |open: &[lowsky::domain::Alert]| {
            open.iter().map(|alert| alert.alert_id.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&open(&effects)), ids(&before));
        assert!(alerts(&effects).all(|event| event.event != AlertEventKind::Cleared));
        assert_eq!(alerts(&effects).filter(|event| event.event == AlertEventKind::Raised).count(), 2);
    }
}
