//! What an aircraft is and what state it says it is in.

use serde::{Deserialize, Serialize};

/// Class of aircraft: Order 761 Art. 62 (微型, 轻型, 小型, 中型, 大型, 农用) and manned aircraft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UaClass {
    /// 微型: under 0.25 kg, at most 50 m true height and 40 km/h.
    Micro,
    /// 轻型: at most 4 kg empty, 7 kg take-off mass, 100 km/h.
    Light,
    /// 小型: at most 15 kg empty, 25 kg take-off mass.
    Small,
    /// 中型: at most 150 kg.
    Medium,
    /// 大型: over 150 kg.
    Large,
    /// 农用.
    Agricultural,
    /// An aircraft with people on board.
    Manned,
}

/// Operation category, CCAR-92: 开放类, 特定类, 审定类.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OperationCategory {
    /// 开放类.
    Open,
    /// 特定类.
    Specific,
    /// 审定类.
    Certified,
}

/// Operational status as ASTM F3411 and GB 46750 report it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OperationalStatus {
    /// Not said.
    #[default]
    Undeclared,
    /// On the ground.
    Ground,
    /// In the air.
    Airborne,
    /// In an emergency.
    Emergency,
    /// Its remote identification failed.
    RidFailure,
}

/// Kind of position solution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FixType {
    /// No position.
    None,
    /// Autonomous.
    Single,
    /// Differential or SBAS.
    Dgnss,
    /// Carrier phase, ambiguities not fixed.
    RtkFloat,
    /// Carrier phase, ambiguities fixed.
    RtkFixed,
    /// Precise point positioning, such as PPP-B2b.
    Ppp,
    /// Dead reckoning.
    Dr,
    /// A simulator.
    Sim,
}
