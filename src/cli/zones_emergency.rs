//! `lowsky zones emergency`: asks a running service for a temporary control zone, in force at once.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::files::{self, Failure};
use crate::domain::Timestamp;
use crate::service::clock;

/// Longest time to wait for the service.
const PATIENCE: Duration = Duration::from_secs(10);

/// The arguments of `zones emergency`.
#[derive(Debug, Args)]
pub(super) struct EmergencyArgs {
    /// What for: rescue (抢险救灾) or event (大型活动). 用途
    kind: Kind,
    /// Latitude of the middle, degrees WGS 84. 中心纬度
    #[arg(long, allow_negative_numbers = true, required_unless_present = "corners")]
    lat: Option<f64>,
    /// Longitude of the middle, degrees WGS 84. 中心经度
    #[arg(long, allow_negative_numbers = true, required_unless_present = "corners")]
    lng: Option<f64>,
    /// Radius, m. 半径
    #[arg(long, value_name = "M", required_unless_present = "corners")]
    radius: Option<f64>,
    /// A corner of a polygon instead of a circle, degrees WGS 84; once for each. 多边形角点
    #[arg(long = "corner", value_name = "LAT,LNG", allow_hyphen_values = true, value_parser = corner)]
    #[arg(conflicts_with_all = ["lat", "lng", "radius"])]
    corners: Vec<[f64; 2]>,
    /// Upper limit above the ground, m [default: without limit]. 上限真高
    #[arg(long, value_name = "M")]
    upper: Option<f64>,
    /// From when on, RFC 3339 [default: now]. 开始时间
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Until when, RFC 3339. 结束时间
    #[arg(long, value_name = "TIME", required_unless_present = "minutes", conflicts_with = "minutes")]
    until: Option<String>,
    /// For how many minutes. 持续分钟数
    #[arg(long)]
    minutes: Option<u32>,
    /// Its name. 名称
    #[arg(long)]
    name: Option<String>,
    /// Who asks. 发布人
    #[arg(long)]
    author: String,
    /// Why. 原因
    #[arg(long)]
    reason: String,
    /// The service, host:port [default: `http.listen` of the configuration]. 服务地址
    #[arg(long, value_name = "ADDRESS")]
    service: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Rescue,
    Event,
}

/// Asks the service, prints the zone, and on standard error what the law would have had otherwise.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "the answer of the command")]
pub(super) fn emergency(config: Option<&Path>, args: &EmergencyArgs) -> Result<ExitCode, Failure> {
    let address = match &args.service {
        Some(address) => address.clone(),
        None => files::configuration(config)?.http.listen,
    };
    let kind = match args.kind {
        Kind::Rescue => "RESCUE",
        Kind::Event => "EVENT",
    };
    let from = match &args.from {
        Some(text) => Timestamp::parse(text).map_err(|error| Failure::Input(error.to_string()))?,
        None => clock::now(),
    };
    let until = match (&args.until, args.minutes) {
        (Some(text), _) => text.clone(),
        (None, minutes) => from.plus_seconds(f64::from(minutes.unwrap_or(0)) * 60.0).to_string(),
    };
    let body = json!({
        "kind": kind, "lat": args.lat, "lng": args.lng, "radius_m": args.radius, "upper_m": args.upper,
        "polygon": (!args.corners.is_empty()).then_some(&args.corners), "name": args.name, "from": args.from, "until": until,
    });
    let (status, answer) = ask(&address, args, &body.to_string()).map_err(|error| {
        Failure::Outside(format!("{address}: {error}; is the service running? 服务未运行？"))
    })?;
    let told: Value = serde_json::from_str(&answer).unwrap_or_default();
    match status {
        201 => {
            for warning in told.get("warnings").and_then(Value::as_array).into_iter().flatten() {
                let say = |language: &str| warning.get(language).and_then(Value::as_str).unwrap_or_default();
                eprintln!("{}\n{}", say("zh-CN"), say("en"));
            }
            println!("{answer}");
            Ok(ExitCode::SUCCESS)
        }
        400 | 422 => Err(Failure::Input(answer)),
        _ => Err(Failure::Outside(format!("{address}: {status}: {answer}"))),
    }
}

/// `LAT,LNG` as `[lng, lat]`.
fn corner(text: &str) -> Result<[f64; 2], String> {
    let number = |text: &str| text.trim().parse::<f64>().map_err(|error| format!("{text}: {error}"));
    let (lat, lng) = text.split_once(',').ok_or("LAT,LNG is wanted, as 22.55,114.10")?;
    Ok([number(lng)?, number(lat)?])
}

/// One request; the status and the body of the answer.
fn ask(address: &str, args: &EmergencyArgs, body: &str) -> std::io::Result<(u16, String)> {
    let address = address.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let (author, reason) = (encoded(&args.author), encoded(&args.reason));
    let length = body.len();
    write!(
        stream,
        "POST /api/v1/zones/emergency HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\nLowsky-Author: {author}\r\n\
         Lowsky-Reason: {reason}\r\n\r\n{body}"
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let (head, answer) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::other("this is not a lowsky service"))?;
    Ok((status, answer.to_owned()))
}

/// Percent-encoded, so that every text passes as a header.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_. ".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}
