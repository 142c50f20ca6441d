//! Topics: `{prefix}/{format}/{operator}/{uas_id}` and nothing else.

use crate::domain::{OperatorId, Reason, Refusal, UasId};

use super::{FORMATS, Format};

/// What a topic says.
pub(super) struct Topic {
    pub(super) format: &'static Format,
    pub(super) operator: OperatorId,
    pub(super) uas_id: UasId,
}

/// Most characters of an unknown topic that a refusal repeats.
const QUOTE_LEN_MAX: usize = 80;

pub(super) fn parse(prefix: &str, topic: &str) -> Result<Topic, Refusal> {
    let Some((format, operator, uas_id)) = levels(prefix, topic) else {
        let quote: String = topic.chars().take(QUOTE_LEN_MAX).collect();
        let known = FORMATS.iter().map(|format| format.topic).collect::<Vec<_>>().join(" or ");
        return Err(Refusal::new(
            Reason::UnknownTopic,
            format!("`{quote}` is not {prefix}/{{{known}}}/{{operator}}/{{uas_id}}"),
        ));
    };
    let bad = |level: &str, error: crate::domain::IdentError| {
        Refusal::of_field(Reason::InvalidValue, level, format!("topic level {level}: {error}"))
    };
    Ok(Topic {
        format,
        operator: OperatorId::new(operator).map_err(|error| bad("operator", error))?,
        uas_id: UasId::new(uas_id).map_err(|error| bad("uas_id", error))?,
    })
}

/// The operator and the aircraft of any topic, where it has levels in their usual places.
pub(super) fn addressee<'t>(prefix: &str, topic: &'t str) -> Option<(&'t str, &'t str)> {
    let mut levels = topic.strip_prefix(prefix)?.split('/').skip(2);
    levels.next().zip(levels.next())
}

fn levels<'t>(prefix: &str, topic: &'t str) -> Option<(&'static Format, &'t str, &'t str)> {
    let mut levels = topic.strip_prefix(prefix)?.strip_prefix('/')?.split('/');
    let (kind, operator, uas_id) = (levels.next()?, levels.next()?, levels.next()?);
    let format = FORMATS.iter().find(|format| format.topic == kind)?;
    levels.next().is_none().then_some((format, operator, uas_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_parts_and_nothing_else() {
        let topic = parse("lowsky/v1", "lowsky/v1/telemetry/acme/UAS-1").unwrap();
        assert_eq!(
            (topic.format.topic, topic.operator.as_str(), topic.uas_id.as_str()),
            ("telemetry", "acme", "UAS-1")
        );
        for unknown in [
            "",
            "lowsky/v1",
            "lowsky/v1/telemetry/acme",
            "lowsky/v1/telemetry/acme/UAS-1/",
            "lowsky/v1/telemetry/acme/UAS-1/x",
            "lowsky/v1telemetry/acme/UAS-1",
            "lowsky/v2/telemetry/acme/UAS-1",
            "/lowsky/v1/telemetry/acme/UAS-1",
            "lowsky/v1/Telemetry/acme/UAS-1",
            "lowsky/v1/alerts/acme/UAS-1",
        ] {
            let refusal = parse("lowsky/v1", unknown).err().unwrap();
            assert_eq!(refusal.reason, Reason::UnknownTopic, "{unknown}");
        }
        for (bad, field) in [
            ("lowsky/v1/nmea//UAS-1", "operator"),
            ("lowsky/v1/nmea/acme/", "uas_id"),
            ("lowsky/v1/nmea/acme/无人机", "uas_id"),
            ("lowsky/v1/nmea/a b/UAS-1", "operator"),
        ] {
            let refusal = parse("lowsky/v1", bad).err().unwrap();
            assert_eq!(
                (refusal.reason, refusal.field.as_deref()),
                (Reason::InvalidValue, Some(field)),
                "{bad}"
            );
        }
    }
}
