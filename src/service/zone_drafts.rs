//! Drafts: changes that wait to be looked at, and where need be for a second person.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::airspace::{Airspace, Change, Comparison, Words};
use crate::domain::{Timestamp, ZoneId};
use crate::service::clock;
use crate::service::zone_desk::{Cause, DeskError, Expect, Published, State, ZoneDesk, words};
use crate::zonebook::{Draft, DraftState, Entry, Kept, NewDraft};

/// Most changes of a draft.
const CHANGES_MAX: usize = 10_000;
/// Most drafts in a list.
const DRAFTS_TOLD: u32 = 300;
/// Most versions of a zone in a list.
const VERSIONS_TOLD: u32 = 1_000;

/// A change as it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// The zone shall be this.
    Put(ZoneId, Value),
    /// The zone shall be gone.
    Delete(ZoneId),
    /// The zone shall be as in that version.
    Rollback(ZoneId, String),
}

impl Asked {
    fn id(&self) -> &ZoneId {
        match self {
            Self::Put(id, _) | Self::Delete(id) | Self::Rollback(id, _) => id,
        }
    }

    /// As a draft shows it.
    fn shown(&self) -> Value {
        match self {
            Self::Put(id, feature) => json!({ "action": "PUT", "id": id, "feature": feature }),
            Self::Delete(id) => json!({ "action": "DELETE", "id": id }),
            Self::Rollback(id, version) => json!({ "action": "ROLLBACK", "id": id, "version": version }),
        }
    }
}

/// Reads `[{"action", "id", …}]`; every fault with its pointer below `at`.
pub fn read_changes(changes: &Value, at: &str) -> Result<Vec<Asked>, Vec<(String, String)>> {
    let list = match changes.as_array() {
        Some(list) if (1..=CHANGES_MAX).contains(&list.len()) => list,
        _ => return Err(vec![(at.into(), format!("a list of 1 to {CHANGES_MAX} changes is wanted"))]),
    };
    let (mut asked, mut faults) = (Vec::new(), Vec::new());
    for (i, change) in list.iter().enumerate() {
        let text = |name: &str| change.get(name).and_then(Value::as_str);
        let mut fault =
            |name: &str, wanted: &str| faults.push((format!("{at}/{i}{name}"), wanted.to_owned()));
        let id = text("id").filter(|id| !id.is_empty()).map(ZoneId::new);
        if id.is_none() {
            fault("/id", "the identifier of a zone is wanted");
        }
        let Some(id) = id else { continue };
        match (text("action"), change.get("feature"), text("version")) {
            (Some("PUT"), Some(feature @ Value::Object(_)), _) => asked.push(Asked::Put(id, feature.clone())),
            (Some("PUT"), _, _) => fault("/feature", "a GeoJSON feature is wanted"),
            (Some("DELETE"), _, _) => asked.push(Asked::Delete(id)),
            (Some("ROLLBACK"), _, Some(version)) => asked.push(Asked::Rollback(id, version.to_owned())),
            (Some("ROLLBACK"), _, None) => fault("/version", "a version of the zone is wanted"),
            _ => fault("/action", "PUT, DELETE or ROLLBACK is wanted"),
        }
    }
    if faults.is_empty() { Ok(asked) } else { Err(faults) }
}

/// A draft as it is shown.
#[derive(Debug, Serialize)]
pub struct Shown {
    draft_id: String,
    state: &'static str,
    created_at: Timestamp,
    author: String,
    authors: Vec<String>,
    reason: String,
    changes: Value,
    difference: Value,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Words>,
    needs_approval: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_by: Option<String>,
}

impl Shown {
    /// Its name.
    pub fn id(&self) -> &str {
        &self.draft_id
    }

    fn of(draft: Draft, live: &Airspace) -> Self {
        let state = match draft.state {
            DraftState::Open if is_stale(&draft, live) => "STALE",
            DraftState::Open => "OPEN",
            DraftState::Published => "PUBLISHED",
            DraftState::Withdrawn => "WITHDRAWN",
        };
        let NewDraft { created_at, author, reason, changes, difference, warnings, .. } = draft.new;
        Self {
            draft_id: draft.draft_id,
            state,
            created_at,
            author,
            authors: draft.authors,
            reason,
            changes,
            needs_approval: difference.get("needs_approval").and_then(Value::as_bool).unwrap_or(true),
            why: difference.get("why").cloned(),
            difference,
            warnings,
            approved_by: draft.approved_by,
            closed_at: draft.closed_at,
            closed_by: draft.closed_by,
        }
    }
}

fn is_stale(draft: &Draft, live: &Airspace) -> bool {
    let version = |id: &str| live.zone_by_id(id).map(|zone| zone.version.to_string());
    draft.new.base.iter().any(|(id, base)| version(id) != *base)
}

impl ZoneDesk {
    /// Makes one change at once, or keeps it as a draft if a second person has to agree; without `expect` whatever is live.
    /// Blocks.
    pub fn change(&self, asked: &Asked, expect: Option<Expect>, cause: &Cause) -> Result<Done, DeskError> {
        let mut state = self.state();
        let changes = resolve(&mut state, std::slice::from_ref(asked))?;
        let expected: Vec<_> = expect.map(|expect| (asked.id().clone(), expect)).into_iter().collect();
        match self.publish_in(&mut state, &changes, &expected, cause, false) {
            Ok(published) => Ok(Done::Published(published)),
            Err(DeskError::NeedsApproval(comparison, warnings)) => {
                let why = comparison.why.clone().unwrap_or_default();
                let live = self.keeper.airspace();
                let new = new_draft(std::slice::from_ref(asked), &live, &comparison, cause);
                let draft = state.book()?.add_draft(NewDraft { warnings: warnings.clone(), ..new })?;
                Ok(Done::Waits { draft_id: draft.draft_id, why, warnings })
            }
            Err(error) => Err(error),
        }
    }

    /// Keeps changes as a draft; they must be good. Blocks.
    pub fn create_draft(&self, asked: &[Asked], cause: &Cause) -> Result<Shown, DeskError> {
        let mut state = self.state();
        let new = self.drafted(&mut state, asked, cause)?;
        let draft = state.book()?.add_draft(new)?;
        Ok(Shown::of(draft, &self.keeper.airspace()))
    }

    /// Other changes for an open draft; they are held against what is live now. Blocks.
    pub fn replace_draft(&self, id: &str, asked: &[Asked], cause: &Cause) -> Result<Shown, DeskError> {
        let mut state = self.state();
        let mut draft = open_draft(&mut state, id)?;
        if draft.new.files.is_some() {
            return Err(DeskError::Conflict(format!(
                "draft {id} is of files that were changed by hand: change the files. 该草案来自手工修改的文件，请修改文件"
            )));
        }
        let new = self.drafted(&mut state, asked, cause)?;
        if !draft.is_by(&cause.author) {
            draft.authors.push(cause.author.clone());
        }
        draft.new = NewDraft { author: draft.new.author, created_at: draft.new.created_at, ..new };
        state.book()?.write_draft(&draft)?;
        Ok(Shown::of(draft, &self.keeper.airspace()))
    }

    /// Puts a draft in force. Where a second person is needed, it must be none of its authors. Blocks.
    pub fn publish_draft(&self, id: &str, by: &Cause) -> Result<Shown, DeskError> {
        let mut state = self.state();
        let draft = open_draft(&mut state, id)?;
        if let Some(version) = draft.new.files.clone() {
            let draft = self.publish_files(&mut state, (draft, &version), by)?;
            return Ok(Shown::of(draft, &self.keeper.airspace()));
        }
        let asked = read_changes(&draft.new.changes, "").map_err(|_unreadable| broken(id))?;
        let changes = resolve(&mut state, &asked)?;
        if is_stale(&draft, &self.keeper.airspace()) {
            return Err(DeskError::Conflict(format!(
                "a zone of draft {id} has moved on since: look at it again and replace its changes. \
                 草案所涉区域已变更，请重新核对"
            )));
        }
        let is_second = !draft.is_by(&by.author);
        let cause = Cause {
            author: draft.new.author.clone(),
            reason: if draft.new.reason == by.reason {
                by.reason.clone()
            } else {
                format!("{} · {}", draft.new.reason, by.reason)
            },
            draft_id: Some(id.to_owned()),
            approved_by: is_second.then(|| by.author.clone()),
        };
        match self.publish_in(&mut state, &changes, &[], &cause, is_second) {
            Ok(_) => {}
            Err(DeskError::NeedsApproval(..)) => return Err(DeskError::SamePerson),
            Err(error) => return Err(error),
        }
        let mut draft = find_draft(&mut state, id)?;
        if draft.state == DraftState::Open {
            // Nothing was to be changed any more, or the book could not take it yet.
            draft = close(draft, DraftState::Published, &by.author);
            draft.approved_by = cause.approved_by;
            state.book()?.write_draft(&draft)?;
        }
        Ok(Shown { state: "PUBLISHED", ..Shown::of(draft, &self.keeper.airspace()) })
    }

    /// Gives a draft up. Blocks.
    pub fn withdraw_draft(&self, id: &str, by: &str) -> Result<(), DeskError> {
        let mut state = self.state();
        let draft = close(open_draft(&mut state, id)?, DraftState::Withdrawn, by);
        state.book()?.write_draft(&draft)?;
        self.given_up(&mut state, id);
        Ok(())
    }

    /// The changes that are asked for, with their contents. Blocks.
    pub fn resolved(&self, asked: &[Asked]) -> Result<Vec<Change>, DeskError> {
        resolve(&mut self.state(), asked)
    }

    /// The drafts, open ones first. Blocks.
    pub fn drafts(&self) -> Result<Vec<Shown>, DeskError> {
        let drafts = self.state().book()?.drafts(DRAFTS_TOLD)?;
        let live = self.keeper.airspace();
        Ok(drafts.into_iter().map(|draft| Shown::of(draft, &live)).collect())
    }

    /// One draft. Blocks.
    pub fn draft(&self, id: &str) -> Result<Shown, DeskError> {
        let draft = find_draft(&mut self.state(), id)?;
        Ok(Shown::of(draft, &self.keeper.airspace()))
    }

    /// The versions of a zone, newest first. Blocks.
    pub fn versions(&self, zone: &str) -> Result<Vec<Kept>, DeskError> {
        Ok(self.state().book()?.versions(zone, VERSIONS_TOLD)?)
    }

    /// The newest changes, newest first, before the one numbered `before`. Blocks.
    pub fn audit(&self, before: i64, limit: u32) -> Result<Vec<Entry>, DeskError> {
        Ok(self.state().book()?.entries(before, limit)?)
    }

    fn drafted(&self, state: &mut State, asked: &[Asked], cause: &Cause) -> Result<NewDraft, DeskError> {
        let changes = resolve(state, asked)?;
        let live = self.keeper.airspace();
        let edited = self.edited(state, &changes)?;
        let warnings = words(&edited.warnings);
        let new = edited.loaded.airspace.unwrap_or_default();
        let comparison = self.compared_in(state, &live, &new, clock::now());
        Ok(NewDraft { warnings, ..new_draft(asked, &live, &comparison, cause) })
    }
}

/// What became of a change.
#[derive(Debug)]
pub enum Done {
    /// It is in force.
    Published(Published),
    /// It waits for a second person.
    Waits {
        /// As this draft.
        draft_id: String,
        /// Why.
        why: Words,
        /// What somebody should look at.
        warnings: Vec<Words>,
    },
}

pub(super) fn new_draft(
    asked: &[Asked],
    live: &Airspace,
    comparison: &Comparison,
    cause: &Cause,
) -> NewDraft {
    let base: BTreeMap<String, Option<String>> = asked
        .iter()
        .map(|asked| {
            let id = asked.id().as_str();
            (id.to_owned(), live.zone_by_id(id).map(|zone| zone.version.to_string()))
        })
        .collect();
    NewDraft {
        created_at: clock::now(),
        author: cause.author.clone(),
        reason: cause.reason.clone(),
        changes: asked.iter().map(Asked::shown).collect(),
        difference: serde_json::to_value(comparison).unwrap_or_default(),
        base,
        files: None,
        warnings: Vec::new(),
    }
}

fn resolve(state: &mut State, asked: &[Asked]) -> Result<Vec<Change>, DeskError> {
    let one = |asked: &Asked| {
        Ok(match asked {
            Asked::Put(id, feature) => Change::Put { id: id.clone(), feature: feature.clone() },
            Asked::Delete(id) => Change::Delete { id: id.clone() },
            Asked::Rollback(id, version) => {
                let document = state.book()?.document(id.as_str(), version)?;
                let missing =
                    || DeskError::Missing(format!("zone `{id}` has no version `{version}` that is kept"));
                Change::Restore { id: id.clone(), document: document.ok_or_else(missing)? }
            }
        })
    };
    asked.iter().map(one).collect()
}

fn find_draft(state: &mut State, id: &str) -> Result<Draft, DeskError> {
    state.book()?.draft(id)?.ok_or_else(|| DeskError::Missing(format!("there is no draft `{id}`")))
}

fn open_draft(state: &mut State, id: &str) -> Result<Draft, DeskError> {
    let draft = find_draft(state, id)?;
    match draft.state {
        DraftState::Open => Ok(draft),
        DraftState::Published => {
            Err(DeskError::Conflict(format!("draft {id} is published already. 草案已发布")))
        }
        DraftState::Withdrawn => Err(DeskError::Conflict(format!("draft {id} was withdrawn. 草案已撤回"))),
    }
}

pub(super) fn close(draft: Draft, state: DraftState, by: &str) -> Draft {
    Draft { state, closed_at: Some(clock::now()), closed_by: Some(by.to_owned()), ..draft }
}

fn broken(id: &str) -> DeskError {
    DeskError::Conflict(format!("draft {id} cannot be read any more; withdraw it"))
}
