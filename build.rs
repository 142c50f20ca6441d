//! Builds the console's page with npm and embeds it; where npm is missing or fails, a page that says how to get it.
//!
//! Nothing is written outside `OUT_DIR`, and nothing is done again while the sources of the page stay as they are.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs, io, thread};

/// The page's source.
const SOURCE: &str = "src/console/web";
/// What is served without npm.
const WITHOUT_NPM: &str = "src/console/without_npm";
/// npm on a bad network must not hold a build for ever.
const NPM_MAX: Duration = Duration::from_mins(3);
/// How often it is looked whether a program has ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={SOURCE}");
    println!("cargo::rerun-if-changed={WITHOUT_NPM}");
    println!("cargo::rerun-if-env-changed=LOWSKY_CONSOLE");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let pages = match build(&root.join(SOURCE), &out.join("console")) {
        Ok(dist) => dist,
        Err(why) => {
            println!("cargo::warning=the console's page is not built: {why}; the page at / says what to do");
            root.join(WITHOUT_NPM)
        }
    };
    fs::write(out.join("pages.rs"), listing(&pages)?)
}

/// Builds in `place`; the folder with the result, or why there is none.
fn build(source: &Path, place: &Path) -> Result<PathBuf, String> {
    if env::var("LOWSKY_CONSOLE").is_ok_and(|wish| wish == "off") {
        return Err("LOWSKY_CONSOLE=off".into());
    }
    let told = |what: &str| {
        let what = what.to_owned();
        move |error: io::Error| format!("{what}: {error}")
    };
    fs::create_dir_all(place).map_err(told("the build folder"))?;
    let kept = place.join("node_modules");
    let wanted = packages(source).map_err(told("the list of packages"))?;
    let installed = fs::read_to_string(place.join("installed")).is_ok_and(|found| found == wanted);
    for entry in fs::read_dir(place).map_err(told("the build folder"))?.flatten() {
        let path = entry.path();
        if path != kept {
            let gone = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            gone.map_err(told("an earlier build"))?;
        }
    }
    copy(source, place).map_err(told("the page's source"))?;
    if !(installed && kept.is_dir()) {
        let install =
            ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1"];
        run(place, "npm", &install)?;
    }
    fs::write(place.join("installed"), wanted).map_err(told("the build folder"))?;
    run(place, "node", &["build.mjs", "dist"])?;
    Ok(place.join("dist"))
}

/// What decides whether the packages must be installed again.
fn packages(source: &Path) -> io::Result<String> {
    let text = |name: &str| fs::read_to_string(source.join(name));
    Ok(text("package.json")? + &text("package-lock.json")?)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_name() == "node_modules" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn run(place: &Path, program: &str, arguments: &[&str]) -> Result<(), String> {
    let log = place.join(format!("{program}.log"));
    let told = fs::File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(place).stdin(Stdio::null()).stdout(Stdio::null()).stderr(told);
    let mut child = command.spawn().map_err(|error| format!("{program}: {error}"))?;
    let mut waited = Duration::ZERO;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("{program}: {status}, see {}", log.display())),
            Ok(None) if waited < NPM_MAX => {
                thread::sleep(LOOK_EVERY);
                waited += LOOK_EVERY;
            }
            Ok(None) => {
                // It has not ended by itself, so that it can fail only by ending now.
                drop(child.kill());
                drop(child.wait());
                return Err(format!("{program}: not done within {} s", NPM_MAX.as_secs()));
            }
            Err(error) => return Err(format!("{program}: {error}")),
        }
    }
}

/// The table of pages as Rust text.
fn listing(folder: &Path) -> io::Result<String> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut text = String::from("&[\n");
    for file in &files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let content_type = match file.extension().and_then(|is| is.to_str()) {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("json") => "application/json",
            _ => continue,
        };
        let path = if name == "index.html" { "/".to_owned() } else { format!("/{name}") };
        let packed = folder.join(format!("{name}.br"));
        let included = |file: &Path| format!("include_bytes!({:?})", file.to_string_lossy());
        let brotli =
            if packed.is_file() { format!("Some({})", included(&packed)) } else { "None".to_owned() };
        let bytes = included(file);
        let entry = format!(
            "    Page {{ path: {path:?}, content_type: {content_type:?}, bytes: {bytes}, brotli: {brotli} }},\n"
        );
        // Writing to a string cannot fail.
        text.write_str(&entry).unwrap_or_default();
    }
    text.push_str("]\n");
    Ok(text)
}
