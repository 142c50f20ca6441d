//! What is noted in the book of zones: changes made here, those that were broken off, and how files that were edited by
//! hand differ from it.

use std::collections::BTreeSet;
use std::path::Path;

use crate::airspace::{Airspace, Change, Comparison, Envelope, Zone, difference};
use crate::domain::{Timestamp, ZoneId};
use crate::service::clock;
use crate::service::zone_desk::{Cause, DeskError};
use crate::service::zone_writing::{content, write_all};
use crate::zonebook::{Action, Book, BookError, NewEntry};

/// Who is named where a person changed a file.
pub(super) const FILE_AUTHOR: &str = "file";

/// The lines of the book for changes.
pub(super) fn entries(
    live: &Airspace,
    new: &Airspace,
    envelopes: &[Envelope],
    changes: &[Change],
    (cause, at, comparison): (&Cause, Timestamp, &Comparison),
) -> Vec<NewEntry> {
    let found = difference(live, new);
    let touched: BTreeSet<&ZoneId> = found.added.iter().chain(&found.changed).chain(&found.removed).collect();
    let changes = changes.iter().filter(|change| touched.contains(change.id()));
    let one = |change: &Change| {
        let id = change.id();
        let (before, after) = (live.zone_by_id(id.as_str()), new.zone_by_id(id.as_str()));
        let action = match (change, before, after) {
            (_, _, None) => Action::Removed,
            (Change::Restore { .. }, _, _) => Action::RolledBack,
            (_, None, Some(_)) => Action::Created,
            (_, Some(_), Some(_)) => Action::Changed,
        };
        NewEntry {
            at,
            zone: id.as_str().to_owned(),
            action,
            version: after.map(|zone| zone.version.to_string()),
            was: before.map(|zone| zone.version.to_string()),
            author: cause.author.clone(),
            reason: cause.reason.clone(),
            approved_by: cause.approved_by.clone(),
            draft_id: cause.draft_id.clone(),
            file: after.or(before).map(|zone| zone.document.to_string()),
            words: Some(comparison.words.clone()),
            set_version: new.version().to_owned(),
            document: after.and_then(|zone| document(zone, envelopes)),
        }
    };
    changes.map(one).collect()
}

/// A zone as a document of its own.
fn document(zone: &Zone, envelopes: &[Envelope]) -> Option<String> {
    let envelope = envelopes.iter().find(|envelope| *envelope.name == *zone.document)?;
    Some(envelope.write([zone.feature_json()]))
}

/// Who agreed to files that were changed by hand: the second person and his words, and the draft.
pub(super) struct Agreement<'a> {
    pub(super) by: &'a Cause,
    pub(super) draft_id: &'a str,
}

/// Notes how zones made of files differ from what the book holds for live.
pub(super) fn note_files(
    (airspace, envelopes): (&Airspace, &[Envelope]),
    book: &mut Book,
    agreement: Option<&Agreement<'_>>,
) -> Result<(), BookError> {
    book.live().and_then(|mut known| {
        let now = clock::now();
        let entry = |zone: String, was: Option<String>, after: Option<&Zone>| {
            let file = after.map(|zone| zone.document.to_string());
            let reason = file.clone().unwrap_or_else(|| "no file holds it any more 文件中已无该区域".into());
            NewEntry {
                at: now,
                zone,
                action: Action::File,
                version: after.map(|zone| zone.version.to_string()),
                was,
                author: FILE_AUTHOR.into(),
                reason: agreement.map_or_else(
                    || reason.clone(),
                    |agreement| format!("{reason} · {}", agreement.by.reason),
                ),
                approved_by: agreement.map(|agreement| agreement.by.author.clone()),
                draft_id: agreement.map(|agreement| agreement.draft_id.to_owned()),
                file,
                words: None,
                set_version: airspace.version().to_owned(),
                document: after.and_then(|zone| document(zone, envelopes)),
            }
        };
        let mut entries = Vec::new();
        for zone in airspace.zones() {
            let was = known.remove(zone.id.as_str());
            if was.as_deref() != Some(&*zone.version) {
                entries.push(entry(zone.id.as_str().to_owned(), was, Some(zone)));
            }
        }
        entries.extend(known.into_iter().map(|(zone, version)| entry(zone, Some(version), None)));
        book.note(&entries)
    })
}

/// Ends the publication in which an earlier process ended, unless its files were changed by hand since.
pub(super) fn recover(book: &mut Book, dir: &Path) -> Result<(), DeskError> {
    let Some(publication) = book.unfinished()? else { return Ok(()) };
    let ours = publication.files.iter().all(|file| {
        let found =
            content(dir, &file.name).ok().flatten().map(|text| String::from_utf8_lossy(&text).into_owned());
        found == file.was || found.as_ref() == Some(&file.now)
    });
    if !ours {
        tracing::warn!("files were changed since a publication of zones was broken off; it is given up");
        return Ok(book.give_up()?);
    }
    write_all(dir, &publication.files).map_err(|error| DeskError::Unavailable(error.to_string()))?;
    tracing::warn!(
        changes = publication.entries.len(),
        "a publication of zones that was broken off is ended"
    );
    Ok(book.finish(&publication)?)
}
