//! The vocabulary that every room shares: values with units, datums and names of the field.
//!
//! Nothing here reads a clock, touches the outside or takes a decision. What is checked when a value is
//! made is trusted afterwards.

mod aircraft;
mod alert;
mod altitude;
mod ident;
mod intent;
mod numeric;
mod observation;
mod position;
mod refusal;
mod time;
mod zone;

pub use aircraft::{FixType, OperationCategory, OperationalStatus, UaClass};
pub use alert::{
    Acknowledgement, Alert, AlertCode, AlertEvent, AlertEventKind, AlertPosition, AlertState, DataQuality,
    Explanation, Measures, OtherParty, Phase, ServiceTrouble, Severity, Shelving, ZoneRef,
};
pub use altitude::{
    GeoidModel, Heights, RelativeHeight, RelativeReference, VerticalLimit, VerticalReference,
};
pub use ident::{IdentError, OperatorId, TopicLevel, UasId, ZoneId};
pub use intent::{Intent, IntentState, IntentVolume, Outline};
pub use numeric::{round_to, whole};
pub use observation::{Accuracy, Motion, NrCell, Observation, Source};
pub use position::{BoundingBox, LatLng, PositionError, wrap_longitude};
pub use refusal::{Reason, Refusal};
pub use time::{ParseTimestampError, Timestamp};
pub use zone::{Period, Restriction, ZoneReason};
