//! The book of zones: what it keeps, in which order, and that tampering shows.

use super::*;
use crate::domain::Timestamp;

fn entry(zone: &str, action: Action, version: Option<&str>) -> NewEntry {
    NewEntry {
        at: Timestamp::from_millis(1_795_334_400_000),
        zone: zone.into(),
        action,
        version: version.map(Into::into),
        was: None,
        author: "Li Lei".into(),
        reason: "test".into(),
        approved_by: None,
        draft_id: None,
        file: Some("api.geojson".into()),
        words: None,
        set_version: "s".into(),
        document: version.map(|version| format!("document of {version}")),
    }
}

#[test]
fn versions_come_newest_first_with_their_documents_and_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut book = Book::open(dir.path()).unwrap();
    book.note(&[entry("A", Action::Created, Some("1")), entry("B", Action::Created, Some("7"))]).unwrap();
    book.note(&[entry("A", Action::Changed, Some("2"))]).unwrap();
    book.note(&[entry("B", Action::Removed, None)]).unwrap();
    drop(book);
    let book = Book::open(dir.path()).unwrap();
    let versions = book.versions("A", 10).unwrap();
    let told: Vec<_> =
        versions.iter().map(|kept| (kept.entry.version.as_deref(), kept.document.as_deref())).collect();
    assert_eq!(told, [(Some("2"), Some("document of 2")), (Some("1"), Some("document of 1"))]);
    assert_eq!(book.live().unwrap(), [("A".to_owned(), "2".to_owned())].into());
    let audit: Vec<_> =
        book.entries(i64::MAX, 2).unwrap().into_iter().map(|entry| (entry.n, entry.id)).collect();
    assert_eq!(audit, [(4, "B".to_owned()), (3, "A".to_owned())]);
    assert!(book.document("A", "3").unwrap().is_none());
}

#[test]
fn p31_an_entry_that_is_changed_or_taken_out_is_noticed() {
    for tampering in [
        "UPDATE entry SET author = 'nobody' WHERE n = 2",
        "DELETE FROM entry WHERE n = 2",
        "UPDATE entry SET at = 1 WHERE n = 1",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mut book = Book::open(dir.path()).unwrap();
        for version in ["1", "2", "3"] {
            book.note(&[entry("A", Action::Changed, Some(version))]).unwrap();
        }
        book.verify().unwrap();
        let other = rusqlite::Connection::open(dir.path().join(schema::FILE)).unwrap();
        assert_eq!(other.execute(tampering, []).unwrap(), 1);
        assert!(matches!(book.verify(), Err(BookError::Broken { .. })), "{tampering}");
    }
}

#[test]
fn a_publication_is_all_or_nothing_and_known_after_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let mut book = Book::open(dir.path()).unwrap();
    let file = WrittenFile { name: "a.json".into(), was: None, now: "{}".into() };
    let publication =
        Publication { files: vec![file], entries: vec![entry("A", Action::Created, Some("1"))], draft: None };
    book.begin(&publication).unwrap();
    assert!(book.begin(&publication).is_err(), "one at a time");
    drop(book);
    let mut book = Book::open(dir.path()).unwrap();
    assert_eq!(book.unfinished().unwrap(), Some(publication.clone()));
    assert!(book.entries(i64::MAX, 9).unwrap().is_empty());
    book.finish(&publication).unwrap();
    assert_eq!((book.unfinished().unwrap(), book.entries(i64::MAX, 9).unwrap().len()), (None, 1));
}

#[test]
fn drafts_are_bounded_and_the_open_ones_come_first() {
    let dir = tempfile::tempdir().unwrap();
    let mut book = Book::open(dir.path()).unwrap();
    let new = || NewDraft {
        created_at: Timestamp::default(),
        author: "A".into(),
        reason: "r".into(),
        changes: serde_json::json!([]),
        difference: serde_json::json!({}),
        base: [("Z".to_owned(), None)].into(),
        files: None,
        warnings: Vec::new(),
    };
    let first = book.add_draft(new()).unwrap();
    let mut second = book.add_draft(new()).unwrap();
    second.state = DraftState::Withdrawn;
    book.write_draft(&second).unwrap();
    let ids: Vec<_> = book.drafts(9).unwrap().into_iter().map(|draft| draft.draft_id).collect();
    assert_eq!(ids, [first.draft_id.clone(), second.draft_id.clone()]);
    assert_eq!(book.draft(&second.draft_id).unwrap(), Some(second));
    for _ in 1..200 {
        book.add_draft(new()).unwrap();
    }
    assert!(matches!(book.add_draft(new()), Err(BookError::Full(_))));
}

#[test]
fn documents_are_forgotten_that_were_in_force_only_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut book = Book::open(dir.path()).unwrap();
    let at = |day: i64, zone: &str, version: Option<&str>| NewEntry {
        at: Timestamp::from_millis(day * 86_400_000),
        ..entry(zone, Action::Changed, version)
    };
    book.note(&[at(1, "A", Some("1")), at(2, "A", Some("2")), at(9, "A", Some("3")), at(9, "A", Some("4"))])
        .unwrap();
    book.note(&[at(1, "B", Some("1")), at(2, "B", None), at(1, "C", Some("1"))]).unwrap();
    // What comes back is kept, although it was forgotten once.
    book.note(&[at(1, "D", Some("1")), at(2, "D", Some("2")), at(3, "D", Some("1"))]).unwrap();
    book.retain(Timestamp::from_millis(5 * 86_400_000)).unwrap();
    let kept = |zone: &str| -> Vec<String> {
        let all = ["1", "2", "3", "4"].into_iter();
        all.filter(|version| book.document(zone, version).unwrap().is_some()).map(Into::into).collect()
    };
    assert_eq!(kept("A"), ["2", "3", "4"], "2 was in force at the turn");
    assert_eq!((kept("B").len(), kept("C"), kept("D")), (0, vec!["1".to_owned()], vec!["1".to_owned()]));
    book.verify().unwrap();
    assert_eq!(book.entries(i64::MAX, 99).unwrap().len(), 10);
}
