//! The zone folder as editors, people and accidents change it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use lowsky::service::watch_zones::{self, ZoneRead, ZoneWatch};
use lowsky::service::zone_files::{self, ZoneFilesError};

fn watch(dir: &Path) -> (ZoneWatch, Receiver<ZoneRead>) {
    let (tell, told) = channel();
    let watch =
        watch_zones::start(dir.into(), Some(zone_files::read(dir)), move |read| drop(tell.send(read)));
    (watch.unwrap(), told)
}

fn next(told: &Receiver<ZoneRead>) -> ZoneRead {
    told.recv_timeout(Duration::from_secs(10)).expect("told of the change")
}

fn texts(read: ZoneRead) -> Vec<(String, String)> {
    read.unwrap().into_iter().map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap())).collect()
}

fn pair(name: &str, text: &str) -> (String, String) {
    (name.into(), text.into())
}

#[test]
fn every_way_to_change_a_file_is_told_once_and_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a.json"), dir.path().join("b.geojson"));
    fs::write(&a, "1").unwrap();
    let (_watch, told) = watch(dir.path());

    fs::write(dir.path().join(".b.swp"), "22").unwrap();
    fs::rename(dir.path().join(".b.swp"), &b).unwrap();
    assert_eq!(texts(next(&told)), [pair("a.json", "1"), pair("b.geojson", "22")]);

    let mut file = fs::File::create(&a).unwrap();
    for part in ["3", "33", "333"] {
        file.write_all(part.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(60));
    }
    drop(file);
    assert_eq!(texts(next(&told)), [pair("a.json", "333333"), pair("b.geojson", "22")], "not the halves");

    fs::write(dir.path().join("notes.txt"), "no zone").unwrap();
    fs::remove_file(&a).unwrap();
    assert_eq!(texts(next(&told)), [pair("b.geojson", "22")]);
    assert!(told.recv_timeout(Duration::from_secs(3)).is_err(), "nothing changed, nothing told");
}

#[test]
fn a_folder_that_goes_and_comes_back() {
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("zones");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("a.json"), "1").unwrap();
    let (_watch, told) = watch(&dir);
    fs::remove_dir_all(&dir).unwrap();
    let gone = next(&told).unwrap_err();
    assert!(matches!(gone, ZoneFilesError::Folder { .. } | ZoneFilesError::Empty(_)), "{gone}");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("a.json"), "2").unwrap();
    let back = loop {
        match next(&told) {
            Ok(files) => break texts(Ok(files)),
            Err(error) => println!("meanwhile: {error}"),
        }
    };
    assert_eq!(back, [pair("a.json", "2")]);
    fs::write(dir.join("a.json"), "3").unwrap();
    assert_eq!(texts(next(&told)), [pair("a.json", "3")]);
}
