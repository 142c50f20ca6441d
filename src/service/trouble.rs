//! The one place where observers of the service report what they see; what changed goes to the monitor, which
//! makes an alert of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::{Measures, ServiceTrouble, Timestamp};
use crate::monitor::TroubleDetail;
use crate::service::evaluator::Control;
use crate::service::inbox::Inbox;

/// What stands, what is not told yet, and how often each kind was raised.
pub struct TroubleDesk {
    inbox: Arc<Inbox<Control>>,
    books: Mutex<BTreeMap<ServiceTrouble, Book>>,
}

#[derive(Debug, Default)]
struct Book {
    holds: Option<TroubleDetail>,
    /// Whether the monitor was told how it stands: an alert of an earlier run waits for that.
    known: bool,
    untold: bool,
    raised: u64,
}

/// How a kind of trouble stands, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub kind: ServiceTrouble,
    /// Whether it holds now.
    pub holds: bool,
    /// How often it began.
    pub raised: u64,
}

impl TroubleDesk {
    /// A desk without troubles that tells through `inbox`.
    pub fn new(inbox: Arc<Inbox<Control>>) -> Arc<Self> {
        Arc::new(Self { inbox, books: Mutex::default() })
    }

    /// Tells once, for the record, what a journal lost or had to mend.
    pub fn tell_damage(&self, damage: &[String]) {
        if !damage.is_empty() {
            self.raise(ServiceTrouble::JournalDamaged, noted(damage.join(" ")));
        }
    }

    /// Something is wrong, with these particulars. Telling the same again changes nothing.
    pub fn raise(&self, kind: ServiceTrouble, detail: TroubleDetail) {
        self.set(kind, Some(detail));
    }

    /// It is well, as somebody has seen who would know: an alert of an earlier run ends as well.
    pub fn clear(&self, kind: ServiceTrouble) {
        self.set(kind, None);
    }

    /// What was raised in this run is over. Of an earlier run nothing can be said yet.
    pub fn end(&self, kind: ServiceTrouble) {
        if self.holds(kind) {
            self.clear(kind);
        }
    }

    /// Whether this trouble holds.
    pub fn holds(&self, kind: ServiceTrouble) -> bool {
        self.lock().get(&kind).is_some_and(|book| book.holds.is_some())
    }

    /// How every kind stands.
    pub fn standings(&self) -> Vec<Standing> {
        let books = self.lock();
        let of = |&kind: &ServiceTrouble| {
            let book = books.get(&kind);
            let holds = book.is_some_and(|book| book.holds.is_some());
            Standing { kind, holds, raised: book.map_or(0, |book| book.raised) }
        };
        ServiceTrouble::ALL.iter().map(of).collect()
    }

    /// Tells what could not be told before, because the monitor's door was full.
    pub fn tell(&self) {
        for (kind, book) in self.lock().iter_mut().filter(|(_, book)| book.untold) {
            self.hand_in(*kind, book);
        }
    }

    /// What is wrong, or that it is well.
    pub fn set(&self, kind: ServiceTrouble, holds: Option<TroubleDetail>) {
        let mut books = self.lock();
        let book = books.entry(kind).or_default();
        if book.known && book.holds == holds {
            return;
        }
        book.known = true;
        match (&book.holds, &holds) {
            (None, Some(detail)) => {
                book.raised += 1;
                tracing::warn!(kind = kind.name(), note = detail.note, "service degraded");
            }
            (Some(_), None) => tracing::info!(kind = kind.name(), "service well again"),
            (Some(_), Some(_)) | (None, None) => {}
        }
        book.holds = holds;
        self.hand_in(kind, book);
    }

    fn hand_in(&self, kind: ServiceTrouble, book: &mut Book) {
        book.untold = self.inbox.control(Control::Trouble(kind, book.holds.clone())).is_err();
        // What is over when it is told needs no end.
        if kind.is_of_the_past() && !book.untold {
            book.holds = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ServiceTrouble, Book>> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Particulars with a note.
pub fn noted(note: impl Into<String>) -> TroubleDetail {
    TroubleDetail { note: Some(note.into()), ..TroubleDetail::default() }
}

/// Particulars with one figure and its limit.
pub fn measured(name: &'static str, value: f64, limit: f64) -> TroubleDetail {
    TroubleDetail {
        measured: Measures::of(&[(name, value)]),
        limit: Measures::of(&[(name, limit)]),
        ..TroubleDetail::default()
    }
}

/// Particulars of something that lasted from one instant to another.
pub fn lasted(from: Timestamp, to: Timestamp, note: String) -> TroubleDetail {
    TroubleDetail { note: Some(note), span: Some([from, to]), ..TroubleDetail::default() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::service::inbox::Next;

    fn told(inbox: &Inbox<Control>) -> Vec<(ServiceTrouble, bool)> {
        let next = || match inbox.next(Duration::ZERO) {
            Next::Control(Control::Trouble(kind, holds)) => Some((kind, holds.is_some())),
            Next::Control(_) | Next::Settled(_) | Next::Report(_) | Next::Idle | Next::Closed => None,
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn only_changes_are_told_and_a_full_door_loses_none() {
        let inbox = Arc::new(Inbox::default());
        let desk = TroubleDesk::new(Arc::clone(&inbox));
        desk.end(ServiceTrouble::Canary);
        assert_eq!(told(&inbox), []);
        desk.raise(ServiceTrouble::Canary, noted("late"));
        desk.raise(ServiceTrouble::Canary, noted("late"));
        desk.raise(ServiceTrouble::Canary, noted("later"));
        assert_eq!(told(&inbox), [(ServiceTrouble::Canary, true); 2]);

        while inbox.control(Control::Trouble(ServiceTrouble::Flood, None)).is_ok() {}
        desk.clear(ServiceTrouble::Canary);
        assert!(told(&inbox).iter().all(|(kind, _)| *kind == ServiceTrouble::Flood));
        desk.tell();
        desk.tell();
        assert_eq!(told(&inbox), [(ServiceTrouble::Canary, false)]);
        let canary = |standing: &Standing| standing.kind == ServiceTrouble::Canary;
        let standing = desk.standings().into_iter().find(canary).unwrap();
        assert_eq!((standing.holds, standing.raised), (false, 1));
    }

    #[test]
    fn p08_that_it_is_well_is_told_once_for_what_an_earlier_run_left_open() {
        let inbox = Arc::new(Inbox::default());
        let desk = TroubleDesk::new(Arc::clone(&inbox));
        for _ in 0..3 {
            desk.clear(ServiceTrouble::InputLost);
        }
        assert_eq!(told(&inbox), [(ServiceTrouble::InputLost, false)]);
    }
}
