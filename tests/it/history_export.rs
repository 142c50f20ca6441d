//! What is exported from history reads, through the ordinary decoder, as what was observed.

use std::process::Command;

use lowsky::domain::{
    Accuracy, Heights, LatLng, Motion, NrCell, Observation, OperatorId, RelativeHeight, Source, round_to,
};
use lowsky::history::Arrived;
use lowsky::wire::{self, Decoded, Decoder, Doors, Envelope};
use proptest::prelude::*;

use crate::e2e_support::LOWSKY;
use crate::history_store::{any_observation, arrived, at, settings, start};

fn decoded(observation: &Observation) -> Decoded {
    let mut decoder = Decoder::new(Doors { prefix: "p".into(), area: None });
    let mut out = Decoded::default();
    let operator = observation.operator.as_ref().unwrap();
    let topic = format!("p/telemetry/{operator}/{}", observation.uas_id);
    let payload = wire::report(observation);
    let received_at = observation.timestamp;
    decoder.decode(&Envelope { topic: &topic, payload: payload.as_bytes(), received_at }, &mut out);
    out
}

/// With numbers of as many digits as receivers give: text holds these exactly.
fn rounded(seen: Observation) -> Observation {
    let round = |value: Option<f64>| value.map(|value| round_to(value, 3));
    let Observation { heights, motion, accuracy, nr, position, .. } = seen;
    let place = LatLng::new(round_to(position.lat_deg(), 7), round_to(position.lng_deg(), 7)).unwrap();
    Observation {
        position: place,
        heights: Heights {
            hae_m: round(heights.hae_m),
            amsl_m: heights.amsl_m.map(|(metres, model)| (round_to(metres, 3), model)),
            pressure_m: round(heights.pressure_m),
            relative: heights
                .relative
                .map(|relative| RelativeHeight { metres: round_to(relative.metres, 3), ..relative }),
        },
        motion: Motion {
            ground_speed_mps: round(motion.ground_speed_mps),
            track_deg: round(motion.track_deg),
            vertical_speed_mps: round(motion.vertical_speed_mps),
        },
        accuracy: Accuracy {
            horizontal_m: round(accuracy.horizontal_m),
            vertical_m: round(accuracy.vertical_m),
            speed_mps: round(accuracy.speed_mps),
        },
        battery_pct: round(seen.battery_pct),
        nr: nr.map(|nr| NrCell {
            ss_rsrp_dbm: round(nr.ss_rsrp_dbm),
            ss_rsrq_db: round(nr.ss_rsrq_db),
            ss_sinr_db: round(nr.ss_sinr_db),
            ..nr
        }),
        ..seen
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]
    #[test]
    fn an_observation_written_as_telemetry_reads_as_the_same(observation in any_observation()) {
        // Nobody flies at (0, 0).
        prop_assume!(observation.position.lat_deg().abs() > 1e-9);
        let observation = rounded(observation);
        let operator = OperatorId::new("op").unwrap();
        let observation = Observation { operator: Some(operator), source: Source::Telemetry, ..observation };
        let decoded = decoded(&observation);
        prop_assert_eq!(decoded.refusals, []);
        prop_assert_eq!(decoded.observations, [observation]);
    }
}

#[test]
fn history_is_exported_as_a_recording_that_replay_reads() {
    let dir = tempfile::tempdir().unwrap();
    let var = dir.path().join("var");
    let recorder = start(&settings(&var));
    for step in 0..120 {
        let mut one: Arrived = arrived(step % 4, f64::from(step));
        one.observation.battery_pct = Some(if step < 60 { 50.0 } else { 9.0 });
        recorder.record(one);
    }
    recorder.close();
    let config = dir.path().join("lowsky.toml");
    std::fs::write(&config, "").unwrap();
    std::fs::create_dir(dir.path().join("zones")).unwrap();
    let run = |args: &[&str]| {
        let done = Command::new(LOWSKY).args(args).arg("--config").arg(&config).output().unwrap();
        let said = String::from_utf8(done.stdout).unwrap();
        (done.status.code(), said, String::from_utf8(done.stderr).unwrap())
    };
    let recording = dir.path().join("out.jsonl");
    let out = recording.to_str().unwrap();
    let (from, to) = (at(30.0).to_string(), at(90.0).to_string());
    let (code, _, told) = run(&["history", "export", "--from", &from, "--to", &to, out]);
    assert_eq!((code, told.contains("60 observations")), (Some(0), true), "{told}");
    let (code, events, told) = run(&["replay", out]);
    assert_eq!(code, Some(0), "{told}");
    let low = |line: &&str| line.contains("RAISED") && line.contains("LOW_BATTERY");
    assert_eq!(events.lines().filter(low).count(), 4, "{events}");

    let (code, _, told) = run(&["history", "export", "--from", "yesterday", out]);
    assert_eq!(code, Some(2), "{told}");
    std::fs::remove_dir_all(var.join("history")).unwrap();
    let (code, _, told) = run(&["history", "export", out]);
    assert_eq!((code, told.contains("no history")), (Some(1), true), "{told}");
}
