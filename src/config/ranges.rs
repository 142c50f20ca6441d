//! What no type can check: ranges, addresses and orders.

use std::net::IpAddr;

use crate::monitor::Level;

use super::basemap::origins;
use super::read::Step;
use super::{BoundingBox, Config};

/// A fault without its place.
pub(super) struct Wrong {
    pub(super) path: Vec<Step>,
    pub(super) message: String,
    pub(super) message_zh: String,
}

/// All that is wrong with settings that could be read.
pub(super) fn check(config: &Config) -> Vec<Wrong> {
    let mut found = Found(Vec::new());
    connections(config, &mut found);
    zones(config, &mut found);
    limits(config, &mut found);
    history(config, &mut found);
    rules(config, &mut found);
    found.0
}

struct Found(Vec<Wrong>);

impl Found {
    fn say(&mut self, path: &str, en: impl Into<String>, zh: impl Into<String>) {
        let path = path.split('.').map(|name| Step::Key(name.to_owned())).collect();
        self.say_at(path, en, zh);
    }

    fn say_at(&mut self, path: Vec<Step>, en: impl Into<String>, zh: impl Into<String>) {
        self.0.push(Wrong { path, message: en.into(), message_zh: zh.into() });
    }

    /// A number that must lie in a closed range. NaN lies in none.
    fn within(&mut self, path: &str, value: f64, [least, most]: [f64; 2], unit: &str) {
        if !(least..=most).contains(&value) {
            self.say(
                path,
                format!("{value} must be from {least} to {most} {unit}"),
                format!("{value} 应在 {least} 至 {most} {unit} 之间"),
            );
        }
    }

    /// A number that must be over 0.
    fn over_0(&mut self, path: &str, value: f64, most: f64, unit: &str) {
        if !(0.0 < value && value <= most) {
            self.say(
                path,
                format!("{value} must be over 0, at most {most} {unit}"),
                format!("{value} 应大于 0 且不超过 {most} {unit}"),
            );
        }
    }
}

fn connections(config: &Config, found: &mut Found) {
    let url = &config.mqtt.url;
    if !url.starts_with("mqtt://") {
        found.say(
            "mqtt.url",
            format!("`{url}` must begin with mqtt:// (TLS is not built in yet)"),
            format!("“{url}” 应以 mqtt:// 开头（暂不支持 TLS）"),
        );
    } else if !is_host_and_port(url.trim_start_matches("mqtt://").trim_end_matches('/'), false) {
        found.say(
            "mqtt.url",
            format!("`{url}` must be mqtt://host:port with a port from 1 to 65535"),
            format!("“{url}” 应为 mqtt://主机:端口，端口为 1 至 65535"),
        );
    }
    let prefix = &config.mqtt.prefix;
    if prefix.is_empty() || prefix.contains(['+', '#', '\0']) {
        found.say(
            "mqtt.prefix",
            format!("`{prefix}` must be topic levels without + and #"),
            format!("“{prefix}” 应为不含 + 和 # 的主题层级"),
        );
    }
    if config.mqtt.client_id.is_empty() {
        let (en, zh) = ("a session needs a name", "会话名不能为空");
        found.say("mqtt.client_id", en, zh);
    }
    let listen = &config.http.listen;
    if !is_host_and_port(listen, true) {
        found.say(
            "http.listen",
            format!("`{listen}` is no address and port, such as 127.0.0.1:8080, localhost:8080 or [::]:8080"),
            format!("“{listen}” 不是地址和端口，例如 127.0.0.1:8080、localhost:8080 或 [::]:8080"),
        );
    }
    for (path, count) in [
        ("http.connections_max", config.http.connections_max),
        ("http.connections_per_address_max", config.http.connections_per_address_max),
    ] {
        if !(1..=1_000_000).contains(&count) {
            found.say(
                path,
                format!("{count} must be from 1 to 1,000,000"),
                format!("{count} 应在 1 至 1,000,000 之间"),
            );
        }
    }
    for (i, origin) in config.http.allowed_origins.iter().enumerate() {
        if origins(origin).is_none_or(|hosts| hosts != [origin.clone()]) {
            found.say_at(
                at("http.allowed_origins", i),
                format!("`{origin}` must be scheme and host, such as https://ops.example.cn"),
                format!("“{origin}” 应为协议与主机，例如 https://ops.example.cn"),
            );
        }
    }
    for (i, url) in config.console.basemap.iter().enumerate() {
        if origins(url).is_none() {
            found.say_at(
                at("console.basemap", i),
                format!("`{url}` must begin with http:// or https:// and a host"),
                format!("“{url}” 应以 http:// 或 https:// 及主机名开头"),
            );
        }
    }
}

/// Whether a text is a host with a port: an address, a bracketed address or a name. Port 0, any free one, is for
/// listening only; a broker may go without a port.
fn is_host_and_port(text: &str, listens: bool) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let port_is_good = match port {
        Some(port) => port.parse::<u16>().is_ok_and(|port| listens || 0 < port),
        None => !listens,
    };
    let in_brackets = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_is_good = if let Some(address) = in_brackets {
        address.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6())
    } else {
        let known = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
        let digits = host.chars().all(|c| c.is_ascii_digit() || c == '.');
        !host.is_empty() && host.chars().all(known) && (!digits || host.parse::<IpAddr>().is_ok())
    };
    port_is_good && host_is_good
}

fn zones(config: &Config, found: &mut Found) {
    found.within("zones.look_ahead_s", config.zones.look_ahead_s, [0.0, 180.0], "s");
    let Some(bbox) = config.area.bbox else { return };
    let [west, south, east, north] = bbox;
    let on_earth = [west, east].iter().all(|lng| (-180.0..=180.0).contains(lng))
        && [south, north].iter().all(|lat| (-90.0..=90.0).contains(lat));
    if BoundingBox::new(bbox).is_none() || !on_earth || east <= west || north <= south {
        let (en, zh) = (
            "wants [west, south, east, north] in degrees, with west < east and south < north",
            "应为 [西, 南, 东, 北]，单位度，且西 < 东、南 < 北",
        );
        found.say("area.bbox", en, zh);
    }
}

fn limits(config: &Config, found: &mut Found) {
    let limits = &config.limits;
    found.over_0("limits.height_m", limits.height_m, 10_000.0, "m");
    found.over_0("limits.height_micro_m", limits.height_micro_m, 10_000.0, "m");
    found.over_0("limits.speed_light_mps", limits.speed_light_mps, 300.0, "m/s");
    found.over_0("limits.speed_micro_mps", limits.speed_micro_mps, 300.0, "m/s");
    found.within("limits.battery_pct", limits.battery_pct, [0.0, 100.0], "%");
    found.within("terrain.ground_amsl_m", config.terrain.ground_amsl_m, [-500.0, 9_000.0], "m");
    found.within("terrain.ground_accuracy_m", config.terrain.ground_accuracy_m, [0.0, 1_000.0], "m");
}

fn history(config: &Config, found: &mut Found) {
    let (hours, megabytes) = (config.history.keep_hours, config.history.max_mb);
    found.within("history.keep_hours", f64::from(hours), [1.0, 87_600.0], "h");
    // A minute of a large fleet takes 30.
    found.within("history.max_mb", f64::from(megabytes), [64.0, 100_000_000.0], "MB");
}

fn rules(config: &Config, found: &mut Found) {
    let [m, n] = config.lifecycle.raise_m_of_n;
    if !(1 <= m && m <= n && n <= 8) {
        found.say(
            "lifecycle.raise_m_of_n",
            format!("[{m}, {n}] must be M of N with 1 <= M <= N <= 8"),
            format!("[{m}, {n}] 应满足 1 <= M <= N <= 8"),
        );
    }
    found.within("lifecycle.clear_factor", config.lifecycle.clear_factor, [1.0, 3.0], "");
    found.within("lifecycle.hold_s", config.lifecycle.hold_s, [0.0, 60.0], "s");
    for (i, table) in config.separation.iter().enumerate() {
        let levels = |rest: &[Step]| [&at("separation", i)[..], &[Step::Key("levels".into())], rest].concat();
        if table.levels.is_empty() {
            found.say_at(levels(&[]), "at least one level is needed", "至少需要一级");
        }
        for (number, level) in table.levels.iter().enumerate() {
            for (name, en, zh) in level_faults(level) {
                found.say_at(levels(&[Step::Item(number), Step::Key(name.into())]), en, zh);
            }
        }
        if !table.levels.is_sorted_by_key(|level| level.severity) {
            let (en, zh) = ("must stand from the least to the most severe", "应由轻到重排列");
            found.say_at(levels(&[]), en, zh);
        }
    }
}

fn level_faults(level: &Level) -> Vec<(&'static str, String, String)> {
    let mut faults = Vec::new();
    for (name, value, most) in
        [("radius_m", level.radius_m, 20_000.0), ("half_height_m", level.half_height_m, 5_000.0)]
    {
        if !(0.0 < value && value <= most) {
            faults.push((
                name,
                format!("{value} must be over 0, at most {most} m"),
                format!("{value} 应大于 0 且不超过 {most} m"),
            ));
        }
    }
    for (name, value) in
        [("look_ahead_s", level.look_ahead_s), ("tau_s", level.tau_s), ("tcoa_s", level.tcoa_s)]
    {
        if !(0.0..=180.0).contains(&value) {
            faults.push((
                name,
                format!("{value} must be from 0 to 180 s"),
                format!("{value} 应在 0 至 180 s 之间"),
            ));
        }
    }
    faults
}

/// The path of an item of a list.
fn at(list: &str, number: usize) -> Vec<Step> {
    let keys = list.split('.').map(|name| Step::Key(name.to_owned()));
    keys.chain(std::iter::once(Step::Item(number))).collect()
}
