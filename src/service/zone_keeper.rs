//! Keeps the airspace in force: a set of files is taken whole or not at all, and the last good set is kept on
//! disk, so that a broken folder at the next start does not leave the city without protection.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::airspace::{Airspace, Document, Loaded, ProblemSeverity, load_within};
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

/// Judges what the folder holds and puts it in force.
pub struct ZoneKeeper {
    area: Option<BoundingBox>,
    last_good: PathBuf,
    app: Arc<App>,
    inbox: Arc<Inbox<Control>>,
}

impl ZoneKeeper {
    /// A keeper that puts the last good set into `last_good`.
    pub fn new(
        area: Option<BoundingBox>,
        last_good: PathBuf,
        app: Arc<App>,
        inbox: Arc<Inbox<Control>>,
    ) -> Self {
        Self { area, last_good, app, inbox }
    }

    /// The first reading. If it is no good, the last good set of an earlier run is put in force, and the
    /// service says that it is degraded; with neither, it says that it has failed.
    pub fn begin(&mut self, read: &ZoneRead) {
        if self.take(read) {
            return;
        }
        let Ok(files) = zone_files::read(&self.last_good) else { return };
        if let Some(airspace) = self.judge(&files, &self.last_good).airspace {
            tracing::warn!(
                zones = airspace.zones().len(),
                "the last good zones of an earlier run are in force"
            );
            self.put_in_force(airspace);
            // What is wrong with the folder, and where, was noted a moment ago.
            let condition = self.app.health.parts().remove(&Part::Zones);
            let why = condition.and_then(|condition| condition.reason).unwrap_or_default();
            self.degraded(&format!("{why}; the last good zones of an earlier run are in force"));
        }
    }

    /// A later reading; `false` if it was no good and the zones in force stayed.
    pub fn take(&mut self, read: &ZoneRead) -> bool {
        let files = match read {
            Ok(files) => files,
            Err(error) => {
                tracing::error!(%error, "zone folder refused, the zones in force stay");
                self.degraded(&error.to_string());
                return false;
            }
        };
        let loaded = self.judge(files, Path::new(""));
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
            return false;
        };
        tracing::info!(zones = airspace.zones().len(), version = airspace.version(), "zones in force");
        self.put_in_force(airspace);
        self.app.health.set(Part::Zones, Status::Ok, None, clock::now());
        if let Err(error) = keep(&self.last_good, files) {
            tracing::warn!(folder = %self.last_good.display(), %error, "the last good zones could not be kept");
        }
        true
    }

    fn judge(&self, files: &ZoneFiles, folder: &Path) -> Loaded {
        let names: Vec<_> = files.iter().map(|(name, _)| folder.join(name).display().to_string()).collect();
        let documents: Vec<_> =
            names.iter().zip(files).map(|(name, (_, text))| Document { name, text }).collect();
        load_within(&documents, self.area)
    }

    fn put_in_force(&self, airspace: Airspace) {
        let airspace = Arc::new(canary::with_zone(airspace));
        self.app.airspace.store(Arc::clone(&airspace));
        if self.inbox.control(Control::Airspace(airspace)).is_err() {
            tracing::error!("the monitor takes no zones: it is stopping or stuck");
        }
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
