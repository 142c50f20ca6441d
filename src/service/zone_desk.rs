//! Where zones are changed: one at a time, in the files of the folder, noted in the book, in force at once.
//!
//! ```text
//! change ─► edited documents ─► loaded, compared ─► book: begin ─► files ─► in force ─► book: finish
//! file edited by hand ─► watch ─► loaded, compared ─► in force ─► book: note
//! ```

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::airspace::{Airspace, Change, Comparison, EditError, Edited, Problem, Reading, Words, Zone, edit};
use crate::domain::{Observation, Timestamp, ZoneId};
use crate::monitor::Settings;
use crate::service::clock;
use crate::service::zone_agreed::Behind;
use crate::service::zone_folder::Held;
use crate::service::zone_keeper::{InForce, ZoneKeeper};
use crate::service::zone_notes::entries;
use crate::service::zone_notice::notices;
use crate::service::zone_writing::{content, write_all};
use crate::zonebook::{Book, BookError, Publication, WrittenFile};

/// The file for zones that no file held before.
pub const OWN_FILE: &str = "api.geojson";
/// The member of `extendedProperties` that marks a zone that goes by itself when its time is over.
pub const TEMPORARY: &str = "temporary_control";
/// Who tidies.
const SELF_AUTHOR: &str = "lowsky";
/// How often zones whose time is over are looked for.
const TIDY_PERIOD: Duration = Duration::from_secs(20);
/// How long a temporary zone stays after its time is over, seconds.
const TIDY_AFTER_S: f64 = 60.0;

/// How often versions are looked for that are older than the history is kept.
const RETAIN_PERIOD: Duration = Duration::from_hours(1);
/// Seconds of a day.
const DAY_S: f64 = 86_400.0;

/// What a changer believes to be live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// A zone of one of these versions.
    OneOf(Vec<String>),
    /// Any version.
    Any,
    /// No zone.
    Absent,
    /// He did not say: right where there is no zone whose change could be overwritten.
    Unsaid,
}

/// Who changes, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Who says that it is he.
    pub author: String,
    /// Why.
    pub reason: String,
    /// The draft of which it is part.
    pub draft_id: Option<String>,
    /// The second person, if one agreed.
    pub approved_by: Option<String>,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The zone is not what the changer believes; its version, if there is one.
    #[error("zone `{0}` has moved on")]
    Stale(ZoneId, Option<String>),
    /// The changer did not say which version he changes.
    #[error("which version of zone `{0}` is meant?")]
    Unsaid(ZoneId),
    /// The zones would not be good.
    #[error("the zones would not be good")]
    Edit(EditError),
    /// A second person has to agree; and what somebody should look at.
    #[error("a second person has to agree")]
    NeedsApproval(Box<Comparison>, Vec<Words>),
    /// The one who agrees wrote on it.
    #[error("the second person must not be one of the authors")]
    SamePerson,
    /// There is no such thing.
    #[error("{0}")]
    Missing(String),
    /// It is not in a state in which that can be done.
    #[error("{0}")]
    Conflict(String),
    /// The book or the disk.
    #[error("{0}")]
    Unavailable(String),
}

impl From<BookError> for DeskError {
    fn from(error: BookError) -> Self {
        match error {
            BookError::Full(why) => Self::Conflict(why),
            BookError::Database { .. } | BookError::Newer { .. } | BookError::Broken { .. } => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}

/// What was done.
#[derive(Debug)]
pub struct Published {
    /// Before and after.
    pub comparison: Comparison,
    /// What somebody should look at.
    pub warnings: Vec<Words>,
    /// The zones in force from then on.
    pub airspace: Arc<Airspace>,
}

/// The desk.
pub struct ZoneDesk {
    pub(super) keeper: ZoneKeeper,
    pub(super) dir: PathBuf,
    state: Mutex<State>,
    rules: Settings,
    past: Option<Past>,
}

/// What arrived in a span of time, in the order of arrival; `None` if that cannot be read.
pub type Past = Box<dyn Fn(Timestamp, Timestamp) -> Option<Reports> + Send + Sync>;
/// Reports and when each arrived.
pub type Reports = Box<dyn Iterator<Item = (Timestamp, Observation)>>;

impl std::fmt::Debug for ZoneDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ZoneDesk").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// What is changed by one at a time.
pub(super) struct State {
    pub(super) in_force: InForce,
    pub(super) book: Result<Book, String>,
    /// Files that wait for a second person.
    pub(super) held: Option<Held>,
    /// Written and in force, and not yet noted in the book's list.
    unfinished: Option<Publication>,
}

impl State {
    pub(super) fn book(&mut self) -> Result<&mut Book, DeskError> {
        self.book.as_mut().map_err(|why| DeskError::Unavailable(why.clone()))
    }
}

/// Opens the book of that folder, or says why there is none.
pub fn open_book(dir: &Path) -> Result<Book, String> {
    Book::open(dir).map_err(|error| {
        let why = error.to_string();
        tracing::error!(
            why,
            "NO BOOK OF ZONES: zones apply and cannot be edited here; 无区域簿：区域照常生效，但不能在此编辑"
        );
        why
    })
}

/// Removes temporary zones whose time is over, and forgets versions after so many days, until `stop`.
pub async fn tidy(desk: Arc<ZoneDesk>, retain_days: u32, stop: CancellationToken) {
    let mut due = tokio::time::interval(TIDY_PERIOD);
    let mut forget = tokio::time::interval(RETAIN_PERIOD);
    loop {
        let forgets = tokio::select! {
            () = stop.cancelled() => return,
            _ = due.tick() => false,
            _ = forget.tick() => true,
        };
        let desk = Arc::clone(&desk);
        let tidied = tokio::task::spawn_blocking(move || {
            let now = clock::now();
            if forgets {
                desk.retain(now.plus_seconds(-f64::from(retain_days) * DAY_S));
            } else {
                desk.remove_expired(now);
            }
        });
        drop(tidied.await);
    }
}

impl ZoneDesk {
    /// A desk for the zones of that folder.
    pub fn new(keeper: ZoneKeeper, dir: PathBuf, book: Option<Result<Book, String>>) -> Self {
        let book = book.unwrap_or_else(|| Err("the journal's folder is not ours; see the log".into()));
        let in_force = InForce { files: Vec::new(), envelopes: Vec::new(), airspace: keeper.airspace() };
        let state = Mutex::new(State { in_force, book, held: None, unfinished: None });
        Self { keeper, dir, state, rules: Settings::default(), past: None }
    }

    /// The same, that can tell whom a change would alert: by these rules, also over the past if there is one.
    #[must_use]
    pub fn with_rehearsal(self, rules: Settings, past: Option<Past>) -> Self {
        Self { rules, past, ..self }
    }

    /// How documents are read.
    pub fn reading(&self) -> Reading {
        self.keeper.reading()
    }

    /// The rules by which aircraft are judged.
    pub fn rules(&self) -> &Settings {
        &self.rules
    }

    /// What arrived in a span of time; `None` if nothing is kept or it cannot be read.
    pub fn past(&self, from: Timestamp, to: Timestamp) -> Option<Reports> {
        self.past.as_ref()?(from, to)
    }

    /// Forgets the contents of versions that nothing needs that happened after `before`. Blocks.
    fn retain(&self, before: Timestamp) {
        if let Ok(book) = &mut self.state().book
            && let Err(error) = book.retain(before)
        {
            tracing::warn!(%error, "old versions of zones could not be forgotten");
        }
    }

    /// Makes changes whose maker believes the zones to be as `expected`. Blocks.
    pub fn publish(
        &self,
        changes: &[Change],
        expected: &[(ZoneId, Expect)],
        cause: &Cause,
        agreed: bool,
    ) -> Result<Published, DeskError> {
        self.publish_in(&mut self.state(), changes, expected, cause, agreed)
    }

    pub(super) fn publish_in(
        &self,
        state: &mut State,
        changes: &[Change],
        expected: &[(ZoneId, Expect)],
        cause: &Cause,
        agreed: bool,
    ) -> Result<Published, DeskError> {
        settle(state)?;
        let live = Arc::clone(&state.in_force.airspace);
        expect(&live, expected)?;
        let Edited { files, touched, loaded, warnings } = self.edited(state, changes)?;
        let warnings = words(&warnings);
        let Some(new) = loaded.airspace else {
            return Err(DeskError::Edit(EditError::Documents(loaded.problems)));
        };
        let now = clock::now();
        let comparison = self.compared_in(state, &live, &new, now);
        if comparison.needs_approval && !agreed {
            return Err(DeskError::NeedsApproval(Box::new(comparison), warnings));
        }
        if touched.is_empty() {
            return Ok(Published { comparison, warnings, airspace: live });
        }
        let written = self.written(&state.in_force.files, &files, &touched)?;
        let entries = entries(&live, &new, &loaded.envelopes, changes, (cause, now, &comparison));
        let draft = cause
            .draft_id
            .clone()
            .map(|id| (id, cause.approved_by.clone().unwrap_or_else(|| cause.author.clone())));
        let publication = Publication { files: written, entries, draft };
        state.book()?.begin(&publication)?;
        if let Err(error) = write_all(&self.dir, &publication.files) {
            state.book()?.give_up()?;
            let dir = self.dir.display();
            return Err(DeskError::Unavailable(format!(
                "zone files in {dir} cannot be written: {error}; nothing was changed. 无法写入，未作改动"
            )));
        }
        let behind = match (&cause.approved_by, agreed) {
            (Some(_), _) if comparison.needs_approval => Behind::Two,
            (None, true) => Behind::Itself,
            (Some(_) | None, _) => Behind::One,
        };
        let airspace = self.keeper.put_in_force(new);
        self.keeper.keep(&files);
        let envelopes = loaded.envelopes;
        state.in_force = InForce { files, envelopes, airspace: Arc::clone(&airspace) };
        // It is in force and on disk; if the book is full now, it is noted when it can be.
        if let Err(error) = state.book()?.finish(&publication) {
            tracing::error!(%error, "a publication of zones waits to be noted");
            state.unfinished = Some(publication);
        }
        state.agree(&airspace, &comparison.added, &comparison.removed, behind);
        Ok(Published { comparison, warnings, airspace })
    }

    /// What changes would make of the zones in force; nothing is changed.
    pub fn dry_run(&self, changes: &[Change]) -> Result<(Arc<Airspace>, Edited), DeskError> {
        let (files, live) = {
            let state = self.state();
            (state.in_force.files.clone(), Arc::clone(&state.in_force.airspace))
        };
        let edited = self.edited_of(&files, &live, changes)?;
        Ok((live, edited))
    }

    /// Removes temporary zones whose time is over.
    fn remove_expired(&self, now: Timestamp) {
        let over = |zone: &&Zone| {
            let marked =
                zone.feature().pointer(&format!("/properties/extendedProperties/{TEMPORARY}")).is_some();
            let at = now.plus_seconds(-TIDY_AFTER_S);
            marked && !zone.applies_at(at) && zone.next_switch_after(at).is_none()
        };
        let live = self.keeper.airspace();
        let changes: Vec<Change> =
            live.zones().iter().filter(over).map(|zone| Change::Delete { id: zone.id.clone() }).collect();
        if changes.is_empty() {
            return;
        }
        let cause = Cause {
            author: SELF_AUTHOR.into(),
            reason: "its time is over 到期自动移除".into(),
            draft_id: None,
            approved_by: None,
        };
        if let Err(error) = self.publish(&changes, &[], &cause, true) {
            tracing::warn!(%error, "temporary zones whose time is over could not be removed");
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn edited(&self, state: &State, changes: &[Change]) -> Result<Edited, DeskError> {
        let InForce { files, airspace, .. } = &state.in_force;
        self.edited_of(files, airspace, changes)
    }

    fn edited_of(
        &self,
        files: &[(String, Vec<u8>)],
        live: &Airspace,
        changes: &[Change],
    ) -> Result<Edited, DeskError> {
        let reading = self.keeper.reading();
        let mut edited = edit(files, live, changes, OWN_FILE, reading).map_err(DeskError::Edit)?;
        if let Some(new) = &edited.loaded.airspace {
            edited.warnings.extend(notices(changes, live, new, clock::now()));
        }
        Ok(edited)
    }

    /// The files that are written; none that was changed by another hand meanwhile.
    fn written(
        &self,
        before: &[(String, Vec<u8>)],
        after: &[(String, Vec<u8>)],
        touched: &[String],
    ) -> Result<Vec<WrittenFile>, DeskError> {
        let of = |files: &[(String, Vec<u8>)], name: &str| {
            files.iter().find(|(file, _)| file == name).map(|(_, content)| content.clone())
        };
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let mut written = Vec::new();
        for name in touched {
            let was = of(before, name);
            let found =
                content(&self.dir, name).map_err(|error| DeskError::Unavailable(error.to_string()))?;
            if found != was {
                return Err(DeskError::Conflict(format!(
                    "{name} was changed by hand and is not in force: mend or restore the file, then try again. \
                     文件 {name} 已被手工修改且未生效，请先修正该文件"
                )));
            }
            let now = of(after, name).map(text).unwrap_or_default();
            written.push(WrittenFile { name: name.clone(), was: was.map(text), now });
        }
        Ok(written)
    }
}

/// Warnings about changes, as they are told.
pub(super) fn words(warnings: &[(usize, Problem)]) -> Vec<Words> {
    let one = |(_, problem): &(usize, Problem)| Words {
        zh: problem.message_zh.clone(),
        en: problem.message.clone(),
    };
    warnings.iter().map(one).collect()
}

/// Notes a publication that could not be noted before.
fn settle(state: &mut State) -> Result<(), DeskError> {
    if let Some(publication) = state.unfinished.take()
        && let Err(error) = state.book()?.finish(&publication)
    {
        state.unfinished = Some(publication);
        return Err(error.into());
    }
    Ok(())
}

/// Whether the zones are as the changer believes.
fn expect(live: &Airspace, expected: &[(ZoneId, Expect)]) -> Result<(), DeskError> {
    for (id, expect) in expected {
        let version = live.zone_by_id(id.as_str()).map(|zone| zone.version.to_string());
        let good = match expect {
            Expect::OneOf(wanted) => version.as_ref().is_some_and(|version| wanted.contains(version)),
            Expect::Any => version.is_some(),
            Expect::Unsaid if version.is_some() => return Err(DeskError::Unsaid(id.clone())),
            Expect::Absent | Expect::Unsaid => version.is_none(),
        };
        if !good {
            return Err(DeskError::Stale(id.clone(), version));
        }
    }
    Ok(())
}
