//! The console in a real browser before the real daemon; the cases themselves stand in `tests/browser`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use lowsky::console::PAGES;
use lowsky::domain::{AlertCode, Reason};

use crate::e2e_support::{LOWSKY, Program};
use crate::means::{starts, there, unjudged};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const CHROMIUM: &str = "/usr/bin/chromium";
/// Most bytes of the page as they travel.
const BUDGET: usize = 200_000;

/// Whether the page was built and a browser is there.
#[track_caller]
fn browser_is_there() -> bool {
    there(&[
        ("the page (npm at build time)", PAGES.iter().any(|page| page.path == "/console.js")),
        ("node", starts("node", &["--version"])),
        ("npm", starts("npm", &["--version"])),
        ("chromium", Path::new(CHROMIUM).exists()),
    ])
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            if entry.file_name() != "node_modules" {
                copy(&entry.path(), &target);
            }
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A folder with the cases, the page's source and their packages. Made by the first that asks, in one of several
/// processes.
fn workplace() -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    fs::create_dir_all(&place).unwrap();
    let lock = File::create(place.join("lock")).unwrap();
    lock.lock().unwrap();
    let source = Path::new(ROOT).join("tests/browser");
    let wanted = fs::read_to_string(source.join("package-lock.json")).unwrap();
    let stamp = place.join("installed");
    let installed = fs::read_to_string(&stamp).is_ok_and(|found| found == wanted);
    copy(&source, &place);
    drop(fs::remove_dir_all(place.join("web")));
    copy(&Path::new(ROOT).join("src/console/web"), &place.join("web"));
    if !installed {
        let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
        let done = Command::new("npm").args(install).current_dir(&place).status().unwrap();
        assert!(done.success(), "npm ci");
        fs::write(&stamp, wanted).unwrap();
    }
    place
}

/// Runs one file of cases; each must pass.
#[track_caller]
fn cases(file: &str) {
    if !browser_is_there() {
        return;
    }
    let place = workplace();
    let mut command = Command::new("node");
    command.args(["--test", "--test-reporter=spec", file]).current_dir(place);
    command
        .env("LOWSKY_BIN", LOWSKY)
        .env("CHROMIUM", CHROMIUM)
        .env("LOWSKY_TMP", env!("CARGO_TARGET_TMPDIR"));
    // The accepted pictures themselves, not their copies: `LOWSKY_BLESS=1` writes them.
    command.env("LOWSKY_PICTURES", Path::new(ROOT).join("tests/browser/pictures"));
    let mut program = Program::start(&mut command);
    let code = program.code_within(230.0);
    let told = program.out.all().join("\n");
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("fail 0") && !told.contains("pass 0"), "{told}");
    println!("{told}");
    for line in told.lines().filter(|line| line.starts_with("INCONCLUSIVE")) {
        unjudged(line);
    }
}

#[test]
fn the_parts_that_need_no_browser() {
    cases("unit.test.mjs");
}

#[test]
fn the_live_picture() {
    cases("live.test.mjs");
}

#[test]
fn the_alerts() {
    cases("alerts.test.mjs");
}

#[test]
fn what_must_not_be_missed() {
    cases("urgent.test.mjs");
}

#[test]
fn everybody_can_use_every_page() {
    cases("access.test.mjs");
}

#[test]
fn one_alert_from_its_prediction_on_and_a_crowded_sky() {
    cases("crowd.test.mjs");
}

#[test]
fn a_page_that_must_not_be_trusted_says_so() {
    cases("trust.test.mjs");
}

#[test]
fn the_fleet_and_the_checker() {
    cases("fleet.test.mjs");
}

#[test]
fn walls_floods_and_links() {
    cases("wall.test.mjs");
}

#[test]
fn the_page_of_the_zones() {
    cases("zones.test.mjs");
}

#[test]
fn the_page_of_the_past() {
    cases("replay.test.mjs");
}

#[test]
fn eight_pictures_as_they_were_accepted() {
    cases("pictures.test.mjs");
}

#[test]
fn configured_base_maps() {
    cases("basemap.test.mjs");
}

#[test]
fn every_alert_and_every_refusal_has_its_words() {
    let words = fs::read_to_string(Path::new(ROOT).join("src/console/web/src/i18n/zh.ts")).unwrap();
    let json = |value: serde_json::Value| value.as_str().unwrap().to_owned();
    let reasons = Reason::ALL.into_iter().map(|reason| format!("reason_{}", json(serde_json::json!(reason))));
    let codes = AlertCode::ALL.iter().map(|code| format!("tag_{}", code.name()));
    let missing: Vec<_> = reasons.chain(codes).filter(|key| !words.contains(&format!("  {key}: "))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_page_is_small_and_names_no_other_host() {
    if !browser_is_there() {
        return;
    }
    let packed: usize = PAGES.iter().map(|page| page.brotli.map_or(page.bytes.len(), <[u8]>::len)).sum();
    println!("the page has {packed} bytes");
    assert!(packed <= BUDGET, "{packed} bytes");
    for page in PAGES.iter().filter(|page| !page.path.contains(".js")) {
        let text = std::str::from_utf8(page.bytes).unwrap();
        let linked = text.replace("http://www.w3.org/2000/svg", "");
        assert!(!linked.contains("http://") && !linked.contains("https://"), "{}", page.path);
        assert!(!text.contains("<style") && !text.contains(" style=") && !text.contains(" onclick"));
    }
    let lock = fs::read_to_string(Path::new(ROOT).join("src/console/web/package-lock.json")).unwrap();
    assert!(!lock.contains("\"resolved\""), "the lock file names a registry");
}
