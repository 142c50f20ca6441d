//! What is read, what is refused, and where.

use super::*;

fn parse(text: &str) -> Result<Config, Vec<Fault>> {
    Config::parse(text, Path::new("/etc/lowsky"), &[])
}

#[test]
fn an_empty_text_is_valid_and_paths_are_relative_to_the_file() {
    let config = parse("").unwrap();
    assert_eq!(config.zones.dir, Path::new("/etc/lowsky/zones"));
    assert_eq!(config.monitor_settings().separation.len(), 4);
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_the_nearest_known_one() {
    let faults = parse("[mqtt]\nurl = \"mqtt://127.0.0.1:1\"\nprefx = \"a\"\n").unwrap_err();
    let text = faults[0].to_string();
    assert!(text.starts_with("3:1: "), "{text}");
    assert!(text.ends_with("did you mean `prefix`? ($.mqtt.prefx)"), "{text}");
    // However far it is, the nearest is named beside the list of all.
    for (text, at) in [("[zzz]\na = 1\n", "1:2: "), ("[http]\nport = 80\n", "2:1: ")] {
        let fault = parse(text).unwrap_err()[0].to_string();
        let (list, nearest) =
            fault.split_once("; the nearest known name is `").unwrap_or_else(|| panic!("{fault}"));
        let nearest = nearest.split('`').next().unwrap();
        assert!(fault.starts_with(at) && list.contains(&format!("`{nearest}`")), "{fault}");
    }
}

#[test]
fn the_environment_overrides() {
    let overrides = [("LOWSKY__MQTT__URL".to_owned(), "mqtt://127.0.0.1:2883".to_owned())];
    let config = Config::parse("[mqtt]\nembedded = true", Path::new(""), &overrides).unwrap();
    assert_eq!(config.mqtt.url, "mqtt://127.0.0.1:2883");
    assert!(config.mqtt.embedded);
    let digits = [("LOWSKY__MQTT__PASSWORD".to_owned(), "12345".to_owned())];
    let config = Config::parse("", Path::new(""), &digits).unwrap();
    assert_eq!(config.mqtt.password.as_deref(), Some("12345"), "a text stays a text");
    let wrong = [("LOWSKY__MQTT__URI".to_owned(), "x".to_owned())];
    assert!(Config::parse("", Path::new(""), &wrong).is_err());
}

#[test]
fn senseless_levels_are_refused() {
    let table =
        "[[separation]]\nbetween = [\"ANY\", \"ANY\"]\n[[separation.levels]]\nseverity = \"CAUTION\"\n";
    assert!(parse(&format!("{table}radius_m = -1.0\nhalf_height_m = 1.0\nlook_ahead_s = 1.0")).is_err());
    assert!(parse(&format!("{table}radius_m = 1.0\nhalf_height_m = 1.0\nlook_ahead_s = 1.0")).is_ok());
    assert!(parse(&format!("{table}radius_m = nan\nhalf_height_m = 1.0\nlook_ahead_s = 1.0")).is_err());
}

/// Line, column and path of every fault.
fn places(text: &str) -> Vec<(usize, usize, String)> {
    let faults = parse(text).unwrap_err();
    assert!(faults.iter().all(|fault| !fault.message_zh.is_ascii()), "{faults:?}");
    faults
        .into_iter()
        .map(|fault| fault.at.map(|(line, column)| (line, column, fault.path)).unwrap())
        .collect()
}

#[test]
fn every_fault_of_a_text_is_told_at_its_place() {
    let text = "[mqtt]\nprefx = \"a\"\nembedded = \"yes\"\n[http]\nconnections_max = 0\nlisten = \"nowhere\"\n\
                [limits]\nheight_m = nan\nbattery_pct = 500\nspeed_light_mps = -1.0\n[zone]\ndir = \"z\"\n\
                [[separation]]\nbetween = [\"DRONE\", \"DRON\"]\nlevels = [\n  { severity = \"CAUTION\", radius_m = \"9\", \
                half_height_m = 1.0, look_ahead_s = 1.0 },\n]\n";
    let found = places(text);
    let found: Vec<_> = found.iter().map(|(line, column, path)| (*line, *column, path.as_str())).collect();
    assert_eq!(
        found,
        [
            (2, 1, "$.mqtt.prefx"),
            (3, 12, "$.mqtt.embedded"),
            (5, 19, "$.http.connections_max"),
            (6, 10, "$.http.listen"),
            (8, 12, "$.limits.height_m"),
            (9, 15, "$.limits.battery_pct"),
            (10, 19, "$.limits.speed_light_mps"),
            (11, 2, "$.zone"),
            (14, 21, "$.separation[0].between[1]"),
            (16, 38, "$.separation[0].levels[0].radius_m"),
        ]
    );
}

#[test]
fn broken_toml_is_told_at_its_place() {
    let faults = parse("[http]\nlisten = \n[mqtt]\nurl = 'x\n").unwrap_err();
    assert_eq!(faults.first().and_then(|fault| fault.at).map(|(line, _)| line), Some(2), "{faults:?}");
    assert!(faults.iter().any(|fault| fault.at.is_some_and(|(line, _)| line == 4)), "{faults:?}");
}

#[test]
fn addresses_to_listen_on() {
    for good in ["127.0.0.1:8080", "localhost:8080", "[::1]:80", "0.0.0.0:0", "airspace.example.cn:65535"] {
        assert!(parse(&format!("[http]\nlisten = \"{good}\"")).is_ok(), "{good}");
    }
    for bad in
        ["localhost", "127.0.0.1", ":80", "127.0.0.1:65536", "300.1.1.1:80", "::1:80", "[x]:80", "a b:80"]
    {
        assert_eq!(
            places(&format!("[http]\nlisten = \"{bad}\"")),
            [(2, 10, "$.http.listen".to_owned())],
            "{bad}"
        );
    }
    for bad in ["mqtt://", "mqtt://h:0", "mqtt://h:70000", "http://h", "mqtt://u@h"] {
        assert_eq!(places(&format!("[mqtt]\nurl = \"{bad}\"")).len(), 1, "{bad}");
    }
}

#[test]
fn a_wrong_variable_is_named() {
    let overrides = [("A", "1"), ("LOWSKY__HTTP__CONNECTIONS_MAX", "0"), ("LOWSKY__MQTT__URI", "x")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let faults = Config::parse("[http]\nlisten = 'x'", Path::new(""), &overrides).unwrap_err();
    let text = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(text.contains("LOWSKY__MQTT__URI") && text.contains("did you mean `url`?"), "{text}");
    assert!(text.contains("2:10: error"), "{text}");
    let faults = Config::parse("", Path::new(""), &overrides[1..2]).unwrap_err();
    assert_eq!((faults[0].at, faults[0].path.as_str()), (None, "$.http.connections_max"));
}
