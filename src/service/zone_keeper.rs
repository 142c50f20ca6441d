//! Keeps the airspace in force: a set of files is taken whole or not at all, and the last good set is kept on
//! disk, so that a broken folder at the next start does not leave the city without protection.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::airspace::{Airspace, Document, Envelope, Loaded, ProblemSeverity, Reading, load_as};
use crate::domain::BoundingBox;
use crate::service::evaluator::Control;
use crate::service::health::{Part, Status};
use crate::service::http::App;
use crate::service::inbox::Inbox;
use crate::service::watch_zones::ZoneRead;
use crate::service::zone_files::{self, ZoneFiles};
use crate::service::{canary, clock};

/// Most problems of one reading that go to the log.
const TOLD_MAX: usize = 20;

/// What is in force.
#[derive(Debug)]
pub struct InForce {
    /// The files that it was made of.
    pub files: ZoneFiles,
    /// What they hold beside zones.
    pub envelopes: Vec<Envelope>,
    /// The zones.
    pub airspace: Arc<Airspace>,
}

/// Judges what the folder holds and puts it in force.
pub struct ZoneKeeper {
    reading: Reading,
    last_good: PathBuf,
    app: Arc<App>,
    inbox: Arc<Inbox<Control>>,
}

impl ZoneKeeper {
    /// A keeper that puts the last good set into `last_good`.
    pub fn new(reading: Reading, last_good: PathBuf, app: Arc<App>, inbox: Arc<Inbox<Control>>) -> Self {
        Self { reading, last_good, app, inbox }
    }

    /// The first reading. If it is no good, the last good set of an earlier run is put in force, and the
    /// service says that it is degraded; with neither, it says that it has failed. What is in force, if anything.
    pub fn begin(&self, read: &ZoneRead) -> Option<InForce> {
        if let Some(taken) = self.take(read) {
            return Some(taken);
        }
        let files = zone_files::read(&self.last_good).ok()?;
        let Loaded { airspace, envelopes, .. } = self.judge(&files);
        let airspace = self.put_in_force(airspace?);
        tracing::warn!(zones = airspace.zones().len(), "the last good zones of an earlier run are in force");
        // What is wrong with the folder, and where, was noted a moment ago.
        let condition = self.app.health.parts().remove(&Part::Zones);
        let why = condition.and_then(|condition| condition.reason).unwrap_or_default();
        self.degraded(&format!("{why}; the last good zones of an earlier run are in force"));
        Some(InForce { files, envelopes, airspace })
    }

    /// A later reading; `None` if it was no good and the zones in force stayed.
    pub fn take(&self, read: &ZoneRead) -> Option<InForce> {
        let files = match read {
            Ok(files) => files,
            Err(error) => {
                tracing::error!(%error, "zone folder refused, the zones in force stay");
                self.degraded(&error.to_string());
                return None;
            }
        };
        let loaded = self.judge(files);
        for problem in loaded.problems.iter().take(TOLD_MAX) {
            match problem.severity {
                ProblemSeverity::Error => tracing::error!(%problem, "zone file refused"),
                ProblemSeverity::Warning => tracing::warn!(%problem, "zone file"),
            }
        }
        let Some(airspace) = loaded.airspace else {
            let first = loaded.problems.iter().find(|problem| problem.severity == ProblemSeverity::Error);
            let reason = first.map_or_else(|| "zone files refused".to_owned(), ToString::to_string);
            tracing::error!(
                zones_in_force = self.app.airspace.load().version(),
                "zone files refused, the zones in force stay"
            );
            self.degraded(&reason);
            return None;
        };
        let airspace = self.put_in_force(airspace);
        self.well(files);
        Some(InForce { files: files.clone(), envelopes: loaded.envelopes, airspace })
    }

    /// Every zone file is good and in force; the set is kept for a start with a broken folder.
    pub fn well(&self, files: &ZoneFiles) {
        self.app.health.set(Part::Zones, Status::Ok, None, clock::now());
        self.keep(files);
    }

    /// Keeps the set for a start with a broken folder.
    pub fn keep(&self, files: &ZoneFiles) {
        if let Err(error) = keep(&self.last_good, files) {
            tracing::warn!(folder = %self.last_good.display(), %error, "the last good zones could not be kept");
        }
    }

    /// The zones in force.
    pub fn airspace(&self) -> Arc<Airspace> {
        self.app.airspace.load_full()
    }

    /// The service area, if there is one.
    pub fn area(&self) -> Option<BoundingBox> {
        self.reading.service_area
    }

    fn judge(&self, files: &ZoneFiles) -> Loaded {
        let documents: Vec<_> = files.iter().map(|(name, text)| Document { name, text }).collect();
        load_as(&documents, self.reading)
    }

    /// From now on aircraft are judged by these.
    pub fn put_in_force(&self, airspace: Airspace) -> Arc<Airspace> {
        tracing::info!(zones = airspace.zones().len(), version = airspace.version(), "zones in force");
        let airspace = Arc::new(canary::with_zone(airspace));
        self.app.airspace.store(Arc::clone(&airspace));
        if self.inbox.control(Control::Airspace(Arc::clone(&airspace))).is_err() {
            tracing::error!("the monitor takes no zones: it is stopping or stuck");
        }
        airspace
    }

    /// Zones that are in force protect; without any the service is not ready.
    fn degraded(&self, reason: &str) {
        let any = !self.app.airspace.load().zones().is_empty();
        let status = if any { Status::Degraded } else { Status::Failed };
        self.app.health.set(Part::Zones, status, Some(reason.into()), clock::now());
    }
}

/// Writes the files beside the kept set and takes its place in one step.
fn keep(folder: &Path, files: &ZoneFiles) -> std::io::Result<()> {
    let named = |suffix: &str| {
        let mut name = folder.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let (fresh, old) = (named(".new"), named(".old"));
    for leftover in [&fresh, &old] {
        if leftover.exists() {
            std::fs::remove_dir_all(leftover)?;
        }
    }
    std::fs::create_dir_all(&fresh)?;
    for (name, text) in files {
        std::fs::write(fresh.join(name), text)?;
    }
    if folder.exists() {
        std::fs::rename(folder, &old)?;
    }
    std::fs::rename(&fresh, folder)?;
    if old.exists() { std::fs::remove_dir_all(&old) } else { Ok(()) }
}
