//! Bytes that nobody can read never panic and never change a track.

use lowsky::domain::LatLng;
use lowsky::monitor::{Effect, Event, Monitor, Settings};
use lowsky::simulate::{Fleet, FleetSettings, WireMessage};
use lowsky::wire::{Decoded, Decoder, Doors, Envelope};
use proptest::prelude::*;

use super::{at, bytes};

const PREFIX: &str = "lowsky/v1";
const RECEIVER: &str = "RTK-1";

/// A topic: any text, or one that a format reads.
fn topic() -> impl Strategy<Value = String> {
    let known = (
        prop::sample::select(vec!["telemetry", "nmea", "rid", "mavlink", "sensing", "intent", "alerts"]),
        prop_oneof!["[ -~]{0,8}", Just("acme".to_owned())],
        prop_oneof!["\\PC{0,20}", Just("U1".to_owned())],
    );
    prop_oneof![
        1 => any::<String>(),
        6 => known.prop_map(|(format, operator, id)| format!("{PREFIX}/{format}/{operator}/{id}")),
    ]
}

/// What no format can make a report of: it has no brace and no sentence with a right checksum.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200)
            .prop_map(|bytes| bytes.into_iter().map(|b| if b == b'{' { b'(' } else { b }).collect()),
        "\\PC{0,120}".prop_map(|text| text.replace('{', "[").into_bytes()),
        "\\$GN(GGA|RMC|ZDA|GST)[0-9,.NEA]{0,80}(\\*GG)?\r\n".prop_map(String::into_bytes),
        prop::sample::select(vec![&b"[]"[..], b"null", b"[[[[[[[[[[", b"\"\"", b"$GNGGA,*", b"\0"])
            .prop_map(<[u8]>::to_vec),
        Just(vec![b'['; 9000]),
    ]
}

struct Path {
    decoder: Decoder,
    decoded: Decoded,
    monitor: Monitor,
}

impl Path {
    fn new() -> Self {
        let decoder = Decoder::new(Doors { prefix: PREFIX.into(), area: None });
        Self { decoder, decoded: Decoded::default(), monitor: Monitor::new(Settings::default()) }
    }

    fn take(&mut self, message: &WireMessage, effects: &mut Vec<Effect>) -> usize {
        let envelope = Envelope { topic: &message.topic, payload: &message.payload, received_at: message.at };
        self.decoder.decode(&envelope, &mut self.decoded);
        let count = self.decoded.observations.len();
        for observation in self.decoded.observations.drain(..) {
            self.monitor.handle(message.at, Event::Observed(observation), effects);
        }
        count
    }
}

/// A sentence of a receiver, with its checksum.
fn sentence(body: &str) -> Vec<u8> {
    let sum = body.bytes().fold(0, |sum, byte| sum ^ byte);
    format!("${body}*{sum:02X}\r\n").into_bytes()
}

/// Twelve seconds of a small fleet, and of an aircraft whose NMEA sentences come one by one: what was heard of it before
/// decides how the next one is read.
fn traffic() -> Vec<WireMessage> {
    let settings = FleetSettings { aircraft: 60, start: at(0.0), ..FleetSettings::default() };
    let mut messages = Fleet::new(settings).step(at(12.0));
    for second in 0..12_u32 {
        let place = format!("2238.4{second:02},N,11409.000,E");
        let gga = format!("GNGGA,0800{second:02}.00,{place},4,31,0.6,70.000,M,-2.785,M,1.0,0007");
        let rmc = format!("GNRMC,0800{second:02}.00,A,{place},17.49,62.0,221126,,,R");
        let sent = [(0.1, gga), (0.12, rmc)].map(|(late_s, body)| WireMessage {
            at: at(f64::from(second) + late_s),
            topic: format!("{PREFIX}/nmea/survey/{RECEIVER}"),
            payload: sentence(&body),
            retain: false,
        });
        messages.extend(sent);
    }
    messages.sort_by_key(|message| message.at);
    messages
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn p30_noise_on_any_topic_changes_nothing(
        noises in prop::collection::vec((0..800_usize, topic(), noise()), 1..60),
        borrowed in any::<bool>(),
    ) {
        let traffic = traffic();
        let (mut clean, mut noisy) = (Path::new(), Path::new());
        let (mut expected, mut effects) = (Vec::new(), Vec::new());
        for (index, message) in traffic.iter().enumerate() {
            clean.take(message, &mut expected);
            for (_, topic, payload) in noises.iter().filter(|(place, _, _)| place % traffic.len() == index) {
                // Half of the time the noise comes on a topic that an aircraft uses; but several lines end an epoch of NMEA.
                let borrowed = borrowed && !message.topic.contains("/nmea/");
                let topic = if borrowed { message.topic.clone() } else { topic.clone() };
                let noise = WireMessage { at: message.at, topic, payload: payload.clone(), retain: false };
                let before = effects.len();
                prop_assert_eq!(noisy.take(&noise, &mut effects), 0, "{:?}", noise);
                prop_assert_eq!(effects.len(), before);
            }
            noisy.take(message, &mut effects);
            prop_assert_eq!(clean.monitor.tally(), noisy.monitor.tally());
        }
        prop_assert_eq!(bytes(&expected), bytes(&effects));
        prop_assert!(clean.monitor.aircraft() > 50);
        let heard = |effect: &&Effect| matches!(effect, Effect::TrackChanged(track) if track.uas_id.as_str() == RECEIVER);
        prop_assert!(effects.iter().filter(heard).count() > 8);
    }

    /// A damaged message is refused whole or read; what is refused leaves no trace.
    #[test]
    fn a_damaged_message_is_read_or_leaves_no_trace(
        which in 0..400_usize, place in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let traffic = traffic();
        let message = &traffic[which % traffic.len()];
        let mut payload = message.payload.clone();
        let place = place.index(payload.len());
        if cut {
            payload.truncate(place);
        } else {
            payload[place] = byte;
        }
        let (mut path, mut effects) = (Path::new(), Vec::new());
        let damaged = WireMessage { payload, ..message.clone() };
        let read = path.take(&damaged, &mut effects);
        prop_assert_eq!(read > 0, path.monitor.aircraft() > 0);
        prop_assert!(read > 0 || effects.is_empty());
        for effect in &effects {
            if let Effect::TrackChanged(track) = effect {
                prop_assert!(LatLng::new(track.lat, track.lng).is_ok());
            }
        }
    }
}
