//! What a check says of a draft is what happens when the draft is published.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lowsky::airspace::{Airspace, Shape, Volume, Zone};
use lowsky::domain::{
    AlertCode, AlertEventKind, LatLng, Observation, OperationalStatus, Phase, RelativeHeight,
    RelativeReference, Restriction, Timestamp, UasId, VerticalLimit, VerticalReference, ZoneId,
};
use lowsky::monitor::{Effect, Event, Monitor, Settings, TrackState};
use lowsky::service::zone_rehearsal;

const DRAFTS: u64 = 100;

/// Small numbers that look like chance (xorshift).
struct Chance(u64);

impl Chance {
    fn next(&mut self, low: f64, high: f64) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        low + (high - low) * f64::from(u32::try_from(self.0 >> 40).unwrap()) / f64::from(1_u32 << 24)
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(1_795_334_400_000 + ms)
}

struct Craft {
    id: UasId,
    start: (f64, f64),
    speed: f64,
    track: f64,
    height_m: f64,
}

impl Craft {
    fn report(&self, ms: i64) -> Observation {
        let s = f64::from(i32::try_from(ms).unwrap()) / 1000.0;
        let (sin, cos) = self.track.to_radians().sin_cos();
        let (lat, lng) = (
            self.start.0 + self.speed * cos * s / 110_740.0,
            self.start.1 + self.speed * sin * s / 102_700.0,
        );
        let mut report = Observation::new(self.id.clone(), at(ms), LatLng::new(lat, lng).unwrap());
        report.motion.ground_speed_mps = Some(self.speed);
        report.motion.track_deg = Some(self.track);
        report.motion.vertical_speed_mps = Some(0.0);
        report.heights.relative =
            Some(RelativeHeight { metres: self.height_m, reference: RelativeReference::Ground });
        report.status = OperationalStatus::Airborne;
        report
    }
}

fn zone(chance: &mut Chance, n: usize) -> Zone {
    let centre = LatLng::new(chance.next(22.47, 22.53), chance.next(113.97, 114.03)).unwrap();
    let shape = Shape::circle(centre, chance.next(100.0, 1_500.0)).unwrap();
    let limit = |metres| Some(VerticalLimit { metres, reference: VerticalReference::Agl });
    let (lower, upper) = (chance.next(0.0, 60.0), chance.next(60.0, 140.0));
    let volume = Volume::new(shape, limit(lower), limit(upper));
    let restriction = [Restriction::Prohibited, Restriction::RequiresAuthorization, Restriction::Conditional];
    let mut zone = Zone::new(ZoneId::new(&format!("N{n}")), restriction[n % 3], vec![volume]).unwrap();
    zone.version = Arc::from(format!("{:x}", chance.0).as_str());
    zone
}

type Pairs = BTreeMap<(String, String), Phase>;

/// Open incursions after these effects.
fn follow(effects: &mut Vec<Effect>, open: &mut Pairs) {
    for effect in effects.drain(..) {
        let Effect::Alert(event) = effect else { continue };
        let alert = &event.alert;
        let Some(zone) = alert.zone.as_ref().filter(|_| alert.code == AlertCode::ZoneIncursion) else {
            continue;
        };
        let key = (alert.uas_id.as_str().to_owned(), zone.id.as_str().to_owned());
        if event.event == AlertEventKind::Cleared {
            open.remove(&key);
        } else {
            open.insert(key, alert.phase);
        }
    }
}

#[test]
fn a_check_of_a_draft_over_live_traffic_agrees_with_its_publication() {
    let (mut told, mut foreseen) = (0, 0);
    for seed in 1..=DRAFTS {
        let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let crafts: Vec<Craft> = (0..60)
            .map(|n| Craft {
                id: UasId::new(&format!("C{n:02}")).unwrap(),
                start: (chance.next(22.46, 22.54), chance.next(113.96, 114.04)),
                speed: chance.next(0.0, 20.0),
                track: chance.next(0.0, 359.0),
                height_m: chance.next(20.0, 160.0),
            })
            .collect();
        let mut monitor = Monitor::new(Settings::default());
        let (mut effects, mut pictures) = (Vec::new(), BTreeMap::<UasId, TrackState>::new());
        for second in 0..4 {
            for (n, craft) in (0_i64..).zip(&crafts) {
                let ms = second * 1000 + n * 10;
                monitor.handle(at(ms), Event::Observed(craft.report(ms)), &mut effects);
                for effect in effects.drain(..) {
                    if let Effect::TrackChanged(state) = effect {
                        pictures.insert(state.uas_id.clone(), state);
                    }
                }
            }
        }
        let draft: Vec<Zone> = (0..5).map(|n| zone(&mut chance, n)).collect();
        let ids: Vec<ZoneId> = draft.iter().map(|zone| zone.id.clone()).collect();
        let draft = Arc::new(Airspace::new(draft));
        let (rules, now) = (Settings::default(), at(4_000));
        let checked = zone_rehearsal::now(&rules, &draft, &ids, pictures.into_values(), now);
        assert!(!checked.partial);
        let said: Pairs = checked
            .alerted
            .iter()
            .map(|one| ((one.uas_id.as_str().to_owned(), one.zone.as_str().to_owned()), one.phase))
            .collect();

        let mut happened = Pairs::new();
        monitor.handle(now, Event::AirspaceReplaced(Arc::clone(&draft)), &mut effects);
        follow(&mut effects, &mut happened);
        for second in 4..6 {
            for (n, craft) in (0_i64..).zip(&crafts) {
                let ms = second * 1000 + n * 10;
                monitor.handle(at(ms), Event::Observed(craft.report(ms)), &mut effects);
                follow(&mut effects, &mut happened);
            }
        }
        // Two seconds of flight decide cases on the edge: what enters or leaves within them may differ.
        let edge: BTreeSet<&(String, String)> = {
            let later = |ms| {
                let mut open = Pairs::new();
                let mut other = Monitor::new(Settings { lifecycle: instant(), ..Settings::default() });
                let mut effects = Vec::new();
                other.handle(at(0), Event::AirspaceReplaced(Arc::clone(&draft)), &mut effects);
                for craft in &crafts {
                    other.handle(at(ms), Event::Observed(craft.report(ms)), &mut effects);
                }
                follow(&mut effects, &mut open);
                open
            };
            let (before, after) = (later(3_000), later(6_500));
            let all = said.keys().chain(happened.keys());
            all.filter(|key| before.get(*key) != after.get(*key)).collect()
        };
        let sure = |pairs: &Pairs| -> Pairs {
            pairs
                .iter()
                .filter(|(key, _)| !edge.contains(key))
                .map(|(key, phase)| (key.clone(), *phase))
                .collect()
        };
        assert_eq!(sure(&said), sure(&happened), "seed {seed}");
        told += sure(&said).len();
        foreseen += sure(&said).values().filter(|phase| **phase == Phase::Predicted).count();
    }
    println!("{told} alerts of {DRAFTS} drafts agree, {foreseen} of them foreseen");
    assert!(told > 300 && foreseen > 20, "{told} {foreseen}");
}

fn instant() -> lowsky::monitor::Lifecycle {
    lowsky::monitor::Lifecycle { raise_m_of_n: [1, 1], ..lowsky::monitor::Lifecycle::default() }
}
