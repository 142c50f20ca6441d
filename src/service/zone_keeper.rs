//! Keeps the airspace in force: a set of files is taken whole or not at all, and the last good set is kept on
//! disk, so that a broken folder at the next start does not leave the city without protection.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::airspace::{Airspace, Document, Envelope, Loaded, ProblemSeverity, Reading, load_as};
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

/// A set of files that is good.
#[derive(Debug)]
pub struct Judged {
    /// The files.
    pub files: ZoneFiles,
    /// What they hold beside zones.
    pub envelopes: Vec<Envelope>,
    /// What they mean.
    pub airspace: Airspace,
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

    /// What a reading means; `None` if it is no good, which is told and makes the service degraded.
    pub fn judged(&self, read: &ZoneRead) -> Option<Judged> {
        let files = match read {
            Ok(files) => files,
            Err(error) => {
                tracing::error!(%error, "zone folder refused, the zones in force stay");
                self.degraded(&error.to_string());
                return None;
            }
        };
        let Loaded { airspace, problems, envelopes } = self.judge(files);
        for problem in problems.iter().take(TOLD_MAX) {
            match problem.severity {
                ProblemSeverity::Error => tracing::error!(%problem, "zone file refused"),
                ProblemSeverity::Warning => tracing::warn!(%problem, "zone file"),
            }
        }
        let Some(airspace) = airspace else {
            let first = problems.iter().find(|problem| problem.severity == ProblemSeverity::Error);
            let reason = first.map_or_else(|| "zone files refused".to_owned(), ToString::to_string);
            tracing::error!(
                zones_in_force = self.app.airspace.load().version(),
                "zone files refused, the zones in force stay"
            );
            self.degraded(&reason);
            return None;
        };
        Some(Judged { files: files.clone(), envelopes, airspace })
    }

    /// The last good set of an earlier run, if there is one that is not made of these very files.
    pub fn last_good_beside(&self, files: &ZoneFiles) -> Option<Judged> {
        let kept = zone_files::read(&self.last_good).ok().filter(|kept| kept != files)?;
        let Loaded { airspace, envelopes, .. } = self.judge(&kept);
        Some(Judged { files: kept, envelopes, airspace: airspace? })
    }

    /// Puts a set in force that every file of the folder agrees with.
    pub fn enforce(&self, judged: Judged) -> InForce {
        let Judged { files, envelopes, airspace } = judged;
        let airspace = self.put_in_force(airspace);
        self.well(&files);
        InForce { files, envelopes, airspace }
    }

    /// Puts the last good set of an earlier run in force where the folder cannot be taken, which was told a moment ago.
    pub fn fall_back(&self) -> Option<InForce> {
        let kept = self.last_good_beside(&ZoneFiles::new())?;
        let in_force = self.enforce_earlier(kept);
        // What is wrong with the folder, and where, was noted a moment ago.
        let condition = self.app.health.parts().remove(&Part::Zones);
        let why = condition.and_then(|condition| condition.reason).unwrap_or_default();
        self.degraded(&format!("{why}; the last good zones of an earlier run are in force"));
        Some(in_force)
    }

    /// Puts a set of an earlier run in force that the folder does not hold.
    pub fn enforce_earlier(&self, kept: Judged) -> InForce {
        let Judged { files, envelopes, airspace } = kept;
        let airspace = self.put_in_force(airspace);
        tracing::warn!(zones = airspace.zones().len(), "the last good zones of an earlier run are in force");
        InForce { files, envelopes, airspace }
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

    /// How documents are read.
    pub fn reading(&self) -> Reading {
        self.reading
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
    pub fn degraded(&self, reason: &str) {
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
