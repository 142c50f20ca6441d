//! One simulated aircraft: what it is, where it flies, what goes wrong with it, and what it reports.

use serde::Deserialize;

use super::path::Path;
#[cfg(test)]
use super::path::State;
use super::report::{Report, sentences};
use super::{WireMessage, telemetry_topic};
use crate::domain::{LatLng, OperationCategory, OperationalStatus, Timestamp, UaClass, whole};
use crate::geodesy::LocalMetric;

/// Most stored reports in one message, which may have 8 KiB.
const BACKFILL_MAX: usize = 10;

/// Something that is not as it should be, for a while.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Quirk {
    /// From this second after the start, included.
    pub(super) from_s: f64,
    /// Until this second, excluded.
    pub(super) to_s: f64,
    /// What.
    #[serde(flatten)]
    pub(super) what: What,
}

/// What can be wrong with reports.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "what", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub(super) enum What {
    /// Nothing is reported.
    Silent,
    /// Nothing is reported until the end; then everything comes at once, marked as back-fill.
    Stored,
    /// Every report comes twice.
    Twice,
    /// Reports come late, so that later ones may overtake them.
    Late { by_s: f64 },
    /// It says that it is in this state.
    Status { status: OperationalStatus },
    /// Its pilot has lost the command link.
    C2Lost,
    /// Its battery has this charge left.
    Battery { pct: f64 },
    /// Its clock is this far off; positive is ahead.
    Clock { by_s: f64 },
    /// Its positions are this far off.
    Displaced { east_m: f64, north_m: f64 },
    /// It claims this speed.
    Claims { ground_speed: f64 },
    /// It reports no height.
    NoHeight,
    /// It says nothing of its speed and track.
    NoVelocity,
    /// The latitude is missing.
    NoLatitude,
    /// It declares a shifted coordinate system.
    Gcj02,
    /// It gives the identity of another.
    Impostor,
}

/// What it publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// JSON telemetry.
    Json,
    /// NMEA 0183 sentences.
    Nmea,
}

/// How one report is sent.
struct Sending {
    sent: bool,
    copies: usize,
    late_s: f64,
    stored: bool,
}

/// One simulated aircraft.
#[derive(Debug, Clone)]
pub(super) struct Craft {
    pub(super) operator: String,
    pub(super) uas_id: String,
    pub(super) class: Option<UaClass>,
    pub(super) category: Option<OperationCategory>,
    pub(super) group_id: Option<String>,
    pub(super) path: Path,
    pub(super) format: Format,
    pub(super) status: OperationalStatus,
    /// Microseconds between two reports.
    pub(super) period_us: i64,
    /// Microseconds from the start to the first report.
    pub(super) phase_us: i64,
    pub(super) quirks: Vec<Quirk>,
    /// After so many seconds the quirks happen again; 0: never.
    pub(super) quirks_repeat_s: f64,
    /// Receiver noise; `None` for exact positions.
    pub(super) noise: Option<fastrand::Rng>,
    /// Reports made so far.
    reports: i64,
    /// Reports kept back by [`What::Stored`].
    stored: Vec<Report>,
}

impl Craft {
    /// An aircraft with nothing wrong with it, reporting JSON once a second.
    pub(super) fn new(operator: &str, uas_id: &str, class: Option<UaClass>, path: Path) -> Self {
        Self {
            operator: operator.into(),
            uas_id: uas_id.into(),
            class,
            category: None,
            group_id: None,
            path,
            format: Format::Json,
            status: OperationalStatus::Airborne,
            period_us: 1_000_000,
            phase_us: 0,
            quirks: Vec::new(),
            quirks_repeat_s: 0.0,
            noise: None,
            reports: 0,
            stored: Vec::new(),
        }
    }

    /// Adds a quirk.
    pub(super) fn but(mut self, from_s: f64, to_s: f64, what: What) -> Self {
        self.quirks.push(Quirk { from_s, to_s, what });
        self
    }

    /// Microseconds from the start to the next report.
    pub(super) fn next_due_us(&self) -> i64 {
        self.phase_us.saturating_add(self.reports.saturating_mul(self.period_us.max(1)))
    }

    /// Makes the report that is due next and whatever must be sent at its time.
    pub(super) fn report(&mut self, prefix: &str, start: Timestamp, out: &mut Vec<WireMessage>) {
        let due_us = self.next_due_us();
        let sequence = self.reports;
        self.reports += 1;
        let at = start.plus_micros(due_us);
        let t_s = whole(due_us) / 1e6;
        let quirk_s = if self.quirks_repeat_s > 0.0 { t_s % self.quirks_repeat_s } else { t_s };
        let mut report = self.honest(t_s, sequence, at);
        let mut sending = Sending { sent: true, copies: 1, late_s: 0.0, stored: false };
        for quirk in &self.quirks {
            if (quirk.from_s..quirk.to_s).contains(&quirk_s) {
                quirk.what.apply(&mut report, &mut sending);
            }
        }
        if sending.stored {
            report.backfill = true;
            self.stored.push(report);
            return;
        }
        let topic = telemetry_topic(prefix, self.format, &self.operator, &self.uas_id);
        for stored in self.stored.chunks(BACKFILL_MAX) {
            let payload = serde_json::to_vec(stored).unwrap_or_default();
            out.push(WireMessage { at, topic: topic.clone(), payload, retain: false });
        }
        self.stored.clear();
        if sending.sent {
            let payload = match self.format {
                Format::Json => serde_json::to_vec(&report).unwrap_or_default(),
                Format::Nmea => sentences(&report).into_bytes(),
            };
            for _ in 0..sending.copies {
                let message =
                    WireMessage { at, topic: topic.clone(), payload: payload.clone(), retain: false };
                out.push(WireMessage { at: at.plus_seconds(sending.late_s), ..message });
            }
        }
    }

    /// What it would report if nothing were wrong.
    fn honest(&mut self, t_s: f64, sequence: i64, at: Timestamp) -> Report {
        let mut state = self.path.state(t_s);
        if let Some(noise) = &mut self.noise {
            let mut error_m = |bound: f64| (noise.f64() - 0.5) * 2.0 * bound;
            let (east_m, north_m, up_m) = (error_m(0.3), error_m(0.3), error_m(0.2));
            state.at = LocalMetric::at(state.at.lat_deg()).moved(state.at, east_m, north_m);
            state.agl_m += up_m;
        }
        let battery_pct = 90.0 - (t_s * 0.02 + whole(self.phase_us) / 25_000.0) % 50.0;
        Report::new(self, &state, sequence, at, battery_pct)
    }

    /// Where it truly is, for tests of the scenes.
    #[cfg(test)]
    pub(super) fn true_state(&self, t_s: f64) -> State {
        self.path.state(t_s)
    }
}

impl What {
    /// Changes what is reported, or how it is sent.
    fn apply(&self, report: &mut Report, sending: &mut Sending) {
        match self {
            Self::Silent => sending.sent = false,
            Self::Stored => sending.stored = true,
            Self::Twice => sending.copies = 2,
            Self::Late { by_s } => sending.late_s = *by_s,
            Self::Status { status } => report.operational_status = *status,
            Self::C2Lost => report.c2_link = Some("LOST"),
            Self::Battery { pct } => report.battery_pct = Some(*pct),
            Self::Clock { by_s } => report.timestamp = report.timestamp.plus_seconds(*by_s),
            Self::Displaced { east_m, north_m } => {
                if let (Some(lat), Some(lng)) = (report.lat, report.lng) {
                    let at = LocalMetric::at(lat).moved(LatLng::wrapped(lat, lng), *east_m, *north_m);
                    report.lat = Some(at.lat_deg());
                    report.lng = Some(at.lng_deg());
                }
            }
            Self::Claims { ground_speed } => report.ground_speed = Some(*ground_speed),
            Self::NoHeight => report.forget_heights(),
            Self::NoVelocity => report.forget_velocity(),
            Self::NoLatitude => report.lat = None,
            Self::Gcj02 => report.crs = Some("GCJ02"),
            Self::Impostor => report.uas_id.push_str("-IMPOSTOR"),
        }
    }
}
