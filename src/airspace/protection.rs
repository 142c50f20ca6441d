//! How much of what a zone protects is lost when another takes its place: over area, height and time at once.
//!
//! Place and height are measured on a lattice over the old zone, so that a zone that was moved has lost what it left,
//! although it is as large as before. Time is measured over the next year by the switches of both schedules.

use crate::domain::{LatLng, Restriction, Timestamp, VerticalLimit, VerticalReference};

use super::terms::{Role, Terms};
use super::zone::{Volume, Zone};

/// Points of the lattice along each side of a zone's box, for a single zone.
const LATTICE_MAX: u32 = 128;
/// The same where many zones are compared at once.
const LATTICE_MIN: u32 = 12;
/// Points of all lattices of one comparison, roughly.
const POINTS_MAX: u32 = 400_000;
/// Height up to which an unlimited zone is measured, metres. Higher no drone is watched.
const CEILING_M: f64 = 1_000.0;
/// The span over which schedules are compared, seconds.
const SPAN_S: f64 = 366.0 * 86_400.0;
/// Most switches of a schedule that are followed.
const SWITCHES_MAX: usize = 2_000;

/// Whether a zone keeps anybody out, or in.
pub(super) fn protects(zone: &Zone) -> bool {
    match zone.role() {
        Role::KeepOut => Restriction::Conditional <= zone.restriction,
        Role::KeepIn => true,
        Role::Suitable => false,
    }
}

/// Whether a zone permits what others forbid.
fn permits(zone: &Zone) -> bool {
    zone.role() == Role::Suitable || (!protects(zone) && 0 < zone.priority())
}

/// Whether a zone lifts others, or the default of controlled airspace, if they are where it is.
pub(super) fn may_lift(zone: &Zone) -> bool {
    match zone.role() {
        Role::KeepOut => 0 < zone.priority() && zone.restriction < Restriction::Prohibited,
        Role::KeepIn => false,
        Role::Suitable => true,
    }
}

/// Whether a zone lifts another wherever both are: by its priority, asking less.
pub(super) fn lifts(zone: &Zone, other: &Zone) -> bool {
    let plain = Terms::default();
    let terms = zone.terms.as_deref().unwrap_or(&plain);
    let may = zone.role() == Role::KeepOut
        && other.role() == Role::KeepOut
        && protects(other)
        && other.priority() < terms.priority
        && zone.restriction < other.restriction
        && (other.restriction != Restriction::Prohibited || terms.lifts_prohibited);
    let meet = |(a, b): (&Volume, &Volume)| heights_meet(a, b) && a.shape.meets(&b.shape);
    may && zone.volumes.iter().any(|a| other.volumes.iter().any(|b| meet((a, b))))
}

/// Whether two volumes have a height in common; limits of different datums may.
fn heights_meet(a: &Volume, b: &Volume) -> bool {
    let under = |upper: Option<VerticalLimit>, lower: Option<VerticalLimit>| {
        let pair = upper.zip(lower).filter(|(upper, lower)| upper.reference == lower.reference);
        pair.is_some_and(|(upper, lower)| upper.metres <= lower.metres)
    };
    !under(a.upper, b.lower) && !under(b.upper, a.lower)
}

/// Whether what lifts others does so in more places, at more times, or on other terms than before.
pub(super) fn grows(was: &Zone, now: &Zone, at: Timestamp, zones: usize) -> bool {
    let Some(known_time) = kept_time_share(now, was, at) else { return false };
    let space = if same_space(was, now) { 1.0 } else { kept_space_share(now, was, zones) };
    was.terms != now.terms || now.restriction < was.restriction || 1e-9 < 1.0 - space * known_time
}

/// The footprint of a zone, square metres; layers that lie on top of each other are counted once.
pub fn area_m2(zone: &Zone) -> f64 {
    let mut seen: Vec<(&Volume, f64)> = Vec::new();
    for volume in &zone.volumes {
        let area = volume.shape.area_m2();
        let same = |(other, known): &(&Volume, f64)| {
            other.bounds == volume.bounds && (known - area).abs() <= 1e-6 * area
        };
        if !seen.iter().any(same) {
            seen.push((volume, area));
        }
    }
    seen.iter().map(|(_, area)| area).sum()
}

/// The share (0 to 1) of what `was` protects from `at` on that `now` does not. All of it where `now` asks for less, is
/// for fewer or can be lifted by more; none where `was` protects nothing any more. Of a permission, and of a volume in
/// which somebody is kept, the share of what is added.
pub(super) fn lost_share(was: &Zone, now: &Zone, at: Timestamp, zones: usize) -> f64 {
    let space = |whole: &Zone, kept: &Zone| {
        if same_space(was, now) { 1.0 } else { kept_space_share(whole, kept, zones) }
    };
    if permits(now) {
        let Some(known_time) = kept_time_share(now, was, at) else { return 0.0 };
        let is_new = !permits(was) || now.role() != was.role() || weaker(was, now);
        return if is_new { 1.0 } else { 1.0 - space(now, was) * known_time };
    }
    if !protects(was) {
        return 0.0;
    }
    let Some(kept_time) = kept_time_share(was, now, at) else { return 0.0 };
    if now.role() != was.role() || now.restriction < was.restriction || weaker(was, now) {
        return 1.0;
    }
    let kept_space = if was.role() == Role::KeepIn { space(now, was) } else { space(was, now) };
    1.0 - kept_space * kept_time
}

/// Whether what a zone says beyond ED-318 weakens it, or others by it.
fn weaker(was: &Zone, now: &Zone) -> bool {
    let plain = Terms::default();
    let [was, terms] = [was, now].map(|zone| zone.terms.as_deref().unwrap_or(&plain));
    terms.weaken(was, now.restriction < Restriction::Prohibited)
}

/// Whether both were drawn alike, so that there is nothing to measure.
fn same_space(was: &Zone, now: &Zone) -> bool {
    was.crs == now.crs
        && was.feature().get("geometry").is_some_and(|it| now.feature().get("geometry") == Some(it))
}

fn kept_space_share(was: &Zone, now: &Zone, zones: usize) -> f64 {
    let each = POINTS_MAX / u32::try_from(zones.max(1)).unwrap_or(u32::MAX);
    let side = each.isqrt().clamp(LATTICE_MIN, LATTICE_MAX);
    let (mut protected, mut kept) = (0.0, 0.0);
    // Each volume has its own lattice: two small ones far from each other would fall through a common one.
    for volume in &was.volumes {
        let (low, high) = band(volume);
        let weight = volume.shape.area_m2() * (high - low);
        let (mut inside, mut covered) = (0.0, 0.0);
        for point in lattice(volume, side) {
            inside += 1.0;
            covered += covered_share(volume, now, point);
        }
        if inside > 0.0 {
            protected += weight;
            kept += weight * covered / inside;
        }
    }
    if protected > 0.0 { kept / protected } else { 1.0 }
}

/// The points of a lattice that are inside.
fn lattice(volume: &Volume, side: u32) -> impl Iterator<Item = LatLng> {
    let bounds = volume.bounds;
    let step = move |from: f64, to: f64, i: u32| from + (to - from) * (f64::from(i) + 0.5) / f64::from(side);
    (0..side * side)
        .map(move |n| {
            let lat = step(bounds.south_deg, bounds.north_deg, n / side);
            LatLng::wrapped(lat, step(bounds.west_deg, bounds.east_deg, n % side))
        })
        .filter(|point| volume.shape.contains(*point))
}

/// The share of a volume's height over a point that the other zone covers.
fn covered_share(volume: &Volume, now: &Zone, point: LatLng) -> f64 {
    let (low, high) = band(volume);
    if high <= low {
        return 1.0;
    }
    let mut bands: Vec<(f64, f64)> = now
        .volumes
        .iter()
        .filter(|other| comparable(volume, other) && other.shape.contains(point))
        .map(|other| {
            let (other_low, other_high) = band(other);
            (other_low.max(low), other_high.min(high))
        })
        .filter(|(low, high)| low < high)
        .collect();
    bands.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut covered, mut reached) = (0.0, low);
    for (from, to) in bands {
        covered += (to - from.max(reached)).max(0.0);
        reached = reached.max(to);
    }
    covered / (high - low)
}

/// From and to in the datum of the volume.
fn band(volume: &Volume) -> (f64, f64) {
    let low = volume.lower.map_or(0.0, |limit| limit.metres).min(CEILING_M);
    let high = volume.upper.map_or(CEILING_M, |limit| limit.metres).min(CEILING_M);
    (low, high.max(low))
}

/// Whether the limits of both can be compared as numbers; on the safe side, others cover nothing.
fn comparable(was: &Volume, now: &Volume) -> bool {
    let is_ground = |limit: &VerticalLimit| limit.reference == VerticalReference::Agl && limit.metres <= 0.0;
    let lower = match (was.lower, now.lower) {
        (_, None) => true,
        (_, Some(now)) if is_ground(&now) => was.lower.is_none_or(|was| is_ground(&was) || 0.0 <= was.metres),
        (None, Some(_)) => false,
        (Some(was), Some(now)) => was.reference == now.reference,
    };
    let upper = match (was.upper, now.upper) {
        (_, None) | (None, Some(_)) => true,
        (Some(was), Some(now)) => was.reference == now.reference,
    };
    lower && upper
}

/// The share of the times at which `was` applies from `at` on at which `now` applies too. `None` if it never does.
fn kept_time_share(was: &Zone, now: &Zone, at: Timestamp) -> Option<f64> {
    if was.always_applies() && now.always_applies() {
        return Some(1.0);
    }
    if was.schedule == now.schedule {
        return (was.applies_at(at) || was.next_switch_after(at).is_some()).then_some(1.0);
    }
    let until = at.plus_seconds(SPAN_S);
    let (was_on, was_until) = times(was, at, until);
    let (now_on, now_until) = times(now, at, was_until);
    let until = was_until.min(now_until);
    let (mut protected_s, mut kept_s) = (0.0, 0.0);
    for (from, to) in &was_on {
        let to = (*to).min(until);
        protected_s += to.seconds_since(*from).max(0.0);
        for (other_from, other_to) in &now_on {
            kept_s += to.min(*other_to).seconds_since((*from).max(*other_from)).max(0.0);
        }
    }
    (protected_s > 0.0).then(|| (kept_s / protected_s).min(1.0))
}

/// When a zone applies, and until when that is known.
fn times(zone: &Zone, at: Timestamp, until: Timestamp) -> (Vec<(Timestamp, Timestamp)>, Timestamp) {
    let (mut on, mut from) = (Vec::new(), at);
    for _ in 0..SWITCHES_MAX {
        let next = zone.next_switch_after(from).filter(|next| from < *next && *next < until);
        let to = next.unwrap_or(until);
        if zone.applies_at(from) {
            on.push((from, to));
        }
        match next {
            Some(next) => from = next,
            None => return (on, until),
        }
    }
    (on, from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::airspace::{Airspace, Document, load};

    /// A square of so many degrees around 22.75, 113.45.
    fn zone(side_deg: f64, upper_m: f64, restriction: &str, extended: &str) -> Airspace {
        let [south, north] = [22.75 - side_deg / 2.0, 22.75 + side_deg / 2.0];
        let [west, east] = [113.45 - side_deg / 2.0, 113.45 + side_deg / 2.0];
        let text = format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"identifier":"Z","country":"CHN",
            "type":"{restriction}","variant":"COMMON","zoneAuthority":[{{"purpose":"AUTHORIZATION"}}],
            "extendedProperties":{extended}}},
            "geometry":{{"type":"Polygon","coordinates":[[[{west},{south}],[{east},{south}],[{east},{north}],[{west},{north}],[{west},{south}]]],
            "layer":{{"upper":{upper_m},"upperReference":"AGL","lower":0,"lowerReference":"AGL","uom":"m"}}}}}}]}}"#
        );
        let loaded = load(&[Document { name: "z", text: text.as_bytes() }]);
        let problems = format!("{:?}", loaded.problems);
        loaded.airspace.expect(&problems)
    }

    type Make<'a> = &'a dyn Fn(f64, f64) -> Airspace;

    #[test]
    fn p24_cages_that_grow_and_permissions_that_grow_lose_protection() {
        let cage = |side, upper| {
            zone(side, upper, "PROHIBITED", r#"{"kind":"GEO_CAGE","applies_to":{"uas_ids":["A"]}}"#)
        };
        let suitable = |side, upper| zone(side, upper, "NO_RESTRICTION", r#"{"kind":"SUITABLE"}"#);
        let plain = |side| zone(side, 120.0, "PROHIBITED", "{}");
        let at = Timestamp::from_millis(1_795_334_400_000);
        let lost = |was: &Airspace, now: &Airspace| lost_share(&was.zones()[0], &now.zones()[0], at, 1);
        let makers: [(Make<'_>, &str); 2] = [(&cage, "a cage"), (&suitable, "a permission")];
        for (make, what) in makers {
            let was = make(0.02, 100.0);
            assert!(lost(&was, &make(0.02, 100.0)) < 1e-9, "{what}");
            assert!(lost(&was, &make(0.01, 50.0)) < 1e-9, "{what} that shrinks");
            assert!((lost(&was, &make(0.02, 200.0)) - 0.5).abs() < 0.01, "{what} twice as high");
            assert!((lost(&was, &make(0.04, 100.0)) - 0.75).abs() < 0.05, "{what} twice as wide");
        }
        assert!(lost(&plain(0.02), &plain(0.03)) < 1e-9);
        assert!((lost(&plain(0.02), &plain(0.01)) - 0.75).abs() < 0.05);
        assert!((lost(&plain(0.02), &suitable(0.02, 120.0)) - 1.0).abs() < 1e-9);
        assert!((lost(&plain(0.02), &cage(0.02, 120.0)) - 1.0).abs() < 1e-9);
        let exempt = zone(0.02, 120.0, "PROHIBITED", r#"{"exempt":{"operators":["friends"]}}"#);
        assert!((lost(&plain(0.02), &exempt) - 1.0).abs() < 1e-9);
        assert!(lost(&exempt, &plain(0.02)) < 1e-9);
    }
}
