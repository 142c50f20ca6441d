//! Findings as SARIF 2.1.0 (OASIS), which editors and code hosts show beside the lines.

use serde_json::{Value, json};

use super::finding::Finding;
use crate::airspace::ProblemSeverity;

/// What the rules are, in English and Chinese.
const RULES: [(&str, &str, &str); 4] = [
    (
        "configuration",
        "A setting that is unknown, of the wrong type or out of its range",
        "配置项未知、类型错误或超出范围",
    ),
    ("file", "A file or folder that cannot be read", "无法读取的文件或目录"),
    (
        "zone-deviation",
        "A deviation from ED-318 or ED-269 whose meaning is clear",
        "偏离 ED-318 或 ED-269 但含义明确",
    ),
    ("zone-error", "A zone document that cannot be put in force", "无法生效的空域文件"),
];

/// A log with one run.
pub(super) fn log(findings: &[Finding]) -> Value {
    let rules: Vec<Value> = RULES
        .iter()
        .map(|(id, en, zh)| {
            json!({"id": id, "shortDescription": {"text": en}, "fullDescription": {"text": format!("{en}. {zh}。")}})
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "lowsky", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": findings.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

fn result(finding: &Finding) -> Value {
    let level = match finding.severity {
        ProblemSeverity::Error => "error",
        ProblemSeverity::Warning => "warning",
    };
    let index = RULES.iter().position(|(id, ..)| *id == finding.rule);
    json!({
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": level,
        "message": {"text": format!("{} {}", finding.message, finding.message_zh)},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri(&finding.file)},
                "region": {"startLine": finding.line, "startColumn": finding.column},
            },
            "logicalLocations": [{"fullyQualifiedName": finding.path}],
        }],
    })
}

/// A path as a reference of RFC 3986: relative as it was given, or with the scheme of files.
fn uri(path: &str) -> String {
    let escaped = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    format!("{scheme}{}", path.replace('\\', "/").bytes().map(escaped).collect::<String>())
}

#[cfg(test)]
mod tests {
    #[test]
    fn paths_become_references() {
        assert_eq!(super::uri("zones/a b.json"), "zones/a%20b.json");
        assert_eq!(super::uri("/etc/空.json"), "file:///etc/%E7%A9%BA.json");
    }
}
