//! `lowsky check --telemetry`: one message judged as the intake would judge it.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use crate::cli::files::Failure;
use crate::config::Config;
use crate::service::{check, clock};
use crate::wire::{Doors, PAYLOAD_LEN_MAX};

/// Judges the message in `path` (`-`: standard input) and prints what is wrong with it; fails if it would be refused.
#[expect(clippy::print_stdout, reason = "the answer of the command")]
pub(super) fn judge(path: &Path, topic: Option<&str>, config: &Config) -> Result<ExitCode, Failure> {
    let payload = match read(path) {
        Ok(payload) => payload,
        Err(error) => {
            println!("{}: cannot be read: {error}", path.display());
            return Err(Failure::Said);
        }
    };
    let doors = Doors { prefix: config.mqtt.prefix.clone(), area: config.area() };
    let judgement = check::telemetry(&payload, topic, &doors, clock::now());
    for fault in &judgement.faults {
        let what = fault.reason.map_or("IGNORED", crate::domain::Reason::name);
        let field = fault.field.as_deref().unwrap_or_default();
        let place = format!("{}:{}:{}", path.display(), fault.line, fault.column);
        println!("{place}: {what} {field}: {} {}", fault.detail, fault.message.zh);
        if let Some(advice) = &fault.suggestion {
            let value = advice.value.as_deref().unwrap_or_default();
            println!("    {} {} {value}", advice.message.en, advice.message.zh);
        }
    }
    let verdict = if judgement.accepted { "accepted 接收" } else { "refused 拒收" };
    println!("{}: {verdict}", judgement.topic);
    if judgement.accepted { Ok(ExitCode::SUCCESS) } else { Err(Failure::Said) }
}

/// What is beyond the limit of a message needs no more than to be seen to be so.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let most = u64::try_from(PAYLOAD_LEN_MAX + 1).unwrap_or(u64::MAX);
    let mut payload = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().take(most).read_to_end(&mut payload)?;
    } else {
        std::fs::File::open(path)?.take(most).read_to_end(&mut payload)?;
    }
    Ok(payload)
}
