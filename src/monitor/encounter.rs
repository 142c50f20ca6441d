//! Two aircraft on straight lines: when a separation volume is entered and left, in closed form.
//!
//! Plain cylinders, and the modified-tau well-clear volume of DO-365 (Muñoz et al., "A Family of Well-Clear
//! Boundary Models"): horizontally within the radius, or closing with modified tau within its threshold and
//! a miss distance within the radius; vertically within the half-height, or co-altitude within its threshold.

use super::settings::Level;

/// A boundary belongs to its volume; sums of decimals miss it by some nanometres.
const BOUNDARY_M: f64 = 1e-6;

/// Relative speed squared under which a pair does not move against each other, (m/s)².
const AT_REST: f64 = 1e-9;

/// The second aircraft as seen from the first, both at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Relative {
    /// Metres east and north.
    pub position_m: [f64; 2],
    /// Metres per second east and north.
    pub velocity_mps: [f64; 2],
    /// Metres up; `None` if a height is unknown, which counts as level with each other.
    pub up_m: Option<f64>,
    /// Metres per second up.
    pub climb_mps: f64,
    /// How far the height difference may be wrong, metres; volumes grow by it.
    pub height_error_m: f64,
    /// How far both together may be off their lines, metres to every side; volumes grow by it.
    pub drift_m: f64,
}

/// Seconds from now to entry and exit; entry is 0 inside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Interval {
    pub t_in_s: f64,
    pub t_out_s: f64,
}

impl Interval {
    const ALWAYS: Self = Self { t_in_s: 0.0, t_out_s: f64::INFINITY };

    /// The part of the interval from now on; `None` if it is over or empty.
    fn from_now(t_in_s: f64, t_out_s: f64) -> Option<Self> {
        (0.0 <= t_out_s && t_in_s <= t_out_s).then_some(Self { t_in_s: t_in_s.max(0.0), t_out_s })
    }

    fn and(self, other: Self) -> Option<Self> {
        Self::from_now(self.t_in_s.max(other.t_in_s), self.t_out_s.min(other.t_out_s))
    }
}

fn dot(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

impl Relative {
    /// Horizontal distance, metres.
    pub(super) fn horizontal_m(&self) -> f64 {
        dot(self.position_m, self.position_m).sqrt()
    }

    /// Seconds to the horizontally closest point; 0 if they part or do not move against each other.
    pub(super) fn tcpa_s(&self) -> f64 {
        let speed2 = dot(self.velocity_mps, self.velocity_mps);
        if speed2 <= AT_REST { 0.0 } else { (-dot(self.position_m, self.velocity_mps) / speed2).max(0.0) }
    }

    /// Horizontal distance after `t_s` seconds, metres.
    pub(super) fn horizontal_after_m(&self, t_s: f64) -> f64 {
        let [x, y] = self.position_m;
        let [vx, vy] = self.velocity_mps;
        (x + vx * t_s).hypot(y + vy * t_s)
    }

    /// Vertical distance after `t_s` seconds, metres.
    pub(super) fn vertical_after_m(&self, t_s: f64) -> Option<f64> {
        self.up_m.map(|up| (up + self.climb_mps * t_s).abs())
    }

    /// When the volume of `level`, `factor` times its size, is entered and left.
    pub(super) fn within(&self, level: &Level, factor: f64) -> Option<Interval> {
        let horizontal =
            self.within_radius(level.radius_m * factor + self.drift_m + BOUNDARY_M, level.tau_s)?;
        let half_height_m = level.half_height_m * factor + self.height_error_m + self.drift_m + BOUNDARY_M;
        horizontal.and(self.within_height(half_height_m, level.tcoa_s)?)
    }

    fn within_radius(&self, radius_m: f64, tau_s: f64) -> Option<Interval> {
        let (s2, sv, v2) = (
            dot(self.position_m, self.position_m),
            dot(self.position_m, self.velocity_mps),
            dot(self.velocity_mps, self.velocity_mps),
        );
        let outside = s2 - radius_m * radius_m;
        if v2 <= AT_REST {
            return (outside <= 0.0).then_some(Interval::ALWAYS);
        }
        let discriminant = sv * sv - v2 * outside;
        if discriminant < 0.0 {
            return None;
        }
        let root = discriminant.sqrt();
        let t_out_s = (-sv + root) / v2;
        if outside <= 0.0 || tau_s <= 0.0 {
            return Interval::from_now((-sv - root) / v2, t_out_s);
        }
        // Modified tau falls below its threshold where s² + τ s·v − D² does, which is before the radius.
        let b = 2.0 * sv + tau_s * v2;
        let c = outside + tau_s * sv;
        let discriminant = b * b - 4.0 * v2 * c;
        if sv >= 0.0 || discriminant < 0.0 {
            return None;
        }
        Interval::from_now((-b - discriminant.sqrt()) / (2.0 * v2), t_out_s)
    }

    fn within_height(&self, half_height_m: f64, tcoa_s: f64) -> Option<Interval> {
        let Some(up_m) = self.up_m else { return Some(Interval::ALWAYS) };
        if self.climb_mps * self.climb_mps <= AT_REST {
            return (up_m.abs() <= half_height_m).then_some(Interval::ALWAYS);
        }
        let entry_m = half_height_m.max(self.climb_mps.abs() * tcoa_s);
        let sign = self.climb_mps.signum();
        Interval::from_now(
            (-sign * entry_m - up_m) / self.climb_mps,
            (sign * half_height_m - up_m) / self.climb_mps,
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Severity;

    fn level(radius_m: f64, half_height_m: f64, tau_s: f64, tcoa_s: f64) -> Level {
        Level { severity: Severity::Warning, radius_m, half_height_m, look_ahead_s: 60.0, tau_s, tcoa_s }
    }

    #[test]
    fn head_on_closed_form() {
        let head_on = Relative {
            position_m: [400.0, 0.0],
            velocity_mps: [-20.0, 0.0],
            up_m: Some(0.0),
            climb_mps: 0.0,
            height_error_m: 0.0,
            drift_m: 0.0,
        };
        let interval = head_on.within(&level(50.0, 15.0, 0.0, 0.0), 1.0).unwrap();
        assert!((interval.t_in_s - 17.5).abs() < 1e-6 && (interval.t_out_s - 22.5).abs() < 1e-6);
        // Modified tau 5 s: (D² − s²)/(s·v) = 5 at s = 152.2 m of D = 50 m, 20 m/s.
        let tau = head_on.within(&level(50.0, 15.0, 5.0, 0.0), 1.0).unwrap();
        let range = 400.0 - 20.0 * tau.t_in_s;
        assert!(((range * range - 2500.0) / (range * 20.0) - 5.0).abs() < 1e-3);
    }

    fn relative() -> impl Strategy<Value = Relative> {
        let span = -800.0..800.0_f64;
        let speed = -40.0..40.0_f64;
        (span.clone(), span, speed.clone(), speed, prop::option::of(-100.0..100.0_f64), -8.0..8.0_f64)
            .prop_map(|(x, y, vx, vy, up_m, climb_mps)| Relative {
                position_m: [x, y],
                velocity_mps: [vx, vy],
                up_m,
                climb_mps,
                height_error_m: 0.0,
                drift_m: 0.0,
            })
    }

    /// The definition of the volume at one instant, to hold the closed form against.
    fn inside(r: &Relative, level: &Level, t_s: f64) -> bool {
        let s = [r.position_m[0] + r.velocity_mps[0] * t_s, r.position_m[1] + r.velocity_mps[1] * t_s];
        let (s2, sv, v2) = (dot(s, s), dot(s, r.velocity_mps), dot(r.velocity_mps, r.velocity_mps));
        let d2 = level.radius_m * level.radius_m;
        let miss2 = s2 - sv * sv / v2.max(1e-12);
        let horizontal =
            s2 <= d2 || (sv < 0.0 && (d2 - s2) / sv <= level.tau_s && miss2 <= d2 && level.tau_s > 0.0);
        let vertical = r.up_m.is_none_or(|up| {
            let z = up + r.climb_mps * t_s;
            z.abs() <= level.half_height_m || (z * r.climb_mps < 0.0 && -z / r.climb_mps <= level.tcoa_s)
        });
        horizontal && vertical
    }

    proptest! {
        #[test]
        fn the_closed_form_agrees_with_the_definition(r in relative(), tau_s in 0.0..20.0_f64, tcoa_s in 0.0..10.0_f64) {
            let level = level(120.0, 25.0, tau_s, tcoa_s);
            let interval = r.within(&level, 1.0);
            for step in 0..240 {
                let t_s = f64::from(step) * 0.25;
                let near_an_edge = interval.is_some_and(|i| (t_s - i.t_in_s).abs() < 0.01 || (t_s - i.t_out_s).abs() < 0.01);
                let expected = interval.is_some_and(|i| i.t_in_s <= t_s && t_s <= i.t_out_s);
                // A volume only grazed within rounding may fall either way.
                let grazed = r.within(&level, 1.0 + 1e-6).is_some() != r.within(&level, 1.0 - 1e-6).is_some();
                prop_assert!(near_an_edge || grazed || inside(&r, &level, t_s) == expected, "t {t_s} {interval:?}");
            }
        }

        #[test]
        fn both_views_agree_to_the_bit(r in relative()) {
            let other = Relative {
                position_m: r.position_m.map(|x| -x),
                velocity_mps: r.velocity_mps.map(|x| -x),
                up_m: r.up_m.map(|x| -x),
                climb_mps: -r.climb_mps,
                ..r
            };
            let level = level(80.0, 20.0, 5.0, 5.0);
            prop_assert_eq!(r.within(&level, 1.2), other.within(&level, 1.2));
            prop_assert_eq!(r.tcpa_s().to_bits(), other.tcpa_s().to_bits());
        }
    }
}
