//! Limits of zones as heights at the aircraft.

use crate::airspace::{Volume, Zone};
use crate::domain::{GeoidModel, LatLng, VerticalLimit, VerticalReference};
use crate::geodesy::hae_from_amsl_m;
use crate::monitor::finding::Figures;
use crate::monitor::state::State;

/// Which way a height that is not known exactly is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// It counts as within if it may be: for what keeps out.
    Possibly,
    /// Only if it must be: for what keeps in, and for permissions.
    Surely,
}

/// The volume's limits as heights above the ellipsoid at the aircraft, moved by what its height may be wrong.
pub(in crate::monitor) fn band(state: &State, volume: &Volume, care: Care) -> [f64; 2] {
    let wider = if care == Care::Possibly { 1.0 } else { -1.0 };
    let bound = |limit: Option<VerticalLimit>, side: f64| match limit {
        None => side * f64::INFINITY,
        Some(limit) => hae_m(state, limit).map_or(wider * side * f64::INFINITY, |hae_m| {
            hae_m + wider * side * error_m(state, limit.reference)
        }),
    };
    [bound(volume.lower, -1.0), bound(volume.upper, 1.0)]
}

/// What the aircraft's height may be wrong against a limit in this reference, metres. A height that was declared over the
/// limit's own reference needs no conversion, and has no error of one.
pub(in crate::monitor) fn error_m(state: &State, reference: VerticalReference) -> f64 {
    match reference {
        VerticalReference::Takeoff if state.takeoff_m.is_some() => 0.0,
        VerticalReference::Agl if state.takeoff_m.is_none() && state.agl_m.is_some() => 0.0,
        VerticalReference::Takeoff
        | VerticalReference::Agl
        | VerticalReference::Wgs84
        | VerticalReference::Amsl
        | VerticalReference::Cn1985 => state.hae_error_m,
    }
}

/// Whether the aircraft's height is not known exactly against some limit of the zone.
pub(in crate::monitor) fn is_uncertain(state: &State, zone: &Zone) -> bool {
    let mut limits = zone.volumes.iter().flat_map(|volume| [volume.lower, volume.upper]).flatten();
    limits.any(|limit| 0.0 < error_m(state, limit.reference))
}

/// Between which true heights the aircraft is, metres; `None` if it gives no height that says so.
pub(in crate::monitor) fn true_heights_m(state: &State) -> Option<[f64; 2]> {
    let (agl_m, error_m) = match (state.agl_m, state.hae_m) {
        (Some(agl_m), _) if state.takeoff_m.is_none() => (agl_m, 0.0),
        (Some(agl_m), _) => (agl_m, state.hae_error_m),
        (None, Some(hae_m)) => (hae_m - state.ground_hae_m, state.hae_error_m),
        (None, None) => return None,
    };
    Some([agl_m - error_m, agl_m + error_m])
}

/// A limit above the ellipsoid at the aircraft. Only the aircraft knows where it took off.
pub(in crate::monitor) fn hae_m(state: &State, limit: VerticalLimit) -> Option<f64> {
    match limit.reference {
        VerticalReference::Wgs84 => Some(limit.metres),
        VerticalReference::Amsl => Some(limit.metres + state.undulation_m),
        VerticalReference::Cn1985 => Some(hae_from_amsl_m(state.position, limit.metres, GeoidModel::Cn1985)),
        VerticalReference::Agl => Some(limit.metres + state.ground_hae_m),
        VerticalReference::Takeoff => {
            state.hae_m.zip(state.takeoff_m).map(|(hae_m, takeoff_m)| limit.metres + hae_m - takeoff_m)
        }
    }
}

/// The limits of the zone's volume at a place, each in its own reference; of the first volume where none is there.
pub(in crate::monitor) fn limits(zone: &Zone, at: LatLng) -> Figures {
    let here = zone.volumes.iter().find(|volume| volume.shape.contains(at)).or(zone.volumes.first());
    let name = |limit: VerticalLimit, names: [&'static str; 5]| {
        let [agl, amsl, wgs84, takeoff, cn1985] = names;
        match limit.reference {
            VerticalReference::Agl => agl,
            VerticalReference::Amsl => amsl,
            VerticalReference::Wgs84 => wgs84,
            VerticalReference::Takeoff => takeoff,
            VerticalReference::Cn1985 => cn1985,
        }
    };
    let mut figures = Figures::new();
    if let Some(limit) = here.and_then(|volume| volume.lower) {
        let names = ["lower_agl_m", "lower_amsl_m", "lower_wgs84_m", "lower_takeoff_m", "lower_cn1985_m"];
        figures = figures.with(name(limit, names), limit.metres);
    }
    if let Some(limit) = here.and_then(|volume| volume.upper) {
        let names = ["upper_agl_m", "upper_amsl_m", "upper_wgs84_m", "upper_takeoff_m", "upper_cn1985_m"];
        figures = figures.with(name(limit, names), limit.metres);
    }
    figures
}
