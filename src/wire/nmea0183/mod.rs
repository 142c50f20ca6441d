//! NMEA 0183: GGA, RMC, GST, VTG and ZDA of any talker, the sentences of one epoch joined to one observation.
//!
//! ```text
//!  payload ─► frame ─► sentence ─► source (joins an epoch) ─► epoch ─► Observation
//!                                     ▲ memory: bounded, by operator and aircraft
//! ```

mod clock;
mod epoch;
mod fields;
mod frame;
mod memory;
mod sentence;
mod source;
#[cfg(test)]
mod tests;

use crate::domain::{Reason, Refusal};

use super::{Decoded, Message};

pub(super) use memory::Memory;

/// Most refusals of one payload; what follows is not read.
const REFUSALS_MAX: usize = 16;

/// Reads a payload of one or more sentences. A payload of several ends its epochs with it; sentences that
/// come one by one are joined across messages.
pub(super) fn decode(message: &Message<'_>, memory: &mut super::Memory, out: &mut Decoded) {
    let identity = memory::Identity { operator: message.operator.clone(), uas_id: message.uas_id.clone() };
    let mut source = memory.nmea.take(&identity);
    let mut sentences = 0_usize;
    for framed in frame::sentences(message.payload) {
        sentences += 1;
        if REFUSALS_MAX <= out.refusals.len() {
            out.refusals.push(Refusal::new(Reason::Malformed, "too many faults: the rest was not read"));
            break;
        }
        match framed.and_then(|framed| sentence::read(&framed)) {
            Ok(Some(sentence)) => {
                source.accept(sentence, message.received_at, &identity, message.doors, out);
            }
            Ok(None) => {}
            Err(refusal) => out.refusals.push(refusal),
        }
    }
    if sentences == 0 {
        out.refusals.push(Refusal::new(Reason::Malformed, "payload holds no NMEA sentence"));
    }
    if 1 < sentences {
        source.end(&identity, message.doors, out);
    }
    out.waits = source.waits_since().is_some();
    memory.nmea.put(identity, &source);
}
