//! What is found in the folder: taken at once, or held until a second person agrees.
//!
//! ```text
//! folder ─► judged ─► compared with what is in force ─► in force, noted
//!                                          └─► held: the old set stays, degraded, a draft that a second person publishes
//! ```
//!
//! Held files stay as they are. Who publishes the draft puts them in force; who does not want them puts the old ones
//! back, and until then the service says so. Giving the draft up writes no file: nobody's work is overwritten.

use crate::airspace::{Airspace, Comparison, Words};
use crate::service::clock;
use crate::service::watch_zones::ZoneRead;
use crate::service::zone_agreed::Behind;
use crate::service::zone_desk::{Cause, DeskError, State, ZoneDesk};
use crate::service::zone_drafts::{Asked, close, new_draft};
use crate::service::zone_files;
use crate::service::zone_keeper::Judged;
use crate::service::zone_notes::{Agreement, FILE_AUTHOR, note_files, recover};
use crate::zonebook::{Book, Draft, DraftState, NewDraft};

/// Most zones that the draft of held files shows; its difference names them all.
const SHOWN_MAX: usize = 1_000;
/// Drafts that are looked through for one of held files.
const DRAFTS_MAX: u32 = 300;

/// Files that wait for a second person.
#[derive(Debug)]
pub(super) struct Held {
    /// The version of the set that they make.
    version: String,
    /// The draft by which they can be put in force, or why there is none.
    draft: Result<String, String>,
    why: Words,
}

impl Held {
    fn reason(&self) -> String {
        let Words { zh, en } = &self.why;
        match &self.draft {
            Ok(id) => format!(
                "zone files were changed by hand and take protection away; the zones in force stay until a second \
                 person publishes draft {id}, or the files are put back. {en} 手工修改的区域文件削弱保护，须由另一人发布\
                 草案 {id}，或恢复文件；此前仍按原区域告警。{zh}"
            ),
            Err(missing) => format!(
                "zone files were changed by hand and take protection away; the zones in force stay: put the files back \
                 ({missing}). {en} 手工修改的区域文件削弱保护，未予采用，请恢复文件。{zh}"
            ),
        }
    }
}

impl ZoneDesk {
    /// Ends what an earlier process had begun, then reads the folder for the first time. Blocks.
    pub fn begin(&self) -> ZoneRead {
        let mut state = self.state();
        self.recover(&mut state);
        let read = zone_files::read(&self.dir);
        let Some(new) = self.keeper.judged(&read) else {
            if let Some(in_force) = self.keeper.fall_back() {
                state.in_force = in_force;
                state.note();
            }
            return read;
        };
        // What the book holds for live was agreed to, whatever was kept last.
        let noted = state.book.as_ref().is_ok_and(|book| is_live(book, &new.airspace));
        let before = if noted { None } else { self.keeper.last_good_beside(&new.files) };
        let Some(before) = before else {
            self.enforce(&mut state, new);
            return read;
        };
        let comparison = self.compared_in(&state, &before.airspace, &new.airspace, clock::now());
        if comparison.needs_approval {
            state.in_force = self.keeper.enforce_earlier(before);
            state.note();
            self.hold(&mut state, &new, &comparison);
        } else {
            self.enforce(&mut state, new);
        }
        read
    }

    /// The book could be opened only now. Blocks.
    pub fn open(&self, book: Result<Book, String>) {
        let mut state = self.state();
        state.book = book;
        self.recover(&mut state);
        // What was broken off has been ended; what is held can have its draft.
        state.held = None;
        let read = zone_files::read(&self.dir);
        if read.as_ref().is_ok_and(|files| *files != state.in_force.files)
            && let Some(new) = self.keeper.judged(&read)
        {
            let noted = state.book.as_ref().is_ok_and(|book| is_live(book, &new.airspace));
            if noted { self.enforce(&mut state, new) } else { self.admit(&mut state, new) }
        }
        state.note();
    }

    /// The watch has read the folder. What was written here is known already. Blocks.
    pub fn take(&self, read: &ZoneRead) {
        let mut state = self.state();
        // It may have been read while files were being written, or before the last ones were.
        let read = if read.is_ok() { zone_files::read(&self.dir) } else { read.clone() };
        if read.as_ref().is_ok_and(|files| *files == state.in_force.files) {
            self.keeper.well(&state.in_force.files);
            state.release();
        } else if let Some(new) = self.keeper.judged(&read) {
            self.admit(&mut state, new);
        }
    }

    /// A good set, where another may be in force: it comes into force, or is held.
    fn admit(&self, state: &mut State, new: Judged) {
        let live = std::sync::Arc::clone(&state.in_force.airspace);
        let comparison = self.compared_in(state, &live, &new.airspace, clock::now());
        if comparison.needs_approval {
            self.hold(state, &new, &comparison);
        } else {
            self.enforce(state, new);
        }
    }

    fn enforce(&self, state: &mut State, new: Judged) {
        state.in_force = self.keeper.enforce(new);
        state.release();
        state.note();
    }

    /// Keeps the zones in force, says why, and offers a draft.
    fn hold(&self, state: &mut State, new: &Judged, comparison: &Comparison) {
        let version = new.airspace.version();
        if state.held.as_ref().is_none_or(|held| held.version != version) {
            state.release_but(Some(version));
            let live = std::sync::Arc::clone(&state.in_force.airspace);
            let draft = state.draft_of_files(&live, &new.airspace, comparison);
            let why = comparison.why.clone().unwrap_or_default();
            state.held = Some(Held { version: version.to_owned(), draft, why });
        }
        if let Some(held) = &state.held {
            let reason = held.reason();
            tracing::error!(reason, "ZONE FILES HELD for a second person; 区域文件待第二人批准");
            self.keeper.degraded(&reason);
        }
    }

    /// Puts held files in force: who agrees is the second person, as the files say nobody's name.
    pub(super) fn publish_files(
        &self,
        state: &mut State,
        (draft, version): (Draft, &str),
        by: &Cause,
    ) -> Result<Draft, DeskError> {
        if draft.is_by(&by.author) {
            return Err(DeskError::SamePerson);
        }
        let read = zone_files::read(&self.dir);
        let moved_on = || {
            DeskError::Conflict(
                "the zone files have changed since, or are broken: look at them and at the newest draft. \
                 区域文件已再次变更或有误，请核对最新草案"
                    .into(),
            )
        };
        let new = self.keeper.judged(&read).filter(|new| new.airspace.version() == version);
        let new = new.ok_or_else(moved_on)?;
        let agreement = Agreement { by, draft_id: &draft.draft_id };
        let draft = Draft {
            approved_by: Some(by.author.clone()),
            ..close(draft.clone(), DraftState::Published, &by.author)
        };
        let book = state.book()?;
        note_files((&new.airspace, &new.envelopes), book, Some(&agreement))?;
        book.write_draft(&draft)?;
        state.in_force = self.keeper.enforce(new);
        state.held = None;
        let airspace = std::sync::Arc::clone(&state.in_force.airspace);
        state.agree(&airspace, &[], &[], Behind::Two);
        Ok(draft)
    }

    /// A draft was given up; if held files waited for it, that is told.
    pub(super) fn given_up(&self, state: &mut State, draft_id: &str) {
        if let Some(held) = &mut state.held
            && held.draft.as_deref() == Ok(draft_id)
        {
            held.draft = Err(format!("draft {draft_id} was withdrawn 草案 {draft_id} 已撤回"));
            self.keeper.degraded(&held.reason());
        }
    }

    fn recover(&self, state: &mut State) {
        if let Ok(book) = &mut state.book
            && let Err(error) = recover(book, &self.dir)
        {
            tracing::error!(%error, "the last publication of zones could not be ended");
        }
    }
}

impl State {
    /// Notes how what is in force differs from what the book holds for live.
    fn note(&mut self) {
        let Ok(book) = &mut self.book else { return };
        let airspace = std::sync::Arc::clone(&self.in_force.airspace);
        if let Err(error) = note_files((&airspace, &self.in_force.envelopes), book, None) {
            tracing::error!(%error, "a change of zone files could not be noted");
        }
        let all: Vec<_> = airspace.zones().iter().map(|zone| zone.id.clone()).collect();
        self.agree(&airspace, &all, &[], Behind::One);
    }

    /// Nothing is held any more.
    fn release(&mut self) {
        self.held = None;
        self.release_but(None);
    }

    /// Withdraws the drafts of files that are not there any more.
    fn release_but(&mut self, version: Option<&str>) {
        let Ok(book) = &mut self.book else { return };
        let over = |draft: &Draft| {
            draft.state == DraftState::Open
                && draft.new.files.as_deref().is_some_and(|files| Some(files) != version)
        };
        let closed = book.drafts(DRAFTS_MAX).and_then(|drafts| {
            let over = drafts.into_iter().filter(over);
            over.map(|draft| close(draft, DraftState::Withdrawn, FILE_AUTHOR))
                .try_for_each(|draft| book.write_draft(&draft))
        });
        if let Err(error) = closed {
            tracing::warn!(%error, "a draft of held files could not be withdrawn");
        }
    }

    /// The draft of held files: the one that is open, or a new one; or why there is none.
    fn draft_of_files(
        &mut self,
        live: &Airspace,
        new: &Airspace,
        comparison: &Comparison,
    ) -> Result<String, String> {
        let version = new.version();
        let book = self.book.as_mut().map_err(|why| why.clone())?;
        let known = book.drafts(DRAFTS_MAX).map_err(|error| error.to_string())?;
        let is_it =
            |draft: &&Draft| draft.state == DraftState::Open && draft.new.files.as_deref() == Some(version);
        if let Some(draft) = known.iter().find(is_it) {
            return Ok(draft.draft_id.clone());
        }
        let Comparison { added, changed, removed, .. } = comparison;
        let put = added.iter().chain(changed.iter().map(|zone| &zone.id));
        let put = put.filter_map(|id| Some(Asked::Put(id.clone(), new.zone_by_id(id.as_str())?.geojson())));
        let gone = removed.iter().map(|id| Asked::Delete(id.clone()));
        let shown: Vec<_> = gone.chain(put).take(SHOWN_MAX).collect();
        let cause = Cause {
            author: FILE_AUTHOR.into(),
            reason: "zone files were changed by hand 区域文件被手工修改".into(),
            draft_id: None,
            approved_by: None,
        };
        let files = Some(version.to_owned());
        let draft = NewDraft { files, ..new_draft(&shown, live, comparison, &cause) };
        book.add_draft(draft).map(|draft| draft.draft_id).map_err(|error| error.to_string())
    }
}

/// Whether the book holds just these zones for live.
fn is_live(book: &Book, airspace: &Airspace) -> bool {
    book.live().is_ok_and(|live| {
        live.len() == airspace.zones().len()
            && airspace
                .zones()
                .iter()
                .all(|zone| live.get(zone.id.as_str()).is_some_and(|version| **version == *zone.version))
    })
}
