//! `lowsky check` and `lowsky zones`, as a person or an editor runs them.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::e2e_support::LOWSKY;

const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/seeds/zones");

fn run(dir: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } =
        Command::new(LOWSKY).current_dir(dir).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// Runs what has to succeed.
fn good(dir: &Path, arguments: &[&str]) -> String {
    let (code, out, err) = run(dir, arguments);
    assert_eq!(code, 0, "{arguments:?}: {out}{err}");
    out
}

fn write(dir: &Path, name: &str, text: &str) {
    std::fs::create_dir_all(dir.join(name).parent().unwrap()).unwrap();
    std::fs::write(dir.join(name), text).unwrap();
}

/// A document of one square zone.
fn square(id: &str, side_deg: f64, upper: &str) -> String {
    let (east, north) = (114.0 + side_deg, 22.5 + side_deg);
    format!(
        "{{\"type\": \"FeatureCollection\", \"features\": [\n{{\"type\": \"Feature\", \"properties\": {{\"identifier\": \"{id}\", \
         \"country\": \"CHN\", \"type\": \"PROHIBITED\", \"variant\": \"COMMON\", \"zoneAuthority\": [{{\"purpose\": \
         \"INFORMATION\"}}]}},\n \"geometry\": {{\"type\": \"Polygon\", \"layer\": {{\"upper\": {upper}, \"upperReference\": \
         \"AGL\", \"uom\": \"m\"}}, \"coordinates\": [[[114.0, 22.5], [{east}, 22.5], [{east}, {north}], [114.0, {north}], \
         [114.0, 22.5]]]}}}}\n]}}"
    )
}

#[test]
fn check_shows_the_source_with_a_caret() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "z.json", &square("Z1", 0.1, "\"120\""));
    write(dir.path(), "bad.toml", "[http]\nconnections_max = 0\n[mqtt]\nprefx = \"a\"\n");
    let out = good(dir.path(), &["check", "z.json"]);
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].starts_with("z.json:3:53: warning: `upper` is a number in quotes"), "{out}");
    let caret = lines.iter().position(|line| line.trim_end().ends_with('^')).unwrap();
    let column = lines[caret].chars().position(|c| c == '^').unwrap();
    assert_eq!(lines[caret - 1].chars().nth(column), Some('"'), "{out}");
    assert!(lines[caret - 1].chars().skip(column).collect::<String>().starts_with("\"120\""), "{out}");
    assert!(lines[caret + 1].contains("引号"), "{out}");
    // A bad configuration keeps nobody from hearing of the zones, and both its faults are told.
    let (code, out, _) = run(dir.path(), &["check", "--strict", "--config", "bad.toml", "z.json"]);
    assert_eq!(code, 1);
    for place in ["bad.toml:2:19: error: ", "bad.toml:4:1: error: ", "z.json:3:53: error: "] {
        assert!(out.contains(place), "{place}: {out}");
    }
    assert!(out.contains("did you mean `prefix`? ($.mqtt.prefx)"), "{out}");
    write(dir.path(), "strict.toml", "[zones]\nstrictness = \"strict\"\n");
    assert_eq!(run(dir.path(), &["check", "--config", "strict.toml", "z.json"]).0, 1);
}

/// Members, types and words that the schema of SARIF 2.1.0 asks for.
#[test]
fn check_for_programs() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "z a.json", &square("Z1", 0.1, "-5"));
    let (code, out, _) = run(dir.path(), &["check", "--format", "json", "z a.json"]);
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &told["valid"], &told["errors"]), (1, &Value::from(false), &Value::from(1)));
    let problem = &told["problems"][0];
    assert_eq!(
        (&problem["file"], &problem["line"], &problem["severity"]),
        (&"z a.json".into(), &3.into(), &"ERROR".into())
    );
    let (code, out, _) = run(dir.path(), &["check", "--format", "sarif", "z a.json", "absent.json"]);
    let log: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &log["version"]), (1, &Value::from("2.1.0")));
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 2, "{out}");
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(["none", "note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        assert!(place["region"]["startColumn"].as_u64().unwrap() >= 1);
        assert!(!place["artifactLocation"]["uri"].as_str().unwrap().contains(' '));
    }
}

#[test]
fn import_puts_a_good_file_beside_the_others_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let zones = dir.path().join("zones");
    let import = |file: &str, more: &[&str]| {
        run(dir.path(), &[&["zones", "--dir", "zones", "import", file][..], more].concat())
    };
    write(dir.path(), "a.json", &square("A", 0.1, "120"));
    let (code, out, err) = import("a.json", &["--dry-run"]);
    assert!(code == 0 && !zones.exists(), "{out}{err}");
    assert_eq!(import("a.json", &[]).0, 0);
    assert_eq!(
        std::fs::read(zones.join("a.json")).unwrap(),
        std::fs::read(dir.path().join("a.json")).unwrap()
    );
    assert_eq!(import("a.json", &[]).0, 1, "there already");
    assert_eq!(import("a.json", &["--replace"]).0, 0);
    // The same identifier again, in another file.
    let (code, _, err) = import("a.json", &["--as", "b.json"]);
    assert!(code == 1 && err.contains("already that of") && !zones.join("b.json").exists(), "{err}");
    assert_eq!(import("a.json", &["--as", "../b.json"]).0, 1);
    write(dir.path(), "c.csv", "id,name,lat,lng,radius_m\nC1,港,22.6,114.2,300\nC2,,22.7,x,300\n");
    let (code, _, err) = import("c.csv", &[]);
    assert!(code == 1 && err.contains("c.csv:3:10: error: lng `x` is no number"), "{err}");
    write(dir.path(), "c.csv", "id,name,lat,lng,radius_m\nC1,港,22.6,114.2,300\n");
    let (code, out, err) = import("c.csv", &["--upper", "120", "--crs", "GCJ02"]);
    assert!(code == 0 && out.contains("1 zones added"), "{out}{err}");
    write(
        dir.path(),
        "plain.geojson",
        r#"{"type": "Feature", "properties": {"code": "P9"}, "geometry":
            {"type": "Polygon", "coordinates": [[[114.3, 22.5], [114.4, 22.5], [114.4, 22.6], [114.3, 22.5]]]}}"#,
    );
    assert_eq!(import("plain.geojson", &["--id-from", "code", "--restriction", "CONDITIONAL"]).0, 0);
    let names: Vec<_> = std::fs::read_dir(&zones).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    let out = good(dir.path(), &["check", "zones"]);
    assert!(out.contains("3 zone files, 3 zones: no error"), "{out}");
}

/// Everything in `seeds/` to ED-269 and back: as many zones, each of the same footprint, heights and hours.
#[test]
fn exported_and_converted_back_the_seeds_protect_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (code, _, err) = run(dir.path(), &["zones", "--dir", SEEDS, "export", "--to", "ed269", "all.json"]);
    assert!(code == 0 && err.contains("lost"), "{err}");
    let (code, _, err) = run(dir.path(), &["zones", "convert", "all.json", "back.json", "--to", "ed318"]);
    assert_eq!(code, 0, "{err}");
    good(dir.path(), &["zones", "--dir", SEEDS, "export", "whole.json"]);
    let told: Value = serde_json::from_str(&good(
        dir.path(),
        &["zones", "diff", "whole.json", "back.json", "--format", "json"],
    ))
    .unwrap();
    assert_eq!((&told["added"], &told["removed"]), (&Value::from(vec![""; 0]), &Value::from(vec![""; 0])));
    for zone in told["changed"].as_array().unwrap() {
        let lost = zone["lost_share"].as_f64().unwrap();
        assert!(lost < 0.001, "{zone:#}");
    }
    assert_eq!(told["needs_approval"], false, "{}", told["words"]);
}

#[test]
fn a_shifted_map_is_brought_to_wgs_84() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "gcj.json", &square("G", 0.1, "120"));
    let out = good(dir.path(), &["zones", "convert", "gcj.json", "--crs", "GCJ02"]);
    let document: Value = serde_json::from_str(&out).unwrap();
    assert!(document.get("crs").is_none());
    let corner = &document["features"][0]["geometry"]["coordinates"][0][0];
    let [lng, lat] = [0, 1].map(|i| corner[i].as_f64().unwrap());
    // Some 500 m to the north-west, of the published shift in Shenzhen.
    assert!(
        (0.004..0.006).contains(&(114.0 - lng)) && (0.002..0.004).contains(&(22.5 - lat).abs()),
        "{corner}"
    );
}

#[test]
fn diff_tells_areas_heights_and_members() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "old/a.json", &square("A", 0.1, "120"));
    write(dir.path(), "old/b.json", &square("B", 0.1, "120"));
    write(dir.path(), "new/a.json", &square("A", 0.05, "100"));
    write(dir.path(), "new/c.json", &square("C", 0.1, "120"));
    let out = good(dir.path(), &["zones", "diff", "old", "new"]);
    for text in ["- B", "+ C", "~ A", "$.geometry.layer.upper: 120 → 100", "km²", "protection lost", "批准"]
    {
        assert!(out.contains(text), "{text}: {out}");
    }
    let told: Value =
        serde_json::from_str(&good(dir.path(), &["zones", "diff", "old", "new", "--format", "json"]))
            .unwrap();
    let area = &told["changed"][0]["area_m2"];
    let share = area["now"].as_f64().unwrap() / area["was"].as_f64().unwrap();
    assert!((share - 0.25).abs() < 0.001, "{area}");
    assert!(good(dir.path(), &["zones", "diff", "old", "old"]).contains("Nothing changes."));
}

/// What is no file of zones is refused at once, by its name.
#[cfg(unix)]
#[test]
fn a_loop_of_links_a_pipe_and_a_folder_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::os::unix::fs::symlink(at("loop.json"), at("loop.json")).unwrap();
    assert!(Command::new("mkfifo").arg(at("pipe.json")).status().unwrap().success());
    write(dir.path(), "set/z.json", &square("Z", 0.1, "120"));
    std::fs::create_dir(at("set/folder.json")).unwrap();
    for (path, named) in [("loop.json", "loop.json"), ("pipe.json", "pipe.json"), ("set", "set/folder.json")]
    {
        let (code, out, _) = run(dir.path(), &["check", path]);
        assert!(code == 1 && out.contains(&format!("{named}:1:1: error: ")), "{path}: {out}");
    }
}

/// The schema of zones names the words that the seeds use, and each word of it is read.
#[test]
fn schemas_are_json_and_know_the_words() {
    let dir = tempfile::tempdir().unwrap();
    let schema: Value = serde_json::from_str(&good(dir.path(), &["zones", "schema"])).unwrap();
    let words = schema["$defs"]["properties"]["properties"]["type"]["enum"].as_array().unwrap();
    for word in words {
        let text = square("W", 0.1, "120").replace("\"PROHIBITED\"", &word.to_string());
        write(dir.path(), "w.json", &text);
        good(dir.path(), &["check", "--strict", "w.json"]);
    }
    assert_eq!(words.len(), 5);
    let config: Value = serde_json::from_str(&good(dir.path(), &["zones", "schema", "config"])).unwrap();
    assert_eq!(config["properties"]["http"]["properties"]["connections_max"]["type"], "integer");
}

#[test]
fn the_seeds_are_a_whole_city_without_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    let out = good(dir.path(), &["check", SEEDS]);
    assert!(out.contains("405 zones: no error, 0 warnings"), "{out}");
}
