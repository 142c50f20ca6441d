//! Joins the sentences of one receiver to epochs.
//!
//! Sentences that come one by one have no mark of the last one. A receiver sends the same kinds in the same
//! order every time, so the kind that ended the last epoch ends this one: the report leaves at once, not when
//! the next epoch begins.

use crate::domain::{Reason, Refusal, Timestamp};
use crate::wire::{Decoded, Doors};

use super::clock::Calendar;
use super::epoch::Epoch;
use super::memory::Identity;
use super::sentence::{Content, Sentence, Solution, Vtg};

/// A kind of sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gga,
    Gst,
    Rmc,
    Vtg,
    Zda,
}

/// An epoch whose sentences still come.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Open {
    epoch: Epoch,
    last: Kind,
    is_told: bool,
}

/// What is known of one receiver.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Source {
    open: Option<Open>,
    /// The kind that ends an epoch.
    closing: Option<Kind>,
    /// Whether the last epoch had to do without it.
    is_missed: bool,
    /// A VTG, which has no time, before the first sentence of its epoch.
    early: Option<Vtg>,
    calendar: Calendar,
    /// The newest epoch that was told, which its other half may follow in another payload.
    told: Option<Timestamp>,
}

impl Source {
    /// Takes one sentence, and tells an epoch if it is known to be complete.
    pub(super) fn accept(
        &mut self,
        sentence: Sentence,
        received_at: Timestamp,
        who: &Identity,
        doors: &Doors,
        out: &mut Decoded,
    ) {
        let kind = kind(sentence.content);
        match (sentence.time_us, sentence.content) {
            (Some(time_us), _) => {
                if let Some(open) = self.open.filter(|open| open.epoch.time_us != time_us) {
                    self.learn(open);
                    self.close(who, doors, out);
                }
                if self.open.is_none() {
                    let mut epoch = Epoch::new(time_us, received_at);
                    if let Some(vtg) = self.early.take() {
                        epoch.add(Content::Vtg(vtg));
                    }
                    self.open = Some(Open { epoch, last: kind, is_told: false });
                }
            }
            (None, Content::Vtg(vtg)) if self.open.is_none() => {
                self.early = Some(vtg);
                return;
            }
            (None, Content::Vtg(_)) => {}
            (None, content) => return without_time(content, out),
        }
        let Some(open) = &mut self.open else { return };
        open.epoch.add(sentence.content);
        open.last = kind;
        if self.closing == Some(kind) && open.epoch.is_of_position() && !open.is_told {
            open.is_told = true;
            let epoch = open.epoch;
            self.tell(&epoch, who, doors, out);
        }
    }

    /// Ends the epoch of a payload of several sentences.
    pub(super) fn end(&mut self, who: &Identity, doors: &Doors, out: &mut Decoded) {
        self.close(who, doors, out);
        self.early = None;
        self.closing = None;
    }

    /// Since when an epoch waits for its other sentences.
    pub(super) fn waits_since(&self) -> Option<Timestamp> {
        self.open
            .filter(|open| !open.is_told && open.epoch.is_of_position())
            .map(|open| open.epoch.received_at)
    }

    /// Tells the waiting epoch as it is.
    pub(super) fn release(&mut self, who: &Identity, doors: &Doors, out: &mut Decoded) {
        if let Some(open) = self.open.as_mut().filter(|open| !open.is_told) {
            open.is_told = true;
            let epoch = open.epoch;
            self.tell(&epoch, who, doors, out);
        }
    }

    /// Learns from an epoch that another one ended. One epoch without the closing kind is a lost message, two
    /// are another order.
    fn learn(&mut self, open: Open) {
        self.is_missed = self.closing.is_some() && !open.is_told && !self.is_missed;
        if !self.is_missed {
            self.closing = Some(open.last);
        }
    }

    fn close(&mut self, who: &Identity, doors: &Doors, out: &mut Decoded) {
        self.release(who, doors, out);
        self.open = None;
    }

    fn tell(&mut self, epoch: &Epoch, who: &Identity, doors: &Doors, out: &mut Decoded) {
        let timestamp = self.calendar.instant(epoch.time_us, epoch.day(), epoch.received_at);
        // The second half of an epoch, in another payload, has nothing that the first had not.
        if epoch.is_of_position() && self.told.replace(timestamp) != Some(timestamp) {
            epoch.tell(timestamp, who, doors, out);
        }
    }
}

/// A sentence without a time belongs to no epoch; what it says of a missing position is told.
fn without_time(content: Content, out: &mut Decoded) {
    let (solution, name) = match content {
        Content::Gga(gga) => (gga.solution, "GGA"),
        Content::Rmc(rmc) => (rmc.solution, "RMC"),
        Content::Gst(_) | Content::Vtg(_) | Content::Zda(_) => return,
    };
    out.refusals.push(if solution == Solution::Missing {
        let detail = "the receiver has neither a time nor a position";
        Refusal::of_field(Reason::NoFix, if name == "GGA" { "GGA.6" } else { "RMC.2" }, detail)
    } else {
        Refusal::of_field(Reason::MissingField, format!("{name}.1"), "the time is required")
    });
}

fn kind(content: Content) -> Kind {
    match content {
        Content::Gga(_) => Kind::Gga,
        Content::Gst(_) => Kind::Gst,
        Content::Rmc(_) => Kind::Rmc,
        Content::Vtg(_) => Kind::Vtg,
        Content::Zda(_) => Kind::Zda,
    }
}
