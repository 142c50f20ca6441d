//! Alerts and their events, as subscribers read them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::numeric::round_to;
use super::{OperatorId, Timestamp, UasId, ZoneId};

macro_rules! screaming {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in messages.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|v| v.name() == text).ok_or_else(|| {
                    let known: Vec<_> = Self::ALL.iter().map(|v| v.name()).collect();
                    format!("`{text}` is not one of {}", known.join(", "))
                })
            }
        }
    };
}

screaming! {
    /// What an alert is about.
    AlertCode {
        /// Inside, or about to enter, a keep-out zone.
        ZoneIncursion = "ZONE_INCURSION",
        /// Outside, or about to leave, its keep-in volume.
        GeocageExit = "GEOCAGE_EXIT",
        /// Above its ceiling.
        HeightLimit = "HEIGHT_LIMIT",
        /// Faster than its class may fly.
        SpeedLimit = "SPEED_LIMIT",
        /// Too close to another aircraft, now or soon.
        Separation = "SEPARATION",
        /// Outside its activated intent.
        Conformance = "CONFORMANCE",
        /// No report for too long.
        LostLink = "LOST_LINK",
        /// Its pilot lost the command link.
        C2Lost = "C2_LOST",
        /// It says that it is in an emergency.
        Emergency = "EMERGENCY",
        /// Little charge left.
        LowBattery = "LOW_BATTERY",
        /// Identity not in the register.
        Unregistered = "UNREGISTERED",
        /// Sensed, but silent.
        UncooperativeTarget = "UNCOOPERATIVE_TARGET",
        /// Its reports contradict each other.
        PositionIntegrity = "POSITION_INTEGRITY",
        /// Its clock is off.
        TimeSkew = "TIME_SKEW",
        /// Its positions look shifted.
        CrsSuspect = "CRS_SUSPECT",
        /// The service itself is in trouble.
        ServiceDegraded = "SERVICE_DEGRADED",
    }
}

screaming! {
    /// What is wrong with the service itself.
    ServiceTrouble {
        /// Alerts cannot be written to disk.
        Storage = "STORAGE",
        /// Positions cannot be written to disk.
        History = "HISTORY",
        /// Reports wait too long before they are evaluated.
        Behind = "BEHIND",
        /// The broker cannot be reached.
        InputLost = "INPUT_LOST",
        /// The broker is there, and far fewer reports come than before.
        InputSilent = "INPUT_SILENT",
        /// Reports did not come for a while that is over.
        InputGap = "INPUT_GAP",
        /// The broker dropped messages.
        BrokerDrops = "BROKER_DROPS",
        /// New zones were refused; the last good ones stay in force.
        ZonesRejected = "ZONES_REJECTED",
        /// The zones are older than they may be.
        ZonesStale = "ZONES_STALE",
        /// The system's clock and that of the sources part.
        Clock = "CLOCK",
        /// The service's own test flight raised no alert.
        Canary = "CANARY",
        /// Nobody listens to the alerts.
        ClientNone = "CLIENT_NONE",
        /// More alerts than a person can handle.
        Flood = "FLOOD",
        /// The journal was found damaged.
        JournalDamaged = "JOURNAL_DAMAGED",
    }
}

impl ServiceTrouble {
    /// Whether it is over when it is found, and told only for the record: its alert is raised and cleared at once.
    pub fn is_of_the_past(self) -> bool {
        matches!(self, Self::InputGap | Self::JournalDamaged)
    }
}

screaming! {
    /// How urgently somebody must look, mildest first.
    Severity {
        /// For the record.
        Info = "INFO",
        /// 提示.
        Advisory = "ADVISORY",
        /// 注意.
        Caution = "CAUTION",
        /// 警告.
        Warning = "WARNING",
        /// 紧急.
        Critical = "CRITICAL",
    }
}

impl Severity {
    /// One step milder; `INFO` stays.
    #[must_use]
    pub const fn lower(self) -> Self {
        match self {
            Self::Info | Self::Advisory => Self::Info,
            Self::Caution => Self::Advisory,
            Self::Warning => Self::Caution,
            Self::Critical => Self::Warning,
        }
    }
}

screaming! {
    /// Whether it is foreseen or has happened.
    Phase {
        /// Straight-line prediction says that it will.
        Predicted = "PREDICTED",
        /// It is so.
        Actual = "ACTUAL",
    }
}

screaming! {
    /// Whether an alert still stands.
    AlertState {
        /// It stands.
        Open = "OPEN",
        /// It is over.
        Cleared = "CLEARED",
    }
}

screaming! {
    /// What happened to an alert.
    AlertEventKind {
        /// It was opened.
        Raised = "RAISED",
        /// Its figures changed.
        Updated = "UPDATED",
        /// It got more severe, or what was foreseen happened.
        Escalated = "ESCALATED",
        /// It got milder and stayed so for the hold time.
        Deescalated = "DEESCALATED",
        /// Somebody took note of it.
        Acknowledged = "ACKNOWLEDGED",
        /// Somebody put it aside for some time; it stands all the same.
        Shelved = "SHELVED",
        /// Somebody took it back before that time was over.
        Unshelved = "UNSHELVED",
        /// It is over.
        Cleared = "CLEARED",
    }
}

screaming! {
    /// How good the data behind an alert is.
    DataQuality {
        /// Fresh and complete.
        Good = "GOOD",
        /// A state was carried forward because its aircraft is silent.
        Coasted = "COASTED",
        /// A needed height or accuracy is unknown; judged on the safe side.
        Uncertain = "UNCERTAIN",
    }
}

/// Figures by name, in a defined order; names end in their unit (`…_m`, `…_s`, `…_mps`, `…_pct`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measures(pub Vec<(Cow<'static, str>, f64)>);

impl Measures {
    /// Figures whose names the program knows.
    pub fn of(figures: &[(&'static str, f64)]) -> Self {
        Self(figures.iter().map(|&(name, value)| (Cow::Borrowed(name), value)).collect())
    }

    /// The figure of that name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
    }
}

impl Serialize for Measures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, &round_to(*value, 2))?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Measures {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Figures;
        impl<'de> Visitor<'de> for Figures {
            type Value = Measures;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("figures by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Measures, A::Error> {
                let mut figures = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, f64>()? {
                    figures.push((Cow::Owned(name), value));
                }
                Ok(Measures(figures))
            }
        }
        deserializer.deserialize_map(Figures)
    }
}

/// One sentence a person can act on, in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Explanation {
    /// 中文.
    #[serde(rename = "zh-CN")]
    pub zh: String,
    /// English.
    pub en: String,
}

/// The other aircraft of a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherParty {
    /// The aircraft.
    pub uas_id: UasId,
    /// Its operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<OperatorId>,
}

/// The zone of an alert, in the version that was in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneRef {
    /// Its identifier.
    pub id: ZoneId,
    /// Its version: changes whenever its content does.
    pub version: Arc<str>,
    /// Its name, Chinese where there is one.
    pub name: Arc<str>,
}

/// Who took note of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Who put an alert aside, until when and why. It changes how the alert is shown, never what is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelving {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// From when on it counts for nothing.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

/// Where the aircraft was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AlertPosition {
    /// Degrees.
    pub lat: f64,
    /// Degrees.
    pub lng: f64,
    /// Metres above the WGS 84 ellipsoid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt_hae: Option<f64>,
}

/// An alert as it stands after an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Stable identity of this episode.
    pub alert_id: Arc<str>,
    /// What it is about.
    pub code: AlertCode,
    /// Foreseen or happened.
    pub phase: Phase,
    /// How urgent.
    pub severity: Severity,
    /// Open or cleared.
    pub state: AlertState,
    /// Who took note of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledgement>,
    /// Who put it aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shelved: Option<Shelving>,
    /// The aircraft; of a pair, the smaller id.
    pub uas_id: UasId,
    /// Its operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<OperatorId>,
    /// The other aircraft of a pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<OtherParty>,
    /// The zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneRef>,
    /// When it was opened.
    pub raised_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleared_at: Option<Timestamp>,
    /// Source time of the newest input used.
    pub observed_at: Timestamp,
    /// Where the aircraft was; absent where the alert is about the service itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<AlertPosition>,
    /// What was measured.
    pub measured: Measures,
    /// What it was held against.
    pub limit: Measures,
    /// How good the data is.
    pub data: DataQuality,
    /// How often it was announced again because nobody acknowledged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced_again: Option<u8>,
    /// The rule that applied, such as `separation/drone-manned/WARNING`.
    pub rule: Arc<str>,
    /// One sentence a person can act on.
    pub explanation: Explanation,
}

/// Something happened to an alert. `seq` is given by the log when it is published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertEvent {
    /// What happened.
    pub event: AlertEventKind,
    /// The alert afterwards.
    pub alert: Alert,
}
