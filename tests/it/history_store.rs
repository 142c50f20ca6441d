//! History on real files: what is recorded is read, exactly, in order, within bounds, while it is written.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lowsky::domain::{
    Accuracy, FixType, GeoidModel, Heights, LatLng, Motion, NrCell, Observation, OperationCategory,
    OperationalStatus, OperatorId, RelativeHeight, RelativeReference, Source, Timestamp, UaClass, UasId,
};
use lowsky::history::{Arrived, HistorySettings, Reader, Recorder};
use lowsky::service::clock::Stopwatch;
use proptest::prelude::*;

/// 2026-11-22T08:00:00Z, the beginning of a minute.
pub(crate) fn at(s: f64) -> Timestamp {
    Timestamp::from_millis(1_795_334_400_000).plus_seconds(s)
}

pub(crate) fn settings(dir: &Path) -> HistorySettings {
    HistorySettings { dir: dir.join("history"), keep_hours: 24, bytes_max: 64 << 20 }
}

pub(crate) fn start(settings: &HistorySettings) -> Recorder {
    Recorder::start(settings.clone(), at(0.0), || {}).unwrap()
}

/// A report of an aircraft as most are.
pub(crate) fn arrived(number: u32, s: f64) -> Arrived {
    let position = LatLng::new(22.5 + f64::from(number) / 1e4, 114.05).unwrap();
    let mut observation =
        Observation::new(UasId::new(&format!("1581F5BKD{number:07}")).unwrap(), at(s - 0.12), position);
    observation.operator = Some(OperatorId::new("meituan").unwrap());
    observation.heights.hae_m = Some(96.42);
    observation.heights.relative =
        Some(RelativeHeight { metres: 99.31, reference: RelativeReference::Ground });
    observation.motion =
        Motion { ground_speed_mps: Some(12.34), track_deg: Some(271.4), vertical_speed_mps: Some(-0.25) };
    observation.accuracy = Accuracy { horizontal_m: Some(1.0), vertical_m: Some(1.5), speed_mps: None };
    observation.fix_type = Some(FixType::RtkFixed);
    observation.status = OperationalStatus::Airborne;
    observation.ua_class = Some(UaClass::Light);
    observation.battery_pct = Some(76.3);
    observation.c2_lost = Some(false);
    Arrived { received_at: at(s), observation }
}

/// Everything between two seconds, without damage.
pub(crate) fn read(settings: &HistorySettings, from_s: f64, to_s: f64) -> Vec<Arrived> {
    let mut span = Reader::new(&settings.dir).between(at(from_s), at(to_s)).unwrap();
    let found: Vec<_> = span.by_ref().collect();
    assert_eq!(span.damage(), [""; 0]);
    found
}

/// Waits until the recorder has written everything.
pub(crate) fn written(recorder: &Recorder, count: u64) {
    crate::e2e_support::until("history is written", 20.0, || {
        (count <= recorder.figures().written).then_some(())
    });
}

fn maybe<T: std::fmt::Debug + Clone + 'static>(
    of: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Option<T>> {
    prop::option::of(of).boxed()
}

/// A number as receivers say it, or any other.
fn number(min: f64, max: f64) -> BoxedStrategy<f64> {
    prop_oneof![(min..max).prop_map(|value| (value * 100.0).round() / 100.0), min..max].boxed()
}

/// Any observation of JSON telemetry that the domain can hold.
pub(crate) fn any_observation() -> impl Strategy<Value = Observation> {
    let text = || maybe("[a-z群组\"\\\\]{1,20}");
    let identity = ("[A-Z0-9:_.-]{1,64}", maybe("[a-z0-9]{1,64}"), text(), text());
    let place = (-90.0..=90.0_f64, -180.0..=180.0_f64, any::<i32>());
    let models = prop::sample::select(vec![GeoidModel::Egm96, GeoidModel::Egm2008, GeoidModel::Cn1985]);
    let references = prop::sample::select(vec![RelativeReference::Takeoff, RelativeReference::Ground]);
    let height = || number(-999.0, 31_000.0);
    let heights =
        (maybe(height()), maybe((height(), models)), maybe(height()), maybe((height(), references)));
    let motion = (maybe(number(0.0, 254.0)), maybe(number(0.0, 359.0)), maybe(number(-62.0, 62.0)));
    let accuracy = (maybe(number(0.0, 20_000.0)), maybe(number(0.0, 20_000.0)), maybe(number(0.0, 10.0)));
    let fixes = prop::sample::select(vec![FixType::Single, FixType::RtkFixed, FixType::Dr, FixType::Sim]);
    let classes = prop::sample::select(vec![UaClass::Micro, UaClass::Agricultural, UaClass::Manned]);
    let categories = prop::sample::select(vec![OperationCategory::Open, OperationCategory::Certified]);
    let statuses = prop::sample::select(vec![
        OperationalStatus::Undeclared,
        OperationalStatus::Airborne,
        OperationalStatus::RidFailure,
    ]);
    let words = (maybe(fixes), maybe(classes), maybe(categories), statuses);
    let cell = (
        maybe(0..0xf_ffff_ffff_u64),
        maybe(0..1008_u16),
        maybe(number(-156.0, -31.0)),
        maybe(number(-43.0, 20.0)),
        maybe(number(-23.0, 40.0)),
    );
    let rest = (maybe(number(0.0, 100.0)), maybe(any::<bool>()), maybe(cell), any::<bool>());
    (identity, place, heights, motion, accuracy, words, rest).prop_map(
        |(identity, place, heights, motion, accuracy, words, rest)| {
            let (uas_id, operator, group_id, flight_id) = identity;
            let (lat, lng, micros) = place;
            let at = at(0.0).plus_micros(i64::from(micros) / 1000 * 1000);
            let mut made = Observation::new(UasId::new(&uas_id).unwrap(), at, LatLng::new(lat, lng).unwrap());
            made.operator = operator.map(|text| OperatorId::new(&text).unwrap());
            made.group_id = group_id.map(|text| Arc::from(text.as_str()));
            made.flight_id = flight_id.map(|text| Arc::from(text.as_str()));
            let (hae_m, amsl_m, pressure_m, relative) = heights;
            let relative = relative.map(|(metres, reference)| RelativeHeight { metres, reference });
            made.heights = Heights { hae_m, amsl_m, pressure_m, relative };
            let (ground_speed_mps, track_deg, vertical_speed_mps) = motion;
            made.motion = Motion { ground_speed_mps, track_deg, vertical_speed_mps };
            let (horizontal_m, vertical_m, speed_mps) = accuracy;
            made.accuracy = Accuracy { horizontal_m, vertical_m, speed_mps };
            (made.fix_type, made.ua_class, made.category, made.status) = words;
            let (battery_pct, c2_lost, cell, backfill) = rest;
            (made.battery_pct, made.c2_lost, made.backfill) = (battery_pct, c2_lost, backfill);
            made.nr = cell.map(|(nci, pci, ss_rsrp_dbm, ss_rsrq_db, ss_sinr_db)| NrCell {
                nci,
                pci,
                ss_rsrp_dbm,
                ss_rsrq_db,
                ss_sinr_db,
            });
            made
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn what_is_recorded_is_read_to_the_last_bit(
        observations in prop::collection::vec(any_observation(), 1..60),
        sources in prop::collection::vec(0..3_usize, 60),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let settings = settings(dir.path());
        let recorder = start(&settings);
        let mut given = Vec::new();
        for (index, mut observation) in observations.into_iter().enumerate() {
            observation.source = [Source::Telemetry, Source::Nmea, Source::Sensed][sources[index]];
            // Several minutes, and so several segments.
            let received_at = at(f64::from(u32::try_from(index).unwrap()) * 3.7);
            given.push(Arrived { received_at, observation });
        }
        for arrived in &given {
            recorder.record(arrived.clone());
        }
        recorder.close();
        prop_assert_eq!(read(&settings, 0.0, 1e6), given);
    }
}

#[test]
fn a_span_holds_what_arrived_in_it_and_can_be_read_while_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path());
    let recorder = start(&settings);
    assert_eq!(Reader::new(&settings.dir).oldest().unwrap(), None);
    for second in 0..180_u32 {
        recorder.record(arrived(second % 7, f64::from(second)));
    }
    written(&recorder, 180);
    let times: Vec<_> = read(&settings, 59.0, 121.0).iter().map(|arrived| arrived.received_at).collect();
    assert_eq!(times, (59..121).map(|second| at(f64::from(second))).collect::<Vec<_>>());
    assert_eq!(Reader::new(&settings.dir).oldest().unwrap(), Some(at(0.0)));
    let names: Vec<_> =
        std::fs::read_dir(&settings.dir).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "a file for each minute: {names:?}");
    assert!(names.contains(&"2026-11-22T08-02.obs".into()), "{names:?}");
    recorder.record(arrived(1, 180.0));
    recorder.close();
    assert_eq!(read(&settings, 0.0, 1e6).len(), 181, "what waits at the end is written");
}

#[test]
fn the_newest_of_each_aircraft_comes_with_its_period() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path());
    let recorder = start(&settings);
    for (number, s) in [(1, 50.0), (2, 51.0), (1, 52.0), (1, 54.0), (3, 70.0), (2, 71.0)] {
        recorder.record(arrived(number, s));
    }
    recorder.record(arrived(3, 60.0));
    recorder.close();
    let newest = Reader::new(&settings.dir).newest(at(50.0), at(71.0)).unwrap();
    let told: Vec<_> = newest
        .iter()
        .map(|one| (one.newest.clone(), one.before.as_ref().map(|before| before.received_at), one.period_s))
        .collect();
    assert_eq!(
        told,
        [
            (arrived(2, 51.0), None, None),
            (arrived(1, 54.0), Some(at(52.0)), Some(2.0)),
            (arrived(3, 70.0), None, None),
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Stepping over records may only ever be a faster way to the same answer.
    #[test]
    fn the_newest_of_each_are_those_of_a_reading_of_all(
        reports in prop::collection::vec((0..6_u32, 0..90_000_u32, 0..3_000_i64, any::<bool>()), 1..120),
        from_s in 0.0..60.0_f64,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let settings = settings(dir.path());
        let recorder = start(&settings);
        let mut reports = reports;
        // Over several dictionaries and two minutes, in the order of arrival, some stored and sent afterwards.
        reports.sort_by_key(|(_, ms, ..)| *ms);
        for (number, ms, late_ms, stored) in reports {
            let mut arrived = arrived(number, f64::from(ms) / 1e3);
            arrived.observation.timestamp = arrived.received_at.plus_micros(-late_ms * 1_000);
            arrived.observation.backfill = stored && number == 0;
            arrived.observation.ua_class = [Some(UaClass::Light), None][usize::from(stored)];
            recorder.record(arrived);
        }
        recorder.close();
        let mut right: std::collections::BTreeMap<UasId, Vec<Arrived>> = std::collections::BTreeMap::new();
        for arrived in read(&settings, from_s, 80.0).into_iter().filter(|one| !one.observation.backfill) {
            let of = right.entry(arrived.observation.uas_id.clone()).or_default();
            if of.last().is_none_or(|last| last.observation.timestamp < arrived.observation.timestamp) {
                of.push(arrived);
            }
        }
        let found = Reader::new(&settings.dir).newest(at(from_s), at(80.0)).unwrap();
        prop_assert_eq!(found.len(), right.len());
        for one in found {
            let of = &right[&one.newest.observation.uas_id];
            let [newest, before] = [1, 2].map(|back| of.len().checked_sub(back).map(|place| &of[place]));
            prop_assert_eq!((Some(&one.newest), one.before.as_ref()), (newest, before));
            let span_s = one.newest.received_at.seconds_since(of[0].received_at);
            let steps = f64::from(u32::try_from(of.len() - 1).unwrap());
            prop_assert_eq!(one.period_s, (1 < of.len()).then(|| span_s / steps));
        }
    }
}

#[test]
fn the_oldest_segments_go_first_by_age_and_by_size() {
    let dir = tempfile::tempdir().unwrap();
    let minutes = |settings: &HistorySettings| -> Vec<f64> {
        let all = Reader::new(&settings.dir).between(at(-1e6), at(1e6)).unwrap();
        let mut minutes: Vec<_> =
            all.map(|arrived| (arrived.received_at.seconds_since(at(0.0)) / 60.0).floor()).collect();
        minutes.dedup();
        minutes
    };
    let old = HistorySettings { keep_hours: 1, ..settings(dir.path()) };
    let recorder = start(&old);
    for minute in [0.0, 1.0, 30.0, 61.5, 63.0] {
        recorder.record(arrived(1, minute * 60.0));
    }
    recorder.close();
    assert_eq!(minutes(&old), [30.0, 61.0, 63.0], "older than an hour is deleted");

    let small = HistorySettings { bytes_max: 20_000, dir: dir.path().join("small"), ..old };
    let recorder = start(&small);
    for step in 0..1_200 {
        recorder.record(arrived(step % 10, f64::from(step)));
    }
    recorder.close();
    let kept = minutes(&small);
    assert_eq!(kept.last(), Some(&19.0));
    assert!(1 < kept.len() && kept.len() < 20, "{kept:?}");
    let bytes: u64 =
        std::fs::read_dir(&small.dir).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert!(bytes <= 20_000, "{bytes}");
}

#[test]
fn a_minute_of_a_fleet_is_small_and_quickly_written() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path());
    let recorder = start(&settings);
    let since = Stopwatch::start();
    let count = 60 * 500;
    for step in 0..count {
        while 60_000 < recorder.figures().waiting {
            std::thread::sleep(Duration::from_millis(1));
        }
        recorder.record(arrived(step % 500, f64::from(step) / 500.0));
    }
    recorder.close();
    let took_s = since.elapsed().as_secs_f64();
    let figures = recorder.figures();
    assert_eq!((figures.written, figures.dropped), (u64::from(count), 0));
    let len = figures.bytes / u64::from(count);
    println!("{len} bytes a report, {:.2} us a report in this build", took_s * 1e6 / f64::from(count));
    assert!(len <= 64, "{len} bytes a report");
    let again = Stopwatch::start();
    assert_eq!(read(&settings, 0.0, 60.0).len(), usize::try_from(count).unwrap());
    println!("{:.2} us to read one", again.elapsed().as_secs_f64() * 1e6 / f64::from(count));
}
