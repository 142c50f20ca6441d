//! A strict reading against the JSON schemas of ED-318, held by an independent validator where one is at hand, and our own
//! schema against the zones of the project.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lowsky::airspace::{Document, Loaded, ProblemSeverity, Reading, Strictness, load, load_as, schema};
use serde_json::{Value, json};

/// Every member that the schemas know.
const WHOLE: &str = r#"{"type": "FeatureCollection", "name": "N", "bbox": [1, 2, 3, 4],
 "metadata": {"validFrom": "2025-01-01T00:00:00Z", "validTo": "2027-01-01T00:00:00Z", "issued": "2025-01-01T00:00:00Z",
  "provider": [{"text": "p", "lang": "en-GB"}], "description": [{"text": "p", "lang": "en-GB"}], "otherGeoid": "urn:x",
  "technicalLimitations": [{"text": "p", "lang": "en-GB"}]},
 "features": [{"type": "Feature", "id": "i", "bbox": [1, 2, 3, 4],
  "geometry": {"type": "GeometryCollection", "bbox": [1, 2, 3, 4], "geometries": [{"type": "Polygon", "bbox": [1, 2, 3, 4],
   "coordinates": [[[114.05, 22.54], [114.07, 22.54], [114.07, 22.56], [114.05, 22.56], [114.05, 22.54]]],
   "layer": {"upper": 120, "upperReference": "AMSL", "lower": 10, "lowerReference": "AGL", "uom": "m"}}]},
  "properties": {"identifier": "Q0", "country": "CHN", "name": [{"text": "S", "lang": "en-GB"}], "type": "REQ_AUTHORIZATION",
   "variant": "COMMON", "restrictionConditions": "r", "region": 5, "reason": ["SENSITIVE"],
   "otherReasonInfo": [{"text": "S", "lang": "en-GB"}], "regulationExemption": "YES",
   "message": [{"text": "S", "lang": "en-GB"}],
   "zoneAuthority": [{"purpose": "AUTHORIZATION", "name": [{"text": "A", "lang": "en-GB"}],
    "service": [{"text": "A", "lang": "en-GB"}], "contactName": [{"text": "A", "lang": "en-GB"}], "siteURL": "http://x",
    "email": "a@b", "phone": "1", "intervalBefore": "P1D"}],
   "limitedApplicability": [{"startDateTime": "2025-01-01T00:00:00Z", "endDateTime": "2026-01-01T00:00:00Z",
    "schedule": [{"day": ["MON"], "startTime": "08:00:00Z", "endEvent": "SS"}]}],
   "dataSource": {"creationDate": "2025-01-01T00:00:00Z", "updateDateTime": "2025-01-01T00:00:00Z",
    "originator": {"text": "o", "lang": "en"}},
   "extendedProperties": {"x": 1}}}]}"#;

/// Where a strict reading refuses what the schemas take: what protects nothing or cannot be placed, and text that is no
/// time or duration, which they only call a `format`.
const REFUSED_MORE: [&str; 15] = [
    "/geometry",
    "/geometries",
    "/geometries/0",
    "/coordinates",
    "/coordinates/0",
    "/properties",
    "/identifier",
    "/upper",
    "/upperReference",
    "/validFrom",
    "/validTo",
    "/issued",
    "DateTime",
    "Time",
    "/intervalBefore",
];

fn whole() -> Value {
    serde_json::from_str(WHOLE).unwrap()
}

fn read(document: &Value, strictness: Strictness) -> Loaded {
    let text = document.to_string();
    load_as(&[Document { name: "z", text: text.as_bytes() }], Reading { strictness, ..Reading::default() })
}

/// The document with the member or item at a pointer replaced, or taken away.
fn with(document: &Value, pointer: &str, value: Option<Value>) -> Value {
    let mut document = document.clone();
    let (holder, name) = pointer.rsplit_once('/').unwrap();
    match (document.pointer_mut(holder).unwrap(), value) {
        (Value::Object(members), Some(value)) => drop(members.insert(name.to_owned(), value)),
        (Value::Object(members), None) => drop(members.remove(name)),
        (Value::Array(items), Some(value)) => items[name.parse::<usize>().unwrap()] = value,
        (Value::Array(items), None) => drop(items.remove(name.parse().unwrap())),
        (other, _) => panic!("{pointer} {other}"),
    }
    document
}

/// Pointers of a document, of arrays only the first item, and below coordinates none.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut go = |name: &str, value: &Value| {
        let at = format!("{at}/{name}");
        found.push(at.clone());
        if !at.contains("/coordinates/0") {
            pointers(value, &at, found);
        }
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| go(name, value)),
        Value::Array(items) => items.iter().take(1).for_each(|value| go("0", value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Every member and first item replaced by each of these, taken away, written small and with a blank; and every object
/// with a member more.
fn mutations(document: &Value) -> Vec<(String, Value)> {
    let long = "x".repeat(201);
    let values = json!([null, 5, "", long, [], {}, true, -1.5, "x", ["x"], [{}], [{"lang": "en-GB", "text": 5}],
        [{"lang": "toolong"}], [5]]);
    let mut at = Vec::new();
    pointers(document, "", &mut at);
    let mut all = Vec::new();
    for pointer in at {
        for value in values.as_array().unwrap() {
            let shown: String = value.to_string().chars().take(30).collect();
            all.push((format!("{pointer} = {shown}"), with(document, &pointer, Some(value.clone()))));
        }
        all.push((format!("{pointer} taken away"), with(document, &pointer, None)));
        match document.pointer(&pointer).unwrap() {
            Value::String(text) => {
                for text in [text.to_lowercase(), format!("{text} ")] {
                    all.push((format!("{pointer} = {text:?}"), with(document, &pointer, Some(json!(text)))));
                }
            }
            Value::Object(_) => {
                let surplus = format!("{pointer}/surplus");
                all.push((format!("{surplus} = 1"), with(document, &surplus, Some(json!(1)))));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {}
        }
    }
    all
}

/// Runs a script of the validator with a document a line; its answer a line, or `None` where there is no validator.
fn validator(script: &str, argument: &Path, documents: &[&Value]) -> Option<Vec<bool>> {
    let mut program = Command::new("python3");
    program.args(["-W", "ignore", "-c", script]).arg(argument);
    let child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        println!("skipped: no python3");
        return None;
    };
    let lines = documents.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let mut input = child.stdin.take().unwrap();
    let writing = std::thread::spawn(move || input.write_all(lines.as_bytes()).is_ok());
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        assert!(said.contains("No module named"), "{said}");
        println!("skipped: {}", said.lines().last().unwrap_or_default());
        return None;
    }
    let answers: Vec<bool> =
        String::from_utf8_lossy(&output.stdout).lines().map(|line| line == "True").collect();
    assert_eq!(answers.len(), documents.len());
    Some(answers)
}

const OFFICIAL: &str = r#"
import json, os, sys
from jsonschema import Draft7Validator, RefResolver
folder = os.path.abspath(sys.argv[1])
store = {"file://" + folder + "/" + name: json.load(open(folder + "/" + name)) for name in os.listdir(folder)}
root = "file://" + folder + "/Schema_GeoZones.json"
validator = Draft7Validator(store[root], resolver=RefResolver(root, store[root], store=store))
for line in sys.stdin:
    print(validator.is_valid(json.loads(line)))
"#;

/// The official examples and a document with every member, changed in thousands of ways: what the schemas refuse is refused,
/// and what they take is taken, but for what is named above.
#[test]
fn a_strict_reading_agrees_with_the_schemas_of_ed318() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/oracle/zones/ed318-official");
    if !folder.is_dir() {
        println!("skipped: no {}", folder.display());
        return;
    }
    let mut documents = vec![("whole".to_owned(), whole())];
    for name in ["Circle", "2_Layers", "with_extension"] {
        let text = std::fs::read(folder.join(format!("examples/Example_GeoZone_{name}.json"))).unwrap();
        documents.push((name.to_owned(), serde_json::from_slice(&text).unwrap()));
    }
    let all: Vec<(String, Value)> = documents
        .iter()
        .flat_map(|(name, document)| {
            mutations(document).into_iter().map(move |(what, changed)| (format!("{name}: {what}"), changed))
        })
        .collect();
    let changed: Vec<&Value> = all.iter().map(|(_, changed)| changed).collect();
    let Some(valid) = validator(OFFICIAL, &folder.join("schema"), &changed) else { return };
    let (mut taken, mut refused, mut differ) = (0, 0, Vec::new());
    for ((what, document), valid) in all.iter().zip(valid) {
        let pointer = what.split_once(": ").unwrap().1.split(' ').next().unwrap();
        match (valid, read(document, Strictness::Strict).airspace.is_some()) {
            (true, true) => taken += 1,
            (false, false) => refused += 1,
            (true, false) if REFUSED_MORE.iter().any(|end| pointer.ends_with(end)) => {}
            (true, false) if pointer.contains("/extent") => {}
            (valid, _) => differ.push(format!("{what}: by the schema {valid}")),
        }
    }
    println!("{taken} taken and {refused} refused by both of {}", all.len());
    assert!(differ.is_empty(), "{} differ\n{}", differ.len(), differ.join("\n"));
    assert!(taken > 100 && refused > 1_000);
}

/// Whether the schemas of ED-318 take a change, and the path that a tolerant reading tells; without any validator.
#[test]
fn what_the_schemas_refuse_is_told_and_strictly_refused() {
    let p = "/features/0/properties";
    let long = "x".repeat(201);
    let table = [
        ("/name", json!(5), "$.name"),
        ("/name", json!(long), "$.name"),
        ("/metadata/provider", json!("me"), "$.metadata.provider"),
        ("/metadata/otherGeoid", json!(5), "$.metadata.otherGeoid"),
        ("/features/0/bbox", json!([1]), "$.features[0].bbox"),
        ("/features/0/id", json!({}), "$.features[0].id"),
        (&format!("{p}/surplus"), json!(1), "$.features[0].properties.surplus"),
        (&format!("{p}/name/0/text"), json!(long), "$.features[0].properties.name[0].text"),
        (&format!("{p}/name/0/lang"), json!("english"), "$.features[0].properties.name[0].lang"),
        (&format!("{p}/zoneAuthority"), json!([]), "$.features[0].properties.zoneAuthority"),
        (&format!("{p}/zoneAuthority/0/name"), json!("A"), "$.features[0].properties.zoneAuthority[0].name"),
        (&format!("{p}/zoneAuthority/0/phone"), json!(5), "$.features[0].properties.zoneAuthority[0].phone"),
        (&format!("{p}/restrictionConditions"), json!(5), "$.features[0].properties.restrictionConditions"),
        (&format!("{p}/dataSource"), json!(5), "$.features[0].properties.dataSource"),
        (&format!("{p}/dataSource/originator"), json!({}), "$.features[0].properties.dataSource.originator"),
        (
            &format!("{p}/limitedApplicability/0/surplus"),
            json!(1),
            "$.features[0].properties.limitedApplicability[0].surplus",
        ),
        (
            &format!("{p}/limitedApplicability/0/schedule/0/surplus"),
            json!(1),
            "$.features[0].properties.limitedApplicability[0].schedule[0].surplus",
        ),
        (&format!("{p}/reason"), json!(vec!["OTHER"; 10]), "$.features[0].properties.reason"),
        (&format!("{p}/reason/0"), json!("FOREIGN_TERRITORY"), "$.features[0].properties.reason[0]"),
    ];
    let taken = read(&whole(), Strictness::Strict);
    assert!(taken.airspace.is_some() && taken.problems.is_empty(), "{:?}", taken.problems);
    for (pointer, value, path) in table {
        let changed = with(&whole(), pointer, Some(value));
        let tolerant = read(&changed, Strictness::Tolerant);
        let told =
            tolerant.problems.iter().any(|one| one.severity == ProblemSeverity::Warning && one.path == path);
        assert!(tolerant.airspace.is_some() && told, "{pointer} {:?}", tolerant.problems);
        assert!(read(&changed, Strictness::Strict).airspace.is_none(), "{pointer}");
    }
    for (pointer, value) in [
        (format!("{p}/region"), Some(json!(-3))),
        (format!("{p}/country"), Some(json!("chn"))),
        (format!("{p}/limitedApplicability/0/schedule/0/day"), Some(json!([]))),
        ("/features/0/geometry/geometries/0/layer/lowerReference".to_owned(), None),
    ] {
        assert!(read(&with(&whole(), &pointer, value), Strictness::Strict).airspace.is_some(), "{pointer}");
    }
}

const OURS: &str = r"
import json, sys
from jsonschema import Draft202012Validator
validator = Draft202012Validator(json.load(open(sys.argv[1])))
for line in sys.stdin:
    print(validator.is_valid(json.loads(line)))
";

/// The zones of the project by the schema for editors, and documents that it must find wrong.
#[test]
fn the_schema_for_editors_takes_the_zones_of_the_project() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in ["seeds/zones", "config/zones"] {
        files.extend(std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()));
    }
    let text = |path: &PathBuf| std::fs::read(path).unwrap();
    let good: Vec<Value> = files.iter().map(|path| serde_json::from_slice(&text(path)).unwrap()).collect();
    assert!(good.len() >= 5);
    for path in &files {
        assert!(load(&[Document { name: "z", text: &text(path) }]).problems.is_empty(), "{}", path.display());
    }
    let x = "/features/0/properties/extendedProperties";
    let bad: Vec<Value> = [
        ("priority", json!(101)),
        ("buffer_m", json!(-1)),
        ("kind", json!("CASTLE")),
        ("keep", json!("UP")),
        ("lifts_prohibited", json!("yes")),
        ("exempt", json!({"ua_class": ["HUGE"]})),
        ("applies_to", json!({"uas_ids": "A"})),
        ("tz", json!(8)),
    ]
    .into_iter()
    .map(|(name, value)| with(&whole(), &format!("{x}/{name}"), Some(value)))
    .collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), schema().to_string()).unwrap();
    let all: Vec<&Value> = good.iter().chain(&bad).collect();
    let Some(valid) = validator(OURS, file.path(), &all) else { return };
    let (taken, refused) = valid.split_at(good.len());
    assert!(taken.iter().all(|valid| *valid), "{files:?} {taken:?}");
    assert!(refused.iter().all(|valid| !valid), "{refused:?}");
}
