//! What a detector says: this holds now. What is told about it is the ledger's affair.

use crate::airspace::ZoneIx;
use crate::domain::{AlertCode, DataQuality, Measures, Phase, Severity};

use super::tracks::TrackIx;

/// Named numbers without a heap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Figures {
    named: [(&'static str, f64); Self::MAX],
    len: usize,
}

impl Figures {
    const MAX: usize = 8;

    /// No figures.
    pub(super) const fn new() -> Self {
        Self { named: [("", 0.0); Self::MAX], len: 0 }
    }

    /// With one more; numbers that are not finite and those over the capacity are left out.
    pub(super) fn with(mut self, name: &'static str, value: f64) -> Self {
        if value.is_finite()
            && let Some(slot) = self.named.get_mut(self.len)
        {
            *slot = (name, value);
            self.len += 1;
        }
        self
    }

    /// With one more if it is known.
    pub(super) fn with_known(self, name: &'static str, value: Option<f64>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// For an alert.
    pub(super) fn to_measures(self) -> Measures {
        Measures::of(self.named.get(..self.len).unwrap_or_default())
    }
}

/// Whom or what a finding is about beside the aircraft itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// The aircraft alone.
    Itself,
    /// Another aircraft.
    Other(TrackIx),
    /// A zone of the airspace in force.
    Zone(ZoneIx),
}

/// Something that holds for an aircraft now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Finding {
    /// Which condition.
    pub code: AlertCode,
    /// With whom or what.
    pub about: About,
    /// How severe; `None`: it does not hold any more, but is within the margin that must be left to clear.
    pub severity: Option<Severity>,
    /// How severe it would be if every limit were larger by the margin: an open alert gets no milder than this.
    pub margin: Severity,
    /// Foreseen or happened.
    pub phase: Phase,
    /// Seconds until it happens, if foreseen.
    pub t_in_s: f64,
    /// What was measured.
    pub measured: Figures,
    /// What it was held against.
    pub limit: Figures,
    /// How good the data is.
    pub data: DataQuality,
    /// Which clause of the rule applied.
    pub clause: &'static str,
    /// What else is to be said of the rule.
    pub notes: Notes,
}

/// What is said of a rule behind its clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Notes {
    /// Only the warning margin of the zone was met.
    pub buffer: bool,
    /// The zone has exemptions, and none fits.
    pub not_exempt: bool,
    /// The zone's priority, if it says one.
    pub priority: Option<u8>,
    /// Something lifts it on the aircraft's path: not here, or here and not further on.
    pub lifted: Option<&'static str>,
    /// Which of the zone's periods applies, from 1.
    pub period: Option<u16>,
    /// An intent of the aircraft lifts nothing, because.
    pub intent: Option<&'static str>,
}

impl std::fmt::Display for Notes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (said, text) in [(self.buffer, "/BUFFER"), (self.not_exempt, "/NOT_EXEMPT")] {
            f.write_str(if said { text } else { "" })?;
        }
        if let Some(lifted) = self.lifted {
            write!(f, "/{lifted}")?;
        }
        if let Some(priority) = self.priority {
            write!(f, "/PRIORITY_{priority}")?;
        }
        if let Some(period) = self.period {
            write!(f, "/PERIOD_{period}")?;
        }
        self.intent.map_or(Ok(()), |why| write!(f, "/{why}"))
    }
}

impl Finding {
    /// A condition of the aircraft alone that holds now.
    pub(super) const fn of_itself(code: AlertCode, severity: Severity, clause: &'static str) -> Self {
        Self {
            code,
            about: About::Itself,
            severity: Some(severity),
            margin: severity,
            phase: Phase::Actual,
            t_in_s: 0.0,
            measured: Figures::new(),
            limit: Figures::new(),
            data: DataQuality::Good,
            clause,
            notes: Notes {
                buffer: false,
                not_exempt: false,
                priority: None,
                lifted: None,
                period: None,
                intent: None,
            },
        }
    }
}
