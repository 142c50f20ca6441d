//! History with damage: it is named and stepped over, nothing else is lost, and nobody waits for a failing disk.

use std::path::PathBuf;

use lowsky::history::{Arrived, HistorySettings, Reader};
use proptest::prelude::*;

use crate::history_store::{arrived, at, read, settings, start, written};

/// A segment of 50 blocks of a report each, and the folder that it is in.
fn segment() -> (tempfile::TempDir, HistorySettings, PathBuf, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path());
    let recorder = start(&settings);
    for number in 0..50 {
        recorder.record(arrived(number % 5, f64::from(number)));
        written(&recorder, u64::from(number) + 1);
    }
    recorder.close();
    let path = settings.dir.join("2026-11-22T08-00.obs");
    let bytes = std::fs::read(&path).unwrap();
    (dir, settings, path, bytes)
}

fn read_all(settings: &HistorySettings) -> (Vec<Arrived>, Vec<String>) {
    let mut span = Reader::new(&settings.dir).between(at(-1e6), at(1e6)).unwrap();
    let found = span.by_ref().collect();
    (found, span.damage().to_vec())
}

#[test]
fn whatever_is_done_to_a_segment_what_is_read_was_recorded_and_damage_is_named() {
    let (_dir, settings, path, sound) = segment();
    let (all, damage) = read_all(&settings);
    assert_eq!((all.len(), damage.len()), (50, 0));
    let places = (0..sound.len(), 0..8_u32, 0..4_u8, prop::collection::vec(any::<u8>(), 0..40));
    let config = ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |((place, bit, kind, junk) in places)| {
        let mut bytes = sound.clone();
        match kind {
            0 => bytes[place] ^= 1 << bit,
            1 => bytes.truncate(place),
            2 => { bytes.splice(place..place, junk.iter().copied()); }
            _ => { bytes.splice(place..(place + 30).min(sound.len()), junk.iter().copied()); }
        }
        std::fs::write(&path, &bytes).unwrap();
        let (found, damage) = read_all(&settings);
        let mut rest = all.iter();
        for one in &found {
            prop_assert!(rest.any(|known| known == one), "read, and never recorded: {one:?}");
        }
        if kind == 0 {
            // One block of a dictionary of ten seconds: itself, and the nine others of its aircraft at most.
            prop_assert!(40 <= found.len(), "{} of 50", found.len());
            prop_assert!(!damage.is_empty(), "the damage is named");
        }
        if found.len() < all.len() && kind != 1 {
            prop_assert!(!damage.is_empty(), "{} of 50 and no word", found.len());
        }
    });
}

#[test]
fn what_was_torn_by_a_crash_is_stepped_over_and_written_on() {
    let (_dir, settings, path, sound) = segment();
    std::fs::write(&path, &sound[..sound.len() - 7]).unwrap();
    let recorder = start(&settings);
    recorder.record(arrived(9, 55.0));
    recorder.close();
    let (found, damage) = read_all(&settings);
    assert_eq!(found.len(), 50, "49 of before, and the one after");
    assert_eq!(found.last().unwrap(), &arrived(9, 55.0));
    assert_eq!(damage.len(), 1, "{damage:?}");
    assert!(damage[0].starts_with("2026-11-22T08-00.obs: bytes "), "{damage:?}");
}

#[test]
fn a_disk_that_fails_costs_counts_and_no_time_and_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path());
    // A file in the place of the folder: nothing can be written.
    std::fs::write(&settings.dir, "in the way").unwrap();
    let recorder = start(&settings);
    let number = recorder.record(arrived(1, 1.0));
    crate::e2e_support::until("it is told", 20.0, || recorder.figures().failing);
    assert!(number <= recorder.settled(), "nobody waits for a disk that fails");
    for step in 0..140_000 {
        recorder.record(arrived(2, 2.0 + f64::from(step) / 1e4));
    }
    let figures = recorder.figures();
    assert!(0 < figures.dropped && figures.waiting <= 65_536, "{figures:?}");
    std::fs::remove_file(&settings.dir).unwrap();
    crate::e2e_support::until("it is well again", 20.0, || {
        recorder.figures().failing.is_none().then_some(())
    });
    crate::e2e_support::until("all is written", 60.0, || (recorder.figures().waiting == 0).then_some(()));
    recorder.close();
    let figures = recorder.figures();
    assert_eq!(figures.written + figures.dropped, 140_001);
    let found = read(&settings, 0.0, 60.0);
    assert_eq!(found.len(), usize::try_from(figures.written).unwrap());
    assert_eq!(found[0], arrived(1, 1.0), "what waited first is not lost");
}
